"""The same paper without an id: what links, what must not, and where its neighbours stand."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make import paper

from digest.diff import title_key
from digest.match import WINDOW, near, tail_key, worth_reading
from digest.model import Facts, Paper

AUTHORS = ("Ana Novák", "Bo Li", "Chidi Okafor")


def why(told: str, known: str, authors: tuple[str, ...] = (), **given: Any) -> str | None:
    """What links a title to a known one; the known paper has the three authors where the told one has any."""
    match = near(Facts(title=told, authors=authors, **given), [paper(title=known, authors=AUTHORS if authors else ())])
    return match.why if match else None


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ("TinyChain: Learning to Reason", "TinyChain - learning to reason!"),
        ("Learning to Reason with Small Models (Extended Version)", "Learning to Reason with Small Models"),
        ("Tutorial: Small Models", "Small Models (tutorial session)"),
        ("Small Models - Book Review", "Small Models"),
        (": Learning to Reason with Small Models.", "TinyChain: Learning to Reason with Small Models"),
        ("TinyChain-Policy-2.5", "TinyChain-Policy-2.5: Learning to Reason with Small Models"),
        ("Learning to Reason with Small Models", "Learning to Reason with Small Models: A Survey"),
        ("Learning to Resaon with Small Modles", "Learning to Reason with Small Models"),
        ("Robust Summarisation of Old Medical Patent Claims", "Robust Summarization of Old Medical Patent Claim"),
        (
            "Robust Prompts for Aligning LLMs with Readers",
            "Robust Prompts for Aligning Large Language Models with Readers",
        ),
        (
            "How Many Are in This Picture? A Safety Benchmark for Vision Models",
            "How Many Geese Are in This Picture? A Safety Benchmark for Vision Models",
        ),
        (
            "Applying the golden rule of sampling for estimation of queries",
            "Using the golden rule of sampling for estimation of queries",
        ),
    ],
)
def test_titles_of_one_paper(told: str, known: str) -> None:
    assert why(told, known)
    assert why(known, told)


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ("Qwen3-VL Technical Report", "Qwen3 Technical Report"),
        ("Qwen2.5 Technical Report", "Qwen3 Technical Report"),
        ("Qwen Technical Report", "Qwen-Audio Technical Report"),
        ("LORE++: Regressing Table Structure from Pixels", "LORE: Regressing Table Structure from Pixels"),
        ("DreamCar-2: A World Model", "DreamCar: A World Model"),
        ("A Theory of Everything Small, Part II", "A Theory of Everything Small, Part I"),
        ("Report on the Fourth Workshop on Knowledge Bases", "Report on the Fifth Workshop on Knowledge Bases"),
        ("Response: Emergent Reasoning in Language Models", "Emergent Reasoning in Language Models"),
        ("Not All Attention Is All You Need for Small Models", "All Attention Is All You Need for Small Models"),
        ("Fast Segment Anything", "Segment Anything"),
        ("A Survey on Distillation of Large Language Models", "Distillation of Large Language Models"),
        (
            "Nemo 3 Super: Open, Efficient Hybrid Models for Reasoning",
            "Nemo 3 Ultra: Open, Efficient Hybrid Models for Reasoning",
        ),
        ("Text Watermarks: Challenges and Research Directions", "Process Mining: Challenges and Research Directions"),
        (
            "Data Sets for Large Language Models: An Overview of Them",
            "Large Language Models on Graphs: An Overview of Them",
        ),
        (
            "Unsupervised Detection of Rare Sounds in Long Recordings",
            "Supervised Detection of Rare Sounds in Long Recordings",
        ),
        ("Model A", "Model B"),
        ("模型", "機器"),
        ("+++", "—"),
    ],
)
def test_titles_of_two_papers(told: str, known: str) -> None:
    assert why(told, known) is None
    assert why(known, told) is None


@pytest.mark.parametrize(
    "authors",
    [
        AUTHORS,
        ("A. Novak", "B. Li"),
        ("Novák, Ana", "Li, Bo", "Okafor, C."),
        ("Ana Novak Jr.", "Bo Li 0002"),
        ("Bo Li", "Dana Gray"),  # half of them
    ],
)
def test_the_same_authors_speak_for_a_paper(authors: tuple[str, ...]) -> None:
    told, known = "Learning to Reason with Small Models", "Learning to Think with Small Models"
    assert why(told, known) is None
    assert why(told, known, authors) == "a similar title, authors in common"


def test_the_same_authors_may_rename_a_paper_but_not_renumber_it() -> None:
    rest = "Learning to Reason with Small Models"
    assert why(f"ThinkTiny: {rest}", f"TinyChain: {rest}", AUTHORS)
    assert not why(f"TinyChain-2: {rest}", f"TinyChain: {rest}", AUTHORS)


def test_other_authors_speak_against_it() -> None:
    others = ("Dana Gray", "Eli Stone")
    assert why("Guest Editorial", "Guest Editorial", others) is None
    assert why("Learning to Resaon with Small Models", "Learning to Reason with Small Models", others) is None
    assert why(
        "Learning to Reason with Small Models", "Learning to Reason with Small Models!", others
    )  # too long for chance


def test_years() -> None:
    title = "Learning to Reason with Small Models"
    known = [
        paper("t-journal", title=title, authors=AUTHORS, published=date(2026, 3, 1)),
        paper("t-meeting", title=f"{title} (Abstract)", authors=AUTHORS, published=date(2025, 9, 1)),
    ]

    def found(year: int, papers: list[Paper] = known, **told: Any) -> str | None:
        match = near(Facts(title=title, authors=AUTHORS, published=date(year, 1, 1), **told), papers)
        return match.paper.id if match else None

    assert [found(year) for year in (2023, 2024, 2025, 2026, 2027, 2028)] == [
        None,
        "t-meeting",
        "t-meeting",
        "t-journal",
        "t-journal",
        None,
    ]


def test_a_paper_with_another_arxiv_id_is_another() -> None:
    known = paper("2605.90001", title="Learning to Reason")
    assert near(Facts(title="Learning to Reason", arxiv_id="2605.90002"), [known]) is None
    assert near(Facts(title="Learning to Reason", arxiv_id="2605.90001"), [known])


def test_between_two_equals_it_is_none_without_authors() -> None:
    known = [paper("t-2", title="Editorial", authors=AUTHORS), paper("t-1", title="Editorial", authors=AUTHORS)]
    assert near(Facts(title="Editorial."), known) is None
    match = near(Facts(title="Editorial.", authors=AUTHORS), known)
    assert match is not None
    assert match.paper.id == "t-1"


@pytest.mark.parametrize(("told", "found"), [("Object Oriented Stores", "t-1"), ("object-oriented stores", "t-2")])
def test_what_is_spelt_the_same_to_the_letter_comes_first(told: str, found: str) -> None:
    known = [paper("t-1", title="Object Oriented Stores"), paper("t-2", title="Object-Oriented Stores")]
    match = near(Facts(title=told), known)
    assert match is not None
    assert match.paper.id == found


def test_the_more_authors_the_better() -> None:
    known = [
        paper("t-1", title="Editorial", authors=(*AUTHORS, "Dana Gray")),
        paper("t-2", title="Editorial", authors=AUTHORS),
    ]
    match = near(Facts(title="Editorial", authors=AUTHORS), known)
    assert match is not None
    assert (match.paper.id, match.likeness, match.why) == ("t-2", 100, "the same title, authors in common")


KNOWN = [
    f"{name}: {what} of {thing} with {how}"
    for name in ("Aq", "Bo", "Cu")
    for what in ("Pruning", "Study", "Theory")
    for thing in ("Small Models", "Rare Sounds", "Old Maps")
    for how in ("Care", "Trees")
]


def around(title: str) -> list[Paper]:
    """What a store gives: the papers next to the title's place in both orders."""
    found = []
    for key in (title_key, tail_key):
        order = sorted((key(known), known) for known in KNOWN)
        at = bisect_left(order, (key(title), ""))
        found += [known for _, known in order[max(0, at - WINDOW) : at + WINDOW]]
    return [paper(f"t-{KNOWN.index(known)}", title=known) for known in dict.fromkeys(found)]


