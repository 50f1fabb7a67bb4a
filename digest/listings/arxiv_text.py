r"""What arXiv's two text forms have in common: entries between `\\` lines, their fields, names and dates.

Does not know of which day a dump speaks: that is told differently by mailings and by listing files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from digest.errors import ListingError
from digest.listings import clean
from digest.listings.form import Sheet
from digest.model import Entry, Facts, Rejected

# All that tells a form stands in the head or in the first entry, which has at most some 20,000 characters.
_BEGINNING = 50_000
_MARKUP = ("<", "{", "[")

SIZE = r"\((?P<size>[0-9]{1,9})kb(?:, ?(?P<flags>[A-Z]{1,6}))?\)"
_PART = r"\\"
_HEAD = re.compile(r"(?:arXiv|Paper(?: \([^()]{1,40}\))?): ?(?P<id>\S{1,100})(?: \([^()]{1,40}\))?", re.IGNORECASE)
CLOSING = re.compile(r"\\\\ \( ?https?://(?:[a-z]{1,9}\.)?arxiv\.org/abs/.*", re.IGNORECASE)
SECTION = re.compile(r"%(?:-%-%-%|%--%%--%|%%---%%%-)[%-]{20,}")
_RULE = re.compile(r"-{40,}")
_FIELD = re.compile(
    r"(?P<key>Date(?: \(revised(?: v[0-9]{1,4})?\))?|From|Title|Authors?|Categories|Comments|Report-no|Journal-ref|DOI|"
    r"Proxy|MSC-class|ACM-class|Subj-class|License):(?P<value>.*)"
)
_REPLACED = re.compile(r"replaced with revised version (?P<value>.*)")
_REVISION = re.compile(r"Date \(revised v(?P<version>[0-9]+)\)")

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# "Tue, 30 May 2023 …", "Wed  1 Jan 97 …"; and as C writes it, "Sat Apr  4 02:55:44 METDST 1992".
_DAY = re.compile(
    rf"(?<![0-9])(?P<day>[0-9]{{1,2}}) (?P<month>{'|'.join(_MONTHS)}) (?P<year>(?:19|20)?[0-9]{{2}})(?![0-9])"
    rf"|(?P<c_month>{'|'.join(_MONTHS)}) (?P<c_day>[0-9]{{1,2}}) [0-9:]{{5,8}} (?:[A-Z]{{1,6}} )?"
    r"(?P<c_year>(?:19|20)[0-9]{2})(?![0-9])"
)
_NAMED_DAY = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2})(?![0-9])")
_FIRST_YEAR = 91  # arXiv's own; a two-digit year before it is of this century

_CATEGORY = re.compile(r"[a-z]{1,12}(?:-[a-z]{1,12}){0,2}(?:\.[A-Za-z]{1,12}(?:-[A-Za-z]{1,12})?)?")
_DOI = re.compile(r"10\.[0-9]{4,9}/\S{1,200}")

_INNERMOST = re.compile(r"\([^()]*\)")
_BETWEEN_NAMES = re.compile(r"(?:\s*,\s*(?:and\s+)?|\s+and\s+)+")
_TEAM = re.compile(r":\s+")
_SUFFIX = re.compile(r"(?:Jr|Sr)\.?|I{2,3}|IV")
_AND_OTHERS = re.compile(r"(?:et\.? al\.?|others)", re.IGNORECASE)
_NOT_SHOWN = re.compile(r"\(([0-9]{1,5}) additional authors? not shown\)")
_TIE = re.compile(r"(?<!\\)~")
# A letter in braces of its own, "Wie{\\ss}e", unless it is what a macro before is about; and an accent on a bare
# letter, which in running text could be a quotation mark.
_BRACED_LETTER = re.compile(r"(\\(?:[A-Za-z]{1,20}+|[^A-Za-z\s])\s?)?\{(\\(?:aa|AA|ae|AE|oe|OE|o|O|l|L|ss|i|j))\}")
_BARE_ACCENT = re.compile(r"\\([\"'`^~=.])\ ?([A-Za-z])")


@dataclass(frozen=True, slots=True)
class Block:
    """One entry as written, the lines of each field joined. `cut`: in its "head" or "abstract" the dump ends, or ""."""

    line: int  # of the line with the id, counted from 1
    number: str
    fields: Mapping[str, str]
    abstract: str
    cut: str


# --- lines -------------------------------------------------------------------------------------------------------


def lines(text: str) -> list[str]:
    """The lines; leading blanks stay, as they mark a line that goes on. Mail readers turn blanks into U+00A0."""
    plain = clean.visible(text).replace("\xa0", " ")
    return [line.rstrip() for line in re.split(r"\r\n?|\n", plain)]


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
        month = _MONTHS.index(match["month"] or match["c_month"]) + 1
        return date(year, month, int(match["day"] or match["c_day"]))
    except ValueError:
        return None


def named_day(sheet: Sheet) -> date | None:
    """A date in the dump's file name, else in the name of its folders."""
    folder, _, file = sheet.dump.name.rpartition("/")
    for text in (*_NAMED_DAY.findall(file), *_NAMED_DAY.findall(folder)[::-1]):
        try:
            return date.fromisoformat(text)
        except ValueError:
            continue
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
    return Block(start + 1, match["id"], _fields(written[start + 1 : head_end]), abstract, cut)


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
    """Lines as one, with letters out of their braces."""
    return _BRACED_LETTER.sub(lambda match: match[0] if match[1] else f"{match[2]}{{}}", folded(" ".join(written)))


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
    found: list[Entry] = []
    rejected: list[Rejected] = []
    days: list[date] = []
    for block in blocks(written):
        where = f"line {block.line}"
        try:
            found.append(Entry(where=where, position=len(found) + 1, facts=_facts(block)))
        except ValueError as error:
            rejected.append(Rejected(where=where, reason=str(error)))
        else:
            days += filter(None, [day_of(block.fields.get("Date", ""))])
    if rejected and not found:
        raise ListingError(
            f"{sheet.dump.name}: none of its {len(rejected)} entries can be read: {rejected[0].where} "
            f"{rejected[0].reason}; it may be cut: fetch it again"
        )
    return tuple(found), tuple(rejected), days


