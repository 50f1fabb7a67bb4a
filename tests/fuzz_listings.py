"""Damages dumps in every way we know and reads them: a listing or a ListingError must come out, in time and memory.

    python tests/fuzz_listings.py --copies 100000 [--seed N] [--real FOLDER] [--keep FOLDER]

Not collected by pytest. Two processes, each with a limit of address space; a copy that takes more processor time than
its size allows ends its process. Copies are made of the seed and their number alone, so that any can be made again; one
that fails is kept as a file.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import io
import lzma
import multiprocessing
import random
import resource
import signal
import sys
import threading
import time
import traceback
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import cache, partial
from pathlib import Path
from typing import Any

import zstandard
from test_listings_told import FORMS

from digest.errors import ListingError
from digest.listings import dump_of, read_listing
from digest.model import Listing

HERE = Path(__file__).parent
NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)
MIB = 2**20
MEMORY = 5 * 2**30  # of address space, a good part of which the libraries take without using it
SECONDS, SECONDS_PER_MIB = 5, 2  # of the processor, for a copy and for each MiB of it unpacked
LARGE_REAL = 200_000
WORKERS = 2
SPAWN = multiprocessing.get_context("spawn")  # a forked worker would hold the other's pipe open
REPORTED = 500  # copies at a time
ENOUGH = 10  # failed copies, to end with


# --- what is damaged ---------------------------------------------------------------------------------------------


@cache
def small_dumps() -> list[bytes]:
    """The test dumps, the sample dumps, a paper in every format, and some of them in a mail."""
    paths = [*(HERE / "data" / "listings").iterdir(), *(HERE.parent / "config" / "samples").iterdir()]
    names = [r"Mi{\l}osz \'Swierk", "Kite Team", "Ines Fukuda-Roth (Green Lab)"]
    written = [write(r"$\textit{Kern}$ of G$^2$: A \emph{Title}", names) for write in FORMS]
    plain = [path.read_bytes() for path in sorted(paths)] + [text.encode() for text in written]
    return [*plain, *(mailed(one, cte) for one in plain[::7] for cte in ("quoted-printable", "base64"))]


def mailed(content: bytes, cte: str) -> bytes:
    mail = EmailMessage()
    mail["Date"] = "Thu, 4 Jun 2026 00:44:20 GMT"
    mail.set_content(content.decode("utf-8", "replace"), cte=cte)
    mail.add_alternative("<p>fyi", subtype="html")
    return mail.as_bytes()


@cache
def real_paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md")


def real_dump(folder: Path, rng: random.Random) -> bytes:
    """A real dump; of a large one its beginning and some part of it."""
    content = rng.choice(real_paths(folder)).read_bytes()
    if len(content) <= LARGE_REAL:
        return content
    start = rng.randrange(len(content))
    return content[: LARGE_REAL // 4] + content[start : start + LARGE_REAL * 3 // 4]


# --- damage ------------------------------------------------------------------------------------------------------

PIECES = [
    *(
        b"\x00",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\n",
        b"\n\n",
        b"\r",
        b"\xc2\xa0",
        b'"',
        b"'",
        b"\\",
        b"\\ud800",
    ),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b"(",
        b")",
        b",",
        b":",
        b"$",
        b"^",
        b"_{",
        b"~",
        b"\\frac{",
        b"\\v{",
        b"\\'",
        b"\\(",
        b"``",
    ),
    *(
        b"<",
        b">",
        b"</",
        b"/>",
        b"<![CDATA[",
        b"]]>",
        b"<!--",
        b"-->",
        b"&",
        b"&#0;",
        b"&x;",
        b"<?x?>",
        b"<!DOCTYPE a [",
    ),
    *(b"</item>", b"<item>", b"</entry>", b"<entry>", b"<record>", b"<title>", b"xmlns:a=''", b"<p>", b"<script>"),
    *(b"https://x{", b"](https://x)", b"### [", b"9" * 5000, b"-1", b"1e999", b"NaN", b"null", b"true", b"2026-02-30"),
    *(b"Feb 30", b"Feb 29", b"Dec 31, 9999", b"\xc2\xb7", "•".encode(), b"99999 authors", b"Subscribe", b"\\\\\n"),
    *(
        b"arXiv:2606.9",
        b"Title:",
        b"(0kb,I)",
        b"-" * 78 + b"\n",
        b"%%%---" * 13 + b"\n",
        b"\xe2\x80\xae",
        b"\xf0\x9f\x98\x80",
    ),
]
NESTING = [b"[", b"{", b'{"a":', b"<a>", b"<div>", b"\\emph{", b"{\\em ", b"(", b"$", b"<!--", b"![", b"[[", b"\\\\\n"]


def span(content: bytes, rng: random.Random, longest: int = 200) -> tuple[int, int]:
    start = rng.randint(0, len(content))
    return start, min(len(content), start + rng.randint(0, longest))


def truncated(content: bytes, rng: random.Random) -> bytes:
    start, end = sorted(rng.randint(0, len(content)) for _ in range(2))
    return rng.choice([content[:end], content[:end], content[start:], content[start:end]])


def flipped(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.randint(1, 20) if changed else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def inserted(content: bytes, rng: random.Random) -> bytes:
    start, end = span(content, rng)
    return content[:start] + rng.choice(PIECES) * rng.choice([1, 1, 1, 3, 50]) + content[rng.choice([start, end]) :]


def deleted(content: bytes, rng: random.Random) -> bytes:
    start, end = span(content, rng, rng.choice([5, 200, 5000]))
    return content[:start] + content[end:]


def repeated(content: bytes, rng: random.Random) -> bytes:
    start, end = span(content, rng, rng.choice([20, 200, 5000]))
    return content[:end] + content[start:end] * rng.choice([1, 2, 30, 300]) + content[end:]


def moved(content: bytes, rng: random.Random) -> bytes:
    start, end = span(content, rng, 2000)
    other = rng.randint(0, len(content))
    return content[:other] + content[start:end] + content[other:]


def spliced(content: bytes, rng: random.Random) -> bytes:
    other = rng.choice(small_dumps())
    return content[: rng.randint(0, len(content))] + other[rng.randint(0, len(other)) :]


def reencoded(content: bytes, rng: random.Random) -> bytes:
    text = content.decode(rng.choice(["utf-8", "latin-1"]), "replace")
    return text.encode(
        rng.choice(["utf-16", "utf-16-be", "utf-32", "latin-1", "cp1252", "utf-8-sig", "utf-7"]), "replace"
    )


def with_nulls(content: bytes, rng: random.Random) -> bytes:
    start, end = span(content, rng)
    return rng.choice([content[:start] + bytes(rng.choice([1, 1000])) + content[end:], content.replace(b" ", b"\0")])


def nested(content: bytes, rng: random.Random) -> bytes:
    start, end = span(content, rng)
    return content[:start] + rng.choice(NESTING) * rng.choice([10, 300, 3000]) + content[end:]


def zipped(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("2026-06-01.txt"), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


PACKERS: list[Callable[[bytes], bytes]] = [
    partial(gzip.compress, mtime=0, compresslevel=1),
    partial(bz2.compress, compresslevel=1),
    partial(lzma.compress, preset=0),
    lambda content: zstandard.ZstdCompressor(level=1).compress(content),
    zipped,
]


def packed(content: bytes, rng: random.Random) -> bytes:
    return rng.choice(PACKERS)(content)


DAMAGES = [
    *[truncated, flipped, inserted, deleted, repeated, moved, spliced, reencoded, with_nulls, nested] * 4,
    packed,
]


def damaged(seed: int, number: int, real: Path | None) -> bytes:
    rng = random.Random(f"{seed} {number}")
    whole = real_dump(real, rng) if real and rng.random() < 0.02 else rng.choice(small_dumps())
    for damage in rng.choices(DAMAGES, k=rng.randint(1, 4)):
        whole = damage(whole, rng)
    return whole


# --- the worst ---------------------------------------------------------------------------------------------------

BANNER = b"Get trending papers in your email inbox!\n"
ENTITIES = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
LAUGHS = f'<!DOCTYPE x [<!ENTITY l0 "ha">{ENTITIES}]>'.encode()
LONG, LARGE, BOMB = 200 * MIB, 64 * MIB, 600 * MIB


HEADS = {
    b"": b"x ",
    BANNER + b"A Title\n": b"ab ",
    b'[{"paper": {"title": "x"}}': b',{"paper":{"title":"x"}}',
    b'{"title": "x", "abstract": "': b" \\emph{",
    b"<rss><channel><link>https://x.org</link><item><title>": b"ab ",
    b"<record><identifier>oai:arXiv.org:1</identifier>": b"<record><header/></record>",
    b"\\\\\narXiv:2606.90001\nTitle: ": b"ab ",
}


@cache
def worst() -> list[tuple[Callable[[], bytes], int]]:
    """Ways to write the dumps that cost most, and how many bytes they hold unpacked. First of all copies."""
    found: list[tuple[Callable[[], bytes], int]] = []
    for head, piece in HEADS.items():
        found += [(partial(filled, head, b"x", LONG), LONG), (partial(filled, head, piece, LARGE), LARGE)]
        found += [(partial(filled, head, nesting, MIB), MIB) for nesting in NESTING]
        found += [(partial(bomb, pack, head), BOMB) for pack in PACKERS]
    found += [(partial(twice, pack), MIB) for pack in PACKERS]
    found += [(partial(laughing, dump), len(dump)) for dump in small_dumps() if dump.lstrip().startswith(b"<")]
    return found + [(partial(bytes, size), size) for size in (1, 2, 3, 10 * MIB)]


def filled(head: bytes, piece: bytes, size: int) -> bytes:
    return head + piece * ((size - len(head)) // len(piece))


def laughing(dump: bytes) -> bytes:
    start = dump.find(b"?>") + 2 if dump.lstrip().startswith(b"<?xml") else 0
    return dump[:start] + LAUGHS + dump[start:].replace(b"<title>", b"<title>&l9;")


def bomb(pack: Callable[[bytes], bytes], head: bytes) -> bytes:
    return pack(head + b" " * BOMB)


def twice(pack: Callable[[bytes], bytes]) -> bytes:
    return pack(pack(bytes(MIB)))


# --- reading it --------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    copies: int = 0
    rejected: int = 0
    entries: int = 0
    peak: int = 0  # bytes of memory in use
    slowest: tuple[float, int, int] = (0.0, 0, 0)  # seconds, number, bytes
    failed: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.copies += other.copies
        self.rejected += other.rejected
        self.entries += other.entries
        self.peak = max(self.peak, other.peak)
        self.slowest = max(self.slowest, other.slowest)
        self.failed += other.failed


def copy_of(seed: int, number: int, real: Path | None) -> tuple[bytes, int]:
    """The copy of a number, and the bytes it holds unpacked."""
    special = worst()
    if number < len(special):
        write, size = special[number]
        return write(), size
    content = damaged(seed, number, real)
    return content, len(content)


def check(listing: Listing) -> None:
    """Text is clean: no control character, no white space to be folded, nothing that UTF-8 cannot hold."""
    for entry in listing.entries:
        facts = entry.facts
        assert facts.title
        for text in (facts.title, facts.abstract, facts.comment or "", facts.latex_abstract or "", *facts.authors):
            text.encode()
            assert text == " ".join(text.split())
            assert text.isprintable() or not any(ord(character) < 32 for character in text)


def read(content: bytes, tally: Tally) -> None:
    tally.copies += 1
    try:
        listing = read_listing(dump_of("copy", content), now=NOW)
    except ListingError:
        tally.rejected += 1
        return
    check(listing)
    tally.entries += len(listing.entries)


def work(numbers: range, seed: int, real: Path | None, current: Any, results: Any) -> None:
    """Read copies; `current` always holds the number of the one at hand, for whoever finds this process dead."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    tally = Tally()
    for number in numbers:
        current.value = number
        content, size = copy_of(seed, number, real)
        signal.setitimer(signal.ITIMER_PROF, SECONDS + SECONDS_PER_MIB * max(size, len(content)) / MIB)
        start = time.process_time()
        try:
            read(content, tally)
        except Exception:
            tally.failed.append((number, traceback.format_exc()))
        signal.setitimer(signal.ITIMER_PROF, 0)
        tally.slowest = max(tally.slowest, (time.process_time() - start, number, max(size, len(content))))
        if tally.copies == REPORTED:
            results.send(tally)
            tally = Tally()
    tally.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    results.send(tally)


