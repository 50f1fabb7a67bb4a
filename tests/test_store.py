"""The store's contract, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from stores import (
    DAY,
    HOSTILE,
    HOUR,
    NOW,
    REJECTED,
    a_change,
    a_dump,
    a_listing,
    a_paper,
    an_edition,
    an_item,
    enqueue,
    frozen,
    full_paper,
    record,
)

from digest.errors import StoreError
from digest.message import assembled
from digest.model import (
    Changes,
    Delivery,
    Destination,
    Encoding,
    Feedback,
    FieldChange,
    Intent,
    Joined,
    LastEdition,
    Letter,
    Link,
    Missed,
    Muted,
    NoEdition,
    Opinion,
    Origin,
    OutboxItem,
    OutboxState,
    Outcome,
    Piece,
    Posting,
    Revision,
    Section,
    SectionKind,
    Shown,
    Sighting,
    Span,
    Subscription,
    Suppression,
)
from digest.store import Ledger, Store, migrate
from digest.store.schema import editions, pieces

TOMORROW = DAY + timedelta(days=1)
Queued = Callable[..., OutboxItem]


def revised(field: str, old: object, new: object, notable: bool = True) -> FieldChange:
    return FieldChange(field=field, old=old, new=new, notable=notable)


# --- ingest ----------------------------------------------------------------------------------------------------


def test_paper_survives_the_round_trip_whatever_its_text(store: Store) -> None:
    papers = [full_paper("2501.05441"), a_paper("bare")]
    record(store, *(a_change(paper, position=n) for n, paper in enumerate(papers, 1)))
    assert store.papers(["bare", "2501.05441", "unknown"]) == {paper.id: paper for paper in papers}
    assert list(store.papers(["bare", "2501.05441"])) == ["2501.05441", "bare"]


def test_record_reports_counts_and_rejected(store: Store) -> None:
    old = a_paper("old")
    record(store, a_change(old), a_change(a_paper("gone"), position=2))
    report = record(
        store,
        a_change(a_paper("new")),
        a_change(old, Outcome.UNCHANGED, 2),
        digest="d2",
        rejected=REJECTED,
        gone=(a_paper("gone"),),
        as_of=TOMORROW,
    )
    assert (report.entries, report.new, report.unchanged, report.gone, report.known) == (2, 1, 1, 1, False)
    assert (report.rejected, report.dump, report.format, report.as_of) == (REJECTED, "dump.json", "hf", TOMORROW)
    assert store.listings(1) == (report,)


def test_recording_again_changes_nothing(store: Store) -> None:
    first = record(store, a_change(full_paper("a")), rejected=REJECTED)
    before = (store.counts(), store.sightings(["a"]), store.papers(["a"]))
    again = record(store, a_change(a_paper("a", title="other")), now=NOW + HOUR, rejected=())
    assert again == replace(first, new=0, unchanged=1, known=True)
    assert store.report("d1") == again
    assert (store.counts(), store.sightings(["a"]), store.papers(["a"])) == before


def test_unknown_dump_has_no_report(store: Store) -> None:
    assert store.report("d1") is None


def test_change_writes_its_columns_and_no_other(store: Store) -> None:
    before = a_paper("a", abstract="old", doi="10.1/a")
    record(store, a_change(before))
    after = replace(before, abstract="new", doi="not told", first_listed=DAY - timedelta(days=9), revised_at=NOW + HOUR)
    change = a_change(after, Outcome.REVISED, changed=(revised("abstract", "old", "new"),), keys=("doi:10.1/a",))
    record(store, change, digest="d2", now=NOW + HOUR)
    assert store.papers(["a"])["a"] == replace(after, doi="10.1/a")
    assert store.keys("a") == ("doi:10.1/a", "title:a")


def test_origins_follow_the_values(store: Store) -> None:
    before = a_paper("a", abstract="old", withdrawn=False, code_stars=0)
    record(store, a_change(before))
    after = replace(before, abstract="new")
    change = a_change(after, Outcome.REVISED, changed=(revised("abstract", "old", "new"),))
    record(store, change, digest="d2", dump="two", source="arxiv", fidelity=90, as_of=TOMORROW)
    first = Origin(dump="dump.json", digest="d1", source="hf", as_of=DAY, fidelity=50)
    second = Origin(dump="two", digest="d2", source="arxiv", as_of=TOMORROW, fidelity=90)
    assert store.origins("a") == {"title": first, "abstract": second, "withdrawn": first, "code_stars": first}
    assert store.origins("unknown") == {}


def test_revisions_keep_notable_changes_in_words(store: Store) -> None:
    paper = a_paper("a")
    record(store, a_change(paper))
    changed = (
        revised("title", "old", HOSTILE),
        revised("authors", ("A", "B"), ()),
        revised("withdrawn", None, True),
        revised("published", date(2026, 1, 2), None),
        revised("version", 1, 2),
        revised("code_stars", 1, 2, notable=False),
    )
    record(store, a_change(paper, Outcome.REVISED, changed=changed), digest="d2", dump="two", now=NOW + HOUR)
    words = [(each.field, each.old, each.new) for each in store.revisions("a")]
    assert words == [
        ("title", "old", HOSTILE),
        ("authors", "A, B", ""),
        ("withdrawn", "", "yes"),
        ("published", "2026-01-02", ""),
        ("version", "1", "2"),
    ]
    assert store.revisions("a")[0] == Revision(
        paper_id="a", field="title", old="old", new=HOSTILE, at=NOW + HOUR, dump="two"
    )


def test_paper_twice_in_a_dump(store: Store) -> None:
    first, last = a_paper("a", abstract="one"), a_paper("a", abstract="two", doi="10.1/a")
    report = record(
        store,
        a_change(first, position=3, votes=5, comments=None),
        a_change(a_paper("b"), position=4),
        a_change(
            last, Outcome.REVISED, 7, votes=3, comments=1, keys=("doi:x",), changed=(revised("abstract", "one", "two"),)
        ),
    )
    assert (report.entries, report.new, report.revised) == (3, 2, 1)
    assert store.papers(["a"])["a"] == last
    assert store.keys("a") == ("doi:x", "title:a")
    (sighting,) = store.sightings(["a"])["a"]
    assert (sighting.position, sighting.votes, sighting.comments, sighting.listed) == (3, 5, 1, 3)
    assert len(store.revisions("a")) == 1


def test_paper_twice_in_a_dump_that_knew_it(store: Store) -> None:
    record(store, a_change(a_paper("a")))
    one, two = a_paper("a", abstract="x"), a_paper("a", abstract="x", doi="y")
    record(
        store,
        a_change(one, Outcome.REVISED, 1, changed=(revised("abstract", "", "x"),)),
        a_change(two, Outcome.UNCHANGED, 2, changed=(revised("doi", None, "y", notable=False),)),
        digest="d2",
    )
    assert store.papers(["a"])["a"] == two
    assert {field: origin.digest for field, origin in store.origins("a").items()} == {
        "title": "d1",
        "abstract": "d2",
        "doi": "d2",
    }


def test_paper_brought_by_another_dump_meanwhile_stays(store: Store) -> None:
    record(store, a_change(a_paper("a", abstract="first")))
    record(store, a_change(a_paper("a", abstract="second")), digest="d2")
    assert store.papers(["a"])["a"].abstract == "first"
    assert [each.digest for each in store.sightings(["a"])["a"]] == ["d1", "d2"]


def test_known_finds_by_any_key(store: Store) -> None:
    one, two = full_paper("2501.05441"), a_paper("b")
    record(
        store,
        a_change(one, keys=("arxiv:2501.05441", HOSTILE[:200])),
        a_change(two, position=2, keys=("title:same",)),
        a_change(a_paper("c"), position=3, keys=("title:same",)),
    )
    known = store.known({HOSTILE[:200], "arxiv:2501.05441", "title:same", "title:other"}, "arxiv", DAY)
    assert [each.paper.id for each in known.papers] == ["2501.05441", "b", "c"]
    first = known.papers[0]
    assert first.paper == one
    assert first.keys == {"arxiv:2501.05441", HOSTILE[:200]}
    assert store.known(["arxiv:2501.05441"], "arxiv", DAY).papers[0].keys == {"arxiv:2501.05441"}
    assert first.origins.items() >= store.origins("2501.05441").items()
    assert first.last_listed is None
    assert store.by_keys(["title:same"]) == (two, a_paper("c"))
    assert store.by_keys([]) == ()


def test_known_looks_back_at_the_same_source_only(store: Store) -> None:
    a, b = a_paper("a"), a_paper("b")
    record(store, a_change(b, position=2), a_change(a, position=1))
    record(store, a_change(a, Outcome.UNCHANGED), digest="d2", as_of=TOMORROW, now=NOW + HOUR)
    record(store, a_change(a, Outcome.UNCHANGED), digest="d3", source="arxiv", as_of=date(2030, 1, 1))
    known = store.known(["title:a", "title:b"], "hf", DAY, "d9")
    assert [each.last_listed for each in known.papers] == [TOMORROW, DAY]
    assert known.previous == (a, b)
    assert known.days == {DAY, TOMORROW}
    without = store.known(["title:a", "title:b"], "hf", DAY, "d1")
    assert [each.last_listed for each in without.papers] == [TOMORROW, None]
    assert (without.previous, without.days) == ((), {TOMORROW})


def test_previous_is_the_dump_recorded_last(store: Store) -> None:
    a, b = a_paper("a"), a_paper("b")
    record(store, a_change(a), now=NOW + HOUR)
    record(store, a_change(b), digest="d2", now=NOW)
    assert store.known([], "hf", DAY).previous == (a,)
    record(store, a_change(b, Outcome.UNCHANGED), digest="d3", now=NOW + HOUR)
    assert store.known([], "hf", DAY).previous == (b,)


def test_what_was_listed_before_is_read_only_where_it_counts(store: Store) -> None:
    record(store, a_change(a_paper("a")))
    record(store, a_change(a_paper("b")), digest="d2", as_of=TOMORROW)
    asked = store.known(["title:a"], "hf", TOMORROW)
    assert ([one.id for one in asked.previous], asked.before) == (["b"], {"a"})
    plain = store.known(["title:a"], "hf", TOMORROW, lists=False)
    assert (plain.previous, plain.before) == ((), frozenset())
    assert (plain.papers, plain.days) == (asked.papers, asked.days)


def test_long_listing_passes_every_limit_of_parameters(store: Store) -> None:
    papers = [a_paper(f"{n:05}") for n in range(2_500)]
    record(store, *(a_change(paper, position=n, keys=(f"k{n}", f"l{n}")) for n, paper in enumerate(papers, 1)))
    keys = [f"{kind}{n}" for n in range(2_501) for kind in "kl"]
    assert len(store.known(keys, "hf", DAY).papers) == 2_500
    assert len(store.papers([paper.id for paper in papers])) == 2_500
    assert len(store.by_keys(keys)) == 2_500
    assert sum(map(len, store.sightings([paper.id for paper in papers]).values())) == 2_500
    changes = [
        a_change(
            replace(paper, version=2),
            Outcome.REVISED,
            n,
            changed=(revised("version", None, 2), revised("code_stars", None, None, notable=n % 2 == 0)),
        )
        for n, paper in enumerate(papers, 1)
    ]
    assert record(store, *changes, digest="d2").revised == 2_500
    assert {paper.version for paper in store.candidates(NOW)} == {2}


def test_empty_listing_is_recorded(store: Store) -> None:
    report = record(store)
    assert (report.entries, report.known) == (0, False)
    assert store.known([], "hf", DAY).days == frozenset()


def test_set_aside_until_the_dump_is_read(store: Store) -> None:
    dump = a_dump(f"{HOSTILE}.json", "d1")
    store.set_aside(dump, "first", NOW)
    report = store.set_aside(dump, HOSTILE, NOW + HOUR)
    store.set_aside(replace(dump, digest="d0"), "earlier", NOW)
    assert (report.error, report.dump, report.digest) == (HOSTILE, dump.name, "d1")
    assert [each.digest for each in store.set_asides(NOW, 9)] == ["d1", "d0"]
    assert store.set_asides(NOW, 1) == store.set_asides(NOW + HOUR, 9) == (report,), "the latest"
    assert store.report("d1") is None
    record(store, a_change(a_paper("a")))
    assert [each.digest for each in store.set_asides(NOW, 9)] == ["d0"]
    store.set_aside(replace(dump, digest="d0"), "earlier", NOW, stuck="it is read-only")
    assert [each.digest for each in store.set_asides(NOW + HOUR, 9)] == ["d0"], "it is in the inbox still"
    record(store, a_change(a_paper("a")), digest="d2", dump=dump.name)
    assert store.set_asides(NOW, 9) == (), "another of its name could be read"


def test_listings_sources_and_newest_ingest(store: Store) -> None:
    assert (store.newest_ingest(), store.sources(NOW), store.listings(5)) == (None, (), ())
    record(store, source="z")
    record(store, source="a", digest="d2", now=NOW + HOUR)
    record(store, source="m", digest="d3", now=NOW + HOUR)
    assert store.newest_ingest() == NOW + HOUR
    assert store.sources(NOW) == ("a", "m", "z")
    assert store.sources(NOW + HOUR) == ("a", "m")
    assert [each.digest for each in store.listings(2)] == ["d3", "d2"]


# --- reading ---------------------------------------------------------------------------------------------------


def test_sightings_in_order_for_every_paper_asked_for(store: Store) -> None:
    paper = a_paper("a")
    record(store, a_change(paper, votes=1), digest="d3", as_of=TOMORROW)
    record(store, a_change(paper, Outcome.UNCHANGED), digest="d2", now=NOW + HOUR)
    record(store, a_change(paper, Outcome.UNCHANGED, 4, votes=9, comments=0), digest="d1", now=NOW + HOUR)
    record(store, a_change(paper, Outcome.UNCHANGED), digest="d4")
    found = store.sightings(["a", "unknown"])
    assert [each.digest for each in found["a"]] == ["d4", "d1", "d2", "d3"]
    assert found["a"][1] == Sighting(
        paper_id="a",
        source="hf",
        date=DAY,
        position=4,
        listed=1,
        votes=9,
        comments=0,
        seen_at=NOW + HOUR,
        digest="d1",
    )
    assert found["unknown"] == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [("GRAPH", ["c", "b"]), ("100%", ["a"]), ("%", ["a"]), ("_", ["a"]), ("/", ["c"]), ("\\", []), ("nothing", [])],
)
def test_search_titles(store: Store, text: str, found: list[str]) -> None:
    titles = {"a": "100% of x_y", "b": "A Graph", "c": "Hyper/graphs"}
    papers = [a_paper(paper_id, title=title) for paper_id, title in titles.items()]
    papers[2] = replace(papers[2], first_listed=TOMORROW)
    record(store, *(a_change(paper, position=n) for n, paper in enumerate(papers, 1)))
    assert [paper.id for paper in store.search_titles(text)] == found
    assert [paper.id for paper in store.search_titles(text, limit=1)] == found[:1]


def test_papers_by_key(store: Store) -> None:
    twice = ("title:kites",)
    record(store, *(a_change(a_paper(name), position=n, keys=twice) for n, name in enumerate(("b", "a"), 1)))
    number = a_paper("2603.00001", arxiv_id="2603.00001")
    record(store, a_change(number, keys=("arxiv:2603.00001", "doi:10.1/a")), digest="d2")
    found = store.by_key(["title:kites", "title:unknown", "arxiv:2603.00001", "doi:10.1/a"])
    assert {key: paper.id for key, paper in found.items()} == {
        "title:kites": "a",
        "arxiv:2603.00001": "2603.00001",
        "doi:10.1/a": "2603.00001",
    }


def test_search_titles_knows_other_letters_than_ascii(store: Store) -> None:
    record(store, a_change(a_paper("a", title="Über ÉCOLES")))
    for asked in ("über écoles", "ÜBER École"):
        assert [paper.id for paper in store.search_titles(asked)] == ["a"]
    assert store.search_titles("über%écoles") == ()


def test_voted_since(store: Store) -> None:
    """Papers of any age, as long as their votes were told since."""
    old, silent, new = (a_paper(name, first_seen=NOW - HOUR) for name in ("old", "silent", "new"))
    record(store, a_change(old, votes=3), now=NOW - HOUR)
    assert store.voted(NOW) == ()
    again = (
        a_change(old, Outcome.UNCHANGED, 1, votes=9),
        a_change(silent, position=2),
        a_change(new, position=3, votes=0),
    )
    record(store, *again, digest="d2", now=NOW)
    assert [paper.id for paper in store.voted(NOW)] == ["new", "old"]


def test_candidates_since(store: Store) -> None:
    papers = [
        a_paper("b", first_seen=NOW),
        a_paper("a", first_seen=NOW + HOUR),
        a_paper("c", first_seen=NOW - timedelta(microseconds=1)),
    ]
    record(store, *(a_change(paper, position=n) for n, paper in enumerate(papers, 1)))
    assert [paper.id for paper in store.candidates(NOW)] == ["a", "b"]


def test_moments_are_utc_whatever_their_zone(store: Store) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=45)))
    record(store, a_change(a_paper("a", first_seen=elsewhere)), now=elsewhere)
    newest = store.newest_ingest()
    assert newest == NOW
    assert newest.tzinfo is UTC
    assert store.candidates(NOW)[0].first_seen.tzinfo is UTC
    assert store.candidates(elsewhere) != ()


def test_naive_moment_is_refused_and_nothing_written(store: Store) -> None:
    with pytest.raises(ValueError, match="naive moment"):
        record(store, a_change(a_paper("a", first_seen=datetime(2026, 1, 1))))
    with pytest.raises(ValueError, match="naive moment"):
        store.candidates(datetime(2026, 1, 1))
    assert store.counts()["papers"] == store.counts()["listings"] == 0


def test_counts(store: Store, queued: Queued) -> None:
    empty = store.counts()
    assert {empty[name] for name in ("papers", "sightings", "listings", "set_aside", "editions", "suppressed")} == {0}  # type: ignore[literal-required]
    assert empty["outbox"] == dict.fromkeys(OutboxState, 0)
    record(store, a_change(a_paper("a")), a_change(a_paper("b"), position=2))
    queued()
    store.record_all_empty([NoEdition(subscription=an_edition("x").subscription, date=DAY, reason="none")], NOW, {})
    store.suppress(Suppression(address="a@b", reason="", since=NOW))
    store.set_aside(a_dump("", "d5"), "", NOW)
    counts = store.counts()
    assert counts.pop("outbox") == dict.fromkeys(OutboxState, 0) | {OutboxState.PENDING: 1}  # type: ignore[misc]
    assert counts == {
        "papers": 2,
        "sightings": 2,
        "listings": 1,
        "set_aside": 1,
        "editions": 1,
        "suppressed": 1,
    }


# --- publish ---------------------------------------------------------------------------------------------------


def test_edition_survives_the_round_trip(store: Store) -> None:
    sectioned = an_edition("ada/é '\"", papers=(full_paper("2501.05441"), a_paper("b")), held_back=3, muted=1)
    edition = replace(
        sectioned,
        items=(sectioned.items[0], replace(sectioned.items[1], section=Section(kind=SectionKind.TOPIC, topic=HOSTILE))),
        missed=(Missed(paper=a_paper("c"), score=-4, short=2, section=Section(kind=SectionKind.TRENDING)),),
        hidden=(Muted(paper=full_paper("d"), rule=HOSTILE, place=3), Muted(paper=a_paper("e"), rule="")),
    )
    assert enqueue(store, edition, None, NOW)
    assert store.edition(edition.id) == edition
    assert store.editions(edition.subscription.id, 5) == (edition,)
    assert store.edition("unknown") is None
    assert store.outbox() == ()


def test_enqueue_once_for_a_date(store: Store) -> None:
    edition = an_edition(papers=(a_paper("a"),))
    assert enqueue(store, edition, an_item(edition), NOW)
    other = an_edition(papers=(a_paper("b"),), title="other")
    assert not enqueue(store, other, an_item(other, message_id="<other>"), NOW + HOUR)
    assert store.edition(edition.id) == edition
    assert set(store.shown("ada")) == {"a"}
    assert store.outbox() == (an_item(edition),)
    assert enqueue(store, an_edition(day=TOMORROW, papers=(a_paper("c"),)), None, NOW)
    assert enqueue(store, an_edition("bob", papers=(a_paper("d"),)), None, NOW)
    assert store.shown("ada") == {"a": Shown(on=DAY), "c": Shown(on=TOMORROW)}
    assert store.shown("unknown") == {}


def test_what_was_shown_is_known_with_its_latest_day_and_section(store: Store) -> None:
    """And so is what can be the same paper."""
    record(store, *(a_change(a_paper(name), position=n) for n, name in enumerate("abx", 1)))
    listing = a_listing((), digest="d2")
    store.record(listing, Changes(entries=(), links=(Link(paper_id="a", other_id="x", likeness=95, why="title"),)), NOW)
    first, second = an_edition(papers=(a_paper("a"), a_paper("b"))), an_edition(day=TOMORROW, papers=(a_paper("a"),))
    risen = replace(second, items=(replace(second.items[0], section=Section(kind=SectionKind.RISEN)),))
    assert enqueue(store, risen, None, NOW) and enqueue(store, first, None, NOW)
    again = Shown(on=TOMORROW, kind=SectionKind.RISEN)
    assert store.shown("ada") == {"a": again, "b": Shown(on=DAY), "x": again}
    assert store.shown_to(["ada", "bob"], ["a"])["ada"].items() >= {"a": again}.items()
    assert store.shown_to(["ada", "bob"], ["x"])["ada"]["x"] == again, "by what it can be the same as"
    assert "b" not in store.shown_to(["ada"], ["a"])["ada"], "a reader of years was shown thousands"
    assert store.shown_to(["ada", "bob"], []) == {"ada": {}, "bob": {}}


def test_the_ranks_of_editions(store: Store, store_url: str) -> None:
    first, second = an_edition(papers=(a_paper("a"), a_paper("b"))), an_edition("bob", papers=(a_paper("b"),))
    assert enqueue(store, first, None, NOW) and enqueue(store, second, None, NOW)
    with store._writing() as conn:
        old = editions.update().where(editions.c.id == second.id)
        conn.execute(old.values(content=json.dumps(json.loads(frozen(second))), selection=None))
    nothing = NoEdition(subscription=replace(first.subscription, id="eve"), date=DAY, reason="none")
    store.record_all_empty([nothing], NOW, {})
    empty = f"eve/{DAY}"
    assert store.ranks([first.id, second.id, empty, "unknown"]) == {first.id: {"a": 1, "b": 2}, second.id: {"b": 1}}


def test_editions_of_earlier_versions_are_still_read(store: Store, store_url: str) -> None:
    """They know neither sections nor what was left out."""
    edition = an_edition(papers=(a_paper("a"),), held_back=3)
    assert enqueue(store, edition, None, NOW)
    content = json.loads(frozen(edition))
    del content["missed"], content["hidden"], content["items"][0]["section"]
    with store._writing() as conn:
        conn.execute(editions.update().values(content=json.dumps(content), selection=None))
    assert store.edition(edition.id) == edition


def test_enqueue_is_whole_or_nothing(store: Store, queued: Queued) -> None:
    taken = queued("bob")
    edition = an_edition(papers=(a_paper("a"),))
    with pytest.raises(StoreError):
        enqueue(store, edition, an_item(edition, message_id=taken.message_id), NOW)
    assert (store.edition(edition.id), store.shown("ada")) == (None, {})


def test_empty_date_is_recorded_renewed_and_replaced(store: Store) -> None:
    edition = an_edition(papers=(a_paper("a"),))
    nothing = NoEdition(subscription=edition.subscription, date=DAY, reason=HOSTILE)
    store.record_all_empty([replace(nothing, reason="first")], NOW, {})
    store.record_all_empty([nothing], NOW + HOUR, {})
    assert store.last_editions() == {"ada": LastEdition(date=DAY, made_at=NOW + HOUR, reason=HOSTILE)}
    assert (store.edition(edition.id), store.editions("ada", 5)) == (None, ())
    assert enqueue(store, edition, an_item(edition), NOW + 2 * HOUR)
    store.record_all_empty([nothing], NOW + 3 * HOUR, {})
    assert store.last_editions() == {"ada": LastEdition(date=DAY, made_at=NOW, reason=None)}
    assert store.edition(edition.id) == edition


def test_editions_and_history_newest_first(store: Store) -> None:
    days = [DAY + timedelta(days=n) for n in (2, 0, 1)]
    for day in days:
        enqueue(store, an_edition(day=day), None, NOW)
    nobody = Subscription(id="ada", profile="trending", address=None)
    store.record_all_empty([NoEdition(subscription=nobody, date=DAY + timedelta(days=3), reason="quiet")], NOW, {})
    enqueue(store, an_edition("bob"), None, NOW)
    assert [each.date for each in store.editions("ada", 2)] == [days[0], days[2]]
    assert [(each.date.day, each.reason) for each in store.history("ada", 3)] == [(4, "quiet"), (3, None), (2, None)]
    assert {name: last.date for name, last in store.last_editions().items()} == {
        "ada": DAY + timedelta(days=3),
        "bob": DAY,
    }


def a_letter(words: bytes = b"words", name: str = "n") -> Letter:
    """A piece with a gap that is the reader's own, and one that is not."""
    piece = Piece.of((b"one ", b" two "))
    head = Span(Encoding.PLAIN, [b"To: ", 1, b"\r\n\r\n"], [1])
    told = Joined.of([b"one ", words, b" two "], piece)
    return Letter(name, (head, Span(Encoding.QUOTED, [told, 2, Joined.of([b"one "], piece), 0], [1, 3])))


