"""arXiv's metadata snapshot as on Kaggle: JSON Lines, one paper of all arXiv a line, by id.

A selection like any search result: which papers are in it says nothing of a day. Its own day is that of the latest
`update_date`; only a snapshot that someone cut to its old papers seems older than it is.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import partial
from typing import Any

from digest.listings import clean, json_lines
from digest.listings.form import Sheet
from digest.listings.json_lines import Record
from digest.model import Entry, Facts, Listing

_TELLTALES = ("versions", "authors_parsed", "update_date")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# `Mon, 2 Apr 2007 19:18:42 GMT` (RFC 822), always in GMT, so its date is the day in UTC.
_CREATED = re.compile(rf"(?:[A-Z][a-z]{{2}}, )?([0-9]{{1,2}}) ({'|'.join(_MONTHS)}) ([0-9]{{4}})\b")
_VERSION = re.compile(r"v([1-9][0-9]{0,3})")
_BETWEEN_NAMES = re.compile(r",\s+(?:and\s+)?|\s+and\s+")


class ArxivSnapshot:
    """Holds every version's date, and names taken apart: the only source that says which part is the surname."""

    name = "arxiv-snapshot"
    source = "arxiv-snapshot"
    fidelity = 70  # arXiv's own record, titles and abstracts with their LaTeX; others copy from it

    def recognises(self, sheet: Sheet) -> bool:
        return json_lines.consists_of(sheet, _is_record)

    def read(self, sheet: Sheet) -> Listing:
        days: set[date] = set()
        entries, rejected = json_lines.read(sheet, partial(_entry, days))
        return Listing(
            dump=sheet.dump.name,
            digest=sheet.dump.digest,
            format=self.name,
            source=self.source,
            as_of=sheet.as_of or _latest(days, sheet) or json_lines.day_in_name(sheet.dump.name) or sheet.now.date(),
            fidelity=self.fidelity,
            daily=False,
            entries=tuple(entries),
            rejected=tuple(rejected),
        )


def _is_record(record: Record) -> bool:
    return "id" in record and "title" in record and any(key in record for key in _TELLTALES)


def _latest(days: set[date], sheet: Sheet) -> date | None:
    """The latest day of change; one after tomorrow is a slip and would pass for the snapshot's day."""
    tomorrow = sheet.now.date() + timedelta(days=1) if sheet.now.date() < date.max else date.max
    return max((day for day in days if day <= tomorrow), default=None)


# --- one record --------------------------------------------------------------------------------------------------


def _entry(days: set[date], record: Record, where: str, position: int) -> Entry:
    entry = Entry(where=where, position=position, facts=_facts(record))
    if changed := json_lines.day(record.get("update_date")):
        days.add(changed)
    return entry


def _facts(record: Record) -> Facts:
    title = json_lines.title(record.get("title"))
    number = clean.arxiv_id(record["id"]) if isinstance(record.get("id"), str) else None
    if number is None:
        raise ValueError("has no arXiv id")
    versions = _versions(record.get("versions"))
    abstract = clean.field(record.get("abstract"), clean.LONGEST_ABSTRACT)
    notice = json_lines.withdrawal(abstract)
    authors = clean.names(_names(record))
    return Facts(
        title=title,
        abstract="" if notice else abstract,  # a notice must not take the place of an abstract known from before
        authors=authors,
        author_count=len(authors) or None,
        categories=_categories(record.get("categories")),
        published=versions.get(1),
        arxiv_id=number[0],
        version=max(versions, default=number[1]),
        doi=json_lines.doi(record.get("doi")),
        withdrawn=notice or json_lines.withdrawal(clean.field(record.get("comments"), 1000)) or None,
    )


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _categories(value: object) -> tuple[str, ...]:
    """One text of them parted by blanks, primary first."""
    return clean.names(value.split() if isinstance(value, str) else _list(value))


def _versions(value: object) -> dict[int, date | None]:
    """Number -> its day, None where that cannot be read."""
    found: dict[int, date | None] = {}
    for one in _list(value):
        version = one.get("version") if isinstance(one, dict) else None
        if isinstance(version, str) and (match := _VERSION.fullmatch(version)):
            found[int(match[1])] = _created(one.get("created"))
    return found


def _created(value: object) -> date | None:
    match = _CREATED.match(value) if isinstance(value, str) else None
    try:
        return date(int(match[3]), _MONTHS.index(match[2]) + 1, int(match[1])) if match else None
    except ValueError:
        return None


def _names(record: Record) -> list[str]:
    """Names from their parts; from the text of all where the parts were dropped."""
    parted = [name for parts in _list(record.get("authors_parsed")) if (name := _name(parts))]
    written = record.get("authors")
    if parted or not isinstance(written, str):
        return parted
    return _BETWEEN_NAMES.split(re.sub(r"\([^()]*+\)", "", " ".join(written.split())).replace(" ,", ","))


def _name(parts: object) -> str:
    """[surname, given names, suffix, affiliations…] as "Given Surname Suffix"; "C. -P." was parted from "C.-P."."""
    texts = [part if isinstance(part, str) else "" for part in _list(parts)[:3]]
    surname, given, suffix = (*texts, "", "", "")[:3]
    return " ".join(part for part in (given.replace(". -", ".-"), surname, suffix) if part)
