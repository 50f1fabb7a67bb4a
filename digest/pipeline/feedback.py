"""What readers say of papers, and what is learned from it. Every door that takes an opinion calls `feedback`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from digest.errors import ConfigError
from digest.learn import weight
from digest.model import Feedback, Opinion, Paper, Profile
from digest.pipeline.readership import Readership
from digest.pipeline.references import fitting
from digest.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A reader's opinion of a paper, and by profile of the reader's what it still weighs there."""

    paper: Paper
    opinion: Opinion
    at: datetime
    weights: Mapping[str, float]


def feedback(readers: Readership, address: str, reference: str, opinion: Opinion, now: datetime) -> tuple[Paper, bool]:
    """Keep what a reader says of a paper, in the place of what the reader said of it before.

    Returns the paper, and False if the very same is known. ConfigError for an unknown address, and for a reference
    (an id, a title or some words of one) that fits no paper or several.
    """
    _known(readers, address)
    paper = _paper(readers.store, reference)
    given = Feedback(address=address, paper_id=paper.id, opinion=opinion, at=now)
    return paper, readers.store.record_feedback(given)


def said(readers: Readership, address: str, now: datetime) -> tuple[Said, ...]:
    """All that a reader said, the latest first; ConfigError for an unknown address."""
    _known(readers, address)
    given = sorted(readers.store.feedback(address), key=lambda one: one.at, reverse=True)
    papers = readers.store.papers([one.paper_id for one in given])
    profiles = _profiles(readers, address)
    return tuple(
        Said(
            paper=papers[one.paper_id],
            opinion=one.opinion,
            at=one.at,
            weights={profile.name: weight(one, now, profile.fade_days) for profile in profiles},
        )
        for one in given
    )


def take_back(readers: Readership, address: str, reference: str) -> tuple[Paper, bool]:
    """Forget what a reader said of a paper; False if that was nothing. ConfigError as `feedback`."""
    _known(readers, address)
    paper = _paper(readers.store, reference)
    return paper, readers.store.forget_feedback(address, paper.id) > 0


def take_back_all(readers: Readership, address: str) -> int:
    """Forget all that a reader said; how many opinions that were. ConfigError for an unknown address."""
    _known(readers, address)
    return readers.store.forget_feedback(address)


def take_in(readers: Readership, address: str, given: Iterable[Feedback], now: datetime) -> tuple[int, tuple[str, ...]]:
    """Keep opinions exported before, for this address whosever they were; the latest on a paper counts.

    Returns how many are new, and the ids of the papers that are not known here, whose opinions are left out.
    """
    _known(readers, address)
    latest = sorted(given, key=lambda one: one.at)
    papers = readers.store.papers([one.paper_id for one in latest])
    new = {
        one.paper_id
        for one in latest
        if one.paper_id in papers
        and readers.store.record_feedback(
            Feedback(address=address, paper_id=one.paper_id, opinion=one.opinion, at=min(one.at, now))
        )
    }
    return len(new), tuple(sorted({one.paper_id for one in latest} - set(papers)))


def _profiles(readers: Readership, address: str) -> list[Profile]:
    return [readers.profiles[name] for name in dict.fromkeys(one.profile for one in readers.of(address))]


def _known(readers: Readership, address: str) -> None:
    """Readers, and whoever was one when saying something."""
    if not _profiles(readers, address) and not readers.store.feedback(address):
        raise ConfigError(f"{address}: no reader has this address; give one of a [[subscription]].")


def _paper(store: Store, reference: str) -> Paper:
    found = fitting(store, reference)
    if len(found) > 1:
        such = "; ".join(f"{one.id} “{one.title}”" for one in found[:5])
        raise ConfigError(f"{reference}: {len(found)} papers fit; give the id of one, such as {such}.")
    return found[0]
