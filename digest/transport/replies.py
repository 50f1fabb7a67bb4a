"""What a server's answers mean. Does not talk to one."""

from __future__ import annotations

import re
from typing import NamedTuple

from digest.errors import (
    BusyError,
    DeliveryError,
    FullMailboxError,
    PermanentDeliveryError,
    PolicyError,
    TemporaryDeliveryError,
)

# 552 may be a full mailbox and is to be read as 452 (RFC 5321 4.5.3.1.10); 53x ask for a login or for
# encryption (RFC 4954): the operator must fix that, and no message is to be lost for it.
_LOGIN_WANTED = frozenset({530, 534, 535, 538})
_TOO_MUCH = 552
_CLOSING = 421

# The address does not exist, has moved away, has no mail domain, or is disabled (RFC 3463, RFC 7505).
_DEAD = frozenset({"5.1.1", "5.1.6", "5.1.10", "5.2.1"})
_FULL = frozenset({"4.2.2", "5.2.2"})

# In front, or as qmail writes it behind: (#5.1.1). Where there is none, what speaks of us and not of the address.
_STATUS = re.compile(r"\d{3} (\d\.\d{1,3}\.\d{1,3})\b|.*\(#(\d\.\d{1,3}\.\d{1,3})\)")
_OF_US = re.compile(
    r"relay|authenti|log ?in first|rcpthosts|prohibit|polic|spam|black ?list|block ?list|\b(dns|r)bl\b", re.IGNORECASE
)
_NOT_IN_ADDRESS = re.compile(r"[\s<>(),;\x00-\x1f\x7f\ud800-\udfff]")


class Reply(NamedTuple):
    code: int  # -1 where there was none
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"

    @property
    def good(self) -> bool:
        return 200 <= self.code < 300

    @property
    def refuses(self) -> bool:
        return 400 <= self.code < 600

    @property
    def closing(self) -> bool:
        """Whether nothing more can be said on this connection."""
        return self.code == _CLOSING or not 200 <= self.code < 600


def refusal(place: str, step: str, reply: Reply) -> DeliveryError:
    """The error that tells what a reply to a step (MAIL, RCPT, DATA, the message) means."""
    words, reason = str(reply), f"{place} refused {step}: {reply}"
    status = found[1] or found[2] if (found := _STATUS.match(words)) else ""
    if reply.code in _LOGIN_WANTED:
        return TemporaryDeliveryError(reason, reply=words)
    if reply.code == _CLOSING:
        return BusyError(reason, reply=words)
    if status in _FULL:
        return FullMailboxError(reason, reply=words)
    if not 500 <= reply.code < 600:
        return TemporaryDeliveryError(reason, reply=words)
    if status.startswith("5.7.") or (step == "RCPT" and not status and _OF_US.search(words)):
        return PolicyError(reason, reply=words)
    if reply.code == _TOO_MUCH:
        return TemporaryDeliveryError(reason, reply=words)
    return PermanentDeliveryError(reason, reply=words, hard=_is_dead(step, reply.code, status))


def _is_dead(step: str, code: int, status: str) -> bool:
    """Tell if a permanent refusal is about the recipient's address itself; where a status is given, it decides."""
    if step == "MAIL":
        return False
    return status in _DEAD if status else step == "RCPT" and code in (550, 551, 553)


def is_address(text: str) -> bool:
    """Whether an address can stand in a command without ending it."""
    return not _NOT_IN_ADDRESS.search(text)


def printable(text: bytes | str) -> str:
    """A reply on one line: it goes to logs and terminals and comes from outside."""
    words = (text.decode("utf-8", "replace") if isinstance(text, bytes) else text).strip()
    if words.isprintable() and "  " not in words:
        return words[:500]
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:500]
