"""A crude scrape of the Hugging Face page and its papers' pages. Takes only what can be believed.

`stars` is text, "0" or about the stars of the code ("1.09k"), never the votes: not taken. `abstract` is the first long
paragraph of a page, more often a reader's comment or a bot's message than the abstract: taken only where it reads
like one, as a wrong abstract also hides that two papers are the same. `authors` has those with a picture, in no order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date

from digest.errors import ListingError
from digest.listings import clean, told
from digest.listings.form import Sheet
from digest.listings.hf_json import Record, day_of, mapping, parsed, read_records
from digest.model import Entry, Facts, Listing
from digest.text import arxiv_id

_KEY = re.compile(r'(?<!\\)"paper_url"\s*:')
_OTHER_KEY = re.compile(r'(?<!\\)"(?:stars|details|scraped_date)"\s*:')
_HEAD = 20_000

# Of 453 real texts, 69 pass these; 62 of them are of the paper's abstract. arXiv takes no abstract above 1,920.
_SHORTEST, _LONGEST = 700, 1920
_COMMENT = re.compile(
    r"https?://|www\.|[\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]|@\w|[?!]|\w [.,]|^\W"
    r"|\bbot\b|tl;?dr|\b(?:our|this) paper\b|^(?:hi|hello|hey|thanks|excited)\b|\bwe are excited\b|(?-i:\bI\b)",
    re.IGNORECASE,
)
_SITES_OWN = re.compile(r"https?://(?:www\.)?github\.com/huggingface/?", re.IGNORECASE)  # in the footer of every page


class HuggingFaceScrapeA:
    """Every other source is better. Made early in the day, so that most of the day's papers are not in it yet."""

    name = "hf-scrape-a"
    source = "hf-scrape-a"
    fidelity = 5

    def recognises(self, sheet: Sheet) -> bool:
        start = sheet.text[:_HEAD]
        return start.lstrip().startswith("[") and bool(_KEY.search(start) and _OTHER_KEY.search(start))

    def read(self, sheet: Sheet) -> Listing:
        items = parsed(sheet.dump.name, sheet.text)
        if not isinstance(items, list):
            raise ListingError(f"{sheet.dump.name}: JSON, but not a list of papers; fetch it again")
        entries, rejected = read_records(sheet, items, _entry)
        return sheet.listing(self, self.source, _day(items), entries, rejected)


def _day(items: Iterable[object]) -> date | None:
    """The day that most records tell, of equals the latest."""
    told = (day_of(item.get("scraped_date")) for item in items if isinstance(item, dict))
    days = Counter(day for day in told if day is not None)
    return max(days, key=lambda day: (days[day], day), default=None)


def _entry(item: object, where: str, position: int) -> Entry:
    record = mapping(item)
    found = record.get("details")
    details: Record = found if isinstance(found, dict) else {}
    number = number_of(record.get("paper_url"), details.get("arxiv_page_url"), details.get("pdf_url"))
    return Entry(
        where=where,
        position=position,
        facts=Facts(
            **told.words(record.get("title"), details.get("title"), abstract=_abstract(details.get("abstract"))),
            authors=clean.names(clean.items(record.get("authors"))),
            arxiv_id=number[0] if number else None,
            version=number[1] if number else None,
            code_url=_code(details.get("github_links")),
        ),
    )


def number_of(*addresses: object) -> tuple[str, int | None] | None:
    """The arXiv id and version of the first address that tells one."""
    found = (arxiv_id(address) for address in addresses if isinstance(address, str))
    return next((number for number in found if number), None)


def _abstract(value: object) -> object:
    """The value where it reads like an abstract."""
    text = clean.field(value, clean.LONGEST_ABSTRACT)
    return value if _SHORTEST <= len(text) <= _LONGEST and not _COMMENT.search(text) else ""


def _code(links: object) -> str | None:
    usable = (clean.link(link) for link in clean.items(links))
    return next((link for link in usable if link and not _SITES_OWN.fullmatch(link)), None)
