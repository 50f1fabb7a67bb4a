"""Pure: the best papers of very many readers, without reasons: as many readers at once as profiles fit in memory.

Papers are rows of whole numbers, and so are readers' topics. What a paper says to a topic is the product of the two
rows, and the points of all sets that it is in; what it says to a reader is the most that it says to one such topic.

    numbers  what is dense: the dimensions of meaning (128 of the word table, 384 of a small sentence encoder), the
             paper's trend against the weight that the reader gives it, and 1 against what is taken off a topic
    sets     what is told of few papers, each found once for all readers: those that have a word (and how much of it),
             are by an author, are muted by a rule, or are one paper that was shown. Points of -inf hide a paper.
             What is a reader's and no topic's is said for each of the topics.

Words are not put into the numbers by hashing or projection: the few of a topic say more than all the rest, and in some
hundred numbers each of them would be mixed up with a good part of a paper's other words. What examples say by their own
wording, of very many terms and little weight, can be left to `rank`.

`publish` makes no use of it: readers share profiles there, and what a profile's words and examples are worth on a day,
and the reasons of what is listed, cost a thousand times a product. It is for those who keep readers as rows of numbers.

A reader of categories gets papers of these alone, and is held against no others: categories come before the product.

The lengths of two rows multiplied are below 2^23, and so are all sums of their products, in whatever order they are
made. With the points of sets, below 2^23 too, they are exact in float32: no BLAS, number of threads, chunk or order of
the input changes a place. Ties go to the paper that stands first, so papers are given in the order of `trend.tie`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

EXACT = 1 << 23
LONGEST = 2896.0  # a row's length: two multiplied are below EXACT
CHUNK = 2048  # readers in a product: its block stays in the cache
_BLOCK = 1 << 21  # numbers in a block, at most

Singles: TypeAlias = NDArray[np.float32]
Numbers: TypeAlias = NDArray[np.intp]
Keys: TypeAlias = NDArray[np.float64]
Table: TypeAlias = "sparse.csr_array[np.float32]"


def whole(rows: NDArray[np.floating]) -> Singles:
    """Rows as far as whole numbers can tell: all scaled alike, the longest to LONGEST less what rounding may add."""
    longest = float(np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64).max(initial=0.0)))
    room = LONGEST - 0.5 * np.sqrt(rows.shape[1])
    return np.rint(rows * (room / longest if longest else 0.0)).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Papers in the order in which ties are broken.

    `numbers` has shape (papers, numbers); `categories` (categories, papers), of which the entries count; `sets` (sets,
    papers), how much a paper is in a set, above 0.
    """

    numbers: Singles
    categories: Table
    sets: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """`numbers` has a row for each topic, those of reader r from `first[r]` to `first[r + 1]`, one at least.

    `points` has a row for each topic too, a column for each set, in units of the product: such that a paper's are whole
    numbers, or -inf to hide the set. `categories` has shape (readers, categories); a reader of none gets papers of all.
    """

    numbers: Singles
    first: Numbers
    categories: Table
    points: Table


