"""What a profile looks for -> points and their words: words, examples, what was liked, topics."""

from __future__ import annotations

import pytest
from make import FIVE, SUBJECTS, of, order, paper, points, profile, ranking, trend_of

from digest.model import Learned, Part, Profile, Ranking, Reason, Term, Topic

ROBOTS = "2606.00002"
# Many papers have data, and those that are meant by it are of robots; this one only mentions them.
ROBOT_DATA = [paper(f"2605.{n:05}", title="Data of robots", abstract="Data, data, results.") for n in range(40)]
VIDEO = paper("2606.1", title="Videos", abstract="Images, frames, pixels, clips, cameras: data, results.")


def topics(*given: Topic, **more: object) -> Profile:
    return profile(topics=given, **{"trend_weight": 0, **more})


def topic(*words: str | Term, name: str = "topic", examples: tuple[str, ...] = ()) -> Topic:
    return Topic(name=name, terms=profile(*words).topics[0].terms if words else (), examples=examples)


def reasons(found: Ranking, paper_id: str, kind: str) -> dict[str, int]:
    """Of one kind, by label."""
    return {one.label: one.points for one in of(found, paper_id).reasons if one.kind == kind}


# --- words -------------------------------------------------------------------------------------------------------


def test_a_word_brings_its_paper_to_the_top() -> None:
    found = ranking(FIVE, profile("robots"))
    assert order(found)[0] == ROBOTS
    first = found.papers[0].reasons[0]
    assert (first.kind, first.label) == ("word", "“robots” in the title")


def test_a_title_says_more_than_an_abstract_and_more_often_says_more() -> None:
    papers = [
        paper("2606.1", title="Robot arms", abstract="Some zebras. Other giraffes everywhere."),
        paper("2606.2", title="Zebra", abstract="One robot. Another robot. A robot everywhere."),
        paper("2606.3", title="Ibex", abstract="One robot among gnus. Elephants anywhere."),
        paper("2606.4", title="Emu", abstract="One yak among antelopes. Herons nowhere."),
    ]
    found = ranking(papers, profile("robot", trend_weight=0))
    given = [points(found, one.id).get("word", 0) for one in papers]
    assert given[1] > given[0] > given[2] > given[3] == 0
    assert order(found)[-1] == "2606.4"


def test_in_a_longer_text_a_word_says_less() -> None:
    papers = [paper("2606.1", title="Robots"), paper("2606.2", title="Robots", abstract="Zebra yak ibex gnu. " * 30)]
    given = [points(ranking(papers, profile("robot")), one.id)["word"] for one in papers]
    assert given[0] > given[1] > 0


def test_a_rarer_word_says_more() -> None:
    given = [
        points(ranking([paper("2606.1", title=f"The {word} of it")], profile(word)), "2606.1")["word"]
        for word in ["data", "language", "compact", "quokka"]
    ]
    assert given == sorted(given) and len(set(given)) == 4


def test_weights_scale_and_a_negative_one_lowers() -> None:
    given = [ranking(FIVE, profile(Term(text="quokka", weight=weight), "robot")) for weight in (1, 2)]
    assert [points(found, ROBOTS)["word"] > 0 for found in given] == [True, True]
    plain, more, less = (
        ranking(FIVE, profile(Term(text="robot", weight=weight), trend_weight=0)) for weight in (0.1, 0.2, -0.1)
    )
    assert points(more, ROBOTS)["word"] == pytest.approx(2 * points(plain, ROBOTS)["word"], rel=0.1)
    assert points(less, ROBOTS) == {"word": -points(plain, ROBOTS)["word"]}
    assert reasons(less, ROBOTS, "word").keys() == {"“robot” in the title, of which you want less"}
    assert (order(plain)[0], order(less)[-1]) == (ROBOTS, ROBOTS)


def test_a_word_not_wanted_takes_off_whatever_topic_it_is_of() -> None:
    wanted, less = topic("tactile", "grasping", name="touch"), topic(Term(text="robot", weight=-1), name="less")
    plain, lowered = ranking(FIVE, topics(wanted)), ranking(FIVE, topics(wanted, less))
    off = of(lowered, ROBOTS).score - of(plain, ROBOTS).score
    assert off < 0
    assert reasons(lowered, ROBOTS, "word")["“robot” in the title, of which you want less"] == off
    assert of(lowered, ROBOTS).topic == "touch"