@pytest.mark.parametrize(
    "title",
    [
        "Cu: Theory of Rare Sounds with Trees",
        ": Theory of Rare Sounds with Trees.",
        "Cu: Theroy of Rare Sounds with Trees",
    ],
)
def test_a_paper_stands_next_to_its_place(title: str) -> None:
    assert "Cu: Theory of Rare Sounds with Trees" in [known.title for known in around(title)]


def test_the_order_from_the_back() -> None:
    assert tail_key("TinyChain: Größe, the 2nd!") == "dn2ehtessorgniahcynit"
    assert tail_key("Small Models (Extended Version)") == tail_key("Tutorial: Small models") == "sledomllams"
    assert tail_key("(Abstract)") == "tcartsba"
    assert len(tail_key("word " * 50)) == 40
    assert tail_key("+++") == ""


def test_what_is_worth_reading() -> None:
    others = ["Learning to Reason", "Learning to Raeson with Models", "Reasons for Old Maps", "+++"]
    assert worth_reading("Learning to Reason with Small Models", others) == {*others[:2]}


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_title_is_like_itself_and_the_way_does_not_matter(one: str, other: str) -> None:
    itself = near(Facts(title=one), [paper(title=one)])
    assert (itself.likeness if itself else 0) == (100 if tail_key(one) else 0)
    there, back = near(Facts(title=one), [paper(title=other)]), near(Facts(title=other), [paper(title=one)])
    assert (there and there.likeness) == (back and back.likeness)
