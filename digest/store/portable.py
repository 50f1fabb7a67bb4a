"""The rows of a portable backup: tables as JSON lines, and back. Does not know about files."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Date, Integer, LargeBinary, Table, func, insert, select

from digest.errors import StoreError
from digest.model import Backup
from digest.store.schema import Moment, metadata

VERSION = 1
ENDED = b'{"end":"of the backup"}'
_BATCH = 500
_MODULUS = 2**128


class Head(msgspec.Struct, kw_only=True):
    """The first line."""

    digest_backup: int = VERSION
    schema: str
    made_at: datetime


class Begun(msgspec.Struct, kw_only=True):
    """The line before a table's rows."""

    table: str
    columns: tuple[str, ...]


class Total(msgspec.Struct, kw_only=True):
    """The line behind a table's rows. The sum of the rows' hashes does not depend on their order."""

    rows: int = 0
    sum: str = "0"

    def add(self, line: bytes) -> None:
        self.rows += 1
        number = int.from_bytes(hashlib.sha256(line).digest()[:16])
        self.sum = f"{(int(self.sum, 16) + number) % _MODULUS:x}"


def lines_of(conn: Connection, table: Table, columns: Sequence[str] = ()) -> Iterator[bytes]:
    """A table's rows, each as a JSON list, in no order."""
    chosen = [table.c[name] for name in columns] or list(table.columns)
    for row in conn.execute(select(*chosen), execution_options={"yield_per": _BATCH}):
        yield msgspec.json.encode(tuple(row))


class Reader:
    """A backup's lines, table by table, each to its end. StoreError if it is not whole."""

    def __init__(self, lines: Iterator[bytes], name: str) -> None:
        self._lines, self._name = lines, name
        self.totals: dict[str, Total] = {}
        self.head: Head = self._decoded(Head, self._next())
        if self.head.digest_backup != VERSION:
            raise StoreError(f"{name}: a backup in a form of a newer program. Install the newer program.")

    def tables(self) -> Iterator[tuple[Begun, Iterator[list[Any]]]]:
        """Each table with its rows, which must be read before the next one."""
        while (line := self._next()) != ENDED:
            begun: Begun = self._decoded(Begun, line)
            yield begun, self._rows(begun.table)

    def _rows(self, table: str) -> Iterator[list[Any]]:
        counted = Total()
        while not (line := self._next()).startswith(b"{"):
            counted.add(line)
            yield self._decoded(list, line)
        if self._decoded(Total, line) != counted:
            raise StoreError(f"{self._name}: table {table} is damaged. Take another backup.")
        self.totals[table] = counted

    def backup(self) -> Backup:
        return Backup(
            form="portable",
            schema=self.head.schema,
            made_at=self.head.made_at,
            rows={name: total.rows for name, total in self.totals.items()},
        )

    def _next(self) -> bytes:
        line = next(self._lines, b"")
        if not line.endswith(b"\n"):
            raise StoreError(f"{self._name}: breaks off in the middle. Take another backup.")
        return line[:-1]

    def _decoded(self, kind: Any, line: bytes) -> Any:
        try:
            return msgspec.json.decode(line, type=kind)
        except msgspec.MsgspecError as error:
            raise StoreError(f"{self._name}: not a backup, or a damaged one ({error}). Take another.") from None


def empty_tables(conn: Connection) -> None:
    for table in reversed(metadata.sorted_tables):
        conn.execute(table.delete())


def fill(conn: Connection, begun: Begun, rows: Iterator[list[Any]], name: str) -> Table:
    """Put a table's rows into the database. StoreError if the table is another one here, or needs what is not told."""
    table = metadata.tables.get(begun.table)
    if table is None or not set(begun.columns) <= {column.name for column in table.columns}:
        raise StoreError(f"{name}: has a table {begun.table} unlike this program's. Install the program that made it.")
    for column in table.columns:
        if column.name not in begun.columns and not column.nullable and column.server_default is None:
            raise StoreError(
                f"{name}: older than this program, and tells nothing of {table.name}.{column.name}. "
                "Restore it with the program that made it, and open that database with this one."
            )
    back = [_from_json(table.c[name]) for name in begun.columns]
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(
            {
                column: value if value is None or read is None else read(value)
                for column, read, value in zip(begun.columns, back, row, strict=True)
            }
        )
        if len(batch) == _BATCH:
            conn.execute(insert(table), batch)
            batch = []
    if batch:
        conn.execute(insert(table), batch)
    return table


def _from_json(column: Column[Any]) -> Callable[[Any], Any] | None:
    if isinstance(column.type, LargeBinary):
        return base64.b64decode
    if isinstance(column.type, Moment):
        return datetime.fromisoformat
    return date.fromisoformat if isinstance(column.type, Date) else None


def set_counters(conn: Connection) -> None:
    """PostgreSQL counts new ids by itself, and knows nothing of those that were put in."""
    for table in metadata.sorted_tables:
        keys = list(table.primary_key.columns)
        if len(keys) == 1 and isinstance(keys[0].type, Integer) and not keys[0].foreign_keys:
            highest = conn.scalar(select(func.max(keys[0])))
            sequence = conn.scalar(select(func.pg_get_serial_sequence(table.name, keys[0].name)))
            if sequence and highest:
                conn.execute(select(func.setval(sequence, highest)))
