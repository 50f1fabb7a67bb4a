"""Dumps that could not be read: why, and which of them are in the inbox still."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from digest.model import Dump, DumpReport
from digest.store.codec import AnyRow
from digest.store.database import Database
from digest.store.schema import set_asides


class SetAsides(Database):
    def set_aside(self, dump: Dump, reason: str, now: datetime, stuck: str | None = None) -> DumpReport:
        """Remember a dump that could not be read, and why it is still in the inbox; once more renews the reasons."""
        row = {"digest": dump.digest, "dump": dump.name, "reason": reason, "at": now, "stuck": stuck}
        statement = self._insert(set_asides).values(row)
        with self._writing() as conn:
            conn.execute(statement.on_conflict_do_update(index_elements=["digest"], set_=row))
            return _set_aside(conn.execute(set_asides.select().where(set_asides.c.digest == dump.digest)).one())

    def set_asides(self, since: datetime, limit: int) -> tuple[DumpReport, ...]:
        """Dumps that could not be read since then, or are in the inbox still, the latest first."""
        lately = set_asides.select().where((set_asides.c.at >= since) | set_asides.c.stuck.is_not(None))
        latest = lately.order_by(set_asides.c.at.desc(), set_asides.c.digest.desc()).limit(limit)
        with self._reading() as conn:
            return tuple(map(_set_aside, conn.execute(latest)))

    def stuck(self) -> dict[str, str]:
        """By digest, why the dumps could not be read that could not be moved out of the inbox either."""
        query = select(set_asides.c.digest, set_asides.c.reason).where(set_asides.c.stuck.is_not(None))
        with self._reading() as conn:
            return {row.digest: row.reason for row in conn.execute(query)}

    def moved_aside(self, digest: str) -> None:
        """That a dump is out of the inbox after all: put back, it is read again."""
        with self._writing() as conn:
            conn.execute(update(set_asides).where(set_asides.c.digest == digest).values(stuck=None))


def _set_aside(row: AnyRow) -> DumpReport:
    still = f"; it could not be moved out of the inbox ({row.stuck})" if row.stuck else ""
    return DumpReport(dump=row.dump, digest=row.digest, error=f"{row.reason}{still}")
