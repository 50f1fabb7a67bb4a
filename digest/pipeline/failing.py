"""Addresses that take nothing for so long that they are left alone: by returned mail, or refused at the door."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from digest.model import Bounce, Consequence, OutboxItem, ReturnKind, Suppression
from digest.patience import is_failing
from digest.pipeline.world import World

_REMEMBERED = timedelta(days=60)  # how far back soft bounces are looked at


def suppress_failing(world: World, now: datetime) -> Iterator[Suppression]:
    """Bar the addresses that soft bounces keep coming back from. Done from the store alone, whenever it is asked."""
    for key in failing(world, now):
        suppression = _verdict(world, key, now)
        if suppression and world.store.suppress(suppression):
            yield suppression


def failing(world: World, now: datetime) -> tuple[str, ...]:
    """The addresses, in lower case, that anything came back from softly of late."""
    return world.store.failing(now - _REMEMBERED)


def refuse(world: World, item: OutboxItem, reply: str, now: datetime) -> bool:
    """Count a mailbox that was full at the door as a soft bounce of the message; True if that bars the address.

    Trying the same message again adds nothing, as little as a server that goes on trying.
    """
    bounce = Bounce(
        digest=_digest(item),
        kind=ReturnKind.SOFT,
        consequence=Consequence.COUNTED,
        at=now,
        address=item.address,
        subscription_id=item.subscription_id,
        message_id=item.message_id,
        words=reply,
    )
    world.store.record_bounce(bounce)
    suppression = _verdict(world, item.address.lower(), now)
    return suppression is not None and world.store.suppress(suppression)


def take_after_all(world: World, item: OutboxItem) -> None:
    """The message arrived in the end: that it was refused before counts no more."""
    world.store.forget_bounce(_digest(item))


def _digest(item: OutboxItem) -> str:
    return hashlib.sha256(f"refused {item.message_id}".encode()).hexdigest()


def _verdict(world: World, key: str, now: datetime) -> Suppression | None:
    store, since = world.store, now - _REMEMBERED
    if store.suppression(key):
        return None
    bounces = [one for one in store.bounces(key) if one.at >= since]
    address = next((one.address for one in reversed(bounces) if one.address), key)
    if not is_failing(bounces, store.mailed_to(address, since), now, world.rules.soft_bounces, store.lifted(address)):
        return None
    last = [one for one in bounces if one.kind is ReturnKind.SOFT][-1]
    told = " ".join(filter(None, (last.status, last.words)))
    return Suppression(address=address, reason=f"bounced again and again, at last: {told}", since=now)
