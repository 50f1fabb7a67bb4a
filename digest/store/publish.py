"""Editions: at most one for a subscription and date, frozen; and the record of why there was none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, insert, select, true, union_all, update

from digest.model import (
    Edition,
    HoldState,
    LastEdition,
    Letter,
    NoEdition,
    OutboxItem,
    Posting,
    SectionKind,
    Shown,
    edition_id,
)
from digest.store import codec
from digest.store.bulk import among, insert_new
from digest.store.owed import lost
from digest.store.pieces import Pieces
from digest.store.schema import edition_items, editions, feed_builds, holds, outbox, paper_links, pieces
from digest.store.subscriptions import latest, put_off, remember


class Published(Pieces):
    def enqueue_all(
        self, postings: Sequence[Posting], now: datetime, wake: Mapping[str, datetime] | None = None
    ) -> frozenset[str]:
        """Editions with their letters and outbox rows, all in one transaction; the ids of those that are written.

        That is none of a subscription and date that has an edition; the record of an empty date is replaced. Of two
        with one id the first counts. If one cannot be written none is. `now` is when they are written, which an edition
        does not show. `wake` tells by subscription id when to look at it again.
        """
        first = {one.edition.id: one for one in reversed(postings)}
        kept: dict[date, dict[str, codec.Blob]] = {}
        with self._writing() as conn:
            rows = [_edition_row(one.edition, now) for one in first.values()]
            written = self._put_unless_published(conn, rows) if rows else frozenset()
            new = [one for one in first.values() if one.edition.id in written]
            for one in new:
                _, key, shared = codec.freeze_apart(one.edition)
                blobs = kept.setdefault(one.edition.date, {})
                blobs[key] = shared
                if one.letter:
                    blobs.update(codec.letter_blobs(one.letter)[1])
            for day, blobs in kept.items():
                self._keep(conn, blobs, day)
            insert_new(conn, edition_items, [row for one in new for row in _item_rows(one.edition)])
            if outgoing := [_outbox_row(one.item, one.letter) for one in new if one.item]:
                conn.execute(insert(outbox), outgoing)
            feeds = {one.edition.subscription.id for one in new}
            mine = update(feed_builds).where(among(conn, feed_builds.c.feed, sorted(feeds)))
            conn.execute(mine.values(mark=feed_builds.c.mark + "+"))
            if held := [_hold_row(one.edition, one.held_until) for one in new if one.held_until]:
                conn.execute(insert(holds), held)
            remember(conn, [one.edition for one in new])
            ids = sorted({one.edition.subscription.id for one in postings})
            put_off(conn, [(one, wake[one], None) for one in ids if wake and one in wake])
        for day, blobs in kept.items():
            self._remember(blobs, day)
        return written

    def record_all_empty(self, none: Sequence[NoEdition], now: datetime, wake: Mapping[str, datetime]) -> None:
        """Why dates have no edition, renewed at each call; nothing for one that has an edition after all."""
        ordered = sorted(none, key=lambda no: edition_id(no.subscription.id, no.date))
        rows = [_row(no.subscription.id, no.date, now, now) | {"reason": no.reason} for no in ordered]
        with self._writing() as conn:
            new = self._put_unless_published(conn, rows)
            put_off(
                conn,
                [
                    (one, wake[one], now if edition_id(one, no.date) in new else None)
                    for no in ordered
                    if (one := no.subscription.id) in wake
                ],
            )

    def shown(self, subscription_id: str) -> dict[str, Shown]:
        """By id the papers in the subscription's editions, and those that can be one of them: when they were last.

        Editions whose message did not leave and will not are left out, but for what an editor took out of them.
        """
        return self.shown_to([subscription_id])[subscription_id]

    def shown_to(
        self, subscription_ids: Collection[str], paper_ids: Collection[str] | None = None
    ) -> dict[str, dict[str, Shown]]:
        """`shown` of each of the subscriptions; at least of the papers given, where only these matter."""
        found: dict[str, dict[str, Shown]] = {one: {} for one in subscription_ids}
        with self._reading() as conn:
            of_these = true() if paper_ids is None else among(conn, _shown_id, _with_alike(conn, paper_ids))
            mine = (
                select(editions.c.subscription_id, edition_items.c.paper_id, editions.c.date, edition_items.c.section)
                .join(editions, editions.c.id == edition_items.c.edition_id)
                .where(
                    among(conn, editions.c.subscription_id, found),
                    of_these,
                    (edition_items.c.section == SectionKind.DROPPED) | ~lost(editions.c.id),
                )
                .cte("mine")
            )
            one, other = paper_links.c.paper_id, paper_links.c.other_id
            alike = [
                select(mine.c.subscription_id, to, mine.c.date, mine.c.section).join(mine, mine.c.paper_id == of)
                for to, of in ((one, other), (other, one))
            ]
            rows = union_all(select(mine), *alike).subquery()
            for row in conn.execute(select(rows).order_by(rows.c.date, rows.c.paper_id, rows.c.section)):
                found[row.subscription_id][row.paper_id] = Shown(on=row.date, kind=SectionKind(row.section))
        return found

    def last_editions(self, subscription_ids: Collection[str] | None = None) -> dict[str, LastEdition]:
        """By subscription id, sorted: its latest date, whether it had an edition or not; of all, or of those given."""
        with self._reading() as conn:
            return dict(sorted(latest(conn, subscription_ids).items()))

    def edition(self, edition_id: str) -> Edition | None:
        with self._reading() as conn:
            row = conn.execute(contents().where(editions.c.id == edition_id)).one_or_none()
            return None if row is None else thawed(row)

    def ranks(self, edition_ids: Collection[str]) -> dict[str, dict[str, int]]:
        """Of each of the editions that there are the ranks of its papers, by their ids."""
        with self._reading() as conn:
            rows = [conn.execute(_ONE, {"one": one}).one_or_none() for one in edition_ids]
        return {
            one: codec.ranks(row.content, row.shared)
            for one, row in zip(edition_ids, rows, strict=True)
            if row is not None
        }

    def editions(self, subscription_id: str, limit: int) -> tuple[Edition, ...]:
        """Its editions, the newest date first; dates without one, or with one that is held back, are left out."""
        query = contents().where(editions.c.id.not_in(select(holds.c.edition_id)))
        with self._reading() as conn:
            return tuple(map(thawed, conn.execute(_newest(query, subscription_id, limit))))

    def posted(self, day: date, address: str | None = None) -> tuple[OutboxItem, ...]:
        """All that was decided on for a local date, to one address in any case of letters or to all, by Message-ID."""
        query = select(outbox).join(editions, editions.c.id == outbox.c.edition_id).where(editions.c.date == day)
        if address is not None:
            query = query.where(func.lower(outbox.c.address) == codec.address_key(address))
        with self._reading() as conn:
            items = map(codec.outbox_item, conn.execute(query))
            return tuple(sorted(items, key=lambda item: item.message_id))

    def history(self, subscription_id: str, limit: int) -> tuple[LastEdition, ...]:
        """What became of its latest dates, the newest first: an edition (no reason), or why there was none."""
        query = select(editions.c.date, editions.c.made_at, editions.c.reason)
        with self._reading() as conn:
            return tuple(map(codec.last_edition, conn.execute(_newest(query, subscription_id, limit))))

    def _put_unless_published(self, conn: Connection, rows: Sequence[dict[str, object]]) -> frozenset[str]:
        """The ids of those written. The unique key decides between two processes: the second waits for the first."""
        statement = self._insert(editions)
        changed = {
            name: statement.excluded[name] for name in ("made_at", "recorded_at", "reason", "content", "selection")
        }
        upsert = statement.on_conflict_do_update(
            index_elements=["id"], set_=changed, where=editions.c.content.is_(None)
        ).returning(editions.c.id)
        ordered = sorted(rows, key=lambda row: str(row["id"]))  # so that two writers cannot lock each other
        return frozenset(conn.scalars(upsert, ordered))


# Looked through, not looked up: editions have few papers, and very many may be asked for.
_shown_id = func.coalesce(edition_items.c.paper_id, "")


def _with_alike(conn: Connection, paper_ids: Collection[str]) -> list[str]:
    """With those that can be one of them."""
    one, other = paper_links.c.paper_id, paper_links.c.other_id
    alike = [conn.scalars(select(to).where(among(conn, of, paper_ids))) for of, to in ((one, other), (other, one))]
    return [*paper_ids, *chain.from_iterable(alike)]


def _edition_row(edition: Edition, now: datetime) -> dict[str, object]:
    own, key, _ = codec.freeze_apart(edition)
    return _row(edition.subscription.id, edition.date, edition.made_at, now) | {"content": own, "selection": key}


def _item_rows(edition: Edition) -> list[tuple[str, str, str]]:
    sections = {each.paper.id: each.section.kind.value for each in edition.items}
    return [(edition.id, paper_id, section) for paper_id, section in sections.items()]


def _hold_row(edition: Edition, until: datetime) -> dict[str, object]:
    return {"edition_id": edition.id, "state": HoldState.NEW, "until": until}


def _outbox_row(item: OutboxItem, letter: Letter | None) -> dict[str, object]:
    return codec.outbox_row(item) | ({"letter": codec.letter_blobs(letter)[0]} if letter else {})


def contents() -> Select[Any]:
    """Editions with what they share, where that is kept; of earlier versions they have all themselves."""
    shared = select(editions.c.content, pieces.c.content.label("shared")).where(
        editions.c.content.is_not(None), editions.c.selection.is_(None) | pieces.c.digest.is_not(None)
    )
    return shared.outerjoin_from(editions, pieces, pieces.c.digest == editions.c.selection)


_ONE = contents().where(editions.c.id == bindparam("one"))  # built once, as building takes longer than looking it up


def thawed(row: codec.AnyRow) -> Edition:
    return codec.thaw(row.content, row.shared)


def _row(subscription_id: str, day: date, made_at: datetime, now: datetime) -> dict[str, object]:
    return {
        "id": edition_id(subscription_id, day),
        "subscription_id": subscription_id,
        "date": day,
        "made_at": made_at,
        "recorded_at": now,
        "reason": None,
        "content": None,
        "selection": None,
    }


def _newest(query: Select[Any], subscription_id: str, limit: int) -> Select[Any]:
    return query.where(editions.c.subscription_id == subscription_id).order_by(editions.c.date.desc()).limit(limit)
