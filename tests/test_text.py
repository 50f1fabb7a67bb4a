"""Any text: what of it can be seen, one line of it, and the arXiv ids and DOIs in it."""

from __future__ import annotations

import sys

import pytest

from digest.text import arxiv_id, clean, doi, visible


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  a\tb\r\nc\u2028d\u00a0e ", "a b c d e"),
        ("a\x00b\x1b[31mc\x85d\x9be", "ab[31mc de"),
        ("a\u202eb\u2066c\u2069", "abc"),
        ("a\ud800b\ufffec\ufdd0d\U0001ffffe", "abcde"),
        ("x\u200d\U0001f600", "x\u200d\U0001f600"),
        ("", ""),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_printable_text_has_nothing_unwanted_and_no_other_white_space_than_blanks() -> None:
    printable = "".join(filter(str.isprintable, map(chr, range(sys.maxunicode + 1))))
    assert visible(printable) == printable
    assert not any(map(str.isspace, printable.replace(" ", "")))


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("2501.05441", ("2501.05441", None)),
        ("arXiv:2501.05441v2", ("2501.05441", 2)),
        ("http://arxiv.org/abs/2202.12139v1", ("2202.12139", 1)),
        ("https://arxiv.org/pdf/2501.05441v3.pdf", ("2501.05441", 3)),
        ("https://arxiv.org/abs/2501.05441?context=cs", ("2501.05441", None)),
        ("oai:arXiv.org:2508.13167v1", ("2508.13167", 1)),
        ("https://huggingface.co/papers/2501.05441", ("2501.05441", None)),
        ("https://doi.org/10.48550/arXiv.2501.05441", ("2501.05441", None)),
        (" 0704.0156 ", ("0704.0156", None)),
        ("math/0309136", ("math/0309136", None)),
        ("arXiv:math.GT/0309136v3", ("math/0309136", 3)),
        ("https://arxiv.org/abs/astro-ph/9204001v1", ("astro-ph/9204001", 1)),
        ("2513.05441", None),
        ("2501.123", None),
        ("2501.0544", None),  # five digits since 2015
        ("1412.05441", None),
        ("foo/1234567", None),
        ("٢٥٠١.05441", None),
        ("A Paper about 2501.05441", None),
        ("2501.05441" * 1000, None),
        ("", None),
    ],
)
def test_arxiv_ids(raw: str, number: tuple[str, int | None] | None) -> None:
    assert arxiv_id(raw) == number


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("10.1101/2026.05.01.123456", "10.1101/2026.05.01.123456"),
        (" https://doi.org/10.1000/Ab-1(2). ", "10.1000/Ab-1(2)"),
        ("doi: 10.1/x", None),
        ("DOI:10.1000/\u200bx", "10.1000/x"),
        ("10.1000/a 10.1000/b", "10.1000/a"),
        ("see 10.1000/a", None),
        (101000, None),
    ],
)
def test_dois(value: object, found: str | None) -> None:
    assert doi(value) == found
