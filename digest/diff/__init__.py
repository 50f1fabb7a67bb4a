"""Pure: a listing against what is known -> changes.

    identity   which paper an entry speaks of
    merge      what the paper becomes by it
    news       what of that a reader would be told

Does not know where the known papers are kept. The papers that could match are found by `identity_keys`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any

from digest.diff.identity import Index, Keys, identity_keys, listing_keys, new_paper_id, same_abstract, title_key
from digest.diff.merge import FACT_FIELDS, Merger
from digest.diff.news import news
from digest.match import tail_key
from digest.model import (
    Announced,
    Change,
    Changes,
    DayList,
    Entry,
    Facts,
    Known,
    KnownPaper,
    Listing,
    Mark,
    Outcome,
    Paper,
)
from digest.model.made import maker

__all__ = [
    "FACT_FIELDS",
    "diff",
    "identity_keys",
    "known_from",
    "listing_keys",
    "new_paper_id",
    "same_abstract",
    "title_key",
]

# A repeat of a list over a long weekend is not a re-listing; the shortest one really seen came after six days.
RELISTED_AFTER = timedelta(days=4)

_PAPER_FIELDS = tuple(field.name for field in fields(Paper))
_paper_values: attrgetter[tuple[Any, ...]] = attrgetter(*_PAPER_FIELDS)
_paper, _new_paper, _change = maker(Paper), maker(Paper, Facts), maker(Change)


def diff(listing: Listing, known: Known, now: datetime, keys: Sequence[Keys] | None = None) -> Changes:
    """Put every entry in exactly one outcome, in listing order, and name the papers gone since `known.previous`.

    A paper listed twice in one dump is new the first time and unchanged the second. `now` becomes `first_seen` of
    new papers and `revised_at` of revised ones. `keys` are those of `listing_keys`, where they are made already.
    """
    reading = _Reading(listing, known, now)
    keyed = zip(listing.entries, listing_keys(listing) if keys is None else keys, strict=True)
    entries = tuple([reading.change(entry, of_entry) for entry, of_entry in keyed])
    met = {change.paper.id for change in entries}
    gone = tuple(paper for paper in known.previous if paper.id not in met)
    return Changes(entries=entries, gone=gone, marks=_marks(listing, known, met))


def told_in_turn(lists: Sequence[DayList]) -> tuple[DayList, ...]:
    """The dumps of a source's day, in the order in which they were taken, each told of against the one before it."""
    told, earlier = [], frozenset[str]()
    for one in lists:
        marks = dict.fromkeys(one.marks, True) | _against(earlier, one.ids)
        told.append(replace(one, marks=_holding(marks), gone=len(earlier - one.ids)))
        earlier = one.ids
    return tuple(told)


class _Reading:
    """A listing being read entry by entry against what is known."""

    def __init__(self, listing: Listing, known: Known, now: datetime) -> None:
        self.listing, self.now = listing, now
        self.merger = Merger(listing)
        self.index = Index(known.papers, self.merger.origins)
        self.day_before = max((day for day in known.days if day < listing.as_of), default=None)
        self.met: set[str] = set()  # of the papers that were known

    def change(self, entry: Entry, keys: Keys) -> Change:
        facts = self.merger.facts(entry)
        known = self.index.find(facts, keys)
        return self._new(entry, facts, keys) if known is None else self._known(entry, facts, keys, known)

    def _new(self, entry: Entry, facts: Facts, keys: Keys) -> Change:
        paper_id = new_paper_id(facts, self.index)
        first_listed = self.listing.as_of if self.listing.lists(facts.published) else None
        paper = _new_paper(facts, paper_id, first_listed, self.now)
        self.index.put(paper, keys)
        return _change(entry, Outcome.NEW, paper, keys, tail=tail_key(paper.title))

    def _known(self, entry: Entry, facts: Facts, keys: Keys, known: KnownPaper) -> Change:
        changed, told = self.merger.merge(known, facts)
        found, today = news(self.listing, known, facts, changed, told, entry.announced is Announced.REPLACED)
        notable = any(each.notable for each in found)
        first = known.paper.first_listed is None and self.listing.lists(known.paper.published or facts.published)
        paper = self._paper(known.paper, changed, notable, first)
        outcome = Outcome.REVISED if notable else Outcome.UNCHANGED
        if first:
            outcome = Outcome.NEW
        elif self._relists(entry, known):
            outcome = Outcome.RELISTED
        self.met.add(paper.id)
        after = KnownPaper(
            paper=paper,
            keys=known.keys,
            origins={**known.origins, **dict.fromkeys(told, self.merger.origin)} if told else known.origins,
            last_listed=known.last_listed,
            watched=known.watched,
            today=today,
        )
        self.index.put(after, keys)
        return Change(
            entry=entry,
            outcome=outcome,
            paper=paper,
            keys=keys,
            fields=found,
            told=told,
            today=today,
            stored=first,
            tail=tail_key(paper.title) if "title" in changed else "",
        )

    def _paper(self, paper: Paper, changed: dict[str, Any], notable: bool, first: bool) -> Paper:
        if first:
            changed = {**changed, "first_listed": self.listing.as_of, "first_seen": self.now}
        elif paper.first_listed and self.listing.as_of < paper.first_listed:
            changed = {**changed, "first_listed": self.listing.as_of}
        if notable:
            changed = {**changed, "revised_at": self.now}
        if not changed:
            return paper
        return _paper(**{**dict(zip(_PAPER_FIELDS, _paper_values(paper), strict=True)), **changed})

    def _relists(self, entry: Entry, known: KnownPaper) -> bool:
        """Whether the source left the paper out and now lists it again.

        Search results leave out without meaning it; and a cross-list or a replacement lists nothing again.
        """
        last, day = known.last_listed, self.listing.as_of
        if not self.listing.daily or last is None or last >= day or known.paper.id in self.met:
            return False
        if entry.announced in (Announced.CROSS, Announced.REPLACED):
            return False
        missed = self.day_before is not None and self.day_before > last
        return missed or day - last > RELISTED_AFTER


def _marks(listing: Listing, known: Known, met: set[str]) -> tuple[Mark, ...]:
    """An empty listing is a placeholder: it neither repeats nor lacks anything."""
    against = _against({paper.id for paper in known.previous}, met)
    repeated = listing.daily and bool(met) and known.before == met
    return _holding({Mark.CUT: listing.cut, **against, Mark.REPEATED: repeated})


def _against(earlier: Set[str], met: Set[str]) -> dict[Mark, bool]:
    """What is told of a dump against the one before it."""
    return {Mark.COMPLETED: bool(earlier) and earlier < met, Mark.SHRUNK: bool(met) and not earlier <= met}


def _holding(marks: Mapping[Mark, bool]) -> tuple[Mark, ...]:
    return tuple(mark for mark in Mark if marks.get(mark))


def known_from(listing: Listing, now: datetime) -> Known:
    """A listing as the known past of another, for comparing two dumps without a store.

    Its values yield to any other listing's of the same fidelity, whatever the two dates are.
    """
    origin = replace(Merger(listing).origin, as_of=date.min, digest="")
    latest = {change.paper.id: change for change in diff(listing, Known(), now).entries}
    papers = tuple(
        KnownPaper(
            paper=replace(change.paper, first_listed=date.min),
            keys=frozenset({*identity_keys(change.paper), *change.keys}),
            origins=dict.fromkeys(FACT_FIELDS, origin),
            last_listed=listing.as_of,
            watched=True,
        )
        for change in latest.values()
    )
    return Known(papers=papers, previous=tuple(known.paper for known in papers), days=frozenset({listing.as_of}))
