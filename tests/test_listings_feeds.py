"""Any other feed, as XML or JSON: what blogs, journals and PubMed tell of papers; HTML; broken and hostile feeds."""

from __future__ import annotations

import gzip
import json
import socket
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from linear import linear

from digest.errors import ListingError, UnknownFormatError
from digest.listings import dump_of, read_listing
from digest.listings.feed_entry import host
from digest.listings.page_text import text_of
from digest.model import Facts, Listing

DATA = Path(__file__).parent / "data" / "listings"
NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)


def read(content: str | bytes, name: str = "a dump", as_of: date | None = None) -> Listing:
    raw = content.encode() if isinstance(content, str) else content
    return read_listing(dump_of(name, raw), now=NOW, as_of=as_of)


def sample(name: str) -> str:
    return (DATA / name).read_text()


def rss(*items: str, head: str = "<link>https://blog.example.org/</link>") -> str:
    dc = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/"'
    return f'<rss version="2.0" {dc}><channel><title>t</title>{head}{"".join(map(item, items))}</channel></rss>'


def item(inside: str) -> str:
    return f"<item>{inside}</item>"


def facts(inside: str) -> Facts:
    return read(rss(f"<title>A Title</title>{inside}")).entries[0].facts


# --- feeds as they are -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "form", "source", "as_of", "entries", "rejected"),
    [
        ("feed-blog.xml", "feed", "moss.example.org", date(2026, 6, 2), 2, ["entry 3"]),
        ("feed-journal.xml", "feed", "journal.example.org", date(2026, 6, 1), 2, []),
        ("feed-pubmed.xml", "feed", "pubmed.example.gov", date(2026, 6, 2), 1, []),
        ("feed-atom.xml", "feed", "review.example.net", date(2026, 6, 2), 2, []),
        ("feed.json", "json-feed", "stones.example.org", date(2026, 6, 1), 2, ["entry 3", "entry 4"]),
    ],
)
def test_each_feed(name: str, form: str, source: str, as_of: date, entries: int, rejected: list[str]) -> None:
    listing = read(sample(name))
    told = (listing.format, listing.source, listing.as_of, len(listing.entries))
    assert told == (form, source, as_of, entries)
    assert (listing.daily, listing.cut, listing.fidelity) == (False, False, 30)
    assert [one.where for one in listing.rejected] == rejected
    assert [entry.position for entry in listing.entries] == list(range(1, entries + 1))


def test_a_blog() -> None:
    post, paper = read(sample("feed-blog.xml")).entries
    assert (post.comments, paper.comments, post.votes) == (3, None, None)
    assert post.facts == Facts(
        title="Why Moss Doesn’t Wait: Notes on a “Slow” Model & Its Limits",
        abstract="Moss grows where p < 0.05 & light is <LOW>. One Two It waits for H2O.",
        authors=("Ines Fukuda-Roth",),
        author_count=1,
        keywords=("Moss & Stones", "Models"),
        published=date(2026, 6, 2),
        source_id="moss.example.org:https://www.moss.example.org/?p=4711",
        page_url="https://www.moss.example.org/why-moss-doesnt-wait/",
    )
    assert paper.facts == Facts(
        title="A Paper We Read: Maps of Moss",
        abstract="AT&T maps a < b, plainly.",
        authors=("Per Lindahl", "Ana Prest"),
        author_count=2,
        published=date(2026, 6, 1),
        arxiv_id="2605.90001",
        version=2,
        source_id="moss.example.org:https://arxiv.org/abs/2605.90001v2",
    )


def test_a_journal() -> None:
    uptake, correction = (entry.facts for entry in read(sample("feed-journal.xml")).entries)
    assert uptake == Facts(
        title="Uptake of H2O by Bryum & its kin",
        abstract="Mosses take up water within minutes, as this invented study of two gardens finds.",
        authors=("Mira Oduya", "Jörg Tallis"),
        author_count=2,
        journal_ref="Mosses 12",
        published=date(2026, 6, 1),
        doi="10.5555/s90001-026-00001-0",
        source_id="journal.example.org:https://www.journal.example.org/articles/s90001-026-00001-0",
    )
    assert (correction.doi, correction.authors) == ("10.5555/s90001-026-00002-9", ("Vera Lind",))
    assert (correction.abstract, correction.page_url) == ("", None)


