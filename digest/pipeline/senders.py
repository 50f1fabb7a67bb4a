"""One sender: takes messages in hand and hands them over one by one, each step in its ledger.

The outcome of a message and the intent to send the next are one commit, so that a sender that is killed leaves one
message at most of which nobody knows whether it left.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from digest.errors import (
    BusyError,
    FullMailboxError,
    LoginError,
    PermanentDeliveryError,
    PolicyError,
    TemporaryDeliveryError,
    UncertainError,
    UnreachableError,
)
from digest.model import Delivery, Intent, Message, OutboxItem, OutboxState, Suppression
from digest.pipeline.failing import refuse, take_after_all
from digest.pipeline.pace import Pace
from digest.pipeline.roads import Roads
from digest.pipeline.world import Apart, World
from digest.store import Ledger
from digest.transport import Transport

log = logging.getLogger(__name__)

BATCH = 100  # messages taken in hand at once
_MOST_IN_HAND = 1000
_BROKEN_CONNECTIONS = 3  # after so many messages in a row that found no server, the rest waits for the next run

Make = Callable[[OutboxItem], Message]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What the senders of a run share. `make` is called by one of them at a time."""

    world: World
    now: datetime
    make: Make
    apart: Apart  # around the making of a message
    pace: Pace
    roads: Roads
    failing: frozenset[str]  # the addresses, in lower case, that something came back from softly
    making: threading.Lock = field(default_factory=threading.Lock)
    told: threading.Event  # to end, from outside
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def ends(self) -> bool:
        """Whether no other message is to be begun."""
        return self.over.is_set() or self.told.is_set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    item: OutboxItem
    message: Message
    intent: Intent


class Ahead:
    """What follows a message: looked for once, while the server reads that one, or after it."""

    def __init__(self, find: Callable[[], Ready | None]) -> None:
        self.error: BaseException | None = None  # kept until the outcome of the message before is written
        self._find: Callable[[], Ready | None] | None = find
        self._found: Ready | None = None

    def ready(self) -> Ready | None:
        find, self._find = self._find, None
        if find:
            try:
                self._found = find()
            except BaseException as error:
                self.error = error
        return self._found

    def message(self) -> Message | None:
        return found.message if (found := self.ready()) else None


