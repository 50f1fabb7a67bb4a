"""Text of Hugging Face paper lists as extractors leave it: search results, with or without author and date blocks.

Two forms are read. In the first, blank lines part blocks: head, title, abstract, and "N authors" or an organisation
with a date. In the second there are no blank lines, and titles and abstracts alternate. Votes are told in neither;
the number after a date is the number of comments, and where there is none it is not known to be 0.

A title without an abstract is still a paper. What cannot be a title is rejected with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from digest.errors import ListingError
from digest.listings import clean
from digest.listings.form import Sheet
from digest.model import Entry, Facts, Listing, Rejected

_BANNER = re.compile(r"get trending papers in your email inbox", re.IGNORECASE)
_HEAD_LINES = frozenset(
    {"new", "subscribe", "daily papers", "papers", "trending papers", "by", "ak", "and the research community"}
)
_BY = re.compile(r"by\s*.{0,40}and the research community", re.IGNORECASE)
# The link text "Subscribe" sticks to the first title. A title may begin with that word or one made of it.
_GLUED = re.compile(r"Subscribe(?![drs]?(?:[\s:,.!?’'-]|$)|rs\b)(?=\S)")

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = (
    r"(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.? (?P<day>[0-9]{1,2})"
    r"(?:, (?P<year>[12][0-9]{3}))?"
)
_PAGE_DATE = re.compile(_DATE)
_META = re.compile(rf"(?P<who>.{{0,150}}?) ?· ?{_DATE}(?: (?P<comments>[0-9]{{1,6}}))?")
_AUTHORS = re.compile(r"•? ?(?P<count>[0-9]{1,5}) authors?", re.IGNORECASE)
_AUTHORS_LINE = re.compile(r"^[^\S\n]*•\s[0-9]{1,5} authors?[^\S\n]*\r?\n(?:[^\S\n]*\r?\n)?[^\S\n]*·", re.MULTILINE)
_LONGEST_WHO = 150
_LONGEST_META = 220

# A title hardly ever passes 300 characters, nor 150 with a full stop behind.
_LONG, _LONG_SENTENCE = 300, 150
# How many of the titles may look like prose before titles and abstracts are taken not to alternate.
_DOUBTFUL = 0.1
_EARLIER_YEARS = 8  # the longest time between two 29ths of February


@dataclass(frozen=True, slots=True)
class _Block:
    line: int  # of the first line, counted from 1
    text: str


@dataclass(frozen=True, slots=True)
class _Day:
    """A date as written; `year` only where it is."""

    month: int
    day: int
    year: int | None

    def of(self, year: int) -> date | None:
        """This day of its own year, else of the one given; None where there is no such day."""
        try:
            return date(self.year or year, self.month, self.day)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class _Meta:
    """The author and date block of a paper."""

    who: str
    day: _Day | None
    comments: int | None = None


@dataclass(frozen=True, slots=True)
class _Card:
    title: _Block
    abstract: str
    meta: _Meta | None = None


class HuggingFaceText:
    """A search result: its order is relevance, and a paper that is not in it has not gone."""

    name = "hf-text"
    source = "hf-search"
    fidelity = 20

    def recognises(self, sheet: Sheet) -> bool:
        start = sheet.text[:4000]
        if start.lstrip().startswith("<"):
            return False
        return _BANNER.search(" ".join(start.split())) is not None or _AUTHORS_LINE.search(sheet.text) is not None

    def read(self, sheet: Sheet) -> Listing:
        page_day, lines = _without_head(sheet.text)
        cards, rejected = _cards(lines)
        as_of, year = _as_of(sheet, page_day, [card.meta.day for card in cards if card.meta and card.meta.day])
        entries: list[Entry] = []
        for card in cards:
            if reason := _no_title(card):
                rejected.append(Rejected(where=f"line {card.title.line}", reason=reason))
            else:
                entries.append(_entry(card, len(entries) + 1, year))
        if not entries:
            raise ListingError(f"{sheet.dump.name}: a page of papers without any paper; fetch it again")
        return Listing(
            dump=sheet.dump.name,
            digest=sheet.dump.digest,
            format=self.name,
            source=self.source,
            as_of=as_of,
            fidelity=self.fidelity,
            daily=False,
            entries=tuple(entries),
            rejected=tuple(sorted(rejected, key=lambda one: int(one.where.split()[1]))),
        )


# --- the head ----------------------------------------------------------------------------------------------------


def _without_head(text: str) -> tuple[_Day | None, list[_Block]]:
    """The page's own date, and the lines after the head; the first title loses a glued "Subscribe"."""
    written = re.split(r"\r\n?|\n", clean.visible(text))
    lines = [_Block(number, " ".join(line.split())) for number, line in enumerate(written, start=1)]
    page_day, glued = None, True
    for place, line in enumerate(lines):
        if dated := _PAGE_DATE.fullmatch(line.text):
            page_day = page_day or _day(dated)
        elif line.text and not _in_head(line.text):
            first = (
                replace(line, text=_GLUED.sub("", line.text, count=1)) if glued and _GLUED.match(line.text) else line
            )
            return page_day, [first, *lines[place + 1 :]]
        glued = glued and line.text.lower() != "subscribe"
    return page_day, []


