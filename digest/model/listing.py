"""What comes in: a dump, and the listing read from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import BinaryIO


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """The file as dropped, of `size` bytes. `digest` is their sha256 in hex: a dump is known by its content.

    `content` gives them from the start, as often as asked; a large dump is never in memory as a whole.
    """

    name: str
    digest: str
    size: int
    content: Callable[[], BinaryIO] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a source says of a paper, cleaned. Empty text, () and None all mean: the source does not say."""

    title: str
    latex_title: str | None = None  # as the source wrote it, where LaTeX was made readable
    abstract: str = ""
    latex_abstract: str | None = None
    authors: tuple[str, ...] = ()
    author_count: int | None = None  # may be known where the names are not
    organisation: str | None = None
    submitter: str | None = None  # account that brought the paper to the listing
    categories: tuple[str, ...] = ()  # arXiv categories, primary first
    keywords: tuple[str, ...] = ()
    comment: str | None = None  # the authors' own: "Accepted at …", "12 pages"
    journal_ref: str | None = None  # where it has appeared, as the source writes it
    published: date | None = None  # day of the first version, not of the listing
    updated: date | None = None  # day of the latest version
    arxiv_id: str | None = None  # without version: 2501.05441, math/0309136
    version: int | None = None
    doi: str | None = None
    source_id: str | None = None  # a source's own id, with the source's name before it: `example.org:1234`
    page_url: str | None = None  # the paper's page, told where it has neither arXiv id nor DOI
    code_url: str | None = None
    code_stars: int | None = None
    project_url: str | None = None
    withdrawn: bool | None = None


_NEWS = timedelta(days=31)


class Announced(StrEnum):
    """How arXiv announces a paper in a listing; a withdrawal comes as a replacement."""

    NEW = "new"
    CROSS = "cross"
    REPLACED = "replaced"


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
    announced: Announced | None = None  # where the source tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """An entry that could not be read. Data, not an exception."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One parsed dump: a source's ordered list on a date. Of a large dump, one part of it.

    `as_of` is the day the listing speaks of. `fidelity` ranks formats by how much they can be trusted (higher wins
    a field). `daily` is true for a source's list of one day, false for a search result or another selection,
    where absence means nothing. `cut` is true where the source says or shows that there is more: a page at its limit,
    an answer with a resumption token. `archive` is true for a catalogue of papers of all ages, such as arXiv's whole
    metadata: it tells what there is, and being in it means nothing. `search` is true for an answer to a question, which
    may be of papers of all ages as well.

    A part has the lines from `begin` to `end`, None for the dump's end. `skipped` of them were the same in the source's
    last archive and have no entry. `lines` are 8 bytes of each line's hash, for the archive that comes after it.
    """

    dump: str  # name, for people
    digest: str
    format: str
    source: str
    as_of: date
    fidelity: int
    daily: bool
    cut: bool = False
    archive: bool = False
    search: bool = False
    entries: tuple[Entry, ...]
    rejected: tuple[Rejected, ...] = ()
    begin: int = 0
    end: int | None = None
    skipped: int = 0
    lines: bytes = b""

    def lists(self, published: date | None) -> bool:
        """Whether being in it counts as being listed: in an archive or search only for the papers of the last month."""
        return not (self.archive or self.search) or (published is not None and abs(self.as_of - published) <= _NEWS)
