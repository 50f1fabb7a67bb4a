"""What a dump becomes: listing, papers, keys, sightings, revisions. Takes the outcomes of `diff` as they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from digest.model import (
    Change,
    Changes,
    DayList,
    DumpReport,
    Listing,
    Outcome,
    Paper,
)
from digest.store import codec
from digest.store.bulk import among, insert_columns, insert_new
from digest.store.codec import AnyRow
from digest.store.database import Database
from digest.store.known import ARXIV
from digest.store.schema import (
    day_changes,
    line_hashes,
    listings,
    paper_keys,
    paper_links,
    paper_tails,
    papers,
    revisions,
    set_asides,
    sightings,
)
from digest.text import taken_at

_LISTING = ("digest", "dump", "format", "source", "as_of", "fidelity", "daily", "archive")


class Ingested(Database):
    # --- what is known -----------------------------------------------------------------------------------------

    def report(self, digest: str) -> DumpReport | None:
        """Of a dump recorded before: what ingesting it once more means, which is that nothing changes."""
        with self._reading() as conn:
            row = _listing_row(conn, digest)
            return None if row is None or row.resume_at else _repeated(row)

    def resume_at(self, digest: str) -> int:
        """How many lines of a dump are recorded already, if a run ended in the middle of it; else 0."""
        with self._reading() as conn:
            return conn.scalar(select(listings.c.resume_at).where(listings.c.digest == digest)) or 0

    def known_lines(self, form: str) -> bytes:
        """The hashes of all lines of the last complete archives in this format; empty if there is none."""
        query = (
            select(line_hashes.c.hashes)
            .join(listings, listings.c.id == line_hashes.c.listing_id)
            .where(listings.c.format == form, listings.c.resume_at.is_(None))
            .order_by(line_hashes.c.begin)
        )
        with self._reading() as conn:
            return b"".join(conn.scalars(query))

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

    # --- recording ---------------------------------------------------------------------------------------------

    def record(self, listing: Listing, changes: Changes, now: datetime) -> DumpReport:
        """All of a dump, or the next part of it, in one transaction; the report counts the parts so far.

        What was recorded before, by whomever, is left alone and reported.
        """
        with self._writing_many() as conn:
            self._take_turns(conn, "record")
            row = _listing_row(conn, listing.digest)
            if row is not None and row.resume_at is None:
                return _repeated(row)
            if row is not None and row.resume_at != listing.begin:
                return codec.report(row)
            listing_id = row.id if row else _insert_listing(conn, listing, now)
            last = {change.paper.id: change.paper for change in changes.entries}  # of a paper listed twice, the last
            new = {each.paper.id for each in changes.entries if each.outcome is Outcome.NEW and not each.stored}
            _insert_papers(conn, [last[paper_id] for paper_id in sorted(new)], listing_id)
            _update_papers(conn, last, [change for change in changes.entries if change.paper.id not in new], listing_id)
            _insert_keys(conn, changes.entries)
            _insert_sightings(conn, listing, changes.entries, listing_id)
            _insert_tails(conn, changes.entries)
            insert_new(conn, paper_links, [codec.link_row(link) for link in changes.links])
            _replace_revisions(conn, listing, changes.entries, listing_id, now)
            _replace_day_changes(conn, listing, changes.entries)
            _count(conn, listing, changes, listing_id)
            _insert_lines(conn, listing, listing_id)
            mended = (set_asides.c.digest == listing.digest) | (set_asides.c.dump == listing.dump)
            conn.execute(delete(set_asides).where(mended))
            return codec.report(conn.execute(listings.select().where(listings.c.id == listing_id)).one())

    def named_earlier(self, digest: str, name: str, now: datetime) -> None:
        """The name of a dump is the one under which it was taken first, in whatever order its copies are read."""
        with self._writing() as conn:
            row = _listing_row(conn, digest)
            if row and (taken_at(name, now), name) < (taken_at(row.dump, row.recorded_at), row.dump):
                conn.execute(update(listings).where(listings.c.id == row.id).values(dump=name))

    def tell_anew(self, lists: Iterable[DayList]) -> None:
        """What is told of dumps, now that others have come before them."""
        with self._writing() as conn:
            for one in lists:
                told = {"marks": one.marks, "gone": one.gone}
                conn.execute(update(listings).where(listings.c.digest == one.digest).values(told))


def _listing_row(conn: Connection, digest: str) -> AnyRow | None:
    return conn.execute(listings.select().where(listings.c.digest == digest)).one_or_none()


def _repeated(row: AnyRow) -> DumpReport:
    stored = codec.report(row)
    return replace(stored, new=0, revised=0, relisted=0, gone=0, unchanged=stored.entries, known=True)


def _insert_listing(conn: Connection, listing: Listing, now: datetime) -> int:
    row = {name: getattr(listing, name) for name in _LISTING} | {"recorded_at": now, "rejected": [], "more_rejected": 0}
    key = conn.execute(insert(listings).values(row | dict.fromkeys(codec.COUNTS, 0))).inserted_primary_key
    assert key is not None
    return int(key[0])


def _count(conn: Connection, listing: Listing, changes: Changes, listing_id: int) -> None:
    """Adds to the listing's row what a part brought."""
    row = listings.c.id == listing_id
    rejected = conn.scalars(select(listings.c.rejected).where(row)).one() + codec.rejected_json(listing)
    counts = {outcome.value: changes.count(outcome) for outcome in Outcome}
    counts["unchanged"] += listing.skipped
    counts |= {"entries": sum(counts.values()), "gone": len(changes.gone)}
    counts["more_rejected"] = max(0, len(rejected) - codec.MOST_REJECTED)
    added = {name: listings.c[name] + count for name, count in counts.items()}
    told = {"marks": changes.marks, "resume_at": listing.end, "rejected": rejected[: codec.MOST_REJECTED]}
    conn.execute(update(listings).where(row).values(added | told))