def _in_head(line: str) -> bool:
    return line.lower() in _HEAD_LINES or bool(_BANNER.match(line)) or bool(_BY.fullmatch(line))


# --- the day -----------------------------------------------------------------------------------------------------


def _day(match: re.Match[str]) -> _Day:
    year = int(match["year"]) if match["year"] else None
    return _Day(_MONTHS.index(match["month"].lower()) + 1, int(match["day"]), year)


def _as_of(sheet: Sheet, page_day: _Day | None, days: Sequence[_Day]) -> tuple[date, int | None]:
    """The day of the page, and the year of the dates without one (None if it cannot be told).

    A year is printed only beside dates of other years than the page's, so the page is of a year after all that are
    printed; of those the latest in which no day is missing or to come.
    """
    today = sheet.now.date()
    if sheet.as_of is not None:
        return sheet.as_of, sheet.as_of.year
    bare = [day for day in days if day.year is None]
    if page_day is None:
        return today, next(_years(sheet, days, told=bare, real=()), None)
    if page_day.year and (told := page_day.of(page_day.year)):
        return told, told.year
    for year in _years(sheet, days, told=[page_day], real=bare):
        if told := page_day.of(year):
            return told, year
    raise ListingError(
        f"{sheet.dump.name}: the page's date fits no year up to {today} that is after the years in its list; "
        "say with --as-of of which day it is"
    )


def _years(sheet: Sheet, days: Iterable[_Day], *, told: Iterable[_Day], real: Iterable[_Day]) -> Iterator[int]:
    """Years after all that are printed, latest first, in which the days told are past and the real ones exist."""
    today = sheet.now.date()
    earliest = max([day.year for day in days if day.year], default=today.year - _EARLIER_YEARS - 1)
    for year in range(today.year, earliest, -1):
        past = [day.of(year) for day in told]
        if all(day is not None and day <= today for day in past) and all(day.of(year) for day in real):
            yield year


# --- the papers --------------------------------------------------------------------------------------------------


def _cards(lines: Sequence[_Block]) -> tuple[list[_Card], list[Rejected]]:
    """Titles with their abstracts and blocks. A block belongs to the title last before it and to no other."""
    cards: list[_Card] = []
    rejected: list[Rejected] = []
    waiting: list[_Block] = []
    for block in _blocks(lines):
        meta = _meta(block.text)
        if meta is None:
            waiting.append(block)
            continue
        found = _titled(waiting)
        if found:
            found[-1] = replace(found[-1], meta=meta)
        else:
            rejected.append(Rejected(where=f"line {block.line}", reason="authors and a date without a title before"))
        cards += found
        waiting = []
    return cards + _titled(waiting), rejected