@pytest.mark.parametrize("again", ["Robots", "robot", "ROBOT", "ro-bot"])
def test_one_word_given_twice_counts_once(again: str) -> None:
    once, twice = (ranking(FIVE, profile(*words)) for words in [("robot",), ("robot", again)])
    assert points(once, ROBOTS) == points(twice, ROBOTS)


def test_a_phrase_and_its_words_are_one_reason() -> None:
    found = ranking(FIVE, profile("small language model"))
    one = of(found, "2606.00001").reasons[0]
    assert (one.kind, one.label) == ("word", "“small language model” in the title")
    assert [part.label for part in one.parts] == [
        "the whole phrase",
        *("“language”", "“language models”", "“models”", "“small”", "“small language”"),
    ]
    assert all(part.points > 0 for part in one.parts)


@pytest.mark.parametrize(
    ("title", "label", "parts"),
    [
        ("A language of gestures", "“language” of “small language model”", 0),
        ("A model of languages", "words of “small language model”", 2),
    ],
)
def test_a_word_of_a_phrase_is_only_near_it(title: str, label: str, parts: int) -> None:
    found = ranking([paper("2606.1", title=title)], profile("small language model"))
    one = of(found, "2606.1").reasons[0]
    assert (one.kind, one.label, len(one.parts)) == ("near", label, parts)
    assert one.points > 0


def test_words_of_a_phrase_say_the_more_the_more_of_it_is_there() -> None:
    titles = ["A phoneme", "A phoneme in noise", "A noise of phonemes in audio"]
    who = profile("phoneme audio noise")
    given = [reasons(ranking([paper("2606.1", title=title)], who), "2606.1", "near") for title in titles]
    one, two, three = (sum(points for label, points in each.items() if " of " in label) for each in given)
    assert 0 < 2 * one < two
    assert 3 * one < three


def test_a_paper_with_but_a_word_of_a_phrase_is_not_of_the_topic() -> None:
    """However much of that word: its places of the list are for others."""
    part = paper("2606.1", title="Computing quokka computing", abstract="Quokka, quokka, quokka.")
    whole = paper("2606.2", title="Computing by quokka wombat")
    found = ranking([part, whole], profile(Term(text="quokka wombat", weight=3)))
    assert {one.paper.id: one.topic for one in found.papers} == {"2606.1": "", "2606.2": "topic"}
    assert of(found, "2606.1").score > 200


def test_a_word_of_a_phrase_is_named_as_the_paper_has_it() -> None:
    found = ranking([paper("2606.1", title="Reasons for languages")], profile("language modelling"))
    assert "“languages” of “language modelling”" in reasons(found, "2606.1", "near")


def test_a_word_is_not_told_of_a_paper_that_has_another_of_the_same_stem() -> None:
    found = ranking([paper("2606.1", title="Experiments", abstract="Experimental ones.")], profile("experience"))
    assert "word" not in points(found, "2606.1")


def test_a_word_of_a_phrase_is_looked_for_once() -> None:
    """By itself where it is wanted for itself, else inside the heavier phrase."""
    one = paper("2606.1", title="On language")
    heavy = Term(text="language game", weight=2)
    assert reasons(ranking([one], profile("language model", heavy)), "2606.1", "near").keys() >= {
        "“language” of “language game”"
    }
    found = ranking([one], profile("language model", heavy, "language"))
    assert reasons(found, "2606.1", "word").keys() == {"“language” in the title"}
    assert not [label for label in reasons(found, "2606.1", "near") if " of " in label]


def test_what_means_much_the_same_is_near_and_what_does_not_is_far() -> None:
    """“gripper” is in none of the papers."""
    found = ranking(FIVE, profile("gripper", trend_weight=0))
    assert order(found)[0] == ROBOTS
    assert reasons(found, ROBOTS, "near")["near “topic”"] > 0
    assert of(found, ROBOTS).topic == "topic"
    far = ranking([VIDEO], profile("data", trend_weight=0), earlier=ROBOT_DATA)
    assert reasons(far, VIDEO.id, "near")["far from “topic”"] < 0 < of(far, VIDEO.id).score


def test_what_else_is_said_where_the_words_are_counts_too() -> None:
    """Nobody knows a quokka; earlier papers tell that it goes with wombats."""
    earlier = [paper(f"2605.{n:05}", title="Quokka and wombat") for n in range(9)]
    papers = [paper("2606.1", title="A wombat"), paper("2606.2", title="A zebra")]
    assert order(ranking(papers, profile("quokka"), earlier=earlier))[0] == "2606.1"
    assert points(ranking(papers, profile("quokka"), earlier=earlier), "2606.1")["near"] > 0
    assert not points(ranking(papers, profile("quokka")), "2606.1")


