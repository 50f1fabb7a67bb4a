"""Atom joined from entries that are encoded once: byte for byte what feedgen makes, at the price of a copy.

For personal feeds, of which there are thousands with the same papers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple
from xml.sax.saxutils import escape

from digest.feed import entry as of
from digest.feed.atom import HISTORY, category, links
from digest.feed.entry import Head, Told
from digest.model import DayEntry, Feed, FeedEntry, Site

_ATOM = "http://www.w3.org/2005/Atom"
_END = b"</feed>\n"
_TEXT = {"\r": "&#13;"}
_ATTRIBUTE = {**_TEXT, '"': "&quot;", "\t": "&#9;", "\n": "&#10;"}


class Encoded(NamedTuple):
    """An entry as the bytes that it is in any feed of one language, and what decides its place there."""

    published: datetime
    updated: datetime
    key: str
    xml: bytes


@lru_cache(2048)
def encode(entry: FeedEntry | DayEntry, site: Site, content: str = "", language: str = "en") -> Encoded:
    """For feeds of a language. `content` is html; without it a paper has its abstract."""
    one = of.told(entry, site, content)
    return Encoded(one.published, one.updated, of.key(entry), "".join(_entry(one, language)).encode())


def join(feed: Feed, site: Site, entries: Iterable[Encoded]) -> bytes:
    """The same as `atom`, of encoded entries instead of the feed's own."""
    ordered = sorted(_first(list(entries)), key=itemgetter(2))
    ordered.sort(key=itemgetter(0), reverse=True)
    head = of.head(feed, site)
    kept = ordered if feed.archive else _within(of.MOST_BYTES - len(_END), head, site, ordered)
    return b"".join([_head(head, of.newest(site, [one[1] for one in kept])), *[one[3] for one in kept], _END])


def _first(entries: Sequence[Encoded]) -> Sequence[Encoded]:
    """Each id once, as it was shown first."""
    first = {one.key: one for one in entries}
    if len(first) < len(entries):
        first = {one.key: one for one in sorted(entries, reverse=True)}
    return list(first.values())


def _within(limit: int, head: Head, site: Site, entries: Sequence[Encoded]) -> Sequence[Encoded]:
    """As many of the newest as fit, though never none; all heads have the same length."""
    size = len(_head(head, of.newest(site, ())))
    for number, one in enumerate(entries):
        size += len(one.xml)
        if size > limit and number:
            return entries[:number]
    return entries


def _head(head: Head, updated: datetime) -> bytes:
    history = f' xmlns:fh="{HISTORY}"' if head.archive else ""
    lines = [
        "<?xml version='1.0' encoding='UTF-8'?>",
        f'<?xml-stylesheet type="text/css" href="{head.style}"?>',
        f'<feed{history} xmlns="{_ATOM}" xml:lang="{_attribute(head.language)}">',
        f"  <id>{_text(head.id)}</id>",
        f"  <title>{_text(head.title)}</title>",
        f"  <updated>{updated.isoformat()}</updated>",
    ]
    if head.author:
        home = [f"    <uri>{_text(head.author_url)}</uri>"] if head.author_url else []
        lines += ["  <author>", f"    <name>{_text(head.author)}</name>", *home, "  </author>"]
    lines += [f"  <link{''.join(_attributes(link))}/>" for link in links(head)]
    lines.append(f"  <generator>{of.GENERATOR}</generator>")
    if head.subtitle:
        lines.append(f"  <subtitle>{_text(head.subtitle)}</subtitle>")
    if head.archive:
        lines.append("  <fh:archive/>")
    return "\n".join([*lines, ""]).encode()


def _attributes(link: dict[str, str]) -> Iterable[str]:
    return (f' {name}="{_attribute(link[name])}"' for name in ("href", "rel", "type", "title") if link.get(name))


def _entry(one: Told, language: str) -> Iterable[str]:
    own = f' xml:lang="{_attribute(one.language)}"' if one.language != language else ""
    yield f"  <entry{own}>\n    <id>{_text(one.id)}</id>\n    <title>{_text(one.title)}</title>\n"
    yield f"    <updated>{one.updated.isoformat()}</updated>\n"
    for name in one.authors:
        yield f"    <author>\n      <name>{_text(name)}</name>\n    </author>\n"
    if one.content:
        yield f'    <content type="html">{_text(one.content)}</content>\n'
    for link in one.links:
        title = f' title="{_attribute(link.title)}"' if link.title else ""
        yield f'    <link href="{_attribute(link.href)}" rel="{link.rel}" type="{link.type}"{title}/>\n'
    if one.summary:
        yield f'    <summary type="html">{_text(one.summary)}</summary>\n'
    for term in one.categories:
        named = (f' {name}="{_attribute(value)}"' for name, value in category(term).items())
        yield f"    <category{''.join(named)}/>\n"
    yield f"    <published>{one.published.isoformat()}</published>\n  </entry>\n"


def _text(text: str) -> str:
    return escape(text, _TEXT)


def _attribute(text: str) -> str:
    return escape(text, _ATTRIBUTE)
