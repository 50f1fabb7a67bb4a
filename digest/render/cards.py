"""A paper's card: drawn, inlined and encoded once per day and detail, put into its place for each reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import repeat
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias, TypeVar

from markupsafe import Markup

from digest.model import Edition, Fragment, Item, Kept, Piece, Section, Site
from digest.render import views
from digest.render.drawing import Drawing
from digest.render.inline import markers
from digest.render.language import Language, language
from digest.render.stencil import Gap, Run, Stencil, hole, html_cuts, text_cuts
from digest.render.views import Card, Detail, Place
from digest.wire import size

_KEPT = 4_096  # drawn cards: a day's papers at each detail, many times over
_KEPT_TOLD, _KEPT_LISTS = 16_384, 16  # their places, and each with a why-line; in lists of how many kinds
# The words of a card that are not the paper's: its place in this edition, and why it is there.
_WORDS = tuple(Place.__annotations__)
# Of an item, what decides on its card besides its paper: the counts, and what depends on the reader.
_READERS = ("rank", "reasons", "section", "why", "fresh", "before")
_counts = attrgetter(*(f.name for f in fields(Item) if f.name not in ("paper", *_READERS)))
_standing = attrgetter(*(f.name for f in fields(Item) if f.name not in ("paper", *_READERS[:3])), "section.kind")
_paper, _reasons, _rank = attrgetter("paper"), attrgetter("reasons"), attrgetter("rank")

# Of a list: its language, whether only some of it are new, and what stands between two texts.
_Here: TypeAlias = tuple[Language, bool, bytes]
# Of a card: its detail, the identities of paper and reasons, how the paper stands, its rank if that makes a mark beside
# one of before, and what stands above it.
_Key: TypeAlias = tuple[Detail, int, int, tuple[Any, ...], int, tuple[str, str]]
_Kept = TypeVar("_Kept")


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """A paper's card: its inlined html, its text, and its html on a web page, with gaps for `_WORDS`."""

    html: Stencil
    text: Stencil
    page: Stencil


class _Told(NamedTuple):
    """A card at its place, open where its rank stands. Holds an item, so that none else has the identity of its parts.

    The text begins with what stands between two cards. In one row, as it is read for each card of each mail.
    """

    item: Item
    html: Sequence[Fragment]
    html_open: Sequence[tuple[int, Gap]]
    html_size: int  # in bytes of UTF-8
    html_piece: Piece
    text: Sequence[Fragment]
    text_open: Sequence[tuple[int, Gap]]
    text_piece: Piece
    doubtful: bool


class _Open(NamedTuple):
    """The same, open where its rank and its why-line stand; for many readers' why-lines."""

    item: Item
    drawn: _Drawn
    html: Run
    text: Run


class Deck(NamedTuple):
    """An edition's cards, one after the other; `room` is what the html takes at the most, in bytes of UTF-8."""

    html: list[Fragment]
    text: list[Fragment]
    room: int
    html_pieces: list[Piece]
    text_pieces: list[Piece]
    doubtful: bool  # whether a card may be shorter in base64


class Cards:
    def __init__(self, drawing: Drawing, site: Site) -> None:
        self._drawing, self._site = drawing, site
        self._drawn = lru_cache(_KEPT)(self._draw)
        self._told: Kept[_Here, dict[object, _Told]] = Kept(lambda _: {}, _KEPT_LISTS)
        self._open = dict[object, _Open]()

    def told(self, edition: Edition, details: Iterable[Detail], between: bytes) -> Deck:
        """Of the first items, as many as there are details; `between` stands between them in the text."""
        html, text, room = list[Fragment](), list[Fragment](), 0
        html_pieces, text_pieces, doubts = list[Piece](), list[Piece](), False
        for told, rank in self._each(edition, details, between):
            _, html_parts, html_open, least, html_piece, text_parts, text_open, text_piece, doubtful = told
            begin = len(html)
            html += html_parts
            for at, gap in html_open:
                html[begin + at] = fill = gap.told[rank]
                room += len(fill)
            begin = len(text)
            text += text_parts
            for at, gap in text_open:
                text[begin + at] = gap.told[rank]
            room += least
            html_pieces.append(html_piece)
            text_pieces.append(text_piece)
            doubts = doubts or doubtful
        return Deck(html, text[1:], room, html_pieces, text_pieces, doubts)

    def sizes(self, edition: Edition, detail: Detail) -> list[int]:
        """Of the html of each card in bytes of UTF-8."""
        each = self._each(edition, repeat(detail), b"")
        return [told.html_size + size([gap.told[rank] for _, gap in told.html_open]) for told, rank in each]

    def of_page(self, edition: Edition) -> list[bytes]:
        """All cards as they are on a web page."""
        words, parts = language(edition.subscription.language), list[bytes]()
        for item, place in zip(edition.items, views.places(edition, self._site), strict=True):
            parts += self._card(item, Detail.FULL, place, words).page.filled(place)
        return parts

    def _each(self, edition: Edition, details: Iterable[Detail], between: bytes) -> Iterable[tuple[_Told, str]]:
        """With their ranks, which are words then.

        Found by the identity of what readers of one day share, their papers and reasons: telling equal ones takes
        longer. The keys are made by functions in C, in half of the time.
        """
        items, words, some = edition.items, language(edition.subscription.language), views.some_fresh(edition)
        here, above = (words, some, between), views.headings(edition, words, self._site)
        known = self._told[here]
        moved = [item.before is not None and item.rank for item in items]
        of = map(id, map(_paper, items)), map(id, map(_reasons, items)), map(_standing, items)
        keys = zip(details, *of, moved, above, strict=False)
        found = [known.get(key) or self._tell(key, item, here) for key, item in zip(keys, items, strict=False)]
        return zip(found, map(words.number, map(_rank, items)), strict=False)

    def _tell(self, key: _Key, item: Item, here: _Here) -> _Told:
        (detail, *_, head), (words, some, between) = key, here
        place = views.place(item, head, some, words)
        _, drawn, html, text = self._opened(item, detail, place, words, between)
        html, text = html.told(place, ("rank",)), text.told(place, ("rank",))
        told = _Told(
            item,
            html.parts,
            html.open,
            html.size,
            drawn.html.piece,
            text.parts,
            text.open,
            drawn.text.piece,
            drawn.html.doubtful or drawn.text.doubtful,
        )
        return _keep(self._told[here], key, told)

    def _opened(self, item: Item, detail: Detail, place: Place, words: Language, between: bytes) -> _Open:
        said = place["heading"], place["share"], place["change"], place["moved"], place["why"] != ""
        key = id(item.paper), _counts(item), detail, words, between, said
        found = self._open.get(key)
        if found is None:
            drawn = self._card(item, detail, place, words)
            html, text = drawn.html.run(place, ("rank", "why")), drawn.text.run(place, ("rank", "why"))
            found = _keep(self._open, key, _Open(item, drawn, html, text.after(between)))
        return found

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


def _keep(known: dict[object, _Kept], key: object, made: _Kept) -> _Kept:
    if len(known) >= _KEPT_TOLD:
        known.clear()
    known[key] = made
    return made