def shape(letter: Letter | None) -> object:
    """What a letter makes: how it is joined is not kept."""
    assert letter
    return letter.name, [span.encoding for span in letter.spans], assembled(letter, "id", ("to", "ways", "own"))


def test_a_letter_of_an_earlier_version_gives_its_bytes(store: Store) -> None:
    """Its lines are a piece's digest, or none, and what fills the gaps of the piece."""
    piece = Piece.of((b"one ", b" two ", b""))
    lines = [[piece.digest, b"word", 3], [piece.digest, b"", b"last\r\n"]]
    letter = msgspec.msgpack.encode(("n", [("plain", [[None, b"To: ", 1]]), ("quoted-printable", lines)]))
    blobs = {piece.digest.hex(): msgspec.msgpack.encode(piece.literals), "letter": letter}
    with store._writing() as conn:
        rows = [{"digest": name, "content": zlib.compress(one), "used_on": DAY} for name, one in blobs.items()]
        conn.execute(pieces.insert(), rows)
    found = store.letter("letter")
    assert found
    assert assembled(found, "id", ("me\r\n", "", "own")) == b"To: me\r\none word two own=\r\none  two last\r\n"


def test_letters_and_selections_are_stored_once(store: Store) -> None:
    """However many subscriptions have them, and come back as they were, from another connection too."""
    letter, other = a_letter(), a_letter(b"other words")
    papers = (full_paper("2501.05441"), a_paper("b"))
    made = [an_edition(f"reader {n}", papers=papers, made_at=NOW + n * HOUR) for n in range(5)]
    first = [
        Posting(edition=one, item=an_item(one, own=("a", HOSTILE), sha256="f" * 64), letter=letter) for one in made
    ]
    assert store.enqueue_all(first[:3], NOW) == {one.id for one in made[:3]}
    assert store.enqueue_all(first, NOW + HOUR) == {one.id for one in made[3:]}
    assert store.enqueue_all([], NOW) == frozenset()
    with store._reading() as conn:
        assert len(conn.execute(pieces.select()).all()) == 3, "a selection, a letter and its piece"
    assert [store.edition(one.id) for one in made] == made
    feed = replace(first[0], edition=an_edition("feed"), item=None)
    last = an_edition("last")
    twice = [
        feed,
        replace(feed, edition=an_edition("feed", title="other")),
        Posting(edition=last, item=an_item(last), letter=other),
    ]
    assert store.enqueue_all(twice, NOW) == {feed.edition.id, last.id}
    assert store.edition(feed.edition.id) == feed.edition, "of two the first counts"
    posted = store.posted(DAY)
    assert [item.edition_id for item in posted] == sorted([*(one.id for one in made), last.id])
    assert store.posted(DAY, "nobody@example.org") == store.posted(TOMORROW) == ()
    assert {item.own for item in store.posted(DAY, "ADA@example.ORG")} == {("a", HOSTILE), ()}
    by_edition = {item.edition_id: item for item in posted}
    assert (by_edition[made[0].id].sha256, by_edition[last.id].sha256) == ("f" * 64, "")
    with Store.open(store._engine.url.render_as_string(hide_password=False)) as elsewhere:
        for each in (store, elsewhere, elsewhere):
            assert shape(each.letter(by_edition[made[0].id].letter)) == shape(letter)
            assert shape(each.letter(by_edition[last.id].letter)) == shape(other)
    assert store.letter("unknown") is None


