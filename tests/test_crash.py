"""A real kill -9 at every hand-off, then the same command again: nothing is lost and nothing is doubled.

The one exception is the message that was in the server's hands: it may come twice, with the same bytes.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
from collections import Counter
from pathlib import Path

import killed as killing
import pytest
from conftest import Digest, Place
from prepared import SECRET
from smtp_sink import Sink

NOW = "2026-06-02T20:00:00+00:00"

INGEST = [
    "digest.pipeline.ingest:read_parts:before:2",
    "digest.store:Store.record:before",
    "digest.store:Store.record:after",
    "digest.store:Store.record:after:4",
]
PUBLISH = [
    "digest.pipeline.letters:write_letter:after:2",
    "digest.files:Batch.write:after:2",  # of a page
    "digest.files:Batch.settle:before:6",
    "digest.files:Batch.settle:after:6",
    "digest.store:Store.enqueue_all:before",
    "digest.store:Store.enqueue_all:after",
    "digest.pipeline.publish:write_surfaces:before",
    "digest.files:Batch.write:after:12",  # of a feed
    "digest.files:Batch.settle:before:9",
    "digest.files:Batch.settle:after:9",
    "digest.store:Store.record_feed_build:before:3",
    "digest.pipeline.surfaces:_write_pages:before:2",
]
DELIVER = [
    "digest.store:Ledger.claim:after",
    "digest.store:Ledger.turn:before",
    "digest.store:Ledger.turn:after",
    "digest.transport:SmtpTransport.send:before:2",
    "digest.store:Ledger.turn:before:2",
    "digest.store:Ledger.turn:after:2",
    "digest.store:Ledger.turn:before:4",
]


def killed(place: Place, point: str) -> None:
    log, command = place.folder / "log", ("--config", place.config, "--now", NOW, "run")
    code = killing.run(log, *command, point=point, numbers=(("digest.pipeline.publish:BATCH", 1),))
    assert code == -signal.SIGKILL, f"{point} was not reached: {log.read_text()}"


def before(point: str) -> str:
    """The fixture of a folder in which all is done that comes before the phase of a point."""
    return "stocked" if point in INGEST else "ingested" if point in PUBLISH else "published"


def received(folder: Path) -> Path:
    (folder / "received").mkdir()
    return folder / "received"


def mail_to(place: Place, server: Sink) -> None:
    """The server is in this process, and so outlives the sender's death."""
    (place.folder / "state" / "secret").write_text(SECRET)
    place.set('kind = "directory"', f'kind = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"')


def books(place: Place) -> dict[str, list[tuple[object, ...]]]:
    """All that is stored, but for what a second attempt may change."""
    queries = {
        "papers": "select id, title, first_seen, origins from papers",
        "sightings": "select paper_id, digest, as_of, position, votes from sightings join listings on id = listing_id",
        "editions": "select id, made_at, reason, content from editions",
        "items": "select edition_id, paper_id from edition_items",
        "outbox": "select message_id, edition_id, address, state from outbox",
    }
    with contextlib.closing(sqlite3.connect(place.folder / "state" / "digest.db")) as database:
        return {name: sorted(database.execute(query)) for name, query in queries.items()}


def files(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Once for each hand-off in the suite; the others are for `make storm`.
OFTEN = [INGEST[2], *PUBLISH[:3:2], PUBLISH[5], PUBLISH[7], DELIVER[0], *DELIVER[4:6]]
POINTS = [pytest.param(one, marks=() if one in OFTEN else pytest.mark.long) for one in (*INGEST, *PUBLISH, *DELIVER)]


@pytest.mark.parametrize("point", POINTS)
def test_kill_then_run_again(
    point: str, sent_folder: Path, tmp_path: Path, digest: Digest, request: pytest.FixtureRequest
) -> None:
    """From what the phases before left; in the end all is as a run without a crash leaves it."""
    calm, place = sent_folder, request.getfixturevalue(before(point))
    with Sink(folder=received(tmp_path)) as server:
        mail_to(place, server)
        killed(place, point)
        again = place.run("run")
        assert again.code in (0, 4), again.err
        assert place.run("run").code == 4
    assert books(place) == books(Place(calm, digest))
    assert files(place.folder / "out" / "feeds") == files(calm / "out" / "feeds")
    for page in (calm / "out" / "archive").rglob("*.html"):
        assert (place.folder / "out" / page.relative_to(calm / "out")).read_bytes() == page.read_bytes()
    assert list((place.folder / "out").rglob(".*")) == [], "what was begun is gone"
    mails = Counter(path.read_bytes() for path in (tmp_path / "received").glob("*.eml"))
    expected = {path.read_bytes() for path in (calm / "out" / "mail").glob("*.eml")}
    assert set(mails) == expected, "every message came, and no other"
    in_the_servers_hands = point.startswith("digest.store:Ledger.turn:before:")
    assert sum(mails.values()) == len(expected) + in_the_servers_hands


def test_held_instead_of_sent_again(published: Place, tmp_path: Path) -> None:
    published.set('# after_crash = "resend"', 'after_crash = "hold"')
    with Sink(folder=received(tmp_path)) as server:
        mail_to(published, server)
        killed(published, "digest.store:Ledger.turn:before:2")
        assert published.run("run").code == 1, "a message of unknown fate is trouble"
    assert len(list((tmp_path / "received").glob("*.eml"))) == 4
    outbox = json.loads(published.run("status", "--json").out)["outbox"]
    assert outbox["unknown"] == 1
    assert outbox["sent"] == 3


def test_two_runs_at_once(stocked: Place) -> None:
    log, command = stocked.folder / "log", ("--config", stocked.config, "--now", NOW, "run")
    codes = [killing.ended(one) for one in [killing.start(log, *command) for _ in range(2)]]
    assert sorted(codes) in ([0, 4], [0, 0]), log.read_text()
    stocked.run("run")
    assert len(stocked.mails()) == 4
    assert json.loads(stocked.run("status", "--json").out)["outbox"]["sent"] == 4
