"""Messages that are not sent any more, as a later edition makes up for them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import and_, case, func, or_, select, update

from digest.model import OutboxState
from digest.store.bulk import among
from digest.store.deliver import Deliveries
from digest.store.owed import TO_SEND, ambiguous
from digest.store.schema import editions, outbox
from digest.store.subscriptions import go_on


class Lost(Deliveries):
    def any_to_send(self) -> bool:
        """Whether any message is still to be sent."""
        with self._reading() as conn:
            return conn.scalar(select(outbox.c.message_id).where(outbox.c.state.in_(TO_SEND)).limit(1)) is not None

    def withdraw(
        self, subscription_ids: Collection[str], day: date, before: datetime, old: datetime
    ) -> dict[str, tuple[str, ...]]:
        """Do not send what the subscriptions' editions of a date are to make up for; by subscription its Message-IDs.

        That is what could have gone before a moment and was never tried, and what was decided on before `old` and never
        got through; neither what a sender has in hand nor what may have been taken.
        """
        self._free()
        untried = (outbox.c.attempts == 0) & outbox.c.queued_at.is_(None) & (outbox.c.next_at < before)
        tired = (func.coalesce(outbox.c.queued_at, outbox.c.created_at) < old) & ~ambiguous
        unsent = and_(outbox.c.owner == "", outbox.c.state.in_(TO_SEND), or_(untried, tired))
        words = f"the edition of {day} covers it"
        told = case((outbox.c.reply == "", words), else_=words + "; it was last answered: " + outbox.c.reply)
        found: dict[str, tuple[str, ...]] = {}
        with self._writing() as conn:
            of_theirs = among(conn, editions.c.subscription_id, subscription_ids)
            theirs = outbox.c.edition_id.in_(select(editions.c.id).where(of_theirs))
            taken = update(outbox).where(theirs, unsent).values(state=OutboxState.WITHDRAWN, reply=told)
            rows = conn.execute(taken.returning(outbox.c.message_id, outbox.c.edition_id)).all()
            for row in sorted(rows):
                name = row.edition_id.rpartition("/")[0]
                found[name] = (*found.get(name, ()), row.message_id)
            go_on(conn, [row.edition_id for row in rows], "lost")
        return found

    def reinstate(self, message_ids: Collection[str]) -> None:
        """What was withdrawn goes out after all."""
        with self._writing() as conn:
            mine = among(conn, outbox.c.message_id, message_ids) & (outbox.c.state == OutboxState.WITHDRAWN)
            state = case((outbox.c.attempts == 0, OutboxState.PENDING), else_=OutboxState.DEFERRED)
            back = update(outbox).where(mine).values(state=state, reply="").returning(outbox.c.edition_id)
            go_on(conn, list(conn.scalars(back)), "found")

    def _free(self) -> None:
        """What dead senders had in hand and had not begun to send is nobody's."""
        for owner in self._dead():
            with self._writing() as conn:
                its = (outbox.c.owner == owner) & outbox.c.state.in_(TO_SEND)
                conn.execute(update(outbox).where(its).values(owner=""))
