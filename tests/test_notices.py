"""Mails to the operators: what is attached arrives as it is, and nothing in a title adds a header."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage

from editions import edition, item

from digest.message import build_message, own_words, write_letter
from digest.model import Body, Draft, Links, Message, Site
from digest.notices import build_notice
from digest.wire import quoted

SITE = Site(name="Trending “Papers”", sender="digest@example.org", authority="x,2026", list_domain="example.org")
LONG = f"https://digest.example.org/{'u' * 90}"
AT = datetime(2026, 6, 2, 5, 0, tzinfo=UTC)


def attached() -> Message:
    where = Links(unsubscribe_url=LONG, unsubscribe_mail="mailto:unsubscribe@example.org?subject=x")
    html, text = (Body([quoted(words)]) for words in ("<p>Drachen é</p>\n", "Drachen é\n"))
    letter = write_letter(Draft("Kites “und” mehr", "", html, text), edition(item()), SITE, where)
    given = {"recipient": "editor@example.org", "message_id": "m@example.org", "token": "t"}
    return build_message(letter, own_words(given["recipient"], where, ()), SITE, **given)


def notice(subject: str = "To look at", text: str = "Look.\n") -> Message:
    return build_notice(
        SITE,
        recipient="editor@example.org",
        message_id="n@example.org",
        at=AT,
        subject=subject,
        text=text,
        attached=attached(),
    )


def test_what_is_attached_is_the_very_mail() -> None:
    content = attached().content
    assert LONG.encode() in content
    assert content in notice().content
    assert notice() == notice()


def test_hostile_words_stay_words() -> None:
    words = "a\r\nBcc: x@example.org\x00\u202e é \udc80 می\u200cخواهم"
    found = email.message_from_bytes(notice(words, words * 200).content, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    assert found["Bcc"] is None
    assert str(found["Subject"]) == "a Bcc: x@example.org é ? می\u200cخواهم"
    assert found["From"].addresses[0].display_name == SITE.name
    assert max(map(len, notice(words, words * 200).content.split(b"\r\n"))) < 998
