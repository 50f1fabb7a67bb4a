"""What a dump becomes: listing, papers, keys, sightings, revisions. Takes the outcomes of `diff` as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from digest.model import Change, Changes, Dump, DumpReport, Known, KnownPaper, Listing, Origin, Outcome, Paper
from digest.store import codec, schema
from digest.store.database import Database
from digest.store.schema import listings, paper_keys, papers, set_asides, sightings


class Ingested(Database):
    # --- what is known -----------------------------------------------------------------------------------------

    def report(self, digest: str) -> DumpReport | None:
        """Of a dump recorded before: what ingesting it once more means, which is that nothing changes."""
        with self._reading() as conn:
            return _repeated(conn, digest)

    def known(self, keys: Collection[str], source: str, as_of: date, digest: str = "") -> Known:
        """The papers with any of the keys, by id, and what this source listed before, in other dumps than `digest`."""
        with self._reading() as conn:
            found: set[str] = set()
            for chunk in codec.chunks(keys):
                found.update(conn.scalars(select(paper_keys.c.paper_id).where(paper_keys.c.key.in_(chunk))))
            return Known(
                papers=tuple(_known_papers(conn, sorted(found), source, digest)),
                previous=_previous(conn, source, as_of, digest),
                days=frozenset(
                    conn.scalars(
                        select(listings.c.as_of)
                        .where(listings.c.source == source, listings.c.digest != digest)
                        .distinct()
                    )
                ),
            )

    def newest_ingest(self) -> datetime | None:
        """When the last dump was recorded."""
        with self._reading() as conn:
            newest: datetime | None = conn.scalar(select(func.max(listings.c.recorded_at)))
            return newest

    def sources(self, since: datetime) -> tuple[str, ...]:
        """The sources of the listings recorded at or after `since`, sorted."""
        with self._reading() as conn:
            found = conn.scalars(select(listings.c.source).where(listings.c.recorded_at >= since).distinct())
            return tuple(sorted(found))

    def listings(self, limit: int) -> tuple[DumpReport, ...]:
        """Recorded dumps with their counts of then, the latest first."""
        latest = listings.select().order_by(listings.c.recorded_at.desc(), listings.c.digest.desc()).limit(limit)
        with self._reading() as conn:
            return tuple(map(codec.report, conn.execute(latest)))

    def set_asides(self, limit: int) -> tuple[DumpReport, ...]:
        """Dumps that could not be read, the latest first."""
        latest = set_asides.select().order_by(set_asides.c.at.desc(), set_asides.c.digest.desc()).limit(limit)
        with self._reading() as conn:
            return tuple(DumpReport(dump=row.dump, digest=row.digest, error=row.reason) for row in conn.execute(latest))

    # --- recording ---------------------------------------------------------------------------------------------

    def record(self, listing: Listing, changes: Changes, now: datetime) -> DumpReport:
        """All of the dump in one transaction. A dump recorded before, by whomever, is left alone and reported."""
        with self._writing() as conn:
            self._take_turns(conn, "record")
            if repeated := _repeated(conn, listing.digest):
                return repeated
            listing_id = _insert_listing(conn, listing, changes, now)
            last = {change.paper.id: change.paper for change in changes.entries}  # of a paper listed twice, the last
            new = {change.paper.id for change in changes.entries if change.outcome is Outcome.NEW}
            self._insert_papers(conn, [last[paper_id] for paper_id in sorted(new)], listing_id)
            _update_papers(conn, last, [change for change in changes.entries if change.paper.id not in new], listing_id)
            self._insert_keys(conn, changes.entries)
            _insert_sightings(conn, changes.entries, listing_id)
            _insert_revisions(conn, changes.entries, listing_id, now)
            conn.execute(delete(set_asides).where(set_asides.c.digest == listing.digest))
            return codec.report(conn.execute(listings.select().where(listings.c.id == listing_id)).one())

    def set_aside(self, dump: Dump, reason: str, now: datetime) -> DumpReport:
        """Remember a dump that could not be read; once more only renews the reason."""
        row = {"digest": dump.digest, "dump": dump.name, "reason": reason, "at": now}
        statement = self._insert(set_asides).values(row)
        with self._writing() as conn:
            conn.execute(statement.on_conflict_do_update(index_elements=["digest"], set_=row))
        return DumpReport(dump=dump.name, digest=dump.digest, error=reason)

    def _insert_papers(self, conn: Connection, new: list[Paper], listing_id: int) -> None:
        """A paper that another process brought meanwhile stays as it is; its sighting is recorded all the same."""
        rows = [codec.paper_row(paper) | {"origins": dict.fromkeys(codec.said(paper), listing_id)} for paper in new]
        if rows:
            conn.execute(self._insert(papers).on_conflict_do_nothing(), rows)

    def _insert_keys(self, conn: Connection, entries: Iterable[Change]) -> None:
        pairs = sorted({(key, change.paper.id) for change in entries for key in change.keys})
        if pairs:
            rows = [{"key": key, "paper_id": paper_id} for key, paper_id in pairs]
            conn.execute(self._insert(paper_keys).on_conflict_do_nothing(), rows)


def origins_of(conn: Connection, stored: dict[str, dict[str, int]]) -> dict[str, dict[str, Origin]]:
    """By paper: what its stored origins (field -> listing id) stand for."""
    ids = {listing_id for by_field in stored.values() for listing_id in by_field.values()}
    columns = (listings.c.id, listings.c.dump, listings.c.digest, listings.c.source)
    origin: dict[int, Origin] = {}
    for chunk in codec.chunks(sorted(ids)):
        query = select(*columns, listings.c.as_of, listings.c.fidelity).where(listings.c.id.in_(chunk))
        for listing_id, *values in conn.execute(query):
            names = ("dump", "digest", "source", "as_of", "fidelity")
            origin[listing_id] = Origin(**dict(zip(names, values, strict=True)))
    return {
        paper_id: {field: origin[listing_id] for field, listing_id in sorted(by_field.items())}
        for paper_id, by_field in stored.items()
    }


def _repeated(conn: Connection, digest: str) -> DumpReport | None:
    row = conn.execute(listings.select().where(listings.c.digest == digest)).one_or_none()
    if row is None:
        return None
    stored = codec.report(row)
    return replace(stored, new=0, revised=0, relisted=0, gone=0, unchanged=stored.entries, known=True)


def _known_papers(conn: Connection, ids: list[str], source: str, digest: str) -> Iterable[KnownPaper]:
    for chunk in codec.chunks(ids):
        rows = conn.execute(papers.select().where(papers.c.id.in_(chunk))).all()
        origins = origins_of(conn, {row.id: row.origins for row in rows})
        keys: defaultdict[str, set[str]] = defaultdict(set)
        for key, paper_id in conn.execute(paper_keys.select().where(paper_keys.c.paper_id.in_(chunk))):
            keys[paper_id].add(key)
        last_listed = _last_listed(conn, chunk, source, digest)
        for row in sorted(rows, key=lambda row: str(row.id)):
            yield KnownPaper(
                paper=codec.paper(row),
                keys=frozenset(keys[row.id]),
                origins=origins[row.id],
                last_listed=last_listed.get(row.id),
            )


def _last_listed(conn: Connection, ids: Collection[str], source: str, digest: str) -> dict[str, date]:
    query = (
        select(sightings.c.paper_id, func.max(listings.c.as_of).label("as_of"))
        .join(listings, listings.c.id == sightings.c.listing_id)
        .where(sightings.c.paper_id.in_(ids), listings.c.source == source, listings.c.digest != digest)
        .group_by(sightings.c.paper_id)
    )
    return {row.paper_id: row.as_of for row in conn.execute(query)}


def _previous(conn: Connection, source: str, as_of: date, digest: str) -> tuple[Paper, ...]:
    latest = (
        select(listings.c.id)
        .where(listings.c.source == source, listings.c.as_of == as_of, listings.c.digest != digest)
        .order_by(listings.c.recorded_at.desc(), listings.c.digest.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(papers)
        .join(sightings, sightings.c.paper_id == papers.c.id)
        .where(sightings.c.listing_id == latest)
        .order_by(sightings.c.position, papers.c.id)
    )
    return tuple(map(codec.paper, conn.execute(query)))


def _insert_listing(conn: Connection, listing: Listing, changes: Changes, now: datetime) -> int:
    row = {
        "digest": listing.digest,
        "dump": listing.dump,
        "format": listing.format,
        "source": listing.source,
        "as_of": listing.as_of,
        "fidelity": listing.fidelity,
        "daily": listing.daily,
        "recorded_at": now,
        "entries": len(listing.entries),
        "gone": len(changes.gone),
        "marks": changes.marks,
        "rejected": codec.rejected_json(listing),
    }
    counts = {outcome.value: changes.count(outcome) for outcome in Outcome}
    key = conn.execute(insert(listings).values(row | counts)).inserted_primary_key
    assert key is not None
    return int(key[0])


def _update_papers(conn: Connection, last: dict[str, Paper], known: list[Change], listing_id: int) -> None:
    """Writes what changed and no other column, papers with the same changed columns in one batch."""
    fields: dict[str, set[str]] = {change.paper.id: set() for change in known}
    for change in known:
        fields[change.paper.id].update(each.field for each in change.fields)
    origins = _merged_origins(conn, {paper_id: names for paper_id, names in fields.items() if names}, listing_id)
    batches: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for paper_id, names in fields.items():
        columns = tuple(sorted(names | {"first_listed", "revised_at"}))
        row = codec.paper_row(last[paper_id], columns) | {"_id": paper_id}
        if names:
            row["origins"] = origins[paper_id]
        batches[columns].append(row)
    for rows in batches.values():
        values: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "_id"}
        conn.execute(update(papers).where(papers.c.id == bindparam("_id")).values(values), rows)


def _merged_origins(conn: Connection, fields: dict[str, set[str]], listing_id: int) -> dict[str, dict[str, int]]:
    merged: dict[str, dict[str, int]] = {}
    for chunk in codec.chunks(fields):
        for paper_id, origins in conn.execute(select(papers.c.id, papers.c.origins).where(papers.c.id.in_(chunk))):
            merged[paper_id] = origins | dict.fromkeys(fields[paper_id], listing_id)
    return merged


def _insert_sightings(conn: Connection, entries: Iterable[Change], listing_id: int) -> None:
    """A paper listed twice keeps its best position and its larger counts."""
    rows: dict[str, dict[str, Any]] = {}
    for change in entries:
        entry, paper_id = change.entry, change.paper.id
        earlier = rows.get(paper_id, {"position": entry.position, "votes": None, "comments": None})
        rows[paper_id] = {
            "paper_id": paper_id,
            "listing_id": listing_id,
            "position": min(earlier["position"], entry.position),
            "votes": _larger(earlier["votes"], entry.votes),
            "comments": _larger(earlier["comments"], entry.comments),
        }
    if rows:
        conn.execute(insert(sightings), list(rows.values()))


def _larger(one: int | None, other: int | None) -> int | None:
    return max((count for count in (one, other) if count is not None), default=None)


def _insert_revisions(conn: Connection, entries: Iterable[Change], listing_id: int, now: datetime) -> None:
    rows = [
        {
            "paper_id": change.paper.id,
            "listing_id": listing_id,
            "field": each.field,
            "old": codec.words(each.old),
            "new": codec.words(each.new),
            "at": now,
        }
        for change in entries
        for each in change.fields
        if each.notable
    ]
    if rows:
        conn.execute(insert(schema.revisions), rows)
