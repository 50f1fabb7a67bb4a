"""Pure: what a reader said of papers -> what is learned from it. Silence says nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from digest.model import Feedback, Learned, Opinion, Paper

# To save a paper is some effort for oneself; a "more" may be said in passing.
WEIGHTS = {Opinion.MORE: 1.0, Opinion.SAVE: 1.5, Opinion.LESS: -1.0}
FORGOTTEN = 0.05  # what weighs less is left out: after four to five half-lives
_DAY = timedelta(days=1)


def weight(given: Feedback, now: datetime, fade_days: int) -> float:
    """What time has left of an opinion: 1.5 for a save, 1 for more, -1 for less, halved every `fade_days` days.

    0 for one that has faded away, and for one given after `now`, which is not known yet.
    """
    if given.at > now:
        return 0.0
    left = WEIGHTS[given.opinion] * 0.5 ** ((now - given.at) / _DAY / fade_days)
    return left if abs(left) >= FORGOTTEN else 0.0


def learned(
    feedback: Iterable[Feedback], papers: Mapping[str, Paper], now: datetime, fade_days: int
) -> tuple[Learned, ...]:
    """What still counts of one reader's feedback: the heaviest likes first, dislikes last, ties by the papers' ids.

    `papers` are those spoken of, by id; what was said of others is left out.
    """
    found = [
        Learned(paper=papers[given.paper_id], weight=left)
        for given in feedback
        if given.paper_id in papers and (left := weight(given, now, fade_days))
    ]
    return tuple(sorted(found, key=lambda one: (-one.weight, one.paper.id)))
