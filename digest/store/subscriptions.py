"""Who is subscribed, and when to look at each again. Does not know about cadences: it is told the moments."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, union, update

from digest.model import Edition, Enrolled, LastEdition, OutboxState, Subscription
from digest.store import codec
from digest.store.bulk import among
from digest.store.database import Database
from digest.store.owed import TO_SEND, with_owed
from digest.store.schema import editions, outbox, roll, subscriptions

Wake = Callable[[Subscription, LastEdition | None], datetime]
Rests = Callable[[Subscription], bool]  # whether it is paused just now

_BATCH = 500  # subscriptions that are compared with the roll at once
_TOLD = (editions.c.subscription_id, editions.c.date, editions.c.made_at, editions.c.reason)
_inner = editions.alias("inner_editions")
_newest = select(func.max(_inner.c.date))
_before = select(_inner.c.date).where(_inner.c.reason.is_(None)).order_by(_inner.c.date.desc()).limit(1)


class Roll(Database):
    def roll_marks(self) -> dict[str, str]:
        """What the roll was made from."""
        with self._reading() as conn:
            return {row.name: row.value for row in conn.execute(select(roll))}

    def remember_secret(self, mark: str) -> None:
        """What was made with another secret is not checked against that any more."""
        with self._writing() as conn:
            self._upsert(conn, roll, [{"name": "secret", "value": mark}], ["name"])

    def enroll(
        self, wanted: Sequence[Subscription], marks: Mapping[str, str], wake: Wake, rests: Rests, now: datetime
    ) -> int:
        """Make the roll say what the settings say; how many subscriptions are looked at anew.

        Those that are new or changed get another moment, and all if the zones of the marks changed. Those that are not
        wanted any more are marked as removed. These, and those that rest now, get nothing more of what had not left;
        what they had stays.
        """
        with self._writing() as conn:
            self._take_turns(conn, "roll")
            zones = conn.scalar(select(roll.c.value).where(roll.c.name == "zones"))
            anew = zones != marks["zones"]
            changed = sum(
                self._enroll(conn, wanted[start : start + _BATCH], wake, rests, anew=anew)
                for start in range(0, len(wanted), _BATCH)
            )
            there, ids = select(subscriptions.c.id).where(subscriptions.c.removed_at.is_(None)), {w.id for w in wanted}
            gone = [one for one in conn.scalars(there.order_by(subscriptions.c.id)) if one not in ids]
            _withdraw(conn, gone, "not in the settings any more")
            left = {"removed_at": now, "next_due": None, "empty_at": None}
            conn.execute(update(subscriptions).where(among(conn, subscriptions.c.id, gone)).values(left))
            self._upsert(conn, roll, [{"name": name, "value": value} for name, value in marks.items()], ["name"])
            return changed

    def due_subscriptions(self, now: datetime, newest_ingest: datetime | None) -> list[str]:
        """The ids, sorted, of those to look at: their moment has come, or they had an empty date and a dump came in."""
        queries = [select(subscriptions.c.id).where(subscriptions.c.next_due <= now)]
        if newest_ingest is not None:
            queries.append(select(subscriptions.c.id).where(subscriptions.c.empty_at <= newest_ingest))
        with self._reading() as conn:
            return sorted(conn.scalars(union(*queries)))

    def next_due(self) -> datetime | None:
        """The soonest moment at which any subscription is to be looked at; past if nobody has since."""
        with self._reading() as conn:
            found: datetime | None = conn.scalar(select(func.min(subscriptions.c.next_due)))
            return found

    def enrolled(self, ids: Collection[str]) -> tuple[Enrolled, ...]:
        """Those of the ids that are on the roll, in order of id."""
        mine = _newest.where(_inner.c.subscription_id == subscriptions.c.id).scalar_subquery()
        its_last = (editions.c.subscription_id == subscriptions.c.id) & (editions.c.date == mine)
        columns = (editions.c.date, editions.c.made_at, editions.c.reason)
        query = select(subscriptions, *columns).select_from(subscriptions.outerjoin(editions, its_last))
        with self._reading() as conn:
            on_roll = among(conn, subscriptions.c.id, ids)
            rows = conn.execute(query.where(on_roll)).all()
            there = {row.id: with_pause(codec.on_roll(row.content), row.paused_until) for row in rows}
            last = {row.id: codec.last_edition(row) for row in rows if row.date}
            empty = [one for one, each in last.items() if each.reason is not None]
            sent = {**last, **dict.fromkeys(empty), **_latest_proper(conn, empty)}
            found = [
                Enrolled(
                    subscription=there[row.id],
                    last=last.get(row.id),
                    sent=sent.get(row.id),
                    history=row.history,
                )
                for row in rows
            ]
            return with_owed(conn, sorted(found, key=lambda one: one.subscription.id))

    def put_off(self, moments: Mapping[str, tuple[datetime, datetime | None]]) -> None:
        """By id: when to look again, and since when the latest date is empty."""
        with self._writing() as conn:
            put_off(conn, [(one, at, empty) for one, (at, empty) in moments.items()])

    # --- pauses ------------------------------------------------------------------------------------------------

    def pauses(self) -> dict[str, date]:
        """By id, until when the subscription is paused by command."""
        query = select(subscriptions.c.id, subscriptions.c.paused_until).where(
            subscriptions.c.paused_until.is_not(None)
        )
        with self._reading() as conn:
            return {row.id: row.paused_until for row in conn.execute(query)}

    def pause(self, ids: Collection[str], until: date | None, wake: Wake, rests: Rests) -> None:
        """Let nothing go out to the subscriptions before a local date; None takes that back.

        What had not left does not go either: what comes after the pause makes up for it.
        """
        with self._writing() as conn:
            self._take_turns(conn, "roll")
            query = select(subscriptions.c.id, subscriptions.c.content, subscriptions.c.removed_at)
            rows = conn.execute(query.where(among(conn, subscriptions.c.id, ids))).all()
            last = latest(conn, ids)
            conn.execute(
                update(subscriptions).where(among(conn, subscriptions.c.id, ids)).values({"paused_until": until})
            )
            there = {row.id: with_pause(codec.on_roll(row.content), until) for row in rows if row.removed_at is None}
            _withdraw(conn, [one for one, each in there.items() if rests(each)], "paused")
            put_off(conn, [(one, wake(each, last.get(one)), _empty_at(last.get(one))) for one, each in there.items()])

    # --- inside ------------------------------------------------------------------------------------------------

    def _enroll(self, conn: Connection, wanted: Sequence[Subscription], wake: Wake, rests: Rests, *, anew: bool) -> int:
        """Some of the wanted; how many of them are looked at anew, which are all if `anew`."""
        known = select(subscriptions).where(among(conn, subscriptions.c.id, [one.id for one in wanted]))
        stored = {row.id: row for row in conn.execute(known)}
        contents = {one.id: codec.subscription_json(one) for one in wanted}
        changed = [
            one
            for one in wanted
            if anew
            or one.id not in stored
            or stored[one.id].removed_at is not None
            or stored[one.id].content != contents[one.id]
        ]
        last = latest(conn, [one.id for one in changed])
        self._put_on_roll(conn, [_row(one, stored.get(one.id), last.get(one.id), contents, wake) for one in changed])
        _withdraw(conn, [one.id for one in changed if rests(one)], "paused")
        return len(changed)

    def _put_on_roll(self, conn: Connection, rows: Sequence[dict[str, object]]) -> None:
        self._upsert(conn, subscriptions, rows, ["id"], keep=("paused_until", "history"))

    def _upsert(
        self, conn: Connection, table: Any, rows: Sequence[dict[str, object]], key: list[str], keep: Iterable[str] = ()
    ) -> None:
        if rows:
            statement = self._insert(table)
            new = {name: statement.excluded[name] for name in rows[0] if name not in (*key, *keep)}
            conn.execute(statement.on_conflict_do_update(index_elements=key, set_=new), list(rows))


def _row(
    one: Subscription, stored: Any, last: LastEdition | None, contents: Mapping[str, str], wake: Wake
) -> dict[str, object]:
    """One that had editions before it was on the roll has a history of its own."""
    until = stored.paused_until if stored else None
    return {
        "id": one.id,
        "content": contents[one.id],
        "next_due": wake(with_pause(one, until), last),
        "empty_at": _empty_at(last),
        "paused_until": until,
        "history": stored.history if stored else (one.id if last else ""),
        "removed_at": None,
    }


def _empty_at(last: LastEdition | None) -> datetime | None:
    return last.made_at if last is not None and last.reason is not None else None


def with_pause(one: Subscription, until: date | None) -> Subscription:
    """The later of the settings' pause and the one by command."""
    if until is None or (one.pause_until is not None and one.pause_until >= until):
        return one
    return replace(one, pause_until=until)


