"""What a subscription gets: its view of the papers, and the list with its words. Stores nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from digest.cadence import before_first, cut, fade_days, look_back, missed
from digest.compose import compose, late, telling
from digest.model import (
    Cadence,
    Edition,
    Enrolled,
    Item,
    LastEdition,
    NoEdition,
    Shown,
    Sighting,
    Subscription,
    Suppression,
    edition_id,
)
from digest.pipeline.rankings import Rankings, View
from digest.pipeline.world import World
from digest.render import late_line, listed_line, why_line


def view_of(
    world: World, subscription: Subscription, base: LastEdition | None, now: datetime, vocal: Collection[str]
) -> View:
    """Those who never said anything of papers share the views of their profile."""
    return View(
        profile=world.profiles[subscription.profile],
        since=look_back(subscription, base, now),
        fade=fade_days(subscription, base, now),
        address=subscription.address if subscription.address in vocal else None,
    )


def base_of(one: Enrolled) -> LastEdition | None:
    """Since when papers are new: when-good adds days up until there is an edition."""
    return one.sent if one.subscription.cadence is Cadence.WHEN_GOOD and one.owed is None else since_of(one)


def since_of(one: Enrolled) -> LastEdition | None:
    """The date after which an edition is the next: what did not reach the reader is made up for."""
    return one.last if one.owed is None else one.left or before_first(one.subscription, one.owed)


def composed(
    world: World,
    rankings: Rankings,
    one: Enrolled,
    day: date,
    now: datetime,
    view: View,
    shown: Mapping[str, Shown],
    sources: Sequence[str],
) -> Edition | NoEdition:
    """`sources` are those of the papers that the view looks back to."""
    base = base_of(one)
    outcome = compose(
        one.subscription,
        view.profile,
        day,
        rankings.of(view),
        shown,
        base,
        now,
        sources,
        rankings.risers(view, shown),
        merged=missed(one.subscription, since_of(one), day),
        cut=cut(one.subscription, base, now),
    )
    if isinstance(outcome, NoEdition):
        return outcome
    outcome = replace(outcome, every_day=view.profile.says_empty)
    return _worded(world, outcome, shown, base, rankings, view)


def _worded(
    world: World,
    edition: Edition,
    shown: Mapping[str, Shown],
    base: LastEdition | None,
    rankings: Rankings,
    view: View,
) -> Edition:
    """With the why-lines in the subscription's language, and the ranks that papers had before."""
    sightings, before = rankings.sightings(view), _ranks_before(world, edition, shown)

    def worded(item: Item, before: int | None = None) -> Item:
        why = _why(item, edition, base, sightings.get(item.paper.id, ()))
        return rankings.shared(replace(item, why=why, before=before))

    return replace(
        edition,
        items=tuple(worded(item, before.get(item.paper.id)) for item in edition.items),
        strands=tuple(replace(one, items=tuple(map(worded, one.items))) for one in edition.strands),
    )


def _why(item: Item, edition: Edition, base: LastEdition | None, sightings: Sequence[Sighting]) -> str:
    tag, since = edition.subscription.language, late(item.paper, edition.subscription, edition.date, base)
    words = late_line(since, edition.date, tag) if since else ""
    if (told := why_line(telling(item.reasons), tag, words)) or not sightings:
        return told
    first = min(one.date for one in sightings)
    return listed_line(sorted({one.source for one in sightings if one.date == first}), first, tag)


def _ranks_before(world: World, edition: Edition, shown: Mapping[str, Shown]) -> dict[str, int]:
    """By id the rank in the latest edition of the subscription in which the paper stood; only few stood in any."""
    again = {
        one.paper.id: edition_id(edition.subscription.id, shown[one.paper.id].on)
        for one in edition.items
        if one.paper.id in shown
    }
    ranks = world.store.ranks(set(again.values())) if again else {}
    return {paper_id: ranks[then][paper_id] for paper_id, then in again.items() if paper_id in ranks.get(then, ())}


def of_barred(subscription: Subscription, day: date, bar: Suppression) -> NoEdition:
    what = "this subscription" if bar.subscription_id else "the address"
    return NoEdition(subscription=subscription, date=day, reason=f"{what} is on the suppression list")
