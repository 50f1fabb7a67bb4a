"""Feeds against the grammar of RFC 4287, lxml and feedparser. All papers are invented."""

from __future__ import annotations

import dataclasses
import html
import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from digest.errors import FeedError
from digest.feed import MOST_AUTHORS, MOST_BYTES, atom, encode, join, json_feed, opml, rss
from digest.feed import entry as module
from digest.model import DayEntry, Feed, FeedEntry, FeedGroup, FeedLine, Paper, Site

A = "{http://www.w3.org/2005/Atom}"
GRAMMAR = etree.RelaxNG(etree.parse(Path(__file__).with_name("data") / "atom.rng"))
NOON = datetime(2030, 3, 1, 12, tzinfo=UTC)
SITE = Site(
    name="Paper Digest",
    sender="digest@digest.example.org",
    authority="digest.example.org,2029-04",
    list_domain="digest.example.org",
    url="https://digest.example.org",
)


def paper(number: int = 1, **facts: object) -> Paper:
    arxiv_id = f"2903.{number:05}"
    known = {
        "id": arxiv_id,
        "arxiv_id": arxiv_id,
        "title": f"Paper number {number}",
        "abstract": "We count sheep. For p < 0.01 & n > 3 they jump.",
        "authors": ("Ada Example", "Björn Beispiel"),
        "categories": ("cs.CL", "stat.ML"),
        "first_listed": date(2030, 3, 1),
        "first_seen": NOON,
    }
    return Paper(**{**known, **facts})  # type: ignore[arg-type]


def entry(number: int = 1, *, shown: datetime = NOON, updated: datetime | None = None, **facts: object) -> FeedEntry:
    return FeedEntry(paper=paper(number, **facts), why="topic: sheep", published=shown, updated=updated or shown)


def feed(*entries: FeedEntry, **changes: object) -> Feed:
    plain = Feed(name="sheep", title="Sheep", subtitle="All about sheep", path="feeds/sheep.atom", entries=entries)
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def joined(wanted: Feed, site: Site, contents: dict[str, str]) -> bytes:
    encoded = [encode(one, site, contents.get(module.key(one), ""), wanted.language) for one in wanted.entries]
    return join(dataclasses.replace(wanted, entries=()), site, reversed(encoded))


def built(wanted: Feed, site: Site = SITE, contents: dict[str, str] | None = None) -> etree._Element:
    """Build, hold it against the grammar and what the grammar cannot say, and parse it."""
    written = atom(wanted, site, contents or {})
    assert joined(wanted, site, contents or {}) == written
    root = etree.fromstring(written)
    GRAMMAR.assertValid(root)
    ids = [node.text for node in root.iter(A + "id")]
    assert len(ids) == len(set(ids))
    assert root.find(A + "author") is not None
    for node in root.iter(A + "entry"):
        alternates = [link for link in node.iter(A + "link") if link.get("rel", "alternate") == "alternate"]
        assert len(alternates) == 1
    assert all(re.match("https?://", link.get("href", "")) for link in root.iter(A + "link"))
    return root


def texts(root: etree._Element, name: str) -> list[str]:
    return [node.text or "" for node in root.iterfind(A + name)]


def entries_of(root: etree._Element, name: str) -> list[str]:
    return [node.text or "" for node in root.iterfind(f"{A}entry/{A}{name}")]


# --- what is written -----------------------------------------------------------------------------------------


