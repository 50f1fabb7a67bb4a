"""Pure: the candidates of a day as rows of numbers, made once for all profiles. Knows nothing of readers."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.model import Paper
from digest.phrases import Index, Node, Phrases
from digest.rank.background import Background, Floats, Rows, bag
from digest.rank.follows import Credits
from digest.rank.order import Likeness
from digest.words import telling


class Text:
    """A title and an abstract, and their bag of words."""

    def __init__(self, title: str, abstract: str = "") -> None:
        self.title, self.abstract = title, abstract

    @cached_property
    def bag(self) -> Counter[str]:
        """How often each stem, and each pair of stems with a blank between, is there; in the title it counts twice."""
        return bag(self.title, self.abstract)

    @cached_property
    def _telling(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        pairs = telling(f"{self.title}. {self.abstract}")
        return tuple(stem for stem, _ in pairs), tuple(word for _, word in pairs)

    def spelled(self, term: str) -> str:
        """A word or pair of words as the text has it first; unchanged if it has not."""
        (stems, words), (first, _, second) = self._telling, term.partition(" ")
        for place, stem in enumerate(stems):
            if stem == first and (not second or stems[place + 1 : place + 2] == (second,)):
                return f"{words[place]} {words[place + 1]}" if second else words[place]
        return term


class Texts:
    """The texts of papers, each with its words once, however many corpora it is in."""

    def __init__(self) -> None:
        self._known: dict[str, Text] = {}

    def of(self, paper: Paper) -> Text:
        known = self._known.get(paper.id)
        if known is None or (known.title, known.abstract) != (paper.title, paper.abstract):
            known = self._known[paper.id] = Text(paper.title, paper.abstract)
        return known


class Meaning(Protocol):
    """What tells how near texts are in meaning: the word table, or a sentence encoder.

    `vectors` has shape (texts, dimensions), whole numbers, rows of length FINE or nothing; `spread` is the variance of
    each dimension over many papers, the dimensions being independent of each other.
    """

    @property
    def spread(self) -> Floats: ...

    def vectors(self, texts: Sequence[Text], rows: Rows) -> Floats:
        """`rows` are the TF-IDF rows of the texts."""
        ...

    def shares(self, text: Text, weights: Floats) -> Mapping[str, float]:
        """What each term of a text adds to the product of its vector (of length 1) with the weights.

        What cannot be told by term is under words that are no term.
        """
        ...


class WordTable:
    """The meaning of a text from its words alone."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self.spread = background.spread

    def vectors(self, texts: Sequence[Text], rows: Rows) -> Floats:
        return self._background.meanings(rows)

    def shares(self, text: Text, weights: Floats) -> Mapping[str, float]:
        background = self._background
        row = background.rows([text.bag])
        length = float(np.linalg.norm(row @ background.table - background.centre)) or 1.0
        added = row.data / length * (background.table[row.indices] @ weights)
        return dict(zip((background.terms[column] for column in row.indices.tolist()), added.tolist(), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The rows of those who have a phrase, rising, and how often in the title, the abstract and the keywords.

    `counts` has shape (rows, 3).
    """

    rows: NDArray[np.intp]
    counts: Floats


def _id(paper: Paper) -> str:
    return paper.id


def _together(several: Sequence[Holding]) -> Holding:
    if len(several) == 1:
        return several[0]
    rows, place = np.unique(np.concatenate([one.rows for one in several]), return_inverse=True)
    counts = np.zeros((len(rows), 3))
    np.add.at(counts, place, np.concatenate([one.counts for one in several]))
    return Holding(rows=rows, counts=counts)


class Corpus:
    """The candidates in the order of their ids, and the papers that came before them.

    `earlier` papers are never ranked: they tell what else is said where a reader's words are.
    """

    def __init__(
        self,
        papers: Iterable[Paper],
        background: Background,
        earlier: Iterable[Paper] = (),
        meaning: Meaning | None = None,
        texts: Texts | None = None,
    ) -> None:
        self.background = background
        self.papers: tuple[Paper, ...] = tuple(sorted(papers, key=_id))
        ids = {paper.id for paper in self.papers}
        before = sorted((paper for paper in earlier if paper.id not in ids), key=_id)
        everything = (*self.papers, *before)
        self.texts = tuple(map((texts or Texts()).of, everything))
        self._text_of = {paper.id: text for paper, text in zip(everything, self.texts, strict=True)}
        self.order = np.argsort(np.argsort([paper.id for paper in everything]))  # the place of each by its id
        self.meaning: Meaning = meaning or WordTable(background)
        self._holdings: dict[Node, Holding] = {}  # by what was looked for; others look for the same

    @property
    def size(self) -> int:
        return len(self.papers)

    def row(self, paper_id: str) -> int:
        """Of a candidate; of any other paper no meaningful number."""
        return bisect_left(self.papers, paper_id, key=_id)

    def text(self, paper: Paper) -> Text:
        """A paper's, which is at hand if it is a candidate or an earlier one: to find its words takes long."""
        text = self._text_of.get(paper.id)
        if text is not None and (text.title, text.abstract) == (paper.title, paper.abstract):
            return text
        return Text(paper.title, paper.abstract)

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {paper.id: row for row, paper in enumerate(self.papers)}

    def among(self, told: Mapping[str, str]) -> Iterator[tuple[int, str]]:
        """The rows of those candidates that something is told of, by their ids, and what."""
        return ((self._row_of[one], told[one]) for one in self._row_of.keys() & told.keys())

    @cached_property
    def _others(self) -> dict[str, int]:
        """The words, not pairs of words, that the background does not know."""
        known = self.background.columns
        words = {term for text in self.texts for term in text.bag if " " not in term and term not in known}
        return {word: number for number, word in enumerate(sorted(words))}

    @cached_property
    def pool(self) -> Rows:
        """TF-IDF rows of the candidates and then of the papers before them."""
        return self.rows_of(self.texts)

    @cached_property
    def rows(self) -> Rows:
        """Those of the candidates alone."""
        return sparse.csr_array(self.pool[: self.size])

    def rows_of(self, texts: Sequence[Text]) -> Rows:
        """TF-IDF, shape (texts, terms): the background's terms, and behind them the words that it does not know."""
        return self.background.rows([text.bag for text in texts], self._others)

    def meanings_of(self, texts: Sequence[Text], rows: Rows) -> Floats:
        """Shape (texts, dimensions); `rows` are those of `rows_of`."""
        return self.meaning.vectors(texts, rows) if texts else np.zeros((0, len(self.meaning.spread)))

    @cached_property
    def meanings(self) -> Floats:
        """Shape (candidates, dimensions), whole numbers."""
        return self.meanings_of(self.texts[: self.size], self.rows)

    def moments(self, weights: Floats) -> tuple[float, float]:
        """Mean and variance of the product of papers' rows with these weights: known terms, as if independent."""
        known = weights[: len(self.background.terms)]
        said = np.flatnonzero(known)
        mean = math.fsum(self.background.mean[said] * known[said])
        variance = math.fsum(self.background.variance[said] * known[said] ** 2)
        return mean, variance

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The terms of the columns."""
        return (*self.background.terms, *self._others)

    @cached_property
    def _word_counts(self) -> sparse.csc_array[np.float64]:
        """Shape (pool, columns): how often each text of the pool has each word or pair of words."""
        columns = self.background.columns | {
            word: len(self.background.terms) + number for word, number in self._others.items()
        }
        data, places, starts = list[int](), list[int](), [0]
        for text in self.texts:
            for term, count in text.bag.items():
                if (column := columns.get(term)) is not None:
                    places.append(column)
                    data.append(count)
            starts.append(len(places))
        parts = np.array(data, dtype=np.float64), np.array(places, dtype=np.int32), np.array(starts, dtype=np.int32)
        return sparse.csc_array(sparse.csr_array(parts, shape=(len(self.texts), max(1, len(columns)))))

    def having(self, term: str) -> tuple[NDArray[np.intp], Floats]:
        """Which texts of the pool have a word or pair of words, and how often each of them."""
        column = self.background.columns.get(term)
        if column is None:
            if term not in self._others:
                return np.zeros(0, dtype=np.intp), np.zeros(0)
            column = len(self.background.terms) + self._others[term]
        start, end = self._word_counts.indptr[column], self._word_counts.indptr[column + 1]
        return self._word_counts.indices[start:end].astype(np.intp), self._word_counts.data[start:end]

    @cached_property
    def fullness(self) -> Floats:
        """Shape (pool,): BM25's measure of a text's length, 1 for one as long as the average paper."""
        words = [sum(count for term, count in text.bag.items() if " " not in term) for text in self.texts]
        return 0.25 + 0.75 * np.array(words, dtype=np.float64) / self.background.length

    @cached_property
    def credits(self) -> Credits:
        return Credits(self.papers)

    @cached_property
    def _index(self) -> tuple[Index, NDArray[np.intp]]:
        """All titles, abstracts and keywords of the candidates; and of each text the row, times 3, and which it is."""
        texts = [
            (text, 3 * row + part)
            for row, paper in enumerate(self.papers)
            for text, part in ((paper.title, 0), (paper.abstract, 1), *((one, 2) for one in paper.keywords))
        ]
        return Index(text for text, _ in texts), np.array([place for _, place in texts], dtype=np.intp)

    def holding(self, phrases: Phrases) -> dict[str, Holding]:
        """Which candidates have each phrase, those left out that none has."""
        index, _ = self._index
        return {phrase: _together(list(map(self._held, runs))) for phrase, runs in phrases.find(index).items()}

    def _held(self, run: Node) -> Holding:
        if run not in self._holdings:
            index, places = self._index
            found, counts = np.unique(places[list(index.texts(run))], return_counts=True)
            rows, place = np.unique(found // 3, return_inverse=True)
            self._holdings[run] = Holding(rows=rows, counts=np.zeros((len(rows), 3)))
            self._holdings[run].counts[place, found % 3] = counts
        return self._holdings[run]

    @cached_property
    def likeness(self) -> Likeness:
        return Likeness(self._wordings)

    @cached_property
    def _wordings(self) -> Rows:
        """Shape (candidates, terms): 1 + ln count, rows of length 1. Copies of a text differ in rare words: no idf.

        Columns of one paper alone are left out: they are most, and nothing of a cosine."""
        bags = [text.bag for text in self.texts[: self.size]]
        papers_with = Counter(term for one in bags for term in one)
        shared = {term: column for column, term in enumerate(sorted(t for t, n in papers_with.items() if n > 1))}
        data, columns, starts = list[float](), list[int](), [0]
        for one in bags:
            logs = {term: 1 + math.log(count) for term, count in one.items()}
            length = math.sqrt(math.fsum(weight * weight for weight in logs.values())) or 1.0
            kept = sorted((shared[term], weight / length) for term, weight in logs.items() if term in shared)
            columns.extend(column for column, _ in kept)
            data.extend(weight for _, weight in kept)
            starts.append(len(columns))
        parts = np.array(data, dtype=np.float64), np.array(columns, dtype=np.int32), np.array(starts, dtype=np.int32)
        return sparse.csr_array(parts, shape=(len(bags), max(1, len(shared))))
