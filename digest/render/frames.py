"""What stands around the cards: drawn once per shape, told once for all whose mails differ in `OPEN` alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple, Self, TypeAlias

from digest.model import FIRST_OWN, Body, Edition, Fragment, Kept, Links, Piece, Site, Telling
from digest.render import around, days, views
from digest.render.drawing import Drawing
from digest.render.inline import inline, markers, tidy
from digest.render.stencil import OWN, Gap, Nested, Run, Stencil, hole, html_cuts, text_cuts
from digest.render.views import Mention

# What differs between the mails of one profile and day, besides their papers and what is the reader's own.
OPEN = frozenset({"subject", "preheader", "archive"})
_RARE = OPEN - {"subject"}  # what two of those mails seldom have in common: keeping it would take longer
OWN_ROOM = 500  # bytes of html kept for each thing of the reader's own, so that who the reader is changes no paper

_KEPT = 512  # frames of some 8 kB
_Line: TypeAlias = Mention | days.RibbonLine
_LINES: Mapping[str, type[_Line]] = {"missed": Mention, "hidden": Mention, "ribbon": days.RibbonLine}
_NESTED = ("cards", *_LINES)
_NAMES = tuple(field.name for field in fields(around.Shell))
_values = attrgetter(*_NAMES)
_facts = attrgetter(
    "title", "description", "date", "fresh", "held_back", "muted", "sources", "ribbon", "cut", "verdicts", "every_day",
    "subscription.cadence", "subscription.language",
)  # fmt: skip
# Fragments by the name of what they stand in the place of.
Fragments: TypeAlias = Mapping[str, Sequence[Fragment]]
# The same before they are told: what is only named, and the days that an edition makes up for.
Notes: TypeAlias = Mapping[str, Sequence[_Line]]


class Surface(NamedTuple):
    """The html around the cards, or the text. Its `parts` have places for what is nested, open or the reader's own.

    `open` tells what an open part depends on and how it is told, `own` also how much is nested before it; `room` is of
    all that is neither open nor nested. `beside` has the places of the reader's own beside so many fragments of cards,
    where nothing else is nested.
    """

    parts: Sequence[Fragment]
    nested: Sequence[tuple[int, str]]
    open: Sequence[tuple[int, Callable[[Mapping[str, str]], Any], Callable[[Any], bytes]]]
    own: Sequence[tuple[int, int]]
    beside: Mapping[int, Sequence[int]]
    room: int
    doubtful: bool

    @classmethod
    def of(cls, runs: Iterable[Run | Nested], doubtful: bool) -> Self:
        """What many mails have in common is joined, and is a piece of all of them."""
        joined = [run if isinstance(run, Nested) else run.joined() for run in runs]
        between = [run.between for run in joined if isinstance(run, Nested) and run.between]
        piece = Piece.of([*(one for run in joined if isinstance(run, Run) for one in run.literals), *between])
        parts, nested, own = list[Fragment](), list[tuple[int, str]](), list[tuple[int, int]]()
        open_ = list[tuple[int, Callable[[Mapping[str, str]], Any], Callable[[Any], bytes]]]()
        for run in joined:
            begin = len(parts)
            if isinstance(run, Nested):
                nested.append((begin, run.name))
                parts.append(b"")
                continue
            parts += [FIRST_OWN + one if isinstance(one, int) else one for one in run.of_piece(piece).parts]
            open_ += [(begin + at, gap.pick, gap.once if gap.names & _RARE else gap.kept) for at, gap in run.open]
            own += [(begin + at, len(nested)) for at in run.own]
        room = sum(run.size for run in joined if isinstance(run, Run)) + OWN_ROOM * len(own)
        beside: Kept[int, Sequence[int]] = Kept(lambda count: [at + (count - 1) * before for at, before in own], _KEPT)
        return cls(parts, nested, open_, own, beside, room, doubtful)

    def filled(self, opened: Mapping[str, str], nested: Fragments, doubtful: bool) -> Body:
        """`doubtful` is of what is nested, `room` of all the rest."""
        parts, room = list(self.parts), self.room
        for at, pick, tell in self.open:
            parts[at] = fill = tell(pick(opened))
            room += len(fill)
        if len(self.nested) == 1:  # as of most
            at, name = self.nested[0]
            parts[at : at + 1] = those = nested.get(name, ())
            return Body(parts, self.beside[len(those)], doubtful or self.doubtful, room)
        more = [0]
        for at, name in self.nested:
            begin = at + more[-1]
            parts[begin : begin + 1] = those = nested.get(name, ())
            more.append(more[-1] + len(those) - 1)
        return Body(parts, [at + more[before] for at, before in self.own], doubtful or self.doubtful, room)


class Frame(NamedTuple):
    """What stands around the cards of one mail, but for what is open.

    `between` stands between the texts of two cards, `lines` are the stencils of the text's notes.
    """

    values: Mapping[str, str]
    html: Surface
    text: Surface
    owns: Sequence[Gap]
    closed: tuple[Telling, ...] | None  # of what is the reader's own, unless that depends on what is open
    between: bytes
    lines: Mapping[str, tuple[Stencil, bytes]]

    def text_notes(self, notes: Notes) -> Fragments:
        found: dict[str, Sequence[Fragment]] = {}
        for name, lines in notes.items():
            if name in self.lines:
                body, between = self.lines[name]
                parts = [(between, *body.filled(_sample(name, one))) for one in lines]
                found[name] = [part for each in parts for part in each][1:]
        return found

    def tellings(self, opened: Mapping[str, str]) -> tuple[Telling, ...]:
        if self.closed is not None:
            return self.closed
        values = {**self.values, **opened}
        return tuple([gap.knowing(values, OWN).tell for gap in self.owns])


class Frames:
    def __init__(self, drawing: Drawing, site: Site) -> None:
        self._drawing, self._site = drawing, site
        self._told: dict[tuple[object, ...], Frame] = {}
        self._html = lru_cache(64)(self._draw_html)
        self._text = lru_cache(64)(self._draw_text)
        self._line = lru_cache(self._draw_line)

    def of(self, edition: Edition, links: Links, opened: Mapping[str, str], shown: int) -> Frame:
        """For so many cards."""
        there = opened["archive"] != "", *around.offers(edition.subscription.address, links)
        notes = edition.missed != (), len(edition.hidden)
        key = _facts(edition), len(edition.items), shown, around.risen(edition), links.feed_url, *notes, *there
        found = self._told.get(key)
        if found is None:
            if len(self._told) >= _KEPT:
                self._told.clear()
            shell = around.shell(edition, links, shown, self._site)
            values = dict(zip(_NAMES, _values(shell), strict=True))
            found = self._told[key] = self._tell(values, self.notes(edition), shown > 0)
        return found

    def notes(self, edition: Edition) -> Notes:
        """Those that there are."""
        if not (edition.missed or edition.hidden or edition.ribbon):
            return {}
        found: Notes = {
            "missed": views.missed(edition, self._site),
            "hidden": views.hidden(edition, self._site),
            "ribbon": days.ribbon(edition),
        }
        return {name: lines for name, lines in found.items() if lines}

    def html_notes(self, notes: Notes) -> Fragments:
        return {
            name: [part for one in lines for part in self._filled(name, asdict(one))] for name, lines in notes.items()
        }

    def _filled(self, name: str, values: Mapping[str, str]) -> Sequence[Fragment]:
        return self._line(name, frozenset([field for field, value in values.items() if value])).filled(values)

    def _tell(self, values: Mapping[str, str], notes: Iterable[str], cards: bool) -> Frame:
        present = frozenset([*(name for name, value in values.items() if value), *notes])
        html, text = self._html(present), self._text(present | {"cards"} if cards else present)
        owns = list[Gap]()
        html_runs, text_runs = html.runs(values, OPEN, owns), text.runs(values, OPEN, owns)
        closed = all(gap.names.isdisjoint(OPEN) for gap in owns)
        return Frame(
            values=values,
            html=Surface.of(html_runs, html.doubtful),
            text=Surface.of(text_runs, text.doubtful),
            owns=owns,
            closed=tuple([gap.knowing(values, OWN).tell for gap in owns]) if closed else None,
            between=text.between("cards"),
            lines={name: (body, text.between(name)) for name, body in text.bodies.items()},
        )

    def _draw_line(self, name: str, there: frozenset[str]) -> Stencil:
        """The line of any paper that is only named, or of any day, that has these words: all of them are gaps."""
        kind = _LINES[name]
        marks = markers((field.name for field in fields(kind)), name)
        template, value = ("ribbon.html.j2", "day") if name == "ribbon" else ("mention.html.j2", "paper")
        words = {field: mark if field in there else "" for field, mark in marks.items()}
        html = self._drawing.html(template, **{value: kind(**words)})
        return Stencil(html_cuts(self._drawing.inlined(html), marks))

    def _draw_html(self, present: frozenset[str]) -> Stencil:
        """The shell of all mails that have these values. Its template sees markers, so it may ask only: is it there?"""
        marks = markers((*_NAMES, *_NESTED), repr((self._drawing.site, sorted(present))))
        html = self._drawing.html(
            "mail.html.j2",
            mail=around.Shell(**{name: marks[name] if name in present else "" for name in _NAMES}),
            cards=marks["cards"],
            **{name: marks[name] if name in present else "" for name in _LINES},
            css=self._drawing.css("mail.css"),
            kept_css=self._drawing.css("dark.css"),
        )
        whole = tidy(inline(html)) + "\n"
        for name in _NESTED:  # what is nested ends its last line itself
            whole = whole.replace(f"{marks[name]}\n", marks[name])
        return Stencil(html_cuts(whole, marks), nested=_NESTED)

    def _draw_text(self, present: frozenset[str]) -> Stencil:
        """The same for the text. Of what is repeated it sees two samples, from which the stencil learns."""
        cards = [f"cards.{number}" for number in (0, 1) if "cards" in present]
        samples = {
            name: [{field.name: f"{name}.{number}.{field.name}" for field in fields(kind)} for number in (0, 1)]
            for name, kind in _LINES.items()
            if name in present
        }
        text = self._drawing.text(
            "mail.txt.j2",
            mail=around.Shell(**{name: hole(name) if name in present else "" for name in _NAMES}),
            cards=[hole(name) for name in cards],
            **{
                name: [kind(**{field: hole(one) for field, one in each.items()}) for each in samples.get(name, ())]
                for name, kind in _LINES.items()
            },
        )
        known = [*_NAMES, *cards, *(one for those in samples.values() for each in those for one in each.values())]
        return Stencil(text_cuts(text.strip("\n") + "\n", known), repeated=_NESTED)


def _sample(name: str, one: _Line) -> dict[str, str]:
    return {f"{name}.0.{field}": value for field, value in asdict(one).items()}
