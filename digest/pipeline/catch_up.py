"""One edition makes up for those that did not leave: several stale ones at once are of no use to anybody."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from digest.model import Enrolled
from digest.pipeline.world import World

log = logging.getLogger(__name__)


def withdraw_unsent(world: World, going: Sequence[tuple[Enrolled, date]], now: datetime) -> dict[str, tuple[str, ...]]:
    """Withdraw what never left of those that an edition is composed for; by subscription the Message-IDs.

    Done before composing, so that the new edition ranks those papers afresh. If it is not made after all, what was
    withdrawn is to be reinstated; a run that is killed in between is made good by the next, which composes it.
    """
    by_day: dict[date, list[str]] = defaultdict(list)
    for one, day in going:
        if one.last is not None and one.subscription.address is not None:
            by_day[day].append(one.subscription.id)
    found: dict[str, tuple[str, ...]] = {}
    for day, ids in by_day.items():
        found |= world.store.withdraw(ids, day, now, now - world.give_up_after)
    for name, messages in found.items():
        log.info("withdrawn profile=%s messages=%s", name.partition("/")[0], len(messages))
    return found