def _blocks(lines: Sequence[_Block]) -> Iterator[_Block]:
    """Runs of lines between blank ones, joined; every line by itself where no line is blank.

    The lines of an author and date block stay together and apart from others, wherever blank lines are.
    """
    last = max((place for place, line in enumerate(lines) if line.text), default=0)
    parted = any(not line.text for line in lines[:last])
    run: list[_Block] = []
    after_blank = False
    for line in lines:
        if line.text:
            if line.text == "·" and len(run) > 1:
                yield _joined(run[:-1])
                run = run[-1:]
            if run and not _goes_on(run, line.text, after_blank) and (after_blank or not parted or _ends(run, line)):
                yield _joined(run)
                run = []
            run.append(line)
        after_blank = not line.text
    if run:
        yield _joined(run)


def _goes_on(run: Sequence[_Block], text: str, after_blank: bool) -> bool:
    """Whether a line belongs to the author and date block that the run is or becomes."""
    if text == "·":
        return len(run[-1].text) <= _LONGEST_WHO
    comments = len(run) > 1 and run[-2].text == "·" and text.isdigit() and not after_blank
    return run[-1].text == "·" or comments


def _ends(run: Sequence[_Block], line: _Block) -> bool:
    return (len(run) > 1 and run[-2].text == "·") or (line.text[:1] == "•" and bool(_AUTHORS.fullmatch(line.text)))


def _joined(run: Sequence[_Block]) -> _Block:
    return _Block(run[0].line, " ".join(line.text for line in run))


def _meta(text: str) -> _Meta | None:
    if len(text) > _LONGEST_META:
        return None
    if match := _META.fullmatch(text):
        return _Meta(match["who"], _day(match), int(match["comments"]) if match["comments"] else None)
    return _Meta(text, None) if text[0] == "•" and _AUTHORS.fullmatch(text) else None


def _titled(blocks: Sequence[_Block]) -> list[_Card]:
    """Titles and abstracts by turns; if too many of the titles look like prose, by what the blocks look like."""
    doubtful = sum(map(_is_prose, blocks[::2]))
    if doubtful > _DOUBTFUL * len(blocks[::2]) and len(blocks) > 2:
        return list(_by_looks(blocks))
    abstracts = [block.text for block in blocks[1::2]] + [""] * (len(blocks) % 2)
    return [_Card(title, abstract) for title, abstract in zip(blocks[::2], abstracts, strict=True)]


def _by_looks(blocks: Sequence[_Block]) -> Iterator[_Card]:
    """A title is what is not prose, and the first block; all prose until the next title is its abstract."""
    starts = [place for place, block in enumerate(blocks) if not place or not _is_prose(block)]
    for start, end in zip(starts, [*starts[1:], len(blocks)], strict=True):
        yield _Card(blocks[start], " ".join(block.text for block in blocks[start + 1 : end]))


def _is_prose(block: _Block) -> bool:
    return len(block.text) > (_LONG_SENTENCE if block.text.endswith(".") else _LONG)


def _no_title(card: _Card) -> str | None:
    """Why a card's title cannot be one."""
    text = card.title.text
    if len(text) > clean.LONGEST_TITLE:
        return f"{len(text)} characters where a title should be"
    if not card.abstract and _is_prose(card.title):
        return "an abstract without a title before"
    return None if clean.text(text) else "nothing to be read where a title should be"


def _entry(card: _Card, position: int, year: int | None) -> Entry:
    meta = card.meta or _Meta("", None)
    authors = _AUTHORS.fullmatch(meta.who)
    place = "" if authors else clean.text(meta.who)
    written = meta.day and (meta.day.year or year)
    return Entry(
        where=f"line {card.title.line}",
        position=position,
        facts=Facts(
            title=clean.text(card.title.text),
            abstract=clean.field(card.abstract, clean.LONGEST_ABSTRACT),
            author_count=int(authors["count"]) if authors else None,
            organisation=_without_picture(place) or None,
            published=meta.day.of(written) if meta.day and written else None,
        ),
        comments=meta.comments,
    )


def _without_picture(place: str) -> str:
    """An organisation stands as its picture's text and its name: "NJU-LINK NJU-LINK Lab" is NJU-LINK Lab."""
    words = place.split()
    for half in range(len(words) // 2, 0, -1):
        if words[:half] == words[half : 2 * half]:
            return " ".join(words[half:])
    return place
