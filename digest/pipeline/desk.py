"""Who is due gets an edition, or the reason for none: composed, and stored with what is to be mailed."""

from __future__ import annotations

from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cache

from digest.cadence import cut_off_has_come, due, local_date, missed, paused, wake
from digest.days import why_empty
from digest.errors import StoreError
from digest.model import (
    Cadence,
    Edition,
    Enrolled,
    LastEdition,
    NoEdition,
    Profile,
    Subscription,
    Verdict,
)
from digest.pipeline.catch_up import withdraw_unsent
from digest.pipeline.days import Sources, merged
from digest.pipeline.letters import Letters
from digest.pipeline.rankings import Rankings, View
from digest.pipeline.selection import base_of, composed, of_barred, since_of, view_of
from digest.pipeline.waiting import cut_off_of, waits
from digest.pipeline.world import World

KEPT = 256  # outcomes that are kept for others who are alike


class Desk:
    """Composes for many readers of one moment: once for all those who are alike, and with no query for each."""

    def __init__(self, world: World, days: Sources, now: datetime, dry: bool) -> None:
        self._world, self._days, self._now, self._dry = world, days, now, dry
        self._rankings = Rankings(world.store, world.background, now, world.encode)
        self._newest, self._letters = world.store.newest_ingest(), Letters(world)
        self._any_unsent = not dry and world.store.any_to_send()
        self._sources = cache(world.store.sources)
        self._made: dict[_Alike, Edition | NoEdition] = {}

    def serve(self, batch: Sequence[Enrolled]) -> tuple[list[Edition], list[NoEdition]]:
        """The outcomes for those of a batch that are due, stored unless it is a dry run; the others are put off.

        Where it fails, what was withdrawn for it goes out after all.
        """
        self._withdrawn: dict[str, tuple[str, ...]] = {}
        try:
            editions, none = self._composed(batch)
            self._reinstate({no.subscription.id for no in none})
            if not self._dry:
                editions = self._enqueue(editions)
        except StoreError:
            raise
        except Exception:
            self._reinstate(self._withdrawn)
            raise
        if not self._dry:
            self._record_empty([no for no in none if not no.waiting])
            self._wait([no for no in none if no.waiting])
        return editions, none

    def _reinstate(self, those: Collection[str]) -> None:
        if back := [each for one, ids in self._withdrawn.items() if one in those for each in ids]:
            self._world.store.reinstate(back)

    def _composed(self, batch: Sequence[Enrolled]) -> tuple[list[Edition], list[NoEdition]]:
        world, now = self._world, self._now
        due_now = [
            (one, day)
            for one in batch
            if one.subscription.profile in world.profiles  # it can be gone, if another process has newer settings
            and (day := due(one.subscription, one.last, self._newest, now)) is not None
        ]
        if not self._dry:
            self._put_off(batch, {one.subscription.id for one, _ in due_now})
        addresses = [one.subscription.address for one, _ in due_now if one.subscription.address]
        barred, vocal = world.store.barred([one.subscription for one, _ in due_now]), world.store.vocal(addresses)
        due_now = self._withdraw(due_now, barred)
        views = {one.subscription.id: view_of(world, one.subscription, base_of(one), now, vocal) for one, _ in due_now}
        keys = {one.subscription.id: _alike(one, views[one.subscription.id], day) for one, day in due_now}
        fresh = {key: one for one, _ in due_now if (key := keys[one.subscription.id]) not in self._made}
        those = [one.subscription.id for one in fresh.values()]
        shown = world.store.shown_to(those, self._rankings.papers([views[one] for one in those]))
        editions: list[Edition] = []
        none: list[NoEdition] = []
        for one, day in due_now:
            subscription, key = one.subscription, keys[one.subscription.id]
            if bar := barred.get(subscription.id):
                none.append(of_barred(subscription, day, bar))
                continue
            lacking, still_waits = self._lacks(one, day)
            if still_waits:
                none.append(waits(subscription, day, lacking))
                continue
            if key not in self._made:
                seen, view = shown[fresh[key].subscription.id], views[subscription.id]
                made = composed(world, self._rankings, one, day, now, view, seen, self._sources(view.since))
                self._made[key] = self._days.ribboned(made)
            outcome = self._finished(self._made[key], one, lacking)
            if isinstance(outcome, Edition):
                editions.append(outcome)
            else:
                none.append(outcome)
        for key in list(self._made)[:-KEPT]:  # subscriptions come by profile: what was made long ago is done with
            del self._made[key]
        return editions, none

    def _withdraw(self, due_now: list[tuple[Enrolled, date]], barred: Container[str]) -> list[tuple[Enrolled, date]]:
        """Takes back what never left of those that get an edition now; they anew."""
        if not self._any_unsent:
            return due_now
        going = [pair for pair in due_now if pair[0].subscription.id not in barred and not self._lacks(*pair)[1]]
        self._withdrawn = withdrawn = withdraw_unsent(self._world, going, self._now)
        anew = {one.subscription.id: one for one in self._world.store.enrolled(withdrawn)} if withdrawn else {}
        return [(anew.get(one.subscription.id, one), day) for one, day in due_now]

    def _lacks(self, one: Enrolled, day: date) -> tuple[tuple[Verdict, ...], bool]:
        """The sources whose lists a subscription waits for and are not complete, and whether it waits still."""
        lacking = self._days.waited_for(one.subscription, self._now)
        return lacking, bool(lacking) and not cut_off_has_come(one.subscription, day, self._now)

    def _finished(
        self, outcome: Edition | NoEdition, one: Enrolled, lacking: tuple[Verdict, ...]
    ) -> Edition | NoEdition:
        """This reader's, with what to know of the sources' days.

        An empty day makes an edition without papers where the profile wants to be told of it. When-good is silent then.
        """
        subscription = one.subscription
        told = merged(lacking, self._days.told(one.sent if one.owed is None else since_of(one), outcome.date))
        if isinstance(outcome, Edition):
            return replace(outcome, subscription=subscription, verdicts=merged(told, self._days.aged(outcome)))
        outcome = replace(outcome, subscription=subscription)
        if subscription.cadence is Cadence.WHEN_GOOD:
            return outcome
        why = why_empty(outcome, self._days.of(base_of(one), outcome.date))
        profile = self._world.profiles[subscription.profile]
        if profile.says_empty and subscription.address and not self._days.nothing_ever:
            return _empty(profile, outcome, merged((why,), told), self._now)
        return replace(outcome, why=why)

    def _enqueue(self, made: Sequence[Edition]) -> list[Edition]:
        """Store them with what is to be mailed; those that are written, not another process's."""
        postings = self._letters.postings(made, self._now)
        wakes = {one.subscription.id: self._wake(one.subscription, one.date, None) for one in made}
        new = self._world.store.enqueue_all(postings, self._now, wakes)
        return [one for one in made if one.id in new]

    def _record_empty(self, none: Sequence[NoEdition]) -> None:
        wakes = {no.subscription.id: self._wake(no.subscription, no.date, no.reason) for no in none}
        if none:
            told = [replace(no, reason=no.told) for no in none]
            self._world.store.record_all_empty(told, self._now, wakes)

    def _wait(self, waiting: Sequence[NoEdition]) -> None:
        """Look at them again at their cut-off, or when a dump comes in."""
        if waiting:
            cut_offs = {no.subscription.id: cut_off_of(no) for no in waiting}
            self._world.store.put_off({one: (at, self._now) for one, at in cut_offs.items()})

    def _wake(self, subscription: Subscription, day: date, reason: str | None) -> datetime:
        last = LastEdition(date=day, made_at=self._now, reason=reason)
        return wake(subscription, last, self._now)

    def _put_off(self, batch: Sequence[Enrolled], due_ids: Collection[str]) -> None:
        """The roll had them looked at too early. One that is paused is not looked at for a dump that comes in."""
        early = {
            one.subscription.id: (wake(one.subscription, one.last, self._now), _empty_since(one, self._now))
            for one in batch
            if one.subscription.id not in due_ids and one.subscription.profile in self._world.profiles
        }
        if early:
            self._world.store.put_off(early)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alike:
    """What an edition depends on: subscriptions for which all of it is the same get the same papers."""

    subscription: Subscription  # without who and when
    since: datetime
    fade: int
    voice: str | None  # whose opinions count
    day: date
    base: LastEdition | None
    merged: bool
    history: str


def _alike(one: Enrolled, view: View, day: date) -> _Alike:
    return _Alike(
        subscription=replace(
            one.subscription,
            id="",
            address=one.subscription.address and "",
            at=time(0),
            zone="",
            pause_until=None,
        ),
        since=view.since,
        fade=view.fade,
        voice=view.address,
        day=day,
        base=base_of(one),
        merged=missed(one.subscription, since_of(one), day),
        history=one.history,
    )


def _empty_since(one: Enrolled, now: datetime) -> datetime | None:
    if one.last is None or one.last.reason is None or paused(one.subscription, local_date(one.subscription, now)):
        return None
    return one.last.made_at


def _empty(profile: Profile, none: NoEdition, verdicts: tuple[Verdict, ...], now: datetime) -> Edition:
    return Edition(
        subscription=none.subscription,
        title=profile.title,
        description=profile.description,
        date=none.date,
        made_at=now.replace(microsecond=0),
        items=(),
        fresh=0,
        muted=none.hidden,
        hidden=none.muted,
        every_day=True,
        verdicts=verdicts,
    )
