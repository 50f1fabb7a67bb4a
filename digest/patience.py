"""Pure: when soft bounces are enough to leave an address alone, and dead ones too many to be true.

Does not know where they come from.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta

from digest.model import Bounce, OutboxItem, OutboxState, ReturnKind

SPAN = timedelta(days=7)  # soft bounces of one week say nothing: a full mailbox, a server that moves
MANY = 20  # so many dead addresses of a domain at once are no accident
_SHARE = 10  # per cent of what went there: a bad list of addresses has fewer, and a server that errs has more
SETTLED = timedelta(days=5)  # after so long a message that did not come back has arrived (RFC 5321, 4.5.4.1)


def is_failing(
    bounces: Sequence[Bounce], messages: Sequence[OutboxItem], now: datetime, most: int, since: datetime | None = None
) -> bool:
    """Whether `most` messages came back softly, over a week at least, and none arrived in between.

    `messages` are those to the address, oldest first; what came back at or before `since` does not count. A bounce
    that does not say what it answers is taken for the answer to the latest message before it.
    """
    soft = [one for one in bounces if one.kind is ReturnKind.SOFT and (since is None or one.at > since)]
    answered = {_answers(one, messages) for one in bounces if one.kind is not ReturnKind.NOTICE}
    arrived = [
        one.created_at
        for one in messages
        if one.state is OutboxState.SENT and one.message_id not in answered and now - one.created_at >= SETTLED
    ]
    last = max(arrived, default=None)
    moments = {_answers(one, messages) or one.digest: one.at for one in soft if last is None or one.at > last}
    streak = sorted(moments.values())
    return len(streak) >= most and streak[-1] - streak[0] >= SPAN


def is_outage(dead: int, mailed: int) -> bool:
    """Whether so many dead addresses of a domain, of so many mailed, are rather the fault of its server."""
    return dead >= MANY and 100 * dead >= _SHARE * mailed


def _answers(bounce: Bounce, messages: Sequence[OutboxItem]) -> str | None:
    if bounce.message_id:
        return bounce.message_id
    at = bisect_right(messages, bounce.at, key=lambda one: one.created_at)
    return messages[at - 1].message_id if at else None
