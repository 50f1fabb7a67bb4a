"""Pure: what was taken of a source's day, its calendar and its usual days -> a verdict with its evidence.

Deterministic: the same facts give the same verdicts in whatever order they came. Does not know where facts are kept.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from statistics import median

from digest.calendars import calendar_of
from digest.model import FAULTY, Calendar, Failed, NoEdition, RibbonDay, Said, Taken, Verdict, VerdictKind, worded
from digest.text import taken_at

JUDGED = timedelta(days=14)  # so far back verdicts are made anew
HISTORY = timedelta(days=56)  # and so much further back usual days are looked for
_DAY = timedelta(days=1)
_SAME_WEEKDAYS, _ANY_DAYS = 3, 4  # the fewest usual days that tell something
_FAR_FEWER, _FEWER = 4, 2  # a quarter, a half of what is usual
_SILENT_AFTER = timedelta(days=14)  # a source that brought nothing for so long has been given up
_DATE = re.compile(r"(?<!\d)(20\d\d-[01]\d-[0-3]\d)(?!\d)")
_LONGEST_REASON = 160
_REST = (VerdictKind.HOLIDAY, VerdictKind.WEEKEND)
INBOX = "inbox"  # stands for the source of a dump that nobody fetched and nobody could read


def judge(
    taken: Iterable[Taken], failed: Iterable[Failed], now: datetime, first: date | None = None
) -> tuple[Verdict, ...]:
    """A verdict for every source and day from `first` to now that can be judged, by date and source.

    Days before `first` only tell what is usual. A day on which nothing came is judged when it is over; a source is
    expected to list papers once it has brought daily lists before, until it has been silent for two weeks.
    """
    today = now.astimezone(UTC).date()
    first = first or today - JUDGED
    by_source: dict[str, list[Taken]] = defaultdict(list)
    for one in taken:
        by_source[one.source].append(one)
    everything = [one for found in by_source.values() for one in found]
    failures: dict[tuple[str, date], list[Failed]] = defaultdict(list)
    for bad in failed:
        if not _mended(bad, everything):
            failures[bad.source, bad.date].append(bad)
    days = [first + _DAY * number for number in range((today - first).days + 1)]
    verdicts = []
    for source in {*by_source, *(name for name, _ in failures)}:
        past = _Past(source, by_source.get(source, ()))
        for day in days:
            if found := past.verdict(day, failures.get((source, day), ()), today):
                verdicts.append(found)
    return tuple(sorted(verdicts, key=lambda one: (one.date, one.source)))


def _mended(bad: Failed, taken: Iterable[Taken]) -> bool:
    """Whether a listing came later in its place: of the same name, or of its source for its day."""
    return any(
        one.at >= bad.at
        and (
            (bad.dump and one.dump == bad.dump)
            or (bad.source != INBOX and bad.source in (one.source, folder(one.dump)) and _about(one.date, bad.date))
        )
        for one in taken
    )


def _about(day: date, told: date) -> bool:
    """Whether a listing's day can be that of what could not be read, whose day is at best that of its coming in."""
    return told - _DAY <= day <= told


def folder(dump: str) -> str:
    """The folder that a dump lay in, by its path; empty where that is not told."""
    *folders, _ = _parts(dump)
    return folders[-1] if folders else ""


def _parts(dump: str) -> list[str]:
    return dump.replace("\\", "/").split("/")


def dates_in(text: str) -> Iterator[date]:
    """The dates that stand in a text as YYYY-MM-DD."""
    for told in _DATE.findall(text):
        with suppress(ValueError):
            yield date.fromisoformat(told)


def named_day(dump: str) -> date | None:
    """The first date in the name of a dump's file; None without one."""
    return next(dates_in(_parts(dump)[-1]), None)


