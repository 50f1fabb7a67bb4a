"""What comes back, from the mailbox to the suppression list: whom it is believed to be of, and what follows."""

from __future__ import annotations

import io
import json
import mailbox
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import returned_mails as mails
from conftest import Place
from returned_mails import dsn
from stores import NOW, an_edition, an_item, enqueue

from digest import config
from digest.cli.world import build
from digest.message import token
from digest.model import (
    Bounce,
    Consequence,
    Failure,
    OutboxItem,
    OutboxState,
    Returned,
    ReturnKind,
    Subscription,
    Suppression,
)
from digest.pipeline.bounces import judge
from digest.pipeline.failing import refuse
from digest.pipeline.owners import Owner, Owners
from digest.store import Store

K, C = ReturnKind, Consequence
DAY = timedelta(days=1)
ADA = "ada@example.org"


# --- judging -----------------------------------------------------------------------------------------------------


def message(**given: Any) -> OutboxItem:
    values: dict[str, Any] = {"edition_id": "trending/x/2026-03-01", "address": ADA, "created_at": NOW, "next_at": NOW}
    return OutboxItem(message_id="m1", state=OutboxState.SENT, **values | given)


PROVEN = Owner(address=ADA, subscription_id="trending/x", message=message())
GUESSED = Owner(address=ADA, proven=False)
OURS, OTHER = (ADA.upper(),), ("bo@example.net",)

# kind, the addresses it names, whose it is; as what it counts, what follows, who is barred
JUDGED = [
    (K.HARD, OURS, PROVEN, K.HARD, C.SUPPRESSED, "address"),
    (K.HARD, (), PROVEN, K.HARD, C.SUPPRESSED, "address"),
    (K.HARD, OTHER, PROVEN, K.SOFT, C.COUNTED, None),
    (K.HARD, OURS + OTHER, PROVEN, K.SOFT, C.COUNTED, None),
    (K.HARD, OURS, GUESSED, K.SOFT, C.COUNTED, None),
    (K.HARD, OURS, None, K.SOFT, C.UNPROVEN, None),
    (K.SOFT, OURS, PROVEN, K.SOFT, C.COUNTED, None),
    (K.POLICY, OURS, PROVEN, K.POLICY, C.TOLD, None),
    (K.POLICY, OURS, GUESSED, K.POLICY, C.TOLD, None),
    (K.COMPLAINT, (), PROVEN, K.COMPLAINT, C.SUPPRESSED, "address"),
    (K.COMPLAINT, OURS, GUESSED, K.COMPLAINT, C.UNPROVEN, None),
    (K.COMPLAINT, (), None, K.COMPLAINT, C.UNPROVEN, None),
    (K.UNSUBSCRIBE, None, PROVEN, K.UNSUBSCRIBE, C.SUPPRESSED, "subscription"),
    (K.UNSUBSCRIBE, None, GUESSED, K.UNSUBSCRIBE, C.KEPT, None),
    (K.UNSUBSCRIBE, None, None, K.UNSUBSCRIBE, C.KEPT, None),
    (K.NOTICE, OURS, PROVEN, K.NOTICE, C.IGNORED, None),
    (K.NOTICE, (), None, K.NOTICE, C.IGNORED, None),
    (K.UNKNOWN, None, PROVEN, K.UNKNOWN, C.KEPT, None),
]


@pytest.mark.parametrize(("kind", "named", "owner", "counts", "follows", "barred"), JUDGED)
def test_judging(
    kind: K, named: tuple[str, ...] | None, owner: Owner | None, counts: K, follows: C, barred: str | None
) -> None:
    said = Failure(kind=kind, addresses=named or (), forwarded=named == OURS + OTHER, status="5.1.1", words="no")
    failures = () if named is None else (said,)
    bounce, suppression = judge(Returned(digest="d", kind=kind, failures=failures), owner, NOW)
    assert (bounce.kind, bounce.consequence) == (counts, follows)
    assert (suppression is None) == (barred is None)
    if suppression:
        assert suppression.address == ADA
        assert (suppression.subscription_id is not None) == (barred == "subscription")


def test_of_several_recipients_ours_counts_and_else_the_mildest() -> None:
    mine = Failure(kind=K.HARD, addresses=OURS)
    theirs = (Failure(kind=K.HARD, addresses=OTHER), Failure(kind=K.NOTICE, addresses=("c@example.net",)))
    found = Returned(digest="d", kind=K.HARD, failures=(*theirs, mine))
    assert judge(found, PROVEN, NOW)[0].kind is K.HARD
    assert judge(Returned(digest="d", kind=K.HARD, failures=theirs), PROVEN, NOW)[0].kind is K.NOTICE


