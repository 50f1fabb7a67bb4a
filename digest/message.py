"""Draft to letter, letter to RFC 5322 bytes. MIME and header rules live here.

The standard library's `EmailMessage` is not used for writing: it folds a long List-Unsubscribe into encoded words that
no mailbox reads, encodes addresses, and takes milliseconds. Every value is cleaned, so nothing can add a header. What
is shared is encoded once, in pieces that end their own line and so can be joined. Same inputs, same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple
from urllib.parse import quote

from digest.errors import PermanentDeliveryError
from digest.model import (
    MESSAGE_ID,
    TO,
    WAYS_OUT,
    Body,
    Draft,
    Edition,
    Encoding,
    Joined,
    Kept,
    Letter,
    Links,
    Message,
    Piece,
    Site,
    Span,
)
from digest.text import clean
from digest.wire import lines, mostly_beyond_ascii, quoted, unquoted

_FOLD = 78
_NAME = 120
_KEPT_HEADS = 1_024
_KEPT_RAW = 16_384  # fragments as they are in base64
_SENDER_ID = (5, 15)  # characters of Feedback-ID's last field, as Gmail wants it
_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?: [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_IN_URI = re.compile(r"[\w.~%/:?#\[\]@!$&'()*+,;=-]*", re.ASCII).fullmatch
_LOCAL_PART = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII).fullmatch
_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*", re.I | re.A
)


# --- identities --------------------------------------------------------------------------------------------------


def token(secret: bytes, subscription_id: str) -> str:
    """22 opaque characters that stand for a subscription in addresses: 128 bits of an HMAC, base64url."""
    mac = hmac.digest(secret, b"token\0" + _utf8(subscription_id), "sha256")
    return base64.urlsafe_b64encode(mac[:16]).decode().rstrip("=")


def fingerprint(secret: bytes) -> str:
    """Tells a secret from another, and nothing of it."""
    return hmac.digest(secret, b"fingerprint\0", "sha256").hex()[:32]


def message_id(secret: bytes, edition_id: str, address: str, domain: str) -> str:
    """Without angle brackets. The same for every attempt, so that a mailbox can drop a repeated message."""
    mac = hmac.digest(secret, _utf8(f"message\0{edition_id}\0{address}"), "sha256")
    return f"{mac.hex()[:32]}@{domain}"


def unsubscribe_links(site: Site, token: str) -> Links:
    """The ways out that the site offers; where an edition stands on the web is the caller's knowledge."""
    return Links(
        unsubscribe_url=f"{site.unsubscribe_url}{token}" if site.unsubscribe_url else None,
        unsubscribe_mail=f"mailto:{site.unsubscribe_mail}?subject={token}" if site.unsubscribe_mail else None,
        preferences_url=f"{site.preferences_url}{token}" if site.preferences_url else None,
    )


# --- the letter --------------------------------------------------------------------------------------------------


def write_letter(draft: Draft, edition: Edition, site: Site, links: Links) -> Letter:
    """The mail of all who have this draft. Of `links` only those are used that are the same for all of them."""
    one_click = (links.unsubscribe_url or "").startswith("https://")
    head = _head(site, edition, one_click)
    first, second, third, fourth, fifth = head.blocks
    archive = f"List-Archive: <{_uri(links.archive_url)}>\r\n".encode("ascii") if links.archive_url else b""
    headers = first, TO, _subject[draft.subject], second, MESSAGE_ID, third, WAYS_OUT, fourth, archive, fifth
    text, html = _body(draft.text), _body(draft.html)
    return Letter(
        head.name,
        (
            Span(Encoding.PLAIN, (*headers, head.of_text[text.encoding]), (1, 4, 6)),
            text,
            head.between[html.encoding],
            html,
            head.end,
        ),
    )


def own_words(recipient: str, links: Links, words: Sequence[str]) -> tuple[str, ...]:
    """All that is a reader's own in a letter but its Message-ID; `words` are those of the draft.

    PermanentDeliveryError if the address cannot be written into a mail.
    """
    ways = ",\r\n ".join([f"<{_uri(way)}>" for way in (links.unsubscribe_url, links.unsubscribe_mail) if way])
    return f"To: {_mailbox(recipient)}\r\n", f"List-Unsubscribe: {ways}\r\n" if ways else "", *words


def build_message(
    letter: Letter, own: Sequence[str], site: Site, *, recipient: str, message_id: str, token: str
) -> Message:
    """One reader's mail. PermanentDeliveryError if the address cannot be written into one."""
    return Message(
        message_id=message_id,
        sender=_envelope_sender(site, token),
        recipient=_mailbox(recipient),
        content=assembled(letter, message_id, own),
        name=_file_name(letter.name, recipient),
    )


