"""What is known when a listing comes: the papers that it may name, and what its source listed before."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime

from sqlalchemy import Connection, case, func, select

from digest.model import (
    DayList,
    Known,
    KnownPaper,
    Origin,
    Paper,
)
from digest.store import codec
from digest.store.bulk import among, of_each
from digest.store.codec import AnyRow
from digest.store.database import Database
from digest.store.schema import (
    day_changes,
    listings,
    paper_keys,
    papers,
    sightings,
)
from digest.text import taken_at

ARXIV, _AFTER_ARXIV = "arxiv:", "arxiv;"


class KnownBefore(Database):
    def known(
        self,
        keys: Collection[str],
        source: str,
        as_of: date,
        digest: str = "",
        *,
        form: str = "",
        lists: bool = True,
        turn: tuple[datetime, str] | None = None,
    ) -> Known:
        """The papers with any of the keys, by id, and what this source listed before, in other dumps than `digest`.

        `form` is the listing's format. Without `lists` not the papers of its lists before, which may be many. `turn`
        tells its place among the day's dumps: when it was taken from the source, and its name; None stands for the end.
        """
        if not keys and not lists:
            return Known()
        with self._reading() as conn:
            found = keys_found(conn, keys) if keys else {}
            before = _list_before(conn, source, as_of, digest, turn) if lists else None
            return Known(
                papers=tuple(_known_papers(conn, found, source, as_of, digest, form)) if found else (),
                previous=_listed_papers(conn, before) if before else (),
                before=_before(conn, source, as_of, digest) if lists else frozenset(),
                days=_days(conn, source, digest),
            )

    def day_lists(self, source: str, as_of: date) -> tuple[DayList, ...]:
        """The lists of a source's day that name papers, in the order in which they were taken from it."""
        with self._reading() as conn:
            return tuple(_day_list(conn, row) for _, row in sorted(_lists(conn, source, as_of).items()))


def origins_of(conn: Connection, stored: dict[str, dict[str, int]]) -> dict[str, dict[str, Origin]]:
    """By paper: what its stored origins (field -> listing id) stand for; also of facts without a value."""
    ids = {listing_id for by_field in stored.values() for listing_id in by_field.values()}
    columns = (listings.c.id, listings.c.dump, listings.c.digest, listings.c.source)
    origin: dict[int, Origin] = {}
    query = select(*columns, listings.c.as_of, listings.c.fidelity).where(among(conn, listings.c.id, ids))
    for listing_id, *values in conn.execute(query):
        names = ("dump", "digest", "source", "as_of", "fidelity")
        origin[listing_id] = Origin(**dict(zip(names, values, strict=True)))
    of_all = {listing_id: dict.fromkeys(codec.FACTS, one) for listing_id, one in origin.items()}
    return {
        paper_id: of_all.get(by_field.get(codec.REST, 0), {})
        | {field: origin[listing_id] for field, listing_id in by_field.items() if field != codec.REST}
        for paper_id, by_field in stored.items()
    }


