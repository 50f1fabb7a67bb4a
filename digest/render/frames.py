"""What stands around the cards: drawn once per shape, told once for all whose mails differ in `OPEN` alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple, Self, TypeAlias

from digest.model import Edition, Fragment, Links, Piece, Site, Telling
from digest.render import around, days, views
from digest.render.drawing import Drawing
from digest.render.inline import inline, markers, tidy
from digest.render.stencil import OWN, Gap, Nested, Run, Stencil, hole, html_cuts, text_cuts
from digest.render.views import Mention

# What differs between the mails of one profile and day, besides their papers and what is the reader's own.
OPEN = frozenset({"subject", "preheader", "archive"})
OWN_ROOM = 500  # bytes of html kept for each thing of the reader's own, so that who the reader is changes no paper

_KEPT = 4_096
_Line: TypeAlias = Mention | days.RibbonLine
_LINES: Mapping[str, type[_Line]] = {"missed": Mention, "hidden": Mention, "ribbon": days.RibbonLine}
_NESTED = ("cards", *_LINES)
_NAMES = tuple(field.name for field in fields(around.Shell))
_values = attrgetter(*_NAMES)
_facts = attrgetter(
    "title", "description", "date", "fresh", "held_back", "muted", "sources", "ribbon", "cut", "verdicts",
    "subscription.cadence", "subscription.language",
)  # fmt: skip
# Fragments by the name of what they stand in the place of.
_Fragments: TypeAlias = Mapping[str, Sequence[Fragment]]


class Filled(NamedTuple):
    """A surface told; `own` is where the reader's own stands, `room` what it takes at the most, in bytes of UTF-8."""

    parts: list[Fragment]
    own: list[int]
    room: int


class Surface(NamedTuple):
    """The html around the cards, or the text."""

    runs: Sequence[Run | Nested]
    doubtful: bool

    @classmethod
    def of(cls, runs: Iterable[Run | Nested], doubtful: bool) -> Self:
        """What many mails have in common is joined, and is a piece of all of them."""
        joined = [run if isinstance(run, Nested) else run.joined() for run in runs]
        between = [run.between for run in joined if isinstance(run, Nested) and run.between]
        piece = Piece.of([*(one for run in joined if isinstance(run, Run) for one in run.literals), *between])
        return cls([run if isinstance(run, Nested) else run.of_piece(piece) for run in joined], doubtful)

    def filled(self, opened: Mapping[str, str], nested: _Fragments) -> Filled:
        """`room` is without what is nested."""
        parts, own, room = list[Fragment](), list[int](), 0
        for run in self.runs:
            if isinstance(run, Nested):
                parts += nested.get(run.name, ())
                continue
            begin = len(parts)
            parts += run.parts
            for at, gap in run.open:
                parts[begin + at] = fill = gap.filled(opened)
                room += len(fill)
            own += [begin + at for at in run.own]
            room += run.size + OWN_ROOM * len(run.own)
        return Filled(parts, own, room)


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
        own = around.own(edition.subscription.address, links)
        there = [value != "" for value in (opened["archive"], *own.values())]
        notes = edition.missed != (), len(edition.hidden)
        key = _facts(edition), len(edition.items), shown, around.risen(edition), links.feed_url, *notes, *there
        found = self._told.get(key)
        if found is None:
            if len(self._told) >= _KEPT:
                self._told.clear()
            shell = around.shell(edition, links, shown, self._site)
            values = dict(zip(_NAMES, _values(shell), strict=True))
            found = self._told[key] = self._tell(values, _notes(edition, self._site), shown > 0)
        return found

    def html_notes(self, edition: Edition) -> _Fragments:
        """What is only named."""
        return {
            name: [part for one in lines for part in self._filled(name, asdict(one))]
            for name, lines in _notes(edition, self._site).items()
        }

    def _filled(self, name: str, values: Mapping[str, str]) -> Sequence[Fragment]:
        return self._line(name, frozenset([field for field, value in values.items() if value])).filled(values)

    def text_notes(self, edition: Edition, frame: Frame) -> _Fragments:
        found: dict[str, Sequence[Fragment]] = {}
        for name, lines in _notes(edition, self._site).items():
            if name in frame.lines:
                body, between = frame.lines[name]
                parts = [(between, *body.filled(_sample(name, one))) for one in lines]
                found[name] = [part for each in parts for part in each][1:]
        return found

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


def _notes(edition: Edition, site: Site) -> Mapping[str, Sequence[_Line]]:
    """Those that there are."""
    if not (edition.missed or edition.hidden or edition.ribbon):
        return {}
    found: Mapping[str, Sequence[_Line]] = {
        "missed": views.missed(edition, site),
        "hidden": views.hidden(edition, site),
        "ribbon": days.ribbon(edition),
    }
    return {name: lines for name, lines in found.items() if lines}


def _sample(name: str, one: _Line) -> dict[str, str]:
    return {f"{name}.0.{field}": value for field, value in asdict(one).items()}
