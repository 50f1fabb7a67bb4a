"""What DKIM signatures cost a message: ours, dkimpy, and the floor: the key operation and a sha256 of the body.

    python benchmarks/sign.py [--bytes 110000] [--rounds 20]

Prints milliseconds of processor time a message, the best of five rounds. Each signature is first verified by dkimpy.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import tempfile
import time
import timeit
from collections.abc import Callable
from pathlib import Path

import dkim
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from digest.sign import ED25519, OVERSIGNED, RSA, SIGNED, Key, Signer, make_key

HEAD = (
    b"From: Trending Papers <digest@example.org>\r\nTo: reader@example.net\r\nSubject: Kites\r\n"
    b"Date: Fri, 21 Nov 2025 06:00:00 +0000\r\nMessage-ID: <k@example.org>\r\nMIME-Version: 1.0\r\n"
    b"List-Unsubscribe: <https://digest.example.org/u/k7Qx9vTz2mB4k7Qx9vTz2m>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
)
LINE = b"A kite knows the wind better than the hand that holds it, and says so.\r\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--bytes", type=int, default=110_000, help="size of the message's body")
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    body = LINE * (given.bytes // len(LINE))
    content = HEAD + body
    with tempfile.TemporaryDirectory() as folder:
        keys = [make_key(Path(folder) / kind, kind, kind) for kind in (RSA, ED25519)]
    rsa, ed25519 = keys
    ways: dict[str, Callable[[], bytes]] = {
        "floor: RSA and sha256": lambda: rsa.sign(hashlib.sha256(body).digest()),
        "floor: Ed25519 and sha256": lambda: ed25519.sign(hashlib.sha256(body).digest()),
        "ours, RSA": lambda: Signer("example.org", [rsa])(content),
        "ours, Ed25519": lambda: Signer("example.org", [ed25519])(content),
        "ours, both": lambda: Signer("example.org", keys)(content),
        "dkimpy, RSA": lambda: by_dkimpy(content, rsa),
        "dkimpy, Ed25519": lambda: by_dkimpy(content, ed25519),
    }
    records = {f"{key.selector}._domainkey.example.org.".encode(): key.record.encode() for key in keys}
    for name, way in ways.items():
        if not name.startswith("floor"):
            assert dkim.DKIM(way() + (content if "dkimpy" in name else b"")).verify(dnsfunc=lambda n, **_: records[n])
        took = min(timeit.repeat(way, timer=time.process_time, number=given.rounds, repeat=5)) / given.rounds
        print(f"{name:28} {1000 * took:7.2f} ms")


def by_dkimpy(content: bytes, key: Key) -> bytes:
    how = PrivateFormat.TraditionalOpenSSL if key.kind == RSA else PrivateFormat.Raw
    encoding = Encoding.PEM if key.kind == RSA else Encoding.Raw
    private = key.private.private_bytes(encoding, how, NoEncryption())
    if key.kind == ED25519:
        private = base64.b64encode(private)
    return bytes(
        dkim.DKIM(content).sign(
            key.selector.encode(), b"example.org", private, signature_algorithm=f"{key.kind}-sha256".encode(),
            canonicalize=(b"relaxed", b"relaxed"), include_headers=[name.encode() for name in (*SIGNED, *OVERSIGNED)],
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
