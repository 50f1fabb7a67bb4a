"""All phases once, in their order, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from digest.days import at_fault
from digest.model import Delivery, DumpReport, Fetched, FetchState, OutboxState
from digest.pipeline.days import note_fetched
from digest.pipeline.deliver import deliver
from digest.pipeline.fetch import Fetching, fetch_due, unanswered
from digest.pipeline.handover import trouble
from digest.pipeline.hold import tell_editor
from digest.pipeline.ingest import ingest_inbox
from digest.pipeline.publish import Published, publish
from digest.pipeline.surfaces import announce
from digest.pipeline.watch import Watch
from digest.pipeline.world import Progress, World, silent


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    fetched: tuple[Fetched, ...] = ()
    dumps: tuple[DumpReport, ...] = ()
    published: Published = field(default_factory=Published)
    deliveries: tuple[Delivery, ...] = ()
    trouble: str = ""  # why no mail gets out, if it does not

    @property
    def nothing_new(self) -> bool:
        return not (self.dumps or self.published.editions or self.deliveries)

    def incomplete(self, now: datetime) -> bool:
        """Whether a source is at fault just now, so that papers may be missing."""
        return at_fault(self.published.verdicts, now)

    @property
    def troubled(self) -> bool:
        """Whether something was rejected, deferred or failed."""
        bad = (OutboxState.DEFERRED, OutboxState.FAILED, OutboxState.UNKNOWN)
        return (
            bool(self.trouble)
            or any(one.state is FetchState.FAILED for one in self.fetched)
            or any(dump.error or dump.rejected for dump in self.dumps)
            or any(delivery.state in bad for delivery in self.deliveries)
        )


def run(
    world: World,
    now: datetime,
    progress: Progress = silent,
    fetching: Fetching | None = None,
    clock: Callable[[], float] = monotonic,
) -> RunReport:
    """All phases once. Safe to repeat every minute and to kill; the caller holds the store's lock."""
    watch, fetched = Watch(world.store, now, clock), tuple[Fetched, ...]()
    with watch.watching():
        with watch.phase("fetch", idle=lambda: not fetched) as fetches:
            fetched = fetch_due(fetching, world.store, now) if fetching else ()
            note_fetched(world.store, fetched, now)
            fetches.trouble = unanswered(fetched)
        with watch.phase("ingest"):
            dumps = tuple(ingest_inbox(world, now, progress))
        with watch.phase("publish"):
            published = publish(world, now, progress)
        with watch.phase("deliver") as delivering:
            deliveries = (*tell_editor(world, now), *deliver(world, now, progress))
            delivering.trouble = trouble(world.store, deliveries)
    announce(world)
    return RunReport(
        fetched=fetched, dumps=dumps, published=published, deliveries=deliveries, trouble=delivering.trouble
    )
