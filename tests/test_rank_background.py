"""What is known of words before a paper has come in: its numbers, and the table that is shipped."""

from __future__ import annotations

import math
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from make import BACKGROUND, SUBJECTS, of, order, paper, profile, ranking, trend_of

from digest.cli.world import background
from digest.model import Topic
from digest.rank import Asked, Background, Corpus, Trending, WordTable, rank
from digest.rank.background import FINE
from digest.rank.corpus import Text

shipped = cache(background)


def meanings(table: Background, *texts: Text) -> np.ndarray:
    return WordTable(table).vectors(texts, table.rows([text.bag for text in texts]))


def nearness(table: Background, one: str, other: str) -> float:
    first, second = meanings(table, Text(one), Text(other))
    return float(first @ second) / FINE**2


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_papers_with_a_term() -> None:
    """Of a longer phrase half as many as have the rarest of its pairs of words."""
    assert BACKGROUND.documents("languag model") == BACKGROUND.documents("small languag") == 10
    assert BACKGROUND.documents("small languag model") == 5
    assert BACKGROUND.documents("small languag quokka") == BACKGROUND.documents("quokka") == 0


def test_rarity_is_that_of_bm25() -> None:
    assert BACKGROUND.rarity("quokka") == pytest.approx(math.log(1 + 1000.5 / 0.5))
    assert BACKGROUND.rarity("languag model") == pytest.approx(math.log(1 + 990.5 / 10.5))
    assert 0 < BACKGROUND.rarity("data") < BACKGROUND.rarity("languag") < BACKGROUND.rarity("quokka")


def test_rows_have_length_1_and_leave_the_unknown_to_further_columns() -> None:
    bags = [Text("Robot arms", "A robot arm, a quokka").bag, Text("Quokka", "emu emu").bag, Text("The — of").bag]
    rows = BACKGROUND.rows(bags, {"quokka": 0, "emu": 1}).toarray()
    known = rows[:, : len(BACKGROUND.terms)]
    assert (known**2).sum(axis=1) == pytest.approx([1, 0, 0])
    assert (rows[1] ** 2).sum() == pytest.approx(1)
    assert [np.flatnonzero(row[len(BACKGROUND.terms) :]).tolist() for row in rows] == [[0], [0, 1], []]


def test_what_is_said_more_often_weighs_more() -> None:
    rows = BACKGROUND.rows(
        [Text("Robots", "Sensors").bag, Text("", "Robots and robots, robots; sensors").bag]
    ).toarray()
    robot, sensor = BACKGROUND.columns["robot"], BACKGROUND.columns["sensor"]
    assert rows[1, robot] / rows[1, sensor] > rows[0, robot] / rows[0, sensor]


def test_meanings_are_whole_and_of_one_length() -> None:
    texts = [Text(" ".join(words.split()[:3])) for words in SUBJECTS]
    found = meanings(BACKGROUND, *texts, Text("quokka of the emu"), Text(""))
    assert (found == np.rint(found)).all()
    assert np.sqrt((found**2).sum(axis=1)) == pytest.approx([FINE] * len(texts) + [0, 0], rel=1e-3)


def test_shares_of_words_add_up_to_the_product() -> None:
    table, text = WordTable(BACKGROUND), Text("Robot arms grasp language", "Diffusion of tokens")
    weights = np.array([1.0, -2.0, 0.5, 3.0, 0.25])
    shares = table.shares(text, weights)
    whole = BACKGROUND.rows([text.bag]) @ BACKGROUND.table - BACKGROUND.centre
    centre = float(BACKGROUND.centre @ weights) / float(np.linalg.norm(whole))
    product = float(meanings(BACKGROUND, text)[0] @ weights) / FINE
    assert math.fsum(shares.values()) - centre == pytest.approx(product, abs=1e-3)
    assert shares["robot"] < 0 < shares["languag"]
    assert table.shares(Text("quokka"), weights) == {}


# --- the corpus ------------------------------------------------------------------------------------------------------


