"""The command that tells how things stand: status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.markup import escape

from digest.cli import tables
from digest.cli.codes import DONE
from digest.cli.context import Context
from digest.cli.outbox import say_domain
from digest.cli.readership import feeds, readers
from digest.cli.screen import out
from digest.masks import masked_in
from digest.model import OPEN_STATES, LastEdition, Verdict
from digest.pipeline.roll import with_pauses
from digest.pipeline.waiting import next_times, waiting_now
from digest.store import Store
from digest.text import counted

_COUNTED = (
    ("papers", "sightings", "listings"),
    ("subscriptions", "feeds", "editions", "suppressed", "set_aside"),
)
_NAME, _WORDS = 32, 38  # characters of a subscription and of why there is none: lines of a hundred at most
_EVIDENCE = 58
_SHOWN_DAYS = timedelta(days=7)


def status_command(context: Context, as_json: bool) -> int:
    settings, now = context.settings, context.now()
    with context.store() as store:
        counts, last = store.counts(), store.last_editions()
        waiting, aside = store.outbox(OPEN_STATES, 20), store.set_asides(now - _SHOWN_DAYS, 20)
        newest, oldest, trouble = store.newest_ingest(), store.outbox_ages(), store.destinations()
        verdicts = store.verdicts((now - _SHOWN_DAYS).date())
        phases, everyone = _phases(store), with_pauses(store, settings.subscriptions)
        waits, to_send = waiting_now(store, everyone, last, now), store.to_send()
    due = [(one, last.get(one), at) for one, at in next_times(everyone, last, waits, now).items()]
    shape = {
        **tables.plain(counts),
        "subscriptions": len(readers(settings)),
        "feeds": len(feeds(settings)),
        "newest_ingest": newest,
        "outbox_oldest": oldest,
        "phases": phases,
        "verdicts": verdicts,
        "next_due": min((at for _, _, at in due), default=None),
        "next": {name: at for name, _, at in due},
        "last": {name: record for name, record, _ in due},
        "waiting": {name: {"date": one.date, "reason": one.reason} for name, one in waits.items()},
        "domains": trouble,
    }
    if as_json:
        tables.print_json(shape)
        return DONE
    for names in _COUNTED:
        out.print(", ".join(_counted(shape[name], name) for name in names))
    out.print(f"outbox: {', '.join(f'{n} {state}' for state, n in shape['outbox'].items() if n) or 'empty'}")
    out.print(f"newest dump: {newest:%Y-%m-%d %H:%M} UTC" if newest else "no dump has come in yet")
    _say_last(due)
    tables.waiting(waits)
    _say_runs(phases)
    _say_verdicts(verdicts)
    if waiting:
        tables.outbox(waiting)
    for road in trouble:
        say_domain(road, to_send.get(road.name, 0))
    for one in aside:
        out.print(f"[bold red]Set aside:[/] {escape(tables.set_aside(one.dump, one.error or ''))}", soft_wrap=True)
    return DONE


def _counted(number: int, name: str) -> str:
    if name.endswith("s"):
        return counted(number, name.removesuffix("s"))
    return f"{number:,} {name.replace('_', ' ')}"


def _phases(store: Store) -> dict[str, dict[str, Any]]:
    latest, well = store.last_runs(), store.last_runs(well=True)
    return {
        phase: {
            "last": run.started_at,
            "last_success": well[phase].started_at if phase in well else None,
            "seconds": run.seconds,
            "ended_well": run.ended_well,
            "outcome": masked_in(run.outcome),
        }
        for phase, run in latest.items()
    }


def _say_last(rows: Iterable[tuple[str, LastEdition | None, datetime]]) -> None:
    tables.table(
        "subscription", "last date", "outcome", "next (UTC)",
        rows=(
            (
                tables.head(name, _NAME),
                last.date if last else "",
                _outcome(last),
                f"{at:%m-%d %H:%M}",
            )
            for name, last, at in rows
        ),
    )  # fmt: skip


def _outcome(last: LastEdition | None) -> str:
    """In few words: the verdict behind a reason is left to `digest why` and to programs."""
    if last is None:
        return "none yet"
    return tables.head(last.reason.partition(" (")[0], _WORDS) if last.reason else "edition"


def _say_runs(phases: Mapping[str, Mapping[str, Any]]) -> None:
    """When each phase ran last, and when it last came to its end."""
    if phases:
        tables.table(
            "phase", "last run (UTC)", "seconds", "ended", "last success",
            rows=(
                (name, one["last"], f"{one['seconds']:.1f}", tables.head(one["outcome"], _WORDS) or "well",
                 one["last_success"])
                for name, one in phases.items()
            ),
            right=("seconds",),
        )  # fmt: skip


def _say_verdicts(found: Sequence[Verdict]) -> None:
    """How the sources' days were, the latest first."""
    if found:
        newest = sorted(found, key=lambda one: (-one.date.toordinal(), one.source))
        tables.table(
            "day", "source", "verdict", "by",
            rows=(
                (f"{one.date:%a} {one.date}", one.source, one.kind.value, tables.head(one.evidence, _EVIDENCE))
                for one in newest
            ),
        )  # fmt: skip
