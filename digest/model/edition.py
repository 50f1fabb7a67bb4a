"""Who gets what, and when: subscriptions and editions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import TypeAlias

from digest.model.day import Verdict
from digest.model.paper import Paper
from digest.model.ranking import Reason

_Date: TypeAlias = date  # where a field has that name


class Cadence(StrEnum):
    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    WHEN_GOOD = "when-good"


class Wait(StrEnum):
    """What an edition waits for at its time: nothing, or complete lists of the day."""

    NOW = "now"
    FINAL = "final"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Where editions of a profile go, and when. `address` is None for a feed.

    `weekday` counts from Monday = 0 and matters to the weekly cadence only, `day` is of the month (0 its last) and
    matters to the monthly one; `zone` is an IANA name, `language` a tag such as "de". When-good asks each day whether
    `good` new papers have `good_points` or more, and does not wait longer than `within_days`. Nothing goes out before
    the local date `pause_until`. An edition that waits goes at `cut_off`, a local time after `at`, whatever is there by
    then.
    """

    id: str
    profile: str
    address: str | None
    cadence: Cadence = Cadence.DAILY
    weekday: int = 0
    at: time = time(7, 0)
    zone: str = "UTC"
    language: str = "en"
    day: int = 1
    good: int = 5
    good_points: int = 600
    within_days: int = 14
    pause_until: date | None = None
    wait: Wait = Wait.NOW
    cut_off: time = time(10, 0)

    @property
    def audience(self) -> Subscription:
        """What a mail shows of a subscription, the same for all whose mails differ in nothing else than the address."""
        return Subscription(
            id="",
            profile=self.profile,
            address=self.address and "",
            cadence=self.cadence,
            language=self.language,
        )


