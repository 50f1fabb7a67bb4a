"""Text of Hugging Face paper lists: the head, the year, the blocks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from digest.errors import ListingError
from digest.listings import dump_of, read_listing
from digest.model import Listing

DATA = Path(__file__).parent / "data" / "listings"
NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)
BANNER = "Get trending papers in your email inbox!"
PROSE = "This invented abstract is long enough to be one, as it goes on about a method that no one has built. " * 4


def read(text: str, now: datetime = NOW, as_of: date | None = None) -> Listing:
    return read_listing(dump_of("dump.txt", text.encode()), now=now, as_of=as_of)


def titles(listing: Listing) -> list[str]:
    return [entry.facts.title for entry in listing.entries]


def page(*blocks: str, day: str | None = "Mar 3") -> str:
    head = ["new", BANNER, "Subscribe", "Daily Papers", "byAK and the research community", *([day] if day else [])]
    return "\n\n".join([*head, *blocks]) + "\n"


def card(title: str, when: str, who: str = "  • 3 authors") -> str:
    return f"{title}\n\n{PROSE}\n\n{who}\n·\n{when}"


def test_blocks() -> None:
    listing = read((DATA / "search-blocks.txt").read_text())
    told = [
        (entry.facts.published, entry.comments, entry.facts.author_count, entry.facts.organisation)
        for entry in listing.entries
    ]
    assert told == [
        (date(2026, 2, 24), None, 21, None),
        (date(2026, 1, 6), 2, 1, None),
        (None, None, None, None),
        (date(2025, 12, 12), 13, None, "GREEN-LAB Institute"),
        (date(2024, 2, 29), None, 3, None),
        (date(2026, 3, 1), 1, 664, None),
    ]
    assert titles(listing)[:3] == [
        "Quilting Maps: A First Paper with ALR² in Its Title",
        "Subscribe to Me: A Title That Begins with the Word",
        "A Paper without Any Author and Date Block",
    ]
    assert listing.entries[0].facts.abstract.endswith("It gains 5.0% on {Patchwork} & is <fast>.")
    assert listing.entries[4].facts.abstract == "A short abstract."
    assert listing.entries[0].where == "line 15"
    assert all(entry.votes is None and not entry.facts.authors for entry in listing.entries)


def test_lines() -> None:
    listing = read((DATA / "search-lines.txt").read_text())
    assert titles(listing) == [
        "Tiny-2-Think: The Limits of Invented Models",
        "LLaVA-φur: A Dollar Sign and a Greek Letter",
        "Subscriber Churn in <10B Models?",
    ]
    abstract = listing.entries[1].facts.abstract
    assert abstract.endswith("It costs $42 & uses 50% of `\\n\\n` tokens; see https://example.org/a_b.")
    assert all(entry.comments is None and entry.facts.published is None for entry in listing.entries)


@pytest.mark.parametrize(
    ("first", "title"),
    [
        ("SubscribeQuilt-4: On Maps", "Quilt-4: On Maps"),
        ("SubscribeunQuilt: On Maps", "unQuilt: On Maps"),
        ("Subscribes1: Simple Maps", "s1: Simple Maps"),
        ("Subscribe$\\nabla^2$DFT: Maps", "∇²DFT: Maps"),
        ("SubscribeSubscriber Churn", "Subscriber Churn"),
        ('Subscribe"Why?" Asked of Maps', '"Why?" Asked of Maps'),
        ("Subscriber Churn", "Subscriber Churn"),
        ("Subscribers' Habits", "Subscribers' Habits"),
        ("Subscribe: A Map", "Subscribe: A Map"),
        ("Subscribe to Maps", "Subscribe to Maps"),
        ("Subscribed and Unsubscribed", "Subscribed and Unsubscribed"),
    ],
)
def test_glued_link_text_goes_and_the_word_stays(first: str, title: str) -> None:
    assert titles(read(f"{BANNER}\n{first}\n{PROSE}\n")) == [title]


def test_nothing_is_glued_where_the_link_stands_by_itself() -> None:
    assert titles(read(page(card("SubscribeNet: A Network", "Mar 1")))) == ["SubscribeNet: A Network"]


@pytest.mark.parametrize(
    "banner", [BANNER, "Get trending papers in your email inbox once a day!", f"\ufeff{BANNER}", f"{BANNER}\u00a0"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_both_banners_in_both_forms(banner: str, end: str) -> None:
    lines = f"{banner}\nSubscribeA Title\n{PROSE}".replace("\n", end)
    blocks = page(card("A Title", "Mar 1 4", who="\u00a0 •\u00a03 authors")).replace(BANNER, banner).replace("\n", end)
    assert titles(read(lines)) == titles(read(blocks)) == ["A Title"]
    assert read(blocks).entries[0].facts.author_count == 3
    assert read(blocks).entries[0].comments == 4


@pytest.mark.parametrize(
    ("day", "when", "now", "as_of", "published"),
    [
        ("Dec 8", "Jul 24", "2025-12-10", "2025-12-08", "2025-07-24"),
        ("Dec 8", "Jul 24", "2026-03-01", "2025-12-08", "2025-07-24"),
        ("Dec 8", "May 27, 2024", "2025-12-08", "2025-12-08", "2024-05-27"),
        ("Dec 8, 2023", "Jul 24", "2026-03-01", "2023-12-08", "2023-07-24"),
        ("Feb 29", "Feb 28", "2026-03-01", "2024-02-29", "2024-02-28"),
        ("Mar 3", "Feb 29", "2026-06-01", "2024-03-03", "2024-02-29"),
        (None, "Jul 24", "2026-07-25", "2026-07-25", "2026-07-24"),
        (None, "Jul 24", "2026-07-23", "2026-07-23", "2025-07-24"),
        ("June 2", "May 31", "2026-06-03", "2026-06-02", "2026-05-31"),
        ("Mar 3", "Feb 30", "2026-06-01", None, None),
        ("Feb 30", "Feb 1", "2026-06-01", None, None),
        ("Dec 8", "May 27, 2024", "2025-12-01", None, None),
        ("Feb 29", "May 27, 2024", "2026-03-01", None, None),
    ],
)
def test_the_year_that_is_not_printed(
    day: str | None, when: str, now: str, as_of: str | None, published: str | None
) -> None:
    text, moment = page(card("A Title", when), day=day), datetime.fromisoformat(f"{now}T09:00:00+00:00")
    if as_of is None:
        with pytest.raises(ListingError, match="--as-of"):
            read(text, now=moment)
        assert read(text, now=moment, as_of=date(2025, 12, 8)).as_of == date(2025, 12, 8)
        return
    listing = read(text, now=moment)
    assert str(listing.as_of) == as_of
    assert str(listing.entries[0].facts.published) == published


def test_the_users_day_gives_the_year() -> None:
    listing = read(page(card("A Title", "Jul 24")), as_of=date(2023, 12, 8))
    assert listing.entries[0].facts.published == date(2023, 7, 24)


def test_no_page_date_and_no_year_that_fits_is_no_date() -> None:
    listing = read(page(card("One", "May 1, 2026"), card("Two", "May 2"), day=None))
    assert [entry.facts.published for entry in listing.entries] == [date(2026, 5, 1), None]


def test_dates_are_never_taken_across_a_title() -> None:
    listing = read(page(f"First\n\n{PROSE}", card("Second", "Feb 1 3")))
    assert [(entry.facts.title, entry.comments) for entry in listing.entries] == [("First", None), ("Second", 3)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (page("Alone", card("Second", "Feb 1")), ["Alone", "Second"]),
        (page(f"First\n\n{PROSE}", "Cut Off at the End"), ["First", "Cut Off at the End"]),
        (page("A Title over\ntwo lines\n\n" + PROSE), ["A Title over two lines"]),
        (page(f"One\n\n{PROSE}\n\n{PROSE}\n\n{PROSE}\n\n  • 3 authors\n·\nFeb 1"), ["One"]),
        (page(card("Spread", "Feb 1").replace("\n·\n", "\n\n·\n\n"), card("Next", "Feb 2")), ["Spread", "Next"]),
        (page(f"One\n\n{PROSE}\n  • 3 authors\n·\nFeb 1\nTwo\n\n{PROSE}"), ["One", "Two"]),
        (page(f"One\n\n{PROSE}\n\n  • 3 authors", f"Two\n\n{PROSE}"), ["One", "Two"]),
        (page(card("One", "Feb 1\n7"), card("Two", "Feb 2")), ["One", "Two"]),
        (page("Only a Title"), ["Only a Title"]),
        (page(card("T" * 290, "Feb 1"), card("U", "Feb 2")), ["T" * 290, "U"]),
        (
            "\n".join([BANNER, "One", PROSE, "  • 3 authors", "·", "Feb 1", "Two", PROSE, "Lab", "·", "Feb 2"]),
            ["One", "Two"],
        ),
        ("\n".join([BANNER, "One", PROSE, "Two", "Three", PROSE, "Four", PROSE]), ["One", "Two", "Three", "Four"]),
        ("\n".join([BANNER, "One", "Short.", "Two", "Short."]), ["One", "Two"]),
        ("\n".join([BANNER, "One", PROSE, "Two", PROSE, "", "", ""]), ["One", "Two"]),
    ],
)
def test_odd_blocks(text: str, expected: list[str]) -> None:
    listing = read(text)
    assert titles(listing) == expected
    assert listing.rejected == ()


def test_comments_on_their_own_line_and_paragraphs_of_an_abstract() -> None:
    one = read(page(card("One", "Feb 1\n7"), card("Two", "Feb 2"))).entries[0]
    assert one.comments == 7
    long = read(page(f"One\n\n{PROSE}\n\n{PROSE}\n\n{PROSE}\n\n  • 3 authors\n·\nFeb 1")).entries[0]
    assert long.facts.abstract == " ".join([PROSE.strip()] * 3)


def test_what_cannot_be_a_title_is_rejected_with_its_line() -> None:
    listing = read(
        page(
            "  • 3 authors\n·\nFeb 1",
            card("x" * 1001, "Feb 2"),
            card("\u200b", "Feb 3"),
            card("\\,", "Feb 3"),
            card("Two", "Feb 4"),
        )
    )
    assert titles(listing) == ["Two"]
    assert [(one.where, one.reason) for one in listing.rejected] == [
        ("line 13", "authors and a date without a title before"),
        ("line 17", "1001 characters where a title should be"),
        ("line 27", "an abstract without a title before"),
        ("line 33", "nothing to be read where a title should be"),
    ]
    assert listing.entries[0].position == 1


@pytest.mark.parametrize(
    ("line", "organisation"),
    [
        ("GREEN-LAB GREEN-LAB Institute", "GREEN-LAB Institute"),
        ("Green Lab Green Lab", "Green Lab"),
        ("Green Lab Institute", "Green Lab Institute"),
        ("Oslo", "Oslo"),
        ("Oslo Oslo Metropolitan", "Oslo Metropolitan"),
    ],
)
def test_organisations(line: str, organisation: str) -> None:
    facts = read(page(card("A Title", "Feb 1", who=line))).entries[0].facts
    assert (facts.organisation, facts.author_count) == (organisation, None)
