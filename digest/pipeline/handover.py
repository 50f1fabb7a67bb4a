"""Whether mail gets out at all. That one message is refused is every day's business; that none leaves is not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from digest.model import Delivery, OutboxState
from digest.store import Store

_NONE = "no message could be handed over"


@dataclass(slots=True)
class Delivered:
    """What became of the messages of a run, however many: how many ended how, and what was last said."""

    states: Counter[OutboxState] = field(default_factory=Counter)
    given_up: int = 0
    reply: str = ""
    unreached: str = ""  # the last reply for one that found no server

    def count(self, one: Delivery) -> None:
        self.states[one.state] += 1
        self.given_up += one.given_up
        self.reply = one.reply
        if one.unreached:
            self.unreached = one.reply

    @property
    def number(self) -> int:
        return self.states.total()


def trouble(store: Store, delivered: Delivered) -> str:
    """Why delivering did not end well, in words; empty if it did.

    A look at which nothing was due is no success while messages wait for a server that the last look did not reach.
    """
    to_send = store.to_send()
    if stopped := [one.name for one in store.destinations() if one.stopped and to_send.get(one.name)]:
        held = sum(to_send[name] for name in stopped)
        return (
            f"{_wait(held)}, as their domains are stopped: {', '.join(stopped[:5])}{', …' if len(stopped) > 5 else ''}"
        )
    if delivered.states[OutboxState.SENT]:
        return ""
    if delivered.unreached:
        return f"{_NONE}, {_wait(sum(to_send.values()))}: {delivered.unreached}"
    if delivered.number and delivered.given_up == delivered.number:
        return f"{_NONE}, all {delivered.number} were {delivered.reply}"
    last = store.last_runs().get("deliver")
    carried = last is not None and not delivered.number and to_send and last.outcome.startswith(_NONE)
    return last.outcome if last is not None and carried else ""


def _wait(number: int) -> str:
    return f"{number} {'message waits' if number == 1 else 'messages wait'}"
