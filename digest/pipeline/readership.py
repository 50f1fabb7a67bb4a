"""Who reads what, as far as the settings and the store tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from digest.addresses import canonical
from digest.model import Profile, Subscription
from digest.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Readership:
    """What most questions about readers can be answered from, without ranking, rendering or sending anything."""

    store: Store
    secret: bytes  # the key of tokens and Message-IDs
    profiles: Mapping[str, Profile]
    subscriptions: Sequence[Subscription]
    roll: str  # a digest of what the subscriptions come from; empty where that is not known
    zones: str  # the version of the zone rules

    def of(self, address: str) -> tuple[Subscription, ...]:
        """The subscriptions of an address in any case of letters."""
        key = canonical(address).lower()
        return tuple(one for one in self.subscriptions if one.address and one.address.lower() == key)
