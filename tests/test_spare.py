"""A server that returns very many mails as dead: who is spared, and what goes out again when it is well, once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import pytest
from conftest import Place
from returned_mails import dsn
from smtp_sink import Received, Sink
from stores import NOW, an_edition, an_item, enqueue
from test_returns import returns, suppressed

from digest.errors import StoreError
from digest.model import Delivery, Intent, OutboxState, Suppression
from digest.store import Store

SENT, READ, RESUMED, BACK_AGAIN = (f"2026-06-02T{hour}:00:00+00:00" for hour in (20, 21, 22, 23))
READERS = [f"{number}@small.example" for number in range(24)]
DEAD = READERS[:22]


@dataclass(frozen=True)
class Here:
    """A place that has mailed all its readers by a real server, which remembers what it took."""

    place: Place
    sink: Sink

    def mails(self, reader: str) -> list[Received]:
        return [one for one in self.sink.received if one.recipients == (reader,)]

    def back(self, reader: str, *, named: bool = True, hour: int = 20) -> bytes:
        """The reader's last mail as it comes back, in words that are of no other; `named` if it says which it is."""
        mail = message_from_bytes(self.mails(reader)[-1].content)
        own = mail["List-Unsubscribe"].partition("?subject=")[2].partition(">")[0]
        return dsn(
            to=f"bounce+{own}@example.org",
            recipient=reader,
            original=f"Message-ID: {mail['Message-ID']}\n" if named else "Subject: cut off\n",
            date=f"Tue, 02 Jun 2026 {hour}:30:00 +0000",
            diagnostic=f"smtp; 550 5.1.1 unknown, {reader} {hour}",
        )

    def read(self, *contents: bytes, now: str = READ, dry: bool = False) -> dict[str, Any]:
        """What `digest bounce` says of these, without the mails themselves."""
        box = returns(self.place, *contents)
        told = json.loads(self.place.run("bounce", box, "--json", *(["--dry-run"] if dry else []), now=now).out)
        return {name: value for name, value in told.items() if name != "read"}

    def why(self, reader: str, on: str = "2026-06-02", now: str = READ) -> dict[str, Any]:
        told = json.loads(self.place.run("why", reader, on, "--json", now=now).out)
        return {**told, **told["subscriptions"][0]}

    def outbox(self) -> Counter[str]:
        messages = json.loads(self.place.run("outbox", "--domain", "small.example", "--json").out)["messages"]
        return Counter(one["state"] for one in messages)

    def resume(self) -> str:
        return self.place.run("outbox", "--resume", "small.example", now=RESUMED).out

    def number_of_mails(self, readers: Sequence[str]) -> set[int]:
        return {len(self.mails(one)) for one in readers}


@pytest.fixture
def here(stocked: Place) -> Iterator[Here]:
    rows = "".join(f"{one},trending,daily,07:00,UTC\n" for one in READERS)
    (stocked.folder / "config" / "readers.csv").write_text("address,profile,cadence,at,zone\n" + rows)
    stocked.set('# subscriptions = "readers.csv"', 'subscriptions = "readers.csv"')
    with Sink() as sink:
        stocked.set('kind = "directory"', f'kind = "smtp"\nhost = "127.0.0.1"\nport = {sink.port}\nsecurity = "none"')
        assert stocked.run("run", now=SENT).code == 0
        yield Here(stocked, sink)


