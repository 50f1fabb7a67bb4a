"""The main job on the real dumps: the two seeds, and the run of days of the summer of 2026.

Runs where DIGEST_REAL_DATA names the folder of real dumps; there a missing file is a failure.
"""

from __future__ import annotations

import email
import email.policy
import json
import os
import random
import re
import shutil
from collections import Counter
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import editions
import feedparser
import pytest
from conftest import Place, real_data
from lxml import etree

from digest.listings import read_dump, read_listing
from digest.model import Facts, Paper, Subscription
from digest.render import MAIL_LIMIT, Renderer

pytestmark = pytest.mark.skipif("DIGEST_REAL_DATA" not in os.environ, reason="needs the real dumps")

RNG = Path(__file__).parent / "data" / "atom.rng"
NOW = "2025-12-10T08:00:00+00:00"
FIRST, LAST = date(2026, 5, 25), date(2026, 6, 7)


@pytest.fixture
def seeded(place: Place) -> Place:
    seeds = sorted((real_data() / "seeds").glob("*.txt"))
    assert len(seeds) == 2
    for seed in seeds:
        shutil.copy(seed, place.folder / "inbox")
    return place


def test_seeds_are_287_papers_five_known_from_both(seeded: Place) -> None:
    found = [
        json.loads(line) for line in seeded.run("ingest", seeded.folder / "inbox", "--json", now=NOW).out.splitlines()
    ]
    assert [(one["entries"], one["new"], one["rejected"]) for one in found] == [(43, 43, []), (249, 244, [])]
    assert found[0]["as_of"] == "2025-12-08"
    assert found[1]["revised"] + found[1]["relisted"] + found[1]["unchanged"] == 5
    status = json.loads(seeded.run("status", "--json", now=NOW).out)
    assert (status["papers"], status["sightings"]) == (287, 292)


def test_a_paper_of_both_seeds_has_the_richer_fields_whatever_the_order(seeded: Place) -> None:
    first, second = sorted((seeded.folder / "inbox").iterdir())
    for dumps in ((first, second), (second, first)):
        shutil.rmtree(seeded.folder / "state")
        for dump in dumps:
            seeded.run("ingest", dump, now=NOW)
        titles = json.loads(seeded.run("diff", first, second, "--json", now=NOW).out)["unchanged"]
        assert len(titles) == 5
        for one in titles:
            shown = json.loads(seeded.run("show", one["title"], "--json", now=NOW).out)
            assert len(shown["sightings"]) == 2
            assert shown["published"], "the date is told by the first dump alone"
            assert shown["author_count"] or shown["organisation"]


def test_seeds_make_different_mails_that_fit_their_profiles_and_valid_feeds(seeded: Place) -> None:
    assert seeded.run("run", now=NOW).code == 0
    firsts = []
    for path in seeded.mails():
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        body = message.get_body(("plain",))  # type: ignore[attr-defined]
        firsts.append(message["Subject"].split("…")[0][:30])
        assert body is not None
    assert len(firsts) == 4
    assert len(set(firsts)) == 4
    shown = json.loads(seeded.run("preview", "robots", "--json", "--out", seeded.folder / "p.html", now=NOW).out)
    for item in shown["edition"]["items"][:3]:
        words = f"{item['paper']['title']} {item['paper']['abstract']}".lower()
        assert any(word in words for word in ("robot", "vision-language", "video", "visual", "embodied", "multimodal"))
    schema = etree.RelaxNG(etree.parse(RNG))
    for path in (seeded.folder / "out" / "feeds").glob("*.atom"):
        tree = etree.parse(path)
        assert schema.validate(tree), schema.error_log
        assert not feedparser.parse(path).bozo
        assert feedparser.parse(path).entries


def days() -> list[Path]:
    folder = real_data() / "listings" / "hf-api-daily" / "daily"
    found = [path for path in sorted(folder.glob("2026-*.json")) if str(FIRST) <= path.stem <= str(LAST)]
    weekdays = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
    expected = [day for day in weekdays if day.weekday() < 5 and day not in (date(2026, 5, 26), date(2026, 6, 5))]
    assert [path.stem for path in found] == [str(day) for day in expected]
    return found


def shown_twice(mails: list[Path]) -> dict[str, list[str]]:
    """By reader, the papers that are in more than one mail's list, or late risers of more than one; all readers."""
    shown: dict[str, Counter[tuple[int, str]]] = {}
    for path in mails:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        text = message.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
        cards = text.rpartition("-" * 72)[0]  # below are papers that are only named
        links = {
            (part, line.strip())
            for part, section in enumerate(re.split(r"^LATE RISERS\s*$", cards, flags=re.MULTILINE))
            for line in section.splitlines()
            if line.strip().startswith("https://arxiv.org/abs/")
        }
        assert links, path.name
        shown.setdefault(message["To"], Counter()).update(links)
    return {reader: [link for (_, link), times in links.items() if times > 1] for reader, links in shown.items()}


