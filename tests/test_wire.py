"""Words as the bytes of a mail's body: fragments encoded apart, joined, and back."""

from __future__ import annotations

import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.wire import lines, mostly_beyond_ascii, quoted, size, told, unquoted


@given(st.lists(st.text(st.characters(exclude_characters="\r\t "), max_size=120), max_size=5))
def test_fragments_encoded_apart_are_the_whole(words: list[str]) -> None:
    """Also where a line ends between them, or inside one, or nowhere."""
    fragments, whole = [quoted(one) for one in words], "".join(words)
    joined = b"".join(fragments)
    assert binascii.a2b_qp(joined) == b"".join(map(lines, words)) == lines(whole) == unquoted(quoted(whole))
    assert all(len(line) <= 76 and line.isascii() for line in joined.split(b"\r\n"))
    assert told(fragments) == lines(whole).decode().replace("\r\n", "\n")
    assert size(fragments) == len(told(fragments).encode())


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("a \nb\t \r\nc\rd", b"a\r\nb\r\nc\r\nd"),
        ("a b ", b"a b "),
        ("\ud800", b"?"),
    ],
)
def test_lines_end_as_in_mail_without_blanks_before(text: str, wire: bytes) -> None:
    assert lines(text) == wire


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("", b""),
        ("\n", b"\r\n"),
        ("a b", b"a b=\r\n"),
        ("a b\n", b"a b\r\n"),
        ("a ", b"a=20=\r\n"),
        (" a", b" a=\r\n"),
        (".", b"=2E=\r\n"),
        ("a.\n", b"a.\r\n"),
        ("a=b", b"a=3Db=\r\n"),
        ("a\x7f", b"a=7F=\r\n"),
        ("a" * 75, b"a" * 75 + b"=\r\n"),
        ("a" * 76, b"a" * 75 + b"=\r\na=\r\n"),
        ("a" * 72 + " ", b"a" * 72 + b"=20=\r\n"),
        ("a" * 73 + " ", b"a" * 73 + b"=\r\n=20=\r\n"),
    ],
)
def test_short_fragments(text: str, wire: bytes) -> None:
    assert quoted(text) == wire


def test_base64_is_taken_where_it_is_shorter() -> None:
    assert [mostly_beyond_ascii([quoted(one)]) for one in ("aaaaaé", "aaaé", "モデル", "")] == [True, True, True, False]
    assert not mostly_beyond_ascii([quoted("aaaaaaaaaaaé")])
