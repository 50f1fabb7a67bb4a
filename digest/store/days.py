"""What is known of the sources' days, the verdicts on them, and the runs of the phases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, delete, func, insert, select

from digest.model import Failed, Mark, Run, Taken, Verdict, VerdictKind
from digest.store.database import Database
from digest.store.schema import fetch_failures, listings, repeats, runs, set_asides, verdicts

_KEPT_RUNS = 10_000  # some days of runs every minute
_MOST_SET_ASIDE = 500


class Days(Database):
    def taken(self, since: date) -> tuple[Taken, ...]:
        """The listings that speak of days from `since` on, but for catalogues and what is half read.

        A list that was handed again stands for a day only while nothing else does.
        """
        columns = (
            listings.c.source,
            listings.c.as_of.label("date"),
            listings.c.dump,
            listings.c.recorded_at.label("at"),
            listings.c.entries,
            listings.c.daily,
            listings.c.marks,
        )
        whole = (listings.c.resume_at.is_(None), listings.c.archive.is_(False), listings.c.as_of >= since)
        found = []
        with self._reading() as conn:
            for row in conn.execute(select(*columns).where(*whole)):
                told = {name: value for name, value in row._mapping.items() if name != "marks"}
                found.append(Taken(**told, cut=Mark.CUT in row.marks, repeated=Mark.REPEATED in row.marks))
            there = {(one.source, one.date) for one in found}
            for row in conn.execute(repeats.select().where(repeats.c.date >= since)):
                if (row.source, row.date) not in there:
                    found.append(Taken(**row._mapping, daily=True, repeated=True))
        return tuple(sorted(found, key=lambda one: (one.date, one.source, one.at, one.dump)))

    def handed_again(self, source: str, day: date, dump: str, entries: int, now: datetime) -> None:
        """Remember that for a day the source gave the list of a day before once more; the first time counts."""
        here = (repeats.c.source == source, repeats.c.date == day)
        with self._reading() as conn:
            if conn.scalar(select(func.count()).select_from(repeats).where(*here)):
                return
        row = {"source": source, "date": day, "dump": dump, "at": now, "entries": entries}
        with self._writing() as conn:
            conn.execute(self._insert(repeats).values(row).on_conflict_do_nothing())

    def newest_lists(self, sources: Iterable[str]) -> dict[str, date]:
        """By source the latest day that a list of it speaks of, but for catalogues and what is half read."""
        whole = (listings.c.resume_at.is_(None), listings.c.archive.is_(False), listings.c.source.in_(tuple(sources)))
        latest = select(listings.c.source, func.max(listings.c.as_of).label("day")).where(*whole)
        with self._reading() as conn:
            return {row.source: row.day for row in conn.execute(latest.group_by(listings.c.source))}

    def oldest_day(self, since: datetime) -> date | None:
        """The earliest day that listings recorded since then speak of."""
        recent = (listings.c.recorded_at >= since, listings.c.archive.is_(False))
        with self._reading() as conn:
            found: date | None = conn.scalar(select(func.min(listings.c.as_of)).where(*recent))
            return found

    def unread(self, since: datetime) -> tuple[Failed, ...]:
        """The dumps set aside since then, the latest first; their source and day are as yet the file's and its date."""
        latest = set_asides.select().where(set_asides.c.at >= since).order_by(set_asides.c.at.desc())
        with self._reading() as conn:
            rows = conn.execute(latest.order_by(set_asides.c.digest).limit(_MOST_SET_ASIDE)).all()
        return tuple(Failed(source="", date=row.at.date(), at=row.at, reason=row.reason, dump=row.dump) for row in rows)

    # --- fetches that failed -----------------------------------------------------------------------------------

    def unfetched(self, since: date) -> tuple[Failed, ...]:
        """The days from `since` on that sources were asked for in vain, and not answered since."""
        query = fetch_failures.select().where(fetch_failures.c.date >= since)
        with self._reading() as conn:
            return tuple(Failed(**row._mapping) for row in conn.execute(query.order_by(*fetch_failures.primary_key)))

    def fetch_failed(self, failed: Failed) -> None:
        row = {"source": failed.source, "date": failed.date, "at": failed.at, "reason": failed.reason}
        statement = self._insert(fetch_failures).values(row)
        with self._writing() as conn:
            conn.execute(statement.on_conflict_do_update(index_elements=["source", "date"], set_=row))

    def fetch_succeeded(self, source: str, day: date) -> None:
        """Forgets that the source failed for the day, and on days before."""
        mine = (fetch_failures.c.source == source, fetch_failures.c.date <= day)
        with self._reading() as conn:
            failed = conn.scalar(select(func.count()).select_from(fetch_failures).where(*mine))
        if failed:
            with self._writing() as conn:
                conn.execute(delete(fetch_failures).where(*mine))

    # --- verdicts ----------------------------------------------------------------------------------------------

    def judged(self, found: Iterable[Verdict], first: date, now: datetime) -> tuple[Verdict, ...]:
        """Keep the verdicts on the days from `first` on in place of those before; returns those that are different.

        A verdict that stays as it was keeps the moment it was made.
        """
        before = {(one.date, one.source): one for one in self.verdicts(first)}
        after = {(one.date, one.source): one for one in found if one.date >= first}
        changed = tuple(one for key, one in after.items() if before.get(key) != one)
        gone = [key for key in before if key not in after]
        if not changed and not gone:
            return ()
        with self._writing() as conn:
            for day, source in [*gone, *((one.date, one.source) for one in changed)]:
                conn.execute(delete(verdicts).where(verdicts.c.date == day, verdicts.c.source == source))
            for one in changed:
                row = asdict(one) | {"made_at": now}
                conn.execute(self._insert(verdicts).values(row).on_conflict_do_nothing())
        return changed

    def verdicts(self, first: date, made_after: datetime | None = None) -> tuple[Verdict, ...]:
        """On the days from `first` on, by date and source; only those made after a moment, if one is given."""
        query = verdicts.select().where(verdicts.c.date >= first)
        if made_after is not None:
            query = query.where(verdicts.c.made_at > made_after)
        with self._reading() as conn:
            found = [
                Verdict(
                    source=row.source,
                    date=row.date,
                    kind=VerdictKind(row.kind),
                    evidence=row.evidence,
                    said=tuple(map(tuple, row.said)),
                )
                for row in conn.execute(query)
            ]
        return tuple(sorted(found, key=lambda one: (one.date, one.source)))

    # --- runs --------------------------------------------------------------------------------------------------

    def ran(self, found: Iterable[Run]) -> None:
        """Keep the runs; the latest ten thousand stay."""
        with self._writing() as conn:
            for one in found:
                key = conn.execute(insert(runs).values(asdict(one))).inserted_primary_key
                assert key is not None
                conn.execute(delete(runs).where(runs.c.id <= key[0] - _KEPT_RUNS))

    def last_runs(self, *, well: bool = False) -> dict[str, Run]:
        """The latest run of each phase, by phase; with `well` the latest that came to its end."""
        latest: Select[Any] = select(func.max(runs.c.id)).group_by(runs.c.phase)
        if well:
            latest = latest.where(runs.c.ended_well.is_(True))
        told = select(*(column for column in runs.columns if column is not runs.c.id))
        with self._reading() as conn:
            rows = conn.execute(told.where(runs.c.id.in_(latest)).order_by(runs.c.phase))
            return {row.phase: Run(**row._mapping) for row in rows}
