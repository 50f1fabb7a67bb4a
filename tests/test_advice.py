"""What of a profile does nothing, or too much, is told."""

from __future__ import annotations

import pytest
from conftest import Place
from make import NOW, TODAY, paper, profile, subscription

from digest.advice import of_outcome, of_profile
from digest.model import Edition, Item, NoEdition, Profile, Reason, Term, Topic


def topics(*topics: Topic, **given: object) -> Profile:
    return profile(topics=topics, **given)


def named(name: str, share: float = 0.0) -> Topic:
    return Topic(name=name, terms=(Term(text="robot"),), share=share)


SHARED = named("a", 0.5), named("d", 0.25)


@pytest.mark.parametrize(
    ("who", "told"),
    [
        (profile("robot"), []),
        (topics(Topic(name="t", examples=("2606.00001",))), []),
        (topics(Topic(name="t")), ["topic “t”: has no word to look for and no example"]),
        (topics(Topic(name="t", share=0.25)), ["and its share of 0.25 stays empty"]),
        (profile("the", "of which"), ["“the”, “of which” are too common", "has no word to look for"]),
        (profile("the", "robot"), ["“the” is too common"]),
        (profile("robot", Term(text="arm", weight=0)), ["“arm” is of weight 0"]),
        (profile(Term(text="arm", weight=-1)), ["has no word to look for"]),
        (profile(authors=(Term(text="Ada", weight=0),)), ["authors: “Ada” is of weight 0"]),
        (profile("robot", trend_weight=1), ["trend_weight is 1"]),
        (profile(trend_weight=1), []),
        (topics(*SHARED), []),
        (topics(*SHARED, named("b")), ["topic “b” is without a share beside topics that have one"]),
        (topics(named("b"), *SHARED, named("c")), ["topics “b”, “c” are without a share"]),
        (topics(named("b"), named("c")), []),
    ],
)
def test_what_does_nothing(who: Profile, told: list[str]) -> None:
    found = list(of_profile(who))
    assert len(found) == len(told)
    assert all(part in sentence for part, sentence in zip(told, found, strict=True)), found


def edition(fresh: int, muted: int, points: int = 5) -> Edition:
    item = Item(paper=paper(), reasons=(Reason(kind="word", label="w", points=points),))
    return Edition(
        subscription=subscription(), title="t", description="", date=TODAY, made_at=NOW, items=(item,), fresh=fresh,
        muted=muted,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "trend_weight", "told"),
    [
        (edition(7, 7), 0.5, []),
        (edition(7, 68), 0.5, ["its mutes hide 68 of 75 new papers, more than half"]),
        (edition(7, 0, points=0), 0.5, []),
        (edition(7, 0, points=0), 0.0, ["all have 0 points"]),
        (NoEdition(subscription=subscription(), date=TODAY, reason="r", hidden=9), 0.5, ["hide all 9 new papers"]),
        (NoEdition(subscription=subscription(), date=TODAY, reason="r"), 0.5, []),
    ],
)
def test_what_is_odd_about_a_day(outcome: Edition | NoEdition, trend_weight: float, told: list[str]) -> None:
    found = list(of_outcome(profile("robot", trend_weight=trend_weight), outcome))
    assert len(found) == len(told)
    assert all(part in sentence for part, sentence in zip(told, found, strict=True)), found


def test_preview_doctor_and_mail_say_so(stocked: Place) -> None:
    profiles = stocked.folder / "config" / "profiles.toml"
    profiles.write_text(
        profiles.read_text()
        + """
[idle]
title = "Idle"
[[idle.topic]]
name = "nothing"
words = ["the"]
examples = ["9999.99999", "A title of some paper"]
[idle.mute]
words = ["model", "agent", "language", "reasoning", "robot"]
"""
    )
    stocked.run("ingest", stocked.folder / "inbox" / "hf-daily-2026-06-02.json")
    shown = stocked.run("preview", "idle", "--out", stocked.folder / "idle.html")
    assert "note idle: topic “nothing”: “the” is too common" in shown.out
    assert "note idle: its mutes hide" in shown.out
    assert "more than half." in (stocked.folder / "idle.html").read_text()
    told = stocked.run("doctor").out
    assert "profiles: idle: topic “nothing”: “the” is too common" in told
    assert "profiles: idle: its mutes hide" in told
    titles, ids = told.split("used as titles: ")[1].split("they count for nothing until a dump tells of them ")
    assert "idle: A title of some paper" in titles
    way = "(with a [[source]] of kind arxiv-api `digest fetch` asks arXiv for its own)"
    assert ids.splitlines()[0] == f"{way}: idle: 9999.99999"
