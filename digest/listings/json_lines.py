"""What all JSON Lines forms share: lines to records.

One object a line. A line that cannot be read is rejected by its number, be it the last one, cut in the middle; it never
ends the dump. Does not know what a record means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import msgspec

from digest.listings.form import Sheet, require_some
from digest.model import Entry, Rejected

LONGEST_LINE = 8 * 2**20  # characters; the longest real record, of some 3,000 authors, has a fiftieth of it

# How much of a dump is looked at to tell its form.
_HEAD = 2**20
_HEAD_LINES = 20

# JSON allows no raw line end inside a string, so each of the three kinds ends a record.
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n|\Z)")

Record = Mapping[str, Any]
Line = str | bytes | None
T = TypeVar("T")


def lines(sheet: Sheet) -> Iterator[tuple[int, Line]]:
    """The lines with something on them, by number from 1; None in place of one that is too long to be a record."""
    numbered: Iterable[tuple[int, str | bytes]] = (
        enumerate((match[0] for match in _LINE.finditer(sheet.text)), start=1) if sheet.lines is None else sheet.lines
    )
    for number, line in numbered:
        if isinstance(line, bytes) and line[:1] == b"{" and len(line) <= LONGEST_LINE:
            yield number, line  # as nearly all are: the quick decoder reads it as it is
        elif len(text := _text(line)) > LONGEST_LINE:
            yield number, None
        elif stripped := text.strip().lstrip("\ufeff"):
            yield number, stripped


def _text(line: str | bytes) -> str:
    return line if isinstance(line, str) else line.decode("utf-8", "replace")


def record(line: Line) -> Record:
    """The object on a line; ValueError says what stands there instead."""
    if line is None:
        raise ValueError(f"longer than {LONGEST_LINE >> 20} MiB; not read")
    try:
        found = _decode(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"JSON that breaks at column {error.colno} ({error.msg}); it may be cut") from None
    except RecursionError:
        raise ValueError("JSON nested too deeply for a record") from None
    if not isinstance(found, dict):
        raise ValueError("JSON, but not an object")
    return found


def _decode(line: str | bytes) -> object:
    """By the quick decoder; what it refuses, such as NaN, half a surrogate and stray bytes, by the tolerant one."""
    try:
        return _quick.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return json.loads(_text(line).strip(), parse_int=whole)


_quick = msgspec.json.Decoder()


def shaped(fields: type[T]) -> Callable[[Line], T]:
    """As `record`, but into a struct: what it has no field for is not made, which saves a third of the time."""
    quick = msgspec.json.Decoder(fields)

    def decoded(line: Line) -> T:
        try:
            return quick.decode(line or "")
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return msgspec.convert(record(line), fields)

    return decoded


def whole(digits: str) -> int | None:
    """A JSON integer; None for one that nothing here could hold."""
    return int(digits) if len(digits) < 20 else None


def consists_of(sheet: Sheet, known: Callable[[Record], bool]) -> bool:
    """Whether at least half of the first lines are objects of which `known` is true.

    Half, so that broken lines do not hide the form; and not less, so that an object alone on one line of an indented
    JSON document does not pass for it.
    """
    head = sheet.text[:_HEAD]
    if head.lstrip()[:1] in ("[", "<"):
        return False
    if len(sheet.text) > _HEAD and (end := max(head.rfind("\n"), head.rfind("\r"))) > 0:
        head = head[:end]
    first = [line for _, (_, line) in zip(range(_HEAD_LINES), lines(replace(sheet, text=head)), strict=False)]
    return 2 * sum(_is(line, known) for line in first) >= max(1, len(first))


def _is(line: Line, known: Callable[[Record], bool]) -> bool:
    try:
        return known(record(line))
    except ValueError:
        return False


def read(
    sheet: Sheet, record: Callable[[Line], T], entry: Callable[[T, str, int], Entry | None]
) -> tuple[list[Entry], list[Rejected]]:
    """Each line by `record(line)`, and that by `entry(record, where, position)`, which gives None for no paper.

    Both raise ValueError for a bad line.

    Raises ListingError where there are papers but not one that can be read. In a later part of a dump positions go on
    with its lines.
    """
    entries: list[Entry] = []
    rejected: list[Rejected] = []
    for number, line in lines(sheet):
        where = f"line {number}"
        try:
            if found := entry(record(line), where, sheet.begin + len(entries) + 1):
                entries.append(found)
        except ValueError as error:
            rejected.append(Rejected(where=where, reason=str(error)))
    if not sheet.begin:
        require_some(sheet, entries, rejected, "lines")
    return entries, rejected
