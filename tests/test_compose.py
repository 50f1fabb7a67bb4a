"""Ranked papers -> an edition, or the reason for none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make import NOW, TODAY, hidden, last_edition, paper, profile, ranked, reason, shown, subscription, trend_of

from digest.compose import compose, lasting, telling
from digest.model import (
    Cadence,
    Edition,
    HiddenAs,
    LastEdition,
    NoEdition,
    Paper,
    Ranking,
    Reason,
    Section,
    SectionKind,
    Term,
    Topic,
)

LAST = last_edition()  # yesterday at 07:00 UTC
BEFORE, AFTER = LAST.made_at - timedelta(hours=1), LAST.made_at + timedelta(hours=1)


def old(number: int) -> Paper:
    return paper(f"2605.{number:05}", first_seen=BEFORE)


def new(number: int) -> Paper:
    return paper(f"2606.{number:05}", first_seen=AFTER)


def composed(
    papers: list[Paper],
    hide: list[Paper] | None = None,
    before: set[str] | None = None,
    last: LastEdition | None = LAST,
    limit: int = 20,
    now: datetime = NOW,
) -> Edition | NoEdition:
    """The papers are given best first."""
    ranking = Ranking(
        papers=tuple(ranked(one, 100 - place) for place, one in enumerate(papers)),
        hidden=tuple(hidden(one) for one in hide or []),
    )
    return compose(subscription(), profile(limit=limit), TODAY, ranking, shown(*before or ()), last, now, ("test",))


def edition(*args: object, **given: object) -> Edition:
    found = composed(*args, **given)  # type: ignore[arg-type]
    assert isinstance(found, Edition)
    return found


def ids(found: Edition) -> list[str]:
    return [item.paper.id for item in found.items]


# --- editions --------------------------------------------------------------------------------------------------


def test_the_best_papers_in_order() -> None:
    found = edition([new(2), new(1), new(3)], now=NOW.replace(microsecond=5))
    assert ids(found) == ["2606.00002", "2606.00001", "2606.00003"]
    assert [item.score for item in found.items] == [100, 99, 98]
    assert (found.fresh, found.held_back, found.muted) == (3, 0, 0)
    assert (found.date, found.made_at, found.title, found.sources) == (TODAY, NOW, "Reader", ("test",))


def test_the_limit_holds_papers_back() -> None:
    found = edition([new(1), old(1), new(2), new(3)], limit=2)
    assert ids(found) == ["2606.00001", "2605.00001"]
    assert (found.fresh, found.held_back) == (3, 2)


def test_what_was_shown_never_comes_again() -> None:
    found = edition([new(1), old(1), new(2)], before={"2606.00001", "2605.00001"})
    assert ids(found) == ["2606.00002"]
    assert found.fresh == 1


def test_leftovers_come_beside_a_new_paper_and_never_instead_of_it() -> None:
    assert ids(edition([old(1), old(2), new(1)])) == ["2605.00001", "2605.00002", "2606.00001"]
    found = edition([old(1), old(2), old(3), new(1), new(2)], limit=2)
    assert ids(found) == ["2605.00001", "2606.00001"]
    assert (found.fresh, found.held_back) == (2, 1)
    assert ids(edition([old(1), new(1)], limit=1)) == ["2606.00001"]


def test_the_first_edition_takes_all() -> None:
    found = edition([old(1), new(1)], last=None)
    assert (ids(found), found.fresh) == (["2605.00001", "2606.00001"], 2)


def test_only_new_papers_count_as_muted() -> None:
    """One muted yesterday is not told of again every day that it stays in the window."""
    found = edition([new(1)], hide=[new(2), new(3), old(1)], before={"2606.00003"})
    assert found.muted == 1


def test_nearly_the_same_is_not_muted() -> None:
    near = hidden(new(2), "nearly the same as “Paper”", kind=HiddenAs.DOUBLE)
    found = compose(subscription(), profile(), TODAY, Ranking(papers=(ranked(new(1)),), hidden=(near,)), {}, None, NOW)
    assert isinstance(found, Edition) and found.muted == 0 and found.hidden == ()


def test_a_paper_of_the_moment_of_the_last_edition_was_in_it_or_left_over() -> None:
    one = paper(first_seen=LAST.made_at)
    assert isinstance(composed([one]), NoEdition)


def test_a_paper_of_the_moment_of_an_empty_date_came_after_it() -> None:
    one = paper(first_seen=LAST.made_at)
    assert ids(edition([one], last=last_edition(reason="nothing new"))) == [one.id]


# --- what was left out -----------------------------------------------------------------------------------------


def test_the_nearest_of_the_new_ones_that_did_not_fit_are_named() -> None:
    found = edition([new(1), new(2), old(1), new(3), new(4), new(5)], limit=2)
    assert [(one.paper.id[-1], one.score, one.short) for one in found.missed] == [
        ("3", 97, 2),
        ("4", 96, 3),
        ("5", 95, 4),
    ]
    assert (found.held_back, edition([new(1)]).missed) == (3, ())


def test_a_paper_that_gave_way_to_a_new_one_is_measured_against_those_above() -> None:
    assert [one.short for one in edition([old(1), old(2), new(1), new(2)], limit=2).missed] == [1]


def test_papers_that_are_only_named_have_no_abstract() -> None:
    long = replace(new(2), abstract="Long. " * 100)
    found = composed([new(1), long], [replace(long, id="x")], limit=1)
    assert isinstance(found, Edition)
    assert [one.paper.abstract for one in (*found.missed, *found.hidden)] == ["", ""]


@pytest.mark.parametrize(
    ("score", "place", "words"),
    [
        (500, 1, "without the muted word “survey” this would be first"),
        (100, 2, "without the muted word “survey” this would be second"),
        (99, None, ""),
        (0, None, ""),
    ],
)
def test_what_a_mute_hid_would_have_had_a_place(score: int, place: int | None, words: str) -> None:
    """In a list of two with 100 and 99 points; equals stand above."""
    ranking = Ranking(
        papers=(ranked(new(1), 100), ranked(new(2), 99), ranked(new(3), 98)), hidden=(hidden(new(4), score=score),)
    )
    found = compose(subscription(), profile(limit=2), TODAY, ranking, {}, LAST, NOW)
    assert isinstance(found, Edition)
    assert [(one.place, one.otherwise) for one in found.hidden] == [(place, words)]


def test_every_rule_is_told_of_what_several_hid() -> None:
    """Without the first alone it would still not come."""
    one = replace(hidden(new(4), score=500), also=("muted word “agent”",))
    found = compose(
        subscription(), profile(limit=2), TODAY, Ranking(papers=(ranked(new(1)),), hidden=(one,)), {}, LAST, NOW
    )
    assert isinstance(found, Edition)
    words = "without the muted word “survey” and the muted word “agent” this would be first"
    assert [one.otherwise for one in found.hidden] == [words]
    assert found.overmuted is False


def test_of_many_hidden_papers_the_best_are_named_and_all_are_counted() -> None:
    hide = tuple(hidden(new(number), score=number) for number in range(2, 9))
    found = compose(subscription(), profile(), TODAY, Ranking(papers=(ranked(new(1)),), hidden=hide), {}, LAST, NOW)
    assert isinstance(found, Edition)
    assert ([one.paper.id[-1] for one in found.hidden], found.muted) == (["8", "7", "6", "5", "4"], 7)
    assert [one.place for one in found.hidden] == [1, 2, 3, 4, 5], "no two are first"


def test_in_a_list_with_shares_sections_have_orders_of_their_own() -> None:
    """What did not fit and what was hidden are told by them: first those that would have a place."""
    who = profile(topics=(Topic(name="sheep", terms=(Term(text="sheep"),), share=0.5),), limit=2)
    word = reason("word", 400)
    best = (ranked(new(1), 0, word, topic="sheep"), ranked(new(4), 9, word))
    papers = (*best, ranked(new(2), 90), ranked(new(3), 80))
    hide = (
        hidden(new(5), score=450),
        replace(hidden(new(6), score=440), topic="sheep"),
        replace(hidden(new(7), score=95), trend=trend_of("7", 95)),
    )
    found = compose(subscription(), who, TODAY, Ranking(papers=papers, hidden=hide), {}, LAST, NOW)
    assert isinstance(found, Edition)
    sheep, everyone = Section(kind=SectionKind.TOPIC, topic="sheep"), Section(kind=SectionKind.TRENDING)
    told = [(one.paper.id[-1], one.short, one.section) for one in found.missed]
    assert told == [("3", 10, everyone), ("4", 81, everyone)]
    assert [(one.paper.id[-1], one.place, one.section) for one in found.hidden] == [
        ("6", 1, sheep), ("7", 1, everyone), ("5", None, Section()),
    ]  # fmt: skip
    assert found.hidden[0].otherwise.endswith("this would be first in “sheep”")
    assert found.hidden[1].otherwise.endswith("this would be first in what trends for everyone")


# --- late risers -----------------------------------------------------------------------------------------------


def with_risers(
    *risers: Paper, last: LastEdition | None = LAST, most: int = 3, papers: int = 1
) -> list[tuple[str, str]]:
    """The edition's papers with their sections, the list having room for one."""
    late = [ranked(one, 9, reason("risen", 50, "from 4 votes to 60 since 2026-06-01")) for one in risers]
    ranking = Ranking(
        papers=tuple(ranked(new(number), 99 - number) for number in range(1, papers + 1)),
        hidden=(hidden(old(8), "nearly the same as “Paper”", kind=HiddenAs.DOUBLE),),
    )
    before = shown("2605.00007")
    found = compose(
        subscription(), profile(limit=1, late_risers=most), TODAY, ranking, before, last, NOW, ("test",), late
    )
    assert isinstance(found, Edition)
    assert found.fresh == papers and found.held_back == papers - 1
    return [(item.paper.id[-1], item.section.kind) for item in found.items]


