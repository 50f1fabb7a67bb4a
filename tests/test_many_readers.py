"""What a run keeps in memory does not grow with its readers, and all that happened is told nevertheless."""

from __future__ import annotations

import gc
import json
import logging
import shutil
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import pytest
from conftest import Place
from editions import edition

from digest import config
from digest.cli import daemon, outcomes, phases, world
from digest.cli.spool import Rows, print_object
from digest.cli.tables import print_json
from digest.model import (
    Delivery,
    Edition,
    Enrolled,
    Feedback,
    Letter,
    Message,
    NoEdition,
    Opinion,
    OutboxItem,
    OutboxState,
    Posting,
)
from digest.pipeline.handover import Delivered
from digest.pipeline.hold import preview_of, selections
from digest.pipeline.publish import Published, publish
from digest.pipeline.rankings import Rankings, View
from digest.pipeline.run import run
from digest.pipeline.world import News, World
from digest.store import Store, codec

NOW = datetime(2026, 6, 2, 20, tzinfo=UTC)
_OF_READERS = (Edition, NoEdition, Enrolled, Posting, Letter, Message, OutboxItem, Delivery)


def alive() -> Counter[str]:
    """How many objects there are of what is made for a reader."""
    gc.collect()
    return Counter(kind.__name__ for one in gc.get_objects() if (kind := type(one)) in _OF_READERS)


