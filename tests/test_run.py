"""What fails in a run keeps nothing from being done that does not depend on it, and is told all the same."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import Place
from smtp_sink import Sink
from test_empty_days import drop
from test_pipeline import LATER, MORNING, outbox, over

from digest.diff import diff
from digest.errors import FeedError, RenderError, StoreError, UnfinishedError
from digest.message import write_letter
from digest.model import Changes, Draft, Edition, Letter, Listing, Message
from digest.pipeline.hold import Selection, preview_of
from digest.pipeline.watch import Failed, account, settle

NEXT_DAY = "2026-06-03T20:00:00+00:00"


def failing(error: Exception) -> object:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("part", "error", "code"),
    [
        ("run.fetch_due", PermissionError(13, "Permission denied", "state/fetch.json"), 2),
        ("run.ingest_inbox", PermissionError(13, "Permission denied", "inbox"), 2),
        ("publish.judge_days", ZeroDivisionError(), 3),
        ("surfaces.write_feeds", FeedError("a feed cannot be built"), 2),
        ("surfaces.write_front", PermissionError(13, "Permission denied", "out/index.html"), 2),
        ("run.tell_editor", ZeroDivisionError(), 3),
        ("run.announce", ZeroDivisionError(), 3),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_waits_goes_out_once_whatever_else_fails(
    published: Place, monkeypatch: pytest.MonkeyPatch, part: str, error: Exception, code: int
) -> None:
    with Sink() as server, monkeypatch.context() as patch:
        over(published, server.port)
        patch.setattr(f"digest.pipeline.{part}", failing(error))
        ran = published.run("run")
        assert (ran.code, "4 of 4 messages sent" in ran.out, len(server.received)) == (code, True, 4)
        assert str(error.args[-1] if error.args else type(error).__name__) in ran.err
        patch.undo()
        assert (published.run("run", now=LATER).code, len(server.received)) == (4, 4)


@pytest.mark.parametrize("part", ["run.ingest_inbox", "publish.judge_days", "surfaces.write_feeds", "run.tell_editor"])
def test_nothing_goes_out_where_the_database_fails(
    published: Place, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    with Sink() as server:
        over(published, server.port)
        monkeypatch.setattr(f"digest.pipeline.{part}", failing(StoreError("the disk is full")))
        ran = published.run("run")
        assert (ran.code, "the disk is full" in ran.err, server.received) == (2, True, [])


def test_a_dump_that_the_program_fails_at_keeps_no_other(ingested: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails_at_a(listing: Listing, *rest: Any) -> Changes:
        return diff(listing, *rest) if listing.source != "a" else diff()  # type: ignore[call-arg]

    for source in "ab":
        drop(ingested, "2026-06-02", f"Gliders of {source}", source=source)
    with monkeypatch.context() as patch:
        patch.setattr("digest.pipeline.ingest.diff", fails_at_a)
        ran = ingested.run("run")
    assert (ran.code, len(ingested.mails())) == (3, 4)
    assert "inbox/a-2026-06-02.jsonl kind=TypeError" in ran.err
    assert "b-2026-06-02.jsonl" in ran.out
    again = json.loads(ingested.run("run", "--json", now=LATER).out)
    assert [Path(one["dump"]).name for one in again["dumps"]] == ["a-2026-06-02.jsonl"], "tried again by itself"


def test_a_profile_that_fails_keeps_no_other_and_its_last_mail_goes(
    published: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was withdrawn for the edition that is not made goes out after all; that one comes once it can be made."""

    def fails_for_trending(draft: Draft, edition: Edition, *rest: Any) -> Letter:
        if edition.subscription.profile == "trending":
            raise RenderError("card.html.j2: nothing is called that")
        return write_letter(draft, edition, *rest)

    drop(published, "2026-06-03", "Robot gliders", "A small language model of boats", votes=90)
    with Sink() as server, monkeypatch.context() as patch:
        patch.setattr("digest.pipeline.letters.write_letter", fails_for_trending)
        ran = over(published, server.port).run("run", now=NEXT_DAY)
        assert (ran.code, "what=profile trending kind=RenderError" in ran.err) == (2, True)
        was_sent = [("ada", "2026-06-02"), ("alan", "2026-06-03"), ("emmy", "2026-06-02"), ("grace", "2026-06-03")]
        assert sent(published) == was_sent
        patch.undo()
        assert published.run("run", now=NEXT_DAY.replace("20:00", "20:01")).code == 0
        assert sent(published) == sorted([*was_sent, ("ada", "2026-06-03")])
        assert len(server.received) == 5


def sent(place: Place) -> list[tuple[str, str]]:
    """The readers and dates of the editions that were sent."""
    found = json.loads(place.run("outbox", "--json", "--full", "--state", "sent").out)["messages"]
    return sorted((one["address"].partition("@")[0], one["edition_id"][-10:]) for one in found)