def test_late_risers_come_beside_the_list() -> None:
    assert with_risers(old(7), old(5)) == [("1", "main"), ("7", "risen"), ("5", "risen")]
    assert with_risers(*map(old, range(4, 8))) == [("1", "main"), ("4", "risen"), ("5", "risen"), ("6", "risen")]
    assert with_risers(old(7), most=0) == [("1", "main")]


def test_neither_a_new_paper_is_a_late_riser_nor_one_of_the_list_nor_anything_in_a_first_edition() -> None:
    assert with_risers(new(2), papers=2) == [("1", "main")]
    assert with_risers(new(1)) == [("1", "main")]
    assert with_risers(old(8)) == [("1", "main")], "the double of another candidate"
    assert with_risers(old(7), last=None) == [("1", "main")]


def test_late_risers_alone_are_no_edition() -> None:
    late = [ranked(old(7), 9, reason("risen", 50))]
    found = compose(subscription(), profile(), TODAY, Ranking(papers=()), {}, LAST, NOW, (), late)
    assert isinstance(found, NoEdition)


# --- reasons for none ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("papers", "hide", "before", "last", "reason"),
    [
        ([], [], set(), None, "no paper has come in lately"),
        ([], [], set(), LAST, "no paper has come in lately"),
        ([new(1)], [], {"2606.00001"}, LAST, "nothing new since 2026-06-01 07:00 UTC"),
        ([new(1)], [], {"2606.00001"}, None, "nothing new"),
        ([old(1)], [], set(), LAST, "nothing new since 2026-06-01 07:00 UTC"),
        ([], [new(1), new(2)], set(), LAST, "all new papers are hidden by this profile's rules (2)"),
        ([], [new(1)], set(), None, "all new papers are hidden by this profile's rules (1)"),
        ([old(1)], [new(1)], set(), LAST, "all new papers are hidden by this profile's rules (1)"),
        ([old(1)], [old(2)], {"2605.00001"}, LAST, "nothing new since 2026-06-01 07:00 UTC"),
        ([], [old(1)], set(), LAST, "nothing new since 2026-06-01 07:00 UTC"),
        ([], [new(1)], {"2606.00001"}, LAST, "nothing new since 2026-06-01 07:00 UTC"),
    ],
)
def test_reason_for_none(
    papers: list[Paper], hide: list[Paper], before: set[str], last: LastEdition | None, reason: str
) -> None:
    found = composed(papers, hide, before, last)
    assert isinstance(found, NoEdition)
    assert found.reason == reason
    assert found.shown == len({one.id for one in papers} & before)


