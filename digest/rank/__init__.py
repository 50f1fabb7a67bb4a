"""Pure: papers + trends + a profile -> ranked papers with reasons. Knows nothing of who was shown what.

A score is the sum of whole points, each with a reason:

    trend      every term of `trend`, times 2 · trend_weight
    interests  times 2 · (1 - trend_weight):
      word         up to 240 · weight for a topic's word or phrase: BM25's saturation, a title counting three times, and
                   rarer words more; all words together at most 720
      example      600 · cosine of TF-IDF vectors, to the nearest of a topic's example papers
      author       250 · weight for a followed author
      organisation 200 · weight for a followed organisation
      category      80 · weight for a followed category (the primary one; half for a cross-list)
    similar    less the closer the paper is to one above it in the list

A muted paper, and one nearly the same as another above it, are hidden with the rule that did it. Ties are broken by
trend, votes, first listing (newer first) and id, so that the order does not depend on the order of the input.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.model import Hidden, Learned, Paper, Profile, Ranked, Ranking, Reason, Term, Topic, Trend
from digest.words import Phrases, phrase_key, plain, terms, tokens

WORD, WORDS_AT_MOST, EXAMPLE = 240.0, 720.0, 600.0
AUTHOR, ORGANISATION, CATEGORY = 250.0, 200.0, 80.0
SATURATION, TITLE_COUNTS = 1.2, 3  # BM25's k1 (Robertson and Zaragoza 2009); a title says more than a sentence
EXAMPLE_FLOOR = 0.05  # cosines below are chance
# Of 1,500 real papers' best matches, one in ten is above 0.26, one in a hundred above 0.32, and none above 0.45.
ALIKE_FROM, ALIKE, NEARLY_SAME = 0.25, 300.0, 0.75
THINNED = 200  # how many of the best are compared with each other


def _text(paper: Paper) -> str:
    return f"{paper.title}. {paper.title}. {paper.abstract}"


class Corpus:
    """The candidates of a day as TF-IDF rows, made once for all profiles. Rows are in order of the papers' ids."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        self.papers: tuple[Paper, ...] = tuple(sorted(papers, key=lambda paper: paper.id))
        self._counts = [Counter(terms(_text(paper))) for paper in self.papers]
        self.document_frequency: Counter[str] = Counter(term for counts in self._counts for term in counts)
        self._columns = {term: column for column, term in enumerate(sorted(self.document_frequency))}

    def rarity(self, documents: int) -> float:
        """How telling a word is that this many of the papers hold: 1 for the rarest, 0.25 at the least."""
        size = len(self.papers)
        return max(0.25, math.log((size + 1) / (documents + 0.5)) / math.log((size + 1) / 0.5 if size else 2))

    @cached_property
    def rows(self) -> sparse.csr_array[np.float64]:
        """Shape (papers, terms), rows of length 1: (1 + ln tf) · idf, with idf = 1 + ln((n + 1) / (df + 1))."""
        return self.vectors(self._counts)

    @cached_property
    def wordings(self) -> sparse.csr_array[np.float64]:
        """As `rows`, without the idf: what tells copies of one text apart is the rarest of words.

        Columns of one paper alone are left out: they are most, and nothing of a cosine."""
        shared = [column for term, column in self._columns.items() if self.document_frequency[term] > 1]
        return sparse.csr_array(self.vectors(self._counts, weigh=lambda _: 1.0)[:, shared])

    def vectors(
        self, counts: Sequence[Mapping[str, int]], weigh: Callable[[str], float] | None = None
    ) -> sparse.csr_array[np.float64]:
        """Rows for texts given as term counts; a term that no candidate has counts for the length only."""
        weigh = weigh or self._idf
        data: list[float] = []
        columns: list[int] = []
        starts = [0]
        for bag in counts:
            weights = {term: (1 + math.log(count)) * weigh(term) for term, count in sorted(bag.items())}
            length = math.sqrt(math.fsum(weight * weight for weight in weights.values())) or 1.0
            kept = [(self._columns[term], weight / length) for term, weight in weights.items() if term in self._columns]
            columns.extend(column for column, _ in kept)
            data.extend(weight for _, weight in kept)
            starts.append(len(columns))
        shape = (len(counts), max(1, len(self._columns)))
        return sparse.csr_array((np.array(data), np.array(columns, dtype=int), np.array(starts)), shape=shape)

    def _idf(self, term: str) -> float:
        return 1 + math.log((len(self.papers) + 1) / (self.document_frequency[term] + 1))


# --- interests -------------------------------------------------------------------------------------------------


def name_matches(followed: str, author: str) -> bool:
    """Whether two spellings can be of one person: the same surname, and first names equal or as initials.

    "Last, First" is read as First Last; accents, case, hyphens and middle names do not count.
    """
    ours, theirs = _name(followed), _name(author)
    if not ours or not theirs or ours[-1] != theirs[-1]:
        return False
    if len(ours) == 1 or len(theirs) == 1:
        return len(ours) == len(theirs)
    one, other = ours[0], theirs[0]
    return one == other or (min(len(one), len(other)) == 1 and one[0] == other[0])


