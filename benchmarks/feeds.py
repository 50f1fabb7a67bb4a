"""What feeds cost: feedgen, lxml, entries encoded by ourselves, and joined ones, beside the join of bytes alone.

`python benchmarks/feeds.py [--personal 10000]`. Processor time, the best of three; made-up papers with abstracts of
1,400 characters and content of about 2,000. feedgen and lxml are given entries that are cleaned and worded already,
which counts in "encoded": what an entry costs once. Archives, so that nothing is cut. The personal feeds have 100 of
600 papers each, in an order of their own; the first are made by feedgen too, and must be the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

from lxml import etree

from digest.config import TEMPLATES
from digest.feed import Encoded, atom, encode, join
from digest.feed.atom import _document, category
from digest.feed.entry import Told, head, told
from digest.model import Feed, FeedEntry, Paper, Site
from digest.render import Renderer

NOON = datetime(2030, 3, 1, 12, tzinfo=UTC)
SITE = Site(
    name="Paper Digest",
    sender="digest@example.org",
    authority="example.org,2029",
    list_domain="example.org",
    url="https://example.org",
)
WORDS = ("sheep", "count", "fence", "night", "model", "<", "wool", ">", "dream", "&", "moon", "jump", "lamb", "field")
FEEDGEN_PERSONAL, GZIPPED = 10, 10  # so many of the personal feeds, as all would take minutes
EACH = 100


def entry(number: int, chance: random.Random) -> FeedEntry:
    abstract = " ".join(chance.choices(WORDS, k=270))
    paper = Paper(
        id=f"2903.{number:05}",
        arxiv_id=f"2903.{number:05}",
        title=f"Paper {number}: {' '.join(chance.choices(WORDS, k=8))}",
        abstract=abstract,
        authors=tuple(f"Author Nr {chance.randrange(9999)}" for _ in range(5)),
        categories=("cs.CL", "cs.LG"),
        first_listed=date(2030, 3, 1),
        first_seen=NOON,
    )
    at = NOON - timedelta(seconds=number)
    return FeedEntry(paper=paper, why="“sheep” in the title", published=at, updated=at)


def feed(entries: Sequence[FeedEntry] = ()) -> Feed:
    return Feed(
        name="sheep",
        title="Sheep",
        subtitle="All about sheep",
        path="feeds/sheep.atom",
        entries=tuple(entries),
        archive=True,
    )


def by_feedgen(entries: Sequence[Told]) -> bytes:
    return _document(head(feed(), SITE), SITE, entries)


def by_lxml(entries: Sequence[Told]) -> bytes:
    """The same elements, by lxml alone."""
    root = etree.Element("feed", nsmap={None: "http://www.w3.org/2005/Atom"})
    for found in entries:
        node = etree.SubElement(root, "entry")
        for name, text in (("id", found.id), ("title", found.title), ("updated", found.updated.isoformat())):
            etree.SubElement(node, name).text = text
        for author in found.authors:
            etree.SubElement(etree.SubElement(node, "author"), "name").text = author
        etree.SubElement(node, "content", type="html").text = found.content
        for link in found.links:
            etree.SubElement(node, "link", href=link.href, rel=link.rel, type=link.type)
        etree.SubElement(node, "summary", type="html").text = found.summary
        for term in found.categories:
            etree.SubElement(node, "category", **category(term))
        etree.SubElement(node, "published").text = found.published.isoformat()
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def best(work: Callable[[], object], times: int = 3) -> float:
    """Milliseconds of processor time."""
    took = []
    for _ in range(times):
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return min(took) * 1000


def one_feed(entries: Sequence[FeedEntry], contents: dict[str, str]) -> None:
    encoded = [encode(one, SITE, contents[one.paper.id]) for one in entries]
    pieces = [one.xml for one in encoded]
    ready = [told(one, SITE, contents[one.paper.id]) for one in entries]
    written = join(feed(), SITE, encoded)
    assert written == atom(feed(entries), SITE, contents)

    def encoded_anew() -> bytes:
        for cached in (encode, told):
            cached.cache_clear()
        return join(feed(), SITE, [encode(one, SITE, contents[one.paper.id]) for one in entries])

    times = {
        "feedgen": best(lambda: by_feedgen(ready)),
        "lxml": best(lambda: by_lxml(ready)),
        "encoded": best(encoded_anew),
        "joined": best(lambda: join(feed(), SITE, encoded)),
        "floor": best(lambda: b"".join(pieces)),
        "gzip": best(lambda: gzip.compress(written, 6, mtime=0), 1),
    }
    cells = " | ".join(f"{times[name]:,.2f}" for name in times)
    print(f"| {len(entries):,} | {cells} | {times['feedgen'] / times['joined']:,.0f} |", flush=True)


def personal(number: int, entries: Sequence[FeedEntry], contents: dict[str, str], chance: random.Random) -> None:
    encoded: list[Encoded] = [encode(one, SITE, contents[one.paper.id]) for one in entries]
    chosen = [chance.sample(range(len(entries)), EACH) for _ in range(number)]

    def ours() -> None:
        for numbers in chosen:
            join(feed(), SITE, [encoded[one] for one in numbers])

    def floor() -> None:
        for numbers in chosen:
            b"".join([encoded[one].xml for one in numbers])

    few = [feed([entries[one] for one in numbers]) for numbers in chosen[:FEEDGEN_PERSONAL]]
    for one, numbers in zip(few, chosen, strict=False):
        assert atom(one, SITE, contents) == join(feed(), SITE, [encoded[place] for place in numbers])
    ready = [[told(one, SITE, contents[one.paper.id]) for one in each.entries] for each in few]
    slow = best(lambda: [by_feedgen(one) for one in ready]) / len(few)
    written = [join(feed(), SITE, [encoded[one] for one in numbers]) for numbers in chosen[:GZIPPED]]
    packed = best(lambda: [gzip.compress(one, 6, mtime=0) for one in written], 1) / len(written)
    joined, least = best(ours) / number, best(floor) / number
    print(
        f"\n{number:,} personal feeds of {EACH} entries, a feed: feedgen {slow:.2f} ms, joined {joined:.4f} ms, "
        f"floor {least:.4f} ms, gzip {packed:.2f} ms; all joined {joined * number / 1000:.1f} s; "
        f"feedgen / joined {slow / joined:,.0f}, joined / floor {joined / least:.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--personal", type=int, default=10_000)
    chance = random.Random(1)
    renderer = Renderer([TEMPLATES], SITE)
    entries = [entry(number, chance) for number in range(10_000)]
    contents = {one.paper.id: renderer.feed_entry(one.paper, one.why) for one in entries}
    print(
        "| entries | feedgen, ms | lxml | encoded, joined | joined | floor: join of bytes | gzip | feedgen / joined |"
    )
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for number in (100, 1_000, 10_000):
        one_feed(entries[:number], contents)
    personal(parser.parse_args().personal, entries[:600], contents, chance)


if __name__ == "__main__":
    main()
