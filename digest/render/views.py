"""What the templates see: every value a finished word or an empty string, every address safe to link to.

A view is frozen and hashable; as it holds all that its template may show, it is also its own cache key.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from itertools import groupby, repeat
from typing import TypeAlias, TypedDict
from urllib.parse import quote, urlsplit

from digest.model import Edition, Item, Missed, Muted, Paper, Section, SectionKind, Site
from digest.render import mutes
from digest.render.language import Language, language
from digest.render.wording import DOT, capital, clip, counted, further, names, opening, tight
from digest.text import clean

_TITLE = 300
_NAMED, _NOTE = 140, 160  # title and words of a paper that is only named
_WHY = 300
# What stays as it is: most addresses, and seeing that takes a tenth of the time.
_USUAL_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?([/?#][\w.~%/:?#\[\]@!$&'()*+,;=-]*)?", re.ASCII).fullmatch


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
    authors: tuple[str, ...]  # the first names
    more: str  # how many more, or how many where no name is known
    organisation: str
    date: str
    withdrawn: str
    abstract: str
    votes: str
    rise: str
    comments: str
    stars: str
    links: tuple[Link, ...]
    brief: bool


class Place(TypedDict):
    """What a card shows that depends on the reader: the paper's place in the list, and why it is there.

    `change` is a mark such as `▲3`, and `moved` says it in words for those who hear it; empty where there is none.
    """

    rank: str
    heading: str  # of the section that begins here
    share: str  # of the list, "8 of 20"
    why: str
    change: str
    moved: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A paper that is not in the edition, in one line."""

    title: str
    url: str
    note: str


def safe_url(url: str | None) -> str:
    """The address if it may stand in a link, with everything unusual percent-encoded; else nothing."""
    if not url or _USUAL_URL(url):
        return url or ""
    text = quote(clean(url), safe="%/:?#[]@!$&'()*+,;=~")
    try:
        scheme, host = urlsplit(text).scheme, urlsplit(text).netloc
    except ValueError:
        return ""
    return text if scheme == "mailto" or (scheme in ("http", "https") and host) else ""


def card(item: Item, detail: Detail, words: Language) -> Card:
    paper, brief = item.paper, detail is Detail.BRIEF
    comments, stars, rise = item.comments or 0, paper.code_stars or 0, words.number(item.rise)
    return Card(
        title=clip(clean(paper.title), _TITLE) or words.gettext("Untitled"),
        url=safe_url(paper.url),
        authors=names(paper),
        more=tight(further(paper, words)),
        organisation=clip(clean(paper.organisation or ""), 80),
        date=tight(words.date_of_year(paper.published)) if paper.published else "",
        withdrawn=words.gettext("Withdrawn") if paper.withdrawn else "",
        abstract="" if brief else opening(clean(paper.abstract), detail),
        votes=votes(item, words) if not brief else "",
        rise=counted(words.gettext("+%(count)s since first listed", count=rise)) if item.rise > 0 and not brief else "",
        comments=tight(words.ngettext("%(count)s comment", "%(count)s comments", comments))
        if comments and not brief
        else "",
        stars=tight(words.ngettext("%(count)s star", "%(count)s stars", stars)) if stars and not brief else "",
        links=() if brief else links_of(paper, words),
        brief=brief,
    )


def votes(item: Item, words: Language) -> str:
    return tight(words.ngettext("%(count)s vote", "%(count)s votes", item.votes)) if item.votes else ""


def links_of(paper: Paper, words: Language) -> tuple[Link, ...]:
    """In reading order; only what exists. A search for the title is no abstract, so it is the title's link only."""
    label = clip(clean(paper.title), 70) or words.gettext("this paper")
    found = (
        (words.gettext("Abstract"), paper.url if paper.arxiv_id or paper.doi else None),
        (words.gettext("PDF"), paper.pdf_url),
        (words.gettext("Discussion"), paper.listing_url),
        (words.gettext("Code"), paper.code_url),
        (words.gettext("Project page"), paper.project_url),
    )
    safe = ((text, safe_url(url)) for text, url in found)
    return tuple(
        Link(text=text, url=url, name=words.gettext("%(link)s of %(paper)s", link=text, paper=label))
        for text, url in safe
        if url
    )


def why_word(words: Language) -> str:
    """Before a why-line in plain text."""
    return words.pgettext("before the reasons for a paper", "Why")


# --- places ------------------------------------------------------------------------------------------------------


def places(edition: Edition, site: Site) -> list[Place]:
    """For each item what depends on the reader."""
    words, sections = language(edition.subscription.language), [item.section for item in edition.items]
    some, above = some_fresh([item.fresh for item in edition.items], sections), headings(sections, words, site)
    return [place(rank, item, one, some, words) for (rank, item), one in zip(edition.ranked, above, strict=True)]


def place(rank: int, item: Item, above: Above, some: bool, words: Language) -> Place:
    """`above` is what `headings` has for it; `some` whether only some of the list are new."""
    risen, (heading, share) = item.section.kind is SectionKind.RISEN, above
    mark, moved = ("", "") if risen else _change(item.before, rank, some and item.fresh, words)
    return {
        "rank": words.number(rank),
        "heading": heading,
        "share": share,
        "why": why(about(item, words)),
        "change": mark,
        "moved": moved,
    }


