"""The trend formula, worked out by hand, and what must hold of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make import NOW, TODAY, paper, sighting

from digest.model import Paper, Sighting, Trend
from digest.trend import WEIGHTS, risen, trends

YESTERDAY = TODAY - timedelta(days=1)


def trend(one: Paper, history: Sequence[Sighting], today: date = TODAY, fade_days: float = 3) -> Trend:
    """Of a paper that came alone."""
    return trends([one], {one.id: history}, today, fade_days)[one.id]


def points(found: Trend) -> dict[str, int]:
    return {term.kind: term.points for term in found.terms}


# 100 ln(1+v); 190 - 190, or 230 of two dumps; 5 ln(1+rise); 30 ln(1+c); 20 ln((1+n)/p) up to 60; each rounded
TABLE = [
    ("nothing known", [], {}),
    ("no votes", [{"votes": 0}], {}),
    ("votes", [{"votes": 9}], {"votes": 230}),
    ("one vote", [{"votes": 1, "comments": 0}], {"votes": 69}),
    ("comments beside votes", [{"votes": 9, "comments": 7}], {"votes": 230}),
    ("rise", [{"votes": 10, "date": YESTERDAY}, {"votes": 30}], {"votes": 343, "expected": -40, "rise": 15}),
    ("fall", [{"votes": 10, "date": YESTERDAY}, {"votes": 9}], {"votes": 230, "expected": -40}),
    ("first of twenty", [{"position": 1}], {"position": 60}),
    ("first of two hundred", [{"position": 1, "listed": 200}], {"position": 60}),
    ("first of one", [{"position": 1, "listed": 1}], {"position": 14}),
    ("last of twenty", [{"position": 20}], {"position": 1}),
    ("best position", [{"position": 11}, {"position": 2, "listed": 4, "source": "b"}], {"position": 18}),
    ("position of no use", [{"position": 1}, {"votes": 9, "position": 20}], {"votes": 230}),
    ("comments and position", [{"position": 1, "comments": 1}], {"position": 60, "comments": 21}),
    ("beyond its listing", [{"position": 9, "listed": 3}], {}),
    ("votes below nothing", [{"votes": -5, "comments": -1}], {}),
]


@pytest.mark.parametrize(("history", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_formula(history: list[dict[str, object]], expected: dict[str, int]) -> None:
    found = trend(paper(), [sighting(**one) for one in history])
    assert points(found) == expected
    assert found.points == sum(expected.values())


Listed = Mapping[str, Sequence[Sighting]]


def listed(*votes: int, **given: object) -> Listed:
    """A list whose papers have these votes."""
    names = [f"2606.{number:05}" for number in range(len(votes))]
    return {name: [sighting(name, votes=count, **given)] for name, count in zip(names, votes, strict=True)}


def of(histories: Listed, today: date = TODAY) -> dict[str, Trend]:
    return trends([paper(name) for name in histories], histories, today)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], 0),
        ([0] * 4, 7),  # 190 - 19,000 / 104
        ([9] * 100, -20),  # 190 - (100 · 230 + 100 · 190) / 200
        ([99] * 20, -45),  # 190 - (20 · 461 + 100 · 190) / 120
        ([99] * 100, -136),  # 190 - (100 · 461 + 100 · 190) / 200, the half to the even
        ([0] * 400, 152),  # 190 - 19,000 / 500
    ],
)
def test_votes_are_expected_from_the_others_of_a_list(others: list[int], expected: int) -> None:
    found = of(listed(9, *others))["2606.00000"]
    assert points(found).get("expected", 0) == expected
    assert found.points == 230 + expected


def test_other_days_and_other_sources_are_other_lists() -> None:
    ours = listed(9)
    others = {f"t-0{number}": [sighting(f"t-0{number}", votes=99, source="b")] for number in range(20)}
    older = {f"t-1{number}": [sighting(f"t-1{number}", votes=99, date=YESTERDAY)] for number in range(20)}
    untold = {f"t-2{number}": [sighting(f"t-2{number}")] for number in range(20)}
    assert of({**ours, **others, **older, **untold})["2606.00000"] == of(ours)["2606.00000"]


def test_a_list_is_the_one_that_first_told_votes() -> None:
    """A page of the month's best, seen later, is no measure for what was listed on an ordinary day."""
    listed_first = listed(9, 9, 9)
    best = [sighting("2606.00000", votes=50, source="month", date=TODAY + timedelta(days=1))]
    others = {f"t-{number}": [sighting(f"t-{number}", votes=99, source="month")] for number in range(100)}
    seen = {**listed_first, "2606.00000": [*listed_first["2606.00000"], *best]}
    assert of({**seen, **others})["2606.00000"] == of(seen)["2606.00000"]


