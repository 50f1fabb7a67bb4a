"""The tree of feeds: what is written when, what stays as it is, what goes. All papers are invented."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import time as clock
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import feedparser
import pytest
from conftest import Place
from lxml import etree
from make import BACKGROUND
from stores import a_change, an_edition, enqueue, record

from digest import websub
from digest.compose import without
from digest.config import TEMPLATES
from digest.model import (
    Edition,
    FeedBuild,
    FieldChange,
    Item,
    Outcome,
    Paper,
    Posting,
    Profile,
    Reason,
    Site,
    Strand,
    StrandKind,
    Subscription,
    Term,
    Topic,
)
from digest.pipeline import feeds
from digest.pipeline.archive import write_front
from digest.pipeline.prune import Retention, prune
from digest.pipeline.streams import slug, streams
from digest.pipeline.surfaces import announce, write_surfaces
from digest.pipeline.world import World
from digest.render import Renderer
from digest.store import Store
from digest.transport import DirectoryTransport

A = "{http://www.w3.org/2005/Atom}"
FH = "{http://purl.org/syndication/history/1.0}"
FIRST = date(2030, 3, 20)
SITE = Site(
    name="Paper Digest",
    sender="digest@example.org",
    authority="example.org,2029",
    list_domain="example.org",
    url="https://digest.example.org",
)
PROFILE = Profile(
    name="sheep",
    title="Sheep",
    description="All about sheep.",
    topics=(Topic(name="wool"), Topic(name="Zäune & gates")),
    authors=(Term(text="Ada Example"),),
)
PUBLIC = Subscription(id="feed/sheep", profile="sheep", address=None)
READER = Subscription(id="sheep/reader@example.net", profile="sheep", address="reader@example.net")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Store.open(f"sqlite:///{tmp_path}/digest.db") as store:
        yield World(
            store=store,
            renderer=Renderer([TEMPLATES], SITE),
            transport=DirectoryTransport(tmp_path / "mail"),
            site=SITE,
            secret=b"0123456789abcdef",
            clock=clock,
            background=lambda: BACKGROUND,
            profiles={"sheep": PROFILE},
            subscriptions=(PUBLIC, READER),
            roll="",
            zones="",
            inbox=tmp_path / "inbox",
            output=tmp_path / "out",
        )


def moment(day: date) -> datetime:
    return datetime.combine(day, time(6), UTC)


def papers_of(day: date) -> list[Paper]:
    """Three papers that come in on a day, the first by Ada."""
    return [
        Paper(
            id=f"{day:%y%m.%d}{number:03}",
            arxiv_id=f"{day:%y%m.%d}{number:03}",
            title=f"Paper {number} of {day}",
            abstract=f"We count sheep no. {number}. " * 20,
            authors=("Ada Example",) if number == 1 else ("Bo Beispiel",),
            categories=("cs.CL",),
            first_listed=day,
            first_seen=moment(day),
        )
        for number in (1, 2, 3)
    ]


def item(rank: int, paper: Paper) -> Item:
    reasons = (Reason(kind="word", label=f"“sheep {rank}” in the title", points=10 - rank),)
    return Item(paper=paper, reasons=reasons, why="“sheep” in the title · trending by votes", votes=99)


def edition(subscription: Subscription, day: date) -> Edition:
    """The day's first two papers; the third stands in the feed of the topic alone."""
    one, two, three = papers_of(day)
    strands = (
        Strand(kind=StrandKind.TOPIC, name="wool", items=(item(1, three), item(2, two))),
        Strand(kind=StrandKind.AUTHOR, name="Ada Example", items=(item(1, one),)),
    )
    return Edition(
        subscription=subscription,
        title="Sheep",
        description="",
        date=day,
        made_at=moment(day),
        items=(item(1, one), item(2, two)),
        fresh=3,
        held_back=1,
        sources=("flock",),
        strands=() if subscription.address else strands,
    )


def write_feeds(world: World, *, anew: bool = False) -> list[Path]:
    """What was written."""
    written = list[Path]()
    feeds.write_feeds(world, tell=written.append, anew=anew)
    return written


def publish(world: World, *days: date, who: tuple[Subscription, ...] = (PUBLIC, READER)) -> list[Path]:
    for day in days:
        for one in who:
            assert enqueue(world.store, edition(one, day), None, moment(day))
    return write_feeds(world)


def days(number: int, first: date = FIRST) -> list[date]:
    return [first + timedelta(days=count) for count in range(number)]


def files(world: World) -> dict[str, bytes]:
    top = world.output
    return {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()}


def private(world: World) -> str:
    (one,) = streams(world, READER, world.store.feed_generations())
    return one.base


