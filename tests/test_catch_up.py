"""What never reached a reader: tried at least once, or made up for by one later edition; its papers were not shown."""

from __future__ import annotations

import email
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from time import monotonic

import pytest
from conftest import Place
from smtp_sink import Sink
from stores import DAY, HOUR, NOW, a_paper, an_edition, an_item, enqueue

from digest.cadence import wake
from digest.model import Delivery, Edition, Intent, OutboxState, Posting, Subscription
from digest.store import Store

PUBLISHED, DAYS_LATER = "2026-06-02T20:00:00+00:00", "2026-06-05T21:00:00+00:00"


def over(place: Place, port: int) -> Place:
    place.set('kind = "directory"', f'kind = "smtp"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"')
    return place


def papers(place: Place, address: str) -> list[tuple[str, frozenset[str]]]:
    """By date and papers the editions for an address whose message was sent, by what the outbox says."""
    found = []
    for day in (date(2026, 6, 2) + timedelta(days=number) for number in range(5)):
        told = json.loads(place.run("why", address, str(day), "--json", now=DAYS_LATER).out)["subscriptions"]
        found += [(str(day), frozenset(one["papers"])) for one in told if one["state"] == "sent"]
    return found


def test_after_days_without_a_run_one_merged_edition_and_none_lost(stocked: Place) -> None:
    """ada, grace and alan are due again; emmy's week has no later edition, so hers goes out late."""
    with Sink() as server:
        over(stocked, server.port).run("ingest", stocked.folder / "inbox", now=PUBLISHED)
        made = json.loads(stocked.run("publish", "--json", now=PUBLISHED).out)["editions"]
        first = {one["address"]: one for one in made if one["address"]}
        ran = stocked.run("run", now=DAYS_LATER)
        assert ran.code == 0, ran.out
    assert len(first) == len(server.received) == len({one.recipients for one in server.received}) == 4
    ada = papers(stocked, "ada@example.org")
    assert ada == [("2026-06-05", frozenset(first["ada@example.org"]["papers"]))], "what came since, ranked afresh"
    assert papers(stocked, "emmy@example.org")[0][0] == "2026-06-02"
    (text,) = (one.content for one in server.received if one.recipients == ("ada@example.org",))
    assert "Tue 2 Jun" in email.message_from_bytes(text).as_string().replace("=20", " ")
    told = stocked.run("why", "ada@example.org", "2026-06-02", now=DAYS_LATER).out
    assert "withdrawn: the edition of 2026-06-05 covers it" in told
    refused = stocked.run("resend", "ada@example.org", "--date", "2026-06-02", now=DAYS_LATER)
    assert (refused.code, "withdrawn, the edition of 2026-06-05 covers it" in refused.out) == (4, True)
    assert stocked.run("run", now="2026-06-05T21:05:00+00:00").code == 4


def test_what_failed_is_made_up_for(stocked: Place) -> None:
    with Sink(script={"DOT": ["554 5.6.0 not this one"] * 4}) as server:
        over(stocked, server.port).run("run", now=PUBLISHED)
        assert server.received == []
        first = json.loads(stocked.run("why", "ada@example.org", "2026-06-02", "--json").out)["subscriptions"]
        assert stocked.run("run", now="2026-06-03T21:00:00+00:00").code == 0
    assert ("ada@example.org",) in [one.recipients for one in server.received]
    assert papers(stocked, "ada@example.org") == [("2026-06-03", frozenset(first[0]["papers"]))]


def test_what_was_kept_from_a_barred_address_comes_when_it_may_be_mailed_again(stocked: Place) -> None:
    with Sink() as server:
        over(stocked, server.port).run("ingest", stocked.folder / "inbox", now=PUBLISHED)
        made = json.loads(stocked.run("publish", "--json", now=PUBLISHED).out)["editions"]
        stocked.run("suppress", "ada@example.org", now=PUBLISHED)
        stocked.run("deliver", now=PUBLISHED)
        stocked.run("suppress", "--remove", "ada@example.org", now=PUBLISHED)
        stocked.run("run", now="2026-06-03T21:00:00+00:00")
    (first,) = (frozenset(one["papers"]) for one in made if one["address"] == "ada@example.org")
    assert papers(stocked, "ada@example.org") == [("2026-06-03", first)]