class Sender:
    def __init__(self, shift: Shift, ledger: Ledger, transport: Transport) -> None:
        self._shift, self._world, self._now = shift, shift.world, shift.now
        self._ledger, self._transport = ledger, transport
        self._hand: deque[OutboxItem] = deque()
        self._told: list[Delivery] = []
        self._unreachable = 0

    def deliveries(self) -> Iterator[Delivery]:
        """Send until nothing is left that may be sent now."""
        current: Ready | None = None
        while True:
            if current is None:
                first = self._next(wait=True)
                yield from self._tell()
                if first is None:
                    return
                current = self._turn(None, None, first)
                yield from self._tell()
                continue
            ahead = Ahead(lambda: self._next(wait=False))
            outcome = self._hand_over(current, ahead)
            then = ahead.ready()
            if then is not None and (self._shift.ends or self._shift.roads.closed(then.item.domain)):
                self._put_back(then)
                then = None
            current = self._turn(current, outcome, then)
            yield from self._tell()
            if ahead.error:
                raise ahead.error

    def _tell(self) -> Iterator[Delivery]:
        told, self._told = self._told, []
        yield from told

    def _turn(self, done: Ready | None, outcome: Delivery | None, then: Ready | None) -> Ready | None:
        """Write outcome and intent; the next message, if it is still to be sent."""
        ended, begun = self._ledger.turn(outcome, then.intent if then else None)
        if done and outcome:
            self._shift.pace.leave(done.item.domain, self._ledger.owner)
            if ended:
                self._told.append(outcome)
            else:
                log.warning("outcome_not_ours message=%s state=%s", outcome.message_id, outcome.state)
        if then is None or begun:
            return then
        self._shift.pace.leave(then.item.domain, self._ledger.owner)
        if suppression := self._world.store.suppression(then.item.address, then.item.subscription_id):
            self._settle(self._outcome(then.item, OutboxState.SUPPRESSED, suppression.reason))
        return None

    def _put_back(self, ready: Ready) -> None:
        self._shift.pace.leave(ready.item.domain, self._ledger.owner)
        self._hand.appendleft(ready.item)

    # --- what is next ------------------------------------------------------------------------------------------

    def _next(self, *, wait: bool) -> Ready | None:
        """The next message that may go now, made; None if there is none, or none without waiting for it."""
        while not self._shift.ends:
            item, waiting, seconds = self._pick()
            if item is not None:
                if ready := self._made(item):
                    return ready
                self._shift.pace.leave(item.domain, self._ledger.owner)
            elif not self._take_more(waiting):
                if not (wait and waiting):
                    return None
                self._shift.pace.rest(seconds)
        return None

    def _pick(self) -> tuple[OutboxItem | None, set[str], float]:
        """The first in hand whose turn it is; else the domains that have to wait, and for how many seconds."""
        waiting: dict[str, float] = {}
        closed, kept, picked = [], [], None
        while self._hand and picked is None:
            item = self._hand.popleft()
            if self._shift.roads.closed(item.domain):
                closed.append(item)
            elif item.domain in waiting:
                kept.append(item)
            elif seconds := self._shift.pace.enter(item.domain, self._ledger.owner):
                waiting[item.domain] = seconds
                kept.append(item)
            else:
                picked = item
        self._hand.extendleft(reversed(kept))
        if closed:
            self._ledger.let_go(closed)
        return picked, set(waiting), min(waiting.values(), default=0.0)

    def _take_more(self, waiting: set[str]) -> bool:
        if len(self._hand) >= _MOST_IN_HAND:
            return False
        found = self._ledger.claim(self._now, BATCH, waiting)
        self._hand.extend(found)
        return bool(found)

    def _made(self, item: OutboxItem) -> Ready | None:
        """The message ready to go, or None where it is settled without being sent."""
        message: Message | None = None
        with self._shift.apart(f"message {item.message_id}"):
            try:
                with self._shift.making:
                    message = self._shift.make(item)
            except PermanentDeliveryError as error:
                self._settle(self._outcome(item, OutboxState.FAILED, str(error)))
                return None
        if message is None:
            words = "it could not be made; the log says why"
            self._settle(self._outcome(item, OutboxState.DEFERRED, words, again=True))
            return None
        intent = Intent(
            message_id=item.message_id,
            address=item.address,
            subscription_id=item.subscription_id,
            at=self._now,
        )
        return Ready(item=item, message=message, intent=intent)

    def _settle(self, delivery: Delivery) -> None:
        if self._ledger.turn(delivery, None)[0]:
            self._told.append(delivery)

    # --- the act -----------------------------------------------------------------------------------------------

    def _hand_over(self, ready: Ready, ahead: Ahead) -> Delivery:
        item, unreachable = ready.item, self._unreachable
        self._unreachable = 0
        try:
            reply = self._transport.send(ready.message, ahead.message)
        except PermanentDeliveryError as error:
            if error.hard:
                barred = Suppression(address=item.address, reason=f"bounced: {error}", since=self._now)
                self._world.store.suppress(barred)
                if found := self._shift.roads.dead(item.domain, barred, str(error)):
                    self._ledger.note(found[0])
                    self._world.store.spare(found[1], self._now)
            return self._outcome(item, OutboxState.FAILED, str(error))
        except UncertainError as error:
            again = self._world.resend_after_crash and not self._too_long(item)
            return self._outcome(item, OutboxState.UNKNOWN, str(error), again=again)
        except UnreachableError as error:
            self._unreachable = unreachable + 1
            if self._unreachable == _BROKEN_CONNECTIONS or isinstance(error, LoginError):
                self._shift.over.set()
            return replace(self._put_off(item, str(error)), unreached=True)
        except TemporaryDeliveryError as error:
            return self._refused(item, error)
        if noted := self._shift.roads.took(item.domain):
            self._ledger.note(noted)
        if item.attempts and item.address.lower() in self._shift.failing:
            take_after_all(self._world, item)
        return self._outcome(item, OutboxState.SENT, reply)

    def _refused(self, item: OutboxItem, error: TemporaryDeliveryError) -> Delivery:
        roads = self._shift.roads
        if isinstance(error, FullMailboxError):
            if refuse(self._world, item, str(error), self._now):
                return self._outcome(item, OutboxState.FAILED, str(error))
        elif isinstance(error, PolicyError):
            self._ledger.note(roads.stop(item.domain, error.reply))
            return self._outcome(item, OutboxState.DEFERRED, str(error), again=True)
        else:
            self._ledger.note(roads.failed(item.domain, str(error), busy=isinstance(error, BusyError)))
        return self._put_off(item, str(error))

    def _put_off(self, item: OutboxItem, reply: str) -> Delivery:
        """To be tried again, unless it has been tried for too long."""
        if not self._too_long(item):
            return self._outcome(item, OutboxState.DEFERRED, reply, again=True)
        hours = self._world.give_up_after.total_seconds() / 3600
        given_up = self._outcome(item, OutboxState.FAILED, f"given up after {hours:g} hours: {reply}")
        return replace(given_up, given_up=True)

    def _too_long(self, item: OutboxItem) -> bool:
        """Counted from its first try, or the first since it was put back by hand."""
        if not item.attempts:
            return False
        tries = [one.at for one in self._world.store.deliveries(item.message_id)]
        first = min((at for at in tries if item.queued_at is None or at >= item.queued_at), default=self._now)
        return self._now - first > self._world.give_up_after

    def _outcome(self, item: OutboxItem, state: OutboxState, reply: str, *, again: bool = False) -> Delivery:
        delays = self._world.retry_delays
        next_at = self._now + delays[min(item.attempts, len(delays) - 1)] if again else None
        return Delivery(message_id=item.message_id, at=self._now, state=state, reply=reply, next_at=next_at)
