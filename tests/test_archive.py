"""Archives through the whole program: taken in by parts, killed in the middle, fed again, and beside daily lists."""

from __future__ import annotations

import contextlib
import gc
import json
import re
import signal
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import killed
import pytest
from conftest import Place

from digest.listings import dump_of, parts
from digest.model import DumpReport, Listing, Mark
from digest.pipeline import ingest as pipeline
from digest.pipeline.ingest import ingest as take_in
from digest.store import Store

NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)
COUNT = 60
TABLES = ("papers", "paper_keys", "paper_tails", "sightings", "revisions", "listings", "line_hashes", "day_changes")


def line(number: int, **changed: Any) -> dict[str, Any]:
    """Papers of 2019, but for every tenth, which is of May 2026."""
    recent = number % 10 == 0
    record = {
        "id": f"{'2605' if recent else '1905'}.9{number:04d}",
        "title": f"Kites, part {number}: what holds them up",
        "abstract": f"  We flew kite {number} and wrote down what held it up.\n",
        "categories": "cs.LG",
        "versions": [{"version": "v1", "created": f"Mon, 4 May {2026 if recent else 2019} 12:00:00 GMT"}],
        "update_date": "2026-05-20",
        "authors_parsed": [["Fukuda-Roth", "Ines", ""]],
    }
    return record | changed


