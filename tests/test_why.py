"""Why somebody got something or nothing: every case in a table, and the command on a real store."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from conftest import Place
from make import last_edition, subscription
from smtp_sink import Sink

from digest.model import (
    Bounce,
    Cadence,
    Consequence,
    LastEdition,
    OutboxItem,
    OutboxState,
    ReturnKind,
    Subscription,
)
from digest.whereabouts import told_of_message, told_of_none

NOW = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)  # a Wednesday
DAILY = subscription(at=time(7, 0), zone="Europe/Berlin")
LATE = replace(DAILY, at=time(23, 0))
WEEKDAYS = replace(DAILY, cadence=Cadence.WEEKDAYS)
WEEKLY = replace(DAILY, cadence=Cadence.WEEKLY, weekday=0)


def day(number: int) -> date:
    return date(2026, 6, number)


def record(number: int, reason: str | None = None) -> LastEdition:
    return last_edition(day(number), reason)


# whose, of which day, what is stored (newest first), in the settings; what is told
NONE: list[tuple[Subscription, int, list[LastEdition], bool, str]] = [
    (DAILY, 9, [record(9, "nothing new since then")], True, "nothing new since then"),
    (DAILY, 9, [record(9, "all new papers are hidden (3)")], True, "all new papers are hidden (3)"),
    (DAILY, 9, [record(9, "the address is on the suppression list")], True, "the address is on the suppression list"),
    (DAILY, 9, [record(9)], True, "there was an edition, which is not kept any more"),
    (
        DAILY,
        12,
        [record(10)],
        True,
        "to come; the next one is due 2026-06-11 05:00 UTC (07:00 Europe/Berlin)",
    ),
    (DAILY, 12, [], True, "still to come; the first edition is due at the next run"),
    (DAILY, 12, [record(10)], False, "still to come, and the subscription is not in the settings any more"),
    (DAILY, 3, [record(10), record(5)], True, "before the first run for this subscription, on 2026-06-05"),
    (WEEKDAYS, 7, [record(8), record(5)], True, "not due: it comes on weekdays, and 2026-06-07 was a Sunday"),
    (WEEKLY, 9, [record(8), record(1)], True, "not due: it comes on Mondays, and 2026-06-09 was a Tuesday"),
    (LATE, 10, [record(9)], True, "due 2026-06-10 21:00 UTC (23:00 Europe/Berlin), which is still to come"),
    (DAILY, 8, [record(10), record(9), record(7)], True, "between its send time and 2026-06-09, whose edition covers"),
    (DAILY, 8, [record(9, "nothing new"), record(7)], True, "no run came between its send time and 2026-06-09"),
    (DAILY, 10, [record(9)], True, "due since 2026-06-10 05:00 UTC (07:00 Europe/Berlin), and no run has come since"),
    (replace(DAILY, pause_until=day(12)), 10, [record(9)], True, "paused until 2026-06-12"),
    (DAILY, 10, [], True, "no run has published anything for this subscription yet"),
    (LATE, 10, [], True, "no run has published anything for this subscription yet"),
    (DAILY, 10, [record(9)], False, "the subscription is not in the settings any more"),
]


@pytest.mark.parametrize(("whose", "of", "history", "active", "told"), NONE)
def test_why_there_is_none(whose: Subscription, of: int, history: list[LastEdition], active: bool, told: str) -> None:
    assert told in told_of_none(whose, day(of), history, NOW, active=active)


def message(state: OutboxState, reply: str = "") -> OutboxItem:
    return OutboxItem(
        message_id="m1", edition_id="e", address="a@b", state=state, created_at=NOW, next_at=NOW, reply=reply
    )


def bounce(kind: ReturnKind, **given: Any) -> Bounce:
    return Bounce(digest="d", kind=kind, consequence=Consequence.COUNTED, at=NOW, **given)


BACK = bounce(ReturnKind.HARD, message_id="m1")
MESSAGES = [
    (OutboxState.SENT, "250 ok", [], "sent: 250 ok"),
    (OutboxState.SENT, "250 ok", [BACK], "sent, and came back (hard): 250 ok"),
    (OutboxState.SENT, "", [bounce(ReturnKind.HARD, message_id="m2"), bounce(ReturnKind.SOFT)], "sent"),
    (OutboxState.SENT, "", [bounce(ReturnKind.NOTICE, message_id="m1")], "sent"),
    (OutboxState.DEFERRED, "451 busy", [], "put off, to be tried again, until 2026-06-10 12:00 UTC: 451 busy"),
    (OutboxState.HELD, "", [], "held for an editor, until 2026-06-10 12:00 UTC"),
    (OutboxState.STOPPED, "its last was dropped", [], "stopped by an editor: its last was dropped"),
    (OutboxState.FAILED, "550 no", [], "failed for good: 550 no"),
]


@pytest.mark.parametrize(("state", "reply", "bounces", "told"), MESSAGES)
def test_how_far_a_message_came(state: OutboxState, reply: str, bounces: list[Bounce], told: str) -> None:
    assert told_of_message(message(state, reply), bounces) == told


def test_what_was_put_back_has_come_back_once_and_waits_for_its_domain() -> None:
    again = replace(message(OutboxState.SENT, "250 ok"), queued_at=NOW)
    assert told_of_message(again, [BACK]) == "sent, after it had come back once (hard): 250 ok"
    later = replace(BACK, at=NOW + timedelta(seconds=1))
    told = "sent, after it had come back once (hard), and came back (hard): 250 ok"
    assert told_of_message(again, [BACK, later]) == told
    waits = "waiting to be sent when `digest outbox --resume b` says that its domain is well again"
    assert told_of_message(message(OutboxState.PENDING), [], stopped=True) == waits
    assert told_of_message(message(OutboxState.SENT), [], stopped=True) == "sent"


@pytest.mark.parametrize("state", OutboxState)
def test_every_state_has_words(state: OutboxState) -> None:
    assert told_of_message(message(state), [])


# --- the command -------------------------------------------------------------------------------------------------

SENT = "2026-06-02T20:00:00+00:00"
LATER = "2026-06-03T20:00:00+00:00"


def answer(place: Place, address: str, on: str, now: str = LATER) -> dict[str, Any]:
    ran = place.run("why", address, on, "--json", now=now)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_attempts_bounces_and_suppressions_are_told(stocked: Place) -> None:
    with Sink(script={"RCPT": ["450 4.2.1 busy"]}) as server:
        stocked.set('kind = "directory"', f'kind = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"')
        stocked.run("run", now=SENT)
        stocked.run("run", now="2026-06-02T20:06:00+00:00")
        day = {"alan": "2026-06-03"}  # in Tokyo
        deferred = next(
            one
            for name in ("ada", "grace", "alan", "emmy")
            for one in answer(stocked, f"{name}@example.org", day.get(name, "2026-06-02"))["subscriptions"]
            if len(one["attempts"]) > 1
        )
    assert [each["state"] for each in deferred["attempts"]] == ["deferred", "sent"]
    assert "busy" in deferred["attempts"][0]["reply"]
    assert deferred["state"] == "sent"
    assert deferred["papers"]
    stocked.run("suppress", "ADA@example.org", now=SENT)
    ran = stocked.run("why", "Ada@Example.org", "2026-06-02", now=LATER)
    assert "trending: " in ran.out
    assert "Suppressed since 2026-06-02 20:00 UTC" in ran.out
    stocked.run("run", now=LATER)
    (none,) = answer(stocked, "ada@example.org", "2026-06-03")["subscriptions"]
    assert none["told"] == "the address is on the suppression list"
    assert none["papers"] == none["attempts"] == []


def test_who_is_not_in_the_settings_any_more_and_who_never_was(sent: Place) -> None:
    sent.set('"alan@example.org"', '"zoe@example.org"')
    (gone,) = answer(sent, "alan@example.org", "2026-06-03")["subscriptions"]  # it is tomorrow in Tokyo
    assert (gone["active"], gone["state"]) == (False, "sent")
    (new,) = answer(sent, "zoe@example.org", "2026-06-02", SENT)["subscriptions"]
    assert "no run has published anything" in new["told"]
    ran = sent.run("why", "nobody@example.org", "2026-06-02")
    assert ran.code == 2
    assert "never mailed" in ran.err
    assert sent.run("why", "ada@example.org", "yesterday").code == 2


def test_the_receipt_tells_what_was_said_of_each_paper_then(sent: Place) -> None:
    """Whatever the profile says now."""
    before = answer(sent, "grace@example.org", "2026-06-02")["subscriptions"]
    profiles = sent.folder / "config" / "profiles.toml"
    profiles.write_text(profiles.read_text().replace("trend_weight = 0.2", "trend_weight = 0.9"))
    after = answer(sent, "grace@example.org", "2026-06-02")["subscriptions"]
    assert [one["receipt"] for one in before] == [one["receipt"] for one in after]
    for one in after:
        items = one["receipt"]["items"]
        assert [item["id"] for item in items] == one["papers"]
        assert [item["rank"] for item in items] == list(range(1, len(items) + 1))
        assert all(item["score"] == sum(reason["points"] for reason in item["reasons"]) for item in items)
        assert all(item["why"] and item["title"] and item["url"] for item in items)


def test_what_comes_back_is_told(sent: Place) -> None:
    from returned_mails import dsn
    from test_returns import mailed, returns

    sent.run("bounce", returns(sent, dsn(**mailed(sent))), now=LATER)
    (one,) = answer(sent, "ada@example.org", "2026-06-02")["subscriptions"]
    assert one["told"].startswith("sent, and came back (hard)")
    assert [(each["kind"], each["consequence"], each["status"]) for each in one["bounces"]] == [
        ("hard", "suppressed", "5.1.1")
    ]
