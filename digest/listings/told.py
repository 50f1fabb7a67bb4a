"""What nearly every source tells of a paper in words: its title, its abstract, its authors' remarks.

Cleaned here for all formats, which so agree on what a title is, what its LaTeX was, and what tells a withdrawal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, cast

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
    told = _words(
        [title(*titles)],
        [clean.both(abstract, clean.LONGEST_ABSTRACT)],
        [clean.both(comment, LONGEST_REMARK)],
        [clean.both(journal_ref, LONGEST_REMARK)],
    )
    columns = cast("Mapping[str, Sequence[Any]]", told)
    return cast("Words", {name: column[0] for name, column in columns.items()})


def each(
    titles: Sequence[object], abstracts: Sequence[object], comments: Sequence[object], journal_refs: Sequence[object]
) -> ManyWords:
    """As `words`, of many papers at once, each with one title."""
    return _words(
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


def _words(titles: list[_Both], abstracts: list[_Both], comments: list[_Both], journal_refs: list[_Both]) -> ManyWords:
    notices = [withdrawal(text) for text, _ in abstracts]
    if True in notices:  # which must not take the place of an abstract known from before
        abstracts = [("", None) if notice else both for notice, both in zip(notices, abstracts, strict=True)]
    title, latex_title = zip(*titles, strict=True)
    abstract, latex_abstract = zip(*abstracts, strict=True)
    remarks = zip(notices, comments, strict=True)
    return {
        "title": title,
        "latex_title": latex_title,
        "abstract": abstract,
        "latex_abstract": latex_abstract,
        "comment": [text or None for text, _ in comments],
        "journal_ref": [text or None for text, _ in journal_refs],
        "withdrawn": [notice or (text != "" and withdrawal(text)) or None for notice, (text, _) in remarks],
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
