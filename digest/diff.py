"""Pure: a listing against what is known -> changes. Owns identity, merging and what counts as a revision.

Does not know where the known papers are kept. The papers that could match are found by `identity_keys`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from itertools import chain, count

from digest.model import (
    Change,
    Changes,
    Entry,
    Facts,
    FieldChange,
    Known,
    KnownPaper,
    Listing,
    Origin,
    Outcome,
    Paper,
)

FACT_FIELDS: tuple[str, ...] = tuple(field.name for field in fields(Facts))

# A repeat of a list over a long weekend is not a re-listing; the shortest one really seen came after six days.
RELISTED_AFTER = timedelta(days=4)

# Share of the shorter abstract's words that the other must hold for two abstracts to be of one paper.
SAME_ABSTRACT = 0.6

_LONGEST_KEY = 200
_WORD = re.compile(r"\w+")


# --- identity ------------------------------------------------------------------------------------------------


def title_key(title: str) -> str:
    """What stays of a title when white space, case, accents, sub- and superscripts and punctuation do not count.

    Empty for a title without any letter or digit. Long keys are cut to their hash.
    """
    decomposed = unicodedata.normalize("NFKD", title).casefold()
    key = "".join(character for character in decomposed if character.isalnum())
    return key if len(key) <= _LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def identity_keys(facts: Facts) -> tuple[str, ...]:
    """The keys under which a paper can be found, strongest first: arXiv id, DOI, title."""
    keys = []
    if facts.arxiv_id:
        keys.append(f"arxiv:{facts.arxiv_id}")
    if facts.doi:
        keys.append(f"doi:{facts.doi.casefold()}")
    keys.append(f"title:{title_key(facts.title) or facts.title.strip().casefold()[:_LONGEST_KEY]}")
    return tuple(keys)


def listing_keys(listing: Listing) -> frozenset[str]:
    """All keys of a listing's entries: what the store is asked for before `diff`."""
    return frozenset(key for entry in listing.entries for key in identity_keys(entry.facts))


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(unicodedata.normalize("NFKD", text).casefold()))


def same_abstract(one: str, other: str) -> bool:
    """Whether two abstracts can be of one paper; an absent one contradicts nothing."""
    if not one or not other or one == other:
        return True
    mine, theirs = _words(one), _words(other)
    return len(mine & theirs) >= SAME_ABSTRACT * min(len(mine), len(theirs))


def _same_work(facts: Facts, paper: Paper, key: str) -> bool:
    """Whether an entry found by this key is this paper: never with another arXiv id, by title with another abstract."""
    if facts.arxiv_id and paper.arxiv_id and facts.arxiv_id != paper.arxiv_id:
        return False
    return not key.startswith("title:") or same_abstract(facts.abstract, paper.abstract)


def _doubts(facts: Facts, paper: Paper) -> tuple[bool, bool, bool, str]:
    """What speaks against a paper where several have the key.

    No abstract to confirm it; only an old title in common; not having been listed by its title alone before.
    """
    unconfirmed = bool(facts.abstract) and not paper.abstract
    by_title_alone = paper.id == new_paper_id(Facts(title=facts.title), ())
    return unconfirmed, title_key(facts.title) != title_key(paper.title), not by_title_alone, paper.id


def new_paper_id(facts: Facts, taken: Container[str]) -> str:
    """The arXiv id, else `t-` and a hash of the title; with the abstract in it where that title is taken already."""
    if facts.arxiv_id:
        return facts.arxiv_id
    key = identity_keys(facts)[-1]
    seeds = chain((key,), (f"{key} {facts.abstract}{' again' * more}" for more in count()))
    ids = (f"t-{hashlib.sha256(seed.encode()).hexdigest()[:16]}" for seed in seeds)
    return next(one for one in ids if one not in taken)


