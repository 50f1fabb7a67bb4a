"""Who gets which place of a list."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make import TODAY, paper, profile, ranked, reason, shown, sighting

from digest.model import Profile, Ranked, Ranking, Section, SectionKind, Sighting, Term, Topic
from digest.sections import Worths, fill, late_risers, may_rise, places, places_of, shares_of

EVERYONE, FURTHER = "trending", "explore"


def sharing(**given: object) -> Profile:
    """A reader of sheep and goats with these shares of the list; other settings by name."""
    shares = {name: given.pop(name) for name in ("sheep", "goats") if name in given}
    topics = tuple(
        Topic(name=name, terms=(Term(text=name),), share=float(str(share))) for name, share in shares.items()
    )
    return profile(**({"topics": topics} | given))


def one(name: str, score: int = 0, trend: int = 0, topic: str = "", interest: int = 0) -> Ranked:
    reasons = [reason("votes", trend)] + ([reason("word", interest)] if interest else [])
    return ranked(paper(name), trend, *reasons, reason("example", score - trend - interest), topic=topic)


def best_first(*papers: Ranked) -> list[Ranked]:
    return sorted(papers, key=lambda each: (-each.score, each.paper.id))


def filled(papers: list[Ranked], who: Profile, new: str | None = None, day: date = TODAY) -> dict[str, str]:
    """By section the ids of its papers, run together; a section that comes twice would overwrite itself."""
    placed = fill(papers, who, day, set(new or [each.paper.id for each in papers]))
    found: dict[str, str] = {}
    for each in placed:
        name = each.section.topic or each.section.kind
        assert list(found)[-1:] in ([], [name]) or name not in found, "a section is in two pieces"
        found[name] = found.get(name, "") + each.id
    return found


# --- shares ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shares", "room", "seats"),
    [
        ({"sheep": 0.5, "goats": 0.25}, 20, {"sheep": 10, "goats": 5, "": 5}),
        ({"sheep": 0.5, "goats": 0.5}, 20, {"sheep": 10, "goats": 10, "": 0}),
        ({"sheep": 0.5, "goats": 0.5}, 5, {"sheep": 3, "goats": 2, "": 0}),
        ({"sheep": 1 / 3, "goats": 1 / 3}, 10, {"sheep": 4, "goats": 3, "": 3}),
        ({"sheep": 0.3, "goats": 0.3}, 2, {"sheep": 1, "goats": 0, "": 1}),
        ({"sheep": 0.1}, 1, {"sheep": 0, "": 1}),
        ({"sheep": 0.29}, 100, {"sheep": 29, "": 71}),
        ({"sheep": 0.9, "goats": 0.9}, 4, {"sheep": 2, "goats": 2, "": 0}),
        ({"sheep": 0.4, "goats": 0}, 5, {"sheep": 2, "": 3}),
    ],
)
def test_places(shares: dict[str, float], room: int, seats: dict[str, int]) -> None:
    assert places(sharing(**shares), room) == seats


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 100))
def test_places_add_up(sheep: float, goats: float, room: int) -> None:
    who = sharing(sheep=sheep, goats=goats)
    found = places(who, room)
    assert sum(found.values()) == room
    for name, share in shares_of(who).items():
        assert abs(found[name] - share * room) < 1, "more than a place from its quota"


def test_topics_of_one_name_share() -> None:
    twice = tuple(Topic(name="sheep", share=0.25) for _ in range(2))
    assert shares_of(profile(topics=twice)) == {"sheep": 0.5}


FLOCK = best_first(
    one("a", 90, 1, "sheep"), one("b", 80, 2, "sheep"), one("c", 70, 3, "sheep"), one("d", 60, 40, "goats"),
    one("e", 50, 45), one("f", 40, 35), one("g", 30, 5), one("h", 20, 10, "goats"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("who", "sections"),
    [
        (sharing(limit=4), {"main": "abcd"}),
        (sharing(sheep=0.5, limit=4), {"sheep": "ab", EVERYONE: "ed"}),
        (sharing(sheep=0.5, goats=0.25, limit=4), {"sheep": "ab", "goats": "d", EVERYONE: "e"}),
        (sharing(goats=0.5, sheep=0.25, limit=4), {"sheep": "a", "goats": "dh", EVERYONE: "e"}),
        (sharing(goats=1, limit=4), {"goats": "dh", EVERYONE: "ef"}),
        (sharing(goats=0.1, limit=4), {EVERYONE: "edfh"}),
        (sharing(sheep=0.5, limit=20), {"sheep": "abc", EVERYONE: "edfhg"}),
    ],
)
def test_a_topic_has_its_share_and_everyone_what_is_left(who: Profile, sections: dict[str, str]) -> None:
    assert filled(FLOCK, who) == sections


@pytest.mark.parametrize(
    ("who", "new", "sections"),
    [
        (sharing(limit=2), "c", {"main": "ac"}),
        (sharing(limit=1), "h", {"main": "h"}),
        (sharing(sheep=0.5, limit=4), "gh", {"sheep": "ab", EVERYONE: "eg"}),
        (sharing(sheep=1, limit=2), "c", {"sheep": "ac"}),
        (sharing(sheep=1, limit=2), "f", {"sheep": "a", EVERYONE: "f"}),
        (sharing(limit=2, explore=1), "h", {"main": "h", FURTHER: "f"}),
    ],
)
def test_a_new_paper_is_always_in_the_list(who: Profile, new: str, sections: dict[str, str]) -> None:
    assert filled(FLOCK, who, new) == sections


# --- further afield --------------------------------------------------------------------------------------------

NEAR = [one(name, 500 - number, 400, interest=100) for number, name in enumerate("abcd")]
FAR = [one(name, 10 * number, 10 * number) for number, name in enumerate("stuvwxyz", start=1)]
FIELD = best_first(*NEAR, *FAR, one("r", 1, 300, interest=-50), one("q", 1, 300, topic="sheep"))


def test_what_is_explored_is_outside_of_the_topics_and_wanted_by_others() -> None:
    """Neither what the reader turned down, nor anything of a topic; of the rest the best five by trend, in turn."""
    turns = [filled(FIELD, profile(limit=4, explore=1), day=TODAY + timedelta(days=n)) for n in range(6)]
    assert {turn[FURTHER] for turn in turns} == set("vwxyz")
    assert turns[5] == turns[0]


def test_places_that_exploration_cannot_fill_go_back() -> None:
    assert filled(NEAR[:2], profile(limit=3, explore=1)) == {"main": "ab"}
    assert filled(best_first(one("a", 9, topic="sheep"), one("b", 8, topic="sheep")), profile(limit=2, explore=1)) == {
        "main": "ab"
    }
    assert filled(FAR[:1], profile(limit=1, explore=5)) == {"main": "s"}, "the list has one place at the least"


POOL = [
    one(name, score, trend=score * 7 % 5, topic=("sheep", "goats", "")[score % 3])
    for score, name in enumerate("abcdefghij")
]


@settings(max_examples=80)
@given(
    papers=st.lists(st.sampled_from(POOL), min_size=1, unique_by=lambda each: each.paper.id),
    sheep=st.sampled_from([0.0, 0.3, 1.0]),
    goats=st.sampled_from([0.0, 0.5]),
    limit=st.integers(1, 8),
    explore=st.integers(0, 9),
    days=st.integers(0, 9),
    which=st.integers(0, 9),
)
def test_always(
    papers: list[Ranked], sheep: float, goats: float, limit: int, explore: int, days: int, which: int
) -> None:
    who = sharing(sheep=sheep, goats=goats, limit=limit, explore=explore)
    papers, new = best_first(*papers), {papers[which % len(papers)].paper.id}
    placed = fill(papers, who, TODAY + timedelta(days=days), new)
    chosen = [each.id for each in placed]
    assert len(chosen) == len(set(chosen)) == min(limit, len(papers)), "a place is empty, or a paper there twice"
    assert new & set(chosen)
    assert sum(each.section.kind is SectionKind.EXPLORE for each in placed) <= explore
    assert all(each.section.topic == each.ranked.topic for each in placed if each.section.topic)


# --- late risers -----------------------------------------------------------------------------------------------

ROSE = (sighting(date=TODAY - timedelta(days=3), votes=4), sighting(date=TODAY, votes=60))
STILL = (sighting(date=TODAY - timedelta(days=3), votes=4), sighting(date=TODAY, votes=5))


@pytest.mark.parametrize(
    ("history", "before", "topic", "comes"),
    [
        (ROSE, shown("a", on=TODAY - timedelta(days=3)), "", True),
        (ROSE, shown("a", on=TODAY), "", False),
        (STILL, shown("a", on=TODAY - timedelta(days=3)), "", False),
        (ROSE, shown("a", on=TODAY - timedelta(days=3), kind=SectionKind.RISEN), "", False),
        (ROSE, shown("a", on=TODAY - timedelta(days=3), kind=SectionKind.EXPLORE), "", True),
        (ROSE, {}, "sheep", True),
        (ROSE, {}, "", False),
        ((), {}, "sheep", False),
    ],
)
def test_who_is_a_late_riser(history: tuple[Sighting, ...], before: dict, topic: str, comes: bool) -> None:  # type: ignore[type-arg]
    """For a reader of sheep: what was shown, or is about sheep, rose since, and was no late riser before."""
    ranking = Ranking(papers=(one("a", 10, 10, topic),))
    found = late_risers(ranking, {"a": history}, before, sharing(sheep=0), TODAY)
    assert [each.paper.id for each in found] == ["a"] * comes
    assert all(each.reasons[0].kind == "risen" and each.score > 10 for each in found)


@pytest.mark.parametrize(("history", "may"), [(ROSE, True), (STILL, False), ((), False), ((*STILL, *ROSE[1:]), True)])
def test_only_what_rose_at_some_time_may_be_a_late_riser(history: tuple[Sighting, ...], may: bool) -> None:
    assert may_rise(history, TODAY) is may


def test_a_follower_or_a_reader_without_interests_gets_risers_of_no_topic() -> None:
    followed, other = one("a", 9, interest=5), one("b", 9)
    histories = {"a": ROSE, "b": ROSE}
    ranking = Ranking(papers=(followed, other))
    assert len(late_risers(ranking, histories, {}, sharing(sheep=0), TODAY)) == 1
    assert len(late_risers(ranking, histories, {}, profile(), TODAY)) == 2


def test_the_best_late_riser_is_first() -> None:
    risers = Ranking(papers=tuple(one(name, score, score) for name, score in (("a", 1), ("b", 9), ("c", 9))))
    found = late_risers(risers, dict.fromkeys("abc", ROSE), {}, profile(), TODAY)
    assert [each.paper.id for each in found] == ["b", "c", "a"]


# --- what is outside -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "outsider", "short"),
    [
        (sharing(limit=4), one("x", 50), (10, "main")),
        (sharing(limit=4), one("x", 60), (0, "main")),
        (sharing(sheep=0.5, limit=4), one("x", 70, 3, "sheep"), (10, "sheep")),
        (sharing(sheep=0.5, limit=4), one("x", 5, 38, "sheep"), (2, EVERYONE)),
        (sharing(sheep=0.5, limit=4), one("x", 500, 30), (10, EVERYONE)),
        (sharing(sheep=1, limit=2), one("x", 500, 400), None),
    ],
)
def test_shortfall(who: Profile, outsider: Ranked, short: tuple[int, str] | None) -> None:
    """To the last of the nearer of the sections that are open to it, in that section's points."""
    found = Worths(fill(FLOCK, who, TODAY, set("abcdefgh"))).shortfall(outsider)
    assert (found and (found[0], found[1].topic or found[1].kind)) == short


