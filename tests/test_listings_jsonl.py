"""The JSON Lines forms: arXiv's snapshot, a day of arXiv, and our own; broken lines, and the real dumps."""

from __future__ import annotations

import json
import os
import re
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import real_data
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from linear import linear
from test_listings import allowed, mutated

from digest.diff import diff
from digest.errors import ListingError
from digest.listings import dump_of, json_lines, read_dump, read_listing
from digest.listings.own_jsonl import _FIELDS, _OF_THE_ENTRY
from digest.model import Announced, Facts, Known, Listing, Outcome

NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)

SNAPSHOT_RECORD = {
    "id": "0704.9001",
    "submitter": "Ines Fukuda-Roth",
    "authors": 'I. Fukuda-Roth (Green Lab), J.-P. \\"Ozil and Per Lindahl II',
    "title": "Quilting $^{3}$He on a\n  Torus",
    "comments": "3 pages, no figures",
    "journal-ref": None,
    "doi": "10.9999/quilt.1 10.9999/quilt.2",
    "report-no": None,
    "categories": "math.CO cs.CG",
    "license": None,
    "abstract": "  An invented abstract, wrapped\nas the snapshot's are.\n",
    "versions": [
        {"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
        {"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"},
    ],
    "update_date": "2009-11-26",
    "authors_parsed": [
        ["Fukuda-Roth", "I.", "", "Green Lab"],
        ["Özil", "J. -P.", ""],
        ["Lindahl", "Per", "II"],
        ["The Quilt Collaboration", "", ""],
    ],
}
DAILY_RECORD = {
    "id": "2606.90001",
    "categories": ["cs.GR", "cs.CG"],
    "pdf": "https://arxiv.org/pdf/2606.90001",
    "abs": "https://arxiv.org/abs/2606.90001",
    "authors": ["Ines Fukuda-Roth", "Per Lindahl"],
    "title": "Quilts of $O(n^2)$ Patches",
    "comment": None,
    "summary": "An invented summary.\n  It has a second paragraph with 3.6\\% more.",
}
OWN_RECORD = {
    "title": "A Paper of Our $O(n)$",
    "latex_title": None,
    "abstract": "An invented\nabstract.",
    "latex_abstract": "An \\emph{invented}\nabstract.",
    "authors": ["Ines Fukuda-Roth", "Per Lindahl"],
    "author_count": 7,
    "organisation": "Green Lab",
    "submitter": "ines",
    "categories": ["cs.GR"],
    "keywords": ["quilts"],
    "comment": "12 pages",
    "journal_ref": "Quilt Letters 3",
    "published": "2026-05-30",
    "updated": "2026-06-01",
    "arxiv_id": "https://arxiv.org/abs/2605.90001v3",
    "version": None,
    "doi": "https://doi.org/10.9999/quilt.3",
    "source_id": "lab.example.org:17",
    "page_url": "https://lab.example.org/17",
    "code_url": "https://git.example.org/x",
    "code_stars": 12,
    "project_url": "https://example.org/p",
    "withdrawn": False,
    "votes": 5,
    "comments": 0,
    "position": 1,
    "announced": "cross",
}
HEADER = {"listing": {"source": "lab-seminar", "as_of": "2026-06-01", "daily": True}}


def snapshot(**changed: Any) -> dict[str, Any]:
    return {**SNAPSHOT_RECORD, **changed}


def daily(**changed: Any) -> dict[str, Any]:
    return {**DAILY_RECORD, **changed}


def own(title: str, **more: Any) -> dict[str, Any]:
    return {"title": title, **more}


def jsonl(*records: Any) -> str:
    """Lines of JSON; what is text already stands as it is."""
    return "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in records)


def read(content: str | bytes, name: str = "dump.jsonl", as_of: date | None = None, now: datetime = NOW) -> Listing:
    raw = content.encode() if isinstance(content, str) else content
    return read_listing(dump_of(name, raw), now=now, as_of=as_of)


def rejections(listing: Listing) -> list[tuple[str, str]]:
    return [(one.where, one.reason) for one in listing.rejected]


WHOLE = {
    "arxiv-snapshot": jsonl(
        snapshot(),
        snapshot(id="math/0309136", title="Without Extras", doi=None, versions=[], update_date="2010-01-02"),
        snapshot(id="0704.9003", title="Gone", abstract="  This paper has been withdrawn by the authors.\n"),
    ),
    "arxiv-jsonl": jsonl(daily(), daily(id="2606.90002", title="Another"), daily()),
    "own-jsonl": jsonl(HEADER, OWN_RECORD, own("A Second"), own("A Third", comments=2)),
}
each_form = pytest.mark.parametrize("form", WHOLE)


# --- what each form tells ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "source", "daily", "fidelity", "as_of"),
    [
        ("arxiv-snapshot", "arxiv-snapshot", False, 70, date(2010, 1, 2)),
        ("arxiv-jsonl", "arxiv-daily", True, 60, NOW.date()),
        ("own-jsonl", "lab-seminar", True, 40, date(2026, 6, 1)),
    ],
)
def test_each_form_is_recognised_whatever_its_name(
    form: str, source: str, daily: bool, fidelity: int, as_of: date
) -> None:
    listing = read(WHOLE[form], name="x.bin")
    assert (listing.format, listing.source, listing.daily, listing.fidelity) == (form, source, daily, fidelity)
    assert (listing.as_of, len(listing.entries), listing.rejected) == (as_of, 3, ())
    assert [entry.position for entry in listing.entries] == [1, 2, 3]
    first = 2 if form == "own-jsonl" else 1
    assert [entry.where for entry in listing.entries] == [f"line {first + place}" for place in range(3)]
    assert read(WHOLE[form], as_of=date(2023, 5, 6)).as_of == date(2023, 5, 6)