class _Index:
    """The known papers by key, growing as the listing is read, so that a paper listed twice is met again."""

    def __init__(self, known: Iterable[KnownPaper]) -> None:
        self.papers: dict[str, KnownPaper] = {}
        self._by_key: defaultdict[str, set[str]] = defaultdict(set)
        for paper in known:
            self.put(paper)

    def put(self, known: KnownPaper) -> None:
        self.papers[known.paper.id] = known
        for key in known.keys:
            self._by_key[key].add(known.paper.id)

    def find(self, facts: Facts) -> KnownPaper | None:
        for key in identity_keys(facts):
            found = [self.papers[paper_id] for paper_id in self._by_key.get(key, ())]
            if matches := [one for one in found if _same_work(facts, one.paper, key)]:
                return min(matches, key=lambda one: _doubts(facts, one.paper))
        return None


# --- merging ---------------------------------------------------------------------------------------------------


def _poorer(field: str, new: object, old: object, marked: bool) -> bool:
    """Whether a value says less than another: a cut text, a shortened list, an older version.

    With `marked` a text must say itself that it is cut, else a worse source's additions would pass for the whole.
    """
    if isinstance(new, str) and isinstance(old, str):
        cut = new.rstrip(" .…")
        return len(cut) < len(old) and old.startswith(cut) and (not marked or new.endswith(("…", "...")))
    if isinstance(new, tuple) and isinstance(old, tuple):
        return len(new) < len(old) and set(new) <= set(old)
    return field == "version" and isinstance(new, int) and isinstance(old, int) and new < old


def _notable(field: str, old: object, new: object, origin: Origin | None, listing: Listing, seen: bool) -> bool:
    """Whether a reader would want to be told. A better source correcting a worse one's text is no news of the paper."""
    if field == "code_url":
        return not old and seen
    if field == "withdrawn":
        return new is True
    if field == "version":
        return isinstance(old, int)  # never to a lower one
    if origin is None or origin.fidelity != listing.fidelity or _poorer(field, old, new, marked=False):
        return False
    if field == "title":
        return title_key(str(old)) != title_key(str(new))
    return field == "abstract" and _words(str(old)) != _words(str(new))


@dataclass(frozen=True, slots=True)
class _Merger:
    """Merges entries of one listing: per field the better source wins, then the later day, then the digest.

    A poorer value never replaces a richer one, whichever came first.
    """

    listing: Listing

    @property
    def origin(self) -> Origin:
        return Origin(
            dump=self.listing.dump,
            digest=self.listing.digest,
            source=self.listing.source,
            as_of=self.listing.as_of,
            fidelity=self.listing.fidelity,
        )

    def wins(self, origin: Origin | None) -> bool:
        if origin is None:
            return True
        mine = (self.listing.fidelity, self.listing.as_of, self.listing.digest)
        return mine > (origin.fidelity, origin.as_of, origin.digest)

    def replaces(self, field: str, new: object, old: object, origin: Origin | None) -> bool:
        marked = origin is not None and origin.fidelity != self.listing.fidelity
        if _poorer(field, new, old, marked):
            return False
        return _poorer(field, old, new, marked) or self.wins(origin)

    def told(self, facts: Facts, origins: Mapping[str, Origin]) -> dict[str, Origin]:
        """Origins after an entry: what the dump says first of a paper is what it says."""
        fields = (field for field in FACT_FIELDS if getattr(facts, field) not in (None, "", ()))
        return {**origins, **{field: self.origin for field in fields if self.wins(origins.get(field))}}

    def changes(self, known: KnownPaper, facts: Facts) -> tuple[FieldChange, ...]:
        found = []
        for field in FACT_FIELDS:
            old, new = getattr(known.paper, field), getattr(facts, field)
            if new is None or new in ("", ()) or new == old:
                continue
            absent = old is None or old in ("", ())
            if not absent and not self.replaces(field, new, old, known.origins.get(field)):
                continue
            notable = _notable(field, old, new, known.origins.get(field), self.listing, known.last_listed is not None)
            found.append(FieldChange(field=field, old=old, new=new, notable=notable))
        return tuple(found)


