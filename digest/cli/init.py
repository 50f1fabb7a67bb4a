"""The command that makes a working folder: init."""

from __future__ import annotations

import shutil
from pathlib import Path

from rich.markup import escape

from digest import config
from digest.cli.codes import DONE
from digest.cli.context import Context
from digest.cli.screen import out


def init_command(_context: Context, folder: Path, samples: bool) -> int:
    for name in ("config", "inbox", "out", "state"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name in ("digest.toml", "profiles.toml"):
        target = folder / "config" / name
        if target.exists():
            out.print(f"Kept {escape(str(target))}, which was there already.")
        else:
            shutil.copyfile(config.EXAMPLES / name, target)
    if samples:
        for sample in sorted((config.EXAMPLES / "samples").iterdir()):
            shutil.copyfile(sample, folder / "inbox" / sample.name)
    where = escape(str(folder))
    out.print(f"Made {where}. Put dumps into {where}/inbox, look through {where}/config, then:", soft_wrap=True)
    out.print(f"  digest --config {where}/config/digest.toml run", soft_wrap=True)
    return DONE
