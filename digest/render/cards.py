"""A paper's card: drawn, inlined and encoded once per day and detail, put into its place for each reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import repeat
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from markupsafe import Markup

from digest.model import Edition, Fragment, Item, Kept, Paper, Section, SectionKind, Site
from digest.render import views
from digest.render.drawing import Drawing
from digest.render.inline import markers
from digest.render.language import Language, language
from digest.render.stencil import Gap, Stencil, hole, html_cuts, text_cuts
from digest.render.views import Card, Detail, Place
from digest.wire import size

_KEPT = 4_096  # drawn cards: a day's papers at each detail, many times over
_KEPT_PLACES, _KEPT_LISTS = 16_384, 16  # their places, and in lists of how many kinds
_KEPT_WHYS = 16_384  # a day's why-lines
# The words of a card that are not the paper's: its place in this edition, and why it is there.
_WORDS = tuple(Place.__annotations__)
# Of an item, what decides on its card besides paper, section and why.
_standing = attrgetter(*(f.name for f in fields(Item) if f.name not in {"paper", "reasons", "section", "why"}))
_points = attrgetter("points")

# Of a list: its language, whether only some of it are new, and what stands between two texts.
_Here: TypeAlias = tuple[Language, bool, bytes]
_Open: TypeAlias = tuple[tuple[int, Gap], ...]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A paper's card: its inlined html, its text, and its html on a web page, with gaps for `_WORDS`."""

    html: Stencil
    text: Stencil
    page: Stencil


class _Placed(NamedTuple):
    """A card at its place, with the words of why open. Holds its paper, so that no other can have its identity."""

    paper: Paper
    drawn: _Drawn
    html: Sequence[Fragment]
    html_open: _Open
    text: Sequence[Fragment]  # begins with what stands between two cards
    text_open: _Open
    size: int  # of the html but for the why, in bytes of UTF-8


class _Why(dict[Gap, bytes]):
    """The words of why, by the gap that they fill."""

    __slots__ = ("words",)

    def __init__(self, about: views.About) -> None:
        self.words = views.why(about)

    def __missing__(self, gap: Gap) -> bytes:
        fill = self[gap] = gap.once(self.words)
        return fill


class Deck(NamedTuple):
    """An edition's cards, one after the other; `room` is what the html takes at the most, in bytes of UTF-8."""

    html: list[Fragment]
    text: list[Fragment]
    room: int
    drawn: list[_Drawn]


class Cards:
    def __init__(self, drawing: Drawing, site: Site) -> None:
        self._drawing, self._site = drawing, site
        self._drawn = lru_cache(_KEPT)(self._draw)
        self._placed: Kept[_Here, dict[object, _Placed]] = Kept(lambda _: {}, _KEPT_LISTS)
        self._whys = Kept(_Why, _KEPT_WHYS)

    def told(self, edition: Edition, details: Iterable[Detail], between: bytes) -> Deck:
        """Of the first items, as many as there are details; `between` stands between them in the text."""
        html, text, drawn, room = list[Fragment](), list[Fragment](), list[_Drawn](), 0
        for placed, why in self._each(edition, details, between):
            _, one, html_parts, html_open, text_parts, text_open, least = placed
            begin = len(html)
            html += html_parts
            for at, gap in html_open:
                fill = html[begin + at] = why[gap]
                room += len(fill)
            begin = len(text)
            text += text_parts
            for at, gap in text_open:
                text[begin + at] = why[gap]
            room += least
            drawn.append(one)
        return Deck(html, text[1:], room, drawn)

    def sizes(self, edition: Edition, detail: Detail) -> list[int]:
        """Of the html of each card in bytes of UTF-8."""
        each = self._each(edition, repeat(detail), b"")
        return [placed.size + size([why[gap] for _, gap in placed.html_open]) for placed, why in each]

    def of_page(self, edition: Edition) -> list[bytes]:
        """All cards as they are on a web page."""
        words, parts = language(edition.subscription.language), list[bytes]()
        for item, place in zip(edition.items, views.places(edition, self._site), strict=True):
            parts += self._card(item, Detail.FULL, place, words).page.filled(place)
        return parts

    def _each(self, edition: Edition, details: Iterable[Detail], between: bytes) -> Iterator[tuple[_Placed, _Why]]:
        """Found by the papers' identity, as readers of one day share their papers: telling equal ones takes longer."""
        words, some = language(edition.subscription.language), views.some_fresh(edition)
        whys, placed, kind = self._whys, self._placed[words, some, between], SectionKind.RISEN
        above = views.headings(edition, words, self._site)
        for item, head, detail in zip(edition.items, above, details, strict=False):
            risen, reasons = item.section.kind is kind, item.reasons
            score = sum(map(_points, reasons)) if reasons else None
            why = whys[item.why, item.before if risen else None, score, words]
            key = id(item.paper), _standing(item), head, detail, risen, why.words == ""
            found = placed.get(key)
            if found is None:
                if len(placed) >= _KEPT_PLACES:
                    placed.clear()
                place = views.place(item, head, some, words)
                found = placed[key] = self._place(item, detail, place, words, between)
            yield found, why

    def _place(self, item: Item, detail: Detail, place: Place, words: Language, between: bytes) -> _Placed:
        drawn = self._card(item, detail, place, words)
        html, text = drawn.html.run(place, ("why",)), drawn.text.run(place, ("why",))
        text_open = tuple([(at + 1, gap) for at, gap in text.open])
        return _Placed(item.paper, drawn, html.parts, html.open, (between, *text.parts), text_open, html.size)

    def _card(self, item: Item, detail: Detail, place: Place, words: Language) -> _Drawn:
        bare = replace(item, rank=0, reasons=(), section=Section(), why="", fresh=True, before=None)
        return self._drawn(bare, detail, words, tuple(map(bool, place.values())))

    def _draw(self, item: Item, detail: Detail, words: Language, present: tuple[bool, ...]) -> _Drawn:
        """`item` has nothing that depends on the reader; `present` tells which of `_WORDS` there are."""
        card, there = views.card(item, detail, words), dict(zip(_WORDS, present, strict=True))
        marks = markers(_WORDS, repr(card))
        html = self._html(card, {name: marks[name] if there[name] else "" for name in _WORDS})
        holes = {name: hole(name) if there[name] else "" for name in _WORDS}
        holes["why_word"] = views.why_word(words)
        text = self._drawing.text("card.txt.j2", card=card, **holes).strip("\n") + "\n"
        return _Drawn(
            Stencil(html_cuts(self._drawing.inlined(html), marks)),
            Stencil(text_cuts(text, _WORDS)),
            Stencil(html_cuts(f"{html}\n", marks)),
        )

    def _html(self, card: Card, place: Mapping[str, str]) -> Markup:
        return Markup(self._drawing.html("card.html.j2", card=card, **place))  # noqa: S704 - it escapes
