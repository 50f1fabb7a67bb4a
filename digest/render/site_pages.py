"""The pages that lead to editions and feeds, in one look and language: the front page, a month, all feeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from digest.model import EditionLine, FeedGroup, MonthPage, Shelf, Site
from digest.render.drawing import Drawing
from digest.render.language import Language, language
from digest.render.views import safe_url
from digest.render.wording import clip
from digest.text import clean

WRITTEN_HERE = '<meta name="generator" content="trending papers digest">'
_TITLE = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What all of them show. `address` is its own on the web, `top` the way to the top of the site."""

    language: str
    direction: str
    title: str  # of the window
    heading: str
    address: str
    top: str
    all_way: str
    feeds_way: str
    help_way: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Front(Page):
    about: str
    feed_way: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedIndex(Page):
    how: str  # to use a feed
    own_way: str  # to all feeds at once
    papers: str  # beside the formats with an entry for each paper
    days: str
    by_profile: str
    by_topic: str
    by_author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    day: str
    first: str
    path: str
    count: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfView:
    title: str
    description: str
    newest: str
    lines: tuple[Line, ...]
    months: tuple[tuple[str, str], ...]
    feed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    title: str
    name: str
    count: str
    lines: tuple[Line, ...]
    earlier: tuple[str, str] | None
    later: tuple[str, str] | None
    feed: str


class SiteRenderer:
    def __init__(self, drawing: Drawing, site: Site) -> None:
        self.drawing, self._publisher = drawing, site

    def front_page(self, shelves: Sequence[Shelf], tag: str = "en") -> str:
        """The page that the site begins with."""
        words, name = language(tag), clean(self._publisher.name)
        page = Front(
            **self._common(words, name, words.gettext("All digests"), "", ""),
            about=words.gettext("The latest new papers of each list, and all days before."),
            feed_way=words.gettext("Feed"),
        )
        return self._drawn("front.html.j2", page, shelves=[_shelf(one, words) for one in shelves])

    def month_page(self, month: MonthPage, tag: str = "en") -> str:
        """A profile's editions of a month."""
        words, title = language(tag), _title(month.title)
        name = words.month(month.month)
        page = self._common(
            words, f"{title} · {name}", title, "../../", f"archive/{month.profile}/{month.month:%Y-%m}.html"
        )
        view = Month(
            title=title,
            name=name,
            count=words.ngettext("%(count)s edition", "%(count)s editions", len(month.editions)),
            lines=_lines(month.editions, "", words),
            earlier=_beside(month.earlier, words),
            later=_beside(month.later, words),
            feed=f"../../feeds/{month.profile}.atom",
        )
        return self._drawn("month.html.j2", Page(**page), month=view)

    def feed_index(self, groups: Sequence[FeedGroup], tag: str = "en") -> str:
        """The page of all public feeds."""
        words = language(tag)
        title = words.gettext("Feeds · %(site)s", site=clean(self._publisher.name))
        page = FeedIndex(
            **self._common(words, title, words.gettext("Feeds"), "../", "feeds/"),
            how=words.gettext(
                "New papers in your feed reader: one entry per paper, or one per day that holds the whole digest. Copy "
                "an address below into it; where you may choose a format, take Atom."
            ),
            own_way=words.gettext("All feeds at once (OPML)"),
            papers=words.gettext("Per paper"),
            days=words.gettext("Per day"),
            by_profile=words.gettext("Digests"),
            by_topic=words.gettext("Topics"),
            by_author=words.gettext("Authors"),
        )
        return self._drawn("feed_index.html.j2", page, groups=groups)

    def _common(self, words: Language, title: str, heading: str, top: str, path: str) -> dict[str, str]:
        site = self._publisher
        name = clean(site.name)
        return {
            "language": words.tag,
            "direction": words.direction,
            "title": title if name in title else f"{title} · {name}",
            "heading": heading,
            "address": safe_url(f"{site.url}/{path}") if site.url else "",
            "top": top,
            "all_way": words.gettext("All digests"),
            "feeds_way": words.gettext("Feeds"),
            "help_way": words.gettext("Help") if site.help_url else "",
        }

    def _drawn(self, template: str, page: Page, **values: object) -> str:
        mark = Markup(WRITTEN_HERE)  # noqa: S704 - our own
        return self.drawing.tidy(template, page=page, mark=mark, css=self.drawing.css("site.css"), **values)


def _shelf(shelf: Shelf, words: Language) -> ShelfView:
    folder = f"archive/{shelf.profile}"
    return ShelfView(
        title=_title(shelf.title),
        description=clean(shelf.description),
        newest=f"{folder}/index.html" if shelf.latest else "",
        lines=_lines(shelf.latest, f"{folder}/", words),
        months=tuple((words.month(month), f"{folder}/{month:%Y-%m}.html") for month in shelf.months),
        feed=f"feeds/{shelf.profile}.atom",
    )


def _lines(editions: Sequence[EditionLine], folder: str, words: Language) -> tuple[Line, ...]:
    return tuple(
        Line(
            day=words.weekday_dates(one.date, one.date),
            first=_title(one.first) or words.gettext("Untitled"),
            path=f"{folder}{one.date}.html",
            count=words.ngettext("%(count)s paper", "%(count)s papers", one.papers),
        )
        for one in editions
    )


def _beside(month: date | None, words: Language) -> tuple[str, str] | None:
    return (words.month(month), f"{month:%Y-%m}.html") if month else None


def _title(title: str) -> str:
    return clip(clean(title), _TITLE)
