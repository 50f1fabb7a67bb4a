r"""What arXiv's two text forms have in common: entries between `\\` lines, their fields, names and dates.

Does not know of which day a dump speaks: that is told differently by mailings and by listing files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from digest.listings import clean, told
from digest.listings.form import MONTHS, Sheet, read_each
from digest.listings.people import people
from digest.model import Announced, Entry, Facts, Rejected
from digest.text import arxiv_id, doi, visible

# All that tells a form stands in the head or in the first entry, which has at most some 20,000 characters.
_BEGINNING = 50_000
_MARKUP = ("<", "{", "[")

SIZE = r"\((?P<size>[0-9]{1,9})kb(?:, ?(?P<flags>[A-Z]{1,6}))?\)"
_PART = r"\\"
_NOTE = r"(?: \([^()]{1,40}\))?"
_HEAD = re.compile(rf"(?:arXiv|Paper{_NOTE}): ?(?P<id>\S{{1,100}}){_NOTE}", re.IGNORECASE)
_CROSS = re.compile(r"\(\*cross-listing\*\)")
CLOSING = re.compile(r"\\\\ \( ?https?://(?:[a-z]{1,9}\.)?arxiv\.org/abs/.*", re.IGNORECASE)
SECTION = re.compile(r"%(?:-%-%-%|%--%%--%|%%---%%%-)[%-]{20,}")
_RULE = re.compile(r"-{40,}")
_FIELD = re.compile(
    r"(?P<key>Date(?: \(revised(?: v[0-9]{1,4})?\))?|From|Title|Authors?|Categories|Comments|Report-no|Journal-ref|DOI|"
    r"Proxy|MSC-class|ACM-class|Subj-class|License):(?P<value>.*)"
)
_REPLACED = re.compile(r"replaced with revised version (?P<value>.*)")
_REVISION = re.compile(r"Date \(revised v(?P<version>[0-9]+)\)")

# "Tue, 30 May 2023 …", "Wed  1 Jan 97 …"; as C writes it, "Sat Apr  4 02:55:44 METDST 1992"; as Gmail and Outlook do in
# what is forwarded, "Thu, Jun 4, 2026 at 2:44 AM".
_DAY = re.compile(
    rf"(?<![0-9])(?P<day>[0-9]{{1,2}}) (?P<month>{'|'.join(MONTHS)}) (?P<year>(?:19|20)?[0-9]{{2}})(?![0-9])"
    rf"|(?P<c_month>{'|'.join(MONTHS)})[a-z]{{0,6}} (?P<c_day>[0-9]{{1,2}})(?:,| [0-9:]{{5,8}}(?: [A-Z]{{1,6}})?) "
    r"(?P<c_year>(?:19|20)[0-9]{2})(?![0-9])"
)
_FIRST_YEAR = 91  # arXiv's own; a two-digit year before it is of this century

_CATEGORY = re.compile(r"[a-z]{1,12}(?:-[a-z]{1,12}){0,2}(?:\.[A-Za-z]{1,12}(?:-[A-Za-z]{1,12})?)?")


@dataclass(frozen=True, slots=True)
class Block:
    """One entry as written, the lines of each field joined. `cut`: in its "head" or "abstract" the dump ends, or ""."""

    line: int  # of the line with the id, counted from 1
    number: str
    cross: bool  # listed from another subject class
    fields: Mapping[str, str]
    abstract: str
    cut: str


# --- lines -------------------------------------------------------------------------------------------------------


def lines(text: str) -> list[str]:
    """The lines; leading blanks stay, as they mark a line that goes on. Mail readers turn blanks into U+00A0.

    Without what a mail program adds to each line: a mark of quotation, an indent, an empty line.
    """
    plain = visible(text).replace("\xa0", " ")
    written = [line.rstrip() for line in re.split(r"\r\n?|\n", plain)]
    if not any(line and after for line, after in pairwise(written)):
        written = written[::2]
    return _unquoted(written)


def _unquoted(written: list[str]) -> list[str]:
    """What stands before the first entry's parting line is taken off all lines."""
    for line, after in pairwise(written):
        mark = line.removesuffix(_PART)
        if mark != line and not mark.strip("> \t") and _HEAD.fullmatch(after.removeprefix(mark)):
            bare = mark.rstrip()
            return [one.removeprefix(mark if one.startswith(mark) else bare) for one in written] if mark else written
    return written


def beginning(sheet: Sheet) -> list[str]:
    """Enough lines to tell the form; none for what begins as JSON or markup."""
    start = sheet.text[:_BEGINNING]
    return [] if start.lstrip().startswith(_MARKUP) else lines(start)


def folded(line: str) -> str:
    return " ".join(line.split())


def day_of(text: str) -> date | None:
    """The first date of a text as written, whatever its time zone; None where there is none."""
    match = _DAY.search(folded(text))
    if match is None:
        return None
    year = int(match["year"] or match["c_year"])
    if year < 100:
        year += 1900 if year >= _FIRST_YEAR else 2000
    try:
        month = MONTHS.index(match["month"] or match["c_month"]) + 1
        return date(year, month, int(match["day"] or match["c_day"]))
    except ValueError:
        return None


# --- entries -----------------------------------------------------------------------------------------------------


