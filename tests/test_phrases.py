"""Phrases in texts: what counts as the same one, and what does not."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.phrases import Index, Phrases
from digest.words import phrase_keys

SAME = [
    ("multimodal", "a Multi-Modal model"),
    ("multi-modal", "MULTIMODAL"),
    ("multi modal", "multi-modals"),
    ("Multimodal", "ｍｕｌｔｉｍｏｄａｌ"),
    ("small language model", "Small Language Models that reason"),
    ("small language models", "one small-language model"),
    ("chain-of-thought", "chains of thought"),
    ("chains of thought", "a Chain-of-Thought prompt"),
    ("mixture of experts", "Mixtures-of-Experts"),
    ("chain of thought", "chainofthought"),
    ("on-device", "ondevice"),
    ("ondevice", "on-device"),
    ("bias-free", "biasfree"),
    ("biasfree", "bias-free"),
    ("Schrödinger", "schrodinger"),
    ("Schrodinger", "a SCHRÖDINGER bridge"),
    ("Lukasz", "Łukasz"),
    ("survey", "Surveys"),
    ("distillation", "distillations"),
    ("lying", "when models are lying"),
    ("lie", "a model lies"),
    ("memory", "Memories"),
    ("virtual machine", "virtual VMs, virtual-machines"),
    ("VM", "two VMs"),
    ("AI agents", "an AI-agent"),
    ("AI", "AIs"),
    ("focus", "focuses"),
    ("metric", "metrics"),
    ("potato", "potatoes"),
    ("LLM", "two LLMs' answers"),
    ("LLMs", "an LLM"),
    ("VLA", "VLAs"),
    ("SLM", "SLMs"),
    ("MLLM", "MLLMs"),
    ("small LLM", "Small-LLMs"),
    ("RLHF", "(RLHF)"),
    ("GPT-4", "GPT 4,"),
    ("3D", "3-D"),
    ("naïve", "naive"),
    ("Straße", "STRASSE"),
    ("matrix", "two matrices"),
    ("confusion matrices", "a confusion-matrix"),
    ("mouse model", "mice models"),
    ("API design", "the design of APIs: APIs designs"),
    ("GPU cluster", "clusters, GPUs' clusters"),
    ("many GPUs", "many-GPU"),
    ("batch size scaling", "batch sizes scaling"),
    ("key-value cache eviction", "key-value caches' eviction"),
    ("virus strain", "viruses: strains"),
    ("movie review", "Movies-Reviews"),
    ("moviereview", "movies' reviews"),
    ("cachematrix", "caches, matrices"),
    ("caches' matrix", "a cachematrix"),
    ("boxmatrix", "boxes' matrices"),
    ("ＲＡＧ", "RAG"),
]

OTHER = [
    ("rag", "fragment storage drag ragtime"),
    ("art", "artefacts of a start-up party"),
    ("news", "a new model"),
    ("bias", "Bia"),
    ("GPT-4", "GPT-4o GPT-40"),
    ("small model", "smaller and more modelling"),
    ("language model", "model language"),
    ("small language model", "small vision-language model"),
    ("LLM", "LLaMA, MLLM and LMs"),
    ("video", ""),
    ("base model", "basis models"),
    ("leaf", "which leaves it open"),
    ("experience", "experiments, experimental"),
    ("transformer", "a transform transforms transformations"),
    ("animal", "animation"),
    ("physics", "a physical physique"),
    ("adversary", "adversarial"),
    ("computer", "to compute, computing"),
    ("author", "authority"),
    ("importance", "imports"),
    ("dynamics", "dynamic"),
    ("lying", "a model lies"),
    ("lens", "len"),
    ("hi", "his"),
]


@pytest.mark.parametrize(("phrase", "text"), SAME)
def test_found(phrase: str, text: str) -> None:
    assert Phrases([phrase]).count(text) == {phrase: 1}


@pytest.mark.parametrize(("phrase", "text"), OTHER)
def test_not_found_inside_other_words(phrase: str, text: str) -> None:
    assert not Phrases([phrase]).count(text)


def test_counts_each_phrase_as_it_was_given() -> None:
    phrases = Phrases(["Robot", "robot arm", "video", "++", ""])
    found = phrases.count("Robots with robot arms: a robot-arm video of VIDEOS")
    assert found == {"Robot": 3, "robot arm": 2, "video": 2}


def test_no_phrase_is_never_found() -> None:
    assert not Phrases([]).count("anything")
    assert not Phrases(["", "—", "++"]).count("anything — ++")


WORDS = st.sampled_from(
    [
        "small",
        "big",
        "model",
        "models",
        "state-of-the-art",
        "RAG",
        "lying",
        "memories",
        "classes",
        "bias-free",
        "3D",
        "of",
    ]
)
TEXTS = st.lists(WORDS, min_size=1, max_size=8).map(" ".join)


@settings(max_examples=60)
@given(phrase=TEXTS, before=TEXTS, after=TEXTS)
def test_a_phrase_is_found_in_whatever_surrounds_it(phrase: str, before: str, after: str) -> None:
    found = Phrases([phrase]).count(f"{before} {phrase.upper()} {after}")
    assert set(found) == {phrase}


@settings(max_examples=60)
@given(phrases=st.lists(TEXTS, max_size=5), text=TEXTS)
def test_other_phrases_do_not_get_in_the_way(phrases: list[str], text: str) -> None:
    """A phrase found alone is found among others, by its own words or by those of one that means the same."""
    together = Phrases(phrases).count(text)
    alone = [Phrases([phrase]).count(text) for phrase in phrases]
    assert set(together) <= {phrase for one in alone for phrase in one}
    assert bool(together) == any(alone)


def test_the_words_of_another_phrase_do_not_widen_the_window() -> None:
    text = "Models of mo-dels, not mo de ls."
    assert Phrases(["models"]).count(text) == Phrases(["models", "one two three"]).count(text) == {"models": 2}


@settings(max_examples=80)
@given(phrases=st.lists(TEXTS, max_size=6), texts=st.lists(TEXTS, max_size=6))
def test_found_in_all_texts_at_once_is_counted_in_each(phrases: list[str], texts: list[str]) -> None:
    given, index = Phrases(phrases), Index(texts)
    counted = [(phrase, number, n) for number, text in enumerate(texts) for phrase, n in given.count(text).items()]
    for _ in range(2):  # what was looked up for one is there for the next
        found = {
            phrase: Counter(number for run in runs for number in index.texts(run))
            for phrase, runs in given.find(index).items()
        }
        assert sorted(counted) == sorted((phrase, number, n) for phrase in found for number, n in found[phrase].items())


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_any_text_is_found_in_itself_if_it_has_a_word(text: str) -> None:
    assert set(Phrases([text]).count(text)) == ({text} if phrase_keys(text) else set())


def test_many_phrases_over_many_texts() -> None:
    """10,000 phrases in 200 abstracts: every single one would have to be looked for if nothing spared it."""
    phrases = Phrases([f"word{number} and other word{number}" for number in range(10_000)])
    text = " ".join(f"word{number} and other words{number}" for number in range(0, 300, 3))
    found = [phrases.count(f"{text} {number}") for number in range(200)]
    assert not any(found)
    assert phrases.count("Word7 and other-word7") == {"word7 and other word7": 1}
