"""The best papers of very many readers, beside the product of all their profiles with all papers, in the same run.

    python benchmarks/rank_scale.py [--profiles 100000 1000000] [--papers 1000] [--numbers 384] [--topics 1]
                                    [--words 0] [--all 0]

Made-up papers and profiles. 144 categories, of Zipf's sizes, of which a paper has one to three and a reader follows one
to four; `--all` is the share of readers who follow none and so get papers of all. Each reader has some ten papers
hidden: by two mutes (of 200 rules, each found once), and five for having been shown. The trend and a constant are two
of the numbers. `--words` gives each topic so many words besides, of 500, as sets of papers. The top 20.

Profiles come in shards of 100,000, as from a disk. The product of all pairs is a BLAS call for each 2,048 profiles, of
the same float32 rows, on as many threads; nothing is done with it. Times are of the processor on one thread and of the
wall on several, which count on a quiet machine only. Memory is the greatest resident set less a shard's profiles.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time

SHARD, CATEGORIES, RULES, VOCABULARY, MOST = 100_000, 144, 200, 500, 20


def made_up(np, sparse, asked):
    """The papers, and the seeds of the shards."""
    from digest.rank.many import Candidates, whole

    chance, papers = np.random.default_rng(1), asked.papers
    sizes = 1 / np.arange(1, CATEGORIES + 1)
    sizes /= sizes.sum()

    def some(rows, columns, counts, weights=None):
        """A table with so many entries a row, each column once."""
        drawn = chance.choice(columns, size=int(counts.sum()), p=weights)
        table = sparse.csr_array((np.ones(len(drawn)), (np.repeat(np.arange(rows), counts), drawn)), (rows, columns))
        table.data[:] = 1
        return sparse.csr_array(table, dtype=np.float32)

    numbers = chance.standard_normal((papers, asked.numbers))
    numbers[:, -1], numbers[:, -2] = 1, 2 * chance.standard_normal(papers)  # a constant, the trend
    muted = some(RULES, papers, np.full(RULES, max(1, papers // 400)))
    words = some(VOCABULARY, papers, np.maximum(1, papers // np.arange(10, VOCABULARY + 10)))
    shown = sparse.identity(papers, dtype=np.float32, format="csr")
    sets = sparse.csr_array(sparse.vstack([muted, shown, words]))
    categories = sparse.csr_array(some(papers, CATEGORIES, chance.integers(1, 4, papers), sizes).T)
    return Candidates(numbers=whole(numbers), categories=categories, sets=sets), sizes, whole


def readers_of(np, sparse, asked, sizes, whole, count, seed):
    from digest.rank.many import Readers

    chance = np.random.default_rng([2, seed])
    numbers = chance.standard_normal((count * asked.topics, asked.numbers), dtype=np.float32)
    numbers[:, -2] = np.abs(numbers[:, -2])
    for start in range(0, len(numbers), SHARD // 20):  # in place: no second copy of the shard
        numbers[start : start + SHARD // 20] = whole(numbers[start : start + SHARD // 20])
    follows = np.where(chance.random(count) < asked.all, 0, chance.integers(1, 5, count))
    rows = np.repeat(np.arange(count), follows)
    categories = sparse.csr_array(
        (np.ones(len(rows), dtype=np.float32), (rows, chance.choice(CATEGORIES, len(rows), p=sizes))),
        (count, CATEGORIES),
    )
    hidden = np.concatenate(
        [chance.integers(0, RULES, (count, 2)), RULES + chance.integers(0, asked.papers, (count, 5))], axis=1
    )
    rows = count * asked.topics
    worded = RULES + asked.papers + chance.integers(0, VOCABULARY, (rows, asked.words))
    columns = np.concatenate([np.repeat(hidden, asked.topics, axis=0), worded], axis=1)
    points = np.where(np.arange(columns.shape[1]) < hidden.shape[1], -np.inf, 50_000.0).astype(np.float32)
    points = sparse.csr_array(
        (np.tile(points, rows), (np.repeat(np.arange(rows), columns.shape[1]), columns.ravel())),
        (rows, RULES + asked.papers + VOCABULARY),
    )
    first = np.arange(count + 1) * asked.topics
    return Readers(numbers=numbers, first=first, categories=categories, points=points)


def measure(asked, count):
    import numpy as np
    from scipy import sparse

    from digest.rank.many import CHUNK, best

    clock = time.process_time if asked.threads == 1 else time.perf_counter
    candidates, sizes, whole = made_up(np, sparse, asked)
    block = np.empty((CHUNK, asked.papers), dtype=np.float32)
    product = ours = 0.0
    largest = listed = 0
    for number, start in enumerate(range(0, count, SHARD)):
        readers = readers_of(np, sparse, asked, sizes, whole, min(SHARD, count - start), number)
        began = clock()
        for row in range(0, len(readers.numbers), CHUNK):
            some = readers.numbers[row : row + CHUNK]
            np.matmul(some, candidates.numbers.T, out=block[: len(some)])
        product, began = product + clock() - began, clock()
        listed += int((best(candidates, readers, MOST) >= 0).sum())
        ours += clock() - began
        tables = (readers.categories, readers.points)
        told = sum(one.data.nbytes + one.indices.nbytes + one.indptr.nbytes for one in tables)
        largest = max(largest, readers.numbers.nbytes + told)
        del readers, tables, some  # before the next shard comes
        done = min(count, start + SHARD)
        print(f"\r{done:,} of {count:,} profiles", end="", file=sys.stderr, flush=True)
    print("\r" + " " * 60 + "\r", end="", file=sys.stderr)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(
        f"{count:>10,}{asked.threads:>9}{product:>12.2f} s{ours:>10.2f} s{ours / product:>8.2f}"
        f"{1e6 * ours / count:>10.1f} us{(peak - largest) / 1e6:>9.0f} MB{listed / count:>9.1f}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profiles", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--papers", type=int, default=1000)
    parser.add_argument("--numbers", type=int, default=384)
    parser.add_argument("--topics", type=int, default=1)
    parser.add_argument("--words", type=int, default=0)
    parser.add_argument("--all", type=float, default=0.0)
    parser.add_argument("--threads", type=int, help="of BLAS; without it one, and then all")
    asked = parser.parse_args()
    if asked.threads:
        measure(asked, asked.profiles[0])
        return
    heads = ("profiles", "threads", "all pairs", "ours", "times", "a profile", "memory", "listed")
    print(
        "".join(f"{head:>{wide}}" for head, wide in zip(heads, (10, 9, 14, 12, 8, 13, 12, 9), strict=True)), flush=True
    )
    for count in asked.profiles:  # a process for each, as BLAS is told its threads once
        for threads in (1, os.cpu_count() or 1):
            given = [f"--{name}={getattr(asked, name)}" for name in ("papers", "numbers", "topics", "words", "all")]
            told = {name: str(threads) for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")}
            command = [sys.executable, __file__, f"--profiles={count}", f"--threads={threads}", *given]
            subprocess.run(command, env=os.environ | told, check=True)


if __name__ == "__main__":
    main()
