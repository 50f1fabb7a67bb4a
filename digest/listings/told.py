"""What nearly every source tells of a paper in words: its title, its abstract, its authors' remarks.

Cleaned here for all formats, which so agree on what a title is, what its LaTeX was, and what tells a withdrawal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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


class Words(TypedDict):
    """Fields of `model.Facts` by their names there."""

    title: str
    latex_title: str | None
    abstract: str
    latex_abstract: str | None
    comment: str | None
    journal_ref: str | None
    withdrawn: bool | None


class ManyWords(TypedDict):
    """The same of many papers, in their order."""

    title: Sequence[str]
    latex_title: Sequence[str | None]
    abstract: Sequence[str]
    latex_abstract: Sequence[str | None]
    comment: Sequence[str | None]
    journal_ref: Sequence[str | None]
    withdrawn: Sequence[bool | None]


def words(*titles: object, abstract: object = "", comment: object = "", journal_ref: object = "") -> Words:
    """From what the source wrote; of the titles the first that can be one. ValueError without any."""
    cleaned, latex_title = title(*titles)
    text, latex = clean.both(abstract, clean.LONGEST_ABSTRACT)
    remark, reference = clean.field(comment, LONGEST_REMARK), clean.field(journal_ref, LONGEST_REMARK)
    notice = withdrawal(text)  # which must not take the place of an abstract known from before
    return {
        "title": cleaned,
        "latex_title": latex_title,
        "abstract": "" if notice else text,
        "latex_abstract": None if notice else latex,
        "comment": remark or None,
        "journal_ref": reference or None,
        "withdrawn": notice or withdrawal(remark) or None,
    }


def each(
    titles: Sequence[object], abstracts: Sequence[object], comments: Sequence[object], journal_refs: Sequence[object]
) -> ManyWords:
    """As `words`, of many papers at once, each with one title: in half of the time."""
    cleaned, latex_titles = zip(*_titles(titles), strict=True)
    both = clean.each(abstracts, clean.LONGEST_ABSTRACT)
    notices = [withdrawal(text) for text, _ in both]
    if True in notices:
        both = [("", None) if notice else one for notice, one in zip(notices, both, strict=True)]
    texts, latex = zip(*both, strict=True)
    remarks = [text for text, _ in clean.each(comments, LONGEST_REMARK)]
    return {
        "title": cleaned,
        "latex_title": latex_titles,
        "abstract": texts,
        "latex_abstract": latex,
        "comment": [text or None for text in remarks],
        "journal_ref": [text or None for text, _ in clean.each(journal_refs, LONGEST_REMARK)],
        "withdrawn": [notice or withdrawal(text) or None for notice, text in zip(notices, remarks, strict=True)],
    }


def _titles(values: Sequence[object]) -> list[tuple[str, str | None]]:
    short = [value if isinstance(value, str) and len(value) <= clean.LONGEST_TITLE else "" for value in values]
    unwrapped = [value.replace("\n  ", " ") for value in short]  # quicker than to fold what arXiv wrapped
    cleaned = clean.each(unwrapped, clean.LONGEST_TITLE)
    return [both if both[0] else title(value) for both, value in zip(cleaned, values, strict=True)]


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
    return text != "" and text[:4].casefold() in _BEGINNINGS and _WITHDRAWN.match(text) is not None
