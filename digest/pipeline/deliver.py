"""The outbox becomes mail."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from queue import SimpleQueue

from digest.errors import PermanentDeliveryError
from digest.model import (
    Delivery,
    Edition,
    Message,
    OutboxItem,
    OutboxState,
)
from digest.pipeline.failing import failing
from digest.pipeline.letters import Letters
from digest.pipeline.pace import Pace
from digest.pipeline.roads import Roads
from digest.pipeline.senders import Make, Sender, Shift
from digest.pipeline.world import Apart, Progress, World, silent
from digest.transport import Transport

log = logging.getLogger(__name__)


def deliver(
    world: World, now: datetime, progress: Progress = silent, make: Make | None = None, apart: Apart = nullcontext
) -> Iterator[Delivery]:
    """Send what is due. The intent is stored before the act, the outcome after the server's answer.

    A message found half sent after a crash is sent again with the same bytes and Message-ID, or held, as the settings
    say. May run several times at once, in threads, processes or on several hosts of one PostgreSQL. `make` builds the
    messages, if not from their letters. When the world ends early, no other message is begun.
    """
    world.store.end_holds(now)
    total, number = 0, 0
    with world.ending() as told:
        while True:
            yield from _recovered(world, now)
            total += world.store.due_number(now)
            before = number
            for delivery in _sent(world, now, make, apart, told):
                number += 1
                progress(number, max(total, number))
                yield delivery
            if number == before or told.is_set() or not world.store.abandoned():
                return


def _recovered(world: World, now: datetime) -> Iterator[Delivery]:
    for item in world.store.recover(now, world.resend_after_crash):
        log.warning("found_half_sent message=%s state=%s", item.message_id, item.state)
        if item.state is OutboxState.UNKNOWN:
            yield Delivery(message_id=item.message_id, at=now, state=item.state, reply=item.reply)


def _sent(world: World, now: datetime, make: Make | None, apart: Apart, told: threading.Event) -> Iterator[Delivery]:
    """The work of all senders, one in this thread or several in their own."""
    store = world.store
    shift = Shift(
        world=world,
        now=now,
        make=make or _from_letters(world),
        apart=apart,
        pace=Pace(world.rules, world.clock),
        roads=Roads(store.destinations(), now, world.retry_delays),
        failing=frozenset(failing(world, now)),
        told=told,
    )
    if world.rules.connections == 1:
        yield from _one(shift, world.transport)
    else:
        yield from _together(shift, [world.transport.twin() for _ in range(world.rules.connections)])


def _one(shift: Shift, transport: Transport) -> Iterator[Delivery]:
    try:
        with shift.world.store.ledger(shift.world.clock.monotonic) as ledger:
            yield from Sender(shift, ledger, transport).deliveries()
    finally:
        transport.close()


def _together(shift: Shift, transports: Sequence[Transport]) -> Iterator[Delivery]:
    """Threads that each send; an error in one ends them all, after the message each has in hand."""
    told: SimpleQueue[Delivery | BaseException | None] = SimpleQueue()

    def work(transport: Transport) -> None:
        try:
            for delivery in _one(shift, transport):
                told.put(delivery)
        except BaseException as error:
            shift.over.set()
            told.put(error)
        told.put(None)

    threads = [threading.Thread(target=work, args=(transport,), name="sender") for transport in transports]
    for thread in threads:
        thread.start()
    errors = []
    try:
        for _ in threads:
            while (one := told.get()) is not None:
                if isinstance(one, BaseException):
                    errors.append(one)
                else:
                    yield one
    finally:
        shift.over.set()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]


def _from_letters(world: World) -> Make:
    """Makes messages with the bytes that were decided on, or not at all."""
    letters = Letters(world)

    def make(item: OutboxItem) -> Message:
        message = letters.message(item)
        if item.sha256 and item.sha256 != hashlib.sha256(message.content).hexdigest():
            raise PermanentDeliveryError("it cannot be made again with the bytes that were decided on")
        return _signed(world, message)

    return make


def make_message(world: World, edition: Edition, address: str, identifier: str) -> Message:
    """An edition's mail for a reader, as it would be published now, signed where the digest does that itself."""
    letters = Letters(world)
    letter, own = letters.letter(edition, address)
    return _signed(world, letters.finished(letter, own, address, identifier, edition.subscription.id))


def _signed(world: World, message: Message) -> Message:
    """The outbox knows the hash of a message without its signatures, which may be made with other keys next year."""
    return replace(message, content=world.signer(message.content)) if world.signer else message