@pytest.mark.parametrize(
    ("date", "owner", "at"),
    [
        (NOW + DAY, PROVEN, NOW + DAY),
        (NOW - DAY, PROVEN, NOW),  # not before the message was made
        (NOW + 9 * DAY, PROVEN, NOW + 3 * DAY),  # not in the future
        (None, PROVEN, NOW + 3 * DAY),
        (NOW + DAY, GUESSED, NOW + 3 * DAY),  # what is not proven cannot choose its day
        (NOW + DAY, None, NOW + 3 * DAY),
    ],
)
def test_when_it_came_back(date: datetime | None, owner: Owner | None, at: datetime) -> None:
    failure = Failure(kind=K.SOFT, addresses=OURS)
    returned = Returned(digest="d", kind=K.SOFT, failures=(failure,), date=date)
    assert judge(returned, owner, NOW + 3 * DAY)[0].at == at


def test_whose_it_is(store: Store) -> None:
    secret = b"k" * 32
    one = Subscription(id="trending/ada@example.org", profile="trending", address=ADA)
    past = Subscription(id="robots/bo@example.org", profile="robots", address="Bo@example.org")
    for each, subscription in (("m1", one), ("m2", past)):
        edition = an_edition(subscription.id, subscription=subscription)
        enqueue(store, edition, an_item(edition, message_id=each), NOW)
    world: Any = SimpleNamespace(store=store, secret=secret, subscriptions=[one])
    owners = Owners(world)
    own, old = token(secret, one.id), token(secret, past.id)

    def of(**given: Any) -> tuple[str, str | None, str | None, bool] | None:
        found = owners.of(Returned(digest="d", kind=K.HARD, **given))
        if found is None:
            return None
        return (
            found.address,
            found.subscription_id,
            found.message.message_id if found.message else None,
            found.proven,
        )

    assert of(tokens=("x" * 22, own)) == (ADA, one.id, None, True)
    assert of(tokens=(own.lower(),)) == (ADA, one.id, None, True)
    assert of(tokens=(own,), message_ids=("m2", "m1")) == (ADA, one.id, "m1", True)
    assert of(tokens=(old,)) == ("Bo@example.org", past.id, None, True), "a subscription that is over"
    assert of(message_ids=("m3", "m2")) == ("Bo@example.org", past.id, "m2", True)
    named = (Failure(kind=K.HARD, addresses=("who@example.org", "Bo@example.org")),)
    assert of(failures=named) == ("Bo@example.org", None, None, False)
    assert of(tokens=("x" * 22,), failures=named[:0]) is None


# --- the store ---------------------------------------------------------------------------------------------------


def bounce(digest: str = "d1", kind: K = K.SOFT, **given: Any) -> Bounce:
    values: dict[str, Any] = {"consequence": C.COUNTED, "at": NOW, "address": "Ada@example.org", "words": "ü\u2028"}
    return Bounce(digest=digest, kind=kind, **values | given)


def test_a_returned_mail_is_recorded_once_with_what_follows(store: Store) -> None:
    barred = Suppression(address=ADA, reason="bounced", since=NOW)
    first = bounce("d1", K.UNKNOWN, consequence=C.KEPT)
    assert store.record_bounce(first)
    assert not store.record_bounce(first)
    assert store.record_bounce(bounce(), None), "what was not understood gives way to what is"
    assert not store.record_bounce(bounce(kind=K.HARD), barred)
    assert store.suppression(ADA) is None
    second = bounce("d2", K.HARD, at=NOW - DAY, status="5.1.1", message_id="m", subscription_id="s")
    assert store.record_bounce(second, barred)
    assert store.suppression(ADA) == barred
    assert store.bounces("ADA@example.org") == (second, bounce())
    assert store.bounce("d2") == second
    assert store.bounce("d3") is None
    assert store.failing(NOW) == (ADA,)
    assert store.failing(NOW + DAY) == ()


