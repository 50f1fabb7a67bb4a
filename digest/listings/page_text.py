"""HTML as found in feeds as plain text: words without markup, where `<`, `>` and `&` that are text stay text.

lxml's HTML parser is used. Fetches nothing and keeps neither scripts nor styles.
"""

from __future__ import annotations

import html
import re

from lxml import etree
from lxml.html import HTMLParser, defs, fragment_fromstring

_LONGEST = 400_000  # characters of markup; an abstract has a twentieth of it
# A tag of HTML, or of another vocabulary by its prefix or hyphen: `<jats:p>`, `<inline-formula>`. `<LATENT>` is text.
_NAMES = "|".join(sorted(defs.tags | {"figcaption", "figure", "main", "math", "picture", "svg", "time", "video"}))
_INSIDE = rf"/?(?:(?:{_NAMES})|[a-z]{{1,20}}[:-][\w:-]{{1,40}})(?:\s[^<>]{{0,3000}})?/?>|!--"
_TAG = re.compile(f"<(?:{_INSIDE})", re.IGNORECASE)
_NO_TAG = re.compile(f"<(?!{_INSIDE})", re.IGNORECASE)
_UNSEEN = ("script", "style", "noscript", "template", "iframe", "object", "svg")
_BLOCKS = defs.block_tags | {"br", "li", "td", "th", "tr", "figcaption", "figure", "section", "article", "dt", "dd"}


_CLOSING = re.compile(rf"</(?:{_NAMES})\s*>|<br\s*/?>", re.IGNORECASE)


def is_marked_up(text: str) -> bool:
    """Whether a text that is said to be plain is HTML beyond doubt."""
    return _CLOSING.search(text) is not None


def text_of(markup: str) -> str:
    """The words of an HTML fragment, or of a plain text that may have entities; with white space where blocks end."""
    fragment = markup[:_LONGEST]
    if not _TAG.search(fragment):
        return _unescaped(fragment)
    parser = HTMLParser(encoding="utf-8", huge_tree=False, remove_comments=True, remove_pis=True, no_network=True)
    try:
        content = _NO_TAG.sub("&lt;", fragment).encode()
        root = fragment_fromstring(content, create_parent="div", parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return _unescaped(_TAG.sub(" ", fragment))
    etree.strip_elements(root, *_UNSEEN, with_tail=False)
    for heading in root.iter("h1", "h2", "h3", "h4"):
        if (heading.text or "").strip().casefold() == "abstract":
            heading.text = "ABSTRACT"  # which no word of a sentence is
    for block in root.iter(*_BLOCKS):
        block.text = f" {block.text or ''}"
        block.tail = f" {block.tail or ''}"
    text = "".join(map(str, root.itertext()))
    return text if text.strip() else _unescaped(_TAG.sub(" ", fragment))  # lxml gives up on what is nested too deeply


def _unescaped(text: str) -> str:
    try:
        return html.unescape(text)
    except ValueError:  # a character's number with thousands of digits
        return text
