"""Names of authors as sources write them: one by one, surname first, or run together in one text.

Does not know of LaTeX: `clean.names` does.
"""

from __future__ import annotations

import re

from digest.listings import clean

_INNERMOST = re.compile(r"\([^()]*\)")
_BETWEEN_NAMES = re.compile(r"(?:\s*[,;]\s*(?:(?:and|&)\s+)?|\s+(?:and|&)\s+)+")
_TEAM = re.compile(r":\s+")
_SUFFIX = re.compile(r"(?:Jr|Sr)\.?|I{2,3}|IV")
_AND_OTHERS = re.compile(r"(?:et\.? al\.?|others)", re.IGNORECASE)
_NOT_SHOWN = re.compile(r"\(([0-9]{1,5}) additional authors? not shown\)")


def people(written: str) -> tuple[tuple[str, ...], int | None]:
    """All of a text, and their number; None where there are others and it is not told.

    "et al." is nobody, and "(12 additional authors not shown)" counts.
    """
    named = in_text(written)
    authors = tuple(name for name in named if not _AND_OTHERS.fullmatch(name))
    more = _NOT_SHOWN.search(written)
    if more:
        return authors, len(authors) + int(more[1])
    return authors, len(authors) or None if authors == named else None


def in_text(written: str) -> tuple[str, ...]:
    """Names without affiliations: "A. One (1 and 2), B. Two and C. Three ((1) Here, (2) There)" are three."""
    names: list[str] = []
    for part in _BETWEEN_NAMES.split(" ".join(_outside_parentheses(written).split())):
        if names and _SUFFIX.fullmatch(part):
            names[-1] = f"{names[-1]} {part}"
        else:
            names += _TEAM.split(part)
    return clean.names(names)


def _outside_parentheses(text: str) -> str:
    """The text outside of all parentheses; where they do not match, of those alone that do."""
    kept: list[str] = []
    depth = 0
    for part in re.split(r"([()])", text):
        if part == "(":
            depth += 1
        elif part == ")":
            depth -= 1
        elif depth == 0:
            kept.append(part)
        if depth < 0:
            break
    if depth == 0:
        return "".join(kept)
    for _ in range(3):
        text = _INNERMOST.sub("", text)
    return ", ".join(name.partition("(")[0].replace(")", "") for name in text.split(","))


def turned(name: str) -> str:
    """`Last, First` and `Last, First, Jr.` as they are spoken; anything else unchanged."""
    last, *rest = (part.strip() for part in name.split(","))
    return " ".join([*rest[:1], last, *rest[1:]]) if rest and rest[0] and len(rest) < 3 else name
