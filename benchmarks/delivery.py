"""What it costs to hand mail over, beside floors in the same run: `python benchmarks/delivery.py [--messages N]`.

Messages of 40 kB go over loopback into a sink in another process, which throws them away: Postfix's smtp-sink where it
is installed, else, and for TLS, the tests' own (in Python, slower than any client here, so that its rows compare only
with each other). A round trip is put on by a relay in between. The floors are Postfix's smtp-source, the same bytes
from a bare socket with nothing read but the replies, and smtplib the usual way. Ratios, not seconds: the machine is
busy, so each figure is the best of the rounds, which take turns.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import shutil
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import trustme

HERE = Path(__file__).parent.parent
sys.path[:0] = [str(HERE), str(HERE / "tests")]

from storm import NOW, small, stock  # noqa: E402

from digest.model import Message, OutboxItem, OutboxState, Site  # noqa: E402
from digest.pipeline import Rules, World, deliver  # noqa: E402
from digest.store import Store  # noqa: E402
from digest.transport import SmtpTransport  # noqa: E402

BODY = (b"x" * 74 + b"\r\n") * (40_000 // 76)
SINK, SOURCE = (shutil.which(name, path="/usr/sbin:/usr/bin") for name in ("smtp-sink", "smtp-source"))
NOTHING = cast(Any, None)


# --- the other side --------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def sink(folder: Path, certificate: Path | None) -> Iterator[int]:
    if SINK and certificate is None:
        port = free_port()
        with subprocess.Popen([SINK, "-u", "nobody", f"127.0.0.1:{port}", "500"]) as server:
            until_there(port)
            yield port
            server.kill()
        return
    command = [sys.executable, str(HERE / "tests" / "fault_smtp.py"), "--log", str(folder / "log")]
    command += ["--tls", str(certificate)] if certificate else []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as python:
        assert python.stdout
        yield int(python.stdout.readline())
        python.communicate(timeout=20)


def until_there(port: int) -> None:
    for _ in range(500):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.01)


@contextlib.contextmanager
def far(port: int, seconds: float) -> Iterator[int]:
    """The same place, with half of the round trip on each way."""
    if not seconds:
        yield port
        return
    door = free_port()
    relay = multiprocessing.get_context("fork").Process(target=delay, args=(door, port, seconds / 2), daemon=True)
    relay.start()
    until_there(door)
    yield door
    relay.kill()
    relay.join()


def delay(door: int, port: int, seconds: float) -> None:
    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while content := await reader.read(2**18):
            loop.call_later(seconds, writer.write, content)
        loop.call_later(seconds, writer.close)

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", port)
        there[1].get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer), return_exceptions=True)

    async def serve() -> None:
        await (await asyncio.start_server(meet, "127.0.0.1", door)).serve_forever()

    asyncio.run(serve())


# --- this side -------------------------------------------------------------------------------------------------


def large(item: OutboxItem) -> Message:
    found = small(item)
    return Message(
        message_id=found.message_id, sender=found.sender, recipient=found.recipient,
        content=found.content + BODY, name="",
    )  # fmt: skip


def items(number: int) -> list[OutboxItem]:
    return [
        OutboxItem(
            message_id=f"{one:06}@digest.example.org", edition_id="", address=f"reader{one}@d{one % 97}.example",
            state=OutboxState.PENDING, created_at=NOW, next_at=NOW,
        )
        for one in range(number)
    ]  # fmt: skip


def ours(port: int, ca: Path | None) -> SmtpTransport:
    return SmtpTransport("127.0.0.1", port, "tls" if ca else "none", timeout=60, ca_file=ca, per_connection=10**9)


def client(port: int, ca: Path | None, number: int) -> None:
    """The client alone, as the senders use it: each message with a look at the next."""
    transport, messages = ours(port, ca), [large(item) for item in items(number)]
    for message, then in zip(messages, [*messages[1:], None], strict=True):
        transport.send(message, then)
    transport.close()


def whole(port: int, ca: Path | None, number: int) -> tuple[float, float]:
    """With the ledger on SQLite; the seconds of `deliver` alone, by the wall and of the processor."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/digest.db"
        stock(url, number)
        with Store.open(url) as store:
            world = World(
                store=store, renderer=NOTHING, transport=ours(port, ca), secret=b"", clock=time, background=NOTHING,
                site=Site(name="", sender="", authority="", list_domain=""), profiles={}, subscriptions=(),
                roll="", zones="", inbox=Path(), output=Path(), rules=Rules(),
            )  # fmt: skip
            begun, worked = time.perf_counter(), time.process_time()
            settled = list(deliver(world, NOW, make=large))
            seconds = time.perf_counter() - begun, time.process_time() - worked
    assert [one.state for one in settled] == [OutboxState.SENT] * number
    return seconds


