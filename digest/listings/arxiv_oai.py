"""arXiv's OAI-PMH answers: metadata as `oai_dc`, `arXiv` or `arXivRaw`; records with or without their envelope.

A harvest by date of change: an old paper comes back years later, so it is no list of a day. A `resumptionToken` says
that more follows in another dump, which is read as one of its own. A deleted record has no paper: it is rejected.
"""

from __future__ import annotations

import re

from digest.errors import ListingError
from digest.listings import clean, json_lines, xml_tree
from digest.listings.form import Sheet
from digest.listings.xml_tree import Node, Tree
from digest.model import Entry, Facts, Listing, Rejected

_ARXIV = re.compile(r"oai:arXiv\.org:|arxiv\.org/oai2?\b", re.IGNORECASE)
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
        told = answered or xml_tree.latest(changed, sheet) or json_lines.day_in_name(sheet.dump.name)
        return Listing(
            dump=sheet.dump.name,
            digest=sheet.dump.digest,
            format=self.name,
            source=self.source,
            as_of=sheet.as_of or told or sheet.now.date(),
            fidelity=self.fidelity,
            daily=False,
            entries=entries,
            rejected=rejected,
        )


def _complain(sheet: Sheet, tree: Tree) -> None:
    """ListingError for an error instead of records. That nothing matched is an empty listing."""
    for error in tree.root.iterchildren("{*}error"):
        if error.get("code") != "noRecordsMatch":
            said = clean.field(xml_tree.content(error)) or clean.field(error.get("code"))
            raise ListingError(f"{sheet.dump.name}: arXiv answered “{said}”; correct the question and ask again")


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
    versions, dates = _versions(metadata)
    authors = clean.names(_named(one) for group in metadata.iterchildren("{*}authors") for one in group.iterchildren())
    authors = authors or xml_tree.names_in(xml_tree.first(metadata, "authors"))
    return _told(
        metadata,
        abstract=xml_tree.first(metadata, "abstract"),
        comment=xml_tree.first(metadata, "comments"),
        authors=authors,
        categories=clean.names(xml_tree.first(metadata, "categories").split()),
        published=xml_tree.day(xml_tree.first(metadata, "created") or next(iter(dates), "")),
        doi=json_lines.doi(xml_tree.first(metadata, "doi")),
        number=(arxiv_id, max(versions, default=version)),
    )


def _dublin_core(node: Node, metadata: Node) -> Facts:
    """`description` is first the abstract, then maybe a comment; `date` is once for each version."""
    described = xml_tree.texts(metadata, "description")
    abstract = [text for text in described if not text.startswith("Comment: ")]
    comment = [text.removeprefix("Comment: ") for text in described if text.startswith("Comment: ")]
    identifiers = xml_tree.texts(metadata, "identifier")
    headers = [found for head in _headers(node) for found in xml_tree.texts(head, "identifier")]
    number = next((found for found in map(clean.arxiv_id, [*headers, *identifiers]) if found), None)
    if number is None:
        raise ValueError("has no arXiv id")
    days = [day for day in map(xml_tree.day, xml_tree.texts(metadata, "date")) if day]
    return _told(
        metadata,
        abstract=abstract[0] if abstract else "",
        comment=comment[0] if comment else "",
        authors=clean.names(map(xml_tree.turned, xml_tree.texts(metadata, "creator"))),
        categories=(),  # subjects are told in words only
        published=min(days, default=None),
        doi=next((found for text in identifiers if text.startswith("doi:") and (found := json_lines.doi(text))), None),
        number=number,
    )


def _told(metadata: Node, *, abstract: str, comment: str, number: tuple[str, int | None], **more: object) -> Facts:
    cleaned = clean.field(abstract, clean.LONGEST_ABSTRACT)
    notice = json_lines.withdrawal(cleaned)
    authors = more["authors"]
    return Facts(
        title=json_lines.title(xml_tree.first(metadata, "title")),
        abstract="" if notice else cleaned,  # a notice must not take the place of an abstract known from before
        author_count=len(authors) or None if isinstance(authors, tuple) else None,
        arxiv_id=number[0],
        version=number[1],
        withdrawn=notice or json_lines.withdrawal(clean.field(comment, 1000)) or None,
        **more,  # type: ignore[arg-type]  # both callers give these fields as the model has them
    )


def _named(author: Node) -> str:
    return " ".join(xml_tree.first(author, part) for part in ("forenames", "keyname", "suffix")).strip()


def _versions(metadata: Node) -> tuple[list[int], list[str]]:
    """Numbers and dates of an `arXivRaw` record's versions, oldest first."""
    found = list(metadata.iterchildren("{*}version"))
    numbers = [int(match[1]) for one in found if (match := _VERSION.fullmatch(one.get("version") or ""))]
    return numbers, [xml_tree.first(one, "date") for one in found]
