"""Backups that are whole while the program runs, their way back, and what may go after a time.

A copy is an SQLite file, made by the engine. A portable backup is JSON Lines in Zstandard: it moves between SQLite and
PostgreSQL, and each table in it carries the number and the sum of its rows, which is held against the database.
"""

from __future__ import annotations

import io
import os
import sqlite3
import tempfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path
from urllib.parse import quote

import msgspec
import zstandard
from sqlalchemy import Connection, extract, func, inspect, select, text, true, tuple_, update
from sqlalchemy.sql.elements import ColumnElement

from digest.errors import StoreError
from digest.model import Backup, OutboxState
from digest.store import codec, migrate
from digest.store.bulk import among
from digest.store.database import Database, sqlite_url
from digest.store.failures import translated
from digest.store.pieces import Pieces
from digest.store.portable import ENDED, Begun, Head, Reader, Total, empty_tables, fill, lines_of, set_counters
from digest.store.schema import day_changes, editions, listings, metadata, outbox, pieces, set_asides, sightings

COPY, PORTABLE = (".db", ".sqlite"), (".zst",)
_SQLITE_START, _ZSTD_START = b"SQLite format 3\0", b"\x28\xb5\x2f\xfd"
_DONE = (
    OutboxState.SENT,
    OutboxState.FAILED,
    OutboxState.SUPPRESSED,
    OutboxState.STOPPED,
    OutboxState.WITHDRAWN,
)
_LEVEL = 6


