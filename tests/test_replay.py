"""The same dumps again: in order of date, in any order within a day, and each twice, they come to the same.

Through the pipeline and a real store. Where DIGEST_REAL_DATA names the folder of real dumps, with some of those too.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from conftest import real_data
from sqlalchemy import select

from digest.errors import ListingError
from digest.listings import read_dump, read_listing
from digest.model import Announced, Changes, Dump, DumpReport, Facts, Listing, Mark, Origin, Outcome
from digest.pipeline.ingest import days_of, ingest
from digest.store import Store, schema
from digest.store.known import origins_of

NOW = datetime(2026, 12, 31, tzinfo=UTC)

Days = dict[date, list[Dump]]
Arrange = Callable[[list[Dump]], Iterable[Dump]]


class Witness:
    """A store that remembers what each dump meant when it was recorded."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.recorded: dict[str, tuple[Listing, Changes]] = {}  # by folder and file

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def record(self, listing: Listing, changes: Changes, now: datetime) -> DumpReport:
        self.recorded["/".join(Path(listing.dump).parts[-2:])] = listing, changes
        return self.store.record(listing, changes, now)

    def ids(self, *outcomes: Outcome) -> dict[date, set[str]]:
        """By day, the papers of which a dump of the day had one of these outcomes."""
        found: dict[date, set[str]] = {}
        for listing, changes in self.recorded.values():
            ids = {change.paper.id for change in changes.entries if change.outcome in outcomes}
            found.setdefault(listing.as_of, set()).update(ids)
        return found

    def meant(self, dump: str, arxiv_id: str) -> tuple[str, dict[str, tuple[object, object]]]:
        """What a dump meant for a paper: the outcome, and the notable fields with their old and new values."""
        changes = self.recorded[dump][1]
        (found,) = (change for change in changes.entries if change.paper.arxiv_id == arxiv_id)
        return found.outcome.value, {each.field: (each.old, each.new) for each in found.fields if each.notable}

    def marks(self, dump: str) -> tuple[Mark, ...]:
        return self.recorded[dump][1].marks


def replay(path: Path, days: Days, arrange: Arrange = list, apart: timedelta = timedelta()) -> Witness:
    """Each day's dumps from noon on, in the order that `arrange` brings them into."""
    witness = Witness(Store.open(f"sqlite:///{path}"))
    for day, dumps in days.items():
        for number, dump in enumerate(arrange(dumps)):
            now = datetime.combine(day, time(12), UTC) + number * apart
            report = ingest(witness, dump, now)  # type: ignore[arg-type]
            assert not report.error, report
    with witness.store._reading() as conn:  # what is recorded in thousands is not looked up where it is named
        assert not conn.exec_driver_sql("PRAGMA foreign_key_check").all()
        assert conn.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    return witness


def told_of(store: Store) -> tuple[dict[str, dict[str, Origin]], dict[str, list[tuple[Any, ...]]]]:
    """By paper where its fields are from, and its revisions: of all at once, as thousands of questions take seconds."""
    revised = schema.revisions.c
    with store._reading() as conn:
        stored = conn.execute(select(schema.papers.c.id, schema.papers.c.origins))
        origins = origins_of(conn, {id: by_field or {} for id, by_field in stored})
        revisions: dict[str, list[tuple[Any, ...]]] = {id: [] for id in origins}
        for id, *revision in conn.execute(
            select(revised.paper_id, revised.at, revised.field, revised.old, revised.new)
        ):
            revisions[id].append(tuple(revision))
    return origins, {id: sorted(rows) for id, rows in revisions.items()}


def came_of(witness: Witness, days: Iterable[date]) -> dict[str, Any]:
    """Papers and where their fields are from, sightings, revisions, what each day brought, what is told of dumps."""
    with witness.store as store:
        papers = store.papers(set().union(*witness.ids(*Outcome).values()))
        said = {
            id: [f.name for f in fields(Facts) if getattr(paper, f.name) not in (None, "", ())]
            for id, paper in papers.items()
        }
        origins, revisions = told_of(store)
        sightings = store.sightings(papers)
        marks = {one.dump: (one.marks, one.gone) for one in store.listings(10_000)}
    relisted, brought = witness.ids(Outcome.RELISTED), {}
    for day in days:
        new = {id for id, paper in papers.items() if paper.first_listed == day}
        again = relisted[day] - new
        revised = {id for id, rows in revisions.items() if any(at.date() == day for at, *_ in rows)} - new - again
        brought[day] = {"new": new, "relisted": again, "revised": revised}
    return {
        "papers": papers,
        "origins": {id: {field: origins[id][field].digest for field in said[id]} for id in papers},
        "sightings": sightings,
        "revisions": revisions,
        "days": brought,
        "marks": marks,
    }


