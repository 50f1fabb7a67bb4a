"""Builders of nouns for the tests: everything has a plain default, and a test names only what it is about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from digest.diff import FACT_FIELDS, diff
from digest.model import (
    Change,
    Changes,
    Entry,
    Facts,
    FieldChange,
    Hidden,
    HiddenAs,
    Known,
    KnownPaper,
    LastEdition,
    Learned,
    Listing,
    Origin,
    Outcome,
    Paper,
    Part,
    Profile,
    Ranked,
    Ranking,
    Reason,
    SectionKind,
    Shown,
    Sighting,
    Subscription,
    Term,
    Topic,
    Trend,
)
from digest.rank import Asked, Background, Corpus, Trending, rank
from digest.words import stem

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

    def days(self, source: str, form: str | None = None) -> dict[date, set[str]]:
        """What the source's dumps of each day hold, all or in one format; a dump without entries makes no day."""
        found: dict[date, set[str]] = {}
        for one, ids in self.dumps.values():
            if one.source == source and ids and form in (None, one.format):
                found.setdefault(one.as_of, set()).update(ids)
        return found

    def known(self, coming: Listing) -> Known:
        days = self.days(coming.source)
        last = {id: max((day for day, ids in days.items() if id in ids), default=None) for id in self.papers}
        in_form = self.days(coming.source, coming.format)
        watched = {id: min((day for day, ids in in_form.items() if id in ids), default=date.max) for id in self.papers}
        papers = tuple(
            KnownPaper(
                paper=one,
                keys=frozenset(self.keys[id]),
                origins=self.origins[id],
                last_listed=last[id],
                watched=watched[id] < coming.as_of,
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
    return Ranked.of(one, trend, reasons or trend.terms, topic)


def hidden(one: Paper, rule: str = "muted word “survey”", score: int = 0, kind: HiddenAs = HiddenAs.MUTED) -> Hidden:
    return Hidden(paper=one, kind=kind, rule=rule, score=score)


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


# --- rankings ----------------------------------------------------------------------------------------------------

# What papers at large are about, in a small world: each subject is a dimension of meaning, with the words that are of
# it. Its first words are in more papers than its last ones.
SUBJECTS = (
    "language model token prompt chain thought reasoning math distillation student teacher compact llm",
    "robot manipulation arm sensor grasping gripper tactile assembly embodied",
    "video image frame diffusion clip pixel render camera",
    "cell protein gene folding enzyme",
    "speech audio noise dialect acoustic phoneme",
)
COMMON = "method data training result small survey"  # of no subject
PAIRS = "language model|small language|chain thought|video generation|protein folding|speech recognition"


def background() -> Background:
    """A small world of 1,000 papers, by hand."""
    of_subject = {stem(word): number for number, words in enumerate(SUBJECTS) for word in words.split()}
    common = [stem(word) for word in COMMON.split()]
    pairs = [" ".join(map(stem, pair.split())) for pair in PAIRS.split("|")]
    known = sorted({*of_subject, *common, *pairs})
    places = {stem(word): place for words in (COMMON, *SUBJECTS) for place, word in enumerate(words.split())}
    share = np.array([0.01 if " " in one else (0.3 if one in common else 0.1) / (1 + places[one]) for one in known])
    table = np.zeros((len(known), len(SUBJECTS)))
    for row, term in enumerate(known):
        for word in term.split():
            if word in of_subject:
                table[row, of_subject[word]] += 1.0
    return Background(
        known,
        np.rint(1000 * share).astype(np.int32),
        1000,
        mean=share * 0.15,
        square=share * 0.15**2,
        table=table,
        centre=np.full(len(SUBJECTS), 0.1),
        spread=np.array([0.35, 0.25, 0.2, 0.1, 0.1]),
        length=20.0,
    )


BACKGROUND = background()


# Titles without a word in common, so that nothing is similar unless a test makes it so.
FIVE = [
    paper("2606.00001", title="Small language models", abstract="Distillation of reasoning into compact students."),
    paper("2606.00002", title="Robot manipulation", abstract="Grasping objects by tactile feedback during assembly."),
    paper("2606.00003", title="Video generation", abstract="Diffusion transformers make temporally coherent clips."),
    paper("2606.00004", title="Protein folding"),
    paper("2606.00005", title="Speech recognition surveys", abstract="Acoustic benchmarks across dialects and noise."),
]


def ranking(
    papers: Iterable[Paper],
    who: Profile,
    trends: Mapping[str, Trend] | None = None,
    *,
    known: Mapping[str, Paper] | None = None,
    learned: Sequence[Learned] = (),
    earlier: Iterable[Paper] = (),
    told: Collection[str] = (),
) -> Ranking:
    """What the profile gets of the papers in the small world, where nothing is trending unless it is said."""
    corpus = Corpus(papers, BACKGROUND, earlier)
    given = trends or {one.id: trend_of(one.id) for one in corpus.papers}
    return rank(Asked(corpus, who, known), Trending(corpus.papers, given), learned, told)


def order(found: Ranking) -> list[str]:
    return [one.paper.id for one in found.papers]


def of(found: Ranking, paper_id: str) -> Ranked:
    return next(one for one in found.papers if one.paper.id == paper_id)


def points(found: Ranking, paper_id: str) -> dict[str, int]:
    """Of each kind of reason, all points."""
    told: dict[str, int] = {}
    for one in of(found, paper_id).reasons:
        told[one.kind] = told.get(one.kind, 0) + one.points
    return told
