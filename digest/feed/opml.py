"""OPML 2.0: a list of feeds, to take into a feed reader at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from digest.feed.entry import clean, web_url
from digest.model import FeedGroup, FeedLine, Site

FOLDER = "feeds"


def opml(groups: Sequence[FeedGroup], site: Site, of_days: str) -> bytes:
    """One Atom feed a list, and in a folder of their own, called `of_days`, those of one entry a day.

    Two formats of one list would be the same papers twice, of which a reader that knows its job shows one.
    """
    return "\n".join(_lines(groups, site, of_days)).encode()


def _lines(groups: Sequence[FeedGroup], site: Site, of_days: str) -> Iterator[str]:
    yield "<?xml version='1.0' encoding='UTF-8'?>"
    yield '<opml version="2.0">'
    yield f"  <head>\n    <title>{escape(clean(site.name))}</title>\n  </head>"
    yield "  <body>"
    for group in groups:
        yield f"    <outline text={_quoted(group.own.title)}>"
        yield from (_outline(line, line.papers, site) for line in (group.own, *group.topics, *group.authors))
        yield "    </outline>"
    yield f"    <outline text={_quoted(of_days)}>"
    yield from (_outline(group.own, group.own.days, site) for group in groups)
    yield "    </outline>"
    yield "  </body>"
    yield "</opml>\n"


def _outline(line: FeedLine, files: Sequence[tuple[str, str]], site: Site) -> str:
    path = f"{FOLDER}/{dict(files)['Atom']}"
    address = (web_url(f"{site.url}/{path}") if site.url else None) or path
    home = web_url(f"{site.url or ''}/{FOLDER}/")
    page = f" htmlUrl={_quoted(home)}" if home else ""
    title = _quoted(line.title)
    return f'      <outline type="rss" text={title} title={title} xmlUrl={_quoted(address)}{page}/>'


def _quoted(text: str) -> str:
    return quoteattr(clean(text))
