"""Text of Hugging Face paper lists: the head, the year, the blocks."""

from __future__ import annotations

import re
import textwrap
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from linear import linear

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


# --- captures with marks -----------------------------------------------------------------------------------------

Told = tuple[str, int, int | None, str | None, str | None, int | None, str | None]


def marked(name: str) -> tuple[Listing, list[Told]]:
    """The listing, and of each paper its place, votes, comments, id, day, number of authors and organisation."""
    listing = read((DATA / name).read_text())
    return listing, [
        (
            entry.where,
            entry.votes if entry.votes is not None else -1,
            entry.comments,
            entry.facts.arxiv_id,
            str(entry.facts.published) if entry.facts.published else None,
            entry.facts.author_count,
            entry.facts.organisation,
        )
        for entry in listing.entries
    ]


def test_a_search_as_markdown() -> None:
    listing, told = marked("search-markdown.txt")
    assert (listing.format, listing.source, listing.as_of) == ("hf-text", "hf-search", date(2026, 6, 2))
    assert told == [
        ("line 29", 101, 6, "2605.90001", "2026-05-29", None, "MOSS"),
        ("line 41", 0, None, "2502.90002", "2025-02-27", 3, None),
        ("line 63", 1, 12, "2605.90003", "2026-05-08", 10, None),
    ]
    assert titles(listing) == [
        "MossMap: Faithful Maps of [Moving] Moss",
        "The Winding Path from Moss to Map: Measuring How Gardeners Engage with Past Gardens",
        "Ten Gardeners Without Pictures",
    ]
    first, wrapped, last = (entry.facts.abstract for entry in listing.entries)
    assert first.startswith("Mossmap sentence")
    assert first.endswith("It finds [CLS] tokens with mossmaps grounded in 2 -- 6x larger maps.")
    assert wrapped.count("Winding sentence number") == 6
    assert "\\" not in wrapped
    assert last.endswith("built. Code: https://git.example.org/ten.")


def test_a_search_with_addresses_on_lines_of_their_own() -> None:
    listing, told = marked("search-links.txt")
    assert listing.as_of == date(2026, 3, 25)
    assert told == [
        ("line 68", 19, None, "2410.90004", "2024-10-07", 2, None),
        ("line 88", 0, 2, "2603.90005", "2026-03-03", 664, None),
        ("line 112", 74, 1, "2310.90006", "2023-10-23", None, "Green Lab"),
    ]
    assert titles(listing)[1] == "Shells_32: A Set of Shells"
    assert listing.entries[0].facts.abstract.endswith("built. Our code is available at https://moss.example.org")


def test_a_search_with_numbered_links() -> None:
    listing, told = marked("search-numbered.txt")
    assert listing.as_of == date(2026, 6, 2)
    assert told == [
        ("line 35", 0, None, None, "2026-05-30", 3, None),
        ("line 56", 65, 6, None, "2024-03-08", 671, None),
        ("line 77", 24, 3, None, "2026-03-13", None, "Green Lab"),
        ("line 96", 1, None, None, None, None, None),
    ]
    assert listing.entries[1].facts.abstract.endswith("We propose MAP² as in [12][13] before.")
    assert listing.entries[1].facts.latex_abstract
    assert listing.entries[3].facts.abstract.endswith("built. Ho…"), "cut, and says so"


def test_the_trending_page_has_each_paper_once_and_no_summary_for_an_abstract() -> None:
    listing, told = marked("trending-markdown.txt")
    assert (listing.source, listing.as_of, listing.daily) == ("hf-trending", NOW.date(), False)
    assert told == [
        ("line 51", 117, None, "2605.90011", "2026-05-04", None, "Green Lab"),
        ("line 105", 0, None, "2412.90012", "2024-12-28", 4, None),
    ]
    kandi, agents = (entry.facts for entry in listing.entries)
    assert (kandi.submitter, kandi.code_url, kandi.code_stars) == ("ines", "https://github.com/moss/kandimoss", 131)
    assert (agents.submitter, agents.code_url, agents.code_stars) == ("per", "https://github.com/moss/agents", None)
    assert agents.title == "MossAgents: Efficient Watering with PagedGardens"
    assert kandi.abstract.count("Kandimoss sentence number") == 6
    assert agents.abstract == ""


MARKED_CARD = """
[![Image 2](SITE/x.png)](SITE/papers/NUMBER)

Submitted by ![Image 3](https://cdn.example.org/x.jpeg) BY

[VOTES](SITE/login?next=%2Fpapers%2FNUMBER)

### [TITLE](SITE/papers/NUMBER)

[*   · AUTHORS](SITE/papers/NUMBER)"""


