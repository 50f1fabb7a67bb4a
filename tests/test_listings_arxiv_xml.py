"""arXiv's XML: the query API's Atom, the announcement feeds, OAI-PMH; and XML meant to do harm."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from conftest import real_data
from hypothesis import HealthCheck, given, settings
from linear import linear
from test_listings import mutated

from digest.errors import ListingError
from digest.listings import dump_of, read_dump, read_listing
from digest.model import Announced, Facts, Listing

DATA = Path(__file__).parent / "data" / "listings"
NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)
NAMES = [*(path.name for path in sorted(DATA.glob("arxiv-*.xml"))), "biorxiv.xml"]


def read(content: str | bytes) -> Listing:
    return read_listing(dump_of("a dump", content.encode() if isinstance(content, str) else content), now=NOW)


def sample(name: str) -> str:
    return (DATA / name).read_text()


@pytest.mark.parametrize(
    ("name", "form", "source", "daily", "as_of", "entries", "rejected"),
    [
        ("arxiv-atom.xml", "arxiv-atom", "arxiv-api", False, date(2026, 5, 12), 2, ["entry 3"]),
        ("arxiv-atom-empty.xml", "arxiv-atom", "arxiv-api", False, date(2026, 5, 12), 0, []),
        ("arxiv-feed.xml", "arxiv-feed", "arxiv-rss-cs.ro", True, date(2026, 5, 12), 2, []),
        ("arxiv-feed-rss.xml", "arxiv-feed", "arxiv-rss-cs.cl", True, date(2026, 5, 12), 1, []),
        ("arxiv-feed-weekend.xml", "arxiv-feed", "arxiv-rss-cs.cl", True, date(2026, 5, 16), 0, []),
        ("arxiv-oai.xml", "arxiv-oai", "arxiv-oai", False, date(2026, 5, 12), 3, ["record 4"]),
        ("arxiv-oai-record.xml", "arxiv-oai", "arxiv-oai", False, date(2026, 5, 4), 1, []),
    ],
)
def test_each_form(
    name: str, form: str, source: str, daily: bool, as_of: date, entries: int, rejected: list[str]
) -> None:
    listing = read(sample(name))
    told = (listing.format, listing.source, listing.daily, listing.as_of, len(listing.entries))
    assert told == (form, source, daily, as_of, entries)
    assert [one.where for one in listing.rejected] == rejected
    assert [entry.position for entry in listing.entries] == list(range(1, entries + 1))


def test_facts_of_the_api() -> None:
    kites, zero = (entry.facts for entry in read(sample("arxiv-atom.xml")).entries)
    assert kites == Facts(
        title="Kites That Read the Wind",
        abstract="We let kites read the wind & write it down, with error ϵ < 1.",
        latex_abstract=r"We let kites read the wind & write it down, with error $\epsilon < 1$.",
        authors=("Ines Fukuda-Roth", "Bo Karlsson"),
        author_count=2,
        categories=("cs.LG", "cs.RO"),
        comment="12 pages",
        journal_ref="Kite Letters 4 (2026) 1-12",
        published=date(2026, 5, 2),
        updated=date(2026, 5, 11),
        arxiv_id="2605.90001",
        version=3,
        doi="10.5555/kites.2026",
    )
    assert (zero.title, zero.arxiv_id, zero.version, zero.withdrawn, zero.abstract) == (
        "0",
        "math/0309999",
        1,
        True,
        "",
    )


def test_facts_of_the_feeds() -> None:
    listing = read(sample("arxiv-feed.xml"))
    assert [entry.announced for entry in listing.entries] == [Announced.NEW, Announced.REPLACED]
    boats, nets = (entry.facts for entry in listing.entries)
    assert boats.abstract == "Slow boats need light."
    assert boats.authors == ("Jörg Tallis", "Ana Prest Jr.", "Kay Moss", "Lu Wen")
    assert (nets.arxiv_id, nets.version, nets.categories) == ("2604.90003", 2, ("cs.LG", "cs.RO"))
    assert (nets.doi, nets.published) == ("10.5555/nets.7", None)
    assert (nets.journal_ref, nets.updated) == ("Net Letters 7 (2026) 8", None)
    (entry,) = read(sample("arxiv-feed-rss.xml")).entries
    assert entry.announced is Announced.CROSS
    words = entry.facts
    assert (words.arxiv_id, words.version, words.abstract) == ("2605.90004", 1, "Light words carry.")
    assert (words.categories, words.authors) == (("cs.CL", "cs.AI"), ("Vera Lind",))


OLD_FEED = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>cs.AI updates on arXiv.org</title>
<link>http://arxiv.org/</link><dc:date>2023-06-06T20:30:00-05:00</dc:date></channel>
<item rdf:about="http://arxiv.org/abs/2306.90001"><title>Boats of Reed. (arXiv:2306.90001v1 [cs.AI])</title>
<description>&lt;p&gt;A reed &amp;lt; a boat.&lt;/p&gt;</description>
<dc:creator>&lt;a href="http://arxiv.org/1"&gt;J\\"org Tallis&lt;/a&gt;, &lt;a href="x"&gt;Lu Wen&lt;/a&gt;</dc:creator>
</item>
<item><title>Nets? (arXiv:2205.90002v3 [cs.LG] UPDATED)</title><link>http://arxiv.org/abs/2205.90002</link></item>
<item><title>Light (arXiv:2306.90003v1 [math.CO] CROSS LISTED)</title><link>http://arxiv.org/abs/2306.90003</link></item>
</rdf:RDF>"""


