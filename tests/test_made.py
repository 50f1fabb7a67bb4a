"""Frozen nouns made quickly: the same as those made by their own classes."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from datetime import UTC, date, datetime

import pytest

from digest.model import Entry, Facts, Paper
from digest.model.made import maker, taker

FACTS = Facts(title="A", authors=("Ines Fukuda-Roth",), published=date(2026, 5, 4), version=2)


def test_what_is_made_is_what_its_class_makes() -> None:
    paper = Paper(title="A", version=2, id="t-1", first_listed=None, first_seen=datetime(2026, 6, 1, tzinfo=UTC))
    for one in (FACTS, paper, Entry(where="line 1", position=1, facts=FACTS, votes=3)):
        made = maker(type(one))(*[getattr(one, field.name) for field in fields(one)])
        assert (made, type(made), hash(made)) == (one, type(one), hash(one))


def test_what_adds_to_another_is_made_of_it() -> None:
    seen = datetime(2026, 6, 1, tzinfo=UTC)
    told = {field.name: getattr(FACTS, field.name) for field in fields(Facts)}
    paper = Paper(**told, id="t-1", first_listed=None, first_seen=seen)
    assert maker(Paper, Facts)(FACTS, "t-1", None, seen) == paper
    assert taker(["title", "version"])([FACTS, paper, Facts(title="B")]) == [["A", "A", "B"], [2, 2, None]]


def test_the_last_fields_have_their_defaults() -> None:
    assert maker(Facts)(title="A", version=2) == Facts(title="A", version=2)
    with pytest.raises(TypeError, match="facts"):
        maker(Entry)("line 1", 1)


def test_what_is_made_is_frozen() -> None:
    made = maker(Facts)("A")
    with pytest.raises(FrozenInstanceError):
        made.title = "B"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del made.title
