"""The Hugging Face papers page: where the JSON stands, which day, week or month it is of, and pages that are none."""

from __future__ import annotations

import html
import json
import os
from datetime import UTC, date, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from conftest import real_data
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from linear import linear
from test_listings import PIECES, allowed

from digest.errors import ListingError
from digest.listings import dump_of, read_dump, read_listing
from digest.model import Listing

NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)


def record(number: int, **more: Any) -> dict[str, Any]:
    title = f"Paper Number {number}"
    paper = {
        "id": f"2605.9000{number}",
        "authors": [{"_id": "a", "name": "Ines Fukuda-Roth", "hidden": False}, {"name": "Sågvar Óe"}],
        "publishedAt": "2026-05-29T00:00:00.000Z",
        "title": title,
        "summary": f'It holds "{number}" <fast> & wraps\nlines, it\'s 5 > 4, &amp; stays.',
        "upvotes": 10 - number,
    }
    by = {"fullname": "Ines F.", "name": "ines", "type": "user"}
    return {"paper": paper, "title": title, "numComments": 2, "upvoted": False, "submittedBy": by, **more}


PROPS = {
    "canSubmit": False,
    "date": "2026-06-01T00:00:00.000Z",
    "dailyPapers": [record(1), record(2), record(3)],
    "nextDate": "2026-06-02",
    "publisher": {"fullname": "IF", "user": "ines"},
}
WITHOUT_DATE = {"canSubmit": False, "dailyPapers": [record(1, publishedAt="2024-05-27T03:50:58.348Z")]}


def page(props: object, quote: str = '"') -> str:
    """As the server writes it with double quotes; as a pretty-printer does with single ones."""
    written = json.dumps(props)
    value = html.escape(written, quote=False).replace(quote, "&quot;" if quote == '"' else "&#39;")
    return (
        '<!doctype html>\n<html class=""><head><meta charset="utf-8" /></head><body>\n'
        '<div class="SVELTE_HYDRATER contents" data-target="MainHeader" data-props="{&quot;a&quot;:0}"></div>\n'
        f'<main><div class="SVELTE_HYDRATER contents" data-target="DailyPapers" data-props={quote}{value}{quote}>'
        "<article><h3>Paper Number 1</h3></article></div></main></body></html>\n"
    )


def read(text: str | bytes, name: str = "page.html", as_of: date | None = None) -> Listing:
    raw = text.encode() if isinstance(text, str) else text
    return read_listing(dump_of(name, raw), now=NOW, as_of=as_of)


@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_page_of_a_day(quote: str, encoding: str, end: str) -> None:
    listing = read(page(PROPS, quote).replace("\n", end).encode(encoding), name="x.bin")
    told = (listing.format, listing.source, listing.daily, listing.fidelity, str(listing.as_of))
    assert told == ("hf-html", "hf-daily", True, 50, "2026-06-01")
    assert [(entry.where, entry.position, entry.votes, entry.comments) for entry in listing.entries] == [
        ("record 1", 1, 9, 2),
        ("record 2", 2, 8, 2),
        ("record 3", 3, 7, 2),
    ]
    facts = listing.entries[0].facts
    assert (facts.title, facts.arxiv_id, facts.submitter) == ("Paper Number 1", "2605.90001", "ines")
    assert facts.abstract == 'It holds "1" <fast> & wraps lines, it\'s 5 > 4, &amp; stays.'
    assert (facts.authors, facts.published) == (("Ines Fukuda-Roth", "Sågvar Óe"), date(2026, 5, 29))


def test_the_page_says_what_the_api_says() -> None:
    api = read_listing(dump_of("x.json", json.dumps(PROPS["dailyPapers"]).encode()), now=NOW)
    assert (api.format, api.entries) == ("hf-json", read(page(PROPS)).entries)


def test_a_page_saved_in_one_file() -> None:
    archive = EmailMessage()
    archive.set_content(page(PROPS), subtype="html", cte="quoted-printable")
    archive.add_related("a { content: '<' }", subtype="css")
    assert read(archive.as_bytes(), "page.mhtml").entries == read(page(PROPS)).entries


