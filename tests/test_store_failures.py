"""The store under failure: two at once, kill -9, full and locked and foreign databases, versions of the schema."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import killed
import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, make_url, text
from stores import HOUR, NOW, a_change, a_paper, an_edition, an_item, enqueue, record

from digest.errors import SchemaError, StoreError
from digest.model import Delivery, Intent, OutboxItem, OutboxState
from digest.store import Store, database, migrate, schema

Queued = Callable[..., OutboxItem]


def at_once(*jobs: Callable[[], object]) -> list[object]:
    """Run the jobs in threads that start together; what each returned or raised, in order."""
    barrier, outcomes = threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(number: int, job: Callable[[], object]) -> None:
        barrier.wait()
        try:
            outcomes[number] = job()
        except Exception as error:
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def execute(url: str, *statements: str) -> None:
    with Store.open(url) as store, store._writing() as conn:
        for statement in statements:
            conn.execute(text(statement))


# --- two at once -----------------------------------------------------------------------------------------------


def test_one_of_many_enqueues_the_edition(store: Store, store_url: str) -> None:
    with Store.open(store_url) as other:
        for n in range(6):  # the connections of the first round are slow to come, and hardly meet
            _enqueue_at_once([store, other, store, other], f"ada{n}")


def _enqueue_at_once(stores: list[Store], subscription_id: str) -> None:
    editions = [an_edition(subscription_id, papers=(a_paper(str(n)),)) for n in range(len(stores))]
    items = [an_item(edition, message_id=f"<{subscription_id}/{n}>") for n, edition in enumerate(editions)]
    before = set(stores[0].outbox())
    outcomes = at_once(*(lambda job=job: enqueue(*job, NOW) for job in zip(stores, editions, items, strict=True)))
    assert sorted(outcomes, key=str) == [False] * (len(stores) - 1) + [True]
    winner = outcomes.index(True)
    assert stores[0].edition(editions[0].id) == editions[winner]
    assert set(stores[0].shown(subscription_id)) == {str(winner)}
    assert set(stores[0].outbox()) - before == {items[winner]}


def test_one_of_many_records_the_dump(store: Store, store_url: str) -> None:
    papers = [a_paper(str(n)) for n in range(50)]
    changes = [a_change(paper, position=n) for n, paper in enumerate(papers, 1)]
    with Store.open(store_url) as other:
        reports = at_once(*(lambda each=each: record(each, *changes) for each in (store, other, store, other)))
    assert sorted(report.known for report in reports) == [False, True, True, True]
    assert {report.entries for report in reports} == {50}
    assert (store.counts()["sightings"], store.counts()["listings"]) == (50, 1)


def test_two_dumps_with_the_same_papers(store: Store, store_url: str) -> None:
    papers = [a_paper(str(n)) for n in range(50)]
    orders = {"d1": papers, "d2": papers[::-1]}

    def job(each: Store, digest: str) -> Callable[[], object]:
        changes = [a_change(paper, position=n) for n, paper in enumerate(orders[digest], 1)]
        return lambda: record(each, *changes, digest=digest)

    with Store.open(store_url) as other:
        reports = at_once(job(store, "d1"), job(other, "d2"))
    assert {report.digest for report in reports} == {"d1", "d2"}
    assert (store.counts()["papers"], store.counts()["sightings"]) == (50, 100)


def test_many_senders_share_the_messages(store: Store, store_url: str, queued: Queued) -> None:
    wanted = {queued(f"reader{number:03}").message_id for number in range(60)}

    def claims(each: Store) -> list[str]:
        found: list[str] = []
        with each.ledger(time.monotonic) as ledger:
            while some := ledger.claim(NOW, 7):
                for item in some:
                    intent = Intent(message_id=item.message_id, address="", subscription_id="", at=NOW)
                    assert ledger.turn(None, intent)[1]
                    found.append(item.message_id)
                    sent = Delivery(message_id=item.message_id, at=NOW, state=OutboxState.SENT)
                    assert ledger.turn(sent, None)[0]
        return found

    with Store.open(store_url) as other:
        shares = at_once(*[lambda each=each: claims(each) for each in (store, other, store, other)])
    found = [message_id for share in shares for message_id in share]  # type: ignore[attr-defined]
    assert sorted(found) == sorted(wanted)


def test_processes_prepare_the_same_new_database(empty_url: str, tmp_path: Path) -> None:
    script = "from digest.store import Store; Store.open(sys.argv[1]).close()"
    processes = [killed.start_script(tmp_path / "log", script, empty_url) for _ in range(3)]
    assert [killed.ended(process) for process in processes] == [0, 0, 0], (tmp_path / "log").read_text()
    with Store.open(empty_url) as store:
        assert f"schema {migrate.HEAD}" in store.check()


def test_threads_prepare_the_same_new_database(empty_url: str) -> None:
    outcomes = at_once(*[lambda: Store.open(empty_url).close()] * 6)
    assert outcomes == [None] * 6


# --- kill -9 ---------------------------------------------------------------------------------------------------


def test_exclusive_is_free_when_its_holder_is_killed(store: Store, store_url: str, tmp_path: Path) -> None:
    script = """
