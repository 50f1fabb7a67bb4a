"""Sources become dumps in the inbox, byte for byte as they were answered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import FetchError, ListingError, RefusedError, told
from digest.fetch import (
    MOST_BY_ID,
    Answer,
    Clock,
    Harvest,
    Known,
    LostTokenError,
    Memory,
    Request,
    catch_up,
    fingerprint,
    following,
    has_days,
    requests,
    requests_of,
    settled,
    shown,
    vain,
    whole,
)
from digest.files import write_whole
from digest.listings import dump_of, read_listing
from digest.masks import without_secrets, without_those_of
from digest.model import Fetched, FetchState, Source, SourceKind
from digest.pipeline.world import Apart, Progress, silent
from digest.store import Store
from digest.text import counted

if TYPE_CHECKING:
    from digest.fetch.client import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """What is fetched and how: the sources, the file that remembers, and the name to be known by.

    `examples` gives the arXiv ids that profiles name and nothing has told of yet: the first source that is arXiv's API
    is asked for them.
    """

    sources: tuple[Source, ...]
    memory: Path
    agent: str
    inbox: Path
    clock: Clock = time
    examples: Callable[[], Sequence[str]] = tuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The days asked for; without them each source catches up by itself. `again` asks for what is settled, too."""

    days: tuple[date, date] | None = None
    again: bool = False
    dry: bool = False


def fetch(
    fetching: Fetching, now: datetime, span: Span = Span(), progress: Progress = silent, apart: Apart = nullcontext
) -> Iterator[Fetched]:
    """Ask every source in turn; one that fails does not stop the others. The caller holds the lock "fetch"."""
    from digest.fetch.client import Client  # with httpx, which takes a moment

    memory = Memory(fetching.memory, now)
    client = Client(fetching.agent, memory, now, fetching.clock)
    asked_by_id = next((one for one in fetching.sources if one.kind is SourceKind.ARXIV_API), None)
    for number, source in enumerate(fetching.sources, start=1):
        progress(number, len(fetching.sources))
        visit = _Visit(source, span, client, memory, fetching.inbox, now)
        with apart(f"source {source.name}"):
            yield from visit.made(fetching.examples() if source is asked_by_id else ())


def fetch_due(fetching: Fetching, store: Store, now: datetime, apart: Apart = nullcontext) -> tuple[Fetched, ...]:
    """Ask the automatic sources whose time has come, unless another process is fetching."""
    automatic = tuple(one for one in fetching.sources if one.auto)
    if not automatic:
        return ()
    with store.exclusive("fetch") as ours:
        memory = Memory(fetching.memory, now)
        due = tuple(one for one in automatic if _is_due(one, memory.course(one.name).tried, now))
        return tuple(fetch(replace(fetching, sources=due), now, apart=apart)) if ours and due else ()


def unanswered(found: Iterable[Fetched]) -> str:
    """How many of the sources failed; empty if none did."""
    sources, failed = set(), set()
    for one in found:
        sources.add(one.source)
        if one.state is FetchState.FAILED:
            failed.add(one.source)
    return f"{len(failed)} of {counted(len(sources), 'source')} failed" if failed else ""


def _is_due(source: Source, tried: datetime | None, now: datetime) -> bool:
    return tried is None or not tried <= now < tried + source.every