@pytest.mark.parametrize(
    ("who", "others", "found"),
    [
        (sharing(limit=4), [one("x", 95)], {"x": ("main", 1)}),
        (sharing(limit=4), [one("x", 90), one("y", 75), one("z", 95)], {"z": ("main", 1), "x": ("main", 3)}),
        (sharing(limit=4), [one("x", 60)], {}),
        (sharing(limit=9), [one("x")], {"x": ("main", 9)}),
        (sharing(sheep=0.5, limit=4), [one("x", 85, 0, "sheep")], {"x": ("sheep", 2)}),
        (sharing(sheep=0.5, limit=4), [one("x", 80, 42, "sheep")], {"x": (EVERYONE, 2)}),
        (sharing(sheep=0.5, limit=4), [one("x", 99, 39, "goats")], {}),
        (sharing(sheep=0.5, limit=4, explore=1), [one("x", 0, 44)], {}),
    ],
)
def test_places_of_papers_that_are_let_in(
    who: Profile, others: list[Ranked], found: dict[str, tuple[str, int]]
) -> None:
    """In the section that they enter, by its own order; equals stand above."""
    told = places_of(others, fill(FLOCK, who, TODAY, {"a"}), who)
    assert {name: (where.topic or where.kind, place) for name, (where, place) in told.items()} == found