class Upkeep(Pieces):
    # --- backup ------------------------------------------------------------------------------------------------

    def backup(self, path: Path, now: datetime) -> Backup:
        """Write all of the database as it is at one moment, by temporary file and rename, and read it again."""
        if path.suffix not in COPY + PORTABLE:
            raise StoreError(f"{path}: name it .db for an SQLite copy, or .jsonl.zst to move between databases.")
        if path.suffix in COPY and not self._file:
            raise StoreError(f"{path}: only an SQLite database can be copied as .db; name the backup .jsonl.zst.")
        with translated(self.name), _whole(path) as temporary:
            if path.suffix in COPY:
                self._copy_to(temporary)
                return _of_copy(temporary)
            self._write_portable(temporary, now)
            return verified(temporary)

    def _copy_to(self, path: Path) -> None:
        path.unlink()
        with self._engine.connect().execution_options(begin="") as conn:  # not possible in a transaction
            conn.execute(text("VACUUM INTO :path"), {"path": str(path)})

    def _write_portable(self, path: Path, now: datetime) -> None:
        encode = msgspec.json.encode
        with path.open("wb") as file, zstandard.ZstdCompressor(level=_LEVEL).stream_writer(file) as packed:
            with self._reading() as conn:
                packed.write(encode(Head(schema=migrate.revision(conn) or "", made_at=now)) + b"\n")
                for table in metadata.sorted_tables:
                    total = Total()
                    packed.write(
                        encode(Begun(table=str(table.name), columns=tuple(map(str, table.columns.keys())))) + b"\n"
                    )
                    for line in lines_of(conn, table):
                        total.add(line)
                        packed.write(line + b"\n")
                    packed.write(encode(total) + b"\n")
            packed.write(ENDED + b"\n")

    # --- restore -----------------------------------------------------------------------------------------------

    def is_empty(self) -> bool:
        """Whether nothing would be lost by restoring into it."""
        with self._reading() as conn:
            return not any(conn.execute(select(table).limit(1)).first() for table in metadata.sorted_tables)

    def restore(self, path: Path) -> Backup:
        """Put the backup in place of all that is here, all of it or nothing, and hold what is here then against it."""
        with translated(str(path)), path.open("rb") as file:
            start = file.read(len(_SQLITE_START))
        if start == _SQLITE_START:
            return self._restore_copy(path)
        if start.startswith(_ZSTD_START):
            return self._restore_portable(path)
        raise StoreError(f"{path}: not a backup of this program. Name a file that `digest backup` wrote.")

    def _restore_copy(self, path: Path) -> Backup:
        if not self._file:
            raise StoreError(
                f"{path}: a copy of an SQLite database, and {self.name} is none. Restore it as SQLite, and make a "
                "portable backup (.jsonl.zst) from there."
            )
        found = _of_copy(path)
        with translated(self.name), closing(self._engine.raw_connection()) as connection:
            target = connection.driver_connection
            assert isinstance(target, sqlite3.Connection)
            try:
                with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as source:
                    source.backup(target)
                target.execute("PRAGMA journal_mode=WAL")
            except sqlite3.Error as error:
                raise StoreError(f"{self.name}: {error}. Stop whatever uses it, and restore again.") from error
        self._engine.dispose()
        self._prepare()
        self.check()
        return found

    def _restore_portable(self, path: Path) -> Backup:
        with _lines(path) as lines, self._writing() as conn:
            self._take_turns(conn, "record")
            reader = Reader(lines, str(path))
            self._refuse_newer(reader.head.schema, path)
            empty_tables(conn)
            for begun, rows in reader.tables():
                table = fill(conn, begun, rows, str(path))
                here = Total()
                for line in lines_of(conn, table, begun.columns):
                    here.add(line)
                if here != reader.totals[begun.table]:
                    raise StoreError(f"{path}: table {table.name} did not come out as it was; nothing was restored.")
            if not self._file:
                set_counters(conn)
            return reader.backup()

    def _refuse_newer(self, schema: str, path: Path) -> None:
        if not migrate.knows(schema):
            raise StoreError(f"{path}: its schema {schema} is newer than this program. Install the newer program.")

    # --- retention ---------------------------------------------------------------------------------------------

    def prune_mails(self, before: datetime, *, dry: bool) -> int:
        """The record of mails decided on before that and done with, and of their attempts."""
        old = _old_mails(before)
        ids = select(outbox.c.message_id).where(old)
        with self._writing() as conn:
            count = conn.scalar(select(func.count()).select_from(outbox).where(old)) or 0
            if not dry and count:
                for table in metadata.sorted_tables:  # whatever tells more of a mail goes with it
                    for column in table.columns:
                        if any(key.column is outbox.c.message_id for key in column.foreign_keys):
                            conn.execute(table.delete().where(column.in_(ids)))
                conn.execute(outbox.delete().where(old))
        return count

    def prune_editions(self, before: date, kept: Collection[str] = (), *, dry: bool) -> int:
        """What editions of the months before that date held, but for those of the subscriptions `kept`.

        A month of a subscription goes as a whole, as its feeds have archives by month, and so not that of its last
        edition nor of one still to be sent. That there was an edition, and which papers it showed, stays.
        """
        with self._writing() as conn:
            old = _old_editions(conn, before, kept)
            count = conn.scalar(select(func.count()).select_from(editions).where(old)) or 0
            if not dry and count:
                ids = list(conn.scalars(select(editions.c.id).where(old)))
                for start in range(0, len(ids), 500):
                    chosen = editions.c.id.in_(ids[start : start + 500])
                    conn.execute(update(editions).where(chosen).values(content=None, selection=None))
        return count

    def days_left(self, subscription_id: str, before: date, kept: Collection[str] = ()) -> set[date]:
        """The dates of the subscription's editions that `prune_editions` leaves as they are."""
        with self._reading() as conn:
            there = (editions.c.subscription_id == subscription_id) & editions.c.content.is_not(None)
            return set(conn.scalars(select(editions.c.date).where(there, ~_old_editions(conn, before, kept))))

    def prune_pieces(
        self, mails: datetime | None, editions_: date | None, kept: Collection[str] = (), *, dry: bool
    ) -> int:
        """What only mails and editions were made of that the two above let go, or have let go; None lets none go."""
        kept_mails = true() if mails is None else ~_old_mails(mails)
        youngest = max(day for day in (mails and mails.date(), editions_) if day)
        with self._writing() as conn:
            others = true() if editions_ is None else ~_old_editions(conn, editions_, kept)
            kept_editions = editions.c.content.is_not(None) & others
            needed = set(conn.scalars(select(editions.c.selection).where(kept_editions).distinct()))
            letters = set(conn.scalars(select(outbox.c.letter).where(kept_mails).distinct()))
            old = {*conn.scalars(select(pieces.c.digest).where(pieces.c.used_on < youngest))}
            needed |= letters | _pieces_of(conn, old & letters)  # a younger letter's pieces are younger themselves
            gone = sorted(old - needed)
            if not dry:
                for start in range(0, len(gone), 500):
                    conn.execute(pieces.delete().where(pieces.c.digest.in_(gone[start : start + 500])))
        return len(gone)

    def prune_sightings(self, before: date, *, dry: bool) -> int:
        """Sightings of days before that, but for each paper's latest from each source; and what those days changed."""
        with self._writing() as conn:
            old = _older_sightings(before)
            count = conn.scalar(select(func.count()).select_from(sightings).where(old)) or 0
            if not dry:
                conn.execute(sightings.delete().where(old))
                conn.execute(day_changes.delete().where(day_changes.c.as_of < before))
        return count

    def prune_set_asides(self, before: datetime, *, dry: bool) -> int:
        """The record of dumps set aside before that."""
        with self._writing() as conn:
            old = set_asides.c.at < before
            count = conn.scalar(select(func.count()).select_from(set_asides).where(old)) or 0
            if not dry:
                conn.execute(set_asides.delete().where(old))
        return count


