"""Papers become editions and outbox."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path

from digest.cadence import before_first, cut, due, fade_days, local_date, look_back, missed, paused, wake
from digest.compose import compose, late, telling
from digest.days import why_empty
from digest.errors import ConfigError
from digest.explain import Explanation, explain
from digest.model import (
    Cadence,
    Edition,
    Enrolled,
    Item,
    LastEdition,
    NoEdition,
    Paper,
    Profile,
    Shown,
    Sighting,
    Subscription,
    Suppression,
    Verdict,
    edition_id,
)
from digest.pipeline.catch_up import withdraw_unsent
from digest.pipeline.days import Sources, cut_off_has_come, judge_days, merged
from digest.pipeline.letters import Letters
from digest.pipeline.past import enrolled_at, known_at, shown_by
from digest.pipeline.rankings import Rankings, View
from digest.pipeline.roll import due_by_settings, enrolled, keep_in_step
from digest.pipeline.surfaces import write_surfaces
from digest.pipeline.waiting import cut_off_of, waits
from digest.pipeline.world import Progress, World, silent
from digest.render import late_line, listed_line, why_line

BATCH = 500  # subscriptions in a transaction
KEPT = 256  # outcomes that are kept for others who are alike


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What `publish` made, and why the other due subscriptions got nothing."""

    editions: tuple[Edition, ...] = ()
    none: tuple[NoEdition, ...] = ()
    written: tuple[Path, ...] = ()  # feeds and pages that changed
    verdicts: tuple[Verdict, ...] = ()  # on the sources' days of late


def publish(world: World, now: datetime, progress: Progress = silent, *, dry: bool = False) -> Published:
    """Compose an edition for every due subscription, or record why there is none; then write feeds and pages."""
    if not dry:
        world.store.end_holds(now)
    days = Sources(world.store, judge_days(world.store, world.inbox, now, dry=dry), now)
    desk = _Desk(world, Rankings(world.store, world.background, now, world.encode), days, now, dry)
    editions: list[Edition] = []
    none: list[NoEdition] = []
    if dry:
        ids, known = due_by_settings(world, now)
    else:
        keep_in_step(world, now)
        ids, known = world.store.due_subscriptions(now, world.store.newest_ingest()), {}
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        made, empty = desk.compose([known[one] for one in some] if dry else world.store.enrolled(some))
        editions += made if dry else desk.enqueue(made)
        none += empty
        if not dry:
            desk.record_empty([no for no in empty if not no.waiting])
            desk.wait([no for no in empty if no.waiting])
        progress(start + len(some), len(ids))
    written = () if dry else write_surfaces(world)
    return Published(editions=tuple(editions), none=tuple(none), written=written, verdicts=days.verdicts)


