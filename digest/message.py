"""Rendered edition to RFC 5322 bytes. MIME and header rules live here.

The standard library's `EmailMessage` is not used for writing: it folds a long List-Unsubscribe into encoded words that
no mailbox reads, and encodes addresses. Every value is cleaned, so nothing can add a header. Same inputs, same bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator
from datetime import UTC
from email.header import Header
from email.utils import format_datetime
from urllib.parse import quote

from digest.errors import PermanentDeliveryError
from digest.model import Edition, Links, Message, Rendered, Site

_FOLD = 78
_NAME = 120
_SENDER_ID = (5, 15)  # characters of Feedback-ID's last field, as Gmail wants it
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?: [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_LOCAL_PART = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*", re.I | re.A
)


# --- identities --------------------------------------------------------------------------------------------------


def token(secret: bytes, subscription_id: str) -> str:
    """22 opaque characters that stand for a subscription in addresses: 128 bits of an HMAC, base64url."""
    mac = hmac.digest(secret, b"token\0" + _utf8(subscription_id), "sha256")
    return base64.urlsafe_b64encode(mac[:16]).decode().rstrip("=")


def message_id(secret: bytes, edition_id: str, address: str, domain: str) -> str:
    """Without angle brackets. The same for every attempt, so that a mailbox can drop a repeated message."""
    mac = hmac.digest(secret, b"\0".join((b"message", _utf8(edition_id), _utf8(address))), "sha256")
    return f"{mac.hex()[:32]}@{domain}"


def unsubscribe_links(site: Site, token: str) -> Links:
    """The ways out that the site offers; where an edition stands on the web is the caller's knowledge."""
    return Links(
        unsubscribe_url=f"{site.unsubscribe_url}{token}" if site.unsubscribe_url else None,
        unsubscribe_mail=f"mailto:{site.unsubscribe_mail}?subject={token}" if site.unsubscribe_mail else None,
    )


# --- the message -------------------------------------------------------------------------------------------------


def build_message(
    rendered: Rendered, edition: Edition, site: Site, links: Links, *, recipient: str, message_id: str, token: str
) -> Message:
    """One recipient's mail. PermanentDeliveryError if the address cannot be written into one."""
    to = _mailbox(recipient)
    boundary = f"=_{hashlib.sha256(_utf8(f'{edition.id} {recipient}')).hexdigest()[:24]}"
    head = "".join(_fold(name, value) for name, value in _headers(rendered, edition, site, links, to, message_id))
    head += f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
    parts = (_part("plain", rendered.text), _part("html", rendered.html))
    body = b"".join(b"--%s\r\n%s" % (boundary.encode(), part) for part in parts)
    return Message(
        message_id=message_id,
        sender=_envelope_sender(site, token),
        recipient=to,
        content=head.encode("ascii") + body + f"--{boundary}--\r\n".encode(),
        name=_file_name(edition, recipient),
        html=rendered.html,
        text=rendered.text,
    )


def _headers(
    rendered: Rendered, edition: Edition, site: Site, links: Links, to: str, message_id: str
) -> Iterator[tuple[str, str]]:
    """In order; what the site does not offer is left out."""
    yield "From", f"{_phrase(site.name, 'From')} <{_mailbox(site.sender)}>"
    yield "To", to
    yield "Subject", _unstructured(rendered.subject, "Subject")
    yield "Date", format_datetime(edition.made_at.astimezone(UTC))
    yield "Message-ID", f"<{message_id}>"
    if site.reply_to:
        yield "Reply-To", f"{_phrase(site.name, 'Reply-To')} <{_mailbox(site.reply_to)}>"
    yield "List-Id", f"{_phrase(edition.title, 'List-Id')} <{_label(edition.subscription.profile)}.{site.list_domain}>"
    yield from _list_headers(site, links)
    yield "Auto-Submitted", "auto-generated"
    yield "X-Auto-Response-Suppress", "OOF, AutoReply"
    yield "Feedback-ID", _feedback_id(edition, site)
    yield "Content-Language", "en"


def _list_headers(site: Site, links: Links) -> Iterator[tuple[str, str]]:
    """RFC 2369 and 8058: one-click is promised only where there is an https address to be posted to."""
    https = links.unsubscribe_url if (links.unsubscribe_url or "").startswith("https://") else None
    ways = [f"<{_uri(way)}>" for way in (links.unsubscribe_url, links.unsubscribe_mail) if way]
    if ways:
        yield "List-Unsubscribe", ", ".join(ways)
    if https:
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
    if site.help_url:
        yield "List-Help", f"<{_uri(site.help_url)}>"
    if links.archive_url:
        yield "List-Archive", f"<{_uri(links.archive_url)}>"


