"""What the templates see: every value a finished word or an empty string, every address safe to link to.

A view is frozen and hashable; as it holds all that its template may show, it is also its own cache key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from urllib.parse import quote, urlsplit

from digest.model import Cadence, Edition, Item, Links, Missed, Muted, Paper, Section, SectionKind, Site
from digest.render.wording import authors, clean, clip, count, listed, long_date, opening, short_date

_SUBJECT = 60
_PREHEADER = (60, 90)
_TITLE = 300
_NAMED, _NOTE = 140, 160  # title and words of a paper that is only named
_CADENCES = {
    Cadence.DAILY: "on days with news",
    Cadence.WEEKDAYS: "on weekdays with news",
    Cadence.WEEKLY: "once a week",
}

# The profile's own order needs no heading: the edition's is its own.
_HEADINGS = {
    SectionKind.MAIN: "",
    SectionKind.TRENDING: "Trending for everyone",
    SectionKind.EXPLORE: "Further afield, outside these topics",
    SectionKind.RISEN: "Late risers",
}


class Detail(IntEnum):
    """How much of a paper a card tells; the value is the length of its abstract in characters."""

    FULL = 280
    SHORT = 130
    BRIEF = 0  # title and byline


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`name` tells links of the same text apart for those who hear them: `PDF of A Small Model`."""

    text: str
    url: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A paper as a card shows it, without what depends on the reader's ranking."""

    title: str
    url: str
    authors: str
    organisation: str
    date: str
    withdrawn: bool
    abstract: str
    votes: str
    rise: str
    comments: str
    stars: str
    links: tuple[Link, ...]
    brief: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A paper that is not in the edition, in one line."""

    title: str
    url: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What stands around the cards. Empty means: there is none, show nothing."""

    subject: str
    preheader: str
    title: str
    description: str
    date: str
    found: str  # "24 new papers from hf-daily"
    chosen: str  # "20", where not all of the new ones are shown
    earlier: str  # "2", of those chosen, which were new before and did not fit then
    held_back: str
    muted: str
    left_out: str  # papers of this edition that did not fit into the mail
    address: str
    cadence: str
    unsubscribe: str
    archive: str
    feed: str


def safe_url(url: str | None) -> str:
    """The address if it may stand in a link, with everything unusual percent-encoded; else nothing."""
    text = quote(clean(url or ""), safe="%/:?#[]@!$&'()*+,;=~")
    try:
        scheme, host = urlsplit(text).scheme, urlsplit(text).netloc
    except ValueError:
        return ""
    return text if scheme == "mailto" or (scheme in ("http", "https") and host) else ""


def card(item: Item, detail: Detail) -> Card:
    paper, brief = item.paper, detail is Detail.BRIEF
    title = clip(clean(paper.title), _TITLE) or "Untitled"
    return Card(
        title=title,
        url=safe_url(paper.url),
        authors=authors(paper),
        organisation=clip(clean(paper.organisation or ""), 80),
        date=f"{short_date(paper.published)} {paper.published.year}" if paper.published else "",
        withdrawn=bool(paper.withdrawn),
        abstract="" if brief else opening(clean(paper.abstract), detail),
        votes=count(item.votes, "vote") if item.votes and not brief else "",
        rise=f"+{item.rise:,} since first listed" if item.rise > 0 and not brief else "",
        comments=count(item.comments, "comment") if item.comments and not brief else "",
        stars=count(paper.code_stars, "star") if paper.code_stars and not brief else "",
        links=() if brief else links_of(paper),
        brief=brief,
    )


def links_of(paper: Paper) -> tuple[Link, ...]:
    """In reading order; only what exists. A search for the title is no abstract, so it is the title's link only."""
    label = clip(clean(paper.title), 70) or "this paper"
    found = (
        ("Abstract", paper.url if paper.arxiv_id or paper.doi else None),
        ("PDF", paper.pdf_url),
        ("Discussion", paper.listing_url),
        ("Code", paper.code_url),
        ("Project page", paper.project_url),
    )
    safe = ((text, safe_url(url)) for text, url in found)
    return tuple(Link(text=text, url=url, name=f"{text} of {label}") for text, url in safe if url)