def test_a_held_edition_goes_out_although_the_next_is_due(stocked: Place) -> None:
    stocked.set("# hold_minutes = 0", "hold_minutes = 30")
    stocked.run("run", now=PUBLISHED)
    stocked.run("run", now="2026-06-03T20:00:00+00:00")
    states = [one["state"] for one in json.loads(stocked.run("outbox", "--json").out)["messages"]]
    assert states.count("sent") == 4
    assert "withdrawn" not in states


def test_a_profile_under_a_new_name_keeps_its_readers(stocked: Place) -> None:
    """None is shown a paper again, and who ended the subscription by the link in the mail stays out."""
    stocked.run("run", now=PUBLISHED)
    grace = next(stocked.folder.glob("out/mail/*grace*.txt")).read_text()
    assert stocked.run("suppress", grace.partition("/u/")[2].split()[0], now=PUBLISHED).code == 0
    profiles = stocked.config.with_name("profiles.toml")
    text = profiles.read_text()
    for name in ("trending", "small-models"):
        text = text.replace(f"[{name}]", f'[new-{name}]\nformerly = "{name}"').replace(f"[{name}.", f"[new-{name}.")
        text = text.replace(f"[[{name}.", f"[[new-{name}.")
        stocked.set(f'"{name}"', f'"new-{name}"')
    profiles.write_text(text)
    lines = [{"listing": {"source": "lab", "as_of": "2026-06-03"}}, {"title": "On goats", "votes": 9}]
    (stocked.folder / "inbox" / "lab.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    assert stocked.run("run", now="2026-06-03T21:00:00+00:00").code == 0
    first, second = (had for _, had in papers(stocked, "ada@example.org"))
    assert second and not first & second
    told = stocked.run("why", "grace@example.org", "2026-06-03", now=DAYS_LATER).out
    assert "new-small-models: nothing: this subscription is on the suppression list" in told


def test_nothing_goes_to_an_address_that_was_taken_out_of_the_settings(stocked: Place) -> None:
    """Neither what waits for a server nor what waits for an editor; what another address was to get still goes."""
    stocked.set("# hold_minutes = 0", "hold_minutes = 30")
    stocked.set("ada@example.org", "Ada@example.org")
    with Sink(script={"RCPT": ["450 4.2.1 later"] * 3}) as server:
        over(stocked, server.port).run("run", now=PUBLISHED)
        stocked.set("Ada@example.org", "bea@example.org")
        assert stocked.run("deliver", now="2026-06-02T20:40:00+00:00").code == 1
        stocked.set("emmy@example.org", "noether@example.org")
        stocked.run("deliver", now="2026-06-03T01:00:00+00:00")
    gone = [one.recipients[0].lower() for one in server.received]
    assert len(gone) == 2 and not {"ada@example.org", "emmy@example.org"} & set(gone)
    told = stocked.run("why", "ada@example.org", "2026-06-02", now=DAYS_LATER).out
    assert "withdrawn: not in the settings any more" in told


# --- the store -------------------------------------------------------------------------------------------------

ADA, BEA = (
    Subscription(id=f"p/{name}@example.org", profile="p", address=f"{name}@example.org") for name in ("ada", "bea")
)
LATER = NOW + 24 * HOUR


@pytest.fixture
def made(store: Store) -> Iterator[tuple[Store, list[Edition]]]:
    """Two readers who were shown the same, their messages waiting."""
    marks = {"settings": "1", "zones": "1"}
    store.enroll((ADA, BEA), marks, lambda one, last: wake(one, last, NOW), lambda one: False, NOW)
    both = [replace(an_edition(one.id, DAY, (a_paper("1"),), made_at=NOW), subscription=one) for one in (ADA, BEA)]
    store.enqueue_all([Posting(edition=one, item=an_item(one)) for one in both], NOW)
    yield store, both


def send(store: Store, edition: Edition, *outcomes: OutboxState) -> None:
    item = an_item(edition)
    intent = Intent(message_id=item.message_id, address=item.address, subscription_id=item.subscription_id, at=NOW)
    for outcome in outcomes:
        with store.ledger(monotonic) as ledger:
            ledger.claim(LATER, 10)
            assert ledger.turn(None, intent) == (False, True)
            again = LATER if outcome is OutboxState.UNKNOWN else None
            ledger.turn(Delivery(message_id=item.message_id, at=NOW, state=outcome, next_at=again), None)


def test_what_failed_was_not_shown_to_that_reader_alone(made: tuple[Store, list[Edition]]) -> None:
    store, (ada, bea) = made
    send(store, ada, OutboxState.FAILED)
    send(store, bea, OutboxState.SENT)
    shown = store.shown_to([ADA.id, BEA.id])
    assert (set(shown[ADA.id]), set(shown[BEA.id])) == (set(), {"1"})
    first, second = store.enrolled([ADA.id, BEA.id])
    assert first.history != second.history, "they are not alike any more"
    assert (first.owed and first.owed.date, first.left, second.owed) == (DAY, None, None)
    assert store.requeue(an_item(ada).message_id, NOW)
    assert set(store.shown(ADA.id)) == {"1"}, "it may go after all"
    assert store.enrolled([ADA.id])[0].owed is None


def test_what_may_have_been_taken_was_shown(made: tuple[Store, list[Edition]]) -> None:
    store, (ada, _) = made
    send(store, ada, OutboxState.UNKNOWN, OutboxState.FAILED)
    assert set(store.shown(ADA.id)) == {"1"}
    assert store.enrolled([ADA.id])[0].owed is None


def test_only_what_no_sender_has_in_hand_and_could_have_gone_is_withdrawn(made: tuple[Store, list[Edition]]) -> None:
    store, (ada, bea) = made
    day, old = DAY + timedelta(days=1), NOW - 48 * HOUR
    due_since = an_item(ada).next_at
    assert store.withdraw([ADA.id], day, due_since, old) == {}, "it could not have gone before"
    with store.ledger(monotonic) as ledger:
        ledger.claim(LATER, 10)
        assert store.withdraw([ADA.id], day, LATER, old) == {}, "a sender has it in hand"
    assert store.withdraw([ADA.id], day, LATER, old) == {ADA.id: (an_item(ada).message_id,)}
    assert (set(store.shown(ADA.id)), set(store.shown(BEA.id))) == (set(), {"1"})
    assert [one.message_id for one in tuple(store.due(LATER))] == [an_item(bea).message_id]
    store.reinstate([an_item(ada).message_id])
    assert set(store.shown(ADA.id)) == {"1"}
    assert len(tuple(store.due(LATER))) == 2


def test_where_nothing_left_for_days_all_of_it_is_owed(made: tuple[Store, list[Edition]]) -> None:
    store, (first, _) = made
    send(store, first, OutboxState.SENT)
    for number in (1, 2):
        day, at = DAY + timedelta(days=number), NOW + number * 24 * HOUR
        edition = replace(an_edition(ADA.id, day, (a_paper(f"{number}1"),), made_at=at), subscription=ADA)
        enqueue(store, edition, an_item(edition), at)
        send(store, edition, OutboxState.FAILED)
    (one,) = store.enrolled([ADA.id])
    assert one.owed is not None and one.left is not None
    assert (one.owed.date, one.left.date) == (DAY + timedelta(days=1), DAY)
