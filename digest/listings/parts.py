"""Reads a dump whole if it is small, else part by part if its lines stand alone, so that memory stays flat.

Owns the size of a part and the skipping of lines that an archive's predecessor held too. Knows no format. numpy is
used for the 2.5 million hashes of an archive's lines.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import chain, compress, islice

import numpy as np
import numpy.typing as npt

from digest.errors import ListingError, UnknownFormatError
from digest.listings import compressed, form
from digest.listings.form import Format, InLines, Sheet
from digest.model import Dump, Listing

PART = 8 * 2**20  # bytes: some 5,000 records, a good number for one transaction too

_AT_ONCE = 128  # lines

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_HASH = 8  # bytes of a line's hash: two of 2.5 million are the same in one of six million dumps

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
    reader = _Reader(found, replace(opening, as_of=day), _Lines.of(known(found.name) if found.archive else b""))
    yield from reader.parts(chain((head,), pieces), begin)


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


def _chunks(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The content in chunks of whole lines of at most `PART` bytes, and whether it is the last.

    Of a line that is longer the beginning is given, enough to see that it is too long.
    """
    chunk = None
    for following in _cut(pieces):
        if chunk is not None:
            yield chunk, False
        chunk = following
    yield chunk or b"", True


def _cut(pieces: Iterable[bytes]) -> Iterator[bytes]:
    kept, endless = bytearray(), False
    for piece in pieces:
        if endless:  # inside a line whose beginning has been given
            _, end, piece = piece.partition(b"\n")
            endless = not end
        kept += piece
        while len(kept) >= PART:
            cut = kept.rfind(b"\n", 0, PART) + 1
            with memoryview(kept) as view:
                chunk = bytes(view[: cut or PART])
            yield chunk
            if not cut:
                cut = kept.find(b"\n", PART) + 1
                endless = not cut
            del kept[: cut or len(kept)]
    if kept:
        yield bytes(kept)


@dataclass(frozen=True, slots=True)
class _Lines:
    """The hashes of known lines, sorted."""

    hashes: Hashes

    @classmethod
    def of(cls, packed: bytes) -> _Lines:
        return cls(np.sort(np.frombuffer(packed, np.uint64)))

    def unknown(self, packed: bytes) -> Hits:
        """Of each hash whether it is not known."""
        asked = np.frombuffer(packed, np.uint64)
        if not len(self.hashes):
            return np.ones(len(asked), np.bool_)
        places = np.minimum(np.searchsorted(self.hashes, asked), len(self.hashes) - 1)
        return np.not_equal(self.hashes[places], asked)


@dataclass(slots=True)
class _Passed:
    """The lines of an archive that were gone through so far: their hashes, and how many are known."""

    hashes: list[bytes] = field(default_factory=list)
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class _Reader:
    form: InLines
    sheet: Sheet  # of the dump's beginning
    known: _Lines

    def parts(self, pieces: Iterable[bytes], begin: int) -> Iterator[Listing]:
        at, opening = 0, self.sheet.text.partition("\n")[0]
        for chunk, last in _chunks(pieces):
            start, at = at, at + chunk.count(b"\n") + (not chunk.endswith(b"\n"))
            if at > begin or last:
                part = replace(self.sheet, text="", begin=max(start, begin), opening=opening)
                yield replace(self._part(part, chunk, max(0, begin - start)), end=None if last else at)

    def _part(self, sheet: Sheet, chunk: bytes, begin: int) -> Listing:
        """A chunk from its line `begin` on."""
        numbered: Iterable[tuple[int, bytes]] = enumerate(islice(io.BytesIO(chunk), begin, None), start=sheet.begin + 1)
        if not self.form.archive:
            return replace(self.form.read(replace(sheet, lines=numbered)), begin=sheet.begin)
        passed = _Passed()
        listing = self.form.read(replace(sheet, lines=self._unknown(numbered, passed)))
        return replace(listing, begin=sheet.begin, skipped=passed.skipped, lines=b"".join(passed.hashes))

    def _unknown(self, numbered: Iterable[tuple[int, bytes]], passed: _Passed) -> Iterator[tuple[int, bytes]]:
        """The unknown ones of the lines, few at a time, so that they are read while they are in the processor's cache."""
        numbered = iter(numbered)
        while some := list(islice(numbered, _AT_ONCE)):
            hashes = b"".join([blake2b(line, digest_size=_HASH).digest() for _, line in some])
            unknown = self.known.unknown(hashes)
            passed.hashes.append(hashes)
            if found := unknown.sum():
                yield from compress(some, unknown.tobytes())
            passed.skipped += len(some) - int(found)
