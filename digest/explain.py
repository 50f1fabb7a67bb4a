"""Pure: where a paper stands for a profile, to the last point, and what would change it. Does not know how it looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from digest.model import (
    Edition,
    Hidden,
    HiddenAs,
    Item,
    Muted,
    NoEdition,
    Paper,
    Profile,
    Ranked,
    Ranking,
    Reason,
    Section,
    SectionKind,
    Shown,
    Trend,
    ordinal,
)
from digest.sections import Placed, Worths, fill, places_of
from digest.text import counted


class Standing(StrEnum):
    """What becomes of a paper in the edition that would be made now; the first that is true."""

    LISTED = "listed"
    SHOWN = "shown before"
    KNOWN = "known"
    HIDDEN = "hidden"
    NO_CANDIDATE = "not among the candidates"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`score` is the sum of the reasons' points, and each reason's that of its parts, where it has any.

    Of a paper that is hidden or no candidate they are what they would be otherwise; of one that is nearly the same as
    another there are none. `rank` and `section` are a listed paper's. `remarks` say what is so and what would change
    it.
    """

    paper: Paper
    profile: str
    standing: Standing
    rank: int | None
    section: Section | None
    reasons: tuple[Reason, ...]
    trend: Trend | None
    remarks: tuple[str, ...]

    @property
    def score(self) -> int | None:
        """None where nothing is known of it, as of a double."""
        return sum(reason.points for reason in self.reasons) if self.reasons or self.trend else None


def explain(
    paper: Paper,
    ranked: Ranked | None,
    profile: Profile,
    ranking: Ranking,
    outcome: Edition | NoEdition,
    shown: Mapping[str, Shown],
) -> Explanation:
    """`outcome` is what `compose` made of the `ranking`; `ranked` is what is thought of the paper, mutes apart.

    `ranked` is None for a paper that its likeness to another hides.
    """
    rank, item = _item(paper, outcome)
    hidden = next((one for one in ranking.hidden if one.paper.id == paper.id), None)
    candidate = hidden is not None or any(one.paper.id == paper.id for one in ranking.papers)
    placed = _placed(profile, ranking, outcome, shown)
    if item:
        standing = Standing.LISTED
    elif paper.id in shown:
        standing = Standing.SHOWN
    elif hidden:
        standing = Standing.KNOWN if hidden.kind is HiddenAs.KNOWN else Standing.HIDDEN
    else:
        standing = Standing.LEFT_OUT if candidate else Standing.NO_CANDIDATE
    remarks = list(_of_the_past(shown.get(paper.id)))
    if hidden:
        remarks += _of_its_rule(hidden, ranked, placed, profile)
    if not candidate:
        remarks.append(_of_no_candidate(paper, outcome))
    if standing is Standing.LEFT_OUT and ranked:
        remarks.append(_of_the_list(ranked, placed, outcome))
    if isinstance(outcome, NoEdition):
        remarks.append(f"no edition now: {outcome.reason}")
    return Explanation(
        paper=paper,
        profile=profile.name,
        standing=standing,
        rank=rank,
        section=item.section if item else None,
        reasons=item.reasons if item else ranked.reasons if ranked else (),
        trend=ranked.trend if ranked else None,
        remarks=tuple(remarks),
    )


def _item(paper: Paper, outcome: Edition | NoEdition) -> tuple[int, Item] | tuple[None, None]:
    """With its rank."""
    ranked = outcome.ranked if isinstance(outcome, Edition) else ()
    return next(((rank, one) for rank, one in ranked if one.paper.id == paper.id), (None, None))


def _placed(
    profile: Profile, ranking: Ranking, outcome: Edition | NoEdition, shown: Mapping[str, Shown]
) -> tuple[Placed, ...]:
    """The list of the edition, or the one that there would be if anything were new."""
    if isinstance(outcome, Edition):
        by_id = {one.paper.id: one for one in ranking.papers}
        listed = [item for item in outcome.items if item.section.kind is not SectionKind.RISEN]
        return tuple(Placed(ranked=by_id[item.paper.id], section=item.section) for item in listed)
    unshown = [one for one in ranking.papers if one.paper.id not in shown]
    return fill(unshown, profile, outcome.date, {one.paper.id for one in unshown}) if unshown else ()


# --- remarks ---------------------------------------------------------------------------------------------------


def _of_the_past(before: Shown | None) -> Iterator[str]:
    if before:
        late = ", as a late riser" if before.kind is SectionKind.RISEN else ""
        if before.kind is SectionKind.DROPPED:
            yield f"left out by an editor on {before.on.isoformat()}"
            return
        yield f"shown on {before.on.isoformat()}{late}"


def _of_its_rule(hidden: Hidden, ranked: Ranked | None, placed: Sequence[Placed], profile: Profile) -> Iterator[str]:
    if hidden.kind is HiddenAs.KNOWN:
        yield hidden.rule
    else:
        yield f"hidden: {' and '.join((hidden.rule, *hidden.also))}"
    if ranked and hidden.kind is HiddenAs.MUTED:
        section, place = places_of([ranked], placed, profile).get(ranked.paper.id, (Section(), None))
        muted = Muted(paper=hidden.paper, rule=hidden.rule, also=hidden.also, place=place, section=section)
        yield muted.otherwise or f"without the {muted.rules} this would not fit into the list either"


def _of_no_candidate(paper: Paper, outcome: Edition | NoEdition) -> str:
    if paper.first_listed is None:
        return "not among the candidates: never listed, only known from an archive or a search"
    days = (outcome.date - paper.first_listed).days
    if days < 0:
        return f"not among the candidates: first listed on {paper.first_listed.isoformat()}, after this day"
    return f"not among the candidates: first listed {counted(days, 'day')} ago"


def _of_the_list(ranked: Ranked, placed: Sequence[Placed], outcome: Edition | NoEdition) -> str:
    """Of a candidate that is not in an edition."""
    place = next((place for place, one in enumerate(placed, start=1) if one.id == ranked.paper.id), None)
    if place:
        return f"with something new this would be {ordinal(place)}"
    nearest = Worths(placed).shortfall(ranked)
    if nearest is None:
        return "no section of the list is for it"
    gap, section = nearest
    missed = outcome.missed if isinstance(outcome, Edition) else ()
    just = ": just missed" if any(one.paper.id == ranked.paper.id for one in missed) else ""
    return f"{counted(gap, 'point')} under {_last_of(section)}{just}"


def _last_of(section: Section) -> str:
    """In the points that a section goes by."""
    return f"the last paper of {section.named}{', by trend alone' if section.kind is SectionKind.TRENDING else ''}"
