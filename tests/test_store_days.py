"""What the store keeps of the sources' days: verdicts with the moment they were made, failed fetches, runs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from stores import DAY, HOUR, NOW, a_change, a_dump, a_listing, a_paper, an_edition, frozen, record

from digest.errors import StoreError
from digest.model import Changes, Fetched, FetchState, Mark, Run, Taken, Verdict, VerdictKind
from digest.pipeline.days import judge_days, note_fetched
from digest.pipeline.watch import Watch
from digest.store import Store, codec

ONE_DAY = timedelta(days=1)


def verdict(kind: VerdictKind = VerdictKind.QUIET, source: str = "hf", day: int = 0) -> Verdict:
    return Verdict(source=source, date=DAY + day * ONE_DAY, kind=kind, evidence="‮<b>'; 3 papers")


def test_verdicts_keep_the_moment_they_became_what_they_are(store: Store) -> None:
    first = (verdict(), verdict(source="arxiv"), verdict(day=-9))
    assert store.judged(first, DAY - ONE_DAY, NOW) == first[:2], "days before are left alone"
    assert store.verdicts(DAY - 10 * ONE_DAY) == (first[1], first[0])
    changed = verdict(VerdictKind.NORMAL, "arxiv")
    assert store.judged((first[0], changed), DAY, NOW + HOUR) == (changed,)
    assert store.judged((first[0], changed), DAY, NOW + 2 * HOUR) == ()
    assert store.verdicts(DAY, NOW) == (changed,)
    assert store.verdicts(DAY, NOW + HOUR) == ()
    assert store.judged((changed,), DAY, NOW + 3 * HOUR) == ()
    assert store.verdicts(DAY) == (changed,), "what does not hold any more is gone"


def test_taken_tells_marks_and_leaves_catalogues_and_halves_out(store: Store) -> None:
    changes = Changes(entries=(a_change(a_paper("t-1")),), marks=(Mark.CUT, Mark.REPEATED))
    store.record(a_listing(changes.entries), changes, NOW)
    record(store, a_change(a_paper("t-2")), digest="d2", archive=True)
    record(store, a_change(a_paper("t-3")), digest="d3", end=7)
    record(store, a_change(a_paper("t-4")), digest="d4", as_of=DAY - ONE_DAY)
    assert store.taken(DAY) == (
        Taken(source="hf", date=DAY, dump="dump.json", at=NOW, entries=1, daily=True, cut=True, repeated=True),
    )
    assert store.oldest_day(NOW) == DAY - ONE_DAY
    assert store.oldest_day(NOW + HOUR) is None


def fetched(state: FetchState, asked: str = str(DAY)) -> Fetched:
    return Fetched(source="hf", asked=asked, url="https://example.org", state=state, reason="503")


def test_a_failed_fetch_breaks_the_day_until_the_source_answers(store: Store, tmp_path: Path) -> None:
    def kinds() -> list[tuple[str, str, str]]:
        found = judge_days(store, tmp_path, NOW)
        return [(one.source, one.kind.value, one.evidence) for one in found if one.date == DAY]

    note_fetched(store, [fetched(FetchState.FAILED), fetched(FetchState.FAILED, "2026-02-01/2026-09-01")], NOW)
    assert kinds() == [("hf", "broken", "503")]
    assert store.verdicts(DAY) == (Verdict(source="hf", date=DAY, kind=VerdictKind.BROKEN, evidence="503"),)
    note_fetched(store, [fetched(FetchState.SETTLED)], NOW)
    assert kinds() == [("hf", "broken", "503")]
    note_fetched(store, [fetched(FetchState.SAME)], NOW)
    assert kinds() == []
    assert store.verdicts(DAY) == ()


def test_a_source_that_answers_as_the_day_before_is_stale_from_when_its_list_is_due(
    store: Store, tmp_path: Path
) -> None:
    listed = {"source": "hf-daily", "as_of": DAY, "dump": f"{tmp_path}/hf/a.json"}
    record(store, a_change(a_paper("t-1")), digest="d1", **listed)
    noon = datetime.combine(DAY, time(12), UTC)
    for later, asked, kinds in (
        (timedelta(hours=6), DAY, []),  # today's list is there
        (ONE_DAY, DAY + ONE_DAY, []),  # it may come yet
        (ONE_DAY + timedelta(hours=4), DAY, []),  # nobody asked for today's
        (ONE_DAY + timedelta(hours=4), DAY + ONE_DAY, ["stale"]),
    ):
        now = noon + later
        note_fetched(store, [fetched(FetchState.SAME, str(asked))], now)
        found = [one for one in judge_days(store, tmp_path, now) if one.date == DAY + ONE_DAY]
        assert [one.kind.value for one in found] == kinds
    assert found[0].evidence == "the same 1 paper as the day before"
    record(store, a_change(a_paper("t-2")), digest="d2", **(listed | {"as_of": DAY + ONE_DAY}))
    assert not any(one.faulty for one in judge_days(store, tmp_path, now)), "the list came after all"


def test_an_unreadable_dump_belongs_to_the_source_in_whose_folder_it_lay(store: Store, tmp_path: Path) -> None:
    reason = f"{tmp_path}/hf/2026-02-27.json: not valid JSON"
    store.set_aside(a_dump(f"{tmp_path}/hf/2026-02-27.json", "d1"), reason, NOW)
    store.set_aside(a_dump(f"{tmp_path}/2027-01-01 99-99.json", "d2"), "nothing", NOW)
    found = {one.source: one for one in judge_days(store, tmp_path, NOW)}
    assert (found["hf"].date.isoformat(), found["hf"].evidence) == ("2026-02-27", "2026-02-27.json: not valid JSON")
    assert found["inbox"].date == DAY, "a date to come is not believed"


def test_runs_are_kept_with_their_end(store: Store) -> None:
    clock = iter(range(100))
    watch = Watch(store, NOW, lambda: float(next(clock)))
    try:
        with watch.watching():
            with watch.phase("ingest"):
                pass
            with watch.phase("publish"):
                raise StoreError("locked")
    except StoreError:
        pass
    assert store.last_runs() == {
        "ingest": Run(phase="ingest", started_at=NOW, seconds=1.0, ended_well=True),
        "publish": Run(phase="publish", started_at=NOW, seconds=1.0, ended_well=False, outcome="locked"),
    }
    assert set(store.last_runs(well=True)) == {"ingest"}


def test_editions_stored_before_there_were_verdicts_can_be_read() -> None:
    edition = replace(an_edition(papers=(a_paper("t-1"),)), verdicts=(verdict(),))
    assert codec.thaw(frozen(edition)) == edition
    old = json.loads(frozen(edition))
    del old["verdicts"]
    for name in ("wait", "cut_off"):
        del old["subscription"][name]
    assert codec.thaw(json.dumps(old)) == replace(edition, verdicts=())
