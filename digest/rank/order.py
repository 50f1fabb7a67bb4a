"""Pure: the order of a list, and its thinning: what is close to a better paper is lowered, the same is hidden."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from digest.model import Hidden, Paper, Ranked, Ranking, Reason, Trend
from digest.rank.background import Rows
from digest.words import short

# Of 1,500 real papers' best matches, one in ten is above 0.26, one in a hundred above 0.32, and none above 0.45.
ALIKE_FROM, ALIKE, NEARLY_SAME = 0.25, 300.0, 0.75
THINNED = 200  # how many of the best are compared with each other


def tie(paper: Paper, trend: Trend) -> tuple[int, int, int, str]:
    """Which of two papers of the same score stands first; always ends in the unique id."""
    return (-trend.points, -(trend.votes or 0), -(paper.first_listed or date.min).toordinal(), paper.id)


def place(ranked: Ranked) -> tuple[int, int, int, int, str]:
    """Best first."""
    return (-ranked.score, *tie(ranked.paper, ranked.trend))


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
        cosines = np.round(above[self.compared : len(kept), self.columns] @ self.weights, 9)  # the same with any BLAS
        nearest = int(np.argmax(cosines))
        if cosines[nearest] > self.cosine:
            self.cosine, self.closest = float(cosines[nearest]), kept[self.compared + nearest]
        self.compared = len(kept)

    @property
    def lowered(self) -> Ranked:
        points = -round(ALIKE * max(0.0, self.cosine - ALIKE_FROM) / (1 - ALIKE_FROM))
        if not points or self.closest is None:
            return self.ranked
        reason = Reason(kind="similar", label=f"close to “{short(self.closest.paper.title)}” above", points=points)
        return replace(self.ranked, reasons=(*self.ranked.reasons, reason))


def thin(ranked: Iterable[tuple[Ranked, int]], rows: Rows) -> Ranking:
    """Lower what is close to a better paper and hide what is nearly the same, among the best `THINNED` papers.

    The next paper is always the best one after lowering. As points are only ever taken off, a paper is compared with
    those above it no sooner than it comes to the top of the heap.
    """
    kept: list[Ranked] = []
    hidden: list[Hidden] = []
    heap = []
    for one, row in ranked:
        start, end = rows.indptr[row], rows.indptr[row + 1]
        heap.append((place(one), _Candidate(one, rows.indices[start:end], rows.data[start:end])))
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
            rule = f"nearly the same as “{short(candidate.closest.paper.title)}”"
            hidden.append(Hidden(paper=candidate.ranked.paper, rule=rule, score=candidate.ranked.score))
        else:
            heapq.heappush(heap, (place(candidate.lowered), candidate))
    rest = [candidate.lowered for _, candidate in sorted(heap)]
    return Ranking(papers=(*kept, *rest), hidden=tuple(hidden))
