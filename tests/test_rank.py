"""Papers, trends and a profile -> an order with reasons."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make import TODAY, paper, profile, trend_of

from digest.model import Paper, Profile, Ranked, Ranking, Term, Topic, Trend
from digest.rank import EXAMPLE, WORDS_AT_MOST, Corpus, name_matches, rank


def ranking(papers: list[Paper], who: Profile, trends: dict[str, Trend] | None = None, **examples: Paper) -> Ranking:
    told = trends or {one.id: trend_of(one.id) for one in papers}
    return rank(Corpus(papers), told, who, examples)


def order(found: Ranking) -> list[str]:
    return [one.paper.id for one in found.papers]


def points(found: Ranking, paper_id: str) -> dict[str, int]:
    one = next(one for one in found.papers if one.paper.id == paper_id)
    return {reason.kind: reason.points for reason in one.reasons}


# Titles without a word in common, so that nothing is similar unless a test makes it so.
SUBJECTS = [
    ("2606.00001", "Small language models", "Distillation of reasoning chains into compact students."),
    ("2606.00002", "Robot manipulation", "Grasping objects using tactile feedback during assembly."),
    ("2606.00003", "Video generation", "Diffusion transformers synthesise temporally coherent clips."),
    ("2606.00004", "Protein folding", ""),
    ("2606.00005", "Speech recognition surveys", "Acoustic benchmarks across dialects, children and noise."),
]
PAPERS = [paper(id, title=title, abstract=abstract) for id, title, abstract in SUBJECTS]
TRENDS = {one.id: trend_of(one.id, 10 * place, votes=place) for place, one in enumerate(PAPERS, start=1)}


# --- words -------------------------------------------------------------------------------------------------------


def test_a_word_brings_its_paper_to_the_top() -> None:
    found = ranking(PAPERS, profile("robots"), TRENDS)
    assert order(found)[0] == "2606.00002"
    first = found.papers[0].reasons[0]
    assert (first.kind, first.label) == ("word", "“robots” in the title")


def test_a_title_says_more_than_an_abstract_and_more_often_says_more() -> None:
    papers = [
        paper("2606.1", title="Robot arms"),
        paper("2606.2", title="Zebra", abstract="One robot. Another robot. Giraffes everywhere."),
        paper("2606.3", title="Yak", abstract="Some robot among elephants."),
        paper("2606.4", title="Ibex"),
    ]
    found = ranking(papers, profile("robot", trend_weight=0))
    assert order(found) == ["2606.1", "2606.2", "2606.3", "2606.4"]
    assert points(found, "2606.1")["word"] > points(found, "2606.2")["word"] > points(found, "2606.3")["word"] > 0


def test_a_rarer_word_says_more() -> None:
    papers = [paper(f"2606.{n}", title=f"Model unique{n}") for n in range(1, 9)]
    papers.append(paper("2606.9", title="Quokka habitat"))
    found = ranking(papers, profile("model", "quokka", trend_weight=0))
    assert order(found)[0] == "2606.9"


def test_weights_scale_and_a_negative_one_lowers() -> None:
    given = [ranking(PAPERS, profile(Term(text="robot", weight=weight), trend_weight=0)) for weight in (1, 2, -1)]
    plain, double, less = (points(found, "2606.00002")["word"] for found in given)
    assert abs(double - 2 * plain) <= 1
    assert less == -plain
    assert order(given[2])[-1] == "2606.00002"


def test_many_words_add_up_to_the_cap_at_most() -> None:
    words = [f"word{number}" for number in range(30)]
    papers = [paper("2606.1", title=" ".join(words)), *PAPERS]
    found = ranking(papers, profile(*words, trend_weight=0.5))
    assert found.papers[0].paper.id == "2606.1"
    assert abs(found.papers[0].score - WORDS_AT_MOST) <= 15  # each of the thirty rounded


def test_one_word_given_twice_counts_once() -> None:
    once, twice = (ranking(PAPERS, profile(*words)) for words in [("robot",), ("robot", "Robots")])
    assert points(once, "2606.00002") == points(twice, "2606.00002")


# --- follows, examples ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("followed", "author", "same"),
    [
        ("Yann LeCun", "Yann LeCun", True),
        ("Yann LeCun", "Y. LeCun", True),
        ("Y. LeCun", "Yann LeCun", True),
        ("LeCun, Yann", "Yann A. LeCun", True),
        ("yann lecun", "LeCun, Y.", True),
        ("Łukasz Kaiser", "Lukasz Kaiser", True),
        ("Jürgen Schmidhuber", "Jurgen Schmidhuber", True),
        ("Søren Kierkegaard", "Soren Kierkegaard", True),
        ("Jean-Baptiste Alayrac", "J.-B. Alayrac", True),
        ("Li Fei-Fei", "Li Fei Fei", True),
        ("GLM-5 Team", "GLM-5 Team", True),
        ("Plato", "Plato", True),
        ("Yann LeCun", "Yoshua LeCun", False),
        ("Yann LeCun", "Yann Lecunski", False),
        ("Yann LeCun", "LeCun", False),
        ("LeCun", "Yann LeCun", False),
        ("Wei Wang", "Wei Zhang", False),
        ("Y. LeCun", "Z. LeCun", False),
        ("", "Yann LeCun", False),
        ("", "", False),
        ("Yann LeCun", "—", False),
    ],
)
def test_names(followed: str, author: str, same: bool) -> None:
    assert name_matches(followed, author) is same
    assert name_matches(author, followed) is same
    one = paper(authors=("Somebody Else", author))
    assert bool(ranking([one], profile(authors=(Term(text=followed),))).papers[0].score) is same
    assert bool(ranking([one], profile(muted_authors=(followed,))).hidden) is same


def test_follows_have_their_points() -> None:
    one = paper(authors=("Ada L.", "Grace Hopper"), organisation="Google DeepMind", categories=("cs.RO", "cs.LG"))
    who = profile(
        authors=(Term(text="Hopper, Grace"),),
        organisations=(Term(text="google-deepmind", weight=0.5),),
        categories=(Term(text="cs.LG"),),
    )
    found = ranking([one], who).papers[0]
    assert {reason.label: reason.points for reason in found.reasons} == {
        "by Grace Hopper": 250,
        "from Google DeepMind": 100,
        "in cs.LG": 40,
    }


@pytest.mark.parametrize(
    ("followed", "points"),
    [("cs.RO", 80), ("CS.ro", 80), ("cs", 80), ("cs.*", 80), ("stat.ML", 40), ("stat", 40), ("cs.R", 0), ("c", 0)],
)
def test_categories(followed: str, points: int) -> None:
    one = paper(categories=("cs.RO", "stat.ML"))
    assert ranking([one], profile(categories=(Term(text=followed),))).papers[0].score == points


def test_an_example_finds_its_like_by_id_and_by_title() -> None:
    example = paper("2501.00001", title="Tactile grasping", abstract="Objects, feedback and assembly by touch.")
    by_id = profile(topics=(Topic(name="t", examples=("2501.00001",)),), trend_weight=0)
    by_title = profile(topics=(Topic(name="t", examples=("Tactile feedback during assembly",)),), trend_weight=0)
    found = ranking(PAPERS, by_id, **{"2501.00001": example})
    assert order(found)[0] == order(ranking(PAPERS, by_title))[0] == "2606.00002"
    assert found.papers[0].reasons[0].label == "like “Tactile grasping”"
    assert 0 < found.papers[0].score <= 2 * EXAMPLE
    assert not any(one.score for one in ranking(PAPERS, by_id).papers), "an id that nobody knows says nothing"


def test_the_nearest_example_of_a_topic_counts_and_one_a_topic() -> None:
    names = tuple(title for _, title, _ in SUBJECTS[:2])
    one_topic = profile(topics=(Topic(name="t", examples=names),))
    two_topics = profile(topics=tuple(Topic(name=name, examples=(name, names[0])) for name in names))
    labels = [reason.label for one in ranking(PAPERS, one_topic).papers for reason in one.reasons]
    assert sorted(labels) == ["like “Robot manipulation”", "like “Small language models”"]
    robots = next(one for one in ranking(PAPERS, two_topics).papers if one.paper.id == "2606.00002")
    assert len(robots.reasons) == 1


# --- trend and interests -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("weight", "trend", "word"), [(0, None, 2), (0.25, 0.5, 1.5), (0.5, 1, 1), (1, 2, None)])
def test_the_trend_weight_blends(weight: float, trend: float | None, word: float | None) -> None:
    plain = points(ranking(PAPERS, profile("robot"), TRENDS), "2606.00002")
    found = points(ranking(PAPERS, profile("robot", trend_weight=weight), TRENDS), "2606.00002")
    assert plain["votes"] == 20
    for kind, factor in [("votes", trend), ("word", word)]:
        assert found.get(kind) == (None if factor is None else pytest.approx(plain[kind] * factor, abs=1))


@pytest.mark.parametrize("weight", [0, 0.3, 0.5, 1])
def test_a_profile_without_interests_is_the_trend(weight: float) -> None:
    found = ranking(PAPERS, profile(trend_weight=weight), TRENDS)
    assert order(found) == sorted(TRENDS, key=lambda name: -TRENDS[name].points)


def test_ties_go_by_trend_votes_day_and_id() -> None:
    papers = [replace(one, first_listed=TODAY.replace(day=1 if one.id == "2606.00001" else 2)) for one in PAPERS[:4]]
    trends = {one.id: trend_of(one.id, 0, votes=7 if one.id == "2606.00004" else 3) for one in papers}
    trends["2606.00003"] = trend_of("2606.00003", 5)
    found = ranking(papers, profile(trend_weight=0), trends)
    assert order(found) == ["2606.00003", "2606.00004", "2606.00002", "2606.00001"]


# --- mutes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mutes", "rule"),
    [
        ({"muted_words": ("survey",)}, "muted word “survey”"),
        ({"muted_words": ("Speech-Recognition",)}, "muted word “Speech-Recognition”"),
        ({"muted_words": ("dialect",)}, "muted word “dialect”"),
        ({"muted_words": ("nothing", "audio")}, "muted word “audio”"),
        ({"muted_words": ("surveys", "survey")}, "muted word “survey”"),
        ({"muted_authors": ("Hopper, G.",)}, "muted author Hopper, G."),
        ({"muted_organisations": ("some lab",)}, "muted organisation some lab"),
        ({"muted_categories": ("eess",)}, "muted category eess"),
    ],
)
def test_a_mute_hides_and_says_so(mutes: dict[str, tuple[str, ...]], rule: str) -> None:
    one = replace(
        PAPERS[4],
        authors=("Grace Hopper",),
        organisation="Some Lab",
        categories=("cs.SD", "eess.AS"),
        keywords=("audio",),
    )
    found = ranking([*PAPERS[:4], one], profile("speech", **mutes), TRENDS)
    assert [(each.paper.id, each.rule) for each in found.hidden] == [("2606.00005", rule)]
    assert len(found.papers) == 4


def test_a_mute_does_not_reach_over_two_texts() -> None:
    one = paper(title="A small language", abstract="Models of it.", keywords=("video", "generation"))
    found = ranking([one], profile(muted_words=("language model", "video generation")))
    assert not found.hidden


# --- what is nearly the same ---------------------------------------------------------------------------------------

TEXT = (
    "We train compact students to imitate long reasoning traces and measure accuracy on competition mathematics. "
    "Curricula order the traces by length, a verifier drops wrong derivations, and a schedule anneals the temperature."
)


def test_the_same_text_again_is_hidden_under_the_better_one() -> None:
    papers = [paper(f"2606.1000{n}", title="Distilling traces", abstract=TEXT) for n in range(3)]
    trends = {one.id: trend_of(one.id, place) for place, one in enumerate(papers)} | TRENDS
    found = ranking([*papers, *PAPERS], profile(), trends)
    assert {one.paper.id for one in found.hidden} == {"2606.10000", "2606.10001"}
    assert {one.rule for one in found.hidden} == {"nearly the same as “Distilling traces”"}
    assert "2606.10002" in order(found)


def test_a_close_paper_is_lowered_and_names_one_above_it() -> None:
    close = [
        paper("2606.20001", title="Distilling traces", abstract=TEXT),
        paper(
            "2606.20002",
            title="Imitating traces",
            abstract=f"{TEXT[:107]} Kitchens hold cluttered shelves, mugs and towels.",
        ),
    ]
    trends = {"2606.20001": trend_of("2606.20001", 90), "2606.20002": trend_of("2606.20002", 80)} | TRENDS
    found = ranking([*close, *PAPERS], profile(), trends)
    lowered = next(one for one in found.papers if one.paper.id == "2606.20002")
    assert lowered.reasons[-1].label == "close to “Distilling traces” above"
    assert lowered.reasons[-1].points < 0
    assert order(found)[:2] == ["2606.20001", "2606.00005"]


def test_thousands_of_the_same_do_not_fill_the_list() -> None:
    same = [
        paper(f"2607.{n:05}", title=f"Distilling traces, part {n}", abstract=TEXT) for n in range(5000 - len(PAPERS))
    ]
    trends = {one.id: trend_of(one.id, 500, votes=n) for n, one in enumerate(same)} | TRENDS
    found = ranking([*same, *PAPERS], profile("reasoning"), trends)
    assert {one.id for one in PAPERS} <= set(order(found)[:20])
    assert len(found.hidden) > 4900


# --- corners -----------------------------------------------------------------------------------------------------


def test_no_papers() -> None:
    who = profile("robot", topics=(Topic(name="t", terms=(Term(text="robot"),), examples=("A title",)),))
    assert ranking([], who) == Ranking(papers=())


def test_one_paper_and_papers_without_words() -> None:
    empty = [paper("2606.1", title="—"), paper("2606.2", title="The of and"), paper("2606.3", title="…", abstract="?")]
    who = profile(topics=(Topic(name="t", terms=(Term(text="robot"), Term(text="—")), examples=("—", "Robots")),))
    assert len(ranking(empty, who).papers) == 3
    assert order(ranking(PAPERS[:1], who)) == ["2606.00001"]


def test_a_profile_of_ten_thousand_words() -> None:
    words = [f"needle{number} haystack" for number in range(9_999)]
    papers = [paper(f"2606.{n:05}", title=f"Straw{n} bale", abstract=f"field{n} barn{n}") for n in range(500)]
    papers.append(paper("2607.00001", title="Needle7-haystacks"))
    found = ranking(papers, profile(*words, "bale", trend_weight=0, muted_words=tuple(f"rust{w}" for w in words)))
    assert order(found)[0] == "2607.00001"
    assert all(one.score for one in found.papers)


# --- always ------------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(["small", "model", "robots", "video", "survey", "reasoning", "LLMs", "the", "3D"])
TEXTS = st.lists(WORDS, max_size=5).map(" ".join)
NAMES = st.sampled_from(["Ada Lovelace", "A. Lovelace", "Grace Hopper", "Plato"])
TERMS = st.builds(Term, text=TEXTS | NAMES, weight=st.floats(-3, 3))
PROFILES = st.builds(
    profile,
    topics=st.lists(
        st.builds(
            Topic,
            name=st.just("t"),
            terms=st.lists(TERMS, max_size=4).map(tuple),
            examples=st.lists(TEXTS, max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    authors=st.lists(st.builds(Term, text=NAMES), max_size=2).map(tuple),
    muted_words=st.lists(WORDS, max_size=2).map(tuple),
    muted_authors=st.lists(NAMES, max_size=1).map(tuple),
    trend_weight=st.floats(0, 1),
)
CORPORA = st.lists(
    st.builds(
        paper,
        id=st.integers(1, 99).map(lambda n: f"2606.{n:05}"),
        title=TEXTS,
        abstract=TEXTS,
        authors=st.lists(NAMES, max_size=2).map(tuple),
    ),
    max_size=8,
    unique_by=lambda one: one.id,
)


@settings(max_examples=100, deadline=None)
@given(papers=CORPORA, who=PROFILES, data=st.data())
def test_always(papers: list[Paper], who: Profile, data: st.DataObject) -> None:
    trends = {one.id: trend_of(one.id, int(one.id[-2:]) % 5) for one in papers}
    found = ranking(papers, who, trends)
    assert found == ranking(data.draw(st.permutations(papers)), who, trends)
    assert {one.id for one in papers} == {*order(found), *(one.paper.id for one in found.hidden)}
    assert len(found.papers) + len(found.hidden) == len(papers)
    above: list[Ranked] = []
    for one in found.papers:
        assert one.score == sum(reason.points for reason in one.reasons)
        assert all(type(reason.points) is int and reason.points and reason.label for reason in one.reasons)
        assert not above or above[-1].score >= one.score
        if one.reasons and one.reasons[-1].kind == "similar":
            assert any(one.reasons[-1].label == f"close to “{better.paper.title}” above" for better in above)
        above.append(one)
        text = f"{one.paper.title} {one.paper.abstract}".split()
        assert not set(who.muted_words) & set(text), "a muted word came through"
        assert not set(who.muted_authors) & set(one.paper.authors), "a muted author came through"
