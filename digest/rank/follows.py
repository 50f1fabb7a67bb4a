"""Pure: who wrote a paper, where, in which category: what a profile follows, and all that it mutes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from digest.model import Paper, Profile, Reason, worded
from digest.rank.background import Floats
from digest.text import short
from digest.words import phrase_keys, plain, run_together, tokens

AUTHOR, ORGANISATION, CATEGORY = 250.0, 200.0, 80.0
_WORD = re.compile(r"(?:[^\s.,]|\.-)+")  # J.P. is two, J.-P. one
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ø": "oe", "Ø": "Oe"})


@dataclass(frozen=True, slots=True)
class _Name:
    """Given names, each by its parts (Jean-Pierre is one of two), the surname, and all of it run together."""

    given: tuple[tuple[str, ...], ...]
    surname: str
    joined: str


def name_matches(followed: str, author: str) -> bool:
    """Whether two spellings can be of one person: the same surname, and first names equal or as initials.

    "Last, First" is read as First Last; accents, case, middle names and Jr. do not count, nor how a name is joined:
    Fei-Fei is Feifei, JP is Jean-Pierre, Müller is Mueller and Muller. But Wei is not Wei-Hong.
    """
    return any(_same(ours, theirs) for ours in _names(followed) for theirs in _names(author))


def _same(ours: _Name, theirs: _Name) -> bool:
    if ours.joined == theirs.joined:
        return True
    if ours.surname != theirs.surname or not ours.given or not theirs.given:
        return False
    one, other = ours.given[0], theirs.given[0]
    if "".join(one) == "".join(other):
        return True
    if len(one) == len(other):
        return all(a == b or (1 in (len(a), len(b)) and a[0] == b[0]) for a, b in zip(one, other, strict=True))
    return _stand_for(one, theirs) or _stand_for(other, ours)


def _stand_for(initials: tuple[str, ...], name: _Name) -> bool:
    """Whether initials can be of a person: J.-P. and JP of Jean-Pierre and of Jean P., but not of Jean."""
    letters = "".join(part[0] for parts in name.given for part in parts)
    return all(len(part) == 1 for part in initials) and letters.startswith("".join(initials))


@lru_cache(maxsize=100_000)
def _names(name: str) -> tuple[_Name, ...]:
    """A name as it is, and with its umlauts written out; none without a letter."""
    spellings = dict.fromkeys((name, normalize("NFC", name).translate(_UMLAUTS)))
    return tuple(found for one in spellings if (found := _read(one)))


def _read(name: str) -> _Name | None:
    last, comma, first = name.partition(",")
    shouted = name.upper() == name
    words: list[tuple[str, ...]] = []
    for word in _WORD.findall(f"{first} {last}" if comma else name):
        initials = not shouted and word.isalpha() and word.isupper() and 2 <= len(word) <= 3
        if parts := tuple(plain(word) if initials else tokens(word)):
            words.append(parts)
    telling = [parts for place, parts in enumerate(words) if not place or "".join(parts) not in _SUFFIXES]
    words = telling if len(telling) > 1 else words
    if not words:
        return None
    *given, last_word = words
    if len(last_word) > 1 and max(map(len, last_word)) > 1:  # Ben-David is Ben David
        given.append(last_word[:-1])
        last_word = last_word[-1:]
    return _Name(tuple(given), "".join(last_word), "".join(map("".join, words)))


def _account(submitter: str) -> str:
    """An account is one word, whatever signs are in it; one of signs alone is meant as it is."""
    return "".join(tokens(submitter)) or plain(submitter).strip()


def _path(category: str) -> tuple[str, ...]:
    return tuple(key for key in map(run_together, category.split(".")) if key)


def _keys(name: str) -> set[str]:
    """By what a name is looked up: its last word, and all of it run together."""
    return {key for one in _names(name) for key in (one.surname, one.joined)}


class Credits:
    """The authors, organisations, submitters and categories of papers: in which rows those stand that a rule names.

    Looked up, so that a rule costs what it finds.
    """

    def __init__(self, papers: Sequence[Paper]) -> None:
        self.papers = papers
        self._names: dict[str, list[int]] = {}  # by surname, and by the whole name run together
        self._organisations: dict[str, list[int]] = {}
        self._submitters: dict[str, list[int]] = {}
        self._categories: dict[tuple[str, ...], dict[int, float]] = {}
        for row, paper in enumerate(papers):
            for name in {key for author in paper.authors for key in _keys(author)}:
                self._names.setdefault(name, []).append(row)
            for key in phrase_keys(paper.organisation or ""):
                self._organisations.setdefault(key, []).append(row)
            if paper.submitter and _account(paper.submitter):
                self._submitters.setdefault(_account(paper.submitter), []).append(row)
            for place, category in enumerate(map(_path, paper.categories)):
                self._categories.setdefault(category, {}).setdefault(row, 1.0 if place == 0 else 0.5)

    def author(self, name: str) -> dict[int, str]:
        """The papers of whoever can be meant, with the name there."""
        found = {}
        for row in sorted({row for key in _keys(name) for row in self._names.get(key, ())}):
            names = (author for author in self.papers[row].authors if name_matches(name, author))
            if (author := next(names, None)) is not None:
                found[row] = author
        return found

    def organisation(self, place: str) -> Sequence[int]:
        """Rising, as those of `submitter` are."""
        return sorted({row for key in phrase_keys(place) for row in self._organisations.get(key, ())})

    def submitter(self, account: str) -> Sequence[int]:
        return self._submitters.get(_account(account), ())

    def category(self, followed: str) -> dict[int, float]:
        """1 for the primary category, 0.5 for a cross-list; "cs" follows all of cs.*."""
        wanted = _path(followed)
        found: dict[int, float] = {}
        for category, shares in self._categories.items():
            if wanted and category[: len(wanted)] == wanted:
                found |= {row: max(share, found.get(row, 0.0)) for row, share in shares.items()}
        return found


class Follows:
    """What the profile follows of each paper's authors, place and categories. `points` has shape (papers,)."""

    def __init__(self, credits: Credits, profile: Profile, factor: float) -> None:
        self.points: Floats = np.zeros(len(credits.papers))
        self._factor = factor
        self.against: NDArray[np.bool_] = np.zeros(len(credits.papers), dtype=bool)  # where any of them is below 0
        self._found: dict[int, list[tuple[str, int, tuple[str, ...]]]] = {}
        for author in profile.authors:
            for row, name in credits.author(author.text).items():
                self._add(row, "author", AUTHOR * author.weight, worded("by {}", short(name)))
        for place in profile.organisations:
            for row in credits.organisation(place.text):
                named = credits.papers[row].organisation or ""
                self._add(row, "organisation", ORGANISATION * place.weight, worded("from {}", short(named)))
        for category in profile.categories:
            said = worded("in {}", short(category.text))
            for row, share in credits.category(category.text).items():
                self._add(row, "category", CATEGORY * category.weight * share, said)

    def _add(self, row: int, kind: str, points: float, said: tuple[str, ...]) -> None:
        if whole := round(points * self._factor):
            self._found.setdefault(row, []).append((kind, whole, said))
            self.points[row] += whole
            self.against[row] |= whole < 0

    def reasons(self, row: int) -> tuple[Reason, ...]:
        """They add up to `points[row]`: authors, organisations, categories, each as the profile has them."""
        return tuple(Reason.of(*one) for one in self._found.get(row, ()))


def muted(credits: Credits, profile: Profile, words: Mapping[str, Iterable[int]]) -> dict[int, tuple[str, ...]]:
    """All rules that hide each paper, by row; `words` has the rows in which muted words were found."""
    found: dict[int, tuple[str, ...]] = {}
    for kind, named, rows_of in (
        ("word", profile.muted_words, lambda word: words.get(word, ())),
        ("author", profile.muted_authors, credits.author),
        ("submitter", profile.muted_submitters, credits.submitter),
        ("organisation", profile.muted_organisations, credits.organisation),
        ("category", profile.muted_categories, credits.category),
    ):
        for one in dict.fromkeys(named):
            rule = f"muted word “{one}”" if kind == "word" else f"muted {kind} {one}"
            for row in rows_of(one):
                found[row] = (*found.get(row, ()), rule)
    return found
