"""Mails made again are the same bytes: in another process, on another day, after templates and settings changed."""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from typing import Any

import feedparser
import pytest
from conftest import Place
from editions import MOMENT, edition, item, sectioned_edition
from lxml import html as lxml_html
from mail_samples import world_in
from prepared import SECRET

from digest.model import Edition
from digest.pipeline.letters import Letters
from digest.pipeline.surfaces import links, page_path
from digest.store import Store

NOW = "2026-06-02T20:00:00+00:00"
DAY, NEXT = "2026-06-02", "2026-06-03"  # the local dates of NOW

ELSEWHERE = {"PYTHONHASHSEED": "77", "TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "LANG": "ja_JP.UTF-8"}
COMMANDS = """
import json, sys
from digest.cli import main
for command in json.loads(sys.argv[1]):
    try:
        main(command)
    except SystemExit as left:
        assert not left.code, command
"""


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.eml")}


def test_the_same_bytes_elsewhere(sent: Place, tmp_path: Path) -> None:
    """Replayed, and made from the dumps, by another process, whose surroundings are others."""
    other = tmp_path / "other"
    sent.digest("init", other, "--samples")
    (other / "state" / "secret").write_text(SECRET)
    replayed = ["--config", str(sent.config), "--now", NOW, "replay", DAY, "--out", "again"]
    made = ["--config", str(other / "config" / "digest.toml"), "--now", NOW, "run"]
    ran = subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps([replayed, made])],
        cwd=tmp_path,
        env={**os.environ, **ELSEWHERE, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    mails = files(sent.folder / "out" / "mail")
    assert len(mails) == 4
    assert files(other / "out" / "mail") == mails
    assert files(tmp_path / "again") == {name: content for name, content in mails.items() if name.startswith(DAY)}


def test_what_is_published_stays_as_it_was_whatever_changes_then(published: Place, tmp_path: Path) -> None:
    """Pending mails and sent ones: neither templates nor settings of later count."""
    stocked = published
    for day in (DAY, NEXT):
        assert stocked.run("replay", day, "--out", tmp_path / "before").code == 0
    before = files(tmp_path / "before")
    assert len(before) == 4
    templates = stocked.folder / "config" / "templates"
    templates.mkdir()
    for name in ("mail.html.j2", "card.html.j2", "mail.txt.j2", "card.txt.j2", "mail.css"):
        (templates / name).write_text("changed" if name.endswith("j2") else "p { color: #123456 }")
    text = re.sub(r"(?m)^# templates = .*$", f'templates = "{templates}"', stocked.config.read_text())
    assert f'templates = "{templates}"' in text
    stocked.config.write_text(text.replace('name = "Trending Papers"', 'name = "Another Name"'))
    assert stocked.run("deliver", now="2026-06-03T09:00:00+00:00").code == 0
    assert files(stocked.folder / "out" / "mail") == before
    for day in (DAY, NEXT):
        assert stocked.run("replay", day, "--out", tmp_path / "after").code == 0
    assert files(tmp_path / "after") == before


def test_replay_says_what_cannot_be_made(sent: Place, tmp_path: Path) -> None:
    one, two, three = sorted(json.loads(sent.run("replay", DAY, "--json").out), key=lambda row: str(row["address"]))
    assert (one["fault"], one["state"]) == ("", "sent")
    with closing(sqlite3.connect(sent.folder / "state" / "digest.db")) as database, database:
        change = "update outbox set {} where message_id = ?"
        database.execute(change.format("sha256 = 'other'"), [one["message_id"]])
        database.execute(change.format("letter = 'gone'"), [two["message_id"]])
        database.execute(change.format("letter = null"), [three["message_id"]])
    ran = sent.run("replay", DAY, "--json", "--out", tmp_path / "again")
    assert ran.code == 1
    rows = {row["message_id"]: row for row in json.loads(ran.out)}
    for row, says in ((one, "SHA-256 differs"), (two, "not kept any more"), (three, "without a letter")):
        assert says in rows[row["message_id"]]["fault"]
        assert rows[row["message_id"]]["file"] is None
    assert files(tmp_path / "again") == {}
    told = sent.run("replay", DAY, "--address", one["address"]).out
    assert "0 of 1 are the same again" in told
    assert sent.run("replay", "2020-01-01").code == 2


def test_what_an_earlier_version_decided_on_gets_its_letter_when_it_is_sent(published: Place, tmp_path: Path) -> None:
    stocked = published
    for day in (DAY, NEXT):
        assert stocked.run("replay", day, "--out", tmp_path).code == 0
    with closing(sqlite3.connect(stocked.folder / "state" / "digest.db")) as database, database:
        database.execute("update outbox set letter = null, own = null, sha256 = null")
    assert stocked.run("deliver").code == 0
    assert files(stocked.folder / "out" / "mail") == files(tmp_path)
    assert stocked.run("replay", DAY).code == 0


def test_readers_of_one_selection_share_letter_and_page(ingested: Place) -> None:
    more = (f'\n[[subscription]]\nprofile = "trending"\naddress = "reader{n}@example.net"\n' for n in range(3))
    ingested.config.write_text(ingested.config.read_text() + "".join(more))
    assert ingested.run("publish").code == 0
    with Store.open(f"sqlite:///{ingested.folder / 'state' / 'digest.db'}") as store:
        mine = [item for item in store.outbox() if item.address.startswith("reader")]
        editions = [store.edition(item.edition_id) for item in mine]
    assert len({item.letter for item in mine}) == 1
    assert len({item.sha256 for item in mine}) == len({item.own for item in mine}) == 3
    assert len({edition.items for edition in editions if edition}) == 1
    pages = list((ingested.folder / "out" / "archive").glob("*.html"))
    assert pages, "the pages are there before the mails"
    for page in pages:
        assert "@" not in page.read_text().partition("</style>")[2]


def test_the_same_papers_in_the_same_order_on_every_surface(ingested: Place, tmp_path: Path) -> None:
    """Preview, html, text, page and feed."""
    pairs = re.findall(r'(?m)^\[\[subscription\]\]\naddress = "(.*)"\nprofile = "(.*)"', ingested.config.read_text())
    assert len(pairs) == 4
    expected = {}
    for address, profile in pairs:
        shown = ingested.run("preview", profile, "--for", address, "--json", "--out", tmp_path / f"{profile}.html")
        items = json.loads(shown.out)["edition"]["items"]
        expected[profile] = [item["paper"]["title"] for item in items]
        assert headings((tmp_path / f"{profile}.html").read_text()) == expected[profile]
    ingested.run("run")
    for address, profile in pairs:
        (path,) = (path for path in ingested.mails() if path.name.endswith(f"-{profile}-{address}.eml"))
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        assert headings(part(message, "html")) == expected[profile]
        page = ingested.folder / "out" / "archive" / profile / "index.html"
        assert headings(page.read_text()) == expected[profile]
        text = part(message, "plain").rpartition("-" * 72)[0]
        found = [text.replace("\n", " ").find(title[:40]) for title in expected[profile]]
        assert -1 not in found and found == sorted(found)
        feed = feedparser.parse(ingested.folder / "out" / "feeds" / f"{profile}.atom")
        entries = sorted(feed.entries, key=lambda entry: entry.published, reverse=True)
        assert [entry.title for entry in entries][: len(expected[profile])] == expected[profile]


def headings(html: str) -> list[str]:
    return [" ".join(one.text_content().split()) for one in lxml_html.document_fromstring(html).iter("h2")]


def part(message: EmailMessage, subtype: str) -> str:
    found = message.get_body((subtype,))
    assert found
    return str(found.get_content())


def test_pages_are_put_in_place_together_before_anything_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [edition(), replace(edition(item(2)), date=date(2025, 11, 22)), sectioned_edition(), public(edition())]
    syncs = list[int]()
    with world_in(tmp_path) as world:
        archive, letters = world.output / "archive", Letters(world)
        monkeypatch.setattr(os, "sync", lambda: syncs.append(len(list(archive.glob("*.html")))))
        items = [one.item for one in letters.postings([*made, made[0]], MOMENT)]
        assert items == [Letters(world).posting(one, MOMENT).item for one in [*made, made[0]]]
        paths = {
            world.output / page_path(world, one): world.renderer.page(one, links(world, one)).encode()
            for one in made[:3]
        }
        assert {path: path.read_bytes() for path in archive.iterdir()} == paths
        letters.postings(made, MOMENT)
    assert syncs == [0], "once, and none is in place until then"


@pytest.mark.parametrize("step", ["drawing", "bringing to the disk", "putting in place"])
def test_where_pages_fail_none_is_half_there_and_all_are_made_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    made = [edition(), sectioned_edition(), edition(item(3))]
    with world_in(tmp_path) as world:
        archive, letters = world.output / "archive", Letters(world)
        with monkeypatch.context() as patch:
            if step == "drawing":
                patch.setattr(world.renderer, "page", at_the_second(world.renderer.page))
            elif step == "bringing to the disk":
                patch.setattr(os, "sync", full)
            else:
                patch.setattr(Path, "replace", at_the_second(Path.replace))
            with pytest.raises(OSError, match="No space left"):
                letters.postings(made, MOMENT)
        assert len(list(archive.iterdir())) == (step == "putting in place")
        letters.postings(made, MOMENT)
        for one in made:
            assert (world.output / page_path(world, one)).read_text() == world.renderer.page(one, links(world, one))
        assert len(list(archive.iterdir())) == 3


def full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def at_the_second(work: Callable[..., Any]) -> Callable[..., Any]:
    calls = count(1)
    return lambda *given: full() if next(calls) == 2 else work(*given)


def public(one: Edition) -> Edition:
    return replace(one, subscription=replace(one.subscription, address=None))
