"""Where returned mail is read from: real folders and files, and a real IMAP server over TLS."""

from __future__ import annotations

import io
import mailbox
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from imap_server import ImapServer

from digest.errors import ConfigError
from digest.mailboxes import Login, Mailbox, open_mailbox

MAILS = [f"Subject: {number}\n\nFrom here on\n".encode() for number in range(3)]
NOBODY = Login()


def opened(source: str | Path, **given: bool) -> Mailbox:
    return open_mailbox(str(source), io.BytesIO(MAILS[0]), NOBODY, largest=1000, **given)


def contents(box: Mailbox) -> list[bytes]:
    return [mail.content for mail in box.mails()]


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    box = mailbox.Maildir(tmp_path / "Maildir")
    for content in MAILS:
        box.add(content)
    return tmp_path / "Maildir"


def test_a_maildir_marks_what_is_done_with(maildir: Path) -> None:
    box = opened(maildir)
    mails = list(box.mails())
    assert sorted(mail.content for mail in mails) == MAILS
    box.done(mails[0])
    box.done(mails[0])
    assert len(contents(opened(maildir))) == 2
    assert len(contents(opened(maildir, again=True))) == 3
    (seen,) = (maildir / "cur").iterdir()
    assert seen.name.endswith(":2,S")
    seen.rename(seen.with_name(seen.name.replace(":2,S", ":2,R")))
    (answered,) = (mail for mail in opened(maildir).mails() if mail.content == mails[0].content)
    opened(maildir).done(answered)
    assert [path.name[-5:] for path in (maildir / "cur").iterdir()] == [":2,RS"]


def test_a_maildir_can_be_emptied(maildir: Path) -> None:
    box = opened(maildir, remove=True)
    for mail in box.mails():
        box.done(mail)
    assert len(mailbox.Maildir(maildir)) == 0


def test_an_mbox_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mbox"
    box = mailbox.mbox(path)
    for content in MAILS:
        box.add(content)
    box.close()
    before = path.read_bytes()
    ours = opened(path, remove=True)
    assert [content.replace(b">From", b"From") for content in contents(ours)] == MAILS
    for mail in ours.mails():
        ours.done(mail)
    ours.close()
    assert path.read_bytes() == before


def test_one_mail_in_a_file_or_from_standard_input(tmp_path: Path) -> None:
    path = tmp_path / "one.eml"
    path.write_bytes(MAILS[1])
    assert contents(opened(path)) == [MAILS[1]]
    assert contents(opened("-")) == [MAILS[0]]
    assert contents(open_mailbox("-", io.BytesIO(b"\n"), NOBODY, largest=10)) == []
    assert contents(open_mailbox(str(path), io.BytesIO(), NOBODY, largest=10)) == [MAILS[1][:10]]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("nowhere", "no such mailbox"),
        (".", "no such mailbox"),
        ("pop://localhost", "no such mailbox"),
        ("imaps://", "imaps://HOST/FOLDER"),
        ("imaps://me:secret@localhost/INBOX", "without a login"),
        ("imaps://localhost:99999", "imaps://HOST/FOLDER"),
        ("imaps://localhost/INBOX", "DIGEST_IMAP_USER"),
    ],
)
def test_what_cannot_be_read_is_said(source: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as raised:
        opened(source)
    assert "secret" not in str(raised.value)


# --- IMAP --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(params=["imaps", "imap"])
def imap(
    request: pytest.FixtureRequest, authority: trustme.CA, tmp_path: Path
) -> Iterator[tuple[ImapServer, str, Login]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with ImapServer(list(MAILS), context, implicit=request.param == "imaps") as server:
        login = Login(user=server.user, password=server.password, ca_file=tmp_path / "ca.pem")
        yield server, f"{request.param}://localhost:{server.port}", login


def test_an_imap_folder(imap: tuple[ImapServer, str, Login]) -> None:
    server, url, login = imap
    box = open_mailbox(url, io.BytesIO(), login, largest=12)
    mails = list(box.mails())
    assert [mail.content for mail in mails] == [content[:12] for content in MAILS]
    box.done(mails[1])
    assert server.flags == {11: set(), 12: {r"\Seen"}, 13: set()}
    assert len(list(box.mails())) == 2
    box.close()
    again = open_mailbox(url, io.BytesIO(), login, largest=1000, again=True, remove=True)
    everything = list(again.mails())
    assert [mail.content for mail in everything] == MAILS
    again.done(everything[0])
    again.close()
    assert sorted(server.messages) == [12, 13]


def test_nothing_is_said_to_a_server_that_is_not_who_it_should_be(imap: tuple[ImapServer, str, Login]) -> None:
    server, url, login = imap
    stranger = Login(user=login.user, password=login.password)
    with pytest.raises(ConfigError, match="no safe connection"):
        open_mailbox(url, io.BytesIO(), stranger, largest=1000)
    assert not any("LOGIN" in line for line in server.commands)


def test_a_wrong_password_and_a_wrong_folder(imap: tuple[ImapServer, str, Login]) -> None:
    _, url, login = imap
    wrong = Login(user=login.user, password="not it", ca_file=login.ca_file)
    with pytest.raises(ConfigError, match="does not take DIGEST_IMAP_USER") as raised:
        open_mailbox(url, io.BytesIO(), wrong, largest=1000)
    assert "not it" not in str(raised.value)
    with pytest.raises(ConfigError, match="no such folder"):
        open_mailbox(f"{url}/Bounces", io.BytesIO(), login, largest=1000)


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="no safe connection"):
        open_mailbox("imaps://localhost:1", io.BytesIO(), Login(user="a", password="b"), largest=1000)
