"""What is known: papers, where their fields came from, when they were listed, and what a listing changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from urllib.parse import quote_plus

from digest.model.listing import Entry, Facts, Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper(Facts):
    """The work itself, whoever lists it.

    `id` never changes once given: the arXiv id where it was known first, else `t-` and a hash of the title.
    """

    id: str
    first_listed: date | None  # earliest `as_of` of a listing that held it; None while only archives and searches have
    first_seen: datetime  # when this program first read of it, and anew when it is first listed
    revised_at: datetime | None = None  # last change a reader would notice

    @property
    def born(self) -> date | None:
        """The day of the first version; where no source tells it the first of the month in the arXiv id."""
        number = self.arxiv_id.rpartition("/")[2] if self.arxiv_id else ""
        if self.published or not number:
            return self.published
        year = int(number[:2])
        return date(year + (1900 if year > 90 else 2000), int(number[2:4]), 1)

    @property
    def url(self) -> str:
        """Where a reader goes from the title: abstract page, DOI, the source's page, else a search for the title."""
        if self.arxiv_id:
            return f"https://arxiv.org/abs/{self.arxiv_id}"
        if self.doi:
            return f"https://doi.org/{quote_plus(self.doi, safe='/')}"
        if self.page_url:
            return self.page_url
        return f"https://huggingface.co/papers?q={quote_plus(self.title)}"

    @property
    def pdf_url(self) -> str | None:
        return f"https://arxiv.org/pdf/{self.arxiv_id}" if self.arxiv_id else None

    @property
    def listing_url(self) -> str | None:
        """The paper's page with votes and discussion."""
        return f"https://huggingface.co/papers/{self.arxiv_id}" if self.arxiv_id else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the present value of a paper's field came from."""

    dump: str
    digest: str
    source: str
    as_of: date
    fidelity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The stored shadow of an entry; a paper's sightings over time are its history.

    `listed` is the number of entries in the listing. One per paper and dump.
    """

    paper_id: str
    source: str
    date: date
    position: int
    listed: int
    votes: int | None
    comments: int | None
    seen_at: datetime
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPaper:
    """A stored paper as `diff` needs it: `keys` are those of the listing's that are tied to it.

    `origins` maps field names to where their values came from, at least of those with one. `last_listed` is the latest
    `as_of` at which the listing's own source held it before, None if never; `watched` is whether that source did on an
    earlier day, in a dump of the same format. `today` is what `Change.today` said last, if a dump of the listing's very
    day did.
    """

    paper: Paper
    keys: frozenset[str]
    origins: Mapping[str, Origin]
    last_listed: date | None
    watched: bool = False
    today: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DayList:
    """A dump of a source's day: the ids of its papers, and what is told of it against the dump before it."""

    digest: str
    ids: frozenset[str]
    marks: tuple[Mark, ...]
    gone: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The part of the store that a listing touches.

    `previous` are the papers of the dump before this one, of the same source and day, in the order in which they were
    taken from the source and not in that in which they are read. `before` are the ids of the papers that the source's
    latest earlier day held; `days` those of which it has a listing in the store.
    """

    papers: tuple[KnownPaper, ...] = ()
    previous: tuple[Paper, ...] = ()
    before: frozenset[str] = frozenset()
    days: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A change a reader would notice, kept with both values. `at` is when it was ingested.

    `turn` counts from 0 those that were recorded at this moment, where that is told.
    """

    paper_id: str
    field: str
    old: str
    new: str
    at: datetime
    dump: str
    turn: int = 0


class Mark(StrEnum):
    """What is special about a whole listing, against the source's listings before it."""

    CUT = "cut"  # it stops at the page limit, or says itself that there is more
    COMPLETED = "completed"  # holds all of the day's earlier dump, and more
    SHRUNK = "shrunk"  # lacks papers of the day's earlier dump
    REPEATED = "repeated"  # the same papers as the source's day before


class Outcome(StrEnum):
    NEW = "new"
    REVISED = "revised"
    RELISTED = "relisted"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A field that takes a new value. `notable` is true where a reader would want to be told.

    Of a paper known from an earlier day `old` is what it was before the listing's day, not before the listing: so a
    day's dumps mean the same in any order.
    """

    field: str
    old: object
    new: object
    notable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one entry means against what is known: the outcome and the paper as it is afterwards.

    `fields` take the place of what an earlier dump of the same day made of the same fields. `told` are the fields whose
    values have their origin in this listing now, changed or confirmed; not set for a new paper, of which it is all.
    `today` is kept until the day is over, where it is not empty. A new paper is `stored` if an archive held it before.
    `tail` is the title's place in the order from the back, set where the paper is not in that order by it yet.
    """

    entry: Entry
    outcome: Outcome
    paper: Paper
    keys: tuple[str, ...]
    fields: tuple[FieldChange, ...] = ()
    told: tuple[str, ...] = ()
    today: tuple[FieldChange, ...] = ()
    stored: bool = False
    tail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Two papers that can be one, by a likeness of at most 100; `why` says what is alike. It merges nothing."""

    paper_id: str
    other_id: str
    likeness: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Every entry in exactly one outcome, in listing order; the papers gone from an earlier dump of the day; marks."""

    entries: tuple[Change, ...]
    gone: tuple[Paper, ...] = ()
    marks: tuple[Mark, ...] = ()
    links: tuple[Link, ...] = ()

    def count(self, outcome: Outcome) -> int:
        return [change.outcome for change in self.entries].count(outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpReport:
    """What became of one dump; `known` is true when its content had been ingested before.

    `error` is set, and all counts are 0, when the dump could not be read at all. `more_rejected` entries are not in
    `rejected`, which holds the first ones.
    """

    dump: str
    digest: str
    format: str | None = None
    source: str | None = None
    as_of: date | None = None
    entries: int = 0
    new: int = 0
    revised: int = 0
    relisted: int = 0
    unchanged: int = 0
    gone: int = 0
    marks: tuple[Mark, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    more_rejected: int = 0
    known: bool = False
    error: str | None = None
