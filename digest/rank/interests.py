"""Pure: one topic of a reader against all candidates. The model, in standard deviations over papers at large:

    likes    (meaning + 0.15 · wording) / 1.3, for the mean of a topic's k example papers:
      meaning    0.3 · e·m + 0.7 · e·(C + λI)⁻¹m for the vectors e of a paper and m of the examples, each of variance 1;
                 C is the covariance of papers at large, λ = 0.2 / k within 0.01 and 0.1: ridge regression of "is an
                 example" against all papers in closed form
      wording    t·c - mean for the TF-IDF rows t of a paper and c of the examples, over its deviation
    words    (found / 1.7 + near + 0.26 · beside) / 2, for the topic's words and phrases:
      found      BM25 of each word and phrase, and of words and pairs in a phrase, over √(1 + variance); Robertson and
                 Zaragoza 2009, k1 1.2, b 0.75
      near       e·q of variance 1, q being the words' own vector
      beside     wording for the 40 earlier papers that have most of the words: pseudo relevance feedback (Rocchio 1971)
    topic    likes + 1.2 · words / √k, or the one that there is, times 100 points

The numbers were chosen on half of the topics of benchmarks/ranking.py, which prints the other half too. All parts are
linear in a paper's terms, so that each point can be told by its word.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import nsmallest

import numpy as np

from digest.model import Part, Reason, Term
from digest.rank.background import FINE, Background, Floats
from digest.rank.corpus import Corpus, Text
from digest.words import Phrases, phrase_key, spelled, terms

POINTS = 100.0
RIDGE, RIDGE_FROM, RIDGE_TO, PLAIN = 0.2, 0.01, 0.1, 0.3
WORDING, LIKES = 0.15, 1 / 1.3
FOUND, NEAR, BESIDE, WORDS, BOTH = 1 / 1.7, 1.0, 0.26, 1 / 2, 1.2
SATURATION, PHRASE = 1.2, 0.5
MOST_BESIDE = 40
PARTS = 6  # words told of a reason; the others are summed up


def short(title: str, most: int = 60) -> str:
    return title if len(title) <= most else title[:most].rsplit(" ", 1)[0].rstrip(" ,:;–-") + "…"


def _root(number: float) -> float:
    """The square root; 1 for nothing, to divide by."""
    return math.sqrt(number) if number > 0 else 1.0


class Nearness:
    """How near the candidates are to some text: linear in what they mean (`meaning`) and in their terms (`wording`)."""

    def __init__(self, corpus: Corpus, meaning: Floats, wording: Floats, less: float) -> None:
        self._corpus, self._meaning, self._wording = corpus, meaning, wording
        self.values: Floats = corpus.meanings @ meaning / FINE + corpus.rows @ wording - less

    def parts(self, row: int, points: int) -> tuple[Part, ...]:
        """The points of one candidate by its words: those that say most, and the sum of all the others."""
        corpus, text = self._corpus, self._corpus.texts[row]
        value = float(self.values[row])
        if not value or not points:
            return ()
        shares = dict(corpus.meaning.shares(text, self._meaning))
        held = slice(corpus.rows.indptr[row], corpus.rows.indptr[row + 1])
        columns = corpus.rows.indices[held]
        worded = corpus.rows.data[held] * self._wording[columns]
        for column, share in zip(columns.tolist(), worded.tolist(), strict=True):
            if share:
                name = corpus.names[column]
                shares[name] = shares.get(name, 0.0) + share
        best = nsmallest(PARTS, [(-abs(share), term) for term, share in shares.items()])
        told = [Part(label=text.spelled(term), points=round(shares[term] * points / value)) for _, term in best]
        told = [part for part in told if part.points]
        rest = points - sum(part.points for part in told)
        return (*told, Part(label="all other words", points=rest)) if rest else tuple(told)


def _unit(corpus: Corpus, meaning: Floats) -> Floats:
    """The weights as they give papers at large the variance 1."""
    return meaning / _root(float(meaning**2 @ corpus.meaning.spread))


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
        weights = np.array([one.weight for one in liked])
        weights /= weights.sum()
        self._rows = corpus.rows_of([one.text for one in liked])
        mean = weights @ corpus.meanings_of([one.text for one in liked]) / FINE
        ridge = min(RIDGE_TO, max(RIDGE_FROM, RIDGE / len(liked)))
        solved = mean / (corpus.meaning.spread + ridge)
        meaning = _unit(corpus, PLAIN * _unit(corpus, mean) + (1 - PLAIN) * _unit(corpus, solved))
        wording, less = _worded(corpus, np.asarray(self._rows.T @ weights), WORDING)
        scale *= LIKES
        self.near = Nearness(corpus, meaning * scale, wording * scale, less * scale)

    def label(self, row: int) -> str:
        """The title of the nearest of the papers."""
        return short(self._liked[self._nearest[row]].label)

    @cached_property
    def _nearest(self) -> list[int]:
        cosines = (self._corpus.rows @ self._rows.T).toarray()
        return [int(best) for best in np.argmax(cosines, axis=1)]


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


def _stems(phrase: str) -> str:
    return " ".join(one for one in terms(phrase) if " " not in one) or phrase_key(phrase)


def _searches(wanted: Sequence[Term]) -> list[_Search]:
    """The words and phrases, each once, and then the words and pairs of words inside the phrases."""
    once = {phrase_key(term.text): term for term in reversed(wanted) if phrase_key(term.text)}
    whole = [_Search(label=one.text, term=_stems(one.text), weight=one.weight) for one in reversed(once.values())]
    taken, inside = {one.term for one in whole}, dict[str, _Search]()
    for phrase in whole:
        if phrase.weight <= 0 or " " not in phrase.term:
            continue
        for stem, word in spelled(phrase.label).items():
            if stem not in taken and (stem not in inside or inside[stem].weight < phrase.weight):
                inside[stem] = _Search(label=word, term=stem, weight=phrase.weight, inside=phrase.label)
    return whole + [inside[stem] for stem in sorted(inside)]


class Words:
    """The words and phrases of a topic: what is found of them, and what is near them. `found` has a row for each."""

    def __init__(self, corpus: Corpus, wanted: Sequence[Term], scale: float = 1.0) -> None:
        self._corpus, scale = corpus, scale * WORDS
        self.searches = _searches(wanted)
        phrases = Phrases(one.label for one in self.searches if one.inside is None)
        self._having = corpus.having(phrases)
        fullness = corpus.fullness[: corpus.size]
        deviation = math.sqrt(1 + math.fsum(map(self._variance, self.searches)))
        self.found = np.zeros((len(self.searches), corpus.size))
        for number, one in enumerate(self.searches):
            if one.inside is None:
                counts = np.zeros(corpus.size)
                for row, (title, abstract, _) in self._having.get(one.label, {}).items():
                    counts[row] = 2 * title + abstract
            else:
                counts = corpus.counts(one.term)[: corpus.size]
            self.found[number] = self._gain(one, counts, fullness) * (FOUND * scale / deviation)
        self.near = self._nearness(scale)

    def _variance(self, one: _Search) -> float:
        background = self._corpus.background
        share = min(1.0, background.documents(one.term) / max(1, background.size))
        return one.pull(background) ** 2 * share * (1 - share)

    def _gain(self, one: _Search, counts: Floats, fullness: Floats) -> Floats:
        gain = counts * (SATURATION + 1) / (counts + SATURATION * fullness)
        return one.pull(self._corpus.background) * np.asarray(gain)

    def _nearness(self, scale: float) -> Nearness:
        corpus, wanted = self._corpus, [one for one in self.searches if one.weight > 0]
        text = Text(" ".join(one.label for one in wanted if one.inside is None))
        meaning = _unit(corpus, corpus.meanings_of([text])[0]) * NEAR * scale
        wording, less = _worded(corpus, self._beside(wanted), BESIDE * scale)
        return Nearness(corpus, meaning, wording, less)

    def _beside(self, wanted: Sequence[_Search]) -> Floats:
        """The mean of the TF-IDF rows of the earlier papers that have most of the words: no candidate is its own."""
        corpus = self._corpus
        score = np.zeros(len(corpus.texts))
        for one in wanted:
            if one.term.count(" ") < 2:
                score += self._gain(one, corpus.counts(one.term), corpus.fullness)
        score[: corpus.size] = 0
        best = np.argsort(-score, kind="stable")[:MOST_BESIDE]
        best = np.sort(best[score[best] > 0])
        if not len(best):
            return np.zeros(corpus.pool.shape[1])
        return np.asarray(corpus.pool[best].T @ (score[best] / score[best].sum()))

    def label(self, number: int, row: int) -> str:
        one = self.searches[number]
        if one.inside is not None:
            return f"“{one.label}”, of “{one.inside}”"
        return f"“{one.label}” in the {'title' if self._having[one.label][row][0] else 'abstract'}"


# --- a topic -----------------------------------------------------------------------------------------------------


def _whole(values: Floats, factor: float) -> Floats:
    return np.rint(values * (POINTS * factor))


class Interest:
    """One topic against all candidates. `points` has shape (candidates,), whole numbers, below 0 for what is far."""

    def __init__(self, corpus: Corpus, terms: Sequence[Term], liked: Sequence[Liked], factor: float, kind: str) -> None:
        self._kind = kind
        searching = any(phrase_key(term.text) for term in terms)
        self._examples = Examples(corpus, liked) if liked else None
        self._words = Words(corpus, terms, BOTH / math.sqrt(len(liked)) if liked else 1.0) if searching else None
        nothing = np.zeros(corpus.size)
        self._like = _whole(self._examples.near.values, factor) if self._examples else nothing
        self._found = _whole(self._words.found, factor) if self._words else np.zeros((0, corpus.size))
        self._near = _whole(self._words.near.values, factor) if self._words else nothing
        self.points: Floats = self._like + self._found.sum(axis=0) + self._near

    def reasons(self, row: int, *, told: bool) -> tuple[Reason, ...]:
        """Why the candidate has its points, which they sum to; down to its words if `told`."""
        found = []
        for number in np.flatnonzero(self._found[:, row]) if self._words else ():
            label = self._words.label(int(number), row) if self._words else ""
            found.append(Reason(kind="word", label=label, points=int(self._found[number, row])))
        if self._words and (points := int(self._near[row])):
            parts = self._words.near.parts(row, points) if told else ()
            found.append(Reason(kind="near", label="near what you look for", points=points, parts=parts))
        if self._examples and (points := int(self._like[row])):
            parts = self._examples.near.parts(row, points) if told else ()
            label = f"like “{self._examples.label(row)}”" if told else "like your examples"
            found.append(Reason(kind=self._kind, label=label, points=points, parts=parts))
        return tuple(found)
