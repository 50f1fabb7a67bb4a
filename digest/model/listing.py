"""What comes in: a dump, and the listing read from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """The file as dropped. `digest` is the sha256 of `content` in hex: a dump is known by its content."""

    name: str
    digest: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a source says of a paper, cleaned. Empty text, () and None all mean: the source does not say."""

    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    author_count: int | None = None  # may be known where the names are not
    organisation: str | None = None
    submitter: str | None = None  # account that brought the paper to the listing
    categories: tuple[str, ...] = ()  # arXiv categories, primary first
    keywords: tuple[str, ...] = ()
    published: date | None = None  # day of the first version, not of the listing
    arxiv_id: str | None = None  # without version: 2501.05441, math/0309136
    version: int | None = None
    doi: str | None = None
    code_url: str | None = None
    code_stars: int | None = None
    project_url: str | None = None
    withdrawn: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a listing: a source's claim about a paper.

    `where` tells a person where it stands in the dump ("record 7", "line 120"). `position` counts from 1 in the
    listing's own order. `votes` and `comments` are None where the source does not tell, 0 where it tells none.
    """

    where: str
    position: int
    facts: Facts
    votes: int | None = None
    comments: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """An entry that could not be read. Data, not an exception."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One parsed dump: a source's ordered list on a date.

    `as_of` is the day the listing speaks of. `fidelity` ranks formats by how much they can be trusted (higher wins
    a field). `daily` is true for a source's list of one day, false for a search result or another selection,
    where absence means nothing.
    """

    dump: str  # name, for people
    digest: str
    format: str
    source: str
    as_of: date
    fidelity: int
    daily: bool
    entries: tuple[Entry, ...]
    rejected: tuple[Rejected, ...] = ()
