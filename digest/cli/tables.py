"""What the commands print: tables for people, JSON for programs. Everything from outside is escaped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from enum import Enum
from typing import Any

import click
from rich import box
from rich.markup import escape
from rich.table import Table

from digest.cli.screen import out
from digest.model import Edition, NoEdition, OutboxItem


def plain(value: Any) -> Any:
    """Nouns as JSON's own types; moments in ISO 8601."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list | frozenset | set):
        return [plain(one) for one in value]
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime | date | time) else value


def print_json(value: Any, *, one_line: bool = False) -> None:
    click.echo(json.dumps(plain(value), ensure_ascii=False, indent=None if one_line else 2))


def table(*headings: str, rows: Iterable[Sequence[object]], right: Iterable[str] = ()) -> None:
    """Draw a table; `right` names the columns of numbers. The widest texts give way on a narrow terminal.

    Where there is none, a row is a line, however long. Moments are told to the minute, in UTC.
    """
    numbers = set(right)
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        number = heading in numbers
        drawn.add_column(heading, justify="right" if number else "left", no_wrap=number, overflow="fold")
    for row in rows:
        drawn.add_row(*(escape(_cell(cell)) for cell in row))
    out.print(drawn)


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return "" if value is None else " ".join(str(value).splitlines())


def set_aside(dump: str, error: str) -> str:
    """Its reason, which mostly names the dump already."""
    return error if error.startswith(dump) else f"{dump}: {error}"


def tail(name: str, most: int = 40) -> str:
    """The end of a file's name, which tells more than its folders."""
    last = name.rpartition("/")[2] or name
    return last if len(last) <= most else f"…{last[-most + 1 :]}"


def waiting(found: Mapping[str, NoEdition]) -> None:
    for name, one in found.items():
        out.print(f"{escape(name)}: the edition of {one.date} {escape(one.reason)}.", soft_wrap=True)


def head(title: str, most: int = 60) -> str:
    """The beginning of a text."""
    return title if len(title) <= most else title[: most - 1].rstrip() + "…"


def ranking(edition: Edition) -> None:
    table(
        "", "paper", "score", "why",
        rows=((rank, item.paper.title, item.score, item.why) for rank, item in edition.ranked),
        right=("", "score"),
    )  # fmt: skip


def outbox(items: Sequence[OutboxItem]) -> None:
    table(
        "state", "edition", "tries", "next try", "last reply",
        rows=((i.state.value, head(i.edition_id, 40), i.attempts, i.next_at, head(i.reply, 30)) for i in items),
        right=("tries",),
    )  # fmt: skip


def no_edition(none: NoEdition) -> None:
    out.print(f"No edition: {escape(none.reason)}.")