def test_whole_feed() -> None:
    changed = NOON + timedelta(days=2)
    wanted = feed(entry(1, updated=changed, code_url="https://code.example.org/sheep"))
    written = atom(wanted, SITE, {"2903.00001": "<p>Full <b>card</b></p>"})
    assert written.decode() == (
        """<?xml version='1.0' encoding='UTF-8'?>
<?xml-stylesheet type="text/css" href="feed.css"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
  <id>tag:digest.example.org,2029-04:feed/sheep</id>
  <title>Sheep</title>
  <updated>2030-03-03T12:00:00+00:00</updated>
  <author>
    <name>Paper Digest</name>
    <uri>https://digest.example.org/</uri>
  </author>
  <link href="https://digest.example.org/feeds/sheep.atom" rel="self" type="application/atom+xml"/>
  <link href="https://digest.example.org/" rel="alternate" type="text/html"/>
  <generator>trending-papers-digest</generator>
  <subtitle>All about sheep</subtitle>
  <entry>
    <id>tag:digest.example.org,2029-04:paper/2903.00001</id>
    <title>Paper number 1</title>
    <updated>2030-03-03T12:00:00+00:00</updated>
    <author>
      <name>Ada Example</name>
    </author>
    <author>
      <name>Björn Beispiel</name>
    </author>
    <content type="html">&lt;p&gt;Full &lt;b&gt;card&lt;/b&gt;&lt;/p&gt;</content>
    <link href="https://arxiv.org/abs/2903.00001" rel="alternate" type="text/html"/>
    <link href="https://huggingface.co/papers/2903.00001" rel="related" type="text/html" title="Discussion"/>
    <link href="https://arxiv.org/pdf/2903.00001" rel="related" type="application/pdf" title="PDF"/>
    <link href="https://code.example.org/sheep" rel="related" type="text/html" title="Code"/>
    <summary type="html">topic: sheep — We count sheep. For p &amp;lt; 0.01 &amp;amp; n &amp;gt; 3 they jump.</summary>
    <category term="cs.CL" scheme="http://arxiv.org/schemas/atom" label="Computation and Language"/>
    <category term="stat.ML" scheme="http://arxiv.org/schemas/atom" label="Machine Learning"/>
    <published>2030-03-01T12:00:00+00:00</published>
  </entry>
</feed>
"""
    )
    GRAMMAR.assertValid(etree.fromstring(written))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("<published>2030", "<published>someday"),
        ("<title>Sheep</title>", ""),
        ("<title>Sheep</title>", "<title>Sheep</title><title>Goats</title>"),
        (' term="cs.CL"', ""),
        ('type="html"', 'type="htm"'),
        ("<name>Paper Digest</name>", ""),
        ("<generator>", "<generator><b/>"),
    ],
)
def test_grammar_can_say_no(right: str, wrong: str) -> None:
    written = atom(feed(entry()), SITE, {}).decode()
    assert right in written
    assert not GRAMMAR.validate(etree.fromstring(written.replace(right, wrong).encode()))


def test_feedparser_finds_nothing_wrong() -> None:
    parsed = feedparser.parse(atom(feed(entry(1), entry(2)), SITE, {"2903.00001": "<p>Card</p>"}))
    assert not parsed.bozo
    assert parsed.version == "atom10"
    assert [found.title for found in parsed.entries] == ["Paper number 1", "Paper number 2"]
    first, second = parsed.entries
    assert first.link == "https://arxiv.org/abs/2903.00001"
    assert [link.rel for link in first.links] == ["alternate", "related", "related"]
    assert first.content[0].value == "<p>Card</p>"
    assert second.content[0].value == "<p>We count sheep. For p &lt; 0.01 &amp; n &gt; 3 they jump.</p>"
    assert [person.name for person in first.authors] == ["Ada Example", "Björn Beispiel"]


def test_same_feed_same_bytes_in_any_order() -> None:
    entries = [entry(number, shown=NOON + timedelta(hours=number % 3)) for number in range(9)]
    written = atom(feed(*entries), SITE, {})
    assert atom(feed(*entries), SITE, {}) == written
    assert atom(feed(*reversed(entries)), SITE, {}) == written


def test_newest_first_and_ties_by_id() -> None:
    later = NOON + timedelta(seconds=1)
    root = built(feed(entry(3), entry(1), entry(9, shown=later), entry(4, shown=later, updated=later)))
    assert entries_of(root, "title") == [f"Paper number {number}" for number in (4, 9, 1, 3)]


def test_a_paper_stands_in_a_feed_once_and_as_first_shown() -> None:
    again = entry(1, shown=NOON + timedelta(days=3), title="Paper number 1, again")
    root = built(feed(again, entry(2), entry(1)))
    assert entries_of(root, "title") == ["Paper number 1", "Paper number 2"]
    assert entries_of(root, "published") == ["2030-03-01T12:00:00+00:00"] * 2


def test_feed_is_as_new_as_its_newest_entry() -> None:
    changed = NOON + timedelta(days=5)
    root = built(feed(entry(1, shown=NOON - timedelta(days=1), updated=changed), entry(2)))
    assert texts(root, "updated") == ["2030-03-06T12:00:00+00:00"]


