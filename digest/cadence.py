"""Pure: who is due, for which local date. `now` is a parameter; zone rules come from the zone database.

A send time that a clock change skips comes an hour later, one that it repeats counts the first time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from digest.model import Cadence, LastEdition, Subscription

FIRST_YEAR, LAST_YEAR = 1990, 2199  # of the days that can be asked for: far from where the calendar ends
_DAY = timedelta(days=1)
_SATURDAY = 5

# How far an edition looks back for papers, at the least: a bit over the cadence's own step, so that a late list is met.
_WINDOW = {
    Cadence.DAILY: 3 * _DAY,
    Cadence.WEEKDAYS: 4 * _DAY,
    Cadence.WEEKLY: 9 * _DAY,
    Cadence.MONTHLY: 34 * _DAY,
    Cadence.WHEN_GOOD: 3 * _DAY,
}
_LONGEST_WINDOW = 34 * _DAY


def within_reach(day: date) -> bool:
    """Whether it may be asked for: no arithmetic with it leaves the calendar."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


def sends_on(subscription: Subscription, day: date) -> bool:
    """Whether the cadence has an edition on this local date; of when-good, whether it asks for one."""
    if subscription.cadence is Cadence.WEEKDAYS:
        return day.weekday() < _SATURDAY
    if subscription.cadence is Cadence.WEEKLY:
        return day.weekday() == subscription.weekday
    if subscription.cadence is Cadence.MONTHLY:
        return day.day == subscription.day if subscription.day else (day + _DAY).day == 1
    return True


def moment(subscription: Subscription, day: date) -> datetime:
    """The send time of a local date, in UTC.

    `fold=0` gives the first of two equal times, and for a skipped one the offset from before the change, which is
    as much later as the clock jumped (PEP 495).
    """
    local = datetime.combine(day, subscription.at, ZoneInfo(subscription.zone)).replace(fold=0)
    return local.astimezone(UTC)


def local_date(subscription: Subscription, now: datetime) -> date:
    return now.astimezone(ZoneInfo(subscription.zone)).date()


def latest_date(subscription: Subscription, now: datetime) -> date:
    """The latest local date whose send time has come. There is one in any 32 days."""
    day = local_date(subscription, now)
    while not sends_on(subscription, day) or moment(subscription, day) > now:
        day -= _DAY
    return day


def next_date(subscription: Subscription, last: LastEdition | None, now: datetime) -> date:
    """The first local date whose send time is still to come, after the latest stored one and any pause.

    It can be yesterday's: a time that is skipped shortly before midnight comes after it.
    """
    day = local_date(subscription, now) - _DAY
    if last is not None:
        day = max(day, last.date + _DAY)
    if subscription.pause_until is not None:
        day = max(day, subscription.pause_until)
    while not sends_on(subscription, day) or moment(subscription, day) <= now:
        day += _DAY
    return day


def next_moment(subscription: Subscription, last: LastEdition | None, now: datetime) -> datetime:
    """When the subscription is due next, in UTC: now if it never had an edition, else after its latest date."""
    if last is None and not paused(subscription, local_date(subscription, now)):
        return now
    return moment(subscription, next_date(subscription, last, now))


def wake(subscription: Subscription, last: LastEdition | None, now: datetime) -> datetime:
    """From when on a look at the subscription is worth it: now if it is due, else its next moment.

    A date that is due again since a dump came in is not seen here.
    """
    return now if due(subscription, last, None, now) is not None else next_moment(subscription, last, now)


def paused(subscription: Subscription, day: date) -> bool:
    """On a local date; the day that a pause ends with is none of it."""
    return subscription.pause_until is not None and day < subscription.pause_until


