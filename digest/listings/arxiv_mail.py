"""arXiv's daily mailing, as mailed or as the `new` file it is made from: new papers, cross-lists, replacements.

A mailing covers the subject classes of a subscription. A replacement has no abstract, and no date of its first version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from digest.errors import ListingError
from digest.listings import arxiv_text
from digest.listings.form import Sheet
from digest.model import Listing

_DAY = r"\w{3} [0-9]{1,2} \w{3} (?:[0-9]{2}){1,2}"
_WINDOW = re.compile(rf"received from {_DAY}\b.{{0,20}} to (?P<end>{_DAY})\b.*")
_REPLACED = re.compile(rf"replaced with revised version .*{arxiv_text.SIZE}")
_DATE = re.compile(r"(?:Date|Sent): (?P<day>.+)")
_ANNOUNCED_WITHIN = timedelta(days=5)  # of its window's end: a weekend with holidays


class ArxivMailing:
    """Order: by section, and in a section by subject class and time of arrival; it says nothing of rank."""

    name = "arxiv-mail"
    source = "arxiv-mailing"
    # arXiv's own words in full, before anyone took out the LaTeX; but names run together in one text, wrapped by mail.
    fidelity = 60

    def recognises(self, sheet: Sheet) -> bool:
        return is_mailing(arxiv_text.beginning(sheet))

    def read(self, sheet: Sheet) -> Listing:
        written = arxiv_text.lines(sheet.text)
        entries, rejected, _ = arxiv_text.entries(sheet, written)
        if not entries and not any(map(arxiv_text.SECTION.fullmatch, written)):
            raise ListingError(f"{sheet.dump.name}: ends in the head of a mailing; it is cut: fetch it again")
        if (mailings := len(set(_windows(written)))) > 1:
            raise ListingError(f"{sheet.dump.name}: mailings of {mailings} days, not of one; save each by itself")
        # No list of a day: it is of some subjects, and what another subscription's mailing has is not gone from it.
        return sheet.listing(self, self.source, _day_told(written), entries, rejected)


def is_mailing(written: Sequence[str]) -> bool:
    """Whether lines are of a mailing: its window, a rule between its sections, or what only its entries have."""
    return any(
        _WINDOW.fullmatch(arxiv_text.folded(line))
        or arxiv_text.SECTION.fullmatch(line)
        or arxiv_text.CLOSING.fullmatch(line)
        or _REPLACED.fullmatch(arxiv_text.folded(line))
        for line in written
    )


def _day_told(written: Sequence[str]) -> date | None:
    """The day of announcement: of the mailing's own Date, which is before those of who forwarded it.

    Else its window's last: what was forwarded later tells no more.
    """
    head = written[: min(arxiv_text.starts(written), default=len(written))]
    dates = _days(match["day"] for match in map(_DATE.fullmatch, head) if match)
    end = next(iter(_days(_windows(head))), None)
    if end is None:
        return min(dates, default=None)
    return min((day for day in dates if end <= day <= end + _ANNOUNCED_WITHIN), default=end)


def _days(texts: Iterable[str]) -> list[date]:
    return list(filter(None, map(arxiv_text.day_of, texts)))


def _windows(written: Iterable[str]) -> Iterator[str]:
    """The last days of the windows that are told."""
    return (match["end"] for match in map(_WINDOW.fullmatch, map(arxiv_text.folded, written)) if match)
