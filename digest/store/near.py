"""Papers whose titles stand near a title, in the order from the front and in that from the back; and what was linked.

Looks at a few rows of an index each, however many papers are known. Does not judge who is like whom.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, select

from digest.model import Link
from digest.store.database import Database
from digest.store.schema import paper_keys, paper_links, paper_tails, papers

_TITLES, _AFTER_TITLES = "title:", "title;"


class Near(Database):
    def neighbours(
        self, places: Iterable[tuple[str, str]], window: int, *, without_id: bool = False
    ) -> tuple[dict[str, str], ...]:
        """For each place, the key of a title and its tail: up to `window` papers on each side in each order.

        Titles by id. With `without_id` only those of the papers that have no arXiv id.
        """
        with self._reading() as conn:
            return tuple(dict(_around(conn, key, tail, window, without_id)) for key, tail in places)

    def links(self, paper_id: str) -> tuple[Link, ...]:
        """The papers that can be this one, the most like first."""
        mine = (paper_links.c.paper_id == paper_id) | (paper_links.c.other_id == paper_id)
        with self._reading() as conn:
            found = [
                Link(
                    paper_id=paper_id,
                    other_id=row.other_id if row.paper_id == paper_id else row.paper_id,
                    likeness=row.likeness,
                    why=row.why,
                )
                for row in conn.execute(paper_links.select().where(mine))
            ]
        return tuple(sorted(found, key=lambda link: (-link.likeness, link.other_id)))


def _around(conn: Connection, key: str, tail: str, window: int, without_id: bool) -> Iterator[tuple[str, str]]:
    front, back = paper_keys.c, paper_tails.c
    for order, paper_id, stretch, down in (
        (front.key, front.paper_id, (front.key >= key, front.key < _AFTER_TITLES), False),
        (front.key, front.paper_id, (front.key < key, front.key >= _TITLES), True),
        (back.tail, back.paper_id, (back.tail >= tail,), False),
        (back.tail, back.paper_id, (back.tail < tail,), True),
    ):
        ends = (order.desc(), paper_id.desc()) if down else (order, paper_id)
        nearest = select(paper_id).where(*stretch).order_by(*ends).limit(window).subquery()
        query = select(papers.c.id, papers.c.title).join(nearest, nearest.c.paper_id == papers.c.id)
        if without_id:
            query = query.where(papers.c.arxiv_id.is_(None))
        yield from map(tuple, conn.execute(query))
