"""Many rows at once, in and out: straight to the driver, as SQLAlchemy's own way takes half as long again a row.

PostgreSQL gets them by COPY. Does not know what the rows mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import msgspec
from sqlalchemy import (
    ARRAY,
    JSON,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Select,
    Table,
    TableValuedAlias,
    any_,
    func,
    literal,
    select,
)
from sqlalchemy.exc import DBAPIError

from digest.store.schema.columns import Words

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

_json = msgspec.json.Encoder()
T = TypeVar("T")
Row = tuple[Any, ...]

InsertOr: TypeAlias = "Callable[..., sqlite.Insert | postgresql.Insert]"


def insert_or(dialect: Dialect) -> InsertOr:
    """INSERT with ON CONFLICT, which SQLAlchemy offers per engine only: in a module that comes with the engine."""
    return import_module(f"sqlalchemy.dialects.{dialect.name}").insert  # type: ignore[no-any-return]


def insert_new(conn: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, with a value for every column in the schema's order; one whose primary key is taken is left out."""
    if rows:
        insert_columns(conn, table, list(zip(*rows, strict=True)))


def insert_columns(conn: Connection, table: Table, columns: Sequence[Sequence[Any]]) -> None:
    """The same of rows that are given by column.

    Columns without any value are left out: sqlite3 asks anew for each None how to adapt it, which takes as long as to
    bind five strings.
    """
    told = [(one, values) for one, values in zip(table.columns, columns, strict=True) if not _without_any(values)]
    names = [column.name for column, _ in told]
    rows = zip(*(_bound(conn.dialect, column, values) for column, values in told), strict=True)
    with closing(conn.connection.cursor()) as cursor:
        try:
            (_copy if conn.dialect.name == "postgresql" else _execute)(cursor, table.name, names, rows)
        except conn.dialect.loaded_dbapi.Error as error:
            raise DBAPIError(None, None, error) from error


def among(conn: Connection, column: ColumnElement[T], values: Iterable[T]) -> ColumnElement[bool]:
    """Whether a column's value is one of any number of them, which go as one parameter."""
    wanted = list(dict.fromkeys(values))
    if conn.dialect.name == "postgresql":
        return column == any_(literal(wanted, ARRAY(column.type)))
    return column.in_(select(_each(wanted).c.value))


def of_each(conn: Connection, column: Column[T], values: Sequence[T], *others: Column[Any]) -> Select[Any]:
    """The rows in which a column has one of many values; on SQLite looked up in their order, each time they come."""
    if conn.dialect.name == "postgresql":
        return select(column, *others).where(among(conn, column, values))
    each = _each(values)
    return select(column, *others).join_from(each, column.table, column == each.c.value)


def _each(values: Sequence[object]) -> TableValuedAlias:
    return func.json_each(msgspec.json.encode(values).decode()).table_valued("value")


def _execute(cursor: Any, table: str, names: list[str], rows: Iterable[Row]) -> None:
    marks = ", ".join("?" * len(names))
    cursor.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}) ON CONFLICT DO NOTHING", rows)  # noqa: S608


def _copy(cursor: Any, table: str, names: list[str], rows: Iterable[Row]) -> None:
    """By way of a table of this transaction's own, as COPY knows no conflicts."""
    new, columns = f"new_{table}", ", ".join(names)
    cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {new} (LIKE {table}) ON COMMIT DROP")
    with cursor.copy(f"COPY {new} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {new} ON CONFLICT DO NOTHING")  # noqa: S608
    cursor.execute(f"TRUNCATE {new}")


def _without_any(values: Sequence[Any]) -> bool:
    return values[0] is None and values.count(None) == len(values)


def _bound(dialect: Dialect, column: Column[Any], values: Sequence[Any]) -> Sequence[Any]:
    """As the driver wants them. Of days and moments, which repeat, each object is converted once."""
    if isinstance(column.type, (JSON, Words)):
        told = _json.encode_lines(values).decode().split("\n")
        return [None if value is None else one for value, one in zip(values, told, strict=False)]
    bind = column.type.dialect_impl(dialect).bind_processor(dialect)
    if bind is None:
        return values
    keys = list(map(id, values))
    objects = dict(zip(keys, values, strict=True))
    bound = {key: None if value is None else bind(value) for key, value in objects.items()}
    return list(map(bound.__getitem__, keys))