import time
from digest.store import Store
with Store.open(sys.argv[1]).exclusive("send") as held:
    print(held, flush=True)
    time.sleep(60)
"""
    os.mkfifo(tmp_path / "log")
    holder = killed.start_script(tmp_path / "log", script, store_url)
    with (tmp_path / "log").open() as told:
        assert told.readline() == "True\n"
    with store.exclusive("send") as held:
        assert not held
    holder.kill()
    assert _held_soon(store)


def _held_soon(store: Store) -> bool:
    """A server needs a moment to notice that its client died."""
    for _ in range(500):
        with store.exclusive("send") as held:
            if held:
                return True
        time.sleep(0.01)
    return False


# Each kills itself after the other writes of the transaction, before its commit.
KILLED = {
    "record": (
        "from digest.store import ingest; ingest._replace_revisions = die",
        "record(store, a_change(a_paper('new')), digest='d2')",
    ),
    "enqueue": (
        "from digest.store import codec; codec.outbox_row = die",
        "enqueue(store, e := an_edition('bob', papers=(a_paper('a'),)), an_item(e), NOW)",
    ),
    "recover": (
        "from digest.store import codec; codec.delivery_row = die",
        "store.recover(NOW, True)",
    ),
}


@pytest.mark.parametrize("step", KILLED)
def test_killed_in_a_transaction(store: Store, store_url: str, queued: Queued, tmp_path: Path, step: str) -> None:
    record(store, a_change(a_paper("a")))
    queued(state=OutboxState.SENDING, owner="dead", attempts=1)
    with store._writing() as conn:
        conn.execute(schema.senders.insert().values(owner="dead"))
    before = _everything(store)
    dies, act = KILLED[step]
    script = f"""
from stores import *
{dies}
store = Store.open(sys.argv[1])
{act}
"""
    assert killed.script(tmp_path / "log", script, store_url) == -signal.SIGKILL, (tmp_path / "log").read_text()
    with Store.open(store_url) as reopened:
        assert _everything(reopened) == before
        reopened.check()
        record(reopened, a_change(a_paper("new")), digest="d2")
        bob = an_edition("bob", papers=(a_paper("a"),))
        assert enqueue(reopened, bob, an_item(bob), NOW)
        assert len(reopened.recover(NOW, True)) == 1


def test_killed_between_the_outcome_and_the_next_intent(
    store: Store, store_url: str, queued: Queued, tmp_path: Path
) -> None:
    first, second = queued("a"), queued("b")
    script = """
import time
from stores import *
from digest.model import Delivery, Intent, OutboxState
from digest.store import codec
with Store.open(sys.argv[1]).ledger(time.monotonic) as ledger:
    first, second = [
        Intent(message_id=one.message_id, address="", subscription_id="", at=NOW)
        for one in ledger.claim(NOW, 2)
    ]
    ledger.turn(None, first)
    codec.suppression_key = die
    ledger.turn(Delivery(message_id=first.message_id, at=NOW, state=OutboxState.SENT), second)
"""
    assert killed.script(tmp_path / "log", script, store_url) == -signal.SIGKILL, (tmp_path / "log").read_text()
    assert [item.message_id for item in _recovered_soon(store)] == [first.message_id]
    assert [one.state for one in store.deliveries(first.message_id)] == [OutboxState.UNKNOWN]
    assert {item.message_id for item in tuple(store.due(NOW))} == {first.message_id, second.message_id}
    assert not store.abandoned()


def _recovered_soon(store: Store) -> tuple[OutboxItem, ...]:
    for _ in range(500):
        if found := store.recover(NOW, True):
            return found
        time.sleep(0.01)
    return ()


def _everything(store: Store) -> list[object]:
    with store._reading() as conn:
        return [sorted(map(repr, conn.execute(table.select()))) for table in schema.metadata.sorted_tables]


def test_killed_while_preparing_a_new_database(empty_url: str, tmp_path: Path) -> None:
    script = """
