"""The command that lets go what is old: prune."""

from __future__ import annotations

from digest.cli import tables
from digest.cli.codes import DONE
from digest.cli.context import Context
from digest.cli.screen import out, required
from digest.pipeline.prune import Retention, prune


def prune_command(context: Context, dry_run: bool, as_json: bool) -> int:
    settings = context.settings
    table, feeds = settings.retention, settings.feeds
    keep = Retention(
        mails=table.mails_days,
        pages=table.pages_days,
        editions=max(table.editions_days, feeds.days + 1) if table.editions_days else 0,  # feeds show them
        sightings=table.sightings_days,
        dumps=table.dumps_days,
        set_asides=table.set_aside_days,
    )
    archived = [
        one.id
        for one in settings.subscriptions
        if table.keep_archives and (one.address is None or feeds.private == "full")
    ]
    with context.store() as store, store.exclusive("run") as ours:
        required(ours, "Another run is at work; prune again when it is done.")
        inbox, archive = settings.inbox, settings.output / "archive"
        gone = prune(store, settings.subscriptions, inbox, archive, keep, context.now(), archived, dry=dry_run)
    if as_json:
        tables.print_json(gone)
        return DONE
    told = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in gone.items() if count)
    out.print(f"{'Would go' if dry_run else 'Gone'}: {told or 'nothing'}.")
    if keep == Retention():
        out.print("All is kept for ever: \\[retention] sets no days.")
    return DONE