def test_what_is_used_again_is_kept_longer(store: Store) -> None:
    letter = a_letter()
    for day in (TOMORROW, DAY):
        one = an_edition("ada", day=day)
        assert enqueue(store, one, an_item(one), NOW, letter=letter)
    digest = store.outbox()[0].letter
    with store._writing() as conn:
        assert {row.used_on for row in conn.execute(pieces.select().where(pieces.c.digest == digest))} == {TOMORROW}
        conn.execute(pieces.delete().where(pieces.c.digest != digest))
    with Store.open(store._engine.url.render_as_string(hide_password=False)) as elsewhere:
        assert elsewhere.letter(digest) is None, "without a piece there is no letter"
        assert elsewhere.edition(f"ada/{DAY}") is None, "nor an edition without what it shares"
        assert elsewhere.editions("ada", 5) == ()
        assert set(elsewhere.last_editions()) == {"ada"}, "that there was one stays known"


def test_a_letter_is_given_to_what_was_decided_on_without_one(store: Store, queued: Queued) -> None:
    item = queued()
    assert item.letter == ""
    store.give_letter(replace(item, own=("own",), sha256="a"), a_letter(), DAY)
    store.give_letter(replace(item, own=("other",), sha256="b"), a_letter(b"other"), DAY)
    stored = store.outbox_item(item.message_id)
    assert stored and (stored.own, stored.sha256) == (("own",), "a")
    assert shape(store.letter(stored.letter)) == shape(a_letter())