def test_never_updated_before_it_was_published() -> None:
    root = built(feed(entry(1, updated=NOON - timedelta(days=1))))
    assert entries_of(root, "updated") == entries_of(root, "published") == ["2030-03-01T12:00:00+00:00"]


def test_moments_are_whole_seconds_in_utc() -> None:
    odd = datetime(2030, 3, 1, 17, 30, 59, 999_999, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    root = built(feed(entry(shown=odd)))
    assert entries_of(root, "published") == ["2030-03-01T12:00:59+00:00"]


def test_feed_without_entries_has_a_fixed_moment() -> None:
    root = built(feed())
    assert texts(root, "updated") == ["2029-04-01T00:00:00+00:00"]
    assert not feedparser.parse(atom(feed(), SITE, {})).bozo


def test_site_that_is_served_nowhere_has_no_links() -> None:
    root = built(feed(entry()), dataclasses.replace(SITE, url=None))
    assert root.findall(A + "link") == []
    assert root.find(f"{A}author/{A}uri") is None


def test_summary_is_cut_at_a_sentence_or_a_word() -> None:
    sentences = "This is one sentence of five and a half words. " * 20
    words = "sheep " * 200
    root = built(feed(entry(1, abstract=sentences), entry(2, abstract=words), entry(3, abstract="")))
    by_sentence, by_word, none = entries_of(root, "summary")
    assert by_sentence.endswith("half words.")
    assert 200 < len(by_sentence) < 350
    assert by_word.endswith("sheep …")
    assert none == "topic: sheep"


def test_paper_without_abstract_or_authors() -> None:
    root = built(feed(entry(1, abstract="", authors=(), categories=(" ",))))
    assert root.find(f"{A}entry/{A}content") is None
    assert root.find(f"{A}entry/{A}author") is None  # the feed's author stands in (RFC 4287 4.2.1)


def test_a_collaboration_is_cut_short() -> None:
    root = built(feed(entry(1, authors=tuple(f"Author {number}" for number in range(664)))))
    names = [node.text for node in root.iterfind(f"{A}entry/{A}author/{A}name")]
    assert names == [f"Author {number}" for number in range(MOST_AUTHORS)]


def test_oldest_entries_go_when_the_feed_grows_too_long() -> None:
    entries = [entry(number, shown=NOON - timedelta(hours=number)) for number in range(100)]
    contents = {one.paper.id: "é" * 10_000 for one in entries}
    written = atom(feed(*entries), SITE, contents)
    titles = entries_of(built(feed(*entries), contents=contents), "title")
    assert MOST_BYTES - 22_000 < len(written) <= MOST_BYTES
    assert titles == [f"Paper number {number}" for number in range(len(titles))]


def test_one_entry_always_stays() -> None:
    huge = {"2903.00001": "x" * 2 * MOST_BYTES}
    root = built(feed(entry(1), entry(2, shown=NOON - timedelta(days=1))), contents=huge)
    assert entries_of(root, "title") == ["Paper number 1"]


# --- other formats -------------------------------------------------------------------------------------------


def test_whole_rss() -> None:
    """Html goes into RSS escaped once more than text, so that an abstract with signs is not cut short there."""
    assert rss(feed(entry(), path="feeds/sheep.rss", hub="https://hub.example.org/"), SITE, {}).decode() == (
        """<?xml version='1.0' encoding='UTF-8'?>
<?xml-stylesheet type="text/css" href="feed.css"?>
<rss xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0">
  <channel>
    <title>Sheep</title>
    <link>https://digest.example.org/</link>
    <description>All about sheep</description>
    <language>en</language>
    <lastBuildDate>Fri, 01 Mar 2030 12:00:00 +0000</lastBuildDate>
    <generator>trending-papers-digest</generator>
    <atom:link rel="self" type="application/rss+xml" href="https://digest.example.org/feeds/sheep.rss"/>
    <atom:link rel="hub" href="https://hub.example.org/"/>
    <item>
      <title>Paper number 1</title>
      <link>https://arxiv.org/abs/2903.00001</link>
      <guid isPermaLink="false">tag:digest.example.org,2029-04:paper/2903.00001</guid>
      <pubDate>Fri, 01 Mar 2030 12:00:00 +0000</pubDate>
      <dc:creator>Ada Example</dc:creator>
      <dc:creator>Björn Beispiel</dc:creator>
      <category domain="http://arxiv.org/schemas/atom">cs.CL</category>
      <category domain="http://arxiv.org/schemas/atom">stat.ML</category>
      <description>topic: sheep — We count sheep. For p &amp;lt; 0.01 &amp;amp; n &amp;gt; 3 they jump.</description>
      <content:encoded>&lt;p&gt;We count sheep. For p &amp;lt; 0.01 &amp;amp; n &amp;gt; 3 they jump.&lt;/p&gt;</content:encoded>
    </item>
  </channel>
</rss>
"""  # noqa: E501
    )


def test_an_entry_in_another_language_than_its_feed_says_so() -> None:
    german = dataclasses.replace(entry(1), language="de")
    page = "https://digest.example.org/2030-03-01.html"
    day = DayEntry(name="sheep/2030-03-01", title="Schafe", published=NOON, page=page, language="de")
    wanted = feed(german, entry(2), day)
    contents = {"sheep/2030-03-01": "<p>Alle</p>"}
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    found = [one.get(lang) for one in built(wanted, contents=contents).iterfind(A + "entry")]
    assert found == ["de", None, "de"]
    items = etree.fromstring(rss(wanted, SITE, contents)).iterfind("channel/item")
    assert [one.findtext("{http://purl.org/dc/elements/1.1/}language") for one in items] == ["de", None, "de"]
    told = json.loads(json_feed(wanted, SITE, contents))
    assert [told["language"], *(one.get("language") for one in told["items"])] == ["en", "de", None, "de"]
    same = dataclasses.replace(wanted, language="de")
    assert [one.get(lang) for one in built(same, contents=contents).iterfind(A + "entry")] == [None, "en", None]


def test_categories_of_arxiv_have_names_and_others_stand_for_themselves() -> None:
    wanted = feed(entry(1, categories=("cs.CL", "stat.ML", "hep-th", "Neuroscience & <b>", "68T50")))
    root = built(wanted)
    scheme = "http://arxiv.org/schemas/atom"
    assert [dict(one.attrib) for one in root.iterfind(f"{A}entry/{A}category")] == [
        {"term": "cs.CL", "scheme": scheme, "label": "Computation and Language"},
        {"term": "stat.ML", "scheme": scheme, "label": "Machine Learning"},
        {"term": "hep-th", "scheme": scheme, "label": "High Energy Physics - Theory"},
        {"term": "Neuroscience & <b>"},
        {"term": "68T50"},
    ]
    items = etree.fromstring(rss(wanted, SITE, {})).iterfind("channel/item/category")
    assert [(one.text, one.get("domain")) for one in items][2:4] == [("hep-th", scheme), ("Neuroscience & <b>", None)]
    (item,) = json.loads(json_feed(wanted, SITE, {}))["items"]
    assert item["tags"] == ["cs.CL", "stat.ML", "hep-th", "Neuroscience & <b>", "68T50"]


def test_whole_json_feed() -> None:
    written = json.loads(json_feed(feed(entry(), hub="https://hub.example.org/"), SITE, {}))
    assert written == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Sheep",
        "home_page_url": "https://digest.example.org/",
        "feed_url": "https://digest.example.org/feeds/sheep.atom",
        "description": "All about sheep",
        "language": "en",
        "authors": [{"name": "Paper Digest", "url": "https://digest.example.org/"}],
        "hubs": [{"type": "WebSub", "url": "https://hub.example.org/"}],
        "items": [
            {
                "id": "tag:digest.example.org,2029-04:paper/2903.00001",
                "url": "https://arxiv.org/abs/2903.00001",
                "title": "Paper number 1",
                "content_html": "<p>We count sheep. For p &lt; 0.01 &amp; n &gt; 3 they jump.</p>",
                "summary": "topic: sheep — We count sheep. For p < 0.01 & n > 3 they jump.",
                "date_published": "2030-03-01T12:00:00+00:00",
                "date_modified": "2030-03-01T12:00:00+00:00",
                "authors": [{"name": "Ada Example"}, {"name": "Björn Beispiel"}],
                "tags": ["cs.CL", "stat.ML"],
                "attachments": [
                    {"url": "https://arxiv.org/pdf/2903.00001", "mime_type": "application/pdf", "title": "PDF"}
                ],
            }
        ],
    }


