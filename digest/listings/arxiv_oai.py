"""arXiv's OAI-PMH answers: metadata as `oai_dc`, `arXiv` or `arXivRaw`; records with or without their envelope.

A harvest by date of change: an old paper comes back years later, so it is no list of a day. A `resumptionToken` says
that more follows in another dump, which is read as one of its own. A deleted record has no paper: it is rejected.
"""

from __future__ import annotations

import re
from datetime import date

from digest.errors import ListingError
from digest.listings import clean, told, xml_tree
from digest.listings.form import Sheet
from digest.listings.people import people, turned
from digest.listings.xml_tree import Node, Tree
from digest.model import Entry, Facts, Listing, Rejected
from digest.text import arxiv_id, doi

_ARXIV = re.compile(r"oai:arXiv\.org:|arxiv\.org/oai2?\b", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://|doi:|oai:|arxiv:", re.IGNORECASE)
_VERSION = re.compile(r"v([1-9][0-9]{0,3})")


class ArxivOai:
    """Its day is that of the answer, else of the latest change in it."""

    name = "arxiv-oai"
    source = "arxiv-oai"
    fidelity = 70  # arXiv's own record with its LaTeX; others copy from it

    def recognises(self, sheet: Sheet) -> bool:
        head = xml_tree.begins(sheet, "(?:[a-z]{1,9}:)?(?:OAI-PMH|record|ListRecords)")
        return head is not None and _ARXIV.search(head) is not None

    def read(self, sheet: Sheet) -> Listing:
        tree = xml_tree.parsed(sheet, "record")
        _complain(sheet, tree)
        entries, rejected = _read(sheet, tree)
        answered = xml_tree.day(xml_tree.first(tree.root, "responseDate"))
        changed = [xml_tree.day(xml_tree.first(head, "datestamp")) for node in tree.nodes for head in _headers(node)]
        cut = tree.cut is not None or _goes_on(tree.root)
        # An archive, as it is by the day of the last change: papers come back years later.
        return sheet.listing(
            self, self.source, answered or sheet.latest(changed), entries, rejected, cut=cut, archive=True
        )


def _complain(sheet: Sheet, tree: Tree) -> None:
    """ListingError for an error instead of records. That nothing matched is an empty listing."""
    for error in tree.root.iterchildren("{*}error"):
        if error.get("code") != "noRecordsMatch":
            said = clean.field(xml_tree.content(error)) or clean.field(error.get("code"))
            raise ListingError(f"{sheet.dump.name}: arXiv answered “{said}”; correct the question and ask again")


def _goes_on(root: Node) -> bool:
    """Whether a resumption token follows; an empty one ends a harvest."""
    return any(xml_tree.content(token) for token in root.iterdescendants("{*}resumptionToken"))


def _headers(node: Node) -> list[Node]:
    return list(node.iterchildren("{*}header"))


def _deleted(node: Node) -> bool:
    return any(header.get("status") == "deleted" for header in _headers(node))


def _read(sheet: Sheet, tree: Tree) -> tuple[tuple[Entry, ...], tuple[Rejected, ...]]:
    """As all XML forms, but that records may be deleted, all of them too."""
    if tree.nodes and not tree.cut and all(map(_deleted, tree.nodes)):
        return (), tuple(Rejected(where=f"record {n}", reason=_GONE) for n in range(1, len(tree.nodes) + 1))
    return xml_tree.read(sheet, tree, "record", _facts)


_GONE = "is deleted at arXiv; there is no paper in it"


def _facts(node: Node) -> Facts:
    if _deleted(node):
        raise ValueError(_GONE)
    metadata = next((child for part in node.iterchildren("{*}metadata") for child in part.iterchildren("{*}*")), None)
    if metadata is None:
        raise ValueError("has no metadata")
    if metadata.tag.endswith("}dc") or metadata.tag == "dc":
        return _dublin_core(node, metadata)
    arxiv_id, version = xml_tree.number(metadata, "id")
    versions, days = _versions(metadata)
    named = clean.names(_named(one) for group in metadata.iterchildren("{*}authors") for one in group.iterchildren())
    authors, count = (named, len(named)) if named else people(xml_tree.first(metadata, "authors"))
    said = told.words(
        xml_tree.first(metadata, "title"),
        abstract=xml_tree.first(metadata, "abstract"),
        comment=xml_tree.first(metadata, "comments"),
        journal_ref=xml_tree.first(metadata, "journal-ref"),
    )
    return Facts(
        **said,
        authors=authors,
        author_count=count,
        categories=clean.terms(xml_tree.first(metadata, "categories").split()),
        published=xml_tree.day(xml_tree.first(metadata, "created")) or next(iter(days), None),
        updated=xml_tree.day(xml_tree.first(metadata, "updated")) or max(days, default=None),
        arxiv_id=arxiv_id,
        version=max(versions, default=version),
        doi=doi(xml_tree.first(metadata, "doi")),
    )


def _dublin_core(node: Node, metadata: Node) -> Facts:
    """`description` is first the abstract, then maybe a comment; `date` is once for each version.

    `identifier` is an address, a DOI or else where the paper has appeared.
    """
    described = xml_tree.texts(metadata, "description")
    comments = [text.removeprefix("Comment: ") for text in described if text.startswith("Comment: ")]
    identifiers = xml_tree.texts(metadata, "identifier")
    headers = [found for head in _headers(node) for found in xml_tree.texts(head, "identifier")]
    number = next((found for found in map(arxiv_id, [*headers, *identifiers]) if found), None)
    if number is None:
        raise ValueError("has no arXiv id")
    authors = clean.names(map(turned, xml_tree.texts(metadata, "creator")))
    days = [day for day in map(xml_tree.day, xml_tree.texts(metadata, "date")) if day]
    said = told.words(
        xml_tree.first(metadata, "title"),
        abstract=next((text for text in described if not text.startswith("Comment: ")), ""),
        comment=next(iter(comments), ""),
        journal_ref=next((text for text in identifiers if not _ADDRESS.match(text)), ""),
    )
    return Facts(  # without categories: subjects are told in words only
        **said,
        authors=authors,
        author_count=len(authors) or None,
        published=min(days, default=None),
        updated=max(days, default=None),
        arxiv_id=number[0],
        version=number[1],
        doi=next((found for text in identifiers if text.startswith("doi:") and (found := doi(text))), None),
    )


def _named(author: Node) -> str:
    return " ".join(xml_tree.first(author, part) for part in ("forenames", "keyname", "suffix")).strip()


def _versions(metadata: Node) -> tuple[list[int], list[date]]:
    """Numbers and days of an `arXivRaw` record's versions, oldest first."""
    found = list(metadata.iterchildren("{*}version"))
    numbers = [int(match[1]) for one in found if (match := _VERSION.fullmatch(one.get("version") or ""))]
    return numbers, [day for one in found if (day := xml_tree.day(xml_tree.first(one, "date")))]