def test_the_doi_that_arxiv_gives_is_its_id() -> None:
    records = (
        own("T", doi="10.48550/arXiv.2606.90001v2"),
        own("U", doi="10.48550/arXiv.2606.90001", arxiv_id="2606.90002"),
    )
    facts = [entry.facts for entry in read(jsonl(*records)).entries]
    assert [(one.arxiv_id, one.version, one.doi) for one in facts] == [
        ("2606.90001", 2, None),
        ("2606.90002", None, None),
    ]


def test_a_record_of_the_snapshot() -> None:
    first, second, gone = (entry.facts for entry in read(WHOLE["arxiv-snapshot"]).entries)
    assert first == Facts(
        title="Quilting ³He on a Torus",
        latex_title="Quilting $^{3}$He on a Torus",
        abstract="An invented abstract, wrapped as the snapshot's are.",
        authors=("I. Fukuda-Roth", "J.-P. Özil", "Per Lindahl II", "The Quilt Collaboration"),
        author_count=4,
        categories=("math.CO", "cs.CG"),
        comment="3 pages, no figures",
        published=date(2007, 4, 2),
        updated=date(2007, 7, 24),
        arxiv_id="0704.9001",
        version=2,
        doi="10.9999/quilt.1",
    )
    assert (second.arxiv_id, second.published, second.version, second.doi) == ("math/0309136", None, None, None)
    assert (gone.withdrawn, gone.abstract, gone.title) == (True, "", "Gone")


