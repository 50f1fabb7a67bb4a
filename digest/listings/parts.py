"""Reads a dump whole if it is small, else part by part if its lines stand alone, so that memory stays flat.

Owns the size of a part and the skipping of lines that an archive's predecessor held too. Knows no format. numpy is
used for the 2.5 million hashes of an archive's lines, and comes with them; XXH3 makes them in a tenth of the time that
BLAKE2 takes: who makes a line like another's hides nothing but his own.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, compress, islice
from typing import TYPE_CHECKING, Any

from xxhash import xxh3_64_digest

from digest.errors import ListingError, UnknownFormatError
from digest.listings import compressed, form
from digest.listings.form import Format, InLines, Sheet
from digest.model import Dump, Listing

PART = 16 * 2**20  # bytes: some 10,000 records, a good number for one transaction too

_SOME = 2**18  # bytes of lines that are worked on at once
_SKIPPED_FASTER = 16  # times: so much more of an archive that is known goes into a part

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]
    Hits = npt.NDArray[np.bool_]
KnownLines = Callable[[str], bytes]  # by a format's name: the hashes of the lines that its last archive had


def read(
    recognised: Callable[[Sheet], Format],
    sheet: Callable[..., Sheet],
    dump: Dump,
    begin: int,
    known: KnownLines,
) -> Iterator[Listing]:
    """The dump's parts from line `begin` on. Raises ListingError, also between parts."""
    name, pieces = compressed.unpacked(dump)
    named = replace(dump, name=name)
    head, more = _first(pieces, PART)
    opening = sheet(dump=named, text=_decoded(dump, head))
    found = _in_lines(recognised, opening) if _has_lines(head) else None
    if found is None or not (more or found.archive):
        whole = sheet(dump=named, text=_decoded(dump, _whole(dump, chain((head,), pieces)))) if more else opening
        yield _at_once(recognised(whole), whole)
        return
    day = opening.as_of or found.day(compressed.unpacked(dump)[1], opening)
    of_parts = replace(opening, text="", as_of=day, opening=_opening(opening.text))
    # Of a small one all lines are read: to ask what is known of millions takes longer.
    reader = _Reader(found, of_parts, _Known.of(known(found.name) if found.archive and more else b""))
    yield from reader.parts(chain((head,), pieces), begin)


def _opening(text: str) -> str:
    first = text.lstrip()
    return text[: len(text) - len(first)] + first.partition("\n")[0]


def _has_lines(head: bytes) -> bool:
    """Whether its bytes can be parted at line ends: they are in UTF-8, and the ends not a single `\\r`."""
    return head[:2] not in _UTF_16 and (b"\n" in head or b"\r" not in head)


def _at_once(found: Format, sheet: Sheet) -> Listing:
    if isinstance(found, InLines) and sheet.as_of is None:
        sheet = replace(sheet, as_of=found.day((sheet.text.encode(),), sheet))
    return found.read(sheet)


def _in_lines(recognised: Callable[[Sheet], Format], opening: Sheet) -> InLines | None:
    """The format that the beginning is of, if it can be read in parts; others may need more to be recognised."""
    try:
        found = recognised(opening)
    except UnknownFormatError:
        return None
    return found if isinstance(found, InLines) else None


def _first(pieces: Iterator[bytes], size: int) -> tuple[bytes, bool]:
    """At least `size` bytes if there are as many, and whether there may be more."""
    head = io.BytesIO()
    for piece in pieces:
        head.write(piece)
        if head.tell() >= size:
            return head.getvalue(), True
    return head.getvalue(), False


def _whole(dump: Dump, pieces: Iterable[bytes]) -> bytes:
    whole = io.BytesIO()
    for piece in pieces:
        whole.write(piece)
        if whole.tell() > form.LARGEST:
            raise ListingError(f"{dump.name}: is larger than {form.LARGEST >> 20} MiB and not of lines; split it")
    return whole.getvalue()


