"""Draft to letter, letter to RFC 5322 bytes. MIME and header rules live here.

The standard library's `EmailMessage` is not used for writing: it folds a long List-Unsubscribe into encoded words that
no mailbox reads, encodes addresses, and takes milliseconds. Every value is cleaned, so nothing can add a header. What
is shared is encoded once, in pieces that end their own line and so can be joined. Same inputs, same bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache, partial
from urllib.parse import quote

from digest.errors import PermanentDeliveryError
from digest.model import Draft, Edition, Encoding, Form, Kept, Letter, Line, Links, Message, Passage, Piece, Site, Span

_FOLD = 78
_NAME = 120
_KEPT_PIECES, _KEPT_WORDS = 16_384, 32_768  # encoded: of forms, and of what stands in their gaps
_SENDER_ID = (5, 15)  # characters of Feedback-ID's last field, as Gmail wants it
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?: [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_IN_URI = re.compile(r"[\w.~%/:?#\[\]@!$&'()*+,;=-]*", re.ASCII).fullmatch
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
        preferences_url=f"{site.preferences_url}{token}" if site.preferences_url else None,
    )


# --- the letter --------------------------------------------------------------------------------------------------

_ID, _TO, _WAYS, _OWN = range(4)  # numbers of the reader's own: Message-ID, two headers, and the body's from _OWN on


def write_letter(draft: Draft, edition: Edition, site: Site, links: Links) -> Letter:
    """The mail of all who have this draft. Of `links` only those are used that are the same for all of them."""
    boundary = _boundary(edition)
    one_click = (links.unsubscribe_url or "").startswith("https://")
    first, second, third, fourth, fifth = _constant(site, _List.of(edition), boundary, one_click)
    archive = _fold("List-Archive", f"<{_uri(links.archive_url)}>") if links.archive_url else ""
    subject = _subject(draft.subject)
    head = (first, _TO, subject, second, _ID, third, _WAYS, fourth, archive.encode("ascii"), fifth)
    text, html = _body(draft.text), _body(draft.html)
    return Letter(
        name=f"{edition.date}-{edition.subscription.profile}",
        spans=(
            _plain(*head, _part_head("plain", text.encoding, boundary)),
            text,
            _plain(_part_head("html", html.encoding, boundary)),
            html,
            _plain(f"--{boundary}--\r\n".encode()),
        ),
    )


def own_words(recipient: str, links: Links, words: Sequence[str]) -> tuple[str, ...]:
    """All that is a reader's own in a letter but its Message-ID; `words` are those of the draft.

    PermanentDeliveryError if the address cannot be written into a mail.
    """
    ways = ", ".join(f"<{_uri(way)}>" for way in (links.unsubscribe_url, links.unsubscribe_mail) if way)
    return _fold("To", _mailbox(recipient)), _fold("List-Unsubscribe", ways) if ways else "", *words


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
    found: list[bytes] = []
    add = found.append
    for span in letter.spans:
        encode, begin = _WIRE[span.encoding], len(found)
        for piece, fills in span.lines:
            literals = iter(piece.literals if piece else (b"",) * (len(fills) + 1))
            add(next(literals))
            for fill in fills:
                add(fill if isinstance(fill, bytes) else encode(words[fill]))
                add(next(literals))
        if span.encoding is Encoding.BASE64:
            whole = b"".join(found[begin:]).removesuffix(b"\r\n")
            found[begin:] = [base64.encodebytes(whole).replace(b"\n", b"\r\n")]
    return b"".join(found)


def _plain(*parts: bytes | int) -> Span:
    return Span(Encoding.PLAIN, ((None, parts),))


def _boundary(edition: Edition) -> str:
    """No encoded text can hold it, as it has `=_` in it."""
    seed = f"{edition.subscription.profile} {edition.date} {edition.made_at.astimezone(UTC).isoformat()}"
    return f"=_{hashlib.sha256(_utf8(seed)).hexdigest()[:24]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _List:
    """What the headers say of an edition."""

    title: str
    profile: str
    cadence: str
    language: str
    date: date
    made_at: datetime

    @classmethod
    def of(cls, edition: Edition) -> _List:
        return cls(
            title=edition.title,
            profile=edition.subscription.profile,
            cadence=edition.subscription.cadence,
            language=edition.subscription.language,
            date=edition.date,
            made_at=edition.made_at,
        )


@lru_cache(256)
def _constant(site: Site, of: _List, boundary: str, one_click: bool) -> tuple[bytes, ...]:
    """The headers around To, Subject, Message-ID, List-Unsubscribe and List-Archive; of what is offered."""
    reply_to = [("Reply-To", f"{_phrase(site.name, 'Reply-To')} <{_mailbox(site.reply_to)}>")] if site.reply_to else []
    blocks: tuple[list[tuple[str, str]], ...] = (
        [("From", f"{_phrase(site.name, 'From')} <{_mailbox(site.sender)}>")],
        [("Date", format_datetime(of.made_at.astimezone(UTC)))],
        [*reply_to, ("List-Id", f"{_phrase(of.title, 'List-Id')} <{_label(of.profile)}.{site.list_domain}>")],
        [
            # RFC 8058: promised only where there is an https address to be posted to
            *([("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")] if one_click else []),
            *([("List-Help", f"<{_uri(site.help_url)}>")] if site.help_url else []),
        ],
        [
            ("Auto-Submitted", "auto-generated"),
            ("X-Auto-Response-Suppress", "OOF, AutoReply"),
            ("Feedback-ID", _feedback_id(of, site)),
            ("Content-Language", of.language),
            ("MIME-Version", "1.0"),
        ],
    )
    first, second, third, fourth, fifth = ("".join(_fold(*one) for one in block) for block in blocks)
    fifth += f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
    whole = (first, f"{second}Message-ID: <", f">\r\n{third}", fourth, fifth)
    return tuple(block.encode("ascii") for block in whole)


@lru_cache(1_024)
def _subject(subject: str) -> bytes:
    return _fold("Subject", _unstructured(subject, "Subject")).encode("ascii")


def _feedback_id(of: _List, site: Site) -> str:
    """Campaign, kind, program and sender: four fields by which Gmail's operators count complaints."""
    least, most = _SENDER_ID
    sender = re.sub(r"[^a-z0-9]", "", site.sender.rpartition("@")[2].lower())[:most].ljust(least, "x")
    return f"{_label(of.profile)}-{of.date}:{of.cadence}:digest:{sender}"


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
    ascii_domain = _ascii_domain(domain)
    if not _LOCAL_PART.fullmatch(local) or not ascii_domain:
        raise PermanentDeliveryError(f"{address!r} cannot be used as an address; correct it in the settings")
    return f"{local}@{ascii_domain}"


