"""The bytes of a returned mail -> what it says: bounce, complaint, unsubscribe mail, notice. flufl.bounce lives here.

Believes nothing: whether a token is ours and an address was mailed is the pipeline's to find out. Whatever the bytes,
it raises nothing and takes bounded memory.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from email import message_from_bytes, message_from_string
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from flufl.bounce import all_failures

from digest.model import Failure, Returned, ReturnKind

LARGEST = 512 * 1024  # bytes of a mail that are looked at: a report stands before the mail that it returns
_MOST_PARTS = 500
_MOST_RECIPIENTS = 100
_WORDS = 300  # characters of a server's words that are kept
_TEXT = 8_000

_OPAQUE = r"(?<![\w-])([A-Za-z0-9_-]{22})(?![\w-])"
_VERP = re.compile(r"\+([A-Za-z0-9_-]{22})@")
_ANY_TOKEN = re.compile(_OPAQUE, re.ASCII)
_SUBJECT_TOKEN = re.compile(rf"\s*(?:(?:re|unsubscribe)\s*:?\s*)?{_OPAQUE}\s*", re.ASCII | re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<([^<>\s]{3,250}@[^<>\s]{1,250})>")
_OWN_ID = re.compile(r"^Message-ID:\s*<([^<>\s]{3,250}@[^<>\s]{1,250})>", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])([45])\d\d(?![\d.])")

# Whoever the mail came back to; by some of them a mailbox tells the envelope's recipient.
_RECIPIENTS = (
    "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Rcpt-To", "Original-Recipient", "To", "Cc",
    "Resent-To", "Apparently-To", "Received",
)  # fmt: skip
_VACATION = re.compile(
    r"out of (the )?office|auto(matic|mated)?[ -]?(reply|response)|vacation|away from|abwesenheit|automatische antwort"
    r"|réponse automatique|respuesta automática|risposta automatica|resposta automática"
    r"|自動(応答|返信)|自动(回复|答复)",
    re.IGNORECASE,
)
_DAEMON = re.compile(r"^(mailer-?daemon|postmaster|mail-?daemon|microsoftexchange\w*)@", re.IGNORECASE)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|delivery (status notification|failure|failed|has failed)|mail delivery (failed|system|subsystem)"
    r"|returned mail|failure notice|unzustellbar",
    re.IGNORECASE,
)

# What the words say where the code does not: first the address, then its mailbox, then we.
_NOBODY = re.compile(
    r"(user|mailbox|recipient|address|account)( is| name)? (unknown|not found|disabled|inactive|invalid|closed|deleted)"
    r"|(unknown|no such|invalid|nonexistent|non-existent) (local )?(user|mailbox|recipient|address|account)"
    r"|does(n.t| not) (exist|have an?( [\w.]+)? account)|no mailbox (here )?by that name|mailbox unavailable"
    r"|account (that you tried to reach )?(does not exist|is disabled|has been (disabled|closed|deleted))"
    r"|(address|user) (wasn.t|was not|couldn.t be|could not be) found|not a valid (user|mailbox|recipient)",
    re.IGNORECASE,
)
_FULL = re.compile(
    r"quota|mailbox (is )?full|over ?limit|insufficient (system )?storage|too large|at a rate", re.IGNORECASE
)
_UNWANTED = re.compile(
    r"\b(spam|block(ed|list)|blacklist|dnsbl|rbl|polic(y|ies)|dmarc|dkim|spf|reputation|unsolicited|banned)\b",
    re.IGNORECASE,
)
# Where a bounce in words goes over to the mail that it returns.
_COPY = re.compile(r"^-{3,}.*\b(copy|original|returned)\b", re.IGNORECASE | re.MULTILINE)
_DEAD = {"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.1.351", "5.2.1"}  # .351: Exchange Online
_OUR_FAULT = {"5.1.7", "5.1.8"}  # the sender's address is refused
_SAYS_LITTLE = re.compile(r"5\.(0\.(0|350)|1\.0|2\.0|3\.0|5\.\d+)|")

# Detectors tell by exceptions and logs what they do not understand; neither is news here.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)


def read_returned(content: bytes) -> Returned:
    """What a returned mail says; of kind `unknown` where it cannot be understood."""
    digest = hashlib.sha256(content).hexdigest()
    try:
        return _read(message_from_bytes(_bounded(content)), digest)
    except Exception:  # neither the parser nor the detectors say what hostile bytes make them raise
        return Returned(digest=digest, kind=ReturnKind.UNKNOWN)


def classify(status: str, words: str) -> ReturnKind:
    """Hard, soft or policy, by the enhanced code (RFC 3463) and by the words where the code says little."""
    subject = status[2:].partition(".")[0]
    if subject == "7" or status in _OUR_FAULT or subject == "6":
        return ReturnKind.POLICY
    if status.startswith("4"):
        return ReturnKind.SOFT
    if _SAYS_LITTLE.fullmatch(status):
        return _by_words(status, words)
    if status in _DEAD:
        return ReturnKind.SOFT if _FULL.search(words) else ReturnKind.HARD
    if status == "5.4.1" and re.search("recipient address rejected", words, re.IGNORECASE):
        return ReturnKind.HARD  # how Exchange Online says that there is nobody of this name
    return ReturnKind.SOFT


def _by_words(status: str, words: str) -> ReturnKind:
    if _FULL.search(words):
        return ReturnKind.SOFT
    if _NOBODY.search(words):
        return ReturnKind.HARD
    if _UNWANTED.search(words):
        return ReturnKind.POLICY
    return ReturnKind.HARD if status in _DEAD else ReturnKind.SOFT


# --- the mail ----------------------------------------------------------------------------------------------------


def _bounded(content: bytes) -> bytes:
    """Without the From line of a mailbox; cut before it could have very many parts."""
    start = content.find(b"\n") + 1 if content.startswith((b"From ", b">From ")) else 0
    content = content[start : start + LARGEST]
    for number, found in enumerate(re.finditer(rb"^--", content, re.MULTILINE)):
        if number == 2 * _MOST_PARTS:
            return content[: found.start()]
    return content


def _read(message: Message, digest: str) -> Returned:
    parts = list(_parts(message))
    originals = [one for part in parts if (one := _original(part)) is not None]
    failures = _failures(message, parts)
    kind = _gravest(failures) if failures else ReturnKind.UNKNOWN
    subject = _subject(message)
    inner = [text for one in originals for name in ("List-Unsubscribe", "Return-Path") for text in _values(one, name)]
    inner += [text for part in parts for text in _values(_fields(part), "Original-Mail-From")]
    tokens = _VERP.findall(" ".join(text for name in _RECIPIENTS for text in _values(message, name)))
    if not failures and (asked := _SUBJECT_TOKEN.fullmatch(subject)):
        kind, tokens = ReturnKind.UNSUBSCRIBE, [asked[1], *tokens]
    tokens += [found for text in inner for found in _ANY_TOKEN.findall(text)]
    return Returned(
        digest=digest,
        kind=kind,
        failures=tuple(failures),
        tokens=_distinct(tokens),
        message_ids=_distinct(_message_ids(message, parts, originals)),
        subject=_line(subject),
        date=_date(message),
    )


def _parts(message: Message) -> Iterator[Message]:
    """The parts in order, those of a returned message left out."""
    waiting, seen = [message], 0
    while waiting and seen < _MOST_PARTS:
        part = waiting.pop(0)
        seen += 1
        yield part
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting[:0] = [one for one in payload if isinstance(one, Message)]


def _original(part: Message) -> Message | None:
    """The returned message, or the head of it, if this part is one."""
    kind, payload = part.get_content_type(), part.get_payload()
    if kind in ("message/rfc822", "message/global") and isinstance(payload, list) and payload:
        found = payload[0]
        return found if isinstance(found, Message) else None
    if kind in ("text/rfc822-headers", "message/global-headers"):
        return message_from_string(_text(part).lstrip("\r\n") + "\n\n")
    return None


def _failures(message: Message, parts: Sequence[Message]) -> list[Failure]:
    """What is reported of recipients, by the first way of telling it that says something."""
    for part in parts:
        kind = part.get_content_type()
        if kind in ("message/delivery-status", "message/global-delivery-status") and (found := _reported(part)):
            return found
        if kind == "message/feedback-report" and _value(_fields(part), "Feedback-Type"):
            return [_complaint(_fields(part))]
    return _told_in_words(message, parts)


def _reported(part: Message) -> list[Failure]:
    """RFC 3464: the first group of fields is of the message, each other one of a recipient."""
    payload = part.get_payload()
    groups = payload if isinstance(payload, list) else [message_from_string(_text(part))]
    found = [_recipient(one) for one in groups[: _MOST_RECIPIENTS + 1] if isinstance(one, Message)]
    return [one for one in found if one is not None]


def _recipient(group: Message) -> Failure | None:
    action, stated = _value(group, "Action").lower(), _value(group, "Status")
    if not action and not stated:
        return None
    words = _value(group, "Diagnostic-Code")
    found = _STATUS.search(stated)
    status = found[1] if found else ""
    closer = _STATUS.search(words)
    if closer and (not status or (_SAYS_LITTLE.fullmatch(status) and closer[1][0] == status[0])):
        status = closer[1]  # the server's own word, where its client only says that it failed
    failed = action.startswith("failed") or (not action and status[:1] in ("4", "5"))
    mailed, final = (_spellings(_value(group, name)) for name in ("Original-Recipient", "Final-Recipient"))
    return Failure(
        kind=classify(status, words) if failed else ReturnKind.NOTICE,
        addresses=_distinct((*mailed, *final)),
        forwarded=bool(mailed and final) and not {one.lower() for one in mailed} & {one.lower() for one in final},
        status=status,
        words=_line(words or action),
    )


def _spellings(recipient: str) -> tuple[str, ...]:
    """An address with its type in front, as it stands there and read as xtext (RFC 3461)."""
    spelled = recipient.partition(";")[2].strip()
    decoded = re.sub(r"\+([0-9A-F]{2})", lambda code: chr(int(code[1], 16)), spelled)
    return tuple(one.strip("<>") for one in (spelled, decoded) if "@" in one)


def _complaint(report: Message) -> Failure:
    """RFC 5965; the address is often left out of it."""
    what = _value(report, "Feedback-Type").lower()
    kinds = {"not-spam": ReturnKind.NOTICE, "auth-failure": ReturnKind.POLICY, "dmarc": ReturnKind.POLICY}
    named = [_value(report, name) for name in ("Original-Rcpt-To", "Removal-Recipient")]
    addresses = (one.partition(";")[2] or one for one in named)
    return Failure(
        kind=kinds.get(what, ReturnKind.COMPLAINT),
        addresses=_distinct(one.strip().strip("<>") for one in addresses if "@" in one),
        words=_line(
            f"{what} reported by {_value(report, 'User-Agent') or _value(report, 'Source-IP') or 'a receiver'}"
        ),
    )


def _told_in_words(message: Message, parts: Sequence[Message]) -> list[Failure]:
    """The odd ones, and what answers by itself."""
    subject = _subject(message)
    daemon = _from_daemon(message) or bool(_BOUNCE_SUBJECT.search(subject))
    if _VACATION.search(subject) and not _from_daemon(message):
        return [Failure(kind=ReturnKind.NOTICE, words=_line(subject))]
    if daemon or message["X-Failed-Recipients"]:
        text = _COPY.split(
            next((_text(part) for part in parts if part.get_content_type() == "text/plain"), "")[:_TEXT]
        )[0]
        status, words, kind = _status_in(text), _words(text), classify(_status_in(text), text)
        later, never = all_failures(message)
        if later or never:
            kind = kind if never else ReturnKind.NOTICE
            named = _distinct(one.decode("ascii", "replace") for one in sorted(never or later))
            return [Failure(kind=kind, addresses=(one,), status=status, words=words) for one in named]
        if _NOBODY.search(text) or _STATUS.search(text):
            return [Failure(kind=kind, status=status, words=words)]
    if _answers_by_itself(message):
        return [Failure(kind=ReturnKind.NOTICE, words=_line(subject) or "an automatic answer")]
    return []


def _status_in(text: str) -> str:
    """Of several codes the one that says most; a plain reply code counts as `4.0.0` or `5.0.0`."""
    codes = [code for code in _STATUS.findall(text) if not code.startswith("2")]
    telling = next((code for code in codes if not _SAYS_LITTLE.fullmatch(code)), None)
    reply = _REPLY.search(text)
    return telling or next(iter(codes), f"{reply[1]}.0.0" if reply else "")


def _words(text: str) -> str:
    """The line that says why, or the first."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    why = (
        line
        for line in lines
        if _STATUS.search(line) or _REPLY.search(line) or _NOBODY.search(line) or _FULL.search(line)
    )
    return _line(next(why, lines[0] if lines else ""))


