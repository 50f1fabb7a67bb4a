"""The roll of subscriptions: in step with the settings, one query for who is due, and no date lost or doubled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from stores import a_paper, an_edition, an_item

from digest.cadence import due, wake
from digest.model import Cadence, LastEdition, NoEdition, OutboxState, Posting, Shown, Subscription, Suppression
from digest.store import Store
from digest.store.subscriptions import part_ways

NOW = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MARKS = {"settings": "1", "zones": "2026a"}


def reader(name: str, **given: object) -> Subscription:
    values = {"id": f"p/{name}@example.org", "profile": "p", "address": f"{name}@example.org"}
    return Subscription(**(values | given))  # type: ignore[arg-type]


ADA, BEA, CYD = reader("ada"), reader("bea", at=time(18, 0)), reader("cyd", cadence=Cadence.WEEKLY, zone="Asia/Tokyo")


def enroll(store: Store, *wanted: Subscription, now: datetime = NOW, **marks: str) -> int:
    return store.enroll(wanted, MARKS | marks, lambda one, last: wake(one, last, now), lambda one: False, now)


def due_now(store: Store, now: datetime = NOW, newest: datetime | None = None) -> list[str]:
    return [one.partition("/")[2][:3] for one in store.due_subscriptions(now, newest)]


def publish(store: Store, one: Subscription, day: date, now: datetime, *papers: str) -> bool:
    """An edition of the papers, or an empty date; with the next moment, as the pipeline tells it."""
    reason = None if papers else "nothing new"
    moments = {one.id: wake(one, LastEdition(date=day, made_at=now, reason=reason), now)}
    if not papers:
        store.record_all_empty([NoEdition(subscription=one, date=day, reason="nothing new")], now, moments)
        return True
    edition = replace(an_edition(one.id, day, tuple(map(a_paper, papers)), made_at=now), subscription=one)
    return bool(store.enqueue_all([Posting(edition=edition, item=an_item(edition))], now, moments))


def history(store: Store, *those: Subscription) -> Sequence[str]:
    return [one.history for one in store.enrolled([each.id for each in those])]


def test_who_is_new_is_due_at_once_and_then_at_the_next_time(store: Store) -> None:
    assert enroll(store, ADA, BEA) == 2
    assert store.roll_marks() == MARKS
    assert due_now(store) == ["ada", "bea"]
    assert publish(store, ADA, date(2026, 6, 2), NOW, "1")
    publish(store, BEA, date(2026, 6, 2), NOW)
    assert due_now(store) == due_now(store, NOW + 18 * HOUR) == []
    assert due_now(store, NOW + 19 * HOUR) == ["ada"]
    assert due_now(store, NOW + 30 * HOUR) == ["ada", "bea"]


def test_an_empty_date_is_looked_at_again_when_a_dump_came_in(store: Store) -> None:
    enroll(store, ADA, BEA)
    publish(store, ADA, date(2026, 6, 2), NOW, "1")
    publish(store, BEA, date(2026, 6, 2), NOW)
    assert due_now(store, NOW + HOUR, NOW - HOUR) == []
    assert due_now(store, NOW + HOUR, NOW + HOUR) == ["bea"]
    publish(store, BEA, date(2026, 6, 2), NOW + HOUR, "2")
    assert due_now(store, NOW + 2 * HOUR, NOW + HOUR) == []


def test_settings_that_change_move_only_what_they_change(store: Store) -> None:
    enroll(store, ADA, BEA)
    for one in (ADA, BEA):
        publish(store, one, date(2026, 6, 2), NOW, "1")
    assert enroll(store, ADA, replace(BEA, at=time(6, 0)), CYD, settings="2") == 2
    assert due_now(store) == ["cyd"]
    assert due_now(store, NOW + 18 * HOUR) == ["bea", "cyd"], "at the new time"
    assert enroll(store, ADA, settings="3") == 0
    assert due_now(store, NOW + 10 * DAY) == ["ada"], "those that are gone are never due"
    assert enroll(store, ADA, BEA, settings="4") == 1
    (bea,) = store.enrolled([BEA.id])
    assert bea.last is not None and bea.last.date == date(2026, 6, 2), "what they had is still known"
    states = {one.address[:3]: one.state for one in store.outbox()}
    assert states == {"ada": OutboxState.PENDING, "bea": OutboxState.WITHDRAWN}, "what had not left did not go"
    assert (set(store.shown(ADA.id)), set(store.shown(BEA.id))) == ({"1"}, set()), "nor was it shown"


def test_another_version_of_the_zone_rules_moves_all(store: Store) -> None:
    enroll(store, ADA, CYD)
    for one in (ADA, CYD):
        publish(store, one, date(2026, 6, 2), NOW, "1")
    store.put_off({ADA.id: (NOW + 90 * DAY, None), CYD.id: (NOW + 90 * DAY, None)})  # by the old rules
    assert enroll(store, ADA, CYD) == 0
    assert enroll(store, ADA, CYD, zones="2026b") == 2
    assert due_now(store, NOW + 7 * DAY) == ["ada", "cyd"]


def test_a_pause_by_command(store: Store) -> None:
    enroll(store, ADA, BEA)
    publish(store, ADA, date(2026, 6, 2), NOW, "1")
    store.pause([ADA.id], date(2026, 6, 20), lambda one, last: wake(one, last, NOW), lambda one: False)
    assert store.pauses() == {ADA.id: date(2026, 6, 20)}
    assert due_now(store, NOW + 17 * DAY) == ["bea"]
    assert due_now(store, datetime(2026, 6, 20, 7, 0, tzinfo=UTC)) == ["ada", "bea"]
    assert enroll(store, ADA, BEA, zones="2026c") == 2
    assert due_now(store, NOW + 17 * DAY) == ["bea"], "new rules keep the pause"
    store.pause([ADA.id], None, lambda one, last: wake(one, last, NOW), lambda one: False)
    assert due_now(store, NOW + DAY) == ["ada", "bea"]


def test_one_that_is_subscribed_while_paused_is_due_after_the_pause(store: Store) -> None:
    enroll(store, replace(ADA, pause_until=date(2026, 6, 10)))
    assert due_now(store, NOW + 6 * DAY) == []
    assert due_now(store, datetime(2026, 6, 10, 7, 0, tzinfo=UTC)) == ["ada"]


def test_readers_who_were_shown_the_same_share_their_history(store: Store) -> None:
    enroll(store, ADA, BEA, CYD)
    assert history(store, ADA, BEA) == ["", ""]
    day = date(2026, 6, 2)
    assert publish(store, ADA, day, NOW, "1", "2") and publish(store, BEA, day, NOW, "1", "2")
    ada, bea = history(store, ADA, BEA)
    assert ada == bea != ""
    assert not publish(store, ADA, day, NOW, "3"), "there is one of the date"
    assert history(store, ADA, BEA) == [ada, bea]
    publish(store, ADA, day + DAY, NOW + DAY, "3")
    publish(store, BEA, day + DAY, NOW + DAY, "4")
    ada, bea = history(store, ADA, BEA)
    assert ada != bea
    shown = store.shown_to([ADA.id, BEA.id, CYD.id])
    assert shown[ADA.id] == {"1": Shown(on=day), "2": Shown(on=day), "3": Shown(on=day + DAY)}
    assert set(shown[BEA.id]) == {"1", "2", "4"}
    assert shown[CYD.id] == {}


def test_one_whose_edition_was_changed_afterwards_has_a_history_of_its_own(store: Store) -> None:
    enroll(store, ADA, BEA)
    for one in (ADA, BEA):
        publish(store, one, date(2026, 6, 2), NOW, "1")
    with store._writing() as conn:
        part_ways(conn, [f"{ADA.id}/2026-06-02"])
    ada, bea = history(store, ADA, BEA)
    assert ada != bea
    for one in (ADA, BEA):
        publish(store, one, date(2026, 6, 3), NOW + DAY, "2")
    assert len({ada, bea, *history(store, ADA, BEA)}) == 4


def test_the_latest_edition_is_known_behind_dates_without_one(store: Store) -> None:
    enroll(store, ADA, BEA, CYD)
    publish(store, ADA, date(2026, 5, 31), NOW - 2 * DAY, "1")
    for day in (1, 2):
        publish(store, ADA, date(2026, 6, day), NOW - (2 - day) * DAY)
    publish(store, BEA, date(2026, 6, 2), NOW)
    publish(store, CYD, date(2026, 6, 2), NOW, "1")
    found = store.enrolled([ADA.id, BEA.id, CYD.id])
    assert [one.last and one.last.date.day for one in found] == [2, 2, 2]
    assert [one.sent and one.sent.date.day for one in found] == [31, None, 2]
    assert due(found[0].subscription, found[0].last, None, NOW + HOUR) is None


def test_when_the_next_of_all_is_due(store: Store) -> None:
    assert store.next_due() is None
    enroll(store, ADA, BEA)
    publish(store, BEA, date(2026, 6, 2), NOW, "1")
    assert store.next_due() == NOW, "one never had an edition"
    publish(store, ADA, date(2026, 6, 2), NOW, "1")
    assert store.next_due() == NOW + 19 * HOUR
    enroll(store, BEA, settings="2")
    assert store.next_due() == NOW + 30 * HOUR


def test_who_said_something_and_who_is_suppressed_in_one_query_each(store: Store) -> None:
    assert store.vocal(["ada@example.org"]) == frozenset()
    assert store.barred([ADA, BEA]) == {}
    store.suppress(Suppression(address="Ada@Example.org", reason="asked", since=NOW))
    assert list(store.barred([ADA, BEA])) == [ADA.id]
