"""bioRxiv's RSS 1.0."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from conftest import real_data

from digest.errors import ListingError
from digest.listings import dump_of, read_dump, read_listing
from digest.model import Facts

SAMPLE = Path(__file__).parent / "data" / "listings" / "biorxiv.xml"
NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)


def test_facts() -> None:
    listing = read_listing(read_dump(SAMPLE), now=NOW)
    told = (listing.format, listing.source, listing.daily, listing.as_of)
    assert told == ("biorxiv", "biorxiv", False, date(2026, 5, 11))
    assert [(one.where, one.reason) for one in listing.rejected] == [("item 2", "has no title")]
    assert [entry.facts for entry in listing.entries] == [
        Facts(
            title="Moss on Moving Stones",
            abstract="Moss grows < slowly > on stones that move.",
            authors=("M. K. Oduya", "V. Lind"),
            author_count=2,
            updated=date(2026, 5, 11),
            version=2,
            doi="10.5555/999001",
        )
    ]
    first = SAMPLE.read_text().replace("999001v2?", "999001v1?").replace("doi:10.", "none")
    first = first.replace("</dc:creator>\n<dc:creator>", ", ")  # as they are told since
    first = first.replace("that move", "of {beta}, {Delta}x{+/-}1{micro}m in {sets}")
    facts = read_listing(dump_of("x", first.encode()), now=NOW).entries[0].facts
    assert (facts.published, facts.updated) == (date(2026, 5, 11), date(2026, 5, 11))
    assert facts.authors == ("M. K. Oduya", "V. Lind")
    assert facts.abstract == "Moss grows < slowly > on stones of β, Δx±1µm in {sets}."
    assert (facts.doi, facts.page_url) == (None, "http://biorxiv.org/cgi/content/short/999001v1?rss=1")


def test_medrxiv_is_a_source_of_its_own() -> None:
    content = SAMPLE.read_text().replace("biorxiv.org", "medrxiv.org")
    assert read_listing(dump_of("x", content.encode()), now=NOW).source == "medrxiv"


def test_cut_before_its_first_item() -> None:
    with pytest.raises(ListingError, match="breaks at line"):
        read_listing(dump_of("x", SAMPLE.read_bytes()[:700]), now=NOW)


@pytest.mark.skipif("DIGEST_REAL_DATA" not in os.environ, reason="needs the real dumps")
def test_real_dumps() -> None:
    paths = sorted((real_data() / "listings" / "biorxiv-rss").glob("*.xml"))
    assert len(paths) == 3
    for path in paths:
        listing = read_listing(read_dump(path), now=NOW)
        assert (len(listing.entries), listing.rejected, listing.as_of) == (30, (), date(2018, 3, 23))
        assert all(e.facts.doi and e.facts.abstract and e.facts.authors and e.facts.version for e in listing.entries)
