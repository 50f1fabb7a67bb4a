"""Mails of all kinds from invented papers, for programs that nobody here wrote: see mail_check.py."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from editions import ADDRESS, SITE, TEMPLATES, edition, hostile_edition, item, paper, sectioned_edition

from digest.cli.world import build
from digest.config import EXAMPLES, load
from digest.feed import atom
from digest.message import message_id, token
from digest.model import Edition, Feed, FeedEntry, Item, Message
from digest.pipeline.deliver import make_message
from digest.pipeline.surfaces import links
from digest.pipeline.world import World
from digest.render import Renderer
from digest.store import Store

SECRET = b"a secret of the samples"
RUN_AT = "2026-06-02T20:00:00+00:00"  # shortly after the sample dumps
TOKEN = token(SECRET, edition().subscription.id)
_LONG = (
    "Kites are flown by people who know the wind, and the wind is known by nobody. We ask how much of it can be put "
    "into the kite itself, and find that a small controller, trained on a week of recorded gusts, keeps a kite up for "
    "eleven hours without a hand on the string. "
)
_JAPANESE = "小さなモデルは質問を理解する前に答えることが多い。"
_HEBREW = "מודלים קטנים עונים לפני שהבינו את השאלה. "


def _told(number: int, title: str, abstract: str, why: str) -> Item:
    return item(number, why=why, paper=replace(paper(number), title=title, abstract=abstract))


def editions() -> dict[str, Edition]:
    """By name: what a reader can get, from a day with everything to one with next to nothing."""
    sections = sectioned_edition()
    full = tuple(
        _told(n, f"Kites in Weather of Kind {n + 1}: What a Small Controller Learns", _LONG * 4, "Mentions kites")
        for n in range(25)
    )
    return {
        "plain": edition(),
        "sections": sections,
        "full": edition(*full, held_back=40, fresh=80),
        "sparse": edition(item(1), held_back=0, muted=0, fresh=1),
        "cjk": edition(
            *(_told(n, "小さなモデルは考えてから話す" + "と" * n, _JAPANESE * 4, "理由")
              for n in range(4)),
            title="小さなモデル", description="机の上で動く言語モデル。",
        ),
        "rtl": edition(
            *(_told(n, f"מודלים קטנים חושבים לפני שהם מדברים {n}", _HEBREW * 5, "")
              for n in range(4)),
            title="מודלים קטנים", description="מודלים שנכנסים למחשב נייד.",
        ),
        "hostile": hostile_edition(),
        "german": replace(sections, subscription=replace(sections.subscription, language="de")),
    }  # fmt: skip


@contextmanager
def world_in(folder: Path) -> Iterator[World]:
    """A world with the samples' site and an empty database; its output is in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = load(EXAMPLES / "digest.toml").model_copy(update={"state": folder / "state", "output": folder / "out"})
    with Store.open(f"sqlite:///{folder / 'digest.db'}") as store:
        yield replace(build(settings, store), site=SITE, renderer=Renderer([TEMPLATES], SITE), secret=SECRET)


def message(world: World, one: Edition, address: str = ADDRESS) -> Message:
    """As it would go out."""
    identifier = message_id(SECRET, one.id + one.title, address, SITE.list_domain)
    return make_message(world, one, address, identifier)


def html_of(content: bytes) -> str:
    body = message_from_bytes(content, policy=default).get_body(("html",))
    assert body is not None
    found = body.get_payload(decode=True)
    assert isinstance(found, bytes)
    return found.decode()


def written(folder: Path) -> Iterator[tuple[str, Path, Path, Path]]:
    """Name, message, its HTML and its web page, as files."""
    with world_in(folder / "world") as world:
        for name, one in editions().items():
            mail, html, page = (folder / f"{name}{end}" for end in (".eml", ".mail.html", ".page.html"))
            mail.write_bytes(message(world, one).content)
            html.write_text(html_of(mail.read_bytes()), encoding="utf-8")
            page.write_text(world.renderer.page(one, links(world, one)), encoding="utf-8")
            yield name, mail, html, page


def feed(folder: Path) -> Path:
    """A feed with its style, as a browser shows it."""
    one = edition()
    entries = tuple(FeedEntry(paper=i.paper, why=i.why, published=one.made_at, updated=one.made_at) for i in one.items)
    wanted = Feed(name="slm", title=one.title, subtitle=one.description, path="feeds/slm.atom", entries=entries)
    renderer = Renderer([TEMPLATES], SITE)
    contents = {i.paper.id: renderer.feed_entry(i.paper, i.why) for i in one.items}
    path = folder / "feed.xml"
    path.write_bytes(atom(wanted, SITE, contents))
    (folder / "feed.css").write_text(renderer.feed_css(), encoding="utf-8")
    return path


def site(folder: Path) -> tuple[Path, ...]:
    """The front page, the page of a month and that of the feeds, as a run on the sample dumps writes them."""
    for args in (
        ("init", folder, "--samples"),
        ("--config", folder / "config" / "digest.toml", "--now", RUN_AT, "run"),
    ):
        subprocess.run([sys.executable, "-m", "digest", *map(str, args)], check=True, capture_output=True, timeout=300)
    out = folder / "out"
    return (out / "index.html", out / "archive" / "trending" / "2026-06.html", out / "feeds" / "index.html")
