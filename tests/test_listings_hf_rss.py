"""Snapshots of the Hugging Face page as RSS: what an item tells, the day it was on the page, and hostile XML."""

from __future__ import annotations

import html
import os
import re
from datetime import UTC, date, datetime

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
LATER = datetime(2026, 12, 31, tzinfo=UTC)
SUMMARY = "It gains 5% where p < 0.05 & emits <map> tokens;   O(ell) holds, and so does &amp;."


def item(number: int, *, title: str | None = None, summary: str = SUMMARY, date_: str = "Fri, 29 May 2026") -> str:
    description = (
        f'<p><img src="https://example.org/{number}.png" alt="Paper thumbnail" style="height: auto;" /></p>'
        "<p><b>Authors:</b> Ines Fukuda-Roth, Sågvar Óe</p>"
        f"<p><b>Upvotes:</b> {10 - number}</p><p><b>Summary:</b> {summary}</p>"
    )
    return f"""    <item>
      <title>{html.escape(title if title is not None else f"Paper Number {number}", quote=False)}</title>
      <link>https://arxiv.org/abs/2605.9000{number}</link>
      <description>{html.escape(description, quote=False)}</description>
      <guid isPermaLink="false">https://arxiv.org/abs/2605.9000{number}</guid>
      <pubDate>{date_} 14:06:01 +0000</pubDate>
    </item>
"""


