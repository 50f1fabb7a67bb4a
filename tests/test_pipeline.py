"""Deliveries that do not go well, against a real mail server: deferred, refused, given up, held back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Place
from smtp_sink import Sink

MORNING = "2026-06-02T20:00:00+00:00"
TOO_SOON = "2026-06-02T20:04:00+00:00"
LATER = "2026-06-02T20:06:00+00:00"
MUCH_LATER = "2026-06-05T20:06:00+00:00"


def over(place: Place, port: int) -> Place:
    """The same place, mailing by SMTP."""
    place.set('kind = "directory"', f'kind = "smtp"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"')
    return place


def outbox(place: Place) -> dict[str, int]:
    states: dict[str, int] = json.loads(place.run("status", "--json").out)["outbox"]
    return {state: number for state, number in states.items() if number}


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as server:
        yield server


def test_all_well(stocked: Place, sink: Sink) -> None:
    assert over(stocked, sink.port).run("run").code == 0
    assert outbox(stocked) == {"sent": 4}
    assert len(sink.received) == 4
    assert sink.connections == 1, "one connection for all"


def test_a_temporary_refusal_is_tried_again_later_with_the_same_bytes(stocked: Place) -> None:
    with Sink(script={"DOT": ["451 4.3.0 come back"]}) as server:
        ran = over(stocked, server.port).run("run", now=MORNING)
        assert ran.code == 1
        assert "come back" in ran.out
        assert outbox(stocked) == {"sent": 3, "deferred": 1}
        template = stocked.folder / "templates"
        template.mkdir()
        (template / "mail.txt.j2").write_text("changed since\n")
        stocked.set('# templates = "../templates"', 'templates = "../templates"')
        assert stocked.run("run", now=TOO_SOON).code == 4
        assert stocked.run("run", now=LATER).code == 0
    assert outbox(stocked) == {"sent": 4}
    assert len({message.recipients for message in server.received}) == 4
    assert not any(b"changed since" in message.content for message in server.received)


def test_a_dead_address_is_never_mailed_again(stocked: Place) -> None:
    with Sink(script={"RCPT": ["550 5.1.1 no such person"]}) as server:
        assert over(stocked, server.port).run("run").code == 1
    assert outbox(stocked) == {"sent": 3, "failed": 1}
    suppressed = json.loads(stocked.run("suppress", "--json").out)
    assert len(suppressed) == 1
    assert "5.1.1" in suppressed[0]["reason"]


def test_a_refused_message_does_not_condemn_its_reader(stocked: Place) -> None:
    with Sink(script={"DOT": ["554 5.7.1 not today"]}) as server:
        assert over(stocked, server.port).run("run").code == 1
    assert outbox(stocked) == {"sent": 3, "failed": 1}
    assert json.loads(stocked.run("suppress", "--json").out) == []


def test_without_a_server_the_rest_waits_and_nothing_is_lost(stocked: Place) -> None:
    with Sink() as gone:
        port = gone.port
    assert over(stocked, port).run("run", now=MORNING).code == 1
    assert outbox(stocked) == {"deferred": 3, "pending": 1}, "after three in vain the fourth is not tried"
    with Sink(port=port) as back:
        stocked.run("run", now=LATER)
        assert len(back.received) == 4
    assert outbox(stocked) == {"sent": 4}


def test_a_message_that_never_gets_through_is_given_up(stocked: Place) -> None:
    with Sink(script={"RCPT": ["450 4.2.1 busy"] * 4}) as server:
        over(stocked, server.port).run("run", now=MORNING)
        assert outbox(stocked) == {"deferred": 4}
        assert stocked.run("deliver", now=MUCH_LATER).code == 1
    assert outbox(stocked) == {"failed": 4}
    assert server.received == []


def test_an_address_suppressed_after_composing_is_not_mailed(stocked: Place, sink: Sink) -> None:
    over(stocked, sink.port).run("ingest", stocked.folder / "inbox")
    stocked.run("publish")
    stocked.run("suppress", "ada@example.org")
    assert stocked.run("deliver").code == 0
    assert outbox(stocked) == {"sent": 3, "suppressed": 1}
    assert "ada@example.org" not in {recipient for message in sink.received for recipient in message.recipients}


def test_a_maildir_gets_each_message_once(stocked: Place, tmp_path: Path) -> None:
    stocked.set('kind = "directory"', 'kind = "maildir"')
    stocked.set('folder = "../out/mail"', 'folder = "../Mail"')
    assert stocked.run("run").code == 0
    assert stocked.run("run").code == 4
    assert len(list((stocked.folder / "Mail" / "new").iterdir())) == 4
