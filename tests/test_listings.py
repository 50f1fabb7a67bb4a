"""Reading dumps: detection by content, what all formats promise, and that no content at all gets through as a crash."""

from __future__ import annotations

import hashlib
import json
import os
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from linear import linear

from digest.errors import ListingError, UnknownFormatError
from digest.listings import FORMATS, dump_of, read_dump, read_listing
from digest.listings.clean import LONGEST_TITLE
from digest.model import Listing

DATA = Path(__file__).parent / "data" / "listings"
SAMPLES = Path(__file__).parent.parent / "config" / "samples"
NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)

READABLE = sorted(path for path in DATA.iterdir() if path.name not in ("one.json", "cut.json"))


def read(content: str | bytes, name: str = "a dump", now: datetime = NOW, as_of: date | None = None) -> Listing:
    raw = content.encode() if isinstance(content, str) else content
    return read_listing(dump_of(name, raw), now=now, as_of=as_of)


@pytest.mark.parametrize(
    ("file", "form", "source", "daily", "fidelity", "as_of", "entries"),
    [
        ("search-blocks.txt", "hf-text", "hf-search", False, 20, date(2026, 3, 3), 6),
        ("search-lines.txt", "hf-text", "hf-search", False, 20, date(2026, 6, 3), 3),
        ("daily-2026.json", "hf-json", "hf-daily", True, 50, date(2026, 6, 1), 3),
        ("daily-2024.json", "hf-json", "hf-daily", True, 50, date(2024, 3, 14), 3),
        ("daily-repr.json", "hf-json", "hf-daily", True, 50, date(2024, 3, 14), 3),
        ("daily-wrapped.json", "hf-json", "hf-daily", True, 50, date(2025, 1, 10), 3),
        ("daily-odd.json", "hf-json", "hf-daily", True, 50, date(2026, 6, 1), 3),
        ("no-data.json", "hf-json", "hf-daily", True, 50, date(2025, 1, 11), 0),
    ],
)
def test_each_form_is_recognised_whatever_its_name(
    file: str, form: str, source: str, daily: bool, fidelity: int, as_of: date, entries: int
) -> None:
    listing = read((DATA / file).read_bytes(), name="x.bin")
    told = (listing.format, listing.source, listing.daily, listing.fidelity, listing.as_of, len(listing.entries))
    assert told == (form, source, daily, fidelity, as_of, entries)
    assert [entry.position for entry in listing.entries] == list(range(1, entries + 1))
    assert len({entry.where for entry in listing.entries}) == entries


def test_every_file_of_the_folder_is_in_a_test() -> None:
    sources = "".join(path.read_text() for path in Path(__file__).parent.glob("test_listings*.py"))
    assert [path.name for path in DATA.iterdir() if f'"{path.name}"' not in sources] == []
    assert len({form.name for form in FORMATS}) == len(FORMATS)


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_samples_read_without_a_single_rejection(path: Path) -> None:
    listing = read_listing(read_dump(path), now=NOW)
    assert listing.entries
    assert not listing.rejected
    assert listing.as_of in (date(2026, 6, 1), date(2026, 6, 2), NOW.date())
    assert all(entry.facts.abstract for entry in listing.entries)


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_marks_encodings_and_line_ends_change_nothing(path: Path, encoding: str, end: str) -> None:
    plain = read(path.read_bytes())
    other = read(path.read_text().replace("\n", end).encode(encoding))
    assert other.entries == plain.entries
    assert other.as_of == plain.as_of


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.name)
def test_the_users_day_wins(path: Path) -> None:
    assert read(path.read_bytes(), as_of=date(2023, 5, 6)).as_of == date(2023, 5, 6)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n\t", "is empty"),
        (b"1", "holds only `1`"),
        (b"hello", "no known listing"),
        (b"<html><body>Get trending papers in your email inbox!", "no known listing"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff", "no known listing"),
        (b'{"total": 3, "items": []}', "without a list of papers"),
        (b'[{"paper": {"id": "26', "line 1, column 19"),
        (b'[{"title": "A Title", "votes": 3}]', "of our own format each paper is a line by itself"),
        (b'{\n "title": "A Title"\n}\n{\n "title": "Another"\n}', "of our own format each paper is a line by itself"),
        (b"[] []", "line 1, column 4 (Extra data)"),
        (b"[1, 2, 3]", "none of its 3 records"),
        (b"[" * 100_000, "nested too deeply"),
        (b"Get trending papers in your email inbox!\n", "without any paper"),
        (b"\xff\xfe", "no known listing"),
    ],
)
def test_bad_containers_say_what_and_where(content: bytes, words: str) -> None:
    with pytest.raises(ListingError, match="a dump: ") as raised:
        read(content)
    assert words in str(raised.value)


def test_a_dump_without_a_paper_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.listings.form._HOPELESS", 2)
    with pytest.raises(ListingError, match="none of its 2 first records"):
        read(b"[1, 2, 3]")
    assert len(read(b'[{"paper": {"title": "A Title"}}, 1, 2, 3]').rejected) == 3