def watch(numbers: range, seed: int, real: Path | None, total: Tally) -> None:
    """Have all numbers worked on; a process that dies is one failed copy, and another goes on behind it."""
    while numbers and len(total.failed) < ENOUGH:
        current = SPAWN.Value("q", numbers[0])
        receiver, sender = SPAWN.Pipe(duplex=False)
        worker = SPAWN.Process(target=work, args=(numbers, seed, real, current, sender))
        worker.start()
        sender.close()
        with suppress(EOFError):
            while True:
                total.add(receiver.recv())
        worker.join()
        if worker.exitcode == 0:
            return
        total.failed.append((current.value, f"its process ended with {worker.exitcode}: too slow or too large"))
        numbers = range(current.value + WORKERS, numbers.stop, WORKERS)


def run(copies: int, seed: int, real: Path | None) -> Tally:
    total = Tally()
    watchers = [
        threading.Thread(target=watch, args=(range(place, copies, WORKERS), seed, real, total))
        for place in range(WORKERS)
    ]
    for watcher in watchers:
        watcher.start()
    for watcher in watchers:
        watcher.join()
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--real", type=Path, help="a folder of real dumps")
    parser.add_argument("--keep", type=Path, default=Path(), help="where copies that fail are kept")
    asked = parser.parse_args()
    start = time.perf_counter()
    tally = run(asked.copies, asked.seed, asked.real)
    seconds, number, size = tally.slowest
    print(f"{tally.copies} copies, {tally.rejected} rejected, {tally.entries} entries of the others, seed {asked.seed}")
    print(f"slowest: copy {number}, {seconds:.2f} s for {size / MIB:.1f} MiB; peak memory {tally.peak / MIB:.0f} MiB")
    print(f"{time.perf_counter() - start:.0f} s")
    for number, why in tally.failed:
        path = asked.keep / f"fuzz-{asked.seed}-{number}.dump"
        path.write_bytes(copy_of(asked.seed, number, asked.real)[0])
        print(f"FAILED: copy {number}, kept as {path}: {why}", file=sys.stderr)
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