def shuffled_and_twice(seed: int) -> Arrange:
    def arrange(dumps: list[Dump]) -> list[Dump]:
        return random.Random(seed).sample(dumps * 2, 2 * len(dumps))

    return arrange


def assert_the_same_in_any_order(folder: Path, days: Days, seeds: Iterable[int]) -> Witness:
    first = replay(folder / "first.db", days)
    expected = came_of(first, days)
    for seed in seeds:
        again = came_of(replay(folder / f"{seed}.db", days, shuffled_and_twice(seed)), days)
        for what, value in expected.items():
            assert again[what] == value, f"{what} with seed {seed}"
    return first


# --- made up -----------------------------------------------------------------------------------------------------

# The whole list of a day, by a script; and a page's own records, which are a better source.
SUMMARY = "We teach small robots to fold paper cranes by showing them how their elders do it, and measure the cranes."


def script(folder: Path, name: str, day: str, *papers: dict[str, Any], source: str = "lab", daily: bool = True) -> Dump:
    header = {"listing": {"source": source, "as_of": day, "daily": daily}}
    path = folder / f"{name}.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in (header, *papers)))
    return read_dump(path)


def paper(number: int, title: str | None = None, **told: Any) -> dict[str, Any]:
    return {"arxiv_id": f"2605.9000{number}", "title": title or f"Cranes of paper, part {number}", **told}


def page(folder: Path, name: str, *numbers: int, **told: Any) -> Dump:
    records = []
    for number in numbers:
        known = {"id": f"2605.9000{number}", "title": f"Cranes of paper, part {number}", "summary": SUMMARY}
        told_too = {"authors": [], "publishedAt": "2026-05-29T00:00:00.000Z", "upvotes": number}
        records.append({"paper": known | told_too | told, "title": known["title"], "numComments": 1})
    path = folder / f"{name}.json"
    path.write_text(json.dumps(records))
    return read_dump(path)


@pytest.fixture
def made_up(tmp_path: Path) -> Days:
    """From a Monday to the Wednesday of the next week."""
    folder = tmp_path / "lab"
    folder.mkdir()
    arxiv = {"source": "arxiv", "daily": False}
    dumps = [
        script(folder, "morning.at-20260601T060000Z", "2026-06-01", paper(1), paper(2, votes=3)),
        script(folder, "evening.at-20260601T180000Z", "2026-06-01", paper(2, votes=9), paper(1), paper(3)),
        script(folder, "copy.at-20260601T230000Z", "2026-06-01", paper(1), paper(2, votes=3)),  # the same
        page(folder, "2026-06-01-page", 1, 2),
        script(folder, "full", "2026-06-02", paper(4), paper(5)),
        script(folder, "shrunk", "2026-06-02", paper(5)),
        script(folder, "announced", "2026-06-02", paper(1, announced="cross"), paper(6, announced="new"), **arxiv),
        script(folder, "friday", "2026-06-05", paper(4), paper(5)),
        script(folder, "saturday", "2026-06-06", paper(5), paper(4)),
        script(
            folder,
            "replaced",
            "2026-06-09",
            paper(1, "Cranes of steel", announced="replaced", updated="2026-06-08"),
            paper(2, announced="replaced", version=2, withdrawn=True, comment="The cranes did not fly"),
            paper(3, "Storks of paper", announced="replaced"),
            paper(7, announced="replaced", updated="2026-06-08"),
            **arxiv,
        ),
        script(folder, "renamed", "2026-06-09", paper(6, "Swans of paper"), **arxiv),
        script(folder, "again", "2026-06-10", paper(1, code_url="https://example.org/cranes"), paper(8)),
        page(folder, "2026-06-10-page", 1, 9, githubRepo="https://example.org/cranes"),
        script(folder, "ice", "2026-06-10", paper(6, "Swans of ice"), **arxiv),  # of one day, and of two minds
        script(folder, "snow", "2026-06-10", paper(6, "Swans of snow"), **arxiv),
    ]
    return days_of(dumps, NOW)


def test_made_up_dumps_in_any_order_come_to_the_same(tmp_path: Path, made_up: Days) -> None:
    assert_the_same_in_any_order(tmp_path, made_up, range(5))


