"""What a format is: the protocol that every module of this package follows, and what they read from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol, TypeVar, runtime_checkable

from digest.errors import ListingError
from digest.model import Dump, Entry, Listing, Rejected

# Of a dump that has to be read as a whole; and what a compressed one may become without being suspicious. Hostile text
# takes thirty times its size in memory.
LARGEST = 64 * 2**20
_HOPELESS = 100_000  # entries of which not one can be read
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_RFC_822 = re.compile(rf"(?:[A-Z][a-z]{{2}}, )?([0-9]{{1,2}}) ({'|'.join(MONTHS)}) ((?:19|20)[0-9]{{2}})\b")
_DAY = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2})(?![0-9])")
_SHORT_DAY = re.compile(r"(?<![0-9A-Za-z])((?:19|20)[0-9]{2})(_?)([01][0-9])\2([0-3][0-9])(?![0-9A-Za-z])")

T = TypeVar("T")


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

    def latest(self, days: Iterable[date | None]) -> date | None:
        """The latest day; one after tomorrow is a slip and would pass for the dump's day."""
        tomorrow = self.now.date() + timedelta(days=1) if self.now.date() < date.max else date.max
        return max((one for one in days if one and one <= tomorrow), default=None)

    def listing(
        self,
        form: Format,
        source: str,
        day: date | None,
        entries: Iterable[Entry],
        rejected: Iterable[Rejected],
        *,
        daily: bool = False,
        cut: bool = False,
        archive: bool = False,
        search: bool = False,
    ) -> Listing:
        """What was read of it. `day` is what it tells of its day itself; else its name does, or it is today's."""
        return Listing(
            dump=self.dump.name,
            digest=self.dump.digest,
            format=form.name,
            source=source,
            as_of=self.as_of or day or self.latest([day_in_name(self.dump.name)]) or self.now.date(),
            fidelity=form.fidelity,
            daily=daily,
            cut=cut,
            archive=archive,
            search=search,
            entries=tuple(entries),
            rejected=tuple(rejected),
        )


def read_each(
    sheet: Sheet, items: Iterable[tuple[str, T]], entry: Callable[[T, str, int], Entry], kind: str = "entries"
) -> tuple[tuple[Entry, ...], tuple[Rejected, ...]]:
    """Each item, by where it stands, as an entry: by `entry(item, where, position)`, or rejected where that raises
    ValueError. ListingError where there are some but not one can be read.
    """
    entries: list[Entry] = []
    rejected: list[Rejected] = []
    for where, item in items:
        try:
            entries.append(entry(item, where, len(entries) + 1))
        except ValueError as error:
            rejected.append(Rejected(where=where, reason=str(error)))
            if len(rejected) == _HOPELESS and not entries:
                require_some(sheet, entries, rejected, f"first {kind}")
    require_some(sheet, entries, rejected, kind)
    return tuple(entries), tuple(rejected)


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
    fidelity: int

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


# --- days -------------------------------------------------------------------------------------------------------------


def day_in_name(name: str) -> date | None:
    """The first date in the file's name, else the last in its folders'; also as 20260601 and 2026_06_01."""
    folder, _, file = _SHORT_DAY.sub(r"\1-\3-\4", name).rpartition("/")
    named = [day for day in map(plain_day, _DAY.findall(file)) if day]
    around = [day for day in map(plain_day, _DAY.findall(folder)) if day]
    return next(iter([*named, *reversed(around)]), None)


def mail_day(text: str) -> date | None:
    """The day that a text begins with as mail writes it, `Mon, 2 Apr 2007 19:18:42 GMT` (RFC 822), in its own zone."""
    match = _RFC_822.match(text)
    try:
        return date(int(match[3]), MONTHS.index(match[2]) + 1, int(match[1])) if match else None
    except ValueError:
        return None


def plain_day(value: object) -> date | None:
    """A date written as 2026-06-01; None for anything else."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) and _DAY.fullmatch(value) else None
    except ValueError:
        return None
