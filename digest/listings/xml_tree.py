"""XML of listings: whole entries in order, even of a file that breaks off. lxml lives here.

No entity is resolved, no DTD is loaded and nothing is fetched: a file that declares entities is refused unread.
Does not know what an entry means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from lxml import etree

from digest.errors import ListingError
from digest.listings import clean
from digest.listings.form import Sheet, mail_day, plain_day, read_each
from digest.model import Announced, Entry, Facts, Rejected
from digest.text import arxiv_id, visible

Node = etree._Element

# How much of a dump is looked at to tell its form.
HEAD = 8000

_NOT_XML = str.maketrans(dict.fromkeys("\x0b\x0c\x1c\x1d\x1e\x1f", " "))  # white space in Python's eyes only
_PROLOG = re.compile(r"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_DECLARES = re.compile(r"""<!DOCTYPE(?:[^<>\["']|"[^"]*"|'[^']*')*\[""")
_ROOT = re.compile(r"<(?:!DOCTYPE\s{1,9})?(?:[\w.-]{1,40}:)?(?P<name>[\w.-]{1,40})[\s/>\[]")


@dataclass(frozen=True, slots=True)
class Tree:
    """`nodes` are the whole entries; `cut` tells where and why the XML breaks, None where it does not."""

    root: Node
    nodes: tuple[Node, ...]
    cut: str | None


def begins(sheet: Sheet, root: str) -> str | None:
    """The beginning of the dump if `root`, a pattern, stands in it as an element, else None."""
    head = sheet.text[:HEAD]
    return head if head.lstrip("\ufeff \t\r\n")[:1] == "<" and re.search(rf"<(?:{root})[\s>]", head) else None


def root(sheet: Sheet) -> str | None:
    """The local name of the dump's first element, also by its DOCTYPE; None if it begins otherwise."""
    head = sheet.text[:HEAD].lstrip("\ufeff \t\r\n")
    prolog = _PROLOG.match(head)
    found = _ROOT.match(head, prolog.end() if prolog else 0)
    return found["name"] if found else None


def xml_text(written: str) -> str:
    """The text without what XML cannot hold, and without blanks before it."""
    return visible(written).translate(_NOT_XML).lstrip()


def plain(sheet: Sheet, written: str) -> str:
    """As `xml_text`. ListingError if it declares entities."""
    text = xml_text(written)
    prolog = _PROLOG.match(text)
    if _DECLARES.match(text, prolog.end() if prolog else 0):
        raise ListingError(f"{sheet.dump.name}: XML that declares entities, which are not resolved; fetch it without")
    return text


def parsed(sheet: Sheet, tag: str) -> Tree:
    """All whole elements of the local name `tag`. ListingError for XML that breaks before the first of them."""
    text = plain(sheet, sheet.text)
    parser = etree.XMLPullParser(
        events=("end",),
        tag=f"{{*}}{tag}",
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    cut, root = None, None
    try:
        parser.feed(text.encode())
        root = parser.close()
    except etree.XMLSyntaxError as error:
        line, column = error.position
        cut = f"XML that breaks at line {line}, column {column} ({clean.field(error.msg)}); it may be cut"
    nodes = tuple(_ended(parser))
    if root is None and nodes:
        root = nodes[0].getroottree().getroot()
    if root is None:
        raise ListingError(f"{sheet.dump.name}: {cut}: fetch it again")
    return Tree(root=root, nodes=nodes, cut=cut)


def _ended(parser: etree.XMLPullParser) -> Iterator[Node]:
    """The elements that ended; a broken file's error comes once more after the last of them."""
    events = iter(parser.read_events())
    while True:
        try:
            _, node = next(events)
        except (StopIteration, etree.XMLSyntaxError):
            return
        if isinstance(node, etree._Element):
            yield node


def read(
    sheet: Sheet,
    tree: Tree,
    kind: str,
    facts: Callable[[Node], Facts],
    announced: Callable[[Node], Announced | None] = lambda node: None,
) -> tuple[tuple[Entry, ...], tuple[Rejected, ...]]:
    """Each node by `facts`, which raises ValueError for a bad one. What is cut is rejected after the whole ones.

    Raises ListingError where there are entries but not one that can be read.
    """

    def entry(node: Node, where: str, position: int) -> Entry:
        return Entry(where=where, position=position, facts=facts(node), announced=announced(node))

    numbered = ((f"{kind} {number}", node) for number, node in enumerate(tree.nodes, start=1))
    entries, rejected = read_each(sheet, numbered, entry)
    if tree.cut:
        where = f"{kind} {len(tree.nodes) + 1}"
        rejected += (Rejected(where=where, reason=f"{tree.cut}: fetch it again for the rest"),)
    return entries, rejected


# --- values ------------------------------------------------------------------------------------------------------


def content(node: Node) -> str:
    return "".join(map(str, node.itertext())).strip()


def texts(node: Node, name: str) -> list[str]:
    """The texts of the children of a local name, in order, without the empty ones."""
    return [text for child in node.iterchildren(f"{{*}}{name}") if (text := content(child))]


def first(node: Node, *names: str) -> str:
    """The first text under any of these names, in their order; empty where there is none."""
    return next((text for name in names for text in texts(node, name)), "")


def number(node: Node, *names: str) -> tuple[str, int | None]:
    """The arXiv id in the first of these children that holds one; ValueError without any."""
    for name in names:
        for text in texts(node, name):
            if found := arxiv_id(text):
                return found
    raise ValueError("has no arXiv id")


def day(text: str) -> date | None:
    """The day as written, in its own time zone, of an ISO 8601 or RFC 822 moment; none of what stands for none."""
    return plain_day(text[:10]) or mail_day(text)
