"""Mails of the program to its operators, as RFC 5322 bytes. Not for readers: those mails are of `message`.

The standard library's `EmailMessage` writes them, as they have no long headers; values are cleaned of line ends.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from digest.model import Message, Site
from digest.text import visible

# What is attached is not folded anew: its long List-Unsubscribe would be broken.
_AS_IT_IS = policy.SMTP.clone(refold_source="none")


def build_notice(
    site: Site,
    *,
    recipient: str,
    message_id: str,
    at: datetime,
    subject: str,
    text: str,
    attached: Message | None = None,
) -> Message:
    """One operator's mail, with a reader's mail attached as it is. Same inputs, same bytes."""
    mail = EmailMessage(policy=_AS_IT_IS)
    mail["From"] = Address(_line(site.name), addr_spec=site.sender)
    mail["To"] = Address(addr_spec=recipient)
    mail["Subject"] = _line(subject)[:200]
    mail["Date"] = format_datetime(at.astimezone(UTC))
    mail["Message-ID"] = f"<{message_id}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_clean(text), cte="quoted-printable")
    if attached is not None:
        mail.add_attachment(message_from_bytes(attached.content, policy=_AS_IT_IS))
        mail.set_boundary(f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:24]}")
    return Message(
        message_id=message_id,
        sender=site.sender,
        recipient=recipient,
        content=mail.as_bytes(),
        name=f"notice-{hashlib.sha256(message_id.encode()).hexdigest()[:16]}",
    )


def _line(text: str) -> str:
    return " ".join(_clean(text).split())


def _clean(text: str) -> str:
    text = visible(text.encode("utf-8", "replace").decode())
    return "".join(" " if sign.isspace() and sign != "\n" else sign for sign in text)