def test_what_came_back_goes_out_again_when_the_domain_is_well(here: Here) -> None:
    found = [here.back(one) for one in DEAD]
    dry = here.read(*found, dry=True)
    assert here.outbox() == {"sent": 24} and suppressed(here.place) == {}
    assert here.place.run("outbox").code == 0, "nothing is stopped by a dry run"
    ran = here.place.run("bounce", here.place.folder / "Returns", "--dry-run", now=READ)
    assert "22 mails that came back wait in the outbox, to be sent again. Nothing goes there until you say" in ran.out
    assert "domain_stopped" not in ran.err
    told = here.read()
    assert dry == told, "a dry run tells what a real one does"
    (spared,) = told["spared"]
    numbers = {name: spared[name] for name in ("dead", "mailed", "stopped", "again", "late", "unsure")}
    assert numbers == {"dead": 22, "mailed": 24, "stopped": True, "again": 22, "late": 0, "unsure": 0}
    assert here.read()["spared"] == []
    assert suppressed(here.place) == {}
    assert here.outbox() == {"sent": 2, "pending": 22}
    assert "(22 messages wait)" in here.place.run("outbox").out
    assert "(22 messages wait)" in here.place.run("status").out
    why = here.why(DEAD[0])
    assert why["told"].startswith("waiting to be sent when `digest outbox --resume small.example` says")
    assert "after it had come back once (hard): it came back: bounced: 5.1.1" in why["told"]
    assert why["suppressions"] == [] and len(why["lifted"]) == 1
    ran = here.place.run("why", DEAD[0], "2026-06-02", now=READ)
    assert "Suppressed from 2026-06-02 21:00 to 2026-06-02 21:00 UTC: 0@small.example: bounced: 5.1.1" in ran.out
    here.place.run("deliver", now=READ)
    assert here.number_of_mails(READERS) == {1}, "nothing goes to a domain that is stopped"
    assert "small.example gets mail again; 22 messages wait for the next `digest deliver`." in here.resume()
    assert here.place.run("deliver", now=RESUMED).code == 0
    for one in DEAD:
        first, second = here.mails(one)
        assert first.content == second.content, "the same bytes"
    assert here.number_of_mails(READERS[22:]) == {1}, "not to those who have it"
    assert here.why(DEAD[0], now=RESUMED)["told"].startswith("sent, after it had come back once (hard): 250")
    here.read(*found, now=RESUMED)
    here.place.run("deliver", now=RESUMED)
    assert here.number_of_mails(DEAD) == {2}


def test_those_that_come_back_late_go_out_again_too(here: Here) -> None:
    here.read(*(here.back(one) for one in DEAD))
    here.resume()
    (spared,) = here.read(here.back(READERS[22]), now=RESUMED)["spared"]
    assert (spared["stopped"], spared["dead"], spared["mailed"], spared["again"]) == (False, 23, 24, 1)
    here.place.run("deliver", now=RESUMED)
    assert (here.number_of_mails(READERS[:23]), here.number_of_mails(READERS[23:])) == ({2}, {1})


def test_who_is_dead_is_suppressed_when_the_mail_comes_back_once_more(here: Here) -> None:
    """Of the same day, on which so many came back: but these are of the second sending."""
    here.read(*(here.back(one) for one in DEAD))
    here.resume()
    here.place.run("deliver", now=RESUMED)
    assert here.read(*(here.back(one, hour=22) for one in DEAD[:3]), now=BACK_AGAIN)["spared"] == []
    assert set(suppressed(here.place)) == set(DEAD[:3])
    assert here.why(DEAD[0], now=BACK_AGAIN)["told"].startswith(
        "sent, after it had come back once (hard), and came back (hard): 250"
    )
    here.place.run("deliver", now=BACK_AGAIN)
    assert here.number_of_mails(DEAD) == {2}


@pytest.mark.parametrize("twice", [True, False])
def test_what_came_back_twice_or_too_late_is_made_up_for_by_the_next_edition(here: Here, twice: bool) -> None:
    if twice:
        here.read(*(here.back(one) for one in DEAD))
        here.resume()
        here.place.run("deliver", now=RESUMED)
        (spared,) = here.read(*(here.back(one, hour=22) for one in DEAD), now=BACK_AGAIN)["spared"]
    else:
        (spared,) = here.read(*(here.back(one) for one in DEAD), now="2026-06-04T20:01:00+00:00")["spared"]
    numbers = {name: spared[name] for name in ("dead", "stopped", "again", "late")}
    assert numbers == {"dead": 22, "stopped": True, "again": 0, "late": 22}
    assert here.outbox() == {"sent": 2, "failed": 22} and suppressed(here.place) == {}
    before = here.why(DEAD[0])
    assert "given up, so that its papers count as not shown; it came back: bounced: 5.1.1" in before["told"]
    here.resume()
    here.place.run("run", now="2026-06-05T08:00:00+00:00")
    assert set(before["papers"]) & set(here.why(DEAD[0], "2026-06-05")["papers"])
    assert not set(before["papers"]) & set(here.why(READERS[-1], "2026-06-05")["papers"])
    assert here.number_of_mails(DEAD) == {3 if twice else 2}


