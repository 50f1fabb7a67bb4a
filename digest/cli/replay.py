"""The command that makes a past day's messages again: replay."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from rich.markup import escape

from digest import pipeline
from digest.cli import tables, world
from digest.cli.app import DONE, TROUBLED, Context, Day, digest, out, progress, required
from digest.cli.phases import as_json
from digest.files import write_whole


@digest.command()
@click.argument("day", metavar="DATE", type=Day())
@click.option("--address", help="Only what went, or was to go, to this address.")
@click.option(
    "--out", "folder", type=click.Path(path_type=Path, file_okay=False), help="Where. [default: OUTPUT/replay]"
)
@as_json
@click.pass_obj
def replay(context: Context, day: date, address: str | None, folder: Path | None, as_json: bool) -> int:
    """Make the messages of DATE again, the same bytes, and write them as .eml files. Sends and changes nothing.

    Each is compared with the hash that was kept of it; one that differs or cannot be made is named, and not written.
    """
    folder = folder or context.settings.output / "replay"
    found = []
    with context.store() as store, progress("Replaying") as show:
        items = len(store.posted(day, address))
        required(items, f"No message was decided on for {day}{f' and {address}' if address else ''}. Try another date.")
        for number, one in enumerate(pipeline.replay(world.build(context.settings, store), day, address), start=1):
            show(number, items)
            path = folder / f"{one.message.name}.eml" if one.message and not one.fault else None
            if path and one.message:
                write_whole(path, one.message.content)
            found.append((one.item, path, one.fault))
    rows = [
        {
            "message_id": item.message_id,
            "address": item.address,
            "state": item.state,
            "sha256": item.sha256,
            "file": str(path) if path else None,
            "fault": fault,
        }
        for item, path, fault in found
    ]
    bad = [row for row in rows if row["fault"]]
    if as_json:
        tables.print_json(rows)
    else:
        if bad:
            tables.table(
                "address", "state", "fault", rows=((row["address"], row["state"], row["fault"]) for row in bad)
            )
        out.print(f"{len(rows) - len(bad)} of {len(rows)} are the same again, in {escape(str(folder))}", soft_wrap=True)
    return TROUBLED if bad else DONE
