"""Past days played again: a made-up history of which the better of two configurations is known."""

from __future__ import annotations

import json
import math
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import Place
from make import profile, subscription

from digest.cli.world import background
from digest.errors import ConfigError
from digest.listings import dump_of
from digest.model import Feedback, Opinion, Profile, Ranking, Subscription
from digest.pipeline.backtest import LIKES, VOTES, Backtest, Compared, backtest
from digest.pipeline.ingest import ingest
from digest.pipeline.past import History
from digest.pipeline.rankings import EARLIER, Rankings, View
from digest.pipeline.world import Knowledge
from digest.store import Store

FIRST = date(2026, 6, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(10)]
TOPICS = ("cranes", "storks", "herons", "swans", "geese", "ducks")
VERBS = ("fold", "count", "draw", "weigh", "teach", "follow", "paint", "model", "hear", "map")
ADA = "ada@example.org"

BY_VOTES = profile("cranes", trend_weight=1.0, limit=3)
BY_WORDS = profile("cranes", trend_weight=0.0, limit=3)  # the cranes have the fewest votes on every day
NO_STORKS = profile("cranes", trend_weight=1.0, limit=3, muted_words=("storks",))


def evening(day: date) -> datetime:
    return datetime.combine(day, time(20), UTC)


def id_of(day: date, place: int) -> str:
    return f"2606.{DAYS.index(day):02d}{place:03d}"


def take_in(store: Store, day: date, now: datetime, *papers: dict[str, Any], source: str = "lab") -> None:
    header = {"listing": {"source": source, "as_of": day.isoformat(), "daily": False}}
    lines = "".join(f"{json.dumps(line)}\n" for line in (header, *papers))
    assert not ingest(store, dump_of(f"{day}.jsonl", lines.encode()), now).rejected


def papers_of(day: date, times: int = 1) -> list[dict[str, Any]]:
    """Six papers, the first with the most votes but one that stands first only by what comes: swans overtake all."""
    votes = [1, 60, 40, 20, 12, 8] if times == 1 else [2, 180, 120, 200, 36, 24]
    verb = VERBS[DAYS.index(day)]
    return [
        {"arxiv_id": id_of(day, place), "title": f"How to {verb} {topic}, day {day.day}", "votes": count}
        for place, (topic, count) in enumerate(zip(TOPICS, votes, strict=True))
    ]


def live(store: Store, days: list[date]) -> None:
    """Each evening the day's papers come in, and from the second on yesterday's votes are told again."""
    for day in days:
        take_in(store, day, evening(day), *papers_of(day))
        if (before := day - timedelta(days=1)) in DAYS:
            take_in(store, day, evening(day), *papers_of(before, times=3), source="again")


@pytest.fixture(name="store")
def _store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'digest.db'}") as store:
        yield store


