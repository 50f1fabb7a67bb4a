"""Pure: what is known of words before a single paper has come in: how rare they are, and near which others they mean.

The numbers are in `background.npz`, made by benchmarks/word_table.py of arXiv's titles and abstracts; whoever builds
the world reads the file. Knows nothing of readers.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from io import BytesIO
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.words import terms

DIMENSIONS = 128
BIGRAM = 0.7  # the weight of two words beside that of one
FINE = 4096  # a vector of length 1 is kept in so many steps a coordinate: products of whole numbers are exact

Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = "sparse.csr_array[np.float64]"


def bag(title: str, abstract: str) -> Counter[str]:
    """How often a text has its words and pairs of words; what the title says counts twice."""
    counts = Counter(terms(abstract))
    for term in terms(title):
        counts[term] += 2
    return counts


def units(vectors: Floats) -> Floats:
    """Each row turned to length 1; a row of nothing stays so."""
    lengths: Floats = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    return vectors / np.where(lengths > 0, lengths, 1.0)


def whole(vectors: Floats) -> Floats:
    """Each row turned to length 1, in steps of 1 / FINE."""
    return np.rint(FINE * units(vectors))


class Background:
    """How many of `size` papers have each of `terms`, and, once learnt, what the terms weigh and mean.

    `mean`, `square`: of a term's weight in a paper, and of its square. `table`: shape (terms, DIMENSIONS). `centre`:
    what papers mean on average. `spread`: the variance of each dimension, independent of each other. `length`: of a
    paper, in words.
    """

    def __init__(
        self,
        known: Sequence[str],
        documents: NDArray[np.int32],
        size: int,
        mean: Floats | None = None,
        square: Floats | None = None,
        table: Floats | None = None,
        centre: Floats | None = None,
        spread: Floats | None = None,
        length: float = 150.0,
    ) -> None:
        self.terms, self.size, self.length = tuple(known), size, length
        self._documents = documents
        self.columns = {term: column for column, term in enumerate(self.terms)}
        self.mean = np.zeros(len(self.terms)) if mean is None else mean
        self.variance = (np.ones(len(self.terms)) if square is None else square) - self.mean**2
        self.table = np.zeros((len(self.terms), DIMENSIONS)) if table is None else table
        self.centre = np.zeros(DIMENSIONS) if centre is None else centre
        self.spread = np.full(DIMENSIONS, 1 / DIMENSIONS) if spread is None else spread

    @classmethod
    def of(cls, content: bytes) -> Background:
        """From the bytes of background.npz."""
        with np.load(BytesIO(content), allow_pickle=False) as told:
            wide = {name: told[name].astype(np.float64) for name in ("mean", "square", "table", "centre", "spread")}
            wide["table"] *= told["scale"].astype(np.float64)
            names = told["terms"].tobytes().decode().split("\n")
            return cls(names, told["documents"], int(told["size"]), length=float(told["length"]), **wide)

    def documents(self, term: str) -> float:
        """How many papers have a term: of a longer phrase, half as many as have the rarest of its pairs of words."""
        if (column := self.columns.get(term)) is not None:
            return float(self._documents[column])
        words = term.split(" ")
        if len(words) < 3:
            return 0.0
        return 0.5 * min(self.documents(f"{one} {two}") for one, two in pairwise(words))

    def rarity(self, term: str) -> float:
        """The inverse document frequency, as BM25 has it (Robertson and Zaragoza 2009): never below 0."""
        documents = self.documents(term)
        return math.log(1 + (self.size - documents + 0.5) / (documents + 0.5))

    @cached_property
    def _weights(self) -> Floats:
        bigrams = np.array([" " in term for term in self.terms], dtype=bool)
        rarity = np.log((self.size + 1) / (self._documents + 0.5))
        weights: Floats = np.maximum(0.0, rarity) * np.where(bigrams, BIGRAM, 1.0)
        return weights

    @cached_property
    def _unknown(self) -> float:
        """The weight of a word that none of the papers has."""
        return math.log((self.size + 1) / 0.5)

    def rows(self, bags: Sequence[Mapping[str, int]], others: Mapping[str, int] | None = None) -> Rows:
        """TF-IDF rows, (1 + ln count) · idf: those of the known terms have length 1 in each row.

        `others` gives columns behind them to words that are not known; what has no column is left out.
        """
        others = others or {}
        known, data, columns, starts = self._weights, list[float](), list[int](), [0]
        for one in bags:
            pairs = []
            for term, count in one.items():
                column = self.columns.get(term)
                if column is not None:
                    pairs.append((column, (1 + math.log(count)) * known[column]))
                elif term in others:
                    pairs.append((len(self.terms) + others[term], (1 + math.log(count)) * self._unknown))
            pairs.sort()
            square = math.fsum(weight * weight for column, weight in pairs if column < len(self.terms))
            square = square or math.fsum(weight * weight for _, weight in pairs)
            length = math.sqrt(square) or 1.0
            columns.extend(column for column, _ in pairs)
            data.extend(weight / length for _, weight in pairs)
            starts.append(len(columns))
        shape = (len(bags), max(1, len(self.terms) + len(others)))
        parts = np.array(data, dtype=np.float64), np.array(columns, dtype=np.int32), np.array(starts, dtype=np.int32)
        return sparse.csr_array(parts, shape=shape)

    def meanings(self, rows: Rows) -> Floats:
        """Shape (rows, DIMENSIONS), whole numbers: what texts mean, as unit vectors in steps of 1 / FINE.

        A text of no known term means nothing.
        """
        known = rows[:, : len(self.terms)] if rows.shape[1] > len(self.terms) else rows
        sums = np.asarray(known @ self.table)
        said = np.diff(known.indptr) > 0
        return whole(np.where(said[:, None], sums - self.centre, 0.0))
