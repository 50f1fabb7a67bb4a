"""A finished message -> the same with DKIM signatures (RFC 6376, RFC 8463); keys are made and read here.

The key operation is `cryptography`'s. Asks neither the clock nor the network: `t=` is the message's own Date.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from digest.errors import ConfigError, PermanentDeliveryError

RSA, ED25519 = "rsa", "ed25519"
FEWEST_BITS = 2048  # 1024 is refused by the big mailboxes
# What is signed, whether it is there or not: a field that is absent cannot be added afterwards. RFC 8058 wants the two
# of List-Unsubscribe among them.
SIGNED = (
    "from", "to", "subject", "date", "message-id", "reply-to", "list-id", "list-unsubscribe", "list-unsubscribe-post",
    "list-help", "list-archive", "auto-submitted", "feedback-id", "content-language", "mime-version", "content-type",
)  # fmt: skip
# Named once more than they are there, so that a second one breaks the signature.
OVERSIGNED = ("from", "subject", "list-unsubscribe", "list-unsubscribe-post")
_FOLD = 76
_BLANKS = re.compile(rb"[ \t]+")
_RUN, _BLANK_END = re.compile(b"  ").search, re.compile(b" \r\n").search  # twice as fast as `in`
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:((?:[^\r]|\r\n[ \t]|\r(?!\n))*)\r\n")


# --- keys ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Key:
    """A private key and the selector under which its public half is published."""

    selector: str
    private: RSAPrivateKey | Ed25519PrivateKey

    @property
    def kind(self) -> str:
        return RSA if isinstance(self.private, RSAPrivateKey) else ED25519

    @property
    def record(self) -> str:
        """The TXT record to publish at SELECTOR._domainkey.DOMAIN (RFC 6376 3.6.1, RFC 8463 4)."""
        public = self.private.public_key()
        if self.kind == RSA:
            raw = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        else:
            raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return f"v=DKIM1; k={self.kind}; p={base64.b64encode(raw).decode()}"

    def sign(self, content: bytes) -> bytes:
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(content, PKCS1v15(), SHA256())
        return self.private.sign(hashlib.sha256(content).digest())  # RFC 8463 3: the hash is what is signed


def make_key(path: Path, selector: str, kind: str) -> Key:
    """A new key in a new file that only its owner can read. ConfigError if there is something at the path already."""
    private = Ed25519PrivateKey.generate() if kind == ED25519 else generate_private_key(65537, FEWEST_BITS)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(pem)
    except FileExistsError:
        raise ConfigError(
            f"{path}: is there already, and a key is never overwritten; choose another selector"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}; name a folder that you own") from None
    return Key(selector, private)


def read_key(path: Path, selector: str) -> Key:
    """ConfigError for what is no key, for a weak one, and for a file that others can read."""
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"{path}: can be read by others than its owner; say `chmod 600` to it, or make a new key")
        private = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise ConfigError(
            f"{path}: the DKIM key cannot be read: {error.strerror}; make one with `digest dkim-key`"
        ) from None
    except (ValueError, TypeError):
        raise ConfigError(
            f"{path}: not a private key in PEM without a password; make one with `digest dkim-key`"
        ) from None
    if not isinstance(private, RSAPrivateKey | Ed25519PrivateKey):
        raise ConfigError(f"{path}: neither an RSA nor an Ed25519 key; make one with `digest dkim-key`")
    if isinstance(private, RSAPrivateKey) and private.key_size < FEWEST_BITS:
        raise ConfigError(
            f"{path}: has {private.key_size} bits, which mailboxes refuse; make one with `digest dkim-key`"
        )
    return Key(selector, private)


# --- signing -------------------------------------------------------------------------------------------------------


class Signer:
    """Puts a signature for each key above a message's headers. The same message and keys give the same bytes."""

    def __init__(self, domain: str, keys: Sequence[Key]) -> None:
        """ConfigError for two keys of a kind: no reader of the mail would need the second."""
        kinds = [key.kind for key in keys]
        if not keys or len(set(kinds)) < len(kinds):
            raise ConfigError(
                f"dkim.keys: {len(keys)} keys ({', '.join(kinds)}); name one RSA key, one Ed25519 key or both"
            )
        self._domain = domain
        self._keys = sorted(keys, key=lambda key: key.kind, reverse=True)  # RSA on top, which all can check

    @classmethod
    def of(cls, domain: str, files: Mapping[str, Path]) -> Signer:
        """From the settings: key files by selector."""
        return cls(domain, [read_key(path, selector) for selector, path in files.items()])

    @property
    def keys(self) -> tuple[Key, ...]:
        return tuple(self._keys)

    def __call__(self, content: bytes) -> bytes:
        """Relaxed for headers and body, never with `l=`.

        PermanentDeliveryError for what has such a signature already, or cannot be signed at all: no From or no Date.
        """
        head, blank, body = content.partition(b"\r\n\r\n")
        fields = [(name.lower().decode(), value) for name, value in _FIELD.findall(head + b"\r\n")]
        body_hash = base64.b64encode(hashlib.sha256(relaxed_body(body if blank else b"")).digest()).decode()
        moment = _moment(fields)
        signed = tuple(_signed(fields))
        hashed = b"".join(relaxed(name, value) + b"\r\n" for name, value in _chosen(fields, signed))
        above = b""
        for key in self._keys:
            self._refuse_a_second(fields, key.selector)
            tags = (
                f"v=1; a={key.kind}-sha256; c=relaxed/relaxed; t={moment};",
                f"d={self._domain}; s={key.selector};",
                f"h={_names(signed)};",
                f"bh={body_hash}; b=",
            )
            unsigned = " " + "\r\n ".join(tags)
            signature = key.sign(hashed + relaxed("dkim-signature", unsigned.encode()))
            above += f"DKIM-Signature:{unsigned}{_folded(base64.b64encode(signature).decode())}\r\n".encode()
        return above + content

    def _refuse_a_second(self, fields: Sequence[tuple[str, bytes]], selector: str) -> None:
        for name, value in fields:
            tags = dict(re.findall(rb"(?:^|;)\s*([a-z]+)\s*=\s*([^;\s]*)", value)) if name == "dkim-signature" else {}
            if (tags.get(b"d"), tags.get(b"s")) == (self._domain.encode(), selector.encode()):
                raise PermanentDeliveryError(
                    f"the message is signed by d={self._domain} s={selector} already; let one of the two sign, "
                    "the digest or what comes before it"
                )


