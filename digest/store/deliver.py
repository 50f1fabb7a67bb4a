"""The outbox and what became of it. Does not know how a message travels."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import insert, select, update

from digest.errors import StoreError
from digest.model import Delivery, OutboxItem, OutboxState
from digest.store import codec
from digest.store.bulk import among
from digest.store.database import Database
from digest.store.schema import deliveries, outbox

_CLAIMABLE = (OutboxState.PENDING, OutboxState.DEFERRED)


class Deliveries(Database):
    # --- outbox ------------------------------------------------------------------------------------------------

    def due(self, now: datetime) -> tuple[OutboxItem, ...]:
        """What may be tried now, longest due first."""
        query = select(outbox).where(outbox.c.state.in_(_CLAIMABLE), outbox.c.next_at <= now)
        with self._reading() as conn:
            items = map(codec.outbox_item, conn.execute(query))
            return tuple(sorted(items, key=lambda item: (item.next_at, item.message_id)))

    def outbox(self, states: Collection[OutboxState] | None = None, limit: int = 100) -> tuple[OutboxItem, ...]:
        """The latest decided on first, in any of the states."""
        query = select(outbox).order_by(outbox.c.created_at.desc(), outbox.c.message_id).limit(limit)
        if states is not None:
            query = query.where(outbox.c.state.in_(sorted(states)))
        with self._reading() as conn:
            return tuple(map(codec.outbox_item, conn.execute(query)))

    def outbox_item(self, message_id: str) -> OutboxItem | None:
        with self._reading() as conn:
            row = conn.execute(outbox.select().where(outbox.c.message_id == message_id)).one_or_none()
            return None if row is None else codec.outbox_item(row)

    def attempt(self, message_id: str, now: datetime) -> bool:
        """Claim a message before it can leave; False if it is another's, done, or not there.

        While `sending`, `next_at` tells since when.
        """
        claim = (
            update(outbox)
            .where(outbox.c.message_id == message_id, outbox.c.state.in_(_CLAIMABLE))
            .values(state=OutboxState.SENDING, attempts=outbox.c.attempts + 1, next_at=now)
        )
        with self._writing() as conn:
            return conn.execute(claim).rowcount == 1

    def settle(self, delivery: Delivery) -> None:
        """The outcome of an attempt, with the message's new state."""
        values: dict[str, object] = {"state": delivery.state, "reply": delivery.reply}
        if delivery.next_at is not None:
            values["next_at"] = delivery.next_at
        with self._writing() as conn:
            found = conn.execute(update(outbox).where(outbox.c.message_id == delivery.message_id).values(values))
            if found.rowcount != 1:
                raise StoreError(f"{self.name}: no message {delivery.message_id} in the outbox. Nothing was written.")
            conn.execute(insert(deliveries).values(codec.delivery_row(delivery)))

    def recover(self, now: datetime, resend: bool) -> tuple[OutboxItem, ...]:
        """What a crash left `sending`, which may have left or not: to be tried again at once, or held as unknown.

        Only for who holds the sender's lock: a message on its way in a living process looks the same.
        """
        state = OutboxState.DEFERRED if resend else OutboxState.UNKNOWN
        reply = f"interrupted while sending; {'sent again' if resend else 'held'}"
        with self._writing() as conn:
            query = select(outbox.c.message_id).where(outbox.c.state == OutboxState.SENDING).with_for_update()
            found = sorted(conn.scalars(query))
            held = among(conn, outbox.c.message_id, found)
            conn.execute(update(outbox).where(held).values(state=state, next_at=now, reply=reply))
            rows = [
                codec.delivery_row(
                    Delivery(message_id=each, at=now, state=state, reply=reply, next_at=now if resend else None)
                )
                for each in found
            ]
            if rows:
                conn.execute(insert(deliveries), rows)
            items = [codec.outbox_item(row) for row in conn.execute(select(outbox).where(held))]
            return tuple(sorted(items, key=lambda item: item.message_id))

    def deliveries(self, message_id: str) -> tuple[Delivery, ...]:
        """Every attempt of a message and how it ended, in the order they were recorded."""
        query = deliveries.select().where(deliveries.c.message_id == message_id).order_by(deliveries.c.id)
        with self._reading() as conn:
            return tuple(map(codec.delivery, conn.execute(query)))
