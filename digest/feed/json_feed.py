"""JSON Feed 1.1."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import unescape

from digest.feed import entry as of
from digest.feed.entry import Head, Told
from digest.model import Feed, Site

VERSION = "https://jsonfeed.org/version/1.1"


def json_feed(feed: Feed, site: Site, contents: Mapping[str, str]) -> bytes:
    """The same entries as `atom`, in the same order, under the same limit."""
    head, entries = of.head(feed, site), of.told_of(feed, site, contents)
    return of.within(of.MOST_BYTES, entries, lambda some: _document(head, some))


def _document(head: Head, entries: Sequence[Told]) -> bytes:
    author = {"name": head.author, "url": head.author_url}
    hubs = [{"type": "WebSub", "url": head.hub}] if head.hub else None
    whole = {
        "version": VERSION,
        "title": head.title,
        "home_page_url": head.home,
        "feed_url": head.own,
        "description": head.subtitle,
        "language": head.language,
        "authors": [_known(author)],
        "hubs": hubs,
    }
    items = [_item(one, head.language) for one in entries]
    return (json.dumps({**_known(whole), "items": items}, ensure_ascii=False, indent=1) + "\n").encode()


def _item(one: Told, language: str) -> dict[str, object]:
    pdf = one.link("related", "application/pdf")
    return _known(
        {
            "id": one.id,
            "url": one.link("alternate"),
            "title": one.title,
            "content_html": one.content or f"<p>{one.summary}</p>",
            "summary": unescape(one.summary),
            "date_published": one.published.isoformat(),
            "date_modified": one.updated.isoformat(),
            "authors": [{"name": name} for name in one.authors],
            "tags": list(one.categories),
            "language": one.language if one.language != language else None,
            "attachments": [{"url": pdf, "mime_type": "application/pdf", "title": "PDF"}] if pdf else None,
        }
    )


def _known(fields: Mapping[str, object]) -> dict[str, object]:
    """Without what there is nothing to say of."""
    return {name: value for name, value in fields.items() if value not in (None, "", [])}
