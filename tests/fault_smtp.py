"""An SMTP server on loopback that speaks the protocol by hand, so that it can do what servers should not.

In a test: `with Faulty(script={"RCPT": ["450 4.2.1 later"]}) as server: ...`. In a process of its own, with a log of
what it took: `python tests/fault_smtp.py --log FILE [--delay SECONDS] [--tls CERTIFICATE]` prints its port and ends
when its stdin closes.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import ssl
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HANG_UP, STALL, IN_A_WHILE = "hang up", "stall", "in a while"
CAPABILITIES = ("PIPELINING", "SIZE 50000000", "8BITMIME")


@dataclass(frozen=True)
class Taken:
    recipient: str
    content: bytes  # as it came, dots doubled
    connection: int  # counts from 1


@dataclass
class Faulty:
    """`script` maps a command (CONNECT and DOT among them) to its next answers: a reply, HANG_UP or STALL;
    for DOT also IN_A_WHILE: the usual one, when more has come.

    `split` sends every reply a byte at a time; `swallow` throws away what came with a command, as servers do that
    offer pipelining and cannot; `in_order` refuses a command that came before the last reply had gone out; `greylist`
    defers each recipient once; `most` connections are served at once, others hear 421; `slow` reads so many bytes at
    once; `cut_in_data` hangs up after so many bytes of the first message.
    """

    script: Mapping[str, Sequence[str]] = field(default_factory=dict)
    capabilities: Sequence[str] = CAPABILITIES
    split: bool = False
    swallow: bool = False
    in_order: bool = False
    greylist: bool = False
    most: int | None = None
    slow: int | None = None
    cut_in_data: int | None = None
    tls: ssl.SSLContext | None = None
    log: Path | None = None
    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    writes: list[bytes] = field(default_factory=list)  # what came in each read outside of messages
    connections: int = 0

    def __enter__(self) -> Faulty:
        self._answers = {command: list(answers) for command, answers in self.script.items()}
        self._inside, self._seen = 0, set[str]()
        self._tasks: set[asyncio.Task[None]] = set()
        self._out = os.open(self.log, os.O_CREAT | os.O_APPEND | os.O_WRONLY) if self.log else None
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True)
        self._thread.start()
        assert ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        if self._out is not None:
            os.close(self._out)

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._meet, "127.0.0.1", 0, ssl=self.tls, limit=2**24)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._stop.wait()
        server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self.connections += 1
        self._inside += 1
        try:
            await Talk(self, reader, writer, self.connections).go(self._inside)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._inside -= 1
            self._tasks.discard(task)
            writer.transport.abort()

    def next_answer(self, command: str) -> str | None:
        answers = self._answers.get(command)
        return answers.pop(0) if answers else None

    def grey(self, recipient: str) -> bool:
        """Whether it is to come back later: the first time."""
        new = self.greylist and recipient not in self._seen
        self._seen.add(recipient)
        return new

    def take(self, message: Taken) -> None:
        """In the log before the reply goes out: what is taken is taken."""
        if self._out is None:
            self.taken.append(message)
        else:
            line = f"{message.recipient} {hashlib.sha256(message.content).hexdigest()}\n"
            os.write(self._out, line.encode())


class Talk:
    """One connection."""

    def __init__(self, server: Faulty, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self._server, self._reader, self._writer, self._number = server, reader, writer, number
        self._waiting = b""  # read and not yet looked at
        self._early = False  # the line came with the one before it
        self._sender = self._recipient = ""

    async def go(self, inside: int) -> None:
        if self._server.most is not None and inside > self._server.most:
            await self._say("421 4.7.0 too many connections")
            return
        await self._answer("CONNECT", "220 faulty.test ESMTP")
        while line := await self._line():
            verb, _, rest = line.partition(" ")
            self._server.commands.append(line)
            if self._server.swallow:
                self._waiting = b""
            if self._server.in_order and self._early:
                await self._say("503 5.5.0 improper use of pipelining")
                continue
            if verb.upper() == "QUIT":
                await self._say("221 bye")
                return
            await self._obey(verb.upper(), rest)

    async def _obey(self, verb: str, rest: str) -> None:
        if verb in ("EHLO", "HELO"):
            lines = ["faulty.test", *self._server.capabilities] if verb == "EHLO" else ["faulty.test"]
            last = len(lines) - 1
            await self._answer(verb, "\r\n".join(f"250{' ' if n == last else '-'}{one}" for n, one in enumerate(lines)))
        elif verb == "MAIL":
            self._sender, self._recipient = (rest if await self._answer(verb, "250 2.1.0 ok") else ""), ""
        elif verb == "RCPT":
            recipient = rest[rest.find("<") + 1 : rest.find(">")]
            usual = "503 5.5.1 who are you" if not self._sender else "250 2.1.5 ok"
            usual = "451 4.7.1 greylisted" if self._server.grey(recipient) else usual
            self._recipient = recipient if await self._answer(verb, usual) else ""
        elif verb == "DATA":
            usual = "354 go on" if self._recipient else "554 5.5.1 no valid recipients"
            if await self._answer(verb, usual):
                await self._message()
        else:
            self._sender = self._recipient = ""
            await self._answer(verb, "250 2.0.0 ok" if verb in ("RSET", "NOOP") else "502 5.5.1 what")

    async def _message(self) -> None:
        content = b"\r\n"
        while (end := content.find(b"\r\n.\r\n")) < 0:
            content += await self._more()
            if self._server.cut_in_data is not None and len(content) > self._server.cut_in_data:
                self._server.cut_in_data = None
                raise ConnectionResetError
        content, self._waiting = content[2 : end + 2], content[end + 5 :]
        answer = self._server.next_answer("DOT")
        if answer == IN_A_WHILE:
            answer, self._waiting = None, await self._more()
        if self._recipient and not (answer and answer[0] in "45"):
            self._server.take(Taken(self._recipient, content, self._number))
        usual = "250 2.0.0 taken" if self._recipient else "554 5.5.1 no valid recipients"
        self._sender = self._recipient = ""
        await self._act(answer or usual)

    async def _answer(self, command: str, usual: str) -> bool:
        """Whether the reply was the good one."""
        answer = self._server.next_answer(command)
        await self._act(answer or usual)
        return (answer or usual)[0] in "23"

    async def _act(self, answer: str) -> None:
        if answer == HANG_UP:
            raise ConnectionResetError
        if answer == STALL:
            await asyncio.Event().wait()  # until the end of the test
        await self._say(answer)

    async def _say(self, reply: str) -> None:
        content = reply.encode() + b"\r\n"
        for part in (content[n : n + 1] for n in range(len(content))) if self._server.split else (content,):
            self._writer.write(part)
            await self._writer.drain()
            await asyncio.sleep(0)

    async def _more(self) -> bytes:
        if found := self._waiting:
            self._waiting = b""
            return found
        found = await self._reader.read(self._server.slow or 2**18)
        if not found:
            raise ConnectionResetError
        return found

    async def _line(self) -> str:
        self._early = b"\r\n" in self._waiting
        while b"\r\n" not in self._waiting:
            found = await self._reader.read(self._server.slow or 2**18)
            if not found:
                return ""
            self._waiting += found
            if self._server.log is None:
                self._server.writes.append(found)
        line, _, self._waiting = self._waiting.partition(b"\r\n")
        return line.decode("utf-8", "replace")


def main() -> None:
    parser = argparse.ArgumentParser(description="An SMTP server on loopback that notes what it takes.")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--tls", type=Path, help="a certificate with its key, in PEM form")
    options = parser.parse_args()
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.tls)
    with Faulty(log=options.log, tls=context) as server:
        print(server.port, flush=True)
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
