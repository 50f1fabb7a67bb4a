"""Reads the files in which people keep papers: BibTeX, CSL JSON, Zotero's JSON and CSV, RIS, and lists of lines.

The format is told by the content. Knows neither what a clean text is nor which papers are known. A library is read
within seconds whatever is in it: the limits below are far above what people keep and far below what would hang.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from digest.errors import ConfigError
from digest.model import Rejected

LARGEST = 64 * 2**20  # bytes
MOST_ENTRIES = 10_000
_LONGEST_LINE = 1000  # characters; of a list of lines
# Signs that BibTeX's parser stops at, for each entry; the longest real lists of authors have some 3,000.
_MOST_SIGNS, _MOST_AT_SIGNS = 500 * MOST_ENTRIES, 10 * MOST_ENTRIES

_BIBTEX = re.compile(r"^[ \t]*@[ \t]*[A-Za-z]{1,40}[ \t]*[{(]", re.MULTILINE)
_RIS = re.compile(r"^TY  -", re.MULTILINE)
_RIS_LINE = re.compile(r"([A-Z][A-Z0-9])  -[ \t]?(.*)")
_ZOTERO_CSV = re.compile(r'"?Key"?,"?Item Type"?,')
_DATE = re.compile(r"(?<!\d)(\d{4})(?:[-/](\d{1,2})(?!\d)(?:[-/](\d{1,2})(?!\d))?)?")
_MARKUP = re.compile(r"</?(?:i|b|p|sub|sup|sc|span|jats:[a-z-]{1,20})(?: [^<>]{0,100})?/?>", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NOT_PAPERS = ("attachment", "note", "annotation")

Date = tuple[int, int, int]  # year, month, day; 0 where it is not told


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A paper as a library tells of it, not cleaned. `ids` are words that may be an arXiv id or a DOI.

    `on` is when it was kept; where that is not told, when it was looked at or else published.
    """

    where: str
    title: str
    abstract: str = ""
    ids: tuple[str, ...] = ()
    on: Date = (0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """What a file holds, in its own order."""

    kept: tuple[Kept, ...]
    rejected: tuple[Rejected, ...] = ()


def read_library(path: Path) -> Library:
    """ConfigError, with what to do, for a file that cannot be read as a library or is too large to be one."""
    name, entries = _recognised(path, _text(path))
    kept: list[Kept] = []
    rejected: list[Rejected] = []
    try:
        for one in entries:
            if isinstance(one, Kept):
                kept.append(one)
            else:
                rejected.append(one)
            if len(kept) + len(rejected) > MOST_ENTRIES:
                raise ConfigError(f"{path}: has more than {MOST_ENTRIES} entries; keep the latest of them in it")
    except ValueError as error:
        raise ConfigError(f"{path}: cannot be read as {name}: {error}; export it anew") from None
    return Library(kept=tuple(kept), rejected=tuple(rejected))


def _recognised(path: Path, text: str) -> tuple[str, Iterator[Kept | Rejected]]:
    """What it is, and its entries, which are read as they are asked for: ValueError if it is broken."""
    begin = text[:1000].lstrip()
    if _BIBTEX.search(text):
        return "BibTeX", _bibtex(text)
    if _RIS.search(text):
        return "RIS", _ris(text)
    if begin.startswith(("[", "{")):
        return "JSON", _json(text)
    if _ZOTERO_CSV.match(begin):
        return "CSV", _csv(text)
    if begin.startswith("<"):
        raise ConfigError(f"{path}: is XML or HTML; export the library as BibTeX, RIS or CSL JSON")
    return "lines", _lines(text)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}; mend the path in `library`") from None
    if len(content) > LARGEST:
        raise ConfigError(f"{path}: is larger than {LARGEST // 2**20} MiB; keep only the papers in it that count")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not text in UTF-8 (byte {error.start}); save or export it as UTF-8") from None


def _kept(where: str, title: str, abstract: str, ids: Iterable[str], on: Date) -> Kept:
    words = [word.strip("[](){}<>,;.") for text in ids for word in text[:_LONGEST_LINE].split()]
    plain = (_MARKUP.sub("", text) for text in (title, abstract))
    return Kept(where=where, title=next(plain), abstract=next(plain), ids=tuple(filter(None, words)), on=on)


def _date(*texts: str) -> Date:
    """The first date in any of the texts, such as 2026-06-01, 2026/06 or 2026."""
    for text in texts:
        if found := _DATE.search(text[:100]):
            year, month, day = (int(part or 0) for part in found.groups())
            return year, month, day
    return 0, 0, 0


# --- the formats -------------------------------------------------------------------------------------------------


def _lines(text: str) -> Iterator[Kept | Rejected]:
    """One id, address or title a line; empty lines and those that begin with # do not count."""
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        where, told = f"line {number}", line.strip()
        if len(told) > _LONGEST_LINE:
            yield Rejected(where=where, reason="is too long to be an id, an address or a title")
        elif told and not told.startswith("#"):
            address = re.match(r"(?:https?://|doi:)", told, re.IGNORECASE)
            yield _kept(where, "" if address else told, "", [told], (0, 0, 0))


