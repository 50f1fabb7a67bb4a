"""Where returned mail is read: a Maildir, an mbox, one mail in a file or from standard input, an IMAP folder over TLS.

Does not know what a mail says. A mailbox is left as it is but for those mails that the caller says are done with.
"""

from __future__ import annotations

import imaplib
import mailbox
import re
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import unquote, urlsplit

from digest.errors import ConfigError

PATIENCE = 60.0  # seconds without an answer of an IMAP server
_FLAGS = re.compile(r":2,([A-Za-z]*)$")
_PORTS = {"imap": 143, "imaps": 993}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail as it lies in a mailbox; `content` is cut where it is longer than was asked for."""

    where: str  # for people
    key: str
    content: bytes


class Mailbox(Protocol):
    """Mails in order. `done` marks or removes one that was dealt with, where the kind of mailbox can.

    `fleeting` is one whose mails are gone when they have been read.
    """

    fleeting: bool

    def mails(self) -> Iterator[Mail]: ...

    def done(self, mail: Mail) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How an IMAP server is entered; `ca_file` holds certificates to trust besides the system's."""

    user: str | None = None
    password: str | None = None
    ca_file: Path | None = None


def open_mailbox(
    source: str, stdin: BinaryIO, login: Login, *, largest: int, remove: bool = False, again: bool = False
) -> Mailbox:
    """The mailbox at a path or an address, "-" for one mail on standard input. ConfigError if it cannot be read.

    Of mails at most `largest` bytes are read. `remove`: those done with are removed, not only marked as seen. `again`:
    those marked before are read too.
    """
    scheme = source.partition("://")[0].lower() if "://" in source else ""
    if scheme in _PORTS:
        return _Imap(source, login, largest, remove=remove, again=again)
    path = Path(source)
    try:
        if source == "-":
            return _One("standard input", stdin.read(largest), fleeting=True)
        if path.is_dir() and (path / "cur").is_dir() and (path / "new").is_dir():
            return _Maildir(path, largest, remove=remove, again=again)
        if path.is_file():
            with path.open("rb") as file:
                start = file.read(largest)
            return _Mbox(path, largest) if start.startswith(b"From ") else _One(str(path), start)
    except OSError as error:
        raise ConfigError(f"{source}: cannot be read: {error.strerror or error}. Mend its rights.") from None
    raise ConfigError(
        f"{source}: no such mailbox. Give a Maildir, an mbox, a file with one mail, imaps://HOST/FOLDER, or - for "
        "standard input."
    )


class _One:
    """One mail; it cannot be marked."""

    def __init__(self, where: str, content: bytes, *, fleeting: bool = False) -> None:
        self.fleeting = fleeting
        self._mail = Mail(where=where, key=where, content=content)

    def mails(self) -> Iterator[Mail]:
        if self._mail.content.strip():
            yield self._mail

    def done(self, mail: Mail) -> None:
        pass

    def close(self) -> None:
        pass


class _Mbox:
    """An mbox is only read: others may be writing to it."""

    fleeting = False

    def __init__(self, path: Path, largest: int) -> None:
        self._path, self._largest = path, largest
        self._box = mailbox.mbox(path, create=False)

    def mails(self) -> Iterator[Mail]:
        for number, key in enumerate(self._box.iterkeys(), start=1):
            with self._box.get_file(key) as file:
                yield Mail(where=f"{self._path}, mail {number}", key=str(key), content=file.read(self._largest))

    def done(self, mail: Mail) -> None:
        pass

    def close(self) -> None:
        self._box.close()


class _Maildir:
    """A mail that is done with goes from `new` to `cur` with the flag S, as if it had been looked at."""

    fleeting = False

    def __init__(self, path: Path, largest: int, *, remove: bool, again: bool) -> None:
        self._path, self._largest, self._remove, self._again = path, largest, remove, again

    def mails(self) -> Iterator[Mail]:
        """An error of one that cannot be read is raised after the others."""
        failed: OSError | None = None
        for path in sorted(one for name in ("new", "cur") for one in (self._path / name).iterdir()):
            if path.name.startswith(".") or (not self._again and "S" in _flags(path)):
                continue
            try:
                with path.open("rb") as file:
                    content = file.read(self._largest)
            except FileNotFoundError:
                continue  # another reader has moved it
            except OSError as error:
                failed = failed or error
                continue
            yield Mail(where=str(path), key=str(path), content=content)
        if failed:
            raise failed

    def done(self, mail: Mail) -> None:
        path = Path(mail.key)
        if self._remove:
            path.unlink(missing_ok=True)
        elif "S" not in _flags(path):
            flags = "".join(sorted({*_flags(path), "S"}))
            with suppress(FileNotFoundError):
                path.rename(self._path / "cur" / f"{_FLAGS.sub('', path.name)}:2,{flags}")

    def close(self) -> None:
        pass


