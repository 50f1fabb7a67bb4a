"""A paper's card: drawn, inlined and encoded once per day and detail, put into its place for each reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import chain, repeat
from operator import attrgetter, getitem
from typing import Any, NamedTuple, Self, TypeAlias, TypeVar, cast

from markupsafe import Markup

from digest.model import Edition, Item, Joined, Kept, Piece, Section, SectionKind, Site
from digest.model.made import taker
from digest.render import views
from digest.render.drawing import Drawing
from digest.render.inline import markers
from digest.render.language import Language, language
from digest.render.stencil import Run, Stencil, hole, html_cuts, text_cuts
from digest.render.views import Card, Detail, Place
from digest.wire import size

_KEPT = 4_096  # of drawn cards, a day's papers at each detail, and of their places with a why-line, some 5 kB each
_LISTS, _RANKS = 8, 256  # kinds of lists
_NOTHING = ("", "")
# The words of a card that are not the paper's: its place in this edition, and why it is there.
_WORDS = tuple(Place.__annotations__)
# Of an item, what depends on the reader; the counts are the same for all.
_READERS = ("paper", "reasons", "section", "fresh", "before", "rank", "why")
_COUNTS = tuple(f.name for f in fields(Item) if f.name not in _READERS)
_counts, _columns = attrgetter(*_COUNTS), taker((*_READERS, *_COUNTS))

# Of a list: its language, whether only some of it are new, and the section of one in which nothing is marked.
_Here: TypeAlias = tuple[Language, bool, SectionKind | None]
# Of a card: its detail, the identities of paper and reasons, what else its item has; where something is marked the kind
# of its section, its rank if that makes a mark beside one of before, what stands above it, and what else marks it too.
_Key: TypeAlias = tuple[Any, ...]
_Kept = TypeVar("_Kept")


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """A paper's card: its inlined html, its text, and its html on a web page, with gaps for `_WORDS`."""

    html: Stencil
    text: Stencil
    page: Stencil


class _Told(NamedTuple):
    """A card at its place: its opening by rank, and what follows. In one row, as it is read for each card of each mail.

    Holds an item, so that none else has the identity of its parts.
    """

    item: Item
    html_opening: Mapping[int, Joined]
    html_rest: Joined
    text_opening: Mapping[int, Joined]
    text_rest: Joined
    doubtful: bool


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


class _Open(NamedTuple):
    """Both of them; for many readers' why-lines."""

    item: Item
    html: _Parted
    text: _Parted
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
        self._told: Kept[_Here, dict[object, _Told]] = Kept(lambda _: {}, _LISTS)
        self._open = dict[object, _Open]()
        self._openings = Kept(_opening, _KEPT)

    def told(self, edition: Edition, details: Iterable[Detail], between: bytes) -> Deck:
        """Of the first items, as many as there are details; `between` stands between them in the text."""
        found, ranks = self._each(edition, details)
        if not found:
            return Deck([], [], 0, 0, False)
        _, of_html, html_rest, of_text, text_rest, doubtful = zip(*found, strict=True)
        html, text = list(map(getitem, of_html, ranks)), map(getitem, of_text, ranks)
        return Deck(
            list(chain.from_iterable(zip(html, html_rest, strict=True))),
            list(chain.from_iterable(zip(repeat(between), text, text_rest, strict=False)))[1:],
            sum(map(len, html)) + sum(map(len, html_rest)),
            len(found),
            True in doubtful,
        )

    def sizes(self, edition: Edition, detail: Detail) -> list[int]:
        """Of the html of each card in bytes of UTF-8."""
        each = zip(*self._each(edition, repeat(detail)), strict=True)
        return [size([told.html_opening[rank], told.html_rest]) for told, rank in each]

    def of_page(self, edition: Edition) -> list[bytes]:
        """All cards as they are on a web page."""
        words, parts = language(edition.subscription.language), list[bytes]()
        for item, place in zip(edition.items, views.places(edition, self._site), strict=True):
            parts += self._card(item, Detail.FULL, place, words).page.filled(place)
        return parts

    def _each(self, edition: Edition, details: Iterable[Detail]) -> tuple[Sequence[_Told], Sequence[int]]:
        """With their ranks.

        Found by the identity of what readers of one day share, their papers and reasons: telling equal ones takes
        longer. The keys are made by functions in C, of columns, in a fraction of the time.
        """
        if not edition.items:
            return (), ()
        papers, reasons, sections, fresh, before, ranks, *more = _columns(edition.items)
        words = language(edition.subscription.language)
        columns: list[Iterable[object]] = [details, map(id, papers), map(id, reasons), *more]
        above: Iterable[tuple[str, str]] = repeat(_NOTHING)
        here: _Here = words, False, sections[0].kind
        if not all(fresh) or not before.count(None) == sections.count(sections[0]) == len(sections):
            here = words, views.some_fresh(fresh, sections), None
            above = views.headings(sections, words, self._site)
            moved = [was is not None and rank for was, rank in zip(before, ranks, strict=True)]
            columns += [one.kind for one in sections], moved, above, fresh, before
        known, keys = self._told[here], list(zip(*columns, strict=False))
        if not all(found := list(map(known.get, keys))):
            each = zip(found, keys, edition.items, above, strict=False)
            found = [told or self._tell(key, item, head, here) for told, key, item, head in each]
        return cast("list[_Told]", found), ranks[: len(found)]

    def _tell(self, key: _Key, item: Item, above: tuple[str, str], here: _Here) -> _Told:
        detail, (words, some, _) = key[0], here
        place = views.place(item, above, some, words)
        opened = self._opened(item, detail, place, words)
        surfaces = (*self._at(opened.html, place, words), *self._at(opened.text, place, words))
        return _keep(self._told[here], key, _Told(item, *surfaces, opened.doubtful))

    def _at(self, surface: _Parted, place: Place, words: Language) -> tuple[Mapping[int, Joined], Joined]:
        opening = self._openings[surface.opening, place["why"] if surface.why_first else "", words]
        return opening, Joined.of(surface.rest.filled(place), surface.piece)

    def _opened(self, item: Item, detail: Detail, place: Place, words: Language) -> _Open:
        said = place["heading"], place["share"], place["change"], place["moved"], place["why"] != ""
        key = id(item.paper), _counts(item), detail, words, said
        found = self._open.get(key)
        if found is None:
            drawn = self._card(item, detail, place, words)
            html, text = _Parted.of(drawn.html, place), _Parted.of(drawn.text, place)
            found = _keep(self._open, key, _Open(item, html, text, drawn.html.doubtful or drawn.text.doubtful))
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


def _opening(of: tuple[Run, str, Language]) -> Mapping[int, Joined]:
    run, why, words = of
    return Kept(lambda rank: Joined.of(run.filled({"rank": words.number(rank), "why": why})), _RANKS)


def _keep(known: dict[object, _Kept], key: object, made: _Kept) -> _Kept:
    if len(known) >= _KEPT:
        known.clear()
    known[key] = made
    return made