def test_what_one_vote_put_on_top_of_a_short_list_is_below_an_everyday_paper() -> None:
    short = of(listed(1, 0, 0))["2606.00000"]
    assert points(short) == {"votes": 69, "expected": 4}
    assert [term.label for term in short.terms] == ["1 vote", "5 votes would be usual in its list"]
    assert short.points < trend(paper(), [sighting(votes=6)]).points


def test_an_account_that_brings_many() -> None:
    names = [f"2606.{number:05}" for number in range(5)]
    many = [paper(name, submitter="ines") for name in names]
    others = [paper("t-1", submitter="ada"), paper("t-2"), paper("t-3"), paper("t-4"), paper("t-5"), paper("t-6")]
    histories = {one.id: [sighting(one.id, votes=9)] for one in [*many, *others]}
    found = trends([*many, *others], histories, TODAY)
    assert {name for name, one in found.items() if "submitter" in points(one)} == set(names)
    assert points(found["2606.00000"])["submitter"] == 10
    assert found["2606.00000"].terms[-1].label == "brought by ines, as 4 others"
    few = trends(many[1:] + others, histories, TODAY)
    assert all("submitter" not in points(one) for one in few.values())


@pytest.mark.parametrize(
    ("days", "lag", "fade", "age", "points"),
    [
        (0, 0, 3, 0, 0),
        (0, 60, 3, 0, 0),
        (0, 61, 3, 1, -17),  # 60 ln(4/3)
        (1, 0, 3, 1, -3),  # 10 ln(4/3)
        (3, 3, 3, 3, -7),
        (7, 0, 3, 7, -12),
        (7, 0, 9, 7, -6),
        (30, 0, 3, 30, -24),
        (0, 90, 3, 30, -144),
        (0, 90, 9, 30, -144),
        (3, 1060, 3, 1003, -250),
        (-2, 0, 3, 0, 0),
        (0, -30, 3, 0, 0),
    ],
)
def test_age(days: int, lag: int, fade: float, age: int, points: int) -> None:
    """Days since the listing, and what the paper's own age is beyond two months; neither from the future."""
    listed = TODAY - timedelta(days=days)
    one = paper(first_listed=listed, published=listed - timedelta(days=lag))
    found = trend(one, [], fade_days=fade)
    assert found.points == points
    assert [term.label for term in found.terms] == ([f"{age:,} {'day' if age == 1 else 'days'} old"] if points else [])


def test_latest_numbers_stand_in_the_trend() -> None:
    found = trend(paper(), [sighting(votes=3, comments=1, date=YESTERDAY), sighting(votes=8)])
    assert (found.votes, found.comments, found.rise) == (8, 1, 5)
    assert [term.label for term in found.terms] == [
        "8 votes",
        "9 votes would be usual in its list",
        "5 votes more since first listed",
    ]


@pytest.mark.parametrize("late_first", [True, False])
def test_refetches_of_a_day_count_whichever_was_read_first(late_first: bool) -> None:
    """Votes do not fall: of one day's dumps the one with the most votes is the latest, also if it was read first."""
    moments = (NOW, NOW + timedelta(hours=5))
    morning, evening = reversed(moments) if late_first else moments
    found = trend(paper(), [sighting(votes=3, seen_at=morning), sighting(votes=11, seen_at=evening)])
    assert (found.votes, found.rise) == (11, 8)


def test_trends_are_by_paper_and_none_is_left_out() -> None:
    papers = [paper("2606.00001"), paper("2606.00002")]
    found = trends(papers, {"2606.00001": [sighting(votes=9)]}, TODAY)
    assert {name: one.points for name, one in found.items()} == {"2606.00001": 230, "2606.00002": 0}


