"""What readers said of papers: the latest word of each address on each paper. Draws no conclusions from it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, or_, select

from digest.model import Feedback
from digest.store import codec
from digest.store.bulk import among
from digest.store.database import Database
from digest.store.schema import feedback


class Opinions(Database):
    def record_feedback(self, given: Feedback) -> bool:
        """Put it in the place of an older one; False, and nothing changes, if it is known already or there is a newer.

        StoreError if the paper is not known.
        """
        row = codec.feedback_row(given)
        statement = self._insert(feedback).values(row)
        new = statement.excluded
        newer = or_(feedback.c.at < new["at"], (feedback.c.at == new["at"]) & (feedback.c.opinion != new["opinion"]))
        statement = statement.on_conflict_do_update(
            index_elements=["address", "paper_id"], set_={name: row[name] for name in ("opinion", "at")}, where=newer
        )
        with self._writing() as conn:
            return conn.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1

    def feedback(self, address: str) -> tuple[Feedback, ...]:
        """All that an address said, in order of the papers' ids."""
        mine = feedback.select().where(feedback.c.address == codec.address_key(address))
        with self._reading() as conn:
            found = map(codec.feedback, conn.execute(mine))
            return tuple(sorted(found, key=lambda given: given.paper_id))

    def vocal(self, addresses: Collection[str]) -> frozenset[str]:
        """Those of the addresses that said something of any paper."""
        keys = {address: codec.address_key(address) for address in addresses}
        with self._reading() as conn:
            spoke = select(feedback.c.address).where(among(conn, feedback.c.address, keys.values())).distinct()
            found = set(conn.scalars(spoke))
        return frozenset(address for address, key in keys.items() if key in found)

    def forget_feedback(self, address: str, paper_id: str | None = None) -> int:
        """Take back what an address said of a paper, or of all papers; how many opinions that were."""
        gone = delete(feedback).where(feedback.c.address == codec.address_key(address))
        if paper_id is not None:
            gone = gone.where(feedback.c.paper_id == paper_id)
        with self._writing() as conn:
            return conn.execute(gone).rowcount
