"""A paper's card: drawn, inlined and encoded once per day and detail, put into its place for each reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import repeat
from operator import attrgetter
from typing import Any, NamedTuple, Self, TypeAlias, cast

from markupsafe import Markup

from digest.model import Edition, Item, Joined, Kept, Piece, Section, Site
from digest.render import views
from digest.render.drawing import Drawing
from digest.render.inline import markers
from digest.render.language import Language, language
from digest.render.stencil import Run, Stencil, hole, html_cuts, text_cuts
from digest.render.views import NOTHING, Above, Card, Detail, Place
from digest.wire import size

_KEPT = 4_096  # of drawn cards, a day's papers at each detail; of items, each with a card of some 5 kB if many have it
_LANGUAGES, _LISTS = 8, 256
# The words of a card that are not the paper's: its place in this edition, and why it is there.
_WORDS = tuple(Place.__annotations__)
_FIRST = ("heading", "share", "rank")  # of those, what a card begins with
_counts = attrgetter("votes", "comments", "rise")  # of an item, what is the same for all readers besides its paper

# Of a card its item's identity; where something is marked or stands above it, also which of heading and share there is,
# its rank if that makes a mark beside one of before, and whether only some of the list are new.
_Key: TypeAlias = int | tuple[int, bool, bool, int | None, bool]


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """A paper's card: its inlined html, its text, and its html on a web page, with gaps for `_WORDS`."""

    html: Stencil
    text: Stencil
    page: Stencil


@dataclass(frozen=True, slots=True, eq=False)
class _Openings:
    """How a card begins: by its rank and what stands above it; in the text also by what stands between two cards."""

    html: Mapping[tuple[int, Above], Joined]
    text: Mapping[tuple[int, Above, bytes], Joined]


class _Begun(NamedTuple):
    """The openings of cards one after the other, each with a place for the rest; `room` is what those of html take."""

    html: list[bytes]
    text: list[bytes]
    room: int

    @classmethod
    def of(cls, openings: Iterable[_Openings], above: Iterable[Above], between: bytes) -> Self:
        html, text = list[bytes](), list[bytes]()
        for rank, (one, head) in enumerate(zip(openings, above, strict=False), start=1):
            html += one.html[rank, head], b""
            text += one.text[rank, head, between if rank > 1 else b""], b""
        return cls(html, text, sum(map(len, html)))


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """What most cards of a list have in common: where and how they stand, and whether base64 may be shorter."""

    section: Section
    fresh: bool
    openings: _Openings
    doubtful: bool


class _Told(NamedTuple):
    """A card at its place: its kind, and what follows its opening. Each mail reads all of it, so there is no more."""

    kind: _Kind
    html_rest: Joined
    text_rest: Joined


class _Shelf:
    """Cards of one detail and language, kept when they are told again: what one reader alone is told never is.

    `_met` holds the items, so that none else has the identity that a card is found by.
    """

    __slots__ = ("_met", "told")

    def __init__(self) -> None:
        self.told = dict[_Key, _Told]()
        self._met = dict[_Key, Item]()

    def put(self, key: _Key, item: Item, told: _Told) -> None:
        if key in self._met:
            self.told[key] = told
            return
        if len(self._met) >= _KEPT:
            self.told.clear()
            self._met.clear()
        self._met[key] = item


class _Parted(NamedTuple):
    """A surface of the same up to the last place of `_FIRST` and behind it, open where `_WORDS` stand.

    `besides` are the other words of the opening, of which the shipped templates have none.
    """

    opening: Run
    rest: Run
    besides: Sequence[str]
    piece: Piece

    @classmethod
    def of(cls, stencil: Stencil, place: Place) -> Self:
        opening, rest = stencil.run(place, _WORDS).parted(_FIRST)
        words = {name for _, gap in opening.open for name in gap.names}
        return cls(opening, rest, sorted(words.difference(_FIRST)), stencil.piece)

    def begun(self, place: Place) -> _Beginning:
        """All that the opening depends on, besides the rank and what stands above."""
        return self.opening, tuple([(name, cast("dict[str, str]", place)[name]) for name in self.besides])

    def told(self, place: Place) -> Joined:
        """The rest."""
        return Joined.of(self.rest.filled(place), self.piece)


# An opening with its words but those of `_FIRST`.
_Beginning: TypeAlias = tuple[Run, tuple[tuple[str, str], ...]]


class _Open(NamedTuple):
    """Both of them, for many readers' why-lines; and how the card begins, unless other words are in that."""

    html: _Parted
    text: _Parted
    openings: _Openings | None
    doubtful: bool


class Deck(NamedTuple):
    """An edition's cards, one after the other; `room` is what the html takes at the most."""

    html: Sequence[bytes]
    text: Sequence[bytes]
    room: int
    cards: int  # how many there are
    doubtful: bool  # whether a card may be shorter in base64


