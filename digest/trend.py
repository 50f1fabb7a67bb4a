"""Pure: sightings -> trend scores, as named additive terms. Knows nothing of readers; `today` is a parameter.

The formula, in points (natural logarithms; each term rounded to a whole number, so that sums are exact):

    votes      +100 · ln(1 + votes of the latest day whose sightings tell them, the most of that day)
    expected   +190 - (sum of the votes' points of the others of its list + 100 · usual) / (number of the others + 100)
    rise         +5 · ln(1 + votes gained since the first sighting that tells them)
    submitter   +10 where one account brought five or more of the papers at hand
    comments    +30 · ln(1 + comments), only where no sighting tells votes
    position    +20 · ln((1 + entries listed) / position), at most 60, only where no sighting tells votes
    age         -10 · ln(1 + days since it was first listed / fade_days)
                -60 · ln(1 + days that it was then older than two months / 3), together at most -250

*Expected.* A paper's list is the one that first told its votes: same source, same day. `usual` is what papers of the
daily page of Hugging Face have: 190 points (6 votes) in the morning, 230 (9 votes) once more than one dump has told.
Before a list counts as much as that it must have 100 papers, so that a short one hardly counts, and the first day needs
no history. A paper is expected to have what the others have: its own votes change nothing there, and more are never
less. What one vote puts on top of a short list has 69 points, where an everyday paper has 190.

*Rise and submitter* are hints. An account that brings many papers is not of their authors, whose friends vote first.

*Comments*, code, organisations and numbers of authors added nothing to the votes that held in every way of judging; the
first stand in where no votes are known, and so does the place in the list.

*Topics* have more votes or fewer, but what papers near in meaning had says nothing of a paper that its own votes do
not: neither expecting as many nor counting on them did better (docs/figures.md).

*Age.* `fade_days` is the reader's: 3 for one who reads daily, more for one who reads weekly, to whom Monday is not old.
It is gentle, as older lists are expected to have more votes. A paper that was old when a list found it is no news.

What each term adds is measured by `benchmarks/ranking_trend.py`: expected most, submitter little. Rise and age are not
shown to add anything; they are there as a digest is of what is new and moving, and small as they must not cost.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from digest.model import Paper, Reason, Sighting, Trend, worded
from digest.text import counted

VOTES = 100.0
NEWS_DAYS, OLD_DAYS = 60, 3.0
FADE_DAYS = 3.0
# Of 19 weeks' papers on the daily page, 10 a week rose so after the night of the day they were listed.
RISEN_VOTES, RISEN_POINTS, RISEN_DAYS = 20, 40, timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The constants of the formula, votes being its measure; a weight of 0 leaves its term out."""

    expected: bool = True
    usual: int = 190  # points of votes, when one dump told them
    usual_later: int = 230  # when several did
    usual_counts: int = 100  # as many papers of the list
    rise: float = 5.0
    submitter: int = 10
    submitter_brings: int = 5
    comments: float = 30.0
    position: float = 20.0
    position_at_most: float = 60.0
    age: float = 10.0
    old: float = 60.0
    age_at_most: float = 250.0


WEIGHTS = Weights()


class _History:
    """What a paper's sightings tell, whatever their order: of each day's dumps the one with the most is the latest."""

    def __init__(self, sightings: Iterable[Sighting]) -> None:
        self.sightings = tuple(sightings)
        voted = [one for one in self.sightings if one.votes is not None]
        votes = [votes for _, votes in sorted((one.date, one.votes or 0) for one in voted)]
        self.votes: int | None = votes[-1] if votes else None
        self.rise = max(0, votes[-1] - votes[0]) if votes else 0
        self.list = min(((one.date, one.source) for one in voted), default=None)
        self.told_again = len(voted) > 1
        comments = sorted((one.date, one.comments) for one in self.sightings if one.comments is not None)
        self.comments: int | None = comments[-1][1] if comments else None


def _logarithm(factor: float, amount: int) -> int:
    return round(factor * math.log1p(max(0, amount)))


class _Lists:
    """What the papers that came together have, in points of votes."""

    def __init__(self, histories: Iterable[_History], weights: Weights) -> None:
        self._weights = weights
        self._points: Counter[tuple[date, str]] = Counter()
        self._papers: Counter[tuple[date, str]] = Counter()
        for history in histories:
            if history.list and history.votes is not None:
                self._points[history.list] += _logarithm(VOTES, history.votes)
                self._papers[history.list] += 1

    def expected(self, history: _History) -> int:
        """The points of votes to expect of a paper that has them: of itself it says nothing."""
        if history.list is None or history.votes is None:
            return self._weights.usual
        usual = self._weights.usual_later if history.told_again else self._weights.usual
        others = self._points[history.list] - _logarithm(VOTES, history.votes)
        counts = self._papers[history.list] - 1
        return round((others + self._weights.usual_counts * usual) / max(1, counts + self._weights.usual_counts))


# --- the terms ---------------------------------------------------------------------------------------------------


