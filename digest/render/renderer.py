"""Fills the templates. Inlining is paid once per paper and day and once per shape of shell, not once per recipient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache, partial
from operator import attrgetter
from pathlib import Path
from typing import TypeAlias

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError
from markupsafe import Markup, escape

from digest.errors import RenderError
from digest.model import Chart, Draft, Edition, FeedGroup, Item, Links, Paper, Passage, Rendered, Section, Site
from digest.render import around, days, feed_words, sample, views
from digest.render.chart import drawing
from digest.render.colour import mixed, readable
from digest.render.inline import inline, inline_piece, markers, tidy
from digest.render.language import language, languages, source
from digest.render.plan import filled, plan, size
from digest.render.stencil import Owns, Stencil, hole, html_cuts, text_cuts, waiting
from digest.render.views import Card, Detail, Mention, Place
from digest.render.wording import authors, clean, clip

MAIL_LIMIT = 95_000  # bytes of html; Gmail clips near 102 KB and hides the unsubscribe link with the rest
_OWN_ROOM = 500  # bytes of html kept for each thing of the reader's own, so that who the reader is changes no paper
_SURELY = 2_000  # so far below the limit the words for what is left out need not be measured
_WHY = 300
_KEPT_PIECES = 4_096  # cached cards: a day's papers at each detail, many times over
_TEMPLATES = (
    "mail.html.j2", "card.html.j2", "mention.html.j2", "ribbon.html.j2", "mail.css", "dark.css", "mail.txt.j2",
    "card.txt.j2", "page.html.j2", "feed_entry.html.j2", "feed_card.html.j2", "feed_edition.html.j2",
    "feed_index.html.j2", "chart.svg.j2",
)  # fmt: skip
# The words of a card that are not the paper's: its place in this edition, and why it is there.
_WORDS = tuple(Place.__annotations__)
_SHELL = tuple(field.name for field in fields(around.Shell))
_shell_values = attrgetter(*_SHELL)
_OF_READER = {"paper", "rank", "reasons", "section", "why", "fresh", "before"}
_Line: TypeAlias = Mention | days.RibbonLine
_LINES: Mapping[str, type[_Line]] = {"missed": Mention, "hidden": Mention, "ribbon": days.RibbonLine}
_NESTED = ("cards", *_LINES)
_facts = attrgetter(*(f.name for f in fields(Item) if f.name not in _OF_READER))


@dataclass(frozen=True, slots=True)
class _Piece:
    """A paper's card: its words, and its inlined html, its text, and its html on a web page, with gaps for `_WORDS`."""

    card: Card
    html: Stencil
    text: Stencil
    page: Stencil


