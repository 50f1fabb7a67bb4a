"""Pure: ranked papers -> the sections of a list: the topics' shares, what is trending, exploration, late risers.

Decides which paper gets which place; does not know about editions or words.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from digest.model import NAMED, Profile, Ranked, Ranking, Section, SectionKind, Shown, Sighting
from digest.trend import risen, tie

EXPLORED_AMONG = 5  # of so many papers a place, the day of the calendar tells which is explored
MAIN, TRENDING = Section(), Section(kind=SectionKind.TRENDING)
EXPLORE, RISEN = Section(kind=SectionKind.EXPLORE), Section(kind=SectionKind.RISEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A paper and the section it has a place in."""

    ranked: Ranked
    section: Section

    @property
    def id(self) -> str:
        return self.ranked.paper.id


def fill(papers: Sequence[Ranked], profile: Profile, day: date, new: Collection[str]) -> tuple[Placed, ...]:
    """The list of a day, section after section: at most `limit` papers, of which at least one is in `new`.

    `papers` are those that may be shown, best first, one of them at least in `new`. Places that exploration cannot fill
    go back to the others. Where no new paper came in by itself, the best one takes the last place.
    """
    explored = min(profile.explore, profile.limit - 1)
    own = _own(papers, profile, profile.limit - explored)
    further = _further(_without(papers, own), explored, day)
    if len(further) < explored:
        own = _own(_without(papers, further), profile, profile.limit - len(further))
    if not any(one.id in new for one in (*own, *further)):
        kept = {next(one.paper.id for one in papers if one.paper.id in new), *(one.id for one in own[:-1])}
        own = _own([one for one in papers if one.paper.id in kept], profile, len(own))
    return (*own, *further)


@lru_cache(1_024)
def _of_topic(name: str) -> Section:
    return Section(kind=SectionKind.TOPIC, topic=name)


def _without(papers: Iterable[Ranked], placed: Sequence[Placed]) -> list[Ranked]:
    taken = {one.id for one in placed}
    return [one for one in papers if one.paper.id not in taken]


# --- shares ----------------------------------------------------------------------------------------------------


def shares_of(profile: Profile) -> dict[str, float]:
    """The share of each topic that has one, in the profile's order; together at most 1."""
    shares: dict[str, float] = {}
    for topic in profile.topics:
        if topic.share > 0:
            shares[topic.name] = shares.get(topic.name, 0) + topic.share
    together = max(1.0, math.fsum(shares.values()))
    return {name: share / together for name, share in shares.items()}


def places(profile: Profile, room: int) -> dict[str, int]:
    """How many of so many places each topic with a share has; the empty name has what is left for everyone.

    By largest remainder (Hamilton's method), so that they add up; ties in the profile's order, everyone last.
    """
    shares = shares_of(profile)
    shares[""] = max(0.0, 1 - math.fsum(shares.values()))
    quotas = {name: round(share * room, 9) for name, share in shares.items()}
    found = {name: math.floor(quota) for name, quota in quotas.items()}
    by_remainder = sorted(quotas, key=lambda name: found[name] - quotas[name])
    for name in by_remainder[: room - sum(found.values())]:
        found[name] += 1
    return found


def _own(papers: Sequence[Ranked], profile: Profile, room: int) -> list[Placed]:
    """The papers of the topics' shares, then the best of the rest by trend alone; without shares the best of all."""
    if not shares_of(profile):
        return [Placed(ranked=one, section=MAIN) for one in papers[:room]]
    left = places(profile, room) | {"": 0}
    by_topic: dict[str, list[Placed]] = {name: [] for name in left}
    for one in papers:
        if left.get(one.topic, 0):
            left[one.topic] -= 1
            section = _of_topic(one.topic)
            by_topic[one.topic].append(Placed(ranked=one, section=section))
    found = [one for section in by_topic.values() for one in section]
    rest = sorted(_without(papers, found), key=_by_trend)
    return found + [Placed(ranked=one, section=TRENDING) for one in rest[: room - len(found)]]


def _by_trend(one: Ranked) -> tuple[int, int, int, str]:
    return tie(one.paper, one.trend)


# --- further afield --------------------------------------------------------------------------------------------


