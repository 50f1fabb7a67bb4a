"""What a subscription would get, and where a paper stands for it. Touches nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from digest.cadence import local_date
from digest.errors import ConfigError
from digest.explain import Explanation, explain
from digest.model import Edition, Enrolled, NoEdition, Paper, Subscription
from digest.pipeline.days import Sources, merged
from digest.pipeline.past import enrolled_at, known_at, shown_by
from digest.pipeline.rankings import Rankings, View
from digest.pipeline.roll import enrolled
from digest.pipeline.selection import base_of, composed, of_barred, view_of
from digest.pipeline.world import World


def preview(world: World, subscription: Subscription, now: datetime) -> Edition | NoEdition:
    """The edition that `publish` would make for a subscription if it were due now. Touches nothing.

    Where `now` is past, it is made of the papers, votes and opinions that were known then.
    """
    days = Sources(world.store, (), now)
    one, rankings, view = _supposed(world, subscription, now)
    outcome = days.ribboned(_select(world, rankings, one, view, now))
    if isinstance(outcome, NoEdition):
        return outcome
    return replace(outcome, verdicts=merged(days.told(one.sent, outcome.date), days.aged(outcome)))


def explain_paper(world: World, subscription: Subscription, paper: Paper, now: datetime) -> Explanation:
    """Where a paper stands for a subscription if it were due now, and why; past moments as in `preview`."""
    one, rankings, view = _supposed(world, subscription, now, told={paper.id})
    ranking = rankings.of(view)
    ranked = next((one for one in ranking.papers if one.paper.id == paper.id), None)
    return explain(
        paper,
        ranked or rankings.unhidden(view, paper),
        view.profile,
        ranking,
        _select(world, rankings, one, view, now),
        shown_by(world.store, one),
    )


def _select(world: World, rankings: Rankings, one: Enrolled, view: View, now: datetime) -> Edition | NoEdition:
    """What a subscription would get now, by the rules of `publish`. Stores nothing."""
    subscription, day = one.subscription, local_date(one.subscription, now)
    if subscription.address and (bar := world.store.suppression(subscription.address, subscription.id)):
        return of_barred(subscription, day, bar)
    shown, sources = shown_by(world.store, one), world.store.sources(view.since)
    return composed(world, rankings, one, day, now, view, shown, sources)


def _supposed(
    world: World, subscription: Subscription, now: datetime, told: Collection[str] = ()
) -> tuple[Enrolled, Rankings, View]:
    """A subscription as if it were due now, and what is thought of the papers for it."""
    one = enrolled_at(world.store, enrolled(world, subscription), now)
    vocal = {subscription.address} if subscription.address else set()
    view = view_of(world, subscription, base_of(one), now, vocal)
    known = known_at(world.store, view.since, now)
    return one, Rankings(known, world.background, now, world.encode, told), view


def trial(world: World, profile: str, address: str) -> Subscription:
    """The reader's own subscription to a profile, or one made up for a preview or a test. ConfigError if unknown."""
    if profile not in world.profiles:
        raise ConfigError(f"no profile “{profile}”; there are: {', '.join(world.profiles)}")
    for one in world.subscriptions:
        if one.profile == profile and one.address and one.address.lower() == address.lower():
            return one
    known = world.profiles[profile]
    return Subscription(id=known.subscription_id(address), profile=profile, address=address, language=known.language)
