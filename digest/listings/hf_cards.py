"""A card of a Hugging Face paper list as read from text: what all readings of such text have in common.

Does not know how a card is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from digest.listings.form import MONTHS
from digest.model import Rejected
from digest.text import visible

DATE = (
    rf"(?P<month>{'|'.join(MONTHS)})[a-z]{{0,6}}\.? (?P<day>[0-9]{{1,2}})"
    r"(?:, (?P<year>[12][0-9]{3}))?"
)
PAGE_DATE = re.compile(DATE)
AUTHORS = re.compile(r"[•*]? ?(?P<count>[0-9]{1,5}) authors?", re.IGNORECASE)
LONGEST_WHO = 150
# What trending pages show in place of abstracts has some 200 characters; of real abstracts few have less than these.
SHORTEST_ABSTRACT = 400
# Lines above the papers. None of them is a title.
HEAD_LINES = frozenset(
    {"new", "subscribe", "daily papers", "papers", "trending papers", "by", "ak", "and the research community"}
)


@dataclass(frozen=True, slots=True)
class Block:
    line: int  # of the first line, counted from 1
    text: str


@dataclass(frozen=True, slots=True)
class Day:
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


def day_in(match: re.Match[str]) -> Day:
    """From a match of `DATE`."""
    year = int(match["year"]) if match["year"] else None
    return Day(MONTHS.index(match["month"].title()) + 1, int(match["day"]), year)


@dataclass(frozen=True, slots=True)
class Meta:
    """The author and date block of a paper."""

    who: str
    day: Day | None
    comments: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """`meta`, and what follows it, only where the text tells it."""

    title: Block
    abstract: str
    meta: Meta | None = None
    number: tuple[str, int | None] | None = None  # arXiv's, and the version
    votes: int | None = None
    submitter: str | None = None
    code_url: str | None = None
    code_stars: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`day` is the date in its head, `captured` the day on which someone saved it.

    `trending` if it is that list, `daily` if it is the whole list of its day.
    """

    cards: list[Card]
    rejected: list[Rejected]
    day: Day | None
    captured: date | None = None
    trending: bool = False
    daily: bool = False


def lines_of(text: str) -> list[Block]:
    """All lines of plain text, also the empty ones, each with single blanks. Bullets of pictures say nothing."""
    written = (" ".join(line.split()) for line in re.split(r"\r\n?|\n", visible(text)))
    return [Block(number, "" if line in ("•", "*") else line) for number, line in enumerate(written, start=1)]


def votes_in(button: str) -> int:
    """The vote button holds a number, or "-" for none."""
    return 0 if button == "-" else int(button)


def once(cards: Iterable[Card]) -> Iterator[Card]:
    """Each paper where it comes first."""
    known = set()
    for card in cards:
        key = card.number[0] if card.number else " ".join(card.title.text.split()).casefold()
        if key not in known:
            known.add(key)
            yield card