def assembled(letter: Letter, message_id: str, own: Sequence[str]) -> bytes:
    """The finished bytes, from nothing but what is given: the same today and in any other year."""
    words = (message_id, *own)
    found = list[Any]()
    for encoding, parts, own_parts in letter.spans:
        begin = len(found)
        found += parts
        if own_parts:
            encode = _WIRE[encoding]
            for at in own_parts:
                found[begin + at] = encode(words[parts[at]])  # type: ignore[index]  # a number stands there
        if encoding is Encoding.BASE64:
            whole = b"".join(found[begin:]).removesuffix(b"\r\n")
            found[begin:] = [base64.encodebytes(whole).replace(b"\n", b"\r\n")]
    return b"".join(found)


class _Head(NamedTuple):
    """What the letters of one profile and day have in common; holds its site, so that none else has its identity."""

    site: Site
    name: str
    blocks: tuple[bytes, ...]  # the headers around To, Subject, Message-ID, List-Unsubscribe and List-Archive
    of_text: Mapping[Encoding, bytes]  # the headers of the text
    between: Mapping[Encoding, Span]  # those of the html
    end: Span


_heads: dict[tuple[object, ...], _Head] = {}
_told_in_head = attrgetter(
    "title", "date", "made_at", "subscription.profile", "subscription.cadence", "subscription.language"
)


def _head(site: Site, edition: Edition, one_click: bool) -> _Head:
    key = id(site), one_click, _told_in_head(edition)
    found = _heads.get(key)
    if found is None:
        if len(_heads) >= _KEPT_HEADS:
            _heads.clear()
        boundary = _boundary(edition)
        found = _heads[key] = _Head(
            site,
            f"{edition.date}-{edition.subscription.profile}",
            _constant(site, edition, boundary, one_click),
            {encoding: _part_head("plain", encoding, boundary) for encoding in Encoding},
            {encoding: Span(Encoding.PLAIN, (_part_head("html", encoding, boundary),)) for encoding in Encoding},
            Span(Encoding.PLAIN, (f"--{boundary}--\r\n".encode(),)),
        )
    return found


def _boundary(edition: Edition) -> str:
    """No encoded text can hold it, as it has `=_` in it."""
    seed = f"{edition.subscription.profile} {edition.date} {edition.made_at.astimezone(UTC).isoformat()}"
    return f"=_{hashlib.sha256(_utf8(seed)).hexdigest()[:24]}"


def _constant(site: Site, edition: Edition, boundary: str, one_click: bool) -> tuple[bytes, ...]:
    """The headers that are the same for a profile and day, those of what is offered."""
    profile = edition.subscription.profile
    reply_to = [("Reply-To", f"{_phrase(site.name, 'Reply-To')} <{_mailbox(site.reply_to)}>")] if site.reply_to else []
    blocks: tuple[list[tuple[str, str]], ...] = (
        [("From", f"{_phrase(site.name, 'From')} <{_mailbox(site.sender)}>")],
        [("Date", format_datetime(edition.made_at.astimezone(UTC)))],
        [*reply_to, ("List-Id", f"{_phrase(edition.title, 'List-Id')} <{_label(profile)}.{site.list_domain}>")],
        [
            # RFC 8058: promised only where there is an https address to be posted to
            *([("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")] if one_click else []),
            *([("List-Help", f"<{_uri(site.help_url)}>")] if site.help_url else []),
        ],
        [
            ("Auto-Submitted", "auto-generated"),
            ("X-Auto-Response-Suppress", "OOF, AutoReply"),
            ("Feedback-ID", _feedback_id(edition, site)),
            ("Content-Language", edition.subscription.language),
            ("MIME-Version", "1.0"),
        ],
    )
    first, second, third, fourth, fifth = ("".join(_fold(*one) for one in block) for block in blocks)
    fifth += f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
    whole = (first, f"{second}Message-ID: <", f">\r\n{third}", fourth, fifth)
    return tuple(block.encode("ascii") for block in whole)


def _told_subject(subject: str) -> bytes:
    return _fold("Subject", _unstructured(subject, "Subject")).encode("ascii")


_subject = Kept(_told_subject, 4_096)


def _feedback_id(edition: Edition, site: Site) -> str:
    """Campaign, kind, program and sender: four fields by which Gmail's operators count complaints."""
    least, most = _SENDER_ID
    sender = re.sub(r"[^a-z0-9]", "", site.sender.rpartition("@")[2].lower())[:most].ljust(least, "x")
    subscription = edition.subscription
    return f"{_label(subscription.profile)}-{edition.date}:{subscription.cadence}:digest:{sender}"


