"""The version of the zone rules that this machine has, to notice when they change. Does not read the rules."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

# Where a zone database tells its version, and what changes with any update where it does not.
_TOLD = ("tzdata.zi", "+VERSION", "version", "zone1970.tab", "zone.tab")


def zone_rules() -> str:
    """A name of the rules in use: another one after every update. Rules that are in memory and outdated are dropped."""
    found = _version()
    if _seen and _seen[-1] != found:
        ZoneInfo.clear_cache()
    _seen[:] = [found]
    return found


_seen: list[str] = []


def _version() -> str:
    """The folders of the system come first, as they do for `zoneinfo`; what they do not have is the package's."""
    told = [_of(Path(folder)) for folder in TZPATH if Path(folder).is_dir()]
    with suppress(PackageNotFoundError):
        told.append(f"tzdata {version('tzdata')}")
    return "; ".join(told)


def _of(folder: Path) -> str:
    for name in _TOLD:
        try:
            with (folder / name).open("rb") as file:
                return f"{folder} {hashlib.sha256(file.read(65536)).hexdigest()[:16]}"
        except OSError:
            continue
    return f"{folder} {folder.stat().st_mtime_ns}"