def test_feeds_of_before_2024() -> None:
    listing = read(OLD_FEED)
    assert (listing.format, listing.source, listing.as_of) == ("arxiv-feed", "arxiv-rss-cs.ai", date(2023, 6, 6))
    assert [one.announced for one in listing.entries] == [Announced.NEW, Announced.REPLACED, Announced.CROSS]
    boats, nets, _ = (entry.facts for entry in listing.entries)
    assert (boats.title, boats.abstract, boats.authors) == (
        "Boats of Reed",
        "A reed < a boat.",
        ("Jörg Tallis", "Lu Wen"),
    )
    assert (nets.title, nets.arxiv_id, nets.version, nets.categories) == ("Nets?", "2205.90002", 3, ("cs.LG",))


def test_facts_of_oai() -> None:
    dust, ropes, bells = (entry.facts for entry in read(sample("arxiv-oai.xml")).entries)
    assert (dust.title, dust.authors) == ("Dust on Old Mirrors", ("Mira Oduya", "Kite Collaboration"))
    assert (dust.arxiv_id, dust.published, dust.doi) == ("astro-ph/9501999", date(1995, 1, 5), "10.5555/dust.3")
    assert (dust.abstract, dust.withdrawn) == ("Dust gathers on mirrors.", True)
    assert (dust.comment, dust.journal_ref) == ("withdrawn by the authors", "Mirror Letters 3 (1996) 4")
    assert [one.updated for one in (dust, ropes, bells)] == [date(1996, 2, 1), date(2026, 5, 4), date(2026, 5, 4)]
    assert (ropes.comment, ropes.journal_ref) == ("9 pages, k² knots", "Rope Letters 1 (2026) 2")
    assert (bells.comment, bells.journal_ref) == (None, None)
    assert (ropes.authors, ropes.published) == (("Kay Moss Jr.", "Kite Team"), date(2026, 5, 1))
    assert (ropes.categories, ropes.version, ropes.withdrawn) == (("cs.RO", "cs.LG"), None, None)
    assert (bells.authors, bells.version, bells.published) == (("Vera Lind", "Ola Brandt"), 2, date(2026, 5, 1))


OAI = '<OAI-PMH xmlns="x"><request>http://export.arxiv.org/oai2</request><responseDate>2026-05-12</responseDate>{}</OAI-PMH>'


def test_nothing_matched_or_all_deleted_is_an_empty_listing() -> None:
    assert read(OAI.format('<error code="noRecordsMatch">none</error>')).entries == ()
    gone = read(OAI.format('<ListRecords><record><header status="deleted"/></record></ListRecords>'))
    assert (gone.entries, len(gone.rejected)) == ((), 1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            sample("arxiv-atom-empty.xml").replace(
                "</feed>",
                "<entry><id>https://arxiv.org/api/errors#x</id><title>Error</title>"
                "<summary>incorrect id format for kite</summary></entry></feed>",
            ),
            "incorrect id format for kite",
        ),
        (OAI.format('<error code="badResumptionToken">token is stale</error>'), "token is stale"),
        (sample("arxiv-atom.xml")[:700], "breaks at line"),
        (
            sample("arxiv-feed.xml").replace("oai:arXiv.org:", "oai:else.org:").replace("<link ", "<l "),
            "none of its 2 entries",
        ),
    ],
)
def test_complaints_say_what_and_where(content: str, words: str) -> None:
    with pytest.raises(ListingError, match=words):
        read(content)


def test_a_paper_titled_error_is_a_paper_and_a_complaint_is_none() -> None:
    complaint = "<entry><id>http://arxiv.org/api/errors#x</id><summary>No.</summary></entry><entry>"
    beside = read(sample("arxiv-atom.xml").replace("<entry>", complaint, 1))
    assert [one.reason for one in beside.rejected] == ["arXiv answered “No.”", "has no arXiv id"]
    assert read(sample("arxiv-atom.xml").replace("<title>0<", "<title>Error<")).entries[1].facts.title == "Error"


@pytest.mark.parametrize(
    ("kind", "announced"),
    [
        ("new", Announced.NEW),
        ("cross", Announced.CROSS),
        ("replace", Announced.REPLACED),
        ("replace-cross", Announced.REPLACED),
        ("else", None),
    ],
)
def test_announcements_in_words_or_in_a_field(kind: str, announced: Announced | None) -> None:
    content = sample("arxiv-feed.xml")
    field = content.replace("<arxiv:announce_type>new<", f"<arxiv:announce_type>{kind}<")
    in_words = content.replace("<arxiv:announce_type>new</arxiv:announce_type>", "").replace(
        "Type: new", f"Type: {kind}"
    )
    assert read(field).entries[0].announced == read(in_words).entries[0].announced == announced


