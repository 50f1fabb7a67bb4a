"""What goes out: the outbox, messages and feeds, and who publishes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from digest.model.look import Look
from digest.model.paper import Paper


class OutboxState(StrEnum):
    """pending → sending → sent | deferred | failed; deferred is tried again.

    `sending` is written before the message can leave: found after a crash it is ambiguous, which is recorded, and it
    becomes `unknown` or is sent again, as the settings say. `suppressed` is a message whose address must not be mailed.
    `held` waits for an editor until `next_at` and is then pending; `stopped` is one that an editor stopped; `withdrawn`
    one that had not left when a later edition took its papers over, or its reader paused or was taken out of the
    settings.
    """

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    UNKNOWN = "unknown"
    HELD = "held"
    STOPPED = "stopped"
    WITHDRAWN = "withdrawn"


# What somebody may still have to do with.
OPEN_STATES = (
    OutboxState.PENDING,
    OutboxState.SENDING,
    OutboxState.DEFERRED,
    OutboxState.FAILED,
    OutboxState.UNKNOWN,
    OutboxState.HELD,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """A message decided on and its state.

    `letter` is the digest of the letter it is made from and `own` what fills that for this reader; `sha256` is of the
    finished bytes. A letter is missing where an earlier version of the program decided.
    `owner` is the sender that has it in hand, if one has. `queued_at` is when it was put back, by hand or as it had
    come back, from which the time to give up counts.
    """

    message_id: str
    edition_id: str
    address: str
    state: OutboxState
    created_at: datetime
    next_at: datetime
    attempts: int = 0
    reply: str = ""
    letter: str = ""
    own: tuple[str, ...] = ()
    sha256: str = ""
    owner: str = ""
    queued_at: datetime | None = None

    @property
    def domain(self) -> str:
        """Where it goes to, in lower case."""
        return self.address.rpartition("@")[2].lower()

    @property
    def subscription_id(self) -> str:
        return self.edition_id.rpartition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What is about to be sent: written before it can leave."""

    message_id: str
    address: str
    subscription_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One attempt and how it ended. `next_at` is set if it is tried again: deferred, or unknown and not held.

    Known only to the run that made it: whether it found no server to talk to, or none that let us in, so that no other
    would have fared better; and whether it was the last of too many.
    """

    message_id: str
    at: datetime
    state: OutboxState
    reply: str = ""
    next_at: datetime | None = None
    unreached: bool = False
    given_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """How a domain takes our mail: failures in a row, until when it is left alone, and if it is stopped.

    A stopped one, which refuses by policy or takes everybody for dead, gets nothing until the operator resumes it.
    """

    name: str
    failures: int = 0
    not_before: datetime | None = None
    stopped: bool = False
    reply: str = ""

    def closed(self, now: datetime) -> bool:
        return self.stopped or (self.not_before is not None and self.not_before > now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address never to mail; with `subscription_id` it is only that subscription's. `lifted` is when it ended."""

    address: str
    reason: str
    since: datetime
    subscription_id: str | None = None
    lifted: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Who publishes. `url` is where the output folder is served, without a slash at the end; None if it is not.

    `authority` is the fixed part of the feeds' tag URIs ("digest.example.org,2026", RFC 4151) and must never change.
    """

    name: str
    sender: str  # bare address of the From header
    authority: str
    list_domain: str  # right-hand part of List-Id
    url: str | None = None
    reply_to: str | None = None
    bounce: str | None = None  # envelope sender; "bounce@…" gives a VERP address with the token
    unsubscribe_url: str | None = None  # a service that takes RFC 8058 POSTs; the token is appended
    unsubscribe_mail: str | None = None
    preferences_url: str | None = None  # a service that lets a reader change things; the token is appended
    help_url: str | None = None
    postal_address: str = ""
    accent: str = "#b5482f"
    look: Look = field(default_factory=Look)

    @property
    def domain(self) -> str:
        """The sender's, which Message-IDs have on their right."""
        return self.sender.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The personal and per-edition addresses of one mail; None where the site offers none."""

    unsubscribe_url: str | None = None
    unsubscribe_mail: str | None = None  # mailto: URI with the token as subject
    archive_url: str | None = None  # this edition in a browser
    feed_url: str | None = None  # the profile's Atom feed
    preferences_url: str | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """A paper in a feed: `published` is when it entered this feed, `updated` moves on a material change only.

    `language` is that of its edition, in which it is worded.
    """

    paper: Paper
    why: str
    published: datetime
    updated: datetime
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayEntry:
    """An edition as one entry of a feed: `name` is the end of its permanent id, `page` its web page if it has one."""

    name: str
    title: str
    published: datetime
    summary: str = ""
    page: str | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed to be written: newest entries first. `path` is relative to the site ("feeds/trending.atom").

    `page` is where its papers stand on the web, relative too. `hub` is a WebSub hub that is told of changes. `older`,
    `newer` and `current` are the paths of the neighbouring archive documents and of the feed itself (RFC 5005);
    `archive` is True for such a document, which is never cut.
    """

    name: str
    title: str
    subtitle: str
    path: str
    entries: tuple[FeedEntry | DayEntry, ...]
    language: str = "en"
    page: str = ""
    hub: str | None = None
    older: str | None = None
    newer: str | None = None
    current: str | None = None
    archive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedBuild:
    """What was written last of a group of feeds: from what, and into which files.

    `mark` stands for all that goes into the feeds but editions; each new one adds a + to it.
    """

    mark: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """A feed as a reader chooses it, its files by format relative to the folder of all feeds; `days` are one a day.

    `name` is what it is called on the publisher's own page: a profile, a topic or an author.
    """

    title: str
    name: str = ""
    subtitle: str = ""
    papers: tuple[tuple[str, str], ...] = ()
    days: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedGroup:
    """The feeds of a profile: its own, then those of its topics and of the authors it follows."""

    own: FeedLine
    topics: tuple[FeedLine, ...] = ()
    authors: tuple[FeedLine, ...] = ()
