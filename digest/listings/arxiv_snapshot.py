"""arXiv's metadata snapshot as on Kaggle: JSON Lines, one paper of all arXiv a line, by id.

A selection like any search result: which papers are in it says nothing of a day. Its own day is that of the latest
`update_date`; only a snapshot that someone cut to its old papers seems older than it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import chain, count
from typing import Any

import msgspec

from digest.listings import clean, json_lines, told
from digest.listings.form import InLines, Sheet, mail_day, plain_day
from digest.listings.json_lines import Line, Record
from digest.listings.people import people
from digest.model import Entry, Facts, Listing
from digest.model.made import maker, many
from digest.text import arxiv_id, doi

_TELLTALES = ("versions", "authors_parsed", "update_date")
_TO_YEAR = len("Mon, 12 Apr 2007")
_CHANGED = re.compile(rb'_(?<="update_)date": {0,4}"([0-9-]{10})"')  # by its rarest letter, so that it is found sooner
_VERSION = re.compile(r"v([1-9][0-9]{0,3})")


class ArxivSnapshot(InLines):
    """Holds every version's date, and names taken apart: the only source that says which part is the surname."""

    name = "arxiv-snapshot"
    source = "arxiv-snapshot"
    fidelity = 70  # arXiv's own record, titles and abstracts with their LaTeX; others copy from it
    archive = True

    def recognises(self, sheet: Sheet) -> bool:
        return json_lines.consists_of(sheet, _is_record)

    def day(self, pieces: Iterable[bytes], sheet: Sheet) -> date | None:
        """The latest day of change; one after tomorrow is a slip and would pass for the snapshot's day."""
        days = set(chain.from_iterable(map(_CHANGED.findall, _overlapping(pieces))))
        return sheet.latest(plain_day(one.decode()) for one in days)

    def read(self, sheet: Sheet) -> Listing:
        entries, rejected = json_lines.read_many(sheet, _entries)
        return sheet.listing(self, self.source, None, entries, rejected, archive=True)


def _overlapping(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces, each with the end of the one before it, so that no day of change is cut in two."""
    end = b""
    for piece in pieces:
        yield end + piece
        end = piece[-40:]


def _is_record(record: Record) -> bool:
    return "id" in record and "title" in record and any(key in record for key in _TELLTALES)


# --- one record --------------------------------------------------------------------------------------------------


class _Fields(msgspec.Struct, rename={"journal_ref": "journal-ref"}, gc=False):
    """Those of a record that are read, of whatever kind they turn out to be; nothing in JSON goes in circles."""

    id: Any = None
    title: Any = None
    abstract: Any = None
    comments: Any = None
    journal_ref: Any = None
    doi: Any = None
    categories: Any = None
    authors: Any = None
    authors_parsed: Any = None
    versions: Any = None


_records = json_lines.shaped(_Fields)
_facts, _entry = many(Facts), maker(Entry)


def _entries(lines: Sequence[Line], wheres: Sequence[str], position: int) -> list[Entry]:
    records = _records(lines)
    numbers = [arxiv_id(one.id) if isinstance(one.id, str) else None for one in records]
    if None in numbers:
        raise ValueError("has no arXiv id")
    ids, versions = zip(*filter(None, numbers), strict=True)
    days = [_versions(one.versions) for one in records]
    latest = [max(one, default=0) for one in days]
    authors, author_counts = zip(*map(_people, records), strict=True)
    facts = _facts(
        **told.each(
            [one.title for one in records],
            [one.abstract for one in records],
            [one.comments for one in records],
            [one.journal_ref for one in records],
        ),
        authors=authors,
        author_count=author_counts,
        categories=[_categories(one.categories) for one in records],
        published=[one.get(1) for one in days],
        updated=[one.get(number) for one, number in zip(days, latest, strict=True)],
        arxiv_id=ids,
        version=[number or other for number, other in zip(latest, versions, strict=True)],
        doi=[doi(one.doi) for one in records],
    )
    return list(map(_entry, wheres, count(position), facts))


def _categories(value: object) -> tuple[str, ...]:
    """One text of them parted by blanks, primary first."""
    return _split(value) if isinstance(value, str) else clean.terms(clean.items(value))


@lru_cache(maxsize=10_000)
def _split(categories: str) -> tuple[str, ...]:
    return clean.terms(categories.split())


def _versions(value: object) -> dict[int, date | None]:
    """Number -> its day, None where that cannot be read."""
    found: dict[int, date | None] = {}
    for one in clean.items(value):
        version = one.get("version") if isinstance(one, dict) else None
        if isinstance(version, str) and (number := _number(version)):
            created = one.get("created")
            found[number] = _day(created[:_TO_YEAR]) if isinstance(created, str) else None
    return found


@lru_cache(maxsize=1_000)
def _number(version: str) -> int | None:
    match = _VERSION.fullmatch(version)
    return int(match[1]) if match else None


_day = lru_cache(maxsize=20_000)(mail_day)  # versions are dated in GMT: it is the day in UTC


def _people(record: _Fields) -> tuple[tuple[str, ...], int | None]:
    """Names from their parts; from the text of all where the parts were dropped."""
    parted = clean.items(record.authors_parsed)
    try:  # of nearly all: two plain parts
        plain = [f"{given} {last}" for last, given, rest in parted if last and given and not rest]
    except (TypeError, ValueError):
        plain = []
    names = clean.plain_names(plain) if len(plain) == len(parted) else ()
    if names or (names := clean.names(map(_name, parted))):
        return names, len(names)
    return people(record.authors if isinstance(record.authors, str) else "")


def _name(parts: object) -> str:
    """[surname, given names, suffix, affiliations…] as "Given Surname Suffix"; "C. -P." was parted from "C.-P."."""
    texts = [part if isinstance(part, str) else "" for part in clean.items(parts)[:3]]
    surname, given, suffix = texts if len(texts) == 3 else (*texts, "", "", "")[:3]
    return " ".join([part for part in (given.replace(". -", ".-"), surname, suffix) if part])
