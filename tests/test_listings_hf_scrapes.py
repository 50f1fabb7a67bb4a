"""Two scrapes of Hugging Face by third parties: what of them is believed, and that they spoil nothing better."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from typing import Any

import pytest
from conftest import real_data
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from linear import linear
from test_listings import PIECES, allowed

from digest.diff import diff, known_from
from digest.errors import ListingError
from digest.listings import dump_of, read_dump, read_listing
from digest.model import Entry, Listing, Outcome

NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)
LATER = datetime(2026, 12, 31, tzinfo=UTC)
ABSTRACT = "Quilts of maps are hard to fold, and folding them by hand takes days. We present a method that folds. " * 8


def crude(number: int = 1, abstract: str | None = ABSTRACT, day: str = "2026-06-02", **more: Any) -> dict[str, Any]:
    address = f"https://huggingface.co/papers/2606.9000{number}"
    details = {
        "title": f"Paper Number {number}",
        "abstract": abstract,
        "arxiv_page_url": f"https://arxiv.org/abs/2606.9000{number}",
        "pdf_url": f"https://arxiv.org/pdf/2606.9000{number}",
        "github_links": ["https://github.com/huggingface", "https://github.com/ines/quilt"],
        "metadata": {},
        "page_url": address,
        "scraped_at": f"{day}T04:05:33.815094",
    }
    record = {
        "title": f"Paper Number {number}",
        "paper_url": address,
        "authors": ["Ines Fukuda-Roth", "Sågvar Óe"],
        "stars": "12",
        "details": details,
        "scraped_date": day,
    }
    return record | more


def plain(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "title": f"Paper Number {number}",
        "url": f"https://huggingface.co/papers/2606.9000{number}",
        "authors": ["Ines Fukuda-Roth"],
        "pdf_url": f"https://arxiv.org/pdf/2606.9000{number}.pdf",
        "abstract": "It is wrapped\nafter a few\nwords and emits <map>.",
        "upvotes": 10 - number,
    } | more


def dated(*papers: Any, day: object = "2026-06-01") -> dict[str, Any]:
    return {"date": day, "papers": list(papers)}


def api(**paper: Any) -> list[dict[str, Any]]:
    facts = {"id": "2606.90001", "title": "Paper Number 1", "upvotes": 3, "submittedOnDailyAt": "2026-06-01", **paper}
    return [{"paper": facts, "title": facts["title"], "numComments": 0}]


def read(body: object, name: str = "dump.json", as_of: date | None = None) -> Listing:
    raw = body if isinstance(body, bytes) else json.dumps(body, indent=2, ensure_ascii=False).encode()
    return read_listing(dump_of(name, raw), now=NOW, as_of=as_of)


def first(body: object) -> Entry:
    return read(body).entries[0]


# --- what they are -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    ("body", "told"),
    [
        ([crude(1), crude(2)], ("hf-scrape-a", "hf-scrape-a", False, 5, "2026-06-02", 2)),
        (dated(plain(1), plain(2)), ("hf-scrape-b", "hf-scrape-b", True, 30, "2026-06-01", 2)),
        (dated(), ("hf-scrape-b", "hf-scrape-b", True, 30, "2026-06-01", 0)),
        (api(), ("hf-json", "hf-daily", True, 50, "2026-06-01", 1)),
        (
            api(summary='{"date": 1, "papers": [{"paper_url": 1, "stars": 2}]}'),
            ("hf-json", "hf-daily", True, 50, "2026-06-01", 1),
        ),
    ],
)
def test_each_is_told_by_its_content(body: object, told: tuple[object, ...], encoding: str) -> None:
    for indent in (None, 2):
        listing = read(json.dumps(body, indent=indent).encode(encoding), name="x.bin")
        found = (listing.format, listing.source, listing.daily, listing.fidelity, str(listing.as_of))
        assert (*found, len(listing.entries)) == told


def test_a_crude_entry() -> None:
    entry = first([crude()])
    facts = entry.facts
    assert (entry.where, entry.position, entry.votes, entry.comments) == ("record 1", 1, None, None)
    assert (facts.title, facts.arxiv_id, facts.published) == ("Paper Number 1", "2606.90001", None)
    assert (facts.authors, facts.author_count) == (("Ines Fukuda-Roth", "Sågvar Óe"), None)
    assert (facts.code_url, facts.code_stars) == ("https://github.com/ines/quilt", None)
    assert facts.abstract == ABSTRACT.strip()


def test_a_dated_entry() -> None:
    entry = first(dated(plain()))
    facts = entry.facts
    assert (entry.where, entry.position, entry.votes, entry.comments) == ("record 1", 1, 9, None)
    assert (facts.title, facts.arxiv_id) == ("Paper Number 1", "2606.90001")
    assert (facts.authors, facts.author_count) == (("Ines Fukuda-Roth",), None)
    assert facts.abstract == "It is wrapped after a few words and emits <map>."


@pytest.mark.parametrize(
    "abstract",
    [
        None,
        "",
        7,
        "Open-sourced.",
        f"This is an automated message from the Librarian Bot . {ABSTRACT}",
        f"Hi everyone, {ABSTRACT}",
        f"🚀 {ABSTRACT}",
        f"{ABSTRACT} Code: https://example.org/x",
        f"TL;DR: {ABSTRACT}",
        f"{ABSTRACT} Why would one?",
        f"{ABSTRACT} What got me was the folding; I have run it.",
        f"In our paper, {ABSTRACT}",
        f"A link , as a comment has it. {ABSTRACT}",
        ABSTRACT * 3,
        ABSTRACT[:600],
    ],
)
def test_what_does_not_read_like_an_abstract_is_dropped(abstract: Any) -> None:
    assert first([crude(abstract=abstract)]).facts.abstract == ""


@pytest.mark.parametrize("stars", ["0", "12", "1.09k", 12, None])
def test_stars_are_never_votes(stars: object) -> None:
    entry = first([crude(stars=stars)])
    assert (entry.votes, entry.facts.code_stars) == (None, None)


@pytest.mark.parametrize(
    ("links", "code"),
    [
        ([], None),
        (None, None),
        (["https://github.com/huggingface"], None),
        (["https://github.com/HuggingFace/", 7, "not a link"], None),
        (["https://github.com/huggingface/lib"], "https://github.com/huggingface/lib"),
        (["https://github.com/a/b", "https://github.com/c/d"], "https://github.com/a/b"),
    ],
)
def test_the_link_in_every_footer_is_not_the_code(links: object, code: str | None) -> None:
    assert first([crude(details={"github_links": links})]).facts.code_url == code


@pytest.mark.parametrize(
    ("body", "name", "as_of"),
    [
        ([crude(1), crude(2, day="2026-06-01"), crude(3, day="2026-06-01")], "2026-05-05.json", "2026-06-01"),
        ([crude(1), crude(2, day="2026-06-01")], "x", "2026-06-02"),
        ([crude(scraped_date=None)], "2026-05-05.json", "2026-05-05"),
        ([crude(scraped_date="soon")], "x", "2026-06-03"),
        (dated(plain(), day=None), "2026-05-05.json", "2026-05-05"),
        (dated(plain(), day="2026-02-30"), "x", "2026-06-03"),
    ],
)
def test_the_day(body: object, name: str, as_of: str) -> None:
    assert str(read(body, name).as_of) == as_of
    assert read(body, name, as_of=date(2020, 2, 29)).as_of == date(2020, 2, 29)


@pytest.mark.parametrize("wrap", [list, lambda items: dated(*items)])
def test_bad_records_are_named_and_the_rest_goes_on(wrap: Any) -> None:
    good = crude(1, url="https://huggingface.co/papers/2606.90001")
    garbage = {"title": " Paper\nNumber 2", "paper_url": 7, "url": 7, "authors": "x", "details": [], "upvotes": "1.09k"}
    listing = read(wrap([good, 7, {"title": ""}, garbage, {"title": "x" * 5000}]))
    assert [(entry.where, entry.position) for entry in listing.entries] == [("record 1", 1), ("record 4", 2)]
    assert [(one.where, one.reason) for one in listing.rejected] == [
        ("record 2", "not an object but a number"),
        ("record 3", "has no title"),
        ("record 5", "has a title too long to be one"),
    ]
    odd = listing.entries[1]
    assert (odd.facts.title, odd.facts.arxiv_id, odd.facts.authors, odd.votes) == ("Paper Number 2", None, (), None)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (json.dumps([crude()]).encode()[:-30], "JSON that breaks"),
        (json.dumps(dated(plain())).encode()[:-30], "JSON that breaks"),
        (json.dumps([crude(title="", details={})]).encode(), "none of its 1 records"),
        (json.dumps(dated(7)).encode(), "none of its 1 records"),
        (b'[{"paper_url": 1, "stars": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"date": {"papers": []}}', "without a list of papers in `papers`"),
    ],
)
def test_bad_containers(raw: bytes, words: str) -> None:
    with pytest.raises(ListingError, match=r"dump\.json: ") as raised:
        read(raw)
    assert words in str(raised.value)


# --- beside better sources -----------------------------------------------------------------------------------------


def better() -> Listing:
    authors = [{"name": "Ines Fukuda-Roth"}, {"name": "Sågvar Óe"}, {"name": "Third Name"}]
    return read(
        api(summary="The abstract itself.", authors=authors, githubRepo="https://git.example.org/q", githubStars=5)
    )


SPOILT = crude(title="Paper Nr. 1", authors=["Somebody Else", "A Reader", "B Reader", "C Reader"], stars="1.09k")


@pytest.mark.parametrize(
    "worse", [[SPOILT], dated(plain(title="Paper Nr. 1", authors=["A", "B", "C", "D"], abstract="Worse. " * 99))]
)
def test_a_scrape_changes_nothing_that_a_better_source_told(worse: object) -> None:
    change = diff(read(worse), known_from(better(), NOW), NOW).entries[0]
    assert (change.outcome, change.fields) == (Outcome.UNCHANGED, ())
    assert change.paper.abstract == "The abstract itself."
    assert (change.paper.author_count, change.paper.code_stars) == (3, 5)


@pytest.mark.parametrize("worse", [[SPOILT], dated(plain(title="Paper Nr. 1", authors=["A", "B"], abstract="Worse. "))])
def test_a_better_source_corrects_a_scrape_and_that_is_no_news(worse: object) -> None:
    change = diff(better(), known_from(read(worse), NOW), NOW).entries[0]
    paper = change.paper
    assert {field.field for field in change.fields if field.notable} <= {"code_url"}
    assert (paper.title, paper.abstract, len(paper.authors)) == ("Paper Number 1", "The abstract itself.", 3)


# --- hostile content -----------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_mutation_is_a_listing_or_a_listing_error(data: st.DataObject) -> None:
    body = data.draw(st.sampled_from([[crude(1), crude(2)], dated(plain(1), plain(2))]))
    content = json.dumps(body, ensure_ascii=False).encode()
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = start + data.draw(st.integers(0, 60))
        content = content[:start] + data.draw(st.sampled_from(PIECES)) * data.draw(st.integers(0, 3)) + content[end:]
    allowed(content)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300), st.text(max_size=900))
def test_any_text_survives(title: str, abstract: str) -> None:
    allowed(json.dumps([crude(abstract=abstract, title=title)]).encode())
    allowed(json.dumps(dated(plain(title=title, abstract=abstract, authors=[title]))).encode())


@pytest.mark.parametrize("piece", ["x", " ", "a .", '"papers":[', "\\", "I ", "🚀"])
@linear()
def test_large_hostile_dumps_cost_no_more_than_their_length(piece: str) -> None:
    many = piece * (200_000 // len(piece))
    allowed(json.dumps([crude(abstract=many)]).encode())
    allowed(json.dumps(dated(plain(abstract=many))).encode())
    allowed(f'[{{"paper_url": 1, "stars": 1, {many}'.encode())
    allowed(f'{{"date": 1, "papers": [{many}'.encode())


# --- the real ones -------------------------------------------------------------------------------------------------

real = pytest.mark.skipif("DIGEST_REAL_DATA" not in os.environ, reason="needs the real dumps")


def real_listings(folder: str) -> dict[str, Listing]:
    """Every file, each with as many entries as the folder's README says, none rejected, of the day in its name."""
    place = real_data() / "listings" / folder
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in (place / "README.md").read_text().splitlines()
    ]
    told = {row[0]: int(row[5]) for row in rows if len(row) == 7 and row[0].endswith(".json")}
    listings = {path.name: read_listing(read_dump(path), now=LATER) for path in sorted(place.glob("*.json"))}
    assert {name: len(listing.entries) for name, listing in listings.items()} == told
    assert not [listing.rejected for listing in listings.values() if listing.rejected]
    assert {name: f"{listing.as_of}.json" for name, listing in listings.items()} == {name: name for name in listings}
    return listings