@pytest.mark.parametrize(
    ("changed", "field", "value"),
    [
        ({"authors_parsed": None}, "authors", ("I. Fukuda-Roth", "J.-P. Özil", "Per Lindahl II")),
        ({"authors_parsed": [["Lindahl"], "x", [], [None, 3], ["", "", ""]]}, "authors", ("Lindahl",)),
        ({"categories": ["cs.LG", 3]}, "categories", ("cs.LG",)),
        ({"categories": None}, "categories", ()),
        ({"versions": [{"version": "v10", "created": "Mon, 31 Feb 2007 1:2:3 GMT"}]}, "version", 10),
        ({"versions": [{"version": "v1", "created": "Mon, 31 Feb 2007 1:2:3 GMT"}]}, "published", None),
        ({"versions": [{"version": "v1", "created": "31 Mar 2007 01:02:03 GMT"}]}, "published", date(2007, 3, 31)),
        ({"versions": ["v1", {"version": 1}, {"version": "vv"}, {}]}, "version", None),
        ({"id": "0704.9001v4", "versions": None}, "version", 4),
        ({"versions": [{"version": "v2"}, {"version": "v1", "created": "31 Mar 2007 01:02:03 GMT"}]}, "updated", None),
        ({"journal-ref": "Quilts\n  $^3$"}, "journal_ref", "Quilts ³"),
        ({"comments": "3\u0000 pages\n"}, "comment", "3 pages"),
        ({"comments": 3}, "comment", None),
        ({"doi": "see the journal"}, "doi", None),
        ({"doi": "https://doi.org/10.1234/ABC(1)2:3<4>5;"}, "doi", "10.1234/ABC(1)2:3<4>5"),
        ({"comments": "Withdrawn due to an error in lemma 3"}, "withdrawn", True),
        ({"comments": "This submission is now withdrawn"}, "withdrawn", True),
        ({"comments": "Replaces a paper that has been withdrawn"}, "withdrawn", None),
        ({"abstract": "Withdrawn books are invented here."}, "withdrawn", None),
        ({"abstract": 3}, "abstract", ""),
        ({"license": float("nan"), "journal-ref": "Quilts 3"}, "journal_ref", "Quilts 3"),
    ],
)
def test_fields_of_the_snapshot(changed: dict[str, Any], field: str, value: object) -> None:
    assert getattr(read(jsonl(snapshot(**changed))).entries[0].facts, field) == value


@pytest.mark.parametrize(
    ("days", "name", "as_of"),
    [
        (["2009-11-26", "2011-01-02", "2010-05-06"], "snapshot-2026-06-01.json", date(2011, 1, 2)),
        (["2009-11-26", "9999-12-31", "2026-06-05"], "x", date(2009, 11, 26)),
        (["2026-06-04"], "x", date(2026, 6, 4)),
        (["2009-13-01", None, 3], "2026-06-01/snapshot.json", date(2026, 6, 1)),
        ([None], "x", NOW.date()),
    ],
)
def test_the_day_of_a_snapshot(days: list[object], name: str, as_of: date) -> None:
    assert read(jsonl(*(snapshot(update_date=day) for day in days)), name=name).as_of == as_of


@pytest.mark.parametrize("now", [datetime.max.replace(tzinfo=UTC), datetime(1990, 1, 1, tzinfo=UTC)])
def test_the_day_of_a_snapshot_at_any_moment(now: datetime) -> None:
    assert read(jsonl(snapshot()), now=now).as_of in (date(2009, 11, 26), now.date())


def test_a_record_of_a_day() -> None:
    entries = read(WHOLE["arxiv-jsonl"], name="data/2026-06-02.jsonl").entries
    assert entries[0].facts == Facts(
        title="Quilts of O(n²) Patches",
        latex_title="Quilts of $O(n^2)$ Patches",
        abstract="An invented summary. It has a second paragraph with 3.6% more.",
        latex_abstract=r"An invented summary. It has a second paragraph with 3.6\% more.",
        authors=("Ines Fukuda-Roth", "Per Lindahl"),
        author_count=2,
        categories=("cs.GR", "cs.CG"),
        arxiv_id="2606.90001",
    )
    assert entries[0].votes is entries[0].comments is None
    withdrawn = read(jsonl(daily(comment="This paper has been withdrawn by the author"))).entries[0].facts
    assert (withdrawn.withdrawn, bool(withdrawn.abstract)) == (True, True)


def test_rows_of_one_paper_are_entries_of_one_paper() -> None:
    listing = read(WHOLE["arxiv-jsonl"])
    changes = diff(listing, Known(), NOW).entries
    assert [change.outcome for change in changes] == [Outcome.NEW, Outcome.NEW, Outcome.UNCHANGED]
    assert len({change.paper.id for change in changes}) == 2


