"""Editions that wait for complete lists: whose date does, for what, and until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from digest.cadence import cut_off_has_come, due, moment, next_moment
from digest.days import JUDGED
from digest.model import LastEdition, NoEdition, Subscription, Verdict, Wait
from digest.pipeline.days import Sources
from digest.store import Store


def waits(subscription: Subscription, day: date, lacking: Sequence[Verdict]) -> NoEdition:
    names = ", ".join(one.source for one in lacking)
    words = f"waits for complete lists of {names} until {subscription.cut_off:%H:%M} {subscription.zone}"
    return NoEdition(subscription=subscription, date=day, reason=words, waiting=True)


def cut_off_of(waiting: NoEdition) -> datetime:
    """When it goes, whatever is there by then, in UTC."""
    return moment(replace(waiting.subscription, at=waiting.subscription.cut_off), waiting.date)


def waiting_now(
    store: Store, subscriptions: Sequence[Subscription], last: Mapping[str, LastEdition], now: datetime
) -> dict[str, NoEdition]:
    """By id, the subscriptions whose date has come and waits, by the verdicts of the last run."""
    final = [one for one in subscriptions if one.wait is Wait.FINAL]
    if not final:
        return {}
    newest, days = store.newest_ingest(), Sources(store, store.verdicts((now - JUDGED).date()), now)
    found = {}
    for one in final:
        day = due(one, last.get(one.id), newest, now)
        if day is not None and not cut_off_has_come(one, day, now) and (lacking := days.waited_for(one, now)):
            found[one.id] = waits(one, day, lacking)
    return found


def next_times(
    subscriptions: Sequence[Subscription],
    last: Mapping[str, LastEdition],
    waiting: Mapping[str, NoEdition],
    now: datetime,
) -> dict[str, datetime]:
    """By id when each is due next; of one that waits, when it goes at the latest."""
    return {
        one.id: cut_off_of(waiting[one.id]) if one.id in waiting else next_moment(one, last.get(one.id), now)
        for one in subscriptions
    }