@pytest.mark.parametrize(
    ("more", "name", "as_of", "daily"),
    [
        ({"dateString": "2026-05-30", "periodType": "day"}, "2026-05-01.html", "2026-05-30", True),
        ({"dateString": "2026-05-30", "date": "2026-05-31T00:00:00.000Z"}, "x", "2026-05-30", True),
        ({"dateString": "2026-W21", "periodType": "week"}, "x", "2026-05-24", False),
        ({"dateString": "2026-W23", "periodType": "week"}, "x", "2026-06-03", False),
        ({"dateString": "2026-04", "periodType": "month"}, "x", "2026-04-30", False),
        ({"dateString": "2025-12", "periodType": "month"}, "x", "2025-12-31", False),
        ({"dateString": "2026-06"}, "x", "2026-06-03", False),
        ({"dateString": "2026-W99"}, "2026-05-02.html", "2024-05-27", False),
        ({"dateString": "2026-13"}, "x", "2024-05-27", False),
        ({"dateString": 7, "date": None}, "x", "2024-05-27", True),
        ({"periodType": "week", "date": "2026-05-31T00:00:00.000Z"}, "x", "2026-05-31", False),
        ({"dailyPapers": []}, "saved/2026-05-02.html", "2026-05-02", True),
        ({"dailyPapers": []}, "x", "2026-06-03", True),
    ],
)
def test_the_day(more: dict[str, Any], name: str, as_of: str, daily: bool) -> None:
    text = page(WITHOUT_DATE | more)
    listing = read(text, name)
    assert (str(listing.as_of), listing.daily) == (as_of, daily)
    assert listing.source == ("hf-daily" if daily else "hf-period")
    assert read(text, name, as_of=date(2020, 2, 29)).as_of == date(2020, 2, 29)


def test_bad_records_are_named_and_the_rest_goes_on() -> None:
    listing = read(page(PROPS | {"dailyPapers": [7, record(1), {"title": "x"}]}))
    assert [entry.where for entry in listing.entries] == ["record 2"]
    assert [(one.where, one.reason) for one in listing.rejected] == [
        ("record 1", "not an object but a number"),
        ("record 3", "has no `paper`"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (page({"paper": record(1)["paper"]}), "without a list of papers"),
        (page(PROPS)[:900], "without a list of papers"),
        (page({"dailyPapers": {}}), "without a list of papers"),
        (page(PROPS).replace("&quot;nextDate", "nextDate"), "JSON that breaks"),
        (page(PROPS).replace("canSubmit", "&#" + "9" * 5000 + ";"), "not HTML"),
        (page({"dailyPapers": [1]}), "none of its 1 records"),
        ('<html>SVELTE_HYDRATER data-props=\'{"dailyPapers":' + "[" * 100_000 + "'", "nested too deeply"),
        ("<html><p>dailyPapers</p>", "no known listing"),
    ],
)
def test_pages_that_are_none(text: str, words: str) -> None:
    with pytest.raises(ListingError, match=r"page\.html: ") as raised:
        read(text)
    assert words in str(raised.value)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_mutation_is_a_listing_or_a_listing_error(data: st.DataObject) -> None:
    content = page(PROPS, data.draw(st.sampled_from(["'", '"']))).encode()
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        piece = data.draw(st.sampled_from([*PIECES, b"&quot;", b"&#x110000;", b"data-props='", b"&#0;"]))
        content = content[:start] + piece + content[start + data.draw(st.integers(0, 60)) :]
    allowed(content)


@pytest.mark.parametrize(
    "piece", ["data-props=\"'", "data-props='", "data-props=", '"dailyPapers":', "&quot;", "<", "&#"]
)
@linear()
def test_large_hostile_pages_cost_no_more_than_their_length(piece: str) -> None:
    allowed(("<html>SVELTE_HYDRATER data-props=" + piece * (200_000 // len(piece))).encode())
    allowed(('<html>SVELTE_HYDRATER data-props=\'"dailyPapers":' + piece * (200_000 // len(piece))).encode())


@pytest.mark.skipif("DIGEST_REAL_DATA" not in os.environ, reason="needs the real dumps")
def test_real_pages() -> None:
    folder = real_data() / "listings" / "hf-html"
    assert {path.name for path in folder.glob("*.html")} == {
        "huggingface_papers_2024-08-01.html",
        "paper_page_2509.24002.html",
    }
    listing = read_listing(read_dump(folder / "huggingface_papers_2024-08-01.html"), now=NOW)
    assert (listing.format, str(listing.as_of), listing.daily) == ("hf-html", "2024-08-01", True)
    assert (len(listing.entries), listing.rejected) == (13, ())
    assert all(e.facts.arxiv_id and e.facts.published and e.facts.abstract for e in listing.entries)
    assert all(e.votes is not None and e.comments is not None for e in listing.entries)
    assert max(e.facts.author_count or 0 for e in listing.entries) > 500
    with pytest.raises(ListingError, match="without a list of papers"):
        read_listing(read_dump(folder / "paper_page_2509.24002.html"), now=NOW)
