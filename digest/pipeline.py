"""The order of things. Read this first.

    ingest    read_listing -> diff -> store.record          a dump becomes papers and sightings
    publish   trends -> rank -> compose -> store.enqueue    papers become editions and outbox
    deliver   render -> build_message -> transport.send     the outbox becomes mail

The phases hand over through the store alone, so each may be run by hand, be killed at any point and be run again.
Feeds and pages are written from the same frozen editions as the mails. `now` is always a parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from digest.cadence import due, look_back
from digest.compose import compose, lasting_why
from digest.diff import diff, identity_keys, known_from, listing_keys
from digest.errors import ConfigError, DeliveryError, ListingError, PermanentDeliveryError
from digest.feed import atom
from digest.files import write_whole
from digest.listings import read_dump, read_listing
from digest.listings.clean import arxiv_id
from digest.message import build_message, message_id, token, unsubscribe_links
from digest.model import (
    Changes,
    Delivery,
    Dump,
    DumpReport,
    Edition,
    Facts,
    Feed,
    FeedEntry,
    LastEdition,
    Links,
    Listing,
    Message,
    NoEdition,
    OutboxItem,
    OutboxState,
    Paper,
    Profile,
    Ranking,
    Site,
    Subscription,
    Suppression,
    Trend,
)
from digest.rank import Corpus, rank
from digest.render import Renderer
from digest.store import Store
from digest.transport import Transport
from digest.trend import trends

OPEN_STATES = (OutboxState.PENDING, OutboxState.SENDING, OutboxState.DEFERRED, OutboxState.FAILED, OutboxState.UNKNOWN)
SET_ASIDE = "set-aside"
_UNFINISHED = (".part", ".tmp", ".crdownload")
_BROKEN_CONNECTIONS = 3  # after so many messages in a row that found no server, the rest waits for the next run


def _silent(_done: int, _total: int) -> None:
    """No progress is shown."""


Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All that the phases work on; built once, by the command line."""

    store: Store
    renderer: Renderer
    transport: Transport
    site: Site
    secret: bytes
    profiles: Mapping[str, Profile]
    subscriptions: Sequence[Subscription]
    inbox: Path
    output: Path
    resend_after_crash: bool = True
    retry_delays: Sequence[timedelta] = (timedelta(minutes=5),)
    give_up_after: timedelta = timedelta(hours=48)
    feed_days: int = 14
    feed_entries: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What `publish` made, and why the other due subscriptions got nothing."""

    editions: tuple[Edition, ...] = ()
    none: tuple[NoEdition, ...] = ()
    written: tuple[Path, ...] = ()  # feeds and pages that changed


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    dumps: tuple[DumpReport, ...] = ()
    published: Published = field(default_factory=Published)
    deliveries: tuple[Delivery, ...] = ()

    @property
    def nothing_new(self) -> bool:
        return not (self.dumps or self.published.editions or self.deliveries)

    @property
    def troubled(self) -> bool:
        """Whether something was rejected, deferred or failed."""
        bad = (OutboxState.DEFERRED, OutboxState.FAILED, OutboxState.UNKNOWN)
        return any(dump.error or dump.rejected for dump in self.dumps) or any(d.state in bad for d in self.deliveries)


# --- ingest ------------------------------------------------------------------------------------------------------


def ingest(store: Store, dump: Dump, now: datetime, as_of: date | None = None, *, dry: bool = False) -> DumpReport:
    """Take in one dump. The same content again changes nothing; one that cannot be read is remembered as set aside.

    Raises nothing for a bad dump: the report's `error` says what is wrong. With `dry` nothing is stored.
    """
    if (report := store.report(dump.digest)) is not None:
        return replace(report, dump=dump.name)
    try:
        listing = read_listing(dump, now=now, as_of=as_of)
    except ListingError as error:
        if dry:
            return DumpReport(dump=dump.name, digest=dump.digest, error=str(error))
        return store.set_aside(dump, str(error), now)
    changes = _changes(store, listing, now)
    return counted(listing, changes) if dry else store.record(listing, changes, now)


def _changes(store: Store, listing: Listing, now: datetime) -> Changes:
    known = store.known(listing_keys(listing), listing.source, listing.as_of, listing.digest)
    if not listing.daily:  # absence from a search result means nothing
        known = replace(known, previous=())
    return diff(listing, known, now)


def counted(listing: Listing, changes: Changes) -> DumpReport:
    """A listing's changes in numbers."""
    outcomes = [change.outcome.value for change in changes.entries]
    return DumpReport(
        dump=listing.dump,
        digest=listing.digest,
        format=listing.format,
        source=listing.source,
        as_of=listing.as_of,
        entries=len(listing.entries),
        new=outcomes.count("new"),
        revised=outcomes.count("revised"),
        relisted=outcomes.count("relisted"),
        unchanged=outcomes.count("unchanged"),
        gone=len(changes.gone),
        rejected=listing.rejected,
    )