def atom(world: World, path: str) -> etree._Element:
    return etree.fromstring((world.output / path).read_bytes())


def texts(root: etree._Element, name: str) -> list[str]:
    return [node.text or "" for node in root.iterfind(f"{A}entry/{A}{name}")]


def link(root: etree._Element, rel: str) -> str | None:
    found = [one.get("href", "") for one in root.iterfind(A + "link") if one.get("rel") == rel]
    assert len(found) < 2
    return found[0].removeprefix(f"{SITE.url}/") if found else None


# --- what there is -------------------------------------------------------------------------------------------


def test_the_tree(world: World) -> None:
    publish(world, FIRST)
    own = private(world)
    topics = ("wool", slug("Zäune & gates"))
    bases = ["feeds/sheep", *(f"feeds/sheep/topic/{one}" for one in topics), "feeds/sheep/author/ada-example"]
    public = {
        f"{base}{kind}.{ending}" for base in bases for kind in ("", "/editions") for ending in ("atom", "rss", "json")
    }
    feeds = public | {f"{own}.atom", f"{own}/editions.atom"}
    lists = {"feeds/feed.css", "feeds/index.html", "feeds/feeds.opml"}
    assert set(files(world)) == feeds | {f"{path}.gz" for path in feeds} | lists
    for path in feeds:
        assert gzip.decompress(files(world)[f"{path}.gz"]) == files(world)[path]


def test_one_selection_in_every_format_and_flavour(world: World) -> None:
    publish(world, *days(3))
    entries = feedparser.parse(world.output / "feeds/sheep.atom").entries
    expected = [f"Paper {number} of {day}" for day in reversed(days(3)) for number in (1, 2)]
    assert [one.title for one in entries] == expected
    rss = feedparser.parse(world.output / "feeds/sheep.rss")
    assert not rss.bozo
    assert rss.version == "rss20"
    items = json.loads(files(world)["feeds/sheep.json"])["items"]
    for name, told in (("id", "id"), ("title", "title"), ("link", "url")):
        assert [one[name] for one in rss.entries] == [one[name] for one in entries] == [one[told] for one in items]
    assert [one.published_parsed for one in rss.entries] == [one.published_parsed for one in entries]
    assert [datetime.fromisoformat(one["date_published"]).timetuple()[:6] for one in items] == [
        one.published_parsed[:6] for one in entries
    ]
    assert texts(atom(world, f"{private(world)}.atom"), "id") == [one.id for one in entries]
    whole = feedparser.parse(world.output / "feeds/sheep/editions.atom").entries
    assert re.findall(r"Paper \d of [\d-]+(?=</a>)", "".join(one.content[0].value for one in whole)) == expected
    assert [one.id for one in whole] == [f"tag:example.org,2029:edition/sheep/{day}" for day in reversed(days(3))]


def test_topics_and_authors_have_what_is_theirs_whether_it_has_a_place_in_the_edition_or_not(world: World) -> None:
    publish(world, *days(2))
    wool = texts(atom(world, "feeds/sheep/topic/wool.atom"), "title")
    assert wool == [f"Paper {number} of {day}" for day in reversed(days(2)) for number in (3, 2)]
    ada = texts(atom(world, "feeds/sheep/author/ada-example.atom"), "title")
    assert ada == [f"Paper 1 of {day}" for day in reversed(days(2))]
    assert texts(atom(world, "feeds/sheep/author/ada-example/editions.atom"), "id") == [
        f"tag:example.org,2029:edition/sheep/author/ada-example/{day}" for day in reversed(days(2))
    ]
    assert texts(atom(world, f"feeds/sheep/topic/{slug('Zäune & gates')}.atom"), "title") == []


def test_no_votes_and_no_address_of_a_reader(world: World) -> None:
    publish(world, FIRST)
    for path, content in files(world).items():
        assert b"reader@" not in content, path
        assert b"99" not in content, path
    own = private(world).split("/")[2].encode()
    for path in ("feeds/index.html", "feeds/feeds.opml"):
        assert own not in files(world)[path]
        assert b"private" not in files(world)[path]


def test_index_and_opml_name_every_public_feed(world: World) -> None:
    publish(world, FIRST)
    feeds = {path for path in files(world) if path.endswith(".atom") and "private" not in path}
    page = files(world)["feeds/index.html"].decode()
    assert feeds <= {f"feeds/{path}" for path in re.findall('href="([^"]+)"', page)}
    discovered = re.findall('<link rel="alternate" type="application/atom[+]xml" title="[^"]+" href="([^"]+)">', page)
    assert {f"feeds/{path}" for path in discovered} == {path for path in feeds if not path.endswith("editions.atom")}
    opml = etree.fromstring(files(world)["feeds/feeds.opml"])
    listed = {one.get("xmlUrl", "").removeprefix(f"{SITE.url}/") for one in opml.iter("outline")} - {""}
    assert listed == {*(f"feeds/{path}" for path in discovered), "feeds/sheep/editions.atom"}


