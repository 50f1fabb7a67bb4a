"""Fills the templates. Inlining is paid once per paper and day and once per shape of shell, not once per recipient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache, partial
from pathlib import Path
from textwrap import wrap

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError
from markupsafe import Markup, escape

from digest.errors import RenderError
from digest.model import Chart, Edition, Item, Links, Paper, Rendered, Section, Site
from digest.render import sample, views
from digest.render.chart import drawing
from digest.render.colour import readable
from digest.render.inline import Stencil, inline, inline_piece, markers, tidy
from digest.render.plan import plan
from digest.render.views import Card, Detail, Mention
from digest.render.wording import authors, clean, clip, count

MAIL_LIMIT = 95_000  # bytes of html; Gmail clips near 102 KB and hides the unsubscribe link with the rest
_WHY = 300
_KEPT_PIECES = 4_096  # cached cards: a day's papers at each detail, many times over
_TEMPLATES = (
    "mail.html.j2", "card.html.j2", "mention.html.j2", "mail.css", "dark.css", "mail.txt.j2", "card.txt.j2",
    "page.html.j2", "feed_entry.html.j2", "chart.svg.j2",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Piece:
    """A paper's card: its words, and its inlined html with holes for heading, rank and why."""

    card: Card
    html: Stencil

    def fill(self, item: Item, heading: str) -> str:
        return self.html.fill({"heading": str(escape(heading)), "rank": str(item.rank), "why": str(escape(_why(item)))})


