"""Any other feed: RSS 0.9x, 1.0 and 2.0, Atom, RDF. feedparser lives here, and is given bytes, never an address.

A feed is a window of its latest entries, which need not be papers: journals, PubMed, blogs. lxml first makes XML of
what is not well-formed and leaves out an entry in which the feed breaks off, so that only feedparser's strict parser is
used.
"""

from __future__ import annotations

import io
import re
from datetime import date
from functools import partial
from time import struct_time
from typing import Any
from urllib.parse import urljoin

from lxml import etree

from digest.errors import ListingError
from digest.listings import feed_entry, saved, xml_tree
from digest.listings.feed_entry import FeedEntry
from digest.listings.form import Sheet
from digest.listings.page_text import is_marked_up, text_of
from digest.listings.xml_tree import Node
from digest.model import Listing, Rejected

_LARGEST = 32 * 2**20  # characters; real feeds have less than a tenth
_END = re.compile(r"</(?:[\w.-]{1,20}:)?(?:rss|feed|RDF)\s*>")
_ENTRY_END = re.compile(r"</(?:[\w.-]{1,20}:)?(?:item|entry)\s*>")
_ENCODING = re.compile(rb"""<\?xml\s[^<>]{0,80}\bencoding\s*=\s*["']([A-Za-z0-9_-]{1,30})["']""")

_NAMES = ("{*}author", "{*}creator", "{*}contributor", "{*}managingEditor", "{*}webMaster", "{*}owner", "{*}publisher")
_DATES = ("{*}pubDate", "{*}date", "{*}published", "{*}updated", "{*}lastBuildDate", "{*}issued", "{*}modified")
_LONGEST_DATE = 100

Told = dict[str, Any]


class GenericFeed:
    """Its source is its host. What it says of a paper is a site's own words, shortened as often as not."""

    name = "feed"
    fidelity = 30

    def recognises(self, sheet: Sheet) -> bool:
        return xml_tree.root(sheet) in ("rss", "feed", "RDF")

    def read(self, sheet: Sheet) -> Listing:
        root, nodes, cut = _repaired(sheet)
        names = list(map(_names, nodes))
        feed = _parsed(sheet, _without_traps(root))
        head: Told = feed["feed"]
        links = [link.get("href") for link in dict.get(head, "links") or () if link.get("rel") != "hub"]
        told = [dict.get(one, "link") for one in feed["entries"][:1]]
        host = feed_entry.host([dict.get(head, "link"), *links, dict.get(head, "id"), *told])
        atom, base = str(feed["version"]).startswith("atom"), dict.get(head, "link") or ""
        parts = zip(feed["entries"], nodes, names, strict=False)
        readers = (partial(_entry, one, node, named, atom, base) for one, node, named in parts)
        entries, rejected = feed_entry.read(sheet, readers, host)
        if cut:
            rejected += (Rejected(where=f"entry {len(nodes) + 1}", reason="is cut: fetch the feed again for the rest"),)
        days = [_day(head, "updated"), _day(head, "published")]
        return feed_entry.listing(sheet, self, host, days, entries, rejected, cut=cut)


# --- the XML -----------------------------------------------------------------------------------------------------


