"""A server that returns the mail of very many as dead rather errs itself: none of them is barred, and its domain waits.

With it waits the mail that came back, to be sent again. Done from the store alone, whenever it is asked.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias

from digest.cadence import local_date, paused
from digest.model import Bounce, Delivery, OutboxItem, OutboxState, Subscription, Suppression
from digest.patience import MANY, is_outage
from digest.pipeline.bounces import reason_of
from digest.pipeline.roll import with_pauses
from digest.pipeline.world import World
from digest.store import Store

log = logging.getLogger(__name__)

_LATELY = timedelta(days=7)  # how far back mails are looked at
_CLOCKS = timedelta(minutes=10)  # by how much those of servers may differ from ours
_Sending: TypeAlias = tuple[date, bool]  # a day's mails, or those that were put back on that day


@dataclass(frozen=True, slots=True, kw_only=True)
class Spared:
    """Addresses that may be mailed again, and of how many mails of a day to their domain so many came back.

    Of the mails `again` go out once more, `late` are given up, so that a next edition can make up for them, and of the
    `unsure` it is not known whether they are those that came back.
    """

    domain: str
    date: date
    addresses: tuple[str, ...]
    dead: int
    mailed: int
    stopped: bool  # whether the domain was stopped now; not for a few that came back late
    again: int
    late: int
    unsure: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dead:
    bounce: Bounce
    message: OutboxItem | None  # that came back, as far as it is known
    named: bool = False  # whether the bounce itself names it
    again: bool = False  # whether the message had been put back, and had gone once more, before it came back so

    @property
    def sending(self) -> _Sending:
        if self.message is None:
            return self.bounce.at.date(), False
        return ((self.again and self.message.queued_at) or self.message.created_at).date(), self.again

    @property
    def bar(self) -> Suppression:
        return Suppression(address=self.bounce.address or "", reason=reason_of(self.bounce), since=self.bounce.at)


def spare(world: World, now: datetime, *, dry: bool = False) -> Iterator[Spared]:
    """Lift what bars the addresses whose mails of one day were returned as dead with so many others of their domain.

    Their mails are put back, and the domain is stopped, until the operator says that it is well again. `dry`, where
    nothing of it will last, only keeps the log from telling of it.
    """
    store = world.store
    of_address: dict[str, list[_Dead]] = defaultdict(list)
    found: dict[tuple[str, _Sending], dict[str, list[_Dead]]] = defaultdict(lambda: defaultdict(list))
    for one in _dead(store, now):
        address = (one.bounce.address or "").lower()
        of_address[address].append(one)
        found[address.rpartition("@")[2], one.sending][address].append(one)
    for (domain, sending), those in sorted(found.items()):
        day, again = sending
        dead, mailed = len(those), store.mailed_on(domain, day, again=again)
        if not is_outage(dead, mailed):
            continue
        latest = (address for address in those if sending == max(one.sending for one in of_address[address]))
        with store.at_once():  # so that who may be mailed again finds the domain stopped
            lifted = store.spare((one.bar for address in latest for one in of_address[address]), now)
            if stopped := len(lifted) >= MANY:
                last = list(those.values())[-1][-1].bar.reason
                words = f"{dead} of {mailed} mails of {day} came back as dead, the last {last}"
                store.stop_domain(domain, words)
        if stopped and not dry:
            log.error("domain_stopped domain=%s reply=%s resume=`digest outbox --resume %s`", domain, words, domain)
        back = _take_back(world, [one for several in those.values() for one in several], now)
        if lifted or back:
            states = [one.state for one in back]
            yield Spared(
                domain=domain,
                date=day,
                addresses=lifted,
                dead=dead,
                mailed=mailed,
                stopped=stopped,
                again=states.count(OutboxState.PENDING),
                late=states.count(OutboxState.FAILED),
                unsure=states.count(OutboxState.UNKNOWN),
            )


def _dead(store: Store, now: datetime) -> Iterator[_Dead]:
    """What came back of late, with the mail that it can be.

    A bounce that names no mail of ours is taken to answer the last of its subscription that a server had taken by then.
    One that waited then, as its domain was stopped, has not come back, though it was decided on before the bounce.
    """
    found = list[tuple[Bounce, Sequence[OutboxItem], bool]]()
    for bounce, message in store.dead(now - _LATELY):
        mails: Sequence[OutboxItem] = [message] if message else []
        if not (message or bounce.message_id) and bounce.address:
            to_it = store.mailed_to(bounce.address, bounce.at - _LATELY)
            mails = [one for one in to_it if bounce.subscription_id in (None, one.subscription_id)]
        found.append((bounce, mails, message is not None))
    taken = store.taken_at({one.message_id for _, mails, _ in found for one in mails})
    for bounce, mails, named in found:
        by_then = {
            one.message_id: [at for at in taken.get(one.message_id, ()) if at <= bounce.at + _CLOCKS] for one in mails
        }
        those = mails if named else [one for one in mails if by_then[one.message_id]]
        message = max(those, key=lambda one: (by_then[one.message_id][-1:], one.message_id), default=None)
        queued = message.queued_at if message else None
        again = message is not None and queued is not None and any(at >= queued for at in by_then[message.message_id])
        yield _Dead(bounce=bounce, message=message, named=named, again=again)


# --- the mail that came back -----------------------------------------------------------------------------------


def _take_back(world: World, those: Iterable[_Dead], now: datetime) -> Sequence[Delivery]:
    """Put the mails of these back, or give them up, where their readers may be mailed and have not left us."""
    sent = [one for one in those if one.message and one.message.state is OutboxState.SENT]
    readers = {one.id: one for one in with_pauses(world.store, world.subscriptions)} if sent else {}
    becomes: dict[str, Delivery] = {}
    unsure = set()
    for one in sent:
        message = one.message
        reader = readers.get(message.subscription_id) if message else None
        state = _becomes(world, one, message, reader, now) if message and reader else None
        if not (message and state) or world.store.suppression(message.address, message.subscription_id):
            continue
        words = f"it came back: {one.bar.reason}"
        if state is OutboxState.FAILED:
            words = f"given up, so that its papers count as not shown; {words}"
        becomes[message.message_id] = Delivery(message_id=message.message_id, at=now, state=state, reply=words)
        if not one.named:
            unsure.add(message.message_id)
    return world.store.take_back(becomes.values(), unsure)


def _becomes(world: World, one: _Dead, message: OutboxItem, reader: Subscription, now: datetime) -> OutboxState | None:
    """What is to become of a mail that came back; None where nothing is, as it went once more since.

    It is put back once, and not when it is old by now or its reader has paused. That which is not surely the one is
    held where the settings hold what may have arrived.
    """
    if message.queued_at and not one.again:
        return None
    old = now - message.created_at > world.give_up_after
    late = one.again or old or paused(reader, local_date(reader, now))
    if one.named:
        return OutboxState.FAILED if late else OutboxState.PENDING
    return OutboxState.UNKNOWN if late or not world.resend_after_crash else OutboxState.PENDING
