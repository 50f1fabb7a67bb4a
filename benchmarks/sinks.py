"""Servers that throw mail away, in processes of their own, near or with a round trip in between.

Postfix's smtp-sink where it is installed; else, and for TLS, one of our own.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

SINK, SOURCE = (shutil.which(name, path="/usr/sbin:/usr/bin") for name in ("smtp-sink", "smtp-source"))
_READ = 2**18


@contextlib.contextmanager
def sink(certificate: Path | None = None, seconds: float = 0.0) -> Iterator[int]:
    """The port of one, under TLS with a certificate; `seconds` is the round trip."""
    port = _free_port()
    with _smtp_sink(port) if SINK and certificate is None else _forked(_serve, port, certificate):
        if not seconds:
            yield port
            return
        door = _free_port()
        with _forked(_delay, door, port, seconds / 2):
            yield door


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def _smtp_sink(port: int) -> Iterator[None]:
    assert SINK
    with subprocess.Popen([SINK, "-u", "nobody", f"127.0.0.1:{port}", "500"]) as server:
        _until_there(port)
        yield
        server.kill()


@contextlib.contextmanager
def _forked(work: Callable[..., None], port: int, *more: object) -> Iterator[None]:
    process = multiprocessing.get_context("fork").Process(target=work, args=(port, *more), daemon=True)
    process.start()
    _until_there(port)
    yield
    process.kill()
    process.join()


def _until_there(port: int) -> None:
    for _ in range(500):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.01)


# --- our own ---------------------------------------------------------------------------------------------------


def _serve(port: int, certificate: Path | None) -> None:
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", port), backlog=100) as door:
        while True:
            sock, _ = door.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_meet, args=(sock, context), daemon=True).start()


def _meet(sock: socket.socket, context: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError):
        _talk(context.wrap_socket(sock, server_side=True) if context else sock)


def _talk(sock: socket.socket) -> None:
    """One answer to each command and each message, and those to what came together together."""
    sock.sendall(b"220 sink\r\n")
    waiting, inside = b"", False
    while content := sock.recv(_READ):
        waiting += content
        answers = b""
        while (end := waiting.find(b"\r\n.\r\n" if inside else b"\r\n")) >= 0:
            command = b"." if inside else waiting[:4].upper()
            waiting = waiting[end + (5 if inside else 2) :]
            inside = command == b"DATA"
            answers += _ANSWERS.get(command, b"250 2.0.0 Ok\r\n")
        if inside:
            waiting = waiting[-4:]  # the message is thrown away but for what its end may begin with
        if answers:
            sock.sendall(answers)
        if answers.endswith(_ANSWERS[b"QUIT"]):
            break
    sock.close()


_ANSWERS = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250-SIZE 100000000\r\n250 8BITMIME\r\n",
    b"DATA": b"354 End data with <CR><LF>.<CR><LF>\r\n",
    b"QUIT": b"221 Bye\r\n",
}


# --- far away --------------------------------------------------------------------------------------------------


def _delay(door: int, port: int, seconds: float) -> None:
    """Passes on what comes after so many seconds, each way."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while content := await reader.read(_READ):
            loop.call_later(seconds, writer.write, content)
        loop.call_later(seconds, writer.close)

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer), return_exceptions=True)

    async def serve() -> None:
        await (await asyncio.start_server(meet, "127.0.0.1", door)).serve_forever()

    asyncio.run(serve())
