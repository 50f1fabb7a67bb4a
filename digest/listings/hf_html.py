"""The Hugging Face papers page as saved: reads the JSON that its server put into `data-props`, never the markup.

The records are those of the API (`hf_json`). Pages of a week or a month are the best of it, not the list of a day.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date, timedelta

from digest.errors import ListingError
from digest.listings.form import Sheet
from digest.listings.hf_json import Record, day_of, day_told, papers, parsed
from digest.model import Listing

# Of values in double quotes, as the server writes them, and in single ones, as pretty-printers do.
_PROPS = re.compile(r"""data-props\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_LIST = re.compile(r"""(?:&quot;|&#34;|")dailyPapers(?:&quot;|&#34;|")\s*:""")
_PERIOD = re.compile(r"(?P<year>20[0-9]{2})-(?:W(?P<week>[0-9]{1,2})|(?P<month>[0-9]{1,2}))")


class HuggingFaceHtml:
    """As much to be trusted as the API: the same server's same records."""

    name = "hf-html"
    source = "hf-daily"
    source_of_periods = "hf-period"
    fidelity = 50

    def recognises(self, sheet: Sheet) -> bool:
        return sheet.text.lstrip().startswith("<") and "SVELTE_HYDRATER" in sheet.text and "data-props" in sheet.text

    def read(self, sheet: Sheet) -> Listing:
        props = _props(sheet)
        items = props["dailyPapers"]
        records, entries, rejected = papers(sheet, items)
        day, period = _day(props, sheet.now.date())
        source = self.source_of_periods if period else self.source
        return sheet.listing(self, source, day or day_told(records), entries, rejected, daily=not period)


def _props(sheet: Sheet) -> Record:
    """The properties with the list of papers."""
    name = sheet.dump.name
    for value in _values(sheet.text):
        try:
            plain = html.unescape(value)
        except ValueError:  # a character's number with thousands of digits
            raise ListingError(f"{name}: its `data-props` are not HTML; save the page again") from None
        props = parsed(f"{name}: `data-props`", plain)
        if isinstance(props, dict) and isinstance(props.get("dailyPapers"), list):
            return props
    raise ListingError(
        f"{name}: a Hugging Face page without a list of papers, or cut; save https://huggingface.co/papers"
    )


def _values(text: str) -> Iterator[str]:
    """The `data-props` that may have the list, as written."""
    for match in _PROPS.finditer(text):
        value = match[1] or match[2] or ""
        if _LIST.search(value):
            yield value


def _day(props: Record, today: date) -> tuple[date | None, bool]:
    """The day of the page and whether it is of a week or month; of these the last day, or today before it."""
    told = props.get("dateString")
    if isinstance(told, str) and (match := _PERIOD.fullmatch(told.strip())):
        last = _last_day(int(match["year"]), match["week"], match["month"])
        return last and min(last, today), True
    return day_of(told) or day_of(props.get("date")), props.get("periodType") in ("week", "month")


def _last_day(year: int, week: str | None, month: str | None) -> date | None:
    try:
        if week:
            return date.fromisocalendar(year, int(week), 7)
        first = date(year, int(month or 0), 1)
        return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    except ValueError:
        return None
