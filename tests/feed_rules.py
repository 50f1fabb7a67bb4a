"""The rules that the W3C's feed validator has for what our feeds are made of, each under the validator's name for it.

`faults(path, content, now)` names what a feed, an archive of one or a list of feeds breaks. What only a server can get
wrong, and what no feed of ours has (iTunes, media, RDF …), is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any, TypeAlias
from urllib.parse import urljoin, urlsplit

from lxml import etree

Faults: TypeAlias = Iterator[str]
Node: TypeAlias = etree._Element

ATOM, DC = "{http://www.w3.org/2005/Atom}", "{http://purl.org/dc/elements/1.1/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
PREFIXES = {
    "http://www.w3.org/2005/Atom": (None, "atom"),
    "http://purl.org/syndication/history/1.0": ("fh",),
    "http://purl.org/rss/1.0/modules/content/": ("content",),
    "http://purl.org/dc/elements/1.1/": ("dc",),
}
FEED = {"id", "title", "updated", "author", "link", "generator", "subtitle", "archive", "entry"}
ENTRY = {"id", "title", "updated", "published", "author", "link", "category", "summary", "content"}
CHANNEL = {"title", "link", "description", "language", "lastBuildDate", "generator", f"{ATOM}link", "item"}
ITEM = {"title", "link", "guid", "pubDate", "category", "description", f"{DC}creator", f"{DC}language", CONTENT}
MANY = {"author", "link", "category", "entry", "item", f"{ATOM}link", f"{DC}creator"}
ATTRIBUTES = {
    "link": {"href", "rel", "type", "title"},
    "category": {"term", "scheme", "label", "domain"},
    "guid": {"isPermaLink"},
    "summary": {"type"},
    "content": {"type"},
    "feed": {LANG},
    "entry": {LANG},
    "rss": {"version"},
    "outline": {"text", "title", "type", "xmlUrl", "htmlUrl"},
    "opml": {"version"},
}
RELATIONS = {"alternate", "self", "related", "enclosure", "hub", "via", "current", "prev-archive", "next-archive"}
SAFE_TAGS = {*("a", "b", "blockquote", "br", "code", "div", "em", "h2", "h3", "h4", "hr", "i", "img", "li", "ol", "p")}
SAFE_TAGS |= {*("pre", "s", "small", "span", "strong", "sub", "sup", "ul")}
SAFE_ATTRIBUTES = {"href", "title", "lang", "dir", "src", "alt", "width", "height", "rel", "class"}
URI = re.compile(r"[a-z][0-9a-z+.-]*:(//)?[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,#]+", re.IGNORECASE)
TAG = re.compile(r"tag:([\w.-]+@)?[a-z0-9.-]+,\d{4}(-\d\d){0,2}:[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,]*")
MIME = re.compile(r"[\w.+-]+/[\w.+-]+(\s*;.*)?")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
RFC822 = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")
HTML = re.compile(r"</[A-Za-z]\w*>|&(#\d+|#x[0-9a-f]+|[a-z]+);", re.IGNORECASE)
EMAIL = re.compile(r"<[\w.+-]+@[\w.-]+>")


def faults(path: str, content: bytes, now: datetime) -> list[str]:
    """The names of the rules that a file breaks; `path` is where it is served, `now` when it is looked at."""
    read = {"atom": _atom, "rss": _rss, "json": _json, "opml": _opml}[path.rpartition(".")[2]]
    return sorted({f"{rule}" for rule in read(path, content, now)})


# --- xml ---------------------------------------------------------------------------------------------------------


def _xml(content: bytes) -> tuple[Node | None, list[str]]:
    try:
        root = etree.fromstring(content)
    except etree.XMLSyntaxError:
        return None, ["SAXError"]
    return root, [*_of_document(root, content)]


def _of_document(root: Node, content: bytes) -> Faults:
    if not content.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n"):
        yield "MissingEncoding"
    if root.getroottree().docinfo.doctype:
        yield "ContainsSystemEntity"
    for node in root.iter(etree.Element):
        name = etree.QName(node)
        for prefix, space in node.nsmap.items():
            if prefix not in PREFIXES.get(space, ()):
                yield "NonstdPrefix"
        for key, value in node.attrib.items():
            if key not in ATTRIBUTES.get(name.localname, set()):
                yield "UnexpectedAttribute"
            yield from _text(value)
        yield from _text(node.text or "")
        if len(node) and "".join([node.text or "", *(child.tail or "" for child in node)]).strip():
            yield "UnexpectedText"


def _text(text: str) -> Faults:
    if re.search("[\x80-\x9f\ufffd]", text):
        yield "BadCharacters"


def _children(node: Node, allowed: set[str], needed: set[str]) -> Faults:
    names = [_name(child) for child in node.iterchildren(etree.Element)]
    if set(names) - allowed:
        yield "UndefinedElement"
    if needed - set(names):
        yield "MissingElement"
    if any(names.count(name) > 1 for name in set(names) - MANY):
        yield "DuplicateElement"
    for child in node.iterchildren(etree.Element):
        if not len(child) and not child.attrib and not (child.text or "").strip() and _name(child) != "archive":
            yield "NotBlank"


def _name(node: Node) -> str:
    """Without the namespace where it is the document's own."""
    space = etree.QName(node).namespace
    own = etree.QName(node.getroottree().getroot()).namespace
    return etree.QName(node).localname if space in (own, "http://purl.org/syndication/history/1.0") else str(node.tag)


