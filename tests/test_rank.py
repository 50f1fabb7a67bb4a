"""Papers, trends and a profile -> an order with reasons: what holds for all of it. Interests and follows are beside."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make import BACKGROUND, FIVE, TODAY, of, order, paper, points, profile, ranking, trend_of

from digest.model import Leaning, Learned, Paper, Part, Profile, Ranked, Ranking, Reason, Term, Topic, Trend
from digest.rank import Asked, Corpus, Trending, rank

TRENDS = {one.id: trend_of(one.id, 10 * place, votes=place) for place, one in enumerate(FIVE, start=1)}


# --- trend and interests -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("weight", "trend", "word"), [(0, None, 2), (0.25, 0.5, 1.5), (0.5, 1, 1), (1, 2, None)])
def test_the_trend_weight_blends(weight: float, trend: float | None, word: float | None) -> None:
    plain = points(ranking(FIVE, profile("robot"), TRENDS), "2606.00002")
    found = points(ranking(FIVE, profile("robot", trend_weight=weight), TRENDS), "2606.00002")
    assert plain["votes"] == 20
    for kind, factor in [("votes", trend), ("word", word), ("near", word)]:
        assert found.get(kind) == (None if factor is None else pytest.approx(plain[kind] * factor, abs=1))


@pytest.mark.parametrize("weight", [0, 0.3, 0.5, 1])
def test_a_profile_without_interests_is_the_trend(weight: float) -> None:
    found = ranking(FIVE, profile(trend_weight=weight), TRENDS)
    assert order(found) == sorted(TRENDS, key=lambda name: -TRENDS[name].points)
    assert {reason.kind for one in found.papers for reason in one.reasons} <= {"votes"}


def test_ties_go_by_trend_votes_day_and_id() -> None:
    papers = [replace(one, first_listed=TODAY.replace(day=1 if one.id == "2606.00001" else 2)) for one in FIVE[:4]]
    papers.append(replace(FIVE[4], first_listed=None))
    trends = {one.id: trend_of(one.id, 0, votes=7 if one.id == "2606.00004" else 3) for one in papers}
    trends["2606.00003"] = trend_of("2606.00003", 5)
    found = ranking(papers, profile(trend_weight=0), trends)
    assert order(found) == ["2606.00003", "2606.00004", "2606.00002", "2606.00001", "2606.00005"]


# --- what is nearly the same ---------------------------------------------------------------------------------------

TEXT = (
    "We train compact students to imitate long reasoning traces and measure accuracy on competition mathematics. "
    "Curricula order the traces by length, a verifier drops wrong derivations, and a schedule anneals the temperature."
)


def test_the_same_text_again_is_hidden_under_the_better_one() -> None:
    papers = [paper(f"2606.1000{n}", title="Distilling traces", abstract=TEXT) for n in range(3)]
    trends = {one.id: trend_of(one.id, place) for place, one in enumerate(papers)} | TRENDS
    found = ranking([*papers, *FIVE], profile(), trends)
    assert {(one.paper.id, one.score) for one in found.hidden} == {("2606.10000", 0), ("2606.10001", 1)}
    assert {one.rule for one in found.hidden} == {"nearly the same as “Distilling traces”"}
    assert "2606.10002" in order(found)


def test_a_close_paper_is_lowered_and_names_one_above_it() -> None:
    kitchens = f"{TEXT[:107]} Kitchens hold cluttered shelves, mugs and towels."
    close = [
        paper("2606.20001", title="Distilling traces", abstract=TEXT),
        paper("2606.20002", title="Imitating traces", abstract=kitchens),
    ]
    trends = {"2606.20001": trend_of("2606.20001", 90), "2606.20002": trend_of("2606.20002", 80)} | TRENDS
    found = ranking([*close, *FIVE], profile(), trends)
    lowered = of(found, "2606.20002").reasons[-1]
    assert (lowered.kind, lowered.label) == ("similar", "close to “Distilling traces” above")
    assert lowered.points < 0
    assert order(found)[:2] == ["2606.20001", "2606.00005"]


def test_thousands_of_nearly_the_same_do_not_fill_the_list() -> None:
    short = "Compact students imitate long reasoning traces by a teacher."
    same = [paper(f"2607.{n:05}", title=f"Distilling traces, part {n}", abstract=short) for n in range(4995)]
    trends = {one.id: trend_of(one.id, 500, votes=n) for n, one in enumerate(same)} | TRENDS
    found = ranking([*same, *FIVE], profile("reasoning"), trends)
    assert {one.id for one in FIVE} <= set(order(found)[:20])
    assert len(found.hidden) > 4900


# --- corners -----------------------------------------------------------------------------------------------------


def test_no_papers() -> None:
    who = profile("robot", topics=(Topic(name="t", terms=(Term(text="robot"),), examples=("A title",)),))
    assert ranking([], who) == Ranking(papers=())
    assert ranking([], who, earlier=FIVE) == Ranking(papers=())


def test_one_paper_and_papers_without_words() -> None:
    empty = [paper("2606.1", title="—"), paper("2606.2", title="The of and"), paper("2606.3", title="…", abstract="?")]
    who = profile(topics=(Topic(name="t", terms=(Term(text="robot"), Term(text="—")), examples=("—", "Robots")),))
    found = ranking(empty, who)
    assert len(found.papers) == 3
    assert not any(one.score > 0 for one in found.papers)
    assert order(ranking(FIVE[:1], who)) == ["2606.00001"]


def test_a_profile_of_ten_thousand_words() -> None:
    words = [f"needle{number} haystack" for number in range(9_999)]
    papers = [paper(f"2606.{n:05}", title=f"Straw{n} bale", abstract=f"field{n} barn{n}") for n in range(100)]
    papers.append(paper("2607.00001", title="Needle7-haystacks"))
    who = profile(*words, "bale", trend_weight=0, muted_words=(*(f"rust{word}" for word in words), "barn9"))
    found = ranking(papers, who)
    assert order(found)[0] == "2607.00001"
    assert [one.paper.id for one in found.hidden] == ["2606.00009"]
    assert all("word" in points(found, one) for one in order(found))


@pytest.mark.parametrize(
    "words",
    [
        ("the", "of the", "to be or not to be"),
        ("", " ", "—", "++", "…", "“”"),
        ("🤖", "🤖🤖", "👩‍🔬 🔬"),
        (Term(text="robot", weight=0), Term(text="video", weight=0.0)),
        ("R", "x"),
        ("pneumono" * 2_000, "antidisestablishmentarianism"),
        ("روبوت", "רובוט", "مدل زبانی"),
        ("机器人", "ロボット", "로봇"),
    ],
)
def test_a_profile_that_says_nothing_of_the_papers_is_the_trend(words: Sequence[str | Term]) -> None:
    papers = [*FIVE, paper("2606.00006", title="The what of it", abstract="To be or not to be, as of the 1 … 🤔")]
    trends = TRENDS | {"2606.00006": trend_of("2606.00006", 1)}
    who = profile(*words, topics=(Topic(name="t", terms=profile(*words).topics[0].terms, examples=("🤖", "—", "1")),))
    found = ranking(papers, who, trends)
    assert order(found) == order(ranking(papers, profile(), trends))
    assert [one.score for one in found.papers] == [one.trend.points for one in found.papers]


def test_a_word_of_other_scripts_is_found() -> None:
    papers = [*FIVE, paper("2606.00006", title="مدل زبانی کوچک"), paper("2606.00007", title="Über 机器人 und mehr")]
    for word, expected in [("مدل", "2606.00006"), ("机器人", "2606.00007"), ("uber", "2606.00007")]:
        assert order(ranking(papers, profile(word)))[0] == expected


def test_the_same_text_as_a_word_and_as_a_mute_is_muted() -> None:
    found = ranking(FIVE, profile("robots", "video", muted_words=("Robot",)), TRENDS)
    assert [one.paper.id for one in found.hidden] == ["2606.00002"]
    assert order(found)[0] == "2606.00003"


def test_a_very_long_word_in_a_paper_costs_little() -> None:
    long = paper("2606.00006", title="x" * 300_000, abstract="robot" * 50_000)
    assert order(ranking([*FIVE, long], profile("robot", muted_words=("robotrobot",))))[0] == "2606.00002"


# --- always ------------------------------------------------------------------------------------------------------

WORDS = [
    "small",
    "model",
    "language",
    "robots",
    "video",
    "survey",
    "reasoning",
    "LLMs",
    "quokka",
    "the",
    "3D",
    "Zürich",
]
ODD = [
    "—",
    "🤖",
    "of",
    "روبوت",
    "机器人",
    "C++",
    "x" * 300,
    "2606.00001",
    "",
    "chain-of-thought",
    "small-language model",
]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
PHRASES = (
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join) | st.sampled_from(ODD) | st.text(max_size=9)
)
NAMES = st.sampled_from(["Ada Lovelace", "A. Lovelace", "Grace Hopper", "Plato"])
TERMS = st.builds(Term, text=PHRASES, weight=st.floats(-3, 3) | st.just(0.0))
TOPICS = st.builds(
    Topic,
    name=st.sampled_from(["one", "other", "third"]),
    terms=st.lists(TERMS, max_size=4).map(tuple),
    examples=st.lists(PHRASES, max_size=3).map(tuple),
)
PROFILES = st.builds(
    profile,
    topics=st.lists(TOPICS, max_size=3).map(tuple),
    authors=st.lists(st.builds(Term, text=NAMES), max_size=2).map(tuple),
    muted_words=st.lists(st.sampled_from(WORDS), max_size=1).map(tuple),
    muted_authors=st.lists(NAMES, max_size=1).map(tuple),
    trend_weight=st.floats(0, 1),
)
CORPORA = st.lists(
    st.builds(
        paper,
        id=st.integers(1, 99).map(lambda n: f"2606.{n:05}"),
        title=TEXTS,
        abstract=TEXTS | st.just("") | st.text(max_size=30),
        authors=st.lists(NAMES, max_size=2).map(tuple),
    ),
    max_size=8,
    unique_by=lambda one: one.id,
)
LEARNED = st.lists(
    st.builds(Learned, paper=st.builds(paper, title=TEXTS, abstract=TEXTS), weight=st.sampled_from([1.5, 1, 0.1, -1])),
    max_size=3,
)


@settings(max_examples=60, deadline=None)
@given(papers=CORPORA, who=PROFILES, learned=LEARNED, data=st.data())
def test_always(papers: list[Paper], who: Profile, learned: list[Learned], data: st.DataObject) -> None:
    trends = {one.id: trend_of(one.id, int(one.id[-2:]) % 5) for one in papers}
    found = ranking(papers, who, trends, learned=learned, told=trends)
    assert found == ranking(data.draw(st.permutations(papers)), who, trends, learned=learned, told=trends)
    assert sorted(one.id for one in papers) == sorted(order(found) + [one.paper.id for one in found.hidden])
    above: list[Ranked] = []
    for one in found.papers:
        assert one.topic in {"", *(topic.name for topic in who.topics)}
        assert one.score == sum(reason.points for reason in one.reasons)
        assert one.leaning == Leaning.of(one.reasons)
        for reason in one.reasons:
            assert type(reason.points) is int and reason.points
            assert 0 < len(reason.label) <= 90
            assert not reason.parts or reason.points == sum(part.points for part in reason.parts)
            assert reason.parts or reason.kind not in {"example", "liked", "disliked"}, "it goes down to the words"
        assert not above or above[-1].score >= one.score
        if one.reasons and one.reasons[-1].kind == "similar":
            assert any(one.reasons[-1].label == f"close to “{better.paper.title}” above" for better in above)
        above.append(one)
        assert not set(who.muted_words) & set(f"{one.paper.title} {one.paper.abstract}".split()), (
            "a mute let it through"
        )
        assert not set(who.muted_authors) & set(one.paper.authors), "a mute let it through"


@settings(max_examples=30, deadline=None)
@given(papers=CORPORA, earlier=CORPORA, who=PROFILES, learned=LEARNED, data=st.data())
def test_what_is_thought_of_a_paper_is_the_same_in_any_part(
    papers: list[Paper], earlier: list[Paper], who: Profile, learned: list[Learned], data: st.DataObject
) -> None:
    """Candidates ranked part by part, in any order, after the same papers; what is above them apart."""
    before = [replace(one, id=f"earlier {one.id}") for one in earlier]
    whole = ranking(papers, who, learned=learned, earlier=before)
    ordered = data.draw(st.permutations(papers))
    cut = data.draw(st.integers(0, len(ordered)))
    for some in (ordered[:cut], ordered[cut:]):
        part = ranking(iter(some), who, learned=learned, earlier=reversed(before))
        for one in part.papers:
            same = [each for each in whole.papers if each.paper.id == one.paper.id]
            assert [(_alone(each), each.topic) for each in same] in ([], [(_alone(one), one.topic)])


def _alone(one: Ranked) -> list[Reason]:
    return [reason for reason in one.reasons if reason.kind != "similar"]


def test_of_many_that_have_the_words_the_same_ones_tell_what_else_is_said() -> None:
    """More than are asked, all equally good, in any order and whichever are candidates now."""
    papers = [paper(f"2606.{n:05}", title=f"Quokka {n}w", abstract=f"Wombat {n % 7}a {n % 5}b") for n in range(150)]
    whole = ranking(papers[90:], profile("quokka"), earlier=papers[:90])
    part = ranking(papers[120:], profile("quokka"), earlier=papers[89::-1])
    thoughts = {one.paper.id: _alone(one) for one in whole.papers}
    assert part.papers and all(_alone(one) == thoughts[one.paper.id] for one in part.papers)


@settings(max_examples=30, deadline=None)
@given(papers=CORPORA, who=PROFILES, learned=LEARNED)
def test_a_hidden_paper_has_the_score_that_it_would_have(
    papers: list[Paper], who: Profile, learned: list[Learned]
) -> None:
    open_to_all = ranking(papers, replace(who, muted_words=(), muted_authors=()), learned=learned)
    scores = {one.paper.id: sum(reason.points for reason in _alone(one)) for one in open_to_all.papers}
    scores |= {one.paper.id: one.score for one in open_to_all.hidden}
    for one in ranking(papers, who, learned=learned).hidden:
        assert one.score == scores[one.paper.id]


def test_readers_share_the_reasons_that_their_feedback_has_no_part_in() -> None:
    """By object, so that what is made of them is made once; and what feedback has a part in is a reader's own."""
    papers = [paper("2606.1", title="Quokka habitats"), paper("2606.2", title="Wombat burrows and their tunnels")]
    asked = Asked(Corpus(papers, BACKGROUND), profile("quokka"))
    trending = Trending(asked.corpus.papers, {one.id: trend_of(one.id, 5) for one in papers})
    liked = Learned(paper=paper("2605.1", title="Wombat burrows", abstract="Tunnels of wombats"), weight=1.0)
    everyones, readers = rank(asked, trending), rank(asked, trending, [liked])
    assert of(everyones, "2606.1").reasons is of(readers, "2606.1").reasons
    assert "liked" in {one.kind for one in of(readers, "2606.2").reasons}
    assert "liked" not in {one.kind for one in of(everyones, "2606.2").reasons}


