"""What a format is: the protocol that every module of this package follows, and what they read from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from digest.model import Dump, Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A dump made ready for reading: its text, and what to assume where it does not tell its day.

    `now` is when it is ingested; `as_of` is set where the user says which day the dump speaks of.
    """

    dump: Dump
    text: str
    now: datetime
    as_of: date | None


class Format(Protocol):
    """One module per format. `read` raises ListingError; a bad entry is `Rejected`, not an exception."""

    name: str

    def recognises(self, sheet: Sheet) -> bool:
        """Whether the content, not the name, is of this format. Cheap: looks at the beginning."""

    def read(self, sheet: Sheet) -> Listing: ...