class _Desk:
    """Composes for many readers of one moment: once for all those who are alike, and with no query for each."""

    def __init__(self, world: World, rankings: Rankings, days: Sources, now: datetime, dry: bool) -> None:
        self._world, self._rankings, self._days, self._now, self._dry = world, rankings, days, now, dry
        self._newest, self._letters = world.store.newest_ingest(), Letters(world)
        self._any_unsent = not dry and world.store.any_to_send()
        self._made: dict[_Alike, Edition | NoEdition] = {}

    def compose(self, batch: Sequence[Enrolled]) -> tuple[list[Edition], list[NoEdition]]:
        """The outcomes for those of a batch that are due; the others are put off."""
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
        due_now, withdrawn = self._withdraw(due_now, barred)
        views = {one.subscription.id: _view(world, one.subscription, _base(one), now, vocal) for one, _ in due_now}
        keys = {one.subscription.id: _alike(one, views[one.subscription.id], day) for one, day in due_now}
        fresh = {key: one for one, _ in due_now if (key := keys[one.subscription.id]) not in self._made}
        shown = world.store.shown_to([one.subscription.id for one in fresh.values()])
        editions: list[Edition] = []
        none: list[NoEdition] = []
        for one, day in due_now:
            subscription, key = one.subscription, keys[one.subscription.id]
            if bar := barred.get(subscription.id):
                none.append(_barred(subscription, day, bar))
                continue
            lacking, still_waits = self._lacks(one, day)
            if still_waits:
                none.append(waits(subscription, day, lacking))
                continue
            if key not in self._made:
                seen = shown[fresh[key].subscription.id]
                made = _composed(world, self._rankings, one, day, now, views[subscription.id], seen)
                self._made[key] = self._days.ribboned(made)
            outcome = self._finished(self._made[key], one, lacking)
            if isinstance(outcome, Edition):
                editions.append(outcome)
            else:
                none.append(outcome)
        nothing = {no.subscription.id for no in none}
        if back := [each for one, ids in withdrawn.items() if one in nothing for each in ids]:
            world.store.reinstate(back)
        for key in list(self._made)[:-KEPT]:  # subscriptions come by profile: what was made long ago is done with
            del self._made[key]
        return editions, none

    def _withdraw(
        self, due_now: list[tuple[Enrolled, date]], barred: Container[str]
    ) -> tuple[list[tuple[Enrolled, date]], dict[str, tuple[str, ...]]]:
        """Takes back what never left of those that get an edition now; they anew, and by subscription what it was."""
        if not self._any_unsent:
            return due_now, {}
        going = [pair for pair in due_now if pair[0].subscription.id not in barred and not self._lacks(*pair)[1]]
        withdrawn = withdraw_unsent(self._world, going, self._now)
        anew = {one.subscription.id: one for one in self._world.store.enrolled(withdrawn)} if withdrawn else {}
        return [(anew.get(one.subscription.id, one), day) for one, day in due_now], withdrawn

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
        told = merged(lacking, self._days.told(one.sent if one.owed is None else _since(one), outcome.date))
        if isinstance(outcome, Edition):
            return replace(outcome, subscription=subscription, verdicts=merged(told, self._days.aged(outcome)))
        outcome = replace(outcome, subscription=subscription)
        if subscription.cadence is Cadence.WHEN_GOOD:
            return outcome
        why = why_empty(outcome, self._days.of(_base(one), outcome.date))
        profile = self._world.profiles[subscription.profile]
        if profile.says_empty and subscription.address and not self._days.nothing_ever:
            return _empty(profile, outcome, merged((why,), told), self._now)
        return replace(outcome, why=why)

    def enqueue(self, made: Sequence[Edition]) -> list[Edition]:
        """Store them with what is to be mailed; those that are written, not another process's."""
        postings = [self._letters.posting(one, self._now) for one in made]
        wakes = {one.subscription.id: self._wake(one.subscription, one.date, None) for one in made}
        new = self._world.store.enqueue_all(postings, self._now, wakes)
        return [one for one in made if one.id in new]

    def record_empty(self, none: Sequence[NoEdition]) -> None:
        wakes = {no.subscription.id: self._wake(no.subscription, no.date, no.reason) for no in none}
        if none:
            told = [replace(no, reason=no.told) for no in none]
            self._world.store.record_all_empty(told, self._now, wakes)

    def wait(self, waiting: Sequence[NoEdition]) -> None:
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
        base=_base(one),
        merged=missed(one.subscription, _since(one), day),
        history=one.history,
    )


def _empty_since(one: Enrolled, now: datetime) -> datetime | None:
    if one.last is None or one.last.reason is None or paused(one.subscription, local_date(one.subscription, now)):
        return None
    return one.last.made_at


def _base(one: Enrolled) -> LastEdition | None:
    """Since when papers are new: when-good adds days up until there is an edition."""
    return one.sent if one.subscription.cadence is Cadence.WHEN_GOOD and one.owed is None else _since(one)


def _since(one: Enrolled) -> LastEdition | None:
    """The date after which an edition is the next: what did not reach the reader is made up for."""
    return one.last if one.owed is None else one.left or before_first(one.subscription, one.owed)


def _select(world: World, rankings: Rankings, one: Enrolled, view: View, now: datetime) -> Edition | NoEdition:
    """What a subscription would get now, by the rules of `publish`. Stores nothing."""
    subscription, day = one.subscription, local_date(one.subscription, now)
    if subscription.address and (bar := world.store.suppression(subscription.address, subscription.id)):
        return _barred(subscription, day, bar)
    return _composed(world, rankings, one, day, now, view, shown_by(world.store, one))


def _barred(subscription: Subscription, day: date, bar: Suppression) -> NoEdition:
    what = "this subscription" if bar.subscription_id else "the address"
    return NoEdition(subscription=subscription, date=day, reason=f"{what} is on the suppression list")


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


def _composed(
    world: World, rankings: Rankings, one: Enrolled, day: date, now: datetime, view: View, shown: Mapping[str, Shown]
) -> Edition | NoEdition:
    base = _base(one)
    outcome = compose(
        one.subscription,
        view.profile,
        day,
        rankings.of(view),
        shown,
        base,
        now,
        world.store.sources(view.since),
        rankings.risers(view, shown),
        merged=missed(one.subscription, _since(one), day),
        cut=cut(one.subscription, base, now),
    )
    if isinstance(outcome, NoEdition):
        return outcome
    outcome = replace(outcome, every_day=view.profile.says_empty)
    return _worded(world, outcome, shown, base, rankings.sightings(view))


