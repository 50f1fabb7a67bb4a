"""Days without papers and lists that are not complete, by the command line: what the reader gets, and what is said."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Callable

import pytest
from conftest import Place, Ran

PROFILES = """
[lab]
title = "The lab"
feed = false
empty = "say"
[lab.mute]
words = ["kites"]
"""
SETTINGS = """
[[subscription]]
address = "ada@example.org"
profile = "lab"
at = "07:00"
"""


@pytest.fixture(name="lab")
def _lab(place: Place) -> Place:
    """One reader of one profile."""
    (place.folder / "config" / "profiles.toml").write_text(PROFILES)
    place.config.write_text(SETTINGS)
    return place


def drop(place: Place, day: str, *titles: str, source: str = "arxiv-lab", **facts: object) -> None:
    """A list of a day in the inbox, in our own form."""
    lines: list[dict[str, object]] = [{"listing": {"source": source, "as_of": day, "daily": True}}]
    lines += [{"title": title, "abstract": f"All about {title}.", "authors": ["Bo Li"]} | facts for title in titles]
    path = place.folder / "inbox" / f"{source}-{day}.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))


def run(place: Place, moment: str) -> Ran:
    return place.run("run", now=f"2026-{moment}:00+00:00")


def mails(place: Place) -> list[str]:
    """The words of each mail, oldest first, with its subject in front; white space folded."""
    found = []
    for path in sorted(place.mails(), key=lambda path: path.name):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        body = message.get_body(("plain",))  # type: ignore[attr-defined]
        assert body is not None
        found.append(" ".join(f"{message['Subject']} {body.get_content()}".split()))
    return found


def test_an_empty_day_is_told_with_its_reason_or_passed_over(lab: Place) -> None:
    assert run(lab, "06-01T07:00").code == 4
    assert mails(lab) == [], "before anything has come in there is nothing to say"
    for day in ("05-28", "05-29", "06-01"):
        drop(lab, f"2026-{day}", f"Gliders {day}", f"Boats {day}")
    assert run(lab, "06-01T09:00").code == 0
    drop(lab, "2026-06-02", "Kites", "More kites")
    assert run(lab, "06-02T07:00").code == 0
    assert run(lab, "06-02T07:01").code == 4, "once"
    assert run(lab, "06-06T07:00").code == 6  # a Saturday, and nothing came on Friday
    _, muted, weekend = mails(lab)
    assert muted.startswith("No papers: The lab · 2 Jun")
    assert "No new papers. 2 papers came in, hidden by your own rules." in muted
    assert "2 papers hidden by this profile’s rules: Kites Muted word “kites”, otherwise first" in muted
    assert "You receive this every day, because ada@example.org" in muted
    assert "days with news" not in weekend
    for mail in lab.mails():
        assert "headings" not in lab.run("lint", mail).out
    assert (
        "No new papers. arxiv-lab’s list of 6 June falls on a weekend: arXiv lists no new papers on weekends."
        in weekend
    )
    assert "arxiv-lab’s list of 5 June is missing: no list of this day came in" in weekend
    page = next((lab.folder / "out").rglob("*.html")).read_text()
    assert "{{" not in page
    (lab.folder / "config" / "profiles.toml").write_text(PROFILES.replace('"say"', '"silent"'))
    ran = run(lab, "06-07T07:00")
    assert ran.code == 4
    assert len(mails(lab)) == 3
    assert "No edition for ada@example.org of 2026-06-07" in ran.out
    told = "(weekend, arxiv-lab of 7 June: arXiv lists no new papers on weekends)"
    assert told in ran.out
    assert told in lab.run("why", "ada@example.org", "2026-06-07").out, "the reason stays known"
    said = lab.run("why", "ada@example.org", "2026-06-06").out
    assert "a mail without papers, sent" in said
    assert "It said: arxiv-lab’s list of 5 June is missing: no list of this day came in" in said


def test_what_became_known_on_a_day_without_an_edition_is_told_by_the_next(lab: Place) -> None:
    profiles = lab.folder / "config" / "profiles.toml"
    profiles.write_text(PROFILES.replace('"say"', '"silent"'))
    for day in ("27", "28", "29"):
        drop(lab, f"2026-05-{day}", f"Paper of {day}", f"Other of {day}")
    assert run(lab, "05-29T12:00").code == 0
    assert run(lab, "06-02T07:00").code == 6, "nothing came on Monday: it is missing, and the edition stays away"
    assert run(lab, "06-03T07:00").code == 6
    assert len(mails(lab)) == 1
    for day in ("03", "04"):
        drop(lab, f"2026-06-{day}", f"Paper of {day}", f"Other of {day}")
        run(lab, f"06-{day}T18:00")
    run(lab, "06-05T07:00")
    told = ["of 1 June is missing" in mail for mail in mails(lab)]
    assert told == [False, True, False]


def test_papers_of_an_old_list_come_with_its_age_and_where_they_were_listed(lab: Place) -> None:
    drop(lab, "2026-02-09", "Gliders", "Boats", votes=1)
    assert run(lab, "06-03T07:00").code == 0
    (mail,) = mails(lab)
    old = "arxiv-lab’s list of 9 February is out of date: its newest list is 114 days old."
    assert f"2 new papers from arxiv-lab. {old}" in mail
    assert "Why: Listed by arxiv-lab on 9 February" in mail
    drop(lab, "2026-06-03", "Kayaks")
    assert run(lab, "06-04T07:00").code == 0
    assert "out of date" not in mails(lab)[-1]


def test_an_edition_waits_for_complete_lists_until_its_cut_off(lab: Place) -> None:
    lab.config.write_text(f'{SETTINGS}wait = "final"\ncut_off = "10:00"\n')
    for day in ("05-27", "05-28", "05-29"):  # Wednesday to Friday
        for source in ("arxiv-a", "arxiv-b"):
            drop(lab, f"2026-{day}", f"{source} of {day}", source=source)
    assert run(lab, "05-29T12:00").code == 0
    drop(lab, "2026-06-01", "Gliders", source="arxiv-a")
    waits = run(lab, "06-01T07:30")
    assert len(mails(lab)) == 1
    words = "waits for complete lists of arxiv-b until 10:00 UTC"
    assert f"No edition for ada@example.org of 2026-06-01: {words}" in waits.out
    assert f"Next: 2026-06-01 10:00 UTC, “lab” for ada@example.org, which {words}." in waits.out
    now = "2026-06-01T07:31:00+00:00"
    assert f"due since 2026-06-01 07:00 UTC (07:00 UTC), and {words}" in (
        lab.run("why", "ada@example.org", "2026-06-01", now=now).out
    )
    for args in (("status",), ("schedule", "--explain", "ada@example.org")):
        assert f"the edition of 2026-06-01 {words}." in lab.run(*args, now=now).out
    status = json.loads(lab.run("status", "--json", now=now).out)
    assert (status["waiting"]["lab/ada@example.org"]["reason"], status["next_due"]) == (
        words,
        "2026-06-01T10:00:00+00:00",
    )
    assert run(lab, "06-01T09:59").code == 4
    assert len(mails(lab)) == 1
    assert run(lab, "06-01T10:00").code == 0
    drop(lab, "2026-06-01", "Boats", source="arxiv-b")
    assert run(lab, "06-01T15:00").code == 0
    drop(lab, "2026-06-02", "Submarines", source="arxiv-a")
    drop(lab, "2026-06-02", "Ferries", source="arxiv-b")
    assert run(lab, "06-02T07:00").code == 0, "complete, so there is nothing to wait for"
    _, monday, tuesday = mails(lab)
    assert "Gliders" in monday
    assert "arxiv-b’s list of 1 June is missing: no list of this day was in by 10:00." in monday
    assert "Boats" in tuesday.partition("Late from yesterday")[0]
    assert tuesday.count("Late from") == 1
    assert "is missing" not in tuesday


@pytest.mark.parametrize(
    "again", [lambda text: text, lambda text: text.replace('": ', '":  ')], ids=["copied", "indented"]
)
def test_a_list_that_comes_again_under_the_name_of_a_later_day_is_stale(
    lab: Place, again: Callable[[str], str]
) -> None:
    for day in ("05-28", "05-29", "06-01"):
        drop(lab, f"2026-{day}", f"Gliders {day}", f"Boats {day}")
        run(lab, f"{day}T20:00")
    inbox = lab.folder / "inbox"
    monday = (inbox / "arxiv-lab-2026-06-01.jsonl").read_text()
    (inbox / "arxiv-lab-2026-06-02.jsonl").write_text(again(monday))
    assert run(lab, "06-02T20:00").code == 6
    assert run(lab, "06-03T07:00").code == 6, "the same once more tells the same"
    stale = "arxiv-lab’s list of 2 June is out of date: the same 2 papers as the day before."
    assert stale in mails(lab)[-1]
    status = json.loads(lab.run("status", "--json", now="2026-06-03T08:00:00+00:00").out)
    days = [(one["date"], one["kind"]) for one in status["verdicts"]]
    assert days[-2:] == [("2026-06-01", "normal"), ("2026-06-02", "stale")]
    drop(lab, "2026-06-02", "Kites", "Sails", "Oars")
    assert run(lab, "06-03T08:00").code == 0, "what comes after all stands for the day"


def test_a_bad_dump_that_cannot_be_moved_aside_stops_only_itself(lab: Place) -> None:
    inbox = lab.folder / "inbox"
    (inbox / "set-aside").touch()  # where a folder must be, as a read-only inbox would have it for anybody but root
    (inbox / "a.json").write_text("{")
    drop(lab, "2026-06-01", "Gliders")
    ran = run(lab, "06-01T20:00")
    assert ran.code == 1, ran.err
    assert "it could not be moved out of the inbox (" in ran.out
    assert "Gliders" in mails(lab)[-1]
    assert run(lab, "06-01T20:01").code == 4, "it is not read again"
    (inbox / "set-aside").unlink()
    assert run(lab, "06-01T20:02").code == 4
    assert [path.name for path in inbox.iterdir()].count("a.json") == 0
    assert "could not be moved" not in (inbox / "set-aside" / "a.json.reason.txt").read_text()
    (inbox / "set-aside" / "a.json").rename(inbox / "a.json")
    assert run(lab, "06-01T20:03").code == 1, "put back, it is read again"


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Mon 1 Jun: the list of arxiv-lab is missing Tue 2 Jun: 2 new papers, first “Kites of 02”; the list of"
         " arxiv-lab may lack papers"),
        ("de", "Mo. 1. Juni: die Liste von arxiv-lab fehlt Di. 2. Juni: 2 neue Paper, zuvorderst „Kites of 02“; der"
         " Liste von arxiv-lab fehlen vielleicht Paper"),
    ],
)  # fmt: skip
def test_the_days_that_an_edition_makes_up_for_tell_their_verdicts(lab: Place, language: str, told: str) -> None:
    (lab.folder / "config" / "profiles.toml").write_text(PROFILES.replace("kites", "boats"))
    lab.config.write_text(f'{SETTINGS}language = "{language}"\n')
    for day in ("26", "27", "28", "29"):
        drop(lab, f"2026-05-{day}", *(f"Gliders {number} of {day}" for number in range(9)))
    assert run(lab, "05-29T20:00").code == 0
    drop(lab, "2026-06-02", "Kites of 02", "Gulls of 02")
    assert lab.run("ingest", lab.folder / "inbox", now="2026-06-03T20:00").code == 0
    (lab.folder / "inbox" / "arxiv-lab").mkdir()
    (lab.folder / "inbox" / "arxiv-lab" / "2026-06-03.json").write_text("{")
    assert run(lab, "06-04T07:00").code == 1
    mail = mails(lab)[-1]
    assert told in mail
    weekend, broken = {
        "en": ("Sat 30 – Sun 31 May: weekend of arxiv-lab Mon", "Wed 3 Jun: the list of arxiv-lab could not be used"),
        "de": (
            "Sa. 30. – So. 31. Mai: Wochenende von arxiv-lab Mo.",
            "Mi. 3. Juni: die Liste von arxiv-lab war unbrauchbar",
        ),
    }[language]
    assert weekend in mail and broken in mail


def test_a_cut_off_that_comes_before_its_time_is_refused(lab: Place) -> None:
    lab.config.write_text(f'{SETTINGS}wait = "final"\ncut_off = "07:00"\n')
    ran = run(lab, "06-01T07:00")
    assert ran.code == 2
    assert "cut_off" in ran.err


def test_a_source_at_fault_is_told_in_the_mail_the_status_and_the_exit_code(lab: Place) -> None:
    for day in ("27", "28", "29"):
        drop(lab, f"2026-05-{day}", f"Paper of {day}", f"Other of {day}")
    assert run(lab, "05-29T12:00").code == 0
    drop(lab, "2026-06-01", "Paper of 29", "Other of 29")
    drop(lab, "2026-06-01", "Sails", source="lab-notes")
    ran = run(lab, "06-02T07:00")
    assert ran.code == 6, "the run tells it though all else went well"
    stale = "arxiv-lab’s list of 1 June is out of date: the same 2 papers as the day before."
    assert stale in mails(lab)[-1]
    status = json.loads(lab.run("status", "--json", now="2026-06-02T08:00:00+00:00").out)
    kinds = {(one["source"], one["date"]): one["kind"] for one in status["verdicts"]}
    assert kinds["arxiv-lab", "2026-06-01"] == "stale"
    assert kinds["arxiv-lab", "2026-05-30"] == "weekend"
    assert set(status["phases"]) == {"ingest", "publish", "deliver"}, "no source was asked"
    assert all(one["ended_well"] and one["last_success"] for one in status["phases"].values())
    doctor = json.loads(lab.run("doctor", "--json", now="2026-06-02T08:00:00+00:00").out)
    assert {"level": "wrong", "name": "sources", "words": stale} in doctor
    assert run(lab, "06-04T07:00").code in (0, 6)
    told = [mail for mail in mails(lab) if stale in mail]
    assert len(told) == 1, "each reader is told once"
