"""One clean text per field: what readers, databases, terminals and XML can all hold. Owns what counts as clean.

What is dropped was never meant to be seen; what is LaTeX becomes readable; nothing else changes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
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
_PLAIN_NAMES = re.compile(r"[A-Za-z][A-Za-z.'-]*(?:[ \n][A-Za-z][A-Za-z.'-]*)*")  # a line each
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
    if not value or not isinstance(value, str):
        return "", None
    raw = value[: 4 * longest]
    line = _on_one_line(raw)
    return _cleaned(raw, line, _bytes(line).translate(None, _HARMLESS), longest)


def each(values: Sequence[object], longest: int) -> list[tuple[str, str | None]]:
    """As `both`, of many at once: to look through all of their text in one go takes half of the time."""
    most = 4 * longest
    raws = [value[:most] if isinstance(value, str) else "" for value in values]
    lines = [raw.strip().replace("\n", " ") for raw in raws]
    joined = _bytes("\0".join(lines))
    tellings = joined.translate(None, _HARMLESS).split(b"\0")
    if len(tellings) > len(lines):  # one of them has a NUL itself
        return [both(raw, longest) for raw in raws]
    for at in _with_double_blanks(joined):
        lines[at] = " ".join(lines[at].split())
    return [
        (line, None) if not telling and len(line) <= longest else _cleaned(raw, line, telling, longest)
        for raw, line, telling in zip(raws, lines, tellings, strict=True)
    ]


def _with_double_blanks(joined: bytes) -> list[int]:
    """Which of the texts between NULs have blanks side by side."""
    import numpy as np

    codes = np.frombuffer(joined, np.uint8)
    blanks = codes == ord(" ")
    found = (blanks[1:] & blanks[:-1]).nonzero()[0]
    return list(set((codes == 0).nonzero()[0].searchsorted(found).tolist())) if found.size else []


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _cleaned(raw: str, line: str, telling: bytes, longest: int) -> tuple[str, str | None]:
    """`line` is `raw` on one line, `telling` what of it is not harmless."""
    if not telling:  # as of most
        return line if len(line) <= longest else _cut(line, longest), None
    source = written(raw) if telling.translate(None, _SIGNS) else line
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
    if plain := plain_names(short):
        return plain
    parts = [part for name in short for part in name.split("; ")]  # some tell all authors as one
    return _once([name for name in map(_name, parts) if name])


def plain_names(values: list[str]) -> tuple[str, ...]:
    """The same where nothing has to be cleaned, as with most, else none."""
    joined = "\n".join(values)
    if not _PLAIN_NAMES.fullmatch(joined) or joined.count("\n") != len(values) - 1:
        return ()
    return _once(values) if len(joined) <= LONGEST_NAME or max(map(len, values)) <= LONGEST_NAME else ()


def _once(values: list[str]) -> tuple[str, ...]:
    return tuple(values) if len(set(values)) == len(values) else tuple(dict.fromkeys(values))


@lru_cache(maxsize=50_000)  # people write more than one paper
def _name(value: str) -> str:
    name = _without_latex(written(value), readable_name).strip(" ,;*")
    return name if any(map(str.isalnum, name)) else ""


def terms(values: Iterable[object]) -> tuple[str, ...]:
    """Clean categories or keywords, each once, in order; what is not text or too long to be one is left out."""
    return _once([term for term in map(_term, _short(values)) if term])


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
