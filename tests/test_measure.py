"""Measures against numbers worked by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from digest.measure import churn, coverage, diversity, interleaved, ndcg, novelty, paired_bootstrap, recall, text_rows

LOG3 = math.log2(3)  # the second place's discount; the first's is 1, the third's 2


@pytest.mark.parametrize(
    ("gains", "ideal", "at", "expected"),
    [
        ([3, 2, 1], [1, 2, 3], 3, 1.0),
        ([1, 2, 3], [1, 2, 3], 3, (1 + 2 / LOG3 + 3 / 2) / (3 + 2 / LOG3 + 1 / 2)),
        ([1, 2, 3], [1, 2, 3], 1, 1 / 3),
        ([0, 5], [5], 2, 1 / LOG3),
        ([0, 5], [5], 1, 0.0),
        ([4], [4, 4, 4], 3, 4 / (4 + 4 / LOG3 + 2)),  # too short a list loses what it leaves out
        ([], [1], 10, 0.0),
        ([3, 3], [3, 3, 0], 10, 1.0),
    ],
)
def test_ndcg(gains: Sequence[float], ideal: Sequence[float], at: int, expected: float) -> None:
    assert ndcg(gains, ideal, at) == pytest.approx(expected)


def test_without_anything_worth_finding_there_is_no_figure() -> None:
    assert math.isnan(ndcg([], [], 10))
    assert math.isnan(ndcg([0, 0], [0, 0], 10))
    assert math.isnan(recall([False], 0, 10))


@pytest.mark.parametrize(
    ("hits", "of", "at", "expected"),
    [([True, False, True], 4, 3, 0.5), ([True, False, True], 4, 2, 0.25), ([], 2, 5, 0.0), ([True], 1, 5, 1.0)],
)
def test_recall(hits: Sequence[bool], of: int, at: int, expected: float) -> None:
    assert recall(hits, of, at) == expected


def test_coverage_counts_candidates_that_came_into_any_list() -> None:
    assert coverage([["a", "b"], ["b", "c"]], {"a", "b", "c", "d"}) == 0.75
    assert coverage([["a", "z"]], {"a", "b"}) == 0.5, "z was no candidate"
    assert coverage([], {"a"}) == 0.0
    assert math.isnan(coverage([["a"]], set()))


@pytest.mark.parametrize(
    ("listed", "candidates", "expected"),
    [
        ([9], [9, 5, 1, 0], 0.5 / 4),  # none above, itself half
        ([0], [9, 5, 1, 0], 3.5 / 4),
        ([9, 0], [9, 5, 1, 0], 0.5),
        ([9, 5, 1, 0], [0, 1, 5, 9], 0.5),  # all of them
        ([5, 5], [5, 5, 9], 2 / 3),  # each: one above, two equal
        ([2, 2], [2, 2, 2, 2], 0.5),
    ],
)
def test_novelty(listed: Sequence[float], candidates: Sequence[float], expected: float) -> None:
    assert novelty(listed, candidates) == pytest.approx(expected)
    assert math.isnan(novelty([], candidates))


def test_diversity_is_the_mean_distance_of_pairs() -> None:
    east, north = [1.0, 0.0], [0.0, 1.0]
    between = [math.sqrt(0.5), math.sqrt(0.5)]  # a cosine of .7071 with each
    assert diversity(np.array([east, north])) == pytest.approx(1.0)
    assert diversity(np.array([east, east, east])) == pytest.approx(0.0)
    assert diversity(np.array([east, north, between])) == pytest.approx((1 + 2 * (1 - math.sqrt(0.5))) / 3)
    assert diversity(np.array([east, [0.0, 0.0], east])) == pytest.approx(2 / 3), "no words are like no others"
    assert math.isnan(diversity(np.array([east])))
    assert math.isnan(diversity(np.zeros((0, 2))))


def test_rows_of_texts() -> None:
    """Of one candidate that has both words, one weighs 1 and the other, there twice, 1 + ln 2."""
    (row,) = text_rows([{"b": 2, "a": 1}], {"a": 1, "b": 1}, 1)
    twice = 1 + math.log(2)
    assert row.tolist() == pytest.approx([1 / math.hypot(1, twice), twice / math.hypot(1, twice)])
    rare, common = text_rows([{"rare": 1, "common": 1}, {}], {"rare": 1, "common": 9}, 9)[0, ::-1]
    assert rare / common == pytest.approx(1 + math.log(10 / 2))
    assert text_rows([{}, {}], {}, 2).shape == (2, 0)
    assert diversity(text_rows([{}, {}], {}, 2)) == 1.0


@pytest.mark.parametrize(
    ("listed", "before", "candidates", "expected"),
    [
        ("abcd", "abxy", "abcxy", 1 / 3),  # d had not come in yet
        ("ab", "ab", "ab", 0.0),
        ("ab", "cd", "abcd", 1.0),
        ("ab", "", "ab", 1.0),
    ],
)
def test_churn(listed: str, before: str, candidates: str, expected: float) -> None:
    assert churn(listed, before, candidates) == pytest.approx(expected)
    assert math.isnan(churn(listed, before, ""))


@pytest.mark.parametrize(
    ("lists", "at", "won"),
    [
        (["abc", "abc"], 3, [1 / 2, 1 / 2]),  # a and c or b alone, by who begins
        (["abc", "xyz"], 3, [1.0, 0.0]),
        (["xa", "yb"], 4, [4 / 6, 2 / 6]),
        (["xa", "yb"], 3, [4 / 6, 2 / 6]),  # the one that begins has its second paper in
        (["a", "xyb"], 9, [4 / 6, 2 / 6]),  # whoever has no more passes
        (["abc", "bca", "cab"], 1, [4 / 7, 2 / 7, 1 / 7]),
        (["abc", "bca", "cab"], 3, [4 / 7, 2 / 7, 1 / 7]),
    ],
)
def test_interleaved(lists: list[str], at: int, won: list[float]) -> None:
    gains = {"a": 4.0, "b": 2.0, "c": 1.0}
    assert interleaved(lists, gains, at) == pytest.approx(won)
    assert interleaved(lists[::-1], gains, at) == pytest.approx(won[::-1])


def test_interleaved_of_nothing() -> None:
    assert all(map(math.isnan, interleaved(["xy", ""], {"a": 1.0}, 5)))
    assert interleaved(["ab", ""], {"a": 1.0}, 5) == (1.0, 0.0)


# --- the paired bootstrap ------------------------------------------------------------------------------------------


def test_the_interval_is_that_of_the_normal_law_where_that_holds() -> None:
    differences = np.random.default_rng(7).normal(0.3, 1.0, 400)
    low, mean, high = paired_bootstrap(differences.tolist())
    half = 1.96 * float(differences.std()) / math.sqrt(400)
    assert mean == pytest.approx(float(differences.mean()))
    assert (low, high) == pytest.approx((mean - half, mean + half), abs=0.01)


def test_of_two_days_every_resample_is_known() -> None:
    """The means are 0, 0.5 and 1, of which an end of 2.5 % is the outermost."""
    assert paired_bootstrap([0.0, 1.0]) == (0.0, 0.5, 1.0)


def test_the_same_differences_give_the_same_interval() -> None:
    differences = [0.1, -0.2, 0.3, 0.05, 0.0, 0.2]
    assert paired_bootstrap(differences, seed=3) == paired_bootstrap(differences, seed=3)
    assert paired_bootstrap(differences, seed=3)[1] == paired_bootstrap(differences, seed=4)[1]
    assert paired_bootstrap([0.25] * 9) == (0.25, 0.25, 0.25)


def test_days_that_are_alike_in_runs_tell_less() -> None:
    """Runs of ten equal days are as so many single ones, so the interval is some three times as wide."""
    runs = [value for value in np.random.default_rng(1).normal(size=30) for _ in range(10)]
    low, _, high = paired_bootstrap(runs)
    wide_low, _, wide_high = paired_bootstrap(runs, block=10)
    assert 2.0 < (wide_high - wide_low) / (high - low) < 4.0


def test_one_day_has_no_interval() -> None:
    assert [math.isnan(one) for one in paired_bootstrap([0.5], block=7)] == [True, False, True]
    assert all(map(math.isnan, paired_bootstrap([])))
