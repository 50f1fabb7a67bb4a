"""Returned mails in the exact shapes of those who send them, with invented addresses: the material of several tests."""

from __future__ import annotations

from textwrap import dedent

TOKEN = "k7Qx9vTz2mB4aLr-0_Wd1E"
READER = "ada@example.net"
OURS = "92a3e1c87217ae6f002acf001235c87b@digest.example.org"

# What of our mail comes back with a bounce.
HEAD = f"""\
Return-Path: <bounce+{TOKEN}@example.org>
From: Trending Papers <digest@example.org>
To: {READER}
Subject: Kites of paper and 19 more
Date: Tue, 02 Jun 2026 05:00:00 +0000
Message-ID: <{OURS}>
List-Unsubscribe: <https://digest.example.org/u/{TOKEN}>,
 <mailto:unsubscribe@example.org?subject={TOKEN}>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
"""


def mail(text: str, **fields: str) -> bytes:
    """A text with its fields filled in, as it lies in a mailbox."""
    fields = {"token": TOKEN, "reader": READER, "ours": OURS, "head": HEAD} | fields
    filled = dedent(text).lstrip("\n")
    for name, value in fields.items():
        filled = filled.replace(f"@@{name}@@", value)
    return filled.encode()


def dsn(
    *, status: str = "5.1.1", action: str = "failed", diagnostic: str = "smtp; 550 5.1.1 no such person", **given: str
) -> bytes:
    """As Postfix writes them. `to` is where it came back to, `recipient` whom it names, `original` what comes back."""
    fields = {
        "to": f"bounce+{TOKEN}@example.org",
        "recipient": READER,
        "original": HEAD,
        "date": "Tue, 02 Jun 2026 05:00:07 +0000",
    } | given
    return mail(
        """
        Return-Path: <>
        Delivered-To: @@to@@
        Received: by mail.example.org (Postfix) id 4F3A1; @@date@@
        Date: @@date@@
        From: MAILER-DAEMON@mail.example.org (Mail Delivery System)
        Subject: Undelivered Mail Returned to Sender
        To: @@to@@
        Auto-Submitted: auto-replied
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status;
        \tboundary="4F3A1.1780376407/mail.example.org"
        Message-Id: <20260602050007.4F3A1@mail.example.org>

        This is a MIME-encapsulated message.

        --4F3A1.1780376407/mail.example.org
        Content-Description: Notification
        Content-Type: text/plain; charset=us-ascii

        This is the mail system at host mail.example.org.

        I'm sorry to have to inform you that your message could not
        be delivered to one or more recipients. It's attached below.

        <@@recipient@@>: @@diagnostic@@

        --4F3A1.1780376407/mail.example.org
        Content-Description: Delivery report
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mail.example.org
        X-Postfix-Queue-ID: 4F3A1
        X-Postfix-Sender: rfc822; @@to@@
        Arrival-Date: Tue,  2 Jun 2026 05:00:05 +0000 (UTC)

        Final-Recipient: rfc822; @@recipient@@
        Original-Recipient: rfc822;@@recipient@@
        Action: @@action@@
        Status: @@status@@
        Remote-MTA: dns; mx.example.net
        Diagnostic-Code: @@diagnostic@@

        --4F3A1.1780376407/mail.example.org
        Content-Description: Undelivered Message
        Content-Type: message/rfc822

        @@original@@
        They fly.

        --4F3A1.1780376407/mail.example.org--
        """,
        status=status,
        action=action,
        diagnostic=diagnostic,
        **fields,
    )


