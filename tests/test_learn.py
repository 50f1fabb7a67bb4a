"""What is learned from feedback: weights, fading, order."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from make import NOW, paper

from digest.learn import FORGOTTEN, learned, weight
from digest.model import Feedback, Opinion

DAY = timedelta(days=1)


def given(opinion: Opinion = Opinion.MORE, days_ago: float = 0, paper_id: str = "2606.00001") -> Feedback:
    return Feedback(address="ada@example.org", paper_id=paper_id, opinion=opinion, at=NOW - days_ago * DAY)


@pytest.mark.parametrize(
    ("opinion", "days_ago", "left"),
    [
        (Opinion.MORE, 0, 1.0),
        (Opinion.SAVE, 0, 1.5),
        (Opinion.LESS, 0, -1.0),
        (Opinion.MORE, 30, 0.5),
        (Opinion.SAVE, 60, 0.375),
        (Opinion.LESS, 15, -(0.5**0.5)),
        (Opinion.MORE, 129, 0.5**4.3),
        (Opinion.MORE, 130, 0.0),
        (Opinion.LESS, 130, 0.0),
        (Opinion.MORE, -1, 0.0),
    ],
)
def test_weights_fade_by_half_lives_until_they_are_forgotten(opinion: Opinion, days_ago: float, left: float) -> None:
    assert weight(given(opinion, days_ago), NOW, 30) == pytest.approx(left)


def test_a_forgotten_opinion_is_the_one_just_below_the_bound() -> None:
    assert 0.5 ** (129 / 30) > FORGOTTEN > 0.5 ** (130 / 30)


def test_the_heaviest_likes_first_and_dislikes_last_whatever_the_order() -> None:
    feedback = [
        given(Opinion.LESS, 0, "2606.00005"),
        given(Opinion.MORE, 0, "2606.00003"),
        given(Opinion.MORE, 0, "2606.00002"),
        given(Opinion.SAVE, 1, "2606.00004"),
        given(Opinion.LESS, 90, "2606.00001"),
    ]
    papers = {one.paper_id: paper(one.paper_id) for one in feedback}
    ordered = ["2606.00004", "2606.00002", "2606.00003", "2606.00001", "2606.00005"]
    for _ in range(5):
        random.Random(3).shuffle(feedback)
        assert [one.paper.id for one in learned(feedback, papers, NOW, 90)] == ordered


def test_what_has_faded_is_not_known_yet_or_speaks_of_no_known_paper_is_left_out() -> None:
    feedback = [given(days_ago=1000), given(days_ago=-1, paper_id="2606.00002"), given(paper_id="2606.00003")]
    assert learned(feedback, {name: paper(name) for name in ("2606.00001", "2606.00002")}, NOW, 30) == ()


def test_silence_says_nothing() -> None:
    assert learned([], {"2606.00001": paper()}, NOW, 30) == ()
