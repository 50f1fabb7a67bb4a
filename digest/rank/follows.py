"""Pure: who wrote a paper, where, in which category: what a profile follows, and all that it mutes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from digest.model import Paper, Profile, Reason, worded
from digest.rank.background import Floats
from digest.words import phrase_key, plain, short, tokens

AUTHOR, ORGANISATION, CATEGORY = 250.0, 200.0, 80.0


def name_matches(followed: str, author: str) -> bool:
    """Whether two spellings can be of one person: the same surname, and first names equal or as initials.

    "Last, First" is read as First Last; accents, case, hyphens and middle names do not count: Fei-Fei is Feifei.
    """
    ours, theirs = _name(followed), _name(author)
    if ours and "".join(ours) == "".join(theirs):
        return True
    if not ours or not theirs or ours[-1] != theirs[-1]:
        return False
    if len(ours) == 1 or len(theirs) == 1:
        return len(ours) == len(theirs)
    one, other = ours[0], theirs[0]
    return one == other or (min(len(one), len(other)) == 1 and one[0] == other[0])


def _name(name: str) -> list[str]:
    last, comma, first = name.partition(",")
    return tokens(f"{first} {last}" if comma else name)


def _account(submitter: str) -> str:
    """An account is one word, whatever signs are in it; one of signs alone is meant as it is."""
    return "".join(tokens(submitter)) or plain(submitter).strip()


def _path(category: str) -> tuple[str, ...]:
    return tuple(key for key in map(phrase_key, category.split(".")) if key)


def _keys(name: str) -> set[str]:
    """By what a name is looked up: its last word, and all of it run together."""
    words = _name(name)
    return {words[-1], "".join(words)} if words else set()


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
            if paper.organisation and (key := phrase_key(paper.organisation)):
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
        return self._organisations.get(phrase_key(place), ())

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

    def reasons(self, row: int) -> tuple[Reason, ...]:
        return tuple(Reason.of(*one) for one in self._found.get(row, ()))


def muted(credits: Credits, profile: Profile, words: Mapping[str, Iterable[int]]) -> dict[int, str]:
    """The first rule that hides each paper, by row; `words` has the rows in which muted words were found."""
    found: dict[int, str] = {}
    for kind, named, rows_of in (
        ("word", profile.muted_words, lambda word: words.get(word, ())),
        ("author", profile.muted_authors, credits.author),
        ("submitter", profile.muted_submitters, credits.submitter),
        ("organisation", profile.muted_organisations, credits.organisation),
        ("category", profile.muted_categories, credits.category),
    ):
        for one in named:
            rule = f"muted word “{one}”" if kind == "word" else f"muted {kind} {one}"
            for row in rows_of(one):
                found.setdefault(row, rule)
    return found
