"""Which domains take our mail: those that fail are left alone for a time, those that refuse by policy are stopped.

And those that refuse everybody.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from digest.model import Destination, Suppression
from digest.patience import MANY

log = logging.getLogger(__name__)

_PATIENCE = 3  # so many failures in a row close a domain, which one 421 does at once


class Roads:
    """What is known of the domains, for all senders of a run; `delays` are the times of being left alone."""

    def __init__(self, known: Iterable[Destination], now: datetime, delays: Sequence[timedelta]) -> None:
        self._known = {one.name: one for one in known}
        self._now, self._delays, self._lock = now, delays, threading.Lock()
        self._dead: dict[str, list[Suppression]] = defaultdict(list)

    def closed(self, domain: str) -> bool:
        found = self._known.get(domain)
        return found is not None and found.closed(self._now)

    def took(self, domain: str) -> Destination | None:
        """A message was taken; what to note of the domain, if anything changed."""
        self._dead.pop(domain, None)
        if domain not in self._known:
            return None
        with self._lock:
            found = self._known.pop(domain, None)
        return Destination(name=domain) if found else None

    def failed(self, domain: str, reply: str, *, busy: bool = False) -> Destination:
        """A message was refused for now, or the connection broke; the destination as it is to be noted."""
        with self._lock:
            before = self._known.get(domain, Destination(name=domain))
            failures = max(before.failures + 1, _PATIENCE if busy else 1)
            over = failures - _PATIENCE
            until = self._now + self._delays[min(over, len(self._delays) - 1)] if over >= 0 else None
            return self._note(domain, failures, until, before.stopped, reply)

    def dead(self, domain: str, barred: Suppression, reply: str) -> tuple[Destination, list[Suppression]] | None:
        """An address was refused as dead; if very many in a row were, the destination, stopped, and what bars them."""
        with self._lock:
            self._dead[domain].append(barred)
            if len(self._dead[domain]) < MANY:
                return None
            those = self._dead.pop(domain)
        words = f"{MANY} addresses in a row were refused as dead, the last with: {reply}"
        return self.stop(domain, words), those

    def stop(self, domain: str, reply: str) -> Destination:
        """It refuses everything: nothing more goes there until the operator says so."""
        log.error("domain_stopped domain=%s reply=%s resume=`digest outbox --resume %s`", domain, reply, domain)
        with self._lock:
            before = self._known.get(domain, Destination(name=domain))
            return self._note(domain, before.failures + 1, before.not_before, True, reply)

    def _note(self, domain: str, failures: int, until: datetime | None, stopped: bool, reply: str) -> Destination:
        noted = Destination(name=domain, failures=failures, not_before=until, stopped=stopped, reply=reply)
        self._known[domain] = noted
        return noted
