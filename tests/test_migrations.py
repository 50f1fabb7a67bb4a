"""Databases of earlier versions are brought forward with all that is in them."""

from __future__ import annotations

import hashlib
import re
import zlib
from datetime import date
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, make_url, text
from stores import DAY, NOW

from digest.message import assembled
from digest.model import Feedback, Opinion, Shown
from digest.store import Store, migrate

ROWS = [
    "INSERT INTO listings VALUES (7, 'd1', 'a.json', 'hf-json', 'hf-daily', '2026-03-01', 50, true,"
    " '2026-03-01 08:00:00', 1, 1, 0, 0, 0, 0, '[]')",
    "INSERT INTO papers (id, title, abstract, authors, categories, keywords, first_listed, first_seen, origins)"
    " VALUES ('2603.00001', 'Kites of paper', 'They fly.', '[\"Ada\"]', '[]', '[]', '2026-02-28',"
    " '2026-03-01 08:30:15', '{\"title\": 7}')",
    "INSERT INTO paper_keys VALUES ('arxiv:2603.00001', '2603.00001'), ('title:kitesofpaper', '2603.00001')",
    "INSERT INTO sightings VALUES ('2603.00001', 7, 1, 12, NULL)",
    "INSERT INTO set_asides VALUES ('d2', 'b.json', 'no listing; it could not be moved out of the inbox (Read-only)',"
    " '2026-03-01 08:00:00')",
    "INSERT INTO editions VALUES ('ada/2026-03-01', 'ada', '2026-03-01', '2026-03-01 09:00:00', '2026-03-01 09:00:00',"
    " NULL, '{}')",
    "INSERT INTO edition_items VALUES ('ada/2026-03-01', '2603.00001')",
]
MESSAGE = b"To: ada@example.org\r\n\r\nOn its way.\r\n"
ON_ITS_WAY = (
    "INSERT INTO outbox VALUES (:id, 'ada/2026-03-01', 'ada@example.org', 'deferred', '2026-03-01 09:00:00',"
    " '2026-03-01 09:05:00', 1, '450 later', :message)"
)


@pytest.fixture(name="old_url")
def _old_url(empty_url: str) -> str:
    """A database of the first version with a paper in it."""
    if empty_url.startswith("sqlite"):
        Path(make_url(empty_url).database or "").parent.mkdir(parents=True)
    engine = create_engine(
        make_url(empty_url).set(drivername="sqlite" if "sqlite" in empty_url else "postgresql+psycopg")
    )
    with engine.begin() as conn:
        if engine.name == "postgresql":
            conn.execute(text("SET TIME ZONE 'UTC'"))  # which the rows mean
        config = migrate._config()
        config.attributes["connection"] = conn
        command.upgrade(config, "0001")
        for row in ROWS:
            conn.execute(text(row.replace(":", "\\:")))
        for number, message in enumerate((None, zlib.compress(MESSAGE), zlib.compress(MESSAGE))):
            insert = re.sub(r"(\d):", r"\1\\:", ON_ITS_WAY)
            conn.execute(text(insert), {"id": f"<{number}@example.org>", "message": message})
    engine.dispose()
    return empty_url


def test_everything_in_an_old_database_is_still_there(old_url: str) -> None:
    with Store.open(old_url) as store:
        (paper,) = store.papers(["2603.00001"]).values()
        assert (paper.title, paper.authors, paper.first_listed) == ("Kites of paper", ("Ada",), date(2026, 2, 28))
        assert store.keys("2603.00001") == ("title:kitesofpaper",), "its arXiv id is told by the paper itself"
        assert {name: one.digest for name, one in store.origins(paper.id).items()} == {"title": "d1"}
        assert [seen.votes for seen in store.sightings(["2603.00001"])["2603.00001"]] == [12]
        assert store.known(["title:kitesofpaper"], "hf-daily", DAY).papers[0].paper == paper
        assert store.known(["arxiv:2603.00001"], "hf-daily", DAY).papers[0].paper == paper
        assert store.report("d1") is not None
        assert store.stuck() == {"d2": "no listing"}
        assert store.candidates(NOW.replace(day=1, hour=0)) == (paper,)
        assert store.shown("ada") == {"2603.00001": Shown(on=DAY)}
        assert store.neighbours([("title:zebras", "repap")], 3) == ({"2603.00001": "Kites of paper"},)
        given = Feedback(address="ada@example.org", paper_id=paper.id, opinion=Opinion.SAVE, at=NOW)
        assert store.record_feedback(given)
        assert store.feedback("ada@example.org") == (given,)
        pending, *tried = (store.outbox_item(f"<{number}@example.org>") for number in range(3))
        assert pending and (pending.letter, pending.own, pending.sha256) == ("", (), "")
        for item in tried:
            assert item and item.sha256 == hashlib.sha256(MESSAGE).hexdigest()
            letter = store.letter(item.letter)
            assert letter and letter.name == "2026-03-01-digest"
            assert assembled(letter, item.message_id, item.own) == MESSAGE, "the bytes that were tried already"
    Store.open(old_url).close()
