"""Subscriptions from a CSV file, for very many of them: a header line, then a line for each. Checks no value."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from digest.config.tables import SubscriptionTable
from digest.errors import ConfigError

COLUMNS = tuple(SubscriptionTable.model_fields)
NEEDED = ("address", "profile")


def read_subscriptions(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Each line with where it stands; an empty cell is the default. ConfigError if it is no such file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            header = [cell.strip().lower() for cell in next(rows, [])]
            _check(path, header)
            for row in rows:
                if not any(row):
                    continue
                where = f"{path}: line {rows.line_num}"
                if len(row) > len(header):
                    raise ConfigError(f"{where}: has {len(row)} cells, and the header {len(header)}; drop the others")
                yield where, {name: cell.strip() for name, cell in zip(header, row, strict=False) if cell.strip()}
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; write it, or drop `subscriptions` under [paths]") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}; save it as CSV in UTF-8") from None
    except csv.Error as error:
        raise ConfigError(f"{path}: line {rows.line_num}: not valid CSV: {error}") from None


def _check(path: Path, header: list[str]) -> None:
    for name in header:
        if name not in COLUMNS:
            raise ConfigError(f"{path}: line 1: no column “{name[:40]}”; there are: {', '.join(COLUMNS)}")
    for name in NEEDED:
        if header.count(name) != 1:
            raise ConfigError(f"{path}: line 1: the header needs one column `{name}`, such as address,profile,at,zone")
    if len(set(header)) < len(header):
        raise ConfigError(f"{path}: line 1: a column stands there twice; drop one")