def test_an_edition_as_an_entry_and_an_archive() -> None:
    day = DayEntry(
        name="sheep/2030-03-01", title="Sheep < wolves", summary="a < b", published=NOON, page="javascript:x"
    )
    archive = {"archive": True, "older": "feeds/a.atom", "newer": "feeds/c.atom", "current": "feeds/sheep.atom"}
    written = feed(day, entry(1), path="feeds/sheep/b.atom", **archive)
    contents = {"sheep/2030-03-01": "<p>All</p>"}
    root = etree.fromstring(atom(written, SITE, contents))
    assert root.find("{http://purl.org/syndication/history/1.0}archive") is not None
    assert joined(written, SITE, contents) == atom(written, SITE, contents)
    GRAMMAR.assertValid(root)
    assert [(link.get("rel"), link.get("href")) for link in root.iterfind(A + "link")] == [
        ("self", "https://digest.example.org/feeds/sheep/b.atom"),
        ("alternate", "https://digest.example.org/"),
        ("prev-archive", "https://digest.example.org/feeds/a.atom"),
        ("next-archive", "https://digest.example.org/feeds/c.atom"),
        ("current", "https://digest.example.org/feeds/sheep.atom"),
    ]
    first = root.find(A + "entry")
    assert first is not None
    assert first.findtext(A + "id") == "tag:digest.example.org,2029-04:paper/2903.00001"
    assert entries_of(root, "title") == ["Paper number 1", "Sheep < wolves"]
    assert entries_of(root, "content")[1] == "<p>All</p>"
    assert len(root.findall(f"{A}entry/{A}link")) == 3, "no link to what is no web address"
    assert b'href="../feed.css"' in atom(written, SITE, contents)


