"""The editor's hold, by the command line and in the store: shown, stopped, amended, released, or gone by itself."""

from __future__ import annotations

import email
import email.policy
import html
import json
import signal
from dataclasses import replace
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import feedparser
import killed
import pytest
from conftest import Place
from make import FIVE, last_edition, subscription
from smtp_sink import Sink
from stores import HOUR, NOW, a_paper, an_edition, an_item, enqueue

from digest.compose import without
from digest.model import (
    Delivery,
    Edition,
    Hold,
    HoldState,
    Intent,
    Item,
    OutboxState,
    Posting,
    Section,
    SectionKind,
    Shown,
)
from digest.store import Store

AT = "2026-06-02T20:{:02}:00+00:00"
READERS = {"trending": "ada", "small-models": "grace", "robots": "alan", "trust": "emmy"}


def outbox(place: Place) -> dict[str, int]:
    states: dict[str, int] = json.loads(place.run("status", "--json").out)["outbox"]
    return {state: number for state, number in states.items() if number}


def notices(place: Place) -> list[EmailMessage]:
    return [parsed(path) for path in place.mails() if path.name.startswith("notice-")]


def parsed(path: Path) -> EmailMessage:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def selections(place: Place, minute: int) -> dict[str, dict[str, Any]]:
    found = json.loads(place.run("hold", "--json", now=AT.format(minute)).out)
    return {one["profile"]: one for one in found}


def feed(place: Place, profile: str) -> list[str]:
    found = feedparser.parse(place.folder / "out" / "feeds" / f"{profile}.atom")
    return [entry.id.rpartition("/")[2] for entry in found.entries]


def test_nothing_is_out_while_it_is_held_and_all_of_it_after(held: Place) -> None:
    assert outbox(held) == {"held": 4}
    assert feed(held, "trending") == []
    assert not list((held.folder / "out").glob("archive/*/*.html"))
    found = selections(held, 10)
    assert set(found) == set(READERS)
    assert {(one["state"], one["until"]) for one in found.values()} == {("told", "2026-06-02T20:30:00+00:00")}
    assert [one.rpartition("/")[0] for one in found["robots"]["editions"]] == ["feed/robots", "robots/alan@example.org"]
    assert held.run("run", now=AT.format(29)).code == 4
    assert len(notices(held)) == 4, "the editor is told once"
    assert held.run("run", now=AT.format(30)).code == 0
    assert outbox(held) == {"sent": 4}
    assert feed(held, "trending")[0] == found["trending"]["papers"][0]
    assert selections(held, 31) == {}
    assert "No edition is held" in held.run("hold", now=AT.format(31)).out


def test_the_editor_gets_the_mail_itself_and_what_can_be_done(held: Place) -> None:
    shown = {str(one["Subject"]): one for one in notices(held)}
    assert len(shown) == 4
    for one in shown.values():
        assert one["To"] == "editor@example.org"
        text, attached = one.iter_parts()
        assert isinstance(text, EmailMessage)
        words = text.get_content().replace("\r\n", "\n")
        assert "goes to 1 reader and the feed at 2026-06-02 20:30 UTC" in words
        profile = next(name for name in READERS if f"digest hold --stop {name}\n" in words)
        assert attached.get_content_type() == "message/rfc822"
        (inner,) = attached.iter_parts()
        assert inner["To"] == "editor@example.org"
        assert f"{READERS[profile]}@" not in inner.as_string(), "no reader's own links"
        titles = [line.split(maxsplit=2)[2] for line in words.partition("Its papers:")[2].strip().splitlines()]
        body = inner.get_body(("plain",)).get_content()
        places = [" ".join(body.split()).find(title[:40]) for title in titles]
        assert -1 not in places
        assert places == sorted(places)


