"""Who gets what, and when: subscriptions and editions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from digest.model.paper import Paper
from digest.model.ranking import Reason


class Cadence(StrEnum):
    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Where editions of a profile go, and when. `address` is None for a feed.

    `weekday` counts from Monday = 0 and matters to the weekly cadence only; `zone` is an IANA name.
    """

    id: str
    profile: str
    address: str | None
    cadence: Cadence = Cadence.DAILY
    weekday: int = 0
    at: time = time(7, 0)
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One paper of an edition, frozen as it was; `rank` counts from 1, `why` is one line of words."""

    rank: int
    paper: Paper
    reasons: tuple[Reason, ...]
    why: str
    votes: int | None = None
    comments: int | None = None
    rise: int = 0

    @property
    def score(self) -> int:
        return sum(reason.points for reason in self.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One dated digest of one subscription, frozen. `id` is its key: subscription and local date.

    `made_at` is the moment it was composed for; all dates in its surfaces come from here.
    `fresh` counts the papers that were new to this subscription, `held_back` those of them that did not fit.
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

    @property
    def id(self) -> str:
        return edition_id(self.subscription.id, self.date)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoEdition:
    """Why a due subscription gets nothing for a date."""

    subscription: Subscription
    date: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LastEdition:
    """What is stored of a subscription's latest date: `reason` is None for an edition, else why there was none."""

    date: date
    made_at: datetime
    reason: str | None


def edition_id(subscription_id: str, local_date: date) -> str:
    """The key that makes an edition unique; also the seed of its Message-ID and MIME boundary."""
    return f"{subscription_id}/{local_date.isoformat()}"
