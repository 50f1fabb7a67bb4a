"""Editions: at most one for a subscription and date, frozen; and the record of why there was none."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, union_all

from digest.model import Edition, HoldState, LastEdition, NoEdition, OutboxItem, SectionKind, Shown, edition_id
from digest.store import codec
from digest.store.database import Database
from digest.store.schema import edition_items, editions, holds, outbox, paper_links


class Published(Database):
    def enqueue(
        self, edition: Edition, item: OutboxItem | None, now: datetime, held_until: datetime | None = None
    ) -> bool:
        """Edition and outbox row together, or nothing and False if there is an edition of that subscription and date.

        Replaces the record of an empty date. `item` is None for a feed. `now` is when it is written, which an
        edition does not show. Until `held_until` it waits for an editor.
        """
        row = {
            "id": edition.id,
            "subscription_id": edition.subscription.id,
            "date": edition.date,
            "made_at": edition.made_at,
            "recorded_at": now,
            "reason": None,
            "content": codec.freeze(edition),
        }
        with self._writing() as conn:
            if not self._put_unless_published(conn, row):
                return False
            sections = {each.paper.id: each.section.kind.value for each in edition.items}
            if sections:
                conn.execute(
                    insert(edition_items),
                    [
                        {"edition_id": edition.id, "paper_id": paper_id, "section": section}
                        for paper_id, section in sections.items()
                    ],
                )
            if item:
                conn.execute(insert(outbox).values(codec.outbox_row(item)))
            if held_until:
                conn.execute(insert(holds).values(edition_id=edition.id, state=HoldState.NEW, until=held_until))
        return True

    def record_empty(self, no: NoEdition, now: datetime) -> None:
        """Why a date has no edition, renewed at each call; nothing if it has one after all."""
        row = {
            "id": edition_id(no.subscription.id, no.date),
            "subscription_id": no.subscription.id,
            "date": no.date,
            "made_at": now,
            "recorded_at": now,
            "reason": no.reason,
            "content": None,
        }
        with self._writing() as conn:
            self._put_unless_published(conn, row)

    def shown(self, subscription_id: str) -> dict[str, Shown]:
        """By id the papers in the subscription's editions, and those that can be one of them: when they were last."""
        mine = (
            select(edition_items.c.paper_id, editions.c.date, edition_items.c.section)
            .join(editions, editions.c.id == edition_items.c.edition_id)
            .where(editions.c.subscription_id == subscription_id)
            .cte("mine")
        )
        one, other = paper_links.c.paper_id, paper_links.c.other_id
        alike = [
            select(to, mine.c.date, mine.c.section).join(mine, mine.c.paper_id == of)
            for to, of in ((one, other), (other, one))
        ]
        rows = union_all(select(mine), *alike).subquery()
        with self._reading() as conn:
            found = conn.execute(select(rows).order_by(rows.c.date, rows.c.paper_id, rows.c.section))
            return {row.paper_id: Shown(on=row.date, kind=SectionKind(row.section)) for row in found}

    def last_editions(self) -> dict[str, LastEdition]:
        """By subscription id, sorted: its latest date, whether it had an edition or not."""
        latest = (
            select(editions.c.subscription_id, func.max(editions.c.date).label("date"))
            .group_by(editions.c.subscription_id)
            .subquery()
        )
        same = (editions.c.subscription_id == latest.c.subscription_id) & (editions.c.date == latest.c.date)
        columns = (editions.c.subscription_id, editions.c.date, editions.c.made_at, editions.c.reason)
        with self._reading() as conn:
            rows = conn.execute(select(*columns).join(latest, same))
            return dict(sorted((row.subscription_id, codec.last_edition(row)) for row in rows))

    def edition(self, edition_id: str) -> Edition | None:
        with self._reading() as conn:
            content = conn.scalar(select(editions.c.content).where(editions.c.id == edition_id))
            return None if content is None else codec.thaw(content)

    def editions(self, subscription_id: str, limit: int) -> tuple[Edition, ...]:
        """Its editions, the newest date first; dates without one, or with one that is held back, are left out."""
        held_back = select(holds.c.edition_id)
        query = select(editions.c.content).where(editions.c.content.is_not(None), editions.c.id.not_in(held_back))
        with self._reading() as conn:
            return tuple(map(codec.thaw, conn.scalars(_newest(query, subscription_id, limit))))

    def history(self, subscription_id: str, limit: int) -> tuple[LastEdition, ...]:
        """What became of its latest dates, the newest first: an edition (no reason), or why there was none."""
        query = select(editions.c.date, editions.c.made_at, editions.c.reason)
        with self._reading() as conn:
            return tuple(map(codec.last_edition, conn.execute(_newest(query, subscription_id, limit))))

    def _put_unless_published(self, conn: Connection, row: dict[str, object]) -> bool:
        """The unique key decides between two processes: the second waits for the first, and then finds its edition."""
        statement = (
            self._insert(editions)
            .values(row)
            .on_conflict_do_update(
                index_elements=["id"],
                set_={name: row[name] for name in ("made_at", "recorded_at", "reason", "content")},
                where=editions.c.content.is_(None),
            )
        )
        return conn.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1


def _newest(query: Select[Any], subscription_id: str, limit: int) -> Select[Any]:
    return query.where(editions.c.subscription_id == subscription_id).order_by(editions.c.date.desc()).limit(limit)
