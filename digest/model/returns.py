"""What comes back: bounces, complaints and unsubscribe mails, as they were read and as they were judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ReturnKind(StrEnum):
    """What a returned mail says.

    `hard`: there is no such mailbox. `soft`: not now. `policy`: the receiver does not want our mail, which says nothing
    of the address. `complaint`: a person called it spam. `notice`: delayed, delivered, a vacation: nothing to be done.
    """

    HARD = "hard"
    SOFT = "soft"
    POLICY = "policy"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    NOTICE = "notice"
    UNKNOWN = "unknown"


class Consequence(StrEnum):
    """What was made of a returned mail.

    `unproven`: it says something against an address, but nothing in it shows that it answers a mail of ours.
    """

    SUPPRESSED = "suppressed"
    COUNTED = "counted"
    TOLD = "told"
    IGNORED = "ignored"
    UNPROVEN = "unproven"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One recipient of a returned mail. `addresses` are the spellings that the report has; empty if it names none.

    `forwarded` if they are of two: of the one that was mailed, and of another that it forwards to and that is told of.
    """

    kind: ReturnKind
    addresses: tuple[str, ...] = ()
    forwarded: bool = False
    status: str = ""  # enhanced code of RFC 3463, "5.1.1"; empty if there is none
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A returned mail as read, nothing of it believed yet. `digest` is the SHA-256 of its bytes.

    `tokens` and `message_ids` are what could show that it answers a mail of ours; `date` is what it says itself.
    """

    digest: str
    kind: ReturnKind
    failures: tuple[Failure, ...] = ()
    tokens: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A returned mail as judged and kept. `address` is None where it could be tied to nobody.

    `at` is when it came back, by its own date where that can be; `message_id` the message of ours that it answers.
    """

    digest: str
    kind: ReturnKind
    consequence: Consequence
    at: datetime
    address: str | None = None
    subscription_id: str | None = None
    message_id: str | None = None
    status: str = ""
    words: str = ""
