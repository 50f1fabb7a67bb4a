"""Pure: one topic of a reader against all candidates. The model, in standard deviations over papers at large:

    likes    (meaning + 0.15 · wording) / 1.3, for the mean of a topic's k example papers:
      meaning    0.3 · e·m + 0.7 · e·(C + λI)⁻¹m for the vectors e of a paper and m of the examples, each of variance 1;
                 C is the covariance of papers at large, λ = 0.2 / k within 0.01 and 0.1: ridge regression of "is an
                 example" against all papers in closed form
      wording    t·c - mean for the TF-IDF rows t of a paper and c of the examples, over its deviation
    words    (found / 1.7 + near + 0.26 · beside) / 2, for the topic's words and phrases:
      found      BM25 of each word and phrase, and of words and pairs in a phrase, over √(1 + variance); Robertson and
                 Zaragoza 2009, k1 1.2, b 0.75. Those in a phrase count by the share of its words, each as much as it
                 is rare, that the paper has: one common word of a phrase says little
      near       e·q of variance 1, q being the words' own vector
      beside     wording for the 40 earlier papers that have most of the words: pseudo relevance feedback (Rocchio 1971)
    topic    likes + 1.2 · words / √k, or the one that there is, times 100 points

The numbers were chosen on half of the topics of benchmarks/ranking.py, which prints the other half too. All parts are
linear in a paper's terms, so that each point can be told by its word.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.model import Part, Reason, Term, worded
from digest.phrases import Phrases
from digest.rank.background import FINE, Background, Floats, Rows
from digest.rank.corpus import Corpus, Text
from digest.text import short
from digest.words import phrase_keys, run_together, spelled, tells, terms

POINTS = 100.0
RIDGE, RIDGE_FROM, RIDGE_TO, PLAIN = 0.2, 0.01, 0.1, 0.3
WORDING, LIKES = 0.15, 1 / 1.3
FOUND, NEAR, BESIDE, WORDS, BOTH = 1 / 1.7, 1.0, 0.26, 1 / 2, 1.2
SATURATION, PHRASE, COVER = 1.2, 0.5, 1.0
MOST_BESIDE = 40
PARTS = 6  # words told of a reason; the others are summed up
STEPS = 2.0**24  # of a weight: with whole numbers they add up to the same in any order, whatever BLAS does it


def _root(number: float) -> float:
    """The square root; 1 for nothing, to divide by."""
    return math.sqrt(number) if number > 0 else 1.0


class Nearness:
    """How near the candidates are to some text: linear in what they mean (`meaning`) and in their terms (`wording`)."""

    def __init__(self, corpus: Corpus, meaning: Floats, wording: Floats, less: float) -> None:
        self._corpus = corpus
        self._columns = np.flatnonzero(wording)  # few of very many
        self._wording = wording[self._columns]
        self._meaning = np.rint(meaning * STEPS) / STEPS
        self.values: Floats = corpus.meanings @ self._meaning / FINE + corpus.rows @ wording - less

    def parts(self, row: int, points: int) -> tuple[Part, ...]:
        """The points of one candidate by its words: those that say most, and the sum of all the others."""
        corpus, text = self._corpus, self._corpus.texts[row]
        value = float(self.values[row])
        if not value or not points:
            return ()
        shares = dict(corpus.meaning.shares(text, self._meaning))
        held = slice(corpus.rows.indptr[row], corpus.rows.indptr[row + 1])
        columns, own, theirs = np.intersect1d(corpus.rows.indices[held], self._columns, return_indices=True)
        worded = corpus.rows.data[held][own] * self._wording[theirs]
        for column, share in zip(columns.tolist(), worded.tolist(), strict=True):
            name = corpus.names[column]
            shares[name] = shares.get(name, 0.0) + share
        best = nsmallest(PARTS, [(-abs(share), term) for term, share in shares.items()])
        told = [Part(label=text.spelled(term), points=round(shares[term] * points / value)) for _, term in best]
        told = [part for part in told if part.points]
        rest = points - sum(part.points for part in told)
        return (*told, Part(label="all other words", points=rest)) if rest else tuple(told)


def _unit(corpus: Corpus, meaning: Floats) -> Floats:
    """The weights as they give papers at large the variance 1."""
    return meaning / _root(math.fsum(meaning**2 * corpus.meaning.spread))


def _worded(corpus: Corpus, weights: Floats, scale: float) -> tuple[Floats, float]:
    """The weights of terms as they give papers at large the variance scale², and the mean to take off."""
    mean, variance = corpus.moments(weights)
    return weights * (scale / _root(variance)), mean * scale / _root(variance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Liked:
    """An example paper, how much it counts, and what it is called."""

    label: str
    text: Text
    weight: float = 1.0


class Examples:
    """Nearness to the mean of some papers."""

    def __init__(self, corpus: Corpus, liked: Sequence[Liked], scale: float = 1.0) -> None:
        self._corpus, self._liked = corpus, liked
        weights = np.array([one.weight for one in liked], dtype=np.float64)
        weights /= weights.sum()
        texts = [one.text for one in liked]
        self._rows = corpus.rows_of(texts)
        self._meanings = corpus.meanings_of(texts, self._rows) / FINE
        mean = (weights[:, None] * self._meanings).sum(axis=0)
        ridge = min(RIDGE_TO, max(RIDGE_FROM, RIDGE / len(liked)))
        solved = mean / (corpus.meaning.spread + ridge)
        meaning = _unit(corpus, PLAIN * _unit(corpus, mean) + (1 - PLAIN) * _unit(corpus, solved))
        wording, less = _worded(corpus, np.asarray(self._rows.T @ weights), WORDING)
        scale *= LIKES
        self.near = Nearness(corpus, meaning * scale, wording * scale, less * scale)

    def label(self, row: int) -> str:
        """The title of the nearest of the papers, the first of equals."""
        corpus = self._corpus
        held = slice(corpus.rows.indptr[row], corpus.rows.indptr[row + 1])
        own = np.zeros(corpus.rows.shape[1])
        own[corpus.rows.indices[held]] = corpus.rows.data[held]
        nearness = self._rows @ own + self._meanings @ corpus.meanings[row] / FINE
        return self._liked[int(np.argmax(nearness))].label


# --- words and phrases -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """A word or phrase to look for; `inside` is the phrase that it is only a word of."""

    label: str
    term: str  # stems, as in a bag
    weight: float
    inside: str | None = None

    def pull(self, background: Background) -> float:
        """Its weight times its rarity; less for a phrase or pair, as its words are looked for too."""
        return self.weight * background.rarity(self.term) * (PHRASE if " " in self.term and self.weight > 0 else 1.0)


def distinct(wanted: Iterable[Term]) -> list[Term]:
    """The words and phrases that tell papers apart, each as it is given first."""
    found, taken = list[Term](), set[str]()
    for term in wanted:
        keys = phrase_keys(term.text)
        if tells(term.text) and taken.isdisjoint(keys):
            found.append(term)
            taken.update(keys)
    return found


def _stems(phrase: str) -> str:
    return " ".join(one for one in terms(phrase) if " " not in one) or run_together(phrase)


def _searches(wanted: Sequence[Term]) -> list[_Search]:
    """The words and phrases, and then the words and pairs of words inside the phrases."""
    whole = [_Search(label=one.text, term=_stems(one.text), weight=one.weight) for one in wanted]
    taken, inside = {one.term for one in whole}, dict[str, _Search]()
    for phrase in whole:
        if phrase.weight <= 0 or " " not in phrase.term:
            continue
        for stem, word in spelled(phrase.label).items():
            if stem not in taken and (stem not in inside or inside[stem].weight < phrase.weight):
                inside[stem] = _Search(label=word, term=stem, weight=phrase.weight, inside=phrase.label)
    return whole + [inside[stem] for stem in sorted(inside)]


class Words:
    """The words and phrases of a topic: what is found of them, and what is near them.

    `found` has shape (candidates, searches).
    """

    def __init__(self, corpus: Corpus, wanted: Sequence[Term], scale: float = 1.0) -> None:
        self._corpus, scale = corpus, scale * WORDS
        self.searches = _searches(wanted)
        self._titles, counted = self._phrases()
        deviation = math.sqrt(1 + math.fsum(map(self._variance, self.searches)))
        covered = self._covered()
        gains, columns = [np.zeros(0)], [np.zeros(0, dtype=np.intp)]
        for one in self.searches:
            rows, counts = counted[one.label] if one.inside is None else corpus.having(one.term)
            rows, counts = rows[rows < corpus.size], counts[rows < corpus.size]
            columns.append(rows)
            gain = self._gain(one, rows, counts) * (FOUND * scale / deviation)
            gains.append(gain if one.inside is None else gain * covered[one.inside][rows])
        starts = np.cumsum([len(one) for one in columns])
        parts = np.concatenate(gains), np.concatenate(columns), starts
        self.found: Rows = sparse.csc_array(parts, shape=(corpus.size, len(self.searches))).tocsr()
        self.near = self._nearness(scale)

    def _phrases(self) -> tuple[dict[str, frozenset[int]], dict[str, tuple[NDArray[np.intp], Floats]]]:
        """Which candidates have which phrase in the title; and by phrase, in which it is, a title counting twice."""
        found = self._corpus.holding(Phrases(one.label for one in self.searches if one.inside is None))
        titles = {label: frozenset(held.rows[held.counts[:, 0] > 0].tolist()) for label, held in found.items()}
        counted = {one.label: (np.zeros(0, dtype=np.intp), np.zeros(0)) for one in self.searches}
        for label, held in found.items():
            often = 2 * held.counts[:, 0] + held.counts[:, 1]
            counted[label] = held.rows[often > 0], often[often > 0]
        return titles, counted

    def _covered(self) -> dict[str, Floats]:
        """By phrase how much of it each text of the pool has, in single words by their rarity: from 0 to 1."""
        corpus, found = self._corpus, dict[str, Floats]()
        for phrase in {one.inside for one in self.searches if one.inside is not None}:
            share, words = np.zeros(len(corpus.texts)), [word for word in spelled(phrase) if " " not in word]
            for word in words:
                share[corpus.having(word)[0]] += corpus.background.rarity(word)
            found[phrase] = (share / math.fsum(map(corpus.background.rarity, words))) ** COVER
        return found

    def whole(self) -> Floats:
        """1 for the searches of a word or phrase that is wanted, 0 for what is inside of one; shape (searches,)."""
        return np.array([one.inside is None and one.weight > 0 for one in self.searches], dtype=np.float64)

    def _variance(self, one: _Search) -> float:
        background = self._corpus.background
        share = min(1.0, background.documents(one.term) / max(1, background.size))
        return one.pull(background) ** 2 * share * (1 - share)

    def _gain(self, one: _Search, rows: NDArray[np.intp], counts: Floats) -> Floats:
        gain = counts * (SATURATION + 1) / (counts + SATURATION * self._corpus.fullness[rows])
        return one.pull(self._corpus.background) * np.asarray(gain)

    def _nearness(self, scale: float) -> Nearness:
        corpus, wanted = self._corpus, [one for one in self.searches if one.weight > 0]
        text = Text(" ".join(one.label for one in wanted if one.inside is None))
        meaning = _unit(corpus, corpus.meanings_of([text], corpus.rows_of([text]))[0]) * NEAR * scale
        wording, less = _worded(corpus, self._beside(wanted), BESIDE * scale)
        return Nearness(corpus, meaning, wording, less)

    def _beside(self, wanted: Sequence[_Search]) -> Floats:
        """The mean of the TF-IDF rows of the earlier papers that have most of the words, so that none is its own."""
        corpus = self._corpus
        score = np.zeros(len(corpus.texts))
        for one in wanted:
            if one.term.count(" ") < 2:
                rows, counts = corpus.having(one.term)
                score[rows] += self._gain(one, rows, counts)
        score[: corpus.size] = 0
        best = np.lexsort((corpus.order, -score))[:MOST_BESIDE]
        best = best[score[best] > 0]
        if not len(best):
            return np.zeros(corpus.pool.shape[1])
        return np.asarray(corpus.pool[best].T @ (score[best] / score[best].sum()))

    def reasons(self, row: int, points: Mapping[int, int]) -> Iterator[Reason]:
        """What the points of each search are for; a phrase and the words inside it, as the text has them, are one."""
        text = self._corpus.texts[row]
        groups: dict[str, list[tuple[_Search, int]]] = {}
        for number in sorted(points):
            one = self.searches[number]
            groups.setdefault(one.inside or one.label, []).append((one, points[number]))
        for wanted, those in groups.items():
            whole = those[0][0].inside is None
            if whole:
                name = short(wanted)
                title = row in self._titles.get(wanted, ())
                said = worded("“{}” in the title", name) if title else worded("“{}” in the abstract", name)
            elif len(those) == 1:
                said = worded("“{}” of “{}”", short(text.spelled(those[0][0].term), 30), short(wanted, 50))
            else:
                said = worded("words of “{}”", short(wanted))
            parts = tuple(
                Part(label=f"“{short(text.spelled(one.term))}”" if one.inside else "the whole phrase", points=each)
                for one, each in those
            )
            together = sum(each for _, each in those)
            reason = Reason.of("word" if whole else "near", together, said, parts if len(parts) > 1 else ())
            less = replace(reason, label=f"{reason.label}, of which you want less", said=())
            yield less if those[0][1] < 0 else reason


# --- a topic -----------------------------------------------------------------------------------------------------

# By kind: like the nearest of the papers, unlike all of them.
_LIKE = {
    "example": (worded("like “{}”"), worded("unlike your examples")),
    "liked": (worded("like “{}”, which you liked"), worded("unlike what you liked")),
    "disliked": (worded("like “{}”, of which you want less"), worded("unlike what you want less of")),
}


class Interest:
    """One topic against all candidates. `points` has shape (candidates,), whole numbers, below 0 for what is far.

    `own` are the same where the paper has one of the words or phrases as such, else less what single words of phrases
    give: by them alone a paper is not of the topic. `against` tells where a word or phrase that is not wanted is.

    `kind` is that of the examples: example, liked or disliked.
    """

    def __init__(
        self,
        corpus: Corpus,
        wanted: Sequence[Term],
        liked: Sequence[Liked],
        factor: float,
        kind: str = "example",
        name: str = "",
    ) -> None:
        self._kind, self._name = kind, name
        wanted = distinct(wanted)
        self.empty = not wanted and not liked
        self._examples = Examples(corpus, liked) if liked else None
        self._words = Words(corpus, wanted, BOTH / math.sqrt(len(liked)) if liked else 1.0) if wanted else None
        nothing = np.zeros(corpus.size)
        self._like = np.rint(self._examples.near.values * (POINTS * factor)) if self._examples else nothing
        self._near = np.rint(self._words.near.values * (POINTS * factor)) if self._words else nothing
        self.points: Floats = self._like + self._near
        self.own, self.against = self.points, np.zeros(corpus.size, dtype=bool)
        if self._words:
            self._found = self._words.found.copy()
            self._found.data = np.rint(self._found.data * (POINTS * factor))
            self.points = self.points + self._found.sum(axis=1)
            named: Floats = np.asarray(self._found @ self._words.whole())
            self.own = np.where(named > 0, self.points, self.own)
            self.against = (self._found < 0).sum(axis=1) > 0

    def reasons(self, row: int, *, told: bool) -> tuple[Reason, ...]:
        """Why the candidate has its points, which they sum to; down to its words if `told`."""
        found: list[Reason] = []
        if self._words:
            start, end = self._found.indptr[row], self._found.indptr[row + 1]
            pairs = zip(self._found.indices[start:end].tolist(), self._found.data[start:end].tolist(), strict=True)
            found += self._words.reasons(row, {number: int(points) for number, points in pairs if points})
        if self._words and (points := int(self._near[row])):
            parts = self._words.near.parts(row, points) if told else ()
            if points < 0:
                what = f"“{short(self._name)}”" if self._name else "what you look for"
                found.append(Reason(kind="near", label=f"far from {what}", points=points, parts=parts))
            else:
                name = short(self._name)
                said = worded("near “{}”", name) if name else worded("near what you look for")
                found.append(Reason.of("near", points, said, parts))
        if self._examples and (points := int(self._like[row])):
            parts = self._examples.near.parts(row, points) if told else ()
            like, unlike = _LIKE[self._kind]
            said = (*like, short(self._examples.label(row), 50)) if points > 0 else unlike
            found.append(Reason.of(self._kind, points, said, parts))
        return tuple(found)