def test_a_corpus_is_in_the_order_of_ids_whatever_came_first() -> None:
    papers = [paper(f"2606.{n}", title=f"Robot {n}") for n in (3, 1, 2)]
    corpus = Corpus(iter(papers[:2]), BACKGROUND, iter([papers[2], papers[0]]))
    assert [one.id for one in corpus.papers] == ["2606.1", "2606.3"]
    assert [text.title for text in corpus.texts] == ["Robot 1", "Robot 3", "Robot 2"]
    rows, counts = corpus.having("robot")
    assert (rows.tolist(), counts.tolist()) == ([0, 1, 2], [2, 2, 2])
    assert [each.tolist() for each in corpus.having("quokka")] == [[], []]


# --- what is shipped ---------------------------------------------------------------------------------------------


def test_the_shipped_table_is_sane() -> None:
    table = shipped()
    assert len(table.terms) == len(set(table.terms)) > 20_000
    assert table.size > 5_000
    assert table.table.shape == (len(table.terms), len(table.spread))
    for numbers in (table.mean, table.variance, table.table, table.centre, table.spread):
        assert np.isfinite(numbers).all()
    assert (table.mean >= 0).all() and (table.variance >= 0).all() and (table.spread > 0).all()
    assert table.spread.sum() == pytest.approx(1, abs=0.01)
    assert 50 < table.length < 300
    documents = [table.documents(word) for word in ("model", "robot", "quokka")]
    assert documents == sorted(documents, reverse=True) and documents[0] < table.size


@pytest.mark.parametrize(
    ("one", "near", "far"),
    [
        ("distillation", "teacher student", "protein folding"),
        ("robot manipulation", "grasping objects with a gripper", "speech recognition"),
        ("video generation", "temporally coherent frames", "theorem proving"),
        ("protein structure", "amino acid sequences", "web agents"),
        ("speech recognition", "audio transcription", "3D scenes"),
    ],
)
def test_related_words_are_nearer_in_the_shipped_table(one: str, near: str, far: str) -> None:
    assert nearness(shipped(), one, near) > nearness(shipped(), one, far) + 0.1
    assert nearness(shipped(), one, one) == pytest.approx(1, abs=1e-3)


SUBJECTS_OF_PAPERS = {
    "2606.1": ("Smaller students", "A teacher's knowledge is compressed into compact networks by matching logits."),
    "2606.2": ("Dexterous hands", "Grippers pick up cluttered objects by touch, trained in simulation."),
    "2606.3": ("Coherent clips", "Diffusion transformers synthesise long films, frame after frame."),
    "2606.4": ("Folding chains", "Amino acid sequences tell the structure of enzymes."),
}


def test_with_the_shipped_table_words_find_papers_that_have_none_of_them() -> None:
    papers = [paper(name, title=title, abstract=abstract) for name, (title, abstract) in SUBJECTS_OF_PAPERS.items()]
    corpus, trends = Corpus(papers, shipped()), {name: trend_of(name) for name in SUBJECTS_OF_PAPERS}
    words = ["distillation", "robot manipulation", "video generation", "protein"]
    for name, word in zip(SUBJECTS_OF_PAPERS, words, strict=True):
        by_word = rank(Asked(corpus, profile(word, trend_weight=0)), Trending(corpus.papers, trends))
        example = profile(topics=(Topic(name="t", examples=(f"{word}, some of it",)),))
        by_example = rank(Asked(corpus, example), Trending(corpus.papers, trends))
        assert order(by_word)[0] == order(by_example)[0] == name
        assert {one.kind for one in of(by_word, name).reasons} == {"near"}


def test_the_small_world_of_the_tests_is_like_the_shipped_one() -> None:
    inside = [nearness(BACKGROUND, *pair) for words in SUBJECTS for pair in combinations(words.split()[:4], 2)]
    across = [nearness(BACKGROUND, one.split()[0], other.split()[0]) for one, other in combinations(SUBJECTS, 2)]
    assert min(inside) > 0.5 > max(across)
    papers = [paper("2606.1", title="Genes"), paper("2606.2", title="Sensors")]
    assert order(ranking(papers, profile("gripper")))[0] == "2606.2"
