"""Papers become editions and outbox."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import StoreError
from digest.model import Edition, Enrolled, NoEdition, Verdict
from digest.pipeline.days import Sources, judge_days
from digest.pipeline.garbage import rare_collections
from digest.pipeline.roll import due_by_settings, keep_in_step
from digest.pipeline.surfaces import write_surfaces
from digest.pipeline.world import Apart, Progress, World, silent

if TYPE_CHECKING:
    from digest.pipeline.desk import Desk

log = logging.getLogger(__name__)

BATCH = 500  # subscriptions in a transaction
_OBJECTS_OF_EDITIONS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What `publish` made, and why the other due subscriptions got nothing."""

    editions: tuple[Edition, ...] = ()
    none: tuple[NoEdition, ...] = ()
    written: tuple[Path, ...] = ()  # feeds and pages that changed
    verdicts: tuple[Verdict, ...] = ()  # on the sources' days of late


def publish(
    world: World, now: datetime, progress: Progress = silent, apart: Apart = nullcontext, *, dry: bool = False
) -> Published:
    """Compose an edition for every due subscription, or record why there is none; then write feeds and pages."""
    if not dry:
        world.store.end_holds(now)
    days = Sources(world.store, judge_days(world.store, world.inbox, now, dry=dry), now)
    editions: list[Edition] = []
    none: list[NoEdition] = []
    written: tuple[Path, ...] = ()
    if dry:
        ids, known = due_by_settings(world, now)
    else:
        keep_in_step(world, now)
        ids, known = world.store.due_subscriptions(now, world.store.newest_ingest()), {}
    if ids:
        from digest.pipeline.desk import Desk  # with numpy, which takes a moment

        with apart("composing"), rare_collections(_OBJECTS_OF_EDITIONS):
            desk = Desk(world, days, now, dry)
            for start in range(0, len(ids), BATCH):
                some = ids[start : start + BATCH]
                batch = [known[one] for one in some] if dry else world.store.enrolled(some)
                for made, empty in _served(desk, batch, apart):
                    editions += made
                    none += empty
                progress(start + len(some), len(ids))
    if not dry:
        with apart("feeds and pages"):
            written = write_surfaces(world, apart)
    return Published(editions=tuple(editions), none=tuple(none), written=written, verdicts=days.verdicts)


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
