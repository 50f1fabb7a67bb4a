"""How fast mail goes, and which domains are left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from digest.model import Destination
from digest.pipeline.pace import Limit, Pace, Rules
from digest.pipeline.roads import Roads

NOW = datetime(2026, 6, 2, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Hands:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float, /) -> None:
        self.at += seconds


def gone_in(seconds: float, rules: Rules, domains: str) -> str:
    """The domains of the messages that leave in so many seconds, one after the other; capitals are another sender's."""
    clock = Hands()
    pace, left = Pace(rules, clock), list(domains)
    gone = ""
    while left and clock.at <= 100 + seconds:
        waits = {}
        for domain in left:
            waits[domain] = pace.enter(domain.lower(), "one" if domain.islower() else "other")
            if waits[domain] == 0:
                gone += domain
                left.remove(domain)
                pace.leave(domain.lower(), "one" if domain.islower() else "other")
                break
        else:
            pace.rest(min(waits.values()))
    return gone


def test_no_limits() -> None:
    assert gone_in(0, Rules(), "abcabc") == "abcabc"


def test_so_many_a_second() -> None:
    assert gone_in(0, Rules(per_second=2), "abcabc") == "ab"
    assert gone_in(1, Rules(per_second=2), "abcabc") == "abca"
    assert gone_in(9.9, Rules(per_second=0.2), "abcabc") == "ab"


def test_a_slow_domain_lets_others_pass() -> None:
    rules = Rules(domains={"a": Limit(per_second=1)})
    assert gone_in(0, rules, "aaabbb") == "abbb"
    assert gone_in(2, rules, "aaabbb") == "abbbaa"


def test_connections_to_a_domain() -> None:
    pace = Pace(Rules(domains={"a": Limit(connections=1)}), Hands())
    assert pace.enter("a", "one") == 0
    assert pace.enter("a", "one") == 0, "the next message on the same connection"
    assert pace.enter("a", "other") > 0
    assert pace.enter("b", "other") == 0
    pace.leave("a", "one")
    assert pace.enter("a", "other") > 0
    pace.leave("a", "one")
    assert pace.enter("a", "other") == 0


def test_a_long_wait_is_looked_up_from() -> None:
    clock = Hands()
    Pace(Rules(), clock).rest(1000)
    assert clock.at == 101


def roads(*known: Destination) -> Roads:
    return Roads(known, NOW, [5 * MINUTE, 15 * MINUTE, 60 * MINUTE])


def test_failures_in_a_row_close_a_domain_for_ever_longer() -> None:
    found = roads()
    waits = []
    for _ in range(6):
        noted = found.failed("a", "450")
        waits.append(noted.not_before and (noted.not_before - NOW) // MINUTE)
    assert waits == [None, None, 5, 15, 60, 60]
    assert found.closed("a")
    assert not found.closed("b")


def test_a_goodbye_closes_it_at_once_and_success_opens_it() -> None:
    found = roads()
    assert found.failed("a", "421", busy=True).not_before == NOW + 5 * MINUTE
    assert found.took("a") == Destination(name="a")
    assert not found.closed("a")
    assert found.took("a") is None, "nothing to note"


def test_a_stop_stays() -> None:
    noted = roads().stop("a", "550 5.7.1 no")
    assert noted == Destination(name="a", failures=1, stopped=True, reply="550 5.7.1 no")
    later = Roads([noted], NOW + timedelta(days=30), [MINUTE])
    assert later.closed("a")
    assert later.failed("a", "450").stopped
    over = Roads([replace(noted, stopped=False, not_before=NOW)], NOW, [MINUTE])
    assert not over.closed("a")
