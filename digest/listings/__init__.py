"""Reads dumps: bytes -> a listing. Detects the format by content. Knows nothing of what is stored.

To add a format: a module with a class that follows `form.Format`, and a line in `FORMATS`.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from itertools import chain
from pathlib import Path

from digest.errors import ListingError, UnknownFormatError
from digest.listings import clean, parts, saved
from digest.listings.arxiv_atom import ArxivAtom
from digest.listings.arxiv_feed import ArxivFeed
from digest.listings.arxiv_jsonl import ArxivJsonLines
from digest.listings.arxiv_mail import ArxivMailing
from digest.listings.arxiv_months import ArxivMonths
from digest.listings.arxiv_oai import ArxivOai
from digest.listings.arxiv_snapshot import ArxivSnapshot
from digest.listings.biorxiv import BioRxiv
from digest.listings.form import Format, Sheet
from digest.listings.generic_feed import GenericFeed
from digest.listings.hf_html import HuggingFaceHtml
from digest.listings.hf_json import HuggingFaceJson
from digest.listings.hf_rss import HuggingFaceRss
from digest.listings.hf_scrape_a import HuggingFaceScrapeA
from digest.listings.hf_scrape_b import HuggingFaceScrapeB
from digest.listings.hf_text import HuggingFaceText
from digest.listings.json_feed import JsonFeed
from digest.listings.own_jsonl import OwnJsonLines
from digest.listings.parts import KnownLines
from digest.model import Dump, Listing

# Asked in this order; the first that recognises the content reads it.
FORMATS: tuple[Format, ...] = (
    ArxivSnapshot(),
    ArxivJsonLines(),
    OwnJsonLines(),
    HuggingFaceHtml(),
    HuggingFaceRss(),
    ArxivAtom(),
    ArxivFeed(),
    ArxivOai(),
    BioRxiv(),
    GenericFeed(),
    JsonFeed(),
    HuggingFaceScrapeA(),
    HuggingFaceScrapeB(),
    HuggingFaceJson(),
    HuggingFaceText(),
    ArxivMailing(),
    ArxivMonths(),
)


def dump_of(name: str, content: bytes) -> Dump:
    digest = hashlib.sha256(content).hexdigest()
    return Dump(name=name, digest=digest, size=len(content), content=lambda: io.BytesIO(content))


def name_of(path: Path) -> str:
    """As it may stand in a database and on a terminal: any bytes may be the name of a file."""
    return "".join(character if character.isprintable() else "\ufffd" for character in str(path))


def read_dump(path: Path) -> Dump:
    """A file as a dump, read once for its digest. FileNotFoundError passes; what else is wrong is a ListingError."""
    name = name_of(path)
    try:
        if path.is_fifo():
            raise ListingError(f"{name}: a pipe, which can be read only once; give it as standard input, with `-`")
        if path.is_socket() or path.is_char_device() or path.is_block_device():
            raise ListingError(f"{name}: a device or a socket and no file; take it away")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return Dump(name=name, digest=digest, size=file.tell(), content=lambda: path.open("rb"))
    except FileNotFoundError:
        if path.is_symlink():
            to = name_of(path.readlink())
            raise ListingError(f"{name}: a link to {to}, which is not there; mend or remove it") from None
        raise
    except OSError as error:
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: OSError) -> ListingError:
    return ListingError(f"{name}: cannot be read: {error.strerror or error}")


def read_parts(
    dump: Dump,
    *,
    now: datetime,
    as_of: date | None = None,
    begin: int = 0,
    known_lines: KnownLines = lambda _: b"",
) -> Iterator[Listing]:
    """Parse a dump: in one listing, or of a large one whose lines stand alone part by part, from line `begin` on.

    `now` stands in where the dump tells no day; `as_of` overrules what it tells. `known_lines` gives by the name of a
    format the `lines` of all parts of its last archive; what it holds of an archive is skipped.

    Raises UnknownFormatError if no format recognises it, ListingError if it is broken; this one also between parts.
    """
    try:
        found = parts.read(_recognised, partial(_sheet, now=now, as_of=as_of), dump, begin, known_lines)
        yield from map(partial(replace, dump=dump.name), found)  # keeps no part while the next is read
    except OSError as error:
        raise _unreadable(dump.name, error) from None


def read_listing(dump: Dump, *, now: datetime, as_of: date | None = None) -> Listing:
    """Parse a dump as `read_parts` does, into one listing however large it is."""
    first, *others = read_parts(dump, now=now, as_of=as_of)
    if not others:
        return first
    entries = chain(first.entries, *(part.entries for part in others))
    rejected = chain(first.rejected, *(part.rejected for part in others))
    return replace(first, end=None, entries=tuple(entries), rejected=tuple(rejected))


def _sheet(*, dump: Dump, text: str, now: datetime, as_of: date | None) -> Sheet:
    return saved.opened(Sheet(dump=dump, text=text, now=now, as_of=as_of))


def _recognised(sheet: Sheet) -> Format:
    for form in FORMATS:
        if form.recognises(sheet):
            return form
    start = clean.text(sheet.text[:60])
    raise UnknownFormatError(
        f"{sheet.dump.name}: begins with “{start}”, which is no known listing; "
        "fetch or save it again, or see docs/formats.md for what is read"
    )
