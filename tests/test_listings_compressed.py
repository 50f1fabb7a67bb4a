"""Packed dumps: every kind reads as what is in it, a cut or hostile one is a ListingError, and the digest stays."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import struct
import tarfile
import unicodedata
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from linear import linear
from test_listings import PIECES, allowed

from digest.errors import ListingError, UnknownFormatError
from digest.listings import compressed, dump_of, read_listing
from digest.model import Listing

NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)
PLAIN = "".join(
    f'{{"title": "Paper {number}", "abstract": "Invented, {number**7}."}}\n' for number in range(40)
).encode()
MiB = 2**20


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return packed.getvalue()


def tarred(name: str, content: bytes) -> bytes:
    packed, head = io.BytesIO(), tarfile.TarInfo(name)
    head.size = len(content)
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(head, io.BytesIO(content))
    return packed.getvalue()


def zstd_stream(content: bytes) -> bytes:
    """Without the size in the head, as a pipe writes it."""
    packer = zstandard.ZstdCompressor().compressobj()
    return packer.compress(content) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "zstd-stream": zstd_stream,
    "zip": lambda content: zipped(("a/dump.jsonl", content)),
    "zip-stored": lambda content: zipped(("dump.jsonl", content), method=zipfile.ZIP_STORED),
    "zip-macos": lambda content: zipped(("__MACOSX/._dump", b"x"), ("d/", b""), ("d/dump.jsonl", content)),
}
ONE_BEHIND_ANOTHER = ["gzip", "bzip2", "xz", "zstd", "zstd-stream"]
each_kind = pytest.mark.parametrize("kind", PACKERS)


def read(content: bytes, name: str = "a dump") -> Listing:
    return read_listing(dump_of(name, content), now=NOW)


@each_kind
def test_every_kind_reads_as_what_is_in_it(kind: str) -> None:
    packed = PACKERS[kind](PLAIN)
    listing, plain = read(packed, "dump.bin"), read(PLAIN)
    assert (len(listing.entries), listing.entries) == (40, plain.entries)
    assert (listing.dump, listing.digest) == ("dump.bin", hashlib.sha256(packed).hexdigest())


@each_kind
def test_any_format_can_be_packed(kind: str) -> None:
    text = b"Get trending papers in your email inbox!\nA Title\n" + b"Words of an invented abstract. " * 20
    assert read(PACKERS[kind](text)).format == "hf-text"
    with pytest.raises(UnknownFormatError, match="begins with “hello”"):
        read(PACKERS[kind](b"hello"))
    with pytest.raises(ListingError, match="is empty"):
        read(PACKERS[kind](b""))


@pytest.mark.parametrize("kind", ONE_BEHIND_ANOTHER)
def test_archives_one_behind_another_are_one(kind: str) -> None:
    pack = PACKERS[kind]
    assert len(read(pack(PLAIN) + pack(PLAIN) + pack(b"")).entries) == 80
    parts = b"".join(pack(line) for line in PLAIN.splitlines(keepends=True))
    assert len(read(parts).entries) == 40
    if kind in ("gzip", "xz"):
        assert len(read(pack(PLAIN) + b"\0" * 9000 + pack(PLAIN) + b"\0" * 8).entries) == 80


def test_frames_to_be_skipped_are_skipped() -> None:
    skipped = struct.pack("<II", 0x184D2A50, 5) + b"hello"
    packed = PACKERS["zstd"](PLAIN)
    assert len(read(skipped + packed).entries) == len(read(packed + skipped).entries) == 40


def test_a_large_dump_of_many_pieces() -> None:
    content = json.dumps({"title": "Large", "abstract": "x"}).encode() + b"\n" * (5 * MiB)
    for kind, pack in PACKERS.items():
        assert b"".join(compressed.unpacked(dump_of("a", pack(content)))[1]) == content, kind


def test_a_day_in_the_name_counts_in_a_zip_too() -> None:
    assert read(gzip.compress(PLAIN), "2026-05-30.jsonl.gz").as_of == date(2026, 5, 30)
    assert read(zipped(("data/2026-05-30.jsonl", PLAIN)), "2026-05-29.zip").as_of == date(2026, 5, 30)
    assert read(zipped(("dump.jsonl", PLAIN)), "2026-05-29.zip").as_of == date(2026, 5, 29)


@each_kind
def test_a_cut_archive_says_so_wherever_it_is_cut(kind: str) -> None:
    packed = PACKERS[kind](PLAIN)
    for end in range(10, len(packed), 7):
        with pytest.raises(ListingError, match=r"a dump: (gzip|bzip2|xz|Zstandard|zip) that is cut.*fetch it again"):
            read(packed[:end])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zipped(("a.jsonl", PLAIN), ("b.jsonl", PLAIN)), "a zip of 2 files, and a dump is one; unpack it"),
        (zipped(), "a zip of no file"),
        (zipped(("d/", b"")), "a zip of no file"),
        (zipped(("a.jsonl", PLAIN), method=zipfile.ZIP_BZIP2), "of a rare kind"),
        (zipped(("a.jsonl", PLAIN), method=zipfile.ZIP_LZMA), "of a rare kind"),
        (
            zipped(("a.jsonl", PLAIN)).replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"),
            "password",
        ),
        (gzip.compress(gzip.compress(PLAIN)), "gzip inside gzip; unpack it"),
        (tarred("a.jsonl", PLAIN), "a tar archive; unpack it and drop the listings in it"),
        (gzip.compress(tarred("a.jsonl", PLAIN)), "tar inside gzip; unpack it and drop the listings in it"),
        (zipped(("a.xz", lzma.compress(PLAIN))), "xz inside zip"),
        (gzip.compress(PLAIN) + b"garbage", "gzip that is cut or damaged"),
        (lzma.compress(PLAIN) + b"garbage", "xz that is cut off"),
        (PACKERS["zstd"](PLAIN) + b"garbage", "Zstandard that is cut or damaged"),
        (b"\x28\xb5\x2f\xfd\x00\xff" + b"x" * 50, "needs too much memory"),
        (b"PK\x03\x04" + b"x" * 50, "zip that is cut or damaged"),
    ],
)
def test_bad_archives_say_what_to_do(content: bytes, words: str) -> None:
    with pytest.raises(ListingError, match="a dump: ") as raised:
        read(content)
    assert words in str(raised.value)


def test_hostile_names_in_a_zip_do_no_harm() -> None:
    for name in ("../../etc/passwd", "/etc/passwd", "\x1b[2J\u202e.jsonl", "x" * 60_000, "C:\\a\\b"):
        with pytest.raises(UnknownFormatError) as raised:
            read(zipped((name, b"hello")))
        assert not {"Cc", "Cf"} & set(map(unicodedata.category, str(raised.value)))
        assert len(str(raised.value)) < 600
        assert read(zipped((name, PLAIN))).dump == "a dump"


@each_kind
def test_nothing_is_unpacked_past_the_limit(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.listings.form.LARGEST", 3 * MiB)
    monkeypatch.setattr("digest.listings.compressed._SWELLING", 0)
    bomb = PACKERS[kind](b" " * (20 * MiB)) if kind != "zip-stored" else PACKERS[kind](b" " * (4 * MiB))
    with pytest.raises(ListingError, match="a dump: unpacks to more than 3 MiB; split it"):
        read(bomb)


@linear()
def test_many_tiny_archives_cost_no_more_than_their_length() -> None:
    for kind in ONE_BEHIND_ANOTHER:
        allowed(PACKERS[kind](b"{}\n") * 5_000)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """An archive with bytes changed, put in or cut out."""
    content = PACKERS[draw(st.sampled_from(sorted(PACKERS)))](PLAIN[:600])
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = draw(st.integers(start, min(len(content), start + 20)))
        piece = draw(st.binary(max_size=8) | st.sampled_from(PIECES))
        content = content[:start] + piece + content[end:]
    return content


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_any_damage_is_a_listing_or_a_listing_error(content: bytes) -> None:
    allowed(content)


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from([b"\x1f\x8b", b"BZh91AY&SY", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"PK\3\4", b"PK\5\6"]), st.binary()
)
def test_any_bytes_behind_a_head_are_a_listing_error(head: bytes, rest: bytes) -> None:
    allowed(head + rest)
