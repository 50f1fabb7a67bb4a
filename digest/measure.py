"""Pure: how good lists of papers are, by what is known of them later. Knows nothing of profiles, days or stores.

A figure that is not defined (nothing to find, an empty list) is nan, so that a mean over days can leave it out.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

RESAMPLED = 10_000
LOW, HIGH = 2.5, 97.5  # percentiles of a 95 % interval


# --- a list against what was worth finding ------------------------------------------------------------------------


def ndcg(gains_in_order: Sequence[float], ideal_gains: Sequence[float], at: int) -> float:
    """Discounted gain of the first `at`, as a share of the best possible: sum of gain / log2(1 + place), 1 is perfect.

    `ideal_gains` are those of all that could have been listed, in any order. nan if none of them is above 0. Järvelin
    and Kekäläinen, "Cumulated gain-based evaluation of IR techniques" (ACM TOIS 2002), with the discount of Burges et
    al., "Learning to rank using gradient descent" (ICML 2005).
    """
    best = _discounted(sorted(ideal_gains, reverse=True)[:at])
    return _discounted(gains_in_order[:at]) / best if best > 0 else math.nan


def _discounted(gains: Sequence[float]) -> float:
    return math.fsum(gain / math.log2(1 + place) for place, gain in enumerate(gains, start=1))


def recall(hits_in_order: Sequence[bool], hits: int, at: int) -> float:
    """The share of all `hits` that is among the first `at`; nan if there is nothing to find."""
    return sum(hits_in_order[:at]) / hits if hits else math.nan


# --- lists as such -----------------------------------------------------------------------------------------------


def coverage(lists: Iterable[Collection[str]], candidates: Collection[str]) -> float:
    """The share of the candidates that came into any of the lists; nan without candidates.

    Ge, Delgado-Battenfeld and Jannach, "Beyond accuracy" (RecSys 2010): catalogue coverage.
    """
    wanted = set(candidates)
    return len(wanted.intersection(set().union(*lists))) / len(wanted) if wanted else math.nan


def novelty(listed: Sequence[float], candidates: Sequence[float]) -> float:
    """How little known a list is, by the popularity of what it holds and of all candidates, the listed among them.

    The mean over the list of the share of candidates that are more popular, equals counting half: near 0 for a list of
    the most popular, 0.5 for what a blind pick has on average. nan for an empty list.

    That is the popularity complement of Vargas and Castells, "Rank and relevance in novelty and diversity metrics"
    (RecSys 2011); a candidate's place stands for the share of people who know it, as nobody counts those.
    """
    if not len(listed):
        return math.nan
    known = np.sort(np.asarray(candidates, dtype=np.float64))
    wanted = np.asarray(listed, dtype=np.float64)
    above = known.size - np.searchsorted(known, wanted, side="right")
    at_least = known.size - np.searchsorted(known, wanted, side="left")
    return float(np.mean(above + at_least) / (2 * known.size))


def text_rows(listed: Sequence[Mapping[str, int]], documents: Mapping[str, int], of: int) -> NDArray[np.float64]:
    """TF-IDF rows of length 1 for texts given as counts of terms; shape (texts, terms of these texts).

    (1 + ln count) · (1 + ln((of + 1) / (documents + 1))): `documents` is how many of the `of` candidates hold a term.
    Salton and Buckley, "Term-weighting approaches in automatic text retrieval" (1988).
    """
    columns = {term: column for column, term in enumerate(sorted(set().union(*listed)))}
    rows = np.zeros((len(listed), len(columns)))
    for row, counts in zip(rows, listed, strict=True):
        for term, count in counts.items():
            row[columns[term]] = (1 + math.log(count)) * (1 + math.log((of + 1) / (documents.get(term, 0) + 1)))
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths, lengths, 1.0)


def diversity(rows: NDArray[np.float64]) -> float:
    """The mean distance, 1 - cosine, of all pairs in a list: 0 for copies, 1 for papers that share no word.

    `rows` has shape (papers, terms), each of length 1, or 0 for a paper without words. nan for fewer than two papers.
    Smyth and McClave, "Similarity vs. diversity" (ICCBR 2001); Ziegler et al., "Improving recommendation lists through
    topic diversification" (WWW 2005).
    """
    papers = len(rows)
    if papers < 2:
        return math.nan
    together = rows.sum(axis=0)
    # The squared length of the sum has every pair's cosine twice, and every row's with itself.
    cosines = float(together @ together - np.sum(rows * rows))
    return 1.0 - cosines / (papers * (papers - 1))


def churn(listed: Collection[str], before: Collection[str], candidates_before: Collection[str]) -> float:
    """The share of a list that was not on the list before, of those papers that could have been: its candidates then.

    nan if there are none. As 1 - overlap of Webber, Moffat and Zobel, "A similarity measure for indefinite rankings"
    (ACM TOIS 2010), at the depth of the list; papers that have only just come in would hide what the ranking does.
    """
    could = set(listed) & set(candidates_before)
    return len(could - set(before)) / len(could) if could else math.nan


# --- several lists a day -------------------------------------------------------------------------------------------


def interleaved(lists: Sequence[Sequence[str]], gains: Mapping[str, float], at: int) -> tuple[float, ...]:
    """What each list wins where they pick the papers of one list of `at` in turns, as a share of all that is won.

    In its turn a list gives the best of its papers that is not taken yet, and wins what that is worth in `gains`. The
    mean over who begins, so that nothing is left to chance; nan for all where nothing is won.

    Team-draft multileaving: Schuth et al., "Multileaved comparisons for fast online evaluation" (CIKM 2014), after
    Radlinski, Kurup and Joachims, "How does clickthrough data reflect retrieval quality?" (CIKM 2008).
    """
    rounds = [_drafted(lists, gains, at, first) for first in range(len(lists))]
    won = [math.fsum(one) for one in zip(*rounds, strict=True)]
    total = math.fsum(won)
    return tuple(one / total for one in won) if total > 0 else (math.nan,) * len(lists)


def _drafted(lists: Sequence[Sequence[str]], gains: Mapping[str, float], at: int, first: int) -> list[float]:
    """What each list wins if this one begins."""
    left, taken, won = [iter(one) for one in lists], set[str](), [0.0] * len(lists)
    passed, turn = 0, first
    while len(taken) < at and passed < len(lists):
        player, turn = turn % len(lists), turn + 1
        pick = next((one for one in left[player] if one not in taken), None)
        passed = passed + 1 if pick is None else 0
        if pick is not None:
            taken.add(pick)
            won[player] += gains.get(pick, 0.0)
    return won


def paired_bootstrap(differences: Sequence[float], seed: int = 0, block: int = 1) -> tuple[float, float, float]:
    """Low end, mean and high end of the 95 % interval of the mean difference, by the percentile bootstrap.

    With `block` above 1 that many neighbours, in a circle, are drawn together: for days that are alike as their papers
    are partly the same. The same arguments give the same interval. The ends are nan for fewer than two differences, of
    none the mean as well.

    Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13; blocks as in Politis and Romano, "A
    circular block-resampling procedure for stationary data" (1992).
    """
    given = np.asarray(differences, dtype=np.float64)
    if given.size < 2:
        return math.nan, float(given[0]) if given.size else math.nan, math.nan
    means = _resampled_means(given, np.random.Generator(np.random.PCG64(seed)), min(block, given.size))
    low, high = np.percentile(means, (LOW, HIGH))
    return float(low), float(given.mean()), float(high)


def _resampled_means(given: NDArray[np.float64], chance: np.random.Generator, block: int) -> NDArray[np.float64]:
    """Shape (RESAMPLED,); drawn in parts, so that memory does not grow with their product."""
    size = given.size
    within = np.arange(block)
    means = []
    for _ in range(10):
        starts = chance.integers(0, size, size=(RESAMPLED // 10, math.ceil(size / block), 1))
        drawn = ((starts + within) % size).reshape(RESAMPLED // 10, -1)[:, :size]
        means.append(given[drawn].mean(axis=1))
    return np.concatenate(means)