@pytest.fixture(name="history", scope="module")
def _history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database after all days, to be copied."""
    path = tmp_path_factory.mktemp("history") / "digest.db"
    with Store.open(f"sqlite:///{path}") as store:
        live(store, DAYS)
    return path


@pytest.fixture(name="lived")
def _lived(history: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copyfile(history, tmp_path / "lived.db")
    with Store.open(f"sqlite:///{tmp_path / 'lived.db'}") as store:
        yield store


def played(store: Store, *profiles: Profile, main: str = VOTES, readers: tuple[Subscription, ...] = ()) -> Backtest:
    return backtest(store, background, [{"reader": one} for one in profiles], readers, DAYS, main)


def row(found: Backtest, measure: str) -> Compared:
    (one,) = (one for one in found.measures if one.measure == measure)
    return one


# --- which is better ---------------------------------------------------------------------------------------------


def test_the_worse_of_two_is_told_whichever_comes_first(lived: Store) -> None:
    there = played(lived, BY_VOTES, BY_WORDS)
    back = played(lived, BY_WORDS, BY_VOTES)
    assert (there.worse, back.worse) == (True, False)
    assert there.verdict.high < 0 < back.verdict.low
    assert there.verdict.values == back.verdict.values[::-1]
    assert there.verdict.difference == pytest.approx(-back.verdict.difference)
    one, other = row(there, "interleaved").values
    assert other < one < 1 - other, "and plain votes have their share"
    assert one + other + row(there, "interleaved").plain == pytest.approx(1)
    assert there.verdict.days == 9, "nobody told the votes of the last day's papers again"


def test_a_configuration_is_not_worse_than_itself(lived: Store) -> None:
    found = played(lived, BY_VOTES, BY_VOTES)
    assert not found.worse
    assert (found.verdict.low, found.verdict.difference, found.verdict.high) == (0.0, 0.0, 0.0)


def test_figures_worked_by_hand(store: Store) -> None:
    """One day: the votes then put storks, herons, swans first; later the swans had 200, storks 180, herons 120."""
    live(store, DAYS[:2])
    found = backtest(store, background, [{"reader": BY_VOTES}], (), DAYS[:1])
    gains = [math.log1p(votes) for votes in (180, 120, 200, 36, 24, 2)]
    places = [1 / math.log2(1 + place) for place in range(1, 7)]
    order = sum(gain * place for gain, place in zip(gains, places, strict=True))
    best = sum(gain * place for gain, place in zip(sorted(gains, reverse=True), places, strict=True))
    assert row(found, VOTES).plain == pytest.approx(order / best)
    assert row(found, VOTES).values == pytest.approx([order / best])
    assert row(found, "novelty").plain == pytest.approx((0.5 + 1.5 + 2.5) / 3 / 6)
    assert row(found, "coverage").plain == 0.5, "three of six"
    assert math.isnan(row(found, "churn").plain), "there is no day before"
    assert math.isnan(row(found, LIKES).plain), "nobody liked anything"


def test_what_was_listed_is_not_listed_again_but_churn_minds_the_order_alone(lived: Store) -> None:
    found = played(lived, BY_WORDS)
    # Each day has three places: its crane, then what has the most votes; of 6 new papers a day half are listed.
    assert row(found, "coverage").values == (0.5,)
    # The day before's top is lower now that the day's crane came in: one of its three papers goes, or none.
    assert 0 <= row(found, "churn").values[0] < 0.5


def test_what_was_listed_does_not_count_again(store: Store) -> None:
    """On the second day all stands as it will: the best order there is, of what had not been listed on the first."""
    live(store, DAYS[:2])
    take_in(store, DAYS[3], evening(DAYS[3]), *papers_of(DAYS[0], times=3), *papers_of(DAYS[1]), source="page")
    found = backtest(store, background, [{"reader": BY_VOTES}], (), DAYS[:2])
    assert found.days[0].plain < 1.0
    assert found.days[1].plain == pytest.approx(1.0)


def test_a_profile_that_hides_everything_fares_worst(lived: Store) -> None:
    nothing = profile("cranes", muted_words=("how",))
    found = played(lived, BY_VOTES, nothing)
    assert row(found, VOTES).values[1] == 0.0
    assert found.worse


def test_few_days_give_no_verdict(store: Store) -> None:
    live(store, DAYS[:5])
    found = backtest(store, background, [{"reader": BY_VOTES}, {"reader": BY_WORDS}], (), DAYS[:4])
    assert found.verdict.high < 0
    assert (found.verdict.days, found.worse) == (4, False)


def test_likes_judge_by_what_each_reader_said_later(lived: Store) -> None:
    for day in DAYS:
        said = evening(day) + timedelta(hours=15)
        lived.record_feedback(Feedback(address=ADA, paper_id=id_of(day, 0), opinion=Opinion.MORE, at=said))
        lived.record_feedback(Feedback(address=ADA, paper_id=id_of(day, 1), opinion=Opinion.LESS, at=said))
    readers = (subscription(), subscription(id="reader/grace", address="grace@example.org"))
    found = played(lived, BY_WORDS, BY_VOTES, main=LIKES, readers=readers)
    assert row(found, LIKES).values[0] == 1.0, "the one paper to be liked stands first"
    assert row(found, "recall of likes").values[0] == 1.0
    assert found.worse, "to a reader of cranes"
    assert row(found, "recall of likes").plain < 0.5
    assert row(found, "interleaved").values[0] > 0.5, "it alone brings what is liked, or brings it first"


def test_nothing_known_is_the_users_to_mend(lived: Store) -> None:
    with pytest.raises(ConfigError, match="digest rehearse"):
        backtest(lived, background, [{"reader": BY_VOTES}], (), [date(2026, 4, 1), date(2026, 4, 2)])


# --- nothing leaks -----------------------------------------------------------------------------------------------

NOW = datetime.combine(DAYS[4], time(23, 59, 59), UTC)
SINCE = datetime.combine(DAYS[1], time(), UTC)


def ranked(knowledge: Knowledge, one: Profile) -> Ranking:
    return Rankings(knowledge, background, NOW).of(View(profile=one, since=SINCE, fade=3, address=ADA))


def test_the_future_changes_nothing(store: Store) -> None:
    profiles = (BY_VOTES, BY_WORDS, NO_STORKS)
    live(store, DAYS[:5])
    past, today = DAYS[2], DAYS[4]
    store.record_feedback(Feedback(address=ADA, paper_id=id_of(past, 2), opinion=Opinion.SAVE, at=evening(today)))
    then = [ranked(store, one) for one in profiles]
    assert [len(one.papers) + len(one.hidden) for one in then] == [24, 24, 24]
    live(store, DAYS[5:])
    for topic in range(6):  # other words, many more votes, an earlier day told later, and another opinion
        changed = {"arxiv_id": id_of(today, topic), "title": f"Cranes and cranes {topic}", "votes": 5000 + topic}
        take_in(store, DAYS[7], evening(DAYS[7]), changed)
        take_in(store, FIRST - timedelta(days=9), evening(DAYS[7]), changed, source="late")
    take_in(store, today, evening(DAYS[8]), {"title": "Cranes that nobody had heard of", "votes": 900}, source="late")
    store.record_feedback(Feedback(address=ADA, paper_id=id_of(past, 1), opinion=Opinion.SAVE, at=evening(DAYS[9])))
    assert all(ranked(store, one) != before for one, before in zip(profiles, then, strict=True)), "there is one to leak"
    assert [ranked(History(store, SINCE - EARLIER).at(NOW), one) for one in profiles] == then


def test_papers_beyond_the_history_are_as_they_were_too(lived: Store) -> None:
    """Examples and liked papers may be older than the candidates, or not known yet."""
    past = History(lived, SINCE).at(NOW)
    old, new = id_of(DAYS[0], 3), id_of(DAYS[6], 3)
    assert list(past.papers([old, new])) == [old]
    assert [one.id for one in past.by_key([f"arxiv:{old}", f"arxiv:{new}"]).values()] == [old]
    assert len(past.sightings([old])[old]) == 2


def test_later_votes_and_likes(lived: Store) -> None:
    past = History(lived, SINCE).at(NOW)
    today, before = id_of(DAYS[4], 3), id_of(DAYS[3], 3)
    assert past.later_votes([today, before]) == {today: 200}, "the other's were told again before"
    for opinion, day in ((Opinion.SAVE, DAYS[4]), (Opinion.MORE, DAYS[6]), (Opinion.LESS, DAYS[6])):
        paper = id_of(day, list(Opinion).index(opinion))
        lived.record_feedback(Feedback(address=ADA, paper_id=paper, opinion=opinion, at=evening(day)))
    past = History(lived, SINCE).at(NOW)
    assert past.later_likes(ADA) == {id_of(DAYS[6], 0)}
    assert len(past.feedback(ADA)) == 1


# --- the command -------------------------------------------------------------------------------------------------


@pytest.fixture(name="proven")
def _proven(place: Place, history: Path) -> Place:
    """A working folder with the history, and other settings beside its own, by which words alone count."""
    shutil.copyfile(history, place.folder / "state" / "digest.db")
    toml = '[reader]\ntitle = "R"\ntrend_weight = {}\nlimit = 3\n[[reader.topic]]\nname = "t"\nwords = ["cranes"]\n'
    for name, weight in (("profiles", 1.0), ("words", 0.0)):
        (place.folder / "config" / f"{name}.toml").write_text(toml.format(weight))
    place.config.write_text('[[subscription]]\naddress = "ada@example.org"\nprofile = "reader"\n')
    other(place).write_text('[paths]\nprofiles = "words.toml"\n')
    return place


def other(place: Place) -> Path:
    return place.folder / "config" / "other.toml"


SPAN = ("--from", DAYS[0].isoformat(), "--to", DAYS[-1].isoformat())


def stored(place: Place) -> list[str]:
    with sqlite3.connect(place.folder / "state" / "digest.db") as conn:
        return list(conn.iterdump())


def files_of(place: Place) -> set[Path]:
    """All but the database's own."""
    return {path for path in place.folder.rglob("*") if not path.name.startswith("digest.db")}


