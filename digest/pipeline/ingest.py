"""Dumps become papers and sightings."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import chain
from pathlib import Path

from digest.days import handed_for, named_day
from digest.diff import diff, identity_keys, known_from, listing_keys, told_in_turn
from digest.errors import ConfigError, ListingError
from digest.files import write_whole
from digest.listings import name_of, read_dump, read_listing, read_parts
from digest.match import WINDOW, near, worth_reading
from digest.model import (
    Changes,
    Dump,
    DumpReport,
    Link,
    Listing,
    Outcome,
)
from digest.pipeline.garbage import rare_collections
from digest.pipeline.world import Apart, Progress, World, silent
from digest.store import Store
from digest.text import taken_at

SET_ASIDE = "set-aside"
_OBJECTS_OF_PARTS = 2_000_000
UNFINISHED = (".part", ".tmp", ".crdownload")
_SETTLES = 60.0  # seconds after which a file is taken to be whole


def ingest(
    store: Store, dump: Dump, now: datetime, as_of: date | None = None, *, dry: bool = False, growing: bool = False
) -> DumpReport:
    """Take in one dump. The same content again changes nothing.

    One that cannot be read is remembered as set aside, unless it is `growing`. A large dump is taken in part by part;
    if a run ends in the middle of it, the next one goes on there. Raises nothing for a bad dump: the report's `error`
    says what is wrong. With `dry` nothing is stored.
    """
    if as_of and as_of > now.date() + timedelta(days=1):  # it would stand for ever as the latest
        raise ConfigError(f"--as-of: {as_of} has not come yet; say of which day {dump.name} is")
    if (report := store.report(dump.digest)) is not None:
        if not dry:
            store.named_earlier(dump.digest, dump.name, now)
            _tell_day(store, report)
            if named_day(dump.name) != named_day(report.dump):
                _note_repeat(store, report, dump.name, now)
        return replace(report, dump=dump.name)
    report = DumpReport(dump=dump.name, digest=dump.digest)
    begin = 0 if dry else store.resume_at(dump.digest)
    try:
        with rare_collections(_OBJECTS_OF_PARTS):
            for part in read_parts(dump, now=now, as_of=as_of, begin=begin, known_lines=store.known_lines):
                changes = _changes(store, part, now)
                report = _added(report, counted(part, changes)) if dry else store.record(part, changes, now)
                del part, changes  # before the next part is read: two take twice the memory
                gc.collect(0)  # the database layer leaves circles that hold what it was asked, half a megabyte a part
    except ListingError as error:
        if dry or growing:
            return DumpReport(dump=dump.name, digest=dump.digest, error=str(error))
        return store.set_aside(dump, str(error), now)
    if not dry:
        _tell_day(store, report)
        if report.entries and not report.new + report.relisted:
            _note_repeat(store, report, dump.name, now)
    return report


def _tell_day(store: Store, report: DumpReport) -> None:
    """What is told of a day's dumps follows the order in which they were taken, not that in which they are read."""
    if report.source is not None and report.as_of is not None:
        lists = store.day_lists(report.source, report.as_of)
        anew = [one for one, before in zip(told_in_turn(lists), lists, strict=True) if one != before]
        if anew:
            store.tell_anew(anew)


def _note_repeat(store: Store, report: DumpReport, name: str, now: datetime) -> None:
    """A day's list that came in before, now in a dump for a later day: its source has none of that day as yet."""
    told = named_day(name)
    if report.source is None or report.as_of is None or told is None or told <= report.as_of:
        return
    before = [one for one in store.taken(report.as_of) if (one.source, one.date) == (report.source, report.as_of)]
    lists = [one.dump for one in before if one.daily and one.entries == report.entries]
    day = handed_for(name, report.as_of, lists) if lists else None
    if day and report.as_of < day <= now.date():
        store.handed_again(report.source, day, name, report.entries, now)


def _changes(store: Store, listing: Listing, now: datetime) -> Changes:
    # Absence from a search result, a part or a placeholder means nothing.
    whole = listing.daily and listing.begin == 0 and listing.end is None and bool(listing.entries)
    keys = listing_keys(listing)
    asked = tuple(chain.from_iterable(keys))
    turn = taken_at(listing.dump, now), listing.dump
    known = store.known(
        asked, listing.source, listing.as_of, listing.digest, form=listing.format, lists=whole, turn=turn
    )
    changes = diff(listing, known, now, keys)
    return replace(changes, links=tuple(_links(store, listing, changes)))


def _links(store: Store, listing: Listing, changes: Changes) -> Iterator[Link]:
    """New papers beside the known ones that they can be: of those that an id tells apart only the ones without any.

    An archive's papers are not looked for among those without an id: there are too many to ask for each.
    """
    new = [change for change in changes.entries if change.outcome is Outcome.NEW]
    told = [change for change in new if change.paper.arxiv_id or change.paper.doi]
    untold = [change for change in new if not (change.paper.arxiv_id or change.paper.doi)]
    for asked, without_id in ((untold, False), ([] if listing.archive else told, True)):
        places = [(identity_keys(change.paper)[-1], change.tail) for change in asked]
        for change, titles in zip(asked, store.neighbours(places, WINDOW, without_id=without_id), strict=True):
            worth = worth_reading(change.paper.title, titles.values())
            ids = [one for one, title in titles.items() if title in worth and one != change.paper.id]
            if ids and (match := near(change.entry.facts, store.papers(ids).values())):
                yield Link(paper_id=change.paper.id, other_id=match.paper.id, likeness=match.likeness, why=match.why)


