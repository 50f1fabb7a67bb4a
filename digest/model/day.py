"""How a source's day was, and the facts that tell it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import TypeAlias

_Date: TypeAlias = date  # where a field has that name
Said: TypeAlias = tuple[tuple[str, ...], ...]


class VerdictKind(StrEnum):
    """How a day was: of a source the first eight, of a reader's own edition the last two."""

    NORMAL = "normal"
    QUIET = "quiet"  # all of it is there, and it is little
    PARTIAL = "partial"  # cut, taken too early, or far less than that weekday has
    STALE = "stale"  # the papers of the day before once more
    BROKEN = "broken"  # what came could not be read, or fetching failed
    MISSING = "missing"  # nothing came on a day on which the source lists papers
    HOLIDAY = "holiday"
    WEEKEND = "weekend"
    MUTED = "muted"  # the reader's own rules hid all that was new
    SHOWN = "shown"  # the reader was shown all of it before


OF_A_READER = frozenset({VerdictKind.MUTED, VerdictKind.SHOWN})
LACKING = frozenset({VerdictKind.PARTIAL, VerdictKind.STALE, VerdictKind.BROKEN, VerdictKind.MISSING})
FAULTY = LACKING - {VerdictKind.PARTIAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a day of a source was. `evidence` says by what that is told, in words a reader understands.

    `source` is empty for a verdict on a reader's own edition. `said` is the evidence for translators, as `phrased` puts
    it together; empty where there is none, as of what another program says.
    """

    source: str
    date: date
    kind: VerdictKind
    evidence: str
    said: Said = ()

    @classmethod
    def of(cls, source: str, day: _Date, kind: VerdictKind, said: Said) -> Verdict:
        """With the evidence that it says in English."""
        return cls(source=source, date=day, kind=kind, evidence=phrased(said, _in_english), said=said)

    @property
    def sentence(self) -> str:
        """All of it in one sentence."""
        if not self.source:
            return f"{self.evidence[:1].upper()}{self.evidence[1:]}."
        day = f"{self.source}’s list of {self.date.day} {self.date:%B}"
        return f"{day} {_SAID[self.kind]}: {self.evidence.rstrip('.')}."

    @property
    def lacking(self) -> bool:
        """Whether papers of the day may be missing in what is known."""
        return self.kind in LACKING

    @property
    def faulty(self) -> bool:
        """Whether somebody should look at it: a list that grows later is no fault."""
        return self.kind in FAULTY


def phrased(said: Said, say: Callable[[str, Sequence[str]], str]) -> str:
    """Words from messages, each with `{}` for each of its values, which `say` puts in.

    One with a `{}` more than values takes all that was said so far as its first; others are told behind it.
    """
    words = ""
    for message, *values in said:
        if message.count("{}") > len(values):
            words = say(message, (words, *values))
        else:
            words = "; ".join(filter(None, (words, say(message, values))))
    return words


def _in_english(message: str, values: Sequence[str]) -> str:
    return message.format(*(f"{int(value):,}" if value.isdecimal() else value for value in values))


_SAID = {
    VerdictKind.NORMAL: "is complete",
    VerdictKind.QUIET: "is short",
    VerdictKind.PARTIAL: "may lack papers",
    VerdictKind.STALE: "is out of date",
    VerdictKind.BROKEN: "could not be used",
    VerdictKind.MISSING: "is missing",
    VerdictKind.HOLIDAY: "falls on a holiday",
    VerdictKind.WEEKEND: "falls on a weekend",
    VerdictKind.MUTED: "is hidden",
    VerdictKind.SHOWN: "was shown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A listing as it was taken: what is needed to judge its day. `at` is when it was recorded."""

    source: str
    date: date
    dump: str
    at: datetime
    entries: int
    daily: bool
    cut: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """What did not become a listing: a dump that could not be read, or a source that did not answer.

    `source` is the folder in the inbox that the dump lay in, or the configured source; empty where there is none.
    """

    source: str
    date: date
    at: datetime
    reason: str
    dump: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When a source has no new list, and when a day's list has stopped growing.

    `weekdays` on which it lists papers count from Monday = 0. `grows_until` is a time of UTC, None for a list that
    comes whole. At `out_by`, of UTC too, a day's list is surely there. `holidays` are the dates without a new list.
    """

    name: str
    weekdays: frozenset[int] = frozenset(range(7))
    holidays: frozenset[date] = frozenset()
    grows_until: time | None = None
    out_by: time = time(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a phase: when it began, how long it took, and whether it came to its end."""

    phase: str
    started_at: datetime
    seconds: float
    ended_well: bool
    outcome: str = ""
