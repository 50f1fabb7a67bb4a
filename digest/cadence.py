"""Pure: who is due, for which local date. `now` is a parameter; zone rules come from the zone database.

A send time that a clock change skips comes an hour later, one that it repeats counts the first time.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from digest.model import Cadence, LastEdition, Subscription

_DAY = timedelta(days=1)
_SATURDAY = 5

# How far an edition looks back for papers, at the least: a bit over the cadence's own step, so that a late list is met.
_WINDOW = {Cadence.DAILY: 3 * _DAY, Cadence.WEEKDAYS: 4 * _DAY, Cadence.WEEKLY: 9 * _DAY}
_LONGEST_WINDOW = 31 * _DAY


def sends_on(subscription: Subscription, day: date) -> bool:
    """Whether the cadence has an edition on this local date."""
    if subscription.cadence is Cadence.WEEKDAYS:
        return day.weekday() < _SATURDAY
    if subscription.cadence is Cadence.WEEKLY:
        return day.weekday() == subscription.weekday
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
    """The latest local date whose send time has come. There is one in every eight days."""
    day = local_date(subscription, now)
    while not sends_on(subscription, day) or moment(subscription, day) > now:
        day -= _DAY
    return day


def next_moment(subscription: Subscription, last: LastEdition | None, now: datetime) -> datetime:
    """When the subscription is due next, in UTC: now if it never had an edition, else after its latest date."""
    if last is None:
        return now
    day = local_date(subscription, now)
    while not sends_on(subscription, day) or day <= last.date or moment(subscription, day) <= now:
        day += _DAY
    return moment(subscription, day)


def due(
    subscription: Subscription, last: LastEdition | None, newest_ingest: datetime | None, now: datetime
) -> date | None:
    """The local date for which an edition is to be composed now, or None.

    A subscription that never had one is due at once, for today. Missed dates are not made up one by one: only the
    latest is due, and its edition covers them. A date that had no papers is due again when a dump came in since.
    """
    if last is None:
        return local_date(subscription, now)
    day = latest_date(subscription, now)
    if day > last.date:
        return day
    if last.reason is not None and newest_ingest is not None and newest_ingest >= last.made_at:
        return last.date
    return None


def fade_days(subscription: Subscription) -> int:
    """How long a paper is news to the reader: the days that an edition looks back."""
    return _WINDOW[subscription.cadence].days


def look_back(subscription: Subscription, last: LastEdition | None, now: datetime) -> datetime:
    """Since when papers count as candidates: the cadence's window, longer after an outage, at most a month.

    Whole days of UTC, so that many subscriptions share one ranking.
    """
    since = now - _WINDOW[subscription.cadence]
    if last is not None:
        since = min(since, last.made_at)
    since = max(since, now - _LONGEST_WINDOW)
    return since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