EXCHANGE = mail(
    """
    From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@example.net>
    To: <bounce+@@token@@@example.org>
    Date: Tue, 2 Jun 2026 05:00:09 +0000
    Content-Type: multipart/report; report-type=delivery-status;
    \tboundary="3c5a8d1b-0a5f-4d6d-9b1f-6d1f0c9d2a11"
    X-MS-Exchange-Message-Is-Ndr:
    Content-Language: en-US
    Message-ID: <31f5c0ab-6d0c-4f7a-8d66-1d1a@exch.example.net>
    In-Reply-To: <@@ours@@>
    References: <@@ours@@>
    Subject: Undeliverable: Kites of paper and 19 more
    Auto-Submitted: auto-replied
    MIME-Version: 1.0

    --3c5a8d1b-0a5f-4d6d-9b1f-6d1f0c9d2a11
    Content-Type: multipart/alternative; differences=Content-Type;
    \tboundary="7d0e"

    --7d0e
    Content-Type: text/plain; charset="us-ascii"
    Content-Transfer-Encoding: quoted-printable

    Delivery has failed to these recipients or groups:

    @@reader@@<mailto:@@reader@@>
    The email address you entered couldn't be found. Please check the recipient=
    's email address and try to resend the message.

    --7d0e
    Content-Type: text/html; charset="us-ascii"

    <html><body><p>Delivery has failed</p></body></html>

    --7d0e--

    --3c5a8d1b-0a5f-4d6d-9b1f-6d1f0c9d2a11
    Content-Type: message/delivery-status

    Reporting-MTA: dns;EXCH1.example.net
    Received-From-MTA: dns;mail.example.org
    Arrival-Date: Tue, 2 Jun 2026 05:00:08 +0000

    Final-Recipient: rfc822;@@reader@@
    Action: failed
    Status: 5.1.10
    Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient
     @@reader@@ not found by SMTP address lookup

    --3c5a8d1b-0a5f-4d6d-9b1f-6d1f0c9d2a11
    Content-Type: text/rfc822-headers

    @@head@@
    --3c5a8d1b-0a5f-4d6d-9b1f-6d1f0c9d2a11--
    """
)

GMAIL = mail(
    """
    Delivered-To: bounce+@@token@@@example.org
    Return-Path: <>
    Content-Type: multipart/report; boundary="00000000000086fd9e0639a1"; report-type=delivery-status
    To: bounce+@@token@@@example.org
    Auto-Submitted: auto-replied
    From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
    Subject: Delivery Status Notification (Failure)
    References: <@@ours@@>
    In-Reply-To: <@@ours@@>
    Message-ID: <683d2c17.050a0220.3b9e@mx.example.com>
    Date: Mon, 01 Jun 2026 22:00:11 -0700 (PDT)

    --00000000000086fd9e0639a1
    Content-Type: multipart/related; boundary="00000000000086fda5"

    --00000000000086fda5
    Content-Type: multipart/alternative; boundary="00000000000086fdab"

    --00000000000086fdab
    Content-Type: text/plain; charset="UTF-8"

    ** Message blocked **

    Your message to @@reader@@ has been blocked. See technical details below.

    --00000000000086fdab--

    --00000000000086fda5
    Content-Type: image/png; name="icon.png"
    Content-Disposition: attachment; filename="icon.png"
    Content-Transfer-Encoding: base64
    Content-ID: <icon.png>

    iVBORw0KGgo=
    --00000000000086fda5--
    --00000000000086fd9e0639a1
    Content-Type: message/delivery-status

    Reporting-MTA: dns; googlemail.com
    Arrival-Date: Mon, 01 Jun 2026 22:00:09 -0700 (PDT)
    X-Original-Message-ID: <@@ours@@>

    Final-Recipient: rfc822; @@reader@@
    Action: failed
    Status: 5.7.26
    Remote-MTA: dns; mx.example.net. (192.0.2.7, the server for the domain example.net.)
    Diagnostic-Code: smtp; 550-5.7.26 This mail has been blocked because the sender is unauthenticated.
     550 5.7.26 SPF and DKIM did not pass.
    Last-Attempt-Date: Mon, 01 Jun 2026 22:00:10 -0700 (PDT)

    --00000000000086fd9e0639a1
    Content-Type: message/rfc822

    @@head@@
    They fly.
    --00000000000086fd9e0639a1--
    """
)

YAHOO = mail(
    """
    Return-Path: <>
    From: MAILER-DAEMON@yahoo.com
    To: bounce+@@token@@@example.org
    Subject: Failure Notice
    Date: Tue, 02 Jun 2026 05:00:12 +0000
    MIME-Version: 1.0
    Content-Type: text/plain; charset="UTF-8"

    Sorry, we were unable to deliver your message to the following address.

    <@@reader@@>:
    554: delivery error: dd This user doesn't have a yahoo.com account (@@reader@@) [-5] - mta4172.mail.example

    --- Below this line is a copy of the message.

    @@head@@
    A policy of kites: they are blocked by quota.
    """
)

