"""A listing against what is known: identity, merging, and the four outcomes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make import NOW, TODAY, Shelf, entry, listing

from digest.diff import diff, identity_keys, known_from, listing_keys, new_paper_id, title_key
from digest.model import Announced, Entry, Facts, Known, Listing, Mark, Outcome

ONE = "We train small models to reason by distilling long chains of thought from a large teacher model."
OTHER = "This paper reports measurements of neutrino oscillations with an underground xenon detector array."
LONG = (
    f"{ONE} It beats seven others on arithmetic puzzles at half of their cost, forgets little of what it knew "
    "before, and runs on any phone without network, memory card or cooling."
)
HERS, HIS = {"authors": ("Anna Lind",)}, {"authors": ("Hugo Berg",)}
LATER = NOW + timedelta(days=1)


def day(number: int) -> date:
    """Days of June 2026; the 1st is a Monday."""
    return date(2026, 6, number)


def outcomes(older: Entry | Listing, newer: Entry | Listing) -> list[str]:
    """What the newer one means when the older one is known; entries stand for listings of the 1st and 2nd."""
    shelf = Shelf()
    shelf.ingest(older if isinstance(older, Listing) else listing(older, digest="d1", as_of=day(1)))
    changes = shelf.ingest(newer if isinstance(newer, Listing) else listing(newer, digest="d2", as_of=day(2)), LATER)
    return [change.outcome.value for change in changes.entries]


def papers(*listings: Listing) -> dict[str, Facts]:
    shelf = Shelf()
    for one in listings:
        shelf.ingest(one)
    return dict(shelf.papers)


def stored(*entries: Entry, **given: Any) -> Facts:
    """The one paper that entries of succeeding days make up."""
    found = papers(*(listing(one, digest=f"d{n}", as_of=day(n), **given) for n, one in enumerate(entries, start=1)))
    assert len(found) == 1
    return next(iter(found.values()))


# --- identity --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "title",
    [
        "Über small  models: a Study",
        "UBER SMALL MODELS - A STUDY",
        "Uber Small Models:\n  A Study",
        "Uber small-models; a study.",
        "Uber small models — “a study”",
        "Über small models a study",
    ],
)
def test_spellings_of_a_title_are_one(title: str) -> None:
    assert title_key(title) == title_key("Über Small Models: A Study")
    assert outcomes(entry("Über Small Models: A Study"), entry(title)) == ["unchanged"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Qwen3-VL Technical Report", "Qwen3 Technical Report"),
        ("Qwen2.5 Technical Report", "Qwen3 Technical Report"),
        ("A Study of Models", "Study of Models"),
        ("Model A", "Model B"),
        ("模型", "機器"),
        ("+++", "—"),
        ("x" * 250 + "a", "x" * 250 + "b"),
    ],
)
def test_different_titles_are_two(one: str, other: str) -> None:
    assert outcomes(entry(one), entry(other)) == ["new"]
    assert outcomes(entry(one), entry(one)) == ["unchanged"]


def test_sub_and_superscripts_are_digits() -> None:
    assert title_key("x² and CO₂") == title_key("x2 and CO2")


@pytest.mark.parametrize(
    ("known", "seen", "same"),
    [
        ({"arxiv_id": "2606.1"}, {"arxiv_id": "2606.1", "version": 2}, True),
        ({"arxiv_id": "2606.1"}, {"arxiv_id": "2606.2"}, False),
        ({"arxiv_id": "2606.1"}, {}, True),
        ({}, {"arxiv_id": "2606.1"}, True),
        ({"doi": "10.1/AB"}, {"doi": "10.1/ab"}, True),
        ({"doi": "10.1/a"}, {"doi": "10.1/b"}, False),  # an “Editorial” of two issues
        ({"doi": "10.1/a", "abstract": LONG}, {"doi": "10.1/b", "abstract": LONG}, True),
        ({"doi": "10.1/a", "abstract": ONE}, {"doi": "10.1/b", "abstract": ONE}, False),  # what stands under each
        ({"doi": "10.1/a", "abstract": ONE, **HERS}, {"doi": "10.1/b", "abstract": ONE, **HERS}, True),
        ({"doi": "10.1/a", "abstract": LONG, **HERS}, {"doi": "10.1/b", "abstract": LONG, **HIS}, False),
        ({"doi": "10.1/a"}, {"source_id": "example.org:1"}, False),
        ({"doi": "10.1/a"}, {}, True),
        ({"doi": "10.1/a", **HERS}, {"source_id": "example.org:1", **HERS}, True),
        ({"doi": "10.1/a", **HERS}, {"source_id": "example.org:1", "authors": ("Lind, A.", "Hugo Berg")}, True),
        ({"doi": "10.1/a", **HERS}, {**HIS}, False),
        ({"abstract": ONE, **HERS}, {"abstract": ONE, **HIS}, True),  # one of the lists may be somebody's mistake
        ({"source_id": "example.org:1"}, {"source_id": "example.org:2"}, False),
        ({"source_id": "example.org:1", "abstract": LONG}, {"source_id": "example.org:2", "abstract": LONG}, True),
        ({"source_id": "example.org:1"}, {"source_id": "example.com:2"}, False),
        ({"source_id": "example.org:1", "abstract": ONE}, {"source_id": "example.com:2", "abstract": ONE}, True),
        ({"source_id": "example.org:1", "abstract": "of in the"}, {"doi": "10.1/a", "abstract": "of in the"}, False),
        ({"abstract": ONE}, {"abstract": OTHER}, False),
        ({"abstract": ONE}, {"abstract": ONE.upper()}, True),
        ({"abstract": ONE}, {"abstract": ONE[:60] + "…"}, True),
        ({"abstract": ONE}, {}, True),
        ({}, {"abstract": ONE}, True),
        ({"abstract": ONE}, {"abstract": "—"}, True),
        ({"abstract": ONE, "arxiv_id": "2606.1"}, {"abstract": OTHER}, False),
        ({"abstract": ONE, "arxiv_id": "2606.1"}, {"abstract": OTHER, "arxiv_id": "2606.1"}, True),
    ],
)
def test_same_title(known: dict[str, Any], seen: dict[str, Any], same: bool) -> None:
    found = papers(listing(entry("T", **known), digest="d1"), listing(entry("T", **seen), digest="d2"))
    assert len(found) == (1 if same else 2)


@pytest.mark.parametrize(
    "facts",
    [
        {"arxiv_id": "2606.1"},
        {"doi": "10.1/ab"},
        {"source_id": "example.org:1"},
        {"arxiv_id": "2606.1", "doi": "10.1/ab"},
    ],
)
def test_an_id_is_stronger_than_a_title(facts: dict[str, Any]) -> None:
    assert len(papers(listing(entry("Old name", **facts)), listing(entry("New name", **facts), digest="d2"))) == 1


@pytest.mark.parametrize("shared", [{"doi": "10.1/ab"}, {}])
def test_two_arxiv_ids_never_merge(shared: dict[str, Any]) -> None:
    found = papers(
        listing(entry("T", abstract=ONE, arxiv_id="2606.1", **shared), digest="d1"),
        listing(entry("T", abstract=ONE, arxiv_id="2606.2", **shared), digest="d2"),
    )
    assert {name: one.arxiv_id for name, one in found.items()} == {"2606.1": "2606.1", "2606.2": "2606.2"}


def test_a_title_alone_gets_its_arxiv_id_later_and_keeps_its_own() -> None:
    shelf = Shelf()
    first = shelf.ingest(listing(entry("T", abstract=ONE))).entries[0].paper.id
    shelf.ingest(listing(entry("T", abstract=ONE, arxiv_id="2606.1"), digest="d2", as_of=day(3)))
    again = shelf.ingest(listing(entry("Renamed", abstract=OTHER, arxiv_id="2606.1"), digest="d3", as_of=day(4)))
    assert first.startswith("t-")
    assert again.entries[0].paper.id == first
    assert {name: one.arxiv_id for name, one in shelf.papers.items()} == {first: "2606.1"}


def test_an_old_name_still_finds_the_paper() -> None:
    shelf = Shelf()
    shelf.ingest(listing(entry("Old name", arxiv_id="2606.1")))
    shelf.ingest(listing(entry("New name", arxiv_id="2606.1"), digest="d2", as_of=day(3)))
    assert shelf.ingest(listing(entry("old name"), digest="d3", as_of=day(4))).entries[0].paper.id == "2606.1"


def test_of_two_papers_of_a_title_the_abstract_tells_which() -> None:
    shelf = Shelf()
    shelf.ingest(listing(entry("T", arxiv_id="2606.1"), entry("T", 2, arxiv_id="2606.2", abstract=ONE)))
    found = shelf.ingest(listing(entry("T", abstract=ONE), digest="d2")).entries[0]
    assert found.paper.id == "2606.2"


def test_three_papers_of_a_title_have_three_ids() -> None:
    third = "Entirely unrelated words concerning medieval Flemish tapestry, wool, dye and looms."
    found = papers(listing(*(entry("T", n, abstract=text) for n, text in enumerate([ONE, OTHER, third], start=1))))
    assert len(found) == 3
    assert len(papers(listing(entry("T", abstract=third), entry("T", 2, abstract=third)))) == 1


def test_ids_and_keys() -> None:
    facts = Facts(title="A title", arxiv_id="2606.1", doi="10.1/AB", source_id="example.org:Z")
    assert identity_keys(facts) == ("arxiv:2606.1", "doi:10.1/ab", "source:example.org:Z", "title:atitle")
    assert listing_keys(listing(entry("A title"), entry("B", 2))) == (("title:atitle",), ("title:b",))
    assert new_paper_id(facts, ()) == "2606.1"
    assert new_paper_id(Facts(title="A title"), ()) == new_paper_id(Facts(title="a TITLE"), ())


@pytest.mark.parametrize("text", ["x", "模", "𝔘", "+", "—"])
def test_no_key_is_longer_than_an_index_takes(text: str) -> None:
    one, other = (
        identity_keys(Facts(title=text * 5000 + end, doi=f"10.1/{text * 5000}{end}", source_id=f"a:{text * 5000}{end}"))
        for end in "ab"
    )
    assert not set(one) & set(other)
    assert max(len(key.encode()) for key in one) < 1000


# --- merging ---------------------------------------------------------------------------------------------------

FULL: dict[str, Any] = {
    "abstract": ONE,
    "authors": ("Ada", "Grace"),
    "author_count": 2,
    "organisation": "Lab",
    "categories": ("cs.CL", "cs.LG"),
    "keywords": ("reasoning",),
    "published": day(1),
    "arxiv_id": "2606.1",
    "version": 2,
    "code_url": "https://example.org/code",
    "withdrawn": False,
}


@pytest.mark.parametrize("fidelity", [10, 50, 90])
def test_what_a_source_does_not_say_takes_nothing_away(fidelity: int) -> None:
    full, bare = listing(entry("T", **FULL), as_of=day(1)), listing(entry("T"), digest="d2", fidelity=fidelity)
    assert papers(full, bare) == papers(full)
    (merged,) = papers(bare, full).values()
    assert {field: getattr(merged, field) for field in FULL} == FULL


@pytest.mark.parametrize(
    ("field", "rich", "poor"),
    [
        ("abstract", ONE, ONE[:40] + "…"),
        ("abstract", ONE, ONE[:40] + "..."),
        ("abstract", ONE, ONE[:40]),
        ("authors", ("Ada", "Grace", "Alan"), ("Ada",)),
        ("categories", ("cs.CL", "cs.LG"), ("cs.CL",)),
        ("keywords", ("a", "b"), ("b",)),
        ("version", 3, 2),
    ],
)
def test_a_poorer_value_never_wins(field: str, rich: object, poor: object) -> None:
    for values in [(rich, poor), (poor, rich)]:
        merged = stored(*(entry("T", arxiv_id="2606.1", **{field: value}) for value in values))
        assert getattr(merged, field) == rich


def test_a_text_as_written_goes_with_the_text() -> None:
    written = entry("A b", arxiv_id="2606.1", latex_title="A $b$", abstract=ONE, latex_abstract="$O$ne")
    plain = entry("A b", arxiv_id="2606.1", abstract=ONE)
    assert stored(plain, written).latex_title == "A $b$"
    assert stored(written, plain).latex_title is None
    bare = entry("A b", arxiv_id="2606.1", latex_title="A $b$")
    assert (stored(written, bare).latex_title, stored(written, bare).latex_abstract) == ("A $b$", "$O$ne")


def test_a_confirmation_renews_where_a_value_is_from() -> None:
    said, again, worse = (
        listing(entry("T", arxiv_id="2606.1"), digest=digest, as_of=day(number), fidelity=fidelity)
        for digest, number, fidelity in [("d1", 1, 50), ("d2", 2, 50), ("d3", 3, 20)]
    )
    shelf = Shelf()
    told = [shelf.ingest(one).entries[0].told for one in (said, again, worse)]
    assert told == [(), ("title", "arxiv_id"), ()]
    assert shelf.sourced("2606.1") == {"title": ("T", "d2"), "arxiv_id": ("2606.1", "d2")}


@pytest.mark.parametrize("fidelities", [(20, 50), (50, 20)])
def test_a_cut_title_never_wins_from_any_source(fidelities: tuple[int, int]) -> None:
    for titles in [("A long title of a paper", "A long title…"), ("A long title…", "A long title of a paper")]:
        found = papers(
            *(
                listing(entry(title, arxiv_id="2606.1"), digest=title, fidelity=fidelity)
                for title, fidelity in zip(titles, fidelities, strict=True)
            )
        )
        assert found["2606.1"].title == "A long title of a paper"


def test_a_worse_source_cannot_add_to_a_text() -> None:
    good = listing(entry("T", arxiv_id="2606.1", abstract=ONE), as_of=day(1))
    junk = listing(entry("T", arxiv_id="2606.1", abstract=f"{ONE} Follow us!"), digest="d2", fidelity=10)
    assert papers(good, junk)["2606.1"].abstract == papers(junk, good)["2606.1"].abstract == ONE


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ({"fidelity": 20, "as_of": day(9), "digest": "z"}, {"fidelity": 50, "as_of": day(1), "digest": "a"}),
        ({"fidelity": 50, "as_of": day(1), "digest": "z"}, {"fidelity": 50, "as_of": day(2), "digest": "a"}),
        ({"fidelity": 50, "as_of": day(1), "digest": "a"}, {"fidelity": 50, "as_of": day(1), "digest": "b"}),
    ],
    ids=["fidelity", "day", "digest"],
)
def test_fidelity_then_day_then_digest_decides(worse: dict[str, Any], better: dict[str, Any]) -> None:
    loses = listing(entry("Worse", arxiv_id="2606.1", abstract=OTHER, code_stars=1), **worse)
    wins = listing(entry("Better", arxiv_id="2606.1", abstract=ONE, code_stars=9), **better)
    for order in [(loses, wins), (wins, loses)]:
        merged = papers(*order)["2606.1"]
        assert (merged.title, merged.abstract, merged.code_stars) == ("Better", ONE, 9)


def test_of_a_paper_twice_in_one_dump_the_first_entry_speaks() -> None:
    shelf = Shelf()
    twice = (entry("T", arxiv_id="2606.1", code_stars=3), entry("Other", 2, arxiv_id="2606.1", abstract=ONE))
    for number in (1, 2, 3):
        found = shelf.ingest(listing(*twice, digest=f"d{number}", as_of=day(number)))
        assert [change.outcome.value for change in found.entries] == [
            "new" if number == 1 else "unchanged",
            "unchanged",
        ]
    assert (shelf.papers["2606.1"].title, shelf.papers["2606.1"].abstract) == ("T", ONE)


def test_first_listed_is_the_earliest_day_and_first_seen_stays() -> None:
    shelf = Shelf()
    shelf.ingest(listing(entry("T", arxiv_id="2606.1"), as_of=day(5)), NOW)
    shelf.ingest(listing(entry("T", arxiv_id="2606.1"), as_of=day(3), digest="d2"), LATER)
    one = shelf.papers["2606.1"]
    assert (one.first_listed, one.first_seen, one.revised_at) == (day(3), NOW, None)


# --- outcomes --------------------------------------------------------------------------------------------------

BASE: dict[str, Any] = {"arxiv_id": "2606.1", "abstract": ONE}


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"title": "LongMINT: a test"}, {"title": "MINTEval: a test"}),
        ({"title": "A test"}, {"title": "A test: of models"}),
        ({"abstract": ONE}, {"abstract": f"Withdrawn claims removed. {ONE} And more."}),
        ({"abstract": ONE}, {"abstract": f"{ONE} The code is at https://example.org/code"}),
        ({}, {"code_url": "https://example.org/code"}),
        ({"version": 1}, {"version": 2}),
        ({"withdrawn": False}, {"withdrawn": True}),
        ({}, {"withdrawn": True}),
        ({"updated": day(1)}, {"updated": day(2)}),
    ],
)
def test_revised(older: dict[str, Any], newer: dict[str, Any]) -> None:
    shelf = Shelf()
    shelf.ingest(listing(entry(**{"title": "T", **BASE, **older}), as_of=day(1)), NOW)
    (change,) = shelf.ingest(
        listing(entry(**{"title": "T", **BASE, **newer}), as_of=day(2), digest="d2"), LATER
    ).entries
    assert change.outcome is Outcome.REVISED
    assert [field.field for field in change.fields if field.notable] == list(newer)
    assert change.paper.revised_at == LATER
    assert shelf.papers["2606.1"] == change.paper


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({}, {}),
        ({"votes": 1}, {"votes": 99}),
        ({"position": 1}, {"position": 7}),
        ({"title": "A  title"}, {"title": "A title"}),
        ({"title": "A title"}, {"title": "A Title."}),
        ({"title": "A long…"}, {"title": "A long title"}),
        ({"title": "A long title"}, {"title": "A long…"}),
        ({"abstract": ONE}, {"abstract": ONE.replace(" ", "\n ", 3).upper()}),
        ({"abstract": ONE[:50]}, {"abstract": ONE}),
        ({"abstract": ONE.replace(" ", "", 3)}, {"abstract": ONE}),
        ({"abstract": ""}, {"abstract": ONE}),
        ({"code_url": "https://example.org/a"}, {"code_url": "https://example.org/b"}),
        ({"code_stars": 1}, {"code_stars": 2}),
        ({"authors": ("Ada",)}, {"authors": ("Ada", "Grace")}),
        ({}, {"version": 2}),
        ({"version": 2}, {"version": 1}),
        ({"withdrawn": True}, {"withdrawn": False}),
        ({"updated": day(2)}, {"updated": day(1)}),
        ({}, {"updated": day(2)}),
        ({}, {"comment": "12 pages", "journal_ref": "J. 1", "latex_title": "$T$"}),
        ({}, {"organisation": "Lab", "keywords": ("a",), "published": day(1), "doi": "10.1/a"}),
    ],
)
def test_not_revised(older: dict[str, Any], newer: dict[str, Any]) -> None:
    assert outcomes(entry(**{"title": "T", **BASE, **older}), entry(**{"title": "T", **BASE, **newer})) == ["unchanged"]


@pytest.mark.parametrize(
    ("older", "announced", "newer", "told"),
    [
        ({"published": day(1)}, "replaced", {"updated": day(2)}, {"updated": (day(1), day(2))}),
        ({"updated": day(1)}, "replaced", {"updated": day(2)}, {"updated": (day(1), day(2))}),
        ({"updated": day(2)}, "replaced", {"updated": day(2)}, {}),
        ({}, "replaced", {"version": 2}, {"version": (None, 2)}),
        ({"version": 1}, "replaced", {"version": 2}, {"version": (1, 2)}),
        ({"version": 2}, "replaced", {"version": 2}, {}),
        ({}, "replaced", {}, {"updated": (None, day(9))}),
        (
            {},
            "replaced",
            {"updated": day(2), "withdrawn": True},
            {"updated": (None, day(2)), "withdrawn": (None, True)},
        ),
        ({}, "cross", {"updated": day(2)}, {}),
        ({}, "new", {"updated": day(2)}, {}),
    ],
)
def test_a_new_version_is_a_revision(
    older: dict[str, Any], announced: str, newer: dict[str, Any], told: dict[str, tuple[object, object]]
) -> None:
    shelf = Shelf()
    shelf.ingest(listing(entry("T", **BASE, **older), as_of=day(5)))
    for title, outcome, found in [("T", "revised" if told else "unchanged", told), ("Unheard of", "new", {})]:
        facts = {**BASE, "arxiv_id": "2606.1" if title == "T" else "2606.2", **newer}
        one = replace(entry(title, **facts), announced=Announced(announced))
        (change,) = shelf.ingest(listing(one, as_of=day(9), digest=title)).entries
        assert change.outcome.value == outcome
        assert {each.field: (each.old, each.new) for each in change.fields if each.notable} == found


def test_what_is_new_today_is_not_revised_today() -> None:
    shelf = Shelf()
    shelf.ingest(listing(entry("T", **BASE), as_of=day(1)))
    later = entry("U", **BASE, code_url="https://example.org/code")
    (change,) = shelf.ingest(listing(later, as_of=day(1), digest="d2", source="other")).entries
    assert change.outcome is Outcome.UNCHANGED
    assert {each.field for each in change.fields} == {"title", "code_url"}
    assert shelf.report(day(1)) == {"new": {"2606.1"}, "relisted": set(), "revised": set()}


@pytest.mark.parametrize(
    ("source", "form", "revised"), [("test", "test", True), ("test", "page", False), ("other", "test", False)]
)
def test_code_is_news_only_by_who_told_none_before(source: str, form: str, revised: bool) -> None:
    shelf = Shelf()
    shelf.ingest(listing(entry("T", **BASE), as_of=day(1)))
    later = entry("T", **BASE, code_url="https://example.org/code")
    (change,) = shelf.ingest(listing(later, as_of=day(2), digest="d2", source=source, format=form)).entries
    assert change.outcome is (Outcome.REVISED if revised else Outcome.UNCHANGED)
    assert change.paper.code_url == "https://example.org/code"
    shelf.ingest(listing(later, as_of=day(2), digest="d3"))  # by who told none before, after whoever did
    assert shelf.report(day(2))["revised"] == {"2606.1"}


def test_of_equally_good_tellings_the_earlier_first_day_stands() -> None:
    later = listing(entry("T", arxiv_id="2606.1", published=day(4)), as_of=day(3))
    first = listing(entry("T", arxiv_id="2606.1", published=day(2)), as_of=day(2), digest="d2")
    better = listing(entry("T", arxiv_id="2606.1", published=day(3)), as_of=day(2), digest="d3", fidelity=70)
    for order in [(later, first), (first, later)]:
        assert papers(*order)["2606.1"].published == day(2)
    assert papers(first, better)["2606.1"].published == day(3)


def test_what_a_dump_of_the_day_takes_back_was_no_revision() -> None:
    """Another dump of the day has the title of the day before after all; the digests decide, in any order."""
    before = listing(entry("T", **BASE), as_of=day(1))
    renamed = listing(entry("U", **BASE), as_of=day(2), digest="d2")
    restored = listing(entry("T", **BASE), as_of=day(2), digest="d3", source="other")
    for order in [(renamed, restored), (restored, renamed)]:
        shelf = Shelf()
        for one in (before, *order):
            shelf.ingest(one)
        assert (shelf.revisions, shelf.papers["2606.1"].revised_at) == ({}, None)


def test_a_better_source_correcting_a_worse_one_is_no_revision() -> None:
    worse = listing(entry("Wrong", arxiv_id="2606.1", abstract=OTHER), source="text", fidelity=20)
    better = listing(entry("Right", arxiv_id="2606.1", abstract=ONE, code_url="https://c.org"), digest="d2")
    assert outcomes(worse, better) == ["unchanged"]
    assert papers(worse, better)["2606.1"].title == "Right"


def relisted(older: int, newer: int, between: list[int], daily: bool = True, month: int = 6) -> list[str]:
    shelf = Shelf()
    for number in (older, *between):
        held = "2606.1" if number == older else "2606.9"
        shelf.ingest(listing(entry(held, arxiv_id=held), digest=f"d{number}", as_of=date(2026, month, number)))
    again = listing(entry("2606.1", arxiv_id="2606.1"), digest="again", as_of=date(2026, month, newer), daily=daily)
    return [change.outcome.value for change in shelf.ingest(again).entries]


@pytest.mark.parametrize(
    ("older", "newer", "between", "daily", "outcome"),
    [
        (10, 16, [], True, "relisted"),  # as it really happened: six days later
        (10, 16, [11, 12], True, "relisted"),
        (10, 12, [11], True, "relisted"),
        (5, 6, [], True, "unchanged"),  # Friday's list on Saturday
        (5, 8, [], True, "unchanged"),  # and on Monday
        (5, 9, [], True, "unchanged"),  # after a long weekend
        (10, 16, [11, 12], False, "unchanged"),  # a search result
        (10, 10, [], True, "unchanged"),
        (10, 3, [], True, "unchanged"),  # an older dump read later
    ],
)
def test_relisted(older: int, newer: int, between: list[int], daily: bool, outcome: str) -> None:
    assert relisted(older, newer, between, daily) == [outcome]


@pytest.mark.parametrize("announced", [None, *Announced])
def test_a_relisted_paper_is_relisted_whatever_became_of_it(announced: Announced | None) -> None:
    """But a replacement or a cross-list of it lists it no more than before."""
    shelf = Shelf()
    shelf.ingest(listing(entry("T", **BASE), as_of=day(10)))
    again = replace(entry("T", **BASE, code_url="https://example.org/code"), announced=announced)
    (change,) = shelf.ingest(listing(again, as_of=day(16), digest="d2")).entries
    listed = announced in (None, Announced.NEW)
    assert change.outcome is (Outcome.RELISTED if listed else Outcome.REVISED)
    assert ("code_url", None, "https://example.org/code") in [
        (each.field, each.old, each.new) for each in change.fields
    ]
    assert shelf.papers["2606.1"].revised_at == NOW


def test_a_paper_twice_in_a_dump_is_new_or_relisted_once() -> None:
    twice = (entry("T", 1, arxiv_id="2606.1"), entry("t", 2), entry("T", 3, arxiv_id="2606.1"))
    shelf = Shelf()
    first = shelf.ingest(listing(*twice, as_of=day(1)))
    again = shelf.ingest(listing(*twice, as_of=day(9), digest="d2"))
    assert [change.outcome.value for change in first.entries] == ["new", "unchanged", "unchanged"]
    assert [change.outcome.value for change in again.entries] == ["relisted", "unchanged", "unchanged"]
    assert (first.count(Outcome.NEW), again.count(Outcome.RELISTED)) == (1, 1)


def test_gone() -> None:
    older = listing(entry("A"), entry("B", 2), entry("C", 3))
    newer = listing(entry("c"), entry("D", 2), digest="d2")
    changes = diff(newer, known_from(older, NOW), NOW)
    assert [paper.title for paper in changes.gone] == ["A", "B"]
    assert [change.outcome.value for change in changes.entries] == ["unchanged", "new"]


@pytest.mark.parametrize(
    ("earlier", "day_before", "now", "marks"),
    [
        ("", "", "AB", []),
        ("A", "", "BA", [Mark.COMPLETED]),
        ("AB", "", "A", [Mark.SHRUNK]),
        ("AB", "", "AC", [Mark.SHRUNK]),
        ("AB", "", "BA", []),
        ("", "AB", "BA", [Mark.REPEATED]),
        ("", "AB", "ABC", []),
        ("A", "AB", "AB", [Mark.COMPLETED, Mark.REPEATED]),
        ("AB", "AB", "", []),  # a placeholder
    ],
)
def test_marks(earlier: str, day_before: str, now: str, marks: list[Mark]) -> None:
    shelf = Shelf()
    for digest, number, titles in [("d0", 1, day_before), ("d1", 2, ""), ("d2", 2, earlier)]:
        shelf.ingest(listing(*map(entry, titles), digest=digest, as_of=day(number)))
    coming = listing(*map(entry, now), digest="d3", as_of=day(2))
    assert diff(coming, shelf.known(coming), NOW).marks == tuple(marks)
    assert diff(replace(coming, cut=True), shelf.known(coming), NOW).marks == (Mark.CUT, *marks)


def test_two_dumps_far_apart_tell_of_a_relisting_and_of_what_changed() -> None:
    older, newer = (listing(entry(title, **BASE), as_of=day(number)) for title, number in [("T", 1), ("U", 9)])
    (change,) = diff(newer, known_from(older, NOW), NOW).entries
    assert change.outcome is Outcome.RELISTED
    assert [(each.old, each.new) for each in change.fields if each.notable] == [("T", "U")]


@pytest.mark.parametrize("older_day", [19, 30])
def test_compared_dumps_take_the_newer_ones_values_whatever_the_dates(older_day: int) -> None:
    older = listing(entry("T", arxiv_id="2606.1"), as_of=day(older_day), digest="z")
    newer = listing(entry("U", arxiv_id="2606.1"), as_of=day(20), digest="a")
    (change,) = diff(newer, known_from(older, NOW), NOW).entries
    assert change.outcome is Outcome.REVISED
    assert [(field.old, field.new) for field in change.fields] == [("T", "U")]


def test_an_empty_listing() -> None:
    assert diff(listing(), Known(), NOW).entries == ()
    assert len(diff(listing(), known_from(listing(entry("A")), NOW), NOW).gone) == 1


# --- always ----------------------------------------------------------------------------------------------------

ENTRIES = st.builds(
    entry,
    title=st.sampled_from(["A", "a ", "B", "C: d", "C d"]),
    votes=st.none() | st.integers(0, 9),
    abstract=st.sampled_from(["", ONE, ONE[:40], OTHER]),
    arxiv_id=st.sampled_from([None, None, "2606.1", "2606.2"]),
    doi=st.sampled_from([None, None, "10.1/x"]),
    version=st.sampled_from([None, 1, 2]),
    authors=st.sampled_from([(), ("Ada",), ("Ada", "Grace")]),
    code_url=st.sampled_from([None, "https://example.org"]),
    withdrawn=st.sampled_from([None, True, False]),
)
LISTS = st.lists(ENTRIES, max_size=6).map(tuple)


def _coherent(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Without what nobody could tell the meaning of: a title of several papers, a paper of several titles."""
    claims: dict[tuple[str, str], object] = {}
    kept = []
    for one in entries:
        facts = replace(one.facts, doi=None)
        key = title_key(facts.title)
        told = {("id", key): facts.arxiv_id, ("about", key): facts.abstract[:9]}
        if facts.arxiv_id:
            told["title", facts.arxiv_id] = key
        if all(claims.setdefault(what, said) == said for what, said in told.items() if said):
            kept.append(replace(one, facts=facts))
    return tuple(kept)


