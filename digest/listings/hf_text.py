"""Text of Hugging Face paper lists as extractors leave it: search results, with or without author and date blocks.

Two forms are read. In the first, blank lines part blocks: head, title, abstract, and "N authors" or an organisation
with a date. In the second there are no blank lines, and titles and abstracts alternate. Votes are told in neither;
the number after a date is the number of comments, and where there is none it is not known to be 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dateutil import parser as dates

from digest.errors import ListingError
from digest.listings import clean
from digest.listings.form import Sheet
from digest.model import Entry, Facts, Listing, Rejected

_BANNER = re.compile(r"get trending papers in your email inbox", re.IGNORECASE)
_HEAD_LINES = frozenset({"new", "subscribe", "daily papers", "papers", "trending papers"})
_BY = re.compile(r"by\s*.{0,40}and the research community", re.IGNORECASE)
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?"
_DATE = rf"(?P<day>{_MONTH} \d{{1,2}})(?:, (?P<year>\d{{4}}))?"
_PAGE_DATE = re.compile(_DATE)
_META = re.compile(rf"(?P<who>.{{0,150}}?)\s*·\s*{_DATE}(?:\s+(?P<comments>\d{{1,6}}))?")
_AUTHORS = re.compile(r"•?\s*(?P<count>\d{1,5}) authors?", re.IGNORECASE)
# The link text "Subscribe" sticks to the first title; but a title may begin with that word's forms.
_GLUED = re.compile(r"Subscribe(?![drs]?\b|r[a-z])(?=\S)")
# A shorter text that ends in no full stop is a title, a longer one an abstract.
_SHORTEST_ABSTRACT = 200
_LONGEST_META = 220


@dataclass(frozen=True, slots=True)
class _Block:
    line: int  # of the first line, counted from 1
    text: str


@dataclass(frozen=True, slots=True)
class _Meta:
    """The author and date block of a paper; `day` as written, `year` only where it is."""

    who: str
    day: str
    year: int | None
    comments: int | None


@dataclass(frozen=True, slots=True)
class _Card:
    title: _Block
    abstract: str
    meta: _Meta | None


class HuggingFaceText:
    """A search result: its order is relevance, and a paper that is not in it has not gone."""

    name = "hf-text"
    source = "hf-search"
    fidelity = 20

    def recognises(self, sheet: Sheet) -> bool:
        start = sheet.text[:4000]
        return not start.lstrip().startswith("<") and (
            _BANNER.search(start) is not None or re.search(r"^\s*• \d+ authors?\s*\n·", sheet.text, re.M) is not None
        )

    def read(self, sheet: Sheet) -> Listing:
        page_date, lines = _without_head(sheet.text)
        cards, rejected = _cards(lines)
        if not cards:
            raise ListingError(f"{sheet.dump.name}: the page's head without any paper; fetch it again")
        as_of = _as_of(sheet, page_date, [card.meta.year for card in cards if card.meta and card.meta.year])
        return Listing(
            dump=sheet.dump.name,
            digest=sheet.dump.digest,
            format=self.name,
            source=self.source,
            as_of=as_of,
            fidelity=self.fidelity,
            daily=False,
            entries=tuple(_entry(card, position, as_of) for position, card in enumerate(cards, start=1)),
            rejected=tuple(rejected),
        )


# --- the head ----------------------------------------------------------------------------------------------------


def _without_head(text: str) -> tuple[re.Match[str] | None, list[_Block]]:
    """The page's own date, and the lines after the head; the first title loses a glued "Subscribe"."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ")
    lines = [_Block(number, line.strip()) for number, line in enumerate(plain.split("\n"), start=1)]
    page_date = None
    for place, line in enumerate(lines):
        if dated := _PAGE_DATE.fullmatch(line.text):
            page_date = page_date or dated
        elif line.text and not _in_head(line.text):
            first = _Block(line.line, _GLUED.sub("", line.text, count=1) if _GLUED.match(line.text) else line.text)
            return page_date, [first, *lines[place + 1 :]]
    return page_date, []


def _in_head(line: str) -> bool:
    return line.lower() in _HEAD_LINES or bool(_BANNER.match(line)) or bool(_BY.fullmatch(line))


# --- the day -----------------------------------------------------------------------------------------------------


def _date(day: str, year: int) -> date | None:
    try:
        return dates.parse(f"{day} {year}", default=datetime(year, 1, 1)).date()
    except (ValueError, OverflowError):
        return None


