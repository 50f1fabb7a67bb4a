"""The commands of backups: backup, restore."""

from __future__ import annotations

import os
from pathlib import Path

from rich.markup import escape

from digest.cli import tables
from digest.cli.codes import DONE
from digest.cli.context import Context
from digest.cli.screen import out, required
from digest.model import Backup


def backup_command(context: Context, file: Path, force: bool, as_json: bool) -> int:
    required(force or not file.exists(), f"{file}: is there already; choose another name, or add --force.")
    with context.store() as store:
        made = store.backup(file.absolute(), context.now())
    _say_backup(f"Written to {file} and read again", file, made, as_json)
    if not as_json:
        secret = context.settings.state / "secret"
        beside = [str(context.settings.file.parent), *([str(secret)] if secret.exists() else [])]
        out.print(f"Not in it, and to be kept beside it: {escape(', '.join(beside))}", soft_wrap=True)
    return DONE


def restore_command(context: Context, file: Path, force: bool, as_json: bool) -> int:
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
