"""A small IMAP server with one folder: enough of RFC 3501 and UIDPLUS to read a mailbox with, over TLS."""

from __future__ import annotations

import re
import socketserver
import ssl
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class ImapServer:
    """Listens on loopback while entered. `messages` are by uid; `flags` what a client set; `commands` what it said."""

    def __init__(self, messages: list[bytes], context: ssl.SSLContext, *, implicit: bool = True) -> None:
        self.messages = dict(enumerate(messages, start=11))
        self.flags: dict[int, set[str]] = {uid: set() for uid in self.messages}
        self.commands: list[str] = []
        self.user, self.password, self.folder = "returns", "pass word", "INBOX"
        self.context, self.implicit = context, implicit

    def __enter__(self) -> Self:
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):  # the client has gone
                    _Talk(outer, self).run()

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, request: object, client_address: object) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Talk:
    def __init__(self, server: ImapServer, handler: socketserver.StreamRequestHandler) -> None:
        self.server, self.handler = server, handler
        self.sock = handler.request

    def run(self) -> None:
        if self.server.implicit:
            self._secure()
        self.file = self.sock.makefile("rwb")
        self._say(b"* OK ready")
        while line := self.file.readline():
            tag, _, rest = line.strip().partition(b" ")
            words = rest.decode()
            self.server.commands.append(words)
            if not self._answer(tag, words):
                break
        self.file.close()
        self.sock.close()

    def _secure(self) -> None:
        self.sock = self.server.context.wrap_socket(self.sock, server_side=True)

    def _say(self, line: bytes) -> None:
        self.file.write(line + b"\r\n")
        self.file.flush()

    def _answer(self, tag: bytes, words: str) -> bool:
        verb = words.upper().removeprefix("UID ").partition(" ")[0]
        state = b"OK"
        if verb == "CAPABILITY":
            self._say(b"* CAPABILITY IMAP4rev1 UIDPLUS" + (b"" if self.server.implicit else b" STARTTLS"))
        elif verb == "STARTTLS":
            self._say(tag + b" OK go on")
            self._secure()
            self.file = self.sock.makefile("rwb")
            return True
        elif verb == "LOGIN":
            state = b"OK" if words == f'LOGIN {self.server.user} "{self.server.password}"' else b"NO"
        elif verb == "SELECT":
            state = b"OK" if words.endswith(f'"{self.server.folder}"') else b"NO"
            self._say(b"* %d EXISTS" % len(self.server.messages))
        elif verb in ("SEARCH", "FETCH", "STORE", "EXPUNGE"):
            getattr(self, f"_{verb.lower()}")(words)
        elif verb == "LOGOUT":
            self._say(b"* BYE")
        self._say(tag + b" " + state + b" done")
        return verb != "LOGOUT"

    def _search(self, words: str) -> None:
        found = [uid for uid in self.server.messages if "UNSEEN" not in words or r"\Seen" not in self.server.flags[uid]]
        self._say(b"* SEARCH " + " ".join(map(str, found)).encode())

    def _fetch(self, words: str) -> None:
        asked = re.search(r"FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", words)
        assert asked
        content = self.server.messages[int(asked[1])][: int(asked[2])]
        self._say(b"* 1 FETCH (UID %s BODY[]<0> {%d}" % (asked[1].encode(), len(content)))
        self.file.write(content)
        self._say(b")")

    def _store(self, words: str) -> None:
        asked = re.search(r"STORE (\d+) \+FLAGS \((.*)\)", words)
        assert asked
        self.server.flags[int(asked[1])] |= set(asked[2].split())

    def _expunge(self, words: str) -> None:
        uid = int(words.rpartition(" ")[2])
        assert r"\Deleted" in self.server.flags[uid]
        del self.server.messages[uid]