EXIM = mail(
    """
    Return-Path: <>
    Envelope-to: bounce+@@token@@@example.org
    Delivery-date: Tue, 02 Jun 2026 05:00:13 +0000
    X-Failed-Recipients: @@reader@@
    Auto-Submitted: auto-replied
    From: Mail Delivery System <Mailer-Daemon@mx.example.net>
    To: bounce+@@token@@@example.org
    Subject: Mail delivery failed: returning message to sender
    Message-Id: <E1aBcDe-000123-4F@mx.example.net>
    Date: Tue, 02 Jun 2026 05:00:13 +0000

    This message was created automatically by mail delivery software.

    A message that you sent could not be delivered to one or more of its
    recipients. This is a permanent error. The following address(es) failed:

      @@reader@@
        mailbox is full: retry timeout exceeded

    ------ This is a copy of the message, including all the headers. ------

    @@head@@
    They fly.
    """
)

QMAIL = mail(
    """
    Return-Path: <>
    Delivered-To: bounce+@@token@@@example.org
    Received: (qmail 4711 invoked for bounce); 2 Jun 2026 05:00:14 -0000
    Date: 2 Jun 2026 05:00:14 -0000
    From: MAILER-DAEMON@mx.example.net
    To: bounce+@@token@@@example.org
    Subject: failure notice

    Hi. This is the qmail-send program at mx.example.net.
    I'm afraid I wasn't able to deliver your message to the following addresses.
    This is a permanent error; I've given up. Sorry it didn't work out.

    <@@reader@@>:
    Sorry, no mailbox here by that name. (#5.1.1)

    --- Below this line is a copy of the message.

    @@head@@
    They fly.
    """
)

COMPLAINT = mail(
    """
    From: Mail Abuse Desk <feedback@arf.example.com>
    To: abuse@example.org
    Subject: FW: Kites of paper and 19 more
    Date: Tue, 02 Jun 2026 09:00:00 +0000
    MIME-Version: 1.0
    Content-Type: multipart/report; report-type=feedback-report;
     boundary="part1_13d.2e68ed54_boundary"

    --part1_13d.2e68ed54_boundary
    Content-Type: text/plain; charset="US-ASCII"

    This is an email abuse report for an email message received from
    IP 192.0.2.1 on Tue, 02 Jun 2026 05:00:20 +0000.

    --part1_13d.2e68ed54_boundary
    Content-Type: message/feedback-report

    Feedback-Type: abuse
    User-Agent: SomeGenerator/1.0
    Version: 1
    Original-Mail-From: <@@from@@>
    Original-Rcpt-To: <redacted>
    Arrival-Date: Tue, 02 Jun 2026 05:00:20 +0000
    Source-IP: 192.0.2.1

    --part1_13d.2e68ed54_boundary
    Content-Type: message/rfc822

    @@original@@
    They fly.
    --part1_13d.2e68ed54_boundary--
    """,
    **{"from": f"bounce+{TOKEN}@example.org"},
    original=HEAD.replace(READER, "redacted"),
)

VACATION = mail(
    """
    Return-Path: <@@reader@@>
    From: Ada <@@reader@@>
    To: bounce+@@token@@@example.org
    Subject: Automatic reply: Kites of paper and 19 more
    Date: Tue, 02 Jun 2026 05:01:00 +0000
    Auto-Submitted: auto-replied
    X-Auto-Response-Suppress: All
    Content-Type: text/plain

    I am away until Monday. The address 5.1.1 of my house is no such user.
    """
)

UNSUBSCRIBE = mail(
    """
    Return-Path: <@@reader@@>
    From: Ada <@@reader@@>
    To: unsubscribe@example.org
    Subject: @@token@@
    Date: Tue, 02 Jun 2026 06:00:00 +0000
    Content-Type: text/plain

    This message was automatically generated by a mail program.
    """
)

PERSON = mail(
    """
    Return-Path: <@@reader@@>
    From: Ada <@@reader@@>
    To: bounce+@@token@@@example.org
    Subject: Re: Kites of paper and 19 more
    Date: Tue, 02 Jun 2026 06:30:00 +0000
    Content-Type: text/plain

    Could you send fewer kites?
    """
)
