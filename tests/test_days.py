"""The honest day: tables of what was taken, and the verdict with its evidence."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from make import subscription

from digest.calendars import ARXIV, ARXIV_MAILING, HUGGING_FACE, calendar_of
from digest.days import aged, at_fault, awaited, expected, handed_for, judge, telling, why_empty
from digest.model import Failed, NoEdition, Taken, Verdict, VerdictKind
from digest.text import taken_at

DAY = date(2026, 6, 2)  # a Tuesday
NIGHT = time(23, 30)
N = VerdictKind.NORMAL


def taken(day: date = DAY, entries: int = 20, at: time = NIGHT, **given: Any) -> Taken:
    values = {"source": "hf-daily", "dump": f"{day}.json", "daily": True}
    return Taken(date=day, entries=entries, at=datetime.combine(day, at, UTC), **(values | given))


def weeks(count: int = 3, entries: int = 20, **given: Any) -> list[Taken]:
    """A list on every working day of the weeks before."""
    days = [DAY - timedelta(days=number) for number in range(1, count * 7 + 1)]
    return [taken(day, entries, **given) for day in days if day.weekday() < 5]


def failed(reason: str = "not valid JSON", **given: Any) -> Failed:
    values = {"source": "hf-daily", "date": DAY, "at": datetime.combine(DAY, NIGHT, UTC), "reason": reason}
    return Failed(**(values | given))


def verdict_of(day: date, facts: list[Taken], bad: list[Failed] = [], source: str = "hf-daily") -> tuple[Any, str]:  # noqa: B006
    found = judge(facts, bad, datetime.combine(day, time(23, 59), UTC), day)
    (one,) = (each for each in found if each.source == source)
    return one.kind.value, one.evidence


@pytest.mark.parametrize(
    ("facts", "bad", "kind", "evidence"),
    [
        ([taken()], [], "normal", "20 papers"),
        ([taken(), *weeks()], [], "normal", "20 papers"),
        ([taken(entries=1)], [], "normal", "1 paper"),  # nothing is known of other days
        ([taken(entries=1), *weeks()], [], "partial", "only 1 paper; Tuesdays have about 20"),
        ([taken(entries=4), *weeks()], [], "partial", "only 4 papers; Tuesdays have about 20"),
        ([taken(entries=5), *weeks()], [], "quiet", "5 papers; Tuesdays have about 20"),
        ([taken(entries=9), *weeks()], [], "quiet", "9 papers; Tuesdays have about 20"),
        ([taken(entries=10), *weeks()], [], "normal", "10 papers"),
        ([taken(entries=0)], [], "quiet", "no paper"),
        ([taken(entries=0), *weeks()], [], "partial", "no paper; Tuesdays have about 20"),
        ([taken(entries=3), *weeks(1)], [], "partial", "only 3 papers; it has about 20"),
        ([taken(entries=50, cut=True), *weeks()], [], "partial", "cut off after 50 papers"),
        ([taken(entries=50, cut=True), taken(entries=67, dump="page")], [], "normal", "67 papers"),
        ([taken(at=time(9, 12)), *weeks()], [], "partial", "20 papers by 09:12 UTC, when the list was still growing"),
        ([taken(at=time(9, 12)), taken(dump="later")], [], "normal", "20 papers"),
        # a capture just after the page has rolled over says nothing of the day before
        ([taken(at=time(9, 12)), taken(dump="later", entries=1), *weeks()], [], "partial",
         "20 papers by 09:12 UTC, when the list was still growing"),
        ([taken(entries=1, dump="feed_2026-06-03T015600Z.xml"), *weeks()], [], "partial",
         "only 1 paper; Tuesdays have about 20"),
        ([taken(repeated=True), *weeks()], [], "stale", "the same 20 papers as the day before"),
        ([taken(repeated=True), taken(dump="later", entries=21), *weeks()], [], "normal", "21 papers"),
        ([], [failed()], "broken", "not valid JSON"),
        (weeks(), [failed("/in/a.json: cut", dump="/in/a.json")], "broken", "a.json: cut"),
        ([taken(), *weeks()], [failed()], "normal", "20 papers"),
        ([taken(entries=0)], [failed("an error", at=datetime.combine(DAY, time(23, 59), UTC))], "broken", "an error"),
        ([taken(daily=False)], [], "normal", "20 papers"),
        ([taken(daily=False, cut=True)], [], "partial", "20 papers, and the source has more"),
        ([taken(entries=2, source="lab"), *weeks(source="lab")], [], "partial",
         "only 2 papers; Tuesdays have about 20"),
    ],
)  # fmt: skip
def test_a_day_of_a_source(facts: list[Taken], bad: list[Failed], kind: str, evidence: str) -> None:
    source = facts[0].source if facts else "hf-daily"
    assert verdict_of(DAY, facts, bad, source) == (kind, evidence)


@pytest.mark.parametrize(
    ("dump", "before", "day"),
    [
        ("in/hf-2026-06-03T20.json", ["in/hf-2026-06-02T20.json"], 3),
        ("hf-2026-06-05.json", ["hf-2026-06-02.json", "hf-2026-06-04.json"], 5),  # once more, and once more
        ("mail-2026-06-04.txt", ["mail-2026-06-03.txt"], 3),  # a mailing bears the day before
        ("hf-2026-06-03.json", ["papers.json"], 3),
        ("hf-2026-06-02-b.json", ["hf-2026-06-02.json"], None),
        ("2026-06-03/papers.json", ["hf-2026-06-02.json"], None),
        ("hf-2026-13-03.json", ["hf-2026-06-02.json"], None),
    ],
)
def test_the_day_that_a_repeated_list_was_for(dump: str, before: list[str], day: int | None) -> None:
    assert handed_for(dump, DAY, before) == (DAY.replace(day=day) if day else None)


def test_the_order_of_the_facts_does_not_matter() -> None:
    facts = [taken(at=time(9)), taken(dump="b", entries=30, at=time(16)), taken(dump="c", entries=1), *weeks(1)]
    now = datetime.combine(DAY, NIGHT, UTC)
    assert (
        len({judge(order, [], now) for order in itertools.islice(itertools.permutations(facts), 0, 40_000, 997)}) == 1
    )


@pytest.mark.parametrize(
    ("day", "kind", "evidence"),
    [
        (date(2026, 6, 6), "weekend", "Hugging Face lists no new papers on weekends"),
        (date(2026, 6, 3), "missing", "no list of this day came in; Wednesdays have about 20"),
    ],
)
def test_a_day_on_which_nothing_came(day: date, kind: str, evidence: str) -> None:
    facts = [taken(), *weeks()]
    found = judge(facts, [], datetime.combine(day + timedelta(days=1), time(0), UTC), day)
    assert [(one.kind.value, one.evidence) for one in found if one.date == day] == [(kind, evidence)]


def test_a_day_is_not_missing_before_it_is_over_nor_for_a_source_that_is_hardly_known_or_given_up() -> None:
    tomorrow = DAY + timedelta(days=1)
    assert judge([taken(), *weeks()], [], datetime.combine(tomorrow, NIGHT, UTC), tomorrow) == ()
    late = datetime.combine(tomorrow + timedelta(days=1), time(0), UTC)
    assert judge([taken(), taken(DAY - timedelta(days=1))], [], late, tomorrow) == ()
    silent = DAY + timedelta(days=15)
    assert judge([taken(), *weeks()], [], datetime.combine(silent + timedelta(days=2), NIGHT, UTC), silent) == ()
    own = [taken(source="lab"), *weeks(source="lab")]
    assert judge(own, [], late, tomorrow) == ()


def test_a_weekend_with_a_list_says_what_it_holds() -> None:
    saturday = date(2026, 6, 6)
    words = "Hugging Face lists no new papers on weekends"
    assert verdict_of(saturday, [taken(saturday, repeated=True)]) == (
        "weekend",
        f"{words}; 20 papers, those of the day before",
    )
    assert verdict_of(saturday, [taken(saturday, entries=21)]) == ("weekend", f"{words}; 21 papers all the same")
    assert verdict_of(saturday, [taken(saturday, entries=0)]) == ("weekend", words)
    searched = [taken(saturday, entries=9, source="hf-search", daily=False)]
    assert verdict_of(saturday, searched, source="hf-search") == ("normal", "9 papers"), "a search has no weekends"


def test_a_broken_dump_is_mended_by_a_better_one_of_its_name_or_its_source() -> None:
    bad = failed(dump="/in/hf/a.json", source="hf")
    later = datetime.combine(DAY, time(23, 45), UTC)
    for mending in (
        taken(source="own", dump="/in/hf/a.json", at=later.time()),
        taken(source="own", dump="/in/hf/b.json", at=later.time()),
    ):
        assert {one.source for one in judge([mending], [bad], later, DAY)} == {"own"}
    stray = failed(dump="/in/a.json", source="inbox")
    other = taken(source="own", dump="/in/inbox/b.json", at=later.time())
    assert [one.source for one in judge([other], [stray], later, DAY)] == ["inbox", "own"]


@pytest.mark.parametrize(
    ("dump", "expected_at"),
    [
        ("feed_2026-06-03T001619Z.xml", datetime(2026, 6, 2, 23, 30, tzinfo=UTC)),  # never after it was recorded
        ("2026-06-02.at-20260602T091200Z.json", datetime(2026, 6, 2, 9, 12, tzinfo=UTC)),
        ("2026-06-02.at-20260602T996099Z.json", datetime(2026, 6, 2, 23, 30, tzinfo=UTC)),
        ("2026-06-02.json", datetime(2026, 6, 2, 23, 30, tzinfo=UTC)),
    ],
)
def test_a_files_name_tells_when_it_was_taken(dump: str, expected_at: datetime) -> None:
    one = taken(dump=dump)
    assert taken_at(one.dump, one.at) == expected_at


def test_calendars() -> None:
    assert date(2026, 6, 22) in ARXIV.holidays, "no cut-off on Friday the 19th, so no list on Monday"
    assert date(2026, 11, 27) in ARXIV.holidays
    assert date(2026, 6, 19) in ARXIV_MAILING.holidays
    assert not {day.weekday() for day in ARXIV.holidays} - ARXIV.weekdays
    assert calendar_of("hf-scrape-b") is HUGGING_FACE
    assert calendar_of("arxiv-rss-cs.cl") is ARXIV
    assert calendar_of("lab").name == ""


# --- what a reader is told ---------------------------------------------------------------------------------------


def said(kind: VerdictKind, day: date = DAY, source: str = "hf-daily") -> Verdict:
    return Verdict(source=source, date=day, kind=kind, evidence="so it is")


def test_a_reader_is_told_of_lacking_and_quiet_days_only() -> None:
    found = [
        said(kind, source=kind.value) for kind in VerdictKind if kind not in (VerdictKind.MUTED, VerdictKind.SHOWN)
    ]
    told = telling(found, DAY - timedelta(days=1), DAY)
    assert {one.kind.value for one in told} == {"quiet", "partial", "stale", "broken", "missing"}
    assert telling(found, DAY, DAY + timedelta(days=1)) == ()


def test_a_reader_is_told_of_newest_lists_that_are_old() -> None:
    newest = {"b": DAY - timedelta(days=114), "a": DAY - timedelta(days=15), "c": DAY - timedelta(days=14)}
    found = aged(newest, DAY)
    assert [(one.source, one.date, one.kind, one.evidence) for one in found] == [
        ("a", newest["a"], VerdictKind.STALE, "its newest list is 15 days old"),
        ("b", newest["b"], VerdictKind.STALE, "its newest list is 114 days old"),
    ]


def test_only_faults_of_today_and_yesterday_of_a_real_source_count_as_at_fault() -> None:
    now = datetime.combine(DAY, NIGHT, UTC)
    assert at_fault([said(VerdictKind.BROKEN)], now)
    assert at_fault([said(VerdictKind.MISSING, DAY - timedelta(days=1))], now)
    assert not at_fault([said(VerdictKind.MISSING, DAY - timedelta(days=2))], now)
    assert not at_fault([said(VerdictKind.PARTIAL), said(VerdictKind.QUIET)], now)
    assert not at_fault([said(VerdictKind.BROKEN, source="inbox")], now)


def test_an_edition_that_waits_does_so_for_what_is_lacking_and_what_is_not_in() -> None:
    lists = [*weeks(), *weeks(source="arxiv-daily"), *weeks(source="lab")]
    sources = expected(lists, DAY)
    assert sources == {"hf-daily", "arxiv-daily"}
    assert expected(lists, date(2026, 6, 6)) == frozenset()
    found = awaited([said(VerdictKind.PARTIAL)], sources, DAY, "10:00")
    assert [(one.source, one.kind.value, one.evidence) for one in found] == [
        ("arxiv-daily", "missing", "no list of this day was in by 10:00"),
        ("hf-daily", "partial", "so it is"),
    ]
    assert awaited([said(VerdictKind.QUIET), said(N, source="arxiv-daily")], sources, DAY, "10:00") == ()


@pytest.mark.parametrize(
    ("hidden", "shown", "verdicts", "kind", "sentence"),
    [
        (6, 3, [said(VerdictKind.BROKEN)], "muted", "6 papers came in, hidden by your own rules."),
        (0, 3, [said(VerdictKind.BROKEN)], "broken", "hf-daily’s list of 2 June could not be used: so it is."),
        (0, 3, [said(VerdictKind.WEEKEND)], "weekend", "hf-daily’s list of 2 June falls on a weekend: so it is."),
        (0, 3, [said(VerdictKind.WEEKEND), said(N, source="lab")], "shown",
         "The 3 papers of the last days were in earlier editions, or did not fit."),
        (0, 1, [], "shown", "The one paper of the last days was in an earlier edition, or did not fit."),
        (0, 0, [said(N)], "quiet", "No new paper came in."),
        (0, 0, [said(VerdictKind.MISSING, DAY - timedelta(days=1)), said(VerdictKind.HOLIDAY)], "holiday",
         "hf-daily’s list of 2 June falls on a holiday: so it is."),
    ],
)  # fmt: skip
def test_why_a_day_is_empty(hidden: int, shown: int, verdicts: list[Verdict], kind: str, sentence: str) -> None:
    none = NoEdition(subscription=subscription(), date=DAY, reason="", hidden=hidden, shown=shown)
    why = why_empty(none, verdicts)
    assert (why.kind.value, why.sentence) == (kind, sentence)
