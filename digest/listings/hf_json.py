"""Hugging Face Daily Papers as JSON: every container and schema since March 2024.

Containers: an array of records, or records one behind another; an array of strings that hold Python's repr of a record;
either as `data` of an object with `status` and `date`, or records as another of its values; such an object with status
`no_data`; and `1`, which a saving job wrote on empty days.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from digest.errors import ListingError
from digest.listings import clean, json_lines, told
from digest.listings.form import Sheet, plain_day, read_each
from digest.model import Entry, Facts, Listing, Rejected
from digest.text import arxiv_id

# Until this day the outer `publishedAt` told when a paper was brought to the page; since then it is arXiv's time of the
# first version, shifted by some hours under a false "Z". Records since then have an outer `summary`.
_OUTER_TIME_CHANGED = date(2025, 3, 11)
_OF_ONE_DAY = 0.9  # the share of a list's records that are of its day; in all real dumps they are all
_LONGEST_PERIOD = timedelta(days=31)
_PAGES = (50, 100)  # records that the API gives at most: unasked, and when asked for more

_BEGINS = re.compile(r"\s*(?:\{|\[\s*(?:[\[\]{\"0-9-]|null|true|false|\Z))")  # Markdown's `[words](address)` does not

_BLANKS = re.compile(r"[ \t\r\n]*")

# A record as Python writes it: strings, braces and plain values, a few levels deep. Anything else could be made to
# exhaust `ast.literal_eval`, whose compiler has no safe depth.
_LARGEST_REPR = 2**20
_DEEPEST_REPR = 20
_STRING = re.compile(r"""'[^'\\]*(?:\\.[^'\\]*)*(?:'|\\?\Z)|"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)""", re.DOTALL)
_PLAIN = re.compile(r"(?:[\s{}\[\],:]|True|False|None|-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?(?![0-9.e]))*")

Record = Mapping[str, Any]


class HuggingFaceJson:
    """Sorted by votes; a dump of as many records as the page limit was cut by it.

    The API gives weeks, months and what a search finds in the same form: there the records are of several days.
    """

    name = "hf-json"
    source = "hf-daily"
    source_of_periods = "hf-period"
    source_of_searches = "hf-search"
    fidelity = 50

    def recognises(self, sheet: Sheet) -> bool:
        return _BEGINS.match(sheet.text) is not None or sheet.text.strip() == "1"

    def read(self, sheet: Sheet) -> Listing:
        day, items = _container(sheet)
        if items and all(isinstance(one, dict) and "title" in one and "paper" not in one for one in items):
            raise ListingError(
                f"{sheet.dump.name}: a list of objects without `paper`, which Hugging Face's have; "
                "of our own format each paper is a line by itself, see docs/formats.md"
            )
        records, entries, rejected = papers(sheet, items)
        days = [] if day else _days_brought(records)
        source, told = self.source, day
        if days and _share_of_most(days) < _OF_ONE_DAY:
            within = max(days) - min(days) <= _LONGEST_PERIOD
            source, told = (
                (self.source_of_periods, max(days)) if within else (self.source_of_searches, sheet.now.date())
            )
        daily = source == self.source
        return sheet.listing(
            self, source, told or day_told(records), entries, rejected, daily=daily, cut=len(items) in _PAGES
        )


# --- the container ---------------------------------------------------------------------------------------------


def _container(sheet: Sheet) -> tuple[date | None, list[Any]]:
    """The records, and the day if the container tells it."""
    name, body = sheet.dump.name, parsed(sheet.dump.name, sheet.text)
    if body == 1:
        raise ListingError(f"{name}: holds only `1`, which a saving job writes on a day without papers; drop it")
    if isinstance(body, list):
        return None, body
    if isinstance(body, dict):
        day = day_of(body.get("date"))
        if body.get("status") == "no_data":
            return day, []
        lists = [body[name] for name in body if name == "data" or _has_records(body[name])]
        if len(lists) == 1 and isinstance(lists[0], list):
            return day, lists[0]
        raise ListingError(
            f"{name}: a JSON object without a list of papers in `data`; docs/formats.md tells what is read"
        )
    raise ListingError(f"{name}: JSON, but neither a list nor an object of papers; docs/formats.md tells what is read")


def parsed(name: str, text: str) -> Any:
    """What the JSON of a dump holds; of objects one behind another, as jq writes them, a list of them."""
    try:
        found, at = _decoder.raw_decode(text, _behind_blanks(text, 0))
        several = [found]
        while (at := _behind_blanks(text, at)) < len(text):
            if not isinstance(found, dict):
                raise json.JSONDecodeError("Extra data", text, at)
            one, at = _decoder.raw_decode(text, at)
            several.append(one)
        return several if len(several) > 1 else found
    except json.JSONDecodeError as error:
        reason = f"JSON that breaks at line {error.lineno}, column {error.colno} ({error.msg})"
    except RecursionError:
        reason = "JSON nested too deeply for a listing"
    raise ListingError(f"{name}: {reason}; it may be cut: fetch it again")


_decoder = json.JSONDecoder(parse_int=json_lines.whole)