# --- examples ------------------------------------------------------------------------------------------------------


def test_an_example_finds_its_like_by_id_and_by_title() -> None:
    example = paper("2501.00001", title="Tactile grasping", abstract="Objects, feedback and assembly by touch.")
    by_id = ranking(FIVE, topics(topic(examples=("2501.00001",))), known={"2501.00001": example})
    by_title = ranking(FIVE, topics(topic(examples=("Tactile feedback during assembly",))))
    assert order(by_id)[0] == order(by_title)[0] == ROBOTS
    assert reasons(by_id, ROBOTS, "example").keys() == {"like “Tactile grasping”"}
    assert reasons(by_title, ROBOTS, "example").keys() == {"like “Tactile feedback during assembly”"}
    assert of(by_id, ROBOTS).topic == "topic"


@pytest.mark.parametrize(
    "unknown", ["2501.00001", "arXiv:2501.00001v2", "https://arxiv.org/abs/2501.00001", "10.1145/3292500.3330701", "—"]
)
def test_an_id_that_nobody_knows_says_nothing(unknown: str) -> None:
    papers = [*FIVE, paper("2606.00006", title="arXiv and https", abstract="2501 00001 org abs 10 1145 v2")]
    assert not any(one.score for one in ranking(papers, topics(topic(examples=(unknown,)))).papers)
    found, plain = (ranking(papers, topics(topic("robot", examples=some))) for some in [(unknown,), ()])
    assert unknown == "—" or found == plain


def test_the_nearest_of_a_topics_examples_is_named() -> None:
    found = ranking(FIVE, topics(topic(examples=("Small language models", "Robot manipulation", "Quokkas"))))
    assert reasons(found, ROBOTS, "example").keys() == {"like “Robot manipulation”"}
    assert reasons(found, "2606.00001", "example").keys() == {"like “Small language models”"}


def test_of_examples_without_a_common_word_the_nearest_in_meaning_is_named() -> None:
    one = paper("2606.1", title="A gripper")
    found = ranking([one], topics(topic(examples=("Frames and pixels", "Tactile sensors"))))
    assert reasons(found, "2606.1", "example").keys() == {"like “Tactile sensors”"}


def test_what_is_unlike_the_examples_says_so() -> None:
    """The word makes it worth more than nothing; the example takes some of that off."""
    one = paper("2606.1", title="Kinases: protein folding in cells", abstract="Genes and enzymes. Proteins, kinases.")
    found = ranking([one], topics(topic(Term(text="kinase", weight=9), examples=("Robot arms, grasping, assembly",))))
    assert reasons(found, "2606.1", "example") == {"unlike your examples": points(found, "2606.1")["example"]}
    assert points(found, "2606.1")["example"] < 0 < of(found, "2606.1").score


# --- feedback --------------------------------------------------------------------------------------------------


def said(weight: float, title: str = "Tactile grasping by robots", abstract: str = "Sensors help grippers.") -> Learned:
    return Learned(paper=paper("2601.00001", title=title, abstract=abstract), weight=weight)


def test_a_like_lifts_similar_papers_and_a_dislike_lowers_them() -> None:
    plain, liked, disliked = (ranking(FIVE, topics(), learned=some) for some in [[], [said(1)], [said(-1)]])
    assert (order(liked)[0], order(disliked)[-1]) == (ROBOTS, ROBOTS)
    assert of(liked, ROBOTS).score > of(plain, ROBOTS).score > of(disliked, ROBOTS).score
    assert reasons(liked, ROBOTS, "liked").keys() == {"like “Tactile grasping by robots”, which you liked"}
    assert reasons(disliked, ROBOTS, "disliked").keys() == {"like “Tactile grasping by robots”, of which you want less"}
    assert all(one.points < 0 for one in of(disliked, ROBOTS).reasons)
    assert {name: of(liked, name).score for name in order(liked)[1:]} == dict.fromkeys(order(liked)[1:], 0)


def test_a_dislike_takes_off_a_quarter_of_what_a_like_gives() -> None:
    liked, disliked = (of(ranking(FIVE, topics(), learned=[said(sign)]), ROBOTS).score for sign in (1, -1))
    assert disliked == pytest.approx(-liked / 4, abs=1)