def _flags(path: Path) -> str:
    found = _FLAGS.search(path.name)
    return found[1] if found else ""


class _Imap:
    """A folder of an IMAP server: imaps:// is TLS from the first byte, imap:// STARTTLS. Nothing goes without TLS."""

    fleeting = False

    def __init__(self, url: str, login: Login, largest: int, *, remove: bool, again: bool) -> None:
        self._largest, self._remove, self._again = largest, remove, again
        try:
            parts = urlsplit(url)
            scheme, host, port = parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]
        except ValueError:
            host = None
        if not host or "@" in parts.netloc:
            raise ConfigError(
                f"{url.rpartition('@')[2]}: write the address as imaps://HOST/FOLDER, without a login in it; that "
                "comes from the environment (DIGEST_IMAP_USER, DIGEST_IMAP_PASSWORD)."
            )
        if not login.user or not login.password:
            raise ConfigError(f"{host}: set DIGEST_IMAP_USER and DIGEST_IMAP_PASSWORD in the environment.")
        self._name = f"{host}/{unquote(parts.path.strip('/')) or 'INBOX'}"
        self._server = self._connected(scheme, host, port, login)
        try:
            self._enter(login)
        except BaseException:
            self._server.shutdown()
            raise

    def mails(self) -> Iterator[Mail]:
        found = self._ask("SEARCH", "ALL" if self._again else "UNSEEN")
        for uid in b" ".join(one for one in found if isinstance(one, bytes)).split():
            answer = self._ask("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{self._largest}>)")
            for one in answer:
                if isinstance(one, tuple):
                    yield Mail(where=f"{self._name}, mail {uid.decode()}", key=uid.decode(), content=one[1])

    def done(self, mail: Mail) -> None:
        self._ask("STORE", mail.key, "+FLAGS", r"(\Seen \Deleted)" if self._remove else r"(\Seen)")
        if self._remove and "UIDPLUS" in self._server.capabilities:
            self._ask("EXPUNGE", mail.key)

    def close(self) -> None:
        with suppress(imaplib.IMAP4.error, OSError):
            self._server.logout()

    def _connected(self, scheme: str, host: str, port: int, login: Login) -> imaplib.IMAP4:
        try:
            context = ssl.create_default_context()
            if login.ca_file:
                context.load_verify_locations(login.ca_file)
            if scheme == "imaps":
                return imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=PATIENCE)
            server = imaplib.IMAP4(host, port, timeout=PATIENCE)
            try:
                server.starttls(context)
            except BaseException:
                server.shutdown()
                raise
        except (imaplib.IMAP4.error, OSError) as error:
            raise ConfigError(f"{host}:{port}: no safe connection ({error}). Check the address and its port.") from None
        return server

    def _enter(self, login: Login) -> None:
        """Log in and open the folder. No message repeats the login."""
        try:
            self._server.login(login.user or "", login.password or "")
        except imaplib.IMAP4.error:
            raise ConfigError(
                f"{self._name}: the server does not take DIGEST_IMAP_USER with DIGEST_IMAP_PASSWORD. Correct them."
            ) from None
        folder = self._name.partition("/")[2].replace("\\", "\\\\").replace('"', '\\"')
        try:
            state, _ = self._server.select(f'"{folder}"')
        except imaplib.IMAP4.error as error:
            raise ConfigError(f"{self._name}: {error}") from None
        if state != "OK":
            raise ConfigError(f"{self._name}: there is no such folder. Name one that is there.")

    def _ask(self, command: str, *words: str) -> list[bytes | tuple[bytes, bytes] | None]:
        try:
            state, found = self._server.uid(command, *words)
        except (imaplib.IMAP4.error, OSError) as error:
            raise ConfigError(f"{self._name}: the server broke off ({error}). Run again later.") from None
        if state != "OK":
            raise ConfigError(f"{self._name}: the server refused {command}. Look into its log.")
        return list(found)
