"""What a paper becomes by what an entry claims of it: in each field the claim that stands.

Any two claims of a field have an order without a third, so the same one stands in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from operator import attrgetter
from typing import Any

from digest.model import Announced, Entry, Facts, KnownPaper, Listing, Origin

FACT_FIELDS: tuple[str, ...] = tuple(field.name for field in fields(Facts))

# A text as its source wrote it goes with the text, from the same entry, and is never judged alone.
_COMPANIONS = {"title": "latex_title", "abstract": "latex_abstract"}
_JUDGED = tuple(field for field in FACT_FIELDS if field not in _COMPANIONS.values())
_judged: attrgetter[tuple[Any, ...]] = attrgetter(*_JUDGED)

_SILENT = (None, "", ())
_CUT = ("…", "...")


def standing(field: str, value: object, origin: Origin) -> tuple[int, int, int, date, str]:
    """What decides between two claims of a field: the one of the greater standing is the paper's.

    A cut text yields to any other, and of versions the latest stands, whoever tells it. Then the better source decides;
    among equally good ones the abstract that does not break off, the longer list, the earlier day of a first version;
    then the later listing; and at last the digest, which is as good as a coin but falls the same way each time.
    """
    first = last = 0
    if isinstance(value, str):
        first = not is_cut(value)
        last = field == "abstract" and not breaks_off(value)
    elif isinstance(value, tuple):
        last = len(value)
    elif field == "version" and isinstance(value, int):
        first = value
    elif field == "updated" and isinstance(value, date):
        first = value.toordinal()
    elif field == "published" and isinstance(value, date):
        last = -value.toordinal()
    return first, origin.fidelity, last, origin.as_of, origin.digest


def is_cut(text: str) -> bool:
    """Whether it says itself that there is more."""
    return text.endswith(_CUT)


def breaks_off(abstract: str) -> bool:
    """Whether it ends in the middle of a sentence; a whole one may end with an address."""
    return abstract[-1:].isalnum() and "/" not in abstract.split()[-1]


class Merger:
    """Merges the entries of one listing into papers."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.origin = Origin(
            dump=listing.dump,
            digest=listing.digest,
            source=listing.source,
            as_of=listing.as_of,
            fidelity=listing.fidelity,
        )
        self.origins: Mapping[str, Origin] = dict.fromkeys(
            FACT_FIELDS, self.origin
        )  # of a paper met for the first time
        self._renews: dict[str, bool] = {}  # by digest: there are few origins among many papers

    def facts(self, entry: Entry) -> Facts:
        """What an entry claims. A replacement that tells neither version nor day is of the day it is announced on."""
        facts = entry.facts
        if entry.announced is Announced.REPLACED and facts.version is None and facts.updated is None:
            return replace(facts, updated=self.listing.as_of)
        return facts

    def merge(self, known: KnownPaper, facts: Facts) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The fields that take a new value, and all whose value has its origin in this listing from now on."""
        changed: dict[str, Any] = {}
        told = []
        for field, old, new in zip(_JUDGED, _judged(known.paper), _judged(facts), strict=True):
            if new not in _SILENT and self._stands(field, new, old, known.origins.get(field)):
                told.append(field)
                if new != old:
                    changed[field] = new
        for text, written in _COMPANIONS.items():
            if text in told:
                new = getattr(facts, written)
                if new is not None:
                    told.append(written)
                if new != getattr(known.paper, written):
                    changed[written] = new
        return changed, tuple(told)

    def _stands(self, field: str, new: object, old: object, origin: Origin | None) -> bool:
        if origin is None or old in _SILENT:
            return True
        if new != old:
            return standing(field, new, self.origin) > standing(field, old, origin)
        if (renews := self._renews.get(origin.digest)) is None:
            mine, theirs = self.origin, origin
            renews = (mine.fidelity, mine.as_of, mine.digest) > (theirs.fidelity, theirs.as_of, theirs.digest)
            self._renews[origin.digest] = renews
        return renews
