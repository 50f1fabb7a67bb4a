"""Folders that take messages: files to look at, and a Maildir."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Self

from digest.errors import PermanentDeliveryError, UnreachableError
from digest.files import write_whole
from digest.model import Message
from digest.transport.form import Following, nothing


class DirectoryTransport:
    """Writes NAME.eml, NAME.html and NAME.txt into a folder; the same message again writes the same files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: Message, then: Following = nothing) -> str:
        path = self._folder / f"{message.name}.eml"
        if path.parent != self._folder or not message.name:
            raise PermanentDeliveryError(f"{message.name!r} is not a plain file name")
        try:
            for suffix, words in _parts(message.content):
                write_whole(path.with_name(f"{message.name}.{suffix}"), words)
            write_whole(path, message.content)  # last: who finds it finds its parts
        except OSError as error:
            raise UnreachableError(f"{path} could not be written: {_why(error)}", reply=_why(error)) from error
        return str(path)

    def check(self) -> str:
        _check_writable(self._folder)
        return f"{self._folder} takes messages as .eml, .html and .txt files"

    def close(self) -> None:
        pass

    def twin(self) -> Self:
        return self


class MaildirTransport:
    """Delivers into a Maildir, with the line ends of files (LF), as mail readers expect.

    The file name comes from the Message-ID, so that a repeat is recognised, read or not, as long as the reader
    has not moved or deleted the message.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: Message, then: Following = nothing) -> str:
        name = hashlib.sha256(message.message_id.encode()).hexdigest()[:32]
        try:
            return str(self._find(name) or self._put(name, message.content.replace(b"\r\n", b"\n")))
        except OSError as error:
            reason = f"{self._folder} did not take the message: {_why(error)}"
            raise UnreachableError(reason, reply=_why(error)) from error

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

    def twin(self) -> Self:
        return self


def _parts(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The first text and the first html of a message, with the suffixes and line ends of files."""
    suffixes = {"text/html": "html", "text/plain": "txt"}
    for part in message_from_bytes(content).walk():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes) and (suffix := suffixes.pop(part.get_content_type(), None)):
            yield suffix, payload.replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n"


def _why(error: OSError) -> str:
    return error.strerror or str(error)


def _check_writable(folder: Path) -> None:
    """Look at the nearest folder that exists, as sending makes the missing ones."""
    found = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not found.is_dir() or not os.access(found, os.W_OK | os.X_OK):
        raise UnreachableError(f"{folder} cannot be written: {found} is not a folder that this user may change")
