"""Keeps the store's roll of subscriptions in step with the settings and the zone rules, and tells who is due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime

from digest.cadence import due, local_date, paused, wake
from digest.errors import ConfigError
from digest.message import fingerprint
from digest.model import Enrolled, LastEdition, Subscription
from digest.pipeline.readership import Readership
from digest.store import Store, with_pause

_BATCH = 500  # subscriptions asked for at once


def keep_in_step(readers: Readership, now: datetime) -> int:
    """Look at those anew whose settings changed, and at all after a change of zone rules; how many that were.

    The settings are compared by their digest first, so that where nothing changed this is one small query.
    """
    marks = {"settings": readers.roll, "zones": readers.zones, "secret": fingerprint(readers.secret)}
    if readers.roll and readers.store.roll_marks() == marks:
        return 0
    return readers.store.enroll(readers.subscriptions, marks, lambda one, last: wake(one, last, now), _rests(now), now)


def _rests(now: datetime) -> Callable[[Subscription], bool]:
    return lambda one: paused(one, local_date(one, now))


def with_pauses(store: Store, subscriptions: Sequence[Subscription]) -> tuple[Subscription, ...]:
    """The subscriptions of the settings with the pauses by command."""
    pauses = store.pauses()
    return tuple(with_pause(one, pauses.get(one.id)) for one in subscriptions)


def pause(readers: Readership, subscriptions: Sequence[Subscription], until: date | None, now: datetime) -> None:
    """Let nothing go out to these before a local date; None takes that back, but not what the settings say."""
    keep_in_step(readers, now)
    readers.store.pause([one.id for one in subscriptions], until, lambda one, last: wake(one, last, now), _rests(now))


def of_address(readers: Readership, address: str) -> tuple[Subscription, ...]:
    """The subscriptions of an address in any case of letters. ConfigError if there is none."""
    found = readers.of(address)
    if not found:
        raise ConfigError(f"{address}: no subscription has this address; the settings name those there are")
    return found


def enrolled(readers: Readership, subscription: Subscription) -> Enrolled:
    """What is known of one that may not be on the roll, such as one made up for a preview or not met by any run yet."""
    return all_enrolled(readers, [subscription])[0]


def all_enrolled(readers: Readership, subscriptions: Sequence[Subscription]) -> list[Enrolled]:
    """The same of several, in their order."""
    known = {one.subscription.id: one for one in readers.store.enrolled([one.id for one in subscriptions])}
    last = readers.store.last_editions([one.id for one in subscriptions if one.id not in known])
    return [
        replace(found, subscription=with_pause(one, found.subscription.pause_until))
        if (found := known.get(one.id))
        else _not_met(one, last.get(one.id))
        for one in subscriptions
    ]


def _not_met(one: Subscription, last: LastEdition | None) -> Enrolled:
    sent = last if last is not None and last.reason is None else None
    return Enrolled(subscription=one, last=last, sent=sent, history=one.id)


def due_by_settings(readers: Readership, now: datetime) -> list[Subscription]:
    """Who is due by the settings as they are now, in order of id, with the roll left alone: for a dry run."""
    newest, found = readers.store.newest_ingest(), list[Subscription]()
    everyone = with_pauses(readers.store, readers.subscriptions)
    for start in range(0, len(everyone), _BATCH):
        some = everyone[start : start + _BATCH]
        last = readers.store.last_editions([one.id for one in some])
        found += [one for one in some if due(one, last.get(one.id), newest, now) is not None]
    return sorted(found, key=lambda one: one.id)
