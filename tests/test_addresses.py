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
def abroad(ingested: Place) -> Place:
    ingested.set('address = "ada@example.org"', 'address = "Ada@пример.рф"')
    return ingested


def test_suppressed_as_it_is_written(abroad: Place) -> None:
    (abroad.folder / "list.csv").write_text("address\nada@Пример.рф;x\n", encoding="utf-8")
    for what in (["--import", abroad.folder / "list.csv"], ["ada@пример.рф "]):
        assert json.loads(abroad.run("suppress", "--json").out) == []
        assert abroad.run("suppress", *what).code == 0
        assert "ada@пример.рф" in abroad.run("suppress").out
        if what[0] != "--import":
            assert abroad.run("run").code == 0
            assert [path.name for path in abroad.mails() if "-trending-" in path.name] == []
        assert abroad.run("suppress", "--remove", "Ada@пример.рф", "--json").code == 0


def test_every_command_finds_it_and_tells_it_in_its_own_letters(abroad: Place) -> None:
    ran = abroad.run("run")
    assert ran.code == 0
    assert "\n Ada@пример.рф " in ran.out, "in the table of editions"
    assert "xn--" not in ran.out
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
    paused = abroad.run("pause", ASCII, "--until", "2026-06-09").out
    assert paused.startswith("Ada@пример.рф, ") and "xn--" not in paused
    assert len(json.loads(abroad.run("outbox", "--domain", "пример.рф", "--json").out)["messages"]) == 1
