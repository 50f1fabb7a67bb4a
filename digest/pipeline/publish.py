"""Papers become editions and outbox."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from digest.cadence import due, fade_days, look_back
from digest.compose import compose, telling
from digest.errors import ConfigError
from digest.explain import Explanation, explain
from digest.model import (
    Edition,
    Item,
    LastEdition,
    NoEdition,
    Paper,
    Posting,
    Shown,
    Subscription,
    edition_id,
)
from digest.pipeline.letters import Letters
from digest.pipeline.rankings import Rankings, View
from digest.pipeline.surfaces import write_surfaces
from digest.pipeline.world import Progress, World, silent
from digest.render import why_line

_TOGETHER = 200  # editions stored in one transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What `publish` made, and why the other due subscriptions got nothing."""

    editions: tuple[Edition, ...] = ()
    none: tuple[NoEdition, ...] = ()
    written: tuple[Path, ...] = ()  # feeds and pages that changed


def publish(world: World, now: datetime, progress: Progress = silent, *, dry: bool = False) -> Published:
    """Compose an edition for every due subscription, or record why there is none; then write feeds and pages."""
    if not dry:
        world.store.end_holds(now)
    rankings = _rankings(world, now)
    last, newest = world.store.last_editions(), world.store.newest_ingest()
    letters, batch = Letters(world), list[Posting]()
    editions, none = list[Edition](), list[NoEdition]()
    waiting = [(one, day) for one in world.subscriptions if (day := due(one, last.get(one.id), newest, now))]
    for number, (subscription, day) in enumerate(waiting, start=1):
        progress(number, len(waiting))
        outcome = select(world, rankings, subscription, day, last.get(subscription.id), now)
        if isinstance(outcome, NoEdition):
            none.append(outcome)
            if not dry:
                world.store.record_empty(outcome, now)
        elif dry:
            editions.append(outcome)
        else:
            batch.append(letters.posting(outcome, now))
        if len(batch) == _TOGETHER or (number == len(waiting) and batch):
            new = world.store.enqueue_all(batch, now)
            editions += [one.edition for one in batch if one.edition.id in new]
            batch = []
    written = () if dry else write_surfaces(world)
    return Published(editions=tuple(editions), none=tuple(none), written=written)


def select(
    world: World, rankings: Rankings, subscription: Subscription, day: date, last: LastEdition | None, now: datetime
) -> Edition | NoEdition:
    """What a subscription would get for a date. Stores nothing; mails, feeds and previews all come from here."""
    if subscription.address and (barred := world.store.suppression(subscription.address, subscription.id)):
        what = "this subscription" if barred.subscription_id else "the address"
        return NoEdition(subscription=subscription, date=day, reason=f"{what} is on the suppression list")
    view, shown = _view(world, subscription, last, now), world.store.shown(subscription.id)
    outcome = compose(
        subscription,
        view.profile,
        day,
        rankings.of(view),
        shown,
        last,
        now,
        world.store.sources(view.since),
        rankings.risers(view, shown),
    )
    return outcome if isinstance(outcome, NoEdition) else _worded(world, outcome, shown)


def _worded(world: World, edition: Edition, shown: Mapping[str, Shown]) -> Edition:
    """With the why-lines in the subscription's language, and the ranks that papers had before."""
    tag, before = edition.subscription.language, _ranks_before(world, edition, shown)
    return replace(
        edition,
        items=tuple(replace(item, before=before.get(item.paper.id)) for item in _with_why(edition.items, tag)),
        strands=tuple(replace(one, items=_with_why(one.items, tag)) for one in edition.strands),
    )


def _with_why(items: Sequence[Item], tag: str) -> tuple[Item, ...]:
    return tuple(replace(item, why=why_line(telling(item.reasons), tag)) for item in items)


def _ranks_before(world: World, edition: Edition, shown: Mapping[str, Shown]) -> dict[str, int]:
    """By id the rank in the latest edition of the subscription in which the paper stood; only few stood in any."""
    found: dict[str, int] = {}
    for item in edition.items:
        if (last := shown.get(item.paper.id)) is not None:
            then = world.store.edition(edition_id(edition.subscription.id, last.on))
            ranks = {one.paper.id: one.rank for one in (then.items if then else ())}
            found |= {paper_id: rank for paper_id, rank in ranks.items() if paper_id == item.paper.id}
    return found


def _rankings(world: World, now: datetime, told: Collection[str] = ()) -> Rankings:
    return Rankings(world.store, world.background, now, world.encode, told)


def _view(world: World, subscription: Subscription, last: LastEdition | None, now: datetime) -> View:
    return View(
        profile=world.profiles[subscription.profile],
        since=look_back(subscription, last, now),
        fade=fade_days(subscription),
        address=subscription.address,
    )


def preview(world: World, subscription: Subscription, now: datetime) -> Edition | NoEdition:
    """The edition that `publish` would make for a subscription if it were due now. Touches nothing."""
    return _preview(world, _rankings(world, now), subscription, now)


def _preview(world: World, rankings: Rankings, subscription: Subscription, now: datetime) -> Edition | NoEdition:
    last = world.store.last_editions().get(subscription.id)
    day = due(subscription, None, None, now)
    return select(world, rankings, subscription, day or now.date(), last, now)


def explain_paper(world: World, subscription: Subscription, paper: Paper, now: datetime) -> Explanation:
    """Where a paper stands for a subscription if it were due now, and why. Touches nothing."""
    rankings = _rankings(world, now, told={paper.id})
    view = _view(world, subscription, world.store.last_editions().get(subscription.id), now)
    ranking = rankings.of(view)
    ranked = next((one for one in ranking.papers if one.paper.id == paper.id), None)
    return explain(
        paper,
        ranked or rankings.unhidden(view, paper),
        view.profile,
        ranking,
        _preview(world, rankings, subscription, now),
        world.store.shown(subscription.id),
    )


def trial(world: World, profile: str, address: str) -> Subscription:
    """The reader's own subscription to a profile, or one made up for a preview or a test. ConfigError if unknown."""
    if profile not in world.profiles:
        raise ConfigError(f"no profile “{profile}”; there are: {', '.join(world.profiles)}")
    for one in world.subscriptions:
        if one.profile == profile and one.address == address:
            return one
    language = world.profiles[profile].language
    return Subscription(id=f"{profile}/{address}", profile=profile, address=address, language=language)
