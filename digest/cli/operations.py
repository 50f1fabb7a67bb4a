"""The commands of operation: status, metrics, backup, restore, prune."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from digest import metrics as exposition
from digest import pipeline
from digest.cadence import next_moment
from digest.cli import outbox, signals, tables, world
from digest.cli.app import DONE, Context, digest, out, required
from digest.files import write_whole
from digest.model import Backup
from digest.store import Store

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")

_COUNTED = ("papers", "sightings", "listings", "subscriptions", "feeds", "editions", "suppressed", "set_aside")
_SHOWN_DAYS = timedelta(days=7)


# --- status ------------------------------------------------------------------------------------------------------


@digest.command()
@as_json
@click.pass_obj
def status(context: Context, as_json: bool) -> int:
    """What is known, due, queued and failed, how the sources' days were, and when the phases ran."""
    settings, now = context.settings, context.now()
    with context.store() as store:
        counts, last = store.counts(), store.last_editions()
        waiting, aside = store.outbox(pipeline.OPEN_STATES, 20), store.set_asides(20)
        newest, oldest, trouble = store.newest_ingest(), store.outbox_ages(), store.destinations()
        verdicts = store.verdicts((now - _SHOWN_DAYS).date())
        phases, everyone = _phases(store), pipeline.with_pauses(store, settings.subscriptions)
    due = [(one.id, last.get(one.id), next_moment(one, last.get(one.id), now)) for one in everyone]
    shape = {
        **tables.plain(counts),
        "subscriptions": len(world.readers(settings)),
        "feeds": len(world.feeds(settings)),
        "newest_ingest": newest,
        "outbox_oldest": oldest,
        "phases": phases,
        "verdicts": verdicts,
        "next_due": min((at for _, _, at in due), default=None),
        "next": {name: at for name, _, at in due},
        "last": {name: record for name, record, _ in due},
        "domains": trouble,
    }
    if as_json:
        tables.print_json(shape)
        return DONE
    out.print(", ".join(f"{shape[name]} {name.replace('_', ' ')}" for name in _COUNTED))
    out.print(f"outbox: {', '.join(f'{n} {state}' for state, n in shape['outbox'].items() if n) or 'empty'}")
    out.print(f"newest dump: {newest:%Y-%m-%d %H:%M} UTC" if newest else "no dump has come in yet")
    tables.last_editions(due)
    tables.runs(phases)
    tables.verdicts(verdicts)
    if waiting:
        tables.outbox(waiting)
    for road in trouble:
        outbox.say_domain(road)
    for one in aside:
        out.print(f"[bold red]Set aside:[/] {escape(one.dump)}: {escape(one.error or '')}", soft_wrap=True)
    return DONE


def _phases(store: Store) -> dict[str, dict[str, Any]]:
    latest, well = store.last_runs(), store.last_runs(well=True)
    return {
        phase: {
            "last": run.started_at,
            "last_success": well[phase].started_at if phase in well else None,
            "seconds": run.seconds,
            "ended_well": run.ended_well,
            "outcome": run.outcome,
        }
        for phase, run in latest.items()
    }


# --- metrics -----------------------------------------------------------------------------------------------------


@digest.command()
@click.option("--file", "target", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file, whole.")
@click.pass_obj
def metrics(context: Context, target: Path | None) -> int:
    """Figures for Prometheus, as text: for the textfile collector, or to look at."""
    with context.store() as store:
        text = exposition.text(signals.figures(context, store))
    if target:
        write_whole(target, text)
    else:
        click.echo(text.decode(), nl=False)
    return DONE


# --- backup, restore ---------------------------------------------------------------------------------------------


@digest.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@as_json
@click.pass_obj
def backup(context: Context, file: Path, force: bool, as_json: bool) -> int:
    """Write the whole database to FILE while anything runs: *.jsonl.zst moves anywhere, *.db is an SQLite copy."""
    required(force or not file.exists(), f"{file}: is there already; choose another name, or add --force.")
    with context.store() as store:
        made = store.backup(file.absolute(), context.now())
    _say_backup(f"Written to {file} and read again", file, made, as_json)
    if not as_json:
        secret = context.settings.state / "secret"
        beside = [str(context.settings.file.parent), *([str(secret)] if secret.exists() else [])]
        out.print(f"Not in it, and to be kept beside it: {escape(', '.join(beside))}", soft_wrap=True)
    return DONE


@digest.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--force", is_flag=True, help="Throw away what the database holds now.")
@as_json
@click.pass_obj
def restore(context: Context, file: Path, force: bool, as_json: bool) -> int:
    """Put the backup FILE into the database of the settings, all of it or nothing."""
    with context.store() as store, store.exclusive("run") as ours:
        required(ours, "Another run is at work, maybe the daemon: stop it, and restore again.")
        required(
            force or store.is_empty(),
            f"{store.name} is not empty. Back it up, and add --force to throw away what it holds.",
        )
        found = store.restore(file.absolute())
    _say_backup(f"Restored {file}", file, found, as_json)
    return DONE


def _say_backup(words: str, file: Path, found: Backup, as_json: bool) -> None:
    rows = {name: count for name, count in found.rows.items() if count}
    if as_json:
        tables.print_json({"file": str(file), "bytes": os.stat(file).st_size, **tables.plain(found)})  # noqa: PTH116
        return
    told = ", ".join(f"{count:,} {name}" for name, count in rows.items()) or "nothing in it"
    out.print(escape(f"{words}: schema {found.schema}; {told}."), soft_wrap=True)


# --- prune -------------------------------------------------------------------------------------------------------


@digest.command()
@click.option("--dry-run", is_flag=True, help="Say what would go; touch nothing.")
@as_json
@click.pass_obj
def prune(context: Context, dry_run: bool, as_json: bool) -> int:
    """Let go what is older than [retention] says and not needed any more."""
    table, feeds = context.settings.retention, context.settings.feeds
    keep = pipeline.Retention(
        mails=table.mails_days,
        editions=max(table.editions_days, feeds.days + 1) if table.editions_days else 0,  # feeds show them
        sightings=table.sightings_days,
        dumps=table.dumps_days,
        set_asides=table.set_aside_days,
    )
    with context.store() as store, store.exclusive("run") as ours:
        required(ours, "Another run is at work; prune again when it is done.")
        gone = pipeline.prune(store, context.settings.inbox, keep, context.now(), dry=dry_run)
    if as_json:
        tables.print_json(gone)
        return DONE
    told = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in gone.items() if count)
    out.print(f"{'Would go' if dry_run else 'Gone'}: {told or 'nothing'}.")
    if keep == pipeline.Retention():
        out.print("All is kept for ever: \\[retention] sets no days.")
    return DONE