def test_a_preview_that_cannot_be_drawn_keeps_no_other_from_the_editor(
    ingested: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails_for_trending(world: Any, selection: Selection, *rest: Any, **more: Any) -> Message:
        if selection.profile == "trending":
            raise RenderError("mail.html.j2: nothing is called that")
        return preview_of(world, selection, *rest, **more)

    ingested.set("# hold_minutes = 0", 'hold_minutes = 30\neditor = "editor@example.org"')
    monkeypatch.setattr("digest.pipeline.hold.preview_of", fails_for_trending)
    ran = ingested.run("run")
    assert (ran.code, "what=preview of trending" in ran.err, len(ingested.mails())) == (2, True, 3)


def test_a_message_that_cannot_be_made_keeps_no_other(published: Place) -> None:
    damage = "UPDATE pieces SET content = x'00' WHERE digest = (SELECT letter FROM outbox ORDER BY message_id LIMIT 1)"
    with closing(sqlite3.connect(published.folder / "state" / "digest.db")) as db:
        db.execute(damage)
        db.commit()
    with Sink() as server:
        over(published, server.port)
        for moment in (MORNING, LATER):
            ran = published.run("run", now=moment)
            assert (ran.code, "what=message" in ran.err, len(server.received)) == (3, True, 3)
    assert outbox(published) == {"sent": 3, "deferred": 1}


def test_a_feed_that_cannot_be_written_keeps_no_other(sent: Place) -> None:
    feeds = sent.folder / "out" / "feeds"
    shutil.rmtree(feeds)
    feeds.mkdir()
    (feeds / "trust").write_text("in the place of a folder")
    for _ in range(2):
        ran = sent.run("run", now=LATER)
        assert (ran.code, f"{feeds / 'trust'}" in ran.err) == (2, True)
    assert (feeds / "trending.atom").is_file() and (feeds / "index.html").is_file()
    (feeds / "trust").unlink()
    assert sent.run("run", now=LATER).code == 4
    assert (feeds / "trust" / "editions.atom").is_file()


def test_all_that_failed_is_named_at_the_end(sent: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """On standard error's last lines, in the status, by the doctor, and the heartbeat has the same words."""
    feeds, pinged = sent.folder / "out" / "feeds", list[tuple[bool, str]]()
    for name in ("trust", "robots"):
        shutil.rmtree(feeds / name)
        (feeds / name).write_text("in the place of a folder")
    (sent.folder / "out" / "index.html").unlink()
    (sent.folder / "out" / "index.html").mkdir()
    sent.set("[operations]", '[operations]\nheartbeat = "https://hc.example/key"')
    monkeypatch.setattr("digest.heartbeat.ping", lambda _, *, well, words, timeout: pinged.append((well, words)))
    ran = sent.run("run", now=LATER)
    lines = [line.removeprefix("Error: ") for line in ran.err.splitlines()[-4:]]
    assert (ran.code, lines[0]) == (2, "3 parts of it failed")
    assert [line.partition(": ")[0] for line in lines[1:]] == ["feeds of robots", "feeds of trust", "front page"]
    assert all(line.endswith("make room or mend its rights") for line in lines[1:])
    told = "; ".join(lines)
    assert pinged == [(False, told)]
    publish = json.loads(sent.run("status", "--json", now=LATER).out)["phases"]["publish"]
    assert (publish["ended_well"], publish["outcome"]) == (False, told)
    assert told in sent.run("doctor", now=LATER).out
    assert "3 parts of it failed" in sent.run("status", now=LATER).out
    by_hand = sent.run("publish", now=LATER)
    assert (by_hand.code, by_hand.err.splitlines()[-4:]) == (2, ran.err.splitlines()[-4:])


@pytest.mark.parametrize("bug", ["surfaces.write_front", "run.announce"])
def test_of_several_failures_the_worst_gives_the_exit_code(
    sent: Place, monkeypatch: pytest.MonkeyPatch, bug: str
) -> None:
    """Whichever comes first: a bug is told with its traceback, and all are named below it."""
    monkeypatch.setattr("digest.pipeline.run.ingest_inbox", failing(PermissionError(13, "Permission denied", "inbox")))
    monkeypatch.setattr(f"digest.pipeline.{bug}", failing(ZeroDivisionError("of kites")))
    ran = sent.run("run", now=LATER)
    assert (ran.code, "Traceback" in ran.err) == (3, True)
    first, second, third = ran.err.splitlines()[-3:]
    assert (first, second) == (
        "2 parts of it failed",
        "ingest: inbox: Permission denied; make room or mend its rights",
    )
    assert third.endswith(": ZeroDivisionError: of kites; a bug of the program, please report it")


@pytest.mark.parametrize(("command", "phase"), [("run", "deliver"), ("publish", "publish")])
def test_a_hub_that_cannot_be_told_is_in_the_status(
    sent: Place, monkeypatch: pytest.MonkeyPatch, command: str, phase: str
) -> None:
    for door in ("cli.phases", "pipeline.run"):
        monkeypatch.setattr(f"digest.{door}.announce", failing(PermissionError(13, "Permission denied", "owed")))
    ran, told = sent.run(command, now=LATER), "hub: owed: Permission denied; make room or mend its rights"
    assert (ran.code, ran.err.splitlines()[-1]) == (2, f"Error: {told}")
    assert json.loads(sent.run("status", "--json", now=LATER).out)["phases"][phase]["outcome"] == told


def test_very_many_failures_are_counted() -> None:
    failed = [Failed(f"feeds of {number}", FeedError("too long: shorten it")) for number in range(14)]
    head, *named, rest = account(failed)
    assert (head, len(named), rest) == ("14 parts of it failed", 10, "and 4 more, which the log names")
    assert named[0] == "feeds of 0: too long: shorten it"
    assert account(failed[:1]) == ("feeds of 0: too long: shorten it",)
    with pytest.raises(UnfinishedError, match="14 parts of it failed\nfeeds of 0: "):
        settle(failed)
    settle(())


def test_where_all_fails_it_is_not_tried_for_each(sent: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def fails(*_: object) -> None:
        tried.append(1)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("digest.pipeline.watch._VERY_MANY", 3)
    monkeypatch.setattr("digest.pipeline.feeds._Writer.refresh", fails)
    assert sent.run("run", now=LATER).code == 2
    assert len(tried) == 3
