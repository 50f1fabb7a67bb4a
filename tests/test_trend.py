"""The trend formula, worked out by hand, and what must hold of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make import NOW, TODAY, paper, sighting

from digest.model import Paper, Sighting
from digest.trend import age_in_days, trend, trends

YESTERDAY = TODAY - timedelta(days=1)

# 100 ln(1+v), 40 ln(1+rise), 30 ln(1+c), 60 (1 - (p-1)/n), -60 ln(1+days/3), each rounded
TABLE = [
    ("nothing known", [], {}),
    ("no votes", [{"votes": 0}], {}),
    ("votes", [{"votes": 9}], {"votes": 230}),
    ("one vote", [{"votes": 1, "comments": 0}], {"votes": 69}),
    ("comments", [{"votes": 0, "comments": 2}], {"comments": 33}),
    ("rise", [{"votes": 10, "date": YESTERDAY}, {"votes": 30}], {"votes": 343, "rise": 46}),
    ("fall", [{"votes": 10, "date": YESTERDAY}, {"votes": 9}], {"votes": 230}),
    ("position", [{"position": 1}], {"position": 60}),
    ("last position", [{"position": 20}], {"position": 1}),
    ("best position", [{"position": 11}, {"position": 2, "listed": 4, "source": "b"}], {"position": 34}),
    ("position of no use", [{"position": 1}, {"votes": 9, "position": 20}], {"votes": 230}),
    ("comments and position", [{"position": 1, "comments": 1}], {"position": 60, "comments": 21}),
    ("beyond its listing", [{"position": 9, "listed": 3}], {}),
    ("votes below nothing", [{"votes": -5, "comments": -1}], {}),
]


@pytest.mark.parametrize(("history", "points"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_formula(history: list[dict[str, object]], points: dict[str, int]) -> None:
    found = trend(paper(), [sighting(**one) for one in history], TODAY)
    assert {term.kind: term.points for term in found.terms} == points
    assert found.points == sum(points.values())


@pytest.mark.parametrize(
    ("days", "lag", "age", "points"),
    [
        (0, 0, 0, 0),
        (0, 14, 0, 0),
        (0, 15, 1, -17),
        (1, 0, 1, -17),
        (3, 3, 3, -42),
        (7, 0, 7, -72),
        (0, 44, 30, -144),
        (3, 1014, 1003, -250),
        (-2, 0, 0, 0),
        (0, -30, 0, 0),
    ],
)
def test_age(days: int, lag: int, age: int, points: int) -> None:
    """Days since the listing, and what the paper's own age is beyond a fortnight; neither from the future."""
    listed = TODAY - timedelta(days=days)
    one = paper(first_listed=listed, published=listed - timedelta(days=lag))
    assert age_in_days(one, TODAY) == age
    assert trend(one, [], TODAY).points == points
    assert age_in_days(paper(first_listed=listed), TODAY) == max(0, days), "without a day of publication"


def test_latest_numbers_stand_in_the_trend() -> None:
    found = trend(paper(), [sighting(votes=3, comments=1, date=YESTERDAY), sighting(votes=8)], TODAY)
    assert (found.votes, found.comments, found.rise) == (8, 1, 5)
    assert [term.label for term in found.terms] == ["8 votes", "5 votes more since first listed", "1 comment"]


@pytest.mark.parametrize("late_first", [True, False])
def test_refetches_of_a_day_count_whichever_was_read_first(late_first: bool) -> None:
    """Votes do not fall: of one day's dumps the one with the most votes is the latest, also if it was read first."""
    moments = (NOW, NOW + timedelta(hours=5))
    morning, evening = reversed(moments) if late_first else moments
    found = trend(paper(), [sighting(votes=3, seen_at=morning), sighting(votes=11, seen_at=evening)], TODAY)
    assert (found.votes, found.rise) == (11, 8)


def test_trends_are_by_paper_and_none_is_left_out() -> None:
    papers = [paper("2606.00001"), paper("2606.00002")]
    found = trends(papers, {"2606.00001": [sighting(votes=9)]}, TODAY)
    assert {name: one.points for name, one in found.items()} == {"2606.00001": 230, "2606.00002": 0}


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
    first_listed=st.dates(date(2026, 1, 1), date(2026, 7, 1)),
    published=st.none() | st.dates(date(1995, 1, 1), date(2027, 1, 1)),
)


@settings(max_examples=80)
@given(one=PAPERS, history=st.lists(SIGHTINGS, max_size=5), data=st.data())
def test_order_does_not_matter(one: Paper, history: list[Sighting], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(history))
    assert trend(one, history, TODAY) == trend(one, shuffled, TODAY)


@settings(max_examples=80)
@given(one=PAPERS, votes=st.integers(0, 400), more=st.integers(1, 50), history=st.lists(SIGHTINGS, max_size=3))
def test_more_votes_are_never_less_trend(one: Paper, votes: int, more: int, history: list[Sighting]) -> None:
    def points(latest: int) -> int:
        return trend(one, [*history, sighting(date=TODAY + timedelta(days=1), votes=latest)], TODAY).points

    assert points(votes) <= points(votes + more)


@settings(max_examples=80)
@given(one=PAPERS, history=st.lists(SIGHTINGS, max_size=4))
def test_terms_are_bounded_and_told(one: Paper, history: list[Sighting]) -> None:
    found = trend(one, history, TODAY)
    kinds = [term.kind for term in found.terms]
    assert len(kinds) == len(set(kinds)) and not {"votes", "position"} <= set(kinds)
    assert all(term.points and term.label for term in found.terms)
    assert all((term.points < 0) == (term.kind == "age") for term in found.terms)
    assert found.points >= -250


def test_an_old_paper_is_old_though_no_source_tells_its_day() -> None:
    replaced = paper("2306.00001", updated=TODAY)
    assert replaced.published is None
    assert replaced.born == date(2023, 6, 1)
    assert age_in_days(replaced, TODAY) > 1000
    assert age_in_days(paper("t-1"), TODAY) == 0
    assert paper("math/9701001", arxiv_id="math/9701001").born == date(1997, 1, 1)
    assert paper("math/0309136", arxiv_id="math/0309136", published=TODAY).born == TODAY
