"""Papers whose titles stand near a title, in the order from the front and in that from the back; and what was linked.

Looks at a few rows of an index each, however many papers are known. Does not judge who is like whom.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BindParameter, Column, ColumnElement, Select, bindparam, select

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
        queries = _NEAREST_WITHOUT_ID if without_id else _NEAREST
        with self._reading() as conn:
            return tuple(
                {
                    paper_id: title
                    for query in queries
                    for paper_id, title in conn.execute(query, {"key": key, "tail": tail, "window": window})
                }
                for key, tail in places
            )

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


def _nearest(order: Column[str], paper_id: Column[str], stretch: ColumnElement[bool], *, down: bool) -> Select[Any]:
    """The papers next to a place in an order, or before it going `down`."""
    ends = (order.desc(), paper_id.desc()) if down else (order, paper_id)
    nearest = select(paper_id).where(stretch).order_by(*ends).limit(bindparam("window")).subquery()
    return select(papers.c.id, papers.c.title).join(nearest, nearest.c.paper_id == papers.c.id)


_KEY: BindParameter[str] = bindparam("key")
_TAIL: BindParameter[str] = bindparam("tail")
_front, _back = paper_keys.c, paper_tails.c
# Made once: to put them together costs more than to ask them.
_NEAREST = (
    _nearest(_front.key, _front.paper_id, (_front.key >= _KEY) & (_front.key < _AFTER_TITLES), down=False),
    _nearest(_front.key, _front.paper_id, (_front.key < _KEY) & (_front.key >= _TITLES), down=True),
    _nearest(_back.tail, _back.paper_id, _back.tail >= _TAIL, down=False),
    _nearest(_back.tail, _back.paper_id, _back.tail < _TAIL, down=True),
)
_NEAREST_WITHOUT_ID = tuple(query.where(papers.c.arxiv_id.is_(None)) for query in _NEAREST)