def archive(*records: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


WHOLE = archive(*map(line, range(COUNT)))


@pytest.fixture
def ingest(store: Store, monkeypatch: pytest.MonkeyPatch) -> Callable[..., DumpReport]:
    monkeypatch.setattr(parts, "PART", 4000)

    def take(content: bytes, name: str = "archive.jsonl", **given: Any) -> DumpReport:
        return take_in(store, dump_of(name, content), given.pop("now", NOW), **given)

    return take


def counts(report: DumpReport) -> tuple[int, int, int, int]:
    return report.entries, report.new, report.revised, report.unchanged


def hf(day: str, *ids: str, title: str = "Kites, part 3: what holds them up") -> bytes:
    return json.dumps(
        [
            {
                "paper": {
                    "id": one,
                    "title": title,
                    "summary": "We flew kite 3 and wrote down what held it up.",
                    "authors": [{"name": "Ines Fukuda-Roth"}],
                    "publishedAt": "2019-05-04T12:00:00.000Z",
                    "upvotes": 12,
                    "submittedOnDailyAt": f"{day}T00:00:00.000Z",
                },
                "publishedAt": "2019-05-04T08:00:00.000Z",
                "title": title,
                "numComments": 1,
            }
            for one in ids
        ]
    ).encode()


def test_an_archive_in_parts_is_one_listing(store: Store, ingest: Callable[..., DumpReport]) -> None:
    report = ingest(WHOLE)
    assert counts(report) == (COUNT, COUNT, 0, 0)
    assert (report.as_of, report.format, report.rejected) == (date(2026, 5, 20), "arxiv-snapshot", ())
    assert store.counts()["papers"] == COUNT
    assert store.counts()["listings"] == 1
    again = ingest(WHOLE)
    assert again.known
    assert counts(again) == (COUNT, 0, 0, COUNT)


def test_a_part_leaves_nothing_behind(ingest: Callable[..., DumpReport], monkeypatch: pytest.MonkeyPatch) -> None:
    left = []

    def in_parts(*given: Any, **named: Any) -> Iterator[Listing]:
        for part in parted(*given, **named):
            yield part
            left.append(gc.collect())

    parted = pipeline.read_parts
    monkeypatch.setattr(pipeline, "read_parts", in_parts)
    ingest(WHOLE)
    assert len(left) > 3
    assert not any(left[1:]), "garbage that waits for a collection, with all that it holds"


def test_only_what_is_recent_is_listed(store: Store, ingest: Callable[..., DumpReport]) -> None:
    ingest(WHOLE)
    listed = {paper.id for paper in store.candidates(NOW)}
    assert listed == {f"2605.9{number:04d}" for number in range(0, COUNT, 10)}
    assert store.papers(["1905.90003"])["1905.90003"].first_listed is None
    assert store.sightings(["1905.90003"]) == {"1905.90003": ()}


def test_only_what_is_recent_of_a_search_is_listed(store: Store, ingest: Callable[..., DumpReport]) -> None:
    answer = (
        Path(__file__).parent / "data" / "listings" / "arxiv-atom.xml"
    ).read_bytes()  # a paper of May 2026, one of 2003
    assert counts(ingest(answer, "answer.xml")) == (2, 2, 0, 0)
    assert [paper.id for paper in store.candidates(NOW)] == ["2605.90001"]
    assert store.papers(["math/0309999"])["math/0309999"].first_listed is None
    assert store.sightings(["math/0309999"]) == {"math/0309999": ()}
    assert [one.source for one in store.taken(date(2026, 5, 1))] == ["arxiv-api"], (
        "it counts as heard of, unlike an archive"
    )


def test_the_next_archive_costs_what_is_new(store: Store, ingest: Callable[..., DumpReport]) -> None:
    ingest(WHOLE)
    titles = {key: {"title": "Balloons, which hold themselves", "update_date": "2026-05-21"} for key in (3, 20)}
    changed = [line(number, **titles.get(number, {})) for number in range(COUNT)]
    report = ingest(archive(*changed, line(COUNT), line(COUNT + 1)), "next.jsonl")
    assert counts(report) == (COUNT + 2, 2, 1, COUNT - 1)
    assert [(each.field, each.old) for each in store.revisions("2605.90020")] == [
        ("title", "Kites, part 20: what holds them up")
    ]
    assert store.revisions("1905.90003") == (), "nobody has been told of it, so nobody is told that it changed"
    assert store.papers(["1905.90003"])["1905.90003"].title == "Balloons, which hold themselves"
    third = ingest(archive(*changed, line(COUNT), line(COUNT + 1), line(COUNT + 2)), "third.jsonl")
    assert counts(third) == (COUNT + 3, 1, 0, COUNT + 2)


def test_what_an_archive_held_is_new_when_it_is_listed(store: Store, ingest: Callable[..., DumpReport]) -> None:
    ingest(WHOLE)
    later = datetime(2026, 6, 4, 8, tzinfo=UTC)
    report = ingest(hf("2026-06-04", "1905.90003"), "list.json", now=later)
    assert counts(report) == (1, 1, 0, 0)
    (paper,) = store.candidates(later)
    assert (paper.id, paper.first_listed, paper.first_seen) == ("1905.90003", date(2026, 6, 4), later)
    assert paper.categories == ("cs.LG",), "what the archive told is not lost"
    assert counts(ingest(hf("2026-06-04", "1905.90003", "1905.90004"), "more.json", now=later)) == (2, 1, 0, 1)
    assert store.counts()["papers"] == COUNT


def test_a_dump_half_read_is_not_seen(store: Store, ingest: Callable[..., DumpReport], monkeypatch: Any) -> None:
    part, record = [], store.record

    def failing(*given: Any) -> DumpReport:
        part.append(given)
        if len(part) == 3:
            raise KeyboardInterrupt
        return record(*given)

    monkeypatch.setattr(store, "record", failing)
    with pytest.raises(KeyboardInterrupt):
        ingest(WHOLE)
    half = store.counts()["papers"]
    assert 0 < half < COUNT
    assert store.candidates(NOW) == ()
    assert store.report(dump_of("", WHOLE).digest) is None
    assert store.resume_at(dump_of("", WHOLE).digest) == part[2][0].begin
    monkeypatch.undo()
    monkeypatch.setattr(parts, "PART", 1500)  # a newer program may cut elsewhere
    assert counts(take_in(store, dump_of("archive.jsonl", WHOLE), NOW)) == (COUNT, COUNT, 0, 0)
    assert store.candidates(NOW)
    assert store.resume_at(dump_of("", WHOLE).digest) == 0


def test_a_paper_twice_in_an_archive_is_one(store: Store, ingest: Callable[..., DumpReport]) -> None:
    report = ingest(WHOLE + archive(line(10), line(3)))
    assert counts(report) == (COUNT + 2, COUNT, 0, 2)
    assert len(store.sightings(["2605.90010"])["2605.90010"]) == 1


def test_a_typed_title_is_linked_and_not_merged(store: Store, ingest: Callable[..., DumpReport]) -> None:
    ingest(WHOLE)
    title = "Kites, part 3: what holds them up in the air over harbours and hills"
    ingest(archive(line(3, title=title, update_date="2026-05-21")), "harbours.jsonl")
    typed = {
        "title": "Kites, part 3: what holds them up in the air over harbors and hills",
        "authors": ["Ines Fukuda-Roth"],
    }
    assert counts(ingest(archive(typed, {"title": "Sheep, part 3: what holds them down"}), "typed.jsonl"))[1] == 2
    (new,) = (paper for paper in store.candidates(NOW) if paper.title == typed["title"])
    (link,) = store.links(new.id)
    assert link.other_id == "1905.90003"
    assert [each.other_id for each in store.links("1905.90003")] == [new.id]
    (sheep,) = store.search_titles("Sheep")
    assert store.links(sheep.id) == ()


@pytest.mark.parametrize("with_ids", [False, True])
def test_papers_known_without_their_joiners_get_them_and_are_no_others(
    store: Store, ingest: Callable[..., DumpReport], with_ids: bool
) -> None:
    titles = ("نمی\u200cخواهم: یادگیری ماشین", "\u0d05\u0d35\u0d28\u0d4d\u200d \u0d2a\u0d31\u0d2f\u0d41", "👩\u200d🔬")
    told = [{"title": each, "abstract": f"{each}. " * 4, "authors": [f"{each} A", "Ida Roth"]} for each in titles]
    if with_ids:
        told = [{**each, "arxiv_id": f"2606.9000{n}"} for n, each in enumerate(told)]
    without = json.loads(re.sub(r"\\u200[cd]", "", json.dumps(told)))
    header, day_before = {"listing": {"daily": True}}, NOW - timedelta(days=1)
    ingest(archive(header, *without), "list-2026-06-02.jsonl", now=day_before)
    old = store.candidates(day_before)
    assert {paper.title for paper in old} == {each["title"] for each in without}
    assert counts(ingest(archive(header, *told), "list-2026-06-03.jsonl")) == (3, 0, 0, 3)
    papers = store.candidates(day_before)
    assert [(each.id, each.revised_at) for each in papers] == [(each.id, None) for each in old]
    assert {(each.title, each.authors[0]) for each in papers} == {(each, f"{each} A") for each in titles}
    assert not any(store.revisions(each.id) or store.links(each.id) for each in papers)
    for known, title in zip(without, titles, strict=True):
        assert [each.title for each in store.search_titles(known["title"])] == [title]
        assert [each.title for each in store.search_titles(title)] == [title]


def test_a_listed_paper_is_linked_to_what_was_typed_before(store: Store, ingest: Callable[..., DumpReport]) -> None:
    title = "Kites in general: what holds them up in the air over harbours and hills"
    ingest(archive({"title": title.replace("harbours", "harbors"), "authors": ["Ines Fukuda-Roth"]}), "typed.jsonl")
    ingest(hf("2026-06-04", "2606.90001", title=title), "list.json")
    (link,) = store.links("2606.90001")
    assert link.other_id.startswith("t-")


def test_marks_are_kept_with_the_listing(store: Store, ingest: Callable[..., DumpReport]) -> None:
    evening = ingest(hf("2026-06-03", "2606.90001", "2606.90002"), "2026-06-03.at-20260603T180000Z.json")
    assert evening.marks == ()
    ingest(hf("2026-06-03", "2606.90001"), "2026-06-03.at-20260603T060000Z.json")
    assert [one.marks for one in store.listings(2) if one.digest == evening.digest] == [(Mark.COMPLETED,)]
    ingest(hf("2026-06-03", "2606.90003"), "2026-06-03.at-20260603T120000Z.json")
    told = {one.dump[-12:-10]: (one.marks, one.gone) for one in store.listings(3)}
    assert told == {"06": ((), 0), "12": ((Mark.SHRUNK,), 1), "18": ((Mark.SHRUNK,), 1)}
    again = hf("2026-06-04", "2606.90002", "2606.90001", "2606.90003")
    assert ingest(again, "tomorrow.json", now=NOW + timedelta(days=1)).marks == (Mark.REPEATED,)
    assert store.listings(1)[0].marks == (Mark.REPEATED,)
    assert ingest(again, "tomorrow.json").marks == (Mark.REPEATED,)


# --- killed ----------------------------------------------------------------------------------------------------


def books(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows, but for the moments of recording."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return {table: sorted(connection.execute(f"select * from {table}"), key=repr) for table in TABLES}


@pytest.mark.parametrize(
    "point",
    [
        pytest.param("digest.store:Store.record:before", marks=pytest.mark.long),
        "digest.store:Store.record:before:3",
        pytest.param("digest.store:Store.record:after:3", marks=pytest.mark.long),
        "digest.store.ingest:_insert_sightings:after:2",
        pytest.param("digest.store.ingest:_count:after:4", marks=pytest.mark.long),
        pytest.param("digest.store:Store.known:after:5", marks=pytest.mark.long),
    ],
)
def test_killed_in_the_middle_it_goes_on(point: str, place: Place, tmp_path: Path) -> None:
    dump = tmp_path / "archive.jsonl"
    dump.write_bytes(WHOLE)
    command = ("--config", place.config, "--now", NOW.isoformat(), "ingest", dump)

    def run(at: str) -> int:
        return killed.run(tmp_path / "log", *command, point=at, numbers=(("digest.listings.parts:PART", 4000),))

    database = place.folder / "state" / "digest.db"
    assert run(point) == -signal.SIGKILL
    assert run("") == 0
    resumed = books(database)
    for path in database.parent.glob("digest.db*"):
        path.unlink()
    assert run("") == 0
    assert resumed == books(database)
