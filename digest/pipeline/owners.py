"""Who can be meant by an unsubscribe token, a Message-ID or an address."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from digest.message import token
from digest.model import OutboxItem, Returned
from digest.pipeline.readership import Readership


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose a returned mail is. `proven`: it carries what only a receiver of our mail can know."""

    address: str
    subscription_id: str | None = None
    message: OutboxItem | None = None
    proven: bool = True


class Owners:
    """Who can be meant by a returned mail: the subscriptions' tokens, our messages, the addresses mailed."""

    def __init__(self, readers: Readership) -> None:
        self._readers = readers

    def of_token(self, given: str) -> tuple[str, str] | None:
        """Address and subscription of a token, in any case of letters, as some servers keep none.

        What is compared are keyed hashes, so that the time it takes tells nothing of a token that is nearly right. One
        that was made with a secret since lost is looked for in the messages of then.
        """
        mark = self._mark(given)
        return self._present.get(mark) or self._past.get(mark) or self._readers.store.mailed_token(given)

    def of(self, returned: Returned) -> Owner | None:
        """By token, then by the Message-ID of ours in it, then by an address, which proves nothing."""
        store = self._readers.store
        messages = [item for one in returned.message_ids if (item := store.outbox_item(one))]
        for given in returned.tokens:
            if found := self.of_token(given):
                address, subscription_id = found
                own = (item for item in messages if item.address.lower() == address.lower())
                return Owner(address=address, subscription_id=subscription_id, message=next(own, None))
        for item in messages:
            return Owner(address=item.address, subscription_id=item.subscription_id, message=item)
        mailed = store.mailed([one for failure in returned.failures for one in failure.addresses])
        return Owner(address=mailed, proven=False) if mailed else None

    def _mark(self, given: str) -> bytes:
        return hmac.digest(self._readers.secret, given.lower().encode(), hashlib.sha256)

    @cached_property
    def _present(self) -> Mapping[bytes, tuple[str, str]]:
        return self._marked((one.id, one.address) for one in self._readers.subscriptions if one.address)

    @cached_property
    def _past(self) -> Mapping[bytes, tuple[str, str]]:
        """Of old mails to subscriptions that are over."""
        return self._marked(self._readers.store.subscribers().items())

    def _marked(self, subscriptions: Iterable[tuple[str, str]]) -> Mapping[bytes, tuple[str, str]]:
        secret = self._readers.secret
        return {self._mark(token(secret, one)): (address, one) for one, address in subscriptions}
