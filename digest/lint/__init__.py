"""A finished mail -> what a mailbox, a spam filter or a reader would hold against it. Offline; asks nobody.

    head.py     the header fields, and what they promise
    body.py     MIME, sizes, and the text part against the HTML
    page.py     the HTML: links, pictures, hidden words, what a screen reader makes of it
    colours.py  the contrast of every word, light and dark
    traits.py   what spam filters are known to count

It shares no code with what writes mails, so that the one finds the other's mistakes. Knows nothing of editions.
"""

from __future__ import annotations

from digest.lint import body, colours, head, page, traits
from digest.lint.form import Finding, opened

__all__ = ["Finding", "lint"]

_CHECKS = (*head.CHECKS, *body.CHECKS, *page.CHECKS, *colours.CHECKS, *traits.CHECKS)


def lint(content: bytes, envelope: str | None = None) -> tuple[Finding, ...]:
    """Every finding, in the order of the rules. `envelope` is the address in MAIL FROM, where it is known."""
    mail = opened(content, envelope)
    return tuple(finding for check in _CHECKS for finding in check(mail))