class SectionKind(StrEnum):
    """What a paper is in an edition for. `MAIN` is the profile's own order, where no topic has a share of the list.

    `DROPPED` is in no edition: an editor left the paper out, and it does not come again.
    """

    MAIN = "main"
    TOPIC = "topic"
    TRENDING = "trending"
    EXPLORE = "explore"
    RISEN = "risen"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A run of an edition's papers. `topic` is the topic's name, empty for the other kinds."""

    kind: SectionKind = SectionKind.MAIN
    topic: str = ""

    @property
    def named(self) -> str:
        """In words, for those who run the digest."""
        return {
            SectionKind.MAIN: "the list",
            SectionKind.TOPIC: f"“{self.topic}”",
            SectionKind.TRENDING: "what trends for everyone",
        }.get(self.kind, f"the section {self.kind}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One paper of an edition, frozen as it was. Its rank is its place among the edition's items, counted from 1.

    `why` is one line of words, in the subscription's language. `fresh` tells papers that came in since the last edition
    from those of earlier days, and `before` is the rank that a paper had in the latest edition of this subscription in
    which it stood, None if it never did. Readers who are told the same of a paper share the object, wherever it stands
    in their lists: what is made of it is found by that.
    """

    paper: Paper
    reasons: tuple[Reason, ...]
    why: str = ""
    section: Section = Section()
    votes: int | None = None
    comments: int | None = None
    rise: int = 0
    fresh: bool = True
    before: int | None = None

    @property
    def score(self) -> int:
        return sum([reason.points for reason in self.reasons])


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A new paper that missed its section by `short` points; 0 where it was level. The abstract is left out."""

    paper: Paper
    score: int
    short: int
    section: Section = Section()


@dataclass(frozen=True, slots=True, kw_only=True)
class Muted:
    """A new paper that a rule of the profile hid, and `also` others. The abstract is left out.

    `place` is the one it would have had in `section`, counted from 1, if nothing that an edition's rules hid had been
    hidden; None where it would not be in the list.
    """

    paper: Paper
    rule: str
    place: int | None = None
    also: tuple[str, ...] = ()
    section: Section = Section()

    @property
    def rules(self) -> str:
        """All of them, in words."""
        return " and the ".join((self.rule, *self.also))

    @property
    def otherwise(self) -> str:
        """What would be without all the rules, in words; empty where the paper would not be in the list either."""
        if not self.place:
            return ""
        where = "" if self.section == Section() else f" in {self.section.named}"
        return f"without the {self.rules} this would be {ordinal(self.place)}{where}"


class StrandKind(StrEnum):
    """What the papers of a strand have in common."""

    TOPIC = "topic"
    AUTHOR = "author"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strand:
    """The new papers of a day for one topic or one followed author, for a feed of their own; best first.

    `name` is the profile's word for the topic or the author. What is here need not have a place in the edition.
    """

    kind: StrandKind
    name: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RibbonDay:
    """A day that an edition makes up for: how many of its new papers were listed then, title and address of the best.

    `verdicts` are those on the sources' lists of the day that tell why there may be fewer than usual.
    """

    date: date
    new: int
    title: str = ""
    url: str = ""
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One dated digest of one subscription, frozen. `id` is its key: subscription and local date.

    `items` are in the order of their ranks; sections stand one after the other.
    `made_at` is the moment it was composed for; all dates in its surfaces come from here.
    `fresh` counts the papers that were new to this subscription, `held_back` those of them that did not fit, `muted`
    those that the profile's rules hid besides. `missed` and `hidden` name the best few of the last two. `strands` are
    for the feeds of topics and authors: only a feed's edition has any.
    `ribbon` has the days since the last edition where dates were missed, by an outage or a pause; `cut` is the day from
    which on papers count where the time since then is too long to be looked back upon.
    `verdicts` are what the reader should know of the sources' days; an edition without items tells by the first of them
    why it has none.
    `every_day` tells that the reader is mailed on days without papers too.
    """

    subscription: Subscription
    title: str  # the profile's title
    description: str
    date: date
    made_at: datetime
    items: tuple[Item, ...]
    fresh: int
    held_back: int = 0
    muted: int = 0
    sources: tuple[str, ...] = ()
    missed: tuple[Missed, ...] = ()
    hidden: tuple[Muted, ...] = ()
    strands: tuple[Strand, ...] = ()
    ribbon: tuple[RibbonDay, ...] = ()
    every_day: bool = False
    cut: _Date | None = None
    verdicts: tuple[Verdict, ...] = ()

    @property
    def id(self) -> str:
        return edition_id(self.subscription.id, self.date)

    @property
    def ranked(self) -> Iterator[tuple[int, Item]]:
        """The items with their ranks."""
        return enumerate(self.items, start=1)

    @property
    def overmuted(self) -> bool:
        """Whether the profile's rules hid more than half of the new papers."""
        return self.muted > self.fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """When a subscription's latest edition with a paper was, and in which kind of section the paper stood there."""

    on: date
    kind: SectionKind = SectionKind.MAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class NoEdition:
    """Why a due subscription gets nothing for a date.

    `hidden` of the new papers its rules hid, the best few of them `muted`, and `shown` of the late ones it was shown
    before. `why` is the verdict that explains it; `waiting` is true where the date's edition is still to come.
    """

    subscription: Subscription
    date: date
    reason: str
    hidden: int = 0
    muted: tuple[Muted, ...] = ()
    shown: int = 0
    why: Verdict | None = None
    waiting: bool = False

    @property
    def told(self) -> str:
        """The reason with the verdict that explains it."""
        if self.why is None:
            return self.reason
        whose = f", {self.why.source} of {self.why.date.day} {self.why.date:%B}" if self.why.source else ""
        return f"{self.reason} ({self.why.kind}{whose}: {self.why.evidence})"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastEdition:
    """What is stored of a subscription's latest date: `reason` is None for an edition, else why there was none."""

    date: date
    made_at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """A subscription, with its pause by command; its latest date, and its latest that had an edition.

    Those of the same `history` were shown the same papers on the same dates. `owed` is the first of its editions since
    the last that left, where its latest did not leave; `left` is then what is stored before that.
    """

    subscription: Subscription
    last: LastEdition | None
    sent: LastEdition | None
    history: str
    owed: LastEdition | None = None
    left: LastEdition | None = None


_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def ordinal(place: int) -> str:
    """`third`; from 11 on `no. 11`."""
    return _ORDINALS[place - 1] if place <= len(_ORDINALS) else f"no. {place}"


def edition_id(subscription_id: str, local_date: date) -> str:
    """The key that makes an edition unique; also the seed of its Message-ID and MIME boundary."""
    return f"{subscription_id}/{local_date.isoformat()}"