def _insert_lines(conn: Connection, listing: Listing, listing_id: int) -> None:
    """The last part of an archive takes the place of the archives before it that were no larger."""
    if listing.lines:
        row = {"listing_id": listing_id, "begin": listing.begin, "hashes": listing.lines}
        conn.execute(insert(line_hashes).values(row))
    if listing.archive and listing.end is None:
        larger = select(listings.c.entries).where(listings.c.id == listing_id).scalar_subquery()
        before = select(listings.c.id).where(listings.c.format == listing.format, listings.c.id != listing_id)
        conn.execute(
            delete(line_hashes).where(line_hashes.c.listing_id.in_(before.where(listings.c.entries <= larger)))
        )


def _insert_papers(conn: Connection, new: list[Paper], listing_id: int) -> None:
    """A paper that another process brought meanwhile stays as it is; its sighting is recorded all the same."""
    if new:
        origins = {codec.REST: listing_id}
        insert_columns(conn, papers, [*codec.paper_columns(new), [origins] * len(new)])


def _insert_keys(conn: Connection, entries: Iterable[Change]) -> None:
    ids = [(change.paper.id, ARXIV + change.paper.id, change.keys) for change in entries]
    insert_new(conn, paper_keys, sorted([(key, one) for one, its, keys in ids for key in keys if key != its]))


def _insert_tails(conn: Connection, entries: Iterable[Change]) -> None:
    insert_new(conn, paper_tails, sorted([(change.tail, change.paper.id) for change in entries if change.tail]))


