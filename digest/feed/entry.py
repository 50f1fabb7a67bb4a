"""What an entry and a feed say, whatever the format: clean text, safe addresses, permanent ids, order, limits."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import lru_cache
from urllib.parse import quote, urlsplit

from digest.errors import FeedError
from digest.model import DayEntry, Feed, FeedEntry, Paper, Site

MOST_BYTES = 512 * 1024
MOST_AUTHORS = 30  # a collaboration's thousand names would be most of the feed
OPENING = 320  # characters of the abstract in a summary
GENERATOR = "trending-papers-digest"  # no version: an upgrade alone is no news
ATOM_TYPE = "application/atom+xml"

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production Char
_AUTHORITY = re.compile(r"([A-Za-z0-9._@-]+),(\d{4})(?:-(\d\d))?(?:-(\d\d))?")  # RFC 4151 2.1
_SENTENCE_END = re.compile(r"[.!?](?=\s)")
_URL_SAFE = "%/:=&?~#+!$,;'@()*-._"  # everything a URL may hold as it is (RFC 3986), where brackets are for hosts


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    rel: str
    type: str
    href: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An entry as every format tells it. `summary` and `content` are html; moments are whole seconds of UTC."""

    id: str
    title: str
    published: datetime
    updated: datetime
    links: tuple[Link, ...] = ()
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    summary: str = ""
    content: str = ""
    language: str = "en"  # its tag, told where the feed has another

    def link(self, rel: str, kind: str = "text/html") -> str | None:
        return next((one.href for one in self.links if (one.rel, one.type) == (rel, kind)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a feed says before its entries. `own` is its address, `home` its page: None where it is served nowhere."""

    id: str
    title: str
    subtitle: str
    author: str
    author_url: str | None
    own: str | None
    home: str | None
    hub: str | None
    beside: tuple[tuple[str, str], ...]  # other documents of the same feed: relation and address
    archive: bool
    style: str  # address of the stylesheet, relative to the feed's own
    language: str  # its tag


@lru_cache(2048)  # a paper stands in several feeds, in several formats
def told(entry: FeedEntry | DayEntry, site: Site, content: str = "") -> Told:
    """`content` is html; without it a paper has its abstract."""
    if isinstance(entry, DayEntry):
        at, page = _moment(entry.published), web_url(entry.page or "")
        return Told(
            id=tag(site, "edition", entry.name),
            title=clean(entry.title).strip() or clean(entry.name),
            published=at,
            updated=at,
            links=(Link(rel="alternate", type="text/html", href=page),) if page else (),
            summary=html.escape(clean(entry.summary), quote=False),
            content=clean(content),
            language=entry.language,
        )
    paper = _cleaned(entry.paper)
    return Told(
        id=tag(site, "paper", paper.id),
        title=paper.title.strip() or clean(paper.id),
        published=_moment(entry.published),
        updated=max(_moment(entry.updated), _moment(entry.published)),
        links=_links(paper),
        authors=tuple(name for name in paper.authors if name.strip())[:MOST_AUTHORS],
        categories=tuple(term for term in paper.categories if term.strip()),
        summary=_summary(clean(entry.why), paper.abstract),
        content=clean(content) or _paragraph(paper.abstract),
        language=entry.language,
    )


def told_of(feed: Feed, site: Site, contents: Mapping[str, str]) -> list[Told]:
    """The feed's entries, newest first, ties by id. An id stands there once, and what was shown first counts.

    `contents` maps paper ids and names of editions to html.
    """
    first: dict[str, FeedEntry | DayEntry] = {}
    for entry in sorted(feed.entries, key=_by_moment):
        first.setdefault(key(entry), entry)
    by_id = sorted(first.values(), key=key)
    ordered = sorted(by_id, key=lambda entry: _moment(entry.published), reverse=True)
    return [told(entry, site, contents.get(key(entry), "")) for entry in ordered]


def key(entry: FeedEntry | DayEntry) -> str:
    return entry.name if isinstance(entry, DayEntry) else entry.paper.id


def _by_moment(entry: FeedEntry | DayEntry) -> tuple[datetime, datetime, str]:
    if isinstance(entry, DayEntry):
        return _moment(entry.published), _moment(entry.published), entry.name
    return _moment(entry.published), _moment(entry.updated), entry.why


def head(feed: Feed, site: Site) -> Head:
    home = web_url(f"{site.url or ''}/")
    beside = (("prev-archive", feed.older), ("next-archive", feed.newer), ("current", feed.current))
    return Head(
        id=tag(site, "feed", feed.name),
        title=clean(feed.title.strip() or feed.name),
        subtitle=clean(feed.subtitle),
        author=clean(site.name),
        author_url=home,
        own=web_url(f"{site.url or ''}/{feed.path}"),
        home=web_url(f"{site.url or ''}/{feed.page}"),
        hub=web_url(feed.hub or "") if home else None,
        beside=tuple((rel, url) for rel, path in beside if path and (url := web_url(f"{site.url or ''}/{path}"))),
        archive=feed.archive,
        style="../" * (feed.path.count("/") - 1) + "feed.css",
        language=feed.language,
    )


def newest(site: Site, moments: Sequence[datetime]) -> datetime:
    """When a feed was updated; one without entries when its tag authority begins, as that never changes."""
    match = _AUTHORITY.fullmatch(site.authority)
    year, month, day = (int(part or 1) for part in match.groups()[1:]) if match else (1970, 1, 1)
    return max(moments, default=datetime.combine(date(year, month, day), time(), UTC))


def within(limit: int | None, entries: Sequence[Told], write: Callable[[Sequence[Told]], bytes]) -> bytes:
    """The document with as many of the newest entries as fit into so many bytes, though never none."""
    written = write(entries)
    if limit is None or len(written) <= limit:
        return written
    counts = range(2, len(entries) + 1)
    fitting = bisect_right(counts, limit, key=lambda count: len(write(entries[:count])))
    return write(entries[: fitting + 1])


def tag(site: Site, kind: str, name: str) -> str:
    """A tag URI (RFC 4151), which stays when addresses change: readers know an entry by it."""
    if not _AUTHORITY.fullmatch(site.authority):
        raise FeedError(f"{site.authority!r} is no tag authority: write a domain and a date, like example.org,2026")
    return f"tag:{site.authority}:{kind}/{quote(clean(name), safe='/:')}"


def domain(site: Site) -> str:
    """A web address for a site that gives none, where a format must have one."""
    match = _AUTHORITY.fullmatch(site.authority)
    return f"https://{match[1].rpartition('@')[2] if match else 'localhost'}/"


def clean(text: str) -> str:
    """Replace what XML 1.0 cannot hold at all: one such character would cost the whole feed."""
    return _NOT_XML.sub("\ufffd", text)


@lru_cache(4096)
def web_url(url: str) -> str | None:
    """Only http and https, with everything else percent-encoded; None for what must not become a link."""
    try:
        parts = urlsplit(clean(url).strip())
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    whole, host = parts.geturl(), len(f"{parts.scheme}://{parts.netloc}")
    return quote(whole[:host], safe=f"{_URL_SAFE}[]") + quote(whole[host:], safe=_URL_SAFE)


def _links(paper: Paper) -> tuple[Link, ...]:
    found = (
        ("alternate", "text/html", "", paper.url),
        ("related", "text/html", "Discussion", paper.listing_url),
        ("related", "application/pdf", "PDF", paper.pdf_url),
        ("related", "text/html", "Code", paper.code_url),
        ("related", "text/html", "Project", paper.project_url),
    )
    return tuple(
        Link(rel=rel, type=kind, href=url, title=title)
        for rel, kind, title, address in found
        if (url := web_url(address or ""))
    )


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


def _moment(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise FeedError(f"the moment {moment.isoformat()} has no time zone")
    return moment.astimezone(UTC).replace(microsecond=0)


def _cleaned(paper: Paper) -> Paper:
    """Clean what is shown and what `Paper.url` encodes, which fails on lone surrogates."""
    return replace(
        paper,
        title=clean(paper.title),
        abstract=clean(paper.abstract),
        authors=tuple(map(clean, paper.authors)),
        categories=tuple(map(clean, paper.categories)),
        doi=clean(paper.doi or ""),
    )