def _further(papers: Iterable[Ranked], room: int, day: date) -> list[Placed]:
    """Papers outside of the reader's topics that many others look at.

    Of those that are there for no topic the half that says least to the reader's interests; of these the best by trend,
    five for each place; of these the next ones in the calendar's turn.
    """
    if not room:
        return []
    outside = [one for one in papers if not one.topic and not one.leaning.against]
    outside.sort(key=lambda one: (one.leaning.points, *_by_trend(one)))
    pool = sorted(outside[: (len(outside) + 1) // 2], key=_by_trend)[: EXPLORED_AMONG * room]
    start = day.toordinal() % len(pool) if pool else 0
    turn = (pool[start:] + pool[:start])[:room]
    return [Placed(ranked=one, section=EXPLORE) for one in turn]


# --- late risers -----------------------------------------------------------------------------------------------


def may_rise(sightings: Sequence[Sighting], today: date) -> bool:
    """Whether a paper rose since any day on which it was listed: others are no late riser to anybody."""
    return any(risen(sightings, day, today) for day in sorted({one.date for one in sightings}))


def late_risers(
    ranking: Ranking,
    sightings: Mapping[str, Sequence[Sighting]],
    shown: Mapping[str, Shown],
    profile: Profile,
    today: date,
) -> tuple[Ranked, ...]:
    """The papers that rose after they were shown, or were never shown and say something to the profile; best first.

    The rise is their first reason. None of them was a late riser to this subscription before.
    """
    found = []
    for one in ranking.papers:
        before = shown.get(one.paper.id)
        reason = risen(sightings.get(one.paper.id, ()), before.on if before else None, today)
        if not reason:
            continue
        if before.kind not in (SectionKind.RISEN, SectionKind.DROPPED) if before else _wanted(one, profile):
            found.append(Ranked.of(one.paper, one.trend, (reason, *one.reasons), one.topic))
    return tuple(sorted(found, key=lambda one: (-one.score, *_by_trend(one))))


def _wanted(one: Ranked, profile: Profile) -> bool:
    """Whether a paper says something to the profile's interests; to a profile without any every paper does."""
    asks = profile.topics or profile.authors or profile.organisations or profile.categories
    named = any(reason.points > 0 and reason.kind in NAMED for reason in one.reasons)
    return not asks or bool(one.topic) or named


# --- what is outside -------------------------------------------------------------------------------------------


class Worths:
    """What the papers of each section count there: points of trend in everybody's section, else scores."""

    def __init__(self, placed: Iterable[Placed]) -> None:
        self._listed: dict[Section, list[int]] = {}  # in rising order
        for one in placed:
            insort(self._listed.setdefault(one.section, []), _worth(one.ranked, one.section))
        self._open: dict[str, list[tuple[Section, list[int]]]] = {}  # by topic

    def shortfall(self, one: Ranked) -> tuple[int, Section] | None:
        """By how many points a paper is under the last of a section that it could be in; None where there is no such.

        Of several sections it is the nearest. Where a section made room for a new paper, the next above counts.
        """
        if one.topic not in self._open:
            sections = (MAIN, _of_topic(one.topic), TRENDING)
            self._open[one.topic] = [(each, self._listed[each]) for each in sections if each in self._listed]
        nearest: tuple[int, Section] | None = None
        for section, points in self._open[one.topic]:
            own = _worth(one, section)
            above = bisect_left(points, own)
            gap = points[above] - own if above < len(points) else 0
            if nearest is None or gap < nearest[0]:
                nearest = gap, section
        return nearest


def _worth(one: Ranked, section: Section) -> int:
    return one.trend.points if section.kind is SectionKind.TRENDING else one.score


def places_of(others: Sequence[Ranked], placed: Sequence[Placed], profile: Profile) -> dict[str, tuple[Section, int]]:
    """By id the section, and the place in it from 1, that papers would have if they all were let into the list.

    They are in its order; those that would not be in it are left out. Equals stand above. `placed` is the list, of
    which what is explored stays as it is.
    """
    listed = [each.ranked for each in placed if each.section != EXPLORE]
    together = sorted((*listed, *others), key=lambda each: -each.score)
    found: dict[str, tuple[Section, int]] = {}
    sizes = Counter[Section]()
    for each in _own(together, profile, profile.limit - (len(placed) - len(listed))):
        sizes[each.section] += 1
        found[each.id] = each.section, sizes[each.section]
    new = {one.paper.id for one in others}
    return {paper_id: where for paper_id, where in found.items() if paper_id in new}