def _feedback_id(edition: Edition, site: Site) -> str:
    """Campaign, kind, program and sender: four fields by which Gmail's operators count complaints."""
    least, most = _SENDER_ID
    sender = re.sub(r"[^a-z0-9]", "", site.sender.rpartition("@")[2].lower())[:most].ljust(least, "x")
    return f"{_label(edition.subscription.profile)}-{edition.date}:{edition.subscription.cadence}:digest:{sender}"


def _envelope_sender(site: Site, token: str) -> str:
    """VERP: a bounce tells by its address whose it is, without being parsed."""
    if not site.bounce:
        return _mailbox(site.sender)
    local, _, domain = _mailbox(site.bounce).partition("@")
    return f"{local}+{token}@{domain}"


def _file_name(edition: Edition, recipient: str) -> str:
    """Date, profile, address. A name that had to be changed gets a hash, so that no two become the same."""
    wanted = f"{edition.date}-{edition.subscription.profile}-{recipient}"
    safe = re.sub(r"[^A-Za-z0-9.@_+-]+", "_", wanted)
    if safe == wanted and len(safe) <= _NAME:
        return safe
    return f"{safe[: _NAME - 13]}-{hashlib.sha256(_utf8(wanted)).hexdigest()[:12]}"


# --- header values -----------------------------------------------------------------------------------------------


def _unstructured(text: str, name: str) -> str:
    """Ascii as it is; else encoded words (RFC 2047). Ascii that looks like an encoded word is encoded too."""
    text = _one_line(text)
    fits = all(len(word) < _FOLD for word in text.split())
    if text.isascii() and "=?" not in text and fits:
        return text
    return Header(text, "utf-8", maxlinelen=75, header_name=name).encode(linesep="\r\n")


def _phrase(text: str, name: str) -> str:
    """A display name: atoms, a quoted string, or encoded words."""
    text = _one_line(text)
    if _ATOMS.fullmatch(text) and "=?" not in text and len(text) < _FOLD // 2:
        return text
    if text.isascii() and "=?" not in text and len(text) < _FOLD // 2:
        return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
    return Header(text, "utf-8", maxlinelen=75, header_name=name).encode(linesep="\r\n")


def _mailbox(address: str) -> str:
    """The bare address with its domain in ascii. A local part beyond ascii needs SMTPUTF8, which few servers have."""
    local, _, domain = address.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode()
    except UnicodeError:
        ascii_domain = ""
    if not _LOCAL_PART.fullmatch(local) or not _DOMAIN.fullmatch(ascii_domain):
        raise PermanentDeliveryError(f"{address!r} cannot be used as an address; correct it in the settings")
    return f"{local}@{ascii_domain}"


def _uri(uri: str) -> str:
    """Nothing that could end the angle brackets or the line."""
    return quote(_UNPRINTABLE.sub("", uri), safe="%/:?#[]@!$&'()*+,;=~")


def _label(text: str) -> str:
    """A name as one label of a domain."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-") or "digest"


def _one_line(text: str) -> str:
    return " ".join(_UNPRINTABLE.sub("", re.sub(r"[\s\x1c-\x1f\x85]+", " ", text)).split())


def _fold(name: str, value: str) -> str:
    """Lines of at most 78 characters where there is white space to break at. Never breaks inside of a word or URI."""
    lines: list[str] = []
    for line in f"{name}: {value}".split("\r\n"):
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


def _part(subtype: str, text: str) -> bytes:
    """Headers and encoded body of a part, ended by the line end that belongs to the boundary (RFC 2046 5.1.1).

    No line of the text keeps blanks at its end.
    """
    lines = re.sub("\r\n?", "\n", text).encode("utf-8", "replace").split(b"\n")
    content = b"\r\n".join(line.rstrip(b" \t") for line in lines).rstrip(b"\r\n")
    encoding, encoded = _encoded(content)
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + encoded


def _encoded(content: bytes) -> tuple[str, bytes]:
    """Quoted-printable while it is the shorter: up to about one byte in six beyond ascii."""
    if 6 * sum(byte > 127 for byte in content) > len(content):
        return "base64", base64.encodebytes(content).replace(b"\n", b"\r\n")
    return "quoted-printable", binascii.b2a_qp(content + b"\r\n")  # takes its line ends from the first that it sees


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
