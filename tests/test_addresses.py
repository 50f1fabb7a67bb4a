"""Addresses: one form of each to compare, whoever wrote it; and the one for people."""

from __future__ import annotations

import json

import pytest
from conftest import Place

from digest.addresses import canonical, readable

ASCII = "Ada@xn--e1afmkfd.xn--p1ai"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Ada@пример.рф", ASCII),
        (" Ada@ПРИМЕР.рф.\n", ASCII),
        (ASCII.upper().replace("ADA", "Ada"), ASCII),
        ("reader@Example.ORG", "reader@example.org"),
        ("a b@\N{PILE OF POO}\N{ZERO WIDTH JOINER}.x", "a b@\N{PILE OF POO}\N{ZERO WIDTH JOINER}.x"),
        (" k7Qx9vTz2mB4 ", "k7Qx9vTz2mB4"),
    ],
)
def test_one_form_of_each(written: str, kept: str) -> None:
    assert canonical(written) == kept
    assert canonical(kept) == kept


def test_people_see_letters_where_they_lead_back() -> None:
    assert readable(ASCII) == "Ada@пример.рф"
    assert readable("a@xn--zz.org") == "a@xn--zz.org"
    assert readable("a@example.org") == "a@example.org"


@pytest.fixture
def abroad(stocked: Place) -> Place:
    stocked.set('address = "ada@example.org"', 'address = "Ada@пример.рф"')
    return stocked


@pytest.mark.parametrize("by", ["name", "file"])
def test_suppressed_as_it_is_written(abroad: Place, by: str) -> None:
    abroad.folder.joinpath("list.csv").write_text("address\nada@Пример.рф;x\n", encoding="utf-8")
    what = ["ada@пример.рф "] if by == "name" else ["--import", str(abroad.folder / "list.csv")]
    assert abroad.run("suppress", *what).code == 0
    assert abroad.run("run").code == 0
    assert not [path for path in abroad.mails() if "-trending-" in path.name]
    assert "ada@пример.рф" in abroad.run("suppress").out
    assert abroad.run("suppress", "--remove", "Ada@пример.рф", "--json").code == 0
    assert json.loads(abroad.run("suppress", "--json").out) == []


def test_every_command_finds_it(abroad: Place) -> None:
    assert abroad.run("run").code == 0
    (mail,) = (path for path in abroad.mails() if "-trending-" in path.name)
    assert "Ada@пример.рф" in mail.with_suffix(".txt").read_text(encoding="utf-8")
    assert f"\r\nTo: {ASCII}\r\n".encode() in mail.read_bytes()
    told = json.loads(abroad.run("why", "ada@ПРИМЕР.рф", "2026-06-02", "--json").out)
    assert told["subscriptions"][0]["state"] == "sent"
    for command in (
        ["pause", "ada@пример.рф", "--until", "2026-06-09"],
        ["pause", "ada@пример.рф", "--resume"],
        ["schedule", "--explain", "ada@пример.рф"],
        ["feeds", "ada@пример.рф"],
        ["learned", "ada@пример.рф"],
        ["resend", "ada@пример.рф", "--date", "2026-06-02", "--again"],
    ):
        assert abroad.run(*command).code == 0, command
    assert len(json.loads(abroad.run("outbox", "--domain", "пример.рф", "--json").out)["messages"]) == 1


def test_people_are_told_of_it_in_its_own_letters(abroad: Place) -> None:
    told, paused = abroad.run("run").out, abroad.run("pause", ASCII, "--until", "2026-06-09").out
    assert "\n Ada@пример.рф " in told, "in the table of editions"
    assert "for Ada@пример.рф, if something is new" in told
    assert paused.startswith("Ada@пример.рф, ")
    assert "xn--" not in told + paused