COHERENT = LISTS.map(_coherent)


@settings(max_examples=80)
@given(first=LISTS, second=LISTS)
def test_every_entry_has_one_outcome_in_order(first: tuple[Entry, ...], second: tuple[Entry, ...]) -> None:
    shelf = Shelf()
    shelf.ingest(listing(*first, as_of=day(1)))
    before = set(shelf.papers)
    changes = shelf.ingest(listing(*second, digest="d2", as_of=day(2)))
    assert [change.entry for change in changes.entries] == list(second)
    assert sum(changes.count(outcome) for outcome in Outcome) == len(second)
    new = [change.paper.id for change in changes.entries if change.outcome is Outcome.NEW]
    assert len(set(new)) == len(new) and not before & set(new)
    assert {change.paper.id for change in changes.entries} <= before | set(new)
    for change in changes.entries:
        assert not (change.outcome is Outcome.NEW and change.fields)
        assert (change.outcome is Outcome.REVISED) == any(field.notable for field in change.fields)
        ids = {change.entry.facts.arxiv_id, change.paper.arxiv_id} - {None}
        assert len(ids) <= 1, "two arXiv ids merged"


@settings(max_examples=80)
@given(COHERENT)
def test_a_listing_against_itself_is_unchanged(entries: tuple[Entry, ...]) -> None:
    one = listing(*entries)
    changes = diff(one, known_from(one, NOW), NOW)
    assert {change.outcome for change in changes.entries} <= {Outcome.UNCHANGED}
    assert changes.gone == ()