class Cards:
    def __init__(self, drawing: Drawing, site: Site) -> None:
        self._drawing, self._site = drawing, site
        self._drawn = lru_cache(_KEPT)(self._draw)
        self._told = Kept(_shelves, _LANGUAGES)
        self._open = dict[object, tuple[Item, _Open]]()  # with an item, so that none else has its paper's identity
        self._openings = Kept(_openings, _KEPT)
        self._kinds = Kept(_kind, _KEPT)
        self._plain = Kept(_plain, _LISTS)
        self._begun = Kept(_begun, _LISTS)

    def told(self, edition: Edition, details: Sequence[Detail], between: bytes) -> Deck:
        """Of the first items, as many as there are details; `between` stands between them in the text."""
        count = len(details)
        if not count:
            return Deck([], [], 0, 0, False)
        (kinds, html_rest, text_rest), above = self._found(edition, details)
        if above is None:
            begun, doubtful = self._plain[kinds[0].openings, count, between], kinds[0].doubtful
        else:
            begun = self._begun[tuple([kind.openings for kind in kinds]), above, between]
            doubtful = any(kind.doubtful for kind in kinds)
        html, text = begun.html.copy(), begun.text.copy()
        html[1::2], text[1::2] = html_rest, text_rest
        return Deck(html, text, begun.room + sum(map(len, html_rest)), count, doubtful)

    def sizes(self, edition: Edition, detail: Detail) -> list[int]:
        """Of the html of each card in bytes of UTF-8."""
        if not edition.items:
            return []
        (kinds, rests, _), above = self._found(edition, [detail] * len(edition.items))
        each = enumerate(zip(kinds, rests, above or repeat(NOTHING), strict=False), start=1)
        return [size([kind.openings.html[rank, head], rest]) for rank, (kind, rest, head) in each]

    def of_page(self, edition: Edition) -> list[bytes]:
        """All cards as they are on a web page."""
        words, parts = language(edition.subscription.language), list[bytes]()
        for item, place in zip(edition.items, views.places(edition, self._site), strict=True):
            parts += self._card(item, Detail.FULL, place, words).page.filled(place)
        return parts

    def _found(
        self, edition: Edition, details: Sequence[Detail]
    ) -> tuple[Iterable[tuple[Any, ...]], tuple[Above, ...] | None]:
        """By field those told, at least one, and what stands above each; None where all are of one kind.

        Where nothing is marked nor above any, and several readers were told the same, all are looked up at once.
        """
        words, items = language(edition.subscription.language), edition.items
        ids = list(map(id, items))
        if details.count(first := details[0]) == len(items):
            told = list(map(self._told[words][first].told.get, ids))
            if all(told):
                columns = kinds, _, _ = tuple(zip(*cast("list[_Told]", told), strict=True))
                if kinds.count(kind := kinds[0]) == len(kinds):
                    return columns, None
                if all(one.section == kind.section and one.fresh == kind.fresh for one in kinds):
                    return columns, (NOTHING,) * len(kinds)
        sections, fresh = [item.section for item in items], [item.fresh for item in items]
        above = tuple(views.headings(sections, words, self._site))
        found = self._each(edition, details, words, above, views.some_fresh(fresh, sections))
        return zip(*found, strict=True), above

    def _each(
        self, edition: Edition, details: Sequence[Detail], words: Language, above: Sequence[Above], some: bool
    ) -> Iterator[_Told]:
        """`some` tells whether only some of the list are new."""
        known = self._told[words]
        for (rank, item), detail, head in zip(edition.ranked, details, above, strict=False):
            key: _Key = id(item)
            if some or head != NOTHING or item.before is not None:
                key = id(item), head[0] != "", head[1] != "", rank if item.before is not None else None, some
            told = known[detail].told.get(key)
            if told is None:
                told = self._tell(item, detail, views.place(rank, item, head, some, words), words)
                known[detail].put(key, item, told)
            yield told

    def _tell(self, item: Item, detail: Detail, place: Place, words: Language) -> _Told:
        html, text, openings, doubtful = self._opened(item, detail, place, words)
        if openings is None:
            openings = self._openings[html.begun(place), text.begun(place), words]
        kind = self._kinds[item.section, item.fresh, openings, doubtful]
        return _Told(kind, html.told(place), text.told(place))

    def _opened(self, item: Item, detail: Detail, place: Place, words: Language) -> _Open:
        key = id(item.paper), _counts(item), detail, words, *map(bool, place.values())
        if (found := self._open.get(key)) is None:
            drawn = self._card(item, detail, place, words)
            html, text = _Parted.of(drawn.html, place), _Parted.of(drawn.text, place)
            openings = None
            if not html.besides and not text.besides:
                openings = self._openings[html.begun(place), text.begun(place), words]
            opened = _Open(html, text, openings, drawn.html.doubtful or drawn.text.doubtful)
            if len(self._open) >= _KEPT:
                self._open.clear()
            found = self._open[key] = item, opened
        return found[1]

    def _card(self, item: Item, detail: Detail, place: Place, words: Language) -> _Drawn:
        bare = replace(item, reasons=(), section=Section(), why="", fresh=True, before=None)
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


def _kind(of: tuple[Section, bool, _Openings, bool]) -> _Kind:
    return _Kind(*of)


def _plain(of: tuple[_Openings, int, bytes]) -> _Begun:
    openings, count, between = of
    return _Begun.of(repeat(openings, count), repeat(NOTHING), between)


def _begun(of: tuple[tuple[_Openings, ...], tuple[Above, ...], bytes]) -> _Begun:
    return _Begun.of(*of)


def _shelves(_: Language) -> Mapping[Detail, _Shelf]:
    return {one: _Shelf() for one in Detail}


def _openings(of: tuple[_Beginning, _Beginning, Language]) -> _Openings:
    (html, html_words), (text, text_words), words = of

    def of_html(at: tuple[int, Above]) -> Joined:
        rank, (heading, share) = at
        first = {"rank": words.number(rank), "heading": heading, "share": share}
        return Joined.of(html.filled({**first, **dict(html_words)}))

    def of_text(at: tuple[int, Above, bytes]) -> Joined:
        rank, (heading, share), between = at
        first = {"rank": words.number(rank), "heading": heading, "share": share}
        begun = text.filled({**first, **dict(text_words)})
        return Joined.of([between, *begun] if between else begun)

    return _Openings(Kept(of_html, _KEPT), Kept(of_text, _KEPT))
