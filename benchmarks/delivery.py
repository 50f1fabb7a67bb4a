"""The ways to hand mail over that benchmarks/mail.py compares: whole ways from editions on, and sending alone.

A way makes ready what it needs and yields what is timed. Each message goes into a sink in another process, over
loopback, plain or under TLS, at once or with a round trip in between. Sending alone is of one finished mail's bytes:
Postfix's smtp-source, a bare socket that looks at nothing but that the replies come, this client, this client with the
ledger as `deliver` uses it, and smtplib. Of the whole ways the usual one composes a mail and makes a connection for it;
ours stores what `publish` does, makes the messages from that and sends them as `deliver` does.
"""

from __future__ import annotations

import contextlib
import resource
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TypeAlias

import trustme

HERE = Path(__file__).parent.parent
sys.path[:0] = [str(HERE), str(HERE / "tests")]

from sinks import SOURCE, sink  # noqa: E402
from storm import NOW, bare_world, stock  # noqa: E402

from digest.model import Edition, Message, OutboxItem, OutboxState, Site  # noqa: E402
from digest.pipeline.deliver import deliver  # noqa: E402
from digest.pipeline.letters import Letters  # noqa: E402
from digest.pipeline.world import World  # noqa: E402
from digest.render import Renderer  # noqa: E402
from digest.sign import Signer  # noqa: E402
from digest.store import Store  # noqa: E402
from digest.transport import SmtpTransport  # noqa: E402

BATCH = 500  # editions in a transaction, as `publish` has them
FLOOR, CLIENT, LEDGER = "sending: smtp-source", "sending: ours", "sending: ours with the ledger"
SENDER, READER = "digest@example.org", "reader@example.net"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a sink is."""

    port: int
    seconds: float  # of the round trip
    ca: Path | None  # under TLS, whom to trust

    @property
    def name(self) -> str:
        return ("TLS" if self.ca else "plain") + (f", {self.seconds * 1000:.0f} ms away" if self.seconds else "")

    def ours(self) -> SmtpTransport:
        return SmtpTransport("127.0.0.1", self.port, "tls" if self.ca else "none", timeout=60, ca_file=self.ca)

    def usual(self) -> smtplib.SMTP:
        if self.ca is None:
            return smtplib.SMTP("127.0.0.1", self.port, "[127.0.0.1]")
        context = ssl.create_default_context(cafile=self.ca)
        return smtplib.SMTP_SSL("127.0.0.1", self.port, "[127.0.0.1]", context=context)


@contextlib.contextmanager
def places(seconds: float) -> Iterator[list[Place]]:
    """Plain and under TLS, at once and so far away."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as open_sinks:
        ca, server = Path(name) / "ca.pem", Path(name) / "server.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(ca))
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(server))
        found = []
        for away in (0.0, seconds):
            for tls in (False, True):
                port = open_sinks.enter_context(sink(server if tls else None, away))
                found.append(Place(port=port, seconds=away, ca=ca if tls else None))
        yield found


Go: TypeAlias = Callable[[], object]
Way: TypeAlias = Callable[[Place, int], contextlib.AbstractContextManager[Go]]


# --- whole ways ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Office:
    """What ours are made with; `editions` makes so many."""

    renderer: Renderer
    site: Site
    secret: bytes
    editions: Callable[[int], Sequence[Edition]]
    signer: Signer | None = None

    @contextlib.contextmanager
    def mails(self, place: Place, number: int) -> Iterator[Go]:
        """Editions, as `publish` posts them and `deliver` sends them."""
        made = self.editions(number)
        with tempfile.TemporaryDirectory() as name, Store.open(f"sqlite:///{name}/digest.db") as store:
            own = {"renderer": self.renderer, "site": self.site, "secret": self.secret, "signer": self.signer}
            world = bare_world(store, place.ours(), output=Path(name), **own)

            def go() -> None:
                letters = Letters(world)
                for start in range(0, number, BATCH):
                    store.enqueue_all(letters.postings(made[start : start + BATCH], NOW), NOW)
                _all_sent(world, number)

            yield go


def usual(compose: Callable[[Edition], bytes], editions: Callable[[int], Sequence[Edition]]) -> Way:
    """A mail is composed and has a connection of its own."""

    @contextlib.contextmanager
    def way(place: Place, number: int) -> Iterator[Go]:
        made = editions(number)

        def go() -> None:
            for one in made:
                content = compose(one)
                with place.usual() as server:
                    server.sendmail(SENDER, [one.subscription.address or ""], content)

        yield go

    return way


def _all_sent(world: World, number: int, make: Callable[[OutboxItem], Message] | None = None) -> None:
    states = [one.state for one in deliver(world, NOW, make=make)]
    assert states == [OutboxState.SENT] * number


# --- sending alone ---------------------------------------------------------------------------------------------


