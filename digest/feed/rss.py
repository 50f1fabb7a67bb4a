"""RSS 2.0, with the content, Dublin Core and Atom elements that readers know.

Written by hand: feedgen gives RSS the texts of Atom, where html in a description needs escaping twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from digest.feed import entry as of
from digest.feed.categories import NAMES, SCHEME
from digest.feed.entry import Head, Told
from digest.model import Feed, Site

RSS_TYPE = "application/rss+xml"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
}


def rss(feed: Feed, site: Site, contents: Mapping[str, str]) -> bytes:
    """The same entries as `atom`, in the same order, under the same limit."""
    head, entries = of.head(feed, site), of.told_of(feed, site, contents)
    return of.within(of.MOST_BYTES, entries, lambda some: "\n".join(_lines(head, site, some)).encode())


def _lines(head: Head, site: Site, entries: Sequence[Told]) -> Iterator[str]:
    spaces = " ".join(f"xmlns:{prefix}={quoteattr(space)}" for prefix, space in _SPACES.items())
    yield "<?xml version='1.0' encoding='UTF-8'?>"
    yield f'<?xml-stylesheet type="text/css" href="{head.style}"?>'
    yield f'<rss {spaces} version="2.0">'
    yield "  <channel>"
    yield _element("title", head.title, 4)
    yield _element("link", head.home or of.domain(site), 4)
    yield _element("description", head.subtitle.strip() or head.title, 4)
    yield _element("language", head.language, 4)
    yield _element("lastBuildDate", _date(of.newest(site, [one.updated for one in entries])), 4)
    yield _element("generator", of.GENERATOR, 4)
    if head.own:
        yield f'    <atom:link rel="self" type={quoteattr(RSS_TYPE)} href={quoteattr(head.own)}/>'
    if head.hub:
        yield f'    <atom:link rel="hub" href={quoteattr(head.hub)}/>'
    for one in entries:
        yield from _item(one, head.language)
    yield "  </channel>"
    yield "</rss>\n"


def _item(one: Told, language: str) -> Iterator[str]:
    yield "    <item>"
    yield _element("title", one.title)
    if page := one.link("alternate"):
        yield _element("link", page)
    yield f'      <guid isPermaLink="false">{escape(one.id)}</guid>'
    yield _element("pubDate", _date(one.published))
    for name in one.authors:
        yield _element("dc:creator", name)
    if one.language != language:
        yield _element("dc:language", one.language)
    for term in one.categories:
        domain = f" domain={quoteattr(SCHEME)}" if term in NAMES else ""
        yield f"      <category{domain}>{_text(term)}</category>"
    if one.summary:
        yield _element("description", one.summary)
    if one.content:
        yield _element("content:encoded", one.content)
    yield "    </item>"


def _element(name: str, text: str, indent: int = 6) -> str:
    return f"{' ' * indent}<{name}>{_text(text)}</{name}>"


def _text(text: str) -> str:
    return escape(text, {"\r": "&#13;"})


def _date(moment: datetime) -> str:
    """A moment of UTC as RFC 822 has it, whatever the locale."""
    return f"{_DAYS[moment.weekday()]}, {moment:%d} {_MONTHS[moment.month - 1]} {moment:%Y %H:%M:%S} +0000"