@settings(max_examples=80)
@given(COHERENT)
def test_the_same_entries_again_change_nothing(entries: tuple[Entry, ...]) -> None:
    shelf = Shelf()
    shelf.ingest(listing(*entries, as_of=day(1)))
    before = dict(shelf.papers)
    again = shelf.ingest(listing(*entries, digest="d2", as_of=day(2)), LATER)
    assert {change.outcome for change in again.entries} <= {Outcome.UNCHANGED}
    assert shelf.papers == before


CLAIMS = st.builds(
    entry,
    title=st.sampled_from(["A", "A…", "A long one", "a  long one", "B"]),
    latex_title=st.sampled_from([None, "$A$"]),
    abstract=st.sampled_from(["", ONE, ONE[:40], ONE[:40] + "…", f"{ONE} See https://example.org/a", OTHER]),
    arxiv_id=st.just("2606.1"),
    version=st.sampled_from([None, 1, 2, 3]),
    updated=st.sampled_from([None, day(1), day(2), day(3)]),
    authors=st.sampled_from([(), ("Ada",), ("Ada", "Grace"), ("Alan",)]),
    code_url=st.sampled_from([None, "https://example.org/a", "https://example.org/b"]),
    code_stars=st.sampled_from([None, 1, 2]),
    withdrawn=st.sampled_from([None, True, False]),
)