# --- deliver ---------------------------------------------------------------------------------------------------


def test_due_in_order_of_time(store: Store, queued: Queued) -> None:
    queued("late", next_at=NOW + HOUR)
    queued("b")
    queued("a")
    queued("first", next_at=NOW - HOUR, state=OutboxState.DEFERRED, attempts=2, reply=HOSTILE)
    for state in set(OutboxState) - {OutboxState.PENDING, OutboxState.DEFERRED}:
        queued(state.value, state=state)
    due = tuple(store.due(NOW))
    assert [item.edition_id.split("/")[0] for item in due] == ["first", "a", "b"]
    assert (due[0].reply, due[0].attempts) == (HOSTILE, 2)


def test_outbox_by_state(store: Store, queued: Queued) -> None:
    sent = queued("a", state=OutboxState.SENT)
    pending = queued("b", created_at=NOW + HOUR)
    assert store.outbox() == (pending, sent)
    assert store.outbox([OutboxState.SENT, OutboxState.FAILED]) == (sent,)
    assert store.outbox([]) == ()
    assert store.outbox(limit=1) == (pending,)


def intent(item: OutboxItem, now: datetime = NOW) -> Intent:
    return Intent(message_id=item.message_id, address=item.address, subscription_id=item.subscription_id, at=now)


