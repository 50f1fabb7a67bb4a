"""Returned mails as they are really written, and whatever else bytes can be."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import returned_mails as mails
from returned_mails import OURS, READER, TOKEN, dsn

from digest.bounces import LARGEST, classify, read_returned
from digest.model import Returned, ReturnKind

K = ReturnKind
EACH = {
    "postfix": (dsn(), K.HARD, "5.1.1"),
    "exchange": (mails.EXCHANGE, K.HARD, "5.1.10"),
    "gmail": (mails.GMAIL, K.POLICY, "5.7.26"),
    "yahoo": (mails.YAHOO, K.HARD, "5.0.0"),
    "exim": (mails.EXIM, K.SOFT, ""),
    "qmail": (mails.QMAIL, K.HARD, "5.1.1"),
    "complaint": (mails.COMPLAINT, K.COMPLAINT, ""),
    "vacation": (mails.VACATION, K.NOTICE, ""),
    "unsubscribe": (mails.UNSUBSCRIBE, K.UNSUBSCRIBE, None),
    "person": (mails.PERSON, K.UNKNOWN, None),
    "delayed": (dsn(action="delayed", status="4.4.1", diagnostic="smtp; 451 4.4.1 try later"), K.NOTICE, "4.4.1"),
    "expired": (dsn(status="4.4.7", diagnostic="smtp; 451 4.4.1 try later"), K.SOFT, "4.4.7"),
    "delivered": (dsn(action="delivered", status="2.0.0", diagnostic="smtp; 250 2.0.0 Ok"), K.NOTICE, "2.0.0"),
    "vague": (dsn(status="5.0.0", diagnostic="smtp; 550 5.2.2 quota"), K.SOFT, "5.2.2"),
}


@pytest.mark.parametrize("name", EACH)
def test_each_shape(name: str) -> None:
    content, kind, status = EACH[name]
    found = read_returned(content)
    assert found.kind is kind
    if status is not None:
        assert {one.status for one in found.failures} == {status}
    assert TOKEN in found.tokens, "by the envelope, the subject or what was returned"


@pytest.mark.parametrize("name", ["postfix", "exchange", "gmail", "yahoo", "exim", "qmail", "delayed"])
def test_the_recipient_our_message_and_the_servers_words_are_told(name: str) -> None:
    found = read_returned(EACH[name][0])
    (failure,) = found.failures
    assert READER in failure.addresses or name == "yahoo"
    assert found.message_ids[0] == OURS
    assert failure.words
    assert "\n" not in failure.words


def test_a_complaint_is_known_by_its_envelope_even_when_all_else_is_left_out() -> None:
    redacted = mails.COMPLAINT.replace(mails.HEAD.replace(READER, "redacted").encode(), b"Subject: redacted\n")
    found = read_returned(redacted)
    assert (found.kind, found.tokens, found.message_ids) == (K.COMPLAINT, (TOKEN,), ())
    assert read_returned(redacted.replace(b"Type: abuse", b"Type: not-spam")).kind is K.NOTICE
    assert read_returned(redacted.replace(b"Type: abuse", b"Type: auth-failure")).kind is K.POLICY


def test_the_token_is_found_wherever_a_mailbox_puts_the_recipient() -> None:
    plain = b"From: a@example.net\nTo: bounce@example.org\nSubject: hello\n\nhello\n"
    for name in ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc"):
        assert read_returned(f"{name}: <bounce+{TOKEN}@example.org>\n".encode() + plain).tokens == (TOKEN,)
    received = f"Received: from mx (mx [192.0.2.1]) by here for <bounce+{TOKEN}@example.org>; Tue\n".encode()
    assert read_returned(received + plain).tokens == (TOKEN,)
    assert read_returned(plain).tokens == ()


def test_what_a_returned_mail_holds_by_itself_is_not_taken_for_the_report() -> None:
    inner = f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; {READER}\n"
    found = read_returned(dsn(action="delayed", original=inner + "Action: failed\nStatus: 5.1.1\n"))
    assert found.kind is K.NOTICE


def test_several_recipients_are_told_apart() -> None:
    second = b"Final-Recipient: rfc822; bo@example.net\nAction: delayed\nStatus: 4.2.2\n\n--4F3A1"
    content = dsn().replace(
        b"\n--4F3A1.1780376407/mail.example.org\nContent-Description: Undelivered", b"\n" + second, 1
    )
    found = read_returned(content.replace(b"--4F3A1--", b"--4F3A1.1780376407/mail.example.org--"))
    assert [(one.addresses, one.kind) for one in found.failures[:2]] == [
        ((READER,), K.HARD),
        (("bo@example.net",), K.NOTICE),
    ]
    assert not found.failures[0].forwarded
    behind = dsn().replace(f"Final-Recipient: rfc822; {READER}".encode(), b"Final-Recipient: rfc822; bo@example.net")
    (one,) = read_returned(behind).failures
    assert (one.addresses, one.forwarded) == ((READER, "bo@example.net"), True)


def test_dates_and_a_mailboxs_from_line() -> None:
    found = read_returned(dsn())
    assert found.date == datetime(2026, 6, 2, 5, 0, 7, tzinfo=UTC)
    assert read_returned(mails.GMAIL).date == datetime(2026, 6, 2, 5, 0, 11, tzinfo=UTC)
    assert read_returned(dsn(date="yesterday")).date is None
    with_from = read_returned(b"From MAILER-DAEMON Tue Jun  2 05:00:07 2026\n" + dsn())
    assert replace(with_from, digest="") == replace(found, digest="")


CODES = [
    ("5.1.1", "", K.HARD),
    ("5.1.10", "", K.HARD),
    ("5.1.6", "moved", K.HARD),
    ("5.1.2", "host not found", K.HARD),
    ("5.1.351", "Remote server returned unknown recipient or mailbox unavailable", K.HARD),
    ("5.0.350", "Remote server returned an error -> 550 no such user", K.HARD),
    ("5.2.1", "account disabled", K.HARD),
    ("5.2.1", "is receiving mail at a rate that prevents additional messages", K.SOFT),
    ("5.4.1", "Recipient address rejected: Access denied", K.HARD),
    ("5.4.1", "no answer from host", K.SOFT),
    ("5.4.4", "host not found", K.SOFT),
    ("5.2.2", "mailbox full", K.SOFT),
    ("5.3.4", "message too big", K.SOFT),
    ("4.2.2", "mailbox full", K.SOFT),
    ("4.7.0", "rate limited", K.POLICY),
    ("5.7.1", "user unknown or spam", K.POLICY),
    ("5.7.515", "sender does not meet the requirements", K.POLICY),
    ("5.1.8", "sender address rejected", K.POLICY),
    ("5.6.1", "content", K.POLICY),
    ("5.5.0", "mailbox unavailable", K.HARD),
    ("5.0.0", "User unknown", K.HARD),
    ("5.0.0", "blocked by our policy", K.POLICY),
    ("5.0.0", "", K.SOFT),
    ("", "550 no such user here", K.HARD),
    ("", "over quota, no such user", K.SOFT),
    ("", "", K.SOFT),
]


@pytest.mark.parametrize(("status", "words", "kind"), CODES)
def test_codes_and_words(status: str, words: str, kind: ReturnKind) -> None:
    assert classify(status, words) is kind


ODD = [
    b"",
    b"\n",
    b"From ",
    b"\xff\xfe\x00" * 100,
    b"Subject: =?utf-8?b?////?=\nTo: =?x?q?=\n\n",
    b"Content-Type: multipart/report; boundary=\n\n--\n--\n",
    b'Content-Type: multipart/report; boundary="b"\n\n--b\nContent-Type: message/delivery-status\n',
    b"Content-Type: message/feedback-report\n\n",
    b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n!!!!\n",
    b"From: MAILER-DAEMON@x\nSubject: failure notice\nContent-Type: text/plain; charset=no-such\n\n<\xff>:\n#5.1.1",
    b"Content-Type: message/rfc822\n\n" * 20_000,
    b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 100_000,
    b"To: " + b"a@b," * 100_000,
    b"Subject: " + b"=?utf-8?q?a?= " * 20_000,
    b"".join(b"X-%d: y\n" % number for number in range(30_000)),
]


@pytest.mark.parametrize("content", ODD, ids=range(len(ODD)))
def test_odd_bytes_are_not_understood_and_raise_nothing(content: bytes) -> None:
    found = read_returned(content)
    assert isinstance(found, Returned)
    assert found.kind in (K.UNKNOWN, K.HARD)


def test_damaged_mails_raise_nothing() -> None:
    chance = random.Random(8)
    shapes = [content for content, *_ in EACH.values()]
    for _ in range(400):
        content = bytearray(chance.choice(shapes))
        for _ in range(chance.choice((1, 3, 30))):
            at = chance.randrange(len(content))
            match chance.randrange(4):
                case 0:
                    content[at] = chance.randrange(256)
                case 1:
                    del content[at : at + chance.randrange(200)]
                case 2:
                    content[at:at] = content[chance.randrange(len(content)) :][:150]
                case _:
                    content[at:at] = chance.choice((b"\x00", b"\r", b"\n\n", b"\xf0", b"=?", b"--", b": ", b"<>", b"@"))
            if not content:
                break
        found = read_returned(bytes(content))
        assert all(word.isprintable() for word in (found.subject, *(one.words for one in found.failures)))


def test_what_lies_beyond_the_bound_is_not_read() -> None:
    found = read_returned(dsn(original="X: y\n" * LARGEST))
    assert found.kind is K.HARD
    assert read_returned(b"X: " + b"y" * LARGEST + b"\n" + dsn()).kind is K.UNKNOWN
