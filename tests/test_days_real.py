"""The verdicts on the real days, against a table written by hand from the lists themselves.

Runs where DIGEST_REAL_DATA names the folder of real dumps; there a missing file is a failure.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from conftest import real_data

from digest.days import judge
from digest.listings import read_dump
from digest.pipeline.days import judge_days
from digest.pipeline.ingest import ingest
from digest.store import Store
from digest.text import taken_at

pytestmark = pytest.mark.skipif("DIGEST_REAL_DATA" not in os.environ, reason="needs the real dumps")

FIRST, LAST = date(2026, 5, 25), date(2026, 7, 31)

# The weeks from Monday on: n normal, q quiet, p partial, m missing, w weekend, h holiday. A weekday's list was taken
# about noon, and once more shortly after midnight from the page; where that was not captured, noon's is all.
BOTH = {
    date(2026, 5, 25): "nnnnpww",  # no page of Friday
    date(2026, 6, 1): "nnppnww",  # no page of Wednesday and Thursday; Friday from the page alone
    date(2026, 6, 8): "nnnnpww",
    date(2026, 6, 15): "nnnnnww",
    date(2026, 6, 22): "qnnnnww",  # 14 papers; Mondays had 46
    date(2026, 6, 29): "nnnnnww",
    date(2026, 7, 6): "qnnqnww",  # 13 and 18 papers
    date(2026, 7, 13): "qqqnnww",  # 14, 19 and 15 papers
    date(2026, 7, 20): "nnnnnww",
    date(2026, 7, 27): "pnnnp",
}
# Without the page every list is a morning's, and two days were never saved.
API_ALONE = {monday: "".join(kind if kind == "w" else "p" for kind in kinds) for monday, kinds in BOTH.items()} | {
    date(2026, 5, 25): "pmpppww",
    date(2026, 6, 1): "ppppmww",
}
ARXIV = {date(2026, 6, 15): "   nnww", date(2026, 6, 22): "hnnpnw"}  # 26 papers on Thursday, when others had 300


def spelled(kinds: dict[date, str]) -> dict[date, str]:
    names = {one[0]: one for one in ("normal", "quiet", "partial", "missing", "weekend", "holiday", "stale", "broken")}
    return {
        monday + timedelta(days=number): names[letter]
        for monday, letters in kinds.items()
        for number, letter in enumerate(letters)
        if letter != " "
    }


def moment(path: Path, day: date) -> datetime:
    """When a dump came: as its name tells, else at noon."""
    stamp = path.stem.partition("_")[2]
    if stamp[:2] == "20" and stamp.endswith("Z"):
        return datetime.strptime(stamp, "%Y-%m-%dT%H%M%SZ").replace(tzinfo=UTC)
    return datetime.combine(day, time(12), UTC)


def dumps() -> Iterator[tuple[datetime, Path]]:
    listings = real_data() / "listings"
    for path in (listings / "hf-api-daily" / "daily").glob("2026-*.json"):
        if date(2026, 4, 9) <= (day := date.fromisoformat(path.stem)) <= LAST:
            yield moment(path, day), path
    for path in (listings / "hf-rss-snapshots").glob("feed_2026-*.xml"):
        at = moment(path, FIRST)
        if date(2026, 5, 1) <= at.date() <= LAST:
            yield at, path
    for path in (listings / "arxiv-daily-jsonl").glob("2026-*.jsonl"):
        yield moment(path, date.fromisoformat(path.stem)), path


@pytest.fixture(name="replayed", scope="module")
def _replayed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Every dump taken in at its moment, and the days judged each noon and at the end."""
    found = sorted(dumps())
    assert len(found) == 48 + 7 + 83 + 10
    folder = tmp_path_factory.mktemp("days")
    with Store.open(f"sqlite:///{folder}/digest.db") as store:
        for at, path in found:
            report = ingest(store, read_dump(path), at)
            assert report.error is None
            if at.hour == 12:
                judge_days(store, folder, at)
        judge_days(store, folder, datetime(2026, 8, 1, tzinfo=UTC))
        yield store


