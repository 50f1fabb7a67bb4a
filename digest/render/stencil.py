"""What a template drew with marks in place of values, cut at the marks: to be filled for many mails without drawing.

In html a mark is a word that the caller makes up, as inliners and parsers must let it pass. In text it is a control
character around a name, which no cleaned text holds; there a filter that meets a mark waits until the gap is filled.
What is between the marks is encoded for the wire once, and what fills them is told in the same form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from textwrap import wrap
from typing import Any, NamedTuple, TypeAlias, cast

from markupsafe import escape

from digest.errors import RenderError
from digest.model import Fragment, Joined, Kept, Piece, Telling
from digest.render.wording import NO_BREAK
from digest.wire import quoted, size

# What differs between readers of one selection; all else is the selection's.
OWN = frozenset({"address", "unsubscribe", "preferences"})

_HOLE, _OPEN, _NAMED, _SHUT = "\x1a", "\x02", "\x1f", "\x03"
_MARK = re.compile(f"m{_HOLE}([^{_HOLE}]*){_HOLE}M|{_OPEN}([a-z]+){_NAMED}|({_SHUT})")
_WIDTH = 72
_AND_BLANK = f" {NO_BREAK}"
_KEPT = 16_384  # words of one gap: the why-lines of a day


class Gap:
    """How to tell the words of a gap from the values by name. Many mails have the same, so they are kept encoded.

    Gaps that are made alike are one, whichever papers they stand in.
    """

    __slots__ = ("kept", "names", "once", "pick", "tell")

    def __init__(self, tell: Telling, names: frozenset[str]) -> None:
        first, *others = ordered = sorted(names)
        self.tell, self.names = tell, names
        self.pick: Callable[[Mapping[str, str]], Any] = itemgetter(*ordered)  # what the words depend on
        self.once: Callable[[Any], bytes] = (
            (lambda values: quoted(tell(dict(zip(ordered, values, strict=True)))))
            if others
            else lambda value: quoted(tell({first: value}))
        )
        self.kept: Callable[[Any], bytes] = Kept(self.once, _KEPT).__getitem__

    def filled(self, values: Mapping[str, str]) -> bytes:
        return self.kept(self.pick(values))

    def knowing(self, values: Mapping[str, str], open_: Container[str]) -> Gap:
        """The same gap with all values but those that are open."""
        rest = {name: values[name] for name in self.names if name not in open_}
        if not rest:
            return self
        return Gap(lambda others: self.tell({**rest, **others}), self.names - rest.keys())


Cut: TypeAlias = str | Gap


class Nested(NamedTuple):
    """Where other fragments stand, one after the other, and what stands between them."""

    name: str
    between: bytes = b""


class Run(NamedTuple):
    """Parts of which some are open yet, and some the reader's own: where, and by which gap. `size` is of the others."""

    parts: tuple[Fragment, ...]
    open: tuple[tuple[int, Gap], ...]
    own: tuple[int, ...]
    size: int

    def filled(self, values: Mapping[str, Any]) -> list[bytes]:
        """What is told, and these values where it is open; nothing of it is the reader's own."""
        parts = cast("list[bytes]", [*self.parts])
        for at, gap in self.open:
            parts[at] = gap.once(gap.pick(values))
        return list(filter(None, parts))

    def parted(self, names: Collection[str]) -> tuple[Run, Run]:
        """What stands up to the last place that is open for one of these values, with that, and what stands behind."""
        end = max((at + 1 for at, gap in self.open if not gap.names.isdisjoint(names)), default=0)
        before = tuple([(at, gap) for at, gap in self.open if at < end])
        behind = tuple([(at - end, gap) for at, gap in self.open if at >= end])
        return Run(self.parts[:end], before, (), 0), Run(self.parts[end:], behind, (), 0)

    def joined(self) -> Run:
        """The same with what is told in one part, from one place that is left to the next."""
        gaps, left = dict(self.open), {*self.own, *dict(self.open)}
        parts, places = list[Fragment](), dict[int, int]()
        for told, those in groupby(range(len(self.parts)), key=lambda at: at not in left):
            if told:
                parts.append(b"".join([part for at in those if isinstance(part := self.parts[at], bytes)]))
            else:
                for at in those:
                    places[at] = len(parts)
                    parts.append(self.parts[at])
        waiting = tuple([(places[at], gap) for at, gap in gaps.items()])
        return Run(tuple(parts), waiting, tuple([places[at] for at in self.own]), self.size)

    def of_piece(self, piece: Piece) -> Run:
        """The same, and what is told is known to be of that piece."""
        return self._replace(
            parts=tuple([Joined.of([one], piece) if isinstance(one, bytes) else one for one in self.parts])
        )

    @property
    def literals(self) -> list[bytes]:
        """What is told."""
        return [part for part in self.parts if isinstance(part, bytes) and part]