def delivery_of(item: OutboxItem, state: OutboxState, **values: Any) -> Delivery:
    return Delivery(message_id=item.message_id, at=NOW + HOUR, state=state, **{"reply": HOSTILE} | values)


def ledger(store: Store) -> AbstractContextManager[Ledger]:
    return store.ledger(time.monotonic)


def test_a_message_in_hand_is_nobody_elses(store: Store, queued: Queued) -> None:
    for name in "abc":
        queued(name)
    with ledger(store) as one, ledger(store) as other:
        mine = one.claim(NOW, 2)
        assert [item.address for item in mine] == ["Ada@example.org"] * 2
        assert [item.edition_id.split("/")[0] for item in mine] == ["a", "b"]
        (left,) = other.claim(NOW, 9)
        assert other.claim(NOW, 9) == ()
        assert other.turn(None, intent(mine[0])) == (False, False)
        assert one.turn(None, intent(mine[0])) == (False, True)
        assert one.turn(None, intent(mine[0])) == (False, False), "it is being sent already"
        assert other.turn(delivery_of(mine[0], OutboxState.SENT), intent(left)) == (False, True)
        assert store.deliveries(mine[0].message_id) == ()
        assert one.turn(delivery_of(mine[0], OutboxState.SENT), intent(mine[1])) == (True, True)
        one.turn(delivery_of(mine[1], OutboxState.SENT), None)
        other.turn(delivery_of(left, OutboxState.SENT), None)
    assert store.counts()["outbox"][OutboxState.SENT] == 3


