"""Hugging Face Daily Papers as JSON: containers, schemas, days and broken records."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from digest.listings import dump_of, read_listing
from digest.model import Listing

DATA = Path(__file__).parent / "data" / "listings"
NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)


def read(body: object, name: str = "dump.json", as_of: date | None = None) -> Listing:
    return read_listing(dump_of(name, json.dumps(body).encode()), now=NOW, as_of=as_of)


def record(title: str = "A Title", **paper: Any) -> dict[str, Any]:
    return {"paper": {"title": title, **paper}, "title": title}


def test_the_schema_of_2026() -> None:
    first = read(json.loads((DATA / "daily-2026.json").read_text())).entries[0]
    facts = first.facts
    assert (first.where, first.votes, first.comments) == ("record 1", 99, 2)
    assert facts.authors == ("Ines Fukuda-Roth", "Sågvar Óe"), "each once, hidden ones too, in NFC"
    assert facts.author_count == 2
    assert (facts.organisation, facts.submitter, facts.keywords) == ("Green Lab", "ines", ("quilts", "maps"))
    assert (facts.published, facts.arxiv_id, facts.version) == (date(2026, 5, 29), "2605.90001", None)
    assert (facts.code_url, facts.code_stars) == ("https://git.example.org/x/y_z", 12)
    assert facts.project_url == "https://example.org/p"


@pytest.mark.parametrize("file", ["daily-2024.json", "daily-repr.json", "daily-wrapped.json"])
def test_all_containers_hold_the_same(file: str) -> None:
    entries = read(json.loads((DATA / file).read_text())).entries
    assert [entry.facts.title for entry in entries] == [
        "Synth²Quilt: Wrapped Titles",
        "An Ordinary Title",
        "Small Caps",
    ]
    assert [entry.votes for entry in entries] == [3, 2, 1]
    assert entries[0].facts.abstract == "A hard-wrapped abstract of 3."
    assert entries[0].facts.published == date(2024, 3, 11), "not the outer time, which is shifted"


@pytest.mark.parametrize(
    "written",
    [
        lambda records: "\r\n".join(map(json.dumps, records)),  # jq -c '.[]'
        lambda records: "".join(json.dumps(one, indent=2) for one in records),  # jq '.[]'
        lambda records: json.dumps({"value": records, "Count": 3}),  # PowerShell
        lambda records: json.dumps({"dailyPapers": records, "nextDate": "2026-06-02"}),
    ],
)
def test_records_as_tools_put_them_out(written: Callable[[list[Any]], str]) -> None:
    whole = (DATA / "daily-2026.json").read_text()
    made = read_listing(dump_of("x", written(json.loads(whole)).encode()), now=NOW)
    assert made.entries == read_listing(dump_of("x", whole.encode()), now=NOW).entries


def test_bad_records_are_named_and_the_rest_goes_on() -> None:
    listing = read(json.loads((DATA / "daily-odd.json").read_text()))
    assert [(one.where, one.reason) for one in listing.rejected] == [
        ("record 2", "text that is not the Python form of a record"),
        ("record 3", "not an object but a number"),
        ("record 4", "not an object but nothing"),
        ("record 5", "has no `paper`"),
        ("record 6", "has no title"),
    ]
    assert [(entry.where, entry.position) for entry in listing.entries] == [
        ("record 1", 1),
        ("record 7", 2),
        ("record 8", 3),
    ]
    garbage = listing.entries[1]
    assert (garbage.votes, garbage.comments) == (12, None)
    facts = garbage.facts
    assert (facts.title, facts.abstract, facts.authors, facts.author_count) == ("Paper Number 7", "", (), None)
    assert (facts.code_url, facts.code_stars, facts.project_url) == (None, None, None)
    assert (facts.organisation, facts.submitter, facts.keywords) == (None, "ines", ())
    assert (facts.arxiv_id, facts.published) == (None, None)
    assert (listing.entries[2].votes, listing.entries[2].comments) == (None, None)


@pytest.mark.parametrize(
    ("body", "name", "as_of"),
    [
        (
            {"status": "success", "date": "2025-01-10", "data": [record(submittedOnDailyAt="2026-05-01")]},
            "x",
            "2025-01-10",
        ),
        ({"status": "no_data", "date": "2025-01-11"}, "x", "2025-01-11"),
        ({"status": "no_data"}, "no_2025-01-12.json", "2025-01-12"),
        (
            [record(submittedOnDailyAt=f"2026-05-{day}T00:00:00.000Z") for day in ("01", *["02"] * 19, "03")],
            "2026-05-09.json",
            "2026-05-02",
        ),
        ([record(submittedOnDailyAt=f"2026-05-{day}T00:00:00.000Z") for day in ("01", "02")], "x", "2026-05-02"),
        ([{**record(), "publishedAt": "2024-05-27T03:50:58.348Z"}], "2026-05-09.json", "2024-05-27"),
        ([{**record(), "publishedAt": "2024-05-27T03:50:58.348Z", "summary": "x"}], "d/2025-03-12.json", "2025-03-12"),
        ([{**record(), "publishedAt": "2025-03-12T20:00:00.000Z"}], "daily_papers_2025-03-13.json", "2025-03-13"),
        ([record()], "2025-03-11/at_night.json", "2025-03-11"),
        ([record()], "2025-13-45.json", "2026-06-03"),
        ([], "dump.json", "2026-06-03"),
        ([record(submittedOnDailyAt=7)], "dump.json", "2026-06-03"),
    ],
)
def test_the_day_from_the_surest_sign_to_the_weakest(body: object, name: str, as_of: str) -> None:
    assert str(read(body, name).as_of) == as_of
    assert read(body, name, as_of=date(2020, 2, 29)).as_of == date(2020, 2, 29)


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("2026-05-18", "2026-05-22", ("hf-period", "2026-05-22", False)),
        ("2026-05-01", "2026-05-29", ("hf-period", "2026-05-29", False)),
        ("2024-05-01", "2026-05-29", ("hf-search", "2026-06-03", False)),
    ],
)
def test_records_of_several_days_are_no_list_of_a_day(first: str, last: str, told: tuple[str, str, bool]) -> None:
    body = [record(submittedOnDailyAt=f"{day}T00:00:00.000Z") for day in (first, last, last)]
    listing = read(body, "2026-05-29.json")
    assert (listing.source, str(listing.as_of), listing.daily) == told
    assert read({"status": "success", "date": "2026-05-29", "data": body}).daily


@pytest.mark.parametrize(
    ("written", "title"),
    [
        (
            "{'paper': {'title': 'It\\'s \"odd\" {here} [1] \\\\d', 'upvotes': -1, 'x': None, 'y': 1.5e3}}",
            'It\'s "odd" {here} [1] \\d',
        ),
        ("{'paper': {'title': \"Don't\"}, 'a': [True, False]}", "Don't"),
    ],
)
def test_python_forms(written: str, title: str) -> None:
    assert read([written]).entries[0].facts.title == title


@pytest.mark.parametrize(
    "written",
    [
        "__import__('os').system('true')",
        "{'paper': {'title': 'x' * 99999999}}",
        "{'paper': " * 30 + "1" + "}" * 30,
        "{'paper': {[]: 1}}",
        "{'paper': {'title': 'x'}",
        "{'paper': {'title': f'{1}'}}",
        "-" * 1000 + "1",
        "",
        "x" * 2_000_000,
        "'" + "\\'" * 500_000,  # a string that does not end is looked through once
        "1" * 1_000_000 + "x",
    ],
)
def test_python_forms_that_are_none(written: str) -> None:
    listing = read([record(), written])
    assert len(listing.entries) == 1
    assert listing.rejected[0].where == "record 2"


@pytest.mark.parametrize(("records", "cut"), [(49, False), (50, True), (51, False), (100, True), (0, False)])
def test_a_dump_of_as_many_records_as_a_page_holds_is_cut(records: int, cut: bool) -> None:
    body = [record(f"Paper {number}") for number in range(records)]
    assert read(body).cut is read({"status": "success", "data": body}).cut is cut


def test_a_huge_number_costs_its_field_and_no_more() -> None:
    raw = f'[{{"paper": {{"title": "x", "upvotes": {"9" * 5000}}}, "title": "x"}}]'.encode()
    assert read_listing(dump_of("x", raw), now=NOW).entries[0].votes is None


def test_a_title_too_long_is_rejected_and_an_abstract_too_long_is_cut() -> None:
    listing = read([record("x" * 5000), record("y", summary="word " * 20_000)])
    assert listing.rejected[0].reason == "has a title too long to be one"
    assert len(listing.entries[0].facts.abstract) <= 20_000
    assert listing.entries[0].facts.abstract.endswith("…")


def test_the_outer_title_keeps_its_latex() -> None:
    both = {"paper": {"title": "Synth^2"}, "title": "$\\textit{Synth}^2$ of\n  Maps"}
    assert read([both]).entries[0].facts.title == "Synth² of Maps"
    assert read([{"paper": {"title": "Inner"}, "title": ""}]).entries[0].facts.title == "Inner"
