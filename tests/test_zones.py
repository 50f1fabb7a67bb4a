"""All zones of the zone database, every half hour as send time, over all cadences: no local day missed or doubled.

A sample here; `make zones` does all of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make import subscription

from digest import zones
from digest.cadence import due, latest_date, moment, sends_on, wake
from digest.model import Cadence, LastEdition, Subscription

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
FIRST, LAST = date(2024, 1, 1), date(2034, 12, 31)
TIMES = [time(hour, minute) for hour in range(24) for minute in (0, 30)]
# Half an hour, two hours, at midnight, before it, twice a year around a month that moves, or by decree.
ODD = ["Australia/Lord_Howe", "Antarctica/Troll", "Africa/Cairo", "America/Nuuk", "Africa/Casablanca", "Asia/Gaza"]
CADENCES = [
    {"cadence": Cadence.DAILY},
    {"cadence": Cadence.WEEKDAYS},
    *({"cadence": Cadence.WEEKLY, "weekday": weekday} for weekday in range(7)),
    *({"cadence": Cadence.MONTHLY, "day": day} for day in (0, 1, 28)),
    {"cadence": Cadence.WHEN_GOOD},
]


@cache
def changes(zone: str) -> tuple[date, ...]:
    """The UTC days on which the zone's offset changes."""
    start = datetime.combine(FIRST, time(), UTC)
    offsets = [(start + number * DAY).astimezone(ZoneInfo(zone)).utcoffset() for number in range((LAST - FIRST).days)]
    return tuple(FIRST + number * DAY for number in range(len(offsets) - 1) if offsets[number] != offsets[number + 1])


@cache
def alike() -> dict[tuple[object, ...], list[str]]:
    """The zones by what their clocks do in these years, as far as the days of change and the offsets there tell."""
    found: dict[tuple[object, ...], list[str]] = {}
    for zone in sorted(available_timezones()):
        here = ZoneInfo(zone)
        days = (FIRST, *changes(zone))
        hours = tuple(
            (datetime.combine(day, time(), UTC) + number * timedelta(minutes=30)).astimezone(here).utcoffset()
            for day in days
            for number in range(49)
        )
        found.setdefault((days, hours), []).append(zone)
    return found


def check_days(one: Subscription, days: list[date]) -> None:
    """Each local date has one moment, later than that of the day before, and on that date but for a skipped time."""
    zone = ZoneInfo(one.zone)
    before = moment(one, days[0] - DAY)
    for day in days:
        at = moment(one, day)
        assert at > before, (one, day)
        local = at.astimezone(zone)
        wanted = datetime.combine(day, one.at)
        late = local.replace(tzinfo=None) - wanted
        assert timedelta() <= late < timedelta(hours=3), (one, day)  # later only where the time is skipped
        if late:
            assert datetime.combine(day, one.at, zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wanted
        assert latest_date(one, at - timedelta(seconds=1)) < day or not sends_on(one, day)
        before = at


def check_walk(one: Subscription, start: date, stop: date, steps: Iterator[timedelta]) -> None:
    """Woken when it says, late or not: every date of the cadence once, in order, and none before its time.

    `steps` are how late each wake is, from nothing to under a day.
    """
    now = moment(one, start - DAY) + MINUTE
    last = LastEdition(date=latest_date(one, now), made_at=now, reason=None)
    made = []
    while last.date < stop:
        at = wake(one, last, now)
        assert at > now
        assert due(one, last, None, at - timedelta(seconds=1)) is None, (one, at)
        now = at + next(steps)
        day = due(one, last, None, now)
        assert day is not None and moment(one, day) <= now, (one, now)
        assert due(one, LastEdition(date=day, made_at=now, reason=None), None, now) is None
        made.append(day)
        last = LastEdition(date=day, made_at=now, reason=None)
    expected = [day for day in span(start, stop) if sends_on(one, day)]
    assert [day for day in made if start <= day <= stop] == expected, one


def span(start: date, stop: date) -> list[date]:
    return [start + number * DAY for number in range((stop - start).days + 1)]


def punctual() -> Iterator[timedelta]:
    while True:
        yield timedelta()


def weeks(zone: str) -> list[tuple[date, date]]:
    """Some days around each change of the clock, and the turn of the leap year."""
    return [(day - 3 * DAY, day + 3 * DAY) for day in (*changes(zone), date(2028, 2, 29))]


def test_a_sample_of_all_zones_and_times() -> None:
    random = Random(5)
    for zone in [*ODD, *random.sample(sorted(available_timezones()), 30)]:
        for clock in random.sample(TIMES, 4):
            kind = random.choice(CADENCES)
            for start, stop in random.sample(weeks(zone), min(4, len(weeks(zone)))):
                one = subscription(zone=zone, at=clock, **kind)
                check_days(one, span(start, stop))
                check_walk(one, start, stop, punctual())


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(sorted(available_timezones())),
    clock=st.sampled_from(TIMES),
    kind=st.sampled_from(CADENCES),
    start=st.dates(FIRST, LAST - 40 * DAY),
    late=st.randoms(use_true_random=False),
)
def test_whoever_wakes_late_misses_no_day(
    zone: str, clock: time, kind: dict[str, object], start: date, late: Random
) -> None:
    one = subscription(zone=zone, at=clock, **kind)

    def steps() -> Iterator[timedelta]:
        while True:
            yield timedelta(minutes=late.choice((0, 0, 1, 59, 12 * 60, 20 * 60)))

    check_walk(one, start, start + 35 * DAY, steps())


@pytest.mark.skipif("DIGEST_ALL_ZONES" not in os.environ, reason="takes long; run by `make zones`")
@pytest.mark.parametrize("part", range(8))
def test_every_zone_every_half_hour_every_day(part: int) -> None:
    for group in sorted(alike().values())[part::8]:
        for clock in TIMES:
            check_days(subscription(zone=group[0], at=clock), span(FIRST, LAST))
            for kind in CADENCES:
                one = subscription(zone=group[0], at=clock, **kind)
                for start, stop in weeks(group[0]):
                    check_walk(one, start, stop, punctual())


def test_rules_have_a_name_that_changes_with_them_and_old_ones_are_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert zones.zone_rules() == zones.zone_rules() != ""
    monkeypatch.setattr(zones, "TZPATH", (str(tmp_path), str(tmp_path / "none")))
    (tmp_path / "tzdata.zi").write_text("# version 2026a\n")
    first, berlin = zones.zone_rules(), ZoneInfo("Europe/Berlin")
    assert ZoneInfo("Europe/Berlin") is berlin
    assert zones.zone_rules() == first
    assert ZoneInfo("Europe/Berlin") is berlin
    (tmp_path / "tzdata.zi").write_text("# version 2026b\n")
    assert zones.zone_rules() != first
    assert ZoneInfo("Europe/Berlin") is not berlin, "a running daemon reads the new rules"
