"""What came back, each returned mail once, and the addresses never to mail. Does not judge."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Text, cast, delete, exists, func, insert, select, update

from digest.model import Bounce, Consequence, Delivery, OutboxItem, OutboxState, ReturnKind, Subscription, Suppression
from digest.store import codec
from digest.store.bulk import among
from digest.store.database import Database
from digest.store.owed import LOST
from digest.store.schema import bounces, deliveries, editions, outbox, suppressions
from digest.store.subscriptions import go_on

_TOKEN = re.compile(r"[a-z0-9_-]{22,}")


class Bounces(Database):
    # --- returned mails ----------------------------------------------------------------------------------------

    def record_bounce(self, bounce: Bounce, suppression: Suppression | None = None) -> bool:
        """Keep it with what follows from it; False, and nothing changes, if that mail was recorded before.

        One that was not understood before is replaced by one that is.
        """
        row = codec.bounce_row(bounce)
        statement = self._insert(bounces).values(row)
        understood = (bounces.c.kind == ReturnKind.UNKNOWN) & (statement.excluded["kind"] != ReturnKind.UNKNOWN)
        statement = statement.on_conflict_do_update(index_elements=["digest"], set_=row, where=understood)
        with self._writing() as conn:
            new = conn.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1
            if new and suppression:
                self._suppress(conn, suppression)
            return new

    def forget_bounce(self, digest: str) -> None:
        with self._writing() as conn:
            conn.execute(delete(bounces).where(bounces.c.digest == digest))

    def bounce(self, digest: str) -> Bounce | None:
        """What was recorded of a returned mail."""
        with self._reading() as conn:
            row = conn.execute(bounces.select().where(bounces.c.digest == digest)).one_or_none()
            return None if row is None else codec.bounce(row)

    def bounces(self, address: str) -> tuple[Bounce, ...]:
        """All that came back from an address, in the order it came."""
        query = bounces.select().where(bounces.c.address_key == codec.address_key(address))
        with self._reading() as conn:
            return tuple(map(codec.bounce, conn.execute(query.order_by(bounces.c.at, bounces.c.digest))))

    def failing(self, since: datetime) -> tuple[str, ...]:
        """The addresses, in lower case and in order, that soft bounces came back from at or after `since`."""
        query = select(bounces.c.address_key).where(bounces.c.kind == ReturnKind.SOFT, bounces.c.at >= since)
        with self._reading() as conn:
            return tuple(sorted(key for key in conn.scalars(query.distinct()) if key))

    def dead(self, since: datetime) -> tuple[tuple[Bounce, OutboxItem | None], ...]:
        """What came back since then that suppressed an address as dead, the first first; with the mail it names."""
        dead = (bounces.c.kind == ReturnKind.HARD) & (bounces.c.consequence == Consequence.SUPPRESSED)
        query = bounces.select().where(dead, bounces.c.at >= since).order_by(bounces.c.at, bounces.c.digest)
        with self._reading() as conn:
            found = [codec.bounce(row) for row in conn.execute(query)]
            named = among(conn, outbox.c.message_id, sorted({one.message_id for one in found if one.message_id}))
            mails = {row.message_id: codec.outbox_item(row) for row in conn.execute(select(outbox).where(named))}
        return tuple((one, mails.get(one.message_id or "")) for one in found)

    # --- what was mailed ---------------------------------------------------------------------------------------

    def mailed(self, addresses: Collection[str]) -> str | None:
        """The first of the addresses that a message was ever decided on for."""
        with self._reading() as conn:
            for address in addresses:
                query = select(outbox.c.address).where(outbox.c.address.in_({address, address.lower()})).limit(1)
                if found := conn.scalar(query):
                    return str(found)
        return None

    def mailed_to(self, address: str, since: datetime) -> tuple[OutboxItem, ...]:
        """The messages to an address decided on at or after `since`, the oldest first."""
        mine = outbox.c.address.in_({address, address.lower()})
        query = select(outbox).where(mine, outbox.c.created_at >= since)
        with self._reading() as conn:
            items = map(codec.outbox_item, conn.execute(query))
            return tuple(sorted(items, key=lambda item: (item.created_at, item.message_id)))

    def mailed_on(self, domain: str, day: date, *, again: bool = False) -> int:
        """To how many addresses of a domain messages went that were decided on, or put back, on a day of UTC."""
        start, made = datetime.combine(day, time(0), UTC), outbox.c.queued_at if again else outbox.c.created_at
        then = (outbox.c.domain == domain) & (made >= start) & (made < start + timedelta(days=1))
        taken = exists().where(
            deliveries.c.message_id == outbox.c.message_id,
            deliveries.c.state == OutboxState.SENT,
            deliveries.c.at >= made,
        )
        went = then & ((outbox.c.state == OutboxState.SENT) | taken)
        with self._reading() as conn:
            return conn.scalar(select(func.count(outbox.c.address.distinct())).where(went)) or 0

    def taken_at(self, message_ids: Iterable[str]) -> dict[str, tuple[datetime, ...]]:
        """By Message-ID the moments at which a server took messages, in their order; of those that any took."""
        found: dict[str, list[datetime]] = {}
        with self._reading() as conn:
            theirs = among(conn, deliveries.c.message_id, message_ids) & (deliveries.c.state == OutboxState.SENT)
            query = select(deliveries.c.message_id, deliveries.c.at).where(theirs)
            for row in conn.execute(query.order_by(deliveries.c.at, deliveries.c.id)):
                found.setdefault(row.message_id, []).append(row.at)
        return {one: tuple(moments) for one, moments in found.items()}

    def take_back(self, those: Iterable[Delivery], unsure: Collection[str]) -> tuple[Delivery, ...]:
        """What becomes of messages that were sent and came back; those that are still as they were.

        Of the Message-IDs that are `unsure` it is not known which came back, which is written down as an attempt.
        """
        found = []
        with self._writing() as conn:
            for one in those:
                is_sent = (outbox.c.message_id == one.message_id) & (outbox.c.state == OutboxState.SENT)
                values: dict[str, Any] = {"state": one.state, "reply": one.reply}
                if one.state is OutboxState.PENDING:
                    values |= {"next_at": one.at, "queued_at": one.at}
                of = conn.scalar(update(outbox).where(is_sent).values(values).returning(outbox.c.edition_id))
                if of is None:
                    continue
                found.append(one)
                if one.message_id in unsure:
                    again = one.at if one.state is OutboxState.PENDING else None
                    told = replace(one, state=OutboxState.UNKNOWN, next_at=again)
                    conn.execute(insert(deliveries), codec.delivery_row(told))
                elif one.state in LOST:
                    conn.execute(insert(deliveries), codec.delivery_row(one))
                    go_on(conn, [of], "lost")
        return tuple(found)

    def has_mailed(self) -> bool:
        """Whether any message was ever decided on, and is remembered."""
        with self._reading() as conn:
            return conn.scalar(select(outbox.c.message_id).limit(1)) is not None

    def mailed_token(self, token: str) -> tuple[str, str] | None:
        """Address and subscription of a token that stands in a message still remembered; in any case of letters.

        Looks through all of them: for tokens of a secret that is lost.
        """
        key = token.lower()
        if not _TOKEN.fullmatch(key):
            return None
        query = select(outbox.c.address, outbox.c.edition_id, outbox.c.own)
        query = query.where(func.lower(cast(outbox.c.own, Text)).contains(key, autoescape=True))
        with self._reading() as conn:
            for row in conn.execute(query.order_by(outbox.c.created_at.desc(), outbox.c.message_id)):
                words = (word for text in row.own for word in _TOKEN.findall(text.lower()))
                if any(word.endswith(key) for word in words):
                    return str(row.address), str(row.edition_id).rpartition("/")[0]
        return None

    def message_of(self, edition_id: str) -> OutboxItem | None:
        """The message of an edition; None for a feed's."""
        query = select(outbox).where(outbox.c.edition_id == edition_id).order_by(outbox.c.message_id).limit(1)
        with self._reading() as conn:
            row = conn.execute(query).one_or_none()
            return None if row is None else codec.outbox_item(row)

    def subscribers(self) -> dict[str, str]:
        """The address of every subscription that was ever mailed, by its id; those that are over too."""
        query = select(editions.c.subscription_id, outbox.c.address).join(outbox, outbox.c.edition_id == editions.c.id)
        with self._reading() as conn:
            return {str(row.subscription_id): str(row.address) for row in conn.execute(query.distinct())}

    def subscribed(self, address: str) -> tuple[Subscription, ...]:
        """The subscriptions that an address was ever mailed for, as they were in their latest edition."""
        mine = func.lower(outbox.c.address) == codec.address_key(address)
        query = select(editions.c.subscription_id, func.max(editions.c.id).label("id"))
        query = (
            query.join(outbox, outbox.c.edition_id == editions.c.id).where(mine).group_by(editions.c.subscription_id)
        )
        with self._reading() as conn:
            latest = sorted(row.id for row in conn.execute(query))
            contents = select(editions.c.content).where(among(conn, editions.c.id, latest))
            return tuple(codec.subscription(content) for content in conn.scalars(contents) if content)

    # --- suppression list --------------------------------------------------------------------------------------

    def suppress(self, suppression: Suppression) -> bool:
        """False, and the older entry stays, if the address is on the list in any case of letters."""
        return self.suppress_all([suppression]) == 1

    def suppress_all(self, those: Iterable[Suppression]) -> int:
        """How many of them were not on the list."""
        with self._writing() as conn:
            return sum(self._suppress(conn, one) for one in those)

    def _suppress(self, conn: Connection, suppression: Suppression) -> bool:
        row = {
            "key": codec.suppression_key(suppression.address, suppression.subscription_id),
            "address": suppression.address,
            "reason": suppression.reason,
            "since": suppression.since,
            "subscription_id": suppression.subscription_id,
            "lifted": None,
        }
        statement = self._insert(suppressions).values(row)
        statement = statement.on_conflict_do_update(
            index_elements=["key"], set_=row, where=suppressions.c.lifted.is_not(None)
        )
        return conn.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1

    def unsuppress(self, addresses: Collection[str], now: datetime) -> int:
        """Lift all that bars addresses and their subscriptions, and remember when; how many addresses were barred."""
        lower = func.lower(suppressions.c.address, type_=Text)
        with self._writing() as conn:
            mine = among(conn, lower, map(codec.address_key, addresses)) & suppressions.c.lifted.is_(None)
            lifted = update(suppressions).where(mine).values(lifted=now).returning(lower)
            return len(set(conn.scalars(lifted)))

    def spare(self, those: Iterable[Suppression], now: datetime) -> tuple[str, ...]:
        """Lift these, where they still are as they were for the same reason; the addresses of those that were."""
        lifted: list[str] = []
        with self._writing() as conn:
            for one in those:
                key = codec.suppression_key(one.address, one.subscription_id)
                its = (suppressions.c.key == key) & (suppressions.c.reason == one.reason)
                bars = update(suppressions).where(its, suppressions.c.lifted.is_(None)).values(lifted=now)
                lifted += conn.scalars(bars.returning(suppressions.c.address))
        return tuple(lifted)

    def suppression(self, address: str, subscription_id: str | None = None) -> Suppression | None:
        """What bars an address now, or else what bars the subscription."""
        keys = [codec.suppression_key(address)]
        if subscription_id:
            keys.append(codec.suppression_key(address, subscription_id))
        query = suppressions.select().where(suppressions.c.key.in_(keys), suppressions.c.lifted.is_(None))
        with self._reading() as conn:
            found = {row.key: codec.suppression(row) for row in conn.execute(query)}
            return next((found[key] for key in keys if key in found), None)

    def barred(self, those: Sequence[Subscription]) -> dict[str, Suppression]:
        """By id what bars the addresses of the subscriptions now, or else what bars the subscriptions."""
        keys = {
            one.id: (codec.suppression_key(one.address), codec.suppression_key(one.address, one.id))
            for one in those
            if one.address
        }
        wanted = [key for several in keys.values() for key in several]
        with self._reading() as conn:
            query = suppressions.select().where(
                among(conn, suppressions.c.key, wanted), suppressions.c.lifted.is_(None)
            )
            found = {row.key: codec.suppression(row) for row in conn.execute(query)}
        first = {one: next((found[key] for key in several if key in found), None) for one, several in keys.items()}
        return {one: bar for one, bar in first.items() if bar is not None}

    def suppressions(self, *, lifted: bool = False) -> tuple[Suppression, ...]:
        """The whole list, by address; with those that are over if asked for."""
        query = suppressions.select() if lifted else suppressions.select().where(suppressions.c.lifted.is_(None))
        with self._reading() as conn:
            rows = conn.execute(query).all()
        found = map(codec.suppression, rows)
        return tuple(sorted(found, key=lambda one: (one.address.lower(), one.subscription_id or "")))

    def lifted(self, address: str) -> datetime | None:
        """When mail to an address was last allowed again."""
        mine = func.lower(suppressions.c.address) == codec.address_key(address)
        with self._reading() as conn:
            moments = list(conn.scalars(select(suppressions.c.lifted).where(mine, suppressions.c.lifted.is_not(None))))
            return max(moments, default=None)
