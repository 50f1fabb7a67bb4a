"""The order of things. Read this first.

    fetch     sources are asked -> dumps in the inbox          where there are automatic sources
    ingest    read_listing -> diff -> store.record          a dump becomes papers and sightings
    publish   trends -> rank -> compose -> letter -> store.enqueue_all   papers become editions, letters and outbox
    hold      the editor is shown what was made, and may stop or amend it     where there is an editor
    deliver   letter -> build_message -> transport.send     the outbox becomes mail

The phases hand over through the store alone, so each may be run by hand, be killed at any point and be run again.
Feeds and pages are written from the same frozen editions as the mails. `now` is always a parameter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from digest.days import at_fault
from digest.model import Delivery, DumpReport, Fetched, FetchState, OutboxState
from digest.pipeline.backtest import FEWEST_DAYS, LIKES, VOTES, Backtest, Compared, backtest
from digest.pipeline.bounces import Owners, take_return
from digest.pipeline.days import judge_days, note_fetched
from digest.pipeline.deliver import OPEN_STATES, deliver, make_message
from digest.pipeline.failing import suppress_failing
from digest.pipeline.feedback import Said, feedback, said, take_back, take_back_all, take_in
from digest.pipeline.feeds import feed_entries, write_feeds
from digest.pipeline.fetch import Fetching, Span, fetch, fetch_due
from digest.pipeline.hold import Selection, chosen, drop, selections, stop, tell_editor
from digest.pipeline.ingest import SET_ASIDE, compare, counted, days_of, dumps_in, ingest, ingest_inbox
from digest.pipeline.letters import Letters, Replayed, replay
from digest.pipeline.operations import Retention, Watch, figures, prune
from digest.pipeline.pace import Clock, Limit, Rules
from digest.pipeline.publish import (
    Published,
    explain_paper,
    preview,
    publish,
    select,
    trial,
)
from digest.pipeline.rankings import Rankings, View, examples, find_papers
from digest.pipeline.roll import of_address, pause, with_pauses
from digest.pipeline.streams import Stream, feed_groups, feed_path, line, streams
from digest.pipeline.surfaces import announce, links, page_path, write_surfaces
from digest.pipeline.why import Answer, Whereabouts, why
from digest.pipeline.world import Knowledge, Progress, World, silent

__all__ = [
    "FEWEST_DAYS",
    "LIKES",
    "OPEN_STATES",
    "SET_ASIDE",
    "VOTES",
    "Answer",
    "Backtest",
    "Clock",
    "Compared",
    "Fetching",
    "Knowledge",
    "Letters",
    "Limit",
    "Owners",
    "Progress",
    "Published",
    "Rankings",
    "Replayed",
    "Retention",
    "Rules",
    "RunReport",
    "Said",
    "Selection",
    "Span",
    "Stream",
    "View",
    "Watch",
    "Whereabouts",
    "World",
    "announce",
    "backtest",
    "chosen",
    "compare",
    "counted",
    "days_of",
    "deliver",
    "drop",
    "dumps_in",
    "examples",
    "explain_paper",
    "feed_entries",
    "feed_groups",
    "feed_path",
    "feedback",
    "fetch",
    "fetch_due",
    "figures",
    "find_papers",
    "ingest",
    "ingest_inbox",
    "judge_days",
    "line",
    "links",
    "make_message",
    "note_fetched",
    "of_address",
    "page_path",
    "pause",
    "preview",
    "prune",
    "publish",
    "replay",
    "run",
    "said",
    "select",
    "selections",
    "silent",
    "stop",
    "streams",
    "suppress_failing",
    "take_back",
    "take_back_all",
    "take_in",
    "take_return",
    "tell_editor",
    "trial",
    "why",
    "with_pauses",
    "write_feeds",
    "write_surfaces",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    fetched: tuple[Fetched, ...] = ()
    dumps: tuple[DumpReport, ...] = ()
    published: Published = field(default_factory=Published)
    deliveries: tuple[Delivery, ...] = ()

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
            any(one.state is FetchState.FAILED for one in self.fetched)
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
    watch = Watch(world.store, now, clock)
    with watch.watching():
        with watch.phase("fetch"):
            fetched = fetch_due(fetching, world.store, now) if fetching else ()
            note_fetched(world.store, fetched, now)
        with watch.phase("ingest"):
            dumps = tuple(ingest_inbox(world, now, progress))
        with watch.phase("publish"):
            published = publish(world, now, progress)
        with watch.phase("deliver"):
            deliveries = (*tell_editor(world, now), *deliver(world, now, progress))
    announce(world)
    return RunReport(fetched=fetched, dumps=dumps, published=published, deliveries=deliveries)
