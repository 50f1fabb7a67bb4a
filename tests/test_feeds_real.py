"""The feeds of a summer: each real day and page played through the program, then all of it written anew.

Runs where DIGEST_REAL_DATA names the folder of real dumps; there a missing file is a failure.
"""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from conftest import Place
from feed_rules import faults
from lxml import etree
from test_days_real import FIRST, LAST, dumps
from test_feed import GRAMMAR

pytestmark = [pytest.mark.long, pytest.mark.skipif("DIGEST_REAL_DATA" not in os.environ, reason="needs the real dumps")]
END = datetime.combine(LAST, time(20), UTC)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def lean(place: Place) -> Place:
    """With the feeds of two profiles and of one reader: what others add is more of the same."""
    profiles = place.config.with_name("profiles.toml")
    text = profiles.read_text()
    for name in ("small-models", "trust"):
        text = text.replace(f"\n[{name}]\n", f"\n[{name}]\nfeed = false\n")
    profiles.write_text(text)
    place.config.write_text(place.config.read_text().partition('[[subscription]]\naddress = "grace')[0])
    return place


def test_all_feeds_of_the_summer_are_valid_and_the_same_when_written_anew(lean: Place) -> None:
    """The lists of the days from noon on, the pages shortly after midnight; a run each evening."""
    found = [(at, path) for at, path in sorted(dumps()) if at.date() >= FIRST]
    evening, number = datetime.combine(FIRST, time(20), UTC), 0
    while evening <= END:
        while number < len(found) and found[number][0] <= evening:
            path = found[number][1]
            shutil.copy(path, lean.folder / "inbox" / f"{path.parent.name}-{path.name}")
            number += 1
        assert lean.run("run", now=evening.isoformat()).code in (0, 4, 6)
        evening += timedelta(days=1)
    out = lean.folder / "out"
    before = tree(out / "feeds")
    months = [f"trending/{kind}2026-{month:02}.atom" for kind in ("", "editions-") for month in (5, 6, 7)]
    assert set(months) <= set(before)
    feeds = {name for name in before if name.endswith((".atom", ".rss", ".json", ".opml"))}
    assert len(feeds) > 50 and len([name for name in before if name.endswith(".gz")]) > 40
    wrong = {name: faults(f"feeds/{name}", before[name], END) for name in sorted(feeds)}
    assert {name: broken for name, broken in wrong.items() if broken} == {}
    for name in feeds:
        if name.endswith(".atom"):
            GRAMMAR.assertValid(etree.fromstring(before[name]))
    (out / "feeds").rename(out / "as-they-were")
    assert lean.run("feeds", "--rebuild", now=END.isoformat()).code == 0
    after = tree(out / "feeds")
    assert sorted(after) == sorted(before)
    assert [name for name in before if after[name] != before[name]] == []
