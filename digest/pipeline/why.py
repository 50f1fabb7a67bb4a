"""Who got what on a date, and why did this one get nothing: an address's subscriptions, each with all that is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from digest.cadence import moment
from digest.model import Bounce, Delivery, Edition, OutboxItem, Subscription, Suppression, edition_id
from digest.pipeline.readership import Readership
from digest.pipeline.roll import with_pauses
from digest.pipeline.waiting import waiting_now
from digest.whereabouts import told_of_message, told_of_none

_DATES = 4_000  # of a subscription's history; ten years of days


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """What became of a subscription's date. `active`: it is in the settings still. `edition` is as it was made."""

    subscription: Subscription
    active: bool
    told: str
    edition: Edition | None = None
    message: OutboxItem | None = None
    attempts: tuple[Delivery, ...] = ()
    bounces: tuple[Bounce, ...] = ()  # of this message, or of no known one since


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All of an address on a date. `suppressions` are those that hold now, `lifted` those that are over."""

    address: str
    date: date
    subscriptions: tuple[Whereabouts, ...]
    suppressions: tuple[Suppression, ...]
    lifted: tuple[Suppression, ...]
    bounces: tuple[Bounce, ...]

    @property
    def known(self) -> bool:
        return bool(self.subscriptions or self.suppressions or self.bounces)


def why(readers: Readership, address: str, day: date, now: datetime) -> Answer:
    """What an address got of a local date, subscription by subscription, those that are over too."""
    same = with_pauses(readers.store, readers.of(address))
    address = same[0].address or address if same else address
    ours = {one.id: (one, True) for one in same}
    for one in readers.store.subscribed(address):
        ours.setdefault(one.id, (one, False))
    bounces = readers.store.bounces(address)
    barred = [one for one in readers.store.suppressions(lifted=True) if one.address.lower() == address.lower()]
    return Answer(
        address=address,
        date=day,
        subscriptions=tuple(
            _whereabouts(readers, one, day, bounces, now, active=active)
            for one, active in sorted(ours.values(), key=_name)
        ),
        suppressions=tuple(one for one in barred if not one.lifted),
        lifted=tuple(one for one in barred if one.lifted),
        bounces=bounces,
    )


def _name(pair: tuple[Subscription, bool]) -> str:
    return pair[0].id


def _whereabouts(
    readers: Readership, one: Subscription, day: date, bounces: tuple[Bounce, ...], now: datetime, *, active: bool
) -> Whereabouts:
    key = edition_id(one.id, day)
    edition = readers.store.edition(key)
    if edition is None:
        history = readers.store.history(one.id, _DATES)
        waiting = waiting_now(readers.store, [one], {one.id: history[0]} if history else {}, now).get(one.id)
        told = told_of_none(one, day, history, now, active=active, waiting=waiting)
        since = moment(one, day)
        return Whereabouts(
            subscription=one,
            active=active,
            told=told,
            bounces=tuple(each for each in bounces if each.message_id is None and each.at >= since),
        )
    message = readers.store.message_of(key)
    stopped = message is not None and message.domain in {
        road.name for road in readers.store.destinations() if road.stopped
    }
    return Whereabouts(
        subscription=one,
        active=active,
        told=told_of_message(message, bounces, stopped=stopped) if message else "its message is not kept any more",
        edition=edition,
        message=message,
        attempts=readers.store.deliveries(message.message_id) if message else (),
        bounces=tuple(
            each
            for each in bounces
            if (message and each.message_id == message.message_id)
            or (each.message_id is None and each.at >= edition.made_at)
        ),
    )
