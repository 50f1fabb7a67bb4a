"""Our own form, for anybody's scripts: JSON Lines in UTF-8, one paper a line.

    {"listing": {"source": "lab-seminar", "as_of": "2026-06-01", "daily": true}}
    {"title": "A Title", "authors": ["Ines Fukuda-Roth"], "arxiv_id": "2606.90001v2", "votes": 12}

The first line may say, all optional: the list's `source` (a short name, "own" if untold), the day it speaks of
(`as_of`), and whether it is that source's whole list of one day (`daily`, false if untold). A paper has the fields of
`model.Facts`, and `votes`, `comments`, `position` and `announced`; only `title` must be there, and null or an empty
text means unknown.
Positions order the list; without them the lines do. Nothing is guessed: an unknown field or a value of another kind
rejects its line, as a misspelt name would lose data in silence. A header that cannot be used stops the dump, as it
speaks for all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from digest.errors import ListingError
from digest.listings import clean, json_lines, told
from digest.listings.form import InLines, Sheet, plain_day
from digest.listings.json_lines import Record
from digest.model import Announced, Entry, Facts, Listing
from digest.text import arxiv_id, doi

_SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_HEADER = ("source", "as_of", "daily")
_SOURCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}:\S.{0,498}")
_OF_THE_ENTRY = ("votes", "comments", "position", "announced")
_HEADER_BEGINS = re.compile(r'\{\s*"listing"\s*:')


class OwnJsonLines(InLines):
    """Votes and positions are the script's; where it tells none, the order of the lines is the listing's."""

    name = "own-jsonl"
    source = "own"
    fidelity = 40  # a person's own script knows its papers better than a page's text, but less than their source

    def recognises(self, sheet: Sheet) -> bool:
        return json_lines.consists_of(sheet, _is_record)

    def read(self, sheet: Sheet) -> Listing:
        header, first = _header(sheet)
        entries, rejected = json_lines.read(sheet, _Reader(header_line=first))
        ordered = sorted(entries, key=lambda entry: entry.position)  # stable: lines of one position stay in order
        placed = (replace(entry, position=place) for place, entry in enumerate(ordered, start=sheet.begin + 1))
        source, daily = header.get("source", self.source), header.get("daily", False)
        return sheet.listing(self, source, header.get("as_of"), placed, rejected, daily=daily)


def _is_record(record: Record) -> bool:
    """A header, or a flat object with a title and more known fields than others, so that a slip is told as one."""
    if record.keys() == {"listing"}:
        return True
    values = record.values()
    nested = any(isinstance(value, dict) or (isinstance(value, list) and dict in map(type, value)) for value in values)
    known = len(record.keys() & _FIELDS.keys())
    return isinstance(record.get("title"), str) and not nested and known > len(record) - known


# --- the header --------------------------------------------------------------------------------------------------


def _header(sheet: Sheet) -> tuple[dict[str, Any], int | None]:
    """What the first line says of the listing, and that line's number; ({}, None) where it is a paper."""
    opening = sheet if sheet.lines is None else replace(sheet, text=sheet.opening, lines=None)
    number, line = next(json_lines.lines(opening), (1, None))
    try:
        record = json_lines.record(line)
        if "listing" not in record:
            return {}, None
        header = _checked_header(record)
        # It would stand for ever as the latest.
        if "as_of" in header and header["as_of"] - timedelta(days=1) > sheet.now.date():
            raise ValueError(f"speaks of {header['as_of']}, which has not come yet")
        return header, number
    except ValueError as error:
        if not isinstance(line, str) or not _HEADER_BEGINS.match(line):
            return {}, None
        raise ListingError(f"{sheet.dump.name}: line {number}: the header {error}; correct it") from None


def _checked_header(record: Record) -> dict[str, Any]:
    told = record["listing"]
    if len(record) > 1 or not isinstance(told, dict):
        raise ValueError('is not of the form {"listing": {…}}')
    if unknown := [key for key in told if key not in _HEADER]:
        raise ValueError(f"has the unknown field `{clean.field(unknown[0], 40)}`; known are {', '.join(_HEADER)}")
    said = {key: value for key, value in told.items() if value is not None}
    if "as_of" in said and (day := plain_day(said["as_of"])) is None:
        raise ValueError("has no date such as 2026-06-01 in `as_of`")
    if "as_of" in said:
        said["as_of"] = day
    if "source" in said and not (isinstance(said["source"], str) and _SOURCE.fullmatch(said["source"])):
        raise ValueError("has a `source` that is not a short name of small letters, digits, `-`, `.` and `_`")
    if not isinstance(said.get("daily", False), bool):
        raise ValueError("has neither true nor false in `daily`")
    return said


