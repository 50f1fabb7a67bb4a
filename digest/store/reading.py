"""What is asked of papers: facts, keys, origins, history; and how much there is of everything."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TypedDict

from sqlalchemy import ColumnElement, Select, func, select

from digest.model import Origin, OutboxState, Paper, Revision, Sighting
from digest.store import codec, schema
from digest.store.bulk import among
from digest.store.database import Database
from digest.store.known import ARXIV, keys_found, origins_of
from digest.store.schema import editions, listings, outbox, paper_keys, papers, revisions, sightings
from digest.text import unjoined


class Counts(TypedDict):
    """How many rows there are; `outbox` has every state."""

    papers: int
    sightings: int
    listings: int
    set_aside: int
    editions: int
    suppressed: int
    outbox: dict[OutboxState, int]


class Papers(Database):
    def papers(self, ids: Collection[str]) -> dict[str, Paper]:
        """Those that exist, in order of id."""
        found: dict[str, Paper] = {}
        with self._reading() as conn:
            rows = conn.execute(papers.select().where(among(conn, papers.c.id, ids)))
            found.update((row.id, codec.paper(row)) for row in rows)
        return dict(sorted(found.items()))

    def by_keys(self, keys: Collection[str]) -> tuple[Paper, ...]:
        """Every paper with any of the identity keys, in order of id."""
        with self._reading() as conn:
            ids = keys_found(conn, keys)
        return tuple(self.papers(ids).values())

    def by_key(self, keys: Collection[str]) -> dict[str, Paper]:
        """Those of the identity keys that papers have, each with the first of its papers in order of id."""
        with self._reading() as conn:
            tied = keys_found(conn, keys)
        known = self.papers(tied)
        return {key: paper for paper_id, paper in reversed(known.items()) for key in tied[paper_id]}

    def search_titles(self, text: str, limit: int = 20) -> tuple[Paper, ...]:
        """Titles that hold the text in any case, the latest listed first; `%` and `_` mean themselves."""
        title, wanted = func.lower(papers.c.title), unjoined(text.lower())
        if not wanted.isascii():  # between ASCII no joiner is kept
            title = func.replace(func.replace(title, "\u200c", ""), "\u200d", "")
        capitals = "".join(sorted({one.upper() for one in wanted if not one.isascii() and len(one.upper()) == 1}))
        if capitals and not self._file:  # with some locales PostgreSQL's `lower` knows ASCII only
            title = func.translate(title, capitals, capitals.lower())
        query = (
            papers.select()
            .where(title.contains(wanted, autoescape=True))
            .order_by(papers.c.first_listed.desc(), papers.c.id)
            .limit(limit)
        )
        with self._reading() as conn:
            return tuple(map(codec.paper, conn.execute(query)))

    def keys(self, paper_id: str) -> tuple[str, ...]:
        """All identity keys ever tied to the paper, sorted. Reads all keys of all papers: it is for people."""
        with self._reading() as conn:
            tied = set(conn.scalars(select(paper_keys.c.key).where(paper_keys.c.paper_id == paper_id)))
            bearing = select(papers.c.id).where(papers.c.id == paper_id, papers.c.arxiv_id == paper_id)
            return tuple(sorted(tied | {ARXIV + own for own in conn.scalars(bearing)}))

    def origins(self, paper_id: str) -> Mapping[str, Origin]:
        """By name of each field with a value: where that came from. Empty for an unknown paper."""
        with self._reading() as conn:
            row = conn.execute(papers.select().where(papers.c.id == paper_id)).one_or_none()
            if row is None:
                return {}
            of_all = origins_of(conn, {paper_id: row.origins})[paper_id]
            return {name: of_all[name] for name in sorted(of_all) if row._mapping[name] not in (None, "", ())}

    def revisions(self, paper_id: str) -> tuple[Revision, ...]:
        """Notable changes in the order they were recorded."""
        query = (
            select(revisions, listings.c.dump)
            .join(listings, listings.c.id == revisions.c.listing_id)
            .where(revisions.c.paper_id == paper_id)
            .order_by(revisions.c.id)
        )
        with self._reading() as conn:
            return tuple(
                Revision(paper_id=paper_id, field=row.field, old=row.old, new=row.new, at=row.at, dump=row.dump)
                for row in conn.execute(query)
            )

    def sightings(self, paper_ids: Collection[str]) -> dict[str, tuple[Sighting, ...]]:
        """Every paper asked for, each with its sightings by date, moment and digest."""
        found: dict[str, list[Sighting]] = {paper_id: [] for paper_id in sorted(paper_ids)}
        sighting = (
            sightings.c.paper_id,
            listings.c.source,
            listings.c.as_of.label("date"),
            sightings.c.position,
            listings.c.entries.label("listed"),
            sightings.c.votes,
            sightings.c.comments,
            listings.c.recorded_at.label("seen_at"),
            listings.c.digest,
        )
        query = select(*sighting).join(listings, listings.c.id == sightings.c.listing_id)
        ordered = query.where(listings.c.resume_at.is_(None)).order_by(
            listings.c.as_of, listings.c.recorded_at, listings.c.digest
        )
        with self._reading() as conn:
            for row in conn.execute(ordered.where(among(conn, sightings.c.paper_id, found))):
                found[row.paper_id].append(Sighting(**row._mapping))
        return {paper_id: tuple(history) for paper_id, history in found.items()}

    def candidates(self, since: datetime) -> tuple[Paper, ...]:
        """Papers first seen at or after `since` and listed since, in order of id; none of a dump half read."""
        return self._those(_listed(since), papers.c.first_seen >= since)

    def voted(self, since: datetime) -> tuple[Paper, ...]:
        """Papers of any age whose votes were told at or after `since`, in order of id; none of a dump half read."""
        return self._those(_listed(since).where(sightings.c.votes.is_not(None)))

    def _those(self, ids: Select[tuple[str]], *which: ColumnElement[bool]) -> tuple[Paper, ...]:
        with self._reading() as conn:
            found = map(codec.paper, conn.execute(papers.select().where(papers.c.id.in_(ids), *which)))
            return tuple(sorted(found, key=lambda paper: paper.id))  # the servers' collations differ, Python does not

    def counts(self) -> Counts:
        with self._reading() as conn:
            states = conn.execute(select(outbox.c.state, func.count().label("rows")).group_by(outbox.c.state))
            stored: dict[str, int] = {row.state: row.rows for row in states}
            published = select(func.count()).select_from(editions).where(editions.c.content.is_not(None))
            rows = {
                table.name: conn.scalar(select(func.count()).select_from(table)) or 0
                for table in (papers, sightings, listings, schema.set_asides)
            }
            barred = select(func.count()).select_from(schema.suppressions).where(schema.suppressions.c.lifted.is_(None))
            return Counts(
                papers=rows["papers"],
                sightings=rows["sightings"],
                listings=rows["listings"],
                set_aside=rows["set_asides"],
                editions=conn.scalar(published) or 0,
                suppressed=conn.scalar(barred) or 0,
                outbox={state: stored.get(state.value, 0) for state in OutboxState},
            )


def _listed(since: datetime) -> Select[tuple[str]]:
    """The ids of papers in listings recorded at or after `since`, but for those half read."""
    of_listing = select(sightings.c.paper_id).join(listings, listings.c.id == sightings.c.listing_id)
    return of_listing.where(listings.c.recorded_at >= since, listings.c.resume_at.is_(None))
