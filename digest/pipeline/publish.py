"""Papers become editions and outbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from digest.cadence import due, fade_days, look_back
from digest.compose import compose
from digest.diff import identity_keys
from digest.errors import ConfigError
from digest.learn import learned
from digest.listings.clean import arxiv_id
from digest.listings.json_lines import doi
from digest.message import message_id
from digest.model import (
    Edition,
    Example,
    Facts,
    LastEdition,
    Learned,
    NoEdition,
    OutboxItem,
    OutboxState,
    Paper,
    Profile,
    Ranking,
    Sighting,
    Subscription,
    Trend,
)
from digest.pipeline.surfaces import write_surfaces
from digest.pipeline.world import Progress, World, silent
from digest.rank import Corpus, rank
from digest.store import Store
from digest.trend import trends


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What `publish` made, and why the other due subscriptions got nothing."""

    editions: tuple[Edition, ...] = ()
    none: tuple[NoEdition, ...] = ()
    written: tuple[Path, ...] = ()  # feeds and pages that changed


class Rankings:
    """Rankings made on demand, once per profile, look-back and pace of reading, from one corpus per look-back.

    A reader who said something of papers has rankings of their own.
    """

    def __init__(self, store: Store, now: datetime) -> None:
        self._store, self._now = store, now
        self._candidates: dict[datetime, tuple[Corpus, Mapping[str, tuple[Sighting, ...]]]] = {}
        self._trends: dict[tuple[datetime, int], Mapping[str, Trend]] = {}
        self._examples: dict[str, Mapping[str, Paper]] = {}
        self._rankings: dict[tuple[str, datetime, int, str | None], Ranking] = {}

    def of(self, profile: Profile, since: datetime, fade: int, address: str | None = None) -> Ranking:
        """`fade` is the subscription's `fade_days`; `address` is None for what all readers of the profile share."""
        learnt = self._learned(profile, address) if address else ()
        key = (profile.name, since, fade, address if learnt else None)
        if key not in self._rankings:
            corpus, scores = self._of_day(since, fade)
            self._rankings[key] = rank(corpus, scores, profile, self._examples_of(profile), learned=learnt)
        return self._rankings[key]

    def _learned(self, profile: Profile, address: str) -> tuple[Learned, ...]:
        given = self._store.feedback(address)
        papers = self._store.papers([one.paper_id for one in given]) if given else {}
        return learned(given, papers, self._now, profile.fade_days)

    def _examples_of(self, profile: Profile) -> Mapping[str, Paper]:
        if profile.name not in self._examples:
            self._examples[profile.name] = examples(self._store, profile)
        return self._examples[profile.name]

    def _of_day(self, since: datetime, fade: int) -> tuple[Corpus, Mapping[str, Trend]]:
        if since not in self._candidates:
            papers = self._store.candidates(since)
            self._candidates[since] = Corpus(papers), self._store.sightings([paper.id for paper in papers])
        corpus, sightings = self._candidates[since]
        if (since, fade) not in self._trends:
            self._trends[since, fade] = trends(corpus.papers, sightings, self._now.date(), fade)
        return corpus, self._trends[since, fade]


def examples(store: Store, profile: Profile) -> dict[str, Paper]:
    """The papers behind a profile's examples, by the words the profile names them with.

    Those that are known, else as the reader's library tells of them; the others are left out.
    """
    told = {one.name: one for topic in profile.topics for one in topic.library if one.title}
    keys = {
        name: _keys(name, told[name].title if name in told else name)
        for topic in profile.topics
        for name in topic.examples
    }
    by_id, by_key = store.papers(keys), store.by_key({key for several in keys.values() for key in several})
    found = {}
    for name, several in keys.items():
        paper = by_id.get(name) or next((by_key[key] for key in several if key in by_key), None)
        if paper is None and name in told:
            paper = _never_listed(told[name])
        if paper is not None:
            found[name] = paper
    return found


def _never_listed(one: Example) -> Paper:
    never = datetime.min.replace(tzinfo=UTC)
    return Paper(id=one.name, title=one.title, abstract=one.abstract, first_listed=None, first_seen=never)


def _keys(reference: str, title: str) -> tuple[str, ...]:
    number = arxiv_id(reference)
    return identity_keys(Facts(title=title, arxiv_id=number[0] if number else None, doi=doi(reference)))


def find_papers(store: Store, reference: str) -> tuple[Paper, ...]:
    """Papers by id, by arXiv id or DOI in any spelling, or by title."""
    if reference in (by_id := store.papers([reference])):
        return (by_id[reference],)
    return store.by_keys(_keys(reference, reference))


def publish(world: World, now: datetime, progress: Progress = silent, *, dry: bool = False) -> Published:
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
        rankings.of(profile, since, fade_days(subscription), subscription.address),
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
