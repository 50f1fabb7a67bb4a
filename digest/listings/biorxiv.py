"""bioRxiv's and medRxiv's feeds of a subject: RSS 1.0 (RDF), the latest papers, whichever day they came."""

from __future__ import annotations

import re

from digest.listings import clean, json_lines, xml_tree
from digest.listings.form import Sheet
from digest.listings.xml_tree import Node
from digest.model import Facts, Listing

_HOST = re.compile(r"https?://(?:www\.|connect\.)?(?P<name>biorxiv|medrxiv)\.org")
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
        newest = xml_tree.latest([entry.facts.published for entry in entries], sheet)
        host = _HOST.search(sheet.text[: xml_tree.HEAD])
        return Listing(
            dump=sheet.dump.name,
            digest=sheet.dump.digest,
            format=self.name,
            source=host["name"] if host else self.source,
            as_of=sheet.as_of or newest or json_lines.day_in_name(sheet.dump.name) or sheet.now.date(),
            fidelity=self.fidelity,
            daily=False,
            entries=entries,
            rejected=rejected,
        )


def _facts(node: Node) -> Facts:
    title = json_lines.title(xml_tree.first(node, "title"))
    abstract = clean.field(xml_tree.first(node, "description"), clean.LONGEST_ABSTRACT)
    notice = json_lines.withdrawal(abstract)
    authors = clean.names(map(xml_tree.turned, xml_tree.texts(node, "creator")))
    version = _VERSION.search(xml_tree.first(node, "link")[:2000])
    return Facts(
        title=title,
        abstract="" if notice else abstract,  # a notice must not take the place of an abstract known from before
        authors=authors,
        author_count=len(authors) or None,
        published=xml_tree.day(xml_tree.first(node, "date", "publicationDate")),
        version=int(version[1]) if version else None,
        doi=json_lines.doi(xml_tree.first(node, "identifier")),
        withdrawn=notice or None,
    )