def _added(report: DumpReport, part: DumpReport) -> DumpReport:
    """The report of a dump whose next part is this one."""
    counts = ("entries", "new", "revised", "relisted", "unchanged", "gone")
    sums = {name: getattr(report, name) + getattr(part, name) for name in counts}
    return replace(part, **sums, rejected=report.rejected + part.rejected)


def counted(listing: Listing, changes: Changes) -> DumpReport:
    """A listing's changes in numbers."""
    return DumpReport(
        dump=listing.dump,
        digest=listing.digest,
        format=listing.format,
        source=listing.source,
        as_of=listing.as_of,
        entries=len(listing.entries) + listing.skipped,
        new=changes.count(Outcome.NEW),
        revised=changes.count(Outcome.REVISED),
        relisted=changes.count(Outcome.RELISTED),
        unchanged=changes.count(Outcome.UNCHANGED) + listing.skipped,
        gone=len(changes.gone),
        marks=changes.marks,
        rejected=listing.rejected,
    )


def compare(older: Dump, newer: Dump, now: datetime, as_of: date | None = None) -> tuple[Listing, Listing, Changes]:
    """Two dumps against each other, without a store. Raises ListingError."""
    one, other = read_listing(older, now=now, as_of=as_of), read_listing(newer, now=now, as_of=as_of)
    return one, other, diff(other, known_from(one, now), now)


def dumps_in(folder: Path) -> Iterator[Path]:
    """The dumps below a folder, by name; neither hidden nor unfinished files nor what was set aside.

    With those that are no files, such as pipes and links that lead nowhere, so that they are named and not passed over.
    """
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if any(part.startswith(".") for part in parts) or SET_ASIDE in parts or path.suffix in UNFINISHED:
            continue
        if not path.is_dir():
            yield path


def ingest_inbox(
    world: World, now: datetime, progress: Progress = silent, apart: Apart = nullcontext
) -> Iterator[DumpReport]:
    """Take in what is new in the inbox. A dump that cannot be read is moved aside with the reason beside it.

    Dumps that were read stay where they are; they are known by content and cost one hash a run. So do those that can
    neither be read nor moved.
    """
    paths, stuck = list(dumps_in(world.inbox)) if world.inbox.is_dir() else [], world.store.stuck()
    for number, path in enumerate(paths, start=1):
        progress(number, len(paths))
        with apart(f"dump {name_of(path)}"):
            report = _taken(world, path, stuck, now)
            if report and not report.known:
                yield report


def _taken(world: World, path: Path, stuck: Mapping[str, str], now: datetime) -> DumpReport | None:
    """What came of one of the inbox; None if there is nothing to say of it."""
    try:
        dump = read_dump(path)
    except FileNotFoundError:
        return None  # taken away since the folder was read
    except ListingError as error:
        return DumpReport(dump=name_of(path), digest="", error=str(error))
    if (reason := stuck.get(dump.digest)) is not None:
        if not _moved_aside(world.inbox, path, reason):
            world.store.moved_aside(dump.digest)
        return None
    growing = _is_growing(path, now)
    report = ingest(world.store, dump, now, growing=growing)
    if report.error and growing:
        more = "written a moment ago, and so left for the next run"
        return DumpReport(dump=dump.name, digest="", error=f"{report.error} ({more})")
    if report.error and (fault := _moved_aside(world.inbox, path, report.error)):
        return world.store.set_aside(dump, report.error, now, stuck=fault)
    return report


def _is_growing(path: Path, now: datetime) -> bool:
    """Whether it was written so short a time ago that whoever copies it may not be done."""
    try:
        return abs(now.timestamp() - path.stat().st_mtime) < _SETTLES
    except OSError:
        return False


def _moved_aside(inbox: Path, path: Path, reason: str) -> str:
    """Why it could not be moved aside; empty when it was."""
    try:
        _move_aside(inbox, path, reason)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _move_aside(inbox: Path, path: Path, reason: str) -> None:
    """Moves, never deletes: a second bad file of the same name gets a number."""
    folder, number = inbox / SET_ASIDE, 1
    target = folder / path.name
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    write_whole(target.with_name(f"{target.name}.reason.txt"), f"{reason}\n".encode())
    path.rename(target)


def days_of(dumps: Iterable[Dump], now: datetime) -> dict[date, list[Dump]]:
    """Dumps by the day they speak of, for a rehearsal of past days; those that cannot be read count for `now`."""
    by_day: dict[date, list[Dump]] = {}
    for dump in dumps:
        try:
            day = next(read_parts(dump, now=now)).as_of
        except ListingError:
            day = now.date()
        by_day.setdefault(day, []).append(dump)
    return dict(sorted(by_day.items()))