def _envelope_sender(site: Site, token: str) -> str:
    """VERP: a bounce tells by its address whose it is, without being parsed."""
    if not site.bounce:
        return _mailbox(site.sender)
    local, _, domain = _mailbox(site.bounce).partition("@")
    return f"{local}+{token}@{domain}"


def _file_name(name: str, recipient: str) -> str:
    """Date, profile, address. A name that had to be changed gets a hash, so that no two become the same."""
    wanted = f"{name}-{recipient}"
    safe = re.sub(r"[^A-Za-z0-9.@_+-]+", "_", wanted)
    if safe == wanted and len(safe) <= _NAME:
        return safe
    return f"{safe[: _NAME - 13]}-{hashlib.sha256(_utf8(wanted)).hexdigest()[:12]}"


# --- header values -----------------------------------------------------------------------------------------------


def _unstructured(text: str, name: str) -> str:
    """Ascii as it is; else encoded words (RFC 2047). Ascii that looks like an encoded word is encoded too."""
    text = clean(text)
    fits = all(len(word) < _FOLD for word in text.split())
    if text.isascii() and "=?" not in text and fits:
        return text
    return Header(text, "utf-8", maxlinelen=75, header_name=name).encode(linesep="\r\n")


def _phrase(text: str, name: str) -> str:
    """A display name: atoms, a quoted string, or encoded words."""
    text = clean(text)
    if _ATOMS.fullmatch(text) and "=?" not in text and len(text) < _FOLD // 2:
        return text
    if text.isascii() and "=?" not in text and len(text) < _FOLD // 2:
        return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
    return Header(text, "utf-8", maxlinelen=75, header_name=name).encode(linesep="\r\n")


def _mailbox(address: str) -> str:
    """The bare address. The settings and the commands have made its domain ASCII."""
    local, _, domain = address.rpartition("@")
    if not _LOCAL_PART(local) or not _is_domain(domain):
        raise PermanentDeliveryError(f"{address!r} cannot be used as an address; correct it in the settings")
    return address


@lru_cache(1_024)
def _is_domain(domain: str) -> bool:
    return _DOMAIN.fullmatch(domain) is not None


def _uri(uri: str) -> str:
    """Nothing that could end the angle brackets or the line."""
    return uri if _IN_URI(uri) else quote(clean(uri), safe="%/:?#[]@!$&'()*+,;=~")


def _label(text: str) -> str:
    """A name as one label of a domain."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-") or "digest"


def _fold(name: str, value: str) -> str:
    """Lines of at most 78 characters where there is white space to break at. Never breaks inside of a word or URI."""
    whole, lines = f"{name}: {value}", list[str]()
    breakable = len(whole) > _FOLD and " " in value
    if not breakable and whole.isprintable() and value.strip() == value != "":
        return f"{whole}\r\n"
    for line in whole.split("\r\n"):
        words = line.strip().split(" ")
        current = words[0]
        for word in words[1:]:
            # a first line with nothing but the name would be taken for an empty header by some
            if len(current) + 1 + len(word) + bool(lines) > _FOLD and current != f"{name}:":
                lines.append(current)
                current = word
            else:
                current += f" {word}"
        lines.append(current)
    return "\r\n ".join(lines) + "\r\n"


# --- bodies ------------------------------------------------------------------------------------------------------


def _part_head(subtype: str, encoding: Encoding, boundary: str) -> bytes:
    return (
        f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode()


def _body(body: Body) -> Span:
    """Ended by the line end that belongs to the boundary (RFC 2046 5.1.1).

    Quoted-printable while that is the shorter: up to about one byte in six beyond ascii.
    """
    parts = body.parts
    last = parts[-1] if parts else b""
    if not isinstance(last, bytes) or not last.endswith(b"\r\n") or last.endswith(b"=\r\n"):
        parts = [*parts, b"\r\n"]
    if body.doubtful and mostly_beyond_ascii([part for part in parts if isinstance(part, bytes)]):
        raw = [_raw(part) if isinstance(part, bytes) else part for part in parts]
        return Span(Encoding.BASE64, raw, body.own)
    return Span(Encoding.QUOTED, parts, body.own)


def _raw(fragment: bytes) -> bytes:
    if isinstance(fragment, Joined):
        return Joined.of([_RAW[one] for one in fragment.parts], fragment.piece and _RAW_PIECES[fragment.piece])
    return _RAW[fragment]


_RAW = Kept(unquoted, _KEPT_RAW)
_RAW_PIECES: Kept[Piece, Piece] = Kept(lambda piece: Piece.of([_RAW[one] for one in piece.literals]), _KEPT_RAW)
# How the reader's own is written.
_WIRE: Mapping[Encoding, Callable[[str], bytes]] = {
    Encoding.PLAIN: str.encode,
    Encoding.QUOTED: quoted,
    Encoding.BASE64: lines,
}


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
