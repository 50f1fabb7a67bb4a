"""Builders of nouns for the tests: everything has a plain default, and a test names only what it is about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from digest.diff import FACT_FIELDS, diff
from digest.model import (
    Changes,
    Entry,
    Facts,
    Hidden,
    Known,
    KnownPaper,
    LastEdition,
    Listing,
    Origin,
    Outcome,
    Paper,
    Profile,
    Ranked,
    Reason,
    Sighting,
    Subscription,
    Term,
    Topic,
    Trend,
)

TODAY = date(2026, 6, 2)  # a Tuesday
NOW = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)


def paper(id: str = "2606.00001", **given: Any) -> Paper:
    """A paper with an arXiv id, unless its id begins with t-."""
    values: dict[str, Any] = {
        "title": f"Paper {id}",
        "arxiv_id": None if id.startswith("t-") else id,
        "first_listed": TODAY,
        "first_seen": NOW,
    }
    return Paper(id=id, **(values | given))


def entry(title: str = "A paper", position: int = 1, *, votes: int | None = None, **facts: Any) -> Entry:
    where = f"record {position}"
    return Entry(where=where, position=position, votes=votes, facts=Facts(title=title, **facts))


def listing(*entries: Entry, **given: Any) -> Listing:
    values: dict[str, Any] = {
        "dump": "dump.json",
        "digest": "d1",
        "format": "test",
        "source": "test",
        "as_of": TODAY,
        "fidelity": 50,
        "daily": True,
    }
    return Listing(entries=entries, **(values | given))


def _as_origin(one: Listing) -> Origin:
    return Origin(dump=one.dump, digest=one.digest, source=one.source, as_of=one.as_of, fidelity=one.fidelity)


class Shelf:
    """The store as far as `diff` can tell: papers, their keys and origins, and which source listed what when."""

    def __init__(self) -> None:
        self.papers: dict[str, Paper] = {}
        self.keys: dict[str, set[str]] = {}
        self.origins: dict[str, dict[str, Origin]] = {}
        self.days: dict[str, dict[date, set[str]]] = {}  # source -> day -> papers

    def ingest(self, one: Listing, now: datetime = NOW) -> Changes:
        """What the store does of it: the last change of a paper is kept, origins move where a value does."""
        changes = diff(one, self.known(one.source), now)
        new = {change.paper.id for change in changes.entries if change.outcome is Outcome.NEW}
        for change in changes.entries:
            self.papers[change.paper.id] = change.paper
            self.keys.setdefault(change.paper.id, set()).update(change.keys)
            moved = {field.field for field in change.fields}
            if change.paper.id in new:
                moved |= {field for field in FACT_FIELDS if getattr(change.paper, field) not in (None, "", ())}
            self.origins.setdefault(change.paper.id, {}).update(dict.fromkeys(moved, _as_origin(one)))
            self.days.setdefault(one.source, {}).setdefault(one.as_of, set()).add(change.paper.id)
        return changes

    def known(self, source: str) -> Known:
        days = self.days.get(source, {})
        last = {id: max((day for day, ids in days.items() if id in ids), default=None) for id in self.papers}
        papers = tuple(
            KnownPaper(paper=one, keys=frozenset(self.keys[id]), origins=self.origins[id], last_listed=last[id])
            for id, one in sorted(self.papers.items())
        )
        return Known(papers=papers, days=frozenset(days))


def sighting(paper_id: str = "2606.00001", **given: Any) -> Sighting:
    values: dict[str, Any] = {
        "source": "test",
        "date": TODAY,
        "position": 1,
        "listed": 20,
        "votes": None,
        "comments": None,
        "seen_at": NOW,
        "digest": "d1",
    }
    return Sighting(paper_id=paper_id, **(values | given))


def trend_of(paper_id: str, points: int = 0, votes: int | None = None) -> Trend:
    terms = (Reason(kind="votes", label=f"{points} votes", points=points),) if points else ()
    return Trend(paper_id=paper_id, terms=terms, votes=votes)


def ranked(one: Paper, points: int = 0, *reasons: Reason) -> Ranked:
    trend = trend_of(one.id, points)
    return Ranked(paper=one, trend=trend, reasons=reasons or trend.terms)


def hidden(one: Paper, rule: str = "muted word “survey”") -> Hidden:
    return Hidden(paper=one, rule=rule)


def profile(*words: str | Term, **given: Any) -> Profile:
    """A profile of one topic with these words."""
    terms = tuple(Term(text=word) if isinstance(word, str) else word for word in words)
    topics = (Topic(name="topic", terms=terms),) if terms else ()
    values: dict[str, Any] = {"name": "reader", "title": "Reader", "topics": topics}
    return Profile(**(values | given))


def subscription(**given: Any) -> Subscription:
    values: dict[str, Any] = {"id": "reader/ada@example.org", "profile": "reader", "address": "ada@example.org"}
    return Subscription(**(values | given))


def last_edition(day: date = date(2026, 6, 1), reason: str | None = None, **given: Any) -> LastEdition:
    values: dict[str, Any] = {"date": day, "made_at": datetime(day.year, day.month, day.day, 7, 0, tzinfo=UTC)}
    return LastEdition(reason=reason, **(values | given))
