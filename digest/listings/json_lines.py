"""What all JSON Lines forms share: lines to records.

One object a line. A line that cannot be read is rejected by its number, be it the last one, cut in the middle; it never
ends the dump. Does not know what a record means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar

import msgspec

from digest.listings.form import Sheet, require_some
from digest.model import Entry, Rejected

LONGEST_LINE = 8 * 2**20  # characters; the longest real record, of some 3,000 authors, has a fiftieth of it

# How much of a dump is looked at to tell its form.
_HEAD = 2**20
_HEAD_LINES = 20

_AT_ONCE = 100  # lines: their texts, read and cleaned, are in the processor's cache all together

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


def shaped(fields: type[T]) -> Callable[[Sequence[Line]], list[T]]:
    """As `record`, of several lines, into structs: what these have no field for is not made, a third of the time.

    All at once if they are as many objects, else one by one, so that the bad ones are told.
    """
    quick = msgspec.json.Decoder(fields)

    def decoded(some: Sequence[Line]) -> list[T]:
        begun = [line for line in some if isinstance(line, bytes)]  # objects, by their first byte
        try:
            found = quick.decode_lines(b"".join(begun)) if len(begun) == len(some) else []
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            found = []
        return found if len(found) == len(some) else [msgspec.convert(record(line), fields) for line in some]

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


def read(sheet: Sheet, entry: Callable[[Record, str, int], Entry | None]) -> tuple[list[Entry], list[Rejected]]:
    """As `read_many`, each line alone by `entry(record, where, position)`, which gives None for no paper."""

    def alone(some: Sequence[Line], wheres: Sequence[str], position: int) -> list[Entry]:
        found = entry(record(some[0]), wheres[0], position)
        return [found] if found else []

    return read_many(sheet, alone, 1)


def read_many(
    sheet: Sheet, entries: Callable[[Sequence[Line], Sequence[str], int], list[Entry]], at_once: int = _AT_ONCE
) -> tuple[list[Entry], list[Rejected]]:
    """Some lines at a time by `entries(lines, wheres, position)`, which raises ValueError if one is bad.

    Those around a bad one are then read in ever smaller numbers, until it stands alone.

    Raises ListingError where there are papers but not one that can be read. In a later part of a dump positions go on
    with its lines.
    """
    found: list[Entry] = []
    rejected: list[Rejected] = []
    numbered = lines(sheet)
    while some := list(islice(numbered, at_once)):
        todo = [some]
        while todo:
            some = todo.pop()
            wheres = [f"line {number}" for number, _ in some]
            try:
                found += entries([line for _, line in some], wheres, sheet.begin + len(found) + 1)
            except ValueError as error:
                if half := len(some) // 2:
                    todo += [some[half:], some[:half]]
                else:
                    rejected.append(Rejected(where=wheres[0], reason=str(error)))
    if not sheet.begin:
        require_some(sheet, found, rejected, "lines")
    return found, rejected