def handed_for(dump: str, as_of: date, before: Iterable[str]) -> date | None:
    """The day that was to be brought by a dump with the list of a day before, told by the names; None for no later day.

    `before` are the names of the dumps that brought this list. Names may have the day after, as those of mailings.
    """
    told = named_day(dump)
    earlier = min((day for name in before if (day := named_day(name))), default=as_of)
    return as_of + (told - earlier) if told and told > earlier else None


def nothing_new(last: Taken, now: datetime) -> bool:
    """Whether a source that answers with its `last` list once more has none of today, when it should."""
    now, calendar = now.astimezone(UTC), calendar_of(last.source)
    due = bool(calendar.name) and _rest(calendar, now.date()) is None and now.time() >= calendar.out_by
    return last.daily and last.date < now.date() and due


class _Past:
    """All that is known of one source."""

    def __init__(self, source: str, taken: Sequence[Taken]) -> None:
        self.source, self.calendar = source, calendar_of(source)
        self.by_day: dict[date, list[Taken]] = defaultdict(list)
        for one in sorted(taken, key=lambda one: (one.at, one.dump)):
            self.by_day[one.date].append(one)
        self.counts = {day: _best(lists).entries for day, lists in self.by_day.items() if self._counts(day, lists)}

    def _counts(self, day: date, lists: Sequence[Taken]) -> bool:
        """Whether a day tells what is usual: neither a repeat nor a day of rest."""
        return any(one.daily and not one.repeated for one in lists) and not _rest(self.calendar, day)

    def verdict(self, day: date, failures: Sequence[Failed], today: date) -> Verdict | None:
        told = self._told(day, failures, today)
        if told is None:
            return None
        kind, words = told
        if isinstance(words, str):
            return Verdict(source=self.source, date=day, kind=kind, evidence=words)
        return Verdict.of(self.source, day, kind, words)

    def _told(self, day: date, failures: Sequence[Failed], today: date) -> tuple[VerdictKind, Said | str] | None:
        """The kind and its evidence, which is a text where another program said it."""
        lists = self.by_day.get(day, [])
        if (rest := _rest(self.calendar, day)) and (lists or self._is_active(day)):
            return rest, self._rest_words(rest, lists)
        if failures and not any(one.entries for one in lists):
            return VerdictKind.BROKEN, _shortened(max(failures, key=lambda one: (one.at, one.dump)))
        if lists:
            return self._of_lists(day, lists)
        if rest or day >= today or not self._is_active(day):
            return None
        return VerdictKind.MISSING, (worded("no list of this day came in"), *self._usually(day))

    def _is_active(self, day: date) -> bool:
        """Whether a list was to be expected: there were some in the weeks before, and one lately."""
        before = [one for one in self.counts if day - HISTORY <= one < day]
        return len(before) >= _SAME_WEEKDAYS and day - max(before) <= _SILENT_AFTER and bool(self.calendar.name)

    def _rest_words(self, rest: VerdictKind, lists: Sequence[Taken]) -> Said:
        name = self.calendar.name
        if rest is VerdictKind.HOLIDAY:
            words = worded("{} lists no new papers on this day", name)
        else:
            words = worded("{} lists no new papers on weekends", name)
        if not lists or not (entries := _best(lists).entries):
            return (words,)
        old = worded("{}, those of the day before") if _repeats(lists) else worded("{} all the same")
        return words, _papers(entries), old

    def _of_lists(self, day: date, lists: Sequence[Taken]) -> tuple[VerdictKind, Said]:
        best = _best(lists)
        words = _papers(best.entries)
        if not any(one.daily for one in lists):
            if best.cut:
                return VerdictKind.PARTIAL, (words, worded("{}, and the source has more"))
            return VerdictKind.NORMAL, (words,)
        if best.entries and _repeats(lists):
            return VerdictKind.STALE, (words, worded("the same {} as the day before"))
        if best.cut:
            return VerdictKind.PARTIAL, (words, worded("cut off after {}"))
        usual = self._usual(day)
        if usual and best.entries * _FAR_FEWER < usual[0]:
            few = (words, worded("only {}")) if best.entries else (words,)
            return VerdictKind.PARTIAL, (*few, *self._usually(day))
        if early := self._early(day, lists, best):
            growing = worded("{} by {} UTC, when the list was still growing", f"{early:%H:%M}")
            return VerdictKind.PARTIAL, (words, growing)
        if not best.entries or (usual and best.entries * _FEWER < usual[0]):
            return VerdictKind.QUIET, (words, *self._usually(day))
        return VerdictKind.NORMAL, (words,)

    def _early(self, day: date, lists: Sequence[Taken], best: Taken) -> datetime | None:
        """When the last list was taken, if all were while the day's list grows. A list rolled over holds no word."""
        if self.calendar.grows_until is None:
            return None
        settled = datetime.combine(day, self.calendar.grows_until, UTC)
        moments = [taken_at(one.dump, one.at) for one in lists if one.entries * _FEWER >= best.entries]
        return None if any(at >= settled for at in moments) else max(moments)

    def _usual(self, day: date) -> tuple[float, bool] | None:
        """How many papers that weekday has, in the middle, and True; else of any day before, and False."""
        before = {one: count for one, count in self.counts.items() if day - HISTORY <= one < day}
        same = [count for one, count in before.items() if one.weekday() == day.weekday()]
        if len(same) >= _SAME_WEEKDAYS:
            return median(same), True
        return (median(before.values()), False) if len(before) >= _ANY_DAYS else None

    def _usually(self, day: date) -> Said:
        usual = self._usual(day)
        if usual is None:
            return ()
        count, of_weekday = usual
        message = _WEEKDAYS_HAVE[day.weekday()] if of_weekday else worded("it has about {}")
        return ((*message, f"{count:.0f}"),)


