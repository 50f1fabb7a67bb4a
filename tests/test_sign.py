from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import dkim
import pytest
from conftest import GOLDEN, Place
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from dkim.canonicalization import Relaxed
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import ConfigError, PermanentDeliveryError
from digest.sign import ED25519, OVERSIGNED, RSA, SIGNED, Key, Signer, make_key, read_key, relaxed, relaxed_body

# dkimpy, which nobody here wrote, tells whether a signature is one.
MAIL = (GOLDEN / "plain.eml").read_bytes()


@cache
def keys() -> tuple[Key, Key]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Key("r1", rsa.generate_private_key(65537, 2048)), Key("e1", Ed25519PrivateKey.generate())


def signer() -> Signer:
    return Signer("example.org", keys())


def record_of(name: bytes, timeout: int = 5) -> bytes:
    return {f"{key.selector}._domainkey.example.org.".encode(): key.record.encode() for key in keys()}[name]


def verified(content: bytes) -> list[bool]:
    try:
        return [dkim.DKIM(content).verify(idx=number, dnsfunc=record_of) for number in (0, 1)]
    except dkim.ValidationError:  # how it says that the body is another
        return [False, False]


def test_both_signatures_are_true() -> None:
    signed = signer()(MAIL)
    assert signed.endswith(MAIL)
    head = signed[: -len(MAIL)]
    assert [re.findall(rf"{tag}=([^;\s]+)", head.decode()) for tag in ("a", "d", "s", "c", "t")] == [
        ["rsa-sha256", "ed25519-sha256"],
        ["example.org"] * 2,
        ["r1", "e1"],
        ["relaxed/relaxed"] * 2,
        [str(int(datetime(2025, 11, 21, 6, tzinfo=UTC).timestamp()))] * 2,
    ]
    assert all(len(line) <= 78 for line in head.split(b"\r\n"))
    assert b" l=" not in head
    assert verified(signed) == [True, True]


def test_the_same_message_gives_the_same_bytes() -> None:
    assert signer()(MAIL) == signer()(MAIL)


def test_lines_are_short_with_longer_names_too() -> None:
    names = {"a" * 20: keys()[0], "b" * 20: keys()[1]}
    signed = Signer("digests.papers.example.org", [Key(name, key.private) for name, key in names.items()])(MAIL)
    assert all(len(line) <= 78 for line in signed[: -len(MAIL)].split(b"\r\n"))


def test_what_is_signed() -> None:
    names = re.search(r"h=([^;]+);", signer()(MAIL).decode())
    assert names
    assert re.sub(r"\s", "", names[1]).split(":") == [*SIGNED, *OVERSIGNED]


@pytest.mark.parametrize("name", ["plain", "hostile", "cjk", "bare"])
def test_every_golden_mail_verifies(name: str) -> None:
    assert verified(signer()((GOLDEN / f"{name}.eml").read_bytes())) == [True, True]