def some_fresh(fresh: Sequence[bool], sections: Sequence[Section]) -> bool:
    """Whether some of the list are new and some are not: where all are, nothing is marked so."""
    if len(set(fresh)) < 2:
        return False
    return len({new for new, section in zip(fresh, sections, strict=True) if section.kind is not SectionKind.RISEN}) > 1


About: TypeAlias = tuple[str, int | None, int | None, Language]


def about(item: Item, words: Language) -> About:
    """The why-line, where a late riser stood before, and the score that the reasons add up to."""
    before = item.before if item.section.kind is SectionKind.RISEN else None
    # Points are told where they order the list, and where they speak for the paper.
    ordered = item.section.kind in (SectionKind.MAIN, SectionKind.TOPIC, SectionKind.RISEN)
    score = item.score if ordered else 0
    return item.why, before, score if score > 0 else None, words


def why(of: About) -> str:
    said, before, score, words = of
    parts = [counted(clip(clean(said), _WHY)).replace(" · ", DOT)]
    if before:
        parts.append(tight(words.gettext("no. %(rank)s then", rank=words.number(before))))
    if score is not None:
        parts.append(_points(score, words))
    return DOT.join(parts) if parts[0] else ""


@lru_cache(16_384)
def _points(score: int, words: Language) -> str:
    return tight(words.ngettext("%(count)s point", "%(count)s points", score))


@lru_cache(4_096)
def _change(before: int | None, rank: int, new: bool, words: Language) -> tuple[str, str]:
    """A mark and its words. Not of a late riser, which stands beside the list: a change of rank would tell nothing."""
    if before is None:
        mark = words.pgettext("mark of a paper that was not there before", "new")
        return (mark, mark) if new else ("", "")
    by = before - rank
    if by > 0:
        return f"▲{words.number(by)}", words.ngettext("up %(count)s place", "up %(count)s places", by)
    if by < 0:
        return f"▼{words.number(-by)}", words.ngettext("down %(count)s place", "down %(count)s places", -by)
    return "=", words.gettext("same place as before")


Above: TypeAlias = tuple[str, str]
NOTHING: Above = ("", "")


def headings(sections: Sequence[Section], words: Language, site: Site) -> list[Above]:
    """For each item what stands above it: words where a section begins, unless it is the only one, and its share."""
    runs = [(section, len(list(those))) for section, those in groupby(sections)]
    if len(runs) < 2:
        return [NOTHING] * len(sections)
    total = sum(size for section, size in runs if section.kind is not SectionKind.RISEN)
    found = list[Above]()
    for section, size in runs:
        name = _heading(section, words, site)
        share = _share(size, total, words) if name and section.kind is not SectionKind.RISEN else ""
        found += [(name, share), *repeat(NOTHING, size - 1)]
    return found


@lru_cache(1_024)
def _share(size: int, total: int, words: Language) -> str:
    return tight(words.gettext("%(size)s of %(total)s", size=words.number(size), total=words.number(total)))


def _heading(section: Section, words: Language, site: Site) -> str:
    """The profile's own order needs none: the edition's is its own."""
    if section.kind is SectionKind.TOPIC:
        return capital(clip(clean(section.topic), _NAMED))
    own = site.look.texts_in(words.tag)
    match section.kind:
        case SectionKind.TRENDING:
            return clean(own.trending) or words.gettext("Trending for everyone")
        case SectionKind.EXPLORE:
            return clean(own.explore) or words.gettext("Further afield, outside these topics")
        case SectionKind.RISEN:
            return clean(own.risen) or words.gettext("Late risers")
        case _:
            return ""


# --- what is only named ------------------------------------------------------------------------------------------


def missed(edition: Edition, site: Site) -> tuple[Mention, ...]:
    words = language(edition.subscription.language)
    return tuple(
        _mention(one, _short(one.short, _heading(one.section, words, site), words), words) for one in edition.missed
    )


def _short(points: int, section: str, words: Language) -> str:
    """By how much it missed the section, or the list where that has none."""
    if not points:
        if section:
            return words.gettext("level with the last one of “%(section)s”", section=section)
        return words.gettext("level with the last one")
    if section:
        return words.ngettext(
            "%(count)s point short of “%(section)s”",
            "%(count)s points short of “%(section)s”",
            points,
            section=section,
        )
    return words.ngettext("%(count)s point short", "%(count)s points short", points)


def names_hidden(edition: Edition) -> bool:
    """Not on a public surface: whom a profile does not want to read is for its readers only."""
    return edition.subscription.address is not None and edition.hidden != ()


def hidden(edition: Edition, site: Site) -> tuple[Mention, ...]:
    if not names_hidden(edition):
        return ()
    words = language(edition.subscription.language)
    return tuple(
        _mention(one, mutes.rules(one, _heading(one.section, words, site), words), words) for one in edition.hidden
    )


def _mention(one: Missed | Muted, note: str, words: Language) -> Mention:
    title = clip(clean(one.paper.title), _NAMED) or words.gettext("Untitled")
    return Mention(title=title, url=safe_url(one.paper.url), note=capital(counted(clip(clean(note), _NOTE))))