def test_unknown_content_is_its_own_error() -> None:
    with pytest.raises(UnknownFormatError, match=r"begins with “title,abstract”.*docs/formats.md"):
        read("title,abstract\n")


def test_a_dump_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "dump.json"
    path.write_bytes(b"[]")
    dump = read_dump(path)
    with dump.content() as file:
        assert (dump.name, dump.size, file.read()) == (str(path), 2, b"[]")
    assert dump.digest == hashlib.sha256(b"[]").hexdigest() == dump_of("other", b"[]").digest


def test_any_bytes_may_be_the_name_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff\xfe 2026-05-30\n\x1b[2J.json")
    path.write_bytes(b"[]")
    dump = read_dump(path)
    assert (dump.name, read_listing(dump, now=NOW).as_of) == (f"{tmp_path}/�� 2026-05-30��[2J.json", date(2026, 5, 30))


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError):
        read_dump(tmp_path / "gone.json")
    with pytest.raises(ListingError, match="cannot be read"):
        read_dump(tmp_path)
    with pytest.raises(ListingError, match="a device or a socket"):
        read_dump(Path("/dev/null"))
    (tmp_path / "large").write_bytes(b"[" + b" " * 90)
    monkeypatch.setattr("digest.listings.form.LARGEST", 80)
    monkeypatch.setattr("digest.listings.parts.PART", 40)
    with pytest.raises(ListingError, match="larger than"):
        read_listing(read_dump(tmp_path / "large"), now=NOW)


# --- hostile content ---------------------------------------------------------------------------------------------

DUMPS = [path.read_bytes() for path in sorted(DATA.iterdir())]
PIECES = [
    *(b"\x00", b"\xff", b"\xed\xa0\x80", b"\n", b"\n\n", b"\r", b'"', b"'", b"\\", b"\\ud800", b"{", b"}", b"[", b"]"),
    *(b"$", b"^", b"_{", b"\\frac{", b"\\v{", b"\\(", b"``", b"https://x{", b"9" * 5000, b"-1", b"1e999", b"NaN"),
    *(b"Feb 30", b"Feb 29", b"Dec 31, 9999", b"\xc2\xb7", "•".encode(), b"99999 authors", b"Subscribe", b"null"),
]


def allowed(content: bytes) -> None:
    """Either a listing of clean text or a ListingError."""
    try:
        listing = read(content)
    except ListingError as error:
        assert "Cc" not in set(map(unicodedata.category, str(error)))
        return
    for entry in listing.entries:
        facts = entry.facts
        for text in (facts.title, facts.abstract, *facts.authors, *facts.keywords, facts.organisation or ""):
            text.encode()
            assert text == " ".join(text.split())
            assert not {"Cc", "Cs", "Zl", "Zp"} & set(map(unicodedata.category, text))
        assert 0 < len(facts.title) <= 2 * LONGEST_TITLE
        assert all(number is None or 0 <= number <= 10**9 for number in (entry.votes, entry.comments))


@st.composite
def mutated(draw: st.DrawFn, dumps: Sequence[bytes], pieces: Sequence[bytes] = PIECES, *, cut: bool = False) -> bytes:
    """A dump with a few pieces put in, cut out or doubled, and perhaps with its end `cut` off."""
    content = draw(st.sampled_from(dumps))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(content)))
        end = draw(st.integers(start, min(len(content), start + 60)))
        content = content[:start] + draw(st.sampled_from(pieces)) * draw(st.integers(0, 3)) + content[end:]
    return content[: draw(st.integers(0, len(content)))] if cut and draw(st.booleans()) else content


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated(DUMPS))
def test_any_mutation_is_a_listing_or_a_listing_error(content: bytes) -> None:
    allowed(content)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_listing_or_a_listing_error(content: bytes) -> None:
    allowed(content)


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_survives_in_any_form(title: str, abstract: str) -> None:
    record = {"paper": {"title": title, "summary": abstract, "authors": [{"name": title}], "id": abstract}}
    raw = json.dumps([record]).encode()
    allowed(raw)
    allowed(json.dumps([repr(record)]).encode())
    lines = f"Get trending papers in your email inbox!\n{title}\n{abstract}\n".encode("utf-8", "replace")
    allowed(lines)


LARGE = 100_000


@pytest.mark.parametrize(
    "content",
    [
        "x" * LARGE,
        "Get trending papers in your email inbox!\n" + "x" * LARGE,
        "Get trending papers in your email inbox!\nTitle\n" + "\\v{" * LARGE,
        "Get trending papers in your email inbox!\nTitle\n" + "`` $x " * LARGE,
        "Get trending papers in your email inbox!\n" + "·\n" * (LARGE // 20),
        "\n" * LARGE,
        " \t" * LARGE + "x",
        "• 3 authors\n" * (LARGE // 10),
        json.dumps([{"paper": {"title": "a", "summary": "{" * LARGE}}]),
        json.dumps(["{'paper': " + "'" * LARGE]),
        json.dumps(["-" * LARGE + "1"]),
        json.dumps(["{" * LARGE]),
    ],
    ids=range(12),
)
@linear()
def test_large_hostile_dumps_cost_no_more_than_their_length(content: str) -> None:
    allowed(content.encode())
