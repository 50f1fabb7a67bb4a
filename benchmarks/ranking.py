"""How good the ranking is, beside the known ways, in one run.

    python benchmarks/ranking.py DATA [LISTINGS] [--background FILE] [--only-ours] [--encoder FOLDER [--vectors CACHE]]

DATA has daily-papers.jsonl.xz ({id, day, title, abstract, upvotes, …} a line), topics.json ({topic, keywords, ids})
and, for B, second-snapshot.tsv.xz. Needs `pip install .[bench]`.

A: a reader's topic over the daily papers. Of a topic's papers by day the earlier half may be liked; what came before
the last day of that half is known before; what came after it, to the topic's last day, is ranked. A profile is k papers
drawn of the half (seeds 0 to 4), the topic's keywords, or both. NDCG@20, recall@50 and @100, the reciprocal rank of the
first hit (MRR), and the mean NDCG@10 inside each day's list of 10 or more papers with a hit.
With an encoder ("+ encoder": papers at large are those known before) all papers are encoded once, 0.1 s of a CPU each.
B: see ranking_trend.py; with the folder of LISTINGS on the pages of night, week and month too.

The topics are split by turns in the order of their names: the numbers in digest/rank were chosen on the one half
("tuned"), the other half says what they are worth; its figures were seen on the way, so expect somewhat less elsewhere.
"""

from __future__ import annotations

import argparse
import json
import lzma
import math
from collections import defaultdict
from copy import copy
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from ranking_trend import protocol_b
from ranking_trend import show as show_b
from scipy import sparse

import digest.rank
from digest.measure import ndcg, recall
from digest.model import Paper, Term
from digest.rank import Background, Corpus, Encoded
from digest.rank.background import bag
from digest.rank.corpus import Text
from digest.rank.encoded import said
from digest.rank.interests import Interest, Liked
from digest.words import terms

KS, SEEDS = (1, 3, 5, 10), range(5)
AT = 20
TREND = 100 * 0.15 / 0.85  # of ln(1 + votes) beside the interests, as where a profile's trend_weight is 0.15
NEVER = datetime.min.replace(tzinfo=UTC)


def read_lines(path):
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


MEASURES = ("NDCG@20", "recall@50", "recall@100", "MRR", "daily NDCG@10")


