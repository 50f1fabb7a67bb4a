"""Against real things: folders, a Maildir read by the standard library, and an SMTP server on loopback."""

from __future__ import annotations

import base64
import dataclasses
import email
import email.policy
import json
import mailbox
import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
import trustme
from smtp_sink import HANG_UP, STALL, Sink

from digest.errors import (
    BusyError,
    ConfigError,
    DeliveryError,
    FullMailboxError,
    PermanentDeliveryError,
    PolicyError,
    TemporaryDeliveryError,
    UncertainError,
    UnreachableError,
)
from digest.model import Message
from digest.transport import (
    MESSAGES_PER_CONNECTION,
    DirectoryTransport,
    MaildirTransport,
    Security,
    SmtpTransport,
    Transport,
)
from digest.transport.line import words

MESSAGE = Message(
    message_id="<0001@digest.example.org>",
    sender="bounce+token@digest.example.org",
    recipient="reader@example.net",
    content=(
        b"From: Digest <digest@example.org>\r\nTo: reader@example.net\r\nSubject: Two papers\r\n"
        b"Message-ID: <0001@digest.example.org>\r\n\r\n"
        b".begins with a dot\r\n..and with two\r\n.\r\ntrailing blanks  \r\n\r\n\r\n"
    ),
    name="reader-2030-03-01",
)
SECRET = "open-Sesame-77"


def smtp(sink: Sink, security: Security = "none", **settings: object) -> SmtpTransport:
    defaults = {"username": None, "password": None, "timeout": 10.0}
    return SmtpTransport("127.0.0.1", sink.port, security, **{**defaults, **settings})  # type: ignore[arg-type]


def numbered(number: int) -> Message:
    return dataclasses.replace(MESSAGE, message_id=f"<{number:04}@digest.example.org>")


@pytest.fixture
def closing() -> Iterator[list[Transport]]:
    """Transports put in here are closed before the sink's context is torn down."""
    transports: list[Transport] = []
    yield transports
    for transport in transports:
        transport.close()


# --- folders -------------------------------------------------------------------------------------------------


def test_directory_holds_the_mail_the_page_and_the_text(tmp_path: Path) -> None:
    both = EmailMessage(policy=email.policy.SMTP)
    both.set_content("Two papers — é\n")
    both.add_alternative("<p>Two papers — é</p>\n", subtype="html")
    message = dataclasses.replace(MESSAGE, content=both.as_bytes())
    place = DirectoryTransport(tmp_path / "out").send(message)
    assert Path(place).read_bytes() == message.content
    assert {path.name: path.read_text() for path in (tmp_path / "out").iterdir() if path.suffix != ".eml"} == {
        "reader-2030-03-01.html": "<p>Two papers — é</p>\n",
        "reader-2030-03-01.txt": "Two papers — é\n",
    }


def test_directory_gets_the_same_files_from_a_repeat(tmp_path: Path) -> None:
    transport = DirectoryTransport(tmp_path)
    place = transport.send(MESSAGE)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert transport.send(MESSAGE) == place
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", ["../escaped", "a/b", "/x", ""])
def test_directory_refuses_names_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(PermanentDeliveryError):
        DirectoryTransport(tmp_path / "out").send(dataclasses.replace(MESSAGE, name=name))
    assert list(tmp_path.rglob("*")) == []