def _facts(block: Block) -> Facts:
    """ValueError says why a block is no paper."""
    number = clean.arxiv_id(block.number)
    if number is None:
        raise ValueError(f"has “{clean.field(block.number, 40)}” where an arXiv id should be")
    if block.cut == "head":
        raise ValueError("is cut in its head")
    written = block.fields.get("Authors") or block.fields.get("Author", "")
    named = authors(written)
    names = tuple(name for name in named if not _AND_OTHERS.fullmatch(name))
    more = _NOT_SHOWN.search(written)
    return Facts(
        title=_title(block.fields.get("Title", "")),
        abstract=_abstract(block),
        authors=names,
        author_count=len(names) + int(more[1]) if more else len(names) or None if names == named else None,
        categories=tuple(dict.fromkeys(filter(_CATEGORY.fullmatch, block.fields.get("Categories", "").split()))),
        published=day_of(block.fields.get("Date", "")),
        arxiv_id=number[0],
        version=_version(block.fields) or number[1],
        doi=_doi(block.fields.get("DOI", "")),
        withdrawn=_withdrawn(block.fields) or None,
    )


def _title(written: str) -> str:
    title = clean.text(written) if len(written) <= clean.LONGEST_TITLE else ""
    if not title:
        raise ValueError("has a title too long to be one" if written else "has no title")
    return title


def _abstract(block: Block) -> str:
    """An abstract in which the dump ends says so, that it never replaces a whole one."""
    abstract = clean.field(block.abstract, clean.LONGEST_ABSTRACT)
    return f"{abstract.rstrip('…')}…" if abstract and block.cut else abstract


def _doi(written: str) -> str | None:
    """The first of them: some have the same one thrice, some that of a preprint behind."""
    match = _DOI.match(written)
    return clean.field(match[0].rstrip(".,;"), 300) or None if match else None


def _version(fields: Mapping[str, str]) -> int | None:
    numbers = [int(match["version"]) for match in map(_REVISION.fullmatch, fields) if match]
    return max(numbers, default=None)


def _withdrawn(fields: Mapping[str, str]) -> bool:
    """A withdrawn version has nothing in it, `(0kb,I)`; the word itself stands nowhere but in comments, if at all."""
    dated = [value for key, value in fields.items() if key.startswith(("Date", "replaced"))]
    sizes = [match for match in (re.search(SIZE, value) for value in dated) if match]
    return bool(sizes) and int(sizes[-1]["size"]) == 0 and "I" in (sizes[-1]["flags"] or "")


# --- names -------------------------------------------------------------------------------------------------------


def authors(written: str) -> tuple[str, ...]:
    """Names without affiliations: "A. One (1 and 2), B. Two and C. Three ((1) Here, (2) There)" are three."""
    names: list[str] = []
    plain = _BARE_ACCENT.sub(r"\\\1{\2}", _joined([_TIE.sub(" ", _outside_parentheses(written))]))
    for part in _BETWEEN_NAMES.split(plain):
        if names and _SUFFIX.fullmatch(part):
            names[-1] = f"{names[-1]} {part}"
        else:
            names += _TEAM.split(part)
    return clean.names(name.strip(" ,;") for name in names)


def _outside_parentheses(text: str) -> str:
    """The text outside of all parentheses; where they do not match, of those alone that do."""
    kept: list[str] = []
    depth = 0
    for part in re.split(r"([()])", text):
        if part == "(":
            depth += 1
        elif part == ")":
            depth -= 1
        elif depth == 0:
            kept.append(part)
        if depth < 0:
            break
    if depth == 0:
        return "".join(kept)
    for _ in range(3):
        text = _INNERMOST.sub("", text)
    return ", ".join(name.partition("(")[0].replace(")", "") for name in text.split(","))