class Renderer:
    """Earlier folders of `templates` override later ones, file by file. Keeps what it has inlined."""

    def __init__(self, templates: Sequence[Path], site: Site) -> None:
        self._folders = tuple(map(str, templates))
        self._site = views.site_view(site)
        loader = FileSystemLoader(self._folders)
        environment = partial(
            Environment, loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._html = environment(autoescape=True)
        self._text = environment(autoescape=False)
        self._html.filters["unbroken"] = _unbroken
        self._text.filters |= {"readable": readable, "wrap": _wrapped}
        self._css = lru_cache(self._draw_css)
        self._piece = lru_cache(_KEPT_PIECES)(self._draw_piece)
        self._mention = lru_cache(1)(self._draw_mention)
        self._shell = lru_cache(64)(self._draw_shell)
        self._text_card = lru_cache(_KEPT_PIECES)(self._draw_text_card)

    def render(self, edition: Edition, links: Links) -> Rendered:
        """The mail. Papers that do not fit into `MAIL_LIMIT` even as titles are left out, and their number is said."""
        missed, hidden = views.missed(edition), views.hidden(edition)
        notes = {"missed": self._mentions(missed), "hidden": self._mentions(hidden)}
        cards = self._cards(edition, links, notes)
        shell = views.shell(edition, links, len(cards))
        texts = [
            self._text_card(card, item.rank, _why(item), heading)
            for item, heading, (card, _) in zip(edition.items, views.headings(edition), cards, strict=False)
        ]
        text = self._draw(self._text, "mail.txt.j2", mail=shell, cards=texts, missed=missed, hidden=hidden)
        return Rendered(
            subject=shell.subject,
            preheader=shell.preheader,
            html=self._fill_shell(shell, notes, "\n".join(html for _, html in cards)),
            text=text.strip("\n") + "\n",
        )

    def page(self, edition: Edition, links: Links) -> str:
        """The same edition as a web page: all its papers, nothing about the reader."""
        cards = [
            self._card_html(views.card(item, Detail.FULL), item.rank, _why(item), heading)
            for item, heading in zip(edition.items, views.headings(edition), strict=True)
        ]
        return self._draw_tidy(
            "page.html.j2",
            mail=views.shell(edition, links, len(cards)),
            cards=Markup("\n").join(cards),
            missed=views.missed(edition),
            hidden=views.hidden(edition),
            css=Markup("\n").join((self._css("mail.css"), self._css("dark.css"))),
        )

    def feed_entry(self, paper: Paper, why: str) -> str:
        """Plain html of one feed entry: the whole abstract, who wrote it, why it is here, where it is."""
        return self._draw_tidy(
            "feed_entry.html.j2",
            abstract=clean(paper.abstract),
            authors=authors(paper),
            organisation=clean(paper.organisation or ""),
            why=clip(clean(why), _WHY),
            links=views.links_of(paper),
        ).rstrip("\n")

    def feed_css(self) -> str:
        """The style by which a browser shows a feed."""
        return self._draw(self._text, "feed.css")

    def chart(self, chart: Chart) -> str:
        """An SVG picture, for light and dark."""
        return self._draw(self._html, "chart.svg.j2", chart=drawing(chart)) + "\n"

    def check(self) -> tuple[str, ...]:
        """Draws every template with a sample; returns their names. RenderError names the first that fails."""
        edition, links = sample.EDITION, sample.LINKS
        self.render(edition, links)
        self.page(edition, links)
        self.feed_entry(edition.items[0].paper, edition.items[0].why)
        self.render(sample.SPARSE, Links())
        self.page(sample.SPARSE, Links())
        self.feed_css()
        self.chart(sample.CHART)
        return _TEMPLATES

    def _cards(self, edition: Edition, links: Links, notes: Mapping[str, str]) -> list[tuple[Card, str]]:
        """Card and html of each paper that fits, in as much detail as fits; a heading belongs to the first below it."""
        headings = views.headings(edition)
        keys = [
            replace(item, rank=0, reasons=(), section=Section(), why="*" if _why(item) else "")
            for item in edition.items
        ]

        def drawn(number: int, detail: Detail) -> tuple[Card, str]:
            piece = self._piece(keys[number], detail, bool(headings[number]))
            return piece.card, piece.fill(edition.items[number], headings[number])

        def sizes(detail: Detail) -> list[int]:
            return [len(drawn(number, detail)[1].encode()) + 1 for number in range(len(keys))]

        # measured with the words for papers left out, so that saying so always fits
        around = self._fill_shell(views.shell(edition, links, 0), notes, "")
        details = plan(sizes, MAIL_LIMIT - len(around.encode()))
        return [drawn(number, detail) for number, detail in enumerate(details)]

    def _draw_piece(self, item: Item, detail: Detail, headed: bool) -> _Piece:
        """`item` has no rank, section or reasons and a mere sign for its words of why: it is the key of the cache."""
        card = views.card(item, detail)
        holes = markers(("heading", "rank", "why"), repr(card))
        heading, why = holes["heading"] if headed else "", holes["why"] if item.why else ""
        html = self._card_html(card, holes["rank"], why, heading)
        return _Piece(card, Stencil(tidy(inline_piece(html, self._css("mail.css"))), holes))

    def _mentions(self, papers: Sequence[Mention]) -> str:
        return "\n".join(
            self._mention().fill({name: str(escape(value)) for name, value in asdict(one).items()}) for one in papers
        )

    def _draw_mention(self) -> Stencil:
        """The line of any paper that is only named: all of its words are holes."""
        holes = markers((field.name for field in fields(Mention)), "mention")
        html = self._draw(self._html, "mention.html.j2", paper=Mention(**holes))
        return Stencil(tidy(inline_piece(html, self._css("mail.css"))), holes)

    def _draw_text_card(self, card: Card, rank: int, why: str, heading: str) -> str:
        return self._draw(self._text, "card.txt.j2", card=card, rank=rank, why=why, heading=heading).strip("\n")

    def _fill_shell(self, shell: views.Shell, notes: Mapping[str, str], cards: str) -> str:
        """`notes` and `cards` are finished html."""
        values = {name: str(value) for name, value in asdict(shell).items()}
        stencil = self._shell(frozenset(name for name, value in (values | dict(notes)).items() if value))
        return stencil.fill({name: str(escape(value)) for name, value in values.items()} | {**notes, "cards": cards})

    def _draw_shell(self, present: frozenset[str]) -> Stencil:
        """The shell of all mails that have these values. Its template sees markers, so it may ask only: is it there?"""
        names = [field.name for field in fields(views.Shell)]
        holes = markers((*names, "missed", "hidden", "cards"), repr((self._site, sorted(present))))
        marked = views.Shell(**{name: holes[name] if name in present else "" for name in names})
        html = self._draw(
            self._html,
            "mail.html.j2",
            mail=marked,
            cards=holes["cards"],
            missed=holes["missed"] if "missed" in present else "",
            hidden=holes["hidden"] if "hidden" in present else "",
            css=self._css("mail.css"),
            kept_css=self._css("dark.css"),
        )
        return Stencil(tidy(inline(html)) + "\n", holes)

    def _card_html(self, card: Card, rank: int | str, why: str, heading: str) -> Markup:
        html = self._draw(self._html, "card.html.j2", card=card, rank=rank, why=why, heading=heading)
        return Markup(html)  # noqa: S704 - escaped by the template

    def _draw_css(self, name: str) -> Markup:
        return Markup(tidy(self._draw(self._text, name)))  # noqa: S704 - the operator's own file

    def _draw_tidy(self, name: str, **values: object) -> str:
        return tidy(self._draw(self._html, name, **values)) + "\n"

    def _draw(self, environment: Environment, name: str, **values: object) -> str:
        try:
            return environment.get_template(name).render(site=self._site, **values)
        except TemplateNotFound as error:
            raise RenderError(f"template {error.name} is in none of: {', '.join(self._folders)}") from error
        except TemplateSyntaxError as error:
            raise RenderError(f"template {error.name or name}, line {error.lineno}: {error.message}") from error
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, OSError) as error:
            raise RenderError(f"template {name}: {error}") from error


def _why(item: Item) -> str:
    """The why-line and the score that its reasons add up to; nothing without a why."""
    why = clip(clean(item.why), _WHY)
    return f"{why} · {count(item.score, 'point')}" if why and item.reasons else why


def _unbroken(words: str) -> str:
    """Words that stay on one line, such as a date."""
    return words.replace(" ", "\u00a0")


def _wrapped(text: str, width: int = 72) -> str:
    """Lines of at most `width` characters, unless one word is longer: links and model names stay whole."""
    return "\n".join(wrap(text, width, break_long_words=False, break_on_hyphens=False))