_WEEKDAYS_HAVE = (
    worded("Mondays have about {}"),
    worded("Tuesdays have about {}"),
    worded("Wednesdays have about {}"),
    worded("Thursdays have about {}"),
    worded("Fridays have about {}"),
    worded("Saturdays have about {}"),
    worded("Sundays have about {}"),
)


def _rest(calendar: Calendar, day: date) -> VerdictKind | None:
    if day.weekday() not in calendar.weekdays:
        return VerdictKind.WEEKEND
    return VerdictKind.HOLIDAY if day in calendar.holidays else None


def _best(lists: Sequence[Taken]) -> Taken:
    """The day's fullest list; of equal ones a whole one, then the latest."""
    return max(lists, key=lambda one: (one.entries, not one.cut, one.at, one.dump))


def _repeats(lists: Sequence[Taken]) -> bool:
    return all(one.repeated for one in lists if one.entries)


def _papers(entries: int) -> tuple[str, ...]:
    if entries > 1:
        return worded("{} papers", str(entries))
    return worded("1 paper") if entries else worded("no paper")


def _shortened(bad: Failed) -> str:
    """The reason without the path of the dump, which is nobody's business but the operator's."""
    name = _parts(bad.dump)[-1]
    words = " ".join((bad.reason.replace(bad.dump, name) if name else bad.reason).split())
    return words if len(words) <= _LONGEST_REASON else f"{words[: _LONGEST_REASON - 1].rstrip()}…"


def at_fault(verdicts: Iterable[Verdict], now: datetime) -> bool:
    """Whether a source is broken, stale or missing of today or yesterday; a stray file in the inbox is none."""
    yesterday = now.astimezone(UTC).date() - _DAY
    return any(one.faulty and one.date >= yesterday and one.source != INBOX for one in verdicts)


# --- what a reader is told ---------------------------------------------------------------------------------------


