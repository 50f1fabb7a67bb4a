"""Hands finished messages over to a mail server, a Maildir or a folder. SMTP lives here.

Does not know what is in a message and never changes a byte of it on the wire.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import logging
import os
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes
from pathlib import Path
from typing import Literal, Protocol

from digest.errors import (
    ConfigError,
    DeliveryError,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnreachableError,
)
from digest.files import write_whole
from digest.model import Message

log = logging.getLogger(__name__)

Security = Literal["starttls", "tls", "none"]

MESSAGES_PER_CONNECTION = 100  # servers tend to cut longer sessions without a word

# Without a name of our own an address literal is right (RFC 5321 4.1.4); asking the DNS for one may hang or lie.
HELO = "[127.0.0.1]"

# 552 may be a full mailbox and is to be read as 452 (RFC 5321 4.5.3.1.10); 53x ask for a login or for
# encryption (RFC 4954): the operator must fix that, and no message is to be lost for it.
_TEMPORARY_5XX = frozenset({530, 534, 535, 538, 552})

# The address does not exist, has moved away, has no mail domain, or is disabled (RFC 3463, RFC 7505).
_DEAD = frozenset({"5.1.1", "5.1.6", "5.1.10", "5.2.1"})

_STATUS = re.compile(r"\d{3} (\d\.\d{1,3}\.\d{1,3})\b")
_NOT_IN_ADDRESS = re.compile(r"[\s<>(),;\x00-\x1f\x7f\ud800-\udfff]")
_BARE_LINE_END = re.compile(rb"(?<!\r)\n|\r(?!\n)")


class Transport(Protocol):
    """A way to hand a message over."""

    def send(self, message: Message) -> str:
        """Return the server's reply or where it was put; raise Temporary- or PermanentDeliveryError."""

    def check(self) -> str:
        """Say in one line what was found, without sending; raise DeliveryError if sending would not work."""

    def close(self) -> None:
        """Let go of connections; the transport may be used again."""


# --- folders -------------------------------------------------------------------------------------------------


class DirectoryTransport:
    """Writes NAME.eml, NAME.html and NAME.txt into a folder; the same message again writes the same files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: Message) -> str:
        path = self._folder / f"{message.name}.eml"
        if path.parent != self._folder or not message.name:
            raise PermanentDeliveryError(f"{message.name!r} is not a plain file name")
        try:
            for suffix, words in _parts(message.content):
                write_whole(path.with_name(f"{message.name}.{suffix}"), words)
            write_whole(path, message.content)  # last: who finds it finds its parts
        except OSError as error:
            raise UnreachableError(f"{path} could not be written: {error}", reply=str(error)) from error
        return str(path)

    def check(self) -> str:
        _check_writable(self._folder)
        return f"{self._folder} takes messages as .eml, .html and .txt files"

    def close(self) -> None:
        pass


class MaildirTransport:
    """Delivers into a Maildir, with the line ends of files (LF), as mail readers expect.

    The file name comes from the Message-ID, so that a repeat is recognised, read or not, as long as the reader
    has not moved or deleted the message.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: Message) -> str:
        name = hashlib.sha256(message.message_id.encode()).hexdigest()[:32]
        try:
            return str(self._find(name) or self._put(name, message.content.replace(b"\r\n", b"\n")))
        except OSError as error:
            reason = f"{self._folder} did not take the message: {error}"
            raise UnreachableError(reason, reply=str(error)) from error

    def _find(self, name: str) -> Path | None:
        """Look in new/ and in cur/, where readers append their flags: NAME:2,S or NAME,S=123:2,S."""
        if (unread := self._folder / "new" / name).exists():
            return unread
        return next(iter(sorted((self._folder / "cur").glob(f"{name}*"))), None)

    def _put(self, name: str, content: bytes) -> Path:
        for part in ("tmp", "new", "cur"):
            (self._folder / part).mkdir(parents=True, exist_ok=True, mode=0o700)
        written = self._folder / "tmp" / name
        write_whole(written, content)
        written.chmod(0o600)
        return written.replace(self._folder / "new" / name)

    def check(self) -> str:
        _check_writable(self._folder)
        return f"{self._folder} takes messages as a Maildir"

    def close(self) -> None:
        pass