# --- the pages that lead to editions ----------------------------------------------------------------------------


def surfaces(world: World, *days: date) -> list[str]:
    """What is written once the dates have their editions."""
    for day in days:
        for one in (PUBLIC, READER):
            assert enqueue(world.store, edition(one, day), None, moment(day))
    written = list[Path]()
    write_surfaces(world, tell=written.append)
    return [str(path.relative_to(world.output)) for path in written]


SPRING = [date(2030, 2, 27), date(2030, 3, 30), date(2030, 3, 31), date(2030, 4, 1)]  # longer than feeds go back


def test_front_and_month_pages_lead_to_every_public_edition_and_to_no_other(world: World) -> None:
    for day in SPRING:
        surfaces(world, day)
    rows = r'<span class="day">(.*?)</span>.*?<a href="(.*?)">(.*?)</a></p><p class="count">(.*?)</p>'
    march = files(world)["archive/sheep/2030-03.html"].decode()
    assert [(day.replace("\u00a0", " "), *rest) for day, *rest in re.findall(rows, march)] == [
        (told, f"{day}.html", f"Paper 1 of {day}", "2 papers")
        for day, told in ((SPRING[2], "Sun 31 Mar"), (SPRING[1], "Sat 30 Mar"))
    ]
    assert re.findall('<link rel="(prev|next)" href="(.*)">', march) == [
        ("prev", "2030-02.html"),
        ("next", "2030-04.html"),
    ]
    front = files(world)["index.html"].decode()
    assert [row[1] for row in re.findall(rows, front)] == [f"archive/sheep/{day}.html" for day in reversed(SPRING)]
    assert re.findall('"archive/sheep/(2030-..).html"', front) == ["2030-04", "2030-03", "2030-02"]
    pages = [path for path in world.output.rglob("*.html") if not re.match("20..-..-..|index", path.name)]
    assert len(pages) == 3
    for page in (*pages, world.output / "index.html", world.output / "feeds" / "index.html"):
        for path in re.findall(' href="([^:"]+)"', page.read_text()):
            assert (page.parent / path).exists(), f"{page}: {path}"
    assert (world.output / "archive/sheep/index.html").read_bytes() == files(world)[f"archive/sheep/{SPRING[-1]}.html"]


def test_the_pages_are_written_once_and_anew_the_same(world: World) -> None:
    for day in SPRING:
        written = surfaces(world, day)
    assert {path for path in written if not path.startswith("feeds/")} == {
        "index.html",
        *(f"archive/sheep/{name}.html" for name in ("2030-03", "2030-04", SPRING[-1])),
    }
    assert surfaces(world) == []
    before = files(world)
    (world.output / f"archive/sheep/{SPRING[1]}.html").unlink()
    assert surfaces(world) == [f"archive/sheep/{SPRING[1]}.html"]
    assert files(world) == before, "the newest page stays the newest"
    shutil.rmtree(world.output)
    surfaces(world)
    assert files(world) == before


def test_the_front_page_loses_what_is_pruned_and_leaves_the_publishers_own_alone(world: World) -> None:
    surfaces(world, *SPRING)
    assert world.store.prune_editions(date(2030, 3, 15), dry=False)
    assert surfaces(world) == ["index.html"]
    assert "2030-02" not in files(world)["index.html"].decode()
    (world.output / "index.html").write_text("<h1>My own</h1>")
    assert surfaces(world, date(2030, 4, 2))
    assert files(world)["index.html"] == b"<h1>My own</h1>"


def test_pages_that_nothing_leads_to_go_when_they_are_old_enough(world: World) -> None:
    surfaces(world, *SPRING)
    before, archive = files(world), world.output / "archive"

    def pruned(*, dry: bool = False, **keep: int) -> tuple[int, set[str]]:
        """How many pages go at the end of May, and which are not there afterwards."""
        late = moment(date(2030, 5, 25))
        found = prune(world.store, world.subscriptions, world.output, archive, Retention(**keep), late, dry=dry)
        return found["pages"], {path.removeprefix("archive/sheep/") for path in before.keys() - files(world).keys()}

    assert pruned(pages=60) == (0, set()), "the database has their editions"
    assert pruned(editions=60, pages=90, dry=True) == (0, set()), "they are too young"
    whole_month = {"2030-02.html", f"{SPRING[0]}.html"}
    assert pruned(editions=60, pages=60, dry=True) == (3, set())
    assert pruned(editions=60, pages=60) == (3, whole_month | {"2030-03.html"})
    assert surfaces(world) == ["archive/sheep/2030-03.html", "index.html"]
    assert b'rel="prev"' in before["archive/sheep/2030-03.html"]
    assert b'rel="prev"' not in files(world)["archive/sheep/2030-03.html"]
    assert pruned(editions=60, pages=60) == (0, whole_month)


