"""Makes digest/rank/background.npz: what is known of words before a single paper has come in.

    python benchmarks/word_table.py PAPERS.jsonl[.xz] … [--encoder FOLDER] [--vectors CACHE.npy] [--output FILE]

From titles and abstracts ({"title": …, "abstract": …} a line; arXiv's metadata are CC0) it counts in how many papers a
term is, and learns a table from terms to meaning: ridge regression from TF-IDF rows to a sentence encoder's vectors
(all-MiniLM-L6-v2), cut to 128 dimensions, in 8 bits. Needs sentence-transformers, once; the digest itself does not.
"""

from __future__ import annotations

import argparse
import json
import lzma
from collections import Counter
from pathlib import Path

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg

from digest.rank.background import DIMENSIONS, Background, bag

RIDGE = 1.0
LEAST_WORD, LEAST_BIGRAM = 3, 6  # papers that must have a term


def texts_of(path):
    with lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            yield record["title"], record.get("abstract") or ""


def encoded(texts, folder, cache):
    if cache and cache.exists():
        return np.load(cache).astype(float)
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder))
    vectors = model.encode([f"{title}. {abstract}" for title, abstract in texts], normalize_embeddings=True)
    if cache:
        np.save(cache, vectors)
    return vectors.astype(float)


def learnt(rows, vectors):
    """Shape (terms, DIMENSIONS): the ridge regression of the vectors' principal components on the rows."""
    centred = vectors - vectors.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    _, axes = np.linalg.eigh(centred.T @ centred)
    targets = centred @ axes[:, ::-1][:, :DIMENSIONS]
    across = rows.T.tocsr()
    normal = LinearOperator((rows.shape[1],) * 2, matvec=lambda x: across @ (rows @ x) + RIDGE * x, dtype=float)
    return np.stack([cg(normal, across @ target, rtol=1e-4, maxiter=200)[0] for target in targets.T], axis=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("papers", type=Path, nargs="+")
    parser.add_argument("--encoder", type=Path)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--output", type=Path, default=Path("digest/rank/background.npz"))
    parser.add_argument("--part", choices=("all", "even", "odd"), default="all", help="only every other paper")
    asked = parser.parse_args()
    texts = [text for path in asked.papers for text in texts_of(path)]
    vectors = encoded(texts, asked.encoder, asked.vectors)
    if asked.part != "all":
        begin = ("even", "odd").index(asked.part)
        texts, vectors = texts[begin::2], vectors[begin::2]
    bags = [bag(*text) for text in texts]
    frequency = Counter(term for one in bags for term in one)
    kept = sorted(term for term, count in frequency.items() if count >= (LEAST_BIGRAM if " " in term else LEAST_WORD))
    documents = np.array([frequency[term] for term in kept])
    plain = Background(tuple(kept), documents, len(bags))
    rows = plain.rows(bags)
    table = learnt(rows, vectors)
    # Turned so that the dimensions are independent of each other over these papers.
    meant = rows @ table
    centre = meant.mean(axis=0)
    unit = meant - centre
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    _, axes = np.linalg.eigh(unit.T @ unit)
    table, centre = table @ axes[:, ::-1], centre @ axes[:, ::-1]
    scale = np.abs(table).max(axis=0) / 127
    np.savez_compressed(
        asked.output,
        terms=np.frombuffer("\n".join(kept).encode(), dtype=np.uint8),
        documents=documents.astype(np.int32),
        size=np.int32(len(bags)),
        length=np.float32(np.mean([sum(n for term, n in one.items() if " " not in term) for one in bags])),
        mean=np.asarray(rows.mean(axis=0)).ravel().astype(np.float32),
        square=np.asarray(rows.multiply(rows).mean(axis=0)).ravel().astype(np.float32),
        table=np.rint(table / scale).astype(np.int8),
        scale=scale.astype(np.float32),
        centre=centre.astype(np.float32),
        spread=((unit @ axes[:, ::-1]) ** 2).mean(axis=0).astype(np.float32),
    )
    print(f"{asked.output}: {len(kept)} terms of {len(bags)} papers, {asked.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
