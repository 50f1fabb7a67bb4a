"""arXiv's listing files of a week or a month, since 1992: titles and names without abstracts.

A week's file parts its days by headings in entries of their own. A month's file has none, and what the old ones say in
their first lines was said when the file was begun. Addresses of submitters are not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from digest.listings import arxiv_text
from digest.listings.arxiv_mail import is_mailing
from digest.listings.form import Sheet, day_in_name
from digest.model import Listing

_HEADING = re.compile(r"/\* (?P<day>\w{3},? [0-9]{1,2} \w{3} [0-9]{4}) \*/")
_BEGUN = re.compile(r"Papers received as of (?P<day>.+)")


class ArxivMonths:
    """Order: a week's file has the latest first, a month's the earliest; it says nothing of rank."""

    name = "arxiv-months"
    source = "arxiv-listing"
    # The same words as in a mailing, but from files that are kept up for decades and copied about.
    fidelity = 55

    def recognises(self, sheet: Sheet) -> bool:
        written = arxiv_text.beginning(sheet)
        if is_mailing(written):
            return False
        headed = any(_HEADING.fullmatch(line) or _BEGUN.fullmatch(line) for line in written)
        return headed or bool(arxiv_text.starts(written))

    def read(self, sheet: Sheet) -> Listing:
        written = arxiv_text.lines(sheet.text)
        entries, rejected, received = arxiv_text.entries(sheet, written)
        # Several days in one, and so the list of none.
        return sheet.listing(self, self.source, _day_told(sheet, written, received), entries, rejected)


def _day_told(sheet: Sheet, written: Sequence[str], received: Iterable[date]) -> date | None:
    """The latest heading's day, else the latest on which a paper was received: the list is of no day before it.

    Without either, a day in the name, or the one on which the file was begun. A day to come is a slip of the pen.
    """
    headings = _days(match["day"] for match in map(_HEADING.fullmatch, written) if match)
    if latest := sheet.latest(headings) or sheet.latest(received):
        return latest
    begun = _days(match["day"] for match in map(_BEGUN.fullmatch, written) if match)
    return sheet.latest([day_in_name(sheet.dump.name)]) or min(begun, default=None)


def _days(texts: Iterable[str]) -> list[date]:
    return [day for day in map(arxiv_text.day_of, texts) if day is not None]
