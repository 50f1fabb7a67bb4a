"""CSS into style attributes, once per piece of html (premailer lives in premail).

An html piece is drawn with a marker in place of each value that differs, inlined, and cut at the markers by a stencil.
Filling that costs a join; inlining costs milliseconds.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable

from lxml.etree import LxmlError

from digest.errors import RenderError

_CUT = "<!--cut-->"


def inline(html: str) -> str:
    """A whole document with the rules of its style blocks moved to where they apply.

    Blocks marked `data-premailer="ignore"` stay as they are: media rules and the like.
    """
    from digest.render.premail import Inliner

    premailer = Inliner(
        strip_important=False,  # would strip it from kept rules too, and dark mode would lose to inline styles
        disable_validation=True,
        disable_basic_attributes=["width", "height", "bgcolor", "align", "valign"],
        align_floating_images=False,
        allow_network=False,
        cssutils_logging_level=logging.CRITICAL,
    )
    try:
        return str(premailer.transform(html, pretty_print=False))
    except (LxmlError, ValueError, TypeError, AssertionError) as error:
        raise RenderError(f"the css could not be inlined: {error}; check mail.css and the html templates") from error


def inline_piece(html: str, css: str) -> str:
    """The same for a piece of a body; it must be whole tables or blocks, as parsers drop a bare `<tr>`."""
    page = f"<!DOCTYPE html><html><head><style>{css}</style></head><body>{_CUT}{html}{_CUT}</body></html>"
    return inline(page).split(_CUT)[1]


def tidy(text: str) -> str:
    """No blank lines and no blanks around lines: fewer bytes, and nothing a relay could squeeze."""
    return "\n".join(line for line in map(str.strip, text.split("\n")) if line)


def markers(names: Iterable[str], seed: str) -> dict[str, str]:
    """A marker for each name. They hold a hash of `seed`, so that no text inside of the seed can contain them."""
    token = hashlib.sha256(seed.encode("utf-8", "backslashreplace")).hexdigest()[:20]
    return {name: f"x{token}x{number}x" for number, name in enumerate(names)}
