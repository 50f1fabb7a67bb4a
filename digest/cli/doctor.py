"""The command doctor: what goes wrong in practice, and what to do about it. Sends nothing and mends nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import unescape
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.markup import escape

from digest import advice, masks
from digest.cadence import next_moment
from digest.calendars import LAST_KNOWN_YEAR
from digest.cli import tables, world
from digest.cli.codes import DONE, TROUBLED
from digest.cli.context import Context
from digest.cli.readership import READER, readers
from digest.cli.screen import out, required
from digest.cli.secret import REMEDY, SECRET, present_secret, secret_fault
from digest.config import TEMPLATES, Settings
from digest.errors import ConfigError, DigestError
from digest.lint import lint
from digest.message import assembled, message_id, own_words, token, unsubscribe_links, write_letter
from digest.model import OutboxState, Site, SourceKind
from digest.pipeline.examples import examples
from digest.pipeline.ingest import UNFINISHED
from digest.pipeline.preview import preview, trial
from digest.pipeline.roll import with_pauses
from digest.rank import may_be_title
from digest.render import Renderer, sample
from digest.store import Store
from digest.text import counted

_LEAST_SPACE = 500 * 2**20
_STUCK = timedelta(hours=6)
_LATE = timedelta(hours=2)  # a run that was due so long ago has not been made
_NO_DUMP = timedelta(days=4)  # longer than a weekend
_FUTURE = timedelta(hours=1)
_NAMED = 10  # of what may be many
_LOOKED_AT = 50  # profiles, by what they would get now
_A_DAY, _TWO_WEEKS = timedelta(days=1), timedelta(days=14)
_SHORTEST_SECRET = 32
_OTHERS = 0o077
_COLOURS = {"ok": "[green]ok[/]   ", "note": "[yellow]note[/] ", "wrong": "[bold red]wrong[/]"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`ok`, a `note` that can be lived with, or something `wrong`; the words say what to do."""

    level: str
    name: str
    words: str


def doctor_command(context: Context, with_names: bool, resolver: str | None, as_json: bool) -> int:
    from digest.cli import dkim  # keys and name servers take a moment

    required(not (as_json and with_names), "--dns: prints records and no JSON; drop --json.")
    settings = context.settings  # a ConfigError here names every fault by itself
    found = [Finding(level="ok", name="settings", words=str(settings.file)), *_checked(context), *_advice(context)]
    if as_json:
        tables.print_json(found)
    else:
        for one in found:
            out.print(f"{_COLOURS[one.level]} {one.name}: {escape(one.words)}", soft_wrap=True)
    failed = sum(one.level == "wrong" for one in found)
    if with_names:
        failed += dkim.names(settings, resolver)
    return TROUBLED if failed else DONE


def _checked(context: Context) -> Iterator[Finding]:
    """What must work for anything to work, then what the store and the disk tell."""
    from digest.cli import dkim

    checks: tuple[tuple[str, Callable[[], str]], ...] = (
        ("database", lambda: _database(context)),
        ("folders", lambda: _folders(context)),
        ("templates", lambda: _templates(context)),
        ("encoder", lambda: _encoder(context)),
        ("transport", lambda: world.transport(context.settings).check()),
        ("signatures", lambda: dkim.signatures(context.settings)),
        ("profiles", lambda: _profiles(context)),
        ("zones", lambda: _zones(context)),
    )
    for name, check in checks:
        try:
            yield Finding(level="ok", name=name, words=check())
        except (DigestError, OSError) as error:
            yield Finding(level="wrong", name=name, words=masks.without_secrets(str(error)))
    yield from _files(context)
    try:
        with context.store() as store:
            yield from _of_store(context, store)
            yield from _examples(context, store)
            yield from _of_profiles(context, store)  # last, as it can do nothing without the secret
    except DigestError:
        pass  # told above
    try:
        yield from _mail(context)
    except DigestError:
        return  # templates: told above


# --- what must work ------------------------------------------------------------------------------------------------


def _database(context: Context) -> str:
    with context.store() as store:
        return store.check()


def _folders(context: Context) -> str:
    settings = context.settings
    for folder in (settings.inbox, settings.output, settings.state):
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(f"{folder}: cannot be written; change its owner or its mode")
    return f"inbox {settings.inbox}, output {settings.output}"


