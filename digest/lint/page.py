"""The HTML: links, pictures, what mail programs refuse, what a screen reader makes of it, and the visible way out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlsplit

from lxml.html import HtmlElement

from digest.lint.body import MOST_HTML
from digest.lint.form import Finding, Mail, organisation, words

_SHORTENERS = {
    "bit.ly", "t.co", "goo.gl", "tinyurl.com", "ow.ly", "is.gd", "buff.ly", "lnkd.in", "rebrand.ly", "cutt.ly", "t.ly",
    "shorturl.at", "rb.gy", "dlvr.it", "tiny.cc",
}  # fmt: skip
_TRACKERS = {
    "list-manage.com", "sendgrid.net", "mailchimp.com", "hubspotlinks.com", "click.pstmrk.it", "sparkpostmail.com",
    "awstrack.me", "exct.net", "rs6.net", "mailgun.org", "doubleclick.net", "google-analytics.com",
}  # fmt: skip
_TRACKING = re.compile(r"utm_|mc_[ec]id|fbclid|gclid|_hs(enc|mi)|mkt_tok|vero_|trk", re.I)
_VAGUE = {"click here", "here", "link", "read more", "more", "this", "click", "go"}
_ENDINGS = "com|org|net|io|ai|edu|gov|co|dev|info|de|uk|fr|eu|app"
_LIKE_AN_ADDRESS = re.compile(rf"(?:https?://|www\.)\S+|(?:[a-z0-9-]+\.)+(?:{_ENDINGS})(?:/\S*)?", re.I)
_ACTIVE = {"script", "form", "input", "button", "iframe", "object", "embed", "link", "base", "svg", "video", "audio",
           "canvas", "applet", "frame", "frameset", "select", "textarea"}  # fmt: skip
_SHORT_NAME = 20


def document(mail: Mail) -> Iterator[Finding]:
    """Doctype, language, direction, title, and the promise of both schemes."""
    if mail.tree is None:
        yield Finding("document", "text/html", "there is no HTML")
        return
    if not mail.html.startswith("<!DOCTYPE html>"):
        yield Finding("document", "the doctype", "must be <!DOCTYPE html>, at the very beginning")
    body = mail.tree.find("body")
    around = [one for one in (() if body is None else body.iter("div", "table")) if one.get("lang") and one.get("dir")]
    if not (mail.tree.get("lang") and mail.tree.get("dir")) or not around:
        yield Finding(
            "language",
            "<html>",
            "lang and dir must stand on <html> and on the first element inside of <body>: webmails drop one of them",
        )
    elif mail.value("content-language") and mail.tree.get("lang") != mail.value("content-language"):
        yield Finding(
            "language",
            f'lang="{mail.tree.get("lang")}"',
            f"Content-Language says {mail.value('content-language')}; make them agree",
        )
    title = mail.tree.findtext("head/title") or ""
    if " ".join(title.split()) != " ".join(next((one.decoded for one in mail.all("subject")), "").split()):
        yield Finding("document", f"<title> {title[:60]}", "must be the subject, as screen readers say it")
    metas = {
        str(one.get("name", "")).lower(): str(one.get("content", "")) for one in mail.elements if one.tag == "meta"
    }
    if not {"light", "dark"} <= set(metas.get("color-scheme", "").split()):
        yield Finding(
            "document",
            '<meta name="color-scheme">',
            "must be “light dark”, or some programs turn the colours round by themselves",
        )
    if "width=device-width" not in metas.get("viewport", ""):
        yield Finding("document", '<meta name="viewport">', "must be there, or phones show a page as wide as a desk")


def _has_papers(mail: Mail) -> bool:
    """On an empty day there is none; else their titles are links, and the text part counts them."""
    titles = any(one.tag == "a" and "title" in str(one.get("class", "")).split() for one in mail.elements)
    return titles or re.search(r"^1\. ", mail.text, re.MULTILINE) is not None


def outline(mail: Mail) -> Iterator[Finding]:
    """One h1, the papers below it, tables that are no tables."""
    levels = [(int(one.tag[1]), one) for one in mail.elements if re.fullmatch("h[1-6]", str(one.tag))]
    if mail.tree is not None and sum(level == 1 for level, _ in levels) != 1:
        yield Finding("headings", "<h1>", "there must be exactly one")
    if mail.tree is not None and _has_papers(mail) and not any(level == 2 for level, _ in levels):
        yield Finding(
            "headings", "<h2>", "each paper must have one, so that a screen reader can jump from paper to paper"
        )
    before = 0
    for level, heading in levels:
        if level > before + 1:
            yield Finding(
                "headings", words(heading), f"h{level} comes after h{before or 'nothing'}; leave no level out"
            )
        before = level
    for one in mail.elements:
        if one.tag == "table" and one.get("role") not in ("presentation", "none"):
            yield Finding("table-role", words(one), 'a table for layout needs role="presentation"')


# --- links ---------------------------------------------------------------------------------------------------------


def links(mail: Mail) -> Iterator[Finding]:
    for one in mail.elements:
        if one.tag == "a" and one.get("href") is not None:
            address = str(one.get("href"))
            where = f"{words(one, 40)} {address[:80]}"
            yield from (Finding("link-target", where, advice) for advice in _target(address))
            said = " ".join(str(one.text_content()).split())
            if _LIKE_AN_ADDRESS.fullmatch(said):
                host = urlsplit(said if "://" in said else f"https://{said}").hostname or ""
                if organisation(host) != organisation(urlsplit(address).hostname or ""):
                    yield Finding(
                        "link-text", where, "says one address and leads to another, as phishing does; say what is there"
                    )


def _target(address: str) -> Iterator[str]:
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
    except ValueError:
        yield "is no address"
        return
    if parts.scheme not in ("https", "mailto"):
        yield "must be https: or mailto:"
        return
    if parts.scheme == "mailto":
        return
    if (
        "@" in parts.netloc
        or not re.fullmatch(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]{2,}", host)
        or _is_number(host)
    ):
        yield "must name a host, not a number, a login or a lone word"
    if host in _SHORTENERS or organisation(host) in _SHORTENERS:
        yield "hides where it leads, and shorteners are on every block list; write the address itself"
    queries = parse_qsl(parts.query)
    if host in _TRACKERS or organisation(host) in _TRACKERS or any(_TRACKING.match(name) for name, _ in queries):
        yield "tracks the reader; write the address itself"
    if any(value.lower().startswith(("http://", "https://")) for _, value in queries):
        yield "leads somewhere else by a redirect; write that address itself"


def _is_number(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


def link_names(mail: Mail) -> Iterator[Finding]:
    """What a screen reader says of a link: something, something telling, and not the same for two."""
    targets: dict[str, str] = {}
    for one in mail.elements:
        if one.tag != "a" or one.get("href") is None:
            continue
        name = _name(one)
        if not name:
            yield Finding("link-name", str(one.get("href")), "a link without words; give it a text or an aria-label")
        elif name.lower() in _VAGUE:
            yield Finding("link-name", words(one), "says nothing of where it leads; name it")
        elif len(name) <= _SHORT_NAME and targets.setdefault(name, str(one.get("href"))) != one.get("href"):
            yield Finding("link-name", words(one), "has the name of another link; tell them apart with an aria-label")


def _name(link: HtmlElement) -> str:
    if label := str(link.get("aria-label") or "").strip():
        return label
    spoken = [text for text in link.itertext() if text]
    return " ".join(" ".join([*spoken, *(str(one.get("alt") or "") for one in link.iter("img"))]).split())


# --- pictures, and what does not belong ------------------------------------------------------------------------------


def images(mail: Mail) -> Iterator[Finding]:
    for one in (one for one in mail.elements if one.tag == "img"):
        where = f"<img> {str(one.get('src'))[:80]}"
        if one.get("alt") is None:
            yield Finding("image", where, 'has no alt text; most see that first. For an ornament write alt=""')
        if not (str(one.get("width") or "").isdigit() and str(one.get("height") or "").isdigit()):
            yield Finding("image", where, "has no width and height, so that the page jumps when it comes")
        elif int(one.get("width") or 0) <= 1 or int(one.get("height") or 0) <= 1:
            yield Finding("image", where, "is a tracking pixel; take it out")
        if not str(one.get("src") or "").startswith("https://"):
            yield Finding("image", where, "must come by https; data: and cid: pictures are not shown")


def active(mail: Mail) -> Iterator[Finding]:
    """What mail programs drop or refuse."""
    for one in mail.elements:
        if one.tag in _ACTIVE:
            yield Finding(
                "active", words(one), f"<{one.tag}> is dropped by mail programs and counted by filters; take it out"
            )
        for name in one.attrib:
            if str(name).lower().startswith("on"):
                yield Finding("active", words(one), f"{name}= is script; take it out")
        if one.tag == "meta" and str(one.get("http-equiv") or "").lower() == "refresh":
            yield Finding("active", "<meta> refresh", "leads away by itself; take it out")
    for style in (str(one.text_content()) for one in mail.elements if one.tag == "style"):
        for wrong, advice in _STYLES.items():
            if re.search(wrong, style):
                yield Finding("style", "<style>", advice)
    for one in mail.elements:
        if re.search(
            r"url\s*\(|var\s*\(|expression\s*\(|javascript:|position\s*:\s*(fixed|absolute)",
            str(one.get("style") or ""),
            re.I,
        ):
            yield Finding("style", words(one), "its style loads, moves or computes something; mail programs drop it")


_STYLES = {
    r"/\*": "has a comment, after which some programs skip a rule; take it out",
    r"@import|@font-face|url\s*\(": "loads something from elsewhere, which is tracking; take it out",
    r"\bvar\s*\(|light-dark\s*\(": "uses functions that most mail programs do not know; write colours out",
    r"\S!important|!\s+important|!IMPORTANT": "write ` !important` in lower case, with one blank before it",
}


def way_out(mail: Mail) -> Iterator[Finding]:
    """A link to unsubscribe that can be seen, above where Gmail cuts."""
    for one in mail.elements:
        if one.tag == "a" and (one.get("href") in mail.ways_out or "unsubscribe" in str(one.text_content()).lower()):
            at = mail.html.find(str(one.get("href")).replace("&", "&amp;"))
            if len(mail.html[: max(at, 0)].encode()) < MOST_HTML:
                return
    yield Finding(
        "unsubscribe",
        "the body",
        "has no link to unsubscribe above the place where Gmail cuts; readers press “spam” instead",
    )


CHECKS = (document, outline, links, link_names, images, active, way_out)