def a_place(folder: Path, ingested: Path, readers: int) -> config.Settings:
    """With so many readers besides the feeds."""
    settings = shutil.copytree(ingested, folder / str(readers)) / "config" / "digest.toml"
    text = settings.read_text().partition("\n[[subscription]]")[0]
    settings.write_text(text.replace('# subscriptions = "readers.csv"', 'subscriptions = "readers.csv"'))
    lines = (f"reader{number}@example.org,{('robots', 'trending')[number % 2]}" for number in range(readers))
    settings.with_name("readers.csv").write_text("\n".join(["address,profile", *lines]))
    return config.load(settings)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is kept for others who are alike is full after a few readers."""
    for name in (
        "publish.BATCH",
        "senders.BATCH",
        "desk.KEPT",
        "rankings.KEPT",
        "letters._KEPT",
        "letters._KEPT_STORED",
    ):
        monkeypatch.setattr(f"digest.pipeline.{name}", 4)
    monkeypatch.setattr("digest.store.pieces._KEPT_DIGESTS", 4)
    monkeypatch.setattr(codec, "_KEPT_FROZEN", 4)
    monkeypatch.setattr(codec, "_frozen", {})
    monkeypatch.setattr(codec, "_shared", lru_cache(4)(codec._shared.__wrapped__))
    monkeypatch.setattr("digest.store.holds._BATCH", 4)
    monkeypatch.setattr(codec, "letter_blobs", lru_cache(4)(codec.letter_blobs.__wrapped__))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("dry", [False, True], ids=["", "dry"])
def test_a_run_keeps_as_much_for_many_readers_as_for_few(tmp_path: Path, ingested_folder: Path, dry: bool) -> None:
    few, many = (_kept(a_place(tmp_path, ingested_folder, readers), readers, dry) for readers in (16, 48))
    assert set(few) == set(many)
    assert all(number <= few[kind] + 8 for kind, number in many.items()), (few, many)


def opine(here: World) -> None:
    """Each says something of papers, so that each gets a list of their own."""
    papers = here.store.candidates(NOW - timedelta(days=9))
    for number, one in enumerate(here.subscriptions):
        opinion, paper = [*Opinion][number % 2], papers[number % len(papers)].id
        here.store.record_feedback(Feedback(address=one.address or "-", paper_id=paper, opinion=opinion, at=NOW))


def _kept(settings: config.Settings, readers: int, dry: bool) -> dict[str, int]:
    """The most of each kind that is alive while readers are served, each with a list of their own, and afterwards."""
    before, most, told = alive(), Counter[str](), Counter[type]()

    def look(done: int, _total: int) -> None:
        if done % 4 == 0:
            for kind, number in (alive() - before).items():
                most[kind] = max(most[kind], number)

    def hear(news: News) -> None:
        told[type(news)] += 1

    with Store.open(settings.database) as store:
        here = world.build(settings, store)
        opine(here)
        report = publish(here, NOW, look, tell=hear, dry=True) if dry else run(here, NOW, look, tell=hear)
        most["afterwards"] = (alive() - before).total()
        assert len(store._stored) <= 4
        assert store.to_send() == {}, "all went out: with the bytes that were decided on, or not at all"
    assert report.editions == readers + 4 if isinstance(report, Published) else not report.troubled
    assert (told[Edition], told[Delivery]) == (readers + 4, 0 if dry else readers)
    return most


@pytest.mark.usefixtures("small")
def test_of_editions_that_wait_for_the_editor_few_are_in_memory(tmp_path: Path, ingested_folder: Path) -> None:
    found = []
    for readers in (16, 48):
        settings = a_place(tmp_path, ingested_folder, readers)
        with Store.open(settings.database) as store:
            here = replace(world.build(settings, store), hold=timedelta(hours=1), editor="editor@example.org")
            opine(here)
            publish(here, NOW)
            before = alive()
            during = [(alive() - before)["Edition"] for _ in store.held()]
            assert len(during) == readers + 4
            held = selections(here)
            found.append((max(during), (alive() - before)["Edition"]))
            readers_of = {one for each in held for one in each.editions if "@" in one}
            assert readers_of == {f"{one.id}/2026-06-02" for one in here.subscriptions if one.address}
            assert sum(each.readers for each in held) == readers
            assert preview_of(here, held[-1], "editor@example.org").content
    assert max(found[1]) <= max(found[0]) + 4 < 20, found


def test_look_backs_share_papers_and_their_words(ingested: Place) -> None:
    settings = config.load(ingested.config)
    with Store.open(settings.database) as store:
        here = world.build(settings, store)
        rankings = Rankings(store, here.background, NOW)
        views = [View(profile=here.profiles["robots"], since=NOW - timedelta(days=days), fade=3) for days in (3, 9)]
        one, other = ({each.paper.id: each.paper for each in rankings.of(view).papers} for view in views)
        assert one.keys() & other.keys()
        assert all(one[name] is other[name] for name in one.keys() & other.keys())
        corpora = [rankings._of_day(view.since)[0] for view in views]
        assert corpora[0] is not corpora[1]
        assert all(corpora[0].text(paper) is corpora[1].text(paper) for paper in one.values())


def test_a_dry_run_asks_the_store_for_many_readers_at_once(
    tmp_path: Path, ingested_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, asked = a_place(tmp_path, ingested_folder, 9), list[int]()

    def enrolled(store: Store, ids: Collection[str]) -> tuple[Enrolled, ...]:
        asked.append(len(ids))
        return usual(store, ids)

    usual = Store.enrolled
    monkeypatch.setattr(Store, "enrolled", enrolled)
    with Store.open(settings.database) as store:
        assert publish(world.build(settings, store), NOW, dry=True).editions == 13
    assert asked == [13]


# --- who hears of all keeps what is printed --------------------------------------------------------------------


def news(number: int) -> tuple[News, ...]:
    """Of a reader who has an edition and whose message did not leave, and of one who has none."""
    one = replace(
        EDITION, subscription=replace(EDITION.subscription, id=f"a{number}", address=f"a{number}@example.org")
    )
    other = replace(one.subscription, address=f"b{number}@example.org")
    none = NoEdition(subscription=other, date=one.date, reason="nothing new")
    path = Path(f"feeds/{number}.atom")
    return one, none, path, Delivery(message_id=f"{number}@x", at=NOW, state=OutboxState.DEFERRED, reply="busy")


EDITION = edition()


@pytest.mark.parametrize("verbose", [False, True], ids=["", "verbose"])
def test_people_are_told_of_some_and_how_many_there_are(verbose: bool, capsys: pytest.CaptureFixture[str]) -> None:
    many, before, delivered = 2_500, alive(), Delivered()
    with outcomes.Listed(verbose=verbose) as listed:
        for number in range(many):
            for one in news(number):
                listed.tell(one)
            delivered.count(Delivery(message_id="", at=NOW, state=OutboxState.DEFERRED))
        assert (alive() - before).total() <= 4
        listed.published(Published(editions=many, none=many))
        listed.delivered(delivered)
    told = capsys.readouterr().out
    assert ("a99@example.org" in told, "a100@example.org" in told) == (True, False)
    assert told.count("… and 2,400 more.") == 2
    assert told.count("deferred") == 100
    assert "0 of 2500 messages sent." in told
    assert ("No edition for b2499@example.org of 2" in told) is verbose
    assert ("No edition for b0@example.org, b1@example.org and 2,498 more of 2" in told) is not verbose


def test_why_some_have_no_edition_is_told_for_a_hundred_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    with outcomes.Listed() as listed:
        for number in range(101):
            listed.tell(NoEdition(subscription=EDITION.subscription, date=EDITION.date, reason=f"reason {number}"))
        listed.published(Published(none=101))
    told = capsys.readouterr().out
    assert ("reason 99." in told, "reason 100." in told, "--verbose names all" in told) == (True, False, True)


def test_programs_are_told_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    """More than is kept in memory, and the same text as if it were a list."""
    many, before = 2_500, alive()
    with outcomes.Told() as told:
        for number in range(many):
            for one in news(number):
                told.tell(one)
        assert (alive() - before).total() <= 4
        print_object(told.published | {"deliveries": told.deliveries, "trouble": "no server"})
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["editions", "none", "written", "deliveries", "trouble"]
    assert [len(found[name]) for name in list(found)[:4]] == [many] * 4
    assert found["editions"][-1] == {
        "id": f"a2499/{EDITION.date}",
        "profile": EDITION.subscription.profile,
        "address": "a2499@example.org",
        "date": str(EDITION.date),
        "papers": [item.paper.id for item in EDITION.items],
    }
    assert found["none"][7]["reason"] == "nothing new"
    assert found["written"][7] == "feeds/7.atom"
    assert found["deliveries"][7]["message_id"] == "7@x"


def test_what_is_due_is_listed_in_part_and_told_in_whole(
    published: Place, queued: Callable[..., OutboxItem], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "LISTED", 3)
    told = published.run("deliver", "--dry-run").out
    assert (told.count("pending"), "… and 1 more." in told) == (3, True)
    found = json.loads(published.run("deliver", "--dry-run", "--json").out)
    assert ([one["state"] for one in found["deliveries"]], found["trouble"]) == (["pending"] * 4, "")
    monkeypatch.setattr("digest.store.deliver._BATCH", 2)
    for name in ("cy", "ada", "dee", "bo", "eve"):
        queued(name, message_id=name)
    assert [one.message_id for one in store.due(NOW)] == ["ada", "bo", "cy", "dee", "eve"]


def test_who_is_next_is_looked_for_part_by_part(sent: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [line for line in sent.run("run").out.splitlines() if line.startswith("Next: ")]
    monkeypatch.setattr(phases, "_AT_ONCE", 1)
    assert [line for line in sent.run("run").out.splitlines() if line.startswith("Next: ")] == told != []


@pytest.mark.parametrize(
    "rows",
    [[], [{}], [{"a": [], "b": {"c": None}}], ["a\nb\u2028c\x85d", "ü\U0001f600", 1.5], [[1, [2, [3]]], EDITION.date]],
    ids=str,
)
def test_rows_are_printed_as_lists_are(rows: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"first": 1, "rows": rows, "last": {"a": [1], "b": []}})
    usual = capsys.readouterr().out
    with Rows() as those:
        for row in rows:
            those.add(row)
        print_object({"first": 1, "rows": those, "last": {"a": [1], "b": []}})
    assert capsys.readouterr().out == usual


def test_the_daemon_says_what_happened_as_it_happens(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "digest"):
        for one in (*news(1), NoEdition(subscription=EDITION.subscription, date=EDITION.date, reason="", waiting=True)):
            daemon._log(one)
    assert [record.message.split()[0] for record in caplog.records] == ["edition", "no_edition", "delivery"]
    assert "a1@example.org" not in caplog.text