@pytest.mark.parametrize(
    ("name", "as_of"),
    [
        ("2026-05-30.jsonl", date(2026, 5, 30)),
        ("a/2026-05-29/b/2026-05-30_AI_enhanced_English.jsonl.gz", date(2026, 5, 30)),
        ("2026-05-28/2026-05-29/all.jsonl", date(2026, 5, 29)),
        ("arxiv_20260530.jsonl", date(2026, 5, 30)),
        ("2026_05_30-20260601T101500Z.jsonl", date(2026, 5, 30)),
        ("20261530-2006_0312.jsonl", NOW.date()),
        ("2026-02-30.jsonl", NOW.date()),
        ("12026-05-30.jsonl", NOW.date()),
        ("2062-05-30.jsonl", NOW.date()),
        ("-", NOW.date()),
    ],
)
def test_a_day_is_taken_from_the_name(name: str, as_of: date) -> None:
    assert read(WHOLE["arxiv-jsonl"], name=name).as_of == as_of


# --- our own form ------------------------------------------------------------------------------------------------


def test_our_own_form_has_every_field_of_the_model() -> None:
    assert set(_FIELDS) == {field.name for field in fields(Facts)} | set(_OF_THE_ENTRY)
    page = (Path(__file__).parent.parent / "docs" / "formats.md").read_text()
    section = page.split("## Our own format")[1].split("\n## ")[0]
    assert set(_FIELDS) | {"source", "as_of", "daily"} == set(re.findall(r"`([a-z_]+)`", section))
    example = read("".join(f"{line[4:]}\n" for line in section.splitlines() if line.startswith("    {")))
    assert (example.source, example.daily, len(example.entries), example.rejected) == ("lab-seminar", True, 1, ())


def test_a_record_of_our_own() -> None:
    entry = read(jsonl(OWN_RECORD)).entries[0]
    assert entry.facts == Facts(
        title="A Paper of Our O(n)",
        latex_title="A Paper of Our $O(n)$",
        abstract="An invented abstract.",
        latex_abstract="An \\emph{invented} abstract.",
        authors=("Ines Fukuda-Roth", "Per Lindahl"),
        author_count=7,
        organisation="Green Lab",
        submitter="ines",
        categories=("cs.GR",),
        keywords=("quilts",),
        comment="12 pages",
        journal_ref="Quilt Letters 3",
        published=date(2026, 5, 30),
        updated=date(2026, 6, 1),
        arxiv_id="2605.90001",
        version=3,
        doi="10.9999/quilt.3",
        source_id="lab.example.org:17",
        page_url="https://lab.example.org/17",
        code_url="https://git.example.org/x",
        code_stars=12,
        project_url="https://example.org/p",
        withdrawn=False,
    )
    assert (entry.votes, entry.comments, entry.announced) == (5, 0, Announced.CROSS)
    bare = read(jsonl(own("Bare", authors=["Per Lindahl"], votes=None, arxiv_id="2605.90001v3", version=2.0))).entries[
        0
    ]
    assert bare.facts == Facts(title="Bare", authors=("Per Lindahl",), author_count=1, arxiv_id="2605.90001", version=2)
    assert bare.votes is bare.comments is None
    notice = own("Bare", abstract="This paper has been withdrawn.", doi="", published="", comments=None)
    assert read(jsonl(notice)).entries[0].facts == Facts(title="Bare", withdrawn=True)
    remark = read(jsonl(own("Bare", comment="Withdrawn by the author", withdrawn=False))).entries[0].facts
    assert remark.withdrawn is False


def test_windows_letters_are_read_as_such() -> None:
    lines = json.dumps(own("Größe und “Wörter”", authors=["Jörg Müller"]), ensure_ascii=False) + "\r\n"
    facts = read_listing(dump_of("x", lines.encode("cp1252")), now=NOW).entries[0].facts
    assert (facts.title, facts.authors) == ("Größe und “Wörter”", ("Jörg Müller",))


