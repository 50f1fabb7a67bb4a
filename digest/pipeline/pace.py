"""How fast mail may go: all of it, and to each domain. Counts for the senders of one process."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

_LOOK_AGAIN = 0.05  # seconds until a connection to a domain may have become free


class Clock(Protocol):
    """Python's module `time` is one."""

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float, /) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Of a domain; None is no limit."""

    per_second: float | None = None
    connections: int | None = None


_NONE = Limit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How the outbox is worked off: how many senders, how fast; how many soft bounces an address may have."""

    connections: int = 1
    per_second: float | None = None
    domains: Mapping[str, Limit] = field(default_factory=dict)
    soft_bounces: int = 5


class Bucket:
    """Tokens that come at a rate and keep for a second; at least one keeps."""

    def __init__(self, per_second: float, now: float) -> None:
        self._rate, self._most = per_second, max(1.0, per_second)
        self._tokens, self._at = self._most, now

    def wait(self, now: float) -> float:
        """Seconds until there is one."""
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, (1 - self._tokens) / self._rate)

    def take(self) -> None:
        self._tokens -= 1


class Pace:
    """Lets messages go when their turn has come; for all senders together."""

    def __init__(self, rules: Rules, clock: Clock) -> None:
        self._rules, self._clock, self._lock = rules, clock, threading.Lock()
        now = clock.monotonic()
        self._all = Bucket(rules.per_second, now) if rules.per_second else None
        self._buckets = {name: Bucket(one.per_second, now) for name, one in rules.domains.items() if one.per_second}
        self._inside: defaultdict[str, Counter[str]] = defaultdict(Counter)  # by domain, of each sender

    def enter(self, domain: str, sender: str) -> float:
        """0 if a message to the domain may go now, which counts it until `leave`; else the seconds to wait."""
        with self._lock:
            inside, limit = self._inside[domain], self._rules.domains.get(domain, _NONE)
            if limit.connections and sender not in inside and len(inside) >= limit.connections:
                return _LOOK_AGAIN
            if self._all or self._buckets:
                now = self._clock.monotonic()
                buckets = [bucket for bucket in (self._all, self._buckets.get(domain)) if bucket]
                if (wait := max((bucket.wait(now) for bucket in buckets), default=0.0)) > 0:
                    return wait
                for bucket in buckets:
                    bucket.take()
            inside[sender] += 1
            return 0.0

    def leave(self, domain: str, sender: str) -> None:
        with self._lock:
            inside = self._inside[domain]
            inside[sender] -= 1
            if inside[sender] <= 0:
                del inside[sender]

    def rest(self, seconds: float) -> None:
        self._clock.sleep(min(seconds, 1.0))  # in between it is looked whether the work is over
