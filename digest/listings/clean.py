"""One clean text per field: what readers, databases, terminals and XML can all hold. Owns what counts as clean.

What is dropped was never meant to be seen; what is LaTeX becomes readable; nothing else changes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from digest.listings.latex import SIGNS, readable, readable_name
from digest.text import UNWANTED, visible

# A field longer than this is not what it says it is; the longest real ones have 300, 2,000 and 60 characters.
LONGEST_TITLE = 1000
LONGEST_ABSTRACT = 20_000
LONGEST_NAME = 200
_MOST = 10**9  # a larger count is garbage, and too large for a database

# What nothing here ever changes: printable ASCII but for what LaTeX is told by.
_HARMLESS = bytes(code for code in range(0x20, 0x7F) if chr(code) not in SIGNS)
_SIGNS = SIGNS.encode()
_PLAIN_NAME = r"[A-Za-z][A-Za-z.'-]*(?: [A-Za-z][A-Za-z.'-]*)*"
_PLAIN_NAMES = re.compile(rf"{_PLAIN_NAME}(?:\n{_PLAIN_NAME})*")
_ADDRESS = re.compile(r"https?://[^\s<>\"\\^`{}|/]+(?:[/?#][^\s<>\"\\^`{}|]*)?", re.IGNORECASE)
_LONGEST_ADDRESS = 2000


def written(raw: str) -> str:
    """The text as its source wrote it, LaTeX and all: folded white space, Unicode NFC, nothing invisible."""
    line = _on_one_line(raw)
    if not line.isprintable():  # nor is any white space but the blank
        line = " ".join(visible(raw).split())
    return unicodedata.normalize("NFC", line)


def _on_one_line(raw: str) -> str:
    line = raw.strip().replace("\n", " ")
    return " ".join(line.split()) if "  " in line else line


def text(raw: str) -> str:
    """As written, but LaTeX as text."""
    return _without_latex(written(raw), readable)


def field(value: object, longest: int = LONGEST_NAME) -> str:
    """A clean text of at most `longest` characters, cut with "…"; empty for anything but text."""
    return both(value, longest)[0]


def both(value: object, longest: int) -> tuple[str, str | None]:
    """A clean text as `field` gives it, and as it was written where its LaTeX became readable, else None."""
    if not isinstance(value, str):
        return "", None
    raw = value[: 4 * longest]
    line = _on_one_line(raw)
    telling = line.encode().translate(None, _HARMLESS) if line.isascii() else None
    if telling == b"":  # as of most
        return line if len(line) <= longest else _cut(line, longest), None
    source = line if telling is not None and not telling.translate(None, _SIGNS) else written(raw)
    cleaned = _without_latex(source, readable)
    return _cut(cleaned, longest), None if cleaned == source else _cut(source, longest)


def _without_latex(source: str, convert: Callable[[str], str]) -> str:
    converted = convert(source)
    return source if converted == source else written(converted)


def _cut(cleaned: str, longest: int) -> str:
    return cleaned if len(cleaned) <= longest else cleaned[: longest - 1].rstrip() + "…"


def names(values: Iterable[object]) -> tuple[str, ...]:
    """Clean names of people and teams, each once, in order; what cannot be a name is left out."""
    short = _short(values)
    joined = "\n".join(short)
    if _PLAIN_NAMES.fullmatch(joined) and joined.count("\n") == len(short) - 1:
        return tuple(dict.fromkeys(short))
    parts = [part for name in short for part in name.split("; ")]  # some tell all authors as one
    return tuple(dict.fromkeys([name for name in map(_name, parts) if name]))


@lru_cache(maxsize=50_000)  # people write more than one paper
def _name(value: str) -> str:
    name = _without_latex(written(value), readable_name).strip(" ,;*")
    return name if any(map(str.isalnum, name)) else ""


def terms(values: Iterable[object]) -> tuple[str, ...]:
    """Clean categories or keywords, each once, in order; what is not text or too long to be one is left out."""
    return tuple(dict.fromkeys([term for term in map(_term, _short(values)) if term]))


_term = lru_cache(maxsize=10_000)(text)


def _short(values: Iterable[object]) -> list[str]:
    return [value for value in values if isinstance(value, str) and len(value) <= LONGEST_NAME]


def items(value: object) -> list[Any]:
    """What a list of JSON holds; nothing for anything else."""
    return value if isinstance(value, list) else []


def link(value: object) -> str | None:
    """A web address without blanks around it, None for anything else."""
    address = value.strip() if isinstance(value, str) else ""
    usable = len(address) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(address) and not UNWANTED.search(address)
    return address if usable else None


def count(value: object) -> int | None:
    """A whole number of 0 or more, also as text ("12"); None for anything else, such as "1.09k"."""
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,10}\s*", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _MOST else None