def test_positions_order_the_listing() -> None:
    listing = read(jsonl(own("x"), own("c", position=30), own("a", position=2), own("b", position=2), own("y")))
    assert [(entry.facts.title, entry.position) for entry in listing.entries] == [
        ("a", 1),
        ("b", 2),
        ("c", 3),
        ("x", 4),
        ("y", 5),
    ]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"abstract": "x"}, "has no title"),
        (own(""), "has no title"),
        (own("\u200b"), "has no title"),
        (own("x" * 1001), "has a title too long to be one"),
        ({"title": 3}, "has no title"),
        ({"title": None}, "has no title"),
        (own("x", upvotes=3), "has the unknown field `upvotes`; docs/formats.md names the known ones"),
        (
            own("x", **{"\u202e\n" + "y" * 99: 3}),
            f"has the unknown field `{'y' * 39}…`; docs/formats.md names the known ones",
        ),
        (own("x", abstract=3), "`abstract` is not text"),
        (own("x", authors="Per Lindahl"), "`authors` is not a list of texts"),
        (own("x", authors=[{"name": "Per"}]), "`authors` is not a list of texts"),
        (own("x", votes="3"), "`votes` is not a whole number from 0 to 1000000000"),
        (own("x", votes=True), "`votes` is not a whole number from 0 to 1000000000"),
        (own("x", votes=-1), "`votes` is not a whole number from 0 to 1000000000"),
        (own("x", votes=2.5), "`votes` is not a whole number from 0 to 1000000000"),
        (own("x", position=0), "`position` is not a whole number from 1 to 1000000000"),
        (own("x", published="June 1"), "`published` is not a date such as 2026-06-01"),
        (own("x", published="2026-06-31"), "`published` is not a date such as 2026-06-01"),
        (own("x", arxiv_id="9999.1"), "`arxiv_id` is not an arXiv id"),
        (own("x", doi="none"), "`doi` is not a DOI"),
        (own("x", source_id="17"), "`source_id` is not an id such as example.org:12"),
        (own("x", announced="updated"), "`announced` is not new, cross or replaced"),
        (own("x", latex_title=3), "`latex_title` is not text"),
        (own("x", code_url="javascript:alert(1)"), "`code_url` is not a web address"),
        (own("x", withdrawn="no"), "`withdrawn` is not true or false"),
        (HEADER, "has a header, which stands only in the first line"),
        ([own("x")], "JSON, but not an object"),
    ],
)
def test_what_our_own_form_rejects(record: object, reason: str) -> None:
    listing = read(jsonl(own("First"), record, own("Last")))
    assert rejections(listing) == [("line 2", reason)]
    assert [entry.facts.title for entry in listing.entries] == ["First", "Last"]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ({}, ("own", date(2026, 5, 30), False)),
        ({"source": None, "as_of": None, "daily": None}, ("own", date(2026, 5, 30), False)),
        ({"as_of": "2026-05-01"}, ("own", date(2026, 5, 1), False)),
        ({"source": "hf-daily", "daily": True}, ("hf-daily", date(2026, 5, 30), True)),
    ],
)
def test_headers(header: dict[str, object], told: tuple[str, date, bool]) -> None:
    listing = read("\n" + jsonl({"listing": header}, own("x")), name="2026-05-30.jsonl")
    assert (listing.source, listing.as_of, listing.daily) == told
    assert (len(listing.entries), listing.rejected) == (1, ())


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ('{"listing": {"as_of": "yesterday"}}', "line 1: the header has no date such as 2026-06-01 in `as_of`"),
        ('{"listing": {"as_of": "2027-06-01"}}', "speaks of 2027-06-01, which has not come yet"),
        ('{"listing": {"source": "A B"}}', "a short name of small letters"),
        ('{"listing": {"daily": 1}}', "neither true nor false"),
        ('{"listing": {"name": "x"}}', "unknown field `name`; known are source, as_of, daily"),
        ('{"listing": {}, "title": "x"}', "is not of the form"),
        ('{"listing": []}', "is not of the form"),
        ('{"listing": {"source', "breaks at column"),
    ],
)
def test_a_header_that_cannot_be_used_stops_the_dump(header: str, words: str) -> None:
    with pytest.raises(ListingError, match=re.escape("dump.jsonl: line 1: the header ")) as raised:
        read(jsonl(header, own("x")))
    assert words in str(raised.value)


def test_a_day_without_papers() -> None:
    listing = read(jsonl(HEADER))
    assert (listing.entries, listing.rejected, listing.as_of, listing.daily) == ((), (), date(2026, 6, 1), True)


def test_an_unknown_field_everywhere_stops_the_dump_with_its_name() -> None:
    with pytest.raises(ListingError, match=r"none of its 2 lines.*line 1: has the unknown field `upvotes`"):
        read(jsonl(own("x", abstract="y", upvotes=3), own("z", abstract="y", upvotes=4)))