MEANT: dict[tuple[str, int], tuple[str, dict[str, tuple[object, object]]]] = {
    ("lab/announced.jsonl", 1): ("unchanged", {}),  # a cross-list
    ("lab/friday.jsonl", 4): ("unchanged", {}),
    ("lab/replaced.jsonl", 1): (
        "revised",
        {"updated": (date(2026, 5, 29), date(2026, 6, 8))},
    ),  # the better title stays
    ("lab/replaced.jsonl", 2): ("revised", {"version": (None, 2), "withdrawn": (None, True)}),
    ("lab/replaced.jsonl", 3): (
        "revised",
        {"title": ("Cranes of paper, part 3", "Storks of paper"), "updated": (None, date(2026, 6, 9))},
    ),
    ("lab/replaced.jsonl", 7): ("new", {}),
    ("lab/renamed.jsonl", 6): ("revised", {"title": ("Cranes of paper, part 6", "Swans of paper")}),
    ("lab/again.jsonl", 1): ("relisted", {"code_url": (None, "https://example.org/cranes")}),
}


def test_what_made_up_dumps_mean(tmp_path: Path, made_up: Days) -> None:
    witness = replay(tmp_path / "digest.db", made_up)
    assert {case: witness.meant(case[0], f"2605.9000{case[1]}") for case in MEANT} == MEANT
    marked = {name: witness.marks(name) for name in witness.recorded if witness.marks(name)}
    assert marked == {
        "lab/evening.at-20260601T180000Z.jsonl": (Mark.COMPLETED,),
        "lab/shrunk.jsonl": (Mark.SHRUNK,),
        "lab/friday.jsonl": (Mark.REPEATED,),  # Tuesday's two dumps together
        "lab/saturday.jsonl": (Mark.REPEATED,),
    }
    assert [each.title for each in witness.recorded["lab/shrunk.jsonl"][1].gone] == ["Cranes of paper, part 4"]
    day = came_of(witness, made_up)["days"][date(2026, 6, 10)]
    assert day == {"new": {"2605.90008", "2605.90009"}, "relisted": {"2605.90001"}, "revised": {"2605.90006"}}


# --- real --------------------------------------------------------------------------------------------------------

needs_real_dumps = pytest.mark.skipif("DIGEST_REAL_DATA" not in os.environ, reason="needs the real dumps")


def real(*patterns: str) -> Days:
    folder = real_data() / "listings"
    found = [sorted(folder.glob(pattern)) for pattern in patterns]
    assert all(found), [pattern for pattern, paths in zip(patterns, found, strict=True) if not paths]
    return days_of([read_dump(path) for paths in found for path in paths], NOW)


@needs_real_dumps
@pytest.mark.parametrize(
    "patterns",
    [
        ["arxiv-mailing/2023-06-0[89].txt"],
        [
            "hf-api-daily/refetch/2025-01-*/*.json",
            "hf-api-daily/daily/2025-01-*.json",
            "hf-api-daily/oddities/2*at_2025-01-12*",
        ],
        [
            "hf-api-daily/daily/2026-04-*.json",
            "hf-rss-snapshots/feed_2026-04-1*.xml",
            "hf-rss-snapshots/feed_*_2026-04-*.xml",
        ],
        ["hf-api-daily/daily/2026-06-1*.json", "hf-rss-snapshots/feed_2026-06-1*.xml", "hf-scrape-a/2026-06-1*.json"],
        ["hf-api-daily/daily/2024-06-*.json", "hf-scrape-b/2024-06-1*.json"],
    ],
    ids=["mailings", "refetched", "april", "june", "2024"],
)
def test_real_dumps_in_any_order_come_to_the_same(tmp_path: Path, patterns: list[str]) -> None:
    assert_the_same_in_any_order(tmp_path, real(*patterns), seeds=(1,))


@needs_real_dumps
@pytest.mark.long
def test_every_real_dump_in_any_order_comes_to_the_same(tmp_path: Path) -> None:
    folder = real_data()
    paths = [path for part in ("listings", "seeds") for path in sorted((folder / part).rglob("*")) if path.is_file()]
    dumps = [dump for path in paths if readable(dump := read_dump(path))]
    assert len(dumps) > 490
    assert_the_same_in_any_order(tmp_path, days_of(dumps, NOW), seeds=(1, 2))


def readable(dump: Dump) -> bool:
    try:
        return bool(read_listing(dump, now=NOW).dump)
    except ListingError:
        return False


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Witness]:
    """What real dumps came to, played once however many tests ask."""
    return cache(lambda *patterns: replay(tmp_path_factory.mktemp("replayed") / "digest.db", real(*patterns)))