def _templates(context: Context) -> str:
    """Drawn with samples, and seen to tell what each mail must."""
    settings = context.settings
    own, *_ = settings.templates
    if not own.is_dir():
        raise DigestError(f"{own}: no such folder; correct paths.templates, or make the folder")
    renderer = Renderer(settings.templates, settings.site)
    names = renderer.check()
    mail = renderer.render(sample.EDITION, sample.LINKS)
    for part, text in (("mail.html.j2", unescape(mail.html)), ("mail.txt.j2", mail.text)):
        lost = [words for words in _musts(context) if " ".join(words.split()) not in " ".join(text.split())]
        if lost:
            raise DigestError(f"{part} or what it includes leaves out “{lost[0]}” of a sample; put it back")
    strange = [path.name for path in sorted(own.iterdir()) if not (TEMPLATES / path.name).exists()]
    return f"{len(names)} checked" + (
        f"; not used, as no template has that name: {', '.join(strange)}" if strange else ""
    )


def _musts(context: Context) -> Iterator[str]:
    """What the mail of a sample must tell: its papers, whose it is, the way out, and where the publisher lives."""
    yield from (item.why for item in sample.EDITION.items if item.why)  # titles are among the just missed, too
    yield from filter(None, (sample.EDITION.title, sample.EDITION.subscription.address, sample.LINKS.unsubscribe_url))
    yield context.settings.site.postal_address


def _mail(context: Context) -> Iterator[Finding]:
    """What a mailbox would hold against the mail of a sample."""
    site, edition = context.settings.site, sample.EDITION
    address, links = edition.subscription.address or "", replace(sample.LINKS, **_ways(site))
    renderer = Renderer(context.settings.templates, site)
    draft = renderer.draft(edition, links)
    own = own_words(address, links, renderer.own(draft, address, links))
    identifier = message_id(b"a sample", edition.id, address, site.domain)
    content = assembled(write_letter(draft, edition, site, links), identifier, own)
    for rule, found in groupby(lint(content, site.bounce or site.sender), key=attrgetter("rule")):
        first = next(found)
        yield Finding(level="note", name="mail", words=f"{first.where}: {first.advice} ({rule}; of a sample)")


def _ways(site: Site) -> dict[str, str | None]:
    ways = unsubscribe_links(site, token(b"a sample", "sample"))
    return {"unsubscribe_url": ways.unsubscribe_url, "unsubscribe_mail": ways.unsubscribe_mail}


def _encoder(context: Context) -> str:
    encoder = world.encoder(context.settings)
    return encoder.check() if encoder else "none, the word table does"


def _profiles(context: Context) -> str:
    profiles, those = counted(len(context.settings.profiles), "profile"), readers(context.settings)
    return f"{profiles}, {counted(len(those), 'reader')}"


def _examples(context: Context, store: Store) -> Iterator[Finding]:
    """Those that no listing has had so far, which is no fault: they may be older than all dumps, or titles."""
    missing: list[tuple[str, str]] = []
    for profile in context.settings.profiles.values():
        known = examples(store, profile)
        names = (name for topic in profile.topics for name in topic.examples)
        missing += [(profile.name, name) for name in names if name not in known]
    for words, title in (("they are used as titles", True), (_until_told(context.settings), False)):
        if those := [f"{profile}: {name}" for profile, name in missing if may_be_title(name) is title]:
            more = f"; and {len(those) - _NAMED} more" if len(those) > _NAMED else ""
            told = f"not known yet, {words}: {'; '.join(those[:_NAMED])}{more}"
            yield Finding(level="note", name="examples", words=told)


def _until_told(settings: Settings) -> str:
    there = any(one.kind is SourceKind.ARXIV_API for one in settings.sources)
    way = "`digest fetch` asks" if there else "with a [[source]] of kind arxiv-api `digest fetch` asks"
    return f"they count for nothing until a dump tells of them ({way} arXiv for its own)"


def _of_profiles(context: Context, store: Store) -> Iterator[Finding]:
    """What of them does nothing; and, of the first so many, what is odd about what they get now.

    The latter once there is a secret, as building the world would make one.
    """
    settings = context.settings
    here = world.build(settings, store) if present_secret(settings) else None
    for number, profile in enumerate(settings.profiles.values()):
        notes = [*advice.of_profile(profile)]
        if here and number < _LOOKED_AT:
            outcome = preview(here, trial(here, profile.name, READER), context.now())
            notes += advice.of_outcome(profile, outcome)
        for note in notes:
            yield Finding(level="note", name="profiles", words=f"{profile.name}: {note}")