# --- the why-line ----------------------------------------------------------------------------------------------


def reasons(*given: tuple[str, str, int]) -> list[Reason]:
    return [Reason(kind=kind, label=label, points=points) for kind, label, points in given]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], []),
        ([("age", "2 days old", -30)], []),
        ([("votes", "9 votes", 250), ("author", "by Ada", 10)], ["by Ada", "9 votes"]),
        ([("word", "“b” in the title", 5), ("word", "“a” in the title", 5)], ["“a” in the title", "“b” in the title"]),
        (
            [("votes", "9 votes", 9), ("word", "w", 3), ("category", "in cs.CL", 2), ("example", "like “x”", 7)],
            ["like “x”", "w", "in cs.CL"],
        ),
        ([("near", "near “b”", 90), ("near", "near “a”", 95), ("votes", "9 votes", 9)], ["near “a”", "9 votes"]),
        ([("near", "near “a”", 95), ("word", "w", 5), ("votes", "9 votes", 9)], ["w", "9 votes"]),
        ([("near", "near “a”", 95), ("author", "by Ada", 5), ("example", "like “x”", 9)], ["near “a”", "by Ada"]),
        (
            [("near", "near “a”", 95), ("liked", "like “x”, which you liked", 99)],
            ["like “x”, which you liked", "near “a”"],
        ),
        ([("near", "near “a”", 10), ("votes", "9 votes", 90)], ["near “a”", "9 votes"]),
        ([("near", "near “a”", 10), ("example", "like “x”", 9), ("votes", "9 votes", 99)], ["9 votes"]),
        ([("near", "far from “a”", -95), ("disliked", "like “x”", -9), ("votes", "9 votes", 9)], ["9 votes"]),
        ([("word", "w", 900), ("risen", "from 4 votes to 60", 7)], ["from 4 votes to 60", "w"]),
        ([("word", "w", -5), ("similar", "close", -9), ("comments", "1 comment", 21)], ["1 comment"]),
    ],
)
def test_what_the_why_line_tells(given: list[tuple[str, str, int]], told: list[str]) -> None:
    assert [one.label for one in telling(reasons(*given))] == told


