"""One open connection to a mail server, and the transactions of RFC 5321 on it, pipelined where that is offered.

RFC 2920: MAIL, RCPT and DATA go in one write, and those of the next message behind the final dot of this one, so that
a message costs one round trip. The next message is asked for, and so made, while the server reads this one; nothing of
it leaves but its envelope. Does not know about logins.
"""

from __future__ import annotations

import io
import re
import smtplib
import socket
import ssl
from collections import Counter
from contextlib import suppress

from digest.errors import PermanentDeliveryError, TemporaryDeliveryError, UncertainError
from digest.model import Message
from digest.transport.form import Following
from digest.transport.replies import Reply, is_address, printable, refusal

_MOST_LINES, _LONGEST_LINE = 128, 8192  # of a reply
_OUT_OF_ORDER = frozenset({500, 501, 502, 503})  # how servers answer to commands that came too early for them
_STEPS = ("MAIL", "RCPT", "DATA")
_DOTS = re.compile(rb"\r\n\.").finditer
# What helps, by OpenSSL's number of what is wrong with a certificate; for all others to name one to trust.
_CERTIFICATES = {
    **dict.fromkeys((9, 10), "have it renewed, if this machine's clock is right"),
    **dict.fromkeys((62, 64), "host must be a name that it is for"),
}
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux


class StaleError(Exception):
    """The connection was dead or confused before anything of this message was asked."""


class OutOfStepError(Exception):
    """The server offers pipelining and cannot do it."""


def refuse_unsendable(message: Message) -> None:
    """What could end a command or the message early would let one mail's text give orders to the server."""
    if _line_ends(message.content) != "\r\n" or not message.content.endswith(b"\r\n"):
        raise PermanentDeliveryError("the message has line ends other than CRLF, which SMTP forbids")
    for address in (message.sender, message.recipient):
        if not is_address(address):
            raise PermanentDeliveryError("an envelope address has characters that no command can hold")


def domain(message: Message) -> str:
    return message.recipient.rpartition("@")[2].lower()