@lru_cache(1_024)
def _ascii_domain(domain: str) -> str:
    """Empty if there is none."""
    try:
        found = domain.encode("idna").decode()
    except UnicodeError:
        return ""
    return found if _DOMAIN.fullmatch(found) else ""


def _uri(uri: str) -> str:
    """Nothing that could end the angle brackets or the line."""
    return uri if _IN_URI(uri) else quote(_UNPRINTABLE.sub("", uri), safe="%/:?#[]@!$&'()*+,;=~")


def _label(text: str) -> str:
    """A name as one label of a domain."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-") or "digest"


def _one_line(text: str) -> str:
    return " ".join(_UNPRINTABLE.sub("", re.sub(r"[\s\x1c-\x1f\x85]+", " ", text)).split())


def _fold(name: str, value: str) -> str:
    """Lines of at most 78 characters where there is white space to break at. Never breaks inside of a word or URI."""
    whole, lines = f"{name}: {value}", list[str]()
    if len(whole) <= _FOLD and whole.isprintable() and value.strip() == value != "":
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

_NEW_LINE: Passage = (Form.of("\n"), ())


def _part_head(subtype: str, encoding: Encoding, boundary: str) -> bytes:
    return (
        f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode()


def _body(passages: Sequence[Passage]) -> Span:
    """Ended by the line end that belongs to the boundary (RFC 2046 5.1.1).

    Quoted-printable while that is the shorter: up to about one byte in six beyond ascii.
    """
    if not passages or not passages[-1][0].literals[-1].endswith("\n"):
        passages = (*passages, _NEW_LINE)
    encoding = Encoding.BASE64 if _mostly_beyond_ascii(passages) else Encoding.QUOTED
    told, pieces = _WORDS[encoding], _PIECES[encoding]
    lines: list[Line] = []
    for form, words in passages:
        fills: list[bytes | int] = []
        for word in words:
            fills.append(_OWN + word if isinstance(word, int) else told[word])
        lines.append((pieces[form], tuple(fills)))
    return Span(encoding, tuple(lines))


def _mostly_beyond_ascii(passages: Sequence[Passage]) -> bool:
    """More than one byte in six. Words are counted only where the forms, which are most of it, leave room for doubt."""
    length, beyond = sum([form.size for form, _ in passages]), sum([form.beyond for form, _ in passages])
    if 18 * beyond > length:
        words = [one.encode("utf-8", "replace") for _, those in passages for one in those if isinstance(one, str)]
        length += sum(map(len, words))
        beyond += sum(len(one) - len(one.decode("ascii", "ignore")) for one in words if not one.isascii())
    return 6 * beyond > length


def piece_digest(literals: Sequence[bytes]) -> bytes:
    """Of each literal and its length, so that no two ways to cut are one."""
    return hashlib.sha256(b"".join(b"%d:%s" % (len(one), one) for one in literals)).digest()


def _lines(text: str) -> bytes:
    """With the line ends of mail, and no blanks before them."""
    if "\r" in text or " \n" in text or "\t\n" in text:
        text = re.sub("[ \t]*(?:\r\n?|\n)", "\n", text)
    return text.replace("\n", "\r\n").encode("utf-8", "replace")


def _quoted(text: str) -> bytes:
    """Ends at a line, with a soft break if the text goes on, so that what is encoded apart can be joined."""
    raw = _lines(text)
    if raw.endswith(b"\r\n"):
        return binascii.b2a_qp(raw)  # takes its line ends from the first that it sees
    return binascii.b2a_qp(raw + b"\r\n")[:-2] + b"=\r\n" if raw else b""


_WIRE: Mapping[Encoding, Callable[[str], bytes]] = {
    Encoding.PLAIN: str.encode,
    Encoding.QUOTED: _quoted,
    Encoding.BASE64: _lines,
}


def _piece(encode: Callable[[str], bytes], form: Form) -> Piece:
    literals = tuple(map(encode, form.literals))
    return Piece(piece_digest(literals), literals)


_WORDS = {encoding: Kept(encode, _KEPT_WORDS) for encoding, encode in _WIRE.items()}
_PIECES = {encoding: Kept(partial(_piece, encode), _KEPT_PIECES) for encoding, encode in _WIRE.items()}


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