def test_pubmed() -> None:
    (entry,) = read(sample("feed-pubmed.xml")).entries
    assert entry.facts == Facts(
        title="Light and moss: an invented trial of 99mTc in gardens",
        abstract="BACKGROUND: Moss is not bright. METHODS: We lit it (n < 9).",
        authors=("Ada Fernbank", "Bo Clover Jr"),
        author_count=2,
        published=date(2026, 5, 30),
        updated=date(2026, 5, 30),
        doi="10.5555/moss.17",
        source_id="pubmed.example.gov:pubmed:90000001",
    )


def test_atom() -> None:
    tokens, rain = (entry.facts for entry in read(sample("feed-atom.xml")).entries)
    assert (tokens.title, tokens.latex_title) == (
        "Tokens <CLS> & <SEP> in k-Means Gardens",
        "Tokens <CLS> & <SEP> in $k$-Means Gardens",
    )
    assert tokens.abstract == "We show that x < y & stop."
    assert (tokens.published, tokens.updated) == (date(2026, 5, 28), date(2026, 6, 1))
    assert tokens.page_url == "https://review.example.net/forum?id=Ab12Cd34"
    assert (rain.title, rain.abstract) == ("On Slow Rain", "Rain is slow. We wait.")
    assert (rain.arxiv_id, rain.version, rain.doi, rain.page_url) == ("2605.90009", 1, None, None)
    assert (rain.authors, rain.published, rain.updated) == (
        ("Lu Wen", "Kay Moss", "Vera Lind"),
        date(2026, 5, 30),
        None,
    )


def test_a_json_feed() -> None:
    stones, elsewhere = (entry.facts for entry in read(sample("feed.json")).entries)
    assert stones == Facts(
        title="Stones & the n² of Them",
        latex_title="Stones & the $n^2$ of Them",
        abstract="A stone is < a rock. It is still.",
        authors=("Gus Lichen",),
        author_count=1,
        keywords=("stones", "rocks"),
        published=date(2026, 5, 31),
        updated=date(2026, 6, 1),
        source_id="stones.example.org:17",
        page_url="https://stones.example.org/17",
    )
    assert (elsewhere.doi, elsewhere.authors) == ("10.5555/stone.18", ("Hal Nettle",))
    assert elsewhere.abstract == "Told in more than a line, at length."


OLD_RSS = """<?xml version="1.0"?>
<!DOCTYPE rss PUBLIC "-//Invented//DTD RSS 0.91//EN" "http://my.example.com/rss-0.91.dtd">
<rss version="0.91"><channel><title>t</title><link>http://old.example.org/</link>
<item><title>One</title><link>http://old.example.org/1</link></item></channel></rss>"""
OLD_ATOM = """<feed version="0.3" xmlns="http://purl.org/atom/ns#"><link rel="alternate" href="http://old.example.org/"/>
<entry><title>One</title><id>tag:old.example.org,2026:1</id><issued>2026-05-30T00:00:00Z</issued></entry></feed>"""
OLD_RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://my.netscape.com/rdf/simple/0.9/">
<channel><title>t</title><link>http://old.example.org/</link></channel><item><title>One</title></item></rdf:RDF>"""
PREFIXED = """<!-- made by hand --><a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:id>tag:old.example.org,2026:feed</a:id>
<a:entry><a:title>One</a:title><a:summary>x</a:summary></a:entry></a:feed>"""


@pytest.mark.parametrize("content", [OLD_RSS, OLD_ATOM, OLD_RDF, PREFIXED])
def test_old_and_odd_dialects(content: str) -> None:
    listing = read(content)
    assert (listing.format, listing.source) == ("feed", "old.example.org")
    assert [entry.facts.title for entry in listing.entries] == ["One"]


