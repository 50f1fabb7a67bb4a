"""When soft bounces are enough: tables of days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from digest.model import Bounce, Consequence, OutboxItem, OutboxState, ReturnKind
from digest.patience import is_failing

START = datetime(2026, 6, 1, 5, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def message(day: int, state: OutboxState = OutboxState.SENT) -> OutboxItem:
    at = START + day * DAY
    return OutboxItem(
        message_id=f"m{day}", edition_id=f"e/{day}", address="a@b", state=state, created_at=at, next_at=at
    )


def back(day: int, kind: ReturnKind = ReturnKind.SOFT, *, known: bool = True, again: int = 0) -> Bounce:
    return Bounce(
        digest=f"d{day}.{again}",
        kind=kind,
        consequence=Consequence.COUNTED,
        at=START + day * DAY + (1 + again) * HOUR,
        address="a@b",
        message_id=f"m{day}" if known else None,
    )


ALL = range(10)
# name, days mailed, bounces, day it is asked, lifted on, failing
CASES = [
    ("every mail for ten days", ALL, [back(day) for day in ALL], 10, None, True),
    ("four only", ALL, [back(day) for day in (0, 3, 6, 9)], 10, None, False),
    ("five within a week", ALL, [back(day) for day in range(5)], 10, None, False),
    ("five in eight days, all others still on their way", ALL, [back(day) for day in (0, 6, 7, 8)], 9, None, False),
    ("one arrived in between", ALL, [back(day) for day in ALL if day != 4], 10, None, False),
    ("one of late may still come back", ALL, [back(day) for day in range(9)], 10, None, True),
    ("one came back as policy, so it did not arrive", ALL, [back(d) for d in ALL if d != 4]
     + [back(4, ReturnKind.POLICY)], 10, None, True),
    ("a notice is no answer", ALL, [back(d) for d in ALL if d != 4] + [back(4, ReturnKind.NOTICE)], 10, None, False),
    ("each mail counts once", ALL, [back(d, again=n) for d in (0, 9) for n in range(5)], 10, None, False),
    ("bounces that do not say what they answer", ALL, [back(day, known=False) for day in ALL], 10, None, True),
    ("allowed again since", ALL, [back(day) for day in ALL], 10, 5, False),
    ("weekly mails", (0, 7, 14, 21, 28), [back(day) for day in (0, 7, 14, 21, 28)], 29, None, True),
    ("nothing was mailed", (), [], 10, None, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("mailed", "bounces", "asked", "lifted", "failing"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_patience(mailed: range, bounces: list[Bounce], asked: int, lifted: int | None, failing: bool) -> None:
    since = None if lifted is None else START + lifted * DAY
    messages = [message(day) for day in mailed]
    assert is_failing(bounces, messages, START + asked * DAY, 5, since) is failing


def test_a_mail_that_never_left_did_not_arrive() -> None:
    messages = [message(day, OutboxState.FAILED if day == 4 else OutboxState.SENT) for day in ALL]
    assert is_failing([back(day) for day in ALL if day != 4], messages, START + 10 * DAY, 5)
