"""Every feed of the samples against the rules of the W3C's feed validator; and each rule finds what breaks it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import feed_rules
import pytest
from feed_rules import faults
from test_feed import NOON, SITE, entry, feed

from digest.feed import atom, json_feed, opml, rss
from digest.model import FeedGroup, FeedLine

NOW = datetime(2030, 4, 1, tzinfo=UTC)
LINE = FeedLine(title="Sheep", subtitle="", papers=(("Atom", "sheep.atom"),), days=(("Atom", "sheep/editions.atom"),))
CONTENTS = {"2903.00001": '<p>A <a href="https://example.org/card">card</a></p>'}


def written(ending: str) -> bytes:
    path = f"feeds/sheep.{ending}"
    if ending == "opml":
        return opml([FeedGroup(own=LINE)], SITE, "One entry a day")
    wanted = feed(entry(1), entry(2, shown=NOON.replace(hour=11)), path=path, hub="https://hub.example.org/")
    return {"atom": atom, "rss": rss, "json": json_feed}[ending](wanted, SITE, CONTENTS)


@pytest.mark.parametrize("ending", ["atom", "rss", "json", "opml"])
def test_what_is_written_breaks_no_rule(ending: str) -> None:
    assert faults(f"feeds/sheep.{ending}", written(ending), NOW) == []


def test_the_feeds_of_the_samples_break_no_rule(sent_folder: Path) -> None:
    out = sent_folder / "out"
    feeds = [path for path in out.rglob("*") if path.suffix in (".atom", ".rss", ".json", ".opml")]
    assert len(feeds) > 50
    found = {str(path): faults(str(path.relative_to(out)), path.read_bytes(), NOW) for path in feeds}
    assert {path: broken for path, broken in found.items() if broken} == {}


SELF = '<link href="https://digest.example.org/feeds/sheep.atom" rel="self" type="application/atom+xml"/>'
SPOILED = {
    "atom": [
        ("</feed>", "", "SAXError"),
        ("<?xml version='1.0' encoding='UTF-8'?>\n", "", "MissingEncoding"),
        ("\n<?xml-st", "\n<!DOCTYPE feed SYSTEM 'x'>\n<?xml-st", "ContainsSystemEntity"),
        ('xmlns="', 'xmlns:x="http://x/" xmlns="', "NonstdPrefix"),
        ("2005/Atom", "2005/Atoms", "InvalidNamespace"),
        ("<title>Sheep</title>", "<title>She\ufffdep</title>", "BadCharacters"),
        ("<title>Sheep</title>", "<title> </title>", "NotBlank"),
        ("<title>Sheep</title>", "<title>&lt;b>Sheep&lt;/b></title>", "ContainsHTML"),
        ("<title>Sheep</title>", "<title>Sheep &amp;amp; wolves</title>", "ContainsHTML"),
        ("<title>Sheep</title>", "", "MissingElement"),
        ("<title>Sheep</title>", "<title>Sheep</title><title>Wolves</title>", "DuplicateElement"),
        ("<title>Sheep</title>", "<title>Sheep</title><modified/>", "UndefinedElement"),
        ("<title>Sheep</title>", "<title mode='x'>Sheep</title>", "UnexpectedAttribute"),
        ("  <entry>", "  text<entry>", "UnexpectedText"),
        ("</feed>", "<rights/></feed>", "MisplacedMetadata"),
        (SELF, "", "MissingSelf"),
        (SELF, SELF * 2, "DuplicateAtomLink"),
        ("https://digest.example.org/feeds/sheep.atom", "/feeds/sheep.atom", "RelativeSelf"),
        ("feeds/sheep.atom", "feeds/wolves.atom", "SelfDoesntMatchLocation"),
        ('"self" type="application/atom+xml"', '"self" type="text/html"', "SelfNotAtom"),
        ('rel="related"', 'rel="pdf"', "UnregisteredAtomLinkRel"),
        ('rel="related"', 'rel="prev-archive"', "FeedHistoryRelInEntry"),
        ('type="application/pdf"', 'type="pdf"', "InvalidMIMEType"),
        ('title="PDF"', 'title=" "', "AttrNotBlank"),
        (' rel="hub"/>', ' rel="hub">hub</link>', "AtomLinkNotEmpty"),
        (' href="https://hub.example.org/"', "", "MissingHref"),
        ("https://hub.example.org/", "https://hub.example.org/[1]", "InvalidFullLink"),
        ("https://hub.example.org/", "//hub.example.org/", "InvalidFullLink"),
        ("paper/2903.00002", "paper/2903.00001", "DuplicateEntries"),
        ("paper/2903.00002", "paper/[2903.00002]", "InvalidTAG"),
        ("paper/2903.00002", "paper/a%c3%bc", "NonCanonicalURI"),
        ("<id>", "<id> ", "UnexpectedWhitespace"),
        ("2030-03-01T11:00:00+00:00", "2030-03-01T12:00:00+00:00", "DuplicateUpdated"),
        ("2030-03-01T11:00:00+00:00", "2030-03-01 11:00", "InvalidRFC3339Date"),
        ("2030-03-01T11:00:00+00:00", "2031-03-01T11:00:00+00:00", "ImplausibleDate"),
        ("2030-03-01T11:00:00+00:00", "2030-03-02T11:00:00+00:00", "FeedOlderThanItsEntries"),
        ('xml:lang="en"', 'xml:lang="English, UK"', "InvalidLanguage"),
        ("<name>Ada Example</name>", "<name>Ada &lt;ada@example.org></name>", "ContainsEmail"),
        ('<summary type="html">', '<summary type="CDATA">', "InvalidTextType"),
        ('term="cs.CL"', 'term=""', "MissingAttribute"),
        ("&lt;p&gt;A &lt;a", "&lt;p&gt;&lt;script&gt;&lt;/script&gt;A &lt;a", "SecurityRisk"),
        ("&lt;p&gt;A &lt;a", '&lt;p onclick="x"&gt;A &lt;a', "SecurityRiskAttr"),
        ("&lt;p&gt;A &lt;a", '&lt;p style="x:y"&gt;A &lt;a', "DangerousStyleAttr"),
        ("&lt;p&gt;A &lt;a", '&lt;p&gt;&lt;img src="https://example.org/x.png"&gt;A &lt;a', "MissingAlt"),
        ("https://example.org/card", "/card", "ContainsRelRef"),
        ("card&lt;/a&gt;", "card", "NotHtml"),
        ("card&lt;/a&gt;", "p &lt; 0.1&lt;/a&gt;", "NotHtml"),
    ],
    "rss": [
        ('version="2.0"', 'version="0.92"', "ObsoleteVersion"),
        ("    <language>en</language>\n", "    <language>English, UK</language>\n", "InvalidLanguage"),
        ("</item>", "<author>Ada</author></item>", "UndefinedElement"),
        ("<title>Paper number 1</title>", "<title>&lt;i>Paper&lt;/i></title>", "ContainsHTML"),
        ("Fri, 01 Mar 2030 11:00:00 +0000", "2030-03-01T11:00:00Z", "InvalidRFC2822Date"),
        ("Fri, 01 Mar 2030 11:00:00 +0000", "Sat, 01 Mar 2030 11:00:00 +0000", "IncorrectDOW"),
        ("Fri, 01 Mar 2030 11:00:00 +0000", "Sat, 01 Mar 2031 11:00:00 +0000", "ImplausibleDate"),
        ("paper/2903.00002<", "paper/2903.00001<", "DuplicateValue"),
        (' isPermaLink="false"', "", "InvalidPermalink"),
        ('isPermaLink="false"', 'isPermaLink="no"', "InvalidBooleanAttribute"),
        ("<description>topic", "<content:encoded/><description>topic", "NeedDescriptionBeforeContent"),
        ("https://arxiv.org/abs/2903.00001", "/abs/2903.00001", "InvalidFullLink"),
    ],
    "json": [
        ("version/1.1", "version/1", "ObsoleteVersion"),
        ('"title": "Sheep",', "", "MissingElement"),
        ('"title": "Sheep",', '"title": "Sheep", "author": {},', "UndefinedElement"),
        ("paper/2903.00002", "paper/2903.00001", "DuplicateEntries"),
        ('"application/pdf"', '"pdf"', "InvalidMIMEType"),
        ('"cs.CL",\n    "stat.ML"', "", "NotBlank"),
        ("feeds/sheep.json", "feeds/wolves.json", "SelfDoesntMatchLocation"),
    ],
    "opml": [
        ('version="2.0"', 'version="3"', "InvalidOPMLVersion"),
        (' type="rss"', "", "MissingOutlineType"),
        (' xmlUrl="', ' htmlUrl2="', "MissingXmlURL"),
        (' title="Sheep"', "", "MissingTitleAttr"),
        (' text="Sheep"', "", "MissingAttribute"),
        ("<body>", "</head><body>", "SAXError"),
    ],
}  # fmt: skip
GONE = {  # what only the absence of something breaks, by the pattern of that
    "MissingContentOrAlternate": ("atom", r'<content.*?</content>|<link[^>]*rel="alternate"[^>]*/>'),
    "MissingTextualContent": ("atom", r"<content.*?</content>|<summary.*?</summary>"),
    "MissingGuid": ("rss", r"<guid.*?</guid>"),
    "ItemMustContainTitleOrDescription": ("rss", r"<title>P.*?</title>|<description>t.*?</description>"),
}


@pytest.mark.parametrize(
    ("ending", "old", "new", "rule"), [(ending, *one) for ending, those in SPOILED.items() for one in those]
)
def test_a_feed_that_breaks_a_rule_is_found(ending: str, old: str, new: str, rule: str) -> None:
    good = written(ending).decode()
    assert old in good
    assert rule in faults(f"feeds/sheep.{ending}", good.replace(old, new).encode(), NOW)


@pytest.mark.parametrize("rule", GONE)
def test_a_feed_that_lacks_something_is_found(rule: str) -> None:
    ending, pattern = GONE[rule]
    spoiled = re.sub(pattern, "", written(ending).decode(), flags=re.DOTALL)
    assert rule in faults(f"feeds/sheep.{ending}", spoiled.encode(), NOW)


def test_each_rule_is_broken_here() -> None:
    """So that no rule is one that nothing can break."""
    rules = set(re.findall(r'"([A-Z]\w+[a-z][A-Z]\w+|NotHtml)"', Path(feed_rules.__file__).read_text()))
    assert rules - {rule for those in SPOILED.values() for *_, rule in those} - set(GONE) == set()