def test_the_words_of_a_paper_at_hand_are_not_looked_for_again() -> None:
    candidate, before = paper("2606.1", title="Quokka"), paper("2605.1", title="Wombat")
    corpus = Corpus([candidate], BACKGROUND, [before])
    assert (corpus.text(candidate), corpus.text(before)) == corpus.texts
    revised = replace(before, title="Wombats")
    assert corpus.text(revised).title == "Wombats"


def test_more_is_told_of_those_asked_for() -> None:
    """They may be in the list's tail, where nobody looks otherwise."""
    papers = [paper(f"2606.{n:05}", title=f"Robot arm {n}x{n} of {n}y{n}, {n}z{n} and {n}v{n}") for n in range(203)]
    trends = {one.id: trend_of(one.id, 1000 - place) for place, one in enumerate(papers)}
    last = order(ranking(papers, profile("grasping"), trends))[-1]
    found = ranking(papers, profile("grasping"), trends, told={last})
    deep = [one.paper.id for one in found.papers if any(reason.parts for reason in one.reasons)]
    assert deep == [last]
    assert len(found.papers) == 203


SCRIPT = """
from hashlib import sha256
from random import Random
from make import BACKGROUND, COMMON, SUBJECTS, paper, profile, ranking
from digest.model import Learned, Term, Topic
from digest.rank import Corpus
from digest.rank.corpus import Text
from digest.rank.interests import Examples, Liked, Words

chance = Random(5)
words = " ".join((COMMON, *SUBJECTS)).split() + [f"other{n}" for n in range(200)]
papers = [
    paper(f"2606.{n:05}", title=" ".join(chance.choices(words, k=6)), abstract=" ".join(chance.choices(words, k=40)))
    for n in range(150)
]
terms = tuple(Term(text=word, weight=1 + place / 7) for place, word in enumerate(SUBJECTS[0].split()))
who = profile(topics=(Topic(name="t", terms=terms, examples=("tactile robots", "video clips", "a speech")),))
learned = [Learned(paper=papers[3], weight=0.7), Learned(paper=papers[8], weight=-0.3)]
corpus = Corpus(papers, BACKGROUND)
near = Words(corpus, terms).near, Examples(corpus, [Liked(label="", text=Text("Language of robots", "in videos"))]).near
exact = b"".join(one.values.tobytes() for one in near)  # before they are rounded to points
print(sha256(repr(ranking(papers, who, learned=learned)).encode() + exact).hexdigest())
"""


