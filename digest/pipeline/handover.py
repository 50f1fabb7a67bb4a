"""Whether mail gets out at all. That one message is refused is every day's business; that none leaves is not."""

from __future__ import annotations

from collections.abc import Sequence

from digest.model import Delivery, OutboxState
from digest.store import Store

_NONE = "no message could be handed over"


def trouble(store: Store, deliveries: Sequence[Delivery]) -> str:
    """Why delivering did not end well, in words; empty if it did.

    A look at which nothing was due is no success while messages wait for a server that the last look did not reach.
    """
    to_send = store.to_send()
    if stopped := [one.name for one in store.destinations() if one.stopped and to_send.get(one.name)]:
        held = sum(to_send[name] for name in stopped)
        return (
            f"{_wait(held)}, as their domains are stopped: {', '.join(stopped[:5])}{', …' if len(stopped) > 5 else ''}"
        )
    if any(one.state is OutboxState.SENT for one in deliveries):
        return ""
    if unreached := [one for one in deliveries if one.unreached]:
        return f"{_NONE}, {_wait(sum(to_send.values()))}: {unreached[-1].reply}"
    if deliveries and all(one.given_up for one in deliveries):
        return f"{_NONE}, all {len(deliveries)} were {deliveries[-1].reply}"
    last = store.last_runs().get("deliver")
    carried = last is not None and not deliveries and to_send and last.outcome.startswith(_NONE)
    return last.outcome if last is not None and carried else ""


def _wait(number: int) -> str:
    return f"{number} {'message waits' if number == 1 else 'messages wait'}"