def _ages(paper: Paper, today: date) -> tuple[int, int]:
    """Days since the first listing, and the paper's own days beyond the usual lag when it was first listed."""
    listed = paper.first_listed or today
    lag = (listed - paper.born).days if paper.born else 0
    return max(0, (today - listed).days), max(0, lag - NEWS_DAYS)


def _age(paper: Paper, today: date, fade_days: float, weights: Weights) -> Reason:
    waiting, old = _ages(paper, today)
    fade = weights.age * math.log1p(waiting / fade_days) + weights.old * math.log1p(old / OLD_DAYS)
    label = f"{counted(waiting + old, 'day')} old"
    return Reason(kind="age", label=label, points=-round(min(weights.age_at_most, fade)))


def _of_votes(history: _History, votes: int, expected: int, weights: Weights) -> Iterable[Reason]:
    usual, points = round(math.expm1(expected / VOTES)), _logarithm(VOTES, votes)
    if votes > usual > 1:
        yield Reason.of("votes", points, worded("{} votes where {} are usual", str(votes), str(usual)))
    else:
        yield Reason(kind="votes", label=counted(votes, "vote"), points=points)
    if weights.expected:
        label = f"{counted(usual, 'vote')} would be usual in its list"
        yield Reason(kind="expected", label=label, points=weights.usual - expected)
    label = f"{counted(history.rise, 'vote')} more since first listed"
    yield Reason(kind="rise", label=label, points=_logarithm(weights.rise, history.rise))


def _without_votes(history: _History, weights: Weights) -> Iterable[Reason]:
    if history.comments is not None:
        label, points = counted(history.comments, "comment"), _logarithm(weights.comments, history.comments)
        yield Reason(kind="comments", label=label, points=points)
    if history.sightings:
        best = min(history.sightings, key=lambda one: (one.position / (1 + one.listed), one.position))
        points = round(min(weights.position_at_most, weights.position * math.log((1 + best.listed) / best.position)))
        label = f"no. {best.position} of {best.listed} in the listing"
        yield Reason(kind="position", label=label, points=max(0, points))


def _submitter(paper: Paper, brought: Mapping[str, int], weights: Weights) -> Iterable[Reason]:
    count = brought.get(paper.submitter or "", 0)
    if count >= weights.submitter_brings:
        label = f"brought by {paper.submitter}, as {counted(count - 1, 'other')}"
        yield Reason(kind="submitter", label=label, points=weights.submitter)


def trends(
    papers: Iterable[Paper],
    sightings: Mapping[str, Sequence[Sighting]],
    today: date,
    fade_days: float = FADE_DAYS,
    weights: Weights = WEIGHTS,
) -> dict[str, Trend]:
    """The trend of every paper, by its id. Votes are expected from the papers given, all that came lately.

    Neither the order of papers or sightings matters, nor which dump of a day was read first.
    """
    papers = tuple(papers)
    histories = {paper.id: _History(sightings.get(paper.id, ())) for paper in papers}
    lists = _Lists(histories.values(), weights)
    brought = Counter(paper.submitter for paper in papers if paper.submitter)
    found = {}
    for paper in papers:
        history = histories[paper.id]
        if history.votes is None:
            terms = [*_without_votes(history, weights)]
        else:
            terms = [*_of_votes(history, history.votes, lists.expected(history), weights)]
            terms += _submitter(paper, brought, weights)
        terms.append(_age(paper, today, fade_days, weights))
        found[paper.id] = Trend(
            paper_id=paper.id,
            terms=tuple(term for term in terms if term.points),
            votes=history.votes,
            comments=history.comments,
            rise=history.rise,
        )
    return found


def tie(paper: Paper, trend: Trend) -> tuple[int, int, int, str]:
    """Which of two papers of the same score stands first; always ends in the unique id."""
    return (-trend.points, -(trend.votes or 0), -(paper.first_listed or date.min).toordinal(), paper.id)


# --- late risers -------------------------------------------------------------------------------------------------


def risen(sightings: Iterable[Sighting], shown_on: date | None, today: date) -> Reason | None:
    """By how much a paper rose since the day it was shown, or since it was first listed if it never was (None).

    A rise is at least 20 votes and half again as many as before (40 points), and told within the last week: later it
    is no news. What counts as known when it was shown is what had been read by the end of that day (UTC); if nothing
    was, the first votes told. The points are those that its votes have gained.
    """
    told = sorted(
        (one.date, one.votes, one.seen_at) for one in sightings if one.votes is not None and one.date <= today
    )
    if not told or today - told[-1][0] > RISEN_DAYS:
        return None
    known = [votes for _, votes, seen_at in told if shown_on and seen_at.date() <= shown_on]
    before, after = max(known, default=told[0][1]), told[-1][1]
    points = _logarithm(VOTES, after) - _logarithm(VOTES, before)
    if after - before < RISEN_VOTES or points < RISEN_POINTS:
        return None
    more = str(after - before)
    if known:
        return Reason.of("risen", points, worded("{} votes more since it was shown on {}", more, str(shown_on)))
    return Reason.of("risen", points, worded("{} votes more since it was first listed", more))
