"""Secrets and addresses where words go: masks, and what comes out of a run whose words have them."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Place, Ran
from test_pipeline import LATER

from digest.cli.logs import log_as_json, log_as_text
from digest.errors import DeliveryError, FetchError, told
from digest.masks import masked_in, without_secrets
from digest.message import message_id, token

TOKEN = token(b"a secret", "trending/ada@example.org")
KEY = "0a1b2c3d4e5f60718293"
UUID = "5f1c2a3b-1111-4222-8333-444455556666"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"feeds/private/{TOKEN}/digest.atom: No space", "feeds/private/***/digest.atom: No space"),
        (f"[Errno 13] Permission denied: '/o/private/{TOKEN}'", "[Errno 13] Permission denied: '/o/private/***'"),
        (f"/o/archive/{TOKEN}.html", "/o/archive/***.html"),
        (f"/o/archive/.{TOKEN}.html.x3_kd", "/o/archive/.***.html.x3_kd"),
        (f"550 <bounce+{TOKEN}@example.org> unknown", "550 <bounce+***@example.org> unknown"),
        (f"https://digest.example.org/leave/{TOKEN}", "https://digest.example.org/leave/***"),
        (f"https://digest.example.org/leave?{TOKEN}.", "https://digest.example.org/leave?***."),
        (f"(https://digest.example.org/leave?who={TOKEN})", "(https://digest.example.org/leave?who=***)"),
        (f"<mailto:leave@example.org?subject={TOKEN}>", "<mailto:leave@example.org?subject=***>"),
        ("https://ada:pa/ss@papers.example/feed", "https://***@papers.example/feed"),
        ("http://key@papers.example/feed", "http://***@papers.example/feed"),
        ("postgresql://digest:pass@db/x?sslmode=require", "postgresql://digest:***@db/x?sslmode=require"),
        ("postgresql://digest:pa@ss@db/x", "postgresql://digest:***@db/x"),
        ("imaps://ada@example.org:s3cret@mail.example/x", "imaps://ada@example.org:***@mail.example/x"),
        ("https://papers.example/rss?key=abc&page=2: none", "https://papers.example/rss?key=***&page=2: none"),
        ("redirects to “/rss?sig=abc”", "redirects to “/rss?sig=***”"),
        (f"https://hc.example/{UUID}/fail", "https://hc.example/***/fail"),
        (f"https://papers.example/{KEY}/rss.xml", "https://papers.example/***/rss.xml"),
    ],
)  # fmt: skip
def test_secrets_are_known_by_their_form(text: str, left: str) -> None:
    assert without_secrets(text) == left
    assert without_secrets(left) == left


@pytest.mark.parametrize(
    "text",
    [
        "https://export.arxiv.org/api/query?search_query=cat:cs.CL&start=0&max_results=100: answered 400",
        "https://huggingface.co/api/daily_papers?date=2026-06-02",
        "https://connect.biorxiv.org/biorxiv_xml.php?subject=neuroscience",
        "https://doi.org/10.1016/S0140-6736(20)30183-5",
        "https://www.biorxiv.org/content/10.1101/2026.01.01.573123v1",
        f"inbox/{UUID}.json: no known listing",
        "inbox/hf/2026-06-02.at-20260602T200000Z.json",
        "out/feeds/trending/topic/small-language-models.atom",
        "archive/trending/2026-06-02.html",
        "Write sqlite:///folder/file.db or postgresql://user@host/database.",
        "ada@example.org: no subscription has this address",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert without_secrets(text) == text


def test_addresses_are_masked_in_logs_and_messages_are_not() -> None:
    mine = message_id(b"a secret", "trending/2026-06-02", "ada@example.org", "digest.example.org")
    line = f"delivery to=ada@example.org message={mine} reply=550 <alan@example.org>, grace@example.org"
    assert masked_in(line) == f"delivery to=a…@example.org message={mine} reply=550 <a…@example.org>, g…@example.org"
    assert masked_in("https://ada:pass@papers.example/x") == "https://***@papers.example/x"


@pytest.mark.parametrize("part", ["a", "a:", "http://a:", "/a1", "?a", "&a=", "a@", "a.", "0a", "a="])
def test_no_text_takes_long(part: str) -> None:
    """Each of these is looked through in well under a second, or in hours."""
    masked_in(f"http://{part * 50_000} @ /?=")


def test_every_error_of_ours_is_without_secrets() -> None:
    address = "https://papers.example/rss?key=abc"
    assert str(FetchError(f"{address}: answered 403")) == "https://papers.example/rss?key=***: answered 403"
    refused = DeliveryError("not taken", reply=f"<bounce+{TOKEN}@example.org>")
    assert refused.reply == "<bounce+***@example.org>"
    denied = told(PermissionError(13, "Permission denied", f"out/feeds/private/{TOKEN}"))
    assert denied == "out/feeds/private/***: Permission denied; make room or mend its rights"


@pytest.mark.parametrize("form", ["text", "json"])
def test_whatever_is_logged_is_masked(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By any library, in any part of the line, and in its traceback; a line stays one."""
    log_as_text(logging.INFO)
    if form == "json":
        log_as_json()
    path = Path(f"out/feeds/private/{TOKEN}/digest.atom")
    try:
        raise OSError(28, "No space left on device", str(path))
    except OSError as error:
        logging.getLogger("any").error("failed what=%s\nreason=%s to=ada@example.org", path, error, exc_info=True)
        logging.getLogger("any").warning("failed what=%s reason=%s", path, error)
    logging.getLogger("httpx").info("HTTP Request: GET https://papers.example/secret")
    told = capsys.readouterr().err
    assert TOKEN not in told and "ada@" not in told and "papers.example" not in told
    assert "private/***/digest.atom" in told and "Traceback" in told
    if form == "json":
        assert [json.loads(line)["level"] for line in told.splitlines()] == ["ERROR", "WARNING"]
    else:
        assert "digest.atom; reason=" in told