def _zones(context: Context) -> str:
    names = {one.zone for one in context.settings.subscriptions}
    for name in sorted(names):
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise DigestError(f"no data of the time zone {name}: install the system's tzdata") from None
    return f"{len(names)} known"


# --- files ---------------------------------------------------------------------------------------------------------


def _files(context: Context) -> Iterator[Finding]:
    settings, now = context.settings, context.now()
    for folder in dict.fromkeys(_existing(one) for one in (settings.state, settings.output, settings.inbox)):
        free = shutil.disk_usage(folder).free
        if free < _LEAST_SPACE:
            words = f"{free / 2**20:,.0f} MB are free below {folder}: make room; `digest prune` can help"
            yield Finding(level="wrong", name="disk", words=words)
    yield from _secret(settings)
    if settings.inbox.is_dir():
        half = [path for path in settings.inbox.rglob("*") if path.suffix in UNFINISHED]
        old = [path for path in half if path.lstat().st_mtime < (now - _A_DAY).timestamp()]
        if old:
            words = f"{len(old)} unfinished files are over a day old, such as {old[0]}: finish or remove them"
            yield Finding(level="note", name="inbox", words=words)


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _secret(settings: Settings) -> Iterator[Finding]:
    path = settings.state / "secret"
    try:
        key = present_secret(settings)
    except ConfigError as error:
        yield Finding(level="wrong", name="secret", words=str(error))
        return
    if key is None:
        return
    if len(key) < _SHORTEST_SECRET:
        words = f"shorter than {_SHORTEST_SECRET} characters: unsubscribe links could be guessed; take a longer one"
        yield Finding(level="wrong", name="secret", words=words)
    if not os.environ.get(SECRET) and path.stat().st_mode & _OTHERS:
        words = f"{path} can be read by other users of this machine: chmod 600 {path}"
        yield Finding(level="wrong", name="secret", words=words)


# --- what the store tells ------------------------------------------------------------------------------------------


def _of_store(context: Context, store: Store) -> Iterator[Finding]:
    now = context.now()
    yield from _remembered(context, store)
    yield from _lock(store)
    yield from _clock(store, now)
    yield from _runs(context, store, now)
    yield from _sources(store, now)
    yield from _outbox(store, now)
    barred = store.barred(readers(context.settings))
    for one in readers(context.settings):
        if one.address and one.id in barred:
            words = (
                f"{masks.masked(one.address)} is on the suppression list and gets nothing: drop the subscription, "
                "or `digest suppress --remove` the address"
            )
            yield Finding(level="note", name="readers", words=words)
    if now.year > LAST_KNOWN_YEAR:
        known = f"arXiv's holidays are known up to {LAST_KNOWN_YEAR}"
        words = f"{known}: update the program, or its quiet days count as missing"
        yield Finding(level="note", name="calendar", words=words)


def _remembered(context: Context, store: Store) -> Iterator[Finding]:
    settings = context.settings
    try:
        fault, there = secret_fault(settings, store), present_secret(settings)
    except ConfigError:
        return  # told with the files
    if fault:
        words = f"{fault}: {REMEDY}; no run until then"
        yield Finding(level="wrong", name="secret", words=words)
    elif there is None:
        words = f"none yet: one is made in {settings.state / 'secret'} by the first run, unless {SECRET} is set"
        yield Finding(level="note", name="secret", words=words)


def _lock(store: Store) -> Iterator[Finding]:
    with store.exclusive("run") as ours:
        if not ours:
            words = "a run is at work just now, or the daemon; if none is, look for a process that hangs"
            yield Finding(level="note", name="lock", words=words)