def _name(name: str) -> list[str]:
    last, comma, first = name.partition(",")
    return tokens(f"{first} {last}" if comma else name)


def _same_place(followed: str, organisation: str) -> bool:
    return phrase_key(followed) != "" and phrase_key(followed) == phrase_key(organisation)


def _category_share(followed: str, categories: Sequence[str]) -> float:
    """1 for the primary category, 0.5 for a cross-list; "cs" follows all of cs.*."""
    wanted = plain(followed).strip().removesuffix(".*")
    for place, category in enumerate(map(plain, categories)):
        if category == wanted or category.startswith(f"{wanted}."):
            return 1.0 if place == 0 else 0.5
    return 0.0


class _Words:
    """A profile's words over the whole corpus: the counts come first, as a word's rarity needs them all."""

    def __init__(self, corpus: Corpus, topics: Sequence[Topic]) -> None:
        self._terms: dict[str, Term] = {}
        for term in (term for topic in topics for term in topic.terms):
            self._terms.setdefault(phrase_key(term.text), term)
        phrases = Phrases(term.text for term in self._terms.values())
        self._titles = [phrases.count(paper.title) for paper in corpus.papers]
        self._abstracts = [phrases.count(paper.abstract) for paper in corpus.papers]
        documents = Counter(
            text for pair in zip(self._titles, self._abstracts, strict=True) for text in set(pair[0]) | set(pair[1])
        )
        self._rarity = {text: corpus.rarity(count) for text, count in documents.items()}

    def reasons(self, row: int) -> list[tuple[str, str, float]]:
        found = []
        counts = self._titles[row], self._abstracts[row]
        for text in sorted(set(counts[0]) | set(counts[1])):
            term, titled, told = self._terms[phrase_key(text)], counts[0][text], counts[1][text]
            frequency = TITLE_COUNTS * titled + told
            saturated = frequency * (SATURATION + 1) / (frequency + SATURATION) / (SATURATION + 1)
            points = WORD * term.weight * saturated * self._rarity[term.text]
            found.append(("word", f"“{term.text}” in the {'title' if titled else 'abstract'}", points))
        together = math.fsum(max(0.0, points) for _, _, points in found)
        shrink = min(1.0, WORDS_AT_MOST / together) if together else 1.0
        return [(kind, label, points * shrink if points > 0 else points) for kind, label, points in found]


class _Examples:
    """The nearest example of each topic for every candidate."""

    def __init__(self, corpus: Corpus, topics: Sequence[Topic], examples: Mapping[str, Paper]) -> None:
        self._nearest: list[list[tuple[str, str, float]]] = [[] for _ in corpus.papers]
        for topic in topics:
            texts = [
                (examples[name].title, _text(examples[name])) if name in examples else (name, name)
                for name in topic.examples
            ]
            if not texts:
                continue
            rows = corpus.vectors([Counter(terms(text)) for _, text in texts])
            cosines = (corpus.rows @ rows.T).toarray()
            for row, nearest in enumerate(np.argmax(cosines, axis=1)):
                cosine = float(cosines[row, nearest])
                if cosine >= EXAMPLE_FLOOR:
                    label = f"like “{_short(texts[nearest][0])}”"
                    self._nearest[row].append(("example", label, EXAMPLE * cosine))

    def reasons(self, row: int) -> list[tuple[str, str, float]]:
        return self._nearest[row]


def _short(title: str, most: int = 60) -> str:
    return title if len(title) <= most else title[:most].rsplit(" ", 1)[0].rstrip(" ,:;–-") + "…"


def _followed(paper: Paper, profile: Profile) -> list[tuple[str, str, float]]:
    found = []
    for author in profile.authors:
        names = [name for name in paper.authors if name_matches(author.text, name)]
        if names:
            found.append(("author", f"by {names[0]}", AUTHOR * author.weight))
    for place in profile.organisations:
        if paper.organisation and _same_place(place.text, paper.organisation):
            found.append(("organisation", f"from {paper.organisation}", ORGANISATION * place.weight))
    for category in profile.categories:
        share = _category_share(category.text, paper.categories)
        if share:
            found.append(("category", f"in {category.text}", CATEGORY * category.weight * share))
    return found


# --- mutes -----------------------------------------------------------------------------------------------------


def _muted_by(paper: Paper, profile: Profile, phrases: Phrases) -> str | None:
    """The first rule that hides the paper; words are looked for in title, abstract and keywords."""
    found = {word for text in (paper.title, paper.abstract, *paper.keywords) for word in phrases.count(text)}
    if found:
        return f"muted word “{next(word for word in profile.muted_words if word in found)}”"
    for author in profile.muted_authors:
        if any(name_matches(author, name) for name in paper.authors):
            return f"muted author {author}"
    for place in profile.muted_organisations:
        if paper.organisation and _same_place(place, paper.organisation):
            return f"muted organisation {place}"
    for category in profile.muted_categories:
        if _category_share(category, paper.categories):
            return f"muted category {category}"
    return None