# --- in a run ------------------------------------------------------------------------------------------------------


@pytest.fixture(name="barred")
def _barred(sent: Place) -> tuple[Place, str]:
    """A file is where a private feed's folder was, so that it cannot be written."""
    folder = min((sent.folder / "out" / "feeds" / "private").iterdir())
    shutil.rmtree(folder)
    folder.write_text("in the place of a folder")
    return sent, folder.name


def said_by(place: Place, *commands: str) -> dict[str, Ran]:
    return {one: place.run(*one.split(), now=LATER) for one in commands}


def test_a_private_feed_that_cannot_be_written_keeps_its_address(barred: tuple[Place, str]) -> None:
    place, own = barred
    ran = said_by(place, "run", "--verbose run", "publish", "status", "status --json", "doctor", "metrics")
    assert (ran["run"].code, "private/***" in ran["run"].err) == (2, True)
    assert "private/***" in ran["status --json"].out
    place.set("[operations]", '[operations]\nlog = "json"')
    ran["json"] = place.run("run", now=LATER)
    assert '"reason": ' in ran["json"].err
    for name, one in ran.items():
        assert own not in one.out + one.err, name
    with closing(sqlite3.connect(place.folder / "state" / "digest.db")) as db:
        assert not [row for row in db.execute("SELECT outcome FROM runs") if own in row[0]]


def test_a_bug_is_told_without_secrets(sent: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        try:
            raise PermissionError(13, "Permission denied", f"out/feeds/private/{TOKEN}")
        except OSError:
            raise KeyError("https://papers.example/?key=abc of ada@example.org")  # noqa: B904 - both are told

    monkeypatch.setattr("digest.pipeline.run.announce", fails)
    ran = sent.run("run", now=LATER)
    assert (ran.code, "Traceback" in ran.err, "KeyError" in ran.err) == (3, True, True)
    assert TOKEN not in ran.err and "abc" not in ran.err and "ada@" not in ran.err


def test_addresses_in_what_a_phase_ended_with_are_masked(sent: Place) -> None:
    """As where the server's last words are why no mail gets out."""
    with closing(sqlite3.connect(sent.folder / "state" / "digest.db")) as db:
        db.execute("UPDATE runs SET ended_well = 0, outcome = '550 ada@example.org'")
        db.commit()
    for ran in said_by(sent, "status", "status --json", "doctor").values():
        assert ("550 a…@example.org" in ran.out, "550 ada@" in ran.out) == (True, False)


def test_the_doctor_keeps_what_it_cannot_read(sent: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: object) -> str:
        raise PermissionError(13, "Permission denied", f"out/feeds/private/{TOKEN}")

    monkeypatch.setattr("digest.cli.doctor._folders", fails)
    told = sent.run("doctor", now=LATER).out
    assert ("private/***" in told, TOKEN in told) == (True, False)


@pytest.mark.parametrize("alone", [True, False])
def test_what_a_phase_ended_with_is_stored_masked(sent: Place, monkeypatch: pytest.MonkeyPatch, alone: bool) -> None:
    def fails(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "out/ada@example.org?key=s3cret")

    monkeypatch.setattr("digest.cli.phases.hand_over" if alone else "digest.pipeline.run.deliver", fails)
    assert sent.run("deliver", now=LATER).code == 2
    with closing(sqlite3.connect(sent.folder / "state" / "digest.db")) as db:
        (words,) = db.execute("SELECT outcome FROM runs WHERE phase = 'deliver' AND NOT ended_well").fetchone()
    assert words.endswith("out/a…@example.org?key=***: Permission denied; make room or mend its rights")


def test_a_setting_that_is_a_secret_is_not_repeated(place: Place) -> None:
    place.set("[operations]", f'[operations]\nheartbeat = "hc.example/{UUID}"')
    ran = place.run("status")
    assert (ran.code, "heartbeat: not a web address" in ran.err, UUID in ran.err) == (2, True, False)


def test_settings_with_a_login_do_not_repeat_it(place: Place) -> None:
    source = '\n[[source]]\nname = "x"\nkind = "url"\nurl = "https://ada:s3cret@papers.example/feed"\n'
    place.config.write_text(place.config.read_text() + source)
    ran = place.run("status")
    assert (ran.code, "must not hold a login" in ran.err, "s3cret" in ran.err) == (2, True, False)