@pytest.mark.parametrize(
    ("kind", "without"),
    [
        ("expected", {"expected": False}),
        ("rise", {"rise": 0}),
        ("submitter", {"submitter": 0}),
        ("comments", {"comments": 0}),
        ("position", {"position": 0}),
        ("age", {"age": 0, "old": 0}),
    ],
)
def test_a_weight_of_nothing_leaves_a_term_out(kind: str, without: dict[str, float]) -> None:
    papers = [paper(f"t-{number}", submitter="ines", first_listed=date(2026, 5, 1)) for number in range(5)]
    twice = [sighting(votes=3, date=YESTERDAY), sighting(votes=40)]
    histories: Listed = {one.id: twice for one in papers[:4]} | {"t-4": [sighting(comments=3)]}
    full = trends(papers, histories, TODAY)
    found = trends(papers, histories, TODAY, weights=replace(WEIGHTS, **without))
    assert any(kind in points(one) for one in full.values())
    for name, one in full.items():
        assert points(found[name]) == {key: value for key, value in points(one).items() if key != kind}


SIGHTINGS = st.builds(
    sighting,
    source=st.sampled_from("ab"),
    date=st.dates(date(2026, 5, 28), TODAY),
    votes=st.none() | st.integers(0, 300),
    comments=st.none() | st.integers(0, 20),
    position=st.integers(1, 20),
    seen_at=st.sampled_from([NOW, NOW + timedelta(hours=1)]),
)
PAPERS = st.builds(
    paper,
    st.sampled_from([f"2606.{number:05}" for number in range(12)]),
    first_listed=st.dates(date(2026, 1, 1), date(2026, 7, 1)),
    published=st.none() | st.dates(date(1995, 1, 1), date(2027, 1, 1)),
    submitter=st.none() | st.just("ines"),
)
HISTORIES = st.lists(
    st.tuples(PAPERS, st.lists(SIGHTINGS, max_size=4)), min_size=1, max_size=8, unique_by=lambda pair: pair[0].id
)
Known = list[tuple[Paper, list[Sighting]]]


def all_of(known: Known) -> dict[str, Trend]:
    return trends([one for one, _ in known], {one.id: history for one, history in known}, TODAY)


@settings(max_examples=40)
@given(known=HISTORIES, data=st.data())
def test_order_does_not_matter(known: Known, data: st.DataObject) -> None:
    shuffled = [(one, data.draw(st.permutations(history))) for one, history in data.draw(st.permutations(known))]
    assert all_of(known) == all_of(shuffled)


@settings(max_examples=40)
@given(known=HISTORIES, votes=st.integers(0, 400), more=st.integers(1, 50))
def test_more_votes_are_never_less_trend_and_never_more_for_the_others(known: Known, votes: int, more: int) -> None:
    (one, history), *others = known

    def with_votes(latest: int) -> dict[str, int]:
        told = [*history, sighting(date=TODAY + timedelta(days=1), votes=latest)]
        return {name: found.points for name, found in all_of([(one, told), *others]).items()}

    before, after = with_votes(votes), with_votes(votes + more)
    assert before[one.id] <= after[one.id]
    assert all(before[other.id] >= after[other.id] for other, _ in others)


@settings(max_examples=40)
@given(known=HISTORIES)
def test_terms_are_whole_bounded_and_told(known: Known) -> None:
    for found in all_of(known).values():
        kinds = [term.kind for term in found.terms]
        assert len(kinds) == len(set(kinds))
        assert not {"votes", "expected", "rise"} & set(kinds) or not {"position", "comments"} & set(kinds)
        assert all(isinstance(term.points, int) and term.points and term.label for term in found.terms)
        assert all(term.points > 0 for term in found.terms if term.kind not in ("age", "expected"))
        assert found.points == sum(points(found).values())
        assert -250 <= points(found).get("age", -1) < 0


@settings(max_examples=40)
@given(others=st.lists(st.just(0), max_size=20), everyday=st.integers(6, 50))
def test_one_vote_on_a_short_list_is_no_trend(others: list[int], everyday: int) -> None:
    short = {name: [sighting(name, votes=history[0].votes)] for name, history in listed(1, *others).items()}
    other = {"t-1": [sighting("t-1", votes=everyday, source="b")]}
    found = of({**short, **other})
    assert found["2606.00000"].points < found["t-1"].points