def test_claims_follow_the_order_and_leave_out_what_may_not_go(store: Store, queued: Queued) -> None:
    for number, name in enumerate("dcb"):
        queued(name, next_at=NOW - number * HOUR, address=f"reader@{name}.example")
    queued("again", state=OutboxState.DEFERRED, address="reader@Again.example")
    queued("future", next_at=NOW + HOUR)
    for state in set(OutboxState) - {OutboxState.PENDING, OutboxState.DEFERRED}:
        queued(state.value, state=state)
    with ledger(store) as book:
        book.note(Destination(name="c.example", failures=3, not_before=NOW + HOUR, reply="450"))
        assert [item.domain for item in book.claim(NOW, 9, {"d.example"})] == ["again.example", "b.example"]
        book.let_go()
        book.note(Destination(name="again.example", failures=1, stopped=True, reply="550"))
        book.note(Destination(name="again.example"))
        assert [one.name for one in store.destinations() if one.stopped] == ["again.example"], "only resume ends a stop"
        assert [item.domain for item in book.claim(NOW + HOUR, 2)] == ["b.example", "c.example"]
    assert store.resume("AGAIN.example")
    assert not store.resume("again.example")
    assert len(tuple(store.due(NOW))) == 4
    assert store.due_number(NOW) == 4