def _bibtex(text: str) -> Iterator[Kept | Rejected]:
    # These take a moment to import, and few have a library.
    from bibtexparser.entrypoint import parse_string
    from bibtexparser.middlewares import RemoveEnclosingMiddleware
    from bibtexparser.model import Entry

    if text.count("@") > _MOST_AT_SIGNS or sum(map(text.count, '{}",=')) > _MOST_SIGNS:
        raise ValueError("it has more signs of BibTeX than any bibliography")
    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # it tells of faults that are told below
    parsed = parse_string(text, parse_stack=[RemoveEnclosingMiddleware()])
    # An entry whose key, or a key in it, is there twice is as good as any other.
    blocks = [getattr(block, "ignore_error_block", None) or block for block in parsed.blocks]
    failed = {id(block) for block in parsed.failed_blocks}
    for block in blocks:
        where = f"line {(block.start_line or 0) + 1}"
        if isinstance(block, Entry):
            fields = {key.lower(): str(field.value) for key, field in block.fields_dict.items()}
            yield _of_bibtex(where, fields)
        elif id(block) in failed:
            yield Rejected(where=where, reason="is not whole: a bracket, a comma or a quotation mark is missing")


def _of_bibtex(where: str, fields: Mapping[str, str]) -> Kept:
    names = ("eprint", "doi", "url", "journal", "note", "howpublished", "number")
    year, month, day = _date(*(fields.get(name, "") for name in ("date-added", "timestamp", "date", "year")))
    written = fields.get("month", "").strip().lower()
    if not month and written[:3] in _MONTHS:
        month = _MONTHS.index(written[:3]) + 1
    elif not month and written.isdecimal() and len(written) <= 2:
        month = int(written)
    ids = (fields.get(name, "") for name in names)
    return _kept(where, fields.get("title", ""), fields.get("abstract", ""), ids, (year, month, day))


def _json(text: str) -> Iterator[Kept | Rejected]:
    """CSL JSON, Better BibTeX's JSON, and items as Zotero's API gives them."""
    try:
        records = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if isinstance(records, dict):
        records = records.get("items", records.get("references", [records]))
    if not isinstance(records, list):
        raise ValueError("it holds no list of entries")
    for number, record in enumerate(records, start=1):
        where = f"entry {number}"
        told = record.get("data", record) if isinstance(record, dict) else None
        if not isinstance(told, dict):
            yield Rejected(where=where, reason="is not an object with a title")
        elif told.get("itemType") not in _NOT_PAPERS:
            yield _of_json(where, told)


def _of_json(where: str, record: Mapping[str, Any]) -> Kept:
    def texts(*names: str) -> list[str]:
        return [value for name in names if isinstance(value := record.get(name), str)]

    ids = texts("DOI", "URL", "url", "number", "archiveID", "archive_location", "extra", "note")
    abstract = next(iter(texts("abstract", "abstractNote")), "")
    on = _date(*texts("dateAdded", "date"), *map(_of_csl, (record.get("accessed"), record.get("issued"))))
    return _kept(where, next(iter(texts("title")), ""), abstract, ids, on)


def _of_csl(value: object) -> str:
    """A date of CSL, {"date-parts": [[2026, 6, 1]]} or {"raw": "2026-06-01"}, as text."""
    if not isinstance(value, dict):
        return ""
    match value.get("date-parts"):
        case [[*parts]]:
            return "-".join(str(part) for part in parts[:3] if isinstance(part, int | str))
    return str(value.get("raw", value.get("literal", "")))


def _csv(text: str) -> Iterator[Kept | Rejected]:
    """Zotero's CSV."""
    try:
        for number, row in enumerate(csv.DictReader(io.StringIO(text)), start=1):
            told = {name: value for name, value in row.items() if isinstance(name, str) and isinstance(value, str)}
            ids = (told.get(name, "") for name in ("DOI", "Url", "Number", "Archive Location", "Extra"))
            on = _date(*(told.get(name, "") for name in ("Date Added", "Access Date", "Date", "Publication Year")))
            yield _kept(f"entry {number}", told.get("Title", ""), told.get("Abstract Note", ""), ids, on)
    except csv.Error as error:
        raise ValueError(str(error)) from None


def _ris(text: str) -> Iterator[Kept | Rejected]:
    """Tags and values by hand: rispy takes the square of a long entry's lines, and breaks at a stray one."""
    where, tag, told = "", "", defaultdict[str, list[str]](list)
    for number, line in enumerate(chain(io.StringIO(text, newline=None), ["TY  - "]), start=1):
        if found := _RIS_LINE.match(line):
            tag, value = found.groups()
            if tag == "TY" and where:
                yield _of_ris(where, told)
            if tag == "TY":
                where, told = f"line {number}", defaultdict(list)
            told[tag].append(value)
        else:
            told[tag].append(line.strip())  # goes on with the tag before


def _of_ris(where: str, told: Mapping[str, Sequence[str]]) -> Kept:
    def first(*tags: str) -> str:
        return next((text for tag in tags if (text := " ".join(told.get(tag, ())).strip())), "")

    ids = (text for tag in ("DO", "UR", "M1", "AN", "JO", "T2", "N1") for text in told.get(tag, ()))
    on = _date(*(first(tag) for tag in ("Y2", "DA", "PY", "Y1")))
    return _kept(where, first("TI", "T1", "CT"), first("AB", "N2"), ids, on)