def _parts(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The first text and the first html of a message, with the suffixes and line ends of files."""
    suffixes = {"text/html": "html", "text/plain": "txt"}
    for part in message_from_bytes(content).walk():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes) and (suffix := suffixes.pop(part.get_content_type(), None)):
            yield suffix, payload.replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n"


def _check_writable(folder: Path) -> None:
    """Look at the nearest folder that exists, as sending makes the missing ones."""
    found = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not found.is_dir() or not os.access(found, os.W_OK | os.X_OK):
        raise UnreachableError(f"{folder} cannot be written: {found} is not a folder that this user may change")


# --- SMTP ----------------------------------------------------------------------------------------------------


class SmtpTransport:
    """Sends over one kept connection to one mail server, with one recipient per message.

    "starttls" and "tls" verify the server's certificate, against `ca_file` instead of the system's if given, and
    never fall back to plain text. `timeout` is in seconds and counts for each step.
    """

    def __init__(
        self,
        host: str,
        port: int,
        security: Security,
        username: str | None = None,
        password: str | None = None,
        timeout: float = 30.0,
        ca_file: Path | None = None,
    ) -> None:
        if password and security == "none" and not _is_loopback(host):
            raise ConfigError(f"a password must not go to {host} in plain text: set security to starttls or tls")
        self._host, self._port, self._place = host, port, f"{host}:{port}"
        self._security, self._timeout = security, timeout
        self._username, self._password = username, password
        self._tls = None if security == "none" else _tls_context(ca_file)
        self._server: smtplib.SMTP | None = None
        self._used = 0

    def send(self, message: Message) -> str:
        """Raise TemporaryDeliveryError also when the outcome is unknown, and say so."""
        _refuse_unsendable(message)
        server = self._ready()
        self._used += 1
        try:
            return self._transact(server, message)
        except DeliveryError:
            raise
        except OSError as error:
            self._drop()
            raise TemporaryDeliveryError(f"{self._place}: {_words(error)}", reply=_words(error)) from error
        except BaseException:  # interrupted inside a command: this connection is good for nothing more
            self._drop()
            raise

    def check(self) -> str:
        server = self._ready()
        cipher = (
            f"encrypted with {server.sock.version()}" if isinstance(server.sock, ssl.SSLSocket) else "not encrypted"
        )
        login = "login accepted" if self._username else "no login"
        return f"{self._place} answers, {cipher}, {login}"

    def close(self) -> None:
        if self._server is not None:
            with suppress(OSError):
                self._server.quit()
            self._drop()

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _ready(self) -> smtplib.SMTP:
        """Reuse the connection if it still answers: servers drop idle ones, and RSET forgets what was refused."""
        if self._server is not None and (self._used >= MESSAGES_PER_CONNECTION or not _answers(self._server)):
            self.close()
        if self._server is None:
            self._server, self._used = self._connect(), 0
        return self._server

    def _connect(self) -> smtplib.SMTP:
        """Whatever fails here says nothing of a message: it is temporary, and the operator's to fix."""
        try:
            server = self._dial()
            try:
                self._prepare(server)
            except BaseException:
                server.close()
                raise
        except DeliveryError:
            raise
        except OSError as error:
            raise UnreachableError(f"{self._place}: {_words(error)}", reply=_words(error)) from error
        log.debug("smtp_connected server=%s security=%s", self._place, self._security)
        return server

    def _dial(self) -> smtplib.SMTP:
        if self._security == "tls":
            return smtplib.SMTP_SSL(self._host, self._port, HELO, timeout=self._timeout, context=self._tls)
        return smtplib.SMTP(self._host, self._port, HELO, timeout=self._timeout)

    def _prepare(self, server: smtplib.SMTP) -> None:
        if self._security == "starttls":
            server.starttls(context=self._tls)  # raises where it is not offered
        server.ehlo_or_helo_if_needed()
        if self._username:
            self._login(server, self._username, self._password or "")

    def _login(self, server: smtplib.SMTP, username: str, password: str) -> None:
        """Errors are cut off from their causes, which may carry the password."""
        try:
            server.login(username, password)
        except OSError as error:
            words = _without_secrets(_words(error), username, password)
        except ValueError:
            words = "user name and password must be ASCII, and the server's challenge base64"
        else:
            return
        raise UnreachableError(f"{self._place} refused the login, check it: {words}", reply=words) from None

    def _transact(self, server: smtplib.SMTP, message: Message) -> str:
        """The steps of RFC 5321 3.3. smtplib's sendmail() hides at which of them a connection broke."""
        self._expect("MAIL", *server.mail(message.sender, _extensions(server, message)))
        self._expect("RCPT", *server.rcpt(message.recipient))
        self._expect("DATA", *server.docmd("DATA"))
        server.send(_dot_stuffed(message.content) + b".\r\n")
        try:
            code, text = server.getreply()
        except OSError as error:
            code, text = -1, _words(error).encode()
        if not 200 <= code < 600:
            self._drop()
            raise TemporaryDeliveryError(
                f"{self._place} was sent the whole message and gave no proper reply ({_printable(text)}): it may have "
                "been taken; a repeat carries the same Message-ID"
            )
        return self._expect("the message", code, text)

    def _expect(self, step: str, code: int, text: bytes) -> str:
        """Return the reply if it is the one hoped for, else raise what it means."""
        reply = f"{code} {_printable(text)}"
        if code // 100 == (3 if step == "DATA" else 2):
            return reply
        if code == 421 or not 400 <= code < 600:
            self._drop()
        reason = f"{self._place} refused {step}: {reply}"
        if 500 <= code < 600 and code not in _TEMPORARY_5XX:
            raise PermanentDeliveryError(reason, reply=reply, hard=_is_dead(step, code, reply))
        raise TemporaryDeliveryError(reason, reply=reply)


def _refuse_unsendable(message: Message) -> None:
    """What could end a command or the message early would let one mail's text give orders to the server."""
    if _BARE_LINE_END.search(message.content) or not message.content.endswith(b"\r\n"):
        raise PermanentDeliveryError("the message has line ends other than CRLF, which SMTP forbids")
    for address in (message.sender, message.recipient):
        if _NOT_IN_ADDRESS.search(address):
            raise PermanentDeliveryError("an envelope address has characters that no command can hold")


def _is_dead(step: str, code: int, reply: str) -> bool:
    """Tell if a permanent refusal is about the recipient's address itself; where a status is given, it decides."""
    if step == "MAIL":
        return False
    if status := _STATUS.match(reply):
        return status[1] in _DEAD
    return step == "RCPT" and code in (550, 551, 553)


def _answers(server: smtplib.SMTP) -> bool:
    try:
        return server.rset()[0] == 250
    except OSError:
        return False


def _extensions(server: smtplib.SMTP, message: Message) -> list[str]:
    """Ask for what this message needs beyond plain SMTP; a server without it can never take the message."""
    needed = [] if (message.sender + message.recipient).isascii() else ["SMTPUTF8"]
    needed += [] if message.content.isascii() else ["BODY=8BITMIME"]
    for option in needed:
        extension = option.removeprefix("BODY=")
        if not server.has_extn(extension):
            raise PermanentDeliveryError(f"the mail server does not offer {extension}, which this message needs")
    size = [f"SIZE={len(message.content)}"] if server.has_extn("size") else []
    return size + needed


def _dot_stuffed(content: bytes) -> bytes:
    """Double the dots that begin a line (RFC 5321 4.5.2); all line ends are CRLF."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ConfigError(f"{ca_file} cannot be read as certificates in PEM form: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _words(error: OSError) -> str:
    """What went wrong, for people; smtplib's errors are OSErrors too."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_printable(error.smtp_error)}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message}); ca_file may name the one to trust"
    return str(error) or type(error).__name__


def _printable(text: bytes | str) -> str:
    """A reply on one line: it goes to logs and terminals and comes from outside."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:500]


def _without_secrets(words: str, username: str, password: str) -> str:
    """A server may repeat in its reply what it was told, in clear or as it came over the wire."""
    tokens = (password, f"\0{username}\0{password}")
    for secret in (*tokens, *(base64.b64encode(token.encode()).decode() for token in tokens)):
        words = words.replace(secret, "***") if password else words
    return words