def feed(*items: str, built: str = "Tue, 02 Jun 2026 00:26:19 +0000") -> str:
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/" version="2.0">
  <channel>
    <title>Hugging Face Daily Papers</title>
    <link>https://huggingface.co/papers</link>
    <description>Invented papers.</description>
    <generator>python-feedgen</generator>
    <language>en</language>
    <lastBuildDate>{built}</lastBuildDate>
{"".join(items)}  </channel>
</rss>
"""


DAY = feed(item(1), item(2), item(3))


def read(text: str | bytes, name: str = "feed.xml", as_of: date | None = None) -> Listing:
    raw = text.encode() if isinstance(text, str) else text
    return read_listing(dump_of(name, raw), now=NOW, as_of=as_of)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_page_of_a_day(encoding: str, end: str) -> None:
    listing = read(DAY.replace("\n", end).encode(encoding), name="x.bin")
    told = (listing.format, listing.source, listing.daily, listing.fidelity, str(listing.as_of))
    assert told == ("hf-rss", "hf-daily", True, 50, "2026-06-01")
    assert [(entry.where, entry.position, entry.votes, entry.comments) for entry in listing.entries] == [
        ("record 1", 1, 9, None),
        ("record 2", 2, 8, None),
        ("record 3", 3, 7, None),
    ]
    facts = listing.entries[0].facts
    assert (facts.title, facts.arxiv_id, facts.published) == ("Paper Number 1", "2605.90001", date(2026, 5, 29))
    assert (facts.authors, facts.author_count) == (("Ines Fukuda-Roth", "Sågvar Óe"), 2)
    assert facts.abstract == "It gains 5% where p < 0.05 & emits <map> tokens; O(ell) holds, and so does &amp;."


@pytest.mark.parametrize(
    ("built", "name", "as_of"),
    [
        ("Tue, 02 Jun 2026 00:26:19 +0000", "feed_2026-06-02T002619Z.xml", "2026-06-01"),
        ("Tue, 02 Jun 2026 01:50:20 +0000", "x", "2026-06-01"),
        ("Tue, 02 Jun 2026 02:04:04 +0000", "x", "2026-06-02"),
        ("Tue, 02 Jun 2026 02:26 GMT", "x", "2026-06-02"),
        ("2 Jun 2026 03:26:19 +0200", "x", "2026-06-01"),
        ("Mon, 01 Jun 2026 23:26:19 -0500", "x", "2026-06-02"),
        ("Thu, 01 Jan 2026 00:15:00 +0000", "x", "2025-12-31"),
        ("Tue, 31 Feb 2026 00:26:19 +0000", "feed_2026-05-02.xml", "2026-05-02"),
        ("Tue, 02 Xyz 2026 00:26:19 +0000", "x", "2026-06-03"),
        ("Sat, 01 Jan 0001 00:00:00 +0000", "x", "2026-06-03"),
        ("Tue, 02 Jun 2026 00:26:19 +9999", "x", "2026-06-03"),
        ("", "x", "2026-06-03"),
    ],
)
def test_the_day_is_the_one_that_the_page_showed(built: str, name: str, as_of: str) -> None:
    assert str(read(feed(item(1), built=built), name).as_of) == as_of
    assert read(feed(item(1), built=built), name, as_of=date(2020, 2, 29)).as_of == date(2020, 2, 29)


@pytest.mark.parametrize(
    ("name", "items", "daily"),
    [
        ("feed_weekly_2026-06-01.xml", 3, False),
        ("Monthly.xml", 3, False),
        ("weekly/feed.xml", 3, True),
        ("x", 104, True),
        ("x", 105, False),
        ("x", 0, True),
    ],
)
def test_pages_of_weeks_and_months(name: str, items: int, daily: bool) -> None:
    listing = read(feed(*[item(1)] * items), name)
    assert (len(listing.entries), listing.daily) == (items, daily)
    assert listing.source == ("hf-daily" if daily else "hf-period")


def test_a_page_at_its_limit_is_cut() -> None:
    assert [read(feed(*[item(1)] * items)).cut for items in (104, 105)] == [False, True]


def test_another_sites_feed_is_read_as_any_feed() -> None:
    listing = read(DAY.replace("https://huggingface.co/papers", "https://papers.example.org/"))
    assert (listing.format, listing.source, len(listing.entries)) == ("feed", "papers.example.org", 3)


def test_what_an_item_does_not_tell() -> None:
    bare = "<item><title>A Title</title></item>"
    other = (
        "<item><title>B</title><link>https://example.org/</link><guid>http://arxiv.org/abs/2605.90007v2</guid>"
        "<description>&lt;p&gt;&lt;b&gt;Upvotes:&lt;/b&gt; 1.09k&lt;/p&gt; text</description>"
        "<pubDate>soon</pubDate></item>"
    )
    first, second = read(feed(bare, other)).entries
    assert (first.facts.abstract, first.facts.authors, first.facts.author_count, first.votes) == ("", (), None, None)
    assert (first.facts.arxiv_id, first.facts.published) == (None, None)
    assert (second.facts.arxiv_id, second.facts.version, second.votes) == ("2605.90007", 2, None)
    assert (second.facts.abstract, second.facts.published) == ("", None)


def test_labels_inside_a_summary_are_text() -> None:
    trap = "We write <b>Upvotes:</b> 99 and <b>Authors:</b> Nobody and <b>Summary:</b> here."
    entry = read(feed(item(1, summary=trap))).entries[0]
    assert (entry.votes, entry.facts.authors[0], entry.facts.abstract) == (9, "Ines Fukuda-Roth", trap)


def test_bad_items_are_named_and_the_rest_goes_on() -> None:
    listing = read(feed(item(1, title=""), item(2), item(3, title="x" * 5000), "<item/>"))
    assert [(entry.where, entry.position) for entry in listing.entries] == [("record 2", 1)]
    assert [(one.where, one.reason) for one in listing.rejected] == [
        ("record 1", "has no title"),
        ("record 3", "has a title too long to be one"),
        ("record 4", "has no title"),
    ]


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (DAY[: len(DAY) // 2], "XML that breaks at line"),
        (DAY.replace("</item>", "", 1), "mismatched tag"),
        (DAY.replace("Paper Number 2", "Paper & 2"), "XML that breaks at line 18"),
        (feed(item(1, title="")), "none of its 1 records"),
        (f'<!DOCTYPE rss [<!ENTITY l0 "ha">{LAUGHS}]>' + DAY.partition("?>")[2], "declares entities"),
        (
            '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
            + DAY.partition("?>")[2].replace("Paper Number 1", "&x;"),
            "declares entities",
        ),
        ('<!DOCTYPE rss [<!ENTITY % x SYSTEM "http://localhost:9/x">%x;]>' + DAY.partition("?>")[2], "declares"),
    ],
)
def test_bad_containers(text: str, words: str) -> None:
    with pytest.raises(ListingError, match=r"feed\.xml: ") as raised:
        read(text)
    assert words in str(raised.value)


def test_an_outside_dtd_is_not_fetched_and_an_unknown_entity_is_nothing() -> None:
    doctype = '<!DOCTYPE rss SYSTEM "http://localhost:9/rss.dtd">'
    listing = read(doctype + DAY.partition("?>")[2].replace("Paper Number 1", "Paper &unknown;One"))
    assert [entry.facts.title for entry in listing.entries][:2] == ["Paper One", "Paper Number 2"]


def test_control_characters_and_stray_bytes_do_no_harm() -> None:
    listing = read(DAY.encode().replace(b"Paper Number 1", b"Paper\x00 Num\x0bber \xff1"))
    assert listing.entries[0].facts.title == "Paper Num ber \N{REPLACEMENT CHARACTER}1"


def test_nested_items_and_depth() -> None:
    deep = feed(item(1), "<item><title>A<b>x</b>B</title>" + "<a>" * 50_000 + "</a>" * 50_000 + "</item>")
    assert [entry.facts.title for entry in read(deep).entries][:1] == ["Paper Number 1"]
    assert len(read(feed(item(1).replace("<title>", item(2) + "<title>"))).entries) == 1


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_mutation_is_a_listing_or_a_listing_error(data: st.DataObject) -> None:
    content = DAY.encode()
    more = [b"<", b"&", b"]]>", b"<![CDATA[", b"<!ENTITY a 'b'>", b"</item>", b"<item>", b"&#8238;", b"&#0;", b"<?x?>"]
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        content = content[:start] + data.draw(st.sampled_from([*PIECES, *more])) + content[start:]
    allowed(content)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_survives(title: str, summary: str) -> None:
    allowed(feed(item(1, title=title, summary=summary)).encode("utf-8", "replace"))


@pytest.mark.parametrize(
    "piece",
    ["<item>", "<item/>", "<title>x</title>", "<b>Authors:</b>", "&lt;b&gt;Authors:&lt;/b&gt;", "x", "<!--", " "],
)
@linear()
def test_large_hostile_feeds_cost_no_more_than_their_length(piece: str) -> None:
    many = piece * (100_000 // len(piece))
    allowed(feed(many).encode())
    allowed(feed(f"<item><title>x</title><description>{many}</description></item>").encode())


# --- the real ones -------------------------------------------------------------------------------------------------


def told() -> dict[str, tuple[str, int]]:
    """File: day of capture and items of each file as the folder's README has them."""
    text = (real_data() / "listings" / "hf-rss-snapshots" / "README.md").read_text()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return {row[0]: (row[4], int(row[5])) for row in rows if len(row) == 7 and row[0].endswith(".xml")}


