"""The command that makes a past day's messages again: replay."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from rich.markup import escape

from digest.cli import tables, world
from digest.cli.codes import DONE, TROUBLED
from digest.cli.context import Context
from digest.cli.progress import progress
from digest.cli.screen import out, required
from digest.files import write_whole
from digest.pipeline.letters import replay


def replay_command(context: Context, day: date, address: str | None, folder: Path | None, as_json: bool) -> int:
    folder = folder or context.settings.output / "replay"
    found = []
    with context.store() as store, progress("Replaying") as show:
        items = len(store.posted(day, address))
        required(items, f"No message was decided on for {day}{f' and {address}' if address else ''}. Try another date.")
        for number, one in enumerate(replay(world.build(context.settings, store), day, address), start=1):
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
