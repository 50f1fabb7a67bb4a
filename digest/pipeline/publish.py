"""Papers become editions and outbox."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, groupby
from typing import TYPE_CHECKING

from digest.errors import StoreError
from digest.model import Edition, Enrolled, NoEdition, Verdict
from digest.pipeline.days import Sources, judge_days
from digest.pipeline.garbage import rare_collections
from digest.pipeline.roll import all_enrolled, due_by_settings, keep_in_step
from digest.pipeline.surfaces import write_surfaces
from digest.pipeline.world import Apart, Progress, Tell, World, silent, untold

if TYPE_CHECKING:
    from digest.pipeline.desk import Desk

log = logging.getLogger(__name__)

BATCH = 500  # subscriptions in a transaction
_OBJECTS_OF_EDITIONS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """How many editions `publish` made, and how many due subscriptions got none. Each was told of as it came."""

    editions: int = 0
    none: int = 0
    verdicts: tuple[Verdict, ...] = ()  # on the sources' days of late


def publish(
    world: World,
    now: datetime,
    progress: Progress = silent,
    apart: Apart = nullcontext,
    tell: Tell = untold,
    *,
    dry: bool = False,
) -> Published:
    """Compose an edition for every due subscription, or record why there is none; then write feeds and pages.

    Tells of all of these as they come, and keeps none of them: there may be very many readers.
    """
    if not dry:
        world.store.end_holds(now)
    days = Sources(world.store, judge_days(world.store, world.inbox, now, dry=dry), now)
    editions = none = 0
    total, batches = _due(world, now, dry)
    if total:
        from digest.pipeline.desk import Desk  # with numpy, which takes a moment

        with apart("composing"), rare_collections(_OBJECTS_OF_EDITIONS):
            desk = Desk(world, days, now, dry)
            for number, batch in enumerate(batches, start=1):
                for made, empty in _served(desk, batch, apart):
                    editions += len(made)
                    none += len(empty)
                    for outcome in chain[Edition | NoEdition](made, empty):
                        tell(outcome)
                progress(min(number * BATCH, total), total)
    if not dry:
        with apart("feeds and pages"):
            write_surfaces(world, apart, tell)
    return Published(editions=editions, none=none, verdicts=days.verdicts)


def _due(world: World, now: datetime, dry: bool) -> tuple[int, Iterator[Sequence[Enrolled]]]:
    """How many are to be looked at, and these in batches: by the settings as they are where the roll is left alone."""
    if dry:
        those = due_by_settings(world, now)
        return len(those), (all_enrolled(world, those[at : at + BATCH]) for at in range(0, len(those), BATCH))
    keep_in_step(world, now)
    ids = world.store.due_subscriptions(now, world.store.newest_ingest())
    return len(ids), (world.store.enrolled(ids[at : at + BATCH]) for at in range(0, len(ids), BATCH))


def _served(
    desk: Desk, batch: Sequence[Enrolled], apart: Apart
) -> Iterator[tuple[Sequence[Edition], Sequence[NoEdition]]]:
    """The outcomes of a batch; where not all can be had at once, those of each profile that fails by itself no more."""
    try:
        outcomes = desk.serve(batch)
    except StoreError:
        raise
    except Exception as error:
        log.info("batch_failed subscriptions=%s reason=%s", len(batch), error)
    else:
        yield outcomes
        return
    for profile, alike in groupby(batch, key=lambda one: one.subscription.profile):
        with apart(f"profile {profile}"):
            yield desk.serve(list(alike))
