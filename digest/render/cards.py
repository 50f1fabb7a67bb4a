"""A paper's card: drawn, inlined and encoded once per day and detail, put into its place for each reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import repeat
from operator import attrgetter
from typing import Any, NamedTuple, Self, TypeAlias, TypeVar, cast

from markupsafe import Markup

from digest.model import Edition, Item, Joined, Kept, Piece, Section, Site
from digest.render import views
from digest.render.drawing import Drawing
from digest.render.inline import markers
from digest.render.language import Language, language
from digest.render.stencil import Run, Stencil, hole, html_cuts, text_cuts
from digest.render.views import Card, Detail, Place
from digest.wire import size

_KEPT = 4_096  # of drawn cards, a day's papers at each detail
_MET = 4_096  # items of a day's readers; with a card of some 5 kB for those that several readers have
_LANGUAGES, _RANKS = 8, 256
# The words of a card that are not the paper's: its place in this edition, and why it is there.
_WORDS = tuple(Place.__annotations__)
# Of an item, what is the same for all readers besides its paper; and what can make a mark in a list.
_counts, _marks = attrgetter("votes", "comments", "rise"), attrgetter("section", "fresh", "before")

# Of a card its item's identity; where something is marked, also what stands above it, its rank if that makes a mark
# beside one of before, and whether only some of the list are new.
_Key: TypeAlias = int | tuple[int, tuple[str, str], int | None, bool]
_Asked = TypeVar("_Asked")
_Kept = TypeVar("_Kept")


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """A paper's card: its inlined html, its text, and its html on a web page, with gaps for `_WORDS`."""

    html: Stencil
    text: Stencil
    page: Stencil


@dataclass(frozen=True, slots=True, eq=False)
class _Openings:
    """How a card begins, up to its rank: by that in the html, by that and what stands before the card in the text."""

    html: Mapping[int, Joined]
    text: Mapping[tuple[int, bytes], Joined]


class _Begun(NamedTuple):
    """The openings of cards one after the other, each with a place for the rest; `room` is what those of html take."""

    html: list[bytes]
    text: list[bytes]
    room: int

    @classmethod
    def of(cls, openings: Iterable[_Openings], between: bytes) -> Self:
        html, text = list[bytes](), list[bytes]()
        for rank, one in enumerate(openings, start=1):
            html += one.html[rank], b""
            text += one.text[rank, between if rank > 1 else b""], b""
        return cls(html, text, sum(map(len, html)))


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """What most cards of a list have in common: their section, how they begin, whether base64 may be shorter."""

    section: Section
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
        if len(self._met) >= _MET:
            self.told.clear()
            self._met.clear()
        self._met[key] = item


class _Parted(NamedTuple):
    """A surface of the same up to the last place of its rank and behind it, open where rank and why-line stand."""

    opening: Run
    rest: Run
    why_first: bool  # whether the why-line is in the opening
    piece: Piece

    @classmethod
    def of(cls, stencil: Stencil, place: Place) -> Self:
        opening, rest = stencil.run(place, ("rank", "why")).parted("rank")
        return cls(opening, rest, any("why" in gap.names for _, gap in opening.open), stencil.piece)

    def begun(self, place: Place) -> tuple[Run, str]:
        """All that the opening depends on, besides the rank."""
        return self.opening, place["why"] if self.why_first else ""

    def told(self, place: Place) -> Joined:
        """The rest."""
        return Joined.of(self.rest.filled(place), self.piece)


