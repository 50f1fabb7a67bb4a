"""The editor's hold: which editions wait, and what an editor decided of them.

Every change takes the edition's row of `holds` first, so that whoever comes second finds it decided.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, delete, exists, func, literal, or_, select, update

from digest.model import Edition, Hold, HoldState, OutboxState, Posting, SectionKind
from digest.store import codec
from digest.store.bulk import among
from digest.store.owed import TO_SEND
from digest.store.pieces import Pieces
from digest.store.publish import contents, thawed
from digest.store.schema import deliveries, edition_items, editions, feed_builds, holds, outbox
from digest.store.subscriptions import part_ways

_BATCH = 500
_OPEN = (HoldState.NEW, HoldState.TOLD)
_had = exists().where(  # what is resent, the reader may have
    deliveries.c.message_id == outbox.c.message_id,
    deliveries.c.state.in_((OutboxState.SENT, OutboxState.UNKNOWN)),
)


class Holds(Pieces):
    def held(self, states: Collection[HoldState] = _OPEN) -> Iterator[tuple[Hold, Edition]]:
        """In any of the states, those that end first come first. Some hundred editions are in memory at a time."""
        with self._reading() as conn:
            rows = conn.execute(holds.select().where(holds.c.state.in_(sorted(states))))
            found = [Hold(edition_id=row.edition_id, state=HoldState(row.state), until=row.until) for row in rows]
        found.sort(key=lambda hold: (hold.until, hold.edition_id))
        for start in range(0, len(found), _BATCH):
            some = found[start : start + _BATCH]
            with self._reading() as conn:
                mine = among(conn, editions.c.id, [hold.edition_id for hold in some])
                there = {row.id: thawed(row) for row in conn.execute(contents().add_columns(editions.c.id).where(mine))}
            yield from ((hold, there[hold.edition_id]) for hold in some if hold.edition_id in there)

    def tell(self, edition_ids: Collection[str]) -> None:
        """The editor has been shown these as they are now."""
        with self._writing() as conn:
            mine = among(conn, holds.c.edition_id, edition_ids)
            conn.execute(update(holds).where(mine, holds.c.state == HoldState.NEW).values(state=HoldState.TOLD))

    def end_holds(self, now: datetime) -> int:
        """Let everything out whose time is over; how many editions."""
        with self._writing() as conn:
            return len(self._let_out(conn, holds.c.until <= now, now))

    def release(self, edition_ids: Collection[str], now: datetime) -> frozenset[str]:
        """Let editions out before their time; those that were held until now."""
        with self._writing() as conn:
            return self._let_out(conn, among(conn, holds.c.edition_id, edition_ids), now)

    def _let_out(self, conn: Connection, which: ColumnElement[bool], now: datetime) -> frozenset[str]:
        taken = delete(holds).where(which, holds.c.state.in_(_OPEN)).returning(holds.c.edition_id)
        ended = frozenset(conn.scalars(taken))
        if ended:
            theirs = among(conn, outbox.c.edition_id, sorted(ended))
            waiting = update(outbox).where(theirs, outbox.c.state == OutboxState.HELD)
            conn.execute(waiting.values(state=OutboxState.PENDING, next_at=now))
            self._touch_feeds(conn, ended)
        return ended

    def _touch_feeds(self, conn: Connection, edition_ids: Collection[str]) -> None:
        """The feeds of these are to be written anew."""
        theirs = select(editions.c.subscription_id).where(among(conn, editions.c.id, edition_ids))
        feeds = update(feed_builds).where(feed_builds.c.feed.in_(theirs))
        conn.execute(feeds.values(mark=feed_builds.c.mark + "+"))

    def recall(self, name: str, until: datetime) -> tuple[frozenset[str], Mapping[OutboxState, int]]:
        """Hold again those whose message has not left: an edition, those of a profile, or `all`; until a moment.

        Returns them, and by state what became of the other messages of their profiles and dates. What left before, or
        may have, is not held.
        """
        profile = func.substr(outbox.c.edition_id, 1, len(name) + 1) == f"{name}/"
        meant = or_(literal(name == "all"), outbox.c.edition_id == name, profile)
        with self._writing() as conn:
            query = select(outbox.c.message_id, outbox.c.edition_id).where(meant, outbox.c.state.in_(TO_SEND), ~_had)
            # In order: two editors must not wait for each other. Whoever has one in hand finds it taken away.
            found = conn.execute(query.order_by(outbox.c.message_id).with_for_update(of=outbox)).all()
            ids = sorted(row.edition_id for row in found)
            mine = among(conn, outbox.c.message_id, [row.message_id for row in found])
            conn.execute(update(outbox).where(mine).values(state=OutboxState.HELD, next_at=until, owner=""))
            if ids:
                told = {"state": HoldState.TOLD, "until": until}
                again = self._insert(holds).on_conflict_do_update(index_elements=["edition_id"], set_=told)
                conn.execute(again, [{"edition_id": one, **told} for one in ids])
                self._touch_feeds(conn, ids)
            days = select(editions.c.date).where(among(conn, editions.c.id, ids))
            others = select(outbox.c.state, func.count().label("number")).join(editions).where(meant)
            others = others.where(editions.c.date.in_(days), outbox.c.edition_id.not_in(select(holds.c.edition_id)))
            states = {OutboxState(row.state): row.number for row in conn.execute(others.group_by(outbox.c.state))}
            return frozenset(ids), states

    def stop(self, edition_ids: Collection[str], words: str) -> frozenset[str]:
        """Keep editions in for good; those that were held until now. Their papers count as not shown."""
        with self._writing() as conn:
            which = among(conn, holds.c.edition_id, edition_ids)
            taken = update(holds).where(which, holds.c.state.in_(_OPEN)).values(state=HoldState.STOPPED)
            stopped = frozenset(conn.scalars(taken.returning(holds.c.edition_id)))
            if stopped:
                theirs = among(conn, outbox.c.edition_id, sorted(stopped))
                waiting = update(outbox).where(theirs, outbox.c.state == OutboxState.HELD)
                conn.execute(waiting.values(state=OutboxState.STOPPED, reply=words))
                conn.execute(delete(edition_items).where(among(conn, edition_items.c.edition_id, sorted(stopped))))
                part_ways(conn, stopped)
            return stopped

    def still_showing(self, selections: Collection[str]) -> tuple[Edition, ...]:
        """The editions that show these selections of papers (see `selection_key`) and were not stopped."""
        stopped = select(holds.c.edition_id).where(holds.c.state == HoldState.STOPPED)
        with self._reading() as conn:
            query = contents().where(among(conn, editions.c.selection, selections), editions.c.id.not_in(stopped))
            return tuple(thawed(row) for row in conn.execute(query.order_by(editions.c.id)))

    def amend(self, amended: Sequence[Posting], paper_id: str) -> frozenset[str]:
        """Put editions without a paper, with new letters, in place of those with it, to be shown to the editor anew.

        Returns the ids of those that were held until now; nothing happens to the others. The paper counts as shown.
        """
        done, kept = set(), dict[date, dict[str, codec.Blob]]()
        with self._writing() as conn:
            for one in sorted(amended, key=lambda one: one.edition.id):  # two editors must not wait for each other
                mine = (holds.c.edition_id == one.edition.id) & holds.c.state.in_(_OPEN)
                if conn.execute(update(holds).where(mine).values(state=HoldState.NEW)).rowcount == 1:
                    kept.setdefault(one.edition.date, {}).update(_put(conn, one, paper_id))
                    done.add(one.edition.id)
            for day, blobs in kept.items():
                self._keep(conn, blobs, day)
            part_ways(conn, done)
        return frozenset(done)


def _put(conn: Connection, amended: Posting, paper_id: str) -> dict[str, codec.Blob]:
    """The pieces that it is made of are still to be kept."""
    edition, item, letter = amended.edition, amended.item, amended.letter
    own, key, shared = codec.freeze_apart(edition)
    digest, blobs = codec.letter_blobs(letter) if letter else (None, {})
    conn.execute(update(editions).where(editions.c.id == edition.id).values(content=own, selection=key))
    told = {"letter": digest, "own": item.own, "sha256": item.sha256} if item else {"letter": None}
    conn.execute(update(outbox).where(outbox.c.edition_id == edition.id).values(told))
    dropped = (edition_items.c.edition_id == edition.id) & (edition_items.c.paper_id == paper_id)
    conn.execute(update(edition_items).where(dropped).values(section=SectionKind.DROPPED))
    return {**blobs, key: shared}
