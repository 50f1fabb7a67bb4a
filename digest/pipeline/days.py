"""How the sources' days were: judged from what the store has, kept, and told to readers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.days import (
    HISTORY,
    INBOX,
    JUDGED,
    aged,
    awaited,
    dates_in,
    expected,
    folder,
    judge,
    named_day,
    nothing_new,
    of_ribbon,
    telling,
)
from digest.model import Edition, Failed, Fetched, FetchState, LastEdition, NoEdition, Subscription, Verdict, Wait
from digest.store import Store

_DAY = timedelta(days=1)
_FARTHEST = timedelta(days=366)
_OF_LATE = timedelta(days=1)


def judge_days(store: Store, inbox: Path, now: datetime, *, dry: bool = False) -> tuple[Verdict, ...]:
    """Judge the days of late, and those that dumps recorded within a day speak of; keep what is different.

    Returns the verdicts of the last two weeks.
    """
    today = now.astimezone(UTC).date()
    lately = today - JUDGED
    oldest = store.oldest_day(now - _OF_LATE)
    first = max(min(lately, oldest or lately), today - _FARTHEST)
    found = judge(store.taken(first - HISTORY), _failures(store, inbox, first, now), now, first)
    if not dry:
        store.judged(found, first, now)
    return tuple(one for one in found if one.date >= lately)


def _failures(store: Store, inbox: Path, first: date, now: datetime) -> Iterable[Failed]:
    yield from store.unfetched(first)
    for bad in store.unread(now - (now.date() - first + _DAY)):
        yield replace(bad, source=_folder(inbox, bad.dump), date=_day(bad))


def _folder(inbox: Path, dump: str) -> str:
    """The folder in the inbox that a dump lay in, which is its source's name where it was fetched."""
    try:
        parts = Path(dump).relative_to(inbox).parts
    except ValueError:
        return INBOX
    return parts[0] if len(parts) > 1 else INBOX


def _day(bad: Failed) -> date:
    """The date in a file's name, unless that day had not come when it was read."""
    return min(named_day(bad.dump) or bad.date, bad.date)


def note_fetched(store: Store, fetched: Iterable[Fetched], now: datetime) -> None:
    """Remember which sources did not answer, until they do, and which had nothing new.

    The state of each source is that of its last request.
    """
    for one in fetched:
        if one.state is FetchState.FAILED:
            day = min(max(dates_in(one.asked), default=now.date()), now.date())
            store.fetch_failed(Failed(source=one.source, date=day, at=now, reason=one.reason))
        elif one.state in (FetchState.WRITTEN, FetchState.SAME, FetchState.EMPTY):
            store.fetch_succeeded(one.source, now.date())
            if one.state is FetchState.SAME and now.date() in dates_in(one.asked):
                _note_same(store, one.source, now)


def _note_same(store: Store, source: str, now: datetime) -> None:
    """The list of before once more stands for today, from when on there should be another."""
    lately = store.taken(now.date() - JUDGED)
    mine = [one for one in lately if source in (one.source, folder(one.dump))]
    last = max(mine, key=lambda one: (one.date, one.at, one.dump), default=None)
    if last is not None and nothing_new(last, now):
        store.handed_again(last.source, now.date(), last.dump, last.entries, now)


def merged(*groups: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """In order, of each source and day the first."""
    found: dict[tuple[str, date], Verdict] = {}
    for group in groups:
        for one in group:
            found.setdefault((one.source, one.date), one)
    return tuple(found.values())


class Sources:
    """The sources' days as the editions of one moment see them."""

    def __init__(self, store: Store, verdicts: tuple[Verdict, ...], now: datetime) -> None:
        self._store, self.verdicts = store, verdicts
        self._today = now.astimezone(UTC).date()
        self._awaited: dict[str, tuple[Verdict, ...]] = {}
        self._told: dict[tuple[datetime | None, date], tuple[Verdict, ...]] = {}
        self._newest: dict[tuple[str, ...], dict[str, date]] = {}

    @cached_property
    def nothing_ever(self) -> bool:
        """Whether no dump has come in yet: then there is nothing to say to anybody."""
        return self._store.newest_ingest() is None

    def waited_for(self, subscription: Subscription, now: datetime) -> tuple[Verdict, ...]:
        """The sources whose list of today is not complete, for a subscription that waits for them."""
        if subscription.wait is Wait.NOW:
            return ()
        by = f"{now.astimezone(ZoneInfo(subscription.zone)):%H:%M}"
        if by not in self._awaited:
            self._awaited[by] = awaited(self.verdicts, self._expected, self._today, by)
        return self._awaited[by]

    @cached_property
    def _expected(self) -> frozenset[str]:
        """The sources that are to list papers today."""
        return expected(self._store.taken(self._today - HISTORY), self._today)

    def told(self, last: LastEdition | None, day: date) -> tuple[Verdict, ...]:
        """What has become known since the last edition that went out, of the days that this one draws from."""
        key = last.made_at if last else None, last.date if last else day
        if key not in self._told:
            first = max(last.date, day - 7 * _DAY) - _DAY if last else day - 2 * _DAY
            found = self._store.verdicts(first, last.made_at if last else None)
            self._told[key] = telling(found, first, max(day, self._today))
        return self._told[key]

    def aged(self, edition: Edition) -> tuple[Verdict, ...]:
        """That the newest lists of sources that an edition draws from are old."""
        if edition.sources not in self._newest:
            self._newest[edition.sources] = self._store.newest_lists(edition.sources)
        return aged(self._newest[edition.sources], edition.date)

    def ribboned(self, outcome: Edition | NoEdition) -> Edition | NoEdition:
        """With the verdicts on the days that an edition makes up for."""
        if isinstance(outcome, NoEdition) or not outcome.ribbon:
            return outcome
        found = self._store.verdicts(outcome.ribbon[0].date)
        return replace(outcome, ribbon=of_ribbon(outcome.ribbon, found))

    def of(self, last: LastEdition | None, day: date) -> tuple[Verdict, ...]:
        """The verdicts on all days since the last edition."""
        first = min(last.date, day - _DAY) if last else day - _DAY
        return tuple(one for one in self.verdicts if first <= one.date <= max(day, self._today))