# --- lines -------------------------------------------------------------------------------------------------------


@each_form
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_marks_encodings_and_line_ends_change_nothing(form: str, encoding: str, end: str) -> None:
    plain, other = read(WHOLE[form]), read(WHOLE[form].replace("\n", end).encode(encoding))
    assert (other.entries, other.rejected, other.as_of) == (plain.entries, plain.rejected, plain.as_of)
    assert read(WHOLE[form].rstrip("\n")).entries == plain.entries


@pytest.mark.parametrize("record", [snapshot, daily, own], ids=["snapshot", "daily", "own"])
def test_broken_lines_are_named_and_the_rest_goes_on(record: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "LONGEST_LINE", 3000)
    good = [record(title=f"Paper {number}") for number in range(6)]
    nested = '{"title": ' + "[" * 1000 + "]" * 1000 + "}"
    cut = json.dumps(record(title="Cut")).encode()[:-9].decode()
    listing = read(
        jsonl(good[0], "", good[1], "not JSON", good[2], "x" * 4000, "7", good[3], '{"title": NaN', good[4], cut)
        + jsonl(2 * json.dumps(good[0]), good[5]),
    )
    assert [entry.facts.title for entry in listing.entries] == [f"Paper {number}" for number in range(6)]
    assert [entry.where for entry in listing.entries] == ["line 1", "line 3", "line 5", "line 8", "line 10", "line 13"]
    reasons = dict(rejections(listing))
    assert list(reasons) == ["line 4", "line 6", "line 7", "line 9", "line 11", "line 12"]
    assert reasons["line 4"] == "JSON that breaks at column 1 (Expecting value); it may be cut"
    assert reasons["line 6"] == "longer than 0 MiB; not read"
    assert reasons["line 7"] == "JSON, but not an object"
    assert "it may be cut" in reasons["line 11"]
    assert "Extra data" in reasons["line 12"]
    monkeypatch.undo()
    deep = dict(rejections(read(jsonl(good[0], nested.replace("[", "[" * 200).replace("]", "]" * 200)))))
    assert deep == {"line 2": "JSON nested too deeply for a record"}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (snapshot(id=704.9001), "has no arXiv id"),
        (snapshot(id="t-1"), "has no arXiv id"),
        (snapshot(title="  "), "has no title"),
        (daily(id=None), "has no arXiv id"),
        (daily(title="x" * 1001), "has a title too long to be one"),
        (daily(title=["x"]), "has no title"),
    ],
)
def test_bad_records_of_arxiv(record: dict[str, Any], reason: str) -> None:
    good = snapshot() if "versions" in record else daily()
    assert rejections(read(jsonl(good, record))) == [("line 2", reason)]
    with pytest.raises(ListingError, match=rf"none of its 1 lines can be read as a paper; line 1: {reason}"):
        read(jsonl(record))


@pytest.mark.parametrize("record", [snapshot(), daily(), OWN_RECORD], ids=["snapshot", "daily", "own"])
def test_a_broken_first_line_does_not_hide_the_form(record: dict[str, Any]) -> None:
    listing = read(jsonl('title": "the head is cut"}', record))
    assert (len(listing.entries), [where for where, _ in rejections(listing)]) == (1, ["line 1"])


@pytest.mark.parametrize("record", [snapshot(), daily(), OWN_RECORD], ids=["snapshot", "daily", "own"])
@pytest.mark.parametrize(
    "document", ["[{}]", "[\n{}\n]", '{{"data": [\n{}\n]}}', '{{"data": [\n{0},\n{0},\n{0}\n]}}', '{{"data": [{}]}}']
)
def test_other_json_is_left_alone(record: dict[str, Any], document: str) -> None:
    with pytest.raises(ListingError, match="each paper is a line by itself"):
        read(document.format(json.dumps(record)))


