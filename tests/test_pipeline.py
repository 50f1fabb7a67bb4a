"""Deliveries that do not go well, against a real mail server: deferred, refused, given up, held back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import Place
from smtp_sink import HANG_UP, Sink

from digest.store import Store

MORNING = "2026-06-02T20:00:00+00:00"
TOO_SOON = "2026-06-02T20:04:00+00:00"
LATER = "2026-06-02T20:06:00+00:00"
MUCH_LATER = "2026-06-05T20:06:00+00:00"


def over(place: Place, port: int) -> Place:
    """The same place, mailing by SMTP."""
    place.set('kind = "directory"', f'kind = "smtp"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"')
    return place


def outbox(place: Place) -> dict[str, int]:
    states: dict[str, int] = json.loads(place.run("status", "--json").out)["outbox"]
    return {state: number for state, number in states.items() if number}


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as server:
        yield server


def test_all_well(published: Place, sink: Sink) -> None:
    assert over(published, sink.port).run("run").code == 0
    assert outbox(published) == {"sent": 4}
    assert len(sink.received) == 4
    assert sink.connections == 1, "one connection for all"


def test_a_temporary_refusal_is_tried_again_later_with_the_same_bytes(published: Place) -> None:
    with Sink(script={"DOT": ["451 4.3.0 come back"]}) as server:
        ran = over(published, server.port).run("run", now=MORNING)
        assert ran.code == 1
        assert "come back" in ran.out
        assert outbox(published) == {"sent": 3, "deferred": 1}
        template = published.folder / "templates"
        template.mkdir()
        (template / "mail.txt.j2").write_text("changed since\n")
        published.set('# templates = "../templates"', 'templates = "../templates"')
        assert published.run("run", now=TOO_SOON).code == 4
        assert published.run("run", now=LATER).code == 0
    assert outbox(published) == {"sent": 4}
    assert len({message.recipients for message in server.received}) == 4
    assert not any(b"changed since" in message.content for message in server.received)


def test_a_dead_address_is_never_mailed_again(published: Place) -> None:
    with Sink(script={"RCPT": ["550 5.1.1 no such person"]}) as server:
        assert over(published, server.port).run("run").code == 1
    assert outbox(published) == {"sent": 3, "failed": 1}
    suppressed = json.loads(published.run("suppress", "--json").out)
    assert len(suppressed) == 1
    assert "5.1.1" in suppressed[0]["reason"]


def test_a_refused_message_does_not_condemn_its_reader(published: Place) -> None:
    with Sink(script={"DOT": ["554 5.6.0 not this one"]}) as server:
        assert over(published, server.port).run("run").code == 1
    assert outbox(published) == {"sent": 3, "failed": 1}
    assert json.loads(published.run("suppress", "--json").out) == []


def test_a_domain_that_refuses_by_policy_is_stopped_until_the_operator_resumes_it(published: Place) -> None:
    with Sink(script={"RCPT": ["550 5.7.1 we do not know you"]}) as server:
        assert over(published, server.port).run("run", now=MORNING).code == 1
        assert outbox(published) == {"deferred": 1, "pending": 3}
        assert json.loads(published.run("suppress", "--json").out) == []
        again = published.run("deliver", now=LATER)
        assert again.code == 1
        assert "4 messages wait, as their domains are stopped: example.org" in again.out
        assert outbox(published) == {"deferred": 1, "pending": 3}, "nothing goes there by itself"
        seen = published.run("outbox", "--domain", "example.org")
        assert seen.code == 1
        assert "digest outbox --resume example.org" in " ".join(seen.out.split())
        assert "ada@" not in seen.out
        assert "we do not know you" in published.run("status").out
        ran = published.run("outbox", "--resume", "Example.org", "--json")
        assert (ran.code, json.loads(ran.out)) == (0, [{"domain": "example.org", "resumed": True, "waiting": 4}])
        ran = published.run("outbox", "--resume", "example.org", "--json")
        assert (ran.code, json.loads(ran.out)) == (4, [{"domain": "example.org", "resumed": False, "waiting": 4}])
        assert "was not stopped" in published.run("outbox", "--resume", "example.org").out
        assert published.run("deliver", now=LATER).code == 0
    assert outbox(published) == {"sent": 4}
    assert len(server.received) == 4


def test_a_full_mailbox_counts_once_a_message_until_that_arrives(published: Place) -> None:
    published.set("# give_up_after_hours = 48", "give_up_after_hours = 100")
    soft: list[list[str]] = []
    with Sink(script={"RCPT": ["452 4.2.2 full"] * 4}) as server:
        assert over(published, server.port).run("run", now=MORNING).code == 1
        assert outbox(published) == {"deferred": 4}, "a full mailbox says nothing of its domain"
        soft.append(failing(published))
    with Sink(port=server.port, script={"RCPT": ["552 5.2.2 still full"]}):
        assert published.run("deliver", now=MUCH_LATER).code == 1
        soft.append(failing(published))
    assert outbox(published) == {"deferred": 1, "sent": 3}
    assert [len(one) for one in soft] == [4, 1], "what arrived in the end did not bounce"


def failing(place: Place) -> list[str]:
    """The addresses with soft bounces, each counted once."""
    with closing(Store.open(f"sqlite:///{place.folder / 'state' / 'digest.db'}")) as store:
        found = store.failing(datetime(2026, 1, 1, tzinfo=UTC))
        assert all(len(store.bounces(one)) == 1 for one in found)
        return list(found)


def test_cut_after_the_message_is_settled_by_the_policy(published: Place) -> None:
    published.set('# after_crash = "resend"', 'after_crash = "hold"')
    with Sink(script={"DOT": [HANG_UP]}) as server:
        assert over(published, server.port).run("run", now=MORNING).code == 1
        assert outbox(published) == {"sent": 3, "unknown": 1}
        assert published.run("deliver", now=LATER).code == 0
        held = json.loads(published.run("outbox", "--state", "unknown", "--json").out)["messages"][0]
        assert "may have been taken" in held["reply"]
        assert "…@" in held["address"]
        assert published.run("resend", held["message_id"]).code == 0
        assert published.run("deliver", now=LATER).code == 0
    assert outbox(published) == {"sent": 4}
    copies = [message.content for message in server.received]
    assert len(copies) == 5
    assert len(set(copies)) == 4, "the second copy is the same, to the byte"


def test_resend_refuses_what_was_sent_unless_told(published: Place, sink: Sink) -> None:
    over(published, sink.port).run("run")
    refused = published.run("resend", "ada@example.org", "--date", "2026-06-02")
    assert (refused.code, "--again" in refused.out, "ada@" in refused.out) == (4, True, False)
    assert published.run("resend", "ada@example.org").code == 2, "which of the days is not said"
    assert published.run("resend", "nobody@example.org", "--date", "2026-06-02").code == 2
    copy = ("ADA@example.org", "--date", "2026-06-02", "--again")
    published.run("suppress", "ada@example.org", "--reason", "asked by telephone")
    refused = published.run("resend", *copy)
    assert (refused.code, "must not be mailed (asked by telephone)" in refused.out) == (4, True)
    published.run("suppress", "ada@example.org", "--remove")
    assert published.run("resend", *copy).code == 0
    assert published.run("deliver").code == 0
    ada = [message.content for message in sink.received if message.recipients == ("ada@example.org",)]
    assert len(ada) == 2
    assert ada[0] == ada[1]


def test_a_message_can_be_named_by_what_the_outbox_prints(published: Place, sink: Sink) -> None:
    over(published, sink.port).run("run")
    ids = [one["message_id"] for one in json.loads(published.run("outbox", "--json").out)["messages"]]
    printed = published.run("outbox").out.splitlines()
    assert all(sum(one in line for line in printed) == 1 for one in ids), "whole, and in one line"
    assert published.run("resend", ids[0][:10], "--again").code == 0
    assert published.run("resend", ids[1][:3], "--again").code == 2
    assert published.run("resend", "f" * 10, "--again").code == 2
    published.run("deliver")
    assert len(sink.received) == 5


def test_several_connections_share_the_work(published: Place, sink: Sink) -> None:
    published.set("# connections = 1", "connections = 3")
    assert over(published, sink.port).run("run").code == 0
    assert outbox(published) == {"sent": 4}
    assert len({message.recipients for message in sink.received}) == len(sink.received) == 4


def test_a_program_like_sendmail_takes_the_messages(published: Place, tmp_path: Path) -> None:
    program = tmp_path / "sendmail"
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/taken\ncase "$*" in *ada@*) echo busy; exit 75;; *alan@*) exit 67;; esac\n'
        f'cat > "{tmp_path}/$5.eml"\n'
    )
    program.chmod(0o755)
    published.set('kind = "directory"', f'kind = "sendmail"\ncommand = ["{program}"]')
    assert published.run("run").code == 1
    assert outbox(published) == {"sent": 2, "deferred": 1, "failed": 1}
    assert [one["address"] for one in json.loads(published.run("suppress", "--json").out)] == ["alan@example.org"]
    assert (tmp_path / "taken").read_text().count("-i -f bounce+") == 4
    assert b"\r" not in (tmp_path / "grace@example.org.eml").read_bytes()


def test_without_a_server_the_rest_waits_and_nothing_is_lost(published: Place) -> None:
    with Sink() as gone:
        port = gone.port
    assert over(published, port).run("run", now=MORNING).code == 1
    assert outbox(published) == {"deferred": 3, "pending": 1}, "after three in vain the fourth is not tried"
    assert mail_gets_out(published) is False
    with Sink(port=port) as back:
        published.run("run", now=LATER)
        assert len(back.received) == 4
    assert outbox(published) == {"sent": 4}
    assert mail_gets_out(published) is True


def test_while_nothing_is_due_a_server_that_is_gone_is_no_success(published: Place) -> None:
    published.set("# hold_minutes = 0", "hold_minutes = 0\nretry_minutes = [30, 60]")
    with Sink() as gone:
        port = gone.port
    over(published, port).run("suppress", "emmy@example.org")
    assert published.run("deliver", now=MORNING).code == 1
    assert outbox(published)["deferred"] == 3
    published.run("deliver", now=TOO_SOON)  # settles the one that is suppressed, if it was not before
    nothing_due = published.run("run", now=LATER)
    assert nothing_due.code == 1
    told = "no message could be handed over, 3 messages wait"
    assert f"Mail does not get out: {told}" in nothing_due.out
    for command in ("deliver", "run"):
        said = json.loads(published.run(command, "--json", now=LATER).out)
        assert said["deliveries"] == [] and said["trouble"].startswith(told)
    assert mail_gets_out(published) is False


def mail_gets_out(place: Place) -> bool:
    """What status, figures and the doctor agree on."""
    told = json.loads(place.run("status", "--json").out)["phases"]["deliver"]
    success = any(
        'last_success_timestamp_seconds{phase="deliver"}' in one for one in place.run("metrics").out.splitlines()
    )
    sick = "deliver did not end well" in place.run("doctor").out
    assert told["ended_well"] is success is not sick
    assert told["ended_well"] == (told["outcome"] == "")
    return bool(told["ended_well"])


def test_a_message_that_never_gets_through_is_given_up(published: Place) -> None:
    with Sink(script={"RCPT": ["450 4.2.1 busy"] * 4}) as server:
        over(published, server.port).run("run", now=MORNING)
        assert outbox(published) == {"deferred": 3, "pending": 1}, "after three in a row the domain is left alone"
        gone = published.run("deliver", now=MUCH_LATER)
        assert gone.code == 1
        assert "given up after 48 hours: 127.0.0.1" in " ".join(gone.out.split())
    assert outbox(published) == {"failed": 1, "deferred": 2, "pending": 1}, "nothing is given up without a last try"
    assert server.received == []


def test_an_address_suppressed_after_composing_is_not_mailed(published: Place, sink: Sink) -> None:
    over(published, sink.port).run("suppress", "ada@example.org")
    assert published.run("deliver").code == 0
    assert outbox(published) == {"sent": 3, "suppressed": 1}
    assert "ada@example.org" not in {recipient for message in sink.received for recipient in message.recipients}


def test_a_maildir_gets_each_message_once(published: Place, tmp_path: Path) -> None:
    published.set('kind = "directory"', 'kind = "maildir"')
    published.set('folder = "../out/mail"', 'folder = "../Mail"')
    assert published.run("run").code == 0
    assert published.run("run").code == 4
    assert len(list((published.folder / "Mail" / "new").iterdir())) == 4
