"""One sender's book: which messages it has in hand, what it is about to send, and how that ended.

A ledger has a connection and a lock of its own. The lock goes with the process, or with the connection, so that
others can tell without a clock whether the sender lives. Does not know how a message travels.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Executable, delete, insert, select, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from digest.model import Delivery, Destination, Intent, OutboxItem, OutboxState
from digest.store import codec
from digest.store.bulk import among, insert_or
from digest.store.failures import translated
from digest.store.owed import LOST, TO_SEND
from digest.store.schema import Moment, domains, outbox, senders
from digest.store.subscriptions import go_on

T = TypeVar("T")


# A power cut may undo commits that were not waited for: so many of them, or of so many seconds.
DURABLE_EVERY = 50
DURABLE_SECONDS = 0.25
_LOG_PAGES = 4_000  # of SQLite's log until it is worked into the file, which waits for the disk too

# SQLAlchemy's own way takes half of the time of a message.
_END = (
    "UPDATE outbox SET state = ?, reply = ?, next_at = coalesce(?, next_at), owner = '' "
    "WHERE message_id = ? AND owner = ?"
)
_RECORD = "INSERT INTO deliveries (message_id, at, state, reply, next_at) VALUES (?, ?, ?, ?, ?)"
_BEGIN = (
    "UPDATE outbox SET state = 'sending', attempts = attempts + 1, next_at = ? "
    "WHERE message_id = ? AND owner = ? AND state IN ('pending', 'deferred') "
    "AND NOT EXISTS (SELECT 1 FROM suppressions WHERE key IN (?, ?) AND lifted IS NULL)"
)


class Ledger:
    """Made by Store.ledger(), and to be closed; for one thread. `clock` counts seconds from anywhere."""

    def __init__(self, conn: Connection, name: str, owner: str, clock: Callable[[], float]) -> None:
        self.owner = owner
        self._conn, self._name, self._clock = conn, name, clock
        self._sqlite = conn.dialect.name == "sqlite"
        self._driver: Any = conn.connection.dbapi_connection
        self._driver_error: type[Exception] = conn.dialect.loaded_dbapi.Error
        bind = Moment().dialect_impl(conn.dialect).bind_processor(conn.dialect)
        self._moment: Callable[[datetime | None], Any] = lru_cache(64)(bind) if bind else lambda value: value
        self._written, self._durable_at = 0, clock()
        with translated(name):
            self._run(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}" if self._sqlite else "SET synchronous_commit = off")
            self._whole(lambda: conn.execute(insert(senders).values(owner=owner)), durable=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing stays in hand, but for a message that is being sent, which is ambiguous from now on."""
        self.let_go()
        with translated(self._name):
            mine = (outbox.c.owner == self.owner) & (outbox.c.state == OutboxState.SENDING)
            if not self._conn.scalar(select(outbox.c.message_id).where(mine).limit(1)):
                gone = delete(senders).where(senders.c.owner == self.owner)
                self._whole(lambda: self._conn.execute(gone), durable=True)

    def claim(self, now: datetime, most: int, without: Collection[str] = ()) -> tuple[OutboxItem, ...]:
        """Take in hand so many of the messages that may be tried now, longest due first, what failed before ahead.

        Those for closed domains, and for the domains named, are left alone.
        """
        closed = select(domains.c.name).where(domains.c.stopped | (domains.c.not_before > now))

        def take() -> tuple[OutboxItem, ...]:
            found: list[OutboxItem] = []
            for state in TO_SEND:
                query = (
                    select(outbox)
                    .where(outbox.c.state == state, outbox.c.owner == "", outbox.c.next_at <= now)
                    .where(outbox.c.domain.not_in(closed), ~among(self._conn, outbox.c.domain, without))
                    .order_by(outbox.c.next_at, outbox.c.message_id)
                    .limit(most - len(found))
                    .with_for_update(skip_locked=True)
                )
                found += map(codec.outbox_item, self._conn.execute(query))
            mine = among(self._conn, outbox.c.message_id, [item.message_id for item in found])
            if found:
                self._conn.execute(update(outbox).where(mine).values(owner=self.owner))
            return tuple(found)

        with translated(self._name):
            return self._whole(take)

    def let_go(self, items: Collection[OutboxItem] | None = None) -> None:
        """Give back what is not to be sent now: these, or all that is in hand."""
        mine = (outbox.c.owner == self.owner) & outbox.c.state.in_(TO_SEND)
        if items is not None:
            mine &= among(self._conn, outbox.c.message_id, [item.message_id for item in items])
        with translated(self._name):
            self._whole(lambda: self._conn.execute(update(outbox).where(mine).values(owner="")))

    def turn(self, ended: Delivery | None, begins: Intent | None) -> tuple[bool, bool]:
        """The outcome of a message and the intent to send the next, in one commit.

        Tells of both whether they were written: not if the message is no longer this sender's; and the intent is not
        if the address must not be mailed.
        """

        def both() -> tuple[bool, bool]:
            return ended is not None and self._end(ended), begins is not None and self._begin(begins)

        with translated(self._name):
            return self._whole(both)

    def _end(self, delivery: Delivery) -> bool:
        again = delivery.state is OutboxState.UNKNOWN and delivery.next_at is not None
        state = OutboxState.DEFERRED if again else delivery.state
        next_at = self._moment(delivery.next_at)
        values = (state.value, delivery.reply, next_at, delivery.message_id, self.owner)
        if self._run(_END, *values) != 1:
            return False
        at = self._moment(delivery.at)
        self._run(_RECORD, delivery.message_id, at, delivery.state.value, delivery.reply, next_at)
        if delivery.state in LOST:
            its = select(outbox.c.edition_id).where(outbox.c.message_id == delivery.message_id)
            go_on(self._conn, list(self._conn.scalars(its)), "lost")
        return True

    def _begin(self, intent: Intent) -> bool:
        keys = (codec.suppression_key(intent.address), codec.suppression_key(intent.address, intent.subscription_id))
        return self._run(_BEGIN, self._moment(intent.at), intent.message_id, self.owner, *keys) == 1

    # --- domains ----------------------------------------------------------------------------------------------

    def note(self, destination: Destination) -> None:
        """How a domain takes mail now; one that takes it well is forgotten. Only the operator ends a stop."""

        row = codec.destination_row(destination)
        write: Executable = delete(domains).where(domains.c.name == destination.name, ~domains.c.stopped)
        if destination.failures or destination.stopped:
            new = row | {"stopped": domains.c.stopped | destination.stopped}
            write = (
                insert_or(self._conn.dialect)(domains)
                .values(row)
                .on_conflict_do_update(index_elements=["name"], set_=new)
            )
        with translated(self._name):
            self._whole(lambda: self._conn.execute(write))

    # --- transactions -----------------------------------------------------------------------------------------

    def _run(self, statement: str, *values: object) -> int:
        text = statement if self._sqlite else statement.replace("?", "%s")
        try:
            return int(self._driver.execute(text, values).rowcount)
        except self._driver_error as error:
            raise DBAPIError(None, None, error) from error

    def _whole(self, write: Callable[[], T], durable: bool = False) -> T:
        """All of the writes or none. The commit is waited for when it is time to."""
        self._written += 1
        now = self._clock()
        durable = durable or self._written >= DURABLE_EVERY or now - self._durable_at >= DURABLE_SECONDS
        if durable and self._sqlite:
            self._run("PRAGMA synchronous=FULL")
        self._run("BEGIN IMMEDIATE" if self._sqlite else "BEGIN")
        try:
            if durable and not self._sqlite:
                self._run("SET LOCAL synchronous_commit = on")
            found = write()
            self._run("COMMIT")
        except BaseException:
            with suppress(SQLAlchemyError):  # of a connection that is lost
                self._run("ROLLBACK")
            raise
        if durable:
            self._written, self._durable_at = 0, now
            if self._sqlite:
                self._run("PRAGMA synchronous=NORMAL")
        return found
