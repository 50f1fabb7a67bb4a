"""A mail taken apart: fields as they stand on the wire, bodies decoded, the HTML as a tree."""

from __future__ import annotations

import email.policy
import re
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from functools import cached_property

import lxml.html
from lxml.etree import ParserError
from lxml.html import HtmlElement

_BARE = (ParserError, ValueError)


@dataclass(frozen=True, slots=True)
class Finding:
    """`rule` is its name for programs; `where` a place that can be found; `advice` what is wrong and what to do."""

    rule: str
    where: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A header field: its name in lower case, its value as it stands there, and unfolded."""

    name: str
    raw: str
    value: str

    @property
    def decoded(self) -> str:
        try:
            return str(make_header(decode_header(self.value)))
        except (ValueError, LookupError):
            return self.value


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What the checks look at; a part that is not there is an empty text."""

    content: bytes
    envelope: str | None
    message: EmailMessage
    fields: tuple[Field, ...]

    def all(self, name: str) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if field.name == name)

    def value(self, name: str) -> str:
        """Of the first field of this name, unfolded; empty if there is none."""
        return next((field.value for field in self.fields if field.name == name), "")

    @cached_property
    def parts(self) -> tuple[EmailMessage, ...]:
        """The parts that hold something, in order."""
        return tuple(one for one in self.message.walk() if isinstance(one, EmailMessage) and not one.is_multipart())

    @cached_property
    def text(self) -> str:
        return self._body("text/plain")

    @cached_property
    def html(self) -> str:
        return self._body("text/html")

    @cached_property
    def tree(self) -> HtmlElement | None:
        """The HTML's root; None if there is none."""
        try:
            return lxml.html.document_fromstring(self.html.encode(), parser=lxml.html.HTMLParser(encoding="utf-8"))
        except _BARE:
            return None

    @cached_property
    def elements(self) -> tuple[HtmlElement, ...]:
        """All elements in order, comments left out."""
        return () if self.tree is None else tuple(one for one in self.tree.iter() if isinstance(one.tag, str))

    @cached_property
    def domain(self) -> str:
        """The From's domain."""
        return domain_of(self.value("from"))

    @cached_property
    def ways_out(self) -> tuple[str, ...]:
        """The addresses of List-Unsubscribe."""
        return tuple(re.findall(r"<([^<>]*)>", self.value("list-unsubscribe")))

    def _body(self, kind: str) -> str:
        for part in self.parts:
            if part.get_content_type() == kind:
                content = part.get_payload(decode=True)
                return content.decode("utf-8", "replace").replace("\r\n", "\n") if isinstance(content, bytes) else ""
        return ""


def opened(content: bytes, envelope: str | None) -> Mail:
    message = message_from_bytes(content, policy=email.policy.default)
    head = content.partition(b"\r\n\r\n")[0].decode("ascii", "backslashreplace")
    fields = []
    for line in re.split(r"\r?\n(?![ \t])", head):
        name, _, raw = line.partition(":")
        fields.append(Field(name=name.strip().lower(), raw=raw, value=re.sub(r"\r?\n", "", raw).strip()))
    return Mail(content=content, envelope=envelope, message=message, fields=tuple(fields))


def domain_of(mailbox: str) -> str:
    """Of "Name <local@domain>" or a bare address, in lower case; empty if there is none."""
    found = re.search(r"@([A-Za-z0-9.-]+)>?\s*$", mailbox)
    return found[1].lower().strip(".") if found else ""


def aligned(one: str, other: str) -> bool:
    """Whether two domains are of one organisation, as far as that can be told without asking anybody."""
    return bool(one and other) and organisation(one) == organisation(other)


def organisation(host: str) -> str:
    """The last two labels; three below such as co.uk."""
    labels = host.lower().strip(".").split(".")
    short = (
        len(labels) > 2
        and len(labels[-1]) == 2
        and labels[-2] in {"ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org"}
    )
    return ".".join(labels[-3:] if short else labels[-2:])


def words(element: HtmlElement, most: int = 60) -> str:
    """An element's tag with the beginning of its words: where to look."""
    text = " ".join(str(element.text_content()).split())
    return f"<{element.tag}> {text[:most]}".strip()