@pytest.mark.parametrize(
    ("content", "cut"),
    [
        (sample("arxiv-atom.xml"), False),
        (sample("arxiv-atom.xml").replace("Results>3<", "Results>4<"), True),
        (sample("arxiv-atom.xml").replace("Results>3<", "Results>x<"), False),
        (
            sample("arxiv-atom.xml").replace(
                "<opensearch:totalResults>3<",
                "<opensearch:startIndex>7</opensearch:startIndex><opensearch:totalResults>10<",
            ),
            False,
        ),
        (sample("arxiv-atom.xml").partition("<title>0")[0], True),
        (sample("arxiv-atom-empty.xml"), False),
        (sample("arxiv-feed.xml"), False),
        (sample("arxiv-feed.xml").partition("Nets Mended")[0], True),
        (sample("arxiv-oai.xml"), True),
        (sample("arxiv-oai.xml").replace(">123|4<", "><"), False),
        (sample("arxiv-oai-record.xml"), False),
    ],
)
def test_whether_there_is_more(content: str, cut: bool) -> None:
    assert read(content).cut is cut


def test_a_cut_feed_gives_its_whole_entries_and_is_no_longer_a_days_list() -> None:
    content = sample("arxiv-feed.xml")
    listing = read(content[: content.index("Nets Mended")])
    assert (len(listing.entries), listing.daily, listing.as_of) == (1, False, date(2026, 5, 12))
    assert [one.where for one in listing.rejected] == ["entry 2"]
    assert "breaks at line 20" in listing.rejected[0].reason


# --- hostile content ---------------------------------------------------------------------------------------------


def test_declared_entities_are_refused() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE feed [<!ENTITY l0 "ha">{laughs}]>'
    for name in NAMES:
        body = sample(name).partition("?>\n")[2] or sample(name)
        with pytest.raises(ListingError, match="declares entities"):
            read(bomb + body)


def test_an_external_dtd_and_its_entities_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x.dtd").write_text('<!ENTITY secret "opened">')
    body = sample("arxiv-feed.xml").partition("?>\n")[2].replace("Slow boats", "&secret; boats")
    listing = read(f'<!DOCTYPE feed SYSTEM "file://{tmp_path}/x.dtd">{body}')
    assert len(listing.entries) == 2
    assert "opened" not in listing.entries[0].facts.abstract


PIECES = [
    b"<",
    b">",
    b"</entry>",
    b"<entry>",
    b"<item/>",
    b"<![CDATA[",
    b"]]>",
    b"&",
    b"&x;",
    b"&#0;",
    b"<!--",
    b"\x00",
]
PIECES += [
    b"\xff",
    b"\xed\xa0\x80",
    b"<?x?>",
    b"<!DOCTYPE a [",
    b"xmlns:a=''",
    b"</",
    b"<a>" * 300,
    b"\x0b",
    b"9" * 5000,
]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated([(DATA / name).read_bytes() for name in NAMES], PIECES, cut=True))
def test_any_mutation_is_a_listing_or_a_listing_error(content: bytes) -> None:
    try:
        listing = read(content)
    except ListingError:
        return
    for entry in listing.entries:
        entry.facts.abstract.encode()
        assert entry.facts.title == " ".join(entry.facts.title.split())


@pytest.mark.parametrize("piece", ["<a>", "<!--", "<a/>", "x", "<entry/>", "<a b='", "&x;", "<?", " "])
@linear()
def test_large_hostile_feeds_cost_no_more_than_their_length(piece: str) -> None:
    head = sample("arxiv-feed.xml").partition("<entry>")[0]
    for content in (head + piece * 30_000, "<!-- -->" + piece * 30_000 + head):
        try:
            read(content)
        except ListingError:
            continue


# --- real dumps --------------------------------------------------------------------------------------------------

REAL = {
    "arxiv-atom-api": [0, 1, 0, 1, 1, None, 1, 1, 100, 10, 15, 10, 10, 10, 10, 10, 15, 5],
    "arxiv-rss": [86, 86, 0],
    "arxiv-oai-pmh": [1, 1, 1, 1, 3, 1, 1, 1, 3, 3, 1, 12, 1, 1, 1, 1, 1, 1, 1, 1],
}


@pytest.mark.skipif("DIGEST_REAL_DATA" not in os.environ, reason="needs the real dumps")
@pytest.mark.parametrize("folder", REAL)
def test_real_dumps_in_order_of_their_names(folder: str) -> None:
    paths = sorted((real_data() / "listings" / folder).glob("*.xml"))
    assert len(paths) == len(REAL[folder])
    for path, entries in zip(paths, REAL[folder], strict=True):
        if entries is None:
            with pytest.raises(ListingError, match="incorrect id format for abc"):
                read_listing(read_dump(path), now=NOW)
            continue
        listing = read_listing(read_dump(path), now=NOW)
        assert (len(listing.entries), len(listing.rejected)) == (entries, int("truncated" in path.name)), path.name
        assert all(e.facts.arxiv_id and e.facts.abstract and e.facts.authors for e in listing.entries), path.name
        assert listing.as_of != NOW.date()