def test_nothing_is_learned_from_silence() -> None:
    who = topics(topic("video"))
    assert ranking(FIVE, who, learned=[]) == ranking(FIVE, who) == ranking(FIVE, who, learned=[said(0)])


def test_the_heavier_like_counts_more() -> None:
    video = "Diffusion of video frames"
    for robots, videos in [(1.0, 0.1), (0.1, 1.0)]:
        found = ranking(FIVE, topics(), learned=[said(robots), said(videos, video, "Images.")])
        assert order(found)[0] == (ROBOTS if robots > videos else "2606.00003")


def test_a_like_leaves_a_paper_in_its_topic() -> None:
    """What was liked has no name, and no place in the list that a topic's share could be."""
    who = topics(topic("data", "result", name="numbers"))
    found = ranking([VIDEO], who, learned=[said(1, VIDEO.title, VIDEO.abstract)], earlier=ROBOT_DATA)
    assert points(found, VIDEO.id).keys() == {"liked"}
    assert of(found, VIDEO.id).topic == "numbers"


# --- topics ----------------------------------------------------------------------------------------------------


def test_the_topic_is_the_best_one_or_none() -> None:
    who = topics(topic("robot", name="robots"), topic("video", "clip", name="seeing"), topic("gene", name="life"))
    found = ranking(FIVE, who)
    assert {name: of(found, name).topic for name in order(found)} == {
        "2606.00001": "",
        "2606.00002": "robots",
        "2606.00003": "seeing",
        "2606.00004": "life",
        "2606.00005": "",
    }
    both = ranking(FIVE, topics(topic("robot", name="robots"), topic("tactile", name="touching")))
    assert of(both, ROBOTS).topic == "touching"
    assert not any("robot" in label for label in reasons(both, ROBOTS, "word")), "only the best one counts"


def test_the_first_of_equal_topics() -> None:
    who = topics(topic("robot", name="one"), topic("robot", name="other"))
    assert of(ranking(FIVE, who), ROBOTS).topic == "one"


def test_a_word_that_says_too_little_makes_no_topic() -> None:
    for words, expected in [(["data"], ""), (["data", "result"], "topic")]:
        found = ranking([VIDEO], topics(topic(*words)), earlier=ROBOT_DATA)
        assert of(found, VIDEO.id).score > 0
        assert of(found, VIDEO.id).topic == expected


def test_with_the_trend_alone_there_are_no_topics() -> None:
    found = ranking(FIVE, topics(topic("robot"), trend_weight=1), {one.id: trend_of(one.id, 5) for one in FIVE})
    assert {(one.topic, one.score) for one in found.papers} == {("", 10)}


# --- words for the reader ----------------------------------------------------------------------------------------


def test_labels_are_short_whatever_they_name() -> None:
    long = " ".join(f"word{n}" for n in range(60))
    papers = [
        paper("2606.1", title=f"Robots {long}", authors=(long,), organisation=long),
        paper("2606.2", title="Word1 and word2"),
        paper("2606.3", title=long, abstract="x" * 300),
    ]
    who = topics(
        topic(long, "robot " + long, Term(text="x" * 300, weight=-1), name=long, examples=(long,)),
        authors=(Term(text=long),),
        organisations=(Term(text=long),),
    )
    both = [ranking(papers, who, learned=those) for those in [(), (said(1, long), said(-1, f"{long} robots"))]]
    found = [reason for each in both for one in each.papers for reason in one.reasons]
    assert {"word", "near", "liked", "author", "organisation"} <= {one.kind for one in found}
    assert max(len(one.label) for one in found) <= 90


def test_no_stem_is_shown_to_a_reader() -> None:
    """Every word of every part is spelled as in the paper."""
    title = "Reasoning Distillations: Tactile Assemblies, Diffused Images"
    one = paper("2606.1", title=title, abstract="Folding proteins, Dialectal noises; enzymes grasping cameras.")
    who = topics(topic(*" ".join(SUBJECTS).split(), examples=("Proteins fold", "noisy images", "tactile grasps")))
    parts: list[Part] = []
    for learned in [(), (said(-1),), (said(1),)]:
        all_reasons: tuple[Reason, ...] = ranking([one], who, learned=learned, told={one.id}).papers[0].reasons
        parts += [part for each in all_reasons for part in each.parts]
    words = {"all", "other", *(word.strip(".,:;").lower() for word in f"{one.title} {one.abstract} words".split())}
    assert len({part.label for part in parts}) > 9
    assert {word for part in parts for word in part.label.split()} <= words
