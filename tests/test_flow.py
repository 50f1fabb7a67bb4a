"""The whole way, by the command line: dumps in, mails and feeds out, and every promise of each phase."""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import shutil
from datetime import date, datetime
from email.message import EmailMessage
from itertools import takewhile
from pathlib import Path

import feedparser
import pytest
from conftest import Digest, Place
from lxml import html

from digest.model import Cadence, ordinal
from digest.store import Store

SAMPLES = Path(__file__).parent.parent / "config" / "samples"
TOMORROW = "2026-06-03T20:00:00+00:00"


def parsed(path: Path) -> EmailMessage:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_run_makes_mails_and_feeds(sent: Place) -> None:
    assert len(sent.mails()) == 4
    firsts = {parsed(path)["To"]: parsed(path)["Subject"] for path in sent.mails()}
    assert len(set(firsts.values())) == 4, "each profile has another first paper"
    for name in ("trending", "small-models", "robots", "trust"):
        feed = feedparser.parse(sent.folder / "out" / "feeds" / f"{name}.atom")
        assert not feed.bozo
        assert feed.entries


def test_a_second_run_is_nothing_new_and_changes_no_file(sent: Place) -> None:
    before = {path: path.stat().st_mtime_ns for path in (sent.folder / "out").rglob("*") if path.is_file()}
    ran = sent.run("run")
    assert ran.code == 4
    assert "Nothing is new" in ran.out
    after = {path: path.stat().st_mtime_ns for path in (sent.folder / "out").rglob("*") if path.is_file()}
    assert after == before


def test_phases_by_hand_do_what_run_does(sent: Place, tmp_path: Path, digest: Digest) -> None:
    other = Place(tmp_path / "other", digest)
    digest("init", other.folder, "--samples")
    shutil.copy(sent.folder / "state" / "secret", other.folder / "state" / "secret")
    assert other.run("ingest", other.folder / "inbox").code == 0
    assert other.mails() == []
    assert other.run("publish").code == 0
    assert other.mails() == []
    assert other.run("deliver").code == 0
    assert [path.read_bytes() for path in other.mails()] == [path.read_bytes() for path in sent.mails()]
    feeds = [path for path in (sent.folder / "out" / "feeds").rglob("*") if path.is_file()]
    for feed in feeds:
        assert (other.folder / feed.relative_to(sent.folder)).read_bytes() == feed.read_bytes()


def test_no_paper_is_shown_twice(stocked: Place) -> None:
    stocked.set("[feeds]", "[feeds]\nentries = 500")
    late = stocked.folder / "inbox" / "hf-daily-2026-06-02.json"
    late.rename(stocked.folder / "late.json")
    stocked.run("run")
    first = {path.name for path in stocked.mails()}
    (stocked.folder / "late.json").rename(late)
    assert stocked.run("run", now=TOMORROW).code == 0
    shown: dict[str, list[str]] = {}
    for path in stocked.mails():
        message = parsed(path)
        body = message.get_body(("plain",))
        assert body is not None
        cards = body.get_content().rpartition("-" * 72)[0]  # below are papers that are only named
        links = [line.strip() for line in cards.splitlines() if line.strip().startswith("https://arxiv.org/abs")]
        assert links
        shown.setdefault(message["To"], []).extend(links)
    assert {path.name for path in stocked.mails()} > first
    for links in shown.values():
        assert len(links) == len(set(links))


def test_yesterdays_leftovers_alone_are_no_edition(sent: Place) -> None:
    ran = sent.run("run", now=TOMORROW)
    assert ran.code == 4
    assert "nothing new since" in ran.out
    lines = sent.run("status", now=TOMORROW).out.splitlines()
    assert max(map(len, lines)) <= 100
    assert any("feed/robots" in line and "nothing new since" in line for line in lines)


def test_an_empty_inbox_then_a_dump_on_the_same_day(place: Place) -> None:
    ran = place.run("run")
    assert ran.code == 4
    assert place.mails() == []
    (all_of_them,) = re.findall("No edition for (.*) of 2026-06-02: ", ran.out)
    assert all_of_them == "the feed robots, the feed small-models and 5 more"
    alone = place.run("--verbose", "run", now=TOMORROW).out
    assert len(re.findall("No edition for the feed [a-z-]+ of ", alone)) == 4
    shutil.copy(SAMPLES / "hf-daily-2026-06-02.json", place.folder / "inbox")
    assert place.run("run").code == 0
    assert place.mails()