def _update_papers(conn: Connection, last: dict[str, Paper], known: list[Change], listing_id: int) -> None:
    """Writes what changed and no other column, papers with the same changed columns in one batch."""
    told: dict[str, set[str]] = defaultdict(set)
    columns: dict[str, set[str]] = {change.paper.id: {"first_listed", "revised_at"} for change in known}
    for change in known:
        names = {each.field for each in change.fields}
        told[change.paper.id].update(names, change.told)
        columns[change.paper.id].update(names, ("first_seen",) if change.stored else ())
    origins = _merged_origins(conn, {paper_id: names for paper_id, names in told.items() if names}, listing_id)
    batches: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for paper_id, written in columns.items():
        row = codec.paper_row(last[paper_id], sorted(written)) | {"_id": paper_id}
        if paper_id in origins:
            row["origins"] = origins[paper_id]
        batches[tuple(row)].append(row)
    for rows in batches.values():
        values: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "_id"}
        conn.execute(update(papers).where(papers.c.id == bindparam("_id")).values(values), rows)


def _merged_origins(conn: Connection, told: dict[str, set[str]], listing_id: int) -> dict[str, dict[str, int]]:
    if not told:
        return {}
    stored = select(papers.c.id, papers.c.origins).where(among(conn, papers.c.id, told))
    return {
        paper_id: origins | dict.fromkeys(sorted(told[paper_id]), listing_id)
        for paper_id, origins in conn.execute(stored)
    }


def _insert_sightings(conn: Connection, listing: Listing, entries: Iterable[Change], listing_id: int) -> None:
    """A paper listed twice keeps its best position and its larger counts; one in two parts of a dump, the first's."""
    rows: dict[str, tuple[str, int, int, int | None, int | None]] = {}
    for change in entries:
        entry, paper = change.entry, change.paper
        if not listing.lists(paper.published):
            continue
        counts = entry.position, entry.votes, entry.comments
        if earlier := rows.get(paper.id):
            counts = min(counts[0], earlier[2]), _larger(counts[1], earlier[3]), _larger(counts[2], earlier[4])
        rows[paper.id] = (paper.id, listing_id, *counts)
    insert_new(conn, sightings, list(rows.values()))


def _larger(one: int | None, other: int | None) -> int | None:
    return max((count for count in (one, other) if count is not None), default=None)


def _replace_revisions(
    conn: Connection, listing: Listing, entries: Iterable[Change], listing_id: int, now: datetime
) -> None:
    """Of a day and a field only what the day's last dump makes of it stays, be it nothing."""
    judged = [(change.paper.id, each) for change in entries for each in change.fields]
    if not judged:
        return
    of_the_day = (
        select(revisions.c.id, revisions.c.paper_id, revisions.c.field)
        .join(listings, listings.c.id == revisions.c.listing_id)
        .where(among(conn, revisions.c.paper_id, [paper_id for paper_id, _ in judged]))
        .where(listings.c.as_of == listing.as_of)
    )
    again = {(paper_id, each.field) for paper_id, each in judged}
    old = [row for row in conn.execute(of_the_day) if (row.paper_id, row.field) in again]
    if old:
        conn.execute(delete(revisions).where(among(conn, revisions.c.id, [row.id for row in old])))
    rows = {
        (paper_id, each.field): {
            "paper_id": paper_id,
            "listing_id": listing_id,
            "field": each.field,
            "old": codec.words(each.old),
            "new": codec.words(each.new),
            "at": now,
        }
        for paper_id, each in judged
        if each.notable
    }
    if rows:
        conn.execute(insert(revisions), list(rows.values()))
    for paper_id in {row.paper_id for row in old}:
        latest = select(func.max(revisions.c.at)).where(revisions.c.paper_id == paper_id).scalar_subquery()
        conn.execute(update(papers).where(papers.c.id == paper_id).values(revised_at=latest))


def _replace_day_changes(conn: Connection, listing: Listing, entries: Iterable[Change]) -> None:
    changed = {change.paper.id: change.today for change in entries if change.today}
    if not changed:
        return
    of_the_day = (among(conn, day_changes.c.paper_id, changed), day_changes.c.as_of == listing.as_of)
    conn.execute(delete(day_changes).where(*of_the_day))
    rows = [(paper_id, listing.as_of, codec.field_changes_json(today)) for paper_id, today in sorted(changed.items())]
    insert_new(conn, day_changes, rows)
