"""What a template drew with marks in place of values, cut at the marks: to be filled for many mails without drawing.

In html a mark is a word that the caller makes up, as inliners and parsers must let it pass. In text it is a control
character around a name, which no cleaned text holds; there a filter that meets a mark waits until the gap is filled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from textwrap import wrap
from typing import TypeAlias

from markupsafe import escape

from digest.errors import RenderError
from digest.model import Form, Lasting, Passage, Telling, Word
from digest.render.wording import NO_BREAK

# What differs between readers of one selection; all else is the selection's.
OWN = frozenset({"address", "unsubscribe", "preferences"})

_HOLE, _OPEN, _NAMED, _SHUT = "\x1a", "\x02", "\x1f", "\x03"
_MARK = re.compile(f"m{_HOLE}([^{_HOLE}]*){_HOLE}M|{_OPEN}([a-z]+){_NAMED}|({_SHUT})")
_WIDTH = 72
_TWO_BLANKS = ("  ", f" {NO_BREAK}")
_FEW = 128
_SPECIAL = re.compile("[&<>\"']").search  # escaping what needs none takes longer than looking


@dataclass(frozen=True, slots=True)
class Gap:
    """How to tell the words of a gap from the values by name, and from which."""

    tell: Telling
    names: frozenset[str]


Cut: TypeAlias = str | Gap


class Owns:
    """Collects what is the reader's own of one draft."""

    def __init__(self) -> None:
        self.tellings: list[Telling] = []

    def number(self, gap: Gap, values: Mapping[str, str]) -> int:
        self.tellings.append(lambda readers: gap.tell({**values, **readers}))
        return len(self.tellings) - 1


@dataclass(frozen=True, slots=True)
class _Nested:
    """Where other passages stand, one after the other, and what stands between them."""

    name: str
    between: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class _Run:
    form: Form
    gaps: tuple[Gap, ...]
    tellings: tuple[Telling, ...]
    personal: bool  # whether any gap is the reader's own


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
                    gaps = tuple(cut for cut in run if isinstance(cut, Gap))
                    tellings, personal = tuple(gap.tell for gap in gaps), any(gap.names & OWN for gap in gaps)
                    self._runs.append(_Run(Form.of(*_literals(run)), gaps, tellings, personal))
                run = []
                if part is not None:
                    self._runs.append(part)
            else:
                run.append(part)

        only = self._runs[0] if self._runs else None
        self._only = (only.form, only.tellings) if isinstance(only, _Run) else (Form.of(""), ())

    def passage(self, values: Mapping[str, str]) -> Passage:
        """The whole of a stencil that has nothing nested, filled."""
        form, tellings = self._only
        return form, tuple([tell(values) for tell in tellings])

    def passages(
        self,
        values: Mapping[str, str],
        nested: Mapping[str, Sequence[Sequence[Passage]]] = {},
        owns: Owns | None = None,
    ) -> list[Passage]:
        """The whole, filled. Without `owns` all is told from `values`."""
        found: list[Passage] = []
        for run in self._runs:
            if isinstance(run, _Nested):
                for number, those in enumerate(nested[run.name]):
                    found += (*run.between, *those) if number else those
                continue
            words: list[Word]
            if run.personal and owns is not None:
                words = [owns.number(gap, values) if gap.names & OWN else gap.tell(values) for gap in run.gaps]
            else:
                words = [tell(values) for tell in run.tellings]
            found.append((run.form, tuple(words)))
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
        place = _Nested(name, ((Form.of(plain), ()),) if plain else ())
        return [*parts[: first[0]], place, *parts[second[-1] + 1 :]]


def _is_of(cut: Cut | _Nested, sample: str) -> bool:
    return isinstance(cut, Gap) and any(name == sample or name.startswith(f"{sample}.") for name in cut.names)


def keeping(cuts: Iterable[Cut]) -> list[Cut]:
    """With a memory in the gaps that are told from one value."""
    return [_kept(cut, *cut.names) if isinstance(cut, Gap) and len(cut.names) == 1 else cut for cut in cuts]


def _kept(gap: Gap, name: str) -> Gap:
    """What was asked for once may be one reader's; what is asked for again lasts."""
    told: dict[str, str] = {}

    def tell(values: Mapping[str, str]) -> str:
        found = told.get(value := values[name])
        if found is None:
            if len(told) >= _FEW:
                told.clear()
            found = told[value] = gap.tell(values)
        elif found.__class__ is str:
            found = told[value] = Lasting(found)
        return found

    return Gap(tell, gap.names)


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


def _escaped(name: str) -> Gap:
    def tell(values: Mapping[str, str]) -> str:
        value = values[name]
        return value if value.isalnum() or not _SPECIAL(value) else str(escape(value))

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
    if not text.replace(NO_BREAK, "-").isprintable() or text != text.strip() or any(two in text for two in _TWO_BLANKS):
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
            stack[-1][1].append(_filtered(_FILTERS[name], inside))
        elif mark[1] in known:
            stack[-1][1].append(Gap(itemgetter(mark[1]), frozenset({mark[1]})))
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


def _ending(gap: Gap) -> Gap:
    tell = gap.tell
    return Gap(lambda values: tell(values) + "\n", gap.names)


def _filtered(change: Callable[[str], str], parts: Sequence[Cut]) -> Gap:
    inside = [cut for cut in parts if cut]
    names = frozenset(name for cut in inside if isinstance(cut, Gap) for name in cut.names)
    if len(inside) == 1 and isinstance(inside[0], Gap):
        (only,) = (cut.tell for cut in inside if isinstance(cut, Gap))
        return Gap(lambda values: change(only(values)), names)
    if len(inside) == 2 and isinstance(before := inside[0], str) and isinstance(last := inside[1], Gap):
        return Gap(lambda values: change(before + last.tell(values)), names)

    def tell(values: Mapping[str, str]) -> str:
        return change("".join([cut if isinstance(cut, str) else cut.tell(values) for cut in inside]))

    return Gap(tell, names)
