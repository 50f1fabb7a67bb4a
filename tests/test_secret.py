"""The secret that tokens depend on: its loss is noticed, and what was mailed goes on working if it is accepted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Place

NEXT = "2026-06-03T20:00:00+00:00"


def lose(place: Place) -> None:
    (place.folder / "state" / "secret").unlink()


def replace(place: Place) -> None:
    (place.folder / "state" / "secret").write_text("f" * 64)


def wrong(place: Place) -> list[str]:
    found = json.loads(place.run("doctor", "--json").out)
    told = [one["words"] for one in found if one["level"] == "wrong" and one["name"] == "secret"]
    return [one for one in told if "chmod" not in one]


def token(place: Place) -> str:
    (mail,) = (path for path in place.mails() if "-trending-" in path.name)
    found = re.search(rb"List-Unsubscribe:\s*<https://[^>]+/([A-Za-z0-9_-]{22})>", mail.read_bytes())
    assert found is not None
    return found[1].decode()


@pytest.mark.parametrize("change", [lose, replace])
def test_nothing_is_made_with_another_secret_until_that_is_accepted(
    sent: Place, change: Callable[[Place], None]
) -> None:
    mailed, before = token(sent), (sent.folder / "state" / "secret").read_text()
    change(sent)
    assert len(wrong(sent)) == 1
    for command in (["run"], ["publish"], ["suppress", mailed], ["preview", "trending"]):
        ran = sent.run(*command, now=NEXT)
        assert (ran.code, "digest secret --accept" in ran.err) == (2, True), command
    assert sent.run("secret").code == 1
    (sent.folder / "state" / "secret").write_text(before)
    assert (sent.run("run", now=NEXT).code, sent.run("secret").code) == (4, 0), "restored, all is as it was"
    change(sent)
    assert sent.run("secret", "--accept").code == 0
    assert sent.run("secret").code == 0
    assert sent.run("run", now=NEXT).code == 4
    ended = json.loads(sent.run("suppress", mailed, "--json").out)
    assert ended == {"address": "ada@example.org", "subscription": "trending/ada@example.org", "changed": True}
    assert sent.run("suppress", mailed[:-1] + ("A" if mailed[-1] != "A" else "B")).code == 2


def test_a_secret_is_made_where_there_was_none(place: Place) -> None:
    note = [one["words"] for one in json.loads(place.run("doctor", "--json").out) if one["name"] == "secret"]
    assert note[0].startswith("none yet")
    assert place.run("run").code == 4
    assert Path(place.folder / "state" / "secret").stat().st_mode & 0o777 == 0o600