def due(
    subscription: Subscription, last: LastEdition | None, newest_ingest: datetime | None, now: datetime
) -> date | None:
    """The local date for which an edition is to be composed now, or None.

    A subscription that never had one is due at once, for today. Missed dates are not made up one by one: only the
    latest is due, and its edition covers them. A date that had no papers is due again when a dump came in since.
    """
    today = local_date(subscription, now)
    if paused(subscription, today):
        return None
    if last is None:
        return today
    day = latest_date(subscription, now)
    if day > last.date:
        return None if paused(subscription, day) else day
    if last.reason is not None and newest_ingest is not None and newest_ingest >= last.made_at:
        return last.date
    return None


def cut_off_has_come(subscription: Subscription, day: date, now: datetime) -> bool:
    """Whether an edition of a local date that waits goes now, whatever is there by then."""
    local = now.astimezone(ZoneInfo(subscription.zone))
    return local.date() > day or local.time() >= subscription.cut_off


def missed(subscription: Subscription, last: LastEdition | None, day: date) -> bool:
    """Whether dates of the cadence passed between the latest stored one and this, by an outage or a pause."""
    if last is None:
        return False
    between = (day - last.date).days - 1
    return any(sends_on(subscription, last.date + number * _DAY) for number in range(1, min(between, 62) + 1))


# --- how far back ----------------------------------------------------------------------------------------------


def look_back(subscription: Subscription, last: LastEdition | None, now: datetime) -> datetime:
    """Since when papers count as candidates: the cadence's window, longer after an outage, at most 34 days.

    Whole days of UTC, so that many subscriptions share one ranking.
    """
    since = now - _WINDOW[subscription.cadence]
    if last is not None:
        since = min(since, last.made_at)
    since = max(since, now - _LONGEST_WINDOW)
    return since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def cut(subscription: Subscription, last: LastEdition | None, now: datetime) -> date | None:
    """The day from which on papers count, if the last edition was before it: what is older is not looked back upon."""
    since = look_back(subscription, last, now)
    return since.date() if last is not None and last.made_at < since else None


def before_first(subscription: Subscription, first: LastEdition) -> LastEdition:
    """What stands for an edition before a subscription's first, which looked back as far as its cadence does."""
    return LastEdition(date=first.date - _DAY, made_at=first.made_at - _WINDOW[subscription.cadence], reason=None)


def fade_days(subscription: Subscription, last: LastEdition | None = None, now: datetime | None = None) -> int:
    """How long a paper is news to the reader: the days that an edition looks back.

    To one who comes back from a pause a paper of last week is as new as to a weekly reader.
    """
    own = _WINDOW[subscription.cadence]
    if last is None or now is None:
        return own.days
    return (min(max(own, now - last.made_at), _LONGEST_WINDOW)).days


# --- what is to come -------------------------------------------------------------------------------------------


class ClockChange(StrEnum):
    """What a clock change does to a send time: it is not on the clock that day, or twice."""

    SKIPPED = "skipped"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One send time to come. `local` is aware; `shift` is by how much its offset changed since the send time before."""

    date: date
    local: datetime
    at: datetime
    change: ClockChange | None
    shift: timedelta


def sendings(subscription: Subscription, last: LastEdition | None, now: datetime) -> Iterator[Sending]:
    """All send times after now, by the zone rules that are known."""
    zone = ZoneInfo(subscription.zone)
    day = next_date(subscription, last, now)
    before = moment(subscription, day - _DAY)
    offset = before.astimezone(zone).utcoffset() or timedelta()
    while True:
        at = moment(subscription, day)
        local = at.astimezone(zone)
        yield Sending(date=day, local=local, at=at, change=_change(subscription, day, local), shift=_of(local) - offset)
        offset, day = _of(local), day + _DAY
        while not sends_on(subscription, day):
            day += _DAY


def _of(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta()


def _change(subscription: Subscription, day: date, local: datetime) -> ClockChange | None:
    wanted = datetime.combine(day, subscription.at)
    if local.replace(tzinfo=None, fold=0) != wanted:
        return ClockChange.SKIPPED
    again = local.replace(fold=1)
    return ClockChange.REPEATED if again.utcoffset() != local.utcoffset() else None