class Renderer:
    """Earlier folders of `templates` override later ones, file by file. Keeps what it has inlined."""

    def __init__(self, templates: Sequence[Path], site: Site) -> None:
        self._folders = tuple(map(str, templates))
        self._publisher, self._site = site, around.site_view(site)
        loader = FileSystemLoader(self._folders)
        environment = partial(
            Environment, loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._html = environment(autoescape=True)
        self._text = environment(autoescape=False)
        self._text.filters |= {
            "mixed": mixed,
            "readable": readable,
            "wrap": partial(waiting, "wrap"),
            "upper": partial(waiting, "upper"),
        }
        self._css = lru_cache(self._draw_css)
        self._piece = lru_cache(_KEPT_PIECES)(self._draw_piece)
        self._quick: dict[tuple[object, ...], tuple[Paper, _Piece]] = {}
        self._mention = lru_cache(1)(self._draw_mention)
        self._ribbon_line = lru_cache(1)(self._draw_ribbon_line)
        self._shell = lru_cache(64)(self._draw_shell)
        self._text_shell = lru_cache(64)(self._draw_text_shell)
        self._feed_entry = lru_cache(_KEPT_PIECES)(self._draw_feed_entry)
        self._feed_card = lru_cache(_KEPT_PIECES)(self._draw_feed_card)

    def draft(self, edition: Edition, links: Links) -> Draft:
        """The mail for all who have this selection, cadence and links. The address and the way out are left open.

        Papers that do not fit into `MAIL_LIMIT` even as titles are left out, and their number is said.
        """
        places = views.places(edition, self._publisher)
        missed, hidden = views.missed(edition), views.hidden(edition)
        ribbon = days.ribbon(edition)
        notes = {"missed": self._mentions(missed), "hidden": self._mentions(hidden), "ribbon": self._ribbon(ribbon)}
        pieces = self._cards(edition, [Detail.FULL] * len(places), places)
        shell, owns = _values(edition, links, len(pieces), self._publisher), Owns()
        html = self._html_passages(shell, notes, _html_of(pieces, places), owns)
        if size(html, _OWN_ROOM) + _SURELY > MAIL_LIMIT:
            pieces = self._cards(edition, self._details(edition, links, places, notes), places)
            shell, owns = _values(edition, links, len(pieces), self._publisher), Owns()
            html = self._html_passages(shell, notes, _html_of(pieces, places), owns)
        texts = [piece.text.passage(place) for piece, place in zip(pieces, places, strict=False)]
        text = self._text_passages(shell, {"missed": missed, "hidden": hidden, "ribbon": ribbon}, texts, owns)
        return Draft(
            subject=shell["subject"],
            preheader=shell["preheader"],
            html=tuple(html),
            text=tuple(text),
            own=tuple(owns.tellings),
            left_out=len(places) - len(pieces),
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
            html=filled(draft.html, own),
            text=filled(draft.text, own),
        )

    def page(self, edition: Edition, links: Links) -> str:
        """The same edition as a web page: all its papers, nothing about the reader."""
        places = views.places(edition, self._publisher)
        pieces = self._cards(edition, [Detail.FULL] * len(places), places)
        cards = [piece.page.passage(place) for piece, place in zip(pieces, places, strict=True)]
        return self._draw_tidy(
            "page.html.j2",
            mail=around.shell(edition, links, len(cards), self._publisher),
            cards=Markup(filled(cards, ())),  # noqa: S704 - escaped by the templates and by the stencil
            missed=views.missed(edition),
            hidden=views.hidden(edition),
            ribbon=days.ribbon(edition),
            css=Markup("\n").join((self._css("mail.css"), self._css("dark.css"))),
        )

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
        return self._draw_tidy("feed_edition.html.j2", mail=shell, cards=cards).rstrip("\n")

    def feed_words(self, edition: Edition) -> tuple[str, str]:
        """Title and summary of that entry, as plain text."""
        return around.subject(edition), around.preheader(edition)

    def feed_index(self, groups: Sequence[FeedGroup], tag: str = "en") -> str:
        """The page of all public feeds."""
        return self._draw_tidy("feed_index.html.j2", groups=groups, page=feed_words.index(self._publisher, tag))

    def feed_look(self, tag: str) -> str:
        """The templates and the words of a language's entries: with another look feeds are written anew."""
        names = ("feed_entry.html.j2", "feed_card.html.j2", "feed_edition.html.j2")
        return "\n".join((*(self._source(name) for name in names), source(tag)))

    def feed_css(self) -> str:
        """The style by which a browser shows a feed."""
        return self._draw(self._text, "feed.css", notes={tag: around.feed_note(language(tag)) for tag in languages()})

    def chart(self, chart: Chart) -> str:
        """An SVG picture, for light and dark."""
        return self._draw(self._html, "chart.svg.j2", chart=drawing(chart)) + "\n"

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
        self.feed_css()
        self.chart(sample.CHART)
        return _TEMPLATES

    def _details(
        self,
        edition: Edition,
        links: Links,
        places: Sequence[Place],
        notes: Mapping[str, Sequence[Passage]],
    ) -> Sequence[Detail]:
        """How much is told of each paper; of fewer papers than there are, if not all fit even as titles."""

        def sizes(detail: Detail) -> list[int]:
            pieces = self._cards(edition, [detail] * len(places), places)
            return [size((card,), _OWN_ROOM) for card in _html_of(pieces, places)]

        # measured with the words for papers left out, so that saying so always fits
        around = self._html_passages(_values(edition, links, 0, self._publisher), notes, (), Owns())
        return plan(sizes, MAIL_LIMIT - size(around, _OWN_ROOM))

    def _cards(self, edition: Edition, details: Sequence[Detail], places: Sequence[Place]) -> list[_Piece]:
        """Of the first items, as many as there are details.

        By the paper's identity first, as readers of one day share their papers: telling equal ones takes longer.
        """
        tag, quick, pieces = edition.subscription.language, self._quick, list[_Piece]()
        for item, detail, place in zip(edition.items, details, places, strict=False):
            present = tuple(map(bool, place.values()))
            key = (id(item.paper), detail, tag, present, _facts(item))
            found = quick.get(key)
            if found is None or found[0] is not item.paper:
                bare = replace(item, rank=0, reasons=(), section=Section(), why="", fresh=True, before=None)
                if len(quick) >= _KEPT_PIECES:
                    quick.clear()
                found = quick[key] = item.paper, self._piece(bare, detail, tag, present)
            pieces.append(found[1])
        return pieces

    def _draw_piece(self, item: Item, detail: Detail, tag: str, present: tuple[bool, ...]) -> _Piece:
        """`item` has nothing that depends on the reader; `present` tells which of `_WORDS` there are."""
        card, there = views.card(item, detail, language(tag)), dict(zip(_WORDS, present, strict=True))
        marks = markers(_WORDS, repr(card))
        html = self._card_html(card, {name: marks[name] if there[name] else "" for name in _WORDS})
        words = {name: hole(name) if there[name] else "" for name in _WORDS}
        words["why_word"] = views.why_word(language(tag))
        text = self._draw(self._text, "card.txt.j2", card=card, **words).strip("\n") + "\n"
        return _Piece(
            card,
            Stencil(html_cuts(tidy(inline_piece(html, self._css("mail.css"))) + "\n", marks)),
            Stencil(text_cuts(text, _WORDS)),
            Stencil(html_cuts(f"{html}\n", marks)),
        )

    def _draw_feed_entry(self, paper: Paper, has_why: bool, tag: str) -> tuple[str, str]:
        """With a mark where the why is to stand, as the whys of many readers go there."""
        mark, words = markers(("why",), repr(paper))["why"], language(tag)
        html = self._draw_tidy(
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
        html = self._draw_tidy(
            "feed_card.html.j2",
            card=views.card(Item(rank=0, paper=paper, reasons=()), Detail.FULL, words),
            authors=authors(paper, words),
            withdrawn=feed_words.withdrawn(paper, words),
            why=mark if has_why else "",
        )
        return html.rstrip("\n"), mark

    def _mentions(self, papers: Sequence[Mention]) -> Sequence[Passage]:
        return [self._mention().passage(asdict(one)) for one in papers]

    def _ribbon(self, lines: Sequence[days.RibbonLine]) -> Sequence[Passage]:
        return [self._ribbon_line().passage(asdict(one)) for one in lines]

    def _draw_ribbon_line(self) -> Stencil:
        marks = markers((field.name for field in fields(days.RibbonLine)), "ribbon")
        html = self._draw(self._html, "ribbon.html.j2", day=days.RibbonLine(**marks))
        return Stencil(html_cuts(tidy(inline_piece(html, self._css("mail.css"))) + "\n", marks))

    def _draw_mention(self) -> Stencil:
        """The line of any paper that is only named: all of its words are gaps."""
        marks = markers((field.name for field in fields(Mention)), "mention")
        html = self._draw(self._html, "mention.html.j2", paper=Mention(**marks))
        return Stencil(html_cuts(tidy(inline_piece(html, self._css("mail.css"))) + "\n", marks))

    def _html_passages(
        self,
        shell: Mapping[str, str],
        notes: Mapping[str, Sequence[Passage]],
        cards: Sequence[Passage],
        owns: Owns,
    ) -> Sequence[Passage]:
        stencil = self._shell(_present(shell, notes))
        return stencil.passages(shell, {**notes, "cards": cards}, owns)

    def _draw_shell(self, present: frozenset[str]) -> Stencil:
        """The shell of all mails that have these values. Its template sees markers, so it may ask only: is it there?"""
        names = [field.name for field in fields(around.Shell)]
        marks = markers((*names, *_NESTED), repr((self._site, sorted(present))))
        html = self._draw(
            self._html,
            "mail.html.j2",
            mail=around.Shell(**{name: marks[name] if name in present else "" for name in names}),
            cards=marks["cards"],
            missed=marks["missed"] if "missed" in present else "",
            hidden=marks["hidden"] if "hidden" in present else "",
            ribbon=marks["ribbon"] if "ribbon" in present else "",
            css=self._css("mail.css"),
            kept_css=self._css("dark.css"),
        )
        return Stencil(html_cuts(_joined(tidy(inline(html)) + "\n", marks), marks), nested=_NESTED)

    def _text_passages(
        self,
        shell: Mapping[str, str],
        notes: Mapping[str, Sequence[_Line]],
        cards: Sequence[Passage],
        owns: Owns,
    ) -> Sequence[Passage]:
        stencil = self._text_shell(_present(shell, {**notes, "cards": cards}))
        nested = {
            name: [
                stencil.bodies[name].passage({f"{name}.0.{field}": value for field, value in asdict(one).items()})
                for one in papers
            ]
            for name, papers in notes.items()
            if papers
        }
        return stencil.passages(shell, {**nested, "cards": cards}, owns)

    def _draw_text_shell(self, present: frozenset[str]) -> Stencil:
        """The same for the text. Of what is repeated it sees two samples, from which the stencil learns."""
        names = [field.name for field in fields(around.Shell)]
        samples = [f"{name}.{number}" for name in _LINES if name in present for number in (0, 1)]
        cards = ["cards.0", "cards.1"] if "cards" in present else []
        kinds = {one: _LINES[one.partition(".")[0]] for one in samples}
        fields_of = {one: {field.name: f"{one}.{field.name}" for field in fields(kind)} for one, kind in kinds.items()}
        lines = {
            one: kinds[one](**{field: hole(name) for field, name in each.items()}) for one, each in fields_of.items()
        }
        text = self._draw(
            self._text,
            "mail.txt.j2",
            mail=around.Shell(**{name: hole(name) if name in present else "" for name in names}),
            cards=[hole(name) for name in cards],
            **{kind: [line for one, line in lines.items() if one.startswith(kind)] for kind in _LINES},
        )
        known = [*names, *cards, *(name for each in fields_of.values() for name in each.values())]
        return Stencil(text_cuts(text.strip("\n") + "\n", known), repeated=_NESTED)

    def _card_html(self, card: Card, place: Mapping[str, str]) -> Markup:
        return Markup(self._draw(self._html, "card.html.j2", card=card, **place))  # noqa: S704 - it escapes

    def _draw_css(self, name: str) -> Markup:
        return Markup(tidy(self._draw(self._text, name)))  # noqa: S704 - the operator's own file

    def _draw_tidy(self, name: str, **values: object) -> str:
        return tidy(self._draw(self._html, name, **values)) + "\n"

    def _source(self, name: str) -> str:
        with _told(self._folders, name):
            return self._html.loader.get_source(self._html, name)[0] if self._html.loader else ""

    def _draw(self, environment: Environment, name: str, **values: object) -> str:
        with _told(self._folders, name):
            return environment.get_template(name).render(site=self._site, **values)


@contextmanager
def _told(folders: Sequence[str], name: str) -> Iterator[None]:
    """Turns whatever a template can do wrong into a RenderError that names it."""
    try:
        yield
    except TemplateNotFound as error:
        raise RenderError(f"template {error.name} is in none of: {', '.join(folders)}") from error
    except TemplateSyntaxError as error:
        raise RenderError(f"template {error.name or name}, line {error.lineno}: {error.message}") from error
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, OSError) as error:
        raise RenderError(f"template {name}: {error}") from error


def _joined(html: str, marks: Mapping[str, str]) -> str:
    """Without the line ends after what is nested, as that ends its last line itself."""
    for name in _NESTED:
        html = html.replace(f"{marks[name]}\n", marks[name])
    return html


def _values(edition: Edition, links: Links, shown: int, site: Site) -> dict[str, str]:
    shell = around.shell(edition, links, shown, site)
    return dict(zip(_SHELL, _shell_values(shell), strict=True))


def _present(values: Mapping[str, str], nested: Mapping[str, Sequence[object]]) -> frozenset[str]:
    """The names of those that there are."""
    return frozenset([name for each in (values, nested) for name, value in each.items() if value])


def _html_of(pieces: Iterable[_Piece], places: Iterable[Place]) -> list[Passage]:
    return [piece.html.passage(place) for piece, place in zip(pieces, places, strict=False)]