def test_dropping_stopping_and_releasing(held: Place) -> None:
    before = selections(held, 1)
    gone = before["trending"]["papers"][1]
    having = {name for name, one in before.items() if gone in one["papers"]}
    ran = held.run("hold", "--drop", f"https://arxiv.org/abs/{gone}", "--json", now=AT.format(5))
    assert ran.code == 0, ran.err
    assert len(json.loads(ran.out)["amended"]) == 2 * len(having)
    assert json.loads(ran.out)["stopped"] == []
    assert held.run("hold", "--drop", gone, now=AT.format(6)).code == 2
    assert held.run("hold", "--stop", "robots", now=AT.format(7)).code == 0
    assert held.run("hold", "--release", before["trust"]["editions"][1], now=AT.format(8)).code == 0
    assert outbox(held) == {"held": 2, "stopped": 1, "pending": 1}
    for reader, day, why in (("ada", "02", "waits for an editor"), ("alan", "03", "an editor stopped it")):
        refused = held.run("resend", f"{reader}@example.org", "--date", f"2026-06-{day}", "--again", now=AT.format(8))
        assert (refused.code, why in refused.out) == (4, True), "nothing passes the editor by"
    assert {name: one["state"] for name, one in selections(held, 9).items()} == {
        "trending": "new" if "trending" in having else "told",
        "small-models": "new" if "small-models" in having else "told",
        "trust": "new" if "trust" in having else "told",
        "robots": "stopped",
    }
    assert held.run("hold", "--stop", "robots", now=AT.format(9)).code == 4
    assert held.run("hold", "--stop", "rowboats", now=AT.format(9)).code == 2
    held.run("run", now=AT.format(10))
    assert len(notices(held)) == 4 + len(having - {"robots"}), "what was amended is shown again"
    assert held.run("hold", "--release", "all", now=AT.format(11)).code == 0
    assert held.run("run", now=AT.format(12)).code == 0
    assert outbox(held) == {"sent": 3, "stopped": 1}
    (mail,) = (parsed(path) for path in held.mails() if "ada@" in path.name)
    body = mail.get_body(("plain",))
    assert body is not None
    assert gone not in body.get_content()
    assert feed(held, "robots") == []
    assert feed(held, "trending") == [one for one in before["trending"]["papers"] if one != gone]
    assert "left out by an editor" in held.run("explain", gone, "trending", "--address", "ada@example.org").out
    assert "stopped" in held.run("hold", now=AT.format(13)).out
    assert held.run("hold", "--release", "all", now=AT.format(13)).code == 4


def test_what_has_not_left_is_got_back(stocked: Place) -> None:
    """Two of four mails went out, when the editor sees that a paper must not, and that one list is all wrong."""
    stocked.set('zone = "Asia/Tokyo"', 'zone = "UTC"')  # one date for all
    with Sink(script={"RCPT": ["450 4.2.1 busy"] * 2}) as server:
        stocked.set('kind = "directory"', f'kind = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"')
        assert stocked.run("run", now=AT.format(0)).code == 1
        assert outbox(stocked) == {"sent": 2, "deferred": 2}
        recalled = json.loads(stocked.run("hold", "--recall", "all", "--json", now=AT.format(2)).out)
        assert (len(recalled["recalled"]), recalled["gone"]) == (2, 2)
        assert stocked.run("run", now=AT.format(59)).code == 4, "nothing goes by itself for an hour"
        kept, bad = (selections(stocked, 59)[one.partition("/")[0]] for one in recalled["recalled"])
        gone = kept["papers"][0]
        stopped = stocked.run("hold", "--stop", bad["profile"], now=AT.format(59))
        assert stopped.out.startswith("Stopped: 1 edition.\n")
        assert stocked.run("hold", "--drop", gone, now=AT.format(59)).code == 0
        assert stocked.run("hold", "--release", kept["profile"], now=AT.format(59)).code == 0
        assert stocked.run("run", now=AT.format(59)).code == 0
        assert outbox(stocked) == {"sent": 3, "stopped": 1}
        told = stocked.run("hold", "--recall", "all", now=AT.format(59))
        assert (told.code, told.out) == (4, "There is none that waits.\n")
        title = json.loads(stocked.run("show", gone, "--json").out)["title"][:30]
        last = email.message_from_bytes(server.received[-1].content, policy=email.policy.default).get_body(("plain",))
        assert title not in " ".join(last.get_content().split())  # type: ignore[union-attr]


def test_what_is_amended_keeps_its_message_id_and_new_ones_have_the_senders_domain(held: Place) -> None:
    held.set('sender = "digest@example.org"', 'sender = "digest@papers.example.net"')
    gone = selections(held, 1)["trending"]["papers"][1]
    assert held.run("hold", "--drop", gone, now=AT.format(5)).code == 0
    assert held.run("run", now=AT.format(40)).code == 0, "made with the bytes that were decided on"
    assert outbox(held) == {"sent": 4}
    messages = json.loads(held.run("outbox", "--json").out)["messages"]
    assert {one["message_id"].partition("@")[2] for one in messages} == {"example.org"}
    tried = held.run("test-send", "bob@example.org", now="2026-06-03T20:00:00+00:00")
    (mail,) = (parsed(path) for path in held.mails() if "bob@" in path.name)
    assert str(mail["Message-ID"]).endswith("@papers.example.net>"), tried.err