def test_an_archive_is_never_cut() -> None:
    many = [entry(number) for number in range(40)]
    contents = {one.paper.id: "x" * 20_000 for one in many}
    assert len(entries_of(etree.fromstring(atom(feed(*many, archive=True), SITE, contents)), "id")) == 40
    for write, name in ((rss, b"<item>"), (json_feed, b'"id": ')):
        assert 20 < write(feed(*many), SITE, contents).count(name) < 40
        assert len(write(feed(*many), SITE, contents)) <= MOST_BYTES


# --- what must not harm --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//example.org/x", "ftp://example.org/", "https://", "http://[x", " "],
)
def test_only_web_addresses_become_links(url: str) -> None:
    root = built(feed(entry(1, code_url=url, project_url=url)))
    assert len(root.findall(f"{A}entry/{A}link")) == 3


def test_web_addresses_are_encoded() -> None:
    code, project = 'https://example.org/ü "x" <y>%20\ud800', "HTTP://[::1]:80/a[1]?b[]=|"
    root = built(feed(entry(1, code_url=code, project_url=project)))
    hrefs = [link.get("href") for link in root.iterfind(f"{A}entry/{A}link")]
    assert hrefs[-2] == "https://example.org/%C3%BC%20%22x%22%20%3Cy%3E%20%EF%BF%BD"
    assert hrefs[-1] == "http://[::1]:80/a%5B1%5D?b%5B%5D=%7C"


@pytest.mark.parametrize("id", ["math/0309136", "t-4fd1", "a b<>&\"'", "ü\ud800", "../../x?y#z", "tag:x,y:z"])
def test_ids_are_uris_and_stay_apart(id: str) -> None:
    root = built(feed(entry(1, id=id), entry(2)))
    found = entries_of(root, "id")[1]
    assert re.fullmatch(r"tag:digest\.example\.org,2029-04:paper/[A-Za-z0-9/:._~%-]+", found)


