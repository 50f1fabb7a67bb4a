"""arXiv's announcements as RSS or Atom: what is new, cross-listed or replaced in a category on a day.

On weekends the feed is whole and empty. A feed that breaks off gives its whole entries, and is then not a day's list.
Until January 2024 they were RSS 1.0, with the version and the kind of the announcement behind the title.
"""

from __future__ import annotations

import re

from digest.listings import clean, told, xml_tree
from digest.listings.form import Sheet
from digest.listings.page_text import text_of
from digest.listings.people import people
from digest.listings.xml_tree import Node
from digest.model import Announced, Facts, Listing
from digest.text import arxiv_id, doi

_FEED = re.compile(
    r"(?:https?://(?:rss|export)\.arxiv\.org/(?:atom|rss)/|<title>(?=[^<]{2,60} updates on arXiv\.org))"
    r"(?P<category>[A-Za-z][A-Za-z.+-]{1,60})"
)
_BEHIND = re.compile(
    r"\.?\s*\(arXiv:(?P<id>\S{1,40}) \[(?P<category>[^\]]{1,40})\](?P<kind> UPDATED| CROSS LISTED)?\)\s*\Z"
)
_PREFIX = re.compile(r"\s*arXiv:\S{1,40}\s+Announce Type:\s*(?P<kind>[\w-]{1,40})\s*(?:Abstract:\s*)?", re.IGNORECASE)
_KINDS = {
    "new": Announced.NEW,
    "cross": Announced.CROSS,
    "replace": Announced.REPLACED,
    "replace-cross": Announced.REPLACED,
    "updated": Announced.REPLACED,
    "cross listed": Announced.CROSS,
}


class ArxivFeed:
    """Each category is a source of its own, or one's feed would seem to take away the papers of the other's."""

    name = "arxiv-feed"
    source = "arxiv-rss"
    fidelity = 60  # arXiv's own words with their LaTeX, but names run together and no date of the first version

    def recognises(self, sheet: Sheet) -> bool:
        head = xml_tree.begins(sheet, "feed|rss|rdf:RDF")
        return head is not None and _FEED.search(head) is not None

    def read(self, sheet: Sheet) -> Listing:
        atom = xml_tree.begins(sheet, "feed") is not None
        tree = xml_tree.parsed(sheet, "entry" if atom else "item")
        entries, rejected = xml_tree.read(sheet, tree, "entry", _facts, _announced)
        head = tree.root if atom else next(tree.root.iterchildren("{*}channel"), tree.root)
        said = [xml_tree.first(node, "published", "pubDate") for node in tree.nodes[:1]]
        said.append(xml_tree.first(head, "pubDate", "lastBuildDate", "updated", "date"))
        announced = next((day for day in map(xml_tree.day, said) if day), None)
        category = _FEED.search(sheet.text[: xml_tree.HEAD])
        source = f"{self.source}-{category['category'].lower()}" if category else self.source
        cut = tree.cut is not None
        return sheet.listing(self, source, announced, entries, rejected, daily=not cut, cut=cut)


def _announced(node: Node) -> Announced | None:
    if old := _BEHIND.search(xml_tree.first(node, "title")):
        return _KINDS.get((old["kind"] or "new").strip().lower())
    told_by = _PREFIX.match(xml_tree.first(node, "summary", "description"))
    kind = xml_tree.first(node, "announce_type") or (told_by["kind"] if told_by else "")
    return _KINDS.get(kind.strip().lower())


def _facts(node: Node) -> Facts:
    title, creator = xml_tree.first(node, "title"), xml_tree.first(node, "creator")
    abstract = xml_tree.first(node, "summary", "description")
    categories = [child.get("term") or child.text for child in node.iterchildren("{*}category")]
    old = _BEHIND.search(title)
    number = (arxiv_id(old["id"]) if old else None) or xml_tree.number(node, "id", "guid", "link")
    if old:
        title, abstract, creator = title[: old.start()], text_of(abstract), text_of(creator)
        categories = [old["category"]]
    authors, count = people(creator)
    return Facts(
        **told.words(
            title,
            abstract=_PREFIX.sub("", abstract, count=1),
            journal_ref=xml_tree.first(node, "journal_reference"),
        ),
        authors=authors,
        author_count=count,
        categories=clean.terms(categories),
        arxiv_id=number[0],
        version=number[1],
        doi=doi(xml_tree.first(node, "DOI")),
    )
