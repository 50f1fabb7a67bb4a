"""What feeds need: the editions and revisions they are made of, which were written, whose address they have."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, delete, func, select

from digest.model import Edition, FeedBuild, Revision
from digest.store.bulk import among
from digest.store.database import Database
from digest.store.publish import contents, thawed
from digest.store.schema import (
    edition_items,
    editions,
    feed_builds,
    feed_pings,
    feed_tokens,
    holds,
    listings,
    revisions,
)

_REVISIONS = ""  # the row of `feed_builds` that tells up to where revisions have come into the feeds


class Feeds(Database):
    def edition_days(self, subscription_id: str) -> tuple[date, ...]:
        """The dates that have an edition, the newest first; none that an editor holds or stopped."""
        mine = select(editions.c.date).where(_out(subscription_id))
        with self._reading() as conn:
            return tuple(conn.scalars(mine.order_by(editions.c.date.desc())))

    def editions_between(self, subscription_id: str, first: date, last: date) -> tuple[Edition, ...]:
        """Those of the dates from `first` to `last`, the newest first; none that an editor holds or stopped."""
        mine = contents().where(_out(subscription_id), editions.c.date.between(first, last))
        with self._reading() as conn:
            return tuple(map(thawed, conn.execute(mine.order_by(editions.c.date.desc()))))

    def first_revisions(self) -> dict[datetime, int]:
        """By moment the number of the first revision that was recorded then."""
        with self._reading() as conn:
            firsts = conn.execute(
                select(revisions.c.at, func.min(revisions.c.id).label("first")).group_by(revisions.c.at)
            )
            return {row.at: row.first for row in firsts}

    def revisions_of(
        self, paper_ids: Collection[str], firsts: Mapping[datetime, int]
    ) -> dict[str, tuple[Revision, ...]]:
        """The papers that have any, each with its notable changes in the order they were recorded.

        Their turns count from the `first_revisions`.
        """
        found: dict[str, list[Revision]] = {}
        query = select(revisions, listings.c.dump).join(listings, listings.c.id == revisions.c.listing_id)
        with self._reading() as conn:
            for row in conn.execute(query.where(among(conn, revisions.c.paper_id, paper_ids)).order_by(revisions.c.id)):
                found.setdefault(row.paper_id, []).append(
                    Revision(
                        paper_id=row.paper_id,
                        field=row.field,
                        old=row.old,
                        new=row.new,
                        at=row.at,
                        dump=row.dump,
                        turn=row.id - firsts[row.at],
                    )
                )
        return {paper_id: tuple(rows) for paper_id, rows in found.items()}

    # --- what was written --------------------------------------------------------------------------------------

    def feeds_built(self) -> frozenset[str]:
        """The ids of the subscriptions whose feeds were written."""
        with self._reading() as conn:
            return frozenset(conn.scalars(select(feed_builds.c.feed).where(feed_builds.c.feed != _REVISIONS)))

    def feed_builds(self, subscription_ids: Collection[str]) -> dict[str, FeedBuild]:
        """By the id of the subscription whose editions they are made of.

        A new edition adds a + to the mark, and so does one that an editor lets out.
        """
        with self._reading() as conn:
            rows = conn.execute(feed_builds.select().where(among(conn, feed_builds.c.feed, subscription_ids)))
            return {row.feed: FeedBuild(mark=row.mark, paths=row.paths) for row in rows}

    def record_feed_build(self, feed: str, build: FeedBuild) -> None:
        with self._writing() as conn:
            row = {"mark": build.mark, "paths": build.paths}
            statement = self._insert(feed_builds).values(feed=feed, **row)
            conn.execute(statement.on_conflict_do_update(index_elements=["feed"], set_=row))

    def forget_feed_build(self, feed: str) -> None:
        with self._writing() as conn:
            conn.execute(delete(feed_builds).where(feed_builds.c.feed == feed))

    def revised_since(self, mark: str) -> tuple[str, frozenset[str] | None]:
        """The mark of now, and the papers revised since an earlier one; None for them if a revision was undone since.

        The empty mark is before all revisions.
        """
        before, known = (int(part) for part in (mark or "0 0").split())
        with self._reading() as conn:
            last, rows = conn.execute(select(func.max(revisions.c.id), func.count()).select_from(revisions)).one()
            now = f"{last or 0} {rows}"
            if now == mark:
                return now, frozenset()
            new = list(conn.scalars(select(revisions.c.paper_id).where(revisions.c.id > before)))
        return now, frozenset(new) if rows == known + len(new) else None

    def revisions_in_feeds(self) -> str:
        """The mark up to which revisions have come into the feeds; empty before the first time."""
        with self._reading() as conn:
            return conn.scalar(select(feed_builds.c.mark).where(feed_builds.c.feed == _REVISIONS)) or ""

    def record_revisions_in_feeds(self, mark: str) -> None:
        self.record_feed_build(_REVISIONS, FeedBuild(mark=mark, paths=()))

    def days_showing(
        self, paper_ids: Iterable[str], subscription_ids: Collection[str] | None = None
    ) -> dict[str, frozenset[date]]:
        """By subscription, of all or of those given, the dates of its editions that have any of the papers."""
        found: dict[str, set[date]] = {}
        query = select(editions.c.subscription_id, editions.c.date).join(
            edition_items, edition_items.c.edition_id == editions.c.id
        )
        with self._reading() as conn:
            if subscription_ids is not None:
                query = query.where(among(conn, editions.c.subscription_id, subscription_ids))
            for row in conn.execute(query.where(among(conn, edition_items.c.paper_id, paper_ids))):
                found.setdefault(row.subscription_id, set()).add(row.date)
        return {subscription: frozenset(days) for subscription, days in found.items()}

    # --- addresses ---------------------------------------------------------------------------------------------

    def feed_generations(self) -> dict[str, int]:
        """How often the private feeds of a subscription got another address; those that never did are left out."""
        with self._reading() as conn:
            return {row.subscription_id: row.generation for row in conn.execute(feed_tokens.select())}

    def renew_feed(self, subscription_id: str) -> int:
        """Give its private feeds another address, for good; returns the new generation."""
        statement = self._insert(feed_tokens).values(subscription_id=subscription_id, generation=1)
        statement = statement.on_conflict_do_update(
            index_elements=["subscription_id"], set_={"generation": feed_tokens.c.generation + 1}
        )
        with self._writing() as conn:
            return int(conn.execute(statement.returning(feed_tokens.c.generation)).scalar_one())

    def owed_pings(self) -> tuple[str, ...]:
        """The addresses of feeds that changed and whose hub has not been told, sorted."""
        with self._reading() as conn:
            return tuple(sorted(conn.scalars(select(feed_pings.c.address))))

    def owe_pings(self, addresses: Collection[str]) -> None:
        """The hub of these feeds is to be told."""
        owed = self._insert(feed_pings).values([{"address": one} for one in sorted(addresses)])
        with self._writing() as conn:
            conn.execute(owed.on_conflict_do_nothing())

    def settle_pings(self, addresses: Collection[str]) -> None:
        with self._writing() as conn:
            conn.execute(delete(feed_pings).where(among(conn, feed_pings.c.address, addresses)))


def _out(subscription_id: str) -> ColumnElement[bool]:
    """The editions of a subscription that are out."""
    held = select(holds.c.edition_id)
    return and_(
        editions.c.subscription_id == subscription_id, editions.c.content.is_not(None), editions.c.id.not_in(held)
    )