def test_an_attempt_and_its_outcome(store: Store, queued: Queued) -> None:
    item, later = queued(), NOW + 2 * HOUR
    with ledger(store) as book:
        book.claim(NOW, 1)
        assert book.turn(None, intent(item, NOW + HOUR))[1]
        stored = store.outbox_item(item.message_id)
        new = {"state": OutboxState.SENDING, "attempts": 1, "next_at": NOW + HOUR}
        assert stored == replace(item, owner=book.owner, **new)
        assert book.turn(delivery_of(item, OutboxState.DEFERRED, next_at=later), None)[0]
        stored = store.outbox_item(item.message_id)
        assert stored
        assert (stored.state, stored.next_at, stored.reply) == (OutboxState.DEFERRED, later, HOSTILE)
        book.claim(later, 1)
        assert book.turn(None, intent(item))[1]
        book.turn(delivery_of(item, OutboxState.FAILED), None)
    assert store.requeue(item.message_id, later)
    stored = store.outbox_item(item.message_id)
    assert stored
    assert (stored.state, stored.attempts, stored.queued_at) == (OutboxState.PENDING, 2, later)


def test_no_intent_for_an_address_that_must_not_be_mailed(store: Store, queued: Queued) -> None:
    item = queued()
    store.suppress(Suppression(address="ADA@example.org", reason="left", since=NOW))
    with ledger(store) as book:
        book.claim(NOW, 1)
        assert book.turn(None, intent(item)) == (False, False)


@pytest.mark.parametrize("state", [OutboxState.SENT, OutboxState.FAILED, OutboxState.SUPPRESSED, OutboxState.UNKNOWN])
def test_settled_message_is_not_claimed_again(store: Store, queued: Queued, state: OutboxState) -> None:
    item = queued()
    with ledger(store) as book:
        book.claim(NOW, 1)
        book.turn(None, intent(item))
        delivery = delivery_of(item, state)
        book.turn(delivery, None)
        assert book.claim(NOW + HOUR, 1) == ()
    assert store.deliveries(item.message_id) == (delivery,)
    stored = store.outbox_item(item.message_id)
    assert stored
    assert (stored.state, stored.reply, stored.next_at, stored.owner) == (state, HOSTILE, NOW, "")
    assert tuple(store.due(NOW + HOUR)) == ()


def test_an_unknown_outcome_may_wait_to_be_tried_again(store: Store, queued: Queued) -> None:
    item = queued()
    with ledger(store) as book:
        book.claim(NOW, 1)
        book.turn(None, intent(item))
        book.turn(delivery_of(item, OutboxState.UNKNOWN, next_at=NOW + HOUR), None)
    assert [one.state for one in store.deliveries(item.message_id)] == [OutboxState.UNKNOWN]
    assert [one.state for one in tuple(store.due(NOW + HOUR))] == [OutboxState.DEFERRED]