def _as_of(sheet: Sheet, page_date: re.Match[str] | None, years: Sequence[int]) -> date:
    """The day of the page: as the user says, as the page says, else the day of ingest.

    A year is printed only beside dates of other years than the page's, so a page without one is of a year after all
    that are printed; of those the latest that is not in the future.
    """
    if sheet.as_of is not None:
        return sheet.as_of
    if page_date is None:
        return sheet.now.date()
    if page_date["year"]:
        candidates: Sequence[int] = [int(page_date["year"])]
    else:
        candidates = range(sheet.now.year, max(years, default=sheet.now.year - 9), -1)
    for year in candidates:
        day = _date(page_date["day"], year) if 1 <= year <= 9999 else None
        if day is not None and day <= sheet.now.date():
            return day
    raise ListingError(
        f"{sheet.dump.name}: the page's date “{page_date[0]}” fits no year up to {sheet.now.date()} after the years "
        f"in its list; say of which day it is with --as-of"
    )


# --- the papers --------------------------------------------------------------------------------------------------


def _cards(lines: Sequence[_Block]) -> tuple[list[_Card], list[Rejected]]:
    """Titles with their abstracts and blocks. A block belongs to the title last before it and to no other."""
    cards: list[_Card] = []
    rejected: list[Rejected] = []
    waiting: list[_Block] = []
    for block in _blocks(lines):
        meta = _meta(block)
        if meta is None:
            waiting.append(block)
            continue
        found = list(_pairs(waiting, rejected))
        if found:
            found[-1] = _Card(found[-1].title, found[-1].abstract, meta)
        else:
            rejected.append(Rejected(where=f"line {block.line}", reason="authors and a date without a title before"))
        cards += found
        waiting = []
    cards += _pairs(waiting, rejected)
    return cards, rejected


def _blocks(lines: Sequence[_Block]) -> Iterator[_Block]:
    """Runs of lines between blank ones, lines joined; every line by itself where no line is blank."""
    if all(line.text for line in lines[:-1]):
        yield from (line for line in lines if line.text)
        return
    run: list[_Block] = []
    for line in (*lines, _Block(0, "")):
        if line.text:
            run.append(line)
        elif run:
            yield _Block(run[0].line, " ".join(part.text for part in run))
            run = []


def _meta(block: _Block) -> _Meta | None:
    match = _META.fullmatch(block.text) if len(block.text) <= _LONGEST_META else None
    if match is None:
        return None
    return _Meta(
        who=match["who"],
        day=match["day"],
        year=int(match["year"]) if match["year"] else None,
        comments=int(match["comments"]) if match["comments"] else None,
    )


def _is_abstract(block: _Block) -> bool:
    return len(block.text) >= _SHORTEST_ABSTRACT or block.text.endswith((".", "!"))


def _pairs(blocks: Sequence[_Block], rejected: list[Rejected]) -> Iterator[_Card]:
    """Title and abstract by turns; where their number is odd, by what the blocks look like."""
    if len(blocks) % 2 == 0:
        for one, other in zip(blocks[::2], blocks[1::2], strict=True):
            yield _Card(one, other.text, None)
        return
    title: _Block | None = None
    for block in blocks:
        if not _is_abstract(block):
            if title is not None:
                yield _Card(title, "", None)
            title = block
        elif title is not None:
            yield _Card(title, block.text, None)
            title = None
        else:
            rejected.append(Rejected(where=f"line {block.line}", reason="an abstract without a title before it"))
    if title is not None:
        yield _Card(title, "", None)


def _entry(card: _Card, position: int, as_of: date) -> Entry:
    meta = card.meta
    authors = _AUTHORS.fullmatch(meta.who) if meta else None
    place = clean.text(meta.who) if meta and not authors else ""
    return Entry(
        where=f"line {card.title.line}",
        position=position,
        facts=Facts(
            title=clean.text(card.title.text) or card.title.text,
            abstract=clean.text(card.abstract),
            author_count=int(authors["count"]) if authors else None,
            organisation=_without_picture(place) or None,
            published=_date(meta.day, meta.year or as_of.year) if meta else None,
        ),
        comments=meta.comments if meta else None,
    )


def _without_picture(place: str) -> str:
    """An organisation stands as its picture's text and its name: "NJU-LINK NJU-LINK Lab" is NJU-LINK Lab."""
    words = place.split()
    for half in range(len(words) // 2, 0, -1):
        if words[:half] == words[half : 2 * half]:
            return " ".join(words[half:])
    return place
