"""Pure: the order of a list, and its thinning: what is close to a better paper is lowered, the same is hidden."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from digest.model import Paper, Reason, Trend
from digest.rank.background import Floats, Rows
from digest.trend import tie

# Of 1,500 real papers' best matches, one in ten is above 0.26, one in a hundred above 0.32, and none above 0.45.
ALIKE_FROM, ALIKE, NEARLY_SAME = 0.25, 300.0, 0.75
THINNED = 200  # how many of the best are compared with each other
_KEPT = 1 << 22  # cosines
_KEPT_TOLD = 8_192  # papers' reasons by the weight of the trend


class Trending:
    """The trends of a corpus's papers, row by row, for all profiles: their points, and the order of ties."""

    def __init__(self, papers: Sequence[Paper], trends: Mapping[str, Trend]) -> None:
        self.trends = tuple(trends[paper.id] for paper in papers)
        self._terms = np.zeros((len(papers), max((len(one.terms) for one in self.trends), default=0)))
        for row, trend in zip(self._terms, self.trends, strict=True):
            row[: len(trend.terms)] = [term.points for term in trend.terms]
        order = sorted(range(len(papers)), key=lambda row: tie(papers[row], self.trends[row]))
        self._told: dict[tuple[int, float], tuple[Reason, ...]] = {}
        self.ties = np.argsort(np.array(order, dtype=np.intp))  # the place of each paper, were all scores the same

    def points(self, factor: float) -> Floats:
        """Each term's points times the factor, rounded; the sum of them."""
        return np.asarray(np.rint(self._terms * factor).sum(axis=1))

    def reasons(self, row: int, factor: float) -> tuple[Reason, ...]:
        """They add up to `points(factor)[row]`, those of nothing left out."""
        if (row, factor) not in self._told:
            if len(self._told) >= _KEPT_TOLD:
                self._told.clear()
            scaled = ((term, round(term.points * factor)) for term in self.trends[row].terms)
            self._told[row, factor] = tuple(replace(term, points=points) for term, points in scaled if points)
        return self._told[row, factor]


class Likeness:
    """How close the wording of each paper is to that of others: cosines above ALIKE_FROM, looked up once a paper."""

    def __init__(self, wordings: Rows) -> None:
        self._wordings = wordings
        self._found: dict[int, tuple[NDArray[np.intp], Floats]] = {}
        self._size = 0

    def of(self, row: int) -> tuple[NDArray[np.intp], Floats]:
        """The rows of the others, and the paper's own."""
        if row not in self._found:
            held = slice(self._wordings.indptr[row], self._wordings.indptr[row + 1])
            wording = np.zeros(self._wordings.shape[1])
            wording[self._wordings.indices[held]] = self._wordings.data[held]
            cosines: Floats = np.round(np.asarray(self._wordings @ wording), 9)
            close = np.flatnonzero(cosines > ALIKE_FROM)
            if self._size + len(close) > _KEPT:
                self._found, self._size = {}, 0
            self._found[row], self._size = (close, cosines[close]), self._size + len(close)
        return self._found[row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinned:
    """Rows, best first; the points that some were lowered by, and the row each of them is close to; and the hidden
    rows, each with the one it is nearly the same as."""

    order: list[int] = field(default_factory=list)
    lowered: dict[int, tuple[int, int]] = field(default_factory=dict)
    hidden: list[tuple[int, int]] = field(default_factory=list)


def thin(rows: Iterable[int], scores: NDArray[np.int64], ties: NDArray[np.intp], likeness: Likeness) -> Thinned:
    """Lower what is close to a better paper and hide what is nearly the same, among the best `THINNED` papers.

    The next paper is always the best one after lowering. As points are only ever taken off, a paper is lowered no
    sooner than it comes to the top of the heap.
    """
    size, found = len(scores), Thinned()
    keys = (ties - scores * size).tolist()  # best first; no two are the same
    heap = [(keys[row], row) for row in rows]
    heapq.heapify(heap)
    nearest, closest = np.zeros(size), np.zeros(size, dtype=np.intp)  # of those above
    while heap and len(found.order) < THINNED:
        key, row = heapq.heappop(heap)
        cosine = float(nearest[row])
        if cosine >= NEARLY_SAME:
            found.hidden.append((row, int(closest[row])))
            continue
        if points := round(ALIKE * max(0.0, cosine - ALIKE_FROM) / (1 - ALIKE_FROM)):
            found.lowered[row] = (-points, int(closest[row]))
        if key != (now := keys[row] + points * size):
            heapq.heappush(heap, (now, row))
            continue
        found.order.append(row)
        others, cosines = likeness.of(row)
        closer = cosines > nearest[others]
        nearest[others[closer]], closest[others[closer]] = cosines[closer], row
    found.order.extend(row for _, row in sorted(heap))
    return found
