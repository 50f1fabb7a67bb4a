"""What nearly every source tells of a paper in words: its title, its abstract, its authors' remarks.

Cleaned here for all formats, which so agree on what a title is, what its LaTeX was, and what tells a withdrawal.
"""

from __future__ import annotations

import re
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


def words(*titles: object, abstract: object = "", comment: object = "", journal_ref: object = "") -> Words:
    """From what the source wrote; of the titles the first that can be one. ValueError without any."""
    plain_title, latex_title = title(*titles)
    plain, latex = clean.both(abstract, clean.LONGEST_ABSTRACT)
    remark = clean.field(comment, LONGEST_REMARK)
    notice = withdrawal(plain)
    return {
        "title": plain_title,
        "latex_title": latex_title,
        "abstract": "" if notice else plain,  # a notice must not take the place of an abstract known from before
        "latex_abstract": None if notice else latex,
        "comment": remark or None,
        "journal_ref": clean.field(journal_ref, LONGEST_REMARK) or None,
        "withdrawn": notice or withdrawal(remark) or None,
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