@pytest.mark.parametrize("after_crash", ["resend", "hold"])
def test_a_bounce_that_names_no_mail_is_taken_as_the_settings_say(here: Here, after_crash: str) -> None:
    here.place.set('# after_crash = "resend"', f'after_crash = "{after_crash}"')
    (spared,) = here.read(*(here.back(one, named=False) for one in DEAD))["spared"]
    resent = after_crash == "resend"
    assert (spared["again"], spared["unsure"]) == ((22, 0) if resent else (0, 22))
    assert here.outbox() == {"sent": 2, "pending" if resent else "unknown": 22}
    attempts = here.why(DEAD[0])["attempts"]
    assert [one["state"] for one in attempts] == ["sent", "unknown"], "so that no edition repeats its papers"
    here.resume()
    if not resent:
        here.place.run("deliver", now=RESUMED)
        assert here.number_of_mails(READERS) == {1}
        assert here.place.run("resend", here.why(DEAD[0])["message_id"], now=RESUMED).code == 0
    here.place.run("deliver", now=RESUMED)
    assert len(here.mails(DEAD[0])) == 2
    assert here.read(now=BACK_AGAIN)["spared"] == []
    assert here.read(*(here.back(one, named=False, hour=22) for one in DEAD[:1]), now=BACK_AGAIN)["spared"] == []
    assert set(suppressed(here.place)) == set(DEAD[:1])


def test_nothing_goes_again_to_who_left_paused_or_must_not_be_mailed(here: Here) -> None:
    left, paused, barred = DEAD[:3]
    file = here.place.folder / "config" / "readers.csv"
    file.write_text(file.read_text().replace(f"\n{left},trending,daily,07:00,UTC", ""))
    assert here.place.run("pause", paused, "--until", "2026-06-20", now=READ).code == 0
    here.place.run("suppress", barred, now=READ)
    told = here.place.run("bounce", returns(here.place, *(here.back(one) for one in DEAD)), now=READ)
    assert "22 of 24 mails of 2026-06-02 came back as dead. Rather its server errs" in told.out
    assert "19 mails that came back wait in the outbox, to be sent again." in told.out
    assert "1 came back too late or twice and are given up: their papers count as not shown." in told.out
    assert "Nothing goes there until you say `digest outbox --resume small.example`." in told.out
    here.resume()
    here.place.run("deliver", now=RESUMED)
    assert (here.number_of_mails(DEAD[:3]), here.number_of_mails(DEAD[3:])) == ({1}, {2})


def test_a_reader_of_two_profiles_gets_both_again(here: Here) -> None:
    """In other words each, as of a server that numbers its answers."""
    file = here.place.folder / "config" / "readers.csv"
    file.write_text(file.read_text() + "".join(f"{one},robots,daily,07:00,UTC\n" for one in DEAD))
    here.place.run("run", now=SENT)
    assert here.number_of_mails(DEAD) == {2}
    contents = []
    for one in DEAD:
        last = here.back(one)
        other = message_from_bytes(here.mails(one)[0].content)["Message-ID"]
        mine = message_from_bytes(here.mails(one)[1].content)["Message-ID"]
        first = last.replace(mine.encode(), other.encode()).replace(f"{one} 20".encode(), f"{one} also".encode())
        contents += [first, last]
    (spared,) = here.read(*contents)["spared"]
    assert (spared["dead"], spared["mailed"], spared["again"]) == (22, 24, 44)
    assert suppressed(here.place) == {}


def test_a_mail_that_waited_has_not_come_back_for_a_late_bounce_that_names_none(here: Here) -> None:
    """It goes out when the domain is well again, after that bounce was written."""
    first = [here.back(one, named=False) for one in DEAD]
    here.read(*first)
    lines = ['{"listing": {"source": "lab", "as_of": "2026-06-03", "daily": true}}', '{"title": "Kites of paper"}']
    (here.place.folder / "inbox" / "lab.jsonl").write_text("\n".join(lines))
    here.place.run("run", now="2026-06-03T20:00:00+00:00")
    again = [one.replace(b"02 Jun 2026 20:30", b"03 Jun 2026 20:30").replace(b" 20\n", b" also\n") for one in first]
    (spared,) = here.read(*again, now="2026-06-03T21:00:00+00:00")["spared"]
    assert len(spared["addresses"]) == len(DEAD)
    here.place.run("outbox", "--resume", "small.example", now="2026-06-03T22:00:00+00:00")
    here.place.run("deliver", now="2026-06-03T22:00:00+00:00")
    went = [one.content for one in here.mails(DEAD[0])]
    assert len(went) > 1 and went[-1] not in went[:-1], "the next edition"
    here.read(now="2026-06-03T23:00:00+00:00")
    here.place.run("deliver", now="2026-06-03T23:00:00+00:00")
    assert [one.content for one in here.mails(DEAD[0])] == went