def test_of_very_many_profiles_the_front_page_has_the_latest_alone(world: World) -> None:
    many = tuple(replace(PUBLIC, id=f"feed/p{n}", profile=f"p{n}") for n in range(21))
    for day in SPRING:
        for one in many[:2]:
            assert enqueue(world.store, edition(one, day), None, moment(day))
    profiles = {one.profile: replace(PROFILE, name=one.profile) for one in many}
    for public, editions, months in ((many[:20], 8, 6), (many, 2, 2)):
        (page,) = write_front(replace(world, profiles=profiles, subscriptions=public), "en")
        assert page.read_text().count('class="edition"') == editions
        assert len(re.findall('"archive/p./2030-...html"', page.read_text())) == months


# --- languages -----------------------------------------------------------------------------------------------


def test_a_feed_is_in_its_language_and_an_entry_in_that_of_its_edition(world: World) -> None:
    publish(world, FIRST)
    german = replace(PUBLIC, language="de")
    world = replace(world, subscriptions=(german, READER))
    publish(world, FIRST + timedelta(days=1), who=(german, READER))
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    for path in ("feeds/sheep.atom", "feeds/sheep/editions.atom", "feeds/sheep/topic/wool.atom"):
        assert atom(world, path).get(lang) == "de"
        assert etree.fromstring(files(world)[path.replace(".atom", ".rss")]).findtext("channel/language") == "de"
        assert json.loads(files(world)[path.replace(".atom", ".json")])["language"] == "de"
    assert atom(world, f"{private(world)}.atom").get(lang) == "en"
    for path in ("feeds/sheep.atom", "feeds/sheep/editions.atom"):
        assert {one.get(lang) for one in atom(world, path).iterfind(A + "entry")} == {None, "en"}
    new, _, old, _ = texts(atom(world, "feeds/sheep.atom"), "content")
    assert ">Zusammenfassung</a>" in new and ">Abstract</a>" in old
    days = atom(world, "feeds/sheep/editions.atom")
    new, old = texts(days, "content")
    assert "<p>3\u00a0neue Paper von flock, davon 2\u00a0in dieser Auswahl.</p>" in new
    assert "<p>3\u00a0new papers from flock; 2\u00a0of them made the list.</p>" in old
    assert days.findtext(A + "title") == "Paper Digest: Sheep (ein Eintrag am Tag)"
    assert "„wool“" in (atom(world, "feeds/sheep/topic/wool.atom").findtext(A + "subtitle") or "")
    page = files(world)["feeds/index.html"].decode()
    assert '<html lang="de" dir="ltr">' in page
    assert '<a class="button" href="feeds.opml">Alle Feeds auf einmal (OPML)</a>' in page
    assert "Ein Eintrag am Tag" in files(world)["feeds/feeds.opml"].decode()


def test_the_page_of_feeds_in_several_languages_is_english(world: World) -> None:
    other = replace(PUBLIC, id="feed/goats", profile="goats", language="de")
    profiles = {**world.profiles, "goats": replace(PROFILE, name="goats")}
    write_feeds(replace(world, profiles=profiles, subscriptions=(PUBLIC, other)))
    assert '<html lang="en" dir="ltr">' in files(world)["feeds/index.html"].decode()


def test_the_papers_of_topics_and_authors_say_why_they_are_there(stocked: Place) -> None:
    profiles = stocked.config.with_name("profiles.toml")
    title = "\n[small-models]\n"
    assert title in profiles.read_text()
    profiles.write_text(profiles.read_text().replace(title, f'{title}language = "de"\n'))
    stocked.run("run")
    found = list((stocked.folder / "out" / "feeds").glob("*/*/*/editions.atom"))
    contents = {path: "".join(texts(etree.fromstring(path.read_bytes()), "content")) for path in found}
    assert sum(map(len, contents.values()))
    for path, content in contents.items():
        assert content.count("<h3>") == content.count("<em>"), path
        assert ("im Trend durch" in content) <= ("small-models" in path.parts)
    assert any("im Trend durch" in content for content in contents.values())


