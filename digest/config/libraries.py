"""The files named by a topic's `library` -> its examples: cleaned, each under one name, the latest kept first."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from digest.library import Kept, read_library
from digest.listings import clean
from digest.model import Example, Rejected
from digest.text import arxiv_id, doi

log = logging.getLogger(__name__)

_SAID = 5  # so many of the entries that are left out are named


def examples(paths: Sequence[Path]) -> tuple[Example, ...]:
    """The papers of all the files, by arXiv id, else DOI, else title; what has no date comes last, as in the files.

    ConfigError for a file that cannot be read. Entries that tell of no paper are left out, with a warning a file.
    """
    found: list[tuple[Kept, Example]] = []
    for path in paths:
        library = read_library(path)
        rejected = list(library.rejected)
        for kept in library.kept:
            example = _example(kept)
            if example is None:
                rejected.append(Rejected(where=kept.where, reason="has neither a title nor an arXiv id nor a DOI"))
            else:
                found.append((kept, example))
        if rejected:
            log.warning("library_entries_left_out file=%s entries=%s named=%r", path, len(rejected), _named(rejected))
    found.sort(key=lambda pair: pair[0].on, reverse=True)  # stable
    by_name: dict[str, Example] = {}
    for _, example in found:
        by_name.setdefault(example.name, example)
    return tuple(by_name.values())


def _example(kept: Kept) -> Example | None:
    title = _without_braces(clean.field(kept.title, clean.LONGEST_TITLE))
    abstract = _without_braces(clean.field(kept.abstract, clean.LONGEST_ABSTRACT))
    number = next((number[0] for word in kept.ids if (number := arxiv_id(word))), None)
    known_by = number or next(filter(None, map(doi, kept.ids)), None)
    if known_by and kept.title in kept.ids:
        title = ""  # a line that holds but the id
    return Example(name=known_by or title, title=title, abstract=abstract) if known_by or title else None


def _without_braces(text: str) -> str:
    """BibTeX has them to keep capitals; in words to look for they say nothing."""
    return text.replace("{", "").replace("}", "")


def _named(rejected: Sequence[Rejected]) -> str:
    named = "; ".join(f"{one.where} {one.reason}" for one in rejected[:_SAID])
    return named if len(rejected) <= _SAID else f"{named}; …"