@real
def test_every_real_crude_scrape() -> None:
    listings = real_listings("hf-scrape-a")
    empty = {name for name, listing in listings.items() if not listing.entries}
    assert (len(listings), empty) == (89, {"2026-06-04.json", "2026-06-15.json"})
    assert {name for name, listing in listings.items() if listing.format != "hf-scrape-a"} == empty, "`[]` is the API's"
    entries = [entry for listing in listings.values() for entry in listing.entries]
    assert (len(entries), len({entry.facts.arxiv_id for entry in entries})) == (1762, 1114)
    assert all(entry.votes is None and entry.facts.arxiv_id for entry in entries)
    assert len([entry for entry in entries if entry.facts.authors]) == 652
    assert len([entry for entry in entries if entry.facts.abstract]) == 282
    assert not [entry for entry in entries if "Librarian" in entry.facts.abstract]
    assert not [entry for entry in entries if entry.facts.code_url == "https://github.com/huggingface"]


@real
def test_every_real_dated_scrape() -> None:
    listings = real_listings("hf-scrape-b")
    entries = [entry for listing in listings.values() for entry in listing.entries]
    assert (len(listings), len(entries)) == (24, 593)
    assert {listing.format for listing in listings.values()} == {"hf-scrape-b"}
    assert all(entry.votes is not None and entry.facts.arxiv_id for entry in entries)
    assert len([entry for entry in entries if entry.facts.authors]) == 541
    assert all(len(entry.facts.abstract) > 100 and "\n" not in entry.facts.abstract for entry in entries)
    repeated = [listings[f"2024-06-{day}.json"].entries for day in (14, 15, 16)]
    assert repeated[0] == repeated[1] == repeated[2]
