"""Hands finished messages over to a mail server, a program, a Maildir or a folder. SMTP lives here.

Does not know what is in a message and never changes a byte of it on the wire.
"""

from __future__ import annotations

from digest.transport.folders import DirectoryTransport, MaildirTransport
from digest.transport.form import Following, Transport
from digest.transport.program import ProgramTransport
from digest.transport.smtp import MESSAGES_PER_CONNECTION, Security, SmtpTransport

__all__ = [
    "MESSAGES_PER_CONNECTION",
    "DirectoryTransport",
    "Following",
    "MaildirTransport",
    "ProgramTransport",
    "Security",
    "SmtpTransport",
    "Transport",
]
