"""A real SMTP server on loopback that remembers what it got and can be told to misbehave.

In a test: `with Sink(script={"RCPT": ["550 5.1.1 nobody"]}) as sink: ...`. By hand or for crash tests:
`python tests/smtp_sink.py --port 0 --folder DIR [--delay-after-dot SECONDS]` prints its port, writes each message as
NNNN.eml and a line of log.jsonl before it answers, and ends when its stdin closes. Never listens beyond loopback.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import email
import json
import os
import ssl
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

HANG_UP = "hang up"
STALL = "stall"

Answer = Callable[[str | None], Awaitable[None]]


@dataclass(frozen=True)
class Received:
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    connection: int  # counts from 1
    encrypted: bool
    options: tuple[str, ...]


@dataclass
class Sink:
    """`script` maps a command to its next answers: a reply, HANG_UP or STALL; when they are used up, all goes well.

    Commands are those of SMTP, CONNECT for the greeting and DOT for the end of the message. A message is `received`
    when its DOT is not answered by a 4xx or 5xx: a server that hangs up there has taken it.
    """

    script: Mapping[str, Sequence[str]] = field(default_factory=dict)
    starttls: ssl.SSLContext | None = None
    tls: ssl.SSLContext | None = None
    users: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    delay_after_dot: float = 0.0
    port: int = 0
    received: list[Received] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Sink:
        self._answers = {command: list(answers) for command, answers in self.script.items()}
        self._sessions: list[_Session] = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the SMTP sink did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(lambda: _Session(self), "127.0.0.1", self.port, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for session in self._sessions:
            session.hang_up()
        while any(session.transport is not None for session in self._sessions):
            await asyncio.sleep(0)

    def next_answer(self, command: str) -> str | None:
        answers = self._answers.get(command)
        return answers.pop(0) if answers else None

    def take(self, message: Received) -> None:
        self.received.append(message)
        if self.folder is not None:
            _store(self.folder, message)


class _Session(SMTP):
    def __init__(self, sink: Sink) -> None:
        super().__init__(
            _Inbox(sink),
            hostname="sink.test",
            tls_context=sink.starttls,
            require_starttls=sink.starttls is not None,
            authenticator=self._log_in,
            auth_required=bool(sink.users) and sink.starttls is not None,
            auth_require_tls=not sink.users or sink.starttls is not None,
            loop=asyncio.get_running_loop(),
        )
        self._sink = sink
        self.number = 0
        self._smtp_methods = {name: self._scripted(name, method) for name, method in self._smtp_methods.items()}

    def hang_up(self) -> None:
        if self.transport is not None:
            with contextlib.suppress(AttributeError):  # Python 3.11.2's TLS transport when the peer has just left
                self.transport.abort()  # type: ignore[attr-defined]  # all of asyncio's stream transports have it

    def connection_made(self, transport: Any) -> None:
        if not self.number:  # and not the second time, after STARTTLS
            self._sink.connections += 1
            self.number = self._sink.connections
            self._sink._sessions.append(self)
        super().connection_made(transport)

    async def _handle_client(self) -> None:
        if not await self._misbehave("CONNECT"):
            await super()._handle_client()

    def _scripted(self, command: str, method: Answer) -> Answer:
        async def answer(arg: str | None) -> None:
            self._sink.commands.append(f"{command} {arg}" if arg else command)
            if not await self._misbehave(command):
                await method(arg)

        return answer

    async def _misbehave(self, command: str) -> bool:
        """Act out the script, if it has anything for this command."""
        answer = self._sink.next_answer(command)
        if answer is None:
            return False
        if answer == HANG_UP:
            self.hang_up()
        if answer in (HANG_UP, STALL):
            await asyncio.Event().wait()  # until the end of the connection cancels this
        await self.push(answer)
        return True

    def _log_in(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, login: Any) -> AuthResult:
        known = self._sink.users.get(login.login.decode())
        return AuthResult(success=known is not None and known.encode() == login.password, handled=False)


@dataclass
class _Inbox:
    """What aiosmtpd calls when a message has come in."""

    sink: Sink

    async def handle_DATA(self, server: _Session, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.sink.next_answer("DOT")
        if answer is not None and answer[0] in "45":
            return answer
        self.sink.take(
            Received(
                sender=envelope.mail_from,
                recipients=tuple(envelope.rcpt_tos),
                content=envelope.original_content,
                connection=server.number,
                encrypted=session.ssl is not None or self.sink.tls is not None,
                options=tuple(envelope.mail_options),
            )
        )
        await asyncio.sleep(self.sink.delay_after_dot)
        if answer == HANG_UP:
            server.hang_up()
        if answer in (HANG_UP, STALL):
            await asyncio.Event().wait()  # until the end of the connection cancels this
        return answer or f"250 2.0.0 taken as {len(self.sink.received)}"


def _store(folder: Path, message: Received) -> None:
    """The message first, its line in the log last: a line stands for a whole message."""
    folder.mkdir(parents=True, exist_ok=True)
    number = len(list(folder.glob("*.eml"))) + 1
    path = folder / f"{number:04}.eml"
    path.write_bytes(message.content)
    line = {
        "file": path.name,
        "sender": message.sender,
        "recipients": message.recipients,
        "message_id": email.message_from_bytes(message.content)["Message-ID"],
        "connection": message.connection,
    }
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")
        log.flush()
        os.fsync(log.fileno())


def main() -> None:
    parser = argparse.ArgumentParser(description="An SMTP server on loopback that stores what it gets.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--delay-after-dot", type=float, default=0.0, metavar="SECONDS")
    options = parser.parse_args()
    with Sink(port=options.port, folder=options.folder, delay_after_dot=options.delay_after_dot) as sink:
        print(sink.port, flush=True)
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
