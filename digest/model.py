"""All nouns of the program, frozen.

Tuples, not lists; dates without a time are `date`, moments are aware UTC `datetime`; ids are strings.
Past `listings/` there is no raw dict, no dirty text and no naive moment. Knows nothing but the standard library.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from urllib.parse import quote_plus

# --- what comes in -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """The file as dropped. `digest` is the sha256 of `content` in hex: a dump is known by its content."""

    name: str
    digest: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a source says of a paper, cleaned. Empty text, () and None all mean: the source does not say."""

    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    author_count: int | None = None  # may be known where the names are not
    organisation: str | None = None
    submitter: str | None = None  # account that brought the paper to the listing
    categories: tuple[str, ...] = ()  # arXiv categories, primary first
    keywords: tuple[str, ...] = ()
    published: date | None = None  # day of the first version, not of the listing
    arxiv_id: str | None = None  # without version: 2501.05441, math/0309136
    version: int | None = None
    doi: str | None = None
    code_url: str | None = None
    code_stars: int | None = None
    project_url: str | None = None
    withdrawn: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a listing: a source's claim about a paper.

    `where` tells a person where it stands in the dump ("record 7", "line 120"). `position` counts from 1 in the
    listing's own order. `votes` and `comments` are None where the source does not tell, 0 where it tells none.
    """

    where: str
    position: int
    facts: Facts
    votes: int | None = None
    comments: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """An entry that could not be read. Data, not an exception."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One parsed dump: a source's ordered list on a date.

    `as_of` is the day the listing speaks of. `fidelity` ranks formats by how much they can be trusted (higher wins
    a field). `daily` is true for a source's list of one day, false for a search result or another selection,
    where absence means nothing.
    """

    dump: str  # name, for people
    digest: str
    format: str
    source: str
    as_of: date
    fidelity: int
    daily: bool
    entries: tuple[Entry, ...]
    rejected: tuple[Rejected, ...] = ()


# --- what is known -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper(Facts):
    """The work itself, whoever lists it.

    `id` never changes once given: the arXiv id where it was known first, else `t-` and a hash of the title.
    """

    id: str
    first_listed: date  # earliest `as_of` of a listing that held it
    first_seen: datetime  # when this program first read of it
    revised_at: datetime | None = None  # last change a reader would notice

    @property
    def url(self) -> str:
        """Where a reader goes from the title: the abstract page, the DOI, else a search for the title."""
        if self.arxiv_id:
            return f"https://arxiv.org/abs/{self.arxiv_id}"
        if self.doi:
            return f"https://doi.org/{quote_plus(self.doi, safe='/')}"
        return f"https://huggingface.co/papers?q={quote_plus(self.title)}"

    @property
    def pdf_url(self) -> str | None:
        return f"https://arxiv.org/pdf/{self.arxiv_id}" if self.arxiv_id else None

    @property
    def listing_url(self) -> str | None:
        """The paper's page with votes and discussion."""
        return f"https://huggingface.co/papers/{self.arxiv_id}" if self.arxiv_id else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the present value of a paper's field came from."""

    dump: str
    digest: str
    source: str
    as_of: date
    fidelity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The stored shadow of an entry; a paper's sightings over time are its history.

    `listed` is the number of entries in the listing. One per paper and dump.
    """

    paper_id: str
    source: str
    date: date
    position: int
    listed: int
    votes: int | None
    comments: int | None
    seen_at: datetime
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPaper:
    """A stored paper as `diff` needs it: `keys` are all identity keys ever tied to it.

    `origins` maps field names to where their values came from. `last_listed` is the latest `as_of` at which the
    listing's own source held it before, None if never.
    """

    paper: Paper
    keys: frozenset[str]
    origins: Mapping[str, Origin]
    last_listed: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The part of the store that a listing touches.

    `previous` are the papers of the latest earlier dump of the same source and day; `days` the days for which a
    listing of this source is stored.
    """

    papers: tuple[KnownPaper, ...] = ()
    previous: tuple[Paper, ...] = ()
    days: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A change a reader would notice, kept with both values. `at` is when it was ingested."""

    paper_id: str
    field: str
    old: str
    new: str
    at: datetime
    dump: str


class Outcome(StrEnum):
    NEW = "new"
    REVISED = "revised"
    RELISTED = "relisted"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A field that takes a new value. `notable` is true where a reader would want to be told."""

    field: str
    old: object
    new: object
    notable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one entry means against what is known: the outcome and the paper as it is afterwards."""

    entry: Entry
    outcome: Outcome
    paper: Paper
    keys: tuple[str, ...]
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Every entry in exactly one outcome, in listing order; and the papers gone from an earlier dump of the day."""

    entries: tuple[Change, ...]
    gone: tuple[Paper, ...] = ()

    def count(self, outcome: Outcome) -> int:
        return sum(change.outcome is outcome for change in self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpReport:
    """What became of one dump; `known` is true when its content had been ingested before.

    `error` is set, and all counts are 0, when the dump could not be read at all.
    """

    dump: str
    digest: str
    format: str | None = None
    source: str | None = None
    as_of: date | None = None
    entries: int = 0
    new: int = 0
    revised: int = 0
    relisted: int = 0
    unchanged: int = 0
    gone: int = 0
    rejected: tuple[Rejected, ...] = ()
    known: bool = False
    error: str | None = None


# --- what is thought of it -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One named, additive part of a score. `points` are whole, so that sums are exact in any order.

    `kind` is a fixed word: votes, rise, comments, position, age; word, example, author, organisation, category, or
    similar. `label` says it in words a reader understands.
    """

    kind: str
    label: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """What a paper's sightings add up to, as named terms. `votes` and `comments` are the latest known."""

    paper_id: str
    terms: tuple[Reason, ...]
    votes: int | None = None
    comments: int | None = None
    rise: int = 0  # votes gained between the first and the latest sighting

    @property
    def points(self) -> int:
        return sum(term.points for term in self.terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word or phrase and how much it counts (1 is normal)."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One interest: weighted terms, and example papers by id or title."""

    name: str
    terms: tuple[Term, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A named set of topics, follows, mutes and limits.

    `trend_weight` is the share of the trend in the score, 0 to 1; a profile without interests is plain trending.
    """

    name: str
    title: str
    description: str = ""
    topics: tuple[Topic, ...] = ()
    authors: tuple[Term, ...] = ()
    organisations: tuple[Term, ...] = ()
    categories: tuple[Term, ...] = ()
    muted_words: tuple[str, ...] = ()
    muted_authors: tuple[str, ...] = ()
    muted_organisations: tuple[str, ...] = ()
    muted_categories: tuple[str, ...] = ()
    trend_weight: float = 0.5
    limit: int = 20
    feed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A paper in a profile's order; the score is always the sum of the reasons' points."""

    paper: Paper
    trend: Trend
    reasons: tuple[Reason, ...]

    @property
    def score(self) -> int:
        return sum(reason.points for reason in self.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A paper kept out of a ranking, and the rule that did it."""

    paper: Paper
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """All candidates of one profile: best first, and what its mutes hid."""

    papers: tuple[Ranked, ...]
    hidden: tuple[Hidden, ...] = ()


# --- what goes out -------------------------------------------------------------------------------------------


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


class OutboxState(StrEnum):
    """pending → sending → sent | deferred | failed; deferred is tried again.

    `sending` is written before the message can leave: found after a crash it is ambiguous, and becomes `unknown`
    or is sent again, as the settings say. `suppressed` is a message whose address must not be mailed.
    """

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """A message decided on and its state. `message` holds the exact bytes from the first attempt until settled."""

    message_id: str
    edition_id: str
    address: str
    state: OutboxState
    created_at: datetime
    next_at: datetime
    attempts: int = 0
    message: bytes | None = None
    reply: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One attempt and how it ended. `next_at` is set for a deferred message only."""

    message_id: str
    at: datetime
    state: OutboxState
    reply: str = ""
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address never to mail."""

    address: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Who publishes. `url` is where the output folder is served, without a slash at the end; None if it is not.

    `authority` is the fixed part of the feeds' tag URIs ("digest.example.org,2026", RFC 4151) and must never change.
    """

    name: str
    sender: str  # bare address of the From header
    authority: str
    list_domain: str  # right-hand part of List-Id and Message-ID
    url: str | None = None
    reply_to: str | None = None
    bounce: str | None = None  # envelope sender; "bounce@…" gives a VERP address with the token
    unsubscribe_url: str | None = None  # a service that takes RFC 8058 POSTs; the token is appended
    unsubscribe_mail: str | None = None
    help_url: str | None = None
    postal_address: str = ""
    accent: str = "#b5482f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The personal and per-edition addresses of one mail; None where the site offers none."""

    unsubscribe_url: str | None = None
    unsubscribe_mail: str | None = None  # mailto: URI with the token as subject
    archive_url: str | None = None  # this edition in a browser
    feed_url: str | None = None  # the profile's Atom feed


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """An edition as words: plain strings, not yet a message."""

    subject: str
    preheader: str
    html: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A finished mail as the server gets it: one recipient, CRLF bytes; `name` is a file name without suffix."""

    message_id: str
    sender: str  # envelope
    recipient: str  # envelope
    content: bytes
    name: str
    html: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """A paper in a feed: `published` is when it entered this feed, `updated` moves on a material change only."""

    paper: Paper
    why: str
    published: datetime
    updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed to be written: newest entries first. `path` is relative to the site ("feeds/trending.atom")."""

    name: str
    title: str
    subtitle: str
    path: str
    entries: tuple[FeedEntry, ...]