@given(st.permutations([("votes", "9 votes", 9), ("rise", "up", 9), ("word", "v", 3), ("word", "w", 3)]))
def test_it_does_not_depend_on_the_order_of_reasons(given: list[tuple[str, str, int]]) -> None:
    assert [one.label for one in telling(reasons(*given))] == ["v", "w", "up", "9 votes"]


def test_a_feeds_line_tells_only_what_lasts() -> None:
    first, second = edition([new(1), new(2)]).items
    assert lasting(second.reasons) == ()
    wanted = reasons(("word", "“a” in the title", 5))
    assert lasting((*first.reasons, *wanted)) == tuple(wanted)


def test_papers_of_earlier_days_are_told_from_new_ones() -> None:
    assert [item.fresh for item in edition([old(1), new(2)]).items] == [False, True]


# --- always ----------------------------------------------------------------------------------------------------

POOL = [old(number) for number in range(4)] + [new(number) for number in range(4)]


@settings(max_examples=100)
@given(
    places=st.permutations(POOL),
    cut=st.integers(0, 8),
    before=st.sets(st.sampled_from([one.id for one in POOL])),
    limit=st.integers(1, 5),
    last=st.sampled_from([None, LAST]),
)
def test_always(places: list[Paper], cut: int, before: set[str], limit: int, last: LastEdition | None) -> None:
    papers, hide = places[:cut], places[cut:]
    found = composed(papers, hide, before, last, limit)
    fresh = [one for one in papers if one.id not in before and (last is None or one.first_seen > last.made_at)]
    if isinstance(found, NoEdition):
        assert not fresh and found.reason
        return
    chosen = ids(found)
    assert fresh and not before & set(chosen)
    assert len(set(chosen)) == len(chosen) <= limit
    assert set(chosen) <= {one.id for one in papers}
    assert chosen == [one.id for one in papers if one.id in chosen], "not in the order of the ranking"
    assert {one.id for one in fresh} & set(chosen), "an edition of leftovers alone"
    assert found.fresh == len(fresh)
    assert found.held_back == len([one for one in fresh if one.id not in chosen])


