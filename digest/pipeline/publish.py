"""Papers become editions and outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from digest.model import Edition, NoEdition, Verdict
from digest.pipeline.days import Sources, judge_days
from digest.pipeline.roll import due_by_settings, keep_in_step
from digest.pipeline.surfaces import write_surfaces
from digest.pipeline.world import Progress, World, silent

BATCH = 500  # subscriptions in a transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What `publish` made, and why the other due subscriptions got nothing."""

    editions: tuple[Edition, ...] = ()
    none: tuple[NoEdition, ...] = ()
    written: tuple[Path, ...] = ()  # feeds and pages that changed
    verdicts: tuple[Verdict, ...] = ()  # on the sources' days of late


def publish(world: World, now: datetime, progress: Progress = silent, *, dry: bool = False) -> Published:
    """Compose an edition for every due subscription, or record why there is none; then write feeds and pages."""
    if not dry:
        world.store.end_holds(now)
    days = Sources(world.store, judge_days(world.store, world.inbox, now, dry=dry), now)
    editions: list[Edition] = []
    none: list[NoEdition] = []
    if dry:
        ids, known = due_by_settings(world, now)
    else:
        keep_in_step(world, now)
        ids, known = world.store.due_subscriptions(now, world.store.newest_ingest()), {}
    if ids:
        from digest.pipeline.desk import Desk  # with numpy, which takes a moment

        desk = Desk(world, days, now, dry)
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            made, empty = desk.compose([known[one] for one in some] if dry else world.store.enrolled(some))
            editions += made if dry else desk.enqueue(made)
            none += empty
            if not dry:
                desk.record_empty([no for no in empty if not no.waiting])
                desk.wait([no for no in empty if no.waiting])
            progress(start + len(some), len(ids))
    written = () if dry else write_surfaces(world)
    return Published(editions=tuple(editions), none=tuple(none), written=written, verdicts=days.verdicts)