def starts(written: Sequence[str]) -> list[int]:
    r"""Where entries start: only an id on a line of its own, directly after a `\\` line."""
    parts = (place for place in range(len(written) - 1) if written[place] == _PART)
    return [place + 1 for place in parts if _HEAD.fullmatch(written[place + 1])]


def blocks(written: Sequence[str]) -> Iterator[Block]:
    for start, following in pairwise([*starts(written), len(written) + 1]):
        yield _block(written, start, following - 1)


def _block(written: Sequence[str], start: int, end: int) -> Block:
    match = _HEAD.fullmatch(written[start])
    assert match is not None  # `starts` found it
    last = len(written)
    head_end = _first(written, start + 1, end, _is_end)
    cut = "head" if head_end == last else ""
    abstract = ""
    if head_end < end and written[head_end] == _PART:
        abstract_end = _first(written, head_end + 1, end, _is_end)
        abstract = _joined(written[head_end + 1 : abstract_end])
        cut = "abstract" if abstract and abstract_end == last else ""
    cross = _CROSS.search(written[start]) is not None
    return Block(start + 1, match["id"], cross, _fields(written[start + 1 : head_end]), abstract, cut)


def _first(written: Sequence[str], start: int, end: int, wanted: Callable[[str], bool]) -> int:
    """The first such line, `end` if there is none."""
    return next((place for place in range(start, end) if wanted(written[place])), end)


def _is_end(line: str) -> bool:
    """Whether a line ends a head or an abstract."""
    return line == _PART or bool(CLOSING.fullmatch(line) or _RULE.fullmatch(line) or SECTION.fullmatch(line))


def _fields(written: Sequence[str]) -> dict[str, str]:
    """Fields by name, the first of a kind; a line that begins no field goes on with the one before."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in written:
        key, value = _field(line)
        if key:
            current = [value]
            found.setdefault(key, current)
        elif not line:
            current = []
        else:
            current.append(line)
    return {key: _joined(parts) for key, parts in found.items()}


def _joined(written: Iterable[str]) -> str:
    return folded(" ".join(written))


def _field(line: str) -> tuple[str, str]:
    if match := _FIELD.fullmatch(line):
        return match["key"], match["value"]
    match = _REPLACED.fullmatch(line)
    return ("replaced", match["value"]) if match else ("", "")


# --- from blocks to entries ----------------------------------------------------------------------------------------


def entries(sheet: Sheet, written: Sequence[str]) -> tuple[tuple[Entry, ...], tuple[Rejected, ...], list[date]]:
    """What is listed, what is not readable, and the days on which the papers listed were received, in order.

    Raises ListingError where not one of several entries can be read.
    """
    days: list[date] = []

    def read_one(block: Block, where: str, position: int) -> Entry:
        made = Entry(where=where, position=position, facts=_facts(block), announced=_announced(block))
        days.extend(filter(None, [day_of(block.fields.get("Date", ""))]))
        return made

    entries, rejected = read_each(sheet, ((f"line {block.line}", block) for block in blocks(written)), read_one)
    return entries, rejected, days


def _facts(block: Block) -> Facts:
    """ValueError says why a block is no paper."""
    number = arxiv_id(block.number)
    if number is None:
        raise ValueError(f"has “{clean.field(block.number, 40)}” where an arXiv id should be")
    if block.cut == "head":
        raise ValueError("is cut in its head")
    fields = block.fields
    said = told.words(
        fields.get("Title"),
        abstract=f"{block.abstract}…" if block.abstract and block.cut else block.abstract,  # never replaces a whole one
        comment=fields.get("Comments"),
        journal_ref=fields.get("Journal-ref"),
    )
    said["withdrawn"] = said["withdrawn"] or _withdrawn(fields) or None
    authors, count = people(fields.get("Authors") or fields.get("Author", ""))
    return Facts(
        **said,
        authors=authors,
        author_count=count,
        categories=tuple(dict.fromkeys(filter(_CATEGORY.fullmatch, fields.get("Categories", "").split()))),
        published=day_of(fields.get("Date", "")),
        updated=_updated(fields),
        arxiv_id=number[0],
        version=_version(fields) or number[1],
        doi=doi(fields.get("DOI")),
    )


def _announced(block: Block) -> Announced:
    """As its section says, but told by the entry: of a list cut from its mailing no section may be left."""
    if "replaced" in block.fields:
        return Announced.REPLACED
    return Announced.CROSS if block.cross else Announced.NEW


def _updated(fields: Mapping[str, str]) -> date | None:
    """The day of the latest version, of one told to be a revision."""
    revised = [day_of(value) for key, value in fields.items() if key == "replaced" or _REVISION.fullmatch(key)]
    return max(filter(None, revised), default=None)


def _version(fields: Mapping[str, str]) -> int | None:
    numbers = [int(match["version"]) for match in map(_REVISION.fullmatch, fields) if match]
    return max(numbers, default=None)


def _withdrawn(fields: Mapping[str, str]) -> bool:
    """A withdrawn version has nothing in it, `(0kb,I)`; the word itself stands nowhere but in comments, if at all."""
    dated = [value for key, value in fields.items() if key.startswith(("Date", "replaced"))]
    sizes = [match for match in (re.search(SIZE, value) for value in dated) if match]
    return bool(sizes) and int(sizes[-1]["size"]) == 0 and "I" in (sizes[-1]["flags"] or "")