@pytest.mark.parametrize(
    "change",
    [
        lambda mail: mail.replace(b"\r\nFrom:", b"\r\nFrom: x@example.net\r\nFrom:", 1),
        lambda mail: mail.replace(b"\r\nTo:", b"\r\nSubject: another\r\nTo:", 1),
        lambda mail: mail.replace(b"\r\nTo:", b"\r\nList-Unsubscribe: <https://example.net/>\r\nTo:", 1),
        lambda mail: mail.replace(b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two-Click", 1),
        lambda mail: mail.replace(b"Feedback-ID: ", b"Feedback-ID: x", 1),
        lambda mail: mail.replace(b"Small models", b"Large models"),
        lambda mail: mail + b"more\r\n",
    ],
)
def test_a_change_breaks_both(change: object) -> None:
    assert callable(change)
    changed = change(signer()(MAIL))
    assert changed != signer()(MAIL)
    assert verified(changed) == [False, False]


def test_an_absent_field_cannot_be_added() -> None:
    bare = (GOLDEN / "bare.eml").read_bytes()
    assert b"\r\nReply-To:" not in bare
    signed = signer()(bare)
    assert verified(signed.replace(b"\r\nTo:", b"\r\nReply-To: x@example.net\r\nTo:", 1)) == [False, False]


def test_what_a_relay_may_do_breaks_nothing() -> None:
    signed = signer()(MAIL).replace(b"Subject: ", b"subject:  \t", 1)
    assert verified(b"Received: by relay\r\n" + signed + b"\r\n\r\n") == [True, True]


def test_a_second_signature_for_the_same_key_is_refused() -> None:
    signed = signer()(MAIL)
    with pytest.raises(PermanentDeliveryError, match=r"is signed by d=example\.org s=r1 already"):
        signer()(signed)
    other = Signer("example.org", [Key("r2", keys()[0].private)])(signed)
    assert other.endswith(signed)


@pytest.mark.parametrize("gone", [rb"\r\nDate: [^\r]+", rb"From: [^\r]+\r\n"])
def test_what_cannot_be_signed(gone: bytes) -> None:
    with pytest.raises(PermanentDeliveryError, match="cannot be signed"):
        signer()(re.sub(gone, b"", MAIL, count=1))


LINES = st.lists(st.sampled_from([b"", b" ", b"\t", b"a", b"b  c", b" d", b"e \t ", b"--x"])).map(b"\r\n".join)


@settings(deadline=None, max_examples=120)
@given(LINES, st.sampled_from([b"\r\n", b"\r\n\r\n", b" \r\n", b"z\r\n \r\n"]))
def test_canonical_forms_are_those_of_dkimpy(lines: bytes, end: bytes) -> None:
    body = lines + end
    assert relaxed_body(body) == Relaxed.canonicalize_body(body)
    value = b" x \r\n\t" + lines.replace(b"\r\n", b"\r\n ") + b"\r\n"
    ((name, canonical),) = Relaxed.canonicalize_headers([(b"Subject", value)])
    assert relaxed("Subject", value) + b"\r\n" == name + b":" + canonical


# --- keys -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [RSA, ED25519])
def test_a_key_is_made_once_and_read_again(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "new" / "key.pem"
    made = make_key(path, "s1", kind)
    assert path.stat().st_mode & 0o777 == 0o600
    again = read_key(path, "s1")
    assert (again.record, again.kind) == (made.record, kind)
    assert again.record.startswith(f"v=DKIM1; k={kind}; p=")
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="never overwritten"):
        make_key(path, "s1", kind)
    assert path.read_bytes() == before


def pem(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes | None = None) -> bytes:
    how = BestAvailableEncryption(password) if password else NoEncryption()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        (lambda: pem(rsa.generate_private_key(65537, 1024)), 0o600, "has 1024 bits"),
        (lambda: pem(ec.generate_private_key(ec.SECP256R1())), 0o600, "neither an RSA nor an Ed25519 key"),
        (lambda: pem(ec.generate_private_key(ec.SECP256R1()), b"word"), 0o600, "not a private key in PEM"),
        (lambda: b"", 0o600, "not a private key in PEM"),
        (lambda: b"", 0o640, "can be read by others"),
        (lambda: b"", 0o604, "can be read by others"),
        (None, 0, "No such file"),
    ],
)
def test_a_key_that_cannot_be_used(tmp_path: Path, content: object, mode: int, words: str) -> None:
    path = tmp_path / "key.pem"
    if callable(content):
        path.write_bytes(content())
        path.chmod(mode)
    with pytest.raises(ConfigError, match=words):
        read_key(path, "s1")


def test_two_keys_of_a_kind_are_refused() -> None:
    one, _ = keys()
    with pytest.raises(ConfigError, match="2 keys"):
        Signer("example.org", [one, Key("r2", one.private)])


# --- the whole way --------------------------------------------------------------------------------------------------


def test_mails_go_out_signed(stocked: Place) -> None:
    assert stocked.run("dkim-key", "e2026", "--kind", "ed25519").code == 0
    stocked.set(
        '# keys = { r2026 = "../state/dkim-r2026.pem", e2026', 'keys = { e2026 = "../state/dkim-e2026.pem" } # e2026'
    )
    assert stocked.run("run").code == 0
    key = read_key(stocked.folder / "state" / "dkim-e2026.pem", "e2026")
    mails = stocked.mails()
    assert mails
    for mail in mails:
        assert dkim.DKIM(mail.read_bytes()).verify(dnsfunc=lambda name, timeout=5: key.record.encode())