class _Visit:
    """One source, asked once for a span of days."""

    def __init__(self, source: Source, span: Span, client: Client, memory: Memory, inbox: Path, now: datetime) -> None:
        self._source, self._span, self._client, self._memory = source, span, client, memory
        self._folder, self._now = inbox / source.name, now
        self._course = memory.course(source.name)
        self._failed = False

    def made(self, examples: Sequence[str]) -> Iterator[Fetched]:
        """Every request and how it ended, first those for examples, which are asked for once a day.

        What is had and written stays so, however the rest ends.
        """
        today, span = self._now.date(), self._span
        if span.days and not has_days(self._source) and not span.days[0] <= today <= span.days[1]:
            yield self._told(Request(label=str(today), url=self._source.url), FetchState.LEFT_OUT, reason=_PRESENT_ONLY)
            return
        given = span.days if has_days(self._source) else None
        first, last = given or catch_up(self._source, self._course.done, today)
        harvest = None
        if self._source.kind is SourceKind.OAI_PMH:
            # One that was interrupted goes on, unless something else is wanted now.
            going = None if given or span.again else self._course.harvest
            harvest = going or Harvest(first=first, last=last, catching_up=not given)
        wanted = self._wanted(examples)
        if (left := len(wanted) - MOST_BY_ID) > 0:
            request = Request(label=f"{today}-examples", url=self._source.url)
            yield self._told(request, FetchState.LEFT_OUT, reason=_NEXT_RUN.format(left))
        by_id = requests_of(self._source, wanted[:MOST_BY_ID], today)
        starts = chain(by_id, requests(self._source, first, last, harvest))
        if span.dry:
            yield from (self._planned(start) for start in starts)
            return
        self._course.tried = self._now
        yield from self._asked(starts)
        if not self._failed and (harvest.catching_up if harvest else not given):
            caught_up = harvest.last if harvest else last
            self._course.done = max(caught_up, self._course.done or caught_up)
        self._memory.save()

    def _wanted(self, examples: Sequence[str]) -> list[str]:
        """Those not asked for today; when all are to be asked again, the others after them."""
        asked_today = {one for one, day in self._course.examples.items() if day == self._now.date()}
        wanted = [one for one in examples if self._span.again or one not in asked_today]
        return sorted(wanted, key=lambda one: one in asked_today)

    def _asked(self, starts: Iterable[Request]) -> Iterator[Fetched]:
        for start in starts:
            try:
                yield from self._harvested(start)
            except RefusedError as error:
                yield self._told(start, FetchState.FAILED, reason=str(error))
            except FetchError as error:
                yield self._told(start, FetchState.FAILED, reason=str(error))
                return
            except OSError as error:  # of writing it down: to ask for the rest is of no use
                yield self._told(start, FetchState.FAILED, reason=told(error))
                return

    def _planned(self, request: Request) -> Fetched:
        return self._told(request, FetchState.SETTLED if self._is_settled(request) else FetchState.PLANNED)

    def _is_settled(self, request: Request) -> bool:
        had = self._course.days.get(str(request.day))
        return bool(request.day and had and not self._span.again and settled(self._source, request.day, had))

    def _harvested(self, start: Request) -> Iterator[Fetched]:
        """As `_walk`, but that a harvest whose token the server has lost begins once more."""
        try:
            yield from self._walk(start)
        except LostTokenError:
            if start.harvest is None:
                raise
            self._course.harvest = None
            days = start.harvest.first, start.harvest.last
            begin = replace(start.harvest, token=None, page=1)
            yield from self._walk(next(iter(requests(self._source, *days, begin))))

    def _walk(self, start: Request) -> Iterator[Fetched]:
        """A request and those that follow from its answers. A day counts as had when all of its pages are."""
        if self._is_settled(start):
            yield self._told(start, FetchState.SETTLED)
            return
        request: Request | None = start
        walked: set[str] = set()
        states = []
        while request:
            if request.url in walked:
                self._course.harvest = None
                raise FetchError(f"{request.url}: the server leads in a circle; ask for fewer days, or tell its owner")
            walked.add(request.url)
            made, request = self._step(request)
            states.append(made.state)
            yield made
        if start.day and FetchState.FAILED not in states:
            self._course.days[str(start.day)] = self._now.date()

    def _step(self, request: Request) -> tuple[Fetched, Request | None]:
        """One request, what came of it, and the request after it. Remembered when the dump is written."""
        source, course = self._source, self._course
        if source.robots and source.kind is SourceKind.URL:
            self._client.obey_robots(source, request.url)
        answer = self._client.get(source, request.url, self._validators(request), partial(vain, source, request))
        if answer.body is None:
            self._renew(request, answer)
            return self._told(request, FetchState.SAME), None
        after = following(source, request, answer.body)
        made = self._kept(request, answer, answer.body)
        if request.harvest:
            course.harvest = after.harvest if after else None
        if request.ids and made.state is not FetchState.FAILED:
            today = self._now.date()
            before = {one: day for one, day in course.examples.items() if day == today}
            course.examples = before | dict.fromkeys(request.ids, today)
        self._memory.save()
        return made, after

    def _validators(self, request: Request) -> dict[str, str]:
        """What makes the server answer "not modified": only where one answer is all, and its dump still there."""
        known = self._course.known.get(request.key)
        if not known or self._span.again or not whole(self._source) or not self._is_here(known):
            return {}
        told = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
        return {name: text for name, text in told.items() if text}

    def _renew(self, request: Request, answer: Answer) -> None:
        """The known answer is the present one still, maybe under another validator."""
        known = self._course.known[request.key]
        etag, modified = answer.etag or known.etag, answer.modified or known.modified
        self._course.known[request.key] = replace(known, on=self._now.date(), etag=etag, modified=modified)

    def _is_here(self, known: Known) -> bool:
        return not known.dump or (self._folder / known.dump).exists()

    def _kept(self, request: Request, answer: Answer, body: bytes) -> Fetched:
        """Written as it came, if it is a listing with papers and not the one that was had last time."""
        tells = fingerprint(body)
        known = self._course.known.get(request.key)
        if known and known.fingerprint == tells and self._is_here(known):
            self._renew(request, answer)
            return self._told(request, FetchState.SAME if known.dump else FetchState.EMPTY, size=len(body))
        try:
            path = self._path(request.label, body) if self._has_papers(request, body) else None
        except ListingError as error:
            return self._told(request, FetchState.FAILED, size=len(body), reason=str(error))
        if path:
            write_whole(path, body)
        self._course.known[request.key] = Known(
            fingerprint=tells,
            on=self._now.date(),
            dump=path.name if path else "",
            etag=answer.etag,
            modified=answer.modified,
        )
        return self._told(request, FetchState.WRITTEN if path else FetchState.EMPTY, path, len(body))

    def _has_papers(self, request: Request, body: bytes) -> bool:
        """ListingError for an answer that is no listing, which only those who read listings can tell."""
        if self._source.kind is SourceKind.HF_DAILY and body.strip() == b"1":
            return False
        listing = read_listing(dump_of(request.url, body), now=self._now)
        return bool(listing.entries or listing.rejected)

    def _path(self, label: str, body: bytes) -> Path:
        """A name of its own for each version that was fetched, with the day in front and the moment behind."""
        start = body[:200].lstrip().lower()
        suffix = {b"[": ".json", b"{": ".json", b"<": ".xml"}.get(start[:1], ".dump")
        suffix = ".html" if start.startswith((b"<!doctype html", b"<html")) else suffix
        stem = f"{label}.at-{self._now:%Y%m%dT%H%M%SZ}"
        names = chain([stem], (f"{stem}-{number}" for number in count(2)))
        return next(path for name in names if not (path := self._folder / f"{name}{suffix}").exists())

    def _told(
        self, request: Request, state: FetchState, path: Path | None = None, size: int = 0, reason: str = ""
    ) -> Fetched:
        self._failed |= state is FetchState.FAILED
        return Fetched(
            source=self._source.name,
            asked=request.label,
            url=without_secrets(request.url),
            state=state,
            dump=str(path) if path else None,
            size=size,
            reason=without_those_of(request.url, shown(reason)),
        )


_NEXT_RUN = "{:,} more examples are known by their arXiv ids alone; the next fetch asks for them"
_PRESENT_ONLY = "it tells of the present only; leave out --from and --to"
