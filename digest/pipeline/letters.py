"""An edition for an address becomes a letter when it is published; of letters alone messages are made.

What readers of one selection share is drawn, encoded and written once for all of them. The memory that this takes is
bounded.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from threading import Lock

from digest.addresses import readable
from digest.errors import PermanentDeliveryError
from digest.files import Batch, write_whole
from digest.message import assembled, build_message, message_id, own_words, token, write_letter
from digest.model import (
    Draft,
    Edition,
    Letter,
    Links,
    Message,
    OutboxItem,
    OutboxState,
    Posting,
)
from digest.pipeline.surfaces import links, page_path
from digest.pipeline.world import World
from digest.store import selection_key

_KEPT = 512  # letters in memory while they are drawn
_KEPT_STORED = 2_048  # and while they are sent, in an order that mixes them; some 40 kB each


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A message made once more from what is stored; `fault` says why there is none, or that it is not the same."""

    item: OutboxItem
    message: Message | None = None
    fault: str = ""


class Letters:
    """Of one run, in which templates and settings do not change. Senders in several threads may share it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._stored = lru_cache(_KEPT_STORED)(world.store.letter)
        self._drawing = Lock()
        self._written: OrderedDict[object, tuple[Draft, Letter]] = OrderedDict()
        self._pages = Batch()

    def postings(self, editions: Sequence[Edition], now: datetime) -> list[Posting]:
        """As `posting` of each. Their web pages are put in place together, before this returns."""
        try:
            found = [self.posting(one, now, pages=self._pages) for one in editions]
            self._pages.settle()
        except BaseException:
            self._written.clear()  # the pages of some are not there
            self._pages.drop()
            raise
        return found

    def posting(self, edition: Edition, now: datetime, known: str = "", *, pages: Batch | None = None) -> Posting:
        """An edition with what goes into the outbox for it. Its web page is written, as the mail points there.

        `known` is the Message-ID of one that is in the outbox, which it keeps whatever the settings say since. Where
        the address cannot be written into a mail there is no letter, and delivery will say so. The page is there at
        once, or when these `pages` are put in place.
        """
        hold, address = self._world.hold, edition.subscription.address
        held_until = now + hold if hold else None
        if address is None:
            return Posting(edition=edition, held_until=held_until)
        identifier = known or message_id(self._world.secret, edition.id, address, self._world.site.domain)
        item = OutboxItem(
            message_id=identifier,
            edition_id=edition.id,
            address=address,
            state=OutboxState.HELD if hold else OutboxState.PENDING,
            created_at=now,
            next_at=now + hold,
        )
        try:
            letter, own = self.letter(edition, address, pages)
        except PermanentDeliveryError:
            return Posting(edition=edition, item=item, held_until=held_until)
        return Posting(edition=edition, item=_sealed(item, letter, own), letter=letter, held_until=held_until)

    def letter(self, edition: Edition, address: str, pages: Batch | None = None) -> tuple[Letter, tuple[str, ...]]:
        """The letter that an edition goes out as, and what is this reader's own in it."""
        where = links(self._world, edition)
        with self._drawing:
            draft, letter = self._drawn(edition, where, pages)
        return letter, own_words(address, where, self._world.renderer.own(draft, readable(address), where))

    def message(self, item: OutboxItem) -> Message:
        """The same bytes at every call, whatever has become of templates and settings since."""
        if not item.letter:
            item, letter = self._first_letter(item)
        elif (found := self._stored(item.letter)) is not None:
            letter = found
        else:
            raise PermanentDeliveryError(f"what edition {item.edition_id} was made of is not kept any more")
        return self.finished(letter, item.own, item.address, item.message_id, item.subscription_id)

    def finished(
        self, letter: Letter, own: tuple[str, ...], address: str, identifier: str, subscription_id: str
    ) -> Message:
        return build_message(
            letter,
            own,
            self._world.site,
            recipient=address,
            message_id=identifier,
            token=token(self._world.secret, subscription_id),
        )

    def _first_letter(self, item: OutboxItem) -> tuple[OutboxItem, Letter]:
        """Of what was decided on without one, by an earlier version or for an address that no mail can have."""
        edition = self._world.store.edition(item.edition_id)
        if edition is None:
            raise PermanentDeliveryError(f"edition {item.edition_id} is not in the store")
        letter, own = self.letter(edition, item.address)
        item = _sealed(item, letter, own)
        self._world.store.give_letter(item, letter, edition.date)
        return item, letter

    def _drawn(self, edition: Edition, where: Links, pages: Batch | None) -> tuple[Draft, Letter]:
        shared = replace(where, unsubscribe_url=None, unsubscribe_mail=None, preferences_url=None)
        key = (selection_key(edition), edition.made_at, edition.subscription.audience, shared)
        if key in self._written:
            self._written.move_to_end(key)
            return self._written[key]
        self._write_page(edition, where, pages)
        draft = self._world.renderer.draft(edition, where)
        found = self._written[key] = draft, write_letter(draft, edition, self._world.site, where)
        if len(self._written) > _KEPT:
            self._written.popitem(last=False)
        return found

    def _write_page(self, edition: Edition, where: Links, pages: Batch | None) -> None:
        """Once for all whose page has the same content, which its name tells."""
        path = self._world.output / page_path(self._world, edition)
        if not path.exists():
            write = write_whole if pages is None else pages.write
            write(path, self._world.renderer.page(edition, where).encode())


def replay(world: World, day: date, address: str | None = None) -> Iterator[Replayed]:
    """Every message that was decided on for a local date, made again and compared with the hash of then."""
    letters = Letters(world)
    for item in world.store.posted(day, address):
        if not item.letter:
            yield Replayed(item=item, fault="decided on without a letter, by an earlier version or for a bad address")
            continue
        try:
            message = letters.message(item)
        except PermanentDeliveryError as error:
            yield Replayed(item=item, fault=str(error))
            continue
        same = hashlib.sha256(message.content).hexdigest() == item.sha256
        yield Replayed(item=item, message=message, fault="" if same else "not the bytes of then: their SHA-256 differs")


def _sealed(item: OutboxItem, letter: Letter, own: tuple[str, ...]) -> OutboxItem:
    content = assembled(letter, item.message_id, own)
    return replace(item, own=own, sha256=hashlib.sha256(content).hexdigest())