def test_who_is_taken_for_dead_can_be_spared_and_the_domain_stopped(store: Store) -> None:
    edition = an_edition("trending/ada@example.org")
    enqueue(store, edition, an_item(edition, message_id="m", address=ADA, state=OutboxState.SENT), NOW)
    barred = Suppression(address=ADA, reason="bounced: 5.1.1", since=NOW)
    answer = bounce("d1", K.HARD, consequence=C.SUPPRESSED, at=NOW + DAY, message_id="m")
    other = bounce("d2", K.HARD, consequence=C.SUPPRESSED, at=NOW + DAY, address="bo@example.org")
    for one in (answer, other, bounce("d3", K.HARD)):
        store.record_bounce(one, barred if one is answer else None)
    (first, mail), last = store.dead(NOW + DAY)
    assert (first, mail and mail.message_id, last) == (answer, "m", (other, None)), "with the mail, if that is known"
    assert [store.mailed_on("example.org", NOW.date() + days * DAY) for days in (-1, 0, 1)] == [0, 1, 0]
    assert store.spare([replace(barred, reason="complained")], NOW) == ()
    assert store.spare([barred], NOW) == (ADA,) and store.suppression(ADA) is None
    assert store.spare([barred], NOW) == ()
    for reply in ("busy", "all dead"):
        store.stop_domain("example.org", reply)
    assert [(one.name, one.stopped, one.reply) for one in store.destinations()] == [("example.org", True, "all dead")]


def test_a_suppression_can_be_of_one_subscription_and_is_remembered_when_lifted(store: Store) -> None:
    one = Suppression(address="Ada@example.org", reason="unsubscribed", since=NOW, subscription_id="trending/ada")
    assert store.suppress(one)
    assert store.suppression(ADA) is None
    assert store.suppression(ADA, "robots/ada") is None
    assert store.suppression(ADA, "trending/ada") == one
    whole = Suppression(address=ADA, reason="bounced", since=NOW)
    assert store.suppress(whole)
    assert store.suppression(ADA, "trending/ada") == whole
    assert store.counts()["suppressed"] == 2
    assert store.lifted(ADA) is None
    assert store.unsuppress(["ADA@example.org"], NOW + DAY)
    assert not store.unsuppress([ADA], NOW + 2 * DAY)
    assert store.suppressions() == ()
    assert {each.lifted for each in store.suppressions(lifted=True)} == {NOW + DAY}
    assert store.lifted(ADA) == NOW + DAY
    assert store.counts()["suppressed"] == 0
    assert store.suppress(whole), "again"
    assert store.suppressions() == (whole,)


# --- the commands ------------------------------------------------------------------------------------------------


def mailed(place: Place, address: str = ADA) -> dict[str, str]:
    """What a bounce of the reader's mail has in it: the fields to fill into a returned mail."""
    (path,) = (path for path in place.mails() if address in path.name)
    sent = path.read_text()
    head = sent.partition("\n\n")[0] + "\n"
    ours = head.partition("Message-ID: <")[2].partition(">")[0]
    given = head.partition("?subject=")[2].partition(">")[0]
    return {"recipient": address, "original": head, "to": f"bounce+{given}@example.org", "ours": ours, "token": given}


def returns(place: Place, *contents: bytes) -> Path:
    box = mailbox.Maildir(place.folder / "Returns")
    for content in contents:
        box.add(content)
    return place.folder / "Returns"


def suppressed(place: Place) -> dict[str, str]:
    found = json.loads(place.run("suppress", "--json").out)
    return {one["subscription_id"] or one["address"]: one["reason"] for one in found}


def test_a_mailbox_of_all_kinds(sent: Place) -> None:
    ada, grace, alan, emmy = (mailed(sent, f"{name}@example.org") for name in ("ada", "grace", "alan", "emmy"))
    fill = {"reader": emmy["recipient"]}
    sent.set('# source = "../Returns"', 'source = "../Returns"')
    box = returns(
        sent,
        dsn(**ada),
        dsn(**grace, action="delayed", status="4.4.1", diagnostic="smtp; 451 busy"),
        dsn(**alan, status="5.7.1", diagnostic=f"smtp; 550 5.7.1 not {alan['to']}"),
        mails.mail(mails.UNSUBSCRIBE.decode().replace(mails.TOKEN, emmy["token"]), **fill),
        dsn(to="bounce@example.org", recipient="grace@example.org", original="Subject: forged\n"),
        mails.PERSON,
    )
    dry = sent.run("bounce", "--dry-run", "--json")
    ran = sent.run("bounce", "--json")
    assert (dry.code, ran.code) == (1, 1)
    assert json.loads(dry.out) == json.loads(ran.out), "a dry run tells the same and stores nothing"
    assert "550 5.7.1 not bounce+***@example.org" in ran.out
    assert emmy["token"] not in ran.out and alan["token"] not in ran.out, "who has it may unsubscribe them"
    read = {(one["address"], one["kind"]): one["consequence"] for one in json.loads(ran.out)["read"]}
    assert read == {
        ("ada@example.org", "hard"): "suppressed",
        ("grace@example.org", "notice"): "ignored",
        ("alan@example.org", "policy"): "told",
        ("emmy@example.org", "unsubscribe"): "suppressed",
        ("grace@example.org", "soft"): "counted",
        (None, "unknown"): "kept",
    }
    assert suppressed(sent) == {
        "ada@example.org": "bounced: 5.1.1 smtp; 550 5.1.1 no such person",
        "trust/emmy@example.org": "unsubscribed by mail",
    }
    assert len(list((box / "new").iterdir())) == 1, "what was not understood stays as it is"
    again = sent.run("bounce")
    assert again.code == 0
    assert "0 mails read" in again.out
    assert "1 were known" in again.out
    assert "6 were known" in sent.run("bounce", "--keep").out


