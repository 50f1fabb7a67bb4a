"""What nearly every source tells of a paper in words: its title, its abstract, its authors' remarks.

Cleaned here for all formats, which so agree on what a title is, what its LaTeX was, and what tells a withdrawal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypedDict

from digest.listings import clean

LONGEST_REMARK = 1000
_WITHDRAWN = re.compile(
    r"(?:(?:this|the) )?(?:paper|article|manuscript|preprint|submission|work) "
    r"(?:has been |was |is )?(?:now )?withdrawn\b"
    r"|withdrawn(?: by| due| because|\s*$|[.:;,(])",
    re.IGNORECASE,
)
_BEGINNINGS = frozenset(("this", "the ", "pape", "arti", "manu", "prep", "subm", "work", "with"))  # a quick no for most


_Both = tuple[str, str | None]  # as `clean.both` gives it


class Words(TypedDict):
    """Fields of `model.Facts` by their names there."""

    title: str
    latex_title: str | None
    abstract: str
    latex_abstract: str | None
    comment: str | None
    journal_ref: str | None
    withdrawn: bool | None


def words(*titles: object, abstract: object = "", comment: object = "", journal_ref: object = "") -> Words:
    """From what the source wrote; of the titles the first that can be one. ValueError without any."""
    return _words(
        title(*titles),
        clean.both(abstract, clean.LONGEST_ABSTRACT),
        clean.both(comment, LONGEST_REMARK),
        clean.both(journal_ref, LONGEST_REMARK),
    )


def each(
    titles: Sequence[object], abstracts: Sequence[object], comments: Sequence[object], journal_refs: Sequence[object]
) -> Iterator[Words]:
    """As `words`, of many papers at once, each with one title."""
    return map(
        _words,
        _titles(titles),
        clean.each(abstracts, clean.LONGEST_ABSTRACT),
        clean.each(comments, LONGEST_REMARK),
        clean.each(journal_refs, LONGEST_REMARK),
    )


def _titles(values: Sequence[object]) -> list[_Both]:
    short = [value if isinstance(value, str) and len(value) <= clean.LONGEST_TITLE else "" for value in values]
    unwrapped = [value.replace("\n  ", " ") for value in short]  # quicker than to fold what arXiv wrapped
    cleaned = clean.each(unwrapped, clean.LONGEST_TITLE)
    return [both if both[0] else title(value) for both, value in zip(cleaned, values, strict=True)]


def _words(title: _Both, abstract: _Both, comment: _Both, journal_ref: _Both) -> Words:
    notice = withdrawal(abstract[0])
    return {
        "title": title[0],
        "latex_title": title[1],
        "abstract": "" if notice else abstract[0],  # a notice must not take the place of an abstract known from before
        "latex_abstract": None if notice else abstract[1],
        "comment": comment[0] or None,
        "journal_ref": journal_ref[0] or None,
        "withdrawn": notice or withdrawal(comment[0]) or None,
    }


def title(*values: object) -> tuple[str, str | None]:
    """The first that can be a title, as clean text, and as it was written if its LaTeX became readable."""
    for value in values:
        if isinstance(value, str) and len(value) <= clean.LONGEST_TITLE:
            cleaned = clean.both(value, clean.LONGEST_TITLE)
            if cleaned[0]:
                return cleaned
    texts = [value for value in values if isinstance(value, str)]
    raise ValueError("has a title too long to be one" if any(map(clean.text, texts)) else "has no title")


def withdrawal(text: str) -> bool:
    """Whether an abstract or an author's comment begins as a notice that the paper is withdrawn."""
    return text[:4].casefold() in _BEGINNINGS and _WITHDRAWN.match(text) is not None