def test_directory_that_is_a_file_is_temporary(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    transport = DirectoryTransport(tmp_path / "out")
    with pytest.raises(TemporaryDeliveryError):
        transport.send(MESSAGE)
    with pytest.raises(DeliveryError):
        transport.check()


@pytest.mark.parametrize("kind", [DirectoryTransport, MaildirTransport])
def test_check_of_a_folder_writes_nothing(tmp_path: Path, kind: type) -> None:
    transport = kind(tmp_path / "not" / "yet")
    assert str(tmp_path) in transport.check()
    transport.close()
    assert list(tmp_path.iterdir()) == []


def test_maildir_is_read_by_the_standard_library(tmp_path: Path) -> None:
    MaildirTransport(tmp_path / "box").send(MESSAGE)
    (found,) = mailbox.Maildir(tmp_path / "box", create=False)
    assert found["Message-ID"] == MESSAGE.message_id
    assert found.get_payload() == ".begins with a dot\n..and with two\n.\ntrailing blanks  \n\n\n"
    assert list((tmp_path / "box" / "tmp").iterdir()) == []


@pytest.mark.parametrize("read_as", [None, "{}", "{}:2,", "{}:2,RS", "{},S=311:2,S"])
def test_maildir_does_not_double_a_repeat(tmp_path: Path, read_as: str | None) -> None:
    transport = MaildirTransport(tmp_path)
    place = Path(transport.send(MESSAGE))
    if read_as is not None:
        place = place.rename(tmp_path / "cur" / read_as.format(place.name))
    assert transport.send(MESSAGE) == str(place)
    assert len(mailbox.Maildir(tmp_path, create=False)) == 1
    transport.send(numbered(2))
    assert len(mailbox.Maildir(tmp_path, create=False)) == 2


def test_maildir_finishes_what_a_crash_left(tmp_path: Path) -> None:
    transport = MaildirTransport(tmp_path)
    name = Path(transport.send(MESSAGE)).name
    (tmp_path / "new" / name).unlink()
    (tmp_path / "tmp" / name).write_bytes(b"half a mess")
    transport.send(MESSAGE)
    (found,) = mailbox.Maildir(tmp_path, create=False)
    assert found["Message-ID"] == MESSAGE.message_id


# --- SMTP: what arrives --------------------------------------------------------------------------------------


def test_exact_bytes_and_envelope_arrive(closing: list[Transport]) -> None:
    with Sink() as sink:
        closing.append(transport := smtp(sink))
        assert transport.send(MESSAGE) == "250 2.0.0 taken as 1"
        transport.close()
    (got,) = sink.received
    assert got.content == MESSAGE.content
    assert (got.sender, got.recipients) == (MESSAGE.sender, (MESSAGE.recipient,))
    assert sink.commands[0] == "EHLO [127.0.0.1]"
    assert sink.commands[-1] == "QUIT"


def test_message_beginning_with_a_dot(closing: list[Transport]) -> None:
    dotted = dataclasses.replace(MESSAGE, content=b".\r\n.\r\n")
    with Sink() as sink:
        closing.append(transport := smtp(sink))
        transport.send(dotted)
        transport.close()
    assert [got.content for got in sink.received] == [b".\r\n.\r\n"]


@pytest.mark.parametrize("content", [b"a: b\n\r\n", b"a: b\r\n\rc\r\n", b"a: b\r\n\n.\r\nMAIL\r\n", b"a: b", b""])
def test_broken_line_ends_never_leave(content: bytes) -> None:
    with Sink() as sink:
        with pytest.raises(PermanentDeliveryError, match="CRLF") as raised:
            smtp(sink).send(dataclasses.replace(MESSAGE, content=content))
        assert not raised.value.hard
    assert sink.connections == 0


def test_one_connection_for_many_messages_and_a_new_one_in_time(closing: list[Transport]) -> None:
    with Sink() as sink:
        closing.append(transport := smtp(sink))
        for number in range(MESSAGES_PER_CONNECTION + 1):
            transport.send(numbered(number))
        transport.close()
    assert [got.connection for got in sink.received] == [1] * MESSAGES_PER_CONNECTION + [2]


@pytest.mark.parametrize("answer", [HANG_UP, "421 4.4.2 idle for too long", "451 4.3.0 confused"])
def test_reconnects_after_an_idle_drop(answer: str, closing: list[Transport]) -> None:
    with Sink(script={"RSET": [answer]}) as sink:
        closing.append(transport := smtp(sink))
        transport.send(numbered(1))
        transport.send(numbered(2))
        transport.close()
    assert [got.connection for got in sink.received] == [1, 2]


def test_may_be_used_again_after_close(closing: list[Transport]) -> None:
    with Sink() as sink:
        closing.append(transport := smtp(sink))
        transport.send(numbered(1))
        transport.close()
        transport.close()
        transport.send(numbered(2))
        transport.close()
    assert sink.connections == 2


def test_a_refusal_leaves_the_connection_clean(closing: list[Transport]) -> None:
    with Sink(script={"RCPT": ["550 5.1.1 nobody"], "DOT": ["554 5.6.0 no"]}) as sink:
        closing.append(transport := smtp(sink))
        for number in (1, 2):
            with pytest.raises(PermanentDeliveryError):
                transport.send(numbered(number))
        transport.send(numbered(3))
        transport.close()
    assert (sink.connections, len(sink.received)) == (1, 1)


def test_eight_bit_content_is_declared(closing: list[Transport]) -> None:
    with Sink() as sink:
        closing.append(transport := smtp(sink))
        transport.send(dataclasses.replace(MESSAGE, content="a: b\r\n\r\né\r\n".encode()))
        transport.close()
    (got,) = sink.received
    assert "BODY=8BITMIME" in got.options
    assert got.content.endswith("é\r\n".encode())


@pytest.mark.parametrize("end", [">\r\nDATA\r\n", " SIZE=1", "\n", "\x00", "\udc80", ",b@example.net"])
@pytest.mark.parametrize("part", ["sender", "recipient"])
def test_address_that_would_break_a_command_is_never_sent(part: str, end: str) -> None:
    with Sink() as sink, pytest.raises(PermanentDeliveryError, match="address"):
        smtp(sink).send(dataclasses.replace(MESSAGE, **{part: f"a@example.net{end}"}))
    assert sink.connections == 0


# --- SMTP: what refusals mean --------------------------------------------------------------------------------

REFUSALS = [
    # command, reply, error, hard
    ("CONNECT", "554 5.3.2 no service", UnreachableError, None),
    ("CONNECT", "421 4.3.2 busy", UnreachableError, None),
    ("MAIL", "451 4.7.1 greylisted", TemporaryDeliveryError, None),
    ("MAIL", "530 5.7.0 log in first", TemporaryDeliveryError, None),
    ("MAIL", "550 5.7.1 sender not allowed", PolicyError, None),
    ("MAIL", "550 no such sender", PermanentDeliveryError, False),
    ("MAIL", "550 5.1.1 no such sender", PermanentDeliveryError, False),
    ("RCPT", "450 4.2.1 later", TemporaryDeliveryError, None),
    ("RCPT", "421 too many", BusyError, None),
    ("RCPT", "552 5.2.2 mailbox full", FullMailboxError, None),
    ("RCPT", "452 4.2.2 mailbox full", FullMailboxError, None),
    ("RCPT", "552 too much", TemporaryDeliveryError, None),
    ("RCPT", "550 5.1.1 no such user", PermanentDeliveryError, True),
    ("RCPT", "550-5.1.1 no such user\r\n550 5.1.1 look at example.org/help", PermanentDeliveryError, True),
    ("RCPT", "550 5.1.10 null MX", PermanentDeliveryError, True),
    ("RCPT", "550 5.1.6 moved away", PermanentDeliveryError, True),
    ("RCPT", "550 5.2.1 disabled", PermanentDeliveryError, True),
    ("RCPT", "550 no such user", PermanentDeliveryError, True),
    ("RCPT", "551 moved", PermanentDeliveryError, True),
    ("RCPT", "550 sorry, no mailbox here by that name. (#5.1.1)", PermanentDeliveryError, True),
    ("RCPT", "553 sorry, that domain isn't in my list (#5.7.1)", PolicyError, None),
    ("RCPT", "550 relay not permitted", PolicyError, None),
    ("RCPT", "550-Rejected because 192.0.2.1 is in a black list\r\n550 at lists.example", PolicyError, None),
    ("RCPT", "553 bad name", PermanentDeliveryError, True),
    ("RCPT", "550 5.7.1 policy", PolicyError, None),
    ("RCPT", "450 4.7.1 greylisted", TemporaryDeliveryError, None),
    ("RCPT", "550 5.1.11 not in the list", PermanentDeliveryError, False),
    ("RCPT", "554 5.2.2 over quota", FullMailboxError, None),
    ("RCPT", "554 no", PermanentDeliveryError, False),
    ("DATA", "451 4.3.0 disk full", TemporaryDeliveryError, None),
    ("DATA", "554 5.5.1 no valid recipients", PermanentDeliveryError, False),
    ("DATA", "250 what", TemporaryDeliveryError, None),
    ("DOT", "452 4.3.1 no room", TemporaryDeliveryError, None),
    ("DOT", "552 5.3.4 too big", TemporaryDeliveryError, None),
    ("DOT", "550 5.1.1 found out late", PermanentDeliveryError, True),
    ("DOT", "550 looks like spam", PermanentDeliveryError, False),
    ("DOT", "554 5.7.1 policy", PolicyError, None),
]


@pytest.mark.parametrize(("command", "reply", "kind", "hard"), REFUSALS)
def test_what_a_refusal_means(
    command: str, reply: str, kind: type[DeliveryError], hard: bool | None, closing: list[Transport]
) -> None:
    with Sink(script={command: [reply]}) as sink:
        closing.append(transport := smtp(sink))
        with pytest.raises(DeliveryError) as raised:
            transport.send(MESSAGE)
        assert type(raised.value) is kind
        assert getattr(raised.value, "hard", None) is hard
        assert raised.value.reply.startswith(reply[:3])
        assert "\n" not in str(raised.value)
        assert sink.received == []
        transport.send(MESSAGE)  # and all is well again
        transport.close()
    assert len(sink.received) == 1


@pytest.mark.parametrize("command", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("answer", [HANG_UP, STALL, "???"])
def test_cut_before_the_message_is_temporary(command: str, answer: str, closing: list[Transport]) -> None:
    with Sink(script={command: [answer], "HELO": ["502 5.5.1 no"]}) as sink:
        closing.append(transport := smtp(sink, timeout=0.3))
        with pytest.raises(TemporaryDeliveryError) as raised:
            transport.send(MESSAGE)
        transport.close()
    assert "may have been taken" not in str(raised.value)
    assert sink.received == []


@pytest.mark.parametrize("answer", [HANG_UP, STALL, "nonsense"])
def test_cut_after_the_final_dot_is_told_apart(answer: str, closing: list[Transport]) -> None:
    with Sink(script={"DOT": [answer]}) as sink:
        closing.append(transport := smtp(sink, timeout=0.3))
        with pytest.raises(UncertainError, match=r"may have been taken.*same Message-ID"):
            transport.send(MESSAGE)
        transport.send(MESSAGE)
        transport.close()
    assert [got.content for got in sink.received] == [MESSAGE.content] * 2
    assert sink.connections == 2


def test_nobody_there_is_temporary() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: nothing else can answer here
        transport = SmtpTransport("127.0.0.1", taken.getsockname()[1], "none", None, None, 5.0)
        with pytest.raises(TemporaryDeliveryError, match="refused"):
            transport.send(MESSAGE)
        with pytest.raises(DeliveryError):
            transport.check()


def test_hostile_reply_cannot_paint_the_terminal(closing: list[Transport]) -> None:
    with Sink(script={"RCPT": ["550 5.7.1 \x1b[31mred\x07" + "x" * 900]}) as sink:
        closing.append(transport := smtp(sink))
        with pytest.raises(PolicyError) as raised:
            transport.send(MESSAGE)
        transport.close()
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 600


# --- SMTP: encryption and login ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The authority that vouches for the sink's certificate, in a file as `ca_file` names it."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    return folder / "ca.pem"


@pytest.fixture
def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.with_name("server.pem"))
    return context


USERS = {"digest": SECRET}
LOGIN = {"username": "digest", "password": SECRET}


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_encrypted_with_login(
    security: Security, certificate: Path, server_side: ssl.SSLContext, closing: list[Transport]
) -> None:
    with Sink(users=USERS, **{security: server_side}) as sink:
        closing.append(transport := smtp(sink, security, ca_file=certificate, **LOGIN))
        assert transport.check() == f"127.0.0.1:{sink.port} answers, encrypted with TLSv1.3, login accepted"
        assert sink.received == []
        transport.send(MESSAGE)
        transport.send(MESSAGE)
        transport.close()
    assert [(got.encrypted, got.content) for got in sink.received] == [(True, MESSAGE.content)] * 2
    assert sink.connections == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_unknown_certificate_is_refused(security: Security, server_side: ssl.SSLContext) -> None:
    with Sink(users=USERS, **{security: server_side}) as sink, pytest.raises(TemporaryDeliveryError, match="trusted"):
        smtp(sink, security, **LOGIN).send(MESSAGE)
    assert sink.received == []
    assert not [command for command in sink.commands if command.startswith(("AUTH", "MAIL"))]


def test_certificate_for_another_name_is_refused(certificate: Path, server_side: ssl.SSLContext) -> None:
    with Sink(tls=server_side) as sink:
        transport = SmtpTransport("localhost", sink.port, "tls", None, None, 10.0, certificate)
        with pytest.raises(TemporaryDeliveryError, match="host must be a name that it is for"):
            transport.check()
    expired = ssl.SSLCertVerificationError("expired")
    expired.verify_code, expired.verify_message = 10, "certificate has expired"
    assert words(expired) == (
        "its certificate is not trusted (certificate has expired); have it renewed, if this machine's clock is right"
    )


def test_never_falls_back_to_plain_text() -> None:
    with Sink() as sink, pytest.raises(TemporaryDeliveryError, match="STARTTLS"):
        smtp(sink, "starttls", **LOGIN).send(MESSAGE)
    assert not [command for command in sink.commands if command.startswith(("AUTH", "MAIL"))]


def test_starttls_refused_is_temporary(server_side: ssl.SSLContext) -> None:
    script = {"STARTTLS": ["454 4.7.0 not now"]}
    with Sink(starttls=server_side, script=script) as sink, pytest.raises(TemporaryDeliveryError, match="454"):
        smtp(sink, "starttls").send(MESSAGE)


@pytest.mark.parametrize("host", ["mail.example.org", "192.0.2.7", "localhost.example.org", "::2"])
def test_password_in_plain_text_is_refused_unless_on_loopback(host: str) -> None:
    with pytest.raises(ConfigError) as raised:
        SmtpTransport(host, 25, "none", "digest", SECRET, 5.0)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_loopback_may_be_plain(host: str) -> None:
    SmtpTransport(host, 25, "none", "digest", SECRET, 5.0)


def test_login_on_loopback_in_plain_text(closing: list[Transport]) -> None:
    with Sink(users=USERS) as sink:
        closing.append(transport := smtp(sink, **LOGIN))
        assert transport.check().endswith("not encrypted, login accepted")
        transport.close()


@pytest.mark.parametrize(
    ("username", "password", "words"),
    [("digest", "wrong-horse", "535 5"), ("nobody", "wrong-horse", "535 5"), ("digest", "pässwörd", "must be ASCII")],
)
def test_refused_login_is_temporary_and_tells_no_password(
    username: str, password: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "digest")
    with Sink(users=USERS) as sink:
        transport = smtp(sink, username=username, password=password)
        with pytest.raises(TemporaryDeliveryError, match=words) as raised:
            transport.send(MESSAGE)
        caplog_text = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("digest"))
    told = "".join((str(raised.value), repr(raised.value), raised.value.reply, repr(transport), caplog_text))
    assert password not in told
    assert raised.value.__cause__ is None


