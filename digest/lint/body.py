"""MIME and wire form, sizes, and whether the text part says the same as the HTML (RFC 5321, 2045, 2046)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from digest.lint.form import Finding, Mail, words

MOST_HTML = 95_000  # Gmail clips near 102 KB and hides the rest
_MOST_STYLE = 16 * 1024  # Gmail drops all of it beyond
_WIRE_LINE, _TEXT_LINE = 76, 998
_ADDRESS = re.compile(r"(?:https?|mailto):\S+")


def wire(mail: Mail) -> Iterator[Finding]:
    content = mail.content
    if re.search(rb"(?<!\r)\n|\r(?!\n)", content):
        yield Finding("line-ends", "the message", "has bare CR or LF; every line must end in CRLF")
    if b"\0" in content or not content.isascii():
        yield Finding(
            "wire-ascii", "the message", "has NUL or bytes beyond ASCII; encode the parts as quoted-printable or base64"
        )
    if not content.endswith(b"\r\n") or content.endswith(b"\r\n\r\n"):
        yield Finding("line-ends", "the end", "must be one CRLF, or signatures can break on the way")
    body = content.partition(b"\r\n\r\n")[2]
    long = [line for line in body.split(b"\r\n") if len(line) > _WIRE_LINE]
    if long:
        yield Finding(
            "line-length",
            long[0][:60].decode("ascii", "replace"),
            f"a line of a body has {max(map(len, long))} octets; {_WIRE_LINE} is the most",
        )
    if re.search(rb"[ \t](\r\n|$)", body):
        yield Finding(
            "trailing-blanks", "a body", "has blanks at the end of a line, which relays take away; encode them"
        )


def structure(mail: Mail) -> Iterator[Finding]:
    kinds = [part.get_content_type() for part in mail.parts]
    if mail.message.get_content_type() != "multipart/alternative" or kinds != ["text/plain", "text/html"]:
        yield Finding(
            "mime",
            f"{mail.message.get_content_type()}: {', '.join(kinds)}",
            "must be multipart/alternative of text/plain, then text/html",
        )
    for part in mail.parts:
        where = part.get_content_type()
        if (part.get_content_charset() or "").lower() != "utf-8":
            yield Finding("mime", where, "must say charset=utf-8")
        if str(part.get("Content-Transfer-Encoding", "")).lower() not in ("quoted-printable", "base64"):
            yield Finding("mime", where, "must be quoted-printable or base64, which every relay leaves alone")
        if part.get_filename() or part.get_content_disposition() == "attachment":
            yield Finding("mime", where, "is an attachment; a digest needs none")
    for defect in mail.message.defects:
        yield Finding("mime", "the message", f"cannot be taken apart: {type(defect).__name__}")


def sizes(mail: Mail) -> Iterator[Finding]:
    size = len(mail.html.encode())
    if size > MOST_HTML:
        yield Finding(
            "html-size",
            f"{size:,} bytes of HTML",
            f"Gmail cuts it off, and the way out with it; keep below {MOST_HTML:,}",
        )
    style = sum(len(str(one.text_content())) for one in mail.elements if one.tag == "style")
    if style >= _MOST_STYLE:
        yield Finding("style-size", f"{style:,} bytes of style", f"Gmail drops all of it; keep below {_MOST_STYLE:,}")


def papers(mail: Mail) -> list[tuple[HtmlElement, str, str]]:
    """Heading, title and address of each paper of the HTML, in order."""
    found = []
    for heading in (one for one in mail.elements if one.tag == "h2"):
        link = heading.find(".//a[@href]")
        if link is not None:
            found.append((heading, str(heading.text_content()), str(link.get("href"))))
    return found


def same_papers(mail: Mail) -> Iterator[Finding]:
    """The text part has the papers of the HTML in the same order, and no address that the HTML does not have."""
    lines = [line.strip() for line in mail.text.splitlines()]
    addresses = [line for line in lines if re.fullmatch(r"(?:https?|mailto):\S+", line)]
    squeezed, at = "".join(mail.text.split()), 0
    for heading, title, address in papers(mail):
        if "".join(title.split()) not in squeezed:
            yield Finding(
                "text-papers", words(heading), "is not named in the text part; write both from the same papers"
            )
        elif address in addresses[at:]:
            at = addresses.index(address, at) + 1
        elif address in addresses:
            yield Finding(
                "text-papers", words(heading), "stands elsewhere in the text part; keep the order of the HTML"
            )
        else:
            yield Finding("text-papers", f"{words(heading)} {address}", "has no line with its address in the text part")
    known = {one.get("href") for one in mail.elements if one.tag == "a"}
    for address in dict.fromkeys(addresses):
        if address not in known:
            yield Finding("text-links", address, "is in the text part only; the HTML must have it too")


def text_part(mail: Mail) -> Iterator[Finding]:
    if len(mail.text.split()) < 10:
        yield Finding(
            "text-part", "text/plain", "is a stub; some read nothing else, and filters compare it with the HTML"
        )
    long = [line for line in mail.text.splitlines() if len(line) > 78 and not _ADDRESS.fullmatch(line.strip())]
    if any(" " in line.strip() for line in long):
        yield Finding(
            "text-part",
            next(line for line in long if " " in line.strip())[:60],
            "has lines of over 78 characters; wrap them",
        )
    if mail.ways_out and not any(way in mail.text for way in mail.ways_out):
        yield Finding("text-part", "text/plain", "has no way to unsubscribe; put the address in")
    if re.search(r"</?(p|div|td|br|a|span)\b[^>]*>", mail.text, re.I):
        yield Finding("text-part", "text/plain", "has HTML tags in it; write it from a template of its own")


CHECKS = (wire, structure, sizes, same_papers, text_part)
