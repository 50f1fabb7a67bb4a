"""Unpacks dumps: gzip, bzip2, xz, Zstandard and zip, told by their first bytes. zstandard lives here.

Nothing is unpacked past a limit, which is all that a hostile archive can cost. Knows nothing of listings.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Protocol

import zstandard

from digest.errors import ListingError
from digest.listings import clean
from digest.model import Dump

_PIECE = 2**20  # unpacked bytes asked for at once
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


def unpacked(dump: Dump, largest: int) -> Dump:
    """The dump with its content unpacked; the same dump if it is not compressed.

    It keeps the digest of the bytes as dropped. From a zip it gets the name of its file behind the zip's own.
    Raises ListingError for a broken archive, one of several files, or one of more than `largest` bytes.
    """
    kind = _kind(dump.content)
    if kind is None:
        return dump
    try:
        name, pieces = _UNPACKERS[kind](dump)
        content = _joined(dump.name, pieces, largest)
    except _BROKEN as error:
        raise ListingError(f"{dump.name}: {kind} that is {_fault(error)}") from None
    if twice := _kind(content):
        raise ListingError(f"{dump.name}: {twice} inside {kind}; unpack it once and drop what comes out")
    return replace(dump, name=name, content=content)


def _kind(content: bytes) -> str | None:
    """The kind of compression, by its magic bytes."""
    return next((kind for kind, magic in _MAGIC.items() if magic.match(content)), None)


def _joined(name: str, pieces: Iterator[bytes], largest: int) -> bytes:
    whole = io.BytesIO()
    for piece in pieces:
        if whole.tell() + len(piece) > largest:
            raise ListingError(f"{name}: unpacks to more than {largest >> 20} MiB; split it")
        whole.write(piece)
    return whole.getvalue()


def _fault(error: Exception) -> str:
    if isinstance(error, MemoryError) or "memory" in str(error).casefold():
        return "packed so that it needs too much memory; unpack it and drop what comes out"
    return f"{'cut off' if isinstance(error, EOFError) else 'cut or damaged'}; fetch it again"


# --- the kinds ---------------------------------------------------------------------------------------------------

_Unpacked = tuple[str, Iterator[bytes]]  # the name, and the content in pieces


def _read(file: _Readable) -> Iterator[bytes]:
    return iter(partial(file.read, _PIECE), b"")


def _gzip(dump: Dump) -> _Unpacked:
    return dump.name, _read(gzip.GzipFile(fileobj=io.BytesIO(dump.content)))


def _bzip2(dump: Dump) -> _Unpacked:
    return dump.name, _read(bz2.BZ2File(io.BytesIO(dump.content)))


def _xz(dump: Dump) -> _Unpacked:
    return dump.name, _streams(dump.content, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY))


def _zstandard(dump: Dump) -> _Unpacked:
    return dump.name, _streams(dump.content, lambda: zstandard.ZstdDecompressor().decompressobj())


def _streams(content: bytes, decompressor: Callable[[], _Decompressor]) -> Iterator[bytes]:
    """Streams one behind another, with zeros between them; EOFError where the last one does not end.

    The standard library's reader of xz takes as much memory as the file asks for, and that of zstandard does not tell
    a cut file from a whole one.
    """
    one: _Decompressor | None = None
    for start in range(0, len(content), _MOUTHFUL):
        rest = content[start : start + _MOUTHFUL]
        while rest := (rest if one else rest.lstrip(b"\0")):
            one = one or decompressor()
            yield one.decompress(rest)
            rest, one = (one.unused_data, None) if one.eof else (b"", one)
    if one:
        raise EOFError


def _zip(dump: Dump) -> _Unpacked:
    """The one file of a zip, by its name behind the zip's, so that a date in it counts."""
    archive = zipfile.ZipFile(io.BytesIO(dump.content))
    files = [one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith("__MACOSX/")]
    if len(files) != 1:
        told = f"{len(files)} files, and a dump is one" if files else "no file"
        raise ListingError(f"{dump.name}: a zip of {told}; unpack it and drop the listings in it")
    file = files[0]
    if file.flag_bits & 1 or file.compress_type not in _ZIP_METHODS:
        raise ListingError(f"{dump.name}: a zip with a password or of a rare kind; unpack it and drop what comes out")
    return f"{dump.name}/{clean.field(file.filename.rpartition('/')[2]) or 'file'}", _read(archive.open(file))


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
}
_MAGIC = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "bzip2": re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"),
    "xz": re.compile(rb"\xfd7zXZ\0"),
    "Zstandard": re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"),  # the latter: a frame to be skipped
    "zip": re.compile(rb"PK(?:\x03\x04|\x05\x06)"),
}