class Task:
    """One topic: who may be liked, what was known before, what is ranked and what of it are hits."""

    def __init__(self, told, papers):
        self.name, self.keywords = told["topic"], told["keywords"]
        own = sorted((papers[one]["day"], one) for one in told["ids"] if one in papers)
        early, late = own[: len(own) // 2], own[len(own) // 2 :]
        last, end = early[-1][0], own[-1][0]
        ids = sorted(papers)
        self.liked = np.array([one for _, one in early])
        self.before = [one for one in ids if papers[one]["day"] < last]
        self.ranked = [one for one in ids if last < papers[one]["day"] <= end]
        wanted = {one for _, one in late}
        self.hits = np.array([one in wanted for one in self.ranked])
        self.days = np.array([papers[one]["day"] for one in self.ranked])

    def judged(self, scores):
        hits, found = self.hits[np.argsort(-scores, kind="stable")].tolist(), int(self.hits.sum())
        recalls = (recall(hits, found, at) for at in (50, 100))
        return (ndcg(hits, [True] * found, AT), *recalls, 1 / (1 + hits.index(True)), self._daily(scores))

    def _daily(self, scores):
        found = []
        for day in np.unique(self.days[self.hits]):
            of_day = self.days == day
            if of_day.sum() >= 10:
                hits = self.hits[of_day][np.argsort(-scores[of_day], kind="stable")].tolist()
                found.append(ndcg(hits, [True] * sum(hits), 10))
        return float(np.mean(found)) if found else math.nan

    def drawn(self, seed, k):
        return np.random.default_rng(1000 * seed + k).choice(self.liked, size=min(k, len(self.liked)), replace=False)


class Texts:
    """TF-IDF rows for the other ways: from what was known before a topic's time."""

    def __init__(self, papers):
        self.number = {one: row for row, one in enumerate(sorted(papers))}
        bags = [bag(papers[one]["title"], papers[one]["abstract"]) for one in self.number]
        columns = {}
        places, counts, starts = [], [], [0]
        for one in bags:
            for term, count in one.items():
                places.append(columns.setdefault(term, len(columns)))
                counts.append(float(count))
            starts.append(len(places))
        parts = np.array(counts), np.array(places, dtype=np.int32), np.array(starts, dtype=np.int32)
        self.counts = sparse.csr_array(parts, shape=(len(bags), len(columns)))
        self.columns = columns
        self.bigram = np.array([" " in term for term in columns])

    def of(self, ids):
        return np.array([self.number[one] for one in ids])

    def frequencies(self, rows):
        return np.bincount(self.counts[rows].indices, minlength=len(self.columns))


def tfidf(texts, documents, size, bigram=0.7):
    kept = documents >= np.where(texts.bigram, 3, 2)
    weights = np.where(kept, np.log((size + 1) / (documents + 0.5)), 0) * np.where(texts.bigram, bigram, 1)
    rows = texts.counts.copy()
    rows.data = (1 + np.log(rows.data)) * weights[rows.indices]
    of_row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    lengths = np.sqrt(np.bincount(of_row, rows.data**2, rows.shape[0]))
    rows.data /= np.where(lengths > 0, lengths, 1)[of_row]
    return rows


def bm25(texts, keywords, documents, size):
    words = texts.counts[:, ~texts.bigram].sum(axis=1)
    scores = np.zeros(texts.counts.shape[0])
    by_term = texts.by_term
    for term in {one for one in terms(keywords) if " " not in one and one in texts.columns}:
        column = texts.columns[term]
        counts = by_term[:, [column]].toarray().ravel()
        idf = math.log(1 + (size - documents[column] + 0.5) / (documents[column] + 0.5))
        scores += idf * counts * 2.2 / (counts + 1.2 * (0.25 + 0.75 * words / words.mean()))
    return scores


def svm(rows, liked, before):
    """arxiv-sanity-lite's way: a linear SVM, balanced, C 0.01, tolerance 1e-6; what is not liked is not wanted."""
    from sklearn.svm import LinearSVC

    wanted = np.isin(np.concatenate([before, liked]), liked)
    model = LinearSVC(class_weight="balanced", C=0.01, tol=1e-6, max_iter=10_000, random_state=0)
    model.fit(rows[np.concatenate([before, liked])], wanted)
    return lambda of: model.decision_function(rows[of])


def ours(corpus, keywords, liked, papers):
    """A topic's points as the digest gives them."""
    words = (Term(text=keywords),) if keywords else ()
    examples = [Liked(label=one, text=Text(papers[one]["title"], papers[one]["abstract"])) for one in liked]
    return Interest(corpus, words, examples, 1.0, "example").points


def encoder(folder, cache, papers):
    """The encoder in a folder, which knows all papers; their vectors, in the order of the file, may be in a cache."""
    from digest.encoder import Encoder

    encode = Encoder(folder).encode
    texts = [said(Text(one["title"], one["abstract"])) for one in papers.values()]
    vectors = np.load(cache) if cache and cache.exists() else encode(texts)
    if cache and not cache.exists():
        np.save(cache, vectors.astype(np.float32))
    known = dict(zip(texts, vectors, strict=True))
    return lambda asked: np.stack([known[text] if text in known else encode([text])[0] for text in asked])


def with_encoder(corpus, encode):
    """The same candidates by an encoder; of a corpus that remembers no meanings yet."""
    other = copy(corpus)
    other.meaning = Encoded(encode, corpus.texts[corpus.size :])
    return other


def as_paper(told):
    return Paper(id=told["id"], title=told["title"], abstract=told["abstract"], first_listed=None, first_seen=NEVER)


def protocol_a(papers, tasks, background, encode=None, others=True):
    """Rows of (way, measures by topic), each a mean over the seeds."""
    table = defaultdict(list)
    texts = Texts(papers)
    texts.by_term = sparse.csc_array(texts.counts)
    votes = np.array([papers[one]["upvotes"] or 0 for one in texts.number], dtype=float)
    noise = np.random.default_rng(0)
    for task in tasks:
        ranked, before = texts.of(task.ranked), texts.of(task.before)
        judge = task.judged
        documents, size = texts.frequencies(before), len(before)
        table["random"].append(np.mean([judge(noise.random(len(ranked))) for _ in SEEDS], axis=0))
        table["votes only"].append(judge(votes[ranked]))
        corpus = Corpus(
            map(as_paper, (papers[one] for one in task.ranked)),
            background,
            map(as_paper, (papers[one] for one in task.before)),
        )
        ways = {"ours": corpus}
        if encode:
            ways["ours + encoder"] = with_encoder(corpus, encode)
        if others:
            rows = tfidf(texts, documents, size)
            table["BM25, keywords"].append(judge(bm25(texts, task.keywords, documents, size)[ranked]))
        for way, one in ways.items():
            table[f"{way}, keywords"].append(judge(ours(one, task.keywords, (), papers)))
        for k in KS:
            found = defaultdict(list)
            for seed in SEEDS:
                liked = task.drawn(seed, k)
                if others:
                    centre = np.asarray(rows[texts.of(liked)].mean(axis=0)).ravel()
                    found[f"TF-IDF centroid, k={k}"].append(judge(rows[ranked] @ centre))
                    found[f"linear SVM, k={k}"].append(judge(svm(rows, texts.of(liked), before)(ranked)))
                for way, one in ways.items():
                    found[f"{way}, k={k}"].append(judge(ours(one, "", liked, papers)))
                    both = ours(one, task.keywords, liked, papers)
                    found[f"{way}, k={k} and keywords"].append(judge(both))
                    found[f"{way}, k={k}, keywords, trend"].append(judge(both + TREND * np.log1p(votes[ranked])))
            for way, values in found.items():
                table[way].append(np.mean(values, axis=0))
    return table


def show(table, halves):
    print(f"{'':34}" + "".join(f"{name:>15}" for name in MEASURES))
    for way in sorted(table):
        print(f"{way:34}" + "".join(f"{value:15.3f}" for value in np.nanmean(np.array(table[way])[halves], axis=0)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("listings", type=Path, nargs="?")
    parser.add_argument("--background", type=Path, default=Path(digest.rank.__file__).with_name("background.npz"))
    parser.add_argument("--only-ours", action="store_true")
    parser.add_argument("--encoder", type=Path)
    parser.add_argument("--vectors", type=Path)
    asked = parser.parse_args()
    papers = {one["id"]: one for one in read_lines(asked.data / "daily-papers.jsonl.xz")}
    topics = json.loads((asked.data / "topics.json").read_text(encoding="utf-8"))
    topics = sorted((one for one in topics if sum(i in papers for i in one["ids"]) >= 4), key=lambda one: one["topic"])
    tasks = [task for task in (Task(one, papers) for one in topics) if task.hits.any()]
    background = Background.of(asked.background.read_bytes())
    encode = encoder(asked.encoder, asked.vectors, papers) if asked.encoder else None
    table = protocol_a(papers, tasks, background, encode, others=not asked.only_ours)
    for title, half in (("tuned on", slice(0, None, 2)), ("not tuned on", slice(1, None, 2)), ("all", slice(None))):
        print(f"\nA, topics {title}: {len(tasks[half])}")
        show(table, half)
    print("\nB")
    print("\n".join(show_b(protocol_b(asked.data, asked.listings))))


if __name__ == "__main__":
    main()