def best(candidates: Candidates, readers: Readers, most: int, chunk: int = CHUNK) -> NDArray[np.int32]:
    """Shape (readers, most): the numbers of the papers, best first, and -1 for each that is wanting.

    ValueError if rows are too long, or points too many, for sums to be exact. Memory does not grow with the readers but
    for what is found: it is some blocks of 2 million numbers a topic, and what sets say to 8 · `chunk` readers.
    """
    size = len(candidates.numbers)
    _check_lengths(candidates.numbers)
    found = np.full((len(readers.first) - 1, most), -1, dtype=np.int32)
    if not size or not most:
        return found
    shelves = [*_shelves(candidates.categories), np.arange(size)]
    followed = np.maximum(1, np.diff(readers.categories.indptr))
    order = np.argsort(followed, kind="stable")  # alike in a group, as all of it have room for the most
    start = 0
    while start < len(order):
        stop = start + max(1, _BLOCK // int(most * followed[order[min(len(order), start + 8 * chunk) - 1]]))
        group = order[start : min(stop, start + 8 * chunk)]
        found[group] = _of_group(candidates, readers, group, shelves, most, chunk)
        start += len(group)
    return found


def _check_lengths(rows: Singles) -> None:
    if np.einsum("ij,ij->i", rows, rows).max(initial=0.0) > LONGEST**2 * (1 + 1e-4):  # for its own rounding
        raise ValueError(f"a row is longer than {LONGEST}")


def _shelves(table: Table) -> Iterator[Numbers]:
    """The columns that each row has."""
    for start, stop in pairwise(table.indptr):
        yield table.indices[start:stop].astype(np.intp)


def _of_group(
    candidates: Candidates, readers: Readers, group: Numbers, shelves: list[Numbers], most: int, chunk: int
) -> NDArray[np.int32]:
    """The best of every shelf that a reader follows, put together."""
    size = len(candidates.numbers)
    topics, lengths = _runs(readers.first[group], readers.first[group + 1])
    first = np.concatenate([[0], np.cumsum(lengths)])  # of the group's topics
    extra = sparse.csr_array(readers.points[topics] @ candidates.sets)
    if np.abs(extra.data, where=extra.data > -np.inf, out=np.zeros_like(extra.data)).max(initial=0.0) >= EXACT:
        raise ValueError("the points of sets are too many for sums to be exact")
    followed = readers.categories[group]
    followers = sparse.csr_array(followed.T)
    columns = [*_shelves(followers), np.flatnonzero(np.diff(followed.indptr) == 0)]
    width = max(1, int(np.diff(followed.indptr).max(initial=0)))
    keys = np.full((len(group), width, most), -np.inf)
    taken = np.zeros(len(group), dtype=np.intp)
    for shelf, who in zip(shelves, columns, strict=True):
        if not len(who) or not len(shelf):
            continue
        papers = candidates.numbers[shelf]
        places = np.full(size, -1, dtype=np.intp)
        places[shelf] = np.arange(len(shelf))
        step = max(1, min(chunk, _BLOCK // len(shelf)))
        for start in range(0, len(who), step):
            some = who[start : start + step]
            rows, lengths = _runs(first[some], first[some + 1])
            points = _products(readers.numbers[topics[rows]], papers)
            _add(points, extra, rows, places)
            if len(rows) > len(some):
                points = np.maximum.reduceat(points, np.cumsum(lengths) - lengths, axis=0)
            kept = _greatest(points, size - 1 - shelf, size, most)
            keys[some, taken[some], : kept.shape[1]] = kept
        taken[who] += 1
    return _ordered(keys.reshape(len(group), -1), size, most)


def _products(topics: Singles, papers: Singles) -> Singles:
    _check_lengths(topics)
    products: Singles = topics @ papers.T
    return products


def _add(points: Singles, extra: Table, topics: Numbers, places: Numbers) -> None:
    """The points of sets, to those papers that have a place here."""
    starts = extra.indptr.astype(np.intp)
    entries, lengths = _runs(starts[topics], starts[topics + 1])
    rows, columns = np.repeat(np.arange(len(topics)), lengths), places[extra.indices[entries]]
    here = columns >= 0
    points[rows[here], columns[here]] += extra.data[entries[here]]


def _greatest(points: Singles, ties: Numbers, size: int, most: int) -> Keys:
    """The greatest keys of each row, points · size + tie: exact, and of two papers never the same.

    Of some groups of papers, so many have one at or above the lowest of the `most` greatest of their maxima: the others
    need not be sorted.
    """
    groups = 4 * most
    depth = points.shape[1] // groups
    if depth < 4:
        keys = points * np.float64(size) + ties
    else:
        maxima = points[:, : groups * depth].reshape(len(points), depth, groups).max(axis=1)
        maxima.partition(groups - most, axis=1)
        rows, columns = np.nonzero(points >= maxima[:, [groups - most]])
        counts = np.bincount(rows, minlength=len(points))
        keys = np.full((len(points), int(counts.max(initial=0))), -np.inf)
        place = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        keys[rows, place] = points[rows, columns] * np.float64(size) + ties[columns]
    if keys.shape[1] > most:
        keys.partition(keys.shape[1] - most, axis=1)
    return keys[:, -most:]


def _runs(starts: Numbers, stops: Numbers) -> tuple[Numbers, Numbers]:
    """The numbers from each start to its stop, one run after the other, and the runs' lengths."""
    lengths = stops - starts
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - (ends - lengths), lengths), lengths


def _ordered(keys: Keys, size: int, most: int) -> NDArray[np.int32]:
    """The papers of the greatest keys; a paper of two categories has the same key twice."""
    keys.sort(axis=1)
    keys[:, 1:][keys[:, 1:] == keys[:, :-1]] = -np.inf
    keys.sort(axis=1)
    greatest = keys[:, : -most - 1 : -1]
    there = greatest > -np.inf
    numbers = np.where(there, greatest, 0.0).astype(np.int64)
    return np.where(there, size - 1 - numbers % size, -1).astype(np.int32)
