"""Editions become feeds: only those of which something changed, and the same bytes whenever they are made.

An entry is what its edition says, frozen, but for what the store has recorded as a revision since.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from digest.compose import lasting
from digest.feed import atom, encode, join, json_feed, opml, rss
from digest.files import Batch, write_whole
from digest.model import DayEntry, Edition, Feed, FeedBuild, FeedEntry, Item, Paper, Revision, Subscription
from digest.pipeline.streams import Stream, feed_groups, streams
from digest.pipeline.world import Apart, World, untold
from digest.render import days_heading, days_title, place_line, why_line

FORM = 2  # of the feeds: a higher one has all of them written anew
_BEHIND = timedelta(minutes=5)  # more seconds than an edition has papers
BATCH = 500  # files that are put in place together
_WRITERS = {"atom": atom, "rss": rss, "json": json_feed}
_REVISED = ("title", "abstract", "code_url", "withdrawn")  # of a paper's watched fields those that an entry shows


def write_feeds(
    world: World, apart: Apart = nullcontext, tell: Callable[[Path], None] = untold, *, anew: bool = False
) -> None:
    """Write the feeds that changed, or all of them `anew`; remove the files of those that are no more.

    Tells what was written: a file that has the same bytes already is left alone.

    The caller holds the store's lock. Killed at any point, the next run makes up for it.
    """
    with Batch() as files:
        _write_changed(world, _Writer(world, files, tell), apart, anew=anew)
        with apart("lists of feeds"):
            for path in _write_lists(world):
                tell(path)


def _write_changed(world: World, writer: _Writer, apart: Apart, *, anew: bool) -> None:
    """Where a feed cannot be written, the others are, and no revision counts as told as yet."""
    mark, revised = world.store.revised_since(world.store.revisions_in_feeds())
    wanted = [one for one in world.subscriptions if one.address is None or world.private_feeds != "none"]
    public = None if world.private_feeds != "none" else [one.id for one in wanted]
    showing = world.store.days_showing(revised, public) if revised else {}
    done = 0
    for start in range(0, len(wanted), BATCH):
        some = wanted[start : start + BATCH]
        built = world.store.feed_builds([one.id for one in some])
        for subscription in some:
            days: Collection[date] | None = showing.get(subscription.id, ())
            if anew or revised is None or (revised and subscription.address is None):
                days = None  # strands hold papers that no edition shows
            with apart(f"feeds of {subscription.profile}"):
                writer.refresh(subscription, built.get(subscription.id), days)
                done += 1
    with apart("feeds"):
        writer.settle()
        for feed in sorted(world.store.feeds_built() - {one.id for one in wanted}):
            writer.remove(world.store.feed_builds([feed])[feed].paths)
            world.store.forget_feed_build(feed)
        if done == len(wanted):
            world.store.record_revisions_in_feeds(mark)


def _write_lists(world: World) -> Iterator[Path]:
    """What leads to the public feeds: the stylesheet of all, the page, the OPML."""
    groups, tag = feed_groups(world), common_language(world)
    for name, content in (
        ("feed.css", world.renderer.feed_css().encode()),
        ("index.html", world.renderer.feed_index(groups, tag).encode()),
        ("feeds.opml", opml(groups, world.site, days_heading(tag))),
    ):
        path = world.output / "feeds" / name
        if write_whole(path, content):
            yield path


def common_language(world: World) -> str:
    """That of all public feeds; English where they have several."""
    tags = {one.language for one in world.subscriptions if one.address is None}
    return tags.pop() if len(tags) == 1 else "en"


def feed_entries(editions: Sequence[Edition], revised: Mapping[str, Sequence[Revision]]) -> tuple[FeedEntry, ...]:
    """The papers of newest-first editions, in their order; `updated` is the last revision since.

    Feed readers sort by time, so each paper of an edition is published a second before the one above it. Those that one
    dump revised are as far apart, behind the edition of the same run: no two entries of a feed may have been updated at
    the same time.
    """
    return tuple(
        _entry(edition, rank, item, revised.get(item.paper.id, ()))
        for edition in editions
        for rank, item in edition.ranked
    )


def _entry(edition: Edition, rank: int, item: Item, revised: Sequence[Revision]) -> FeedEntry:
    published = edition.made_at - timedelta(seconds=rank - 1)
    since = [one for one in revised if one.at > edition.made_at]
    return FeedEntry(
        paper=_as_revised(item.paper, since),
        why=_lasting_why(rank, item, edition),
        published=published,
        updated=max((one.at - _BEHIND - timedelta(seconds=one.turn) for one in since), default=published),
        language=edition.subscription.language,
    )


def _lasting_why(rank: int, item: Item, edition: Edition) -> str:
    reasons, tag = lasting(item.reasons), edition.subscription.language
    return why_line(reasons, tag) if reasons else place_line(rank, edition.date, tag)


def _as_revised(paper: Paper, revised: Iterable[Revision]) -> Paper:
    changes: dict[str, Any] = {one.field: one.new for one in revised if one.field in _REVISED}
    if "withdrawn" in changes:
        changes["withdrawn"] = changes["withdrawn"] == "yes"
    return replace(paper, **changes) if changes else paper


@dataclass(frozen=True, slots=True, kw_only=True)
class _Material:
    """What a subscription's feeds are written from: its editions of the months to write, all newest first.

    `months` are all that have editions, `anew` those whose archives are to be written; `known` are the files there are.
    """

    editions: Sequence[Edition]
    recent: Sequence[Edition]
    months: Sequence[date]
    anew: Collection[date]
    known: Collection[str]
    revised: Mapping[str, Sequence[Revision]]


class _Writer:
    """Writes the feeds of one subscription after the other, and keeps what they have in common.

    They are put in place some hundred files at a time.
    """

    def __init__(self, world: World, files: Batch, tell: Callable[[Path], None]) -> None:
        self.world, self._files, self._tell = world, files, tell
        self._unsettled: list[tuple[str, FeedBuild, set[str]]] = []  # and the files that go then
        self._generations = world.store.feed_generations()
        limits = (world.feed_days, world.feed_entries, world.hub, world.private_feeds)
        self._look = repr((FORM, world.site, str(world.output), limits))

    @cached_property
    def _first_revisions(self) -> Mapping[datetime, int]:
        return self.world.store.first_revisions()

    def refresh(self, subscription: Subscription, build: FeedBuild | None, revised: Collection[date] | None) -> None:
        """Write a subscription's feeds, unless nothing changed; of `revised` days, None for all, the entries did."""
        those = streams(self.world, subscription, self._generations)
        look = self.world.renderer.feed_look(subscription.language)
        mark = hashlib.sha256(repr((self._look, look, those)).encode("utf-8", "backslashreplace")).hexdigest()
        there = (self.world.output / f"{those[0].base}.atom").exists()
        if build and there and build.mark == mark and revised is not None and not revised:
            return
        known = build.paths if build and there and build.mark.rstrip("+") == mark else ()
        public = subscription.address is None
        material = self._material(subscription, those[0], known, revised)
        documents = self._documents(those, material, archived=public or self.world.private_feeds == "full")
        paths, changed = set[str](), []
        for path, content, packed in documents:
            paths.add(path)
            changed += [path] if self._write(path, content) else []
            if packed and self.world.packed_feeds:
                paths.add(f"{path}.gz")
                self._write(f"{path}.gz", gzip.compress(content, 6, mtime=0))
        paths |= {path for path in known if any(one.month_of(path) in material.months for one in those)}
        pings = self._addresses(path for path in changed if not any(one.month_of(path) for one in those))
        build_now = FeedBuild(mark=mark, paths=tuple(sorted(paths)))
        self._unsettled.append((subscription.id, build_now, set(build.paths) - paths if build else set()))
        for path in changed:
            self._tell(self.world.output / path)
        if pings and public and self.world.hub:
            self.world.store.owe_pings(pings)
        if len(self._files) >= BATCH:
            self.settle()

    def settle(self) -> None:
        """Put in place what was written, and only then say so: after a kill or a power cut it is written again."""
        unsettled, self._unsettled = self._unsettled, []
        self._files.settle()
        for feed, build, gone in unsettled:
            self.world.store.record_feed_build(feed, build)
            self.remove(gone)

    def remove(self, paths: Iterable[str]) -> None:
        """Files that this program wrote, and the folders that are empty then."""
        top = self.world.output / "feeds"
        for path in sorted(paths):
            file = self.world.output / path
            file.unlink(missing_ok=True)
            for folder in file.parents:
                if folder == top or not folder.is_dir() or any(folder.iterdir()):
                    break
                folder.rmdir()

    def _write(self, path: str, content: bytes) -> bool:
        return self._files.write(self.world.output / path, content)

    def _addresses(self, paths: Iterable[str]) -> tuple[str, ...]:
        return tuple(f"{self.world.site.url}/{path}" for path in paths) if self.world.site.url else ()

    def _material(
        self, subscription: Subscription, whole: Stream, known: Collection[str], revised: Collection[date] | None
    ) -> _Material:
        days = self.world.store.edition_days(subscription.id)
        first = days[0] - timedelta(days=self.world.feed_days - 1) if days else date.max
        months = sorted({day.replace(day=1) for day in days}, reverse=True)
        there = {month for path in known if (month := whole.month_of(path))}
        if revised is None or there - set(months):
            there = set()
        anew = {*months[:2], *(day.replace(day=1) for day in revised or ()), *(set(months) - there)}
        editions = [
            edition
            for month in months
            if month in anew or month_end(month) >= first
            for edition in self.world.store.editions_between(subscription.id, month, month_end(month))
        ]
        papers = {item.paper.id for one in editions for items in _all_items(one) for item in items}
        return _Material(
            editions=editions,
            recent=[one for one in editions if one.date >= first],
            months=months,
            anew=anew,
            known=known,
            revised=self.world.store.revisions_of(papers, self._first_revisions),
        )

    def _documents(
        self, those: Sequence[Stream], material: _Material, *, archived: bool
    ) -> Iterator[tuple[str, bytes, bool]]:
        """Path, bytes, and whether they are worth packing: not so an archive that grows, or has one reader.

        There are archives once the feeds cannot hold all there is.
        """
        spilt = len(material.recent) < len(material.editions) or len(material.anew) < len(material.months)
        if not archived or not spilt:
            drafts = [one for stream in those for one in self._recent(stream, material, ())]
            if not archived or not any(is_cut for *_, is_cut in drafts):
                yield from ((path, content, True) for path, content, _ in drafts)
                return
        for stream in those:
            months = self._months(stream, material)
            yield from ((path, content, True) for path, content, _ in self._recent(stream, material, months))
            for path, content in self._archives(stream, material, months):
                yield path, content, not stream.private and stream.month_of(path) != material.months[0]

    def _months(self, stream: Stream, material: _Material) -> Sequence[date]:
        """Those that the stream has papers in, newest first."""
        known = {month for path in material.known if (month := stream.month_of(path))}
        mine = {one.date.replace(day=1) for one in stream.editions(material.editions)}
        return sorted(mine | (known - set(material.anew)) & set(material.months), reverse=True)

    def _recent(self, stream: Stream, material: _Material, months: Sequence[date]) -> Iterator[tuple[str, bytes, bool]]:
        """The feeds of papers and of days, in all formats; and whether any paper had no room."""
        editions = stream.editions(material.recent)
        papers = feed_entries(editions, material.revised)
        for base, entries, of_days in (
            (stream.base, papers, False),
            (stream.days, self._day_entries(stream, editions), True),
        ):
            older = stream.archive(months[0], of_days=of_days) if months else None
            feed = self._feed(stream, entries[: self.world.feed_entries], of_days)
            contents = self._contents(stream, feed, editions)
            for _, ending in stream.formats:
                path = f"{base}.{ending}"
                content = self._bytes(stream, replace(feed, path=path, older=older), contents)
                told = content.count(b"<entry>") if ending == "atom" else len(entries)
                yield path, content, told < len({_key(one) for one in entries})

    def _archives(self, stream: Stream, material: _Material, months: Sequence[date]) -> Iterator[tuple[str, bytes]]:
        for number, month in enumerate(months):
            if month not in material.anew:
                continue
            editions = [one for one in stream.editions(material.editions) if one.date.replace(day=1) == month]
            for of_days in (False, True):
                entries = self._day_entries(stream, editions) if of_days else feed_entries(editions, material.revised)
                beside = [stream.archive(one, of_days=of_days) for one in months]
                feed = replace(
                    self._feed(stream, entries, of_days),
                    path=beside[number],
                    older=beside[number + 1] if number + 1 < len(beside) else None,
                    newer=beside[number - 1] if number else None,
                    current=f"{stream.days if of_days else stream.base}.atom",
                    archive=True,
                    hub=None,
                )
                yield feed.path, self._bytes(stream, feed, self._contents(stream, feed, editions))

    def _feed(self, stream: Stream, entries: Sequence[FeedEntry | DayEntry], of_days: bool) -> Feed:
        return Feed(
            name=f"{stream.name}/editions" if of_days else stream.name,
            title=days_title(stream.title, stream.language) if of_days else stream.title,
            subtitle=stream.subtitle,
            path="",
            page=stream.page,
            entries=tuple(entries),
            language=stream.language,
            hub=None if stream.private else self.world.hub,
        )

    def _day_entries(self, stream: Stream, editions: Sequence[Edition]) -> tuple[DayEntry, ...]:
        return tuple(self._day_entry(stream, one) for one in editions)

    def _day_entry(self, stream: Stream, edition: Edition) -> DayEntry:
        """The edition has a page that anyone may see only where it is the whole of a public one."""
        title, summary = self.world.renderer.feed_words(edition)
        whole = stream.kind is None and not stream.private
        page = f"{self.world.site.url}/{stream.page}{edition.date}.html" if whole and self.world.site.url else None
        return DayEntry(
            name=f"{stream.name}/{edition.date}",
            title=title,
            summary=summary,
            published=edition.made_at,
            page=page,
            language=edition.subscription.language,
        )

    def _contents(self, stream: Stream, feed: Feed, editions: Sequence[Edition]) -> dict[str, str]:
        """The html of each entry, by its key."""
        days = {f"{stream.name}/{one.date}": one for one in editions}
        return {
            _key(one): self.world.renderer.feed_edition(days[one.name])
            if isinstance(one, DayEntry)
            else self.world.renderer.feed_entry(one.paper, one.why, one.language)
            for one in feed.entries
        }

    def _bytes(self, stream: Stream, feed: Feed, contents: Mapping[str, str]) -> bytes:
        """By feedgen and its like where there are few to write, else joined, which is the same."""
        if not stream.private and not feed.archive:
            return _WRITERS[feed.path.rpartition(".")[2]](feed, self.world.site, contents)
        site, tag = self.world.site, feed.language
        return join(feed, site, [encode(one, site, contents[_key(one)], tag) for one in feed.entries])


def _key(entry: FeedEntry | DayEntry) -> str:
    return entry.name if isinstance(entry, DayEntry) else entry.paper.id


def _all_items(edition: Edition) -> Iterator[Sequence[Item]]:
    yield edition.items
    yield from (strand.items for strand in edition.strands)


def month_end(month: date) -> date:
    """The last day of a month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
