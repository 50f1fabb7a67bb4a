"""Backups while others write, restored on either database to the same; and what pruning takes and leaves."""

from __future__ import annotations

import threading
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
import zstandard
from stores import DAY, HOUR, NOW, a_change, a_dump, a_paper, an_edition, an_item, enqueue, full_paper, record

from digest.errors import StoreError
from digest.model import (
    Delivery,
    Encoding,
    Failed,
    Feedback,
    Intent,
    Joined,
    Letter,
    Opinion,
    OutboxItem,
    OutboxState,
    Piece,
    Run,
    Span,
    Suppression,
    Verdict,
    VerdictKind,
)
from digest.store import Store, verified

FILLED = {
    "papers",
    "sightings",
    "listings",
    "set_asides",
    "editions",
    "outbox",
    "deliveries",
    "pieces",
    "feedback",
    "verdicts",
    "runs",
}
OLD = NOW - timedelta(days=100)


def a_letter(words: bytes) -> Letter:
    """With a piece that others have and one of its own."""
    parts = [Joined.of([b"shared", b"x"], Piece.of([b"shared"])), Joined.of([words], Piece.of([words]))]
    return Letter("n", (Span(Encoding.QUOTED, parts),))


def settled(store: Store, item: OutboxItem, delivery: Delivery) -> None:
    with store.ledger(time.monotonic) as book:
        book.claim(NOW, 9)
        intent = Intent(message_id=item.message_id, address=item.address, subscription_id=item.subscription_id, at=NOW)
        assert book.turn(None, intent)[1]
        assert book.turn(delivery, None)[0]


@pytest.fixture(name="full")
def _full(store: Store) -> Store:
    """A store with something in every table that there is a way to fill from here."""
    papers = [full_paper("t-1"), a_paper("t-2"), a_paper("t-3", abstract='{"end":1}\n[')]
    record(store, *(a_change(one, position=number) for number, one in enumerate(papers, 1)))
    edition = an_edition(papers=tuple(papers))
    item = an_item(edition)
    assert enqueue(store, edition, item, NOW, letter=a_letter(b"\x00"))
    later = {"state": OutboxState.DEFERRED, "reply": "later", "next_at": NOW + HOUR}
    settled(store, item, Delivery(message_id=item.message_id, at=NOW, **later))
    store.suppress(Suppression(address="a@example.org", reason="asked", since=NOW))
    store.set_aside(a_dump("bad.json", "d9"), "not a listing", NOW)
    store.record_feedback(Feedback(address="a@example.org", paper_id="t-1", opinion=Opinion.MORE, at=NOW))
    store.judged([Verdict(source="hf", date=DAY, kind=VerdictKind.QUIET, evidence="none")], DAY, NOW)
    store.fetch_failed(Failed(source="hf", date=DAY, at=NOW, reason="503"))
    store.ran([Run(phase="publish", started_at=NOW, seconds=0.25, ended_well=True)])
    return store


def sums(store: Store, path: Path) -> tuple[dict[str, int], str]:
    """Everything in a store, as rows by table and the text of a portable backup without its first line, sorted."""
    found = store.backup(path, NOW)
    text = zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).readall().decode()
    path.unlink()
    return found.rows, "\n".join(sorted(text.splitlines()[1:]))