# --- what stays ----------------------------------------------------------------------------------------------


def test_nothing_new_writes_nothing_and_reads_no_edition(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(world, *days(3))
    monkeypatch.setattr(Store, "editions_between", lambda *_: pytest.fail("an edition was read"))
    assert write_feeds(world) == []


def test_only_the_feeds_of_a_new_edition_are_written(world: World) -> None:
    publish(world, FIRST)
    before = files(world)
    written = publish(world, FIRST + timedelta(days=1), who=(READER,))
    own = private(world)
    assert {str(path.relative_to(world.output)) for path in written} == {f"{own}.atom", f"{own}/editions.atom"}
    assert {path for path, content in files(world).items() if before[path] != content} == {
        f"{own}{rest}" for rest in (".atom", ".atom.gz", "/editions.atom", "/editions.atom.gz")
    }


def test_archives_hold_all_there_ever_was_and_a_past_month_never_changes(world: World) -> None:
    shown = days(55)  # from 20 March to 13 May
    publish(world, *shown[:-1])
    before = files(world)
    publish(world, shown[-1])
    for base in ("feeds/sheep", "feeds/sheep/editions", "feeds/sheep/topic/wool", private(world)):
        current = atom(world, f"{base}.atom")
        assert current.find(FH + "archive") is None
        seen, path = texts(current, "id"), link(current, "prev-archive")
        assert link(current, "self") == f"{base}.atom"
        newer, months = None, []
        while path:
            root = atom(world, path)
            assert root.find(FH + "archive") is not None
            assert (link(root, "current"), link(root, "next-archive")) == (f"{base}.atom", newer)
            assert root.findtext(A + "id") == current.findtext(A + "id")
            seen += texts(root, "id")
            months.append(path)
            newer, path = path, link(root, "prev-archive")
        assert [re.findall(r"\d{4}-\d\d", one) for one in months] == [["2030-05"], ["2030-04"], ["2030-03"]]
        assert len(set(seen)) == (55 if base.endswith("editions") else 110)
        for month in months[1:]:
            assert files(world)[month] == before[month]
        packed = [month for month in months if f"{month}.gz" in before]
        assert packed == ([] if "private" in base else months[1:]), "what grows, or has one reader, is not worth it"


def test_what_was_written_day_by_day_is_what_is_written_at_once(world: World, tmp_path: Path) -> None:
    for day in days(13):
        assert enqueue(world.store, edition(PUBLIC, day), None, moment(day))
        assert enqueue(world.store, edition(READER, day), None, moment(day))
    for day in days(20)[13:]:
        publish(world, day)
        if day == days(20)[14]:
            revise(world, FIRST + timedelta(days=2))
        if day == days(20)[17]:
            revise(world, FIRST + timedelta(days=16))
    elsewhere = replace(world, output=tmp_path / "elsewhere")
    write_feeds(elsewhere)
    assert files(elsewhere) == files(world)
    assert "feeds/sheep/2030-03.atom" in files(world)


def archives(world: World, base: str) -> dict[str, int]:
    """By month, along the links from one to the one before, how many entries there are."""
    found, path = {}, link(atom(world, f"{base}.atom"), "prev-archive")
    while path:
        root = atom(world, path)
        found[path[-12:-5].strip("-")] = len(texts(root, "id"))
        path = link(root, "prev-archive")
    return found


def test_pruning_leaves_what_archives_are_made_of_unless_told_otherwise(world: World) -> None:
    publish(world, *days(55))  # to 13 May
    before, ids = files(world), [PUBLIC.id, READER.id]
    bases = ("feeds/sheep", "feeds/sheep/editions", "feeds/sheep/author/ada-example", private(world))
    assert world.store.prune_editions(date(2030, 5, 10), ids, dry=False) == 0
    write_feeds(world, anew=True)
    assert files(world) == before
    assert world.store.prune_editions(date(2030, 4, 15), ids[1:], dry=False) == 12, "March, of the public feed alone"
    assert files(world) == before, "nothing goes behind the readers' back"
    publish(world, FIRST + timedelta(days=55))
    whole = {"2030-05": 28, "2030-04": 60}
    assert [archives(world, base) for base in bases] == [
        whole,
        {"2030-05": 14, "2030-04": 30},
        {"2030-05": 14, "2030-04": 30},
        whole | {"2030-03": 24},
    ]
    assert not [path for path in files(world) if "2030-03" in path and "private" not in path]
    assert world.store.prune_editions(date(2031, 5, 10), dry=False) == 30 + 12 + 30, "never the last one's month"
    write_feeds(world, anew=True)
    assert [archives(world, base) for base in bases] == [{}, {}, {}, {}], "all there is has room in the feeds again"
    assert len(texts(atom(world, "feeds/sheep.atom"), "id")) == 28


def revise(world: World, day: date, *, notable: bool = True, title: str = "Better counted") -> None:
    """Another title for the day's first paper, told a month later."""
    (one, *_), at = papers_of(day), day + timedelta(days=30)
    known = world.store.papers([one.id]).get(one.id)
    if known is None:
        record(world.store, a_change(one), as_of=day, now=moment(day), digest=f"new {day}")
    change = FieldChange(field="title", old=one.title, new=title, notable=notable)
    revised = replace(one, title=title, revised_at=moment(at) if notable else None)
    told = a_change(revised, Outcome.REVISED, changed=(change,))
    record(world.store, told, as_of=at, now=moment(at), digest=f"{title} {day} {notable}")


def test_a_revision_comes_into_the_feeds_that_have_the_paper_and_is_an_update(world: World) -> None:
    publish(world, *days(3))
    before = files(world)
    revise(world, FIRST)
    write_feeds(world)
    for base in ("feeds/sheep", "feeds/sheep/author/ada-example", private(world)):
        root = atom(world, f"{base}.atom")
        assert "Better counted" in texts(root, "title")
        assert root.findtext(A + "updated") == "2030-04-19T05:55:00+00:00"
        assert all(one.startswith("2030-03") for one in texts(root, "published"))
    for path in ("feeds/sheep/editions.atom", "feeds/sheep/topic/wool.atom"):
        assert files(world)[path] == before[path], "an edition is frozen"


def test_papers_that_one_dump_revises_are_not_updated_at_the_same_time(world: World) -> None:
    publish(world, *days(3))
    papers, at = [one for day in days(3) for one in papers_of(day)[:2]], FIRST + timedelta(days=30)
    record(world.store, *map(a_change, papers), as_of=FIRST, now=moment(FIRST))
    better = [replace(one, title=f"Better {number}", revised_at=moment(at)) for number, one in enumerate(papers)]
    changes = [
        tuple(FieldChange(field=name, old="a", new=new.title, notable=True) for name in ("title", "abstract"))
        for new in better
    ]
    told = [a_change(one, Outcome.REVISED, changed=each) for one, each in zip(better, changes, strict=True)]
    record(world.store, *told, as_of=at, now=moment(at), digest="better")
    write_feeds(world)
    moments = texts(atom(world, "feeds/sheep.atom"), "updated")
    assert len(set(moments)) == len(moments) == 6
    assert all("2030-04-19T05:54:48" < one[:19] <= "2030-04-19T05:55:00" for one in moments)


def test_a_change_that_no_reader_would_notice_changes_nothing(world: World) -> None:
    publish(world, *days(3))
    before = files(world)
    revise(world, FIRST, notable=False, title="paper 1 OF 2030-03-20")
    assert write_feeds(world) == []
    assert write_feeds(world, anew=True) == []
    assert files(world) == before


def test_a_revision_that_was_undone_goes_out_of_the_feeds(world: World) -> None:
    publish(world, FIRST)
    before = files(world)
    revise(world, FIRST)
    write_feeds(world)
    assert files(world) != before
    revise(world, FIRST, notable=False, title="Paper 1 of 2030-03-20")
    write_feeds(world)
    assert files(world) == before


def test_what_an_editor_holds_is_in_no_feed_until_it_is_let_out(world: World) -> None:
    publish(world, FIRST)
    before, day = files(world), FIRST + timedelta(days=1)
    for one in (PUBLIC, READER):
        assert enqueue(world.store, edition(one, day), None, moment(day), moment(day) + timedelta(hours=1))
    assert write_feeds(world) == []
    assert files(world) == before
    gone = papers_of(day)[1].id
    left = without(edition(PUBLIC, day), gone, None)
    assert left is not None
    world.store.amend([Posting(edition=left)], gone)
    assert world.store.end_holds(moment(day) + timedelta(hours=2)) == 2
    write_feeds(world)
    assert texts(atom(world, "feeds/sheep.atom"), "title")[0] == f"Paper 1 of {day}"
    for path, told in (("feeds/sheep.atom", 0), ("feeds/sheep/topic/wool.atom", 0), (f"{private(world)}.atom", 1)):
        assert files(world)[path].count(f"paper/{gone}<".encode()) == told


# --- what goes -----------------------------------------------------------------------------------------------


def test_a_new_address_for_a_readers_feeds_and_the_old_one_is_gone(world: World) -> None:
    publish(world, *days(20))
    old, ids = private(world), texts(atom(world, f"{private(world)}.atom"), "id")
    name = atom(world, f"{old}.atom").findtext(A + "id")
    world.store.renew_feed(READER.id)
    write_feeds(world)
    new = private(world)
    assert new != old
    assert not (world.output / old).parent.exists()
    root = atom(world, f"{new}.atom")
    assert (texts(root, "id"), root.findtext(A + "id")) == (ids, name), "the reader's program knows the feed again"
    assert old.split("/")[2].encode() not in b"".join(files(world).values())


def test_feeds_that_are_no_more_are_removed_and_what_others_put_there_stays(world: World) -> None:
    publish(world, *days(20))
    stranger = world.output / "feeds/sheep/topic/own.atom"
    stranger.write_text("mine")
    less = replace(PROFILE, topics=PROFILE.topics[1:], authors=())
    write_feeds(replace(world, profiles={"sheep": less}, subscriptions=(PUBLIC,)))
    left = files(world)
    assert not [path for path in left if "author" in path or "wool" in path or "private" in path]
    assert stranger.exists()
    assert "feeds/sheep/2030-03.atom" in left
    write_feeds(replace(world, profiles={}, subscriptions=()))
    assert set(files(world)) == {"feeds/feed.css", "feeds/index.html", "feeds/feeds.opml", "feeds/sheep/topic/own.atom"}


@pytest.mark.parametrize(("private_feeds", "archives"), [("full", 2), ("recent", 0), ("none", None)])
def test_private_feeds_as_the_settings_say(world: World, private_feeds: str, archives: int | None) -> None:
    world = replace(world, private_feeds=private_feeds)
    publish(world, *days(20))
    found = [path for path in files(world) if "private" in path and path.endswith(".atom")]
    assert len([path for path in found if re.search(r"/\d{4}-\d\d", path)]) == (archives or 0)
    assert bool(found) == (archives is not None)


def test_without_a_site_there_are_files_and_no_addresses(world: World) -> None:
    nowhere = replace(SITE, url=None)
    world = replace(world, site=nowhere, renderer=Renderer([TEMPLATES], nowhere), hub="https://hub.example.org/")
    publish(world, *days(20))
    assert b"digest.example.org" not in b"".join(files(world).values())
    assert not feedparser.parse(world.output / "feeds/sheep.rss").bozo
    assert world.store.owed_pings() == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [("a b", "a-b"), ("ü", "u"), ("C", "C++"), ("x" * 99, "x" * 100), ("数", "学"), ("a.b", "a b"), ("\ud800", "?")],
)
def test_names_stay_apart_in_addresses(one: str, other: str) -> None:
    assert slug(one) != slug(other)
    assert all(re.fullmatch("[a-z0-9-]{1,60}", slug(name)) for name in (one, other))
    assert slug("Wool") == slug("wool") == "wool"