# --- one paper ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads entries. A paper without a position gets one after all that are told."""

    header_line: int | None

    def __call__(self, record: Record, where: str, position: int) -> Entry | None:
        if "listing" in record:
            if where == f"line {self.header_line}":
                return None
            raise ValueError("has a header, which stands only in the first line")
        if unknown := [key for key in record if key not in _FIELDS]:
            raise ValueError(
                f"has the unknown field `{clean.field(unknown[0], 40)}`; docs/formats.md names the known ones"
            )
        values = {field: _value(field, told) for field, told in record.items() if told not in (None, "")}
        votes, comments, place, announced = (values.pop(field, None) for field in _OF_THE_ENTRY)
        return Entry(
            where=where,
            position=_AFTER_ALL if place is None else place,
            facts=_facts(values),
            votes=votes,
            comments=comments,
            announced=announced,
        )


def _facts(values: dict[str, Any]) -> Facts:
    title, latex_title = values.pop("title", None) or told.title(None)
    abstract, latex_abstract = values.pop("abstract", ("", None))
    notice = told.withdrawal(abstract)
    if notice:  # which must not take the place of an abstract known from before
        abstract, latex_abstract = "", None
    if notice or told.withdrawal(values.get("comment", "")):
        values.setdefault("withdrawn", True)
    arxivs = arxiv_id(values.get("doi") or "")  # the DOI that arXiv gives each of its papers
    number, version = values.pop("arxiv_id", None) or arxivs or (None, None)
    if arxivs:
        del values["doi"]
    known = {
        "latex_title": latex_title,
        "latex_abstract": latex_abstract,
        "version": version,
        "author_count": len(values.get("authors", ())) or None,
    }
    return Facts(title=title, abstract=abstract, arxiv_id=number, **(known | values))


def _value(field: str, told: object) -> Any:
    """The value as the model has it; ValueError names the field and what belongs there."""
    kind = _FIELDS[field]
    value = kind.read(told)
    if value is None:
        raise ValueError(f"`{field}` is not {kind.wanted}")
    return value


def _text(longest: int) -> Callable[[object], str | None]:
    return lambda told: clean.field(told, longest) if isinstance(told, str) else None


def _latex(longest: int) -> Callable[[object], str | None]:
    return lambda told: clean.written(told)[:longest] if isinstance(told, str) else None


def _texts(cleaned: Callable[[list[str]], tuple[str, ...]]) -> Callable[[object], tuple[str, ...] | None]:
    def read(told: object) -> tuple[str, ...] | None:
        return cleaned(told) if isinstance(told, list) and all(isinstance(text, str) for text in told) else None

    return read


def _arxiv_id(told: object) -> tuple[str, int | None] | None:
    return arxiv_id(told) if isinstance(told, str) else None


def _source_id(told: object) -> str | None:
    text = clean.written(told) if isinstance(told, str) else ""
    return text if _SOURCE_ID.fullmatch(text) else None


def _announced(told: object) -> Announced | None:
    return next((kind for kind in Announced if kind == told), None)


def _whole(told: object) -> int | None:
    whole = int(told) if isinstance(told, float) and told.is_integer() else told  # as pandas writes a column with gaps
    return clean.count(whole) if isinstance(whole, int) else None


def _from_one(told: object) -> int | None:
    return _whole(told) or None


@dataclass(frozen=True, slots=True)
class _Kind:
    """What belongs in a field, in words, and how it is read; None where it is something else."""

    wanted: str
    read: Callable[[object], Any]


_AFTER_ALL = 2 * 10**9
_LINE = _Kind("text", _text(clean.LONGEST_NAME))
_REMARK = _Kind("text", _text(told.LONGEST_REMARK))
_TERMS = _Kind("a list of texts", _texts(clean.terms))
_COUNT = _Kind("a whole number from 0 to 1000000000", _whole)
_PLACE = _Kind("a whole number from 1 to 1000000000", _from_one)
_DAY = _Kind("a date such as 2026-06-01", plain_day)
_ADDRESS = _Kind("a web address", clean.link)

_FIELDS: dict[str, _Kind] = {
    "title": _Kind("text", told.title),
    "latex_title": _Kind("text", _latex(clean.LONGEST_TITLE)),
    "abstract": _Kind("text", lambda told: clean.both(told, clean.LONGEST_ABSTRACT) if isinstance(told, str) else None),
    "latex_abstract": _Kind("text", _latex(clean.LONGEST_ABSTRACT)),
    "authors": _Kind("a list of texts", _texts(clean.names)),
    "author_count": _COUNT,
    "organisation": _LINE,
    "submitter": _LINE,
    "categories": _TERMS,
    "keywords": _TERMS,
    "comment": _REMARK,
    "journal_ref": _REMARK,
    "published": _DAY,
    "updated": _DAY,
    "arxiv_id": _Kind("an arXiv id", _arxiv_id),
    "version": _PLACE,
    "doi": _Kind("a DOI", doi),
    "source_id": _Kind("an id such as example.org:12", _source_id),
    "page_url": _ADDRESS,
    "code_url": _ADDRESS,
    "code_stars": _COUNT,
    "project_url": _ADDRESS,
    "withdrawn": _Kind("true or false", lambda told: told if isinstance(told, bool) else None),
    "votes": _COUNT,
    "comments": _COUNT,
    "position": _PLACE,
    "announced": _Kind("new, cross or replaced", _announced),
}
