"""A mail before it is one reader's: a draft, told and encoded, and a letter with its headers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Self, TypeAlias

from digest.model.edition import Edition
from digest.model.mail import OutboxItem

# A fragment of a mail as it is on the wire, which ends its line; or the number of what is the reader's own.
Fragment: TypeAlias = bytes | int

# The reader's own of any letter; from FIRST_OWN on what the draft has besides.
MESSAGE_ID, TO, WAYS_OUT, FIRST_OWN = range(4)


# What is a reader's own, told from the reader's values by name.
Telling: TypeAlias = Callable[[Mapping[str, str]], str]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """The fragments of a template's drawing that many mails share, frozen for good under their digest.

    That is the SHA-256 of each literal and its length, so that no two ways to cut are one.
    """

    digest: bytes
    literals: tuple[bytes, ...]

    @classmethod
    def of(cls, literals: Sequence[bytes]) -> Self:
        whole = b"".join(b"%d:%s" % (len(one), one) for one in literals)
        return cls(hashlib.sha256(whole).digest(), tuple(literals))


class Joined(bytes):
    """Fragments in one, joined once for many mails. Stored are its `parts`, some of which may be of a `piece`."""

    parts: tuple[bytes, ...]
    piece: Piece | None

    @classmethod
    def of(cls, parts: Sequence[bytes], piece: Piece | None = None) -> Self:
        joined = cls(b"".join(parts))
        joined.parts, joined.piece = tuple(parts), piece
        return joined


class Body(NamedTuple):
    """One surface of a mail in quoted-printable.

    `own` tells where the numbers stand. `doubtful` is a body that may be shorter in base64; `room` is what it takes at
    the most, in bytes of UTF-8.
    """

    parts: Sequence[Fragment]
    own: Sequence[int] = ()
    doubtful: bool = True
    room: int = 0


class Draft(NamedTuple):
    """An edition in words, for all the readers of one selection.

    `own` tells what each of them has for himself, numbered from FIRST_OWN on.
    """

    subject: str
    preheader: str
    html: Body
    text: Body
    own: tuple[Telling, ...] = ()
    left_out: int = 0  # papers of the edition that did not fit


class Encoding(StrEnum):
    """How a span of a letter stands on the wire. All is encoded beforehand, but for base64, which needs the whole."""

    PLAIN = "plain"
    QUOTED = "quoted-printable"
    BASE64 = "base64"


class Span(NamedTuple):
    """`own` tells where in `parts` a number stands."""

    encoding: Encoding
    parts: Sequence[Fragment]
    own: Sequence[int] = ()


@dataclass(frozen=True, slots=True, eq=False)
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
