"""Pure: words -> the bytes of a mail's body and back. Fragments that are encoded apart can be joined.

A fragment in quoted-printable (RFC 2045) ends its line, with a soft break where the text goes on. Does not know about
headers or parts.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable

_LINE = 75  # characters of a line, besides what breaks it


def lines(text: str) -> bytes:
    """With the line ends of mail, and no blanks before them."""
    if "\n" not in text and "\r" not in text:
        return text.encode("utf-8", "replace")
    if "\r" in text or " \n" in text or "\t\n" in text:
        text = re.sub("[ \t]*(?:\r\n?|\n)", "\n", text)
    return text.replace("\n", "\r\n").encode("utf-8", "replace")


def quoted(text: str) -> bytes:
    if len(text) <= _LINE and text.isascii() and "=" not in text:
        line = text.removesuffix("\n")
        if line and line.isprintable() and line.strip(" .") == line:  # stands as it is
            return (f"{line}\r\n" if line is not text else f"{line}=\r\n").encode()
    raw = lines(text)
    if raw.endswith(b"\r\n"):
        return binascii.b2a_qp(raw)  # takes its line ends from the first that it sees
    fragment = binascii.b2a_qp(raw + b"\r\n")[:-2] if raw else b""
    if len(fragment) - fragment.rfind(b"\n") - 1 > _LINE:  # by its last character, a blank in three
        fragment = fragment[:-3] + b"=\r\n" + fragment[-3:]
    return fragment + b"=\r\n" if raw else b""


def unquoted(fragment: bytes) -> bytes:
    """What `lines` made of the same words."""
    return binascii.a2b_qp(fragment)


def told(fragments: Iterable[bytes]) -> str:
    """The words of fragments in quoted-printable."""
    return unquoted(b"".join(fragments)).decode().replace("\r\n", "\n")


def size(fragments: Iterable[bytes]) -> int:
    """Bytes of UTF-8 of those words."""
    raw = unquoted(b"".join(fragments))
    return len(raw) - raw.count(b"\r\n")


def mostly_beyond_ascii(fragments: Iterable[bytes]) -> bool:
    """More than one byte in six of the words: then base64 is shorter."""
    raw = unquoted(b"".join(fragments))
    return 6 * (len(raw) - len(raw.decode("ascii", "ignore"))) > len(raw)