def test_pages_of_what_does_not_go_out_are_taken_away(held: Place) -> None:
    def pages() -> set[str]:
        return {path.name for path in (held.folder / "out" / "archive").glob("*.html")}

    def holding(paper: str) -> set[str]:
        title = json.loads(held.run("show", paper, "--json").out)["title"][:30]
        archive = held.folder / "out" / "archive"
        return {name for name in pages() if title in html.unescape((archive / name).read_text())}

    found = selections(held, 1)
    gone = found["trending"]["papers"][0]
    assert holding(gone), "of readers, and of the editor"
    assert held.run("hold", "--drop", gone, now=AT.format(5)).code == 0
    assert not holding(gone)
    alone = set(found["robots"]["papers"]) - {
        one for name in found if name != "robots" for one in found[name]["papers"]
    }
    (paper, *_) = sorted(alone - {gone})
    assert holding(paper)
    assert held.run("hold", "--stop", "robots", now=AT.format(6)).code == 0
    assert not holding(paper)
    held.run("run", now=AT.format(40))
    mails = [path.read_text() for path in held.folder.glob("out/mail/*.txt") if "notice-" not in path.name]
    linked = [name for name in pages() if any(name in mail for mail in mails)]
    assert len(mails) == len(linked) == 3, "those that went out have their pages"


def test_an_editor_who_cannot_be_reached_is_told_by_the_next_run(stocked: Place) -> None:
    with Sink(script={"RCPT": ["450 4.2.1 busy"]}) as server:
        stocked.set('kind = "directory"', f'kind = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"')
        stocked.set("# hold_minutes = 0", "hold_minutes = 30")
        stocked.set("# editor =", "editor =")
        assert stocked.run("run", now=AT.format(0)).code == 1
        assert stocked.run("run", now=AT.format(1)).code in (0, 4)
        assert len(server.received) == 4
        assert len({message.content for message in server.received}) == 4
        stocked.run("run", now=AT.format(40))
        assert len(server.received) == 8


def test_a_hold_longer_than_the_patience_with_servers_is_refused(place: Place) -> None:
    place.set("# hold_minutes = 0", "hold_minutes = 120")
    place.set("# give_up_after_hours = 48", "give_up_after_hours = 2")
    ran = place.run("status")
    assert ran.code == 2
    assert "hold_minutes is not less than give_up_after_hours" in ran.err


def test_killed_between_showing_and_remembering(stocked: Place) -> None:
    stocked.set("# hold_minutes = 0", "hold_minutes = 30")
    stocked.set("# editor =", "editor =")
    command = ("--config", stocked.config, "--now", AT.format(0), "run")
    assert killed.run(stocked.folder / "log", *command, point="digest.store:Store.tell:before:2") == -signal.SIGKILL
    before = {path: path.read_bytes() for path in stocked.mails()}
    assert len(before) == 2
    stocked.run("run", now=AT.format(1))
    assert len(notices(stocked)) == 4
    assert before.items() <= {path: path.read_bytes() for path in stocked.mails()}.items(), "shown twice, the same"
    assert outbox(stocked) == {"held": 4}
    stocked.run("run", now=AT.format(30))
    assert outbox(stocked) == {"sent": 4}


# --- leaving a paper out -----------------------------------------------------------------------------------------


def edition(*items: Item) -> Edition:
    return Edition(
        subscription=subscription(),
        title="Reader",
        description="",
        date=date(2026, 6, 2),
        made_at=NOW,
        items=items,
        fresh=7,
    )


def item(number: int, section: Section | None = None, **given: Any) -> Item:
    one = replace(FIVE[number - 1], **given)
    return Item(paper=one, reasons=(), why="", section=section or Section())


OLD = {"first_seen": last_edition().made_at - timedelta(days=1)}
RISEN = Section(kind=SectionKind.RISEN)
WITHOUT = [
    ("the first of three", [item(1), item(2), item(3)], 1, [2, 3], 6),
    ("one that is not new", [item(1), item(2, **OLD)], 2, [1], 7),
    ("a late riser", [item(1), item(2, RISEN)], 2, [1], 7),
    ("the last", [item(1)], 1, None, 0),
    ("the last that is new", [item(1), item(2, **OLD), item(3, RISEN)], 1, None, 0),
]


