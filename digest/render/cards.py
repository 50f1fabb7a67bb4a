"""A paper's card: drawn, inlined and encoded once per day and detail, put into its place for each reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import chain, repeat
from operator import attrgetter, getitem
from typing import Any, NamedTuple, TypeAlias, TypeVar

from markupsafe import Markup

from digest.model import Edition, Fragment, Item, Joined, Kept, Piece, Section, SectionKind, Site
from digest.render import views
from digest.render.drawing import Drawing
from digest.render.inline import markers
from digest.render.language import Language, language
from digest.render.stencil import Gap, Run, Stencil, hole, html_cuts, text_cuts
from digest.render.views import Card, Detail, Place
from digest.wire import size

_KEPT = 4_096  # drawn cards: a day's papers at each detail, many times over
_KEPT_TOLD, _KEPT_LISTS = 8_192, 16  # their places, and each with a why-line, some 5 kB; in lists of how many kinds
_RANKS = 256
# The words of a card that are not the paper's: its place in this edition, and why it is there.
_WORDS = tuple(Place.__annotations__)
# Of an item, what depends on the reader; the counts are the same for all.
_READERS = ("paper", "reasons", "section", "fresh", "before", "rank", "why")
_COUNTS = tuple(f.name for f in fields(Item) if f.name not in _READERS)
_counts, _all = attrgetter(*_COUNTS), attrgetter(*_READERS, *_COUNTS)

# Of a list: its language, and whether only some of it are new.
_Here: TypeAlias = tuple[Language, bool]
# Of a card: its detail, the identities of paper and reasons, its section's kind, its rank if that makes a mark beside
# one of before, what stands above it, and what else its item has.
_Key: TypeAlias = tuple[Detail, int, int, SectionKind, int, tuple[str, str], bool, int | None, str, *tuple[Any, ...]]
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
    html_opening: Mapping[int, bytes]
    html_rest: bytes
    html_size: int  # of the rest, in bytes of UTF-8
    html_piece: Piece
    text_opening: Mapping[int, bytes]
    text_rest: bytes
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

    html: Sequence[bytes]
    text: Sequence[bytes]
    room: int
    html_pieces: Sequence[Piece]
    text_pieces: Sequence[Piece]
    doubtful: bool  # whether a card may be shorter in base64


class Cards:
    def __init__(self, drawing: Drawing, site: Site) -> None:
        self._drawing, self._site = drawing, site
        self._drawn = lru_cache(_KEPT)(self._draw)
        self._told: Kept[_Here, dict[object, _Told]] = Kept(lambda _: {}, _KEPT_LISTS)
        self._open = dict[object, _Open]()
        self._opening = Kept(_opening, _KEPT_TOLD)

    def told(self, edition: Edition, details: Iterable[Detail], between: bytes) -> Deck:
        """Of the first items, as many as there are details; `between` stands between them in the text."""
        found, ranks = self._each(edition, details)
        if not found:
            return Deck([], [], 0, [], [], False)
        _, of_html, html_rest, sizes, html_pieces, of_text, text_rest, text_pieces, doubtful = zip(*found, strict=True)
        html, text = list(map(getitem, of_html, ranks)), map(getitem, of_text, ranks)
        return Deck(
            list(chain.from_iterable(zip(html, html_rest, strict=True))),
            list(chain.from_iterable(zip(repeat(between), text, text_rest, strict=False)))[1:],
            sum(sizes) + sum(map(len, html)),
            html_pieces,
            text_pieces,
            True in doubtful,
        )

    def sizes(self, edition: Edition, detail: Detail) -> list[int]:
        """Of the html of each card in bytes of UTF-8."""
        each = zip(*self._each(edition, repeat(detail)), strict=True)
        return [told.html_size + size([told.html_opening[rank]]) for told, rank in each]

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
        papers, reasons, sections, fresh, before, ranks, *more = zip(*map(_all, edition.items), strict=True)
        words, some = language(edition.subscription.language), views.some_fresh(fresh, sections)
        moved = [was is not None and rank for was, rank in zip(before, ranks, strict=True)]
        kinds, above = [one.kind for one in sections], views.headings(sections, words, self._site)
        columns = map(id, papers), map(id, reasons), kinds, moved, above, fresh, before, *more
        known, keys = self._told[words, some], list(zip(details, *columns, strict=False))
        found = list(map(known.get, keys))
        if not all(found):
            each = zip(found, keys, edition.items, strict=False)
            found = [told or self._tell(key, item, (words, some)) for told, key, item in each]
        return found, ranks[: len(found)]

    def _tell(self, key: _Key, item: Item, here: _Here) -> _Told:
        detail, above, (words, some) = key[0], key[5], here
        place = views.place(item, above, some, words)
        _, drawn, html, text = self._opened(item, detail, place, words)
        (html_opening, html_rest), (text_opening, text_rest) = (
            self._parted(html, place, words),
            self._parted(text, place, words),
        )
        told = _Told(
            item,
            html_opening,
            html_rest,
            size([html_rest]),
            drawn.html.piece,
            text_opening,
            text_rest,
            drawn.text.piece,
            drawn.html.doubtful or drawn.text.doubtful,
        )
        return _keep(self._told[here], key, told)

    def _opened(self, item: Item, detail: Detail, place: Place, words: Language) -> _Open:
        said = place["heading"], place["share"], place["change"], place["moved"], place["why"] != ""
        key = id(item.paper), _counts(item), detail, words, said
        found = self._open.get(key)
        if found is None:
            drawn = self._card(item, detail, place, words)
            html, text = drawn.html.run(place, ("rank", "why")), drawn.text.run(place, ("rank", "why"))
            found = _keep(self._open, key, _Open(item, drawn, html, text))
        return found

    def _parted(self, run: Run, place: Place, words: Language) -> tuple[Mapping[int, bytes], bytes]:
        """A card's opening by rank, up to the last place where that stands, and what follows, each in one."""
        told = run.told(place, ("rank",))
        end = told.open[-1][0] + 1 if told.open else 0
        return self._opening[told.parts[:end], told.open, words], Joined.of(told.parts[end:])

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


def _opening(of: tuple[tuple[Fragment, ...], tuple[tuple[int, Gap], ...], Language]) -> Mapping[int, bytes]:
    parts, open_, words = of

    def told(rank: int) -> bytes:
        gaps, values = dict(open_), {"rank": words.number(rank)}
        return Joined.of([gaps[at].filled(values) if at in gaps else part for at, part in enumerate(parts)])

    return Kept(told, _RANKS)


def _keep(known: dict[object, _Kept], key: object, made: _Kept) -> _Kept:
    if len(known) >= _KEPT_TOLD:
        known.clear()
    known[key] = made
    return made
