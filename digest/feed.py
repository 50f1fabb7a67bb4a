"""Writes a feed as Atom (RFC 4287) bytes. feedgen lives here.

Same feed, same bytes: every moment comes from the entries, and nothing is in it that moves without news, such as votes.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import quote, urlsplit

import feedgen.entry
import feedgen.feed

from digest.errors import FeedError
from digest.model import Feed, FeedEntry, Paper, Site

MOST_BYTES = 512 * 1024
MOST_AUTHORS = 30  # a collaboration's thousand names would be most of the feed
OPENING = 320  # characters of the abstract in a summary
CATEGORY_SCHEME = "http://arxiv.org/schemas/atom"
STYLESHEET = b'<?xml-stylesheet type="text/css" href="feed.css"?>\n'

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production Char
_AUTHORITY = re.compile(r"[A-Za-z0-9._@-]+,(\d{4})(?:-(\d\d))?(?:-(\d\d))?")  # RFC 4151 2.1
_SENTENCE_END = re.compile(r"[.!?](?=\s)")
_URL_SAFE = "%/:=&?~#+!$,;'@()*[]-._"  # everything a URL may hold as it is (RFC 3986)


def atom(feed: Feed, site: Site, contents: Mapping[str, str]) -> bytes:
    """Build the feed; `contents` maps paper ids to html, and a missing one is replaced by the abstract.

    Newest first, ties by paper id. A paper stands in a feed once, and the entry that was shown first counts.
    The oldest entries beyond 512 KB are left out, though never all. Raises FeedError.
    """
    try:
        entries = [(entry, _entry(entry, site, contents)) for entry in _ordered(feed.entries)]
        written = _document(feed, site, entries)
        if len(written) > MOST_BYTES:
            counts = range(2, len(entries) + 1)
            fitting = bisect_right(counts, MOST_BYTES, key=lambda count: len(_document(feed, site, entries[:count])))
            written = _document(feed, site, entries[: fitting + 1])
    except ValueError as error:  # feedgen's and lxml's word for what they cannot write
        raise FeedError(f"feed {feed.name!r} could not be built: {error}") from error
    return written


class _AtomEntry(feedgen.entry.FeedEntry):  # type: ignore[misc]  # feedgen is not typed
    """Writes the attributes of links, which feedgen 1.0.0 drops (its issue 135), so that all look like alternates."""

    def atom_entry(self, extensions: bool = True) -> Any:  # an lxml element, which has no namespace here
        element = super().atom_entry(extensions)
        for node, link in zip(element.findall("link"), self.link() or [], strict=True):
            for name in ("rel", "type", "title"):
                if link.get(name):
                    node.set(name, link[name])
        return element


def _ordered(entries: Sequence[FeedEntry]) -> list[FeedEntry]:
    """Keep each paper's first appearance; newest first, ties by id."""
    first: dict[str, FeedEntry] = {}
    for entry in sorted(entries, key=lambda entry: (_moment(entry.published), _moment(entry.updated), entry.why)):
        first.setdefault(entry.paper.id, entry)
    by_id = sorted(first.values(), key=lambda entry: entry.paper.id)
    return sorted(by_id, key=lambda entry: _moment(entry.published), reverse=True)


def _document(feed: Feed, site: Site, entries: Sequence[tuple[FeedEntry, _AtomEntry]]) -> bytes:
    root = feedgen.feed.FeedGenerator()
    root.id(_tag(site, "feed", feed.name))
    root.title(_clean(feed.title.strip() or feed.name))
    root.subtitle(_clean(feed.subtitle))
    root.language(feed.language)
    root.generator("trending-papers-digest")  # no version: an upgrade alone is no news
    root.updated(max((_updated(entry) for entry, _ in entries), default=_beginning(site)))
    root.author(_author(site))
    for link in _feed_links(feed, site):
        root.link(link)
    for _, entry in entries:
        root.add_entry(entry, order="append")
    declaration, newline, rest = root.atom_str(pretty=True).partition(b"\n")
    return bytes(declaration + newline + STYLESHEET + rest)


def _author(site: Site) -> dict[str, str]:
    home = _home(site)
    return {"name": _clean(site.name), **({"uri": home} if home else {})}


def _home(site: Site) -> str | None:
    return _web_url(f"{site.url or ''}/")