def compare(older: Dump, newer: Dump, now: datetime, as_of: date | None = None) -> tuple[Listing, Listing, Changes]:
    """Two dumps against each other, without a store. Raises ListingError."""
    one, other = read_listing(older, now=now, as_of=as_of), read_listing(newer, now=now, as_of=as_of)
    return one, other, diff(other, known_from(one, now), now)


def dumps_in(folder: Path) -> Iterator[Path]:
    """The dumps below a folder, by name; neither hidden nor unfinished files nor what was set aside."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if any(part.startswith(".") for part in parts) or SET_ASIDE in parts or path.suffix in _UNFINISHED:
            continue
        if path.is_file():
            yield path


def ingest_inbox(world: World, now: datetime, progress: Progress = _silent) -> Iterator[DumpReport]:
    """Take in what is new in the inbox. A dump that cannot be read is moved aside with the reason beside it.

    Dumps that were read stay where they are; they are known by content and cost one hash a run.
    """
    paths = list(dumps_in(world.inbox)) if world.inbox.is_dir() else []
    for number, path in enumerate(paths, start=1):
        progress(number, len(paths))
        try:
            dump = read_dump(path)
        except FileNotFoundError:
            continue  # taken away since the folder was read
        except ListingError as error:
            yield DumpReport(dump=str(path), digest="", error=str(error))
            continue
        report = ingest(world.store, dump, now)
        if report.error:
            _move_aside(world.inbox, path, report.error)
        if not report.known:
            yield report


def _move_aside(inbox: Path, path: Path, reason: str) -> None:
    """Moves, never deletes: a second bad file of the same name gets a number."""
    folder, number = inbox / SET_ASIDE, 1
    target = folder / path.name
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    write_whole(target.with_name(f"{target.name}.reason.txt"), f"{reason}\n".encode())
    path.rename(target)


# --- publish -----------------------------------------------------------------------------------------------------


class Rankings:
    """Rankings made on demand, once per profile and look-back, from one corpus per look-back."""

    def __init__(self, store: Store, now: datetime) -> None:
        self._store, self._now = store, now
        self._candidates: dict[datetime, tuple[Corpus, Mapping[str, Trend]]] = {}
        self._rankings: dict[tuple[str, datetime], Ranking] = {}

    def of(self, profile: Profile, since: datetime) -> Ranking:
        key = (profile.name, since)
        if key not in self._rankings:
            corpus, scores = self._of_day(since)
            self._rankings[key] = rank(corpus, scores, profile, examples(self._store, profile))
        return self._rankings[key]

    def _of_day(self, since: datetime) -> tuple[Corpus, Mapping[str, Trend]]:
        if since not in self._candidates:
            papers = self._store.candidates(since)
            sightings = self._store.sightings([paper.id for paper in papers])
            self._candidates[since] = Corpus(papers), trends(papers, sightings, self._now.date())
        return self._candidates[since]


def examples(store: Store, profile: Profile) -> dict[str, Paper]:
    """The known papers behind a profile's examples, by the words the profile names them with."""
    found = {}
    for name in (name for topic in profile.topics for name in topic.examples):
        if papers := find_papers(store, name):
            found[name] = papers[0]
    return found


def find_papers(store: Store, reference: str) -> tuple[Paper, ...]:
    """Papers by id, by arXiv id in any spelling, or by title."""
    if reference in (by_id := store.papers([reference])):
        return (by_id[reference],)
    number = arxiv_id(reference)
    return store.by_keys(identity_keys(Facts(title=reference, arxiv_id=number[0] if number else None)))


def publish(world: World, now: datetime, progress: Progress = _silent, *, dry: bool = False) -> Published:
    """Compose an edition for every due subscription, or record why there is none; then write feeds and pages."""
    rankings = Rankings(world.store, now)
    last, newest = world.store.last_editions(), world.store.newest_ingest()
    editions, none = [], []
    waiting = [(one, day) for one in world.subscriptions if (day := due(one, last.get(one.id), newest, now))]
    for number, (subscription, day) in enumerate(waiting, start=1):
        progress(number, len(waiting))
        outcome = select(world, rankings, subscription, day, last.get(subscription.id), now)
        if isinstance(outcome, NoEdition):
            none.append(outcome)
            if not dry:
                world.store.record_empty(outcome, now)
        elif dry or world.store.enqueue(outcome, _outbox_item(world, outcome, now), now):
            editions.append(outcome)
    written = () if dry else write_surfaces(world)
    return Published(editions=tuple(editions), none=tuple(none), written=written)