@pytest.mark.parametrize("site", ["https://huggingface.co", ""])
def test_the_daily_page_as_markdown(site: str) -> None:
    kites = MARKED_CARD.replace("BY", "marlin").replace("VOTES", "- [x] 94").replace("AUTHORS", "533 authors")
    kites = kites.replace("NUMBER", "2605.90001").replace("TITLE", "Kites of Paper")
    sails = MARKED_CARD.replace("BY", "otter").replace("VOTES", "-").replace("AUTHORS", "1 author")
    sails = sails.replace("NUMBER", "2605.90002").replace("TITLE", "Small Sails")
    head = f"{BANNER}\n\n# [Daily Papers](SITE/papers)\n\n[](SITE/papers?date=2026-05-31)Jun 1[](SITE/papers)\n"
    listing = read(f"{head}{kites}[5](SITE/papers/2605.90001#community)\n{sails}\n".replace("SITE", site))
    assert (listing.source, listing.as_of, listing.daily) == ("hf-daily", date(2026, 6, 1), True)
    told = [(one.votes, one.comments, one.facts.author_count, one.facts.submitter) for one in listing.entries]
    assert told == [(94, 5, 533, "marlin"), (0, None, 1, "otter")]
    assert [(one.facts.arxiv_id, one.facts.abstract) for one in listing.entries] == [
        ("2605.90001", ""),
        ("2605.90002", ""),
    ]


def test_the_trending_page_with_headings_alone() -> None:
    listing, told = marked("trending-headings.txt")
    assert listing.source == "hf-trending"
    assert told == [("line 13", -1, None, None, None, 8, None), ("line 25", -1, None, None, None, None, None)]
    assert titles(listing)[1] == "SmolMoss: A Small Model for End-to-end Moss Conversion"
    abstracts = [entry.facts.abstract for entry in listing.entries]
    assert abstracts[0] == ""
    assert abstracts[1].endswith("built. https://moss.example.org/smol")


# The words of the page's nodes one by one; the second card tells no votes, the third no comments.
DAILY = """new
Get trending papers in your email inbox once a day!
Get trending papers in your email inbox!
Subscribe
Daily Papers
by
AK
and the research community
Jun
1
Submitted by
marlin
94
Kites of Paper
·
533 authors
5
Submitted by
otter
Small Sails
·
1 author
2
Submitted by wren
7
Reefs, a Survey
·
12 authors
Previous
Company
"""


@pytest.mark.parametrize(
    "text",
    [
        DAILY,
        DAILY.replace("\n", "\n\n"),
        DAILY.replace("\n", "\r\n").partition("by\r\n")[2],
        DAILY.replace("Submitted by\n", "Submitted by"),
        DAILY.replace("Previous\n", "Previous Next\n").replace("Kites of Paper\n", "Kites of\nPaper\n"),  # printed
        DAILY.replace("·\n", "    •\n\n    •\n\n·\n"),  # from Firefox
    ],
)
def test_the_daily_page_as_plain_text(text: str) -> None:
    listing = read(text if "Daily Papers" in text else f"Daily Papers\nby\n{text}")
    assert (listing.source, listing.as_of, listing.daily) == ("hf-daily", date(2026, 6, 1), True)
    told = [(one.votes, one.comments, one.facts.title, one.facts.submitter) for one in listing.entries]
    assert told == [
        (94, 5, "Kites of Paper", "marlin"),
        (None, 2, "Small Sails", "otter"),
        (7, None, "Reefs, a Survey", "wren"),
    ]
    assert [one.facts.author_count for one in listing.entries] == [533, 1, 12]
    assert {one.facts.abstract for one in listing.entries} == {""}


def test_an_organisation_stands_for_the_authors_on_the_daily_page() -> None:
    lab = read(DAILY.replace("·\n533 authors", "Green Lab Green Lab")).entries[0]
    assert (lab.facts.title, lab.facts.organisation, lab.comments) == ("Kites of Paper", "Green Lab", 5)


@pytest.mark.parametrize(
    "text",
    [re.sub("Submitted by.*\n", "", DAILY), textwrap.fill("\n".join([BANNER, f"A Title\n{PROSE}" * 5]), 60)],
    ids=["numbers for titles", "wrapped lines"],
)
def test_a_page_of_no_known_form_is_not_taken_for_another(text: str) -> None:
    with pytest.raises(ListingError, match="unknown form or of wrapped lines; save it as HTML"):
        read(text)


