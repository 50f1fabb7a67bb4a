"""What readers are owed: the papers of editions whose message did not leave and will not. Public surfaces show those.

A message that may have been taken is not among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby

from sqlalchemy import Column, ColumnElement, Connection, exists, select

from digest.model import Cadence, Enrolled, LastEdition, OutboxState, edition_id
from digest.store import codec
from digest.store.bulk import among
from digest.store.schema import deliveries, editions, outbox

LOST = (OutboxState.FAILED, OutboxState.SUPPRESSED, OutboxState.WITHDRAWN)
TO_SEND = (OutboxState.DEFERRED, OutboxState.PENDING)
_FARTHEST = timedelta(days=70)  # no edition looks back any further

ambiguous = exists().where(deliveries.c.message_id == outbox.c.message_id, deliveries.c.state == OutboxState.UNKNOWN)


def lost(edition: Column[str]) -> ColumnElement[bool]:
    """Whether the message of an edition did not leave and will not."""
    return (
        select(outbox.c.message_id)
        .where(outbox.c.edition_id == edition, outbox.c.state.in_(LOST), ~ambiguous)
        .correlate(editions)
        .exists()
    )


def with_owed(conn: Connection, those: Sequence[Enrolled]) -> tuple[Enrolled, ...]:
    """Each with what its reader is owed."""
    latest = {one.subscription.id: one.sent.date for one in those if one.sent}
    its = select(editions.c.subscription_id).where(
        among(conn, editions.c.id, [edition_id(one, day) for one, day in latest.items()]), lost(editions.c.id)
    )
    behind = set(conn.scalars(its)) if latest else set()
    if not behind:
        return tuple(those)
    first = min(latest[one] for one in behind) - _FARTHEST
    columns = (editions.c.subscription_id, editions.c.date, editions.c.made_at, editions.c.reason)
    query = select(*columns, lost(editions.c.id).label("lost")).where(
        among(conn, editions.c.subscription_id, sorted(behind)), editions.c.date >= first
    )
    history = conn.execute(query.order_by(editions.c.subscription_id, editions.c.date.desc()))
    dates = {
        name: [(codec.last_edition(row), bool(row.lost)) for row in rows]
        for name, rows in groupby(history, key=lambda row: str(row.subscription_id))
    }
    return tuple(_owed(one, dates[one.subscription.id]) if one.subscription.id in behind else one for one in those)


def _owed(one: Enrolled, dates: Sequence[tuple[LastEdition, bool]]) -> Enrolled:
    """By what is stored of its dates, the newest first, each with whether it is an edition that was lost."""
    since = next((number for number, (date_, gone) in enumerate(dates) if not (gone or date_.reason)), len(dates))
    first = max(number for number, (_, gone) in enumerate(dates[:since]) if gone)
    before = since if one.subscription.cadence is Cadence.WHEN_GOOD else first + 1
    return replace(one, owed=dates[first][0], left=dates[before][0] if before < len(dates) else None)