# --- fields ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inside", "arxiv_id", "doi"),
    [
        ("<link>https://arxiv.org/abs/2605.90001v3?utm_source=x</link>", "2605.90001", None),
        ("<guid>arXiv:2605.90001</guid>", "2605.90001", None),
        ("<guid>2605.90001</guid>", None, None),
        ("<link>https://huggingface.co/papers/2605.90001</link>", "2605.90001", None),
        ("<link>https://doi.org/10.48550/arXiv.2605.90001</link>", "2605.90001", None),
        ("<link>https://doi.org/10.5555/moss.1</link>", None, "10.5555/moss.1"),
        ("<link>https://press.example.org/doi/abs/10.5555/moss.1?af=R</link>", None, "10.5555/moss.1"),
        ("<prism:doi>10.5555/moss.1</prism:doi>", None, "10.5555/moss.1"),
        (
            "<dc:identifier>pmid:1</dc:identifier><dc:identifier>doi:10.5555/moss.1</dc:identifier>",
            None,
            "10.5555/moss.1",
        ),
        ("<link>https://blog.example.org/2605.90001</link>", None, None),
        ("<link>https://reader.example.org/arxiv/2605.90001</link>", "2605.90001", None),
    ],
)
def test_numbers_of_papers(inside: str, arxiv_id: str | None, doi: str | None) -> None:
    told = facts(inside)
    assert (told.arxiv_id, told.doi) == (arxiv_id, doi)
    assert (told.page_url is not None) == ("<link>" in inside and not arxiv_id and not doi)


@pytest.mark.parametrize(
    ("inside", "authors"),
    [
        ("<dc:creator>Prest, Ana</dc:creator>", ("Ana Prest",)),
        ("<dc:creator>Prest, Ana</dc:creator><dc:creator>Gar Moss, Bo</dc:creator>", ("Ana Prest", "Bo Gar Moss")),
        ("<dc:creator>van der Berg, Jo</dc:creator>", ("Jo van der Berg",)),
        ("<dc:creator>Ana Prest, Kay Moss</dc:creator>", ("Ana Prest", "Kay Moss")),
        ("<dc:creator>Prest, Ana and Moss, Kay</dc:creator>", ("Ana Prest", "Kay Moss")),
        ("<dc:creator>Prest, Ana; Moss, Kay</dc:creator>", ("Ana Prest", "Kay Moss")),
        ("<dc:creator>A. One (Here, There), B. Two &amp; C. Three</dc:creator>", ("A. One", "B. Two", "C. Three")),
        ("<author>ana@example.org (Ana Prest)</author>", ("Ana Prest",)),
        ("<author>ana@example.org</author>", ()),
        (r"<dc:creator>J\"org M{\o}ss</dc:creator>", ("Jörg Møss",)),
        ("<dc:creator>&lt;a href='x'&gt;Ana Prest&lt;/a&gt;, Kay Moss</dc:creator>", ("Ana Prest", "Kay Moss")),
        ("<authors>Ana Prest;Kay Moss;</authors>", ("Ana Prest", "Kay Moss")),
        ("<author>张三；李四、王五</author>", ("张三", "李四", "王五")),
        ("<author>张三，李四</author>", ("张三", "李四")),
        ("<author>علی\u200cرضا نیک، مریم سرو</author>", ("علی\u200cرضا نیک", "مریم سرو")),
        ("<author>نیک، علی\u200cرضا؛ سرو، مریم</author>", ("علی\u200cرضا نیک", "مریم سرو")),
        ("", ()),
    ],
)
def test_authors(inside: str, authors: tuple[str, ...]) -> None:
    told = facts(inside)
    assert (told.authors, told.author_count) == (authors, len(authors) or None)


