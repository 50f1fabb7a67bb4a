"""Text of Hugging Face paper lists as extractors leave it: search results, the daily and the trending page.

Some extractors keep marks of titles and links; `hf_marked` reads what they leave, and `hf_submitted` pages that tell
who submitted each paper. Of other plain text two forms are read. In the first, blank lines part blocks: head, title,
abstract, and "N authors" or an organisation with a date. In the second there are no blank lines, and titles and
abstracts alternate. Votes are told in neither; the number after a date is the number of comments, and where there is
none it is not known to be 0.

A title without an abstract is still a paper. What cannot be a title is rejected with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from digest.errors import ListingError
from digest.listings import clean, hf_marked, hf_submitted, told
from digest.listings.form import Sheet, day_in_name
from digest.listings.hf_cards import (
    AUTHORS,
    DATE,
    HEAD_LINES,
    LONGEST_WHO,
    PAGE_DATE,
    Block,
    Card,
    Day,
    Meta,
    Page,
    day_in,
    lines_of,
)
from digest.model import Entry, Facts, Listing, Rejected

_PAGE_LINE = re.compile(r"^#{0,3} ?(?:daily|trending) papers[^\S\n]*$", re.IGNORECASE | re.MULTILINE)
_OF_THE_SITE = re.compile(r"^Submitted by|huggingface\.co/papers/", re.MULTILINE)
_BANNER = re.compile(r"get trending papers in your email inbox", re.IGNORECASE)
_BY = re.compile(r"by\s*.{0,40}and the research community", re.IGNORECASE)
# The link text "Subscribe" sticks to the first title. A title may begin with that word or one made of it.
_GLUED = re.compile(r"Subscribe(?![drs]?(?:[\s:,.!?’'-]|$)|rs\b)(?=\S)")

_META = re.compile(rf"(?P<who>.{{0,150}}?) ?· ?{DATE}(?: (?P<comments>[0-9]{{1,6}}))?")
_AUTHORS_LINE = re.compile(r"^[^\S\n]*•\s[0-9]{1,5} authors?[^\S\n]*\r?\n(?:[^\S\n]*\r?\n)?[^\S\n]*·", re.MULTILINE)
_LONGEST_META = 220

# A title hardly ever passes 300 characters, nor 150 with a full stop behind.
_LONG, _LONG_SENTENCE = 300, 150
# How many of the titles may look like prose before titles and abstracts are taken not to alternate.
_DOUBTFUL = 0.1
_FEW = 2  # texts that are none, which are no sign of anything
_HIGHEST = 50  # lines above the banner; a page of papers begins with it
_EARLIER_YEARS = 8  # the longest time between two 29ths of February


class HuggingFaceText:
    """Mostly a search result: its order is relevance, and a paper that is not in it has not gone."""

    name = "hf-text"
    source = "hf-search"
    fidelity = 20

    def recognises(self, sheet: Sheet) -> bool:
        start = sheet.text[:4000]
        if start.lstrip().startswith("<"):
            return False
        if _BANNER.search(" ".join(start.split())) or _AUTHORS_LINE.search(sheet.text):
            return True
        return bool(_PAGE_LINE.search(start) and _OF_THE_SITE.search(sheet.text))

    def read(self, sheet: Sheet) -> Listing:
        page = hf_marked.page(sheet.text) or hf_submitted.page(sheet.text) or _page(sheet.text)
        as_of, year = _as_of(sheet, page)
        entries: list[Entry] = []
        rejected = page.rejected
        for card in page.cards:
            try:
                entries.append(_entry(card, _words(card), len(entries) + 1, year))
            except _TitleError as error:
                rejected.append(Rejected(where=f"line {card.title.line}", reason=str(error)))
        if not entries:
            raise ListingError(f"{sheet.dump.name}: a page of papers without any paper; fetch it again")
        if _garbled(page.cards):
            raise ListingError(
                f"{sheet.dump.name}: a page of papers in an unknown form or of wrapped lines; save it as HTML instead"
            )
        rejected.sort(key=lambda one: int(one.where.split()[1]))
        return sheet.listing(self, _source(page), as_of, entries, rejected, daily=page.daily)


def _garbled(cards: Sequence[Card]) -> bool:
    """Whether titles and abstracts are something else: votes, comments and links of another form, or lines."""
    abstracts = [card.abstract for card in cards if card.abstract]
    texts = *abstracts, *(card.title.text for card in cards)
    numbers = sum(text.isdigit() or "](" in text for text in texts)
    unfinished = sum(text[-1].isalpha() or text[-1] == "," for text in abstracts)
    return numbers > max(_FEW, _DOUBTFUL * len(cards)) or unfinished > max(_FEW, len(abstracts) / 2)


def _source(page: Page) -> str:
    if page.trending:
        return "hf-trending"
    return "hf-daily" if page.daily else HuggingFaceText.source


def _page(text: str) -> Page:
    """The page of plain text."""
    page_day, lines = _without_head(text)
    cards, rejected = _cards(lines)
    return Page(cards=cards, rejected=rejected, day=page_day)


# --- the head ----------------------------------------------------------------------------------------------------


def _without_head(text: str) -> tuple[Day | None, list[Block]]:
    """The page's own date, and the lines after the head; the first title loses a glued "Subscribe".

    Without what may stand above the banner, such as the page's address, and the foot of the site's every page.
    """
    lines = lines_of(text)
    begin = next((place for place, line in enumerate(lines[:_HIGHEST]) if _BANNER.match(line.text)), 0)
    lines = lines[begin : _foot(lines)]
    page_day, glued = None, True
    for place, line in enumerate(lines):
        if dated := PAGE_DATE.fullmatch(line.text):
            page_day = page_day or day_in(dated)
        elif line.text and not _in_head(line.text):
            first = (
                replace(line, text=_GLUED.sub("", line.text, count=1)) if glued and _GLUED.match(line.text) else line
            )
            return page_day, [first, *lines[place + 1 :]]
        glued = glued and line.text.lower() != "subscribe"
    return page_day, []


def _foot(lines: Sequence[Block]) -> int:
    """Where the foot of the page begins; behind all lines where there is none."""
    said = [(place, line.text.lower()) for place, line in enumerate(lines) if line.text]
    for (before, above), (place, one), (_, below) in zip(said, said[1:], said[2:], strict=False):
        if one == "company" and below == "tos":
            return before if above == "system theme" else place
    return len(lines)


def _in_head(line: str) -> bool:
    return line.lower() in HEAD_LINES or bool(_BANNER.match(line)) or bool(_BY.fullmatch(line))


# --- the day -----------------------------------------------------------------------------------------------------


def _as_of(sheet: Sheet, page: Page) -> tuple[date, int | None]:
    """The day of the page, and the year of the dates without one (None if it cannot be told).

    A year is printed only beside dates of other years than the page's, so the page is of a year after all that are
    printed; of those the latest in which no day is missing or to come, when it was saved: as it says, or its name.
    """
    if sheet.as_of is not None:
        return sheet.as_of, sheet.as_of.year
    saved = page.captured or day_in_name(sheet.dump.name) or date.max
    today = min(saved, sheet.now.date())
    days = [card.meta.day for card in page.cards if card.meta and card.meta.day]
    bare = [day for day in days if day.year is None]
    if page.day is None:
        return today, next(_years(today, days, told=bare, real=()), None)
    if page.day.year and (told := sheet.latest([page.day.of(page.day.year)])):
        return told, told.year
    more = timedelta(days=not page.captured)  # whoever named it may be where it was the day before
    for year in _years(min(today + more, sheet.now.date()), days, told=[page.day], real=bare):
        if told := page.day.of(year):
            return told, year
    raise ListingError(
        f"{sheet.dump.name}: the page's date fits no year up to {today} that is after the years in its list; "
        "say with --as-of of which day it is"
    )


def _years(today: date, days: Iterable[Day], *, told: Iterable[Day], real: Iterable[Day]) -> Iterator[int]:
    """Years after all that are printed, latest first, in which the days told are past and the real ones exist."""
    earliest = max([day.year for day in days if day.year], default=today.year - _EARLIER_YEARS - 1)
    for year in range(today.year, earliest, -1):
        past = [day.of(year) for day in told]
        if all(day is not None and day <= today for day in past) and all(day.of(year) for day in real):
            yield year


# --- the papers --------------------------------------------------------------------------------------------------


def _cards(lines: Sequence[Block]) -> tuple[list[Card], list[Rejected]]:
    """Titles with their abstracts and blocks. A block belongs to the title last before it and to no other."""
    cards: list[Card] = []
    rejected: list[Rejected] = []
    waiting: list[Block] = []
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


def _blocks(lines: Sequence[Block]) -> Iterator[Block]:
    """Runs of lines between blank ones, joined; every line by itself where no line is blank.

    The lines of an author and date block stay together and apart from others, wherever blank lines are.
    """
    last = max((place for place, line in enumerate(lines) if line.text), default=0)
    parted = any(not line.text for line in lines[:last])
    run: list[Block] = []
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


def _goes_on(run: Sequence[Block], text: str, after_blank: bool) -> bool:
    """Whether a line belongs to the author and date block that the run is or becomes."""
    if text == "·":
        return len(run[-1].text) <= LONGEST_WHO
    comments = len(run) > 1 and run[-2].text == "·" and text.isdigit() and not after_blank
    return run[-1].text == "·" or comments


def _ends(run: Sequence[Block], line: Block) -> bool:
    return (len(run) > 1 and run[-2].text == "·") or (line.text[:1] == "•" and bool(AUTHORS.fullmatch(line.text)))


def _joined(run: Sequence[Block]) -> Block:
    return Block(run[0].line, " ".join(line.text for line in run))


def _meta(text: str) -> Meta | None:
    if len(text) > _LONGEST_META:
        return None
    if match := _META.fullmatch(text):
        return Meta(match["who"], day_in(match), int(match["comments"]) if match["comments"] else None)
    return Meta(text, None) if text[0] == "•" and AUTHORS.fullmatch(text) else None


def _titled(blocks: Sequence[Block]) -> list[Card]:
    """Titles and abstracts by turns; if too many of the titles look like prose, by what the blocks look like."""
    doubtful = sum(map(_is_prose, blocks[::2]))
    if doubtful > _DOUBTFUL * len(blocks[::2]) and len(blocks) > 2:
        return list(_by_looks(blocks))
    abstracts = [block.text for block in blocks[1::2]] + [""] * (len(blocks) % 2)
    return [Card(title=title, abstract=abstract) for title, abstract in zip(blocks[::2], abstracts, strict=True)]


def _by_looks(blocks: Sequence[Block]) -> Iterator[Card]:
    """A title is what is not prose, and the first block; all prose until the next title is its abstract."""
    starts = [place for place, block in enumerate(blocks) if not place or not _is_prose(block)]
    for start, end in zip(starts, [*starts[1:], len(blocks)], strict=True):
        yield Card(title=blocks[start], abstract=" ".join(block.text for block in blocks[start + 1 : end]))


def _is_prose(block: Block) -> bool:
    return len(block.text) > (_LONG_SENTENCE if block.text.endswith(".") else _LONG)


class _TitleError(ValueError):
    """Why a card's title cannot be one."""