def select(
    world: World, rankings: Rankings, subscription: Subscription, day: date, last: LastEdition | None, now: datetime
) -> Edition | NoEdition:
    """What a subscription would get for a date. Stores nothing; mails, feeds and previews all come from here."""
    if subscription.address and world.store.suppression(subscription.address):
        return NoEdition(subscription=subscription, date=day, reason="the address is on the suppression list")
    profile = world.profiles[subscription.profile]
    since = look_back(subscription, last, now)
    return compose(
        subscription,
        profile,
        day,
        rankings.of(profile, since),
        world.store.shown(subscription.id),
        last,
        now,
        world.store.sources(since),
    )


def preview(world: World, subscription: Subscription, now: datetime) -> Edition | NoEdition:
    """The edition that `publish` would make for a subscription if it were due now. Touches nothing."""
    last = world.store.last_editions().get(subscription.id)
    day = due(subscription, None, None, now)
    return select(world, Rankings(world.store, now), subscription, day or now.date(), last, now)


def trial(world: World, profile: str, address: str) -> Subscription:
    """The reader's own subscription to a profile, or one made up for a preview or a test. ConfigError if unknown."""
    if profile not in world.profiles:
        raise ConfigError(f"no profile “{profile}”; there are: {', '.join(world.profiles)}")
    for one in world.subscriptions:
        if one.profile == profile and one.address == address:
            return one
    return Subscription(id=f"{profile}/{address}", profile=profile, address=address)


def _outbox_item(world: World, edition: Edition, now: datetime) -> OutboxItem | None:
    address = edition.subscription.address
    if address is None:
        return None
    return OutboxItem(
        message_id=message_id(world.secret, edition.id, address, world.site.list_domain),
        edition_id=edition.id,
        address=address,
        state=OutboxState.PENDING,
        created_at=now,
        next_at=now,
    )


# --- surfaces: feeds and pages --------------------------------------------------------------------------------------


def feed_path(profile: str) -> str:
    return f"feeds/{profile}.atom"


def page_path(world: World, edition: Edition) -> str:
    """A reader's page has a name that cannot be guessed; a feed's is public."""
    if edition.subscription.address is None:
        return f"archive/{edition.subscription.profile}/{edition.date}.html"
    return f"archive/{token(world.secret, edition.id)}.html"


def links(world: World, edition: Edition) -> Links:
    site = world.site
    if site.url is None:
        return unsubscribe_links(site, token(world.secret, edition.subscription.id))
    profile = world.profiles.get(edition.subscription.profile)
    return replace(
        unsubscribe_links(site, token(world.secret, edition.subscription.id)),
        archive_url=f"{site.url}/{page_path(world, edition)}",
        feed_url=f"{site.url}/{feed_path(profile.name)}" if profile and profile.feed else None,
    )


def write_surfaces(world: World) -> tuple[Path, ...]:
    """Write every profile's feed, and the pages of its editions in the feed's window; returns what changed.

    Done on every run, from the store alone: a run that was killed before it came here is repaired by the next.
    """
    written: list[Path] = []
    for subscription in world.subscriptions:
        if subscription.address is None:
            editions = _in_window(world, world.store.editions(subscription.id, world.feed_days))
            written += _write_feed(world, world.profiles[subscription.profile], editions)
            written += _write_pages(world, editions)
    return tuple(written)


def _in_window(world: World, editions: Sequence[Edition]) -> Sequence[Edition]:
    """The editions of the last days, counted from the newest: a feed does not run empty while no dump comes in."""
    return [one for one in editions if one.date > editions[0].date - timedelta(days=world.feed_days)]


def _write_feed(world: World, profile: Profile, editions: Sequence[Edition]) -> list[Path]:
    feed = Feed(
        name=profile.name,
        title=f"{world.site.name}: {profile.title}",
        subtitle=profile.description,
        path=feed_path(profile.name),
        entries=feed_entries(world.store, editions)[: world.feed_entries],
    )
    contents = {entry.paper.id: world.renderer.feed_entry(entry.paper, entry.why) for entry in feed.entries}
    path = world.output / feed.path
    return [path] if write_whole(path, atom(feed, world.site, contents)) else []


def _write_pages(world: World, editions: Sequence[Edition]) -> list[Path]:
    """The public pages that are not there yet, oldest first; a page once written stays as it is.

    `index.html` is the newest page. It is written before the dated one, whose presence says that both are done.
    """
    written = []
    for edition in reversed(editions):
        path = world.output / page_path(world, edition)
        if not path.exists():
            page = world.renderer.page(edition, links(world, edition)).encode()
            write_whole(path.with_name("index.html"), page)
            write_whole(path, page)
            written.append(path)
    return written