from digest.store import Store, migrate
upgrade = migrate.upgrade
migrate.upgrade = lambda conn: die(upgrade(conn))
Store.open(sys.argv[1])
"""
    assert killed.script(tmp_path / "log", script, empty_url) == -signal.SIGKILL, (tmp_path / "log").read_text()
    with Store.open(empty_url) as store:
        assert f"schema {migrate.HEAD}" in store.check()


# --- versions of the schema ------------------------------------------------------------------------------------


def test_migrations_lead_to_the_tables_of_the_program(empty_url: str) -> None:
    with Store.open(empty_url) as store, store._reading() as conn:
        context = MigrationContext.configure(
            conn, opts={"version_table": migrate.VERSION_TABLE, "compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, schema.metadata) == []
        assert migrate.revision(conn) == migrate.HEAD


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(migrate._config()).get_heads() == [migrate.HEAD]


def test_newer_schema_is_refused_untouched(empty_url: str) -> None:
    execute(empty_url, f"UPDATE {migrate.VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(SchemaError, match="schema 9999 is newer than this program") as caught:
        Store.open(empty_url)
    assert "Install the newer program" in str(caught.value)


def test_older_schema_is_brought_forward(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens with the first version is what will happen with each later one."""
    Store.open(store_url).close()
    upgraded: list[object] = []
    monkeypatch.setattr(migrate, "HEAD", "0002")
    monkeypatch.setattr(migrate, "upgrade", upgraded.append)
    Store.open(store_url).close()
    assert len(upgraded) == 1


def test_another_programs_database_is_refused(empty_url: str) -> None:
    if empty_url.startswith("sqlite"):
        path = Path(empty_url.removeprefix("sqlite:///"))
        path.parent.mkdir()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE bookmarks (id)")
        before = path.read_bytes()
    else:
        with psycopg.connect(empty_url, autocommit=True) as connection:
            connection.execute("CREATE TABLE papers (id int)")
    with pytest.raises(SchemaError, match="belongs to another program"):
        Store.open(empty_url)
    if empty_url.startswith("sqlite"):
        assert path.read_bytes() == before


def test_neighbours_in_a_postgresql_database_are_left_alone(empty_postgresql_url: str) -> None:
    with psycopg.connect(empty_postgresql_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num text)")
    with Store.open(empty_postgresql_url) as store:
        assert store.counts()["papers"] == 0


# --- databases that cannot be used -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["", "digest.db", "mysql://root:secret@host/db", "sqlite://", "sqlite:///:memory:", "http://x:secret@[bad/"],
)
def test_url_of_another_kind(url: str) -> None:
    with pytest.raises(StoreError, match=r"sqlite:///folder/file\.db") as caught:
        Store.open(url)
    assert "secret" not in str(caught.value)


def test_file_that_is_not_a_database(tmp_path: Path) -> None:
    path = tmp_path / "digest.db"
    path.write_text("<html>not a database</html>" * 100)
    with pytest.raises(StoreError, match="not an SQLite database") as caught:
        Store.open(f"sqlite:///{path}")
    assert str(path) in str(caught.value)
    assert path.read_text().startswith("<html>")


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="Check the folder"):
        Store.open(f"sqlite:///{tmp_path}/file/digest.db")


def test_file_that_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("pages", [slice(20, None), slice(70, 71)], ids=["all that follows", "one page"])
def test_damaged_file(sqlite_url: str, pages: slice) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with Store.open(sqlite_url) as store:
        record(store, *(a_change(a_paper(str(n), abstract="x" * 2_000), position=n) for n in range(1, 200)))
    content = path.read_bytes()
    page = [content[start : start + 4096] for start in range(0, len(content), 4096)]
    page[pages] = [b"\xa5" * 4096 for _ in page[pages]]
    path.write_bytes(b"".join(page))
    with pytest.raises(StoreError, match="damaged"), Store.open(sqlite_url) as store:
        store.check()


def test_server_out_of_reach() -> None:
    with pytest.raises(StoreError, match="no connection to the server") as caught:
        Store.open("postgresql://ada:secret@127.0.0.1:1/digest?connect_timeout=2")
    assert "secret" not in str(caught.value)


def test_password_in_the_query_is_not_shown() -> None:
    with pytest.raises(StoreError) as caught:
        Store.open("postgres://127.0.0.1:1/digest?user=ada&password=secret")
    assert "secret" not in str(caught.value)


def test_no_such_database_on_the_server(postgresql_server: str) -> None:
    with pytest.raises(StoreError, match=r"no such database|does not exist"):
        Store.open(postgresql_server.replace("/postgres", "/nowhere"))