def latest(conn: Connection, ids: Collection[str] | None = None) -> dict[str, LastEdition]:
    """By subscription id: its latest date, whether it had an edition or not."""
    newest = select(editions.c.subscription_id, func.max(editions.c.date).label("date"))
    if ids is not None:
        newest = newest.where(among(conn, editions.c.subscription_id, ids))
    found = newest.group_by(editions.c.subscription_id).subquery()
    same = (editions.c.subscription_id == found.c.subscription_id) & (editions.c.date == found.c.date)
    rows = conn.execute(select(*_TOLD).join(found, same))
    return {row.subscription_id: codec.last_edition(row) for row in rows}


def _latest_proper(conn: Connection, ids: Collection[str]) -> dict[str, LastEdition]:
    """By subscription id its latest date that had an edition: a step or two back in the index for each."""
    if not ids:
        return {}
    mine = _before.where(_inner.c.subscription_id == subscriptions.c.id).scalar_subquery()
    its_own = (editions.c.subscription_id == subscriptions.c.id) & (editions.c.date == mine)
    query = select(*_TOLD).select_from(subscriptions.join(editions, its_own))
    rows = conn.execute(query.where(among(conn, subscriptions.c.id, ids)))
    return {row.subscription_id: codec.last_edition(row) for row in rows}


