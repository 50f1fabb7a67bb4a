"""Unpacks dumps: gzip, bzip2, xz, Zstandard and zip, told by their first bytes. zstandard lives here.

Nothing is unpacked past a limit, which is all that a hostile archive can cost. Knows nothing of listings.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO, Protocol

import zstandard

from digest.errors import ListingError
from digest.listings import clean, form
from digest.model import Dump

_HEAD = 512  # bytes that tell the kind
_PIECE = 2**16  # unpacked bytes asked for at once; for many more the allocator takes fresh memory each time
_SWELLING = 100  # listings become five times as large at most, bombs a thousand times
# Packed bytes given at once to what cannot be told how much to give back: at most 128 MiB of Zstandard come of them.
_MOUTHFUL = 2**12
_MEMORY = 2**28  # what xz may take for its dictionary; its strongest usual setting needs 65 MiB
# Others unpack without a limit inside the standard library, and no usual program writes them.
_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

# Whatever the libraries raise on bytes that are not what they should be.
_BROKEN = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    MemoryError,
    OverflowError,
    LookupError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zstandard.ZstdError,
)


def unpacked(dump: Dump) -> tuple[str, Iterator[bytes]]:
    """The dump's name, and its bytes in pieces, unpacked if it is compressed.

    From a zip it gets the name of its file behind the zip's own. ListingError, also between pieces, for a broken
    archive, one of several files, or one that unpacks to more than a hundred times its size and than `form.LARGEST`.
    """
    with dump.content() as file:
        kind = _kind(file.read(_HEAD))
    if kind is None:
        return dump.name, _plain(dump)
    with _faults(dump, kind):
        name, pieces = _UNPACKERS[kind](dump)
    return name, _watched(dump, kind, pieces)


def _plain(dump: Dump) -> Iterator[bytes]:
    with dump.content() as file:
        yield from _read(file)


def _watched(dump: Dump, kind: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces, as long as they are not those of a bomb or of an archive inside an archive."""
    allowed, total = max(form.LARGEST, _SWELLING * dump.size), 0
    with _faults(dump, kind):
        for piece in pieces:
            if total == 0 and (twice := _kind(piece)):
                raise ListingError(f"{dump.name}: {twice} inside {kind}; unpack it and drop the listings in it")
            total += len(piece)
            if total > allowed:
                raise ListingError(f"{dump.name}: unpacks to more than {allowed >> 20} MiB; split it")
            yield piece


@contextmanager
def _faults(dump: Dump, kind: str) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise ListingError(f"{dump.name}: {kind} that is {_fault(error)}") from None


def _kind(content: bytes) -> str | None:
    """The kind of compression, by its magic bytes."""
    return next((kind for kind, magic in _MAGIC.items() if magic.match(content)), None)


def _fault(error: Exception) -> str:
    if isinstance(error, MemoryError) or "memory" in str(error).casefold():
        return "packed so that it needs too much memory; unpack it and drop what comes out"
    return f"{'cut off' if isinstance(error, EOFError) else 'cut or damaged'}; fetch it again"


# --- the kinds ---------------------------------------------------------------------------------------------------

_Unpacked = tuple[str, Iterator[bytes]]  # the name, and the content in pieces


def _read(file: _Readable, size: int = _PIECE) -> Iterator[bytes]:
    return iter(partial(file.read, size), b"")


def _opened(dump: Dump, reader: Callable[[BinaryIO], _Readable]) -> Iterator[bytes]:
    with dump.content() as file:
        yield from _read(reader(file))


def _gzip(dump: Dump) -> _Unpacked:
    return dump.name, _opened(dump, lambda file: gzip.GzipFile(fileobj=file))


def _bzip2(dump: Dump) -> _Unpacked:
    return dump.name, _opened(dump, bz2.BZ2File)


def _xz(dump: Dump) -> _Unpacked:
    return dump.name, _streams(dump, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY))


def _zstandard(dump: Dump) -> _Unpacked:
    return dump.name, _streams(dump, lambda: zstandard.ZstdDecompressor().decompressobj())


def _streams(dump: Dump, decompressor: Callable[[], _Decompressor]) -> Iterator[bytes]:
    """Streams one behind another, with zeros between them; EOFError where the last one does not end.

    The standard library's reader of xz takes as much memory as the file asks for, and that of zstandard does not tell
    a cut file from a whole one.
    """
    one: _Decompressor | None = None
    with dump.content() as file:
        for rest in _read(file, _MOUTHFUL):
            while rest := (rest if one else rest.lstrip(b"\0")):
                one = one or decompressor()
                yield one.decompress(rest)
                rest, one = (one.unused_data, None) if one.eof else (b"", one)
    if one:
        raise EOFError


def _zip(dump: Dump) -> _Unpacked:
    """The one file of a zip, by its name behind the zip's, so that a date in it counts."""
    with dump.content() as opened:
        listed = zipfile.ZipFile(opened).infolist()
    files = [one for one in listed if not one.is_dir() and not one.filename.startswith("__MACOSX/")]
    if len(files) != 1:
        told = f"{len(files)} files, and a dump is one" if files else "no file"
        raise ListingError(f"{dump.name}: a zip of {told}; unpack it and drop the listings in it")
    file = files[0]
    if file.flag_bits & 1 or file.compress_type not in _ZIP_METHODS:
        raise ListingError(f"{dump.name}: a zip with a password or of a rare kind; unpack it and drop what comes out")
    name = f"{dump.name}/{clean.field(file.filename.rpartition('/')[2]) or 'file'}"
    return name, _opened(dump, lambda opened: zipfile.ZipFile(opened).open(file))


def _tar(dump: Dump) -> _Unpacked:
    """Not read: its heads may be of any size, and what packs listings as tar packs many."""
    raise ListingError(f"{dump.name}: a tar archive; unpack it and drop the listings in it")


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


_UNPACKERS: dict[str, Callable[[Dump], _Unpacked]] = {
    "gzip": _gzip,
    "bzip2": _bzip2,
    "xz": _xz,
    "Zstandard": _zstandard,
    "zip": _zip,
    "tar": _tar,
}
_MAGIC = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "bzip2": re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"),
    "xz": re.compile(rb"\xfd7zXZ\0"),
    "Zstandard": re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"),  # the latter: a frame to be skipped
    "zip": re.compile(rb"PK(?:\x03\x04|\x05\x06)"),
    "tar": re.compile(rb"[^\0].{256}ustar[\0 ]", re.DOTALL),
}
