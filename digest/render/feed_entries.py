"""What feeds show: entries, editions as entries, and the style by which a browser does."""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup, escape

from digest.model import Edition, Item, Links, Paper, Site
from digest.render import around, feed_words, views
from digest.render.drawing import Drawing
from digest.render.inline import markers
from digest.render.language import language, languages, source
from digest.render.site_pages import SiteRenderer
from digest.render.views import Detail
from digest.render.wording import authors, clip
from digest.text import clean

_WHY = 300
_KEPT = 4_096  # entries: of many feeds


class FeedRenderer(SiteRenderer):
    def __init__(self, drawing: Drawing, site: Site) -> None:
        super().__init__(drawing, site)
        self._feed_entry = lru_cache(_KEPT)(self._draw_feed_entry)
        self._feed_card = lru_cache(_KEPT)(self._draw_feed_card)

    def feed_entry(self, paper: Paper, why: str, tag: str = "en") -> str:
        """Plain html of one feed entry: the whole abstract, who wrote it, why it is here, where it is."""
        words = clip(clean(why), _WHY)
        html, mark = self._feed_entry(paper, bool(words), tag)
        return html.replace(mark, escape(words))

    def feed_edition(self, edition: Edition) -> str:
        """Plain html of an edition that is one entry of a feed: all its papers."""
        tag, cards = edition.subscription.language, []
        for item, place in zip(edition.items, views.places(edition, self._publisher), strict=True):
            words = clip(clean(item.why), _WHY)
            html, mark = self._feed_card(item.paper, bool(words), tag)
            cards.append((place, Markup(html.replace(mark, escape(words)))))  # noqa: S704 - escaped by the template
        shell = around.shell(edition, Links(), len(cards), self._publisher)
        return self.drawing.tidy("feed_edition.html.j2", mail=shell, cards=cards).rstrip("\n")

    def feed_words(self, edition: Edition) -> tuple[str, str]:
        """Title and summary of that entry, as plain text."""
        return around.subject(edition), around.preheader(edition)

    def feed_look(self, tag: str) -> str:
        """The templates and the words of a language's entries: with another look feeds are written anew."""
        names = ("feed_entry.html.j2", "feed_card.html.j2", "feed_edition.html.j2")
        return "\n".join((*(self.drawing.source(name) for name in names), source(tag)))

    def feed_css(self) -> str:
        """The style by which a browser shows a feed."""
        return self.drawing.text("feed.css", notes={tag: around.feed_note(language(tag)) for tag in languages()})

    def _draw_feed_entry(self, paper: Paper, has_why: bool, tag: str) -> tuple[str, str]:
        """With a mark where the why is to stand, as the whys of many readers go there."""
        mark, words = markers(("why",), repr(paper))["why"], language(tag)
        html = self.drawing.tidy(
            "feed_entry.html.j2",
            abstract=clean(paper.abstract),
            authors=authors(paper, words),
            organisation=clean(paper.organisation or ""),
            why=mark if has_why else "",
            withdrawn=feed_words.withdrawn(paper, words),
            links=views.links_of(paper, words),
        )
        return html.rstrip("\n"), mark

    def _draw_feed_card(self, paper: Paper, has_why: bool, tag: str) -> tuple[str, str]:
        mark, words = markers(("why",), repr(paper))["why"], language(tag)
        html = self.drawing.tidy(
            "feed_card.html.j2",
            card=views.card(Item(paper=paper, reasons=()), Detail.FULL, words),
            authors=authors(paper, words),
            withdrawn=feed_words.withdrawn(paper, words),
            why=mark if has_why else "",
        )
        return html.rstrip("\n"), mark
