"""What can be seen: the cascade as far as colours and sizes go, contrast in both schemes (WCAG 2.2), hidden words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import cssselect
from lxml.cssselect import CSSSelector
from lxml.html import HtmlElement

from digest.lint.form import Finding, Mail, words

_ENOUGH = 4.5
_SMALLEST = 14.0
_PREHEADER = (20, 200)
_BLANK = re.compile(r"[\s\u00ad\u034f\u200b-\u200f\u2007\u2060-\u2064\ufeff]+")
_NAMES = {
    "black": "#000000", "white": "#ffffff", "red": "#ff0000", "green": "#008000", "blue": "#0000ff", "gray": "#808080",
    "grey": "#808080", "silver": "#c0c0c0", "navy": "#000080", "yellow": "#ffff00", "maroon": "#800000",
    "purple": "#800080", "teal": "#008080", "orange": "#ffa500",
}  # fmt: skip

Colour = tuple[float, float, float, float]  # red, green, blue of 255; opacity of 1


@dataclass(frozen=True, slots=True)
class Scheme:
    name: str
    canvas: Colour
    ink: Colour
    link: Colour


_LIGHT = Scheme("light", (255, 255, 255, 1), (0, 0, 0, 1), (0, 0, 238, 1))
_DARK = Scheme("dark", (18, 18, 18, 1), (255, 255, 255, 1), (158, 158, 255, 1))


@dataclass(slots=True)
class Page:
    """The declarations that won, by element and property."""

    scheme: Scheme
    won: dict[HtmlElement, dict[str, tuple[tuple[int, ...], str]]] = field(default_factory=dict)

    def put(self, element: HtmlElement, name: str, value: str, weight: tuple[int, ...]) -> None:
        mine = self.won.setdefault(element, {})
        if name not in mine or mine[name][0] <= weight:
            mine[name] = (weight, value)

    def of(self, element: HtmlElement, name: str) -> str:
        return self.won.get(element, {}).get(name, ((), ""))[1]

    def ink(self, element: HtmlElement) -> Colour:
        """The colour of words, inherited."""
        for one in _upwards(element):
            found = _colour(self.of(one, "color"))
            if found:
                return found
            if one.tag == "a" and one.get("href") is not None:
                return self.scheme.link
        return self.scheme.ink

    def ground(self, element: HtmlElement) -> Colour:
        """What is behind them: the backgrounds up to the first that lets nothing through."""
        layers = []
        for one in _upwards(element):
            found = _colour(self.of(one, "background-color"))
            if found:
                layers.append(found)
                if found[3] >= 1:
                    break
        ground = self.scheme.canvas
        for layer in reversed(layers):
            ground = _over(layer, ground)
        return ground

    def size(self, element: HtmlElement) -> float | None:
        """Of the font in pixels, if it is told so."""
        for one in _upwards(element):
            if told := re.fullmatch(r"([\d.]+)px", self.of(one, "font-size")):
                return float(told[1])
        return None

    def hides(self, element: HtmlElement) -> bool:
        """Whether this very element hides what is in it."""
        told = {name: value for name, (_, value) in self.won.get(element, {}).items()}
        return (
            element.get("hidden") is not None
            or told.get("display") == "none"
            or told.get("visibility") in ("hidden", "collapse")
            or told.get("opacity") in ("0", "0.0")
            or bool(re.fullmatch(r"[01](\.\d+)?(px|pt|em|%)?|0", told.get("font-size", "x")))
            or (
                told.get("overflow") == "hidden"
                and "0" in (told.get("max-height", "x")[:1], told.get("height", "x")[:1])
            )
            or bool(re.match(r"-\d{3,}", told.get("text-indent", "")))
        )


def _upwards(element: HtmlElement) -> Iterator[HtmlElement]:
    one: HtmlElement | None = element
    while one is not None:
        yield one
        one = one.getparent()


# --- the cascade ---------------------------------------------------------------------------------------------------


def drawn(mail: Mail, dark: bool) -> Page:
    """The page as a program shows it that knows the style sheet, and the scheme if the mail says that it does."""
    said = any(one.get("name") == "color-scheme" and "dark" in str(one.get("content")) for one in mail.elements)
    page = Page(_DARK if dark and said else _LIGHT)
    order = 0
    for style in (one for one in mail.elements if one.tag == "style"):
        for media, selectors, told in _rules(str(style.text_content())):
            if media and not (dark and "prefers-color-scheme" in media and "dark" in media):
                continue
            order += 1
            for selector, specificity in _selectors(selectors):
                for element in _found(selector, mail):
                    for name, value, important in told:
                        page.put(element, name, value, (important, 0, *specificity, order))
    for element in mail.elements:
        if ground := element.get("bgcolor"):
            page.put(element, "background-color", str(ground), (0, -1))
        for name, value, important in _declarations(str(element.get("style") or "")):
            page.put(element, name, value, (important, 1))
    return page


def _found(selector: CSSSelector, mail: Mail) -> list[HtmlElement]:
    elements = [] if mail.tree is None else selector(mail.tree)
    return [one for one in elements if isinstance(one, HtmlElement)] if isinstance(elements, list) else []


def _rules(css: str, media: str = "") -> Iterator[tuple[str, str, list[tuple[str, str, int]]]]:
    """(media, selectors, declarations) of a style sheet, blocks in blocks followed."""
    css, at = re.sub(r"/\*.*?\*/", "", css, flags=re.S), 0
    while (start := css.find("{", at)) >= 0:
        depth, end = 1, start + 1
        while depth and end < len(css):
            depth += {"{": 1, "}": -1}.get(css[end], 0)
            end += 1
        before, inside = css[at:start].rpartition(";")[2].strip(), css[start + 1 : end - 1]
        if before.startswith("@media"):
            yield from _rules(inside, before)
        elif not before.startswith("@"):
            yield media, before, list(_declarations(inside))
        at = end


def _declarations(text: str) -> Iterator[tuple[str, str, int]]:
    for part in text.split(";"):
        name, colon, value = part.partition(":")
        plain = re.sub(r"\s*!\s*important", "", value, flags=re.I).strip().lower()
        name = name.strip().lower()
        if colon and name == "background":  # of which only the colour matters here
            name, plain = "background-color", next((one for one in plain.split() if _colour(one)), "")
        if colon and plain:
            yield name, plain, int("important" in value.lower())


@lru_cache(512)
def _selectors(text: str) -> tuple[tuple[CSSSelector, tuple[int, ...]], ...]:
    """Compiled, with their specificity; what is no selector finds nothing."""
    try:
        return tuple(
            (CSSSelector(one.canonical(), translator="html"), one.specificity()) for one in cssselect.parse(text)
        )
    except (cssselect.SelectorError, cssselect.ExpressionError):
        return ()


# --- colours -------------------------------------------------------------------------------------------------------


@lru_cache(512)
def _colour(text: str) -> Colour | None:
    """None for no colour at all, and for what lets everything through."""
    text = _NAMES.get(text.strip().lower(), text.strip().lower())
    if found := re.fullmatch(r"#([0-9a-f]{3}|[0-9a-f]{6})", text):
        digits = found[1] if len(found[1]) == 6 else "".join(2 * one for one in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16), 1
    if found := re.fullmatch(r"rgba?\(\s*(\d+)[,\s]+(\d+)[,\s]+(\d+)(?:[,/\s]+([\d.]+))?\s*\)", text):
        opacity = float(found[4] or 1)
        return (float(found[1]), float(found[2]), float(found[3]), opacity) if opacity else None
    return None


def _over(upper: Colour, lower: Colour) -> Colour:
    red, green, blue = (upper[n] * upper[3] + lower[n] * (1 - upper[3]) for n in range(3))
    return red, green, blue, 1


def _luminance(colour: Colour) -> float:
    linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ratio(one: Colour, other: Colour) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(part):02x}" for part in colour[:3])


# --- checks --------------------------------------------------------------------------------------------------------


def _seen(mail: Mail, page: Page) -> Iterator[tuple[HtmlElement, str]]:
    """Each run of words that is shown, with the element it belongs to."""
    body = None if mail.tree is None else mail.tree.find("body")
    if body is None:
        return
    waiting = [body]
    while waiting:
        one = waiting.pop()
        if not isinstance(one.tag, str) or one.tag in ("style", "script", "title") or page.hides(one):
            continue
        for text in (one.text, *(child.tail for child in one)):
            if text and _BLANK.sub("", text):
                yield one, " ".join(text.split())
        waiting.extend(reversed(one))


def contrast(mail: Mail) -> Iterator[Finding]:
    for name, dark in (("contrast-light", False), ("contrast-dark", True)):
        page = drawn(mail, dark)
        poor: dict[tuple[str, str], tuple[HtmlElement, str, float]] = {}
        for element, text in _seen(mail, page):
            ground = page.ground(element)
            ink = _over(page.ink(element), ground)
            if (found := ratio(ink, ground)) < _ENOUGH:
                poor.setdefault((_hex(ink), _hex(ground)), (element, text, found))
        for (ink_hex, ground_hex), (element, text, found) in poor.items():
            yield Finding(
                name,
                f"<{element.tag}> {text[:60]}",
                f"{ink_hex} on {ground_hex} has a contrast of {found:.2f}; {_ENOUGH} is the least",
            )


def sizes(mail: Mail) -> Iterator[Finding]:
    page = drawn(mail, dark=False)
    small: dict[float, str] = {}
    for element, text in _seen(mail, page):
        size = page.size(element)
        if size is not None and size < _SMALLEST:
            small.setdefault(size, f"<{element.tag}> {text[:60]}")
    for size, where in small.items():
        yield Finding("text-size", where, f"{size:g} px are hard to read on a phone; {_SMALLEST:g} are the least")


def hidden(mail: Mail) -> Iterator[Finding]:
    """One hidden text, the preheader, at the very beginning; any other looks like a trick to filters."""
    page = drawn(mail, dark=False)
    body = None if mail.tree is None else mail.tree.find("body")
    if body is None:
        return
    concealed: list[HtmlElement] = []
    for one in (one for one in body.iter() if isinstance(one.tag, str)):
        inside = any(above in concealed for above in _upwards(one))
        if not inside and page.hides(one) and _BLANK.sub("", str(one.text_content())):
            concealed.append(one)
    first = next((one for one in body.iter() if isinstance(one.tag, str) and (one.text or "").strip()), None)
    preheader = concealed[0] if concealed and first is not None and concealed[0] in _upwards(first) else None
    if preheader is None:
        yield Finding("preheader", "<body>", "must begin with a hidden line that mailboxes show beside the subject")
    else:
        length = len(" ".join(_BLANK.sub(" ", str(preheader.text_content())).split()))
        if not _PREHEADER[0] <= length <= _PREHEADER[1]:
            yield Finding("preheader", words(preheader), f"has {length} characters; 60 to 90 are shown")
    for one in concealed:
        if one is not preheader:
            yield Finding("hidden-text", words(one), "cannot be seen, which filters count as a trick; take it out")


CHECKS = (contrast, sizes, hidden)