def test_a_bad_dump_is_set_aside_and_the_rest_goes_on(stocked: Place) -> None:
    bad = stocked.folder / "inbox" / "bad.json"
    bad.write_text('[{"paper": {"id": "26')
    (stocked.folder / "inbox" / "still-coming.json.part").write_text("[")
    ran = stocked.run("run")
    assert ran.code == 1
    assert f"Set aside: {bad}: JSON that breaks" in ran.out
    assert len(stocked.mails()) == 4
    aside = stocked.folder / "inbox" / "set-aside"
    assert (aside / "bad.json").read_text() == '[{"paper": {"id": "26'
    assert (aside / "bad.json.reason.txt").read_text().strip()
    assert not bad.exists()
    assert stocked.run("run").code == 4, "it is named once, not every minute"
    for moment, listed in (("2026-06-09T19:59:00+00:00", True), ("2026-06-10T20:00:00+00:00", False)):
        assert ("bad.json" in stocked.run("status", now=moment).out) is listed, "for a week"


def test_a_dump_that_is_still_being_copied_is_left_alone(stocked: Place) -> None:
    growing, whole = stocked.folder / "inbox" / "growing.json", (SAMPLES / "hf-daily-2026-06-02.json").read_text()
    growing.write_text(whole[:900])
    moment = datetime.fromisoformat("2026-06-02T20:00:30+00:00").timestamp()
    os.utime(growing, (moment, moment))
    ran = stocked.run("run")
    assert ran.code == 1
    assert f"Not read: {growing}: JSON that breaks" in ran.out
    assert growing.exists()
    assert growing.name not in stocked.run("status").out
    growing.write_text(whole)
    assert growing.name in stocked.run("ingest", stocked.folder / "inbox").out


def test_what_is_no_file_in_the_inbox_is_named_and_the_rest_goes_on(stocked: Place) -> None:
    inbox = stocked.folder / "inbox"
    link, pipe = inbox / "a-link.json", inbox / "pipe.json"
    link.symlink_to("gone.json")
    os.mkfifo(pipe)
    for command in (("ingest", inbox, "--dry-run"), ("run",)):
        ran = stocked.run(*command)
        assert ran.code == 1
        assert f"Not read: {link}: a link to gone.json, which is not there; mend or remove it" in ran.out
        assert f"Not read: {pipe}: a pipe" in ran.out
    assert len(stocked.mails()) == 4
    link.unlink()
    pipe.unlink()
    assert stocked.run("run").code == 4


def test_ingest_json_has_the_promised_shape(place: Place) -> None:
    dump = SAMPLES / "hf-daily-2026-06-02.json"
    ran = place.run("ingest", dump, "--json")
    report = json.loads(ran.out)
    promised = {"dump", "format", "source", "as_of", "entries", "new", "revised", "relisted", "unchanged", "rejected"}
    assert promised <= set(report)
    assert report["entries"] == report["new"] + report["revised"] + report["relisted"] + report["unchanged"] > 0
    assert report["as_of"] == "2026-06-02"
    again = json.loads(place.run("ingest", dump, "--json").out)
    assert (again["new"], again["unchanged"], again["known"]) == (0, report["entries"], True)
    before = json.loads(place.run("status", "--json").out)
    place.run("ingest", dump)
    after = json.loads(place.run("status", "--json").out)
    assert after | {"phases": None} == before | {"phases": None}, "but for how long the phase took"