def keys_found(conn: Connection, keys: Collection[str]) -> dict[str, set[str]]:
    """The papers with any of the keys, by id, each with those of the keys that it has."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    asked = sorted(keys)  # as the index has them: one after another it is gone through once
    for key, paper_id in conn.execute(of_each(conn, paper_keys.c.key, asked, paper_keys.c.paper_id)):
        found[paper_id].add(key)
    of_ids = asked[bisect_left(asked, ARXIV) : bisect_left(asked, _AFTER_ARXIV)]
    ids = [key[len(ARXIV) :] for key in of_ids]
    for (paper_id,) in conn.execute(of_each(conn, papers.c.id, ids)):
        found[paper_id].add(ARXIV + paper_id)
    return found


def _known_papers(
    conn: Connection, found: dict[str, set[str]], source: str, as_of: date, digest: str, form: str
) -> Iterable[KnownPaper]:
    rows = conn.execute(papers.select().where(among(conn, papers.c.id, found))).all()
    origins = origins_of(conn, {row.id: row.origins for row in rows})
    listed = _listed(conn, found, source, digest, form)
    today = select(day_changes).where(among(conn, day_changes.c.paper_id, found), day_changes.c.as_of == as_of)
    changed = {row.paper_id: codec.field_changes(row.changes) for row in conn.execute(today)}
    for row in sorted(rows, key=lambda row: str(row.id)):
        last, first = listed.get(row.id, (None, None))
        yield KnownPaper(
            paper=codec.paper(row),
            keys=frozenset(found[row.id]),
            origins=origins[row.id],
            last_listed=last,
            watched=first is not None and first < as_of,
            today=changed.get(row.id, ()),
        )


def _listed(
    conn: Connection, ids: Collection[str], source: str, digest: str, form: str
) -> dict[str, tuple[date, date | None]]:
    """When a source's other dumps held papers last, and first in this format."""
    of_form = case((listings.c.format == form, listings.c.as_of))
    query = (
        select(sightings.c.paper_id, func.max(listings.c.as_of), func.min(of_form))
        .join(listings, listings.c.id == sightings.c.listing_id)
        .where(among(conn, sightings.c.paper_id, ids), listings.c.source == source, listings.c.digest != digest)
        .group_by(sightings.c.paper_id)
    )
    return {paper_id: (last, first) for paper_id, last, first in conn.execute(query)}


def _days(conn: Connection, source: str, digest: str) -> frozenset[date]:
    """The days that the source's other dumps speak of; a dump without entries is a placeholder and makes no day."""
    query = select(listings.c.as_of).where(listings.c.source == source, listings.c.digest != digest)
    return frozenset(conn.scalars(query.where(listings.c.entries > 0).distinct()))


def _lists(conn: Connection, source: str, as_of: date) -> dict[tuple[datetime, str, str], AnyRow]:
    """The day's lists by their places: when they were taken, name, content."""
    of_the_day = (listings.c.source == source, listings.c.as_of == as_of, listings.c.daily, listings.c.entries > 0)
    rows = conn.execute(listings.select().where(*of_the_day))
    return {(taken_at(row.dump, row.recorded_at), row.dump, row.digest): row for row in rows}


def _list_before(
    conn: Connection, source: str, as_of: date, digest: str, turn: tuple[datetime, str] | None
) -> AnyRow | None:
    lists = {place: row for place, row in _lists(conn, source, as_of).items() if row.digest != digest}
    places = [place for place in sorted(lists) if turn is None or place < (*turn, digest)]
    return lists[places[-1]] if places else None


def _listed_papers(conn: Connection, listing: AnyRow) -> tuple[Paper, ...]:
    query = (
        select(papers)
        .join(sightings, sightings.c.paper_id == papers.c.id)
        .where(sightings.c.listing_id == listing.id)
        .order_by(sightings.c.position, papers.c.id)
    )
    return tuple(map(codec.paper, conn.execute(query)))


def _day_list(conn: Connection, listing: AnyRow) -> DayList:
    ids = conn.scalars(select(sightings.c.paper_id).where(sightings.c.listing_id == listing.id))
    report = codec.report(listing)
    return DayList(digest=report.digest, ids=frozenset(ids), marks=report.marks, gone=report.gone)


def _before(conn: Connection, source: str, as_of: date, digest: str) -> frozenset[str]:
    earlier = (listings.c.source == source, listings.c.digest != digest, listings.c.daily, listings.c.entries > 0)
    day = select(func.max(listings.c.as_of)).where(*earlier, listings.c.as_of < as_of).scalar_subquery()
    of_the_day = select(listings.c.id).where(*earlier, listings.c.as_of == day)
    return frozenset(conn.scalars(select(sightings.c.paper_id).where(sightings.c.listing_id.in_(of_the_day))))
