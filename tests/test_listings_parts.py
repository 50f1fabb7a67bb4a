"""Large dumps in parts: the same entries as at once, from any line on, without the lines of the last archive."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import ListingError
from digest.listings import dump_of, parts, read_listing, read_parts
from digest.model import Dump, Entry, Listing

NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)


def snapshot(count: int, changed: int = -1) -> bytes:
    """Lines of an archive; the one of the number `changed` has another title."""
    return b"".join(
        json.dumps(
            {
                "id": f"2605.9{number:04d}",
                "title": f"{'Changed' if number == changed else 'Steady'} Paper {number}",
                "abstract": f"  What we did in case {number}.\n",
                "categories": "cs.LG",
                "versions": [{"version": "v1", "created": "Mon, 4 May 2026 12:00:00 GMT"}],
                "update_date": f"2026-05-{1 + number % 28:02d}",
                "authors_parsed": [["Fukuda-Roth", "Ines", ""]],
            }
        ).encode()
        + b"\n"
        for number in range(count)
    )


def own(count: int) -> bytes:
    header = {"listing": {"source": "lab", "as_of": "2026-05-30", "daily": True}}
    lines = [header, *({"title": f"Paper {number}", "votes": number} for number in range(count))]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART", 1000)


def read(dump: Dump, begin: int = 0, known: bytes = b"") -> list[Listing]:
    return list(read_parts(dump, now=NOW, begin=begin, known_lines=lambda _: known))


def entries(listings: list[Listing]) -> list[Entry]:
    return list(chain.from_iterable(one.entries for one in listings))


def lines(listings: list[Listing]) -> bytes:
    return b"".join(one.lines for one in listings)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("content", [snapshot(40), own(60)], ids=["snapshot", "own"])
def test_parts_together_are_the_whole(content: bytes, pack: object, monkeypatch: pytest.MonkeyPatch) -> None:
    dump = dump_of("a dump", pack(content))  # type: ignore[operator]
    found = read(dump)
    assert len(found) > 2
    assert [one.begin for one in found] == [0, *(one.end for one in found[:-1])]
    assert found[-1].end is None
    assert {(one.source, one.as_of, one.daily, one.digest, one.dump) for one in found} == {
        (found[0].source, found[0].as_of, found[0].daily, dump.digest, "a dump")
    }
    whole = read_listing(dump, now=NOW)
    assert list(whole.entries) == entries(found)
    monkeypatch.setattr(parts, "PART", 10**6)
    (once,) = read(dump)
    facts = [(entry.where, entry.facts, entry.votes) for entry in entries(found)]
    assert [(entry.where, entry.facts, entry.votes) for entry in once.entries] == facts
    assert (once.source, once.as_of, once.daily, once.lines) == (
        *(found[0].source, found[0].as_of, found[0].daily),
        lines(found),
    )


def test_the_day_of_an_archive_is_its_latest_change_wherever_it_stands() -> None:
    assert {one.as_of for one in read(dump_of("a", snapshot(40)))} == {date(2026, 5, 28)}
    tomorrow = snapshot(40).replace(b"2026-05-28", b"2031-01-01")
    assert {one.as_of for one in read(dump_of("a", tomorrow))} == {date(2026, 5, 27)}


@given(st.integers(0, 45))
def test_reading_goes_on_at_any_line(begin: int) -> None:
    dump = dump_of("a dump", snapshot(40))
    rest = read(dump, begin)
    assert [entry.where for entry in entries(rest)] == [f"line {number}" for number in range(begin + 1, 41)]
    assert rest[0].begin == min(begin, rest[0].begin) or begin > 40
    assert rest[-1].end is None


def test_lines_of_the_last_archive_are_skipped() -> None:
    before = lines(read(dump_of("yesterday", snapshot(40))))
    assert len(before) == 8 * 40
    after = read(dump_of("today", snapshot(43, changed=17)), known=before)
    assert [entry.where for entry in entries(after)] == ["line 18", "line 41", "line 42", "line 43"]
    assert sum(one.skipped for one in after) == 39
    assert len(lines(after)) == 8 * 43
    assert not entries(read(dump_of("again", snapshot(43, changed=17)), known=lines(after)))


def test_what_is_known_is_not_loaded_for_a_small_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART", 10**6)
    (once,) = read_parts(dump_of("a day", snapshot(40)), now=NOW, known_lines=lambda _: pytest.fail("asked"))
    assert (len(once.entries), len(once.lines)) == (40, 8 * 40), "and the next large one passes over its lines"


def test_only_archives_have_lines() -> None:
    assert lines(read(dump_of("a", own(60)))) == b""
    assert all(one.archive for one in read(dump_of("a", snapshot(4))))
    assert not any(one.archive for one in read(dump_of("a", own(4))))


@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n\n", b"\r\n"])
def test_ends_of_any_kind(end: bytes) -> None:
    assert len(entries(read(dump_of("a", snapshot(30).rstrip(b"\n") + end)))) == 30


def test_an_endless_line_is_one_rejected_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.listings.json_lines.LONGEST_LINE", 900)
    content = snapshot(20) + b'{"id": "2605.91234", "title": "' + b"x" * 50_000 + b'"}\n' + snapshot(3)
    found = read(dump_of("a", content))
    assert len(entries(found)) == 23
    assert [(bad.where, bad.reason) for one in found for bad in one.rejected] == [
        ("line 21", "longer than 0 MiB; not read")
    ]
    assert entries(found)[-1].where == "line 24"


def test_a_later_part_of_bad_lines_alone_stops_nothing() -> None:
    found = read(dump_of("a", snapshot(20) + b"garbage\n" * 400 + snapshot(2)))
    assert len(entries(found)) == 22
    assert sum(len(one.rejected) for one in found) == 400


def test_a_cut_archive_file_says_so_after_its_whole_parts() -> None:
    packed = gzip.compress(snapshot(3000), compresslevel=1)
    got: list[Listing] = []

    def take() -> Iterator[None]:
        for part in read_parts(dump_of("a", packed[: len(packed) // 2]), now=NOW):
            got.append(part)
            yield

    with pytest.raises(ListingError, match="a: gzip that is cut off; fetch it again"):
        list(take())


def test_other_forms_are_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    paper = {
        "paper": {"id": "2605.90001", "title": "A", "summary": "b" * 90, "authors": [], "publishedAt": "2026-05-01"}
    }
    dump = dump_of("2026-05-30.json", json.dumps([paper] * 20).encode())
    (found,) = read(dump)
    assert len(found.entries) == 20
    monkeypatch.setattr("digest.listings.form.LARGEST", 2000)
    with pytest.raises(ListingError, match="larger than"):
        read(dump)