def test_paper_known_by_title_only() -> None:
    root = built(feed(entry(1, id="t-1", arxiv_id=None, title="Sheep \ud800 & wolves")))
    (link,) = root.findall(f"{A}entry/{A}link")
    assert link.get("href") == "https://huggingface.co/papers?q=Sheep+%EF%BF%BD+%26+wolves"


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    bad = "a\x00b\x0bc\ud800d\uffffe\x1bf\tg"
    good = "a�b�c�d�e�f\tg"
    shown = dataclasses.replace(entry(1, title=bad, abstract=bad, authors=(bad,), categories=(bad,)), why=bad)
    wanted = feed(shown, title=bad, subtitle=bad)
    root = built(wanted, dataclasses.replace(SITE, name=bad), {"2903.00001": bad})
    assert entries_of(root, "title") == texts(root, "title") == texts(root, "subtitle") == [good]
    assert entries_of(root, "content") == [good]
    assert entries_of(root, "summary") == [f"{good} — {good}"]
    assert root.find(f"{A}entry/{A}category").get("term") == good  # type: ignore[union-attr]


def test_markup_in_a_title_stays_text() -> None:
    title = "</title><script>alert(1)</script> & ]]> &amp; <!-- x"
    written = atom(feed(entry(1, title=title, abstract=title)), SITE, {})
    assert b"<script" not in written
    root = etree.fromstring(written)
    assert entries_of(root, "title") == [title]
    assert entries_of(root, "content") == [f"<p>{html.escape(title, quote=False)}</p>"]


def test_blank_title_falls_back_to_the_id() -> None:
    assert entries_of(built(feed(entry(1, title=" "))), "title") == ["2903.00001"]


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)  # lone surrogates too


@settings(max_examples=80, deadline=None)
@given(title=ANY_TEXT, abstract=ANY_TEXT, author=ANY_TEXT, why=ANY_TEXT, id=ANY_TEXT, doi=ANY_TEXT, content=ANY_TEXT)
def test_any_text_survives(title: str, abstract: str, author: str, why: str, id: str, doi: str, content: str) -> None:
    facts = {"title": title, "abstract": abstract, "authors": (author,), "doi": doi, "arxiv_id": None}
    one = dataclasses.replace(entry(1, id=f"p{id}", **facts), why=why)
    root = built(feed(one, title=title, subtitle=why), contents={one.paper.id: content})
    kept = module.clean
    shown = kept(content) or module._paragraph(kept(abstract))
    assert entries_of(root, "title") == [kept(title).strip() or kept(f"p{id}")]
    assert entries_of(root, "content") == ([shown] if shown else [])
    names = [node.text for node in root.iterfind(f"{A}entry/{A}author/{A}name")]
    assert names == ([kept(author)] if kept(author).strip() else [])
    parsed = feedparser.parse(atom(feed(one), SITE, {}))
    assert not parsed.bozo
    assert len(parsed.entries) == 1
    (item,) = etree.fromstring(rss(feed(one, title=title, subtitle=why), SITE, {})).iterfind("channel/item")
    assert item.findtext("title") == (kept(title).strip() or kept(f"p{id}"))
    (told,) = json.loads(json_feed(feed(one, title=title, subtitle=why), SITE, {one.paper.id: content}))["items"]
    assert told["title"] == (kept(title).strip() or kept(f"p{id}"))
    line = FeedLine(title=title, subtitle=why, papers=(("Atom", "a.atom"),), days=(("Atom", "b.atom"),))
    outline = etree.fromstring(opml([FeedGroup(own=line)], SITE, "One entry a day")).find(".//outline[@type='rss']")
    assert outline is not None
    assert outline.get("xmlUrl") == "https://digest.example.org/feeds/a.atom"


# --- what cannot be built ------------------------------------------------------------------------------------


@pytest.mark.parametrize("authority", ["", "example.org", "example.org,26", "ex ample.org,2026", "a,2026:feed/x"])
def test_wrong_authority_is_told(authority: str) -> None:
    with pytest.raises(FeedError, match="tag authority"):
        atom(feed(), dataclasses.replace(SITE, authority=authority), {})


def test_authority_of_a_day_that_never_was() -> None:
    with pytest.raises(FeedError, match="sheep"):
        atom(feed(), dataclasses.replace(SITE, authority="example.org,2026-13"), {})


def test_moment_without_a_zone_is_told() -> None:
    with pytest.raises(FeedError, match="time zone"):
        atom(feed(entry(shown=datetime(2030, 3, 1))), SITE, {})