def _plain(text: str) -> Faults:
    """Text that is no html."""
    if HTML.search(text):
        yield "ContainsHTML"
    if EMAIL.search(text):
        yield "ContainsEmail"


def _uri(text: str) -> Faults:
    if text.startswith("tag:"):
        if not TAG.fullmatch(text):
            yield "InvalidTAG"
    elif not URI.fullmatch(text) or (text.startswith("http") and not urlsplit(text).hostname):
        yield "InvalidFullLink"


def _id(text: str) -> Faults:
    yield from _uri(text)
    if any(one != one.upper() for one in re.findall("%..", text)):
        yield "NonCanonicalURI"
    if text != text.strip():
        yield "UnexpectedWhitespace"


def _moment(text: str, now: datetime) -> Faults:
    if not RFC3339.fullmatch(text):
        yield "InvalidRFC3339Date"
    elif not datetime(1990, 1, 1, tzinfo=UTC) < datetime.fromisoformat(text) <= now:
        yield "ImplausibleDate"


class _Html(HTMLParser):
    """What is wrong with a piece of html."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found, self._open = list[str](), list[str]()
        self.feed(text)
        self.close()
        if self._open or "<" in re.sub(r"</?[a-z][a-z0-9]*(\s[^<>]*)?/?>", "", text):
            self.found.append("NotHtml")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag not in SAFE_TAGS:
            self.found.append("SecurityRisk")
        if "style" in told:
            self.found.append("DangerousStyleAttr")
        if set(told) - SAFE_ATTRIBUTES - {"style"}:
            self.found.append("SecurityRiskAttr")
        if tag == "img" and "alt" not in told:
            self.found.append("MissingAlt")
        for address in (told.get("href"), told.get("src")):
            if address is not None and not re.match(r"(https?|mailto):", address):
                self.found.append("ContainsRelRef")
            elif address:
                self.found += _uri(address)
        if tag not in ("br", "hr", "img"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.found.append("NotHtml")


# --- atom --------------------------------------------------------------------------------------------------------


def _atom(path: str, content: bytes, now: datetime) -> Faults:
    root, found = _xml(content)
    yield from found
    if root is None:
        return
    if root.tag != f"{ATOM}feed":
        yield "InvalidNamespace"
    entries = root.findall(f"{ATOM}entry")
    yield from _children(root, FEED, {"id", "title", "updated", "author"})
    yield from _links(root, path)
    tags = [_name(child) for child in root.iterchildren(etree.Element)]
    if "entry" in tags and set(tags[tags.index("entry") :]) != {"entry"}:
        yield "MisplacedMetadata"
    for node in (root, *entries):
        yield from _common(node, now)
    ids, moments = ([one.findtext(f"{ATOM}{name}") for one in entries] for name in ("id", "updated"))
    if len(set(ids)) < len(ids):
        yield "DuplicateEntries"
    if len(set(moments)) < len(moments):
        yield "DuplicateUpdated"
    if moments and (root.findtext(f"{ATOM}updated") or "") < max(one or "" for one in moments):
        yield "FeedOlderThanItsEntries"
    for node in entries:
        yield from _children(node, ENTRY, {"id", "title", "updated"})
        yield from _entry(node)


def _common(node: Node, now: datetime) -> Faults:
    """What feeds and entries have alike."""
    yield from _id(node.findtext(f"{ATOM}id") or "")
    for name in ("updated", "published"):
        if (text := node.findtext(f"{ATOM}{name}")) is not None:
            yield from _moment(text, now)
    for name in ("title", "subtitle", "author/" + ATOM + "name"):
        for one in node.iterfind(f"{ATOM}{name}"):
            yield from _plain(one.text or "")
    for uri in node.iterfind(f"{ATOM}author/{ATOM}uri"):
        yield from _uri(uri.text or "")
    if any(not (one.findtext(f"{ATOM}name") or "").strip() for one in node.iterfind(f"{ATOM}author")):
        yield "MissingElement"
    if LANG in node.attrib and not LANGUAGE.fullmatch(node.get(LANG, "")):
        yield "InvalidLanguage"
    alternates = set()
    for link in node.iterfind(f"{ATOM}link"):
        yield from _uri(link.get("href", "")) if link.get("href") else ["MissingHref"]
        if link.get("rel", "alternate") not in RELATIONS:
            yield "UnregisteredAtomLinkRel"
        if link.get("type") and not MIME.fullmatch(link.get("type", "")):
            yield "InvalidMIMEType"
        if link.get("title", "x").strip() == "":
            yield "AttrNotBlank"
        if link.text or len(link):
            yield "AtomLinkNotEmpty"
        key = link.get("rel", "alternate"), link.get("type")
        if key in alternates and (key[0] == "alternate" or node.tag == f"{ATOM}feed"):
            yield "DuplicateAtomLink"
        alternates.add(key)


def _links(root: Node, path: str) -> Faults:
    (own, *_), kinds = (
        [*[one for one in root.iterfind(f"{ATOM}link") if one.get("rel") == "self"], None],
        ("atom", "rss"),
    )
    if own is None:
        yield "MissingSelf"
        return
    if not urlsplit(own.get("href", "")).hostname:
        yield "RelativeSelf"
    elif not own.get("href", "").endswith(f"/{path}"):
        yield "SelfDoesntMatchLocation"
    if own.get("type") not in [f"application/{kind}+xml" for kind in kinds]:
        yield "SelfNotAtom"


def _entry(node: Node) -> Faults:
    rels = {one.get("rel", "alternate") for one in node.iterfind(f"{ATOM}link")}
    if rels & {"current", "prev-archive", "next-archive", "self", "hub"}:
        yield "FeedHistoryRelInEntry"
    if node.find(f"{ATOM}content") is None:
        if "alternate" not in rels:
            yield "MissingContentOrAlternate"
        if node.find(f"{ATOM}summary") is None:
            yield "MissingTextualContent"
    for category in node.iterfind(f"{ATOM}category"):
        if not category.get("term", "").strip():
            yield "MissingAttribute"
        yield from _uri(category.get("scheme", "tag:a,2000:"))
    for name in ("summary", "content"):
        for text in node.iterfind(f"{ATOM}{name}"):
            if text.get("type") != "html":
                yield "InvalidTextType"
            yield from _Html(text.text or "").found


# --- rss ---------------------------------------------------------------------------------------------------------


def _rss(path: str, content: bytes, now: datetime) -> Faults:
    root, found = _xml(content)
    yield from found
    if root is None:
        return
    if (root.tag, root.get("version")) != ("rss", "2.0"):
        yield "ObsoleteVersion"
    channel, *more = root.iterchildren(etree.Element)
    if more or channel.tag != "channel":
        yield "UndefinedElement"
    yield from _children(channel, CHANNEL, {"title", "link", "description"})
    yield from _links(channel, path)
    yield from _rss_common(channel, now)
    if not LANGUAGE.fullmatch(channel.findtext("language") or "en"):
        yield "InvalidLanguage"
    items = channel.findall("item")
    guids = [one.findtext("guid") for one in items]
    if len(set(guids)) < len(guids):
        yield "DuplicateValue"
    for item in items:
        yield from _children(item, ITEM, set())
        yield from _rss_common(item, now)
        yield from _item(item)


def _rss_common(node: Node, now: datetime) -> Faults:
    yield from _plain(node.findtext("title") or "")
    if node.find("link") is not None:
        yield from _uri(node.findtext("link") or "")
    for name in ("pubDate", "lastBuildDate"):
        if (text := node.findtext(name)) is None:
            continue
        if not RFC822.fullmatch(text):
            yield "InvalidRFC2822Date"
            continue
        moment = parsedate_to_datetime(text)
        if f"{moment:%a}" != text[:3]:
            yield "IncorrectDOW"
        if not datetime(1990, 1, 1, tzinfo=UTC) < moment <= now:
            yield "ImplausibleDate"


def _item(item: Node) -> Faults:
    guid, tags = item.find("guid"), [_name(child) for child in item.iterchildren(etree.Element)]
    if guid is None:
        yield "MissingGuid"
    elif guid.get("isPermaLink") not in (None, "true", "false"):
        yield "InvalidBooleanAttribute"
    elif guid.get("isPermaLink") != "false" and not (guid.text or "").startswith("http"):
        yield "InvalidPermalink"
    if "title" not in tags and "description" not in tags:
        yield "ItemMustContainTitleOrDescription"
    if CONTENT in tags and "description" not in tags[: tags.index(CONTENT)]:
        yield "NeedDescriptionBeforeContent"
    for tag in ("description", CONTENT):
        yield from _Html(item.findtext(tag) or "").found
    if not LANGUAGE.fullmatch(item.findtext(f"{DC}language") or "en"):
        yield "InvalidLanguage"
    for creator in item.iterfind(f"{DC}creator"):
        yield from _plain(creator.text or "")


# --- the others --------------------------------------------------------------------------------------------------


def _json(path: str, content: bytes, now: datetime) -> Faults:
    """By the specification of JSON Feed 1.1, for which the validator has no rules."""
    feed = json.loads(content)
    if feed.get("version") != "https://jsonfeed.org/version/1.1":
        yield "ObsoleteVersion"
    if not feed.get("title") or not isinstance(feed.get("items"), list):
        yield "MissingElement"
    if not str(feed.get("feed_url", "")).endswith(f"/{path}"):
        yield "SelfDoesntMatchLocation"
    known = {"version", "title", "home_page_url", "feed_url", "description", "language", "authors", "hubs", "items"}
    if set(feed) - known:
        yield "UndefinedElement"
    for address in (feed.get("home_page_url"), feed.get("feed_url"), *(one.get("url") for one in feed.get("hubs", ()))):
        yield from _uri(address or "")
    ids = [one.get("id") for one in feed.get("items", ())]
    if len({str(one) for one in ids}) < len(ids):
        yield "DuplicateEntries"
    for one in feed.get("items", ()):
        yield from _json_item(one, now)


def _json_item(one: dict[str, Any], now: datetime) -> Faults:
    if not isinstance(one.get("id"), str) or not one["id"]:
        yield "MissingElement"
    if not one.get("content_html") and not one.get("content_text"):
        yield "MissingTextualContent"
    if any(value in (None, "", []) for value in one.values()):
        yield "NotBlank"
    for name in ("date_published", "date_modified"):
        yield from _moment(one.get(name, ""), now)
    for author in one.get("authors", ()):
        if not {"name", "url", "avatar"} & set(author):
            yield "MissingElement"
    for attachment in one.get("attachments", ()):
        yield from _uri(attachment.get("url", ""))
        if not MIME.fullmatch(attachment.get("mime_type", "")):
            yield "InvalidMIMEType"
    if not LANGUAGE.fullmatch(one.get("language", "en")):
        yield "InvalidLanguage"
    yield from _uri(one["url"]) if "url" in one else ()
    yield from _plain(one.get("title", ""))
    yield from _Html(one.get("content_html", "")).found
    yield from _text(json.dumps(one, ensure_ascii=False))


def _opml(path: str, content: bytes, now: datetime) -> Faults:
    root, found = _xml(content)
    yield from found
    if root is None:
        return
    if root.get("version") not in ("1.0", "1.1", "2.0"):
        yield "InvalidOPMLVersion"
    yield from _children(root, {"head", "body"}, {"head", "body"})
    for line in root.iter("outline"):
        yield from _plain(line.get("text", "")) if line.get("text") else ["MissingAttribute"]
        if line.get("type") == "rss":
            if not line.get("xmlUrl"):
                yield "MissingXmlURL"
            if not line.get("title"):
                yield "MissingTitleAttr"
        elif line.get("xmlUrl"):
            yield "MissingOutlineType"
        for name in ("xmlUrl", "htmlUrl"):
            yield from _uri(urljoin("https://example.org/", line.get(name, "")))
