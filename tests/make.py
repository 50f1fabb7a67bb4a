"""Builders of nouns for the tests: everything has a plain default, and a test names only what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from digest.diff import FACT_FIELDS, diff
from digest.model import (
    Change,
    Changes,
    Entry,
    Facts,
    FieldChange,
    Hidden,
    Known,
    KnownPaper,
    LastEdition,
    Listing,
    Origin,
    Outcome,
    Paper,
    Part,
    Profile,
    Ranked,
    Reason,
    SectionKind,
    Shown,
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
    """The store as far as `diff` can tell: papers, keys, origins, who listed what when, and what a day changed."""

    def __init__(self) -> None:
        self.papers: dict[str, Paper] = {}
        self.keys: dict[str, set[str]] = {}
        self.origins: dict[str, dict[str, Origin]] = {}
        self.dumps: dict[str, tuple[Listing, list[str]]] = {}  # by digest, in the order they came
        self.today: dict[str, tuple[date, tuple[FieldChange, ...]]] = {}
        self.revisions: dict[tuple[str, str, date], tuple[FieldChange, datetime]] = {}  # by paper, field and day
        self.relisted: set[tuple[str, date]] = set()

    def ingest(self, one: Listing, now: datetime = NOW) -> Changes:
        """What the store does of it: a dump known by its digest is left alone."""
        if one.digest in self.dumps:
            return Changes(entries=())
        changes = diff(one, self.known(one), now)
        for change in changes.entries:
            self._record(one, change, now)
        self.dumps[one.digest] = one, [change.paper.id for change in changes.entries]
        return changes

    def _record(self, one: Listing, change: Change, now: datetime) -> None:
        id = change.paper.id
        said = [field for field in FACT_FIELDS if getattr(change.paper, field) not in (None, "", ())]
        told = said if id not in self.papers else change.told
        self.papers[id] = change.paper
        self.keys.setdefault(id, set()).update(change.keys)
        self.origins.setdefault(id, {}).update(dict.fromkeys(told, _as_origin(one)))
        if change.outcome is Outcome.RELISTED:
            self.relisted.add((id, one.as_of))
        if change.today:
            self.today[id] = one.as_of, change.today
        undone = [self.revisions.pop((id, each.field, one.as_of), None) for each in change.fields]
        self.revisions |= {(id, each.field, one.as_of): (each, now) for each in change.fields if each.notable}
        if any(undone):
            moments = [at for (revised, *_), (_, at) in self.revisions.items() if revised == id]
            self.papers[id] = replace(change.paper, revised_at=max(moments, default=None))

    def days(self, source: str) -> dict[date, set[str]]:
        """What the source's dumps of each day hold; a dump without entries makes no day."""
        found: dict[date, set[str]] = {}
        for one, ids in self.dumps.values():
            if one.source == source and ids:
                found.setdefault(one.as_of, set()).update(ids)
        return found

    def known(self, coming: Listing) -> Known:
        days = self.days(coming.source)
        last = {id: max((day for day, ids in days.items() if id in ids), default=None) for id in self.papers}
        papers = tuple(
            KnownPaper(
                paper=one,
                keys=frozenset(self.keys[id]),
                origins=self.origins[id],
                last_listed=last[id],
                today=next((today for day, today in [self.today.get(id, (None, ()))] if day == coming.as_of), ()),
            )
            for id, one in sorted(self.papers.items())
        )
        same = [ids for one, ids in self.dumps.values() if (one.source, one.as_of) == (coming.source, coming.as_of)]
        before = max((day for day in days if day < coming.as_of), default=None)
        return Known(
            papers=papers,
            previous=tuple(self.papers[id] for id in dict.fromkeys(same[-1])) if same else (),
            before=frozenset(days[before]) if before else frozenset(),
            days=frozenset(days),
        )

    def report(self, day: date) -> dict[str, set[str]]:
        """What a day brought, by all of its dumps: each paper once, as the first of these that it is."""
        new = {id for id, one in self.papers.items() if one.first_listed == day}
        relisted = {id for id, when in self.relisted if when == day} - new
        revised = {id for id, _, when in self.revisions if when == day} - new - relisted
        return {"new": new, "relisted": relisted, "revised": revised}

    def sourced(self, id: str) -> dict[str, tuple[object, str]]:
        """Each field that the paper says something of, with the digest of the dump that said it."""
        values = {field: getattr(self.papers[id], field) for field in FACT_FIELDS}
        return {
            field: (value, self.origins[id][field].digest)
            for field, value in values.items()
            if value not in (None, "", ())
        }


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


def ranked(one: Paper, points: int = 0, *reasons: Reason, topic: str = "") -> Ranked:
    """A paper whose trend is of so many points, and so is its score unless there are other reasons."""
    trend = trend_of(one.id, points)
    return Ranked(paper=one, trend=trend, reasons=reasons or trend.terms, topic=topic)


def hidden(one: Paper, rule: str = "muted word “survey”", score: int = 0) -> Hidden:
    return Hidden(paper=one, rule=rule, score=score)


def reason(kind: str = "word", points: int = 0, label: str = "", *parts: Part) -> Reason:
    return Reason(kind=kind, label=label or kind, points=points, parts=parts)


def shown(*ids: str, on: date = date(2026, 6, 1), kind: SectionKind = SectionKind.MAIN) -> dict[str, Shown]:
    return dict.fromkeys(ids, Shown(on=on, kind=kind))


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
