"""What a template drew with marks in place of values, cut at the marks: to be filled for many mails without drawing.

In html a mark is a word that the caller makes up, as inliners and parsers must let it pass. In text it is a control
character around a name, which no cleaned text holds; there a filter that meets a mark waits until the gap is filled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from textwrap import wrap
from typing import Any, TypeAlias

from markupsafe import escape

from digest.errors import RenderError
from digest.model import Form, Kept, Passage, Telling, Word
from digest.render.wording import NO_BREAK

# What differs between readers of one selection; all else is the selection's.
OWN = frozenset({"address", "unsubscribe", "preferences"})

_HOLE, _OPEN, _NAMED, _SHUT = "\x1a", "\x02", "\x1f", "\x03"
_MARK = re.compile(f"m{_HOLE}([^{_HOLE}]*){_HOLE}M|{_OPEN}([a-z]+){_NAMED}|({_SHUT})")
_WIDTH = 72
_AND_BLANK = f" {NO_BREAK}"
_KEPT = 16_384  # words of one gap: the why-lines of a day


class Gap:
    """How to tell the words of a gap from the values by name. Many mails have the same, so they are kept.

    Gaps that are made alike are one, whichever papers they stand in.
    """

    __slots__ = ("names", "pick", "tell", "told")

    def __init__(self, tell: Telling, names: frozenset[str]) -> None:
        first, *others = ordered = sorted(names)
        self.tell, self.names = tell, names
        self.pick: Callable[[Mapping[str, str]], Any] = itemgetter(*ordered)  # what the words depend on
        self.told: Kept[Any, str] = Kept(
            (lambda values: tell(dict(zip(ordered, values, strict=True))))
            if others
            else lambda value: tell({first: value}),
            _KEPT,
        )


Cut: TypeAlias = str | Gap


class Owns:
    """Collects what is the reader's own of one draft."""

    def __init__(self) -> None:
        self.tellings: list[Telling] = []

    def number(self, gap: Gap, values: Mapping[str, Any]) -> int:
        rest: dict[str, str] = {name: values[name] for name in gap.names - OWN}
        self.tellings.append((lambda readers: gap.tell({**rest, **readers})) if rest else gap.tell)
        return len(self.tellings) - 1


@dataclass(frozen=True, slots=True)
class _Nested:
    """Where other passages stand, one after the other, and what stands between them."""

    name: str
    between: Passage | None = None


class _Run:
    """What stands between two that are nested."""

    def __init__(self, cuts: Sequence[Cut]) -> None:
        self._form, self._gaps = Form.of(*_literals(cuts)), [cut for cut in cuts if isinstance(cut, Gap)]
        self._told = [(gap.told, gap.pick) for gap in self._gaps]
        self._personal = any(gap.names & OWN for gap in self._gaps)

    def filled(self, values: Mapping[str, Any], owns: Owns | None = None) -> Passage:
        if owns is None or not self._personal:
            words: list[Word] = []
            for told, pick in self._told:
                words.append(told[pick(values)])
            return self._form, tuple(words)
        words = [owns.number(gap, values) if gap.names & OWN else gap.told[gap.pick(values)] for gap in self._gaps]
        return self._form, tuple(words)


class Stencil:
    """Forms and nested passages in order. `bodies` are the stencils of what is repeated in it and has gaps itself."""

    def __init__(self, cuts: Sequence[Cut], nested: Container[str] = (), repeated: Iterable[str] = ()) -> None:
        """`nested` are the names of passages; of `repeated` two samples are there to learn from."""
        self.bodies: dict[str, Stencil] = {}
        parts: list[Cut | _Nested] = [
            _Nested(name) if isinstance(cut, Gap) and (name := min(cut.names)) in nested else cut for cut in cuts
        ]
        for name in repeated:
            parts = self._without_samples(parts, name)
        self._runs: list[_Run | _Nested] = []
        run: list[Cut] = []
        for part in (*parts, None):
            if part is None or isinstance(part, _Nested):
                if run:
                    self._runs.append(_Run(run))
                run = []
                if part is not None:
                    self._runs.append(part)
            else:
                run.append(part)
        only = self._runs[0] if self._runs else None
        # The whole of a stencil that has nothing nested, filled.
        self.passage = (only if isinstance(only, _Run) else _Run(())).filled

    def passages(
        self,
        values: Mapping[str, str],
        nested: Mapping[str, Sequence[Passage]] = {},
        owns: Owns | None = None,
    ) -> list[Passage]:
        """The whole, filled. Without `owns` all is told from `values`."""
        found: list[Passage] = []
        for run in self._runs:
            if isinstance(run, _Run):
                found.append(run.filled(values, owns))
            elif run.between is None:
                found += nested[run.name]
            else:
                found += [one for passage in nested[run.name] for one in (run.between, passage)][1:]
        return found

    def _without_samples(self, parts: list[Cut | _Nested], name: str) -> list[Cut | _Nested]:
        """One place instead of two samples: `name.0` and `name.1`, or, of what has gaps itself, `name.0.gap`."""
        first, second = ([n for n, cut in enumerate(parts) if _is_of(cut, f"{name}.{one}")] for one in (0, 1))
        if not first:
            return parts
        if not second or first[-1] > second[0]:
            raise RenderError(f"the templates tell {name} in a way that cannot be repeated; show them one by one")
        body, between = parts[first[0] : first[-1] + 1], parts[first[-1] + 1 : second[0]]
        if not (len(body) == 1 and isinstance(body[0], Gap) and body[0].names == {f"{name}.0"}):
            self.bodies[name] = Stencil([cut for cut in body if not isinstance(cut, _Nested)])
        plain = "".join(cut for cut in between if isinstance(cut, str))
        place = _Nested(name, (Form.of(plain), ()) if plain else None)
        return [*parts[: first[0]], place, *parts[second[-1] + 1 :]]


def _is_of(cut: Cut | _Nested, sample: str) -> bool:
    return isinstance(cut, Gap) and any(name == sample or name.startswith(f"{sample}.") for name in cut.names)


def _literals(cuts: Iterable[Cut]) -> list[str]:
    """One more than there are gaps."""
    found = [""]
    for cut in cuts:
        if isinstance(cut, str):
            found[-1] += cut
        else:
            found.append("")
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