@pytest.mark.parametrize(
    ("written", "abstract", "authors"),
    [
        ("Mosses, Ahead of Print. &lt;br/&gt;Moss is wet.", "Moss is wet.", 0),
        ("Moss, Stone and Rain, Volume 12, Issue 3, Page 1-12, May 2026. ", "", 0),
        ("&lt;h3&gt;Abstract&lt;/h3&gt;&lt;p&gt;Moss is wet.", "Moss is wet.", 0),
        ("Moss in 2 forms, Volume 1, is wet.", "Moss in 2 forms, Volume 1, is wet.", 0),
        (
            "&lt;p&gt;Publication date: May 2026&lt;/p&gt;&lt;p&gt;&lt;b&gt;Source:&lt;/b&gt; Mosses, Volume 8"
            "&lt;/p&gt;&lt;p&gt;Author(s): Ana Prest, Kay Moss&lt;/p&gt;",
            "",
            2,
        ),
    ],
)
def test_what_journals_put_around_an_abstract(written: str, abstract: str, authors: int) -> None:
    told = facts(f"<description>{written}</description>")
    assert (told.abstract, len(told.authors)) == (abstract, authors)
    by = "<author>Ana Prest, Kay Moss</author><description>&lt;p&gt;by Ana Prest, Kay Moss&lt;/p&gt;\n"
    assert facts(f"{by}{written}</description>").abstract == abstract
    listed = (
        "<dc:creator>Ana Prest</dc:creator><dc:creator>Kay Moss</dc:creator><description>A Journal, Vol. 1: A Title "
    )
    named = "A Journal doi: 10.5555/a.1 Authors: Ana Prest Kay Moss"
    titled = "<title>Mosses, Vol. 7, Pages 96: A Title</title><dc:title>A Title</dc:title>"
    told = read(rss(f"{titled}{listed}{named} {written}</description>")).entries[0].facts
    assert (told.title, told.abstract) == ("A Title", abstract)


@pytest.mark.parametrize(
    ("inside", "published"),
    [
        ("<pubDate>Tue, 2 Jun 2026 23:00:00 -0700</pubDate>", date(2026, 6, 2)),
        ("<pubDate>2026-06-02T23:00:00-07:00</pubDate>", date(2026, 6, 2)),
        ("<pubDate>Tue Jun  2 12:00:00 2026</pubDate>", date(2026, 6, 2)),
        ("<pubDate>\n 02 Jun 2026 12:00:00 GMT \n</pubDate>", date(2026, 6, 2)),
        ("<dc:date>2026-06-02</dc:date>", date(2026, 6, 2)),
        ("<pubDate>soon</pubDate>", None),
        ("<pubDate>Mon, 01 Jan 0001 00:00:00 +0000</pubDate>", None),
        ("<pubDate>Tue, 31 Jun 2026 23:00:00 GMT</pubDate>", None),
    ],
)
def test_days(inside: str, published: date | None) -> None:
    assert facts(inside).published == published


@pytest.mark.parametrize(
    ("days", "as_of"),
    [
        ("<pubDate>Mon, 01 Jun 2026 10:00:00 GMT</pubDate>", date(2026, 6, 1)),
        ("<lastBuildDate>Mon, 01 Jun 2026 10:00:00 GMT</lastBuildDate>", date(2026, 6, 1)),
        ("<lastBuildDate>Fri, 01 Jan 2038 10:00:00 GMT</lastBuildDate>", date(2026, 5, 30)),
        ("", date(2026, 5, 30)),
    ],
)
def test_the_day_of_a_feed(days: str, as_of: date) -> None:
    feed = rss("<title>x</title><pubDate>Sat, 30 May 2026 10:00:00 GMT</pubDate>", head=days)
    assert read(feed, name="2026-01-01.xml").as_of == as_of
    assert read(feed, as_of=date(2020, 1, 2)).as_of == date(2020, 1, 2)
    assert read(rss("<title>x</title>"), name="2026-01-01.xml").as_of == date(2026, 1, 1)
    assert read(rss("<title>x</title>")).as_of == NOW.date()