# --- hubs ----------------------------------------------------------------------------------------------------


class Hub:
    """A hub on loopback, which remembers what it was told and answers what it is told to."""

    def __init__(self) -> None:
        self.told: list[dict[str, list[str]]] = []
        self.status = 204
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hub.told.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                self.send_response(hub.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def __enter__(self) -> Hub:
        Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def test_a_hub_is_told_of_public_feeds_once_and_again_only_if_it_failed(world: World) -> None:
    with Hub() as hub:
        world = replace(world, hub=hub.url)
        publish(world, *days(20))
        assert link(atom(world, "feeds/sheep.atom"), "hub") == hub.url
        assert hub.url.encode() in files(world)["feeds/sheep.json"]
        assert hub.url.encode() in files(world)["feeds/sheep.rss"]
        assert link(atom(world, f"{private(world)}.atom"), "hub") is None
        owed = world.store.owed_pings()
        assert f"{SITE.url}/feeds/sheep.rss" in owed
        assert not [one for one in owed if "private" in one or re.search(r"\d{4}-\d\d", one) or one.endswith(".gz")]
        hub.status = 503
        assert announce(world) == ()
        assert len(hub.told) == 2, "it is not asked for long"
        hub.status = 202
        assert announce(world) == owed == tuple(one["hub.url"][0] for one in hub.told[2:])
        assert {one["hub.mode"][0] for one in hub.told} == {"publish"}
        assert announce(world) == ()
        publish(world, FIRST + timedelta(days=20), who=(READER,))
        assert world.store.owed_pings() == ()
    assert websub.ping(hub.url, owed) == ()


# --- the store -----------------------------------------------------------------------------------------------


def test_builds_generations_and_pings_are_kept(store: Store) -> None:
    build = FeedBuild(mark="m", paths=("feeds/a.atom", "feeds/ü.atom"))
    for feed, owed in (("ada", ["https://example.org/b", "https://example.org/a"]), ("bo", ["https://example.org/a"])):
        store.owe_pings(owed)
        store.record_feed_build(feed, build)
    assert store.feeds_built() == {"ada", "bo"}
    assert store.feed_builds(["ada", "bo", "cy"]) == {"ada": build, "bo": build}
    assert enqueue(store, an_edition("ada"), None, moment(FIRST))
    assert not enqueue(store, an_edition("ada"), None, moment(FIRST))
    assert store.feed_builds(["ada", "bo"]) == {"ada": replace(build, mark="m+"), "bo": build}
    store.forget_feed_build("ada")
    assert store.feeds_built() == {"bo"}
    assert store.owed_pings() == ("https://example.org/a", "https://example.org/b")
    store.settle_pings(["https://example.org/a"])
    assert store.owed_pings() == ("https://example.org/b",)
    assert [store.renew_feed("ada"), store.renew_feed("ada"), store.renew_feed("bo")] == [1, 2, 1]
    assert store.feed_generations() == {"ada": 2, "bo": 1}


def test_editions_by_date_and_revisions_by_paper(store: Store) -> None:
    one = papers_of(FIRST)[0]
    for day in days(3):
        enqueue(store, an_edition("ada", day, (one,)), None, moment(day))
    assert store.edition_days("ada") == tuple(reversed(days(3)))
    assert [found.date for found in store.editions_between("ada", *days(2))] == list(reversed(days(2)))
    assert store.days_showing([one.id]) == {"ada": frozenset(days(3))}
    assert store.days_showing(["other"]) == store.days_showing([one.id], ["bo"]) == {}
    assert store.revisions_in_feeds() == ""
    record(store, a_change(one), as_of=FIRST, now=moment(FIRST))
    empty, none = store.revised_since("")
    assert none == frozenset()
    change = FieldChange(field="title", old="a", new="b", notable=True)
    record(store, a_change(one, Outcome.REVISED, changed=(change,)), as_of=FIRST, now=moment(FIRST), digest="d2")
    mark, revised = store.revised_since(empty)
    assert revised == {one.id}
    assert [found.new for found in store.revisions_of([one.id, "other"], store.first_revisions())[one.id]] == ["b"]
    store.record_revisions_in_feeds(mark)
    assert (store.revisions_in_feeds(), store.feeds_built()) == (mark, frozenset())
    assert store.revised_since(mark) == (mark, frozenset())
    undone = replace(change, notable=False)
    record(store, a_change(one, Outcome.UNCHANGED, changed=(undone,)), as_of=FIRST, now=moment(FIRST), digest="d3")
    assert store.revised_since(mark)[1] is None


# --- the command ---------------------------------------------------------------------------------------------


def test_the_command_lists_revokes_and_rebuilds(sent: Place) -> None:
    public = json.loads(sent.run("feeds", "--json").out)["feeds"]
    assert {one["profile"] for one in public} == {"trending", "small-models", "robots", "trust"}
    out = sent.folder / "out"
    for one in public:
        for url in (*one["papers"].values(), *one["days"].values()):
            assert (out / url.removeprefix("https://digest.example.org/")).exists()
    mine = json.loads(sent.run("feeds", "ADA@example.org", "--json").out)["feeds"]
    assert [one["private"] for one in mine] == [True]
    old = out / mine[0]["papers"]["atom"].removeprefix("https://digest.example.org/")
    content = old.read_bytes()
    assert "private/" in sent.run("feeds", "--revoke", "ada@example.org", "--profile", "trending").out
    assert not old.exists()
    new = json.loads(sent.run("feeds", "ada@example.org", "--json").out)["feeds"][0]["papers"]["atom"]
    moved = out / new.removeprefix("https://digest.example.org/")
    assert moved.read_bytes() == content.replace(old.parent.name.encode(), moved.parent.name.encode())
    (out / "feeds" / "trust.rss").unlink()
    assert sent.run("feeds", "--rebuild").code == 0
    assert (out / "feeds" / "trust.rss").exists()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--revoke"], "say whose feeds"),
        (["--profile", "trust"], "goes with the address"),
        (["nobody@example.org"], "no such reader"),
        (["ada@example.org", "--profile", "trust"], "no subscription to “trust”; there are: trending"),
    ],
)
def test_the_command_says_what_is_wrong(place: Place, args: list[str], says: str) -> None:
    ran = place.run("feeds", *args)
    assert ran.code == 2
    assert says in ran.err.replace("\n", " ")
