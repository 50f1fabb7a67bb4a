"""Atom (RFC 4287), and its archive documents (RFC 5005), by feedgen and with the cures it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import feedgen.entry
import feedgen.ext.base
import feedgen.feed
import feedgen.util

from digest.errors import FeedError
from digest.feed import entry as of
from digest.feed.categories import NAMES, SCHEME
from digest.feed.entry import Head, Told
from digest.model import Feed, Site

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
HISTORY = "http://purl.org/syndication/history/1.0"


def atom(feed: Feed, site: Site, contents: Mapping[str, str]) -> bytes:
    """Build the feed; `contents` maps paper ids and names of editions to html.

    A missing one of a paper is replaced by the abstract. Newest first, ties by id. An id stands in a feed once, and the
    entry that was shown first counts. The oldest entries beyond 512 KB are left out, though never all, and none of an
    archive. Raises FeedError.
    """
    try:
        head, entries = of.head(feed, site), of.told_of(feed, site, contents)
        limit = None if feed.archive else of.MOST_BYTES
        return of.within(limit, entries, lambda some: _document(head, site, some))
    except ValueError as error:  # feedgen's and lxml's word for what they cannot write
        raise FeedError(f"feed {feed.name!r} could not be built: {error}") from error


class _AtomEntry(feedgen.entry.FeedEntry):  # type: ignore[misc]  # feedgen is not typed
    """Writes the attributes of links, which feedgen 1.0.0 drops (its issue 135), so that all look like alternates.

    And the language, of which it knows only the feed's.
    """

    language: str | None = None

    def atom_entry(self, extensions: bool = True) -> Any:  # an lxml element, which has no namespace here
        element = super().atom_entry(extensions)
        for node, link in zip(element.findall("link"), self.link() or [], strict=True):
            for name in ("rel", "type", "title"):
                if link.get(name):
                    node.set(name, link[name])
        if self.language:
            element.set(_LANG, self.language)
        return element


class _Archive(feedgen.ext.base.BaseExtension):  # type: ignore[misc]
    """Says that the document is an archive (RFC 5005, section 4)."""

    def extend_ns(self) -> dict[str, str]:
        return {"fh": HISTORY}

    def extend_atom(self, feed: Any) -> Any:
        feedgen.util.xml_elem(f"{{{HISTORY}}}archive", feed)
        return feed


def _document(head: Head, site: Site, entries: Sequence[Told]) -> bytes:
    root = feedgen.feed.FeedGenerator()
    if head.archive:
        root.register_extension("history", _Archive, None)
    root.id(head.id)
    root.title(head.title)
    root.subtitle(head.subtitle)
    root.language(head.language)
    root.generator(of.GENERATOR)
    root.updated(of.newest(site, [one.updated for one in entries]))
    root.author({"name": head.author, **({"uri": head.author_url} if head.author_url else {})})
    for link in links(head):
        root.link(link)
    for one in entries:
        root.add_entry(_entry(one, head.language), order="append")
    declaration, newline, rest = root.atom_str(pretty=True).partition(b"\n")
    style = f'<?xml-stylesheet type="text/css" href="{head.style}"?>\n'
    return bytes(declaration + newline + style.encode() + rest)


def links(head: Head) -> list[dict[str, str]]:
    """A feed that is served nowhere has no address to give."""
    if not head.own or not head.home:
        return []
    found = [
        {"rel": "self", "type": of.ATOM_TYPE, "href": head.own},
        {"rel": "alternate", "type": "text/html", "href": head.home},
    ]
    if head.hub:
        found.append({"rel": "hub", "href": head.hub})
    return found + [{"rel": rel, "type": of.ATOM_TYPE, "href": url} for rel, url in head.beside]


def category(term: str) -> dict[str, str]:
    """One of arXiv's has a name and a scheme; what other sources have is all there is to say of it."""
    name = NAMES.get(term)
    return {"term": term, "scheme": SCHEME, "label": name} if name else {"term": term}


def _entry(one: Told, language: str) -> _AtomEntry:
    written = _AtomEntry()
    written.language = one.language if one.language != language else None
    written.id(one.id)
    written.title(one.title)
    written.published(one.published)
    written.updated(one.updated)
    written.link(
        [
            {"rel": link.rel, "type": link.type, "href": link.href, **({"title": link.title} if link.title else {})}
            for link in one.links
        ]
    )
    written.author([{"name": name} for name in one.authors])
    written.category([category(term) for term in one.categories])
    if one.summary:
        written.summary(one.summary, type="html")
    if one.content:
        written.content(one.content, type="html")
    return written