def _clock(store: Store, now: datetime) -> Iterator[Finding]:
    newest = store.newest_ingest()
    if newest and newest > now + _FUTURE:
        words = f"the newest dump came in at {newest:%Y-%m-%d %H:%M} UTC, which is to come: set this machine's clock"
        yield Finding(level="wrong", name="clock", words=words)
    if (made := max((one.made_at for one in store.last_editions().values()), default=now)) > now + _FUTURE:
        words = (
            f"an edition was made at {made:%Y-%m-%d %H:%M} UTC, which is to come, and its readers get nothing until "
            "then: set this machine's clock, and if it is right now, restore a backup from before"
        )
        yield Finding(level="wrong", name="clock", words=words)
    ahead = [one for one in store.taken((now + 2 * _A_DAY).date()) if one.daily]
    if ahead:
        words = f"{ahead[0].dump} speaks of {ahead[0].date}, which is to come: look at its date and at the clock"
        yield Finding(level="wrong", name="clock", words=words)
    if newest and newest < now - _NO_DUMP:
        words = f"no dump has come in since {newest:%Y-%m-%d}: look at what drops them, or at `digest fetch`"
        yield Finding(level="wrong", name="dumps", words=words)


def _runs(context: Context, store: Store, now: datetime) -> Iterator[Finding]:
    latest, well, last = store.last_runs(), store.last_runs(well=True), store.last_editions()
    for phase, run in latest.items():
        if not run.ended_well:
            outcome = masks.masked_in(run.outcome)
            words = f"{phase} did not end well at {run.started_at:%Y-%m-%d %H:%M} UTC ({outcome}): run it by hand"
            yield Finding(level="wrong", name="runs", words=words)
    if "publish" not in latest:
        yield Finding(level="note", name="runs", words="none has been recorded yet: start cron or `digest schedule`")
        return
    published = well["publish"].started_at if "publish" in well else latest["publish"].started_at
    everyone = with_pauses(store, context.settings.subscriptions)
    due = [next_moment(one, last.get(one.id), published) for one in everyone]
    if due and min(due) < now - _LATE and published < now - _LATE:
        words = (
            f"the last was at {published:%Y-%m-%d %H:%M} UTC, and an edition was due at {min(due):%Y-%m-%d %H:%M} UTC: "
            "see whether cron or the daemon runs, and with which settings"
        )
        yield Finding(level="wrong", name="runs", words=words)


def _sources(store: Store, now: datetime) -> Iterator[Finding]:
    aside = store.unread(now - _TWO_WEEKS)
    if aside:
        words = (
            f"{counted(len(aside), 'dump')} could not be read in two weeks, at last "
            f"{tables.set_aside(aside[0].dump, aside[0].reason)}. Mended, give it again under its name"
        )
        yield Finding(level="wrong", name="dumps", words=words)
    for one in store.verdicts((now - _A_DAY).date()):
        if one.faulty:
            yield Finding(level="wrong", name="sources", words=one.sentence)
    for bad in store.unfetched((now - _TWO_WEEKS).date()):
        words = f"{bad.source} was asked in vain at {bad.at:%Y-%m-%d %H:%M} UTC: {bad.reason}"
        yield Finding(level="wrong", name="fetch", words=words)


def _outbox(store: Store, now: datetime) -> Iterator[Finding]:
    open_states = (OutboxState.PENDING, OutboxState.SENDING, OutboxState.DEFERRED)
    stuck = [one for one in store.outbox(open_states, 1000) if one.created_at < now - _STUCK]
    if stuck:
        oldest = min(stuck, key=lambda one: (one.created_at, one.message_id))
        words = (
            f"{len(stuck)} messages wait for over six hours, the oldest since {oldest.created_at:%Y-%m-%d %H:%M} "
            f"UTC; it was last answered: {masks.masked_in(oldest.reply) or 'nothing yet, so nobody tried'}"
        )
        yield Finding(level="wrong", name="outbox", words=words)
    unknown = store.counts()["outbox"][OutboxState.UNKNOWN]
    if unknown:
        words = f"{unknown} messages may have been sent or not when a run was killed: look into the mail server's log"
        yield Finding(level="note", name="outbox", words=words)


def _advice(context: Context) -> Iterator[Finding]:
    site, found = context.settings.site, []
    if site.url is None:
        found.append("site.url is not set: mails have no link to the web page, feeds no address of their own.")
    if site.unsubscribe_url is None and site.unsubscribe_mail is None:
        found.append("neither site.unsubscribe_url nor site.unsubscribe_mail is set: mails have no List-Unsubscribe.")
    if not site.postal_address:
        found.append("site.postal_address is not set; many countries' laws want one in bulk mail.")
    if site.sender.endswith("@example.org"):
        found.append("site.sender is the example's address; no reader can answer it.")
    yield from (Finding(level="note", name="site", words=words) for words in found)