def feed_entries(store: Store, editions: Sequence[Edition]) -> tuple[FeedEntry, ...]:
    """Entries of newest-first editions, in their order; facts are the present ones, `updated` the last revision.

    Feed readers sort by time, so each paper of an edition is published a second before the one above it.
    """
    current = store.papers([item.paper.id for edition in editions for item in edition.items])
    entries = []
    for edition in editions:
        for item in edition.items:
            paper = current.get(item.paper.id, item.paper)
            published = edition.made_at - timedelta(seconds=item.rank - 1)
            entries.append(
                FeedEntry(
                    paper=paper,
                    why=lasting_why(item, edition.date),
                    published=published,
                    updated=max(published, paper.revised_at or published),
                )
            )
    return tuple(entries)


# --- deliver -----------------------------------------------------------------------------------------------------


def deliver(world: World, now: datetime, progress: Progress = _silent) -> Iterator[Delivery]:
    """Send what is due. The intent is stored before the act, the outcome after the server's answer.

    A message found half sent after a crash is sent again with the same bytes and Message-ID, or held, as the settings
    say. Must not run twice at once: the caller holds the store's lock.
    """
    for item in world.store.recover(now, world.resend_after_crash):
        if item.state is OutboxState.UNKNOWN:
            yield Delivery(message_id=item.message_id, at=now, state=item.state, reply=item.reply)
    waiting = world.store.due(now)
    unreachable = 0
    try:
        for number, item in enumerate(waiting, start=1):
            progress(number, len(waiting))
            delivery, reached = _deliver_one(world, item, now)
            if delivery is not None:
                yield delivery
            unreachable = 0 if reached else unreachable + 1
            if unreachable == _BROKEN_CONNECTIONS:
                break
    finally:
        world.transport.close()


def _deliver_one(world: World, item: OutboxItem, now: datetime) -> tuple[Delivery | None, bool]:
    """One message's attempt, settled in the store, and whether the server was reached; None if another has it."""
    if (suppression := world.store.suppression(item.address)) is not None:
        return _settled(world, item, now, OutboxState.SUPPRESSED, suppression.reason), True
    if now - item.created_at > world.give_up_after:
        return _settled(world, item, now, OutboxState.FAILED, f"given up: {item.reply}"), True
    try:
        message = _message(world, item)
        if not world.store.attempt(item.message_id, message.content, now):
            return None, True
        reply = world.transport.send(message)
    except PermanentDeliveryError as error:
        if error.hard:
            world.store.suppress(Suppression(address=item.address, reason=f"bounced: {error}", since=now))
        return _settled(world, item, now, OutboxState.FAILED, str(error)), True
    except DeliveryError as error:
        delay = world.retry_delays[min(item.attempts, len(world.retry_delays) - 1)]
        return _settled(world, item, now, OutboxState.DEFERRED, str(error), now + delay), bool(error.reply)
    return _settled(world, item, now, OutboxState.SENT, reply), True


def _settled(
    world: World, item: OutboxItem, now: datetime, state: OutboxState, reply: str, next_at: datetime | None = None
) -> Delivery:
    delivery = Delivery(message_id=item.message_id, at=now, state=state, reply=reply, next_at=next_at)
    world.store.settle(delivery)
    return delivery


def _message(world: World, item: OutboxItem) -> Message:
    """The message, its page being written first, as the mail points there.

    Where it was tried before it has the stored bytes: templates may have changed since.
    """
    edition = world.store.edition(item.edition_id)
    if edition is None:
        raise PermanentDeliveryError(f"edition {item.edition_id} is not in the store")
    page = world.renderer.page(edition, links(world, edition))
    write_whole(world.output / page_path(world, edition), page.encode())
    message = make_message(world, edition, item.address, item.message_id)
    if item.attempts and (stored := world.store.outbox_item(item.message_id)) and stored.message:
        return replace(message, content=stored.message)
    return message


def make_message(world: World, edition: Edition, address: str, identifier: str) -> Message:
    """Render an edition for its reader."""
    where = links(world, edition)
    return build_message(
        world.renderer.render(edition, where),
        edition,
        world.site,
        where,
        recipient=address,
        message_id=identifier,
        token=token(world.secret, edition.subscription.id),
    )


# --- all of it -----------------------------------------------------------------------------------------------------


def run(world: World, now: datetime, progress: Progress = _silent) -> RunReport:
    """All phases once. Safe to repeat every minute and to kill; the caller holds the store's lock."""
    dumps = tuple(ingest_inbox(world, now, progress))
    published = publish(world, now, progress)
    return RunReport(dumps=dumps, published=published, deliveries=tuple(deliver(world, now, progress)))


def days_of(dumps: Iterable[Dump], now: datetime) -> dict[date, list[Dump]]:
    """Dumps by the day they speak of, for a rehearsal of past days; those that cannot be read count for `now`."""
    by_day: dict[date, list[Dump]] = {}
    for dump in dumps:
        try:
            day = read_listing(dump, now=now).as_of
        except ListingError:
            day = now.date()
        by_day.setdefault(day, []).append(dump)
    return dict(sorted(by_day.items()))
