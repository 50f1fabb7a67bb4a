"""All phases once, in their order, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from time import monotonic

from digest.days import at_fault
from digest.model import Delivery, DumpReport, Fetched, FetchState, OutboxState
from digest.pipeline.days import note_fetched
from digest.pipeline.deliver import deliver
from digest.pipeline.fetch import Fetching, fetch_due, unanswered
from digest.pipeline.handover import Delivered, trouble
from digest.pipeline.hold import tell_editor
from digest.pipeline.ingest import ingest_inbox
from digest.pipeline.publish import Published, publish
from digest.pipeline.roll import keep_in_step
from digest.pipeline.surfaces import announce
from digest.pipeline.watch import Failed, Phase, Watch, in_a_line
from digest.pipeline.world import Progress, Tell, World, silent, untold


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    fetched: tuple[Fetched, ...] = ()
    dumps: tuple[DumpReport, ...] = ()
    published: Published = field(default_factory=Published)
    delivered: Delivered = field(default_factory=Delivered)
    trouble: str = ""  # why no mail gets out, if it does not
    failed: tuple[Failed, ...] = ()  # to be raised once the rest is told

    @property
    def fault(self) -> str:
        """What an operator is to know of, in a line; empty if nothing."""
        return "; ".join(filter(None, (self.trouble, in_a_line(self.failed))))

    @property
    def nothing_new(self) -> bool:
        return not (self.dumps or self.published.editions or self.delivered.number or self.failed)

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
            or any(self.delivered.states[state] for state in bad)
        )


def run(
    world: World,
    now: datetime,
    progress: Progress = silent,
    fetching: Fetching | None = None,
    clock: Callable[[], float] = monotonic,
    tell: Tell = untold,
) -> RunReport:
    """All phases once. Safe to repeat every minute and to kill; the caller holds the store's lock.

    None needs that the one before did all it should: what waits in the outbox goes whatever else failed, and the
    report has all that did. Only a StoreError ends the run at once.
    """
    watch, published, fetched = Watch(world.store, now, clock), Published(), tuple[Fetched, ...]()
    dumps: list[DumpReport] = []
    with watch.watching():
        with watch.phase("fetch", idle=lambda: not fetched) as fetches, fetches.apart("fetch"):
            fetched = fetch_due(fetching, world.store, now, fetches.apart) if fetching else ()
            note_fetched(world.store, fetched, now)
            for answer in fetched:
                tell(answer)
            fetches.trouble = unanswered(fetched)
        with watch.phase("ingest") as reads, reads.apart("ingest"):
            for dump in ingest_inbox(world, now, progress, reads.apart):
                dumps.append(dump)
                tell(dump)
        with watch.phase("publish") as publishes, publishes.apart("publish"):
            published = publish(world, now, progress, publishes.apart, tell)
        with watch.phase("deliver") as delivers:
            delivered = hand_over(world, now, progress, delivers, tell)
            with delivers.apart("hub"):
                announce(world)
    phases = (fetches, reads, publishes, delivers)
    return RunReport(
        fetched=fetched,
        dumps=tuple(dumps),
        published=published,
        delivered=delivered,
        trouble=delivers.trouble,
        failed=tuple(chain.from_iterable(phase.failed for phase in phases)),
    )


def hand_over(world: World, now: datetime, progress: Progress, phase: Phase, tell: Tell = untold) -> Delivered:
    """What is held is shown to the editor, and what is due goes out; to nobody who has left since it was decided on."""
    delivered = Delivered()

    def settled(found: Iterable[Delivery]) -> None:
        for one in found:
            delivered.count(one)
            tell(one)

    with phase.apart("deliver"):
        keep_in_step(world, now)
        with phase.apart("editor"):
            settled(tell_editor(world, now, phase.apart))
        settled(deliver(world, now, progress, apart=phase.apart))
    phase.trouble = trouble(world.store, delivered)
    return delivered
