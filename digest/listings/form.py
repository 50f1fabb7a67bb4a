"""What a format is: the protocol that every module of this package follows, and what they read from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from digest.errors import ListingError
from digest.model import Dump, Entry, Listing, Rejected

# Of a dump that has to be read as a whole; and what a compressed one may become without being suspicious. Hostile text
# takes thirty times its size in memory.
LARGEST = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A dump made ready for reading: its text, and what to assume where it does not tell its day.

    `now` is when it is ingested; `as_of` is set where the user says which day the dump speaks of, or the whole dump
    does where this is a part of it. A part follows `begin` lines; instead of `text` it has its own `lines` as they are
    in the dump, each with its number. `opening` is the dump's text up to the first line with something on it.
    """

    dump: Dump
    text: str
    now: datetime
    as_of: date | None
    begin: int = 0
    opening: str = ""
    lines: Iterable[tuple[int, bytes]] | None = None  # to be gone through once


def require_some(sheet: Sheet, entries: Sequence[Entry], rejected: Sequence[Rejected], kind: str = "entries") -> None:
    """ListingError where there are entries but not one that could be read; the first one's fault is told."""
    if rejected and not entries:
        raise ListingError(
            f"{sheet.dump.name}: none of its {len(rejected)} {kind} can be read as a paper; "
            f"{rejected[0].where}: {rejected[0].reason}. Correct it or fetch it again"
        )


class Format(Protocol):
    """One module per format. `read` raises ListingError; a bad entry is `Rejected`, not an exception."""

    name: str

    def recognises(self, sheet: Sheet) -> bool:
        """Whether the content, not the name, is of this format. Cheap: looks at the beginning."""

    def read(self, sheet: Sheet) -> Listing: ...


@runtime_checkable
class InLines(Format, Protocol):
    """A format whose lines stand alone, so that a large dump is read in parts.

    Of an `archive` the lines that its source's last archive held too are skipped.
    """

    archive: bool = False

    def day(self, pieces: Iterable[bytes], sheet: Sheet) -> date | None:
        """The day that the whole dump speaks of, where its lines tell it; `pieces` are the dump's, cut anywhere."""
        return None
