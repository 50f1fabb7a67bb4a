"""JSON Feed 1.0 and 1.1 as a generic listing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from digest.errors import ListingError
from digest.listings import clean, feed_entry, xml_tree
from digest.listings.feed_entry import FeedEntry
from digest.listings.form import Sheet
from digest.listings.hf_json import Record, mapping, parsed
from digest.listings.page_text import text_of
from digest.model import Listing

_VERSION = re.compile(r'"version"\s*:\s*"https?:\\?/\\?/(?:www\.)?jsonfeed\.org\\?/version\\?/1(?:\.1)?"')


class JsonFeed:
    """Its source is its host. As much to be trusted as any other feed."""

    name = "json-feed"
    fidelity = 30

    def recognises(self, sheet: Sheet) -> bool:
        return sheet.text.lstrip().startswith("{") and _VERSION.search(sheet.text) is not None

    def read(self, sheet: Sheet) -> Listing:
        body = parsed(sheet.dump.name, sheet.text)
        items = body.get("items") if isinstance(body, dict) else None
        if not isinstance(items, list):
            raise ListingError(f"{sheet.dump.name}: a JSON feed without a list of `items`; fetch it again")
        first = items[0].get("url") if items and isinstance(items[0], dict) else None
        host = feed_entry.host([body.get("home_page_url"), body.get("feed_url"), first])
        entries, rejected = feed_entry.read(sheet, map(_reader, items), host)
        more = body.get("next_url") is not None
        return feed_entry.listing(sheet, self, host, (), entries, rejected, cut=more)


def _reader(item: object) -> Callable[[], FeedEntry]:
    return lambda: _entry(mapping(item))


def _entry(item: Record) -> FeedEntry:
    told, number = clean.items(item.get("authors")) or [item.get("author")], item.get("id")
    names = [author.get("name") for author in told if isinstance(author, dict)]
    return FeedEntry(
        title=text_of(_text(item, "title")),
        summary=_text(item, "summary"),
        content=_text(item, "content_text") or text_of(_text(item, "content_html")),
        names=[name for name in names if isinstance(name, str)],
        link=item.get("url") or item.get("external_url"),
        id=str(number) if isinstance(number, int) and not isinstance(number, bool) else number,
        identifiers=[item.get("external_url")],
        published=_day(item, "date_published"),
        updated=_day(item, "date_modified"),
        tags=clean.items(item.get("tags")),
    )


def _text(item: Record, field: str) -> str:
    value = item.get(field)
    return value if isinstance(value, str) else ""


def _day(item: Record, field: str) -> date | None:
    return xml_tree.day(_text(item, field))
