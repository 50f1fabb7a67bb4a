"""The account of a paper: where it stands, every point of it, and what would change it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from make import NOW, TODAY, hidden, last_edition, paper, profile, ranked, reason, shown, subscription

from digest.compose import compose
from digest.explain import Explanation, Standing, explain
from digest.model import HiddenAs, NoEdition, Part, Ranked, Ranking, SectionKind, Shown

OLD = date(2026, 4, 23)  # 40 days before


def best(name: str, score: int) -> Ranked:
    return ranked(paper(name), 0, reason("word", score, "“sheep” in the title"))


RANKING = Ranking(
    papers=tuple(best(name, score) for name, score in (("a", 90), ("b", 80), ("c", 68), ("d", 50))),
    hidden=(
        hidden(paper("m"), score=85),
        hidden(paper("n"), score=10),
        hidden(paper("s"), "nearly the same as “Paper a”", 89, HiddenAs.DOUBLE),
    ),
)
OUTSIDE = {"m": best("m", 85), "n": best("n", 10), "x": best("x", 70), "s": None}


def account(
    name: str, before: dict[str, Shown] | None = None, ranking: Ranking = RANKING, **given: object
) -> Explanation:
    """Of a list of two; `given` are facts of the paper."""
    who, before = profile(limit=2), before or {}
    outcome = compose(subscription(), who, TODAY, ranking, before, last_edition(reason="nothing new"), NOW)
    one = OUTSIDE.get(name) if name in OUTSIDE else next(each for each in ranking.papers if each.paper.id == name)
    return explain(replace(paper(name), **given), one, who, ranking, outcome, before)  # type: ignore[arg-type]


MUTE = "hidden: muted word “survey”"
OTHERWISE = "without the muted word “survey” this would be second"
NEVER = "without the muted word “survey” this would not fit into the list either"
LATE = "shown on 2026-06-01, as a late riser"
NONE = "no edition now: all new papers are hidden by this profile's rules (2)"


@pytest.mark.parametrize(
    ("name", "before", "standing", "rank", "remarks"),
    [
        ("a", {}, Standing.LISTED, 1, []),
        ("b", {}, Standing.LISTED, 2, []),
        ("c", {}, Standing.LEFT_OUT, None, ["12 points under the last paper of the list: just missed"]),
        ("c", shown("a"), Standing.LISTED, 2, []),
        ("a", shown("a"), Standing.SHOWN, None, ["shown on 2026-06-01"]),
        ("m", {}, Standing.HIDDEN, None, [MUTE, OTHERWISE]),
        ("n", {}, Standing.HIDDEN, None, [MUTE, NEVER]),
        ("s", {}, Standing.HIDDEN, None, ["hidden: nearly the same as “Paper a”"]),
        ("m", shown("m"), Standing.SHOWN, None, ["shown on 2026-06-01", MUTE, OTHERWISE]),
        ("a", shown("a", "b", "c", "d", kind=SectionKind.RISEN), Standing.SHOWN, None, [LATE, NONE]),
    ],
)  # fmt: skip
def test_where_a_paper_stands(
    name: str, before: dict[str, Shown], standing: Standing, rank: int | None, remarks: list[str]
) -> None:
    found = account(name, before)
    assert (found.standing, found.rank, list(found.remarks)) == (standing, rank, remarks)


def test_all_the_rules_that_hide_a_paper_are_told() -> None:
    twice = replace(RANKING.hidden[0], also=("muted author Ada",))
    found = account("m", ranking=replace(RANKING, hidden=(twice,)))
    assert found.remarks == (
        "hidden: muted word “survey” and muted author Ada",
        "without the muted word “survey” and the muted author Ada this would be second",
    )


def test_a_known_paper_is_said_to_be_known() -> None:
    known = hidden(paper("m"), "you know it: saved on 2026-05-01", 85, HiddenAs.KNOWN)
    found = account("m", ranking=replace(RANKING, hidden=(replace(known, also=("muted author Ada",)),)))
    assert (found.standing, found.remarks) == (Standing.KNOWN, ("you know it: saved on 2026-05-01",))


def test_where_all_is_known_nothing_is_said_to_be_muted() -> None:
    known = Ranking(papers=(), hidden=(hidden(paper("m"), "you know it: saved on 2026-05-01", kind=HiddenAs.KNOWN),))
    outcome = compose(subscription(), profile(), TODAY, known, {}, last_edition(), NOW)
    assert isinstance(outcome, NoEdition)
    assert (outcome.reason, outcome.hidden) == ("all new papers are known already (1)", 0)


def test_of_a_double_there_is_no_score() -> None:
    assert (account("s").score, account("s").trend, account("m").score) == (None, None, 85)


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        (OLD, "not among the candidates: first listed 40 days ago"),
        (date(2026, 6, 1), "not among the candidates: first listed 1 day ago"),
        (date(2026, 6, 9), "not among the candidates: first listed on 2026-06-09, after this day"),
        (None, "not among the candidates: never listed, only known from an archive or a search"),
    ],
)
def test_a_paper_that_is_no_candidate_has_an_account_too(listed: date | None, words: str) -> None:
    found = account("x", first_listed=listed)
    assert (found.standing, found.remarks, found.score) == (Standing.NO_CANDIDATE, (words,), 70)


def test_only_the_nearest_papers_just_missed() -> None:
    many = Ranking(papers=(*RANKING.papers, best("e", 40), best("f", 30)))
    assert account("e", ranking=many).remarks == ("40 points under the last paper of the list: just missed",)
    assert account("f", ranking=many).remarks == ("50 points under the last paper of the list",)


def test_where_nothing_is_new_the_next_list_is_looked_at() -> None:
    """What was there before the last edition is no news, but will stand beside some."""
    who, last = profile(limit=2), replace(last_edition(), made_at=NOW)
    outcome = compose(subscription(), who, TODAY, RANKING, {}, last, NOW)
    none = "no edition now: nothing new since 2026-06-02 12:00 UTC"
    remarks = [explain(one.paper, one, who, RANKING, outcome, {}).remarks for one in RANKING.papers[1:3]]
    assert remarks == [
        ("with something new this would be second", none),
        ("12 points under the last paper of the list", none),
    ]


def test_a_late_riser_is_listed_with_its_rise() -> None:
    riser = ranked(paper("x", first_listed=OLD), 5, reason("risen", 60), reason("votes", 5))
    who = profile(limit=2)
    before = shown("x")
    outcome = compose(subscription(), who, TODAY, RANKING, before, last_edition(), NOW, (), [riser])
    found = explain(riser.paper, OUTSIDE["x"], who, RANKING, outcome, before)
    assert (found.standing, found.rank, found.score) == (Standing.LISTED, 3, 65)
    assert found.section is not None and found.section.kind is SectionKind.RISEN
    assert found.remarks == ("shown on 2026-06-01", "not among the candidates: first listed 40 days ago")


def test_the_sums_are_exact() -> None:
    parts = (Part(label="sheep", points=60), Part(label="goats", points=31))
    one = ranked(paper("a"), 7, reason("word", 91, "words", *parts), reason("age", -4), reason("votes", 7))
    found = account("a", ranking=Ranking(papers=(one,)))
    assert found.score == sum(each.points for each in found.reasons) == 94 == one.score
    assert found.reasons[0].points == sum(part.points for part in found.reasons[0].parts)
    assert found.trend == one.trend