@pytest.mark.parametrize(
    ("addresses", "name"),
    [
        (["https://WWW.Example.org/x"], "example.org"),
        ([None, "", "x", "http://feeds.example.org/x"], "example.org"),
        (["http://feeds.com/x"], "feeds.com"),
        (["tag:blog.example.org,2026:x"], "blog.example.org"),
        (["https://mööse.example.org/"], "xn--mse-snaa.example.org"),
        (["http://[::1", "http://[::1]/", "http://localhost/", "https://a b.org/", f"https://{'a' * 300}.org"], "feed"),
        (["javascript://example.org/%0a"], "example.org"),
        ([], "feed"),
    ],
)
def test_hosts(addresses: list[object], name: str) -> None:
    assert host(addresses) == name


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("p < 0.05 & x", "p < 0.05 & x"),
        ("p < 0.05 & x <b>bold</b> a<c", "p < 0.05 & x bold a<c"),
        ("AT&amp;T &lt;i&gt; &#8217; &eacute;", "AT&T <i> ’ é"),
        ("<p>one</p><p>two</p>three<br/>four<li>five", "one two three four five"),
        ("H<sub>2</sub>O <i>in</i>side", "H2O inside"),
        ("<p>&lt;LATENT&gt; and <LATENT> and &amp;lt;</p>", "<LATENT> and <LATENT> and &lt;"),
        ("<jats:p>a <inline-formula>x</inline-formula></jats:p>", "a x"),
        ("<style>p{}</style><script>alert(1)</script><p onclick='x'>seen</p><!-- not -->", "seen"),
        ("<p>" + "<div>" * 5000 + "deep", "deep"),
        ("", ""),
        ("&#" + "9" * 5000 + ";", "&#" + "9" * 5000 + ";"),
    ],
)
def test_html_as_text(markup: str, text: str) -> None:
    assert " ".join(text_of(markup).split()) == text


@pytest.mark.parametrize(
    "piece", ["<div>", "<p>", "<b ", "&lt;", "<", "<a href='", "<!--", "</div>", "<table><tr>", "&#", "<svg>"]
)
@linear()
def test_large_hostile_html_costs_no_more_than_its_length(piece: str) -> None:
    text_of("<p>" + piece * (100_000 // len(piece)))


# --- broken and hostile feeds ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "titles", "rejected"),
    [
        ("</item>", ["Why", "A P"], []),
        ('<guid isPermaLink="true">', ["Why"], ["entry 2"]),
    ],
)
def test_a_cut_feed_gives_its_whole_entries(end: str, titles: list[str], rejected: list[str]) -> None:
    content = sample("feed-blog.xml")
    cut = content[: content.rindex(end, 0, content.index("untitled")) + len(end)]
    listing = read(cut)
    assert ([entry.facts.title[:3] for entry in listing.entries], listing.cut) == (titles, True)
    assert [one.where for one in listing.rejected][: len(rejected)] == rejected
    assert any("cut" in one.reason for one in listing.rejected)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("AT&amp;amp;T", "AT & T &nbsp; &unknown; <b>"),
        ("<title><![CDATA[A Paper We Read: Maps of Moss]]></title>", "<title>A Paper We Read: Maps of Moss</titel>"),
        ("plainly.", "plainly.\x00\x0b\x1b"),
        ("<generator>", "<generator <<"),
    ],
)
def test_what_is_not_well_formed_is_read_as_far_as_can_be(old: str, new: str) -> None:
    listing = read(sample("feed-blog.xml").replace(old, new, 1))
    titles = [entry.facts.title for entry in listing.entries]
    assert titles[0].startswith("Why Moss Doesn’t Wait")
    assert any(title.startswith("A Paper We Read: Maps of Moss") for title in titles)
    assert not listing.cut


