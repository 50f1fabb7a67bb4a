"""The command fetch: sources become dumps in the inbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

from rich.markup import escape

from digest.cli import tables
from digest.cli.codes import DONE, NOTHING_NEW, TROUBLED
from digest.cli.context import Context
from digest.cli.progress import progress
from digest.cli.screen import err, out, required
from digest.config import Settings
from digest.model import Fetched, FetchState, Source
from digest.pipeline.days import note_fetched
from digest.pipeline.examples import untold
from digest.pipeline.fetch import Fetching, Span, fetch, unanswered
from digest.pipeline.watch import settle
from digest.store import Store
from digest.text import counted


def fetching(settings: Settings, store: Store) -> Fetching:
    return Fetching(
        sources=settings.sources,
        memory=settings.state / "fetch.json",
        agent=settings.agent,
        inbox=settings.inbox,
        examples=partial(untold, store, settings.profiles.values()),
    )


def say_fetched(found: Sequence[Fetched]) -> None:
    """What was asked and what came of it; faults below, in full."""
    if found:
        tables.table(
            "source", "asked for", "state", "bytes", "dump",
            rows=(
                (one.source, one.asked, one.state, one.size or "", Path(one.dump).name if one.dump else "")
                for one in found
            ),
            right=("bytes",),
        )  # fmt: skip
    for one in found:
        if one.reason:
            out.print(f"[yellow]{one.state.capitalize()}:[/] {one.source}: {escape(one.reason)}", soft_wrap=True)


def fetch_command(
    context: Context,
    sources: tuple[str, ...],
    first: date | None,
    last: date | None,
    again: bool,
    as_json: bool,
    dry_run: bool,
) -> int:
    settings, now = context.settings, context.now()
    chosen = _chosen(settings, sources)
    span = Span(days=_days(first, last, now.date()), again=again, dry=dry_run)
    with context.store() as store, store.exclusive("fetch") as ours, progress("Fetching") as show:
        if not ours:
            err.print("Another process is fetching; nothing done.")
            return NOTHING_NEW
        with context.phase(store, "fetch", dry=dry_run) as phase:
            found = tuple(fetch(replace(fetching(settings, store), sources=chosen), now, span, show, phase.apart))
            phase.trouble = unanswered(found)
        if not dry_run:
            note_fetched(store, found, now)
    if as_json:
        tables.print_json(found)
    else:
        _say(settings, found)
    settle(phase.failed)
    states = {one.state for one in found}
    return TROUBLED if FetchState.FAILED in states else DONE if _NEWS & states else NOTHING_NEW


_NEWS = {FetchState.WRITTEN, FetchState.PLANNED}


def _chosen(settings: Settings, names: tuple[str, ...]) -> tuple[Source, ...]:
    """The sources named, in the order of the settings; all where none is."""
    known = {one.name for one in settings.sources}
    required(known, f"{settings.file}: no source; add a [[source]] as in the commented example of `digest init`")
    for name in names:
        required(name in known, f"no source “{name}”; there are: {', '.join(sorted(known))}")
    return tuple(one for one in settings.sources if one.name in names or not names)


def _days(first: date | None, last: date | None, today: date) -> tuple[date, date] | None:
    """Both ends: --from alone goes on until today, --to alone is that one day."""
    if first is None and last is None:
        return None
    last = min(last or today, today)
    first = first or last
    required(first <= today, f"--from {first} has not come yet; today is {today} (UTC).")
    required(first <= last, f"--from {first} is after --to {last}; turn them round.")
    return first, last


def _say(settings: Settings, found: tuple[Fetched, ...]) -> None:
    say_fetched(found)
    written = [one for one in found if one.state is FetchState.WRITTEN]
    out.print(f"{counted(len(written), 'dump')} written to {settings.inbox}.", soft_wrap=True, markup=False)