def telling(verdicts: Iterable[Verdict], since: date, until: date) -> tuple[Verdict, ...]:
    """Of the days of an edition what its reader should know, the latest first: what may lack papers, and quiet days.

    Weekends and holidays explain an empty day, and are no news beside papers.
    """
    kinds = FAULTY | {VerdictKind.PARTIAL, VerdictKind.QUIET}
    found = [one for one in verdicts if since < one.date <= until and one.kind in kinds]
    return tuple(sorted(found, key=lambda one: (-one.date.toordinal(), one.source)))[:5]


def aged(newest: Mapping[str, date], day: date) -> tuple[Verdict, ...]:
    """What the readers of papers from these sources should know of them on a day: that their newest lists are old."""
    said = worded("its newest list is {} days old")
    return tuple(
        Verdict.of(source, last, VerdictKind.STALE, ((*said, str((day - last).days)),))
        for source, last in sorted(newest.items())
        if day - last > _SILENT_AFTER
    )


def of_ribbon(ribbon: Sequence[RibbonDay], verdicts: Iterable[Verdict]) -> tuple[RibbonDay, ...]:
    """The days with what lacked on them; beside papers a weekend or holiday is no news."""
    told: dict[date, list[Verdict]] = defaultdict(list)
    for one in sorted(verdicts, key=lambda one: (one.date, one.source)):
        if (one.lacking or one.kind in _REST) and one.source != INBOX:
            told[one.date].append(one)
    return tuple(
        replace(day, verdicts=tuple(one for one in told[day.date] if one.lacking or not day.new)) for day in ribbon
    )


def awaited(verdicts: Iterable[Verdict], sources: Iterable[str], day: date, by: str) -> tuple[Verdict, ...]:
    """The sources whose list of the day is not complete: what an edition that waits for it waits for.

    `sources` are those expected to list papers on the day; one without a verdict has brought nothing so far.
    """
    of_day = {one.source: one for one in verdicts if one.date == day}
    found = []
    for source in sorted({*sources, *of_day}):
        verdict = of_day.get(source)
        if verdict is None and _rest(calendar_of(source), day) is None:
            words = worded("no list of this day was in by {}", by)
            found.append(Verdict.of(source, day, VerdictKind.MISSING, (words,)))
        elif verdict is not None and verdict.lacking:
            found.append(verdict)
    return tuple(found)


def expected(taken: Iterable[Taken], day: date) -> frozenset[str]:
    """The sources of daily lists that are expected to list papers on a day, by their days before."""
    by_source: dict[str, list[Taken]] = defaultdict(list)
    for one in taken:
        by_source[one.source].append(one)
    return frozenset(
        source
        for source, found in by_source.items()
        if _rest(calendar_of(source), day) is None and _Past(source, found)._is_active(day)
    )


def why_empty(none: NoEdition, verdicts: Sequence[Verdict]) -> Verdict:
    """Why a reader gets no paper: the own rules, else what happened to the sources, else that all was shown."""
    if none.hidden:
        return _own(none, VerdictKind.MUTED, _papers(none.hidden), worded("{} came in, hidden by your own rules"))
    latest = {one.source: one for one in sorted(verdicts, key=lambda one: one.date)}.values()
    kinds = [VerdictKind.BROKEN, VerdictKind.MISSING, VerdictKind.STALE, VerdictKind.PARTIAL]
    if latest and all(one.kind in _REST for one in latest):
        kinds += _REST
    for kind in kinds:
        if found := [one for one in latest if one.kind is kind]:
            return found[0]
    if none.shown == 1:
        return _own(
            none, VerdictKind.SHOWN, worded("the one paper of the last days was in an earlier edition, or did not fit")
        )
    if none.shown:
        words = worded("the {} papers of the last days were in earlier editions, or did not fit", str(none.shown))
        return _own(none, VerdictKind.SHOWN, words)
    return _own(none, VerdictKind.QUIET, worded("no new paper came in"))


def _own(none: NoEdition, kind: VerdictKind, *said: tuple[str, ...]) -> Verdict:
    return Verdict.of("", none.date, kind, said)