def _words(card: Card) -> told.Words:
    text = card.title.text
    if len(text) > clean.LONGEST_TITLE:
        raise _TitleError(f"{len(text)} characters where a title should be")
    if not card.abstract and _is_prose(card.title):
        raise _TitleError("an abstract without a title before")
    try:
        return told.words(text, abstract=card.abstract)
    except ValueError:
        raise _TitleError("nothing to be read where a title should be") from None


def _entry(card: Card, words: told.Words, position: int, year: int | None) -> Entry:
    meta = card.meta or Meta("", None)
    authors = AUTHORS.fullmatch(meta.who)
    place = "" if authors else clean.text(meta.who)
    written = meta.day and (meta.day.year or year)
    return Entry(
        where=f"line {card.title.line}",
        position=position,
        facts=Facts(
            **words,
            author_count=int(authors["count"]) if authors else None,
            organisation=_without_picture(place) or None,
            submitter=card.submitter,
            published=meta.day.of(written) if meta.day and written else None,
            arxiv_id=card.number[0] if card.number else None,
            version=card.number[1] if card.number else None,
            code_url=card.code_url,
            code_stars=card.code_stars,
        ),
        votes=card.votes,
        comments=meta.comments,
    )


def _without_picture(place: str) -> str:
    """An organisation stands as its picture's text and its name: "NJU-LINK NJU-LINK Lab" is NJU-LINK Lab."""
    words = place.split()
    for half in range(len(words) // 2, 0, -1):
        if words[:half] == words[half : 2 * half]:
            return " ".join(words[half:])
    return place