def test_a_server_that_repeats_the_password_is_not_quoted() -> None:
    wire = base64.b64encode(f"\0digest\0{SECRET}".encode()).decode()
    script = {"AUTH": [f"535 5.7.8 bad {SECRET} {wire}"] * 2}
    with Sink(users=USERS, script=script) as sink, pytest.raises(TemporaryDeliveryError, match="535 5") as raised:
        smtp(sink, **LOGIN).send(MESSAGE)
    assert SECRET not in str(raised.value)
    assert wire not in str(raised.value)


def test_login_where_none_is_offered_is_temporary() -> None:
    with Sink() as sink, pytest.raises(TemporaryDeliveryError, match="AUTH"):
        smtp(sink, **LOGIN).send(MESSAGE)  # the sink offers AUTH only with users or encryption


def test_ca_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(ConfigError, match=name):
            SmtpTransport("127.0.0.1", 25, "tls", None, None, 5.0, tmp_path / name)


# --- the sink itself -----------------------------------------------------------------------------------------


def test_sink_runs_alone_and_ends_with_its_input(tmp_path: Path) -> None:
    command = [sys.executable, str(Path(__file__).with_name("smtp_sink.py")), "--folder", str(tmp_path / "taken")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        port = int(process.stdout.readline())
        with smtplib.SMTP("127.0.0.1", port, "[127.0.0.1]") as client:
            client.sendmail(MESSAGE.sender, [MESSAGE.recipient], MESSAGE.content)
        process.stdin.close()
        assert process.wait(10) == 0
    assert (tmp_path / "taken" / "0001.eml").read_bytes() == MESSAGE.content
    (line,) = (tmp_path / "taken" / "log.jsonl").read_text().splitlines()
    assert json.loads(line)["message_id"] == email.message_from_bytes(MESSAGE.content)["Message-ID"]
