"""Editions to mails and web pages; what they are drawn from has a room of its own beside this. Feeds are apart too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from markupsafe import Markup

from digest.model import FIRST_OWN, Body, Chart, Draft, Edition, Links, Rendered, Site
from digest.render import around, chart, days, sample, views
from digest.render.cards import Cards, Deck
from digest.render.drawing import Drawing
from digest.render.feed_entries import FeedRenderer
from digest.render.frames import OWN_ROOM, Fragments, Frame, Frames, Notes
from digest.render.language import languages
from digest.render.plan import plan
from digest.render.views import Detail
from digest.wire import size, told

MAIL_LIMIT = 95_000  # bytes of html; Gmail clips near 102 KB and hides the unsubscribe link with the rest
_SURELY = 2_000  # so far below the limit the words for what is left out need not be measured
_TEMPLATES = (
    "mail.html.j2", "card.html.j2", "mention.html.j2", "ribbon.html.j2", "mail.css", "dark.css", "mail.txt.j2",
    "card.txt.j2", "page.html.j2", "feed_entry.html.j2", "feed_card.html.j2", "feed_edition.html.j2",
    "feed_index.html.j2", "site.html.j2", "site.css", "front.html.j2", "month.html.j2", "edition_line.html.j2",
    "chart.svg.j2",
)  # fmt: skip


class Renderer(FeedRenderer):
    """Earlier folders of `templates` override later ones, file by file. Keeps what it has inlined."""

    def __init__(self, templates: Sequence[Path], site: Site) -> None:
        super().__init__(Drawing(templates, around.site_view(site)), site)
        self._cards, self._frames = Cards(self.drawing, site), Frames(self.drawing, site)

    def draft(self, edition: Edition, links: Links) -> Draft:
        """The mail for all who have this selection, cadence and links. The address and the way out are left open.

        Papers that do not fit into `MAIL_LIMIT` even as titles are left out, and their number is said.
        """
        opened = around.opened(edition, links)
        notes = self._frames.notes(edition)
        frame, cards, html = self._html(edition, links, opened, notes, (Detail.FULL,) * len(edition.items))
        if html.room + cards.room + _SURELY > MAIL_LIMIT and _size(html) + _SURELY > MAIL_LIMIT:
            details = self._details(edition, links, opened, notes)
            frame, cards, html = self._html(edition, links, opened, notes, details)
        nested: Fragments = {"cards": cards.text, **frame.text_notes(notes)} if notes else {"cards": cards.text}
        return Draft(
            opened["subject"],
            opened["preheader"],
            html,
            frame.text.filled(opened, nested, cards.doubtful),
            frame.tellings(opened),
            len(edition.items) - cards.cards,
        )

    def own(self, draft: Draft, address: str | None, links: Links) -> tuple[str, ...]:
        """What a draft leaves open, for one reader."""
        values = around.own(address, links)
        return tuple([tell(values) for tell in draft.own])

    def render(self, edition: Edition, links: Links) -> Rendered:
        """The mail of one reader as plain words."""
        draft = self.draft(edition, links)
        own = self.own(draft, edition.subscription.address, links)
        return Rendered(
            subject=draft.subject,
            preheader=draft.preheader,
            html=_words(draft.html, own),
            text=_words(draft.text, own),
        )

    def page(self, edition: Edition, links: Links) -> str:
        """The same edition as a web page: all its papers, nothing about the reader."""
        cards = told(self._cards.of_page(edition))
        return self.drawing.tidy(
            "page.html.j2",
            mail=around.shell(edition, links, len(edition.items), self._publisher),
            cards=Markup(cards),  # noqa: S704 - escaped by the templates and by the stencil
            missed=views.missed(edition, self._publisher),
            hidden=views.hidden(edition, self._publisher),
            ribbon=days.ribbon(edition),
            css=Markup("\n").join((self.drawing.css("mail.css"), self.drawing.css("dark.css"))),
        )

    def chart(self, values: Chart) -> str:
        """An SVG picture, for light and dark."""
        return self.drawing.html("chart.svg.j2", chart=chart.drawing(values)) + "\n"

    def check(self) -> tuple[str, ...]:
        """Draws every template with samples in every language; returns their names. RenderError names what fails."""
        for tag in languages():
            for one, links in ((sample.EDITION, sample.LINKS), (sample.SPARSE, Links())):
                edition = replace(one, subscription=replace(one.subscription, language=tag))
                self.render(edition, links)
                self.page(edition, links)
                self.feed_edition(edition)
            self.feed_entry(sample.EDITION.items[0].paper, sample.EDITION.items[0].why, tag)
            self.feed_index(sample.FEEDS, tag)
            self.front_page(sample.SHELVES, tag)
            self.month_page(sample.MONTH, tag)
        self.feed_css()
        self.chart(sample.CHART)
        return _TEMPLATES

    def _html(
        self, edition: Edition, links: Links, opened: Mapping[str, str], notes: Notes, details: Sequence[Detail]
    ) -> tuple[Frame, Deck, Body]:
        """With so many papers as there are details."""
        frame = self._frames.of(edition, links, opened, len(details))
        cards = self._cards.told(edition, details, frame.between)
        nested: Fragments = {"cards": cards.html, **self._frames.html_notes(notes)} if notes else {"cards": cards.html}
        return frame, cards, frame.html.filled(opened, nested, cards.doubtful)

    def _details(self, edition: Edition, links: Links, opened: Mapping[str, str], notes: Notes) -> Sequence[Detail]:
        """How much is told of each paper; of fewer papers than there are, if not all fit even as titles."""
        # measured with the words for papers left out, so that saying so always fits
        _, _, around_them = self._html(edition, links, opened, notes, ())
        return plan(lambda detail: self._cards.sizes(edition, detail), MAIL_LIMIT - _size(around_them))


def _size(html: Body) -> int:
    return size([part for part in html.parts if isinstance(part, bytes)]) + OWN_ROOM * len(html.own)


def _words(body: Body, own: Sequence[str]) -> str:
    return "".join([told([part]) if isinstance(part, bytes) else own[part - FIRST_OWN] for part in body.parts])
