"""A mail before it is one reader's: a draft in words, and a letter in bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from digest.model.edition import Edition
from digest.model.mail import OutboxItem


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A text that many mails share; between two literals is a gap for the words of one.

    `size` is bytes of UTF-8, `beyond` those of them beyond ascii. Equal to itself only, so that it can be the key of
    what is made of it.
    """

    literals: tuple[str, ...]
    size: int
    beyond: int

    @classmethod
    def of(cls, *literals: str) -> Form:
        raw = "".join(literals).encode("utf-8", "replace")
        return cls(literals, len(raw), len(raw) - len(raw.decode("ascii", "ignore")))


# What fills a gap: words, or the number of what is the reader's own.
Word: TypeAlias = str | int
Passage: TypeAlias = tuple[Form, tuple[Word, ...]]
# What is a reader's own, told from the reader's values by name.
Telling: TypeAlias = Callable[[Mapping[str, str]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An edition in words, for all the readers of one selection. `own` tells what each of them has for himself."""

    subject: str
    preheader: str
    html: tuple[Passage, ...]
    text: tuple[Passage, ...]
    own: tuple[Telling, ...] = ()
    left_out: int = 0  # papers of the edition that did not fit


class Encoding(StrEnum):
    """How a span of a letter stands on the wire. Pieces are encoded beforehand, but for base64, which needs all."""

    PLAIN = "plain"
    QUOTED = "quoted-printable"
    BASE64 = "base64"


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A form as bytes, frozen for good under its digest, the SHA-256 of its literals."""

    digest: bytes
    literals: tuple[bytes, ...]


# A piece and what fills its gaps; without a piece the fills stand alone. A number is the reader's own.
Line: TypeAlias = tuple[Piece | None, tuple[bytes | int, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    encoding: Encoding
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Letter:
    """A message without what is its reader's own. Bytes alone: no template, setting or code of later days changes it.

    `name` is of files: date and profile.
    """

    name: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """An edition to be stored, with its place in the outbox and the letter that it goes out as; a feed has neither.

    Until `held_until` it waits for an editor.
    """

    edition: Edition
    item: OutboxItem | None = None
    letter: Letter | None = None
    held_until: datetime | None = None
