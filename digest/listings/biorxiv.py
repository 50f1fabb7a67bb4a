"""bioRxiv's and medRxiv's feeds of a subject: RSS 1.0 (RDF), the latest papers, whichever day they came."""

from __future__ import annotations

import re

from digest.listings import clean, told, xml_tree
from digest.listings.form import Sheet
from digest.listings.latex import greek
from digest.listings.people import turned
from digest.listings.xml_tree import Node
from digest.model import Facts, Listing
from digest.text import doi

_HOST = re.compile(r"https?://(?:www\.|connect\.)?(?P<name>biorxiv|medrxiv)\.org")
_BETWEEN = re.compile(r"(?<=\.),\s+")  # names in one text: "Oduya, M. K., Lind, V."
# How the servers write what is not ASCII: {beta}-catenin, 5{+/-}1, 37{degrees}C.
_SIGN = re.compile(r"\{([A-Za-z]{2,10}|\+/-)\}")
_SIGNS = {"+/-": "±", "degrees": "°", "micro": "µ"}
_VERSION = re.compile(r"/[0-9.]{1,40}v([1-9][0-9]{0,3})(?:[?#]|$)")


class BioRxiv:
    """A window of the latest papers, so absence means nothing. Its own day is that of its latest paper."""

    name = "biorxiv"
    source = "biorxiv"
    fidelity = 60  # the server's own words, but given names as initials

    def recognises(self, sheet: Sheet) -> bool:
        head = xml_tree.begins(sheet, "(?:rdf:)?RDF")
        return head is not None and _HOST.search(head) is not None

    def read(self, sheet: Sheet) -> Listing:
        tree = xml_tree.parsed(sheet, "item")
        entries, rejected = xml_tree.read(sheet, tree, "item", _facts)
        newest = sheet.latest(entry.facts.updated for entry in entries)
        host = _HOST.search(sheet.text[: xml_tree.HEAD])
        return sheet.listing(
            self, host["name"] if host else self.source, newest, entries, rejected, cut=tree.cut is not None
        )


def _facts(node: Node) -> Facts:
    """The date is that of the version."""
    title, abstract = (_with_signs(xml_tree.first(node, name)) for name in ("title", "description"))
    said = told.words(title, abstract=abstract)
    named = [name for creators in xml_tree.texts(node, "creator") for name in _BETWEEN.split(creators)]
    authors = clean.names(map(turned, named))
    link = xml_tree.first(node, "link")
    found = _VERSION.search(link[:2000])
    version = int(found[1]) if found else None
    updated = xml_tree.day(xml_tree.first(node, "date", "publicationDate"))
    number = doi(xml_tree.first(node, "identifier"))
    return Facts(
        **said,
        authors=authors,
        author_count=len(authors) or None,
        published=None if version and version > 1 else updated,
        updated=updated,
        version=version,
        doi=number,
        page_url=None if number else clean.link(link),
    )


def _with_signs(text: str) -> str:
    return _SIGN.sub(lambda written: _SIGNS.get(written[1]) or greek(written[1]) or written[0], text)