def test_the_ranking_is_the_same_whatever_python_and_blas_do() -> None:
    """String hashes, threads and kernels differ. Other libraries than OpenBLAS do not know the two settings."""
    printed = set()
    for seed, kernels, threads in [("1", "Prescott", "1"), ("2", "Haswell", "2")]:
        settings = {"PYTHONHASHSEED": seed, "OPENBLAS_CORETYPE": kernels, "OPENBLAS_NUM_THREADS": threads}
        outside = {**os.environ, **settings, "PYTHONPATH": str(Path(__file__).parent)}
        ran = subprocess.run([sys.executable, "-c", SCRIPT], env=outside, capture_output=True, text=True, check=True)
        printed.add(ran.stdout)
    assert len(printed) == 1
    assert len(printed.pop().strip()) == 64


def test_parts_are_named_as_the_text_spells_them() -> None:
    found = ranking(FIVE, profile("grippers"), told=TRENDS)
    parts = {part.label for reason in of(found, "2606.00002").reasons for part in reason.parts}
    assert {"grasping", "tactile", "assembly"} <= parts
    assert all(isinstance(part, Part) for one in found.papers for reason in one.reasons for part in reason.parts)


def test_what_the_trend_says_is_said_in_figures_to_every_profile() -> None:
    """With the words for translators, whatever the profile makes of the points."""
    term = Reason.of("votes", 520, ("{} votes where {} are usual", "181", "6"))
    trends = {one.id: trend_of(one.id) for one in FIVE} | {FIVE[0].id: Trend(paper_id=FIVE[0].id, terms=(term,))}
    found = of(ranking(FIVE, profile(trend_weight=0.25), trends), FIVE[0].id)
    assert found.reasons == (replace(term, points=260),)