class Line:
    """`server` is connected, greeted and logged in. Every error but a refusal leaves the line `broken`."""

    def __init__(self, server: smtplib.SMTP, place: str) -> None:
        self.broken = False
        self.number, self.used = 0, Counter[str]()  # messages, and those by domain
        self.careful = False  # one step after the other, whatever is offered
        self._server, self._place = server, place
        sock = server.sock
        assert sock is not None
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else small writes wait for the peer's delayed ACK
        self._sock, self._file = sock, server.file or sock.makefile("rb")
        self.checked: Message | None = None  # the next one, known to be sendable
        self._wire = b""  # of the next one
        self._asked: str | None = None  # the Message-ID whose envelope is with the server
        self._clean = True  # nothing of an earlier transaction is left, and nobody was idle since

    @property
    def _pipelining(self) -> bool:
        return self._server.has_extn("pipelining") and not self.careful

    def send(self, message: Message, then: Following) -> str:
        """The reply to the message. Errors say what was refused, or where it was cut."""
        commands = [] if self._asked == message.message_id else self._envelope(message)
        self.number += 1
        self.used[domain(message)] += 1
        self.broken = True  # until it is known better
        self._open(message, commands)
        reply = self._hand_over(message, then)
        if reply.refuses:
            self._refused("the message", reply)
        self.broken = False
        return str(reply)

    @property
    def cipher(self) -> str:
        """How it is encrypted, for people."""
        return f"encrypted with {self._sock.version()}" if isinstance(self._sock, ssl.SSLSocket) else "not encrypted"

    def close(self) -> None:
        """Say goodbye where that cannot be taken for a line of a message."""
        with suppress(OSError):
            if not self.broken and self._asked is None:
                self._write(b"QUIT\r\n")
                self._reply()
        self._server.close()

    # --- envelope ----------------------------------------------------------------------------------------------

    def _open(self, message: Message, commands: list[bytes]) -> None:
        asked, self._asked = self._asked, None
        if asked == message.message_id:
            self._judge(self._replies())
        elif asked is not None:
            raise StaleError("another envelope is open")
        elif self._pipelining:
            self._reset(behind=b"".join(commands))
            self._judge(self._replies())
        else:
            self._reset()
            self._step_by_step(commands)

    def _reset(self, behind: bytes = b"") -> None:
        """Forget an earlier transaction, if need be, with commands behind it: an idle server may have hung up."""
        clean, self._clean = self._clean, False
        if clean:
            self._write(behind)
            return
        try:
            self._write(b"RSET\r\n" + behind)
            reply = self._reply()
        except OSError as error:
            raise StaleError(str(error)) from error
        if reply.code != 250:
            raise StaleError(str(reply))

    def _replies(self) -> list[Reply]:
        """To the three commands; none come after a server's goodbye."""
        found: list[Reply] = []
        if _QUICKACK is not None:  # else a server with Nagle's algorithm waits for our delayed ACK of its last reply
            self._sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        while len(found) < len(_STEPS) and not (found and found[-1].closing):
            found.append(self._reply())
        return found

    def _judge(self, replies: list[Reply]) -> None:
        """Replies to a pipelined envelope. DATA may be granted although an earlier command was refused."""
        granted = len(replies) == len(_STEPS) and replies[2].code == 354
        for step, reply in zip(_STEPS, replies, strict=False):
            if (reply.code == 354) if step == "DATA" else reply.good:
                continue
            if granted:
                self._write(b".\r\n")  # RFC 2920 3.1: an empty message to nobody, which is refused
                self._reply()
            if step != "MAIL" and not granted and (reply.code in _OUT_OF_ORDER or not reply.refuses):
                raise OutOfStepError(f"{step}: {reply}")
            self._refused(step, reply)

    def _step_by_step(self, commands: list[bytes]) -> None:
        for step, command in zip(_STEPS, commands, strict=True):
            self._write(command)
            reply = self._reply()
            if not (reply.code == 354 if step == "DATA" else reply.good):
                self._refused(step, reply)

    def _refused(self, step: str, reply: Reply) -> None:
        """Raise what it means; the line goes on, if the server does."""
        self.broken = reply.closing or not reply.refuses
        raise refusal(self._place, step, reply)

    def _envelope(self, message: Message) -> list[bytes]:
        """The commands, which ask for what this message needs; a server without it can never take the message."""
        needed = [] if message.content.isascii() else ["BODY=8BITMIME"]
        for option in needed:
            extension = option.removeprefix("BODY=")
            if not self._server.has_extn(extension):
                raise PermanentDeliveryError(f"the mail server does not offer {extension}, which this message needs")
        size = [f"SIZE={len(message.content)}"] if self._server.has_extn("size") else []
        options = "".join(f" {option}" for option in size + needed)
        commands = (f"MAIL FROM:<{message.sender}>{options}\r\n", f"RCPT TO:<{message.recipient}>\r\n", "DATA\r\n")
        return [command.encode() for command in commands]

    # --- message -----------------------------------------------------------------------------------------------

    def _hand_over(self, message: Message, then: Following) -> Reply:
        self._write(self._wire if self.checked is message else _wire(message.content))
        try:
            following, asked = self._ask_for(then())
            reply = self._reply()
            if not (reply.good or reply.refuses):
                raise OSError(printable(str(reply)))
        except OSError as error:
            raise UncertainError(
                f"{self._place} was sent the whole message and gave no proper reply ({words(error)}): it may have "
                "been taken; a repeat carries the same Message-ID",
                reply=words(error),
            ) from error
        self._clean = following  # it comes at once
        if asked and not reply.closing:
            self._asked = asked
        return reply

    def _ask_for(self, then: Message | None) -> tuple[bool, str | None]:
        """Whether the next message can follow at once; its Message-ID if its envelope is with the server."""
        if then is None or not self._pipelining:
            return then is not None, None
        try:
            refuse_unsendable(then)
            commands = self._envelope(then)
        except PermanentDeliveryError:  # which it will meet in its own turn
            return True, None
        try:
            self._write(b"".join(commands))
        except OSError:  # the server may have answered before it hung up
            return False, None
        self.checked, self._wire = then, _wire(then.content)
        return True, then.message_id

    # --- wire --------------------------------------------------------------------------------------------------

    def _write(self, content: bytes) -> None:
        """In as few packets as possible."""
        rest = memoryview(content)
        while rest:
            rest = rest[self._sock.send(rest) :]

    def _reply(self) -> Reply:
        """One reply, of one line or several (RFC 5321 4.2.1), in however many packets."""
        lines = []
        for _ in range(_MOST_LINES):
            line = self._file.readline(_LONGEST_LINE + 1)
            if not line.endswith(b"\n"):
                raise ConnectionResetError(
                    "the connection was closed" if len(line) <= _LONGEST_LINE else "endless line"
                )
            lines.append(line[4:])
            if line[3:4] != b"-":
                code = line[:3]
                text = b"\n".join(lines) if code.isdigit() else line
                return Reply(int(code) if code.isdigit() else -1, printable(text))
        raise ConnectionResetError("the reply does not end")


def words(error: OSError) -> str:
    """What went wrong, for people; smtplib's errors are OSErrors too."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {printable(error.smtp_error)}"
    if isinstance(error, ssl.SSLCertVerificationError):
        advice = _CERTIFICATES.get(error.verify_code, "ca_file may name the one to trust")
        return f"its certificate is not trusted ({error.verify_message.rstrip('.')}); {advice}"
    if isinstance(error, TimeoutError):
        return "timed out"
    return printable(str(error)) or type(error).__name__


def cut(place: str, error: OSError) -> TemporaryDeliveryError:
    """What an error before the end of the message means."""
    return TemporaryDeliveryError(f"{place}: {words(error)}", reply=words(error))


def _line_ends(content: bytes) -> str | tuple[str, ...] | None:
    """The kinds that there are. Three times as fast as to count them."""
    decoder = io.IncrementalNewlineDecoder(None, translate=False)
    decoder.decode(content.decode("latin-1"), final=True)
    return decoder.newlines


def _wire(content: bytes) -> bytes:
    """With the final dot, and the dots doubled that begin a line (RFC 5321 4.5.2); all line ends are CRLF."""
    whole, at = memoryview(content), 0
    parts: list[bytes | memoryview] = [b"." if content.startswith(b".") else b""]
    for found in _DOTS(content):
        parts.append(whole[at : found.end()])
        at = found.end() - 1
    return b"".join([*parts, whole[at:], b".\r\n"])
