"""A scrape of the dated Hugging Face pages: `{"date", "papers": [...]}`, a file a day.

`authors` has only those with a picture on the card, often nobody, so their number is not told. The days may have been
scraped months later: votes are those of that moment.
"""

from __future__ import annotations

import re

from digest.errors import ListingError
from digest.listings import clean, told
from digest.listings.form import Sheet
from digest.listings.hf_json import day_of, mapping, parsed, read_records
from digest.listings.hf_scrape_a import number_of
from digest.model import Entry, Facts, Listing

_LIST = re.compile(r'(?<!\\)"papers"\s*:\s*\[')
_DATE = re.compile(r'(?<!\\)"date"\s*:')
_HEAD = 1000


class HuggingFaceScrapeB:
    """Abstracts are true (144 of 144 compared) and ids told: above bare text, below all that know the authors."""

    name = "hf-scrape-b"
    source = "hf-scrape-b"
    fidelity = 30

    def recognises(self, sheet: Sheet) -> bool:
        start = sheet.text[:_HEAD]
        return start.lstrip().startswith("{") and bool(_LIST.search(start) and _DATE.search(start))

    def read(self, sheet: Sheet) -> Listing:
        body = parsed(sheet.dump.name, sheet.text)
        if not isinstance(body, dict) or not isinstance(body.get("papers"), list):
            raise ListingError(f"{sheet.dump.name}: JSON without a list of papers in `papers`; fetch it again")
        entries, rejected = read_records(sheet, body["papers"], _entry)
        return sheet.listing(self, self.source, day_of(body.get("date")), entries, rejected, daily=True)


def _entry(item: object, where: str, position: int) -> Entry:
    record = mapping(item)
    authors = record.get("authors")
    number = number_of(record.get("url"), record.get("pdf_url"))
    return Entry(
        where=where,
        position=position,
        facts=Facts(
            **told.words(record.get("title"), abstract=record.get("abstract")),
            authors=clean.names(authors if isinstance(authors, list) else ()),
            arxiv_id=number[0] if number else None,
            version=number[1] if number else None,
        ),
        votes=clean.count(record.get("upvotes")),
    )
