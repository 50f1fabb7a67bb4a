"""Pure: sightings -> trend scores, as named additive terms. Knows nothing of readers; `today` is a parameter.

The formula, in points (natural logarithms; each term rounded to a whole number, so that sums are exact):

    votes      +100 · ln(1 + votes of the latest day whose sightings tell them, the most of that day)
    rise        +15 · ln(1 + votes gained since the first sighting that tells them)
    comments    +30 · ln(1 + comments, as votes)
    position    +60 · (1 - ln(position) / ln(1 + entries listed)), only where no sighting tells votes
    age         -60 · ln(1 + days / 3), at most -250

`days` counts from the first listing to today, plus what the paper's first version was older than 14 days when it was
first listed: a paper usually reaches a listing some days after arXiv, and an old one listed now is not news.
The logarithms are those of a decaying product: exp of the sum is votes^1 · (1 + days/3)^-0.6, the shape of
Hacker News' (votes - 1) / (hours + 2)^1.8 with a gentler gravity, as a digest is read once a day.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from digest.model import Paper, Reason, Sighting, Trend

VOTES, RISE, COMMENTS, POSITION, AGE = 100.0, 15.0, 30.0, 60.0, 60.0
AGE_SCALE_DAYS, AGE_AT_MOST, LISTING_LAG_DAYS = 3.0, 250.0, 14


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _log_term(kind: str, factor: float, amount: int, label: str) -> tuple[Reason, ...]:
    points = round(factor * math.log1p(max(0, amount)))
    return (Reason(kind=kind, label=label, points=points),) if points else ()


def age_in_days(paper: Paper, today: date) -> int:
    """Days since the first listing, plus the paper's own age beyond the usual lag when it was first listed."""
    listed = paper.first_listed or today
    lag = (listed - paper.born).days if paper.born else 0
    return max(0, (today - listed).days) + max(0, lag - LISTING_LAG_DAYS)


def _age_term(paper: Paper, today: date) -> tuple[Reason, ...]:
    days = age_in_days(paper, today)
    points = -round(min(AGE_AT_MOST, AGE * math.log1p(days / AGE_SCALE_DAYS)))
    return (Reason(kind="age", label=f"{_count(days, 'day')} old", points=points),) if points else ()


def _position_term(sightings: Sequence[Sighting]) -> tuple[Reason, ...]:
    best = min(
        sightings, key=lambda sighting: (math.log(sighting.position) / math.log1p(sighting.listed), sighting.position)
    )
    points = max(0, round(POSITION * (1 - math.log(best.position) / math.log1p(best.listed))))
    label = f"no. {best.position} of {best.listed} in the listing"
    return (Reason(kind="position", label=label, points=points),) if points else ()


def trend(paper: Paper, sightings: Iterable[Sighting], today: date) -> Trend:
    """The trend of one paper. Neither the order of the sightings matters, nor which dump of a day was read first."""
    history = tuple(sightings)
    votes = [votes for _, votes in sorted((s.date, s.votes) for s in history if s.votes is not None)]
    comments = [comments for _, comments in sorted((s.date, s.comments) for s in history if s.comments is not None)]
    rise = max(0, votes[-1] - votes[0]) if votes else 0
    terms: tuple[Reason, ...] = ()
    if votes:
        terms += _log_term("votes", VOTES, votes[-1], _count(votes[-1], "vote"))
        terms += _log_term("rise", RISE, rise, f"{_count(rise, 'vote')} more since first listed")
    elif history:
        terms += _position_term(history)
    if comments:
        terms += _log_term("comments", COMMENTS, comments[-1], _count(comments[-1], "comment"))
    terms += _age_term(paper, today)
    return Trend(
        paper_id=paper.id,
        terms=terms,
        votes=votes[-1] if votes else None,
        comments=comments[-1] if comments else None,
        rise=rise,
    )


def trends(papers: Iterable[Paper], sightings: Mapping[str, Sequence[Sighting]], today: date) -> dict[str, Trend]:
    """The trend of every paper, by its id."""
    return {paper.id: trend(paper, sightings.get(paper.id, ()), today) for paper in papers}
