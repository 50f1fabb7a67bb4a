"""Two invented editions to try templates with: one where everything is known, one where next to nothing is; a chart."""

from __future__ import annotations

from datetime import UTC, date, datetime

from digest.model import (
    Chart,
    ChartLine,
    Edition,
    EditionLine,
    FeedGroup,
    FeedLine,
    Item,
    Links,
    Missed,
    MonthPage,
    Muted,
    Paper,
    RibbonDay,
    Section,
    SectionKind,
    Shelf,
    Subscription,
    Verdict,
    VerdictKind,
)

_DAY, _MOMENT = date(2025, 11, 21), datetime(2025, 11, 21, 6, 0, tzinfo=UTC)

_FULL = Paper(
    id="2511.00001",
    arxiv_id="2511.00001",
    first_listed=_DAY,
    first_seen=_MOMENT,
    title="A Sample Paper That Knows Everything About Itself",
    abstract="The first sentence says what was done. The second says how well it went.",
    authors=("Ada Example", "Grace Sample", "Alan Instance", "Kurt Case"),
    organisation="Institute of Examples",
    published=date(2025, 11, 20),
    code_url="https://example.org/code",
    code_stars=120,
    project_url="https://example.org/project",
)
_BARE = Paper(id="t-0123", first_listed=_DAY, first_seen=_MOMENT, title="A Sample Paper Known by Its Title")

EDITION = Edition(
    subscription=Subscription(id="sample", profile="sample", address="reader@example.net"),
    title="Sample digest",
    description="What a digest looks like.",
    date=_DAY,
    made_at=_MOMENT,
    items=(
        Item(paper=_FULL, reasons=(), why="47 votes; mentions samples", votes=47, comments=8, rise=12, before=3),
        Item(paper=_BARE, reasons=(), why="", fresh=False, section=Section(kind=SectionKind.TRENDING)),
        Item(paper=_BARE, reasons=(), why="12 votes more", before=2, section=Section(kind=SectionKind.RISEN)),
    ),
    fresh=9,
    held_back=7,
    muted=3,
    sources=("sample-daily",),
    missed=(Missed(paper=_BARE, score=90, short=12),),
    hidden=(Muted(paper=_FULL, rule="muted word “sample”", place=1),),
    ribbon=(RibbonDay(date=date(2025, 11, 20), new=9, title=_FULL.title, url=_FULL.url), RibbonDay(date=_DAY, new=0)),
    cut=date(2025, 11, 19),
    verdicts=(Verdict(source="sample-daily", date=_DAY, kind=VerdictKind.PARTIAL, evidence="cut off after 50 papers"),),
)
LINKS = Links(
    unsubscribe_url="https://example.org/u/sample",
    unsubscribe_mail="mailto:unsubscribe@example.org?subject=sample",
    archive_url="https://example.org/archive/sample.html",
    feed_url="https://example.org/feeds/sample.atom",
    preferences_url="https://example.org/p/sample",
)
SPARSE = Edition(
    subscription=Subscription(id="sparse", profile="sparse", address=None),
    title="Sparse digest",
    description="",
    date=_DAY,
    made_at=_MOMENT,
    items=(Item(paper=_BARE, reasons=(), why=""),),
    fresh=1,
)
CHART = Chart(
    title="Sample measure",
    subtitle="How good the lists of a few days are.",
    unit="share",
    days=(_DAY, date(2025, 11, 22), date(2025, 11, 23)),
    lines=(
        ChartLine(name="a.toml", values=(0.9, None, 0.95), mean=0.925),
        ChartLine(name="plain votes", values=(None, None, None), mean=None),
    ),
)
_LINE = FeedLine(
    title="Sample digest",
    subtitle="A sample.",
    papers=(("Atom", "sample.atom"), ("RSS", "sample.rss")),
    days=(("Atom", "sample/editions.atom"),),
)
FEEDS = (FeedGroup(own=_LINE, topics=(_LINE,), authors=(_LINE,)), FeedGroup(own=_LINE))
_EDITION_LINE = EditionLine(date=_DAY, first=_FULL.title, papers=20)
SHELVES = (
    Shelf(
        profile="sample",
        title="Sample digest",
        description="A sample.",
        latest=(_EDITION_LINE,),
        months=(_DAY.replace(day=1),),
    ),
    Shelf(profile="sparse", title="Sparse digest", description="", latest=(), months=()),
)
MONTH = MonthPage(
    profile="sample",
    title="Sample digest",
    month=_DAY.replace(day=1),
    editions=(_EDITION_LINE,),
    earlier=date(2025, 10, 1),
    later=date(2025, 12, 1),
)