def test_a_portable_backup_is_the_same_on_the_other_database(
    full: Store, store_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    before = sums(full, tmp_path / "before.jsonl.zst")
    assert {name for name, rows in before[0].items() if rows} >= FILLED
    made = full.backup(tmp_path / "b.jsonl.zst", NOW)
    assert (made.form, made.made_at, made.rows) == ("portable", NOW, before[0])
    assert (tmp_path / "b.jsonl.zst").stat().st_mode & 0o777 == 0o600
    into = "postgresql_url" if store_url.startswith("sqlite") else "sqlite_url"
    with Store.open(request.getfixturevalue(into)) as other:
        assert other.is_empty()
        record(other, a_change(a_paper("t-9")), digest="d7")
        assert other.restore(tmp_path / "b.jsonl.zst") == made
        assert sums(other, tmp_path / "after.jsonl.zst") == before
        record(other, a_change(a_paper("t-4")), digest="d8")  # ids go on behind those restored
        assert other.counts()["papers"] == 4


def test_a_copy_is_the_same(sqlite_url: str, tmp_path: Path) -> None:
    with Store.open(sqlite_url) as store, Store.open(f"{sqlite_url}2") as other:
        record(store, a_change(full_paper("t-1")))
        before = sums(store, tmp_path / "before.jsonl.zst")
        made = store.backup(tmp_path / "copy.db", NOW)
        assert (made.form, made.rows) == ("copy", before[0])
        record(other, a_change(a_paper("t-9")), digest="d7")
        assert other.restore(tmp_path / "copy.db").rows == before[0]
        assert sums(other, tmp_path / "after.jsonl.zst") == before
        record(other, a_change(a_paper("t-9")), digest="d7")


@pytest.mark.parametrize("suffix", [".db", ".jsonl.zst"])
def test_a_backup_while_another_writes_is_of_one_moment(
    store: Store, store_url: str, suffix: str, tmp_path: Path
) -> None:
    """The writer adds a listing with its papers in one transaction: never one without the others."""
    if suffix == ".db" and not store_url.startswith("sqlite"):
        with pytest.raises(StoreError, match="only an SQLite database"):
            store.backup(tmp_path / "b.db", NOW)
        return
    stop, written = threading.Event(), threading.Event()

    def write() -> None:
        with Store.open(store_url) as mine:
            number = 0
            while not stop.is_set() and number < 400:
                number += 1
                record(mine, *(a_change(a_paper(f"t-{number}-{each}")) for each in range(5)), digest=f"d{number}")
                written.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert written.wait(30)
        backups = [store.backup(tmp_path / f"{number}{suffix}", NOW) for number in range(3)]
    finally:
        stop.set()
        writer.join()
    for one in backups:
        assert one.rows["listings"] > 0
        assert one.rows["papers"] == one.rows["sightings"] == 5 * one.rows["listings"]


def test_what_is_no_backup_or_a_damaged_one_is_refused_and_changes_nothing(full: Store, tmp_path: Path) -> None:
    good = tmp_path / "b.jsonl.zst"
    full.backup(good, NOW)
    before = full.counts()
    whole = zstandard.ZstdDecompressor().stream_reader(good.read_bytes()).readall()
    texts = {
        "text": b"no backup at all",
        "short": zstandard.compress(whole[: len(whole) // 2]),
        "cut": good.read_bytes()[:-40],
        "forged": zstandard.compress(whole.replace(b"not a listing", b"not a Listing")),
        "newer": zstandard.compress(whole.replace(b'"schema":"', b'"schema":"9')),
        "other": zstandard.compress(b'{"some":"json"}\n'),
    }
    for name, content in texts.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(StoreError, match=r"backup|damaged|newer|breaks off"):
            full.restore(path)
        assert full.counts() == before
    with pytest.raises(StoreError, match="No such file"):
        full.restore(tmp_path / "none")
    with pytest.raises(StoreError, match="name it"):
        full.backup(tmp_path / "b.txt", NOW)
    assert verified(good).rows["papers"] == 3


# --- pruning -------------------------------------------------------------------------------------------------------


def test_pruning_keeps_what_is_known_shown_unsent_and_last(store: Store) -> None:
    old, new = DAY - timedelta(days=100), DAY - timedelta(days=80)
    one, two = a_paper("t-1"), a_paper("t-2")
    record(store, a_change(one), digest="d1", as_of=old, now=OLD)
    record(store, a_change(one), a_change(two), digest="d2", as_of=new, now=OLD)
    record(store, a_change(one), digest="d3", as_of=old, now=OLD, source="other")
    for day, state in ((old, OutboxState.SENT), (new, OutboxState.PENDING), (DAY, OutboxState.SENT)):
        edition = an_edition(day=day, papers=(one,))
        item = an_item(edition, created_at=OLD)
        assert enqueue(store, edition, item, OLD, letter=a_letter(str(day).encode()))
        if state is OutboxState.SENT:
            settled(store, item, Delivery(message_id=item.message_id, at=OLD, state=state))
    store.set_aside(a_dump("bad.json", "d9"), "not a listing", OLD)
    before = DAY - timedelta(days=60)
    for dry in (True, True, False):
        assert store.prune_mails(NOW - timedelta(days=60), dry=dry) == 2
        assert store.prune_editions(before, dry=dry) == 1
        assert store.prune_pieces(NOW - timedelta(days=60), before, dry=dry) == 3, "a selection, a letter and its own"
        assert store.prune_sightings(before, dry=dry) == 1
        assert store.prune_set_asides(NOW - timedelta(days=60), dry=dry) == 1
    assert store.prune_mails(NOW, dry=False) == store.prune_editions(before, dry=False) == 0
    assert store.prune_sightings(date.max, dry=False) == store.prune_set_asides(NOW, dry=False) == 0
    assert set(store.papers(["t-1", "t-2"])) == {"t-1", "t-2"}
    assert set(store.shown("ada")) == {"t-1"}
    assert [(each.source, each.date) for each in store.sightings(["t-1"])["t-1"]] == [("other", old), ("hf", new)]
    assert [each.date for each in store.editions("ada", 9)] == [DAY, new]
    assert store.edition(f"ada/{old}") is None
    assert not enqueue(store, an_edition(day=DAY), None, NOW)
    assert store.last_editions()["ada"].date == DAY
    (left,) = store.outbox()
    assert left.state is OutboxState.PENDING
    assert store.letter(left.letter), "it is still to be sent"


def test_a_month_of_editions_goes_whole_or_not_at_all(store: Store) -> None:
    days = [date(2025, 10, 31), date(2025, 11, 1), date(2025, 11, 30), date(2025, 12, 1), date(2025, 12, 24)]
    for who in ("ada", "bo"):
        for day in days:
            edition = an_edition(who, day)
            assert enqueue(store, edition, an_item(edition) if (who, day) == ("bo", days[2]) else None, OLD)
    (unsent,) = store.outbox()
    gone = {
        (date(2025, 11, 30), ()): 2,  # October
        (date(2025, 12, 1), ()): 4,  # and November, but not Bo's
        (date(2025, 12, 1), ("bo",)): 3,
        (DAY, ("ada", "bo")): 0,
        (DAY, ()): 4,  # December has the last ones
    }
    assert {key: store.prune_editions(key[0], key[1], dry=True) for key in gone} == gone
    settled(store, unsent, Delivery(message_id=unsent.message_id, at=OLD, state=OutboxState.SENT))
    assert store.prune_editions(DAY, dry=False) == 6
    assert [each.date for each in store.editions("bo", 9)] == days[:2:-1]