def kinds(store: Store, source: str, first: date = FIRST, last: date = LAST) -> dict[date, str]:
    return {
        one.date: one.kind.value for one in store.verdicts(first) if one.source == source and first <= one.date <= last
    }


def test_every_day_of_the_summer_has_its_verdict(replayed: Store) -> None:
    assert kinds(replayed, "hf-daily") == spelled(BOTH)


def test_the_api_alone_has_mornings_and_missing_days(replayed: Store) -> None:
    api = [one for one in replayed.taken(date(2026, 4, 1)) if one.source == "hf-daily" and "hf-api" in one.dump]
    found = judge(api, (), datetime(2026, 8, 1, tzinfo=UTC), FIRST)
    assert {one.date: one.kind.value for one in found if one.date <= LAST} == spelled(API_ALONE)
    told = {one.date: one.evidence for one in found}
    assert told[date(2026, 7, 15)] == "only 2 papers; Wednesdays have about 26"
    assert told[date(2026, 6, 2)] == "47 papers by 12:00 UTC, when the list was still growing"
    assert told[date(2026, 6, 5)].startswith("no list of this day came in; Fridays have about ")


def test_arxiv_repeats_over_weekend_and_holiday(replayed: Store) -> None:
    assert kinds(replayed, "arxiv-daily", date(2026, 6, 18), date(2026, 6, 27)) == spelled(ARXIV)
    told = {one.date: one.evidence for one in replayed.verdicts(date(2026, 6, 22)) if one.source == "arxiv-daily"}
    assert told[date(2026, 6, 22)] == "arXiv lists no new papers on this day; 309 papers, those of the day before"


def test_a_verdict_is_made_anew_when_the_page_comes(replayed: Store) -> None:
    tuesday = [one for one in replayed.taken(date(2026, 4, 1)) if one.date <= date(2026, 6, 2)]
    until = [one for one in tuesday if taken_at(one.dump, one.at) <= datetime(2026, 6, 2, 13, tzinfo=UTC)]
    at = datetime(2026, 6, 3, 1, tzinfo=UTC)
    before, after = (
        {one.date: one.kind.value for one in judge(facts, (), at, date(2026, 6, 2)) if one.source == "hf-daily"}
        for facts in (until, tuesday)
    )
    assert (before[date(2026, 6, 2)], after[date(2026, 6, 2)]) == ("partial", "normal")


def test_cut_lists_placeholders_and_what_cannot_be_read(tmp_path: Path) -> None:
    api = real_data() / "listings" / "hf-api-daily"
    names = [f"daily/{day}.json" for day in ("2025-09-29", "2025-09-30", "2025-10-01", "2025-10-02", "2025-10-03")]
    names += [f"daily/2025-01-{day:02}.json" for day in (6, 7, 8, 9, 10)]
    names += ["oddities/2025-01-11_at_2025-01-12T084652Z.json", "oddities/2024-12-07_at_2024-12-07T170720Z.json"]
    inbox = tmp_path / "inbox"
    with Store.open(f"sqlite:///{tmp_path}/digest.db") as store:
        for name in sorted(names, key=lambda name: Path(name).name):
            day = date.fromisoformat(Path(name).name[:10])
            ingest(store, read_dump(api / name), datetime.combine(day, time(17), UTC))
            judge_days(store, inbox, datetime.combine(day, time(23), UTC))
        found = {(one.source, one.date): one for one in store.verdicts(date(2024, 1, 1))}
    cut = found["hf-daily", date(2025, 9, 30)]
    assert (cut.kind.value, cut.evidence) == ("partial", "cut off after 50 papers")
    assert found["hf-daily", date(2025, 10, 1)].kind.value == "normal"
    assert found["hf-daily", date(2025, 1, 11)].kind.value == "weekend"
    unread = found["inbox", date(2024, 12, 7)]
    assert unread.kind.value == "broken"
    assert unread.evidence.startswith("2024-12-07_at_2024-12-07T170720Z.json: holds only `1`")
