"""What of a paper's changes a reader would be told: its revisions, against what the paper was before the day.

Not against the dump before, so that the dumps of a day mean the same in any order. Votes and white space are no news.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from digest.diff.identity import title_key, words
from digest.diff.merge import breaks_off, is_cut
from digest.model import Facts, FieldChange, KnownPaper, Listing

_TEXTS = ("title", "abstract")
_RELEASES = ("version", "updated")
_WATCHED = frozenset({*_TEXTS, *_RELEASES, "code_url", "withdrawn"})


def news(
    listing: Listing, known: KnownPaper, facts: Facts, changed: Mapping[str, Any], told: Collection[str], replaced: bool
) -> tuple[tuple[FieldChange, ...], tuple[FieldChange, ...]]:
    """The field changes by an entry; and what to remember of the day's changes until it is over.

    `changed` and `told` are what the entry's facts come to, `replaced` whether it announces a new version.
    What was not listed before this day is new as a whole: none of its changes is notable.
    """
    if known.paper.first_listed is None or known.paper.first_listed >= listing.as_of:
        return tuple(_unnotable(known, field, new) for field, new in changed.items()), ()
    today = {each.field: each for each in known.today}
    found = [_unnotable(known, field, new) for field, new in changed.items() if field not in _WATCHED]
    for field in _touched(listing, known, facts, changed, told, replaced):
        now, earlier = changed.get(field, getattr(known.paper, field)), today.get(field)
        before = earlier.old if earlier else getattr(known.paper, field)
        was_notable = earlier is not None and earlier.notable
        if field in _TEXTS and _of_other_quality(listing, known, field):
            before = None
        notable = _notable(field, before, now, replaced or was_notable, known.watched or was_notable)
        today[field] = FieldChange(field=field, old=before, new=None, notable=notable)
        if field in changed or notable != was_notable:
            found.append(FieldChange(field=field, old=_shown(known, field, before), new=now, notable=notable))
    return tuple(found), tuple(today.values())


def _unnotable(known: KnownPaper, field: str, new: object) -> FieldChange:
    return FieldChange(field=field, old=getattr(known.paper, field), new=new, notable=False)


def _touched(
    listing: Listing, known: KnownPaper, facts: Facts, changed: Collection[str], told: Collection[str], replaced: bool
) -> Iterator[str]:
    """The fields to judge: those that change, and those of which the entry says the same but says more by it.

    A better source confirms a text: what it says of it later today is not compared with the worse one's. A replacement
    confirms a version that another dump has told today without saying that it is new, and a source that told of no code
    before the code that another has told of today.
    """
    yield from (field for field in changed if field in _WATCHED)
    for field in _TEXTS:
        if field in told and field not in changed and _of_other_quality(listing, known, field):
            yield field
    confirming = (*(_RELEASES if replaced else ()), *(("code_url",) if known.watched else ()))
    today = {each.field for each in known.today}.difference(changed)
    yield from (field for field in confirming if field in today and getattr(facts, field) is not None)


def _of_other_quality(listing: Listing, known: KnownPaper, field: str) -> bool:
    origin = known.origins.get(field)
    return origin is not None and origin.fidelity != listing.fidelity


def _notable(field: str, before: Any, now: Any, replaced: bool, watched: bool) -> bool:
    """`before` is None where it was not known, and of a text also where a worse source told it: to mend it is no news.

    Neither is the rest of a text that was cut, nor code that another source does not tell: it may have been there.
    """
    if field in _RELEASES:
        return replaced if before is None else bool(now > before)
    if field == "withdrawn":
        return now is True and before is not True
    if field == "code_url":
        return watched and not before
    if not before or is_cut(before):
        return False
    if title_key(before) == title_key(now):  # nor are blanks that were lost where lines were joined
        return False
    return field == "title" or not (breaks_off(before) or words(before) == words(now))


def _shown(known: KnownPaper, field: str, before: object) -> object:
    """The old value for people: the first version's day where no later one was known, a worse source's text too."""
    if before is None and field == "updated":
        return known.paper.published
    return getattr(known.paper, field) if before is None and field in _TEXTS else before
