"""What goes out when, by the command line and by the real daemon on a clock set by hand."""

from __future__ import annotations

import json
import os
import select
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import killed
import pytest
from conftest import Place

from digest import config
from digest.cli import world
from digest.cli.context import Context
from digest.model import Edition
from digest.pipeline.publish import publish
from digest.store import Store

READER = '[[subscription]]\naddress = "ada@example.org"\nprofile = "flocks"\n'


def settle(place: Place, *lines: str, profile: str = "limit = 3\ntrend_weight = 1\n") -> Place:
    """One profile without a feed, and one reader with these settings."""
    (place.folder / "config" / "profiles.toml").write_text(f'[flocks]\ntitle = "Flocks"\nfeed = false\n{profile}')
    text = place.config.read_text()
    place.config.write_text("\n".join([text[: text.index("[[subscription]]")], READER, *lines, ""]))
    return place


def drop(place: Place, day: str, **votes: int) -> None:
    """A day's list: papers by a word of their titles, with their votes."""
    lines: list[dict[str, object]] = [{"listing": {"source": "lab", "as_of": day, "daily": True}}]
    lines += [{"title": f"On {name} and how {name} are herded", "votes": given} for name, given in votes.items()]
    part = place.folder / "inbox" / f"lab-{day}.part"
    part.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    part.rename(part.with_suffix(".jsonl"))


def mails(place: Place) -> list[str]:
    return [path.read_text() for path in sorted((place.folder / "out" / "mail").glob("*.txt"))]


# --- catching up -----------------------------------------------------------------------------------------------


def test_after_an_outage_comes_one_edition_for_all_the_days(place: Place) -> None:
    settle(place)
    drop(place, "2026-06-01", sheep=9)
    assert place.run("run", now="2026-06-01T20:00").code == 0
    for day, votes in {
        "2026-06-02": {"goats": 30, "geese": 2},
        "2026-06-03": {"ducks": 20, "swans": 1},
        "2026-06-05": {"geese": 90, "larks": 40},
    }.items():
        drop(place, day, **votes)
    assert place.run("run", now="2026-06-07T20:00").code == 0
    assert place.run("run", now="2026-06-07T20:05").code == 4, "and no other"
    first, merged = mails(place)
    assert "by day" not in first
    told = merged[merged.index("What came since the last edition, by day:") :].splitlines()
    assert told[1:6] == [
        "Tue 2 Jun: 2 new papers, first “On geese and how geese are herded”",
        "Wed 3 Jun: 2 new papers, first “On ducks and how ducks are herded”",
        "Thu 4 Jun: nothing new",
        "Fri 5 Jun: 1 new paper, first “On larks and how larks are herded”",
        "Sat 6 – Sun 7 Jun: nothing new",
    ]
    cards = merged[merged.index("-" * 72) : merged.rindex("-" * 72)]
    kept = [word for word in ("geese", "larks", "goats", "ducks", "swans") if word in cards]
    assert kept == ["geese", "larks", "goats"], "what rose is there, what cooled is not"
    page = next((place.folder / "out" / "mail").glob("*2026-06-07*.html")).read_text()
    assert "Wed\u00a03\u00a0Jun" in page


def test_what_is_left_out_after_a_long_time_is_said(place: Place) -> None:
    settle(place)
    drop(place, "2026-06-01", sheep=9)
    place.run("run", now="2026-06-01T20:00")
    drop(place, "2026-08-20", goats=9)
    assert place.run("run", now="2026-08-20T20:00").code == 0
    assert "Papers from before 17 Jul are left out." in mails(place)[-1]


