"""The outbox becomes mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from digest.errors import DeliveryError, PermanentDeliveryError, UnreachableError
from digest.model import (
    Delivery,
    Edition,
    Message,
    OutboxItem,
    OutboxState,
    Suppression,
)
from digest.pipeline.letters import Letters
from digest.pipeline.world import Progress, World, silent

OPEN_STATES = (
    OutboxState.PENDING,
    OutboxState.SENDING,
    OutboxState.DEFERRED,
    OutboxState.FAILED,
    OutboxState.UNKNOWN,
    OutboxState.HELD,
)
_BROKEN_CONNECTIONS = 3  # after so many messages in a row that found no server, the rest waits for the next run


def deliver(world: World, now: datetime, progress: Progress = silent) -> Iterator[Delivery]:
    """Send what is due. The intent is stored before the act, the outcome after the server's answer.

    A message found half sent after a crash is sent again with the same bytes and Message-ID, or held, as the settings
    say. Must not run twice at once: the caller holds the store's lock.
    """
    for item in world.store.recover(now, world.resend_after_crash):
        if item.state is OutboxState.UNKNOWN:
            yield Delivery(message_id=item.message_id, at=now, state=item.state, reply=item.reply)
    world.store.end_holds(now)
    waiting = world.store.due(now)
    letters, unreachable = Letters(world), 0
    try:
        for number, item in enumerate(waiting, start=1):
            progress(number, len(waiting))
            delivery, reached = _deliver_one(world, letters, item, now)
            if delivery is not None:
                yield delivery
            unreachable = 0 if reached else unreachable + 1
            if unreachable == _BROKEN_CONNECTIONS:
                break
    finally:
        world.transport.close()


def _deliver_one(world: World, letters: Letters, item: OutboxItem, now: datetime) -> tuple[Delivery | None, bool]:
    """One message's attempt, settled in the store, and whether the server was reached; None if another has it."""
    if (suppression := world.store.suppression(item.address, item.subscription_id)) is not None:
        return _settled(world, item, now, OutboxState.SUPPRESSED, suppression.reason), True
    if now - item.created_at > world.give_up_after:
        return _settled(world, item, now, OutboxState.FAILED, f"given up: {item.reply}"), True
    try:
        message = _signed(world, letters.message(item))
        if not world.store.attempt(item.message_id, now):
            return None, True
        reply = world.transport.send(message)
    except PermanentDeliveryError as error:
        if error.hard:
            world.store.suppress(Suppression(address=item.address, reason=f"bounced: {error}", since=now))
        return _settled(world, item, now, OutboxState.FAILED, str(error)), True
    except DeliveryError as error:
        delay = world.retry_delays[min(item.attempts, len(world.retry_delays) - 1)]
        return _settled(world, item, now, OutboxState.DEFERRED, str(error), now + delay), not isinstance(
            error, UnreachableError
        )
    return _settled(world, item, now, OutboxState.SENT, reply), True


def _settled(
    world: World, item: OutboxItem, now: datetime, state: OutboxState, reply: str, next_at: datetime | None = None
) -> Delivery:
    delivery = Delivery(message_id=item.message_id, at=now, state=state, reply=reply, next_at=next_at)
    world.store.settle(delivery)
    return delivery


def make_message(world: World, edition: Edition, address: str, identifier: str) -> Message:
    """An edition's mail for a reader, as it would be published now, signed where the digest does that itself."""
    letters = Letters(world)
    letter, own = letters.letter(edition, address)
    return _signed(world, letters.finished(letter, own, address, identifier, edition.subscription.id))


def _signed(world: World, message: Message) -> Message:
    """The outbox knows the hash of a message without its signatures, which may be made with other keys next year."""
    return replace(message, content=world.signer(message.content)) if world.signer else message