def test_a_mail_that_cannot_be_read_or_marked_keeps_no_other(sent: Place) -> None:
    ada, grace = mailed(sent), mailed(sent, "grace@example.org")
    box = returns(sent, dsn(**ada), dsn(**grace))
    first = min((box / "new").iterdir())
    (box / "cur" / f"{first.name}:2,S" / "in the way").mkdir(parents=True)
    (box / "new" / "0").mkdir()
    ran = sent.run("bounce", box)
    assert (ran.code, f"what={first}" in ran.err, str(box / "new" / "0") in ran.err) == (2, True, True)
    assert set(suppressed(sent)) == {"ada@example.org", "grace@example.org"}
    assert "2 mails read" in ran.out


def test_a_complaint_by_standard_input(sent: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = mailed(sent)

    def piped(content: bytes) -> int:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
        return sent.run("bounce", "-").code

    assert piped(mails.PERSON) == 1
    (kept,) = (sent.folder / "state" / "returned").iterdir()
    assert kept.read_bytes() == mails.PERSON
    assert piped(mails.COMPLAINT) == 0, "of a token that is not ours"
    assert suppressed(sent) == {}
    assert piped(mails.COMPLAINT.replace(mails.TOKEN.encode(), ada["token"].encode())) == 0
    assert suppressed(sent) == {ADA: "complained: abuse reported by SomeGenerator/1.0"}
    ran = sent.run("bounce")
    assert ran.code == 2
    assert "returns.source" in ran.err


def test_soft_bounces_of_ten_days_bar_an_address(sent: Place) -> None:
    fields = mailed(sent)
    soft = {"status": "4.2.2", "diagnostic": "smtp; 452 4.2.2 mailbox full"}
    store = Store.open(f"sqlite:///{sent.folder / 'state' / 'digest.db'}")
    edition = store.editions("trending/ada@example.org", 1)[0]
    made = datetime(2026, 6, 3, 5, 0, tzinfo=UTC)
    contents = []
    for number in range(5):  # five more days of mail
        at = made + number * 2 * DAY
        one = an_edition(edition.subscription.id, at.date(), subscription=edition.subscription)
        enqueue(store, one, an_item(one, message_id=f"m{number}@x", created_at=at, state=OutboxState.SENT), at)
        head = fields["original"].replace(fields["ours"], f"m{number}@x")
        contents.append(dsn(**fields | {"original": head, "date": f"{at:%a, %d %b %Y %H:%M:%S} +0000"}, **soft))
    store.close()
    box = returns(sent, *contents)
    dry = sent.run("bounce", box, "--dry-run", "--json", now="2026-06-11T08:00:00+00:00")
    assert [one["address"] for one in json.loads(dry.out)["failing"]] == [ADA]
    assert suppressed(sent) == {}
    assert sent.run("bounce", box, now="2026-06-11T08:00:00+00:00").code == 0
    assert suppressed(sent) == {ADA: "bounced again and again, at last: 4.2.2 smtp; 452 4.2.2 mailbox full"}
    assert "may be mailed again" in sent.run("suppress", ADA, "--remove", now="2026-06-11T09:00:00+00:00").out
    sent.run("bounce", box, now="2026-06-11T10:00:00+00:00")
    assert suppressed(sent) == {}, "what was before does not count again"
    assert "2026-06-11" in sent.run("suppress", "--list").out


def test_a_mailbox_that_is_full_at_the_door_for_ten_days_is_left_alone(sent: Place) -> None:
    settings = config.load(sent.config)
    with closing(Store.open(settings.database)) as store:
        here = build(settings, store)
        (one,) = (one for one in settings.subscriptions if one.id == "trending/ada@example.org")
        edition, barred = store.editions(one.id, 1)[0], []
        for number in range(5):
            at = datetime(2026, 6, 3, 5, 0, tzinfo=UTC) + number * 2 * DAY
            later = replace(edition, date=at.date())
            item = an_item(later, message_id=f"m{number}@x", created_at=at, state=OutboxState.DEFERRED)
            enqueue(store, later, item, at)
            barred += [refuse(here, item, "452 4.2.2 full", at + hours * DAY / 24) for hours in (0, 1, 4)]
        assert barred == [False] * 12 + [True, False, False]
        found = store.suppression("ADA@example.org")
        assert found and found.reason == "bounced again and again, at last: 452 4.2.2 full"


def test_addresses_from_a_file(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("\ufeffaddress,reason\nada@example.org,bounced\n\n# gone\n<bo@example.org>;x\nno one\n".encode())
    ran = place.run("suppress", "--import", path, "--reason", "from the old list", "--json")
    assert ran.code == 1
    assert json.loads(ran.out) == {"added": 2, "known": 0, "rejected": [{"line": 6, "text": "no one"}]}
    assert set(suppressed(place).values()) == {"from the old list"}
    again = place.run("suppress", "--import", path)
    assert "line 6: no one" in again.out
    assert "0 addresses will not be mailed; 2 were" in again.out
    assert place.run("suppress", "ada@example.org", "--list").code == 2
    allowed = place.run("suppress", "--import", path, "--remove")
    assert "2 addresses may be mailed again; 0 were not" in allowed.out
    assert suppressed(place) == {}
    assert place.run("suppress", "--remove").code == 2


def test_a_server_that_takes_everybody_for_dead_is_not_believed(sent: Place) -> None:
    """Nobody stays barred but who is for another reason; of a domain with many readers so many dead are believed."""

    def returned(domain: str, readers: int, day: int) -> list[bytes]:
        """A day's mails to so many readers are sent; those to 25 of them come back."""
        contents, at = [], datetime(2026, 6, day, 5, 0, tzinfo=UTC)
        for number in range(readers):
            own = Subscription(id=f"trending/{number}@{domain}", profile="trending", address=f"{number}@{domain}")
            edition, ours = an_edition(own.id, at.date(), subscription=own), f"{number}.{day}@{domain}"
            enqueue(store, edition, an_item(edition, message_id=ours, created_at=at, state=OutboxState.SENT), at)
            fields = {"recipient": f"{number}@{domain}", "date": f"{at:%d %b %Y %H:%M:%S} +0000"}
            contents.append(dsn(to="bounce@example.org", original=f"Message-ID: <{ours}>\n", **fields))
        return contents[:25]

    def read(moment: str, *contents: bytes) -> tuple[int, list[tuple[str, int, bool]]]:
        ran = sent.run("bounce", "--json", returns(sent, *contents), now=f"2026-06-{moment}:00Z")
        spared = json.loads(ran.out)["spared"]
        return ran.code, [(one["domain"], len(one["addresses"]), one["stopped"]) for one in spared]

    with closing(Store.open(f"sqlite:///{sent.folder / 'state' / 'digest.db'}")) as store:
        small, large = returned("small.example", 40, 3), returned("large.example", 300, 3)
        small_again = returned("small.example", 40, 4)
        store.suppress(Suppression(address="0@small.example", reason="complained", since=NOW))
    assert read("03T06:00", *small[:19], *large) == (0, [])
    assert len(suppressed(sent)) == 19 + 25
    assert read("03T07:00", *small[19:21]) == (1, [("small.example", 20, True)])
    assert read("03T08:00", *small[21:24]) == (1, [("small.example", 3, False)]), "late ones"
    assert set(suppressed(sent)) == {"0@small.example", *(f"{number}@large.example" for number in range(25))}
    roads = sent.run("outbox").out
    assert "21 of 40 mails of 2026-06-03 came back as dead" in roads and "--resume small.example" in roads
    sent.run("suppress", "1@small.example")
    assert read("03T09:00", *small[24:]) == (1, [("small.example", 1, False)])
    assert "1@small.example" in suppressed(sent), "whom the operator suppressed stays so"
    assert sent.run("outbox", "--resume", "small.example").code == 0
    assert read("04T06:00", *small_again[:5]) == (0, []), "what comes of another day's mails is judged by itself"
    assert "2@small.example" in suppressed(sent)
    told = sent.run("bounce", returns(sent, *small_again[5:]), now="2026-06-04T07:00:00Z")
    assert "small.example: 25 of 40 mails of 2026-06-04 came back as dead. Rather its server errs" in told.out
    assert "Nothing goes there until you say `digest outbox --resume small.example`." in told.out
