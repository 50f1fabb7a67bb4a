"""What many editions and mails share, each stored once under its digest: selections, letters and their pieces."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from itertools import islice
from threading import Lock

from sqlalchemy import Connection, select

from digest.model import Letter, OutboxItem, Piece
from digest.store import codec
from digest.store.bulk import among
from digest.store.database import Database
from digest.store.schema import outbox, pieces

_KEPT = 8_192  # pieces in memory: a day's cards, many times over
_KEPT_DIGESTS = 2 * _KEPT
_LEVEL = 3  # of zlib: a selection takes a third of the time that the usual level takes, and 7 % more room


class Pieces(Database):
    def letter(self, digest: str) -> Letter | None:
        """None if it, or any piece of it, is not kept any more."""
        with self._reading() as conn:
            content = conn.scalar(select(pieces.c.content).where(pieces.c.digest == digest))
            if content is None:
                return None
            content = zlib.decompress(content)
            found = self._load(conn, codec.piece_digests(content))
        return None if found is None else codec.letter(content, found)

    def give_letter(self, item: OutboxItem, letter: Letter, day: date) -> None:
        """To a message that was decided on before there were letters. It keeps the first it is given."""
        digest, blobs = codec.letter_blobs(letter)
        given = {"letter": digest, "own": item.own, "sha256": item.sha256}
        mine = (outbox.c.message_id == item.message_id) & outbox.c.letter.is_(None)
        with self._writing() as conn:
            self._keep(conn, blobs, day)
            conn.execute(outbox.update().where(mine).values(given))
        self._remember(blobs, day)

    # --- for the mix-ins ---------------------------------------------------------------------------------------

    @cached_property
    def _stored(self) -> dict[str, date]:
        """Digests that are known to be stored, and the day for which: most pieces of an edition are its neighbour's.

        Those that were of use last come last.
        """
        return {}

    @cached_property
    def _loading(self) -> Lock:
        return Lock()

    @cached_property
    def _loaded(self) -> OrderedDict[bytes, Piece]:
        return OrderedDict()

    def _keep(self, conn: Connection, blobs: Mapping[str, codec.Blob], day: date) -> None:
        """Store what is not there, and note of the rest that it was used. In order, so that two writers cannot lock."""
        fresh = sorted(digest for digest in blobs if self._stored.get(digest, date.min) < day)
        rows = [
            {"digest": one, "content": zlib.compress(codec.blob(blobs[one]), _LEVEL), "used_on": day} for one in fresh
        ]
        statement = self._insert(pieces)
        used = statement.excluded.used_on
        if rows:
            conn.execute(
                statement.on_conflict_do_update(
                    index_elements=["digest"], set_={"used_on": used}, where=pieces.c.used_on < used
                ),
                rows,
            )

    def _remember(self, digests: Iterable[str], day: date) -> None:
        """After the transaction: what was rolled back is not there."""
        for digest in digests:
            self._stored.pop(digest, None)
            self._stored[digest] = day
        for digest in list(islice(self._stored, max(0, len(self._stored) - _KEPT_DIGESTS))):
            del self._stored[digest]

    def _load(self, conn: Connection, digests: Iterable[bytes]) -> Mapping[bytes, Piece] | None:
        wanted = dict.fromkeys(digests)
        with self._loading:
            found = {digest: self._loaded[digest] for digest in wanted if digest in self._loaded}
        missing = {digest.hex(): digest for digest in wanted if digest not in found}
        if missing:
            query = select(pieces.c.digest, pieces.c.content).where(among(conn, pieces.c.digest, missing))
            for row in conn.execute(query):
                digest = missing[row.digest]
                found[digest] = Piece(digest, codec.literals(zlib.decompress(row.content)))
        with self._loading:
            for digest, piece in found.items():
                self._loaded[digest] = piece
                self._loaded.move_to_end(digest)
            while len(self._loaded) > _KEPT:
                self._loaded.popitem(last=False)
        return found if len(found) == len(wanted) else None