# --- the order -------------------------------------------------------------------------------------------------


def _order(ranked: Ranked) -> tuple[int, int, int, int, str]:
    """Best first; always ends in the unique id."""
    trend, paper = ranked.trend, ranked.paper
    return (-ranked.score, -trend.points, -(trend.votes or 0), -(paper.first_listed or date.min).toordinal(), paper.id)


def _scaled(found: Iterable[tuple[str, str, float]], factor: float) -> tuple[Reason, ...]:
    reasons = (Reason(kind=kind, label=label, points=round(points * factor)) for kind, label, points in found)
    return tuple(reason for reason in reasons if reason.points)


@dataclass(slots=True)
class _Candidate:
    """A paper on its way into the list: the closest of the first `compared` papers above it."""

    ranked: Ranked
    columns: NDArray[np.int32]
    weights: NDArray[np.float64]
    compared: int = 0
    cosine: float = 0.0
    closest: Ranked | None = None

    def compare(self, kept: Sequence[Ranked], above: NDArray[np.float64]) -> None:
        cosines = above[self.compared : len(kept), self.columns] @ self.weights
        nearest = int(np.argmax(cosines))
        if cosines[nearest] > self.cosine:
            self.cosine, self.closest = float(cosines[nearest]), kept[self.compared + nearest]
        self.compared = len(kept)

    @property
    def lowered(self) -> Ranked:
        points = -round(ALIKE * max(0.0, self.cosine - ALIKE_FROM) / (1 - ALIKE_FROM))
        if not points or self.closest is None:
            return self.ranked
        reason = Reason(kind="similar", label=f"close to “{_short(self.closest.paper.title)}” above", points=points)
        return replace(self.ranked, reasons=(*self.ranked.reasons, reason))


def _thin(ranked: Iterable[tuple[Ranked, int]], rows: sparse.csr_array[np.float64]) -> Ranking:
    """Lower what is close to a better paper and hide what is nearly the same, among the best `THINNED` papers.

    The next paper is always the best one after lowering. As points are only ever taken off, a paper is compared with
    those above it no sooner than it comes to the top of the heap.
    """
    kept: list[Ranked] = []
    hidden: list[Hidden] = []
    heap = []
    for one, row in ranked:
        start, end = rows.indptr[row], rows.indptr[row + 1]
        heap.append((_order(one), _Candidate(one, rows.indices[start:end], rows.data[start:end])))
    heapq.heapify(heap)  # the order ends in a unique id: candidates are never compared
    above: NDArray[np.float64] = np.zeros((min(THINNED, len(heap)), rows.shape[1]))
    while heap and len(kept) < THINNED:
        _, candidate = heapq.heappop(heap)
        if candidate.compared == len(kept):
            above[len(kept), candidate.columns] = candidate.weights
            kept.append(candidate.lowered)
            continue
        candidate.compare(kept, above)
        if candidate.cosine >= NEARLY_SAME and candidate.closest is not None:
            rule = f"nearly the same as “{_short(candidate.closest.paper.title)}”"
            hidden.append(Hidden(paper=candidate.ranked.paper, rule=rule))
        else:
            heapq.heappush(heap, (_order(candidate.lowered), candidate))
    rest = [candidate.lowered for _, candidate in sorted(heap)]
    return Ranking(papers=(*kept, *rest), hidden=tuple(hidden))


def rank(
    corpus: Corpus,
    trends: Mapping[str, Trend],
    profile: Profile,
    examples: Mapping[str, Paper] | None = None,
    learned: Sequence[Learned] = (),
) -> Ranking:
    """All papers of the corpus for one profile, best first.

    `trends` has every paper's trend by id. `examples` has the papers behind the example ids that are known; an example
    that is not in it counts as a title.
    """
    words = _Words(corpus, profile.topics)
    nearest = _Examples(corpus, profile.topics, examples or {})
    mutes = Phrases(profile.muted_words)
    of_trend, of_interest = 2 * profile.trend_weight, 2 * (1 - profile.trend_weight)
    ranked: list[tuple[Ranked, int]] = []
    hidden: list[Hidden] = []
    for row, paper in enumerate(corpus.papers):
        if (rule := _muted_by(paper, profile, mutes)) is not None:
            hidden.append(Hidden(paper=paper, rule=rule))
            continue
        interests = words.reasons(row) + nearest.reasons(row) + _followed(paper, profile)
        trend = trends[paper.id]
        reasons = _scaled(interests, of_interest) + _scaled(
            ((term.kind, term.label, float(term.points)) for term in trend.terms), of_trend
        )
        ranked.append((Ranked(paper=paper, trend=trend, reasons=reasons), row))
    thinned = _thin(ranked, corpus.wordings)
    return Ranking(papers=thinned.papers, hidden=tuple(hidden) + thinned.hidden)
