"""Reads dumps: bytes -> a listing. Detects the format by content. Knows nothing of what is stored.

To add a format: a module with a class that follows `form.Format`, and a line in `FORMATS`.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from digest.errors import ListingError, UnknownFormatError
from digest.listings import clean, compressed
from digest.listings.arxiv_atom import ArxivAtom
from digest.listings.arxiv_feed import ArxivFeed
from digest.listings.arxiv_jsonl import ArxivJsonLines
from digest.listings.arxiv_mail import ArxivMailing
from digest.listings.arxiv_months import ArxivMonths
from digest.listings.arxiv_oai import ArxivOai
from digest.listings.arxiv_snapshot import ArxivSnapshot
from digest.listings.biorxiv import BioRxiv
from digest.listings.form import Format, Sheet
from digest.listings.hf_html import HuggingFaceHtml
from digest.listings.hf_json import HuggingFaceJson
from digest.listings.hf_rss import HuggingFaceRss
from digest.listings.hf_scrape_a import HuggingFaceScrapeA
from digest.listings.hf_scrape_b import HuggingFaceScrapeB
from digest.listings.hf_text import HuggingFaceText
from digest.listings.own_jsonl import OwnJsonLines
from digest.model import Dump, Listing

LARGEST = 512 * 2**20

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
    HuggingFaceScrapeA(),
    HuggingFaceScrapeB(),
    HuggingFaceJson(),
    HuggingFaceText(),
    ArxivMailing(),
    ArxivMonths(),
)


def dump_of(name: str, content: bytes) -> Dump:
    return Dump(name=name, digest=hashlib.sha256(content).hexdigest(), content=content)


def read_dump(path: Path) -> Dump:
    """Read a file. FileNotFoundError passes; anything else that is wrong with it is a ListingError."""
    try:
        if path.stat().st_size > LARGEST:
            raise ListingError(f"{path}: larger than {LARGEST >> 20} MiB; split it")
        return dump_of(str(path), path.read_bytes())
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ListingError(f"{path}: cannot be read: {error.strerror or error}") from None


def read_listing(dump: Dump, *, now: datetime, as_of: date | None = None) -> Listing:
    """Parse a dump. `now` stands in where the dump tells no day; `as_of` overrules what it tells.

    Raises UnknownFormatError if no format recognises it, ListingError if it is broken.
    """
    whole = compressed.unpacked(dump, LARGEST)
    sheet = Sheet(dump=whole, text=_decoded(whole), now=now, as_of=as_of)
    for form in FORMATS:
        if form.recognises(sheet):
            return replace(form.read(sheet), dump=dump.name)
    names = ", ".join(form.name for form in FORMATS)
    start = clean.text(sheet.text[:60])
    raise UnknownFormatError(f"{dump.name}: begins with “{start}”, which is no known listing; known are: {names}")


def _decoded(dump: Dump) -> str:
    """UTF-8 as all sources write it, with or without a byte order mark; a stray byte becomes U+FFFD."""
    if not dump.content.strip():
        raise ListingError(f"{dump.name}: is empty; fetch it again")
    if dump.content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return dump.content.decode("utf-16", "replace")
    return dump.content.decode("utf-8-sig", "replace")
