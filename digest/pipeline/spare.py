"""A server that returns the mail of very many as dead rather errs itself: none of them is barred, and its domain waits.

Done from the store alone, whenever it is asked.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from digest.model import Suppression
from digest.patience import MANY, is_outage
from digest.pipeline.bounces import reason_of
from digest.store import Store

log = logging.getLogger(__name__)

_LATELY = timedelta(days=7)  # how far back mails are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Spared:
    """Addresses that may be mailed again, and of how many mails of a day to their domain so many came back."""

    domain: str
    date: date
    addresses: tuple[str, ...]
    dead: int
    mailed: int
    stopped: bool  # whether the domain was stopped now; not for a few that came back late


def spare(store: Store, now: datetime) -> Iterator[Spared]:
    """Lift what bars the addresses whose mails of one day were returned as dead with so many others of their domain.

    The domain is stopped, until the operator says that it is well again.
    """
    found: dict[tuple[str, date], dict[str, Suppression]] = defaultdict(dict)
    latest: dict[str, date] = {}
    for bounce, made in store.dead(now - _LATELY):
        address, day = bounce.address or "", made.date()
        one = Suppression(address=address, reason=reason_of(bounce), since=bounce.at)
        found[address.rpartition("@")[2].lower(), day][address.lower()] = one
        latest[address.lower()] = max(day, latest.get(address.lower(), day))
    for (domain, day), those in sorted(found.items()):
        dead, mailed = len(those), store.mailed_on(domain, day)
        by_it = [one for key, one in those.items() if latest[key] == day]
        lifted = store.spare(by_it, now) if is_outage(dead, mailed) else ()
        if len(lifted) >= MANY:
            last = list(those.values())[-1].reason
            _stop(store, domain, f"{dead} of {mailed} mails of {day} came back as dead, the last {last}")
        if lifted:
            stopped = len(lifted) >= MANY
            yield Spared(domain=domain, date=day, addresses=lifted, dead=dead, mailed=mailed, stopped=stopped)


def _stop(store: Store, domain: str, reply: str) -> None:
    log.error("domain_stopped domain=%s reply=%s resume=`digest outbox --resume %s`", domain, reply, domain)
    store.stop_domain(domain, reply)