def relaxed(name: str, value: bytes) -> bytes:
    """RFC 6376 3.4.2, without the line end."""
    return name.lower().encode() + b":" + _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376 3.4.4. Our own mails are in this form already, which is seen faster than it is made."""
    if _RUN(body) or b"\t" in body or _BLANK_END(body) or body.endswith(b" "):
        body = _BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n").removesuffix(b" ")
    if not body.endswith(b"\r\n") or body.endswith(b"\r\n\r\n") or body == b"\r\n":
        while body.endswith(b"\r\n"):
            body = body[:-2]
        return body and body + b"\r\n"
    return body


def _signed(fields: Sequence[tuple[str, bytes]]) -> list[str]:
    """The names of `h=`: each as often as it is there, at least once, and some once more."""
    there = [name for name, _ in fields]
    names = [name for name in SIGNED for _ in range(max(1, there.count(name)))]
    return names + [name for name in OVERSIGNED if name in there]


def _chosen(fields: Sequence[tuple[str, bytes]], names: Sequence[str]) -> list[tuple[str, bytes]]:
    """The fields that a verifier will take for these names: of several the lowest first (RFC 6376 5.4.2)."""
    left = list(fields)
    found = []
    for name in names:
        for number in range(len(left) - 1, -1, -1):
            if left[number][0] == name:
                found.append(left.pop(number))
                break
    return found


def _moment(fields: Sequence[tuple[str, bytes]]) -> int:
    values = dict(fields)
    try:
        if "from" not in values:
            raise ValueError
        return _seconds(values["date"])
    except (KeyError, ValueError, UnicodeDecodeError):
        raise PermanentDeliveryError(
            "a message without From or without a readable Date cannot be signed; this should not happen, report it"
        ) from None


@lru_cache(64)
def _seconds(moment: bytes) -> int:
    return int(parsedate_to_datetime(moment.decode("ascii").strip()).timestamp())


@lru_cache(64)
def _names(names: tuple[str, ...]) -> str:
    """A list for `h=`, folded behind colons where blanks may stand."""
    lines = [""]
    for number, name in enumerate(names, start=1):
        word = name + (":" if number < len(names) else "")
        if len(lines[-1]) + len(word) > _FOLD - 16:
            lines.append("")
        lines[-1] += word
    return "\r\n ".join(lines)


def _folded(text: str) -> str:
    return "".join(f"\r\n {text[at : at + _FOLD]}" for at in range(0, len(text), _FOLD))