@settings(max_examples=40)
@given(one=PAPERS, fade=st.integers(1, 30), longer=st.integers(0, 30))
def test_a_longer_fade_is_gentler(one: Paper, fade: int, longer: int) -> None:
    assert trend(one, [], fade_days=fade).points <= trend(one, [], fade_days=fade + longer).points


LATER = TODAY + timedelta(days=2)
AFTER = "more since it was shown on 2026-06-02"
SINCE_LISTED = "more since it was first listed"
# (date, votes, day it was read); shown on; points and label
RISEN = [
    ("never told", [], None, None),
    ("votes untold", [(TODAY, None, TODAY)], None, None),
    ("as it was", [(TODAY, 30, TODAY), (LATER, 30, LATER)], TODAY, None),
    ("too few votes", [(TODAY, 1, TODAY), (LATER, 20, LATER)], TODAY, None),
    ("enough", [(TODAY, 1, TODAY), (LATER, 21, LATER)], TODAY, (240, f"20 votes {AFTER}")),
    ("too small a share", [(TODAY, 100, TODAY), (LATER, 149, LATER)], TODAY, None),
    ("share", [(TODAY, 99, TODAY), (LATER, 149, LATER)], TODAY, (40, f"50 votes {AFTER}")),
    ("before it was shown", [(YESTERDAY, 1, YESTERDAY), (TODAY, 60, TODAY)], TODAY, None),
    ("never shown", [(YESTERDAY, 5, YESTERDAY), (TODAY, 60, TODAY)], None, (232, f"55 votes {SINCE_LISTED}")),
    ("that night", [(TODAY, 5, TODAY), (TODAY, 60, LATER)], TODAY, (232, f"55 votes {AFTER}")),
    ("not read then", [(YESTERDAY, 5, LATER), (LATER, 60, LATER)], TODAY, (232, f"55 votes {SINCE_LISTED}")),
    ("fell again", [(TODAY, 5, TODAY), (TODAY, 60, LATER), (LATER, 7, LATER)], TODAY, None),
    ("from the future", [(TODAY, 5, TODAY), (LATER + timedelta(days=1), 60, LATER)], TODAY, None),
    ("no news", [(TODAY - timedelta(days=9), 5, TODAY), (TODAY - timedelta(days=6), 60, LATER)], TODAY, None),
]


@pytest.mark.parametrize(("told", "shown_on", "expected"), [row[1:] for row in RISEN], ids=[row[0] for row in RISEN])
def test_risen(
    told: list[tuple[date, int | None, date]], shown_on: date | None, expected: tuple[int, str] | None
) -> None:
    history = [sighting(date=day, votes=votes, seen_at=NOW + (read - TODAY)) for day, votes, read in told]
    for order in (history, history[::-1]):
        reason = risen(order, shown_on, LATER)
        assert (reason and (reason.kind, reason.points, reason.label)) == (expected and ("risen", *expected))


@settings(max_examples=40)
@given(history=st.lists(SIGHTINGS, max_size=5), shown_on=st.none() | st.dates(date(2026, 5, 28), TODAY))
def test_what_rose_has_risen_by_what_is_said(history: list[Sighting], shown_on: date | None) -> None:
    reason = risen(history, shown_on, TODAY)
    votes = [one.votes for one in history if one.votes is not None]
    if reason:
        assert reason.points >= 40
        assert 20 <= int(reason.label.split()[0]) <= max(votes) - min(votes)


def test_an_old_paper_is_old_though_no_source_tells_its_day() -> None:
    replaced = paper("2306.00001", updated=TODAY)
    assert replaced.published is None
    assert replaced.born == date(2023, 6, 1)
    assert [term.kind for term in trend(replaced, []).terms] == ["age"]
    assert not trend(paper("t-1"), []).terms
    assert paper("math/9701001", arxiv_id="math/9701001").born == date(1997, 1, 1)
    assert paper("math/0309136", arxiv_id="math/0309136", published=TODAY).born == TODAY