class Stencil:
    """Fragments, gaps and nested fragments in order. `bodies` are of what is repeated in it and has gaps itself."""

    def __init__(self, cuts: Sequence[Cut], nested: Container[str] = (), repeated: Iterable[str] = ()) -> None:
        """`nested` are the names of fragments; of `repeated` two samples are there to learn from."""
        self.bodies: dict[str, Stencil] = {}
        parts: list[Cut | Nested] = [
            Nested(name) if isinstance(cut, Gap) and (name := min(cut.names)) in nested else cut for cut in cuts
        ]
        for name in repeated:
            parts = self._without_samples(parts, name)
        whole = _joined(parts)
        self.cuts = tuple([quoted(one) if isinstance(one, str) else one for one in whole])
        literals = [one.between if isinstance(one, Nested) else one for one in self.cuts]
        self.piece = Piece.of([one for one in literals if isinstance(one, bytes) and one])
        raw = "".join(one for one in whole if isinstance(one, str)).encode("utf-8", "replace")
        # Whether so much of it is beyond ascii that the whole may be shorter in base64.
        self.doubtful = 18 * (len(raw) - len(raw.decode("ascii", "ignore"))) > len(raw)

    def filled(self, values: Mapping[str, Any]) -> list[bytes]:
        """The whole of a stencil that has nothing nested."""
        return [one.filled(values) if isinstance(one, Gap) else one for one in self.cuts if not isinstance(one, Nested)]

    def run(self, values: Mapping[str, Any], open_: Collection[str]) -> Run:
        """The same, but for what is open."""
        return _run([one for one in self.cuts if not isinstance(one, Nested)], values, open_, [])

    def runs(self, values: Mapping[str, str], open_: Collection[str], owns: list[Gap]) -> list[Run | Nested]:
        """All but what is open and what is the reader's own, for which a gap is added to `owns`."""
        found: list[Run | Nested] = []
        between: list[bytes | Gap] = []
        for one in self.cuts:
            if isinstance(one, Nested):
                found += [_run(between, values, open_, owns), one]
                between = []
            else:
                between.append(one)
        return [*found, _run(between, values, open_, owns)]

    def between(self, name: str) -> bytes:
        """What stands between two of these."""
        return b"".join(one.between for one in self.cuts if isinstance(one, Nested) and one.name == name)

    def _without_samples(self, parts: list[Cut | Nested], name: str) -> list[Cut | Nested]:
        """One place instead of two samples: `name.0` and `name.1`, or, of what has gaps itself, `name.0.gap`."""
        first, second = ([n for n, cut in enumerate(parts) if _is_of(cut, f"{name}.{one}")] for one in (0, 1))
        if not first:
            return parts
        if not second or first[-1] > second[0]:
            raise RenderError(f"the templates tell {name} in a way that cannot be repeated; show them one by one")
        body, between = parts[first[0] : first[-1] + 1], parts[first[-1] + 1 : second[0]]
        if not (len(body) == 1 and isinstance(body[0], Gap) and body[0].names == {f"{name}.0"}):
            self.bodies[name] = Stencil([cut for cut in body if not isinstance(cut, Nested)])
        plain = "".join(cut for cut in between if isinstance(cut, str))
        return [*parts[: first[0]], Nested(name, quoted(plain)), *parts[second[-1] + 1 :]]


def _run(cuts: Iterable[bytes | Gap], values: Mapping[str, Any], open_: Collection[str], owns: list[Gap]) -> Run:
    """All of it but what is open and what is the reader's own, for which a gap is added to `owns`."""
    parts: list[Fragment] = []
    waiting, own = list[tuple[int, Gap]](), list[int]()
    for one in cuts:
        if isinstance(one, bytes):
            parts.append(one)
        elif not one.names.isdisjoint(OWN):
            own.append(len(parts))
            parts.append(len(owns))
            owns.append(one)
        elif not one.names.isdisjoint(open_):
            waiting.append((len(parts), one.knowing(values, open_)))
            parts.append(b"")
        else:
            parts.append(one.filled(values))
    told = [one for one in parts if isinstance(one, bytes)]
    return Run(tuple(parts), tuple(waiting), tuple(own), size(told))


def _is_of(cut: Cut | Nested, sample: str) -> bool:
    return isinstance(cut, Gap) and any(name == sample or name.startswith(f"{sample}.") for name in cut.names)


def _joined(parts: Iterable[Cut | Nested]) -> list[Cut | Nested]:
    """Texts that follow each other are one."""
    found: list[Cut | Nested] = []
    for text, those in groupby(parts, key=lambda one: isinstance(one, str)):
        if text:
            found += filter(None, ["".join(one for one in those if isinstance(one, str))])
        else:
            found += those
    return found


# --- html ----------------------------------------------------------------------------------------------------------


