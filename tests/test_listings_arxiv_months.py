"""arXiv's listing files of a week or a month: the day, old forms, revisions, and the real ones."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from conftest import real_data

from digest.errors import ListingError, UnknownFormatError
from digest.listings import dump_of, read_dump, read_listing
from digest.model import Facts, Listing

DATA = Path(__file__).parent / "data" / "listings"
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
RULE = "-" * 78


def read(text: str, name: str = "dump.txt", as_of: date | None = None) -> Listing:
    return read_listing(dump_of(name, text.encode()), now=NOW, as_of=as_of)


def entry(number: str, when: str, title: str = "A Title") -> str:
    fields = [f"Date: {when} GMT   (12kb)", "", f"Title: {title}", "Authors: A. Fern", "Categories: cs.AI"]
    return "\n".join(["\\\\", f"arXiv:{number}", "From: A. Fern  <a@example.com>", *fields, "\\\\", RULE, ""])


def heading(day: str) -> str:
    return f"\\\\\n/* {day} */\n\\\\\n{RULE}\n"


def test_a_week() -> None:
    listing = read((DATA / "arxiv-week.txt").read_text())
    told = (listing.format, listing.source, listing.daily, listing.fidelity, listing.as_of)
    assert told == ("arxiv-months", "arxiv-listing", False, 55, date(2026, 6, 3))
    ferns, reeds, roots = [one.facts for one in listing.entries]
    assert ferns == Facts(
        title="Watering Robots That Ask Before They Pour: An Invented Study of Thirsty Ferns",
        authors=("Ada Fernbank", "Håkon Moss"),
        author_count=2,
        categories=("cs.RO", "cs.AI"),
        published=date(2026, 6, 2),
        arxiv_id="2606.90001",
    )
    assert (reeds.published, reeds.version, reeds.withdrawn, reeds.doi) == (date(2026, 5, 31), 3, True, "10.5555/reed")
    assert (roots.version, roots.withdrawn) == (None, None)
    assert [one.where for one in listing.entries] == ["line 7", "line 19", "line 36"]
    assert listing.rejected == ()


def test_an_old_month() -> None:
    listing = read((DATA / "arxiv-month.txt").read_text())
    assert (listing.format, listing.as_of, listing.rejected) == ("arxiv-months", date(1993, 4, 10), ())
    ivy, frost = [one.facts for one in listing.entries]
    assert (ivy.arxiv_id, ivy.published, ivy.authors) == ("math/9304001", date(1993, 4, 5), ("Lee Ivy", "Max Wall"))
    assert (ivy.version, frost.arxiv_id) == (None, "cond-mat/9304067")
    assert frost.title == "Exact Frost on an Inexact Pane, with Uses in Winter"
    assert frost.categories == ("cond-mat.soft", "math", "math-ph")


BEGUN = f"{RULE}\n\nPapers received as of Fri Jan  1 01:06:04 MET 1993.\n\n{RULE}\n"
JUNE = entry("2606.90001", "Tue, 2 Jun 2026 18:02:02")
MAY = entry("2605.90001", "Sun, 31 May 2026 18:02:02")


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        (heading("Fri, 5 Jun 2026") + JUNE + heading("Thu, 4 Jun 2026") + MAY, "2026-01-01", date(2026, 6, 5)),
        (heading("Thu, 4 Jun 2026") + MAY + heading("Fri, 5 Jun 2026") + JUNE, "x", date(2026, 6, 5)),
        (heading("Fri, 99 Jun 2026") + JUNE, "x", date(2026, 6, 2)),
        (JUNE + MAY, "2026-01-01", date(2026, 6, 2)),
        (BEGUN + MAY, "x", date(2026, 5, 31)),
        (MAY + entry("2606.90002", "Tue, 2 Jun 2036 18:02:02"), "x", date(2026, 5, 31)),
        (entry("2606.90002", "no day"), "listing-2026-06-09.txt", date(2026, 6, 9)),
        (entry("2606.90002", "no day"), "x", NOW.date()),
        (heading("Fri, 5 Jun 2026"), "x", date(2026, 6, 5)),
        (BEGUN, "x", date(1993, 1, 1)),
    ],
)
def test_the_day(text: str, name: str, expected: date) -> None:
    listing = read(text, name)
    assert (listing.format, listing.as_of) == ("arxiv-months", expected)
    assert read(text, name, as_of=date(2020, 1, 2)).as_of == date(2020, 1, 2)


def test_empty_lists_are_valid() -> None:
    assert read(BEGUN).entries == read(heading("Fri, 5 Jun 2026")).entries == ()


def test_bad_entries_are_named_and_the_rest_goes_on() -> None:
    listing = read(
        entry("nothing/12", "Tue, 2 Jun 2026") + JUNE + entry("2606.90003", "Tue, 2 Jun 2026", "") + MAY[:60]
    )
    assert [one.facts.arxiv_id for one in listing.entries] == ["2606.90001"]
    assert [(one.where, one.reason) for one in listing.rejected] == [
        ("line 2", "has “nothing/12” where an arXiv id should be"),
        ("line 22", "has no title"),
        ("line 32", "is cut in its head"),
    ]
    with pytest.raises(ListingError, match="none of its 1 entries"):
        read(entry("nothing/12", "Tue, 2 Jun 2026"))


@pytest.mark.parametrize(
    "text", ["arXiv:2606.90001\nTitle: x\n", "\\\\\nTitle: x\n", f"<pre>{JUNE}", "\\\\\n/* today */\n"]
)
def test_what_is_no_listing_file(text: str) -> None:
    with pytest.raises(UnknownFormatError):
        read(text)


@pytest.mark.skipif("DIGEST_REAL_DATA" not in os.environ, reason="needs the real dumps")
@pytest.mark.parametrize(
    ("file", "as_of", "entries", "dated", "versions", "dois"),
    [
        ("astro-ph.2303.txt", "2023-03-02", 127, 127, 3, 13),
        ("astro-ph.9204.txt", "1992-04-30", 6, 6, 0, 0),
        ("astro-ph.pastweek.CO.txt", "2023-03-03", 63, 63, 0, 3),
        ("astro-ph.pastweek.EP.txt", "2023-03-03", 49, 49, 0, 7),
        ("astro-ph.pastweek.HE.txt", "2023-03-03", 85, 85, 1, 7),
        ("astro-ph.pastweek.IM.txt", "2023-03-03", 55, 55, 0, 10),
        ("astro-ph.pastweek.SR.txt", "2023-03-03", 67, 67, 1, 6),
        ("astro-ph.pastweek.txt", "2023-03-03", 320, 320, 1, 30),
        ("math-ph.9701.txt", "1997-01-30", 17, 16, 0, 0),
        ("math.2103.txt", "2021-03-07", 1, 1, 0, 0),
        ("math.pastweek.AG.txt", "2023-03-03", 1, 1, 0, 0),
    ],
)
def test_real_files(file: str, as_of: str, entries: int, dated: int, versions: int, dois: int) -> None:
    listing = read_listing(read_dump(real_data() / "listings" / "arxiv-listing-files" / file), now=NOW)
    assert (listing.format, str(listing.as_of), len(listing.entries)) == ("arxiv-months", as_of, entries)
    assert listing.rejected == ()
    facts = [one.facts for one in listing.entries]
    told = [sum(map(bool, values)) for values in zip(*((f.published, f.version, f.doi) for f in facts), strict=True)]
    assert told == [dated, versions, dois]
    assert len({one.arxiv_id for one in facts}) == entries
    assert all(one.title and one.authors and one.categories and not one.abstract for one in facts)
    assert not [name for one in facts for name in one.authors if "@" in name or "(" in name]


@pytest.mark.skipif("DIGEST_REAL_DATA" not in os.environ, reason="needs the real dumps")
def test_every_real_file_is_in_a_table() -> None:
    files = {path.name for path in (real_data() / "listings" / "arxiv-listing-files").glob("*.txt")}
    assert len([name for name in files if ".new" not in name]) == 11