@pytest.mark.parametrize(("items", "gone", "left", "fresh"), [one[1:] for one in WITHOUT], ids=[o[0] for o in WITHOUT])
def test_without_a_paper(items: list[Item], gone: int, left: list[int] | None, fresh: int) -> None:
    found = without(edition(*items), FIVE[gone - 1].id, last_edition())
    assert (found is None) == (left is None)
    if found and left:
        assert [one.paper.id for one in found.items] == [FIVE[number - 1].id for number in left]
        assert found.fresh == fresh


# --- the store ---------------------------------------------------------------------------------------------------


def test_an_editors_decisions_are_made_once(store: Store) -> None:
    papers = (a_paper("a"), a_paper("b"))
    for name in ("ada", "bo", "cy"):
        made = an_edition(name, papers=papers)
        waiting = an_item(made, state=OutboxState.HELD, next_at=NOW + HOUR, message_id=name)
        assert enqueue(store, made, waiting, NOW, NOW + HOUR)
    ids = [an_edition(name).id for name in ("ada", "bo", "cy")]
    assert [hold for hold, _ in store.held()] == [
        Hold(edition_id=one, state=HoldState.NEW, until=NOW + HOUR) for one in ids
    ]
    assert store.editions("ada", 9) == ()
    assert tuple(store.due(NOW + 2 * HOUR)) == ()
    store.tell(ids)
    assert {hold.state for hold, _ in store.held()} == {HoldState.TOLD}

    ada = replace(an_edition("ada", papers=papers[1:]))
    assert store.amend([Posting(edition=ada), Posting(edition=an_edition("nobody"))], "a") == {ids[0]}
    assert store.edition(ids[0]) == ada
    assert store.shown("ada")["a"] == Shown(on=ada.date, kind=SectionKind.DROPPED)
    assert store.stop([ids[1]], "no") == {ids[1]}
    assert store.stop([ids[1]], "no") == frozenset()
    assert store.release([ids[1]], NOW) == frozenset()
    assert store.amend([Posting(edition=an_edition("bo"))], "a") == frozenset()
    assert store.shown("bo") == {}
    assert store.release([ids[2]], NOW) == {ids[2]}
    assert [one.message_id for one in tuple(store.due(NOW))] == ["cy"]
    assert store.end_holds(NOW) == 0
    assert store.end_holds(NOW + HOUR) == 1
    assert [one.message_id for one in tuple(store.due(NOW + HOUR))] == ["cy", "ada"]
    assert len(store.editions("ada", 9)) == 1
    assert store.editions("bo", 9) == ()
    assert [(one.edition_id, one.state) for one, _ in store.held(tuple(HoldState))] == [(ids[1], HoldState.STOPPED)]
    assert store.outbox((OutboxState.STOPPED,))[0].reply == "no"


def test_what_a_sender_has_in_hand_is_got_back_too_and_what_may_have_left_is_not(store: Store) -> None:
    made = {name: an_edition(name) for name in ("x/ada", "x/bo", "x/cy", "xx/di")}
    for name, edition in made.items():
        assert enqueue(store, edition, an_item(edition, message_id=name), NOW)
    with store.ledger(lambda: 0.0) as ledger:
        assert len(ledger.claim(NOW, 4)) == 4
        lost = Delivery(message_id="x/ada", at=NOW, state=OutboxState.UNKNOWN, next_at=NOW)
        assert ledger.turn(None, intent("x/ada")) == (False, True)
        assert ledger.turn(lost, intent("x/bo")) == (True, True)
        recalled = store.recall("x", NOW + HOUR)
        assert recalled == ({made["x/cy"].id}, {OutboxState.SENDING: 1, OutboxState.DEFERRED: 1})
        assert ledger.turn(Delivery(message_id="x/bo", at=NOW, state=OutboxState.SENT), intent("x/cy")) == (True, False)
    assert {one.message_id: one.state.value for one in store.outbox()} == {
        "x/ada": "deferred",
        "x/bo": "sent",
        "x/cy": "held",
        "xx/di": "pending",
    }
    assert store.requeue("x/bo", NOW)
    assert store.recall("x", NOW) == (frozenset(), {}), "a second copy of what left"
    assert store.recall(made["xx/di"].id, NOW) == ({made["xx/di"].id}, {})
    assert store.end_holds(NOW) == 1


def intent(message: str) -> Intent:
    return Intent(message_id=message, address="x@example.org", subscription_id=message, at=NOW)