def test_a_feed_says_its_encoding() -> None:
    content = '<?xml version="1.0" encoding="{}"?>' + rss("<title>Moos für Gärten</title>")
    for encoding in ("iso-8859-1", "windows-1252"):
        raw = content.format(encoding.upper()).encode(encoding)
        assert read(raw).entries[0].facts.title == "Moos für Gärten"
        assert read(gzip.compress(raw, mtime=0)).entries[0].facts.title == "Moos für Gärten"
    for encoding in ("rot13", "hex", "zlib", "bz2", "punycode", "idna", "no-such-thing"):
        raw = content.format(encoding).encode("iso-8859-1")
        assert read(raw).entries[0].facts.title == "Moos f\ufffdr G\ufffdrten"


def test_an_empty_feed_is_a_listing_without_entries() -> None:
    listing = read(rss())
    assert (listing.entries, listing.rejected, listing.source) == ((), (), "blog.example.org")
    assert read(json.dumps(JSON)).entries == ()


JSON: dict[str, Any] = {"version": "https://jsonfeed.org/version/1", "items": []}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (rss("<title></title>"), "none of its 1 entries can be read as a paper; entry 1: has no title"),
        (sample("feed-blog.xml")[:600], "breaks off before its first entry ends"),
        ("<rss", "no known listing"),
        ("<rss version='2.0'", "no XML that can be read|breaks off"),
        ('<!DOCTYPE rss [<!ENTITY a "ha">]>' + rss("<title>&a;</title>"), "declares entities"),
        (json.dumps({**JSON, "items": {}}), "without a list of `items`"),
        (json.dumps({**JSON, "items": [1, {"title": 3}]}), "none of its 2 entries"),
        (json.dumps(JSON)[:-3], "JSON that breaks"),
        ("<html><body><rss>", "no known listing"),
        ("<svg xmlns='x'><feed/></svg>", "no known listing"),
    ],
)
def test_complaints_say_what_and_where(content: str, words: str) -> None:
    with pytest.raises(ListingError, match=words):
        read(content)


def test_html_is_no_feed() -> None:
    with pytest.raises(UnknownFormatError):
        read("<!DOCTYPE html><html><head><title>A feed</title></head></html>")


def test_a_feed_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.listings.generic_feed._LARGEST", 1000)
    with pytest.raises(ListingError, match="larger than"):
        read(rss("<title>x</title>" + "y" * 1000))


def test_nothing_is_fetched_and_no_file_is_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a feed made the program connect")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    (tmp_path / "secret.dtd").write_text('<!ENTITY secret "opened">')
    for address in ("http://127.0.0.1:9/x.dtd", f"file://{tmp_path}/secret.dtd"):
        listing = read(f'<!DOCTYPE rss SYSTEM "{address}">' + rss("<title>x &secret; y</title>"))
        assert "opened" not in listing.entries[0].facts.title
    assert read(sample("feed-blog.xml").replace("?>", f'?><?xml-stylesheet href="{address}"?>', 1)).entries


@pytest.mark.parametrize(
    "piece", ["<a>", "<!--", "<item>", "<item/>", "</item>", "&x;", "<?", "<![CDATA[", "x='", "]]>"]
)
@linear()
def test_large_hostile_feeds_cost_no_more_than_their_length(piece: str) -> None:
    for content in (rss("<title>x</title>" + piece * 5_000), rss("<title>x</title>")[:-20] + piece * 5_000):
        try:
            read(content)
        except ListingError:
            continue


FIELDS = ["title", "description", "dc:creator", "author", "pubDate", "dc:date", "guid", "link", "category", "prism:doi"]

FIELDS += ["dc:identifier", "content:encoded", "slash:comments", "managingEditor"]


@pytest.mark.parametrize(
    "piece", ["x", "a ", "a@", "@", ",", "(", "2026-", " and ", "&lt;b&gt;", "&lt;", "10.5/", "/", ";"]
)
@linear()
def test_large_hostile_fields_cost_no_more_than_their_length(piece: str) -> None:
    spaces = (
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
    )
    for field in FIELDS:
        bad = f"<title>A Title</title><{field} {spaces}>{piece * (100_000 // len(piece))}</{field}>"
        with suppress(ListingError):
            read(rss(bad))