def test_made_at_is_utc_and_whole() -> None:
    assert edition([new(1)]).made_at == datetime(2026, 6, 2, 12, 0, tzinfo=UTC)


# --- when there are good ones ----------------------------------------------------------------------------------


def when_good(days: int, *scores: int, good: int = 2, within: int = 7) -> Edition | NoEdition:
    """Papers of these scores, so many days after the last edition; a good one has 100 points."""
    asked = subscription(cadence=Cadence.WHEN_GOOD, good=good, good_points=100, within_days=within)
    ranking = Ranking(papers=tuple(ranked(new(n), score) for n, score in enumerate(scores)), hidden=())
    day = LAST.date + timedelta(days=days)
    return compose(asked, profile(), day, ranking, {}, LAST, NOW)


@pytest.mark.parametrize(
    ("days", "scores", "goes"),
    [
        (1, (100, 100), True),
        (1, (250, 99, 99), False),
        (6, (100,), False),
        (7, (1,), True),  # at the latest with what there is
    ],
)
def test_when_good_waits_for_enough_good_papers(days: int, scores: tuple[int, ...], goes: bool) -> None:
    assert isinstance(when_good(days, *scores), Edition) is goes


def test_when_good_tells_how_many_there_are_so_far() -> None:
    found = when_good(3, 250, 99)
    assert isinstance(found, NoEdition)
    assert found.reason == f"1 of 2 good papers so far since {LAST.date}"


def test_when_good_sends_nothing_without_a_new_paper() -> None:
    found = when_good(30)
    assert isinstance(found, NoEdition) and "no paper" in found.reason


# --- after an outage or a pause --------------------------------------------------------------------------------


def test_a_merged_edition_has_a_ribbon_of_the_days() -> None:
    day = LAST.date
    papers = [
        paper("2606.00001", first_listed=day + timedelta(days=2), first_seen=AFTER, title="Second best of all"),
        paper("2606.00002", first_listed=day + timedelta(days=4), first_seen=AFTER, title="Best of its day"),
        paper("2606.00003", first_listed=day + timedelta(days=2), first_seen=AFTER),
        paper("2606.00004", first_listed=None, first_seen=AFTER, title="Of no list"),
    ]
    ranking = Ranking(papers=tuple(ranked(one, 100 - n) for n, one in enumerate(papers)), hidden=())
    found = compose(
        subscription(), profile(limit=2), day + timedelta(days=5), ranking, {}, LAST, NOW, merged=True, cut=day
    )
    assert isinstance(found, Edition)
    assert [(one.date - day, one.new, one.title) for one in found.ribbon] == [
        (timedelta(days=0), 1, "Of no list"),  # it came in on the day of the last edition, after it
        (timedelta(days=1), 0, ""),
        (timedelta(days=2), 2, "Second best of all"),
        (timedelta(days=3), 0, ""),
        (timedelta(days=4), 1, "Best of its day"),
        (timedelta(days=5), 0, ""),
    ]
    assert [one.url for one in found.ribbon if one.new] == [papers[3].url, papers[0].url, papers[1].url]
    assert sum(one.new for one in found.ribbon) == found.fresh == 4
    assert found.cut == day


def test_an_edition_in_its_turn_has_none() -> None:
    found = edition([new(1)])
    assert (found.ribbon, found.cut) == ((), None)