def html_cuts(html: str, marks: Mapping[str, str]) -> list[Cut]:
    """`marks` are by name. What is told is escaped."""
    names = {mark: name for name, mark in marks.items()}
    pieces = re.split("(" + "|".join(names) + ")", html) if names else [html]
    return [_escaped(names[piece]) if number % 2 else piece for number, piece in enumerate(pieces)]


@lru_cache(256)
def _escaped(name: str) -> Gap:
    def tell(values: Mapping[str, str]) -> str:
        value = values[name]
        special = "&" in value or "<" in value or ">" in value or '"' in value or "'" in value
        return str(escape(value)) if special else value

    return Gap(tell, frozenset({name}))


# --- text ----------------------------------------------------------------------------------------------------------


def hole(name: str) -> str:
    """The mark of a value in a text. Whatever changes letters spoils one of its ends."""
    return f"m{_HOLE}{name}{_HOLE}M"


def waiting(name: str, text: str) -> str:
    """What a filter of this name makes of a text: at once, or, where there is a mark in it, when that is filled."""
    return f"{_OPEN}{name}{_NAMED}{text}{_SHUT}" if _HOLE in text else _FILTERS[name](text)


def wrapped(text: str) -> str:
    """Lines of at most 72 characters, unless one word is longer: links and model names stay whole.

    What is held together by no-break blanks stays so, and has plain ones then.
    """
    return _lines(text).replace(NO_BREAK, " ") if NO_BREAK in text else _lines(text)


def _lines(text: str) -> str:
    if not text.replace(NO_BREAK, "-").isprintable() or text != text.strip() or "  " in text or _AND_BLANK in text:
        return "\n".join(wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False))
    lines, start, end = [], 0, len(text)  # the same, where there are single blanks only, in a tenth of the time
    while end - start > _WIDTH:
        cut = text.rfind(" ", start, start + _WIDTH + 1)
        if cut < 0 and (cut := text.find(" ", start + _WIDTH)) < 0:
            break
        lines.append(text[start:cut])
        start = cut + 1
    return "\n".join([*lines, text[start:]]) if lines else text


_FILTERS: Mapping[str, Callable[[str], str]] = {"wrap": wrapped, "upper": str.upper}


def text_cuts(text: str, names: Iterable[str]) -> list[Cut]:
    """RenderError if a mark is not one of `names`: a filter that knows nothing of marks has changed it."""
    known = frozenset(names)
    stack: list[tuple[str, list[Cut]]] = [("", [])]
    at = 0
    for mark in _MARK.finditer(text):
        stack[-1][1].append(_unmarked(text[at : mark.start()]))
        at = mark.end()
        if mark[2]:
            stack.append((mark[2], []))
        elif mark[3]:
            name, inside = stack.pop()
            stack[-1][1].append(_filtered(_FILTERS[name], tuple(filter(None, inside))))
        elif mark[1] in known:
            stack[-1][1].append(_plain(mark[1]))
        else:
            _unmarked(mark[0])
    stack[-1][1].append(_unmarked(text[at:]))
    return list(_with_line_ends([cut for cut in stack[0][1] if cut]))


def _unmarked(text: str) -> str:
    if _HOLE in text:
        changed = text.split(_HOLE)[1]
        raise RenderError(f"a text template changes the value “{changed}”; only wrap and upper may be used on it")
    return text


def _with_line_ends(cuts: Sequence[Cut]) -> Iterator[Cut]:
    """The end of its line goes with a gap, so that what is encoded apart ends at one."""
    ended = False
    for cut, following in zip(cuts, (*cuts[1:], ""), strict=True):
        if isinstance(cut, str):
            if rest := cut[ended:]:
                yield rest
            ended = False
        else:
            ended = isinstance(following, str) and following.startswith("\n")
            yield _ending(cut) if ended else cut


@lru_cache(256)
def _plain(name: str) -> Gap:
    return Gap(itemgetter(name), frozenset({name}))


@lru_cache(_KEPT)
def _ending(gap: Gap) -> Gap:
    tell = gap.tell
    return Gap(lambda values: tell(values) + "\n", gap.names)


@lru_cache(_KEPT)
def _filtered(change: Callable[[str], str], inside: Sequence[Cut]) -> Gap:
    names = frozenset(name for cut in inside if isinstance(cut, Gap) for name in cut.names)
    if len(inside) == 1 and isinstance(inside[0], Gap):
        (only,) = (cut.tell for cut in inside if isinstance(cut, Gap))
        return Gap(lambda values: change(only(values)), names)
    if len(inside) == 2 and isinstance(before := inside[0], str) and isinstance(last := inside[1], Gap):
        return Gap(lambda values: change(before + last.tell(values)), names)

    def tell(values: Mapping[str, str]) -> str:
        return change("".join([cut if isinstance(cut, str) else cut.tell(values) for cut in inside]))

    return Gap(tell, names)