def put_off(conn: Connection, moments: Sequence[tuple[str, datetime, datetime | None]]) -> None:
    """By id: when to look again, and since when the latest date is empty."""
    if moments:
        statement = (
            update(subscriptions)
            .where(subscriptions.c.id == bindparam("one"), subscriptions.c.removed_at.is_(None))
            .values(next_due=bindparam("at"), empty_at=bindparam("empty"))
        )
        conn.execute(statement, [{"one": one, "at": at, "empty": empty} for one, at, empty in moments])


def remember(conn: Connection, made: Sequence[Edition]) -> None:
    """Go on with the history of each subscription by its new edition."""
    shown: dict[int, str] = {}
    for edition in made:  # many share their items
        if id(edition.items) not in shown:
            shown[id(edition.items)] = " ".join(f"{item.paper.id}:{item.section.kind}" for item in edition.items)
    mine = among(conn, subscriptions.c.id, [one.subscription.id for one in made])
    before = {
        row.id: row.history
        for row in conn.execute(select(subscriptions.c.id, subscriptions.c.history).where(mine).with_for_update())
    }
    rows = [
        {"one": one.subscription.id, "after": _after(before[one.subscription.id], one.date, shown[id(one.items)])}
        for one in made
        if one.subscription.id in before
    ]
    if rows:
        statement = update(subscriptions).where(subscriptions.c.id == bindparam("one"))
        conn.execute(statement.values(history=bindparam("after")), rows)


def _withdraw(conn: Connection, gone: Collection[str], words: str) -> None:
    """What was decided on and has not left does not go to these subscriptions."""
    if not gone:
        return
    theirs = outbox.c.edition_id.in_(select(editions.c.id).where(among(conn, editions.c.subscription_id, gone)))
    unsent = (outbox.c.owner == "") & outbox.c.state.in_((*TO_SEND, OutboxState.HELD))
    values = {"state": OutboxState.WITHDRAWN, "reply": words}
    taken = update(outbox).where(theirs, unsent).values(values).returning(outbox.c.edition_id)
    go_on(conn, list(conn.scalars(taken)), "lost")


def go_on(conn: Connection, edition_ids: Collection[str], words: str) -> None:
    """Something became of editions after they were made: so goes on the history of each of their subscriptions."""
    of = editions.c.id, editions.c.subscription_id, editions.c.date
    query = select(*of, subscriptions.c.history).join(subscriptions, subscriptions.c.id == editions.c.subscription_id)
    query = query.where(among(conn, editions.c.id, edition_ids)).order_by(editions.c.id)
    after: dict[str, str] = {}
    for row in conn.execute(query.with_for_update(of=subscriptions)).all() if edition_ids else ():
        after[row.subscription_id] = _after(after.get(row.subscription_id, row.history), row.date, words)
    if after:
        statement = update(subscriptions).where(subscriptions.c.id == bindparam("one"))
        rows = [{"one": one, "after": history} for one, history in after.items()]
        conn.execute(statement.values(history=bindparam("after")), rows)


def part_ways(conn: Connection, edition_ids: Collection[str]) -> None:
    """What their subscriptions were shown is not what the editions had at first: each gets a history of its own."""
    theirs = select(editions.c.subscription_id).where(among(conn, editions.c.id, edition_ids))
    conn.execute(update(subscriptions).where(subscriptions.c.id.in_(theirs)).values(history=subscriptions.c.id))


def _after(history: str, day: date, shown: str) -> str:
    return hashlib.sha256(f"{history} {day} {shown}".encode()).hexdigest()[:32]