def test_a_pause_by_command_and_one_edition_after_it(place: Place) -> None:
    settle(place)
    drop(place, "2026-06-01", sheep=9)
    place.run("run", now="2026-06-01T20:00")
    drop(place, "2026-06-02", birds2=5)
    assert place.run("ingest", place.folder / "inbox", now="2026-06-02T20:00").code == 0
    assert place.run("publish", now="2026-06-02T20:00").code == 0
    ran = place.run("pause", "Ada@example.org", "--until", "2026-06-05", now="2026-06-02T21:00")
    assert (ran.code, ran.out) == (0, "Ada@example.org, flocks: paused until 2026-06-05.\n")
    assert place.run("deliver", now="2026-06-02T21:05").code == 0
    assert "withdrawn: paused" in place.run("why", "ada@example.org", "2026-06-02", now="2026-06-02T21:05").out
    for day in ("2026-06-03", "2026-06-04"):
        drop(place, day, **{f"birds{day[-1]}": 5})
        assert place.run("run", now=f"{day}T20:00").code == 0, "the dump is taken in"
        assert len(mails(place)) == 1
    assert (
        "paused until 2026-06-05" in place.run("schedule", "--explain", "ada@example.org", now="2026-06-04T21:00").out
    )
    assert place.run("run", now="2026-06-05T06:59").code == 4
    assert place.run("run", now="2026-06-05T07:00").code == 0
    _, merged = mails(place)
    assert all(f"On birds{number} and" in merged for number in (2, 3, 4))
    assert "Wed 3 Jun: 1 new paper" in merged


def test_days_near_the_ends_of_the_calendar_are_refused(place: Place) -> None:
    for args in (
        ("pause", "ada@example.org", "--until", "9999-12-31"),
        ("run", "--now", "9999-12-31T20:00"),
        ("status", "--now", "0001-01-01T00:00+02:00"),
        ("why", "ada@example.org", "0001-01-01"),
    ):
        ran = place.run(*args)
        assert (ran.code, "is not in the years 1990 to 2199" in ran.err) == (2, True), ran.err
    settle(place, "pause_until = 9999-12-31")
    ran = place.run("schedule", "--explain", "ada@example.org")
    assert (ran.code, "not a day of the years 1990 to 2199" in ran.err) == (2, True), ran.err
    settle(place, "pause_until = 2199-12-31")
    assert "2200-01-09" in place.run("schedule", "--explain", "ada@example.org").out


