"""A day of new arXiv papers as JSON Lines, as daily-arXiv-ai-enhanced saves it from list pages and the API.

A paper listed under several of the followed categories has a row for each, all identical: they stay, as entries of one
paper. On weekends and holidays the last list is saved again. No row tells a day, so it is taken from the file's name.
"""

from __future__ import annotations

from digest.listings import clean, json_lines, told
from digest.listings.form import InLines, Sheet
from digest.listings.json_lines import Record
from digest.model import Entry, Facts, Listing
from digest.text import arxiv_id


class ArxivJsonLines(InLines):
    """The whole list of one day in the followed categories."""

    name = "arxiv-jsonl"
    source = "arxiv-daily"
    fidelity = 60  # arXiv's own titles and abstracts with their LaTeX, but through a third party's program

    def recognises(self, sheet: Sheet) -> bool:
        return json_lines.consists_of(sheet, _is_record)

    def read(self, sheet: Sheet) -> Listing:
        entries, rejected = json_lines.read(sheet, _entry)
        return sheet.listing(self, self.source, None, entries, rejected, daily=True)


def _is_record(record: Record) -> bool:
    return all(key in record for key in ("id", "title", "summary")) and ("abs" in record or "pdf" in record)


def _entry(record: Record, where: str, position: int) -> Entry:
    return Entry(where=where, position=position, facts=_facts(record))


def _facts(record: Record) -> Facts:
    said = told.words(record.get("title"), abstract=record.get("summary"), comment=record.get("comment"))
    number = arxiv_id(record["id"]) if isinstance(record.get("id"), str) else None
    if number is None:
        raise ValueError("has no arXiv id")
    authors = clean.names(clean.items(record.get("authors")))
    return Facts(
        **said,
        authors=authors,
        author_count=len(authors) or None,
        categories=clean.terms(clean.items(record.get("categories"))),
        arxiv_id=number[0],
        version=number[1],
    )
