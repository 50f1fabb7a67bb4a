"""Turns facts into short English words: dates, counts, bylines, cut titles and abstracts.

All of it is plain text; escaping is the templates' business. Uses no locale and no clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from digest.model import Paper

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

# What no mail, page or terminal should be given: C0 and C1 controls, lone surrogates, noncharacters, and the bidi
# embeddings, overrides and isolates, which would reorder the words around a hostile title. Plain marks may stay.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
    + "]"
)

_ABBREVIATIONS = frozenset(
    re.findall(
        r"\S+",
        "e.g i.e etc al vs cf ca viz resp approx w.r.t vol pp ch fig figs eq eqs sec secs ref refs "
        "dr mr mrs ms prof st inc jr",
    )
)
_SENTENCE_END = re.compile(r"""[.!?]+["'”’)\]]*(?=\s+\S)|[。！？]+[”’」』）]*""")


def clean(text: str) -> str:
    """One line of printable text: white space of any kind becomes single blanks, the unprintable goes."""
    if text.isprintable() and "  " not in text and text.strip() == text:
        return text
    return " ".join(_UNPRINTABLE.sub("", re.sub(r"[\s\x1c-\x1f\x85]+", " ", text)).split())


def clip(text: str, limit: int) -> str:
    """Cut at a word so that text and its `…` have at most `limit` characters; a single long word is cut inside."""
    if len(text) <= limit:
        return text
    head = text[:limit]  # one more character than may stay: tells whether a word ends exactly there
    cut = head.rfind(" ")
    words = head[:cut] if cut >= limit // 2 else head[:-1]
    return words.rstrip(" ,;:.-–—·") + "…"


@lru_cache(4_096)
def opening(text: str, limit: int) -> str:
    """The first whole sentences that fit into about `limit` characters.

    A first sentence may be a quarter longer than that before it is cut at a word.
    """
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if _is_end(text, match)]
    ends.append(len(text))
    fitting = [end for end in ends if end <= limit]
    if fitting:
        return text[: fitting[-1]].rstrip()
    return text[: ends[0]].rstrip() if ends[0] <= limit * 5 // 4 else clip(text, limit)


def _is_end(text: str, match: re.Match[str]) -> bool:
    """Not after an abbreviation or an initial, nor before a small letter."""
    if not match[0].startswith("."):
        return True
    word = text[: match.start()].rpartition(" ")[2].lstrip("([\"'“‘").lower()
    following = text[match.end() :].lstrip()[:1]
    return word not in _ABBREVIATIONS and not (len(word) == 1 and word.isalpha()) and not following.islower()


def long_date(day: date) -> str:
    return f"{_DAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"


def short_date(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1][:3]}"


def count(number: int, noun: str) -> str:
    """`1 vote`, `1,204 votes`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(words: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *most, last = tuple(words) or ("",)
    return f"{', '.join(most)} and {last}" if most else last


def authors(paper: Paper) -> str:
    """The first three names and how many more; only the number where names are unknown; empty if nothing is known."""
    names = tuple(clip(name, 80) for name in map(clean, paper.authors) if name)
    total = max(len(names), paper.author_count or 0)
    if not names:
        return count(total, "author") if total else ""
    more = total - len(names[:3])
    return ", ".join(names[:3]) + (f" + {more:,} more" if more else "")
