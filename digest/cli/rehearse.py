"""The command that plays past days in a folder of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from rich.markup import escape

from digest.cli import tables, world
from digest.cli.codes import DONE, TROUBLED
from digest.cli.context import Context
from digest.cli.phases import given, read
from digest.cli.progress import progress
from digest.cli.screen import out, required
from digest.model import Dump, NoEdition, OutboxState
from digest.pipeline.deliver import deliver
from digest.pipeline.handover import Delivered
from digest.pipeline.ingest import days_of, ingest
from digest.pipeline.publish import publish
from digest.pipeline.run import RunReport
from digest.pipeline.world import News, World
from digest.store import Store
from digest.text import counted
from digest.transport import DirectoryTransport

# --- rehearse ------------------------------------------------------------------------------------------------------


def rehearse_command(
    context: Context, paths: tuple[str, ...], first: date, last: date, into: Path | None, as_json: bool
) -> int:
    required(first <= last, f"--from {first} is after --to {last}; turn them round.")
    into = (into or context.settings.output / "rehearsal").absolute()
    nobody_waits = context.settings.delivery.model_copy(update={"hold_minutes": 0})
    database = f"sqlite:///{into / 'digest.db'}"
    settings = context.settings.model_copy(update={"database": database, "delivery": nobody_waits})
    dumps = [read(source) for source in given(paths)]
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    with Store.open(settings.database) as store, progress("Rehearsing") as show:
        here = world.build(settings, store, DirectoryTransport(into / "mail"), into)
        by_day = days_of(dumps, datetime.combine(last, time(21), UTC))
        played = list[_Played]()
        for number, day in enumerate(days, start=1):
            show(number, len(days))
            played.append((day, *_play(here, by_day.get(day, []), datetime.combine(day, time(21), UTC))))
    left_out = sum(len(found) for day, found in by_day.items() if not first <= day <= last)
    _say_rehearsal(played, left_out, into, as_json)
    return TROUBLED if any(report.troubled for _, report, _ in played) else DONE


_Played = tuple[date, RunReport, list[str]]  # with the reasons why some had no edition


def _play(here: World, dumps: Sequence[Dump], now: datetime) -> tuple[RunReport, list[str]]:
    reports = tuple(ingest(here.store, dump, now) for dump in dumps)
    reasons, delivered = set[str](), Delivered()

    def hear(news: News) -> None:
        if isinstance(news, NoEdition):
            reasons.add(news.reason)

    published = publish(here, now, tell=hear)
    for one in deliver(here, now):
        delivered.count(one)
    return RunReport(dumps=reports, published=published, delivered=delivered), sorted(reasons)


def _say_rehearsal(played: Sequence[_Played], left_out: int, into: Path, as_json: bool) -> None:
    rows = [
        {
            "date": day,
            "dumps": len(report.dumps),
            "new": sum(one.new for one in report.dumps),
            "not_read": sum(one.error is not None for one in report.dumps),
            "editions": report.published.editions,
            "none": reasons,
            "sent": report.delivered.states[OutboxState.SENT],
        }
        for day, report, reasons in played
    ]
    if as_json:
        tables.print_json({"days": rows, "outside": left_out, "into": str(into)})
        return
    tables.table(*rows[0], rows=(tuple(_cell(value) for value in row.values()) for row in rows))
    total = counted(sum(report.published.editions for _, report, _ in played), "edition")
    out.print(f"{counted(len(rows), 'day')}, {total}; dumps of other days that were left out: {left_out}.")
    out.print(f"All of it is in {escape(str(into))}", soft_wrap=True)


def _cell(value: object) -> object:
    return "; ".join(value) if isinstance(value, list) else value
