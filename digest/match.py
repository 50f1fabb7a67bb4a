"""Pure: a paper told without an id, and the known papers next to its title -> the one it can be, or none.

A match is a likeness: it may link two papers and merges nothing, so a doubt is a no. Does not know how the known papers
are kept. Whoever keeps them finds a title's neighbours in two orders, that of `diff.title_key` and that of `tail_key`,
so that no look-up goes through all that is known (the sorted neighbourhood of Hernández and Stolfo, 1995).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import takewhile

from digest.model import Facts, Paper
from digest.words import STOP_WORDS, stem, tokens

# Papers to look at on each side of a title's place in each order. A wrong letter, a cut end or a lost beginning leaves
# the rest of the title as it was, and what has the most of it stands nearest in one of the orders.
WINDOW = 4
_LONGEST_TAIL = 40

# Likeness, in hundredths: the least there is; where words are only missing on one side; where one word stands for
# another; where nothing but asides differs.
_LEAST, _ONLY_MISSING, _ONE_REPLACED, _SAME_TITLE = 80, 88, 85, 98
# The fewest letters of the shorter title that tell a paper apart in these cases; of a part of a title; of a part of a
# title with the same authors; of what is the same in two titles where something else speaks against them.
_LONG_MISSING, _LONG_REPLACED, _LONG_PART, _LONG_PART_BY_SAME, _LONG_SAME = 35, 45, 15, 10, 30

_SAME_AUTHORS = 0.5  # of the shorter list
_MOST_YEARS = 1  # between the first versions of one paper
_A_YEAR_COSTS = 25  # so that the paper of a conference comes before its like in the journal of the year after
_WORTH_READING = 0.5  # of the shorter title's letters, in words of both

_SIGNS = bytes(code for code in range(128) if not chr(code).isalnum())
_LOWER = bytes(range(256)).lower()
_IN_WORDS = _LOWER.translate(bytes(ord(" ") if code in _SIGNS else code for code in range(256)))
_ASIDE = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*")
_BREAK = re.compile(r"^\s*:|[:?!.]\s+|\s+[-–—]+\s+|\s*—\s*")
# A model's or data set's name: with digits, or hyphenated and with capitals inside.
_NAME = re.compile(r"[0-9]|-.*[A-Z]{2}|[A-Z]{2}.*-|-.*[a-z][A-Z]|[a-z][A-Z].*-")
_NO_SURNAME = re.compile(r"[0-9]+|jr|sr|ii|iii")
# Words that make another paper of a title: which of a series, what size of a model, what about another paper.
_TELLING_WORDS = """
    two three four five six seven eight nine ten first second third fourth fifth sixth seventh eighth ninth tenth
    i ii iii iv v vi vii viii ix x nano mini micro tiny lite plus pro max super ultra turbo no non not without
    addendum comment comments correction corrigendum erratum rebuttal reply response revisited survey
"""
_TELLING = frozenset(_TELLING_WORDS.split())
# Words that tell a paper's form and not its subject.
_FORM_WORDS = "abstract book demo demonstration extended foreword panel preface review session summary tutorial version"
_FORMS = frozenset(_FORM_WORDS.split())
_FORM_BYTES = frozenset(word.encode() for word in _FORMS)
_SAYS_LITTLE = STOP_WORDS | _FORMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The known paper that an entry can be. `likeness` is at most 100, `why` says what is alike."""

    paper: Paper
    likeness: int
    why: str


def tail_key(title: str) -> str:
    """A title's place in the order from the back: letters and digits of its end, last first, asides left out."""
    if title.isascii() and "(" not in title and "[" not in title:
        words = title.encode().translate(_IN_WORDS).split()
        if _FORM_BYTES.isdisjoint(words):  # no asides, as in most: told so in half the time
            return b"".join(words)[: -_LONGEST_TAIL - 1 : -1].decode()
    return _key(_without_asides(title))[: -_LONGEST_TAIL - 1 : -1]


def worth_reading(title: str, others: Iterable[str]) -> frozenset[str]:
    """Of the neighbours' titles those with enough of the same words: a quick no for most, before they are read."""
    ours = frozenset(tokens(title))
    return frozenset(other for other in others if _worth_reading(ours, other))


def _worth_reading(ours: frozenset[str], other: str) -> bool:
    theirs = frozenset(tokens(other))
    return _letters(ours & theirs) >= max(1, _WORTH_READING * min(_letters(ours), _letters(theirs)))


