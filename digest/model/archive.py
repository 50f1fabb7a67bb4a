"""What leads to the public editions: a line of each, a profile's latest, and a month of a profile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

_Date: TypeAlias = date  # where a field has that name


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionLine:
    """An edition as a list names it: by its day, its first paper and how many there are."""

    date: _Date
    first: str
    papers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The public editions of a profile, all newest first. `latest` are few, `months` the last that have any."""

    profile: str
    title: str
    description: str
    latest: tuple[EditionLine, ...]
    months: tuple[date, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthPage:
    """A profile's editions of one month, the newest first, and the months beside it that have any."""

    profile: str
    title: str
    month: date
    editions: tuple[EditionLine, ...]
    earlier: date | None = None
    later: date | None = None
