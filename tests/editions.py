"""Invented editions for the tests of mails and pages: plain ones, sparse ones and hostile ones."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from digest.model import Edition, Item, Links, Missed, Muted, Paper, Section, SectionKind, Site, Subscription

TEMPLATES = Path(__file__).parents[1] / "templates"
DAY = date(2025, 11, 21)
MOMENT = datetime(2025, 11, 21, 6, 0, tzinfo=UTC)
ADDRESS = "ada.reader@example.net"
SITE = Site(
    name="Trending Papers",
    sender="digest@example.org",
    authority="digest.example.org,2025",
    list_domain="digest.example.org",
    url="https://digest.example.org",
    reply_to="help@example.org",
    bounce="bounce@bounces.example.org",
    unsubscribe_url="https://digest.example.org/u/",
    unsubscribe_mail="unsubscribe@example.org",
    help_url="https://digest.example.org/help",
    postal_address="12 Harbour Lane, 2000 Exampleton",
)
BARE_SITE = Site(
    name="Papers", sender="papers@example.org", authority="example.org,2025", list_domain="papers.example.org"
)
LINKS = Links(
    unsubscribe_url="https://digest.example.org/u/k7Qx9vTz2mB4k7Qx9vTz2m",
    unsubscribe_mail="mailto:unsubscribe@example.org?subject=k7Qx9vTz2mB4k7Qx9vTz2m",
    archive_url="https://digest.example.org/archive/k7Qx9vTz2mB4.html",
    feed_url="https://digest.example.org/feeds/slm.atom",
)

_NAMES = ("Mara Lindqvist", "Tobias Okafor", "Ines Carvalho", "Yuki Tanabe", "Samuel Reyes", "Noor Haddad")
_WORKS = (
    (
        "Pocket Reasoners: Teaching 2B Models to Think Before They Speak",
        "Small models often answer before they have understood the question, e.g. by completing a familiar pattern. "
        "We train them to write a short private plan first, and reward plans that a second model can follow. "
        "On five suites of puzzles this closes 61% of the gap to models eight times larger.",
    ),
    ("Quiet Attention", "Most attention heads can be silent most of the time. We show which."),
    (
        "A Thousand Tiny Teachers: Distilling Committees of Specialists into One Student",
        "Committees of specialists outperform generalists, yet are expensive to serve. We distil their votes, "
        "including the dissenting ones, and find that preserved disagreement is what makes the student calibrated.",
    ),
    ("Gradient Gardening", ""),
    (
        "KV-Cache Origami: Folding Long Contexts into Short Memories",
        "Long contexts are mostly air: only 7% of cached keys are ever attended to again. We fold the rest into "
        "learned creases that can be opened when needed.",
    ),
    (
        "TinyTranslate-1.5B-Instruct-GGUF-Q4_K_M: Forty-Two Languages on a Phone",
        "We present a translation model that fits into 900 MB of memory.",
    ),
)


def paper(number: int = 0, **given: Any) -> Paper:
    title, abstract = _WORKS[number % len(_WORKS)]
    values: dict[str, Any] = {
        "id": f"2511.{number:05d}",
        "arxiv_id": f"2511.{number:05d}",
        "title": title if number < len(_WORKS) else f"{title} ({number})",
        "abstract": abstract,
        "authors": _NAMES[: 1 + number * 3 % 6],
        "organisation": ("Northlight Research", None, "University of Exampleton")[number % 3],
        "published": date(2025, 11, 20 - number % 3),
        "code_url": None if number % 2 else "https://code.example.org/repository",
        "code_stars": (1240, None, 37, None)[number % 4],
        "first_listed": DAY,
        "first_seen": MOMENT,
    }
    return Paper(**(values | given))


def bare_paper(title: str = "Known by Its Title Only", **given: Any) -> Paper:
    return Paper(**({"id": "t-0123", "title": title, "first_listed": DAY, "first_seen": MOMENT} | given))


def item(number: int = 0, **given: Any) -> Item:
    values: dict[str, Any] = {
        "paper": paper(number),
        "reasons": (),
        "why": (
            "Mentions reasoning · 24 times the usual votes",
            "Follows Tobias Okafor",
            "",
            "Listed by hf-daily on 21 November",
        )[number % 4],
        "votes": (147, 64, None, 0, 33, 1)[number % 6],
        "comments": (8, None, 1, 0)[number % 4],
        "rise": (12, 0, 3)[number % 3],
    }
    return Item(**(values | given))


def edition(*items: Item, **given: Any) -> Edition:
    values: dict[str, Any] = {
        "subscription": Subscription(id="slm-ada", profile="slm", address=ADDRESS),
        "title": "Small models",
        "description": "Language models that fit on a laptop, and how to make them.",
        "date": DAY,
        "made_at": MOMENT,
        "items": items or tuple(map(item, range(6))),
        "fresh": len(items or range(6)) + 4,
        "held_back": 4,
        "muted": 3,
        "sources": ("hf-daily",),
    }
    return Edition(**(values | given))


def sectioned_edition() -> Edition:
    """An edition of shares with every kind of section, and with papers that are only named."""
    sections = (
        Section(kind=SectionKind.TOPIC, topic="small models"),
        Section(kind=SectionKind.TOPIC, topic="small models"),
        Section(kind=SectionKind.TOPIC, topic="attention, and what can be done without it"),
        Section(kind=SectionKind.TRENDING),
        Section(kind=SectionKind.EXPLORE),
        Section(kind=SectionKind.RISEN),
    )
    items = [item(number, section=one) for number, one in enumerate(sections)]
    items[-1] = item(5, section=sections[-1], why="From 4 votes to 60 since 2025-11-18", votes=60, rise=56)
    return edition(
        *items,
        fresh=9,
        missed=tuple(
            Missed(paper=paper(6 + n), score=300 - 9 * n, short=1 + 12 * n, section=sections[3 * n // 2])
            for n in range(3)
        ),
        muted=8,
        hidden=(
            Muted(
                paper=paper(9), rule="muted word “survey”", place=3, also=("muted word “moss”",), section=sections[0]
            ),
            Muted(paper=bare_paper(), rule="muted author Ada Example-Longname", place=12, section=sections[3]),
            Muted(paper=paper(11), rule="muted category cs.CV"),
        ),
    )


def hostile_edition() -> Edition:
    """What a listing might hold to break a mail, a page or a terminal."""
    papers = (
        paper(0, title="<script>alert(1)</script>\r\nBcc: victim@example.com \u202edesrever & “it’s” \x00\x1b[31m"),
        paper(1, title="עברית: מודלים קטנים", organisation="<b>\u2066Bold</b> & Sons\u0085"),
        paper(2, title="Supercalifragilistic" * 8, authors=("A, B; C <d@example.com>", "\u202eE", "F", "G")),
        paper(3, title="word " * 1000, code_url="javascript:alert(1)", project_url='https://example.org/"><b>'),
        paper(4, title="=?utf-8?b?PGI+?= 小さなモデル", abstract="小さなモデル。" * 60, authors=(), author_count=21),
        bare_paper("x" * 400, doi='10.1000/x<y>"z', withdrawn=True),
        bare_paper("{{ site.name }}{% raw %} %(name)s \\1 &amp; <!--cut-->"),
    )
    whys = ("<i>\r\nX-Evil: 1</i>", "\x1b]0;title\x07", "", "{{ why }}", "理由", "&lt;", "")
    topics = ("<h1>\u202e", "\x1b[31m" * 30, "{{ heading }}", "שלום", "word " * 100, "", "\r\nBcc: a@b.example")
    items = [
        item(n, paper=one, why=why, section=Section(kind=SectionKind.TOPIC, topic=topic))
        for n, (one, why, topic) in enumerate(zip(papers, whys, topics, strict=True))
    ]
    return edition(
        *items,
        missed=tuple(Missed(paper=one, score=0, short=10**12) for one in papers[:3]),
        hidden=tuple(
            Muted(paper=one, rule=f"muted word “{topics[0]} {why * 50}”", place=1)
            for one, why in zip(papers[2:], whys, strict=False)
        ),
    )
