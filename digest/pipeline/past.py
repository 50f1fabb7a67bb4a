"""The store as it was: what was known at a past moment, and what only came later. Reads, and never writes.

What was known is what had been recorded by then: papers, sightings, opinions. A title or an abstract that was revised
since is told as it was. Of other fields, and of an opinion that a later one replaced, the store has only the latest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from digest.model import Enrolled, Feedback, Opinion, Paper, Revision, Shown, Sighting
from digest.pipeline.rankings import EARLIER
from digest.pipeline.world import Knowledge
from digest.store import Store

_TEXTS = ("title", "abstract")
_LIKES = (Opinion.MORE, Opinion.SAVE)


_DATES = 400  # of a reader that are looked through for what a past moment had


def known_at(store: Store, since: datetime, now: datetime) -> Knowledge:
    """What views that look back to `since` are made from: the store, or as it was where dumps came in after `now`."""
    newest = store.newest_ingest()
    return store if newest is None or newest <= now else History(store, since - EARLIER).at(now)


def enrolled_at(store: Store, one: Enrolled, now: datetime) -> Enrolled:
    """A subscription with the latest dates that it had by then."""
    if one.last is None or one.last.made_at <= now:
        return one
    had = [date for date in store.history(one.subscription.id, _DATES) if date.made_at <= now]
    sent = next((date for date in had if date.reason is None), None)
    return replace(one, last=had[0] if had else None, sent=sent, owed=None, left=None)


def shown_by(store: Store, one: Enrolled) -> dict[str, Shown]:
    """What was shown up to its latest date."""
    shown = store.shown(one.subscription.id)
    return {paper_id: when for paper_id, when in shown.items() if one.last is not None and when.on <= one.last.date}


class History:
    """All that the store holds of papers first seen at or after `begin`, read once for many moments."""

    def __init__(self, store: Store, begin: datetime) -> None:
        self.store, self.begin = store, begin
        self._papers = {paper.id: paper for paper in store.candidates(begin)}
        self._sightings = store.sightings(self._papers)
        self._feedback: dict[str, tuple[Feedback, ...]] = {}
        self._revisions: dict[str, tuple[Revision, ...]] = {}

    def at(self, moment: datetime) -> Past:
        return Past(self, moment)

    def feedback(self, address: str) -> tuple[Feedback, ...]:
        if address not in self._feedback:
            self._feedback[address] = self.store.feedback(address)
        return self._feedback[address]

    def papers_since(self, since: datetime, until: datetime) -> list[Paper]:
        return [paper for paper in self._papers.values() if since <= paper.first_seen <= until]

    def sightings(self, paper_ids: Collection[str]) -> Mapping[str, Sequence[Sighting]]:
        """At least those of the papers asked for, whatever the moment."""
        unread = [paper_id for paper_id in paper_ids if paper_id not in self._sightings]
        if unread:
            self._sightings.update(self.store.sightings(unread))
        return self._sightings

    def revisions(self, paper: Paper) -> tuple[Revision, ...]:
        if paper.revised_at is None:
            return ()
        if paper.id not in self._revisions:
            self._revisions[paper.id] = self.store.revisions(paper.id)
        return self._revisions[paper.id]


class Past:
    """The store at a moment, for `Rankings`; and, by name, what came after it."""

    def __init__(self, history: History, moment: datetime) -> None:
        self._history, self._moment = history, moment

    def candidates(self, since: datetime) -> tuple[Paper, ...]:
        papers = self._history.papers_since(since, self._moment)
        sightings = self.sightings([paper.id for paper in papers])
        return tuple(
            self._as_it_was(paper, sightings[paper.id])
            for paper in papers
            if any(one.seen_at >= since for one in sightings[paper.id])
        )

    def voted(self, since: datetime) -> tuple[Paper, ...]:
        """Of the papers of the history, those whose votes were told since; in order of id."""
        papers = self._history.papers_since(self._history.begin, self._moment)
        sightings = self.sightings([paper.id for paper in papers])
        return tuple(
            self._as_it_was(paper, sightings[paper.id])
            for paper in sorted(papers, key=lambda paper: paper.id)
            if any(one.votes is not None and one.seen_at >= since for one in sightings[paper.id])
        )

    def sightings(self, paper_ids: Collection[str]) -> dict[str, tuple[Sighting, ...]]:
        told = self._history.sightings(paper_ids)
        return {
            paper_id: tuple(one for one in told[paper_id] if one.seen_at <= self._moment)
            for paper_id in sorted(paper_ids)
        }

    def papers(self, ids: Collection[str]) -> dict[str, Paper]:
        return self._known(self._history.store.papers(ids))

    def by_key(self, keys: Collection[str]) -> dict[str, Paper]:
        return self._known(self._history.store.by_key(keys))

    def feedback(self, address: str) -> tuple[Feedback, ...]:
        return tuple(one for one in self._history.feedback(address) if one.at <= self._moment)

    def _known(self, found: Mapping[str, Paper]) -> dict[str, Paper]:
        known = {key: paper for key, paper in found.items() if paper.first_seen <= self._moment}
        sightings = self.sightings([paper.id for paper in known.values()])
        return {key: self._as_it_was(paper, sightings[paper.id]) for key, paper in known.items()}

    def _as_it_was(self, paper: Paper, sightings: Sequence[Sighting]) -> Paper:
        revised = self._history.revisions(paper)
        texts: dict[str, str] = {}
        for one in revised:
            if one.at > self._moment and one.field in _TEXTS:
                texts.setdefault(one.field, one.old)
        listed = min((one.date for one in sightings), default=None)
        if paper.first_listed and listed:
            listed = max(paper.first_listed, listed)  # a dump that was read later may speak of an earlier day
        return replace(
            paper,
            title=texts.get("title", paper.title),
            abstract=texts.get("abstract", paper.abstract),
            first_listed=listed,
            revised_at=max((one.at for one in revised if one.at <= self._moment), default=None),
        )

    # --- what came after ---------------------------------------------------------------------------------------

    def later_votes(self, paper_ids: Collection[str]) -> dict[str, int]:
        """The votes told last after the moment; papers of which none were told are left out."""
        told = self._history.sightings(paper_ids)
        later = {
            paper_id: [
                (one.date, one.votes) for one in told[paper_id] if one.votes is not None and one.seen_at > self._moment
            ]
            for paper_id in paper_ids
        }
        return {paper_id: max(votes)[1] for paper_id, votes in later.items() if votes}

    def later_likes(self, address: str) -> frozenset[str]:
        """The papers that the reader said after the moment to want more of, or saved."""
        given = self._history.feedback(address)
        return frozenset(one.paper_id for one in given if one.at > self._moment and one.opinion in _LIKES)
