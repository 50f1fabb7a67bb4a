"""The commands of the phases: ingest, publish, deliver, run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from datetime import date, datetime
from pathlib import Path
from time import monotonic
from typing import TypeVar

import click
from rich.markup import escape

from digest import pipeline
from digest.cadence import next_moment
from digest.cli import signals, tables, world
from digest.cli.app import (
    DONE,
    INCOMPLETE,
    NOTHING_NEW,
    TROUBLED,
    Context,
    Day,
    digest,
    err,
    out,
    progress,
    reading,
    required,
)
from digest.config import Settings
from digest.errors import ConfigError, ListingError
from digest.listings import dump_of, read_dump
from digest.model import Dump, DumpReport, Fetched
from digest.store import Store

T = TypeVar("T")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
dry_run = click.option("--dry-run", is_flag=True, help="Say what would be done; store and send nothing.")


# --- ingest ----------------------------------------------------------------------------------------------------


def given(paths: Sequence[str]) -> list[str | Path]:
    """Files, the dumps of folders, and "-" for stdin, in the order given."""
    found: list[str | Path] = []
    for name in paths:
        path = Path(name)
        if name == "-":
            found.append(name)
        elif path.is_dir():
            found += pipeline.dumps_in(path)
        elif path.exists():
            found.append(path)
        else:
            raise ConfigError(f"{name}: no such file or folder. Give dumps to read, or - for standard input.")
    return found


def read(source: str | Path) -> Dump:
    if isinstance(source, Path):
        return read_dump(source)
    return dump_of("-", sys.stdin.buffer.read())


def _ingest_all(
    store: Store, sources: Sequence[str | Path], now: datetime, as_of: date | None, dry: bool
) -> Iterator[DumpReport]:
    with reading(sum(one.stat().st_size for one in sources if isinstance(one, Path))) as watched:
        for source in sources:
            try:
                yield pipeline.ingest(store, watched(read(source)), now, as_of, dry=dry)
            except ListingError as error:
                yield DumpReport(dump=str(source), digest="", error=str(error))


@digest.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--as-of", type=Day(), help="The day the dumps speak of, where they do not tell it themselves.")
@as_json
@dry_run
@click.pass_obj
def ingest(context: Context, paths: tuple[str, ...], as_of: date | None, as_json: bool, dry_run: bool) -> int:
    """Take in dumps: files, folders, or - for standard input. The same dump again changes nothing."""
    sources = given(paths)
    required(sources, f"{', '.join(paths)}: no dump in there. Drop listing dumps into the folder first.")
    found = []
    with context.store() as store:
        watch = pipeline.Watch(store, context.now(), monotonic)
        with nullcontext() if dry_run else watch.watching(), watch.phase("ingest"):
            for report in _ingest_all(store, sources, context.now(), as_of, dry_run):
                found.append(report)
                if as_json:
                    tables.print_json(tables.report_json(report), one_line=True)
    if not as_json:
        tables.reports(found)
    return TROUBLED if any(one.error or one.rejected for one in found) else DONE


# --- fetch -----------------------------------------------------------------------------------------------------


def fetching(settings: Settings) -> pipeline.Fetching:
    return pipeline.Fetching(
        sources=settings.sources, memory=settings.state / "fetch.json", agent=settings.agent, inbox=settings.inbox
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


# --- publish, deliver, run -----------------------------------------------------------------------------------------


def alone(context: Context, store: Store, work: Callable[[], int]) -> int:
    """Run a phase while no other process does; if one does, leave it to that one."""
    with store.exclusive("run") as ours:
        if ours:
            return work()
    err.print("Another run is at work; nothing done.")
    return NOTHING_NEW


def _timed(context: Context, store: Store, phase: str, dry: bool, work: Callable[[], T]) -> T:
    """A phase run by hand, remembered as one of a run is."""
    if dry:
        return work()
    watch = pipeline.Watch(store, context.now(), monotonic)
    with watch.watching(), watch.phase(phase):
        return work()


def exit_code(report: pipeline.RunReport, now: datetime) -> int:
    if report.troubled:
        return TROUBLED
    if report.incomplete(now):
        return INCOMPLETE
    return NOTHING_NEW if report.nothing_new else DONE


def _publish_json(made: pipeline.Published) -> dict[str, object]:
    return {
        "editions": [
            {
                "id": one.id,
                "profile": one.subscription.profile,
                "address": one.subscription.address,
                "date": one.date,
                "papers": [item.paper.id for item in one.items],
            }
            for one in made.editions
        ],
        "none": [
            {"subscription": none.subscription.id, "date": none.date, "reason": none.reason, "why": none.why}
            for none in made.none
        ],
        "written": [str(path) for path in made.written],
    }


@digest.command()
@as_json
@dry_run
@click.pass_obj
def publish(context: Context, as_json: bool, dry_run: bool) -> int:
    """Compose an edition for every subscription that is due, and write the feeds and pages."""

    def work() -> int:
        with progress("Publishing") as show:
            here = world.build(context.settings, store)
            made = _timed(
                context,
                store,
                "publish",
                dry_run,
                lambda: pipeline.publish(here, context.now(), show, dry=dry_run),
            )
        if not dry_run:
            pipeline.announce(here)
        if as_json:
            tables.print_json(_publish_json(made))
        else:
            tables.published(made, dry=dry_run)
        return exit_code(pipeline.RunReport(published=made), context.now())

    with context.store() as store:
        return work() if dry_run else alone(context, store, work)


@digest.command()
@as_json
@dry_run
@click.pass_obj
def deliver(context: Context, as_json: bool, dry_run: bool) -> int:
    """Send what the outbox holds and is due. May run several times at once."""

    def work() -> int:
        with progress("Delivering") as show:
            here = world.build(context.settings, store)
            settled = _timed(
                context,
                store,
                "deliver",
                False,
                lambda: (*pipeline.tell_editor(here, context.now()), *pipeline.deliver(here, context.now(), show)),
            )
        if as_json:
            tables.print_json(settled)
        else:
            tables.deliveries(settled)
        return TROUBLED if pipeline.RunReport(deliveries=settled).troubled else DONE

    with context.store() as store:
        if dry_run:
            tables.outbox(store.due(context.now()))
            return DONE
        return work()


def _say_run(context: Context, report: pipeline.RunReport, store: Store) -> None:
    if report.nothing_new:
        out.print("Nothing is new: no new dump, no edition due, nothing to send.")
    say_fetched(report.fetched)
    if report.dumps:
        tables.reports(report.dumps)
    tables.published(report.published)
    if report.deliveries:
        tables.deliveries(report.deliveries)
    settings, last = context.settings, store.last_editions()
    out.print(f"\nMails: {_where(context)}\nFeeds: {settings.output / 'feeds'}", soft_wrap=True)
    upcoming = [
        (next_moment(one, last.get(one.id), context.now()), one)
        for one in pipeline.with_pauses(store, world.readers(settings) or settings.subscriptions)
    ]
    if upcoming:
        at, one = min(upcoming, key=lambda pair: (pair[0], pair[1].id))
        whom = one.address or "the feed"
        out.print(f"Next: {at:%Y-%m-%d %H:%M} UTC, “{one.profile}” for {escape(whom)}, if something is new by then.")


def _where(context: Context) -> str:
    table = context.settings.transport
    places = {"smtp": f"{table.host}:{table.port}", "sendmail": table.command[0]}
    return places.get(table.kind, str(table.folder))


@digest.command()
@as_json
@dry_run
@click.pass_obj
def run(context: Context, as_json: bool, dry_run: bool) -> int:
    """Do all that is due, once: ingest the inbox, publish, deliver. For cron; safe every minute."""

    def work() -> int:
        with progress("Running") as show:
            report = pipeline.run(world.build(context.settings, store), context.now(), show, fetching(context.settings))
        if as_json:
            tables.print_json(
                {
                    "fetched": report.fetched,
                    "dumps": [tables.report_json(one) for one in report.dumps],
                    **_publish_json(report.published),
                    "deliveries": report.deliveries,
                }
            )
        else:
            _say_run(context, report, store)
        return end(store, exit_code(report, context.now()))

    if dry_run:
        with context.store() as store:
            return _dry(context, store)
    with signals.watched(context) as end, context.store() as store:
        return alone(context, store, work)


def _dry(context: Context, store: Store) -> int:
    """What a run would do with each dump, and for each due subscription with what is known already."""
    now, here = context.now(), context.settings.inbox
    sources = list(pipeline.dumps_in(here)) if here.is_dir() else []
    fresh = [one for one in _ingest_all(store, sources, now, None, True) if not one.known]
    if fresh:
        tables.reports(fresh)
        out.print("The editions below do not count these dumps, as nothing is stored in a dry run.")
    made = pipeline.publish(world.build(context.settings, store), now, dry=True)
    tables.published(made, dry=True)
    return DONE if fresh or made.editions else NOTHING_NEW
