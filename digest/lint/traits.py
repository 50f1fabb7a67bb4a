"""What SpamAssassin and rspamd are known to count, beyond what the other rules forbid anyway."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.lint.form import Finding, Mail, aligned, domain_of

_ZERO_WIDTH = re.compile("[A-Za-z][\u00ad\u200b-\u200d\u2060\ufeff]+[A-Za-z]")
_SHOUTED = re.compile(r"[A-Z]{2,}(?:[\s,.!-]+[A-Z]{2,}){3,}")


def subject(mail: Mail) -> Iterator[Finding]:
    said = next((one.decoded for one in mail.all("subject")), "")
    letters = [char for char in said if char.isalpha() and char.isascii()]
    if len(letters) > 9 and all(char.isupper() for char in letters):
        yield Finding("spam-subject", f"Subject: {said[:60]}", "is all in capitals; write it as a sentence")
    if re.search(r"[!?]{2,}|\${2,}|\bfree\b.*!", said, re.I):
        yield Finding("spam-subject", f"Subject: {said[:60]}", "has doubled marks or offers; say it plainly")
    to = mail.value("to").partition("@")[0].strip(' <"')
    if len(to) > 3 and re.search(rf"\b{re.escape(to)}\b", said):
        yield Finding("spam-subject", f"Subject: {said[:60]}", "has the reader's address in it; leave it out")


def sender(mail: Mail) -> Iterator[Finding]:
    for field in mail.all("from"):
        name = field.decoded.rpartition("<")[0]
        if "@" in name and not aligned(domain_of(name.strip(' "')), mail.domain):
            yield Finding("spam-sender", f"From: {field.value}", "the name claims to be another address; use a name")


def words(mail: Mail) -> Iterator[Finding]:
    body = None if mail.tree is None else mail.tree.find("body")
    said = "" if body is None else " ".join(str(body.text_content()).split())
    if found := _ZERO_WIDTH.search(said):
        yield Finding(
            "spam-words",
            said[max(0, found.start() - 20) : found.end() + 20],
            "has invisible characters inside of words, as those have who hide from filters; take them out",
        )
    pictures = sum(one.tag == "img" for one in mail.elements)
    if body is not None and pictures and len(said) < 200 * pictures:
        yield Finding(
            "spam-words", f"{pictures} pictures, {len(said)} characters", "is mostly pictures; say it in words"
        )
    if body is not None and len(said) < 100:
        yield Finding("spam-words", "text/html", "has next to no words")
    if found := _SHOUTED.search(mail.text.partition("\n\n")[0]):
        yield Finding("spam-words", found[0][:60], "shouts; write it in small letters")


def encoding(mail: Mail) -> Iterator[Finding]:
    """Base64 hides words from simple filters, so that it is counted where nothing calls for it."""
    for part in mail.parts:
        content = part.get_payload(decode=True)
        if str(part.get("Content-Transfer-Encoding", "")).lower() == "base64" and isinstance(content, bytes):
            beyond = sum(byte > 127 for byte in content)
            if 20 * beyond < len(content):
                yield Finding(
                    "spam-encoding",
                    part.get_content_type(),
                    "is base64 though nearly all of it is ASCII; use quoted-printable",
                )


CHECKS = (subject, sender, words, encoding)
