"""What a sender does in which order."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest
from fault_smtp import IN_A_WHILE, Faulty
from smtp_sink import Sink
from sqlalchemy import func, update
from storm import NOW, bare_world, small, stock

from digest.model import Message, OutboxItem, OutboxState
from digest.pipeline.deliver import deliver
from digest.stopping import ending
from digest.store import Store
from digest.store.schema import outbox
from digest.transport import SmtpTransport


@pytest.fixture
def url(tmp_path: Path) -> str:
    stock(url := f"sqlite:///{tmp_path}/digest.db", 3)
    return url


def test_the_next_message_is_made_while_the_server_has_one(url: str) -> None:
    with Faulty({"DOT": [IN_A_WHILE] * 2}) as server, Store.open(url) as store:  # no reply before the next envelope
        world = bare_world(store, SmtpTransport("127.0.0.1", server.port, "none", timeout=10))
        assert [one.state for one in deliver(world, NOW, make=small)] == [OutboxState.SENT] * 3
    assert server.connections == 1


def test_what_breaks_meanwhile_does_not_lose_the_outcome(url: str) -> None:
    """The message that the server has is not left as if nobody knew whether it had arrived."""

    def make(item: OutboxItem) -> Message:
        if item.message_id.startswith("000001"):
            raise RuntimeError("out of order")
        return small(item)

    told = []
    with Faulty() as server, Store.open(url) as store:
        world = bare_world(store, SmtpTransport("127.0.0.1", server.port, "none", timeout=10))
        with pytest.raises(RuntimeError, match="out of order"):
            for one in deliver(world, NOW, make=make):
                told.append(one.state)
        counts = store.counts()["outbox"]
        assert not store.abandoned()
    assert told == [OutboxState.SENT]
    assert {state: number for state, number in counts.items() if number} == {"sent": 1, "pending": 2}
    assert [one.recipient for one in server.taken] == ["reader0@d0.example"]


def test_a_login_that_is_refused_is_tried_once(url: str) -> None:
    """Three messages wait, and the server offers two ways to log in: servers count, and lock out."""
    with Sink(users={"digest": "right"}) as server, Store.open(url) as store:
        world = bare_world(store, SmtpTransport("127.0.0.1", server.port, "none", "digest", "wrong", 10))
        assert [one.state for one in deliver(world, NOW, make=small)] == [OutboxState.DEFERRED]
    assert sum(command.startswith("AUTH") for command in server.commands) == 1


def test_told_to_stop_it_ends_with_the_message_in_hand(url: str) -> None:
    """As nobody is to get a message twice for a service that was stopped."""
    with Faulty() as server, Store.open(url) as store:
        transport = SmtpTransport("127.0.0.1", server.port, "none", timeout=10)
        world = replace(bare_world(store, transport), ending=ending)
        with pytest.raises(KeyboardInterrupt):
            for number, _ in enumerate(deliver(world, NOW, make=small)):
                if number == 0:
                    signal.raise_signal(signal.SIGTERM)
        counts = store.counts()["outbox"]
        assert not store.abandoned()
    assert {state: number for state, number in counts.items() if number} == {"sent": 2, "pending": 1}
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_domain_that_refuses_everybody_is_stopped_before_all_its_readers_are_barred(tmp_path: Path) -> None:
    stock(url := f"sqlite:///{tmp_path}/digest.db", 25)
    with Faulty({"RCPT": ["550 5.1.1 no such user"] * 25}) as server, Store.open(url) as store:
        with store._writing() as conn:
            address = func.replace(outbox.c.message_id, "digest.example.org", "d.example")
            conn.execute(update(outbox).values(address=address, domain="d.example"))
        world = bare_world(store, SmtpTransport("127.0.0.1", server.port, "none", timeout=10))
        assert [one.state for one in deliver(world, NOW, make=small)] == [OutboxState.FAILED] * 20
        assert store.suppressions() == () and len(store.suppressions(lifted=True)) == 20
        (stopped,) = store.destinations()
    assert stopped.stopped and stopped.reply.startswith("20 addresses in a row")