# --- hostile content ---------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated([one.encode() for one in WHOLE.values()]))
def test_any_mutation_is_a_listing_or_a_listing_error(content: bytes) -> None:
    allowed(content)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["2026-06-01", "v1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["version", "created", "x"]), inner),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_values_in_any_field(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([SNAPSHOT_RECORD, DAILY_RECORD, OWN_RECORD, HEADER, HEADER["listing"]]))
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(whole)), VALUES, min_size=1, max_size=4))
    record = {**whole, **changed}
    lines = [{"listing": record}, OWN_RECORD] if "daily" in whole else [whole, record]
    allowed(jsonl(*lines).encode())
    allowed(jsonl(record).encode())


@pytest.mark.parametrize(
    "content",
    [
        jsonl(daily()) + "x\n" * 100_000,
        jsonl(daily()) + "\n" * 100_000,
        jsonl(daily()) + "\r" * 100_000,
        jsonl(daily()) + "[" * 200_000,
        jsonl(daily()) + "x" * (json_lines.LONGEST_LINE + 1),
        jsonl(daily(summary="{" * 100_000)),
        jsonl(*[daily(categories=["x"] * 100_000)] * 5),
        jsonl(snapshot(authors="(" * 100_000, authors_parsed=None)),
        jsonl(snapshot(authors=" and " * 60_000, authors_parsed=None)),
        jsonl(snapshot(), snapshot(doi="10.1234/" + ";" * 100_000, versions=[{"version": "v" * 9}] * 100_000)),
        jsonl(own("x", keywords=["y" * 9] * 100_000)),
        "{" * 200_000,
        "{}\n" * 100_000,
    ],
    ids=range(13),
)
@linear()
def test_large_hostile_dumps_cost_no_more_than_their_length(content: str) -> None:
    allowed(content.encode())


# --- the real dumps ----------------------------------------------------------------------------------------------

real = pytest.mark.skipif("DIGEST_REAL_DATA" not in os.environ, reason="needs the real dumps")
LATER = datetime(2026, 12, 31, tzinfo=UTC)
DAYS = {
    "2026-06-18": (227, 189),
    "2026-06-19": (309, 243),
    "2026-06-20": (309, 243),
    "2026-06-21": (309, 243),
    "2026-06-22": (309, 243),
    "2026-06-23": (573, 537),
    "2026-06-24": (333, 266),
    "2026-06-25": (26, 26),
    "2026-06-26": (332, 261),
    "2026-06-27": (332, 261),
}


@real
def test_every_real_day() -> None:
    folder = real_data() / "listings" / "arxiv-daily-jsonl"
    found = {}
    for path in sorted(folder.glob("*.jsonl")):
        listing = read_listing(read_dump(path), now=LATER)
        assert (listing.format, str(listing.as_of), listing.rejected) == ("arxiv-jsonl", path.stem, ())
        assert all(e.facts.arxiv_id and e.facts.abstract and e.facts.authors for e in listing.entries)
        assert all(e.facts.categories and e.facts.withdrawn is None for e in listing.entries)
        found[path.stem] = (len(listing.entries), len({entry.facts.arxiv_id for entry in listing.entries}))
        outcomes = [change.outcome for change in diff(listing, Known(), LATER).entries]
        assert (outcomes.count(Outcome.NEW), outcomes.count(Outcome.REVISED)) == (found[path.stem][1], 0)
    assert found == DAYS


@real
def test_the_real_snapshot() -> None:
    (path,) = (real_data() / "listings" / "arxiv-kaggle-snapshot").glob("*.jsonl")
    listing = read_listing(read_dump(path), now=LATER)
    assert (listing.format, listing.as_of, listing.rejected) == ("arxiv-snapshot", date(2022, 3, 31), ())
    facts = [entry.facts for entry in listing.entries]
    assert (len(facts), len({one.arxiv_id for one in facts})) == (200, 200)
    assert sorted({one.published for one in facts if one.published}) == [
        date(2007, 3, 31),
        date(2007, 4, 1),
        date(2007, 4, 2),
    ]
    assert [one.version for one in facts].count(1) == 113
    assert sum(one.doi is not None for one in facts) == 117
    assert [one.arxiv_id for one in facts if one.withdrawn] == [one.arxiv_id for one in facts if not one.abstract]
    assert [one.arxiv_id for one in facts if one.withdrawn] == ["0704.0156"]
    assert all(one.authors and one.categories and one.published for one in facts)