def _feed_links(feed: Feed, site: Site) -> list[dict[str, str]]:
    """A feed that is served nowhere has no address to give."""
    own, home = _web_url(f"{site.url or ''}/{feed.path}"), _home(site)
    if not own or not home:
        return []
    return [
        {"rel": "self", "type": "application/atom+xml", "href": own},
        {"rel": "alternate", "type": "text/html", "href": home},
    ]


def _entry(entry: FeedEntry, site: Site, contents: Mapping[str, str]) -> _AtomEntry:
    paper = _cleaned(entry.paper)
    written = _AtomEntry()
    written.id(_tag(site, "paper", paper.id))
    written.title(paper.title.strip() or _clean(paper.id))
    written.published(_moment(entry.published))
    written.updated(_updated(entry))
    written.link(_entry_links(paper))
    written.author([{"name": name} for name in paper.authors if name.strip()][:MOST_AUTHORS])
    written.category([{"term": term, "scheme": CATEGORY_SCHEME} for term in paper.categories if term.strip()])
    if summary := _summary(_clean(entry.why), paper.abstract):
        written.summary(summary, type="html")
    if content := _clean(contents.get(entry.paper.id, "")) or _paragraph(paper.abstract):
        written.content(content, type="html")
    return written


def _entry_links(paper: Paper) -> list[dict[str, str]]:
    links = (
        ("alternate", "text/html", None, paper.url),
        ("related", "text/html", "Discussion", paper.listing_url),
        ("related", "application/pdf", "PDF", paper.pdf_url),
        ("related", "text/html", "Code", paper.code_url),
        ("related", "text/html", "Project", paper.project_url),
    )
    return [
        {"rel": rel, "type": kind, "href": url, **({"title": title} if title else {})}
        for rel, kind, title, address in links
        if (url := _web_url(address or ""))
    ]


def _summary(why: str, abstract: str) -> str:
    """Why it is here and how the abstract begins: html without tags, which also reads well unparsed."""
    return html.escape(" — ".join(part for part in (why.strip(), _opening(abstract.strip())) if part), quote=False)


def _opening(abstract: str) -> str:
    """The first whole sentences that fit, or as many words of the first as do."""
    if len(abstract) <= OPENING:
        return abstract
    ends = [match.end() for match in _SENTENCE_END.finditer(abstract, 0, OPENING)]
    return abstract[: ends[-1]] if ends else abstract[:OPENING].rsplit(None, 1)[0] + " …"


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(text, quote=False)}</p>" if text.strip() else ""


def _tag(site: Site, kind: str, name: str) -> str:
    """A tag URI (RFC 4151), which stays when addresses change: readers know an entry by it."""
    if not _AUTHORITY.fullmatch(site.authority):
        raise FeedError(f"{site.authority!r} is no tag authority: write a domain and a date, like example.org,2026")
    return f"tag:{site.authority}:{kind}/{quote(_clean(name), safe='/:')}"


def _beginning(site: Site) -> datetime:
    """The moment of a feed without entries: when the tag authority begins, as that never changes."""
    match = _AUTHORITY.fullmatch(site.authority)
    year, month, day = (int(part or 1) for part in match.groups()) if match else (1970, 1, 1)
    return datetime.combine(date(year, month, day), time(), UTC)


def _updated(entry: FeedEntry) -> datetime:
    return max(_moment(entry.updated), _moment(entry.published))


def _moment(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"the moment {moment.isoformat()} has no time zone")
    return moment.astimezone(UTC).replace(microsecond=0)


def _clean(text: str) -> str:
    """Replace what XML 1.0 cannot hold at all: one such character would cost the whole feed."""
    return _NOT_XML.sub("\ufffd", text)


def _cleaned(paper: Paper) -> Paper:
    """Clean what is shown and what `Paper.url` encodes, which fails on lone surrogates."""
    return replace(
        paper,
        title=_clean(paper.title),
        abstract=_clean(paper.abstract),
        authors=tuple(map(_clean, paper.authors)),
        categories=tuple(map(_clean, paper.categories)),
        doi=_clean(paper.doi or ""),
    )


def _web_url(url: str) -> str | None:
    """Only http and https, with everything else percent-encoded; None for what must not become a link."""
    try:
        parts = urlsplit(_clean(url).strip())
    except ValueError:
        return None
    usable = parts.scheme in ("http", "https") and parts.hostname
    return quote(parts.geturl(), safe=_URL_SAFE) if usable else None
