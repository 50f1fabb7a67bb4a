"""One open database: its URL, its transactions and its locks. Does not know what is kept in it."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import filelock
import msgspec
from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from digest.errors import StoreError
from digest.store import migrate
from digest.store.bulk import InsertOr, insert_or
from digest.store.failures import translated

PATIENCE = 30  # seconds to wait for another process's transaction; a URL may say otherwise (sqlite:///…?timeout=5)

_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


class Database:
    def __init__(self, url: URL) -> None:
        self.name = _shown(url)  # for people: never with the password
        self._file = Path(url.database or "") if url.drivername == "sqlite" else None
        self._engine = _sqlite_engine(url) if self._file else _postgresql_engine(url)
        # Several SELECTs of one reading see one state; SQLite gives that by itself.
        snapshot = {} if self._file else {"isolation_level": "REPEATABLE READ"}
        self._reader = self._engine.execution_options(**snapshot)
        # Taking SQLite's write lock at once: a transaction that read first could not wait for it.
        self._writer = self._engine.execution_options(begin="BEGIN IMMEDIATE")
        self._within: Connection | None = None  # a transaction of which what is read and written is a part

    @classmethod
    def open(cls, url: str) -> Self:
        """Make the file and its folder if need be, and bring the schema forward; safe when two processes do so at once.

        SchemaError if the database is newer than this program or another program's.
        """
        database = cls(_parsed(url))
        try:
            database._prepare()
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def exclusive(self, name: str) -> Iterator[bool]:
        """Yields at once: True to the one holder of this name, False to everybody else; freed by the holder's death."""
        with self._lock_file(name, wait=0) if self._file else self._advisory_lock(name) as held:
            yield held

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What is written meanwhile is seen by this store alone, in one thread, and is undone at the end.

        On SQLite nobody else writes until then, so it is not for what takes long.
        """
        with translated(self.name), self._writer.connect() as conn:
            conn.begin()
            self._within = conn
            try:
                yield
            finally:
                self._within = None
                conn.rollback()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """All that is written meanwhile by this store, in one thread, is written at the end, or none of it."""
        with self._writing() as conn:
            before, self._within = self._within, conn
            try:
                yield
            finally:
                self._within = before

    def check(self) -> str:
        """One line for the doctor: engine, database, schema revision. StoreError if SQLite finds the file damaged."""
        with self._reading() as conn:
            product = "SQLite" if self._file else "PostgreSQL"
            version = ".".join(map(str, conn.dialect.server_version_info or sqlite3.sqlite_version_info))
            line = f"{product} {version}, {self.name}, schema {migrate.revision(conn)}"
            if not self._file:
                return line
            verdict = conn.scalar(text("PRAGMA quick_check(1)"))
        if verdict != "ok":
            raise StoreError(f"{self.name}: the file is damaged ({verdict}). Keep a copy, and restore a backup.")
        return f"{line}, quick_check ok"

    @contextmanager
    def _session(self, name: str) -> Iterator[Connection]:
        """A connection out of the pool, without transactions of its own, that holds the lock of this new name."""
        with translated(self.name):
            conn = self._engine.connect()
            conn = conn.execution_options(**{"begin": ""} if self._file else {"isolation_level": "AUTOCOMMIT"})
            conn.detach()
        try:
            with self._lock_file(name, wait=0) if self._file else nullcontext(True) as held:
                with translated(self.name):
                    if not self._file:
                        held = bool(conn.scalar(select(func.pg_try_advisory_lock(_lock_number(name)))))
                if not held:
                    raise StoreError(f"{self.name}: the lock {name} is taken. Run again.")
                yield conn
            self._forget_lock(name)
        finally:
            with suppress(SQLAlchemyError):
                conn.close()

    def _forget_lock(self, name: str) -> None:
        """Remove the file of a lock whose name will never be used again."""
        if self._file:
            Path(f"{self._file}.{name}.lock").unlink(missing_ok=True)

    # --- for the mix-ins ---------------------------------------------------------------------------------------

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with translated(self.name), nullcontext(self._within) if self._within else self._reader.connect() as conn:
            yield conn

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """One transaction: all of the body's writes or none."""
        if within := self._within:
            with translated(self.name), within.begin_nested():
                yield within
            return
        with translated(self.name), self._writer.begin() as conn:
            yield conn

    @contextmanager
    def _writing_many(self) -> Iterator[Connection]:
        """The same for many rows that name others, of which SQLite looks up none: they come with them, or are there."""
        with translated(self.name), self._writer.connect() as conn, self._unchecked(conn), conn.begin():
            yield conn

    @contextmanager
    def _unchecked(self, conn: Connection) -> Iterator[None]:
        if not self._file:
            yield
            return
        driver: Any = conn.connection.driver_connection  # as no transaction may be open
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            yield
        finally:
            driver.execute("PRAGMA foreign_keys=ON")

    @property
    def _insert(self) -> InsertOr:
        return insert_or(self._engine.dialect)

    def _take_turns(self, conn: Connection, name: str) -> None:
        """Until the transaction ends nobody else passes here. On SQLite every writer is alone anyway."""
        if not self._file:
            conn.execute(select(func.pg_advisory_xact_lock(_lock_number(name))))

    # --- opening -----------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        with translated(self.name):
            if self._file:
                self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._reading() as conn:
            behind = migrate.behind(conn, self.name)
        if behind and self._file:
            self._prepare_file()
        elif behind:
            self._migrate()

    def _prepare_file(self) -> None:
        with self._lock_file("open", wait=PATIENCE) as held:
            if not held:
                raise StoreError(f"{self.name}: another process is still preparing it. Run again when it is done.")
            with translated(self.name), self._engine.connect().execution_options(begin="") as conn:
                # Kept in the file, and not possible in a transaction. A paper has some 2 KB: with pages of 4 KiB, as is
                # usual, the file is a quarter larger, and written in more pieces.
                conn.execute(text("PRAGMA page_size=8192"))
                conn.execute(text("PRAGMA journal_mode=WAL"))
            self._migrate()

    def _migrate(self) -> None:
        with self._writing() as conn:
            self._take_turns(conn, "migrate")
            if migrate.behind(conn, self.name):  # nobody did it while we waited
                migrate.upgrade(conn)

    # --- locks -------------------------------------------------------------------------------------------------

    @contextmanager
    def _lock_file(self, name: str, wait: float) -> Iterator[bool]:
        lock = filelock.FileLock(f"{self._file}.{name}.lock", timeout=wait, thread_local=False)
        with translated(self.name):
            held = _acquired(lock)
        try:
            yield held
        finally:
            if held:
                lock.release()

    @contextmanager
    def _advisory_lock(self, name: str) -> Iterator[bool]:
        with translated(self.name):
            conn = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")  # not idle in a transaction
            conn.detach()  # its own session, out of the pool: closing it frees the lock, whatever happened
        try:
            with translated(self.name):
                held = bool(conn.scalar(select(func.pg_try_advisory_lock(_lock_number(name)))))
            yield held
        finally:
            with suppress(SQLAlchemyError):  # the lock went with the session
                conn.execute(select(func.pg_advisory_unlock_all()))  # closing alone frees it only a moment later
            conn.close()