def _from_daemon(message: Message) -> bool:
    senders = [address for _, address in getaddresses(_values(message, "From")[:1])]
    return _value(message, "Return-Path") == "<>" or any(_DAEMON.match(address) for address in senders)


def _answers_by_itself(message: Message) -> bool:
    said = _value(message, "Auto-Submitted").lower()
    return (
        (bool(said) and not said.startswith("no"))
        or any(message[name] is not None for name in ("X-Autoreply", "X-Autorespond"))
        or _value(message, "Precedence").lower() in ("auto_reply", "junk")
    )


def _gravest(failures: Iterable[Failure]) -> ReturnKind:
    order = list(ReturnKind)
    return min((one.kind for one in failures), key=order.index)


# --- fields ------------------------------------------------------------------------------------------------------


def _message_ids(message: Message, parts: Sequence[Message], originals: Sequence[Message]) -> Iterator[str]:
    for one in originals:
        yield from _MESSAGE_ID.findall(_value(one, "Message-ID"))
    for name in ("In-Reply-To", "References"):
        yield from _MESSAGE_ID.findall(_value(message, name))
    for part in parts:
        if part.get_content_type() == "text/plain":
            yield from _OWN_ID.findall(_text(part)[: 4 * _TEXT])


def _fields(part: Message) -> Message:
    """The fields of a report, which the parser takes for a message; none of another part."""
    payload = part.get_payload()
    if part.get_content_type() != "message/feedback-report":
        return Message()
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        return payload[0]
    return message_from_string(_text(part).lstrip("\r\n"))


def _values(message: Message, name: str) -> list[str]:
    return [str(value) for value in message.get_all(name, [])[:20]]


def _value(message: Message, name: str) -> str:
    return " ".join(" ".join(_values(message, name)[:1]).split())


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _subject(message: Message) -> str:
    raw = _value(message, "Subject")[: 4 * _WORDS]
    try:
        return str(make_header(decode_header(raw)))
    except (ValueError, LookupError):
        return raw


def _date(message: Message) -> datetime | None:
    try:
        found = parsedate_to_datetime(_value(message, "Date"))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _line(text: str) -> str:
    """One line without control characters, cut."""
    text = text[: 4 * _WORDS].encode("utf-8", "replace").decode()
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= _WORDS else f"{line[: _WORDS - 1]}…"


def _distinct(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in found if len(one) <= 320))[:20]