def test_ingest_reads_standard_input(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    dump = SAMPLES / "hf-search-small-models.txt"
    with dump.open("rb") as file:
        monkeypatch.setattr("sys.stdin", type("Stdin", (), {"buffer": file})())
        report = json.loads(place.run("ingest", "-", "--json").out)
    assert (report["dump"], report.get("error")) == ("-", None)
    assert report["new"] == report["entries"] > 0


def test_dry_runs_store_nothing(stocked: Place) -> None:
    before = stocked.run("status", "--json").out
    for command in ("ingest", "publish", "deliver", "run"):
        args = [stocked.folder / "inbox"] if command == "ingest" else []
        ran = stocked.run(command, *args, "--dry-run", "--json")
        assert ran.code in (0, 4)
        assert [json.loads(one) for one in (ran.out.splitlines() if args else [ran.out])], "JSON, and nothing else"
    assert stocked.run("status", "--json").out == before
    assert stocked.mails() == []
    stocked.run("ingest", stocked.folder / "inbox")
    ran = stocked.run("publish", "--dry-run")
    assert "ada@example.org" in ran.out
    assert json.loads(stocked.run("status", "--json").out)["editions"] == 0


def test_preview_shows_what_will_be_mailed_and_touches_nothing(
    ingested: Place, sent_folder: Path, tmp_path: Path
) -> None:
    before = ingested.run("status", "--json").out
    target = tmp_path / "seen.html"
    ran = ingested.run("preview", "robots", "--for", "alan@example.org", "--out", target, "--json")
    assert ran.code == 0
    assert ingested.run("status", "--json").out == before
    (mailed,) = (sent_folder / "out" / "mail").glob("*alan*.eml")
    assert parsed(mailed)["Subject"] == json.loads(ran.out)["subject"]
    assert mailed.with_suffix(".html").read_text() == target.read_text()


def test_show_tells_where_each_field_came_from(ingested: Place, tmp_path: Path) -> None:
    feedless = json.loads((SAMPLES / "hf-daily-2026-06-01T20.json").read_text())
    number = feedless[0]["paper"]["id"]
    shown = json.loads(ingested.run("show", f"https://arxiv.org/abs/{number}v3", "--json").out)
    assert shown["id"] == number
    assert shown["origins"]["title"]["dump"].endswith(".json")
    assert shown["sightings"]
    assert {"source", "date", "position", "votes", "comments"} <= set(shown["sightings"][0])
    assert ingested.run("show", "no such paper at all").code == 2
    feedless[0]["paper"]["summary"] += " And thrice as fast on quilts."
    (tmp_path / "next.json").write_text(json.dumps(feedless[:1]))
    assert ingested.run("ingest", str(tmp_path / "next.json"), "--as-of", "2026-06-02").code == 0
    revised = next(line for line in ingested.run("show", number).out.split("\n") if "thrice" in line)
    assert "…" in revised and len(revised) < 250, "the difference, not two whole abstracts"


def test_diff_of_two_dumps(place: Place) -> None:
    morning, evening = SAMPLES / "hf-daily-2026-06-01T08.json", SAMPLES / "hf-daily-2026-06-01T20.json"
    shape = json.loads(place.run("diff", morning, evening, "--json").out)
    assert len(shape["unchanged"]) == shape["a"]["entries"]
    assert len(shape["new"]) == shape["b"]["entries"] - shape["a"]["entries"] > 0
    assert shape["gone"] == []
    back = json.loads(place.run("diff", evening, morning, "--json").out)
    assert len(back["gone"]) == len(shape["new"])
    assert "→" in place.run("diff", morning, evening).out


def test_suppressed_addresses_get_nothing(ingested: Place) -> None:
    assert ingested.run("suppress", "ADA@example.org").code == 0
    ingested.run("run")
    assert not [path for path in ingested.mails() if "ada" in path.name]
    assert "suppression list" in ingested.run("status").out
    assert "ADA@example.org" in ingested.run("suppress").out


def test_an_unsubscribe_token_names_its_reader(sent: Place) -> None:
    link = parsed(next(path for path in sent.mails() if "ada" in path.name))["List-Unsubscribe"]
    token = link.split("/u/")[1].split(">")[0]
    assert "ada@example.org" in sent.run("suppress", token).out
    assert "neither an address nor" in sent.run("suppress", f"-{token[1:]}").err, "where it begins so"


def test_test_send_is_not_recorded(ingested: Place) -> None:
    before = ingested.run("status", "--json").out
    assert ingested.run("test-send", "me@example.org", "--profile", "robots").code == 0
    assert parsed(ingested.mails()[0])["To"] == "me@example.org"
    assert ingested.run("status", "--json").out == before


def test_rehearse_plays_days_apart_from_the_real_store(stocked: Place) -> None:
    before = stocked.run("status", "--json").out
    args = ("rehearse", SAMPLES, "--from", "2026-06-01", "--to", "2026-06-03")
    shape = json.loads(stocked.run(*args, "--json").out)
    assert [day["dumps"] for day in shape["days"]][:2] >= [2, 1]
    assert [day["editions"] > 0 for day in shape["days"]][:2] == [True, True]
    assert stocked.run("status", "--json").out == before
    assert stocked.mails() == []
    assert list((stocked.folder / "out" / "rehearsal" / "mail").glob("*.eml"))


def lab(place: Place, day: str, **votes: int) -> None:
    """A day's dump of a lab's list: papers by a word of their titles, with their votes."""
    lines: list[dict[str, object]] = [{"listing": {"source": "lab", "as_of": day, "daily": True}}]
    lines += [{"title": f"On {name} and how they are herded", "votes": given} for name, given in votes.items()]
    path = place.folder / "inbox" / f"lab-{day}.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def sections(place: Place, day: str) -> dict[str, list[str]]:
    """By heading, the words of the papers in the page of the day's feed edition; those named below it under `below`."""
    page = html.fromstring((place.folder / "out" / "archive" / "flocks" / f"{day}.html").read_text())
    found: dict[str, list[str]] = {}
    heading = ""
    for element in page.xpath("//p[@class='section'] | //h2 | //p[@class='mention']"):
        words = element.text_content().strip()
        if element.get("class") == "section":
            heading = words
        else:
            found.setdefault("below" if element.tag == "p" else heading, []).append(words.split()[1])
    return found


def test_a_paper_that_rises_later_comes_once_more_and_no_more(place: Place) -> None:
    (place.folder / "config" / "profiles.toml").write_text('[flocks]\ntitle = "Flocks"\nlimit = 2\ntrend_weight = 1\n')
    config = place.config.read_text()
    place.config.write_text(config[: config.index("[[subscription]]")])
    made = {}
    for day, votes in {
        "2026-06-01": {"sheep": 9, "goats": 8, "geese": 4},
        "2026-06-02": {"sheep": 10, "goats": 40, "geese": 4, "ducks": 90, "swans": 80},
        "2026-06-03": {"goats": 90, "geese": 50, "larks": 99, "crows": 98},
    }.items():
        lab(place, day, **votes)
        assert place.run("run", now=f"{day}T20:00:00+00:00").code == 0
        made[day] = sections(place, day)
    assert made == {
        "2026-06-01": {"": ["sheep", "goats"], "below": ["geese"]},
        "2026-06-02": {"": ["ducks", "swans"], "Late risers": ["goats"]},
        "2026-06-03": {"": ["larks", "crows"], "Late risers": ["geese"]},
    }


def test_explain_accounts_for_a_paper_to_the_last_point(ingested: Place) -> None:
    """Read from what is printed: what is indented under a number adds up to it."""
    before = ingested.run("status", "--json").out
    found = json.loads(ingested.run("explain", "2605.91888", "small-models", "--json").out)
    assert (found["standing"], found["paper"]["id"]) == ("listed", "2605.91888")
    assert found["score"] == sum(each["points"] for each in found["reasons"])
    printed = ingested.run("explain", "2605.91888", "small-models").out
    lines = [re.fullmatch(r"( *)(-?\d+)  (.+)", line) for line in printed.splitlines()]
    tree = [(len(line[1] + line[2]) - 6, int(line[2]), line[3]) for line in lines if line]
    heads = [number for number, (depth, _, _) in enumerate(tree) if depth == 0]
    assert [tree[head][2] for head in heads] == ["score for this profile", "trend, whatever the profile"]
    for start, end in zip(heads, [*heads[1:], None], strict=True):
        assert tree[start][1] == sum(points for depth, points, _ in tree[start + 1 : end] if depth == 2)
    reasons = [number for number, (depth, _, _) in enumerate(tree) if depth == 2]
    parts = [tree[one + 1 : other] for one, other in zip(reasons, [*reasons[1:], None], strict=True)]
    parts = [list(takewhile(lambda line: line[0] == 4, each)) for each in parts]
    assert any(parts), "it goes down to the words"
    for reason, told in zip(reasons, parts, strict=True):
        assert not told or tree[reason][1] == sum(points for _, points, _ in told)
    assert ingested.run("status", "--json").out == before


def test_explain_says_what_a_reader_was_shown_and_what_a_mute_hides(sent: Place) -> None:
    found = json.loads(sent.run("explain", "2605.91888", "small-models", "--json").out)
    ran = sent.run("explain", "2605.91888", "small-models", "--address", "grace@example.org")
    assert "shown on 2026-06-02" in ran.out
    profiles = sent.folder / "config" / "profiles.toml"
    profiles.write_text(profiles.read_text().replace('words = ["survey"]', 'words = ["kettle"]'))
    ran = sent.run("explain", "2605.91888", "small-models")
    assert f"without the muted word “kettle” this would be {ordinal(found['rank'])}" in ran.out
    assert f"{found['score']}  score" in ran.out, "it has its account all the same"
    ran = sent.run("explain", "2605.91888", "small-models", now="2026-07-20T20:00:00+00:00")
    assert "not among the candidates: first listed" in ran.out
    assert sent.run("explain", "2605.91888", "nobody").code == 2
    assert sent.run("explain", "no such paper", "trust").code == 2


def test_doctor_finds_what_is_wrong(stocked: Place) -> None:
    profiles = stocked.config.with_name("profiles.toml")
    new = '\n[new]\ntitle = "New"\n[[new.topic]]\nname = "x"\nexamples = ["2602.00001"]\n'
    profiles.write_text(profiles.read_text() + new)
    ran = stocked.run("doctor")
    assert ran.code == 0
    assert (
        "note  examples: not known yet, they count for nothing until a dump tells of them (with a [[source]]" in ran.out
    )
    assert "asks arXiv for its own): new: 2602.00001" in ran.out
    stocked.set('kind = "directory"', 'kind = "smtp"\nhost = "127.0.0.1"\nport = 1\nsecurity = "none"')
    ran = stocked.run("doctor")
    assert ran.code == 1
    assert "transport" in ran.out


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("--config", "nowhere/digest.toml", "status"), 2, "digest init"),
        (("--now", "yesterday", "status"), 2, "2026-06-01T07:00:00+02:00"),
        (("ingest",), 2, "PATHS"),
        (("no-such-command",), 2, "no-such-command"),
        (("--version",), 0, ""),
        (("--help",), 0, ""),
    ],
)
def test_errors_are_one_clear_message(digest: Digest, args: tuple[str, ...], code: int, words: str) -> None:
    ran = digest(*args)
    assert ran.code == code
    assert words in ran.err
    assert "Traceback" not in ran.err