def test_a_second_report_of_the_first_sending_tells_nothing_of_the_second(here: Here) -> None:
    """From another server on the way, after the mail was put back and before it went once more."""
    here.read(*(here.back(one) for one in DEAD))
    second = [here.back(one).replace(b"20:30:00", b"21:30:00").replace(b" 20\n", b" also\n") for one in DEAD]
    here.resume()
    here.place.run("deliver", now=RESUMED)
    (spared,) = here.read(*second, now=BACK_AGAIN)["spared"]
    assert (spared["again"], spared["late"], spared["unsure"]) == (0, 0, 0)
    assert here.outbox() == {"sent": 24} and suppressed(here.place) == {}


def test_nobody_may_be_mailed_again_before_the_domain_is_stopped(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise StoreError("the disk is full")

    box = returns(here.place, *(here.back(one) for one in DEAD))
    with monkeypatch.context() as patch:
        patch.setattr(Store, "stop_domain", fails)
        assert here.place.run("bounce", box, now=READ).code == 2
    assert set(suppressed(here.place)) == set(DEAD) and here.outbox() == {"sent": 24}
    (spared,) = here.read()["spared"]
    assert (spared["stopped"], spared["again"]) == (True, 22)


# --- the store ---------------------------------------------------------------------------------------------------


def test_what_is_taken_back_was_sent_and_is_sent_again_or_not(store: Store) -> None:
    later, states = NOW + timedelta(hours=1), (OutboxState.PENDING, OutboxState.FAILED, OutboxState.UNKNOWN)
    told = [Delivery(message_id=str(number), at=later, state=one, reply="back") for number, one in enumerate(states)]
    for one in told:
        edition = an_edition(f"trending/{one.message_id}@example.org")
        item = an_item(edition, message_id=one.message_id, address=f"{one.message_id}@example.org", attempts=1)
        enqueue(store, edition, replace(item, state=OutboxState.SENT), NOW)
    assert store.take_back(told, {"0", "2"}) == tuple(told)
    assert store.take_back(told, {"0", "2"}) == (), "as they are not as they were"
    items = [store.outbox_item(one.message_id) for one in told]
    assert [(one.state, one.reply, one.queued_at) for one in items if one] == [
        (OutboxState.PENDING, "back", later),
        (OutboxState.FAILED, "back", None),
        (OutboxState.UNKNOWN, "back", None),
    ]
    attempts = [[(each.state, each.next_at) for each in store.deliveries(one.message_id)] for one in told]
    assert attempts == [[(OutboxState.UNKNOWN, later)], [(OutboxState.FAILED, None)], [(OutboxState.UNKNOWN, None)]]
    (due,) = store.due(later)
    assert due.message_id == "0"
    with store.ledger(lambda: 0.0) as ledger:
        assert ledger.claim(later, 1)
        ledger.turn(None, Intent(message_id="0", address=due.address, subscription_id=due.subscription_id, at=later))
        assert store.mailed_on("example.org", NOW.date(), again=True) == 0, "not yet"
        ledger.turn(Delivery(message_id="0", at=later, state=OutboxState.SENT), None)
    assert store.mailed_on("example.org", NOW.date(), again=True) == 1


def test_what_is_undone_is_seen_until_then(store: Store) -> None:
    edition = an_edition()
    barred = Suppression(address="ada@example.org", reason="bounced", since=NOW)
    with store.undone():
        assert enqueue(store, edition, an_item(edition, state=OutboxState.SENT), NOW)
        assert store.suppress(barred) and not store.suppress(barred)
        assert store.mailed_on("example.org", NOW.date()) == 1
        assert store.suppressions() == (barred,)
    with pytest.raises(RuntimeError), store.undone():
        store.stop_domain("example.org", "no")
        raise RuntimeError
    assert (store.suppressions(), store.outbox(), store.destinations()) == ((), (), ())
    assert store.suppress(barred)
    assert store.lifted("ada@example.org") is None and store.unsuppress(["ada@example.org"], NOW + timedelta(days=1))


def test_what_is_written_at_once_is_written_whole_or_not_at_all(store: Store) -> None:
    barred = Suppression(address="ada@example.org", reason="bounced", since=NOW)
    with store.at_once():
        store.suppress(barred)
        store.stop_domain("example.org", "no")
        assert store.suppressions() == (barred,), "it sees what it wrote"
    assert [one.name for one in store.destinations()] == ["example.org"]
    with pytest.raises(RuntimeError), store.at_once():
        store.resume("example.org")
        store.unsuppress([barred.address], NOW)
        raise RuntimeError
    with store.undone(), store.at_once():
        store.resume("example.org")
    assert store.suppressions() == (barred,) and store.destinations()