def test_the_second_configuration_is_compared_and_nothing_is_written(proven: Place) -> None:
    before, files = stored(proven), files_of(proven)
    ran = proven.run("backtest", *SPAN, "--config", other(proven))
    assert (ran.code, "other.toml is worse" in ran.out, "plain votes" in ran.out) == (5, True, True)
    again = proven.run("backtest", "--config", other(proven), *SPAN)
    assert again == ran, "the same twice"
    assert stored(proven) == before
    assert files_of(proven) == files
    ran = proven.digest("backtest", "--config", other(proven), "-c", proven.config, *SPAN)
    assert (ran.code, "digest.toml is better" in ran.out) == (0, True)


def test_a_past_moment_is_previewed_and_explained_as_it_was(proven: Place, tmp_path: Path) -> None:
    """By what was known, said and shown by then, for a profile and for its reader."""

    def told() -> list[str]:
        paper = id_of(DAYS[4], 3)
        asked = (("preview", "reader", "--out", tmp_path / "p.html"), ("explain", paper, "reader"))
        readers: tuple[tuple[str | Path, ...], ...] = (("--for", ADA), ("--address", ADA))
        more = [(*command, *reader) for command, reader in zip(asked, readers, strict=True)]
        ran = [proven.run(*command, "--json", now=evening(DAYS[4]).isoformat()) for command in (*asked, *more)]
        assert not any(one.code for one in ran), ran
        return [one.out for one in ran]

    def lived(days: list[date], *published: date) -> None:
        with Store.open(f"sqlite:///{proven.folder / 'state' / 'digest.db'}") as store:
            live(store, days)
        for day in published:
            assert proven.run("publish", now=evening(day).isoformat()).code == 0

    (proven.folder / "state" / "digest.db").unlink()
    lived(DAYS[:4], DAYS[3])
    lived(DAYS[4:5])
    then = told()
    listed = [[item["paper"]["id"] for item in json.loads(one)["edition"]["items"]] for one in (then[0], then[2])]
    assert listed[0] != listed[1], "the reader was shown some of these"
    lived(DAYS[5:], DAYS[6], DAYS[9])
    assert told() == then


