"""Many rows at once, in and out: straight to the driver, as SQLAlchemy's own way takes half as long again a row.

PostgreSQL gets them by COPY. Does not know what the rows mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import msgspec
from sqlalchemy import ARRAY, ColumnElement, Connection, Dialect, Table, any_, func, literal, select

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

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
    """The same of rows that are given by column."""
    binders = [column.type.dialect_impl(conn.dialect).bind_processor(conn.dialect) for column in table.columns]
    bound = [_bound(values, bind) if bind else values for bind, values in zip(binders, columns, strict=True)]
    if rows := list(zip(*bound, strict=True)):
        (_copy if conn.dialect.name == "postgresql" else _execute)(conn, table, _names(table), rows)


def among(conn: Connection, column: ColumnElement[T], values: Iterable[T]) -> ColumnElement[bool]:
    """Whether a column's value is one of any number of them, which go as one parameter."""
    wanted = list(dict.fromkeys(values))
    if conn.dialect.name == "postgresql":
        return column == any_(literal(wanted, ARRAY(column.type)))
    each = func.json_each(msgspec.json.encode(wanted).decode()).table_valued("value")
    return column.in_(select(each.c.value))


def _names(table: Table) -> str:
    return ", ".join(column.name for column in table.columns)


def _execute(conn: Connection, table: Table, names: str, rows: list[Row]) -> None:
    marks = ", ".join("?" * len(table.columns))
    conn.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING", rows)  # noqa: S608


def _copy(conn: Connection, table: Table, names: str, rows: list[Row]) -> None:
    """By way of a table of this transaction's own, as COPY knows no conflicts."""
    new = f"new_{table.name}"
    conn.exec_driver_sql(f"CREATE TEMP TABLE IF NOT EXISTS {new} (LIKE {table.name}) ON COMMIT DROP")
    cursor: Any = conn.connection.cursor()
    with cursor, cursor.copy(f"COPY {new} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    conn.exec_driver_sql(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {new} ON CONFLICT DO NOTHING")  # noqa: S608
    conn.exec_driver_sql(f"TRUNCATE {new}")


def _bound(values: Sequence[Any], bind: Callable[[Any], Any]) -> list[Any]:
    """As the driver wants them. Each object is converted once: days, moments, categories and origins repeat."""
    keys = list(map(id, values))
    objects = dict(zip(keys, values, strict=True))
    bound = {key: None if value is None else bind(value) for key, value in objects.items()}
    return list(map(bound.__getitem__, keys))
