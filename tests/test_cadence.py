"""Who is due, for which local date: clock changes, odd zones, the calendar's corners."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from random import Random

import pytest
from make import last_edition, subscription

from digest.cadence import (
    ClockChange,
    cut,
    due,
    fade_days,
    latest_date,
    local_date,
    look_back,
    missed,
    moment,
    next_date,
    next_moment,
    sendings,
    sends_on,
    wake,
)
from digest.model import Cadence, LastEdition, Subscription

HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


MOMENTS = [
    # zone, send time, local date, UTC
    ("UTC", "07:00", "2026-06-02", "2026-06-02T07:00"),
    ("Europe/Berlin", "07:00", "2026-01-15", "2026-01-15T06:00"),
    ("Europe/Berlin", "07:00", "2026-07-15", "2026-07-15T05:00"),
    # spring night: 02:30 is skipped, and comes as 03:30; what is before and after it is not moved
    ("Europe/Berlin", "02:30", "2026-03-29", "2026-03-29T01:30"),
    ("Europe/Berlin", "01:59", "2026-03-29", "2026-03-29T00:59"),
    ("Europe/Berlin", "03:00", "2026-03-29", "2026-03-29T01:00"),
    ("America/New_York", "02:30", "2026-03-08", "2026-03-08T07:30"),
    # autumn night: 02:30 is twice, and the first counts
    ("Europe/Berlin", "02:30", "2026-10-25", "2026-10-25T00:30"),
    ("Europe/Berlin", "03:00", "2026-10-25", "2026-10-25T02:00"),
    ("America/New_York", "01:30", "2026-11-01", "2026-11-01T05:30"),
    # zones of half and quarter hours; Lord Howe changes by half an hour
    ("Asia/Kathmandu", "07:00", "2026-06-02", "2026-06-02T01:15"),
    ("Australia/Lord_Howe", "07:00", "2026-06-02", "2026-06-01T20:30"),
    ("Australia/Lord_Howe", "02:15", "2026-10-04", "2026-10-03T15:45"),
    ("Australia/Lord_Howe", "01:45", "2026-04-05", "2026-04-04T14:45"),
    # midnight, leap day, year's end, the date line
    ("Pacific/Auckland", "00:00", "2028-02-29", "2028-02-28T11:00"),
    ("Pacific/Kiritimati", "00:00", "2027-01-01", "2026-12-31T10:00"),
    ("America/Los_Angeles", "23:59", "2026-12-31", "2027-01-01T07:59"),
]


@pytest.mark.parametrize(("zone", "clock", "day", "utc"), MOMENTS)
def test_moment(zone: str, clock: str, day: str, utc: str) -> None:
    one, local = subscription(zone=zone, at=time.fromisoformat(clock)), date.fromisoformat(day)
    assert moment(one, local) == at(utc)
    assert latest_date(one, at(utc)) == local
    assert latest_date(one, at(utc) - timedelta(seconds=1)) == local - timedelta(days=1)
    last = last_edition(local - timedelta(days=1))
    assert next_moment(one, last, at(utc) - timedelta(seconds=1)) == at(utc)
    assert next_moment(one, last, at(utc)) > at(utc)


def test_a_send_time_that_comes_twice_counts_once() -> None:
    one = subscription(zone="Europe/Berlin", at=time(2, 30))
    last = last_edition(date(2026, 10, 25), made_at=at("2026-10-25T00:30"))
    assert due(one, last, None, at("2026-10-25T01:30")) is None  # 02:30 for the second time
    assert due(one, last, None, at("2026-10-26T01:30")) == date(2026, 10, 26)


@pytest.mark.parametrize(
    ("cadence", "days"),
    [
        (Cadence.DAILY, "Mon Tue Wed Thu Fri Sat Sun"),
        (Cadence.WEEKDAYS, "Mon Tue Wed Thu Fri"),
        (Cadence.WEEKLY, "Wed"),
    ],
)
def test_days_of_a_cadence(cadence: Cadence, days: str) -> None:
    one = subscription(cadence=cadence, weekday=2)
    week = [date(2026, 6, 1) + timedelta(days=number) for number in range(7)]
    assert " ".join(f"{day:%a}" for day in week if sends_on(one, day)) == days


@pytest.mark.parametrize(
    ("cadence", "now", "latest", "coming"),
    [
        (Cadence.WEEKDAYS, "2026-06-06T12:00", "2026-06-05", "2026-06-08"),  # a Saturday
        (Cadence.WEEKDAYS, "2026-06-08T06:59", "2026-06-05", "2026-06-08"),
        (Cadence.WEEKDAYS, "2026-06-08T07:00", "2026-06-08", "2026-06-09"),
        (Cadence.WEEKLY, "2026-06-07T23:00", "2026-06-01", "2026-06-08"),
        (Cadence.WEEKLY, "2026-06-08T06:59", "2026-06-01", "2026-06-08"),
        (Cadence.WEEKLY, "2026-06-08T07:00", "2026-06-08", "2026-06-15"),
        (Cadence.DAILY, "2028-03-01T06:00", "2028-02-29", "2028-03-01"),
        (Cadence.DAILY, "2027-01-01T06:00", "2026-12-31", "2027-01-01"),
    ],
)
def test_latest_and_next(cadence: Cadence, now: str, latest: str, coming: str) -> None:
    one = subscription(cadence=cadence)
    assert latest_date(one, at(now)) == date.fromisoformat(latest)
    assert next_moment(one, last_edition(date.fromisoformat(latest)), at(now)) == at(f"{coming}T07:00")


# --- due -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cadence", list(Cadence))
def test_the_first_is_due_at_once_for_the_local_day(cadence: Cadence) -> None:
    one = subscription(cadence=cadence, zone="Pacific/Auckland")
    now = at("2026-06-05T13:00")  # a Saturday there, at one in the morning
    assert due(one, None, None, now) == local_date(one, now) == date(2026, 6, 6)


def test_the_day_of_the_first_is_not_due_again() -> None:
    first = last_edition(date(2026, 6, 2), made_at=at("2026-06-02T03:00"))
    assert due(subscription(), first, at("2026-06-02T05:00"), at("2026-06-02T08:00")) is None
    assert due(subscription(), first, None, at("2026-06-03T07:00")) == date(2026, 6, 3)


def test_missed_dates_are_one_edition() -> None:
    last = last_edition(date(2026, 6, 2))
    assert due(subscription(), last, None, at("2026-06-20T06:00")) == date(2026, 6, 19)
    assert due(subscription(cadence=Cadence.WEEKLY), last, None, at("2026-06-20T06:00")) == date(2026, 6, 15)


@pytest.mark.parametrize(
    ("reason", "ingest", "again"),
    [
        ("nothing new", None, False),
        ("nothing new", "2026-06-02T06:59", False),
        ("nothing new", "2026-06-02T07:01", True),
        (None, "2026-06-02T07:01", False),
    ],
)
def test_an_empty_date_is_due_again_after_an_ingest(reason: str | None, ingest: str | None, again: bool) -> None:
    last = last_edition(date(2026, 6, 2), reason)
    newest = at(ingest) if ingest else None
    found = due(subscription(), last, newest, at("2026-06-02T12:00"))
    assert found == (date(2026, 6, 2) if again else None)


def test_a_move_to_a_zone_that_is_behind_makes_nothing_due_twice() -> None:
    last = last_edition(date(2026, 6, 2), made_at=at("2026-06-01T18:00"))
    assert due(subscription(zone="America/Los_Angeles"), last, None, at("2026-06-01T19:00")) is None


ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Auckland", "UTC"]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("cadence", list(Cadence))
@pytest.mark.parametrize("clock", [time(0, 0), time(2, 15), time(23, 59)])
def test_over_a_year_each_date_is_due_once(zone: str, cadence: Cadence, clock: time) -> None:
    """Whenever the program happens to run, at least every twelve hours: no date twice, none left out, none early."""
    one = subscription(zone=zone, cadence=cadence, at=clock, weekday=6)  # clocks change on Sundays
    random = Random(f"{zone} {cadence} {clock}")
    now = at("2027-12-28T12:00")
    last: LastEdition | None = last_edition(local_date(one, now), made_at=now)
    made = []
    while now < at("2029-01-03T12:00"):
        now += timedelta(minutes=random.randint(1, 12 * 60))
        while (day := due(one, last, now, now)) is not None:
            last = last_edition(day, made_at=now)
            assert moment(one, day) <= now < next_moment(one, last, now)
            made.append(day)
    days = (date(2027, 12, 31) + timedelta(days=number) for number in range(368))
    expected = [day for day in days if sends_on(one, day)]
    assert [day for day in made if date(2027, 12, 31) <= day <= date(2029, 1, 1)] == expected
    assert len(made) == len(set(made))


def test_the_next_moment_of_one_that_had_none_is_now_and_no_date_comes_twice() -> None:
    now = at("2026-06-02T03:00")
    assert next_moment(subscription(), None, now) == now
    assert next_moment(subscription(), last_edition(date(2026, 6, 2)), now) == at("2026-06-03T07:00")


# --- look back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cadence", "last", "since"),
    [
        (Cadence.DAILY, None, "2026-06-27"),
        (Cadence.WEEKDAYS, None, "2026-06-26"),
        (Cadence.WEEKLY, None, "2026-06-21"),
        (Cadence.DAILY, "2026-06-29T07:00", "2026-06-27"),
        (Cadence.DAILY, "2026-06-10T07:00", "2026-06-10"),
        (Cadence.WEEKLY, "2026-06-10T07:00", "2026-06-10"),
        (Cadence.DAILY, "2026-01-10T07:00", "2026-05-27"),
    ],
)
def test_look_back(cadence: Cadence, last: str | None, since: str) -> None:
    edition = last_edition(made_at=at(last)) if last else None
    assert look_back(subscription(cadence=cadence), edition, at("2026-06-30T10:20")) == at(since)


def test_look_back_is_shared_between_zones() -> None:
    now = at("2026-06-30T10:20")
    assert len({look_back(subscription(zone=zone), None, now) for zone in ZONES}) == 1


def test_a_week_is_seen_whole_whenever_the_last_came() -> None:
    one: Subscription = subscription(cadence=Cadence.WEEKLY)
    for late in range(72):
        now = at("2026-06-29T07:00")
        last = last_edition(date(2026, 6, 22), made_at=at("2026-06-22T07:00") + late * HOUR)
        assert look_back(one, last, now) <= at("2026-06-22T07:00")


def test_news_fades_more_slowly_for_who_reads_more_seldom() -> None:
    assert [fade_days(subscription(cadence=cadence)) for cadence in Cadence] == [3, 4, 9, 34, 3]


def test_one_who_comes_back_is_told_what_is_new_to_them() -> None:
    one, now = subscription(), at("2026-06-30T10:20")
    assert fade_days(one, last_edition(made_at=at("2026-06-29T07:00")), now) == 3
    assert fade_days(one, last_edition(made_at=at("2026-06-20T07:00")), now) == 10
    assert fade_days(one, last_edition(made_at=at("2026-01-20T07:00")), now) == 34


def test_what_is_too_old_is_cut_and_said() -> None:
    now = at("2026-06-30T10:20")
    assert cut(subscription(), last_edition(made_at=at("2026-05-28T07:00")), now) is None
    assert cut(subscription(), last_edition(made_at=at("2026-05-10T07:00")), now) == date(2026, 5, 27)
    assert cut(subscription(), None, now) is None


# --- months ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "days"),
    [
        (1, "2028-01-01 2028-02-01 2028-03-01"),
        (28, "2028-01-28 2028-02-28 2028-03-28"),
        (0, "2028-01-31 2028-02-29 2028-03-31"),
    ],
)
def test_days_of_a_month(day: int, days: str) -> None:
    one = subscription(cadence=Cadence.MONTHLY, day=day)
    quarter = [date(2028, 1, 1) + timedelta(days=number) for number in range(91)]
    assert " ".join(str(each) for each in quarter if sends_on(one, each)) == days
    assert latest_date(one, at("2028-03-15T00:00")) == max(
        each for each in quarter if sends_on(one, each) and each < date(2028, 3, 15)
    )


# --- pauses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "last", "expected"),
    [
        ("2026-06-05T12:00", "2026-06-02", None),
        ("2026-06-09T23:59", "2026-06-02", None),
        ("2026-06-10T06:59", "2026-06-02", None),  # the latest date is one of the pause
        ("2026-06-10T07:00", "2026-06-02", "2026-06-10"),
        ("2026-06-11T07:00", "2026-06-10", "2026-06-11"),
        ("2026-06-05T12:00", None, None),
        ("2026-06-10T00:00", None, "2026-06-10"),
    ],
)
def test_nothing_is_due_in_a_pause(now: str, last: str | None, expected: str | None) -> None:
    one = subscription(pause_until=date(2026, 6, 10))
    had = last_edition(date.fromisoformat(last)) if last else None
    found = due(one, had, at(now), at(now))
    assert found == (date.fromisoformat(expected) if expected else None)
    if found is None:
        assert wake(one, had, at(now)) == at("2026-06-10T07:00")


def test_an_empty_date_before_a_pause_is_not_due_again_in_it() -> None:
    one, empty = subscription(pause_until=date(2026, 6, 10)), last_edition(date(2026, 6, 2), "nothing new")
    assert due(one, empty, at("2026-06-03T00:00"), at("2026-06-03T09:00")) is None
    assert due(subscription(), empty, at("2026-06-02T08:00"), at("2026-06-02T09:00")) == date(2026, 6, 2)


@pytest.mark.parametrize(
    ("cadence", "day", "expected"),
    [
        (Cadence.DAILY, "2026-06-03", False),
        (Cadence.DAILY, "2026-06-04", True),
        (Cadence.WEEKDAYS, "2026-06-08", True),
        (Cadence.WEEKLY, "2026-06-08", False),
        (Cadence.WEEKLY, "2026-06-15", True),
        (Cadence.MONTHLY, "2026-07-01", False),
    ],
)
def test_missed_dates(cadence: Cadence, day: str, expected: bool) -> None:
    assert missed(subscription(cadence=cadence), last_edition(date(2026, 6, 2)), date.fromisoformat(day)) is expected
    assert not missed(subscription(cadence=cadence), None, date(2026, 6, 2))


def test_a_weekend_is_not_missed_on_weekdays() -> None:
    assert not missed(subscription(cadence=Cadence.WEEKDAYS), last_edition(date(2026, 6, 5)), date(2026, 6, 8))


# --- what is to come -------------------------------------------------------------------------------------------


def test_clock_changes_are_marked() -> None:
    one = subscription(zone="Europe/Berlin", at=time(2, 30))
    spring = list(islice(sendings(one, last_edition(date(2026, 3, 27)), at("2026-03-27T12:00")), 3))
    assert [(str(s.date), f"{s.local:%H:%M %z}", s.change, s.shift // HOUR) for s in spring] == [
        ("2026-03-28", "02:30 +0100", None, 0),
        ("2026-03-29", "03:30 +0200", ClockChange.SKIPPED, 1),
        ("2026-03-30", "02:30 +0200", None, 0),
    ]
    autumn = list(islice(sendings(one, last_edition(date(2026, 10, 24)), at("2026-10-24T12:00")), 2))
    assert [(str(s.date), f"{s.local:%H:%M %z}", s.change, s.shift // HOUR) for s in autumn] == [
        ("2026-10-25", "02:30 +0200", ClockChange.REPEATED, 0),
        ("2026-10-26", "02:30 +0100", None, -1),
    ]


def test_a_time_that_is_skipped_before_midnight_comes_after_it_and_is_not_lost() -> None:
    """In Nuuk the clock jumps from 23:00 to midnight."""
    one = subscription(zone="America/Nuuk", at=time(23, 30))
    assert moment(one, date(2026, 3, 28)) == at("2026-03-29T01:30")  # 00:30 there
    last, now = last_edition(date(2026, 3, 27)), at("2026-03-29T01:10")  # ten past midnight
    assert next_date(one, last, now) == date(2026, 3, 28)
    assert next_moment(one, last, now) == at("2026-03-29T01:30")
    assert due(one, last, None, at("2026-03-29T01:30")) == date(2026, 3, 28)