def _worded(
    world: World,
    edition: Edition,
    shown: Mapping[str, Shown],
    base: LastEdition | None,
    sightings: Mapping[str, Sequence[Sighting]],
) -> Edition:
    """With the why-lines in the subscription's language, and the ranks that papers had before."""
    before = _ranks_before(world, edition, shown)

    def why(item: Item) -> str:
        return _why(item, edition, base, sightings.get(item.paper.id, ()))

    return replace(
        edition,
        items=tuple(replace(item, why=why(item), before=before.get(item.paper.id)) for item in edition.items),
        strands=tuple(
            replace(one, items=tuple(replace(item, why=why(item)) for item in one.items)) for one in edition.strands
        ),
    )


def _why(item: Item, edition: Edition, base: LastEdition | None, sightings: Sequence[Sighting]) -> str:
    tag, since = edition.subscription.language, late(item.paper, edition.subscription, edition.date, base)
    words = late_line(since, edition.date, tag) if since else ""
    if (told := why_line(telling(item.reasons), tag, words)) or not sightings:
        return told
    first = min(one.date for one in sightings)
    return listed_line(sorted({one.source for one in sightings if one.date == first}), first, tag)


def _ranks_before(world: World, edition: Edition, shown: Mapping[str, Shown]) -> dict[str, int]:
    """By id the rank in the latest edition of the subscription in which the paper stood; only few stood in any."""
    found: dict[str, int] = {}
    for item in edition.items:
        if (last := shown.get(item.paper.id)) is not None:
            then = world.store.edition(edition_id(edition.subscription.id, last.on))
            ranks = {one.paper.id: one.rank for one in (then.items if then else ())}
            found |= {paper_id: rank for paper_id, rank in ranks.items() if paper_id == item.paper.id}
    return found


def _view(
    world: World, subscription: Subscription, base: LastEdition | None, now: datetime, vocal: Collection[str]
) -> View:
    """Those who never said anything of papers share the views of their profile."""
    return View(
        profile=world.profiles[subscription.profile],
        since=look_back(subscription, base, now),
        fade=fade_days(subscription, base, now),
        address=subscription.address if subscription.address in vocal else None,
    )


def preview(world: World, subscription: Subscription, now: datetime) -> Edition | NoEdition:
    """The edition that `publish` would make for a subscription if it were due now. Touches nothing.

    Where `now` is past, it is made of the papers, votes and opinions that were known then.
    """
    days = Sources(world.store, (), now)
    one, rankings, view = _supposed(world, subscription, now)
    outcome = days.ribboned(_select(world, rankings, one, view, now))
    if isinstance(outcome, NoEdition):
        return outcome
    return replace(outcome, verdicts=merged(days.told(one.sent, outcome.date), days.aged(outcome)))


def explain_paper(world: World, subscription: Subscription, paper: Paper, now: datetime) -> Explanation:
    """Where a paper stands for a subscription if it were due now, and why; past moments as in `preview`."""
    one, rankings, view = _supposed(world, subscription, now, told={paper.id})
    ranking = rankings.of(view)
    ranked = next((one for one in ranking.papers if one.paper.id == paper.id), None)
    return explain(
        paper,
        ranked or rankings.unhidden(view, paper),
        view.profile,
        ranking,
        _select(world, rankings, one, view, now),
        shown_by(world.store, one),
    )


def _supposed(
    world: World, subscription: Subscription, now: datetime, told: Collection[str] = ()
) -> tuple[Enrolled, Rankings, View]:
    """A subscription as if it were due now, and what is thought of the papers for it."""
    one = enrolled_at(world.store, enrolled(world, subscription), now)
    vocal = {subscription.address} if subscription.address else set()
    view = _view(world, subscription, _base(one), now, vocal)
    known = known_at(world.store, view.since, now)
    return one, Rankings(known, world.background, now, world.encode, told), view


def trial(world: World, profile: str, address: str) -> Subscription:
    """The reader's own subscription to a profile, or one made up for a preview or a test. ConfigError if unknown."""
    if profile not in world.profiles:
        raise ConfigError(f"no profile “{profile}”; there are: {', '.join(world.profiles)}")
    for one in world.subscriptions:
        if one.profile == profile and one.address == address:
            return one
    language = world.profiles[profile].language
    return Subscription(id=f"{profile}/{address}", profile=profile, address=address, language=language)