@st.composite
def dumps(draw: st.DrawFn, days: int, entries: st.SearchStrategy[Entry]) -> list[Listing]:
    """Up to five, in order of days."""
    told = draw(
        st.lists(st.tuples(st.integers(1, days), st.sampled_from([20, 50, 60]), entries), min_size=2, max_size=5)
    )
    return [
        listing(
            replace(one, announced=draw(st.sampled_from([None, *Announced]))),
            digest=f"d{number}",
            as_of=day(2 * on),
            fidelity=fidelity,
            source=draw(st.sampled_from(["one", "other"])),
        )
        for number, (on, fidelity, one) in enumerate(sorted(told, key=lambda each: each[0]))
    ]


@settings(max_examples=100)
@given(dumps(days=2, entries=CLAIMS), st.data())
def test_the_order_of_dumps_does_not_matter_to_papers(given: list[Listing], data: st.DataObject) -> None:
    found = []
    for order in (given, given[::-1], data.draw(st.permutations(given))):
        shelf = Shelf()
        for one in order:
            shelf.ingest(one)
        found.append((shelf.sourced("2606.1"), shelf.papers["2606.1"].first_listed))
    assert found[0] == found[1] == found[2]


@settings(max_examples=150)
@given(dumps(days=3, entries=CLAIMS), st.data())
def test_the_order_of_a_days_dumps_does_not_matter_to_what_the_day_brought(
    given: list[Listing], data: st.DataObject
) -> None:
    shuffled = sorted(data.draw(st.permutations([*given, *given])), key=lambda one: one.as_of)
    found = []
    for order in (given, shuffled):
        shelf = Shelf()
        for one in order:
            shelf.ingest(one, NOW + timedelta(days=one.as_of.day))
        revisions = {key: (change.old, change.new, at) for key, (change, at) in shelf.revisions.items()}
        reports = [shelf.report(one.as_of) for one in given]
        found.append((reports, revisions, shelf.papers["2606.1"], shelf.sourced("2606.1")))
    assert found[0] == found[1]


@settings(max_examples=100)
@given(st.text(max_size=300))
def test_any_title_at_all_finds_itself(title: str) -> None:
    assert title_key(title) == title_key(f"  {title} ")
    one = listing(entry(title or "T"), as_of=TODAY)
    assert [change.outcome for change in diff(one, known_from(one, NOW), NOW).entries] == [Outcome.UNCHANGED]