def headings(edition: Edition) -> tuple[str, ...]:
    """For each item what stands above it: words where a section begins, unless it is the only one."""
    sections = [item.section for item in edition.items]
    if all(one is sections[0] or one == sections[0] for one in sections):
        return ("",) * len(sections)
    before = [None, *sections]
    return tuple("" if one == last else _heading(one) for last, one in zip(before, sections, strict=False))


def _heading(section: Section) -> str:
    if section.kind is SectionKind.TOPIC:
        name = clip(clean(section.topic), _NAMED)
        return name[:1].upper() + name[1:]
    return _HEADINGS[section.kind]


def missed(edition: Edition) -> tuple[Mention, ...]:
    return tuple(_mention(one, f"{count(one.short, 'point')} short") for one in edition.missed)


def hidden(edition: Edition) -> tuple[Mention, ...]:
    """None on a public surface: whom a profile does not want to read is for its readers only."""
    if edition.subscription.address is None:
        return ()
    return tuple(_mention(one, one.otherwise or one.rule) for one in edition.hidden)


def _mention(one: Missed | Muted, note: str) -> Mention:
    title = clip(clean(one.paper.title), _NAMED) or "Untitled"
    return Mention(title=title, url=safe_url(one.paper.url), note=clip(clean(note), _NOTE))


def shell(edition: Edition, links: Links, shown: int) -> Shell:
    """`shown` counts the items that have a card on this surface."""
    total = sum(item.section.kind is not SectionKind.RISEN for item in edition.items)
    left_out = len(edition.items) - shown
    earlier = max(0, total - (edition.fresh - edition.held_back))
    return Shell(
        subject=subject(edition),
        preheader=preheader(edition),
        title=clip(clean(edition.title), _TITLE),
        description=clip(clean(edition.description), _TITLE),
        date=long_date(edition.date),
        found=_found(edition),
        chosen=f"{total:,}" if edition.held_back or total < edition.fresh else "",
        earlier=f"{earlier:,}" if earlier else "",
        held_back=f"{count(edition.held_back, 'new paper')} did not fit" if edition.held_back else "",
        muted=f"{count(edition.muted, 'paper')} hidden by this profile’s rules" if edition.muted else "",
        left_out=count(left_out, "more paper") if left_out else "",
        cadence=_CADENCES[edition.subscription.cadence],
        archive=safe_url(links.archive_url),
        feed=safe_url(links.feed_url),
        **own(edition.subscription.address, links),
    )


def own(address: str | None, links: Links) -> dict[str, str]:
    """What is a reader's own in a mail; all else is the same for all who get this selection."""
    return {
        "address": clean(address or ""),
        "unsubscribe": safe_url(links.unsubscribe_url) or safe_url(links.unsubscribe_mail),
    }


def subject(edition: Edition) -> str:
    """The top paper's title, how many more, and the day, which keeps subjects apart from day to day."""
    titles = _titles(edition)
    more = f" and {len(titles) - 1:,} more" if len(titles) > 1 else ""
    tail = f"{more} · {short_date(edition.date)}"
    return clip(titles[0] if titles else clean(edition.title), _SUBJECT - len(tail)) + tail


def preheader(edition: Edition) -> str:
    """What a mailbox shows after the subject: the next titles, then the counts, until there is enough to read."""
    least, most = _PREHEADER
    abstracts = [opening(clean(item.paper.abstract), most) for item in edition.items[:1]]
    text = ""
    for words in (*_titles(edition)[1:3], _found(edition), *abstracts, clean(edition.description)):
        if len(text) < least and words:
            text = f"{text} · {words}" if text else words
    return clip(text, most)


def _titles(edition: Edition) -> Sequence[str]:
    return [_title(item.paper.title) for item in edition.items]


@lru_cache(4_096)
def _title(title: str) -> str:
    return clip(clean(title), _TITLE) or "Untitled"


def _found(edition: Edition) -> str:
    sources = listed(clean(source) for source in edition.sources)
    return count(edition.fresh, "new paper") + (f" from {sources}" if sources else "")


def site_view(site: Site) -> dict[str, str]:
    """The publisher in words; the same for every mail."""
    return {
        "name": clean(site.name),
        "postal_address": clean(site.postal_address),
        "help_url": safe_url(site.help_url),
        "url": safe_url(site.url),
        "accent": site.accent,
    }