class _Open(NamedTuple):
    """Both of them, for many readers' why-lines; and how the card begins, unless it does with the why-line."""

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
        self._begun: Kept[tuple[_Openings, int, bytes], _Begun] = Kept(
            lambda of: _Begun.of(repeat(of[0], of[1]), of[2]), _RANKS
        )

    def told(self, edition: Edition, details: Sequence[Detail], between: bytes) -> Deck:
        """Of the first items, as many as there are details; `between` stands between them in the text."""
        count = len(details)
        if not count:
            return Deck([], [], 0, 0, False)
        kinds, html_rest, text_rest = self._columns(edition, details)
        kind, doubtful = kinds[0], kinds[0].doubtful
        if kinds.count(kind) == count:  # as of most
            begun = self._begun[kind.openings, count, between]
        else:
            begun = _Begun.of([one.openings for one in kinds], between)
            doubtful = any(one.doubtful for one in kinds)
        html, text = begun.html.copy(), begun.text.copy()
        html[1::2], text[1::2] = html_rest, text_rest
        return Deck(html, text, begun.room + sum(map(len, html_rest)), count, doubtful)

    def sizes(self, edition: Edition, detail: Detail) -> list[int]:
        """Of the html of each card in bytes of UTF-8."""
        if not edition.items:
            return []
        kinds, rests, _ = self._columns(edition, [detail] * len(edition.items))
        each = enumerate(zip(kinds, rests, strict=True), start=1)
        return [size([kind.openings.html[rank], rest]) for rank, (kind, rest) in each]

    def of_page(self, edition: Edition) -> list[bytes]:
        """All cards as they are on a web page."""
        words, parts = language(edition.subscription.language), list[bytes]()
        for item, place in zip(edition.items, views.places(edition, self._site), strict=True):
            parts += self._card(item, Detail.FULL, place, words).page.filled(place)
        return parts

    def _columns(self, edition: Edition, details: Sequence[Detail]) -> Iterable[tuple[Any, ...]]:
        """By field those told; at least one. Of lists in which nothing is marked they are looked up at once."""
        words, items = language(edition.subscription.language), edition.items
        known, ids = self._told[words], list(map(id, items))
        if details.count(first := details[0]) == len(items):
            told = list(map(known[first].told.get, ids))
            if all(told):
                columns = kinds, _, _ = tuple(zip(*cast("list[_Told]", told), strict=True))
                if kinds.count(kinds[0]) == len(kinds) or _alike([one.section for one in kinds]):
                    return columns
        return zip(*self._each(edition, details, words), strict=True)

    def _each(self, edition: Edition, details: Sequence[Detail], words: Language) -> Sequence[_Told]:
        items, known = edition.items, self._told[words]
        ids = list(map(id, items))
        sections, fresh, before = zip(*map(_marks, items), strict=True)
        some, above = views.some_fresh(fresh, sections), views.headings(sections, words, self._site)
        keys: list[_Key] = [*ids]
        if not (all(fresh) and before.count(None) == len(items) and _alike(sections)):
            keys = [
                (one, head, rank if was is not None else None, some)
                for rank, (one, head, was) in enumerate(zip(ids, above, before, strict=True), start=1)
            ]
        found = []
        for (rank, item), key, head, detail in zip(edition.ranked, keys, above, details, strict=False):
            told = known[detail].told.get(key)
            if told is None:
                told = self._tell(item, detail, views.place(rank, item, head, some, words), words)
                known[detail].put(key, item, told)
            found.append(told)
        return found

    def _tell(self, item: Item, detail: Detail, place: Place, words: Language) -> _Told:
        html, text, openings, doubtful = self._opened(item, detail, place, words)
        if openings is None:
            openings = self._openings[html.begun(place), text.begun(place), words]
        return _Told(self._kinds[item.section, openings, doubtful], html.told(place), text.told(place))

    def _opened(self, item: Item, detail: Detail, place: Place, words: Language) -> _Open:
        said = place["heading"], place["share"], place["change"], place["moved"], place["why"] != ""
        key = id(item.paper), _counts(item), detail, words, said
        if (found := self._open.get(key)) is None:
            drawn = self._card(item, detail, place, words)
            html, text = _Parted.of(drawn.html, place), _Parted.of(drawn.text, place)
            begun = None if html.why_first or text.why_first else (html.begun(place), text.begun(place), words)
            openings = self._openings[begun] if begun else None
            opened = _Open(html, text, openings, drawn.html.doubtful or drawn.text.doubtful)
            found = _keep(self._open, key, (item, opened))
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


def _kind(of: tuple[Section, _Openings, bool]) -> _Kind:
    return _Kind(*of)


def _shelves(_: Language) -> Mapping[Detail, _Shelf]:
    return {one: _Shelf() for one in Detail}


def _alike(sections: Sequence[Section]) -> bool:
    return sections.count(sections[0]) == len(sections)


def _openings(of: tuple[tuple[Run, str], tuple[Run, str], Language]) -> _Openings:
    (html, html_why), (text, text_why), words = of

    def of_html(rank: int) -> Joined:
        return Joined.of(html.filled({"rank": words.number(rank), "why": html_why}))

    def of_text(at: tuple[int, bytes]) -> Joined:
        rank, between = at
        begun = text.filled({"rank": words.number(rank), "why": text_why})
        return Joined.of([between, *begun] if between else begun)

    return _Openings(Kept(of_html, _RANKS), Kept(of_text, _RANKS))


def _keep(known: dict[_Asked, _Kept], key: _Asked, made: _Kept) -> _Kept:
    if len(known) >= _KEPT:
        known.clear()
    known[key] = made
    return made
