"""The daemon, and what is to come."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice

from rich.markup import escape

from digest.cadence import ClockChange, Sending, sendings
from digest.cli import signals, tables, world
from digest.cli.codes import DONE
from digest.cli.context import Context
from digest.cli.fetch import fetching
from digest.cli.phases import exit_code
from digest.cli.screen import out, required
from digest.model import Cadence, LastEdition, NoEdition, Subscription
from digest.pipeline.roll import of_address, with_pauses
from digest.pipeline.run import RunReport, run
from digest.pipeline.waiting import waiting_now
from digest.scheduler import serve
from digest.store import Store

log = logging.getLogger("digest")

TOLD = 10  # sendings
BACKWARDS = timedelta(minutes=5)


def schedule_command(context: Context, every: int, explain: str | None, as_json: bool) -> int:
    if explain is not None:
        return _explain(context, explain, as_json)
    required(not as_json, "--json: goes with --explain only; the daemon logs.")
    ticks = _Ticks(context)
    world.build(context.settings, Store.open(context.settings.database)).store.close()  # fail now, not at seven
    logging.getLogger("digest").setLevel(logging.INFO)
    log.info("daemon_started every=%ss config=%s", every, context.settings.file)
    with signals.served(context):
        serve(ticks.tick, every)
    log.info("daemon_stopped")
    return DONE


class _Ticks:
    """Looks at what is due. Remembers of the last look only when it was, to say so if the clock went back."""

    def __init__(self, context: Context) -> None:
        self._context, self._before = context, context.now()

    def tick(self) -> None:
        context, now = self._context, self._context.now()
        if now < self._before - BACKWARDS:
            log.warning("clock_set_back from=%s to=%s; nothing is sent again", self._before, now)
        self._before = now
        with signals.watched(context) as end, context.store() as store, store.exclusive("run") as ours:
            if not ours:
                log.warning("tick_skipped reason=another_run_is_at_work")
                return
            here = world.build(context.settings, store)
            report = run(here, now, fetching=fetching(context.settings))
            _log_run(report)
            end(store, exit_code(report, now), report.trouble)


def _log_run(report: RunReport) -> None:
    for one in report.fetched:
        log.info("fetched source=%s asked=%s state=%s reason=%s", one.source, one.asked, one.state, one.reason)
    for dump in report.dumps:
        log.info("ingested dump=%s entries=%s new=%s error=%s", dump.dump, dump.entries, dump.new, dump.error)
    for edition in report.published.editions:
        whom = tables.masked(edition.subscription.address) if edition.subscription.address else "feed"
        log.info("edition to=%s profile=%s papers=%s", whom, edition.subscription.profile, len(edition.items))
    for none in report.published.none:
        if none.waiting:  # said again at every look otherwise
            continue
        whom = tables.masked(none.subscription.address) if none.subscription.address else "feed"
        log.info("no_edition to=%s profile=%s reason=%s", whom, none.subscription.profile, none.reason)
    for delivery in report.deliveries:
        log.info(
            "delivery message=%s state=%s reply=%s",
            delivery.message_id,
            delivery.state,
            tables.masked_in(delivery.reply),
        )
    if report.trouble:
        log.error("mail_does_not_get_out reason=%s", tables.masked_in(report.trouble))


# --- what is to come -------------------------------------------------------------------------------------------


def _explain(context: Context, address: str, as_json: bool) -> int:
    now = context.now()
    with context.store() as store:
        here = world.build(context.settings, store)
        mine = with_pauses(store, of_address(here, address))
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