def test_a_clock_file_that_is_junk_for_a_moment_leaves_the_clock_as_it_was(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    clock = place.folder / "clock"
    missing = place.run("status", "--now", f"@{clock}")
    assert (missing.code, "clock: cannot be read (No such file" in missing.err) == (2, True), missing.err
    clock.write_text("2026-06-01T07:00")
    context = Context(config_file=place.config, compared_file=None, given_now=clock)
    for text in ("junk", "", "2026-06-01T07:0"):
        assert context.now() == datetime(2026, 6, 1, 7, tzinfo=UTC)
        clock.write_text(text)
    assert context.now() == datetime(2026, 6, 1, 7, tzinfo=UTC)
    assert "clock_unreadable" in caplog.text and "'2026-06-01T07:0' is not a moment" in caplog.text
    clock.write_text("2026-06-02T07:00")
    assert context.now() == datetime(2026, 6, 2, 7, tzinfo=UTC)


def test_a_pause_taken_back_and_what_cannot_be(place: Place) -> None:
    settle(place, "pause_until = 2026-06-09")
    drop(place, "2026-06-01", sheep=9)
    assert place.run("run", now="2026-06-01T20:00").code == 0
    assert mails(place) == [], "by the settings"
    place.run("pause", "ada@example.org", "--until", "2026-06-20")
    ran = place.run("pause", "ada@example.org", "--resume")
    assert ran.out == "ada@example.org, flocks: paused until 2026-06-09, by pause_until in the settings.\n"
    assert place.run("pause", "bea@example.org", "--resume").code == 2
    assert place.run("pause", "ada@example.org").code == 2
    assert place.run("pause", "ada@example.org", "--until", "2026-05-01").code == 2


def test_when_good(place: Place) -> None:
    """Votes are two of the three papers' only points: some 700 for 90 of them, few for one."""
    settle(place, 'cadence = "when-good"', "good = 2", "good_points = 600", "within_days = 4")
    drop(place, "2026-06-01", sheep=9)
    place.run("run", now="2026-06-01T20:00")
    made = {}
    for number, votes in enumerate(({"goats": 90}, {"geese": 1}, {"ducks": 80, "swans": 1}, {}, {"larks": 1}), start=2):
        if votes:
            drop(place, f"2026-06-{number:02}", **votes)
        ran = place.run("run", "--json", now=f"2026-06-{number:02}T20:00")
        report = json.loads(ran.out)
        made[number] = len(report["editions"]) or report["none"][0]["reason"]
    assert made == {
        2: "1 of 2 good papers so far since 2026-06-01",
        3: "1 of 2 good papers so far since 2026-06-01",
        4: 1,
        5: "nothing new since 2026-06-04 20:00 UTC",
        6: "0 of 2 good papers so far since 2026-06-04",
    }
    assert all(word in mails(place)[-1] for word in ("goats", "geese", "ducks", "swans"))
    assert place.run("run", now="2026-06-07T20:00").code == 4
    assert json.loads(place.run("run", "--json", now="2026-06-08T20:00").out)["editions"], (
        "after four days at the latest"
    )


# --- what is to come -------------------------------------------------------------------------------------------


def test_explain_tells_the_next_ten_sendings(place: Place) -> None:
    settle(place, 'at = "02:30"', 'zone = "Europe/Berlin"')
    args = ("schedule", "--explain", "ADA@example.org")
    assert "the first goes out on the next run" in place.run(*args, now="2026-03-27T12:00").out
    drop(place, "2026-03-27", sheep=9)
    place.run("run", now="2026-03-27T12:00")
    told = place.run(*args, now="2026-03-27T12:00").out
    assert "daily at 02:30 Europe/Berlin, last date 2026-03-27" in told
    assert "Sun 2026-03-29 03:30 +0200" in told
    assert "clocks forward 60 min before it; its time is skipped: as much later" in " ".join(told.split())
    (shape,) = json.loads(place.run(*args, "--json", now="2026-10-24T12:00").out)
    assert len(shape["sendings"]) == 10
    assert shape["sendings"][0] == {
        "date": "2026-10-25",
        "local": "2026-10-25T02:30:00+02:00",
        "utc": "2026-10-25T00:30:00+00:00",
        "change": "repeated",
        "shift_minutes": 0,
    }
    assert shape["sendings"][1]["shift_minutes"] == -60
    assert place.run("schedule", "--explain", "bea@example.org").code == 2


def test_settings_that_change_are_met_by_the_next_run(place: Place) -> None:
    settle(place, 'at = "07:00"')
    drop(place, "2026-06-01", sheep=9)
    place.run("run", now="2026-06-01T20:00")
    drop(place, "2026-06-02", goats=9)
    place.set('at = "07:00"\n', 'at = "22:00"\nzone = "Asia/Tokyo"\n')
    assert place.run("run", "--dry-run", now="2026-06-02T12:59").code == 0, "a dump, but no edition"
    place.run("run", now="2026-06-02T12:59")
    assert len(mails(place)) == 1
    assert "ada@example.org" in place.run("run", "--dry-run", now="2026-06-02T13:00").out
    place.run("run", now="2026-06-02T13:00")
    assert len(mails(place)) == 2


# --- two at once, and clocks that jump -------------------------------------------------------------------------


def test_two_at_once_without_the_lock_make_each_edition_once(ingested: Place) -> None:
    """The key is the guarantee: as many as like compose at the same time."""
    settings, now = config.load(ingested.config), datetime(2026, 6, 2, 20, tzinfo=UTC)
    made: list[str] = []
    start = threading.Barrier(3, timeout=60)

    def compose() -> None:
        with Store.open(settings.database) as store:
            here = world.build(settings, store)
            start.wait()
            publish(here, now, tell=lambda one: made.append(one.id) if isinstance(one, Edition) else None)

    threads = [threading.Thread(target=compose) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == len(set(made)) == 8
    assert ingested.run("run").code == 0
    assert len(ingested.mails()) == 4


def test_clocks_that_jump_lose_no_day_and_double_none(place: Place) -> None:
    settle(place, 'zone = "Europe/Berlin"')
    start, dates = datetime(2026, 6, 1, 6, tzinfo=UTC), []
    hours = [0, 23, 24, 23, 24, 25, 48, 47, 73, 48, 72, 97]  # an hour and a day back, a day too early
    for number, hour in enumerate(hours):
        now = start + timedelta(hours=hour)
        drop(place, f"{now:%Y-%m-%d}", **{f"birds{number}": 5 + number})
        found = json.loads(place.run("run", "--json", now=now.isoformat()).out)
        dates += [one["date"] for one in found["editions"]]
    assert dates == [f"2026-06-0{number}" for number in range(1, 6)]


# --- the daemon ------------------------------------------------------------------------------------------------


@contextmanager
def daemon(place: Place, clock: Path) -> Iterator[int]:
    """What it logs can be read there."""
    log = clock.with_name(f"log{len(list(clock.parent.glob('log*')))}")
    os.mkfifo(log)
    told = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
    process = killed.start(log, "-c", place.config, "--now", f"@{clock}", "schedule", "--every", "1")
    try:
        yield told
    finally:
        process.kill()
        process.join()
        os.close(told)


def heard(*daemons: int, words: bytes, seconds: float = 60) -> None:
    """Wait until one of them logs the words."""
    said = dict.fromkeys(daemons, b"")
    end = os.times().elapsed + seconds
    while not any(words in each for each in said.values()):
        ready, _, _ = select.select(daemons, [], [], max(0.0, end - os.times().elapsed))
        assert ready, f"{words!r} was not logged: {said}"
        for one in ready:
            read = os.read(one, 65536)
            assert read, f"a daemon ended: {said}"
            said[one] += read


def test_daemons_over_both_clock_changes_with_a_kill_and_a_double_start(place: Place, tmp_path: Path) -> None:
    """Two on one clock; one is killed and started anew between spring and autumn. Every local day has one edition."""
    settle(place, 'at = "02:30"', 'zone = "Europe/Berlin"')
    clock = tmp_path / "clock"

    def tell(moment: str) -> None:
        clock.with_suffix(".new").write_text(moment)
        clock.with_suffix(".new").rename(clock)

    def night(day: str, moment: str) -> None:
        drop(place, day, **{f"birds{day[5:7]}{day[8:]}": 9})
        tell(moment)

    night("2026-03-28", "2026-03-28T01:30")
    with ExitStack() as others:
        with daemon(place, clock) as one:
            heard(one, words=b"state=sent")
            night("2026-03-29", "2026-03-29T01:29")  # 01:29 summer time has 02:30 still ahead, which is skipped
            heard(one, words=b"ingested")
            other = others.enter_context(daemon(place, clock))
            heard(other, words=b"daemon_started")
            tell("2026-03-29T01:30")
            heard(one, other, words=b"state=sent")
        night("2026-10-25", "2026-10-25T00:30")  # 02:30 for the first time
        heard(other, words=b"state=sent")
        third = others.enter_context(daemon(place, clock))
        night("2026-10-26", "2026-10-25T01:30")  # and for the second
        heard(third, other, words=b"ingested")
        tell("2026-10-26T01:30")
        heard(third, other, words=b"state=sent")
    with Store.open(config.load(place.config).database) as store:
        made = [each.date for each in store.editions("flocks/ada@example.org", 10)]
    assert made == [date(2026, 10, 26), date(2026, 10, 25), date(2026, 3, 29), date(2026, 3, 28)]
    assert len(place.mails()) == 4


def test_a_dump_in_a_pause_does_not_keep_the_daemon_looking(place: Place) -> None:
    settle(place)
    assert place.run("run", now="2026-06-01T20:00").code == 4, "an empty date"
    place.run("pause", "ada@example.org", "--until", "2026-06-05", now="2026-06-01T20:00")
    drop(place, "2026-06-01", sheep=9)
    place.run("run", now="2026-06-01T21:00")
    now = datetime(2026, 6, 1, 22, tzinfo=UTC)
    with Store.open(config.load(place.config).database) as store:
        assert store.due_subscriptions(now, store.newest_ingest()) == []
    assert place.run("run", now="2026-06-05T07:00").code == 0
    assert len(mails(place)) == 1
