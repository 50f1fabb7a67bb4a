"""Answers of arXiv's query API: Atom, one feed entry a paper. A search, so absence means nothing, and presence little.

A question that the API cannot answer comes back as a feed too, of one entry titled "Error".
"""

from __future__ import annotations

import re

from digest.listings import clean, told, xml_tree
from digest.listings.form import Sheet
from digest.listings.xml_tree import Node, Tree
from digest.model import Facts, Listing
from digest.text import doi

_ANSWER = re.compile(r"<id>\s*https?://(?:export\.)?arxiv\.org/")
_COMPLAINT = "arxiv.org/api/errors"


class ArxivAtom:
    """Its day is that of the request. `updated` is of this version, `published` of the first."""

    name = "arxiv-atom"
    source = "arxiv-api"
    fidelity = 70  # arXiv's own record with its LaTeX, names one by one; others copy from it

    def recognises(self, sheet: Sheet) -> bool:
        head = xml_tree.begins(sheet, "feed")
        return head is not None and _ANSWER.search(head) is not None

    def read(self, sheet: Sheet) -> Listing:
        tree = xml_tree.parsed(sheet, "entry")
        entries, rejected = xml_tree.read(sheet, tree, "entry", _facts)
        asked = xml_tree.day(xml_tree.first(tree.root, "updated"))
        return sheet.listing(self, self.source, asked, entries, rejected, cut=_more(tree), search=True)


def _more(tree: Tree) -> bool:
    """Whether the question has more papers than this answer and those before it, or the answer breaks off."""
    asked, start = (xml_tree.first(tree.root, name) for name in ("totalResults", "startIndex"))
    return tree.cut is not None or (clean.count(asked) or 0) > (clean.count(start) or 0) + len(tree.nodes)


def _facts(node: Node) -> Facts:
    if _COMPLAINT in xml_tree.first(node, "id"):
        raise ValueError(f"arXiv answered “{clean.field(xml_tree.first(node, 'summary')) or 'an error without words'}”")
    said = told.words(
        xml_tree.first(node, "title"),
        abstract=xml_tree.first(node, "summary"),
        comment=xml_tree.first(node, "comment"),
        journal_ref=xml_tree.first(node, "journal_ref"),
    )
    arxiv_id, version = xml_tree.number(node, "id")
    authors = clean.names(xml_tree.first(author, "name") for author in node.iterchildren("{*}author"))
    kinds = [*node.iterchildren("{*}primary_category"), *node.iterchildren("{*}category")]
    return Facts(
        **said,
        authors=authors,
        author_count=len(authors) or None,
        categories=clean.terms(child.get("term") for child in kinds),
        published=xml_tree.day(xml_tree.first(node, "published")),
        updated=xml_tree.day(xml_tree.first(node, "updated")),
        arxiv_id=arxiv_id,
        version=version,
        doi=doi(xml_tree.first(node, "doi")),
    )