def _repaired(sheet: Sheet) -> tuple[Node, list[Node], bool]:
    """The feed, its whole entries, and whether it breaks off."""
    text = xml_tree.plain(sheet, _text(sheet))
    parser = etree.XMLParser(
        encoding="utf-8", recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        raise ListingError(f"{sheet.dump.name}: no XML that can be read; it may be cut: fetch it again")
    nodes = list(root.iter("{*}item", "{*}entry"))
    cut = _END.search(text, max(0, len(text) - 2000)) is None
    if cut and len(nodes) > sum(1 for _ in _ENTRY_END.finditer(text)):
        last = nodes.pop()
        if (parent := last.getparent()) is not None:
            parent.remove(last)
    if cut and not nodes:
        raise ListingError(f"{sheet.dump.name}: a feed that breaks off before its first entry ends; fetch it again")
    return root, nodes, cut


def _without_traps(root: Node) -> bytes:
    """The feed as well-formed XML, without what can cost feedparser more than its length: names, odd dates."""
    etree.strip_elements(root, *_NAMES, with_tail=False)
    for node in root.iter(*_DATES):
        if len(node.text or "") > _LONGEST_DATE:
            node.text = None
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def _text(sheet: Sheet) -> str:
    """The text; read anew where it is not in UTF-8 and its declaration says in what."""
    if len(sheet.text) > _LARGEST:
        raise ListingError(f"{sheet.dump.name}: a feed larger than {_LARGEST >> 20} MiB; fetch a shorter one")
    if "\ufffd" not in sheet.text:
        return sheet.text
    content = saved.content_of(sheet)
    declared = _ENCODING.match(content)
    return saved.decoded(content, declared[1].decode()) or sheet.text if declared else sheet.text


def _parsed(sheet: Sheet, whole: bytes) -> Told:
    import feedparser  # which few runs need, and which takes a moment

    try:
        feed: Told = feedparser.parse(
            io.BytesIO(whole),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            resolve_relative_uris=False,  # as the next, only about HTML inside, which becomes text
            sanitize_html=False,
        )
    except Exception as error:  # a library of many parsers of dates and names, each with errors of its own
        raise ListingError(f"{sheet.dump.name}: a feed that cannot be read: {type(error).__name__}") from None
    return feed


# --- one entry ---------------------------------------------------------------------------------------------------


def _entry(told: Told, node: Node, names: list[str], atom: bool, base: str) -> FeedEntry:
    """feedparser's `get` is not used: it takes one date for the other. Of what comes more than once it keeps one."""
    updated, published = _day(told, "updated"), _day(told, "published")
    journal = xml_tree.first(node, "publicationName")
    return FeedEntry(
        title=_title(node, _plain(told, "title", atom)),
        summary=_plain(told, "summary", atom),
        content=max(
            (text_of(str(one.get("value") or "")) for one in dict.get(told, "content") or ()), key=len, default=""
        ),
        names=names,
        link=_absolute(base, dict.get(told, "link")),
        id=dict.get(told, "id") or node.get("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"),
        identifiers=[
            *xml_tree.texts(node, "doi"),
            *xml_tree.texts(node, "identifier"),
            *(link.get("href") for link in dict.get(told, "links") or ()),
        ],
        journal_ref=" ".join(filter(None, [journal, xml_tree.first(node, "volume")])) if journal else "",
        published=published or updated,
        updated=updated if published else None,
        tags=[tag.get("term") for tag in dict.get(told, "tags") or ()],
        comments=dict.get(told, "slash_comments") or dict.get(told, "thr_total"),
    )


def _title(node: Node, title: str) -> str:
    """Without the journal before it where the entry tells both: MDPI's `Moss, Vol. 7, Pages 96: A Title`."""
    bare = xml_tree.texts(node, "title")[-1:]
    return bare[0] if bare and title.endswith(f": {bare[0]}") else title


def _names(node: Node) -> list[str]:
    told = node.iterchildren("{*}creator", "{*}author", "{*}authors")
    return [text_of(xml_tree.first(one, "name") or xml_tree.content(one)) for one in told]


def _absolute(base: str, link: object) -> object:
    """The link, with the site before it where it is of the form `/a`; any guid may stand for a link too."""
    try:
        return urljoin(base, link) if isinstance(link, str) and link.startswith(("/", "?")) else link
    except ValueError:
        return None


def _plain(told: Told, field: str, atom: bool) -> str:
    """Text of a field. In Atom its type says whether it is HTML, in RSS nothing does."""
    value, detail = str(dict.get(told, field) or ""), dict.get(told, f"{field}_detail") or {}
    literal = atom and detail.get("type") == "text/plain" and not is_marked_up(value)
    return value if literal else text_of(value)


def _day(told: Told, field: str) -> date | None:
    """The day as written, else the one that feedparser makes of an odd form, in UTC."""
    written, moment = dict.get(told, field), dict.get(told, f"{field}_parsed")
    found = xml_tree.day(written.strip()) if isinstance(written, str) else None
    if found is None and isinstance(moment, struct_time) and moment.tm_year > 1:
        try:
            found = date(moment.tm_year, moment.tm_mon, moment.tm_mday)
        except ValueError:
            return None
    return found
