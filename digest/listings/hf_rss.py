"""Snapshots of the Hugging Face papers page as RSS 2.0. Expat lives here; entities and other files are never resolved.

The description holds paragraphs "Authors:", "Upvotes:" and "Summary:". Only they are markup: the summary's own `<` and
`&` are not escaped, so it is taken as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from xml.parsers import expat

from digest.errors import ListingError
from digest.listings import clean, told
from digest.listings.form import Sheet
from digest.listings.hf_json import Record, read_records
from digest.listings.xml_tree import xml_text
from digest.model import Entry, Facts, Listing
from digest.text import arxiv_id

_RSS = re.compile(r"<rss[\s>]")
_PAGE = re.compile(r"<link>\s*https?://(?:www\.)?huggingface\.co/papers")
_HEAD = 4000

_AUTHORS = re.compile(r"<b>Authors:</b>([^<]*)")
_VOTES = re.compile(r"<b>Upvotes:</b>\s*([0-9]{1,10})\s*<")
_SUMMARY = "<b>Summary:</b>"

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MOMENT = re.compile(
    r"(?:[A-Za-z]{3},\s*)?(?P<day>[0-9]{1,2})\s+(?P<month>[A-Za-z]{3})\s+(?P<year>[0-9]{4})\s+"
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::[0-9]{2})?\s*(?:(?P<sign>[+-])(?P<hours>[0-9]{2})(?P<minutes>[0-9]{2}))?"
)

# Until about two in the morning, UTC, the page shows the list of the day before: of 115 captures all that were made
# before 01:51 do, and all after 02:04 show the new one.
_ROLLS_OVER = timedelta(hours=2)
# Weekly and monthly pages end at 105 papers, which no day has; smaller ones can be told by their names alone.
_CAP = 105
_PERIOD = re.compile(r"week|month", re.IGNORECASE)

_Item = dict[str, str]


class HuggingFaceRss:
    """Made by a third party of the page's own records: whole, but for organisations, comments and links."""

    name = "hf-rss"
    source = "hf-daily"
    source_of_periods = "hf-period"
    fidelity = 50  # as the page's JSON: in all papers that both have, title, abstract and authors are the same

    def recognises(self, sheet: Sheet) -> bool:
        start = sheet.text[:_HEAD]
        return start.lstrip().startswith("<") and bool(_RSS.search(start) and _PAGE.search(start))

    def read(self, sheet: Sheet) -> Listing:
        feed = _parsed(sheet)
        entries, rejected = read_records(sheet, feed.items, _entry)
        period = len(feed.items) >= _CAP or _PERIOD.search(sheet.dump.name.rpartition("/")[2]) is not None
        source = self.source_of_periods if period else self.source
        return sheet.listing(self, source, _day(feed), entries, rejected, daily=not period, cut=len(feed.items) >= _CAP)


# --- the XML -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Feed:
    """What expat has met so far: the texts right below the channel and below each item, the first of each name."""

    channel: _Item = field(default_factory=dict)
    items: list[_Item] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    def start(self, tag: str, _attributes: object) -> None:
        self.path.append(tag)
        self.pieces.clear()
        if self.path == ["rss", "channel", "item"]:
            self.items.append({})

    def text(self, piece: str) -> None:
        if len(self.path) in (3, 4):
            self.pieces.append(piece)

    def end(self, tag: str) -> None:
        if len(self.path) == 3 and tag != "item":
            self.channel.setdefault(tag, "".join(self.pieces))
        elif len(self.path) == 4 and self.path[2] == "item" and self.items:
            self.items[-1].setdefault(tag, "".join(self.pieces))
        self.path.pop()
        self.pieces.clear()


class _EntityError(Exception):
    """The document declares an entity, which a feed has no need of and an attack has."""


def _refuse(*_declaration: object) -> None:
    raise _EntityError


def _parsed(sheet: Sheet) -> _Feed:
    feed, name = _Feed(), sheet.dump.name
    parser = expat.ParserCreate(encoding="utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = feed.start
    parser.EndElementHandler = feed.end
    parser.CharacterDataHandler = feed.text
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(xml_text(sheet.text).encode(), True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise ListingError(
            f"{name}: XML that breaks at line {error.lineno}, column {error.offset} ({reason}); "
            "it may be cut: fetch it again"
        ) from None
    except _EntityError:
        raise ListingError(f"{name}: XML that declares entities, which are not resolved; fetch a plain feed") from None
    return feed


# --- the moments -------------------------------------------------------------------------------------------------


def _moment(text: str) -> datetime | None:
    """An RFC 822 moment; without an offset in UTC."""
    match = _MOMENT.match(text.strip())
    if match is None or match["month"].lower() not in _MONTHS:
        return None
    offset = timedelta(hours=int(match["hours"] or 0), minutes=int(match["minutes"] or 0))
    month = _MONTHS.index(match["month"].lower()) + 1
    try:
        zone = timezone(-offset if match["sign"] == "-" else offset)
        return datetime(
            int(match["year"]), month, int(match["day"]), int(match["hour"]), int(match["minute"]), tzinfo=zone
        )
    except ValueError:
        return None


def _day(feed: _Feed) -> date | None:
    """The day of the list that the page showed when it was captured."""
    captured = _moment(feed.channel.get("lastBuildDate", ""))
    try:
        return (captured.astimezone(UTC) - _ROLLS_OVER).date() if captured else None
    except OverflowError:
        return None


# --- one item ----------------------------------------------------------------------------------------------------


def _entry(item: Record, where: str, position: int) -> Entry:
    description = item.get("description", "")
    number = arxiv_id(item.get("link", "")) or arxiv_id(item.get("guid", ""))
    published = _moment(item.get("pubDate", ""))
    head, _, summary = description.partition(_SUMMARY)
    written = _AUTHORS.search(head)
    votes = _VOTES.search(head)
    authors = clean.names(written[1].split(",")) if written else ()
    return Entry(
        where=where,
        position=position,
        facts=Facts(
            **told.words(item.get("title"), abstract=_without_end(summary)),
            authors=authors,
            author_count=len(authors) or None,
            published=published.date() if published else None,
            arxiv_id=number[0] if number else None,
            version=number[1] if number else None,
        ),
        votes=clean.count(votes[1]) if votes else None,
    )


def _without_end(summary: str) -> str:
    return summary.strip().removesuffix("</p>")
