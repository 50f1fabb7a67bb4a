"""Brings a database's schema to this program's version. Knows of every version, and refuses one it does not know."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select

from digest.errors import SchemaError
from digest.store import schema

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0019"  # the newest file in migrations/versions; spares every start the import of Alembic
VERSION_TABLE = "digest_version"  # not Alembic's default, so that a PostgreSQL database can be shared

_version = Table(VERSION_TABLE, MetaData(), Column("version_num", String))


def revision(conn: Connection) -> str | None:
    """The schema revision stored in the database, None if it has none of our tables."""
    if not inspect(conn).has_table(VERSION_TABLE):
        return None
    return conn.scalar(select(_version.c.version_num))


def behind(conn: Connection, name: str) -> bool:
    """True if the schema is missing or older. SchemaError if it is newer, or another program's."""
    current = revision(conn)
    if current is None:
        _refuse_strangers(conn, name)
    elif current != HEAD and current not in _known_revisions():
        raise SchemaError(
            f"{name}: its schema {current} is newer than this program, which knows up to {HEAD}. "
            "Install the newer program, or name another database."
        )
    return current != HEAD


def knows(revision: str) -> bool:
    """Whether this program can bring a schema of that revision forward."""
    return revision == HEAD or revision in _known_revisions()


def upgrade(conn: Connection) -> None:
    """Run what is missing on the caller's transaction, so that a crash leaves the old schema whole."""
    config = _config()
    config.attributes["connection"] = conn
    import_module("alembic.command").upgrade(config, "head")


def _refuse_strangers(conn: Connection, name: str) -> None:
    """Ours is the whole SQLite file; on PostgreSQL other programs' tables may be neighbours, under other names."""
    tables = set(inspect(conn).get_table_names())
    strangers = tables if conn.dialect.name == "sqlite" else tables & set(schema.metadata.tables)
    if strangers:
        raise SchemaError(
            f"{name}: it belongs to another program (it has a table {min(strangers)} but no {VERSION_TABLE}). "
            "Name another database."
        )


def _known_revisions() -> set[str]:
    script = import_module("alembic.script").ScriptDirectory.from_config(_config())
    return {each.revision for each in script.walk_revisions()}


def _config() -> Config:
    config: Config = import_module("alembic.config").Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config