def near(facts: Facts, candidates: Iterable[Paper]) -> Match | None:
    """The candidate most like the entry, if any is like enough.

    Between equals authors decide, then the title to the letter, then, with the same authors, the id; else it is none.
    """
    ours, authors = _Title.of(facts.title), _people(facts.authors)
    words = frozenset(tokens(facts.title))
    found: list[tuple[tuple[int, float, int], Match]] = []
    for paper in candidates:
        if not _can_be(facts, paper) or not _worth_reading(words, paper.title):
            continue
        of_shorter, of_both = _in_common(authors, _people(paper.authors))
        likeness, why = _likeness(ours, _Title.of(paper.title), of_shorter)
        if years := _years(facts.published, paper.published):
            likeness = likeness - years * _A_YEAR_COSTS if likeness >= _SAME_TITLE else 0
        if likeness:
            to_the_letter = (facts.title == paper.title) + (facts.title.casefold() == paper.title.casefold())
            match = Match(paper=paper, likeness=likeness, why=f"{why}, authors in common" if of_both else why)
            found.append(((likeness, of_both, to_the_letter), match))
    found.sort(key=lambda one: one[1].paper.id)
    found.sort(key=lambda one: one[0], reverse=True)
    if not found or (len(found) > 1 and found[0][0] == found[1][0] and not found[0][0][1]):
        return None
    return found[0][1]


def _can_be(facts: Facts, paper: Paper) -> bool:
    if facts.arxiv_id and paper.arxiv_id and facts.arxiv_id != paper.arxiv_id:
        return False
    return _years(facts.published, paper.published) <= _MOST_YEARS


def _years(one: date | None, other: date | None) -> int:
    return abs(one.year - other.year) if one and other else 0


# --- authors -----------------------------------------------------------------------------------------------------