def usual(port: int, ca: Path | None, number: int) -> None:
    """smtplib, one kept connection."""
    with usual_server(port, ca) as server:
        for item in items(number):
            message = large(item)
            server.sendmail(message.sender, [message.recipient], message.content)


def usual_apart(port: int, ca: Path | None, number: int) -> None:
    """smtplib, a connection for each message."""
    for item in items(number):
        message = large(item)
        with usual_server(port, ca) as server:
            server.sendmail(message.sender, [message.recipient], message.content)


def usual_server(port: int, ca: Path | None) -> smtplib.SMTP:
    if ca is None:
        return smtplib.SMTP("127.0.0.1", port, "[127.0.0.1]")
    return smtplib.SMTP_SSL("127.0.0.1", port, "[127.0.0.1]", context=ssl.create_default_context(cafile=ca))


def bare(port: int, ca: Path | None, number: int) -> None:
    """The bytes ready, the next envelope behind each message, and nothing looked at but that four replies came."""
    sock: socket.socket = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if ca:
        sock = ssl.create_default_context(cafile=ca).wrap_socket(sock, server_hostname="127.0.0.1")
    replies = sock.makefile("rb")
    replies.readline()
    sock.sendall(b"EHLO x\r\n")
    while replies.readline()[3:4] == b"-":
        pass
    envelope = b"MAIL FROM:<digest@example.org>\r\nRCPT TO:<reader@example.net>\r\nDATA\r\n"
    content = b"Subject: x\r\n\r\n" + BODY + b".\r\n" + envelope
    sock.sendall(envelope)
    for _ in range(3):
        replies.readline()
    for _ in range(number):
        sock.sendall(content)
        for _ in range(4):
            replies.readline()
    sock.close()


def source(port: int, _ca: Path | None, number: int) -> None:
    assert SOURCE
    command = [SOURCE, "-s", "1", "-m", str(number), "-l", str(len(BODY)), "-f", "digest@example.org"]
    subprocess.run([*command, "-t", "reader@example.net", f"127.0.0.1:{port}"], check=True)


WAYS: dict[str, Callable[[int, Path | None, int], tuple[float, float] | None]] = {
    "smtp-source": source,
    "a bare socket": bare,
    "this client alone": client,
    "this, with the ledger": whole,
    "smtplib, one connection": usual,
    "smtplib, a connection each": usual_apart,
}


def measured(ways: list[str], port: int, ca: Path | None, number: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Of each way the best of the rounds: messages a second, and milliseconds of this process a message."""
    best = dict.fromkeys(ways, (0.0, float("inf")))
    for _ in range(rounds):
        for way in ways:
            begun, worked = time.perf_counter(), time.process_time()
            took = WAYS[way](port, ca, number) or (time.perf_counter() - begun, time.process_time() - worked)
            best[way] = max(best[way][0], number / took[0]), min(best[way][1], 1000 * took[1] / number)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description="Messages a second over SMTP, beside floors.")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
        for encrypted, trip in [(False, 0.0), (True, 0.0), (False, 0.04), (True, 0.04)]:
            ways = [way for way in WAYS if way != "smtp-source" or (SOURCE and not encrypted)]
            if trip:
                ways.remove("smtp-source") if "smtp-source" in ways else None
            number = min(options.messages, 50) if trip else options.messages // (4 if encrypted else 1)
            certificate = folder / "server.pem" if encrypted else None
            with sink(folder, certificate) as near, far(near, trip) as port:
                found = measured(
                    ways, port, folder / "ca.pem" if encrypted else None, number, 1 if trip else options.rounds
                )  # fmt: skip
            floor = found[ways[0]][0]
            print(f"{'TLS' if encrypted else 'plain'}, round trip {trip * 1000:.0f} ms, {number} messages")
            for way, (rate, work) in found.items():
                own = "" if way == "smtp-source" else f"{work:8.3f} ms"
                print(f"  {way:28} {rate:8.0f} a second {rate / floor:6.2f} {own}", flush=True)


if __name__ == "__main__":
    main()