def _behind_blanks(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return blanks.end() if blanks else at


def _has_records(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(one, dict) and "paper" in one for one in value)


def read_records(
    sheet: Sheet, items: Sequence[Any], entry: Callable[[Any, str, int], Entry]
) -> tuple[tuple[Entry, ...], tuple[Rejected, ...]]:
    """As `read_each`, of numbered records."""
    numbered = ((f"record {number}", item) for number, item in enumerate(items, start=1))
    return read_each(sheet, numbered, entry, "records")


def papers(sheet: Sheet, items: Sequence[Any]) -> tuple[list[Record], tuple[Entry, ...], tuple[Rejected, ...]]:
    """The records that the API and the page hold, as they are and as entries."""
    records: list[Record] = []

    def entry(item: object, where: str, position: int) -> Entry:
        records.append(_record(item))
        return _entry(records[-1], where, position)

    return records, *read_records(sheet, items, entry)


def mapping(item: object) -> Record:
    """The item as an object; ValueError says what it is instead."""
    if not isinstance(item, dict):
        raise ValueError(f"not an object but {_kind(item)}")
    return item


def _record(item: object) -> Record:
    """A record as a mapping; ValueError says what it is instead."""
    if isinstance(item, str):
        item = _from_repr(item)
    record = mapping(item)
    if not isinstance(record.get("paper"), dict):
        raise ValueError("has no `paper`")
    return record


def _from_repr(text: str) -> object:
    if len(text) > _LARGEST_REPR:
        raise ValueError("text too long to be a record")
    outside = _STRING.sub("", text)
    if not _PLAIN.fullmatch(outside) or _depth(outside) > _DEEPEST_REPR:
        raise ValueError("text that is not the Python form of a record")
    try:
        with warnings.catch_warnings(action="ignore"):  # odd escapes in the text warn
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        raise ValueError("text that is not the Python form of a record") from None


def _depth(text: str) -> int:
    """How deep the brackets go."""
    steps = ((character in "{[") - (character in "}]") for character in text)
    return max(accumulate(steps), default=0)


def _kind(item: object) -> str:
    kinds = {str: "text", list: "a list", bool: "true or false", int: "a number", float: "a number"}
    return "nothing" if item is None else kinds.get(type(item), "something else")


# --- the day -----------------------------------------------------------------------------------------------------


def day_of(value: object) -> date | None:
    """The date at the start of an ISO 8601 text; None for anything else."""
    return plain_day(value[:10]) if isinstance(value, str) else None


def _days(values: Iterable[object]) -> list[date]:
    return [day for day in map(day_of, values) if day is not None]


def _days_brought(records: Iterable[Record]) -> list[date]:
    return _days(record["paper"].get("submittedOnDailyAt") for record in records)


def _share_of_most(days: Sequence[date]) -> float:
    return max(Counter(days).values()) / len(days)


def day_told(records: list[Record]) -> date | None:
    """The day of the list, from the surest sign to the weakest: never from `paper.publishedAt`."""
    if brought := _days_brought(records):
        return max(Counter(brought).items(), key=lambda pair: (pair[1], pair[0]))[0]
    outer = _days(record.get("publishedAt") for record in records)
    old = not any("summary" in record for record in records)
    if outer and old and max(outer) < _OUTER_TIME_CHANGED:
        return max(outer)
    return None


# --- one record --------------------------------------------------------------------------------------------------


def _entry(record: Record, where: str, position: int) -> Entry:
    paper = record["paper"]
    return Entry(
        where=where,
        position=position,
        facts=_facts(record, paper),
        votes=clean.count(paper.get("upvotes")),
        comments=clean.count(record.get("numComments")),
    )


def _facts(record: Record, paper: Record) -> Facts:
    """The outer title comes first, as it keeps the LaTeX that the inner one had lost until March 2025."""
    number = arxiv_id(paper["id"]) if isinstance(paper.get("id"), str) else None
    authors = clean.names(_names(paper.get("authors")))
    place = _first(record, paper, "organization", "submitterOrganization")
    return Facts(
        **told.words(record.get("title"), paper.get("title"), abstract=paper.get("summary") or record.get("summary")),
        authors=authors,
        author_count=len(authors) or None,
        organisation=clean.field(place.get("fullname")) or clean.field(place.get("name")) or None,
        submitter=_submitter(record, paper),
        keywords=clean.terms(clean.items(paper.get("ai_keywords"))),
        published=day_of(paper.get("publishedAt")),
        arxiv_id=number[0] if number else None,
        version=number[1] if number else None,
        code_url=clean.link(paper.get("githubRepo")),
        code_stars=clean.count(paper.get("githubStars")),
        project_url=clean.link(paper.get("projectPage")),
    )


def _names(authors: object) -> Iterable[object]:
    return (author.get("name") if isinstance(author, dict) else author for author in clean.items(authors))


def _first(record: Record, paper: Record, *keys: str) -> Record:
    """The first object under any of the keys, in the record or its paper."""
    for holder in (record, paper):
        for key in keys:
            if isinstance(holder.get(key), dict):
                found: Record = holder[key]
                return found
    return {}


def _submitter(record: Record, paper: Record) -> str | None:
    outer, inner = _first(record, {}, "submittedBy"), _first({}, paper, "submittedOnDailyBy")
    return clean.field(outer.get("name")) or clean.field(inner.get("user")) or clean.field(inner.get("name")) or None