def _acquired(lock: filelock.BaseFileLock) -> bool:
    try:
        lock.acquire()
    except filelock.Timeout:
        return False
    return True


def _lock_number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"digest:{name}".encode()).digest()[:8], signed=True)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None  # the library's message may repeat a password
    driver = _DRIVERS.get(parsed.drivername) if parsed else None
    if parsed is None or driver is None:
        raise StoreError(
            "The database URL cannot be used. Write sqlite:///folder/file.db or postgresql://user@host/database."
        )
    if driver == "sqlite" and (parsed.database or ":memory:").startswith((":memory:", "file:")):
        raise StoreError("An SQLite database must be a plain file. Write sqlite:///folder/file.db.")
    return parsed.set(drivername=driver)


def sqlite_url(path: Path) -> URL:
    return URL.create("sqlite", database=str(path))


def _shown(url: URL) -> str:
    if url.drivername == "sqlite":
        return f"Database {url.database}"
    if "password" in url.query:
        url = url.update_query_dict({"password": "***"})
    return f"Database {url.render_as_string(hide_password=True)}"


def _options(url: URL, **connect: object) -> dict[str, Any]:
    return {
        "connect_args": {name: value for name, value in connect.items() if name not in url.query},
        "hide_parameters": True,  # addresses do not belong into error messages
        "json_serializer": lambda value: msgspec.json.encode(value).decode(),
        "json_deserializer": msgspec.json.decode,
    }


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(url, **_options(url, timeout=PATIENCE))

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late for a consistent reading
        connection.create_function("lower", 1, _lower, deterministic=True)  # SQLite's own knows ASCII only
        try:
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA synchronous=NORMAL")  # with WAL only a power cut can undo the last commits
            connection.execute("PRAGMA cache_size=-16384")  # KiB: keys of new papers go all over their index
        except sqlite3.Error:
            connection.close()  # nobody else will: the pool does not have it yet
            raise

    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:
        if statement := conn.get_execution_options().get("begin", "BEGIN"):
            conn.exec_driver_sql(statement)

    return engine


def _lower(value: str | None) -> str | None:
    return value.lower() if value else value


def _postgresql_engine(url: URL) -> Engine:
    try:
        engine = create_engine(url, pool_pre_ping=True, **_options(url, connect_timeout=10))
    except (ImportError, SQLAlchemyError) as error:
        raise StoreError(
            f"{_shown(url)}: {error}. PostgreSQL needs psycopg: pip install 'trending-papers-digest[postgres]'."
        ) from error

    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: object) -> None:
        connection.execute(f"SET lock_timeout = '{PATIENCE}s'")
        connection.commit()

    return engine