def test_missing_dump_and_unknown_profile_are_the_users_to_mend(place: Place) -> None:
    assert place.run("ingest", "nowhere.json").code == 2
    assert place.run("preview", "nobody").code == 2
    assert "trending" in place.run("preview", "nobody").err


def test_options_may_stand_behind_the_command(stocked: Place, digest: Digest) -> None:
    assert digest("status", "--config", stocked.config, "--now", TOMORROW).code == 0


def test_init_keeps_what_is_there(place: Place) -> None:
    place.set('name = "Trending Papers"', 'name = "Ours"')
    assert "Kept" in place.digest("init", place.folder).out
    assert 'name = "Ours"' in place.config.read_text()


def test_a_folder_that_cannot_be_made_is_the_users_to_mend(digest: Digest, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    ran = digest("init", tmp_path / "taken" / "work")
    assert ran.code == 2
    assert "taken" in ran.err


def test_to_a_weekly_reader_a_paper_of_three_days_ago_is_less_old(stocked: Place) -> None:
    stocked.set('profile = "trust"', 'profile = "trending"')  # of the weekly reader; another reads it daily
    assert stocked.run("run", now="2026-06-05T20:00:00+00:00").code == 0
    store = Store.open(f"sqlite:///{stocked.folder / 'state' / 'digest.db'}")
    ages: dict[Cadence, dict[str, int]] = {}
    for subscription_id in store.last_editions():
        for edition in store.editions(subscription_id, 1):
            if edition.subscription.address and edition.subscription.profile == "trending":
                reasons = [(item.paper, reason) for item in edition.items for reason in item.reasons]
                ages[edition.subscription.cadence] = {
                    paper.id: reason.points
                    for paper, reason in reasons
                    if reason.kind == "age" and paper.first_listed == date(2026, 6, 2) and reason.label == "3 days old"
                }
    assert set(ages[Cadence.DAILY].values()) == {-14}  # twice 10 ln(1 + 3/3)
    assert set(ages[Cadence.WEEKLY].values()) == {-6}  # twice 10 ln(1 + 3/9)