@pytest.mark.parametrize(("resend", "state"), [(True, OutboxState.DEFERRED), (False, OutboxState.UNKNOWN)])
def test_recover_what_a_dead_sender_left(store: Store, queued: Queued, resend: bool, state: OutboxState) -> None:
    for name in ("b", "a"):
        queued(name)
    queued("waiting", next_at=NOW + HOUR)
    with ledger(store) as alive:
        with ledger(store) as book:
            for item in book.claim(NOW, 2):
                book.turn(None, intent(item))
            alive.claim(NOW + HOUR, 1)
            assert store.recover(NOW, resend) == (), "both live"
        recovered = store.recover(NOW + HOUR, resend)
        assert [item.edition_id.split("/")[0] for item in recovered] == ["a", "b"]
        assert store.recover(NOW + HOUR, resend) == ()
    for item in recovered:
        assert (item.state, item.next_at, item.attempts, item.owner) == (state, NOW + HOUR, 1, "")
        stored = store.outbox_item(item.message_id)
        assert stored == item
        (delivery,) = store.deliveries(item.message_id)
        assert (delivery.state, delivery.at, delivery.reply) == (OutboxState.UNKNOWN, NOW + HOUR, item.reply)
        assert delivery.next_at == (NOW + HOUR if resend else None)
    assert len(tuple(store.due(NOW + HOUR))) == (3 if resend else 1)


def test_suppression_knows_an_address_in_any_case(store: Store) -> None:
    entry = Suppression(address="Ada@Example.ORG", reason=HOSTILE, since=NOW)
    assert store.suppress(entry)
    assert not store.suppress(Suppression(address="ada@example.org", reason="again", since=NOW + HOUR))
    assert store.suppression("ADA@example.org") == entry
    assert store.suppression("other@example.org") is None
    store.suppress(Suppression(address="aaa@example.org", reason="", since=NOW))
    assert [each.address for each in store.suppressions()] == ["aaa@example.org", "Ada@Example.ORG"]
    assert store.unsuppress(["aDa@example.org"], NOW)
    assert not store.unsuppress(["ada@example.org"], NOW)
    assert store.suppression("Ada@Example.ORG") is None


# --- feedback ----------------------------------------------------------------------------------------------------


def an_opinion(
    paper_id: str = "a", opinion: Opinion = Opinion.MORE, hours: int = 0, address: str = "ada@x.org"
) -> Feedback:
    return Feedback(address=address, paper_id=paper_id, opinion=opinion, at=NOW + hours * HOUR)


def test_the_latest_opinion_counts_in_any_order(store: Store) -> None:
    record(store, a_change(a_paper("a")), a_change(a_paper("b"), position=2))
    assert store.record_feedback(an_opinion(opinion=Opinion.SAVE))
    assert not store.record_feedback(an_opinion(opinion=Opinion.SAVE)), "given twice"
    assert store.record_feedback(an_opinion(hours=2))
    assert not store.record_feedback(an_opinion(opinion=Opinion.LESS, hours=1)), "older than what is known"
    assert store.record_feedback(an_opinion(hours=3)), "the same again is newer"
    assert store.record_feedback(an_opinion(opinion=Opinion.LESS, hours=3)), "another of the same second"
    assert store.record_feedback(an_opinion("b"))
    assert store.feedback("ada@x.org") == (an_opinion(opinion=Opinion.LESS, hours=3), an_opinion("b"))


def test_feedback_is_of_an_address_in_any_case(store: Store) -> None:
    record(store, a_change(a_paper("a")))
    assert store.record_feedback(an_opinion(address=" Ada@X.org"))
    assert not store.record_feedback(an_opinion(address="ada@x.ORG"))
    assert store.feedback("ADA@x.org") == (an_opinion(),)
    assert store.feedback("grace@x.org") == ()


def test_feedback_can_be_forgotten(store: Store) -> None:
    record(store, a_change(a_paper("a")), a_change(a_paper("b"), position=2))
    for given in (an_opinion(), an_opinion("b"), an_opinion(address="grace@x.org")):
        store.record_feedback(given)
    assert store.forget_feedback("Ada@x.org", "a") == 1
    assert store.forget_feedback("ada@x.org", "a") == 0
    assert [given.paper_id for given in store.feedback("ada@x.org")] == ["b"]
    assert store.forget_feedback("ada@x.org") == 1
    assert store.feedback("ada@x.org") == ()
    assert store.feedback("grace@x.org") == (an_opinion(address="grace@x.org"),)


def test_feedback_on_an_unknown_paper_is_refused(store: Store) -> None:
    with pytest.raises(StoreError):
        store.record_feedback(an_opinion("unknown"))
    assert store.feedback("ada@x.org") == ()


# --- locks and the doctor --------------------------------------------------------------------------------------


def test_exclusive_has_one_holder_for_each_name(store: Store, store_url: str) -> None:
    with Store.open(store_url) as other:
        with store.exclusive("send") as held, other.exclusive("send") as second, other.exclusive("ingest") as third:
            assert (held, second, third) == (True, False, True)
        with other.exclusive("send") as again:
            assert again
        with pytest.raises(KeyError), store.exclusive("send"):
            raise KeyError
        with other.exclusive("send") as again:
            assert again


def test_check_is_one_line_without_secrets(store: Store) -> None:
    line = store.check()
    assert f"schema {migrate.HEAD}" in line
    assert "\n" not in line
    assert ("quick_check ok" in line) == line.startswith("SQLite")


def test_sqlite_is_set_up_for_crashes_and_company(sqlite_url: str, tmp_path: Path) -> None:
    with Store.open(sqlite_url) as store, store._reading() as conn:
        pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        assert [conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas] == ["wal", 1, 1, 30_000]
        assert (tmp_path / "folder" / "digest.db").exists()