def test_json_and_plot(proven: Place, tmp_path: Path) -> None:
    plot = tmp_path / "days.svg"
    ran = proven.run("backtest", *SPAN, "--json", "--profile", "reader", "--plot", plot, "--config", other(proven))
    shape = json.loads(ran.out)
    assert ran.code == 5
    assert (shape["configurations"], shape["main"], shape["worse"]) == (["digest.toml", "other.toml"], VOTES, True)
    assert [day["date"] for day in shape["days"]] == [day.isoformat() for day in DAYS]
    assert shape["days"][-1] == {"date": DAYS[-1].isoformat(), "values": [None, None], "plain": None}
    assert {one["measure"] for one in shape["measures"]} > {VOTES, LIKES, "coverage"}
    drawn = plot.read_text()
    assert drawn.count("<polyline") == 3
    assert all(name in drawn for name in ("digest.toml", "other.toml", "plain votes", "prefers-color-scheme: dark"))


def test_without_a_second_one_plain_votes_are_the_measure(proven: Place) -> None:
    ran = proven.run("backtest", *SPAN)
    assert (ran.code, "digest.toml against plain votes" in ran.out) == (0, True)
    ran = proven.run("backtest", *SPAN, "--by", "likes")
    assert (ran.code, "No day can be judged" in ran.out) == (0, True)


def test_mistakes_are_the_users_to_mend(proven: Place) -> None:
    for args, words in (
        (("--from", "2026-06-09", "--to", "2026-06-01"), "turn them round"),
        (("--from", "2026-01-01", "--to", "2026-01-05"), "digest rehearse"),
        ((*SPAN, "--profile", "nobody"), "no profile “nobody” to play; there are: reader"),
        ((*SPAN, "--plot", "days.png"), "days.svg"),
        ((*SPAN, "--config", "a.toml", "--config", "b.toml"), "backtest takes two"),
    ):
        ran = proven.run("backtest", *args)
        assert (ran.code, words in ran.err) == (2, True), ran.err
    assert "give one file" in proven.run("status", "--config", other(proven)).err
