"""The outbox and what became of it. Does not know how a message travels."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from itertools import chain

from sqlalchemy import delete, func, insert, select, update

from digest.model import Delivery, Destination, OutboxItem, OutboxState
from digest.store import codec
from digest.store.bulk import among
from digest.store.codec import address_key
from digest.store.database import Database
from digest.store.ledger import Ledger
from digest.store.owed import LOST, TO_SEND
from digest.store.schema import deliveries, domains, editions, outbox, senders
from digest.store.subscriptions import go_on

_BATCH = 500  # messages read at once


class Deliveries(Database):
    # --- senders -----------------------------------------------------------------------------------------------

    @contextmanager
    def ledger(self, clock: Callable[[], float]) -> Iterator[Ledger]:
        """A new sender's book, held by a lock until it is closed or its process dies."""
        owner = secrets.token_hex(6)
        with self._session(f"sender-{owner}") as conn, Ledger(conn, self.name, owner, clock) as ledger:
            yield ledger

    def recover(self, now: datetime, resend: bool) -> tuple[OutboxItem, ...]:
        """Take over what dead senders left: what was `sending` may have left or not, which is recorded as unknown.

        Such a message is tried again at once, or held as unknown; what was only in a dead sender's hand is free again.
        Returns the ambiguous ones.
        """
        found: dict[str, list[OutboxItem]] = {}
        for owner in self._dead():
            found[owner] = self._take_over(owner, now, resend)
        for owner in found:
            self._forget_lock(f"sender-{owner}")
        return tuple(sorted(chain.from_iterable(found.values()), key=lambda item: item.message_id))

    def abandoned(self) -> bool:
        """Whether a sender died with something in hand."""
        return any(self._dead())

    def _dead(self) -> Iterator[str]:
        """The senders that died with something in hand, each while nobody else can take it over."""
        with self._reading() as conn:
            owners = sorted(conn.scalars(select(senders.c.owner)))
        for owner in owners:
            with self.exclusive(f"sender-{owner}") as dead:
                if dead:
                    yield owner

    def _take_over(self, owner: str, now: datetime, resend: bool) -> list[OutboxItem]:
        state = OutboxState.DEFERRED if resend else OutboxState.UNKNOWN
        reply = f"interrupted while sending; {'sent again' if resend else 'held'}"
        mine = outbox.c.owner == owner
        with self._writing() as conn:
            query = select(outbox.c.message_id).where(mine, outbox.c.state == OutboxState.SENDING).with_for_update()
            found = sorted(conn.scalars(query))
            held = among(conn, outbox.c.message_id, found)
            conn.execute(update(outbox).where(held).values(state=state, next_at=now, reply=reply, owner=""))
            conn.execute(update(outbox).where(mine, outbox.c.state.in_(TO_SEND)).values(owner=""))
            unknown = Delivery(
                message_id="", at=now, state=OutboxState.UNKNOWN, reply=reply, next_at=now if resend else None
            )
            rows = [codec.delivery_row(replace(unknown, message_id=each)) for each in found]
            if rows:
                conn.execute(insert(deliveries), rows)
            conn.execute(delete(senders).where(senders.c.owner == owner))
            return [codec.outbox_item(row) for row in conn.execute(select(outbox).where(held))]

    # --- outbox ------------------------------------------------------------------------------------------------

    def due(self, now: datetime) -> Iterator[OutboxItem]:
        """What may be tried now, longest due first. Some hundred messages are in memory at a time."""
        query = select(outbox.c.next_at, outbox.c.message_id)
        with self._reading() as conn:
            found = conn.execute(query.where(outbox.c.state.in_(TO_SEND), outbox.c.next_at <= now))
            ids = [row.message_id for row in sorted(found, key=lambda row: (row.next_at, row.message_id))]
        for start in range(0, len(ids), _BATCH):
            some = ids[start : start + _BATCH]
            with self._reading() as conn:
                rows = conn.execute(select(outbox).where(among(conn, outbox.c.message_id, some)))
                there = {row.message_id: codec.outbox_item(row) for row in rows}
            yield from (there[one] for one in some if one in there)

    def due_number(self, now: datetime) -> int:
        """How many may be tried now."""
        query = select(func.count()).where(outbox.c.state.in_(TO_SEND), outbox.c.next_at <= now)
        with self._reading() as conn:
            return conn.scalar(query) or 0

    def to_send(self) -> dict[str, int]:
        """By domain how many messages are still to be sent."""
        query = select(outbox.c.domain, func.count().label("number")).where(outbox.c.state.in_(TO_SEND))
        with self._reading() as conn:
            return {row.domain: row.number for row in conn.execute(query.group_by(outbox.c.domain))}

    def outbox(
        self,
        states: Collection[OutboxState] | None = None,
        limit: int | None = 100,
        domain: str | None = None,
    ) -> tuple[OutboxItem, ...]:
        """The latest decided on first, in any of the states, for a domain."""
        query = select(outbox).order_by(outbox.c.created_at.desc(), outbox.c.message_id).limit(limit)
        if states is not None:
            query = query.where(outbox.c.state.in_(sorted(states)))
        if domain is not None:
            query = query.where(outbox.c.domain == domain.lower())
        with self._reading() as conn:
            return tuple(map(codec.outbox_item, conn.execute(query)))

    def messages(self, name: str, on: date | None = None) -> tuple[OutboxItem, ...]:
        """Those of a Message-ID, with or without brackets, or to an address in any case; of editions of the date."""
        to = func.lower(outbox.c.address) == address_key(name)
        query = select(outbox).where(outbox.c.message_id.in_((name, name.strip("<>"), f"<{name}>")) | to)
        if on is not None:
            query = query.where(outbox.c.edition_id.in_(select(editions.c.id).where(editions.c.date == on)))
        with self._reading() as conn:
            return tuple(map(codec.outbox_item, conn.execute(query.order_by(outbox.c.message_id))))

    def beginning(self, start: str, most: int) -> tuple[OutboxItem, ...]:
        """So many of the messages whose Message-ID begins so."""
        query = select(outbox).where(outbox.c.message_id.startswith(start, autoescape=True))
        with self._reading() as conn:
            found = map(codec.outbox_item, conn.execute(query.order_by(outbox.c.message_id)))
            return tuple(one for one in found if one.message_id.startswith(start))[:most]

    def outbox_ages(self) -> dict[OutboxState, datetime]:
        """By state that there is, when the oldest of its messages was decided on."""
        query = select(outbox.c.state, func.min(outbox.c.created_at).label("oldest")).group_by(outbox.c.state)
        with self._reading() as conn:
            return {OutboxState(row.state): row.oldest for row in conn.execute(query)}

    def outbox_item(self, message_id: str) -> OutboxItem | None:
        with self._reading() as conn:
            row = conn.execute(outbox.select().where(outbox.c.message_id == message_id)).one_or_none()
            return None if row is None else codec.outbox_item(row)

    def requeue(self, message_id: str, now: datetime) -> bool:
        """Put a message back to be sent at once, with the bytes it had; False if a sender has it in hand."""
        free = (outbox.c.message_id == message_id) & (outbox.c.owner == "")
        values = {"state": OutboxState.PENDING, "next_at": now, "queued_at": now}
        lost = free & outbox.c.state.in_(LOST)
        with self._writing() as conn:
            go_on(conn, list(conn.scalars(select(outbox.c.edition_id).where(lost))), "found")
            return conn.execute(update(outbox).where(free).values(values)).rowcount == 1

    def deliveries(self, message_id: str) -> tuple[Delivery, ...]:
        """Every attempt of a message and how it ended, in the order they were recorded."""
        query = deliveries.select().where(deliveries.c.message_id == message_id).order_by(deliveries.c.id)
        with self._reading() as conn:
            return tuple(map(codec.delivery, conn.execute(query)))

    # --- domains -----------------------------------------------------------------------------------------------

    def destinations(self) -> tuple[Destination, ...]:
        """The domains that did not take mail lately, by name."""
        with self._reading() as conn:
            return tuple(map(codec.destination, conn.execute(domains.select().order_by(domains.c.name))))

    def stop_domain(self, name: str, reply: str) -> None:
        """Let nothing more go there until the operator says so."""
        row = codec.destination_row(Destination(name=name, failures=1, stopped=True, reply=reply))
        stopped = {"stopped": True, "reply": reply}
        with self._writing() as conn:
            conn.execute(self._insert(domains).values(row).on_conflict_do_update(index_elements=["name"], set_=stopped))

    def resume(self, name: str) -> bool:
        """Forget a domain's stop and failures; False if it had none."""
        with self._writing() as conn:
            return conn.execute(delete(domains).where(domains.c.name == name.lower())).rowcount == 1
