"""The command of what is to come, schedule: the daemon, which has a room of its own, or when an address gets what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice

from rich.markup import escape

from digest.cadence import ClockChange, Sending, sendings
from digest.cli import tables
from digest.cli.codes import DONE
from digest.cli.context import Context
from digest.cli.readership import readership
from digest.cli.screen import out, required
from digest.model import Cadence, LastEdition, NoEdition, Subscription
from digest.pipeline.roll import of_address, with_pauses
from digest.pipeline.waiting import waiting_now

TOLD = 10  # sendings


def schedule_command(context: Context, every: int, explain: str | None, as_json: bool) -> int:
    if explain is not None:
        return _explain(context, explain, as_json)
    required(not as_json, "--json: goes with --explain only; the daemon logs.")
    from digest.cli.daemon import stay  # with all that a run needs

    stay(context, every)
    return DONE


def _explain(context: Context, address: str, as_json: bool) -> int:
    now = context.now()
    with context.store() as store:
        mine = with_pauses(store, of_address(readership(context.settings, store), address))
        last = store.last_editions([one.id for one in mine])
        waits = waiting_now(store, mine, last, now)
    coming = {one.id: list(islice(sendings(one, last.get(one.id), now), TOLD)) for one in mine}
    if as_json:
        tables.print_json(
            [_subscription_json(one, last.get(one.id), waits.get(one.id), coming[one.id]) for one in mine]
        )
        return DONE
    for one in mine:
        out.print(f"[bold]{escape(one.profile)}[/]: {escape(', '.join(_terms(one, last)))}", soft_wrap=True)
        tables.waiting({one.profile: waits[one.id]} if one.id in waits else {})
        tables.table("date", "local time", "UTC", "clock", rows=map(_row, coming[one.id]))
    return DONE


def _terms(one: Subscription, last: Mapping[str, LastEdition]) -> Iterator[str]:
    yield f"{one.cadence} at {one.at:%H:%M} {one.zone}"
    if one.cadence is Cadence.WHEN_GOOD:
        yield f"when {one.good} papers have {one.good_points} points, after {one.within_days} days at the latest"
    if one.pause_until is not None:
        yield f"paused until {one.pause_until}"
    had = last.get(one.id)
    if had is None:
        yield "the first goes out on the next run" if one.pause_until is None else "none so far"
    else:
        yield f"last date {had.date}{f' ({had.reason})' if had.reason else ''}"


def _row(one: Sending) -> Sequence[str]:
    return str(one.date), f"{one.local:%a %Y-%m-%d %H:%M %z}", f"{one.at:%Y-%m-%d %H:%M}", _clock(one)


def _clock(one: Sending) -> str:
    """What a clock change does to it, in words."""
    told = []
    if one.shift:
        minutes = abs(round(one.shift.total_seconds() / 60))
        told.append(f"clocks {'forward' if one.shift > timedelta() else 'back'} {minutes} min before it")
    if one.change is not None:
        told.append(_CHANGES[one.change])
    return "; ".join(told)


_CHANGES = {
    ClockChange.SKIPPED: "its time is skipped: as much later",
    ClockChange.REPEATED: "its time comes twice: the first",
}


def _subscription_json(
    one: Subscription, last: LastEdition | None, waits: NoEdition | None, coming: Sequence[Sending]
) -> dict[str, object]:
    """The stable shape of `schedule --explain --json`."""
    return {
        "subscription": one.id,
        "cadence": one.cadence,
        "at": one.at.isoformat("minutes"),
        "zone": one.zone,
        "pause_until": one.pause_until,
        "last": last,
        "waiting": {"date": waits.date, "reason": waits.reason} if waits else None,
        "sendings": [
            {
                "date": each.date,
                "local": each.local,
                "utc": each.at,
                "change": each.change,
                "shift_minutes": round(each.shift.total_seconds() / 60),
            }
            for each in coming
        ],
    }