@settings(max_examples=80)
@given(
    papers=st.lists(st.sampled_from(POOL), min_size=2, unique_by=lambda each: each.paper.id),
    sheep=st.sampled_from([0.0, 0.3, 1.0]),
    goats=st.sampled_from([0.0, 0.5]),
    limit=st.integers(1, 8),
    split=st.integers(1, 9),
)
def test_what_is_said_of_those_outside_is_so(
    papers: list[Ranked], sheep: float, goats: float, limit: int, split: int
) -> None:
    """A list without the rules has the places that were told; with what it was short of a paper would be level."""
    who = sharing(sheep=sheep, goats=goats, limit=limit)
    listed, muted = best_first(*papers[:split]), papers[split:]
    placed = fill(listed, who, TODAY, {each.paper.id for each in listed})
    ids = {each.paper.id for each in papers}
    sections: dict[Section, list[str]] = {}
    for each in fill(best_first(*papers), who, TODAY, ids):
        sections.setdefault(each.section, []).append(each.id)
    places = {name: (where, place) for where, those in sections.items() for place, name in enumerate(those, start=1)}
    assert places_of(muted, placed, who) == {name: places[name] for name in places if name not in listed_ids(listed)}
    worths = Worths(placed)
    for each in listed:
        if each.paper.id not in {one.id for one in placed} and (short := worths.shortfall(each)):
            gap, section = short
            last = [one.ranked for one in placed if one.section == section][-1]
            trends = section.kind is SectionKind.TRENDING
            assert gap == (last.trend.points - each.trend.points if trends else last.score - each.score) >= 0


def listed_ids(papers: list[Ranked]) -> set[str]:
    return {each.paper.id for each in papers}
