"""Turns what the database libraries raise into StoreError: what happened, to what, what to do now."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError

from digest.errors import StoreError

_LOCKED = "another program kept it locked for too long. Nothing was written; run again when that program is done"
_FULL = "the disk (or the database's size limit) is full. Nothing was written; make room and run again"
_READ_ONLY = "it may not be written. Nothing was changed; give this user the right to write the file and its folder"
_NO_ENTRY = "the server refused this user. Check the name, the password and the rights in the URL"
_NO_SERVER = "no connection to the server. Check that it runs and that host, port and database in the URL are right"

_SQLITE = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened. Check that its folder exists and may be read and written",
    sqlite3.SQLITE_NOTADB: "the file is not an SQLite database. Move it away, or name another file",
    sqlite3.SQLITE_CORRUPT: "the file is damaged. Keep a copy, and restore a backup",
    sqlite3.SQLITE_IOERR: "the disk reported an error. Check the disk and its free space, then run again",
}

# SQLSTATE, whole or its class (first two characters): https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL = {
    "53100": _FULL,
    "55P03": _LOCKED,
    "40P01": _LOCKED,
    "25006": "the server is read-only. Nothing was changed; use the primary server",
    "3D000": "there is no such database. Create it (createdb), or correct the URL",
    "42501": _NO_ENTRY,
    "28": _NO_ENTRY,
    "08": _NO_SERVER,
    "57P": "the server ended the connection. Nothing of this step was written; run again when it is up",
}


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Everything the body lets through from the database libraries leaves as StoreError; `name` says which database."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(f"{name}: {_explain(error)}.") from error
    except StatementError as error:
        if isinstance(error.orig, ValueError):  # refused by our own column types: a mistake of the caller
            raise error.orig from None
        raise StoreError(
            f"{name}: {_first_line(error)}. This is a mistake in the program; please report it."
        ) from error
    except SQLAlchemyError as error:
        raise StoreError(f"{name}: {_first_line(error)}.") from error
    except OSError as error:
        raise StoreError(f"{name}: {error}. Check the folder's rights and free space.") from error


def _explain(error: DBAPIError) -> str:
    orig = error.orig
    if isinstance(orig, sqlite3.Error):
        known = _SQLITE.get(getattr(orig, "sqlite_errorcode", 0) & 0xFF)  # without the extended part
        return known or f"{_first_line(orig)}. Nothing was written; please report this"
    state = getattr(orig, "sqlstate", None)
    if state is None:
        words = _first_line(orig)
        refused = "authentication" in words or "role" in words  # libpq gives no SQLSTATE before it is connected
        return f"{_NO_ENTRY if refused else _NO_SERVER} ({words})"
    known = next((_POSTGRESQL[key] for key in (state, state[:3], state[:2]) if key in _POSTGRESQL), None)
    return known or f"{_first_line(orig)} (SQLSTATE {state}). Nothing was written; please report this"


def _first_line(error: BaseException | None) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
