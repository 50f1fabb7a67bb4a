"""The readers on the real dumps: exact counts of every file, and none left out.

Runs where DIGEST_REAL_DATA names the folder of real dumps; there a missing file is a failure. Only paths and numbers of
them are kept here.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from conftest import real_data

from digest.errors import ListingError
from digest.listings import read_dump, read_listing
from digest.model import Listing

pytestmark = pytest.mark.skipif("DIGEST_REAL_DATA" not in os.environ, reason="needs the real dumps")

NOW = datetime(2025, 12, 10, 8, tzinfo=UTC)
LATER = datetime(2026, 12, 31, tzinfo=UTC)


COUNTS = Path(__file__).parent / "data" / "real-counts.tsv"
COLUMNS = ("path", "format", "as_of", "entries", "rejected", "cut", "why")
AT = datetime(2026, 12, 1, 12, tzinfo=UTC)  # the seeds' dates have no year
COMPLAINTS = ("holds only `1`", "arXiv answered", "without a list of papers")


def counted(path: Path, name: str) -> tuple[str, ...]:
    """A row of the table: what becomes of a file, and why; "today" is a day that it does not tell."""
    try:
        listing = read_listing(read_dump(path), now=AT)
    except ListingError as error:
        return (name, "-", "-", "0", "0", "-", next(words for words in COMPLAINTS if words in str(error)))
    day = "today" if listing.as_of == AT.date() else str(listing.as_of)
    reasons = {"may be cut" if "may be cut" in one.reason else one.reason for one in listing.rejected}
    counts = (str(len(listing.entries)), str(len(listing.rejected)), "cut" if listing.cut else "-")
    return (name, listing.format, day, *counts, "; ".join(sorted(reasons)) or "-")


def test_every_file_has_its_row(request: pytest.FixtureRequest) -> None:
    """Renewed with --update-golden; the numbers were compared with those that the folders' own tables tell."""
    paths = [path for folder in ("listings", "seeds") for path in (real_data() / folder).rglob("*")]
    names = {str(path.relative_to(real_data())): path for path in paths if path.is_file() and path.name != "README.md"}
    rows = [COLUMNS, *(counted(path, name) for name, path in sorted(names.items()))]
    if request.config.getoption("--update-golden"):
        COUNTS.write_text("".join("\t".join(row) + "\n" for row in rows))
    told = [tuple(line.split("\t")) for line in COUNTS.read_text().splitlines()]
    assert {row[0] for row in told} == {row[0] for row in rows}
    assert [(was, now) for was, now in zip(told, rows, strict=True) if was != now] == []
    assert len(rows) == 509


def seeds() -> list[Listing]:
    paths = sorted((real_data() / "seeds").glob("*.txt"))
    assert len(paths) == 2
    return [read_listing(read_dump(path), now=NOW) for path in paths]


def test_seeds() -> None:
    blocks, lines = seeds()
    assert (len(blocks.entries), len(lines.entries)) == (43, 249)
    assert blocks.rejected == lines.rejected == ()
    assert (blocks.as_of, lines.as_of) == (date(2025, 12, 8), NOW.date())
    days = [entry.facts.published for entry in blocks.entries]
    assert (len([day for day in days if day]), len([day for day in days if day and day.year < 2025])) == (41, 16)
    assert len([entry for entry in blocks.entries if entry.comments is not None]) == 13
    assert all(entry.comments is None and entry.facts.published is None for entry in lines.entries)
    assert [entry.facts.organisation for entry in blocks.entries if entry.facts.organisation] == ["NJU-LINK Lab"]
    assert len([entry for entry in blocks.entries if entry.facts.author_count]) == 40
    assert all(len(entry.facts.abstract) > 300 for entry in (*blocks.entries, *lines.entries))


def test_seeds_have_five_papers_in_common() -> None:
    one, other = ({entry.facts.title.casefold() for entry in listing.entries} for listing in seeds())
    assert (len(one | other), len(one & other)) == (287, 5)


def test_titles_of_seeds_are_clean() -> None:
    titles = [entry.facts.title for listing in seeds() for entry in listing.entries]
    assert not [title for title in titles if re.search(r"[$\\^{}]|^Subscribe", title)]


def told() -> list[tuple[str, str, int, str]]:
    """File, day, records and quirks of each file as the folder's README has them."""
    text = (real_data() / "listings" / "hf-api-daily" / "README.md").read_text()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return [(row[0], row[4][:10], int(row[5]), row[6]) for row in rows if len(row) == 7 and row[0].endswith(".json")]


def test_every_daily_file_has_its_day_and_all_its_records() -> None:
    folder = real_data() / "listings" / "hf-api-daily"
    table = told()
    present = {str(path.relative_to(folder)) for path in folder.rglob("*.json")}
    assert {file for file, *_ in table} == present
    assert len(present) == 164
    read = 0
    for file, day, records, quirks in table:
        path = folder / file
        if "body is '1'" in quirks:
            with pytest.raises(ListingError, match="holds only `1`"):
                read_listing(read_dump(path), now=LATER)
            continue
        listing = read_listing(read_dump(path), now=LATER)
        assert (str(listing.as_of), len(listing.entries), listing.rejected) == (day, records, ()), file
        assert all(
            e.facts.arxiv_id and e.facts.published and e.facts.authors and e.facts.abstract for e in listing.entries
        )
        assert all(e.votes is not None and e.comments is not None for e in listing.entries), file
        read += records
    assert read == sum(records for _, _, records, _ in table)


def test_the_day_does_not_hang_on_the_name(tmp_path: Path) -> None:
    """Only the files of the four days between the two schemas need it."""
    folder = real_data() / "listings" / "hf-api-daily"
    missed = set()
    for file, day, _, quirks in told():
        if "body is '1'" in quirks:
            continue
        nameless = tmp_path / "dump"
        nameless.write_bytes((folder / file).read_bytes())
        if str(read_listing(read_dump(nameless), now=LATER).as_of) != day:
            missed.add(day)
    assert missed <= {"2025-03-11", "2025-03-12", "2025-03-13", "2025-03-14"}