def _decoded(dump: Dump, content: bytes) -> str:
    """UTF-8 as all sources write it, with or without a byte order mark; a stray byte becomes U+FFFD."""
    if not content.strip():
        raise ListingError(f"{dump.name}: is empty; fetch it again")
    if content[:2] in _UTF_16:
        return content.decode("utf-16", "replace")
    return content.decode("utf-8-sig", "replace")


class _Stream(io.RawIOBase):
    """Pieces as a file, so that they are parted into lines by C. Of a line longer than a part the rest is left out."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._piece, self._line = iter(pieces), memoryview(b""), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._piece:
            if (piece := next(self._pieces, None)) is None:
                return 0
            self._piece = memoryview(self._bounded(piece))
        read = min(len(self._piece), len(buffer))
        buffer[:read], self._piece = self._piece[:read], self._piece[read:]
        return read

    def _bounded(self, piece: bytes) -> bytes:
        if self._line > PART:
            piece = piece[at:] if (at := piece.find(b"\n")) >= 0 else b""
        last = piece.rfind(b"\n")
        self._line = len(piece) - last - 1 if last >= 0 else self._line + len(piece)
        return piece


class _Lines:
    """A dump's lines from one on, some at a time: so they are worked on while they are in the processor's cache."""

    def __init__(self, pieces: Iterable[bytes], begin: int) -> None:
        file = io.BufferedReader(_Stream(pieces), _SOME)
        for _ in islice(file, begin):
            pass
        self.at = begin  # lines that were gone through
        self._more = iter(partial(file.readlines, min(_SOME, PART)), [])
        self._next = next(self._more, [])

    def __bool__(self) -> bool:
        return bool(self._next)

    def some(self) -> list[bytes]:
        """At least one, if there are any."""
        some, self._next = self._next, next(self._more, [])
        self.at += len(some)
        return some


@dataclass(frozen=True, slots=True)
class _Known:
    """The hashes of known lines, sorted."""

    hashes: Hashes

    @classmethod
    def of(cls, packed: bytes) -> _Known:
        import numpy as np

        return cls(np.sort(np.frombuffer(packed, np.uint64)))

    def unknown(self, packed: bytes) -> Hits:
        """Of each hash whether it is not known."""
        import numpy as np

        asked = np.frombuffer(packed, np.uint64)
        if not len(self.hashes):
            return np.ones(len(asked), np.bool_)
        places = self.hashes.searchsorted(asked)
        return np.not_equal(self.hashes.take(places, mode="clip"), asked)


@dataclass(slots=True)
class _Reader:
    form: InLines
    sheet: Sheet  # what its parts have in common
    known: _Known

    def parts(self, pieces: Iterable[bytes], begin: int) -> Iterator[Listing]:
        lines = _Lines(pieces, begin)
        yield self._part(lines)
        while lines:
            yield self._part(lines)

    def _part(self, lines: _Lines) -> Listing:
        begin, part = lines.at, _Part(lines, self.known if self.form.archive else None)
        listing = self.form.read(replace(self.sheet, begin=begin, lines=part))
        end = lines.at if lines else None
        return replace(listing, begin=begin, end=end, skipped=part.skipped, lines=b"".join(part.hashes))


@dataclass(slots=True)
class _Part:
    """The next lines that are to be read: of an archive those that are not `known`."""

    lines: _Lines
    known: _Known | None
    hashes: list[bytes] = field(default_factory=list)
    skipped: int = 0

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        size = 0
        while self.lines and size < PART:
            numbered = enumerate(some := self.lines.some(), start=self.lines.at - len(some) + 1)
            read = list(numbered if self.known is None else compress(numbered, self._unknown(some, self.known)))
            self.skipped += len(some) - len(read)
            size += sum([len(line) for _, line in read]) + sum(map(len, some)) // _SKIPPED_FASTER
            yield from read

    def _unknown(self, some: list[bytes], known: _Known) -> bytes:
        hashes = b"".join(map(xxh3_64_digest, some))  # two of 2.5 million are the same in one of six million dumps
        self.hashes.append(hashes)
        return known.unknown(hashes).tobytes()