def test_after_an_outage_of_six_days_each_reader_gets_one_edition_for_all_of_them(place: Place) -> None:
    """Off from a Thursday night to the next Wednesday; the lists of these days lie in the inbox when it comes back."""
    before, during = days()[1:3], [path for path in days()[3:] if path.stem <= "2026-06-03"]
    assert (before[-1].stem, [path.stem[5:] for path in during]) == ("2026-05-28", ["05-29", "06-01", "06-02", "06-03"])
    for path in before:
        shutil.copy(path, place.folder / "inbox")
        assert place.run("run", now=f"{path.stem}T12:00:00+00:00").code == 0
    had = set(place.mails())
    listed = {path.stem: len(json.loads(path.read_text())) for path in during}
    for path in during:
        shutil.copy(path, place.folder / "inbox")
    assert place.run("run", now="2026-06-03T20:00:00+00:00").code == 0
    assert place.run("run", now="2026-06-03T20:01:00+00:00").code == 4
    merged = sorted(set(place.mails()) - had)
    daily = [path for path in merged if "emmy" not in path.name]  # the weekly reader had nothing before
    assert len(merged) == 4 and len(daily) == 3
    for path in daily:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        text = message.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
        came = r"weekend of Hugging Face(?=\s)|\d+(?= new papers, first “)"
        told = re.findall(rf"^(\w{{3}} [^:\n]*): ({came})", text, re.MULTILINE)
        days_told = ["Fri 29 May", "Sat 30 – Sun 31 May", "Mon 1 Jun", "Tue 2 Jun", "Wed 3 Jun"]
        assert [days for days, _ in told] == days_told, path.name
        assert told[1][1] == "weekend of Hugging Face"
        total = sum(int(number) for _, number in told if number.isdigit())
        assert f"{total} new papers" in text
        assert 0.9 * sum(listed.values()) <= total <= sum(listed.values()), "but for those that are muted"
    assert list(shown_twice(place.mails()).values()) == [[], [], [], []]
    status = json.loads(place.run("status", "--json", now="2026-06-03T20:01:00+00:00").out)
    assert (status["listings"], status["set_aside"]) == (len(before) + len(during), 0)
    assert {state for state, number in status["outbox"].items() if number} == {"sent"}


def test_days_of_summer_in_one_command_show_no_paper_twice(place: Place) -> None:
    """From a Wednesday over the weekend to the next Tuesday."""
    folder, first, last = real_data() / "listings" / "hf-api-daily" / "daily", date(2026, 5, 27), date(2026, 6, 2)
    dumps = [path for path in days() if str(first) <= path.stem <= str(last)]
    ran = place.run("rehearse", folder, "--from", str(first), "--to", str(last), "--json", now=f"{last}T22:00:00+00:00")
    assert ran.code == 0, ran.err
    shape = json.loads(ran.out)
    assert len(shape["days"]) == (last - first).days + 1
    assert sum(day["dumps"] for day in shape["days"]) == len(dumps)
    assert shape["outside"] == len(list(folder.iterdir())) - len(dumps)
    assert all(day["not_read"] == 0 for day in shape["days"])
    for day in shape["days"]:
        assert bool(day["editions"]) == bool(day["new"]), day
    mails = sorted((place.folder / "out" / "rehearsal" / "mail").glob("*.eml"))
    assert len(mails) == sum(day["sent"] for day in shape["days"])
    assert list(shown_twice(mails).values()) == [[], [], [], []]


def test_no_mail_is_over_its_budget_for_any_papers_of_the_real_listings() -> None:
    """Long and short, with words of why as long as they may be: shortened, then named, then counted."""
    chance, now = random.Random(5), datetime(2026, 6, 8, tzinfo=UTC)
    entries = (entry for path in days() for entry in read_listing(read_dump(path), now=now).entries)
    papers = []
    for number, entry in enumerate(entries):
        facts = {field.name: getattr(entry.facts, field.name) for field in fields(Facts)}
        papers.append(Paper(id=f"p{number}", first_listed=FIRST, first_seen=now, **facts))
    papers.sort(key=lambda paper: len(paper.abstract))
    papers = [*papers[:10], *chance.sample(papers[10:-20], 10), *papers[-20:]]
    renderer = Renderer([editions.TEMPLATES], editions.SITE)
    links = replace(editions.LINKS, unsubscribe_url=f"https://digest.example.org/u/{'x' * 120}")
    reader = Subscription(id="a", profile="slm", address=f"{'a' * 60}@{'b' * 60}.example")
    for size, chosen in [(20, papers[-20:]), (150, papers), *((chance.randrange(1, 150), papers) for _ in range(15))]:
        whys = (chance.choice(("why & <why> " * 40, "“理由” · " * 40, "Short")) for _ in range(size))
        chosen_whys = zip(chance.choices(chosen, k=size), whys, strict=True)
        items = (editions.item(0, paper=paper, why=why) for paper, why in chosen_whys)
        one = editions.edition(*items, subscription=reader)
        html = renderer.render(one, links).html
        assert len(html.encode()) <= MAIL_LIMIT
        told, left_out = html.count("<h2"), renderer.draft(one, links).left_out
        assert told + left_out == size
        assert (f"{left_out} more paper" in html.replace("\u00a0", " ")) == bool(left_out)
        assert told >= min(size, 30)