def _people(names: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Surname and first initial of each, from "First Last", "F. Last" and "Last, First"."""
    people = set()
    for name in names:
        last, comma, first = name.partition(",")
        words = [word for word in tokens(f"{first} {last}" if comma else name) if not _NO_SURNAME.fullmatch(word)]
        if words:
            people.add((words[-1], words[0][0]))
    return frozenset(people)


def _in_common(ours: frozenset[object], theirs: frozenset[object]) -> tuple[float | None, float]:
    """Share of the shorter list and of both together that is in both; None and 0 where a list is absent."""
    if not ours or not theirs:
        return None, 0.0
    both = len(ours & theirs)
    return both / min(len(ours), len(theirs)), both / len(ours | theirs)


# --- titles ------------------------------------------------------------------------------------------------------


def _key(text: str) -> str:
    return text.encode().translate(_LOWER, _SIGNS).decode() if text.isascii() else "".join(tokens(text))


def _letters(words: Iterable[str]) -> int:
    return sum(map(len, words))


def _without_asides(title: str) -> str:
    """Without "(panel)", "[extended version]", "Tutorial:", "- Book Review"; a title that is all aside stays."""
    if "(" not in title and "[" not in title and _FORMS.isdisjoint(tokens(title)):
        return title
    bare = _ASIDE.sub(" ", title).strip()
    if not _FORMS.isdisjoint(tokens(bare)):
        parts = [part for part in _BREAK.split(bare, maxsplit=1) if not _only_form(part)]
        bare = parts[0] if len(parts) == 1 else bare
    return bare if any(map(str.isalnum, bare)) else title


def _only_form(part: str) -> bool:
    words = tokens(part)
    return not _FORMS.isdisjoint(words) and _SAYS_LITTLE.issuperset(words)


@dataclass(frozen=True, slots=True)
class _Title:
    """A title taken apart. Asides count in `whole` and `telling` only."""

    whole: str
    key: str
    words: tuple[str, ...]
    name: str  # what stands before the first colon, dash or other break, and the rest after it; else both empty
    rest: str
    names: frozenset[str]  # of models and data
    pluses: int  # "BERT++" is not "BERT"
    telling: frozenset[str]
    name_telling: bool

    @classmethod
    def of(cls, title: str) -> _Title:
        bare, every = _without_asides(title), tokens(title)
        words = every if bare == title else tokens(bare)
        name, *rest = _BREAK.split(bare.rstrip(" .?!"), maxsplit=1)
        names = () if title.isupper() else (word for word in bare.split() if _NAME.search(word))
        return cls(
            whole="".join(every),
            key="".join(words),
            words=tuple(words),
            name=_key(name) if rest else "",
            rest=_key(rest[0]) if rest else "",
            names=frozenset(map(_key, names)),
            pluses=bare.count("+"),
            telling=_TELLING.intersection(every),
            name_telling=bool(rest) and not _TELLING.isdisjoint(tokens(name)),
        )


def _likeness(ours: _Title, theirs: _Title, authors: float | None) -> tuple[int, str]:
    """How alike two papers are, 0 for not enough, and why. `authors` is the share in common, None where not told."""
    same_authors = authors is not None and authors >= _SAME_AUTHORS
    same_names = _same_names(ours, theirs)
    if ours.whole == theirs.whole and same_names and (same_authors or authors is None or len(ours.whole) >= _LONG_SAME):
        return 100, "the same title"
    if authors is not None and not same_authors:
        return 0, ""
    if ours.key == theirs.key and same_names:
        return _SAME_TITLE, "the same title"
    if _is_part(ours, theirs, same_authors) or _is_part(theirs, ours, same_authors):
        return 95, "a part of the title"
    if not same_names:
        return 0, ""
    if same_authors and ours.rest == theirs.rest and len(ours.rest) >= _LONG_SAME:
        return 90, "the same title but for the name"
    return _by_words(ours, theirs, same_authors), "a similar title"


def _is_part(part: _Title, whole: _Title, same_authors: bool) -> bool:
    """Whether a title is another's name without the rest, or the rest without the name ("A Study" of "X: A Study")."""
    if len(part.key) < (_LONG_PART_BY_SAME if same_authors else _LONG_PART):
        return False
    return part.key == whole.name or (part.key == whole.rest and not whole.name_telling)


def _same_names(ours: _Title, theirs: _Title) -> bool:
    """Whether numbers and models' names agree: "Qwen3-VL Technical Report" is not "Qwen3 Technical Report"."""
    return (
        ours.telling == theirs.telling
        and ours.pluses == theirs.pluses
        and all(name in theirs.key for name in ours.names)
        and all(name in ours.key for name in theirs.names)
    )


def _by_words(ours: _Title, theirs: _Title, same_authors: bool) -> int:
    mine, other = _left(ours.words, theirs.words)
    likeness = 100 - 100 * _letters(mine + other) // (len(ours.key) + len(theirs.key))
    shorter = min(len(ours.key), len(theirs.key))
    mine, other = ([word for word in words if word not in _SAYS_LITTLE] for words in (mine, other))
    if same_authors or not (mine or other):
        enough = True
    elif mine and other:
        one_for_one = len(mine) == len(other) == 1 and _same_place(ours.words, theirs.words, mine[0], other[0])
        enough = one_for_one and likeness >= _ONE_REPLACED and shorter >= _LONG_REPLACED
    else:
        enough = likeness >= _ONLY_MISSING and shorter >= _LONG_MISSING
    return min(likeness, 97) if enough and likeness >= _LEAST else 0


def _same_place(ours: Sequence[str], theirs: Sequence[str], mine: str, other: str) -> bool:
    """Whether one word stands for the other; not "models on graphs" for "data sets for models"."""
    from_front = ours.index(mine) - theirs.index(other)
    from_back = ours[::-1].index(mine) - theirs[::-1].index(other)
    return min(abs(from_front), abs(from_back)) <= 1


def _left(ours: Sequence[str], theirs: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words that only one has, whatever their order and spelling."""
    mine, other = list((Counter(ours) - Counter(theirs)).elements()), list((Counter(theirs) - Counter(ours)).elements())
    for word in tuple(mine):
        twin = next((one for one in other if _alike(word, one)), None)
        if twin is not None:
            mine.remove(word)
            other.remove(twin)
    _spell_out(mine, other)
    _spell_out(other, mine)
    return ([], []) if "".join(mine) == "".join(other) else (mine, other)


def _spell_out(short: list[str], long: list[str]) -> None:
    """Take out "LLMs" here and "large language models" there."""
    for word in tuple(short):
        acronym = word.removesuffix("s")
        at = "".join(one[0] for one in long).find(acronym)
        if len(acronym) > 1 and at >= 0:
            short.remove(word)
            del long[at : at + len(acronym)]


def _alike(one: str, other: str) -> bool:
    """Whether two words are one, mistyped or in another form. Never with another first letter or a digit."""
    if one[0] != other[0] or min(len(one), len(other)) < 4 or any(map(str.isdigit, one + other)):
        return False
    if stem(one) == stem(other):
        return True
    start = _common_beginning(one, other)
    end = _common_beginning(one[start:][::-1], other[start:][::-1])
    mine, theirs = one[start : len(one) - end], other[start : len(other) - end]
    if len(mine) == len(theirs) == 1:
        return len(one) > 6  # one letter for another makes other words of short ones
    return len(mine) + len(theirs) == 1 or (len(mine) == 2 and mine == theirs[::-1])


def _common_beginning(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