# The dumps, one of them, a paper in it, what it means, and the fields that a reader would be told of.
REAL_CASES = [
    (["hf-api-daily/daily/2026-04-1*.json"], "daily/2026-04-16.json", "2604.07429", "relisted", {"code_url"}),
    (["hf-api-daily/daily/2026-06-1*.json"], "daily/2026-06-16.json", "2606.11176", "relisted", set()),
    (["arxiv-mailing/*.txt"], "arxiv-mailing/2023-06-06.txt", "2302.01567", "new", set()),
    (["arxiv-mailing/*.txt"], "arxiv-mailing/2023-06-06.txt", "2305.03506", "new", set()),
    (["arxiv-mailing/*.txt"], "arxiv-mailing/2023-06-08.txt", "2305.04294", "new", set()),
    (["arxiv-mailing/*.txt"], "arxiv-mailing/2023-06-09.txt", "2306.03414", "revised", {"updated", "withdrawn"}),
    pytest.param(
        ["hf-api-daily/daily/2026-07-16.json", "hf-rss-snapshots/feed_monthly_2026-08-*.xml"],
        "hf-rss-snapshots/feed_monthly_2026-08-01T002727Z.xml",
        "2607.13125",
        "revised",
        {"title", "abstract"},
    ),
]


@needs_real_dumps
@pytest.mark.parametrize(("patterns", "dump", "arxiv_id", "outcome", "told"), REAL_CASES)
def test_what_real_dumps_mean(
    replayed: Callable[..., Witness], patterns: list[str], dump: str, arxiv_id: str, outcome: str, told: set[str]
) -> None:
    witness = replayed(*patterns)
    meant, notable = witness.meant(dump, arxiv_id)
    assert (meant, set(notable)) == (outcome, told)
    paper = witness.store.papers([arxiv_id])[arxiv_id]
    assert paper.withdrawn is (True if dump.startswith("arxiv-mailing") else None)


@needs_real_dumps
def test_replacements_of_known_papers_are_revisions_with_both_days(replayed: Callable[..., Witness]) -> None:
    """Of the mailings at hand: 62 replacements of papers that an earlier one has; no cross-list is anything but new."""
    witness = replayed("arxiv-mailing/*.txt")
    changes = [change for _, changes in witness.recorded.values() for change in changes.entries]
    revised = [change for change in changes if change.outcome is Outcome.REVISED]
    assert len(revised) == 62
    assert {change.entry.announced for change in revised} == {Announced.REPLACED}
    days = [each for change in revised for each in change.fields if each.field == "updated" and each.notable]
    assert len(days) == 62
    assert not [each for each in days if each.old is not None and each.old > each.new]
    assert {change.outcome for change in changes if change not in revised} == {Outcome.NEW}


@needs_real_dumps
def test_nine_versions_of_one_day_bring_its_papers_once(tmp_path: Path) -> None:
    days = real("hf-api-daily/refetch/2025-01-08/*.json")
    witness = replay(tmp_path / "digest.db", days, apart=timedelta(minutes=1))
    assert len(witness.recorded) == 9
    counts = [{each: changes.count(each) for each in Outcome} for _, changes in witness.recorded.values()]
    assert [(one[Outcome.NEW], one[Outcome.UNCHANGED]) for one in counts] == [(13, 0), (2, 13), *[(0, 15)] * 7]
    assert [changes.marks for _, changes in witness.recorded.values()] == [(), (Mark.COMPLETED,), *[()] * 7]
    assert len(came_of(witness, days)["days"][date(2025, 1, 8)]["new"]) == 15


@needs_real_dumps
def test_marks_of_real_listings(tmp_path: Path) -> None:
    weekend = [f"hf-scrape-b/2024-06-{day}.json" for day in (14, 15, 16, 17)]
    pages = ["hf-api-daily/daily/2026-06-1[0-1].json", "hf-rss-snapshots/feed_2026-06-1[1-2]*.xml"]
    period = ["hf-rss-snapshots/feed_weekly_2026-04-20*.xml"]
    witness = replay(tmp_path / "digest.db", real(*weekend, *pages, *period))
    marked = {name.partition("/")[2]: witness.marks(name) for name in witness.recorded if witness.marks(name)}
    assert marked == {
        "2024-06-15.json": (Mark.REPEATED,),
        "2024-06-16.json": (Mark.REPEATED,),
        "feed_2026-06-11T002805Z.xml": (Mark.SHRUNK,),  # one paper was taken from its day before midnight
        "feed_2026-06-12T002704Z.xml": (Mark.COMPLETED,),
        "feed_weekly_2026-04-20T002305Z.xml": (Mark.CUT,),
    }