def sending(content: bytes) -> dict[str, Way]:
    """The ways to send these bytes again and again, by name."""
    sample = Message(message_id="", sender=SENDER, recipient=READER, content=content, name="")

    @contextlib.contextmanager
    def source(place: Place, number: int) -> Iterator[Go]:
        with tempfile.NamedTemporaryFile() as file:
            file.write(content.replace(b"\r\n", b"\n"))
            file.flush()
            command = [str(SOURCE), "-d", "-s", "1", "-m", str(number), "-F", file.name, "-f", SENDER, "-t", READER]
            yield lambda: subprocess.run([*command, f"127.0.0.1:{place.port}"], check=True)

    @contextlib.contextmanager
    def bare(place: Place, number: int) -> Iterator[Go]:
        yield lambda: _bare(place, content.replace(b"\r\n.", b"\r\n.."), number)

    @contextlib.contextmanager
    def client(place: Place, number: int) -> Iterator[Go]:
        messages = [replace(sample, message_id=str(one)) for one in range(number)]

        def go() -> None:
            transport = place.ours()
            for message, then in zip(messages, [*messages[1:], None], strict=True):
                transport.send(message, lambda then=then: then)
            transport.close()

        yield go

    @contextlib.contextmanager
    def ledger(place: Place, number: int) -> Iterator[Go]:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/digest.db"
            stock(url, number)
            with Store.open(url) as store:
                yield lambda: _all_sent(
                    bare_world(store, place.ours()), number, lambda item: replace(sample, message_id=item.message_id)
                )

    @contextlib.contextmanager
    def one_connection(place: Place, number: int) -> Iterator[Go]:
        def go() -> None:
            with place.usual() as server:
                for _ in range(number):
                    server.sendmail(SENDER, [READER], content)

        yield go

    @contextlib.contextmanager
    def a_connection_each(place: Place, number: int) -> Iterator[Go]:
        def go() -> None:
            for _ in range(number):
                with place.usual() as server:
                    server.sendmail(SENDER, [READER], content)

        yield go

    return {
        FLOOR: source,
        "sending: a bare socket": bare,
        CLIENT: client,
        LEDGER: ledger,
        "sending: smtplib, one connection": one_connection,
        "sending: smtplib, a connection each": a_connection_each,
    }


def _bare(place: Place, content: bytes, number: int) -> None:
    """The next envelope behind each message, and nothing looked at but that four replies came."""
    sock: socket.socket = socket.create_connection(("127.0.0.1", place.port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if place.ca:
        sock = ssl.create_default_context(cafile=place.ca).wrap_socket(sock, server_hostname="127.0.0.1")
    replies = sock.makefile("rb")
    replies.readline()
    sock.sendall(b"EHLO x\r\n")
    while replies.readline()[3:4] == b"-":
        pass
    envelope = f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{READER}>\r\nDATA\r\n".encode()
    whole = content + b".\r\n" + envelope
    sock.sendall(envelope)
    for _ in range(3):
        replies.readline()
    for _ in range(number):
        sock.sendall(whole)
        for _ in range(4):
            replies.readline()
    sock.close()


# --- measuring -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a message, in milliseconds: by the wall, and of the processor without the sink's."""

    wall: float
    work: float


def measure(ways: Mapping[str, tuple[int, Way]], place: Place, rounds: int) -> dict[str, list[Cost]]:
    """By name what a message cost in each round, in which the ways take turns. Given are how many messages of each."""
    found: dict[str, list[Cost]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, (number, way) in ways.items():
            with way(place, number) as go:
                begun, worked = time.perf_counter(), _worked()
                go()
                wall, work = time.perf_counter() - begun, _worked() - worked
            found[name].append(Cost(1000 * wall / number, 1000 * work / number))
    return found


def _worked() -> float:
    """Seconds of the processor, of this process and of those it waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


# --- telling ---------------------------------------------------------------------------------------------------

Costs: TypeAlias = Mapping[str, Sequence[Cost]]


def table(found: Mapping[str, Costs]) -> str:
    """Of each way in each place: messages a second, and milliseconds of the processor a message; medians of rounds."""
    names = list(dict.fromkeys(name for costs in found.values() for name in costs))
    lines = [f"{'messages a second, ms of processor a message':48}" + "".join(f"{place:>20}" for place in found)]
    for name in names:
        cells = [_cell(costs.get(name)) for costs in found.values()]
        lines.append(f"{name:48}" + "".join(f"{cell:>20}" for cell in cells))
    return "\n".join(lines)


def _cell(costs: Sequence[Cost] | None) -> str:
    if not costs:
        return "-"
    wall, work = (median([getattr(one, of) for one in costs]) for of in ("wall", "work"))
    return f"{1000 / wall:,.0f} {work:8.3f}"


def times(costs: Costs, one: str, other: str) -> tuple[float, float]:
    """How many times as fast `one` is, by the wall and by the processor; medians of the rounds' ratios."""
    pairs = list(zip(costs[one], costs[other], strict=True))
    return median([b.wall / a.wall for a, b in pairs]), median([b.work / a.work for a, b in pairs])