@pytest.mark.skipif("DIGEST_REAL_DATA" not in os.environ, reason="needs the real dumps")
def test_every_real_snapshot() -> None:
    folder = real_data() / "listings" / "hf-rss-snapshots"
    listings = {path.name: read_listing(read_dump(path), now=LATER) for path in sorted(folder.glob("*.xml"))}
    table = told()
    assert (len(listings), listings.keys() - table.keys()) == (140, set())
    for name, listing in listings.items():
        captured = re.search(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2})", name)
        assert captured
        day, hour = date.fromisoformat(captured[1]), int(captured[2])
        assert (listing.as_of - day).days == (0 if hour >= 2 else -1), name
        assert (listing.format, len(listing.entries), listing.rejected) == ("hf-rss", table[name][1], ()), name
        assert listing.daily == ("weekly" not in name and "monthly" not in name), name
        assert all(e.votes is not None and e.facts.arxiv_id and e.facts.published for e in listing.entries), name
        assert all(e.facts.authors and len(e.facts.abstract) > 100 for e in listing.entries), name
    assert sum(len(listing.entries) for listing in listings.values()) == 6671
    assert sum(listing.daily for listing in listings.values()) == 109
    twice = listings["feed_2025-06-04T000235Z.xml"].entries
    assert (len(twice), len({entry.facts.arxiv_id for entry in twice})) == (63, 62)
