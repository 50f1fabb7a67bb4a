"""What all tests share: golden files, the real data, new databases, a working folder, and the command line here."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import URL, Connection, Engine

from digest.cli import main
from digest.store import Store, database, migrate
from digest.store.database import sqlite_url

# Compiled once, and not by each worker and each process that a test starts.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Loaded here once, as a fixture of a session that modules import is made anew for each of them.
pytest_plugins = ["stores", "prepared"]

# Files of a test live shorter than a disk takes to write them: they are kept in memory where that has room.
MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 2**30 and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
    os.environ.setdefault("TMPDIR", str(MEMORY))
    tempfile.tempdir = None  # asked for again

GOLDEN = Path(__file__).parent / "data" / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="Write the golden files anew instead of comparing.")


def pytest_collection_finish() -> None:
    """What is loaded stays: the collector of garbage need not look at it again in each test, nor look often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def _new_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A new file of SQLite gets at once what the migrations come to, which run once a session."""
    path, upgrade = tmp_path_factory.mktemp("migrated") / "digest.db", migrate.upgrade
    Store.open(f"sqlite:///{path}").close()
    with contextlib.closing(sqlite3.connect(path)) as migrated:
        _, *statements, _ = migrated.iterdump()  # without BEGIN and COMMIT

    def at_once(conn: Connection) -> None:
        if conn.dialect.name != "sqlite" or migrate.revision(conn):
            return upgrade(conn)
        for statement in statements:
            conn.exec_driver_sql(statement)
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "upgrade", at_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _haste(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing waits for the disk, as nobody pulls the plug here; a statement of SQLite is compiled once a session."""
    engine_of = database._sqlite_engine
    first = engine_of(sqlite_url(tmp_path_factory.mktemp("first") / "digest.db"))
    with first.connect():  # from then on it knows what the library can do
        pass
    first.dispose()

    def engine(url: URL) -> Engine:
        made = engine_of(url)
        made.dialect, made._compiled_cache = first.dialect, first._compiled_cache
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        patch.setattr(os, "sync", lambda: None)
        patch.setattr(database, "_sqlite_engine", engine)
        yield


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tester's own environment must not leak into what is tested."""
    for name in [name for name in os.environ if name.startswith("DIGEST_") and name != "DIGEST_REAL_DATA"]:
        monkeypatch.delenv(name)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, bytes], None]:
    """Compare bytes with a file of tests/data/golden, or write it with --update-golden."""

    def check(name: str, content: bytes) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        assert path.exists(), f"no golden file {name}: run pytest --update-golden and look at it"
        assert content == path.read_bytes(), f"{name} differs: look at it, then run pytest --update-golden"

    return check


def real_data() -> Path:
    """The folder of real dumps. Where DIGEST_REAL_DATA names it, a missing file fails; without it tests are skipped."""
    return Path(os.environ["DIGEST_REAL_DATA"]).resolve()


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str


Digest = Callable[..., Ran]


@pytest.fixture
def digest(capsys: pytest.CaptureFixture[str]) -> Digest:
    """Run a command in this process."""

    def run(*args: str | Path) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(arg) for arg in args])
        printed = capsys.readouterr()
        code = left.value.code
        return Ran(code if isinstance(code, int) else 0, printed.out, printed.err)

    return run


@dataclass(frozen=True)
class Place:
    """A working folder as `digest init` makes it."""

    folder: Path
    digest: Digest

    @property
    def config(self) -> Path:
        return self.folder / "config" / "digest.toml"

    def run(self, *args: str | Path, now: str = "2026-06-02T20:00:00+00:00") -> Ran:
        return self.digest("--config", self.config, "--now", now, *args)

    def set(self, old: str, new: str) -> None:
        """Change a line of digest.toml."""
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))

    def mails(self) -> list[Path]:
        return sorted((self.folder / "out" / "mail").glob("*.eml"))


@pytest.fixture
def place(tmp_path: Path, digest: Digest) -> Place:
    """A fresh working folder with an empty inbox."""
    assert digest("init", tmp_path / "work").code == 0
    return Place(tmp_path / "work", digest)


@pytest.fixture
def stocked(tmp_path: Path, digest: Digest) -> Place:
    """A fresh working folder with the sample dumps in the inbox."""
    assert digest("init", tmp_path / "work", "--samples").code == 0
    return Place(tmp_path / "work", digest)
