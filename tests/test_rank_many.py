"""The best papers of many readers at once, against a plain loop over readers and papers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from make import paper, profile, trend_of
from scipy import sparse

from digest.rank import Asked, Background, Corpus, Trending, many, rank
from digest.rank.many import EXACT, Candidates, Readers, best, whole
from digest.trend import tie

CATEGORIES, SETS = 7, 40
TITLES = ("Quokkas", "Robots", "Galaxies", "Proteins", "Speech", "Graphs", "Volcanoes", "Kites")  # none like another


def table(chance: np.random.Generator, rows: int, columns: int, share: float) -> np.ndarray:
    return (chance.random((rows, columns)) < share).astype(np.float32)


def world(seed: int, papers: int = 90, readers: int = 60, ties: bool = False) -> tuple[Candidates, Readers]:
    """With ties: three different rows only, on either side."""
    chance = np.random.default_rng(seed)
    topics = chance.integers(1, 4, readers)

    def rows(count: int) -> np.ndarray:
        drawn = whole(chance.standard_normal((3 if ties else count, 24)))
        return drawn[chance.integers(0, 3, count)] if ties else drawn

    count = int(topics.sum())
    points = table(chance, count, SETS, 0.15) * chance.integers(-50_000, 50_000, (count, SETS))
    points[table(chance, count, SETS, 0.05) > 0] = -np.inf
    return (
        Candidates(
            numbers=rows(papers),
            categories=sparse.csr_array(table(chance, CATEGORIES, papers, 0.3)),
            sets=sparse.csr_array(table(chance, SETS, papers, 0.1)),
        ),
        Readers(
            numbers=rows(count),
            first=np.concatenate([[0], np.cumsum(topics)]),
            categories=sparse.csr_array(table(chance, readers, CATEGORIES, 0.25)),
            points=sparse.csr_array(points.astype(np.float32)),
        ),
    )


def one_by_one(candidates: Candidates, readers: Readers, most: int) -> list[list[int]]:
    products = readers.numbers.astype(np.int64) @ candidates.numbers.astype(np.int64).T
    shelves, sets = candidates.categories.toarray() > 0, candidates.sets.toarray() > 0
    points = readers.points.toarray()
    found = []
    for reader, (first, last) in enumerate(zip(readers.first, readers.first[1:], strict=False)):
        follows = readers.categories.toarray()[reader] > 0
        scores = {
            number: max(int(products[row, number]) + points[row, sets[:, number]].sum() for row in range(first, last))
            for number in range(len(candidates.numbers))
            if not follows.any() or shelves[follows, number].any()
        }
        kept = [(-score, number) for number, score in scores.items() if score > -np.inf]
        best_of_it = [number for _, number in sorted(kept)[:most]]
        found.append(best_of_it + [-1] * (most - len(best_of_it)))
    return found


@pytest.mark.parametrize("most", [1, 4, 20, 100])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_as_one_by_one(seed: int, ties: bool, most: int) -> None:
    candidates, readers = world(seed, ties=ties)
    assert best(candidates, readers, most).tolist() == one_by_one(candidates, readers, most)


@pytest.mark.parametrize("chunk", [1, 7, 59, 4096])
def test_chunks_change_nothing(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    candidates, readers = world(1)
    whole_at_once = best(candidates, readers, 5)
    assert np.array_equal(best(candidates, readers, 5, chunk), whole_at_once)
    monkeypatch.setattr(many, "_BLOCK", 40 * chunk)
    assert np.array_equal(best(candidates, readers, 5, chunk), whole_at_once)


def test_the_order_of_readers_and_of_numbers_changes_nothing() -> None:
    candidates, readers = world(2)
    plain = best(candidates, readers, 5)
    turned = replace(candidates, numbers=candidates.numbers[:, ::-1].copy())
    assert np.array_equal(best(turned, replace(readers, numbers=readers.numbers[:, ::-1].copy()), 5), plain)
    order = np.random.default_rng(3).permutation(len(plain))
    topics = np.concatenate([np.arange(readers.first[one], readers.first[one + 1]) for one in order])
    shuffled = Readers(
        numbers=readers.numbers[topics],
        first=np.concatenate([[0], np.cumsum(np.diff(readers.first)[order])]),
        categories=readers.categories[order],
        points=readers.points[topics],
    )
    assert np.array_equal(best(candidates, shuffled, 5), plain[order])


def test_the_order_of_papers_changes_nothing_but_ties() -> None:
    candidates, readers = world(4)
    order = np.random.default_rng(5).permutation(len(candidates.numbers))
    shuffled = Candidates(
        numbers=candidates.numbers[order], categories=candidates.categories[:, order], sets=candidates.sets[:, order]
    )
    found = best(shuffled, readers, 5)
    assert np.array_equal(np.where(found < 0, -1, order[found]), best(candidates, readers, 5))


def test_sums_are_exact_however_long_the_rows_may_be() -> None:
    """Rows that say the same in many numbers come nearest to the limit."""
    rows = whole(np.ones((2, 384)) + np.random.default_rng(6).random((2, 384)) / 50)
    product = int(rows[0].astype(np.int64) @ rows[1].astype(np.int64))
    assert 0.95 * EXACT < product < EXACT
    for order in (slice(None), slice(None, None, -1), np.random.default_rng(7).permutation(384)):
        assert int(np.cumsum(rows[0][order] * rows[1][order], dtype=np.float32)[-1]) == product
        assert (rows[:1, order] @ rows[1, order]).tolist() == [product]


def test_what_would_not_be_exact_is_refused() -> None:
    candidates, readers = world(8)
    with pytest.raises(ValueError, match="longer"):
        best(candidates, replace(readers, numbers=2 * readers.numbers), 5)
    with pytest.raises(ValueError, match="longer"):
        best(replace(candidates, numbers=2 * candidates.numbers), readers, 5)
    with pytest.raises(ValueError, match="too many"):
        best(candidates, replace(readers, points=readers.points * np.float32(1000)), 5)


def test_nobody_and_nothing() -> None:
    candidates, readers = world(9)
    nobody = Readers(
        numbers=readers.numbers[:0],
        first=readers.first[:1],
        categories=readers.categories[:0],
        points=readers.points[:0],
    )
    assert best(candidates, nobody, 5).shape == (0, 5)
    nothing = Candidates(
        numbers=candidates.numbers[:0], categories=candidates.categories[:, :0], sets=candidates.sets[:, :0]
    )
    assert (best(nothing, readers, 5) == -1).all()
    assert best(candidates, readers, 0).shape == (60, 0)
    assert not whole(np.zeros((2, 3))).any()


def test_ties_go_as_in_a_ranking() -> None:
    papers = [paper(f"2606.{number:05}", title=title) for number, title in enumerate(TITLES)]
    trends = {
        one.id: trend_of(one.id, points, votes=votes)
        for one, points, votes in zip(papers, [5, 5, 9, 9, 0, 0, 5, 9], [1, 2, 3, 3, 0, 1, 2, 4], strict=True)
    }
    background = Background((), np.zeros(0, dtype=np.int32), 1)
    ranked = rank(Asked(Corpus(papers, background), profile(trend_weight=0)), Trending(papers, trends)).papers
    given = sorted(papers, key=lambda one: tie(one, trends[one.id]))
    candidates = Candidates(
        numbers=whole(np.ones((8, 2))),
        categories=sparse.csr_array((1, 8), dtype=np.float32),
        sets=sparse.csr_array((1, 8), dtype=np.float32),
    )
    reader = Readers(
        numbers=whole(np.ones((1, 2))),
        first=np.array([0, 1]),
        categories=sparse.csr_array((1, 1), dtype=np.float32),
        points=sparse.csr_array((1, 1), dtype=np.float32),
    )
    assert [given[number].id for number in best(candidates, reader, 8)[0]] == [one.paper.id for one in ranked]