def test_the_trending_page_as_plain_text() -> None:
    rest = "Upvote 117\n\nPublished on May 4, 2026\n\nGitHub 113 arXiv Page\n\n"
    cards = "".join(
        f"Submitted by\n\nmarlin\n\n{title}\n\n{abstract}\n\n{rest}"
        for title, abstract in [("Kites of Paper", "A machine's words."), ("Small Sails", PROSE * 2)]
        for _ in ("wide", "narrow")
    )
    listing = read(f"[Hugging Face](https://huggingface.co/)\n\nTrending Papers\n\nby AK\n\n{cards}")
    assert (listing.source, listing.as_of, listing.daily) == ("hf-trending", NOW.date(), False)
    told = [(one.votes, one.facts.title, one.facts.published, one.facts.code_stars) for one in listing.entries]
    assert told == [(117, "Kites of Paper", date(2026, 5, 4), 113), (117, "Small Sails", date(2026, 5, 4), 113)]
    assert [one.facts.abstract for one in listing.entries] == ["", (PROSE * 2).strip()]


def test_a_heading_of_the_page_is_no_paper() -> None:
    text = "[![logo](https://c.org/a.svg)](https://huggingface.co/)\n\n### Daily Papers\n\n" + (
        "### [Kites of Paper](https://huggingface.co/papers/2606.90001)\n\nOf kites.\n"
    )
    assert titles(read(text)) == ["Kites of Paper"]


def test_the_day_of_a_capture_limits_its_year() -> None:
    linked = (DATA / "search-links.txt").read_text()
    assert read(linked.replace("/papers/date/2026", "/papers/date/2024")).as_of == date(2024, 3, 25)
    text = linked.replace("/papers/date/2026-03-24", "/papers")
    assert read(text.replace("exported: 2026-06-03", "exported: 2026-03-24")).as_of == date(2025, 3, 25)
    assert read(text.replace("exported: 2026-06-03", "exported: 2026-13-03")).as_of == date(2026, 3, 25)
    trending = (DATA / "trending-markdown.txt").read_text()
    assert read(f"retrieved: 2026-05-20\n{trending}").as_of == date(2026, 5, 20)


@pytest.mark.parametrize(
    "piece",
    ["### [", "### [x\n", "### [x](", "[-] 1\n", "https://huggingface.co/login?next=%2Fpapers%2F2\n", "\n", "[", "]("],
)
@linear()
def test_large_hostile_captures_cost_no_more_than_their_length(piece: str) -> None:
    head = f"{BANNER}\n\n### A Title\n\n"
    with suppress(ListingError):
        read(head + piece * 10_000)
    read(head + piece * 10_000 + "](https://huggingface.co/papers/2605.90001)\n")


# --- plain text --------------------------------------------------------------------------------------------------


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


def test_a_page_copied_with_all_around_it_from_windows() -> None:
    cards = page(card("A Title", "Mar 1 4"), card("Another", "Mar 2"))
    above, below = "Daily Papers - Hugging Face\nhttps://huggingface.co/papers?q=x", "System theme\nCompany\nTOS\nDocs"
    around = f"{above}\n\n{cards}\n{below}\n"
    listing = read_listing(dump_of("x", around.replace("\n", "\r\n").encode("cp1252")), now=NOW)
    assert [one.facts for one in listing.entries] == [one.facts for one in read(cards).entries]
    assert [one.facts for one in read(re.sub("^", "> ", cards, flags=re.M)).entries] == [
        one.facts for one in read(cards).entries
    ]
    assert titles(read(f"Papers\n{BANNER}\nA Title\n{PROSE}\n\nCompany\n\nTOS\n")) == ["A Title"]


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


@pytest.mark.parametrize(
    ("name", "day", "as_of"),
    [
        ("in/2024-12-08.txt", "Dec 8", date(2024, 12, 8)),
        ("in/2024-12-07.txt", "Dec 8", date(2024, 12, 8)),
        ("in/2025-01-02.txt", "Dec 8", date(2024, 12, 8)),
        ("in/2062-01-02.txt", "Dec 8", date(2025, 12, 8)),
        ("in/2024-12-09.txt", None, date(2024, 12, 9)),
    ],
)
def test_the_day_in_the_name_gives_the_year(name: str, day: str | None, as_of: date) -> None:
    dump = dump_of(name, page(card("A Title", "Jul 24"), day=day).encode())
    listing = read_listing(dump, now=NOW)
    assert (listing.as_of, listing.entries[0].facts.published) == (as_of, date(as_of.year, 7, 24))


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
