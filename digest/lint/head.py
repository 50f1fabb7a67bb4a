"""The header fields: which must be there, which must not, and their exact form (RFC 5322, 2369, 2919, 3834, 8058)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import getaddresses
from urllib.parse import urlsplit

from digest.lint.form import Finding, Mail, aligned, domain_of

_WANTED = (
    "from", "to", "subject", "date", "message-id", "list-id", "list-unsubscribe", "list-unsubscribe-post",
    "auto-submitted", "feedback-id", "content-language", "mime-version", "content-type",
)  # fmt: skip
_ONCE = (*_WANTED, "reply-to", "sender", "list-help", "list-archive", "in-reply-to", "references")
_UNWANTED = {
    "bcc": "shows whom else it went to",
    "return-path": "is the receiving server's to write",
    "received": "is the servers' to write",
    "x-mailer": "tells filters of bulk mailers, and readers nothing",
    "importance": "is a claim that filters hold against bulk mail",
    "x-priority": "is a claim that filters hold against bulk mail",
    "arc-seal": "is for those who forward mail",
    "content-disposition": "turns the whole mail into a file",
}
_FREEMAIL = {"gmail.com", "googlemail.com", "yahoo.com", "outlook.com", "hotmail.com", "live.com", "aol.com",
             "icloud.com", "gmx.de", "gmx.net", "web.de", "mail.ru", "qq.com", "163.com"}  # fmt: skip
_LINE, _HARD_LINE = 78, 998
_SUBJECT = 78
_TOKEN = 16  # characters of base64url are 96 bits
_DAYS, _MONTHS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun", "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_DATE = re.compile(rf"({_DAYS}), \d{{1,2}} ({_MONTHS}) \d{{4}} \d\d:\d\d(:\d\d)? [+-]\d{{4}}")


def there(mail: Mail) -> Iterator[Finding]:
    """Present, once, and nothing that does not belong."""
    for name in _WANTED:
        if not mail.all(name):
            yield Finding("header-missing", _title(name), f"there is no {_title(name)}; {_ADVICE.get(name, 'add it')}")
    for name in _ONCE:
        if len(mail.all(name)) > 1:
            yield Finding(
                "header-twice", _title(name), "stands there more than once; mailboxes pick any, filters refuse"
            )
    for name, why in _UNWANTED.items():
        if mail.all(name):
            yield Finding("header-unwanted", _title(name), f"{why}; take it out")


_ADVICE = {
    "list-unsubscribe": "set site.unsubscribe_url and site.unsubscribe_mail",
    "list-unsubscribe-post": "set site.unsubscribe_url to an https address that takes the POST of RFC 8058",
}


def _title(name: str) -> str:
    special = {
        "message-id": "Message-ID",
        "mime-version": "MIME-Version",
        "list-id": "List-Id",
        "feedback-id": "Feedback-ID",
    }
    return special.get(name, name.title())


def lines(mail: Mail) -> Iterator[Finding]:
    """Folded where it can be, never inside of a word; ASCII only."""
    for field in mail.fields:
        for line in re.split(r"\r?\n", f"{field.name}:{field.raw}"):
            if len(line) > _HARD_LINE:
                yield Finding(
                    "header-line", _title(field.name), f"a line has {len(line)} characters; {_HARD_LINE} is the most"
                )
            elif len(line) > _LINE and re.search(
                r"\S[ \t]+\S", line.partition(":")[2] if line.startswith(field.name) else line
            ):
                yield Finding(
                    "header-line",
                    _title(field.name),
                    f"a line has {len(line)} characters and could be folded at a blank",
                )
            if not line.strip():
                yield Finding(
                    "header-line",
                    _title(field.name),
                    "has a folded line with nothing in it, which ends the header for some",
                )
        if re.search(r"\\x[89a-f][0-9a-f]", field.raw):
            yield Finding("header-ascii", _title(field.name), "has bytes beyond ASCII; write encoded words (RFC 2047)")


def people(mail: Mail) -> Iterator[Finding]:
    """From, To, Reply-To and the envelope."""
    for name in ("from", "to", "reply-to"):
        for field in mail.all(name):
            found = getaddresses([field.value])
            if len(found) != 1 or not re.fullmatch(r"[^@\s<>,=?]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+", found[0][1]):
                yield Finding(
                    "address-form", f"{_title(name)}: {field.value}", "must be one plain address, its domain in ASCII"
                )
    sender = mail.all("from")
    if sender and mail.domain in _FREEMAIL:
        yield Finding(
            "from-domain",
            f"From: {sender[0].value}",
            "mailboxes refuse bulk mail that claims to be from a free mail service; send from a domain of your own",
        )
    if sender and not sender[0].value.rpartition("<")[0].strip(' "'):
        yield Finding("from-name", f"From: {sender[0].value}", "has no name; set site.name")
    if mail.envelope is not None and not aligned(domain_of(mail.envelope), mail.domain):
        yield Finding(
            "bounce-domain",
            mail.envelope,
            f"SPF counts only for the sender's domain ({mail.domain}) and those below it; change site.bounce",
        )


def subject(mail: Mail) -> Iterator[Finding]:
    for field in mail.all("subject"):
        said = field.decoded
        if not said.strip():
            yield Finding("subject", "Subject", "is empty")
        if len(said) > _SUBJECT:
            yield Finding(
                "subject", f"Subject: {said[:60]}…", f"has {len(said)} characters, of which some 60 are shown; cut it"
            )
        if "=?" in said or any(ord(char) < 32 for char in said):
            yield Finding(
                "subject", f"Subject: {said[:60]}", "is encoded twice or has control characters; encode it once"
            )
        if re.match(r"(re|fwd?|aw|wg)\s*:", said, re.I) and not mail.all("in-reply-to"):
            yield Finding(
                "subject", f"Subject: {said[:60]}", "pretends to be an answer, which filters count; take the Re: out"
            )


def moment(mail: Mail) -> Iterator[Finding]:
    for field in mail.all("date"):
        if not _DATE.fullmatch(field.value):
            yield Finding(
                "date", f"Date: {field.value}", "write it as Fri, 21 Nov 2025 06:00:00 +0000, the zone in digits"
            )
    for field in mail.all("message-id"):
        found = re.fullmatch(r"<([^<>@\s]+)@([A-Za-z0-9.-]+)>", field.value)
        if not found:
            yield Finding("message-id", f"Message-ID: {field.value}", "must be <unique@domain>, without blanks")
        elif not aligned(found[2], mail.domain):
            yield Finding(
                "message-id",
                f"Message-ID: {field.value}",
                f"names another domain than the sender's ({mail.domain}); it gives the machine's name away",
            )


def ways_out(mail: Mail) -> Iterator[Finding]:
    """List-Unsubscribe and its promise (RFC 2369, 8058)."""
    fields = mail.all("list-unsubscribe")
    if fields:
        yield from (
            Finding("list-unsubscribe", f"List-Unsubscribe: {fields[0].value[:100]}", advice)
            for advice in _unsubscribing(mail, fields[0].raw)
        )
    for field in mail.all("list-unsubscribe-post"):
        if field.value != "List-Unsubscribe=One-Click" or "=?" in field.raw:
            yield Finding(
                "one-click", f"List-Unsubscribe-Post: {field.value}", "must be exactly List-Unsubscribe=One-Click"
            )
        elif not any(way.startswith("https://") for way in mail.ways_out):
            yield Finding(
                "one-click",
                "List-Unsubscribe-Post",
                "promises one click without an https address to post to; set site.unsubscribe_url",
            )


def _unsubscribing(mail: Mail, raw: str) -> Iterator[str]:
    if "=?" in raw:
        yield "is an encoded word, which no mailbox reads; write it as it is, folded between the addresses only"
        return
    if any(re.search(r"\s", way) for way in re.findall(r"<([^<>]*)>", raw)) or not mail.ways_out:
        yield "is folded inside of an address; fold it between the addresses only"
        return
    first, kinds = mail.ways_out[0], [urlsplit(way).scheme for way in mail.ways_out]
    if kinds[0] != "https":
        yield "does not begin with an https address, the one that mailboxes use; set site.unsubscribe_url"
    if "mailto" not in kinds:
        yield "has no mailto: address for those who cannot post; set site.unsubscribe_mail"
    if kinds[0] == "https":
        parts = urlsplit(first)
        if not aligned(parts.hostname or "", mail.domain):
            yield f"leads to another domain than the sender's ({mail.domain}), which is not believed"
        if "@" in first or "%40" in first:
            yield "has an address in its URL, which ends up in logs; use a token"
        last = re.split(r"[/=]", first.rstrip("/"))[-1]
        if len(last) < _TOKEN:
            yield f"ends in a token of {len(last)} characters, which can be guessed; {_TOKEN} are the least"


def of_the_list(mail: Mail) -> Iterator[Finding]:
    forms = {
        "list-id": (r'([^<>]* )?<[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+>', "must be Name <label.domain> (RFC 2919)"),
        "list-help": (r"<(https?|mailto):[^<>\s]+>", "must be an address in angle brackets"),
        "list-archive": (r"<https?:[^<>\s]+>", "must be an address in angle brackets"),
        "auto-submitted": (r"auto-generated", "must be auto-generated, so that no vacation notice answers"),
        "feedback-id": (r"[^:\s]*:[^:\s]*:[^:\s]*:[^:\s]{5,15}", "must be four fields, the last of 5 to 15 characters"),
        "content-language": (r"[a-z]{2,3}(-[A-Za-z0-9]+)*", "must be a language such as en"),
        "mime-version": (r"1\.0", "must be 1.0"),
    }  # fmt: skip
    for name, (form, advice) in forms.items():
        for field in mail.all(name):
            if not re.fullmatch(form, field.value):
                yield Finding("list-header", f"{_title(name)}: {field.value[:80]}", advice)


def signatures(mail: Mail) -> Iterator[Finding]:
    """DKIM, if the mail is signed already; a mail that a relay will sign has none."""
    seen = set()
    for field in mail.all("dkim-signature"):
        pairs = (part.partition("=") for part in field.value.split(";"))
        tags = {name.strip(): re.sub(r"\s", "", value) for name, _, value in pairs}
        where = f"DKIM-Signature d={tags.get('d')} s={tags.get('s')}"
        for advice in _signature(mail, tags):
            yield Finding("dkim", where, advice)
        if (key := (tags.get("d"), tags.get("s"))) in seen:
            yield Finding("dkim", where, "is there twice; let one of the two sign, the digest or the mail server")
        seen.add(key)


def _signature(mail: Mail, tags: dict[str, str]) -> Iterator[str]:
    signed = tags.get("h", "").lower().split(":")
    if not f".{mail.domain}".endswith(f".{tags.get('d', '?').lower()}"):
        yield f"is of another domain than the sender's ({mail.domain}), so that it counts for nothing"
    if tags.get("a") not in ("rsa-sha256", "ed25519-sha256"):
        yield f"is made with {tags.get('a')}; use rsa-sha256 and ed25519-sha256"
    if "l" in tags:
        yield "has l=, which lets anybody add to the mail; leave it out"
    for name in ("from", "subject", "date", "list-unsubscribe", "list-unsubscribe-post"):
        if name not in signed:
            yield f"does not cover {_title(name)}; sign it"
    if signed.count("from") < 2:
        yield "does not name From twice, so that a second one can be put on top; oversign it"


CHECKS = (there, lines, people, subject, moment, ways_out, of_the_list, signatures)
