"""arXiv's mailings: the sections, the day, what starts an entry, names, cut dumps, and the real ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from conftest import real_data
from hypothesis import HealthCheck, given, settings
from linear import linear
from test_listings import mutated

from digest.errors import ListingError
from digest.listings import dump_of, read_dump, read_listing
from digest.listings.arxiv_text import day_of
from digest.listings.people import in_text
from digest.model import Announced, Facts, Listing

DATA = Path(__file__).parent / "data" / "listings"
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
RULE = "-" * 78
WINDOW = " received from  Tue  2 Jun 26 18:00:00 GMT  to  Wed  3 Jun 26 18:00:00 GMT"
END = "%%%---" * 13


def read(text: str, name: str = "dump.txt", as_of: date | None = None) -> Listing:
    return read_listing(dump_of(name, text.encode()), now=NOW, as_of=as_of)


def entry(title: str = "A Title", number: str = "2606.90001", *more: str, abstract: str = "  An abstract.") -> str:
    head = [f"arXiv:{number}", "Date: Tue, 2 Jun 2026 18:02:02 GMT   (12kb)", "", f"Title: {title}", "Authors: A. Fern"]
    close = f"\\\\ ( https://arxiv.org/abs/{number} ,  12kb)"
    return "\n".join(["\\\\", *head, "Categories: cs.AI", *more, "\\\\", abstract, close])


def mailing(*entries: str, head: str = WINDOW) -> str:
    return "\n".join([RULE, head, RULE, "\n".join(f"{one}\n{RULE}" for one in entries), END, ""])


def test_the_three_sections() -> None:
    listing = read((DATA / "arxiv-mail.txt").read_text())
    assert (listing.format, listing.source, listing.daily, listing.fidelity) == (
        "arxiv-mail",
        "arxiv-mailing",
        False,
        60,
    )
    assert (listing.as_of, listing.rejected) == (date(2026, 6, 3), ())
    new, clover, cross, replaced, withdrawn = [one.facts for one in listing.entries]
    assert new == Facts(
        title="Watering Robots That Ask Before They Pour: An Invented Study of Thirsty Ferns",
        abstract="Ferns cannot say when they are dry. We invent a robot that asks, in the form of arXiv:2606.90777 "
        "to r² readers, and replaced with a pump it waters 42% less.",
        latex_abstract="Ferns cannot say when they are dry. We invent a robot that asks, in the form of "
        r"arXiv:2606.90777 to $r^{2}$ readers, and replaced with a pump it waters 42\% less.",
        authors=("Ada Fernbank", "Mikołaj Mossley", "Jörg Heather", "Zoé Nießwurz", "Marek Świerk"),
        author_count=5,
        categories=("cs.RO", "cs.AI"),
        comment="8 pages; see Title: page",
        published=date(2026, 6, 2),
        arxiv_id="2606.90001",
    )
    assert (clover.authors, clover.doi) == (("Bo Clover", "Cy Sedge"), "10.5555/clover.1")
    assert cross.authors == ("Hedgerow Collaboration", "D. Thorn", "E. Bramble Jr.", "F. Sloe")
    assert (cross.categories, cross.published) == (("math.CO", "cs.AI"), date(2026, 5, 29))
    assert (replaced.arxiv_id, replaced.abstract, replaced.published) == ("1307.7004", "", None)
    assert (replaced.authors, replaced.author_count, replaced.withdrawn) == (("Gus Lichen",), None, None)
    assert (withdrawn.arxiv_id, withdrawn.withdrawn) == ("2601.70005", True)
    assert (replaced.journal_ref, replaced.updated) == ("Journal of Invented Moss 3 (2014) 1-9", date(2026, 6, 3))
    assert (withdrawn.comment, withdrawn.updated) == ("The second lemma is wrong", date(2026, 6, 3))
    assert [one.announced for one in listing.entries] == [
        *(Announced.NEW, Announced.NEW, Announced.CROSS, Announced.REPLACED, Announced.REPLACED)
    ]
    assert [one.where for one in listing.entries] == ["line 15", "line 34", "line 48", "line 60", "line 70"]


def test_a_new_file_has_its_own_date_and_names_what_it_cannot_read() -> None:
    listing = read((DATA / "arxiv-new.txt").read_text())
    assert (listing.as_of, len(listing.entries)) == (date(2026, 6, 5), 1)
    assert listing.entries[0].facts.title.endswith("That Goes On over the End of Its Line")
    assert [(one.where, one.reason) for one in listing.rejected] == [
        ("line 30", "has “2606.9” where an arXiv id should be"),
        ("line 41", "has no title"),
    ]


def test_a_day_without_papers() -> None:
    listing = read((DATA / "arxiv-new-empty.txt").read_text())
    assert (listing.format, listing.as_of, listing.entries, listing.rejected) == (
        "arxiv-mail",
        date(2026, 6, 8),
        (),
        (),
    )


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (WINDOW, "2026-01-01.txt", date(2026, 6, 3)),
        (WINDOW.strip().replace("  ", " \xa0"), "x", date(2026, 6, 3)),
        (f"Date: Thu,  4 Jun 26 00:44:20 GMT\nSubject: cs daily\n\n{WINDOW}", "x", date(2026, 6, 4)),
        (f"Date: Thu, 4 Jun 2026 00:44:20 -0400 (EDT)\n\n{WINDOW}", "x", date(2026, 6, 4)),
        (f"Date: Thu, 31 Jun 2026 00:44:20 GMT\n\n{WINDOW}", "x", date(2026, 6, 3)),
        (f"Date: Fri, 5 Jun 2026\n\n---\nDate: Thu, Jun 4, 2026 at 2:44 AM\n\n{WINDOW}", "x", date(2026, 6, 4)),
        (f"Date: Fri, 5 Jun 2026\n\nSent: Thursday, June 4, 2026 2:44 AM\n\n{WINDOW}", "x", date(2026, 6, 4)),
        (f"Date: Fri, 19 Jun 2026\n\nGesendet: Donnerstag, 4. Juni 2026\n\n{WINDOW}", "x", date(2026, 6, 3)),
        (WINDOW.replace("Jun 26", "Jun 99"), "x", date(1999, 6, 3)),
        (WINDOW.replace("Jun 26", "Jun 2026"), "x", date(2026, 6, 3)),
        ("", "in/2026-01-02/cs-2026-01-01.txt", date(2026, 1, 1)),
        ("", "in/2026-01-02/cs-2026-13-01.txt", date(2026, 1, 2)),
        ("", "x", NOW.date()),
    ],
)
def test_the_day_is_that_of_announcement(head: str, name: str, expected: date) -> None:
    text = mailing(entry(), head=head)
    assert read(text, name).as_of == expected
    assert read(text, name, as_of=date(2020, 1, 2)).as_of == date(2020, 1, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tue, 30 May 2023 21:52:33 GMT", date(2023, 5, 30)),
        ("Wed  1 Jan 97 01:00:12 GMT", date(1997, 1, 1)),
        ("1 Jan 91", date(1991, 1, 1)),
        ("1 Jan 90", date(2090, 1, 1)),
        ("Sat Apr  4 02:55:44 METDST 1992.", date(1992, 4, 4)),
        ("Fri Jan  1 01:06:04 MET 1993.", date(1993, 1, 1)),
        ("Thu, 29 Feb 2023", None),
        ("31 Dec 9999", None),
        ("", None),
    ],
)
def test_dates(text: str, expected: date | None) -> None:
    assert day_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A. One", ("A. One",)),
        ("A. One and B. Two and C. Three", ("A. One", "B. Two", "C. Three")),
        ("A. One, B. Two, and C. Three", ("A. One", "B. Two", "C. Three")),
        ("Andy Sand, Rand Andersen", ("Andy Sand", "Rand Andersen")),
        ("A. One (Here, There and Nowhere), B. Two", ("A. One", "B. Two")),
        ("A. One (1), B. Two (2,3) ((1) Here (North), (2) There, (3) Else)", ("A. One", "B. Two")),
        ("A. One (5 of (a team), B. Two, C. Three", ("A. One", "B. Two", "C. Three")),
        ("A. One), B. Two", ("A. One", "B. Two")),
        ("The Team: A. One, B. Two", ("The Team", "A. One", "B. Two")),
        ("A. One, Jr., B. Two, III", ("A. One Jr.", "B. Two III")),
        (
            "A.~One, Gra\\v{s} Two, Wrzo\\'nski, {\\L}ukasz, Ca\\~na",
            ("A. One", "Graš Two", "Wrzoński", "Łukasz", "Caña"),
        ),
        ("Jard\\'{\\i}n, Y{\\i}ld", ("Jardín", "Yıld")),
        ("Da'Vinci O'Neil, A. One", ("Da'Vinci O'Neil", "A. One")),
        ("A. One, A. One,, ,", ("A. One",)),
        ("", ()),
    ],
)
def test_names(text: str, expected: tuple[str, ...]) -> None:
    assert in_text(text) == expected


def test_authors_not_shown_are_counted() -> None:
    text = mailing(entry()).replace("A. Fern", "A. Fern, B. Moss, et al. (12 additional authors not\n  shown)")
    facts = read(text).entries[0].facts
    assert (facts.authors, facts.author_count) == (("A. Fern", "B. Moss"), 14)


def test_only_an_id_right_after_a_parting_line_starts_an_entry() -> None:
    trap = "  Compare\narXiv:2606.90009\nDate: Tue, 2 Jun 2026 18:02:02 GMT\n\nTitle: Not a Paper"
    listing = read(mailing(entry(abstract=trap), entry("Next", "2606.90002")))
    assert [one.facts.arxiv_id for one in listing.entries] == ["2606.90001", "2606.90002"]
    assert listing.entries[0].facts.abstract.endswith("Title: Not a Paper")


def test_old_ids_versions_and_odd_fields() -> None:
    listing = read(
        mailing(entry("One", "math.GT/0309136"), entry("Two", "2606.90002v3", "DOI: none", "Categories: x y"))
    )
    one, two = [entry.facts for entry in listing.entries]
    assert (one.arxiv_id, two.arxiv_id, two.version, two.doi) == ("math/0309136", "2606.90002", 3, None)
    assert two.categories == ("cs.AI",)


@pytest.mark.parametrize(
    ("end", "abstract"),
    [(-100, "  Some invented words"), (-20, None), (None, None)],
)
def test_an_abstract_cut_off_says_so(end: int | None, abstract: str | None) -> None:
    whole = mailing(entry("One"), entry("Two", "2606.90002", abstract="  Some invented words about ferns."))
    cut = whole[: whole.index(" about ferns") if abstract else end]
    last = read(cut).entries[-1].facts
    assert last.abstract == ("Some invented words…" if abstract else "Some invented words about ferns.")


def test_an_entry_cut_in_its_head_is_rejected() -> None:
    whole = mailing(entry("One"), entry("A Long Title", "2606.90002"))
    listing = read(whole[: whole.index("Long Title")])
    assert (len(listing.entries), [one.reason for one in listing.rejected]) == (1, ["is cut in its head"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{RULE}\n{WINDOW}\n{RULE}\n", "cut"),
        (
            mailing(entry()) + mailing(entry(), head=WINDOW.replace("3 Jun", "4 Jun")),
            "of 2 days, not of one; save each",
        ),
        (mailing(entry(number="x")), "none of its 1 entries"),
        (mailing(entry(title="x" * 1001)), "too long"),
        (mailing(entry(title="\u200b")), "has no title"),
    ],
)
def test_dumps_that_are_no_mailing_say_so(text: str, words: str) -> None:
    with pytest.raises(ListingError, match=r"dump\.txt: ") as raised:
        read(text)
    assert words in str(raised.value)


# --- as programs save it -----------------------------------------------------------------------------------------


def mail(text: str, day: str = "Thu, 4 Jun 2026 00:44:20 GMT", **how: str) -> EmailMessage:
    message = EmailMessage()
    message["Date"] = day
    message.set_content(text, **how)
    return message


def forwarded(text: str) -> bytes:
    outer = mail(f"fyi\n\nDate: Thu, 4 Jun 2026 00:44:20 GMT\n\n{text}", "Fri, 5 Jun 2026 09:00:00 +0200", cte="base64")
    outer.add_alternative("<p>fyi", subtype="html")
    return outer.as_bytes()


def attached(text: str) -> bytes:
    outer = mail("fyi", "Fri, 5 Jun 2026 09:00:00 +0200")
    outer.add_attachment(mail(text, cte="quoted-printable"))
    return outer.as_bytes()


@pytest.mark.parametrize(
    "written",
    [
        lambda text: mail(text, cte="quoted-printable").as_bytes(),
        lambda text: b"From a@b Thu Jun  4 00:44:20 2026\n" + mail(text, cte="8bit").as_bytes(),
        lambda text: mail(text, charset="iso-8859-1", cte="quoted-printable").as_bytes().replace(b"\n", b"\r\n"),
        forwarded,
        attached,
        lambda text: f"Date: 4 Jun 2026\n\n{text}".replace("\n", "\n> ").encode(),
        lambda text: f"Date: 4 Jun 2026\n\n{text}".replace("\n", "\n    ").encode(),
        lambda text: f"Date: 4 Jun 2026\n\n{text}".replace("\n", "\n\n").encode(),
        lambda text: f"Date: 4 Jun 2026\n\n{text}".replace("\n", "\r\n").encode("cp1252"),
    ],
)
def test_a_mailing_is_read_as_programs_save_it(written: Callable[[str], bytes]) -> None:
    long = "  An élan of words that go on beyond the end of a line of a mail = 20."
    text = mailing(entry("One\n\xa0and More"), entry("Two", "2606.90002", abstract=f"{long}\n{long}"))
    listing = read_listing(dump_of("x", written(text)), now=NOW)
    assert (listing.format, listing.as_of) == ("arxiv-mail", date(2026, 6, 4))
    assert [one.facts for one in listing.entries] == [one.facts for one in read(text).entries]


def test_a_mailbox_of_two_mails_is_not_one_list() -> None:
    one = b"From a@b Thu Jun  4 00:44:20 2026\n" + mail(mailing(entry())).as_bytes()
    with pytest.raises(ListingError, match="a mailbox of 2 mails"):
        read_listing(dump_of("x", one + b"\n" + one), now=NOW)


@pytest.mark.parametrize(
    "more",
    [
        "Content-Type: text/plain" + "; a=b" * 50_000,
        "Content-Type: multipart/mixed; boundary=a\n\n" + "--a\n\n" * 50_000,
    ],
)
def test_a_hostile_mail_costs_no_more_than_its_length(more: str) -> None:
    with suppress(ListingError):
        read(f"MIME-Version: 1.0\n{more}\n\n{mailing(entry())}")


# --- hostile content ---------------------------------------------------------------------------------------------

WHOLE = [path.read_bytes() for path in sorted(DATA.glob("arxiv-[mnw]*.txt"))]
PIECES = [
    *(
        b"\\\\\n",
        b"\n",
        b"\r",
        b"\xc2\xa0",
        b"\x00",
        b"\xff",
        b"(",
        b")",
        b"((",
        b"{",
        b"}",
        b"$",
        b"\\'",
        b" and ",
        b",",
    ),
    *(b"arXiv:2606.9", b"arXiv:math/0309136\n", b"Paper: x\n", b"Title:", b"Date: 31 Feb 99", b"-" * 78 + b"\n"),
    *(b"%%%---" * 13 + b"\n", b"/* Mon, 99 Jun 2026 */\n", b"(0kb,I)", b"v99999999", b"9" * 5000, b"DOI: 10.1/"),
]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated(WHOLE, PIECES, cut=True))
def test_any_mutation_is_a_listing_or_a_listing_error(content: bytes) -> None:
    try:
        listing = read_listing(dump_of("x", content), now=NOW)
    except ListingError:
        return
    assert [one.position for one in listing.entries] == list(range(1, len(listing.entries) + 1))
    for one in listing.entries:
        assert one.facts.title
        assert one.facts.arxiv_id
        for text in (one.facts.title, one.facts.abstract, *one.facts.authors):
            assert text == " ".join(text.split())


@pytest.mark.parametrize(
    "piece",
    [
        "\\\\\n",
        "\\\\\narXiv:2606.90001\n",
        "(",
        "() ",
        "((x)",
        ",",
        " and ",
        "{\\l}",
        "\\'",
        "~",
        "-" * 77,
        "%-",
        "Date: 1 Jun ",
        "\xa0",
    ],
)
@linear()
def test_large_hostile_fields_cost_no_more_than_their_length(piece: str) -> None:
    for field in ("Title", "Authors", "Categories", "DOI", "Date", "Comments"):
        bad = entry("One").replace("Title:", f"{field}: {piece * (30_000 // len(piece))}\nTitle:", 1)
        with suppress(ListingError):
            read(mailing(entry("Two", "2606.90002"), bad))


# --- the real ones -----------------------------------------------------------------------------------------------


@pytest.mark.skipif("DIGEST_REAL_DATA" not in os.environ, reason="needs the real dumps")
@pytest.mark.parametrize(
    ("file", "as_of", "entries", "abstracts", "withdrawn"),
    [
        ("arxiv-mailing/2023-06-06.txt", "2023-06-06", 497, 287, 2),
        ("arxiv-mailing/2023-06-08.txt", "2023-06-07", 409, 239, 1),
        ("arxiv-mailing/2023-06-09.txt", "2023-06-08", 470, 327, 1),
        ("arxiv-mailing/2023-06-12.txt", "2023-06-09", 370, 225, 0),
        ("arxiv-listing-files/astro-ph.new.CO.txt", "2023-03-03", 23, 7, 0),
        ("arxiv-listing-files/astro-ph.new.EP.txt", "2023-03-03", 18, 10, 0),
        ("arxiv-listing-files/astro-ph.new.GA.txt", "2023-03-03", 26, 15, 0),
        ("arxiv-listing-files/astro-ph.new.HE.txt", "2023-03-03", 27, 18, 0),
        ("arxiv-listing-files/astro-ph.new.IM.txt", "2023-03-03", 15, 10, 0),
        ("arxiv-listing-files/astro-ph.new.SR.txt", "2023-03-03", 25, 14, 0),
        ("arxiv-listing-files/astro-ph.new.txt", "2023-03-03", 97, 57, 0),
        ("arxiv-listing-files/math.new.AG.txt", "2023-06-09", 2, 1, 0),
        ("arxiv-listing-files/q-fin.new.CP.txt", "2023-03-17", 2, 2, 0),
        ("arxiv-listing-files/q-fin.new.GN.txt", "2023-03-16", 6, 1, 0),
        ("arxiv-listing-files/q-fin.new.MF.txt", "2023-03-16", 4, 3, 0),
        ("arxiv-listing-files/q-fin.new.PM.txt", "2023-03-16", 3, 2, 0),
        ("arxiv-listing-files/q-fin.new.PR.txt", "2023-03-13", 4, 2, 0),
        ("arxiv-listing-files/q-fin.new.RM.txt", "2023-03-17", 3, 1, 0),
        ("arxiv-listing-files/q-fin.new.ST.txt", "2023-03-17", 8, 7, 0),
        ("arxiv-listing-files/q-fin.new.TR.txt", "2023-03-17", 1, 1, 0),
        ("arxiv-listing-files/q-fin.new.txt", "2023-03-17", 16, 13, 0),
    ],
)
def test_real_mailings(file: str, as_of: str, entries: int, abstracts: int, withdrawn: int) -> None:
    listing = read_listing(read_dump(real_data() / "listings" / file), now=NOW)
    assert (listing.format, str(listing.as_of), len(listing.entries)) == ("arxiv-mail", as_of, entries)
    assert listing.rejected == ()
    facts = [one.facts for one in listing.entries]
    assert len({one.arxiv_id for one in facts}) == entries
    assert all(one.title and one.authors and one.author_count and one.categories for one in facts)
    assert all(bool(one.abstract) == bool(one.published) for one in facts)
    assert (sum(bool(one.abstract) for one in facts), sum(bool(one.withdrawn) for one in facts)) == (
        abstracts,
        withdrawn,
    )
    assert not [name for one in facts for name in one.authors if any(sign in name for sign in "\\{}()$,;:\xa0")]
    assert not any(one.abstract.endswith("…") for one in facts)


@pytest.mark.skipif("DIGEST_REAL_DATA" not in os.environ, reason="needs the real dumps")
def test_every_real_mailing_is_in_the_table() -> None:
    folder = real_data() / "listings"
    files = [*(folder / "arxiv-mailing").glob("*.txt"), *(folder / "arxiv-listing-files").glob("*.new*")]
    assert len(files) == 21
