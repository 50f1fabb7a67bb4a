"""What readers say of papers: by the command line, by the library call, and on its way to the ranking."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from conftest import Place, Ran

from digest import config
from digest.cli import world
from digest.errors import ConfigError
from digest.model import (
    Edition,
    Enrolled,
    Example,
    Feedback,
    Item,
    Learned,
    Opinion,
    Ranking,
    Shown,
    Subscription,
    Topic,
)
from digest.pipeline.examples import examples
from digest.pipeline.feedback import feedback, said, take_back_all, take_in
from digest.pipeline.preview import explain_paper, preview, trial
from digest.pipeline.rankings import Rankings, View
from digest.pipeline.selection import composed
from digest.pipeline.world import World
from digest.rank import Asked
from digest.store import Store

ADA = "ada@example.org"  # reads “trending”
GRACE = "grace@example.org"
NOW = datetime(2026, 6, 2, 20, tzinfo=UTC)
OTHER_DAY = "2026-11-29T20:00:00+00:00"  # 180 days later: half as much


@pytest.fixture(name="known")
def _known(stocked: Place) -> Place:
    """A working folder that has taken in a sample."""
    assert stocked.run("ingest", stocked.folder / "inbox" / "hf-daily-2026-06-02.json").code == 0
    return stocked


@pytest.fixture(name="here")
def _here(known: Place) -> Iterator[World]:
    settings = config.load(known.config)
    with Store.open(settings.database) as store:
        yield world.build(settings, store)


def ids(place: Place) -> list[str]:
    """Some ids of papers that the store knows."""
    with Store.open(config.load(place.config).database) as store:
        return sorted(paper.id for paper in store.candidates(NOW - timedelta(days=9)) if paper.arxiv_id)[:3]


def listed(ran: Ran) -> list[tuple[str, str]]:
    return [(one["paper"], one["opinion"]) for one in json.loads(ran.out)["feedback"]]


# --- the command line --------------------------------------------------------------------------------------------


def test_feedback_is_given_listed_taken_back_and_reset(known: Place) -> None:
    one, two, three = ids(known)
    for paper, opinion in ((one, "more"), (f"https://arxiv.org/abs/{two}v3", "save"), (three, "less"), (one, "less")):
        ran = known.run("feedback", "Ada@Example.org", paper, opinion)
        assert (ran.code, ran.err) == (0, "")
    assert sorted(listed(known.run("learned", ADA, "--json"))) == [(one, "less"), (two, "save"), (three, "less")]
    assert listed(known.run("learned", GRACE, "--json")) == []
    assert "Nothing was said" in known.run("learned", GRACE).out
    table = known.run("learned", ADA, now=OTHER_DAY).out
    assert two in table and "0.75" in table and "-0.50" in table
    assert known.run("learned", ADA, "--forget", two).code == 0
    assert "Nothing was said of" in known.run("learned", ADA, "--forget", two).err
    assert len(listed(known.run("learned", ADA, "--json"))) == 2
    assert "Forgot 2 opinions" in known.run("learned", ADA, "--reset").err
    assert listed(known.run("learned", ADA, "--json")) == []


def test_feedback_twice_is_known(known: Place) -> None:
    (paper, *_) = ids(known)
    first, again = (json.loads(known.run("feedback", ADA, paper, "more", "--json").out) for _ in range(2))
    assert first == {"address": ADA, "paper": paper, "opinion": "more", "at": "2026-06-02T20:00:00+00:00", "new": True}
    assert again == first | {"new": False}
    assert "as known" in known.run("feedback", ADA, paper, "more").out


def test_what_is_exported_can_be_taken_in_again(known: Place, tmp_path: Path) -> None:
    one, two, _ = ids(known)
    known.run("feedback", ADA, one, "more")
    known.run("feedback", ADA, two, "save")
    exported = known.run("learned", ADA, "--json").out
    file = tmp_path / "ada.json"
    file.write_text(exported)
    known.run("learned", ADA, "--reset")
    assert known.run("learned", ADA, "--import", file, "--json").out == exported
    assert "Took in 0" in known.run("learned", ADA, "--import", file).err, "known already"
    assert json.loads(known.run("learned", GRACE, "--import", file, "--json").out)["feedback"], "another address may"
    shape = json.loads(exported)
    shape["feedback"][0] |= {"paper": "2605.99999\x1b[31m"}
    file.write_text(json.dumps(shape))
    ran = known.run("learned", ADA, "--import", file)
    assert (ran.code, "no paper 2605.99999[31m is known" in ran.err) == (1, True)


NOT_EXPORTED = [
    "",
    "[]",
    "{}",
    '{"feedback": [5]}',
    '{"feedback": [{"paper": "a", "opinion": "hate", "at": "2026-06-01"}]}',
    '{"feedback": [{"paper": "a", "opinion": "more", "at": 5}]}',
    "[" * 100_000,
]


def test_what_was_not_exported_is_not_taken_in(place: Place, tmp_path: Path) -> None:
    for content in NOT_EXPORTED:
        (tmp_path / "file").write_text(content)
        ran = place.run("learned", ADA, "--import", tmp_path / "file")
        assert (ran.code, ran.out) == (2, ""), content
        assert "not what `digest learned ADDRESS --json` prints" in ran.err, content


def test_mistakes_are_the_users_to_mend(known: Place) -> None:
    for args, words in (
        (("feedback", "nobody@example.org", "2606.00001", "more"), "nobody@example.org: no reader has this address"),
        (("feedback", ADA, "No Such Paper At All", "more"), "No Such Paper At All: no such paper is known"),
        (("feedback", ADA, "a", "more"), "papers fit; give the id of one, such as "),
        (("feedback", ADA, "2606.00001", "love"), "'love' is not one of 'more', 'less', 'save'"),
        (("learned", "nobody@example.org"), "no reader has this address"),
        (("learned", ADA, "--forget", "[bold]x\x1b[31m"), "[bold]x"),
        (("learned", ADA, "--forget", "x", "--reset"), "give one of them"),
    ):
        ran = known.run(*args)
        assert (ran.code, ran.out) == (2, "")
        assert words in ran.err and "\x1b" not in ran.err


# --- the library call --------------------------------------------------------------------------------------------


def test_a_paper_is_found_by_what_show_takes(here: World) -> None:
    paper = next(one for one in here.store.candidates(NOW - timedelta(days=9)) if one.arxiv_id)
    for reference in (paper.id, f"arXiv:{paper.arxiv_id}v2", paper.title.upper(), paper.title[: len(paper.title) - 3]):
        found, new = feedback(here, ADA, reference, Opinion.MORE, NOW)
        assert (found, new) == (paper, reference == paper.id), "the first time only"


def test_who_is_no_reader_any_more_can_still_take_all_back(here: World) -> None:
    paper = here.store.candidates(NOW - timedelta(days=9))[0]
    here.store.record_feedback(Feedback(address="left@example.org", paper_id=paper.id, opinion=Opinion.LESS, at=NOW))
    (one,) = said(here, "left@example.org", NOW)
    assert (one.paper, one.opinion, one.weights) == (paper, Opinion.LESS, {})
    assert take_back_all(here, "Left@example.org") == 1
    with pytest.raises(ConfigError):
        said(here, "left@example.org", NOW)


def test_an_opinion_from_the_future_is_taken_in_as_of_now(here: World) -> None:
    paper = here.store.candidates(NOW - timedelta(days=9))[0]
    given = Feedback(address="x", paper_id=paper.id, opinion=Opinion.MORE, at=NOW + timedelta(days=9))
    assert take_in(here, ADA, [given], NOW) == (1, ())
    assert here.store.feedback(ADA)[0].at == NOW


# --- on the way to the ranking -----------------------------------------------------------------------------------


@pytest.fixture(name="asked")
def _asked(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[Learned]]:
    """What is learned, as each ranking is asked for with it."""
    asked: list[Sequence[Learned]] = []

    def rank(_asked: Asked, _trending: Any, learned: Any, *_: Any) -> Ranking:
        asked.append(learned)
        return Ranking(papers=())

    monkeypatch.setattr(import_module("digest.pipeline.rankings"), "rank", rank)
    return asked


def view(here: World, address: str | None) -> View:
    return View(profile=here.profiles["trending"], since=NOW - timedelta(days=9), fade=3, address=address)


def test_a_reader_who_said_something_has_a_ranking_of_their_own(here: World, asked: list[Sequence[Learned]]) -> None:
    paper = here.store.candidates(NOW - timedelta(days=9))[0]
    feedback(here, ADA, paper.id, Opinion.SAVE, NOW - timedelta(days=180))
    rankings = Rankings(here.store, here.background, NOW)
    assert rankings.of(view(here, ADA)) is rankings.of(view(here, ADA))
    assert rankings.of(view(here, GRACE)) is rankings.of(view(here, None))
    assert asked == [(Learned(paper=paper, weight=0.75),), ()]


def test_what_has_faded_away_needs_no_ranking_of_its_own(here: World, asked: list[Sequence[Learned]]) -> None:
    """Unless its paper could come."""
    paper = here.store.candidates(NOW - timedelta(days=9))[0]
    feedback(here, ADA, paper.id, Opinion.MORE, NOW - timedelta(days=2000))
    rankings, later = (
        Rankings(here.store, here.background, NOW),
        replace(view(here, ADA), since=NOW + timedelta(hours=1)),
    )
    assert rankings.of(later) is rankings.of(replace(later, address=None))
    assert rankings.of(view(here, ADA)) is not rankings.of(view(here, None))
    assert asked == [(), (), ()]


def test_readers_share_what_they_are_told_alike_wherever_it_stands(here: World) -> None:
    """By object, so that what is made of it is made once."""
    rankings, whole = Rankings(here.store, here.background, NOW), view(here, None)

    def items(shown: dict[str, Shown]) -> dict[str, tuple[int, Item]]:
        subscription = Subscription(id="x", profile="trending", address=ADA)
        one = Enrolled(subscription=subscription, last=None, sent=None, history="")
        made = composed(here, rankings, one, NOW.date(), NOW, whole, shown, ("hf-daily",))
        assert isinstance(made, Edition)
        return {item.paper.id: (rank, item) for rank, item in made.ranked}

    every = items({})
    first = next(iter(every))
    others = items({first: Shown(on=NOW.date() - timedelta(days=1))})
    both = every.keys() & others.keys()
    assert first not in others and len(both) > 10
    for each in both:
        assert others[each][0] == every[each][0] - 1
        assert others[each][1] is every[each][1]


@pytest.mark.parametrize("opinion", Opinion)
def test_a_paper_that_the_reader_spoke_of_does_not_come_again(here: World, opinion: Opinion) -> None:
    """Nor as a late riser; and its account leaves out what was said of itself."""
    who = trial(here, "small-models", ADA)
    before = preview(here, who, NOW)
    assert isinstance(before, Edition)
    best = before.items[0].paper
    feedback(here, ADA, best.id, opinion, NOW)
    after = preview(here, who, NOW)
    assert isinstance(after, Edition)
    assert best.id not in {item.paper.id for item in after.items}
    told = explain_paper(here, who, best, NOW)
    how = {"more": "liked", "less": "turned down", "save": "saved"}[opinion]
    assert (told.standing, told.remarks[:1]) == ("known", (f"you know it: {how} on {NOW.date()}",))
    assert not {one.kind for one in told.reasons} & {"liked", "disliked"}
    assert told.score == sum(one.points for one in told.reasons)
    nobody = preview(here, replace(who, id="small-models/x", address="x@example.org"), NOW)
    assert isinstance(nobody, Edition)
    assert best.id in {item.paper.id for item in nobody.items}


@pytest.mark.parametrize("kept", [False, True])
def test_a_paper_of_the_examples_or_the_library_does_not_come(here: World, kept: bool) -> None:
    who = trial(here, "small-models", ADA)
    before = preview(here, who, NOW)
    assert isinstance(before, Edition)
    best = before.items[0].paper
    library = (Example(name=best.id, title=best.title),) if kept else ()
    topic = Topic(name="mine", examples=(best.id,), library=library)
    profile = here.profiles["small-models"]
    changed = replace(here, profiles={profile.name: replace(profile, topics=(*profile.topics, topic))})
    after = preview(changed, who, NOW)
    assert isinstance(after, Edition)
    assert best.id not in {item.paper.id for item in after.items}
    told = explain_paper(changed, who, best, NOW)
    where = "in the library of “mine”" if kept else "an example of “mine”"
    assert told.remarks[:1] == (f"you know it: {where}",)
    assert not any(best.title[:20] in one.label for one in told.reasons)


# --- examples ------------------------------------------------------------------------------------------------------


def test_examples_are_the_known_papers_else_what_the_library_tells(here: World) -> None:
    known = next(one for one in here.store.candidates(NOW - timedelta(days=9)) if one.arxiv_id)
    names = (f"https://arxiv.org/abs/{known.id}", "10.1234/known", "10.1234/kite", "10.1234/bare", "Unknown title")
    library = (
        Example(name="10.1234/known", title=known.title),
        Example(name="10.1234/kite", title="Kites", abstract="They fly."),
        Example(name="10.1234/bare", title=""),
    )
    profile = replace(here.profiles["trending"], topics=(Topic(name="t", examples=names, library=library),))
    found = examples(here.store, profile)
    assert list(found) == list(names[:3])
    assert (found[names[0]], found["10.1234/known"]) == (known, known)
    assert (found["10.1234/kite"].title, found["10.1234/kite"].abstract) == ("Kites", "They fly.")