def _relisted(listing: Listing, last: date | None, days: frozenset[date]) -> bool:
    """Whether the source left the paper out and now lists it again. Search results leave out without meaning it."""
    if not listing.daily or last is None or last >= listing.as_of:
        return False
    missed = any(last < day < listing.as_of for day in days)
    return missed or listing.as_of - last > RELISTED_AFTER


# --- the diff ----------------------------------------------------------------------------------------------------


def _first_time(entry: Entry, listing: Listing, index: _Index, now: datetime) -> Paper:
    return Paper(
        **{field: getattr(entry.facts, field) for field in FACT_FIELDS},
        id=new_paper_id(entry.facts, index.papers),
        first_listed=listing.as_of,
        first_seen=now,
    )


def _again(known: KnownPaper, changed: tuple[FieldChange, ...], listing: Listing, now: datetime) -> Paper:
    values: dict[str, object] = {change.field: change.new for change in changed}
    values["first_listed"] = min(known.paper.first_listed, listing.as_of)
    if any(change.notable for change in changed):
        values["revised_at"] = now
    return replace(known.paper, **values)  # type: ignore[arg-type]  # the values were read from the same fields


def diff(listing: Listing, known: Known, now: datetime) -> Changes:
    """Put every entry in exactly one outcome, in listing order, and name the papers gone since `known.previous`.

    A paper listed twice in one dump is new the first time and unchanged the second. `now` becomes `first_seen` of
    new papers and `revised_at` of revised ones.
    """
    index, merger = _Index(known.papers), _Merger(listing)
    met: set[str] = set()
    changes = []
    for entry in listing.entries:
        change = _change(entry, index, merger, known.days, met, now)
        met.add(change.paper.id)
        changes.append(change)
    gone = tuple(paper for paper in known.previous if paper.id not in met)
    return Changes(entries=tuple(changes), gone=gone)


def _change(
    entry: Entry, index: _Index, merger: _Merger, days: frozenset[date], met: set[str], now: datetime
) -> Change:
    listing, keys = merger.listing, identity_keys(entry.facts)
    match = index.find(entry.facts)
    if match is None:
        paper = _first_time(entry, listing, index, now)
        index.put(KnownPaper(paper=paper, keys=frozenset(keys), origins=merger.told(entry.facts, {}), last_listed=None))
        return Change(entry=entry, outcome=Outcome.NEW, paper=paper, keys=keys)
    changed = merger.changes(match, entry.facts)
    paper = _again(match, changed, listing, now)
    origins = merger.told(entry.facts, match.origins)
    index.put(replace(match, paper=paper, keys=match.keys | set(keys), origins=origins))
    outcome = Outcome.UNCHANGED
    if any(change.notable for change in changed):
        outcome = Outcome.REVISED
    elif paper.id not in met and _relisted(listing, match.last_listed, days):
        outcome = Outcome.RELISTED
    return Change(entry=entry, outcome=outcome, paper=paper, keys=keys, fields=changed)


def known_from(listing: Listing, now: datetime) -> Known:
    """A listing as the known past of another, for comparing two dumps without a store.

    Its values yield to any other listing of the same fidelity, whatever the two dates are.
    """
    origin = replace(_Merger(listing).origin, as_of=date.min, digest="")
    latest = {change.paper.id: change for change in diff(listing, Known(), now).entries}
    papers = tuple(
        KnownPaper(
            paper=change.paper,
            keys=frozenset(identity_keys(change.paper)) | set(change.keys),
            origins=dict.fromkeys(FACT_FIELDS, origin),
            last_listed=listing.as_of,
        )
        for change in latest.values()
    )
    return Known(papers=papers, previous=tuple(known.paper for known in papers), days=frozenset({listing.as_of}))