def _old_mails(before: datetime) -> ColumnElement[bool]:
    return (outbox.c.created_at < before) & outbox.c.state.in_(_DONE)


def _old_editions(conn: Connection, before: date, kept: Collection[str]) -> ColumnElement[bool]:
    """Those of whole months that hold neither a subscription's last nor one still to be sent."""
    other = editions.alias()
    latest = (
        select(func.max(other.c.date))
        .where(other.c.subscription_id == editions.c.subscription_id, other.c.content.is_not(None))
        .scalar_subquery()
    )
    unsent = (
        select(other.c.subscription_id, _month(other.c.date))
        .join(outbox, outbox.c.edition_id == other.c.id)
        .where(outbox.c.state.not_in(_DONE))
    )
    return (
        (editions.c.date < before.replace(day=1))
        & editions.c.content.is_not(None)
        & (_month(editions.c.date) < _month(latest))
        & tuple_(editions.c.subscription_id, _month(editions.c.date)).not_in(unsent)
        & ~among(conn, editions.c.subscription_id, kept)
    )


def _month(day: ColumnElement[date]) -> ColumnElement[int]:
    return extract("year", day) * 12 + extract("month", day)


def _pieces_of(conn: Connection, letters: Collection[str]) -> set[str]:
    found: set[str] = set()
    for row in conn.execute(select(pieces.c.content).where(among(conn, pieces.c.digest, letters))):
        found.update(digest.hex() for digest in codec.piece_digests(zlib.decompress(row.content)))
    return found


def _older_sightings(before: date) -> ColumnElement[bool]:
    here, later, there = listings.alias(), sightings.alias(), listings.alias()
    return (
        select(1)
        .where(
            here.c.id == sightings.c.listing_id,
            here.c.as_of < before,
            later.c.paper_id == sightings.c.paper_id,
            later.c.listing_id > sightings.c.listing_id,
            there.c.id == later.c.listing_id,
            there.c.source == here.c.source,
        )
        .correlate(sightings)
        .exists()
    )


def verified(path: Path) -> Backup:
    """A portable backup read through, each table held against its number and sum. StoreError if it is not whole."""
    with _lines(path) as lines:
        reader = Reader(lines, str(path))
        for _, rows in reader.tables():
            for _ in rows:
                pass
        return reader.backup()


def _of_copy(path: Path) -> Backup:
    """What an SQLite copy holds; StoreError if it is damaged, or another program's."""
    with closing(Database(sqlite_url(path))) as copy:
        copy.check()
        with copy._reading() as conn:
            schema = migrate.revision(conn)
            if schema is None or not migrate.knows(schema):
                raise StoreError(f"{path}: not a database of this program, or of a newer one (schema {schema}).")
            tables = set(inspect(conn).get_table_names())
            rows = {
                table.name: conn.scalar(select(func.count()).select_from(table)) or 0
                for table in metadata.sorted_tables
                if table.name in tables
            }
    return Backup(form="copy", schema=schema, made_at=None, rows=rows)


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A file beside the path, for its owner alone, that takes its place if all goes well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o600)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _lines(path: Path) -> Iterator[Iterator[bytes]]:
    with translated(str(path)), path.open("rb") as file:
        reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        try:
            yield iter(io.BufferedReader(reader))
        except zstandard.ZstdError as error:
            raise StoreError(f"{path}: damaged ({error}). Nothing was restored; take another backup.") from error