def test_read_only_file(sqlite_url: str) -> None:
    with _with_pragma(sqlite_url, "query_only = ON") as store:
        with pytest.raises(StoreError, match="may not be written"):
            record(store, a_change(a_paper("a")))
        assert store.counts()["papers"] == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_folder(sqlite_url: str, tmp_path: Path) -> None:
    Store.open(sqlite_url).close()
    for path, mode in ((tmp_path / "folder/digest.db", 0o444), (tmp_path / "folder", 0o555)):
        path.chmod(mode)
    try:
        with pytest.raises(StoreError), Store.open(sqlite_url) as store:
            record(store, a_change(a_paper("a")))
    finally:
        (tmp_path / "folder").chmod(0o755)


def test_read_only_server(empty_postgresql_url: str) -> None:
    name = make_url(empty_postgresql_url).database
    execute(empty_postgresql_url, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    with Store.open(empty_postgresql_url) as store, pytest.raises(StoreError, match="read-only"):
        record(store, a_change(a_paper("a")))


def test_full_disk_leaves_everything_as_it_was(sqlite_url: str) -> None:
    with Store.open(sqlite_url) as store:
        record(store, a_change(a_paper("a")))
        before = _everything(store)
    changes = [a_change(a_paper(str(n), abstract="x" * 5_000), position=n) for n in range(1, 500)]
    with _with_pragma(sqlite_url, "max_page_count = 60") as store:
        with pytest.raises(StoreError, match="full"):
            record(store, *changes, digest="d2")
        assert _everything(store) == before
        assert "quick_check ok" in store.check()
    with Store.open(sqlite_url) as store:
        assert record(store, *changes, digest="d2").new == 499


def _with_pragma(url: str, pragma: str) -> Store:
    Store.open(url).close()
    store = Store.open(url)
    event.listen(store._engine, "connect", lambda connection, _: connection.execute(f"PRAGMA {pragma}"))
    store._engine.dispose()
    return store


def test_locked_beyond_patience_sqlite(sqlite_url: str) -> None:
    with Store.open(f"{sqlite_url}?timeout=0.05") as store:
        path = sqlite_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="locked for too long"):
                record(store, a_change(a_paper("a")))
            assert store.counts()["papers"] == 0  # readers are not held up
        assert record(store, a_change(a_paper("a"))).new == 1


def test_locked_beyond_patience_postgresql(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PATIENCE", 0.05)
    with Store.open(postgresql_url) as store:
        with store._writing() as other:
            store._take_turns(other, "record")
            with pytest.raises(StoreError, match="locked for too long"):
                record(store, a_change(a_paper("a")))
        assert record(store, a_change(a_paper("a"))).new == 1


def test_waits_for_a_short_transaction(store: Store) -> None:
    started = threading.Event()

    def slow() -> None:
        with store._writing() as conn:
            store._take_turns(conn, "record")
            conn.execute(schema.suppressions.insert().values(key="k", address="k", reason="", since=NOW))
            started.set()
            time.sleep(0.2)

    def quick() -> bool:
        started.wait()
        return record(store, a_change(a_paper("a"))).new == 1

    assert at_once(slow, quick) == [None, True]


def test_reader_sees_one_state_while_others_write(store: Store, store_url: str) -> None:
    with Store.open(store_url) as other, store._reading() as conn:
        assert conn.execute(schema.papers.select()).all() == []
        record(other, a_change(a_paper("a")))
        assert conn.execute(schema.papers.select()).all() == []
        assert conn.execute(schema.sightings.select()).all() == []


def test_connection_ended_by_the_server_is_made_anew(postgresql_url: str, postgresql_server: str) -> None:
    with Store.open(postgresql_url) as store:
        with pytest.raises(StoreError, match="ended the connection"), store._writing() as conn:
            name = conn.scalar(text("SELECT current_database()"))
            with psycopg.connect(postgresql_server, autocommit=True) as server:
                server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            conn.execute(text("SELECT 1"))
        assert record(store, a_change(a_paper("a")), now=NOW + HOUR).new == 1


def test_mistake_in_a_statement_shows_no_address(store: Store) -> None:
    item = an_item(an_edition("unknown"), address="secret@example.org")
    with pytest.raises(StoreError) as caught, store._writing() as conn:
        conn.execute(schema.outbox.insert().values(**{**_row(item), "reply": None}))
    assert "secret@example.org" not in str(caught.value)


def _row(item: OutboxItem) -> dict[str, object]:
    names = [column.name for column in schema.outbox.c]
    return {name: getattr(item, name) for name in names}
