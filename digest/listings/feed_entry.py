"""An entry of a generic feed as a claim about a paper: its names, its numbers, its own words. XML and JSON share this.

Knows nothing of how a feed is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from digest.listings import clean, told
from digest.listings.form import Format, Sheet, read_each
from digest.listings.people import people, turned
from digest.model import Entry, Facts, Listing, Rejected
from digest.text import arxiv_id, doi

_HOST = re.compile(r"(?=[a-z0-9.-]{4,100}\Z)[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_FOR_MACHINES = re.compile(r"(?:www|feeds?|rss)\.(?=[^.]+\.)")
_TAG_URI = re.compile(r"tag:([^,/:]{1,100}),")
_ARXIV = re.compile(r"arxiv|alphaxiv|huggingface\.co/papers/", re.IGNORECASE)
_DOI_IN_PATH = re.compile(r"https?://[^/\s]{1,100}/(?:[^?#\s]{0,100}/)?(10\.[0-9]{4,9}/[^?#\s]{1,200})")
_ARXIVS_DOI = "10.48550/arxiv."
_LONGEST_ID = 500
_SHORT = 200
_SURNAME_FIRST = re.compile(r"(?:[a-z]\S{0,9} ){0,3}[^\s,]+, [^,()]+")
_BETWEEN = re.compile(r" and | & |; ?|[；、]")
_COMMAS = str.maketrans("，،؛", ",,;")  # Chinese, Arabic

# ScienceDirect has this in place of an abstract.
_NO_ABSTRACT = r"\APublication date: .{4,60} Source: .{1,300}? Author\(s\): (?P<names>.*)\Z"
_ELSEVIER = re.compile(_NO_ABSTRACT)
# What sites put around the words of a paper.
_AROUND = re.compile(
    rf"{_NO_ABSTRACT}"
    r"|\A(?:[^.;]{1,150}?, )?(?:Ahead of Print|EarlyView|Volume \w{1,9}, Issue \w{1,9}, [^.;]{1,60})\.(?: |\Z)"
    r"|\A[^;]{1,100}, Published online: [^;]{1,40}; doi:\S{1,200}\s*"
    r"|\A.{0,600}?\bABSTRACT (?=[A-Z])"
    r"|\s*PMID:\s?[0-9]{1,10}\b.{0,100}\Z"
    r"|\s*The post .{1,300} (?:appeared first|first appeared) on .{1,200}\Z"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """Words without markup, addresses as written. `identifiers` are more places where a DOI or arXiv id may stand."""

    title: str
    summary: str
    content: str = ""
    names: Sequence[str] = ()
    link: object = None
    id: object = None
    identifiers: Sequence[object] = ()
    journal_ref: str = ""
    published: date | None = None
    updated: date | None = None
    tags: Iterable[object] = ()
    comments: object = None


def host(addresses: Iterable[object]) -> str:
    """A site's short name, by the first address or tag URI that has one: `example.org`."""
    for address in addresses:
        if isinstance(address, str) and (name := _host(address[:_LONGEST_ID].strip())):
            return name
    return "feed"


def _host(address: str) -> str | None:
    tag = _TAG_URI.match(address)
    try:
        name = tag[1] if tag else (urlsplit(address).hostname or "" if "://" in address else "")
        name = name.encode("idna").decode().lower()
    except ValueError:  # of which UnicodeError is one: not a host
        return None
    short = _FOR_MACHINES.sub("", name, count=1)
    return short if _HOST.fullmatch(short) else None


def read(
    sheet: Sheet, entries: Iterable[Callable[[], FeedEntry]], source: str
) -> tuple[tuple[Entry, ...], tuple[Rejected, ...]]:
    """Each entry, or why it is none: a ValueError. ListingError where there are some but not one can be read."""

    def read_one(entry: Callable[[], FeedEntry], where: str, position: int) -> Entry:
        one = entry()
        comments = clean.count(one.comments)
        return Entry(where=where, position=position, facts=_facts(one, source), comments=comments)

    return read_each(sheet, ((f"entry {number}", one) for number, one in enumerate(entries, start=1)), read_one)


def listing(
    sheet: Sheet,
    form: Format,
    source: str,
    days: Sequence[date | None],
    entries: tuple[Entry, ...],
    rejected: tuple[Rejected, ...],
    *,
    cut: bool = False,
) -> Listing:
    """Of the day that the feed tells of itself, else of its latest entry; absence from it means nothing."""
    written = [day for entry in entries for day in (entry.facts.updated, entry.facts.published)]
    latest = sheet.latest(days) or sheet.latest(written)
    return sheet.listing(form, source, latest, entries, rejected, cut=cut)


def _facts(entry: FeedEntry, source: str) -> Facts:
    link = clean.link(entry.link)
    places = [text for text in (link, entry.id, *entry.identifiers) if isinstance(text, str)]
    number, other = _numbers(places)
    elsewhere = None if entry.names else _ELSEVIER.match(" ".join(entry.summary.split()))
    authors, count = _authors([elsewhere["names"]] if elsewhere else entry.names)
    own = clean.written(entry.id) if isinstance(entry.id, str) else link or ""
    return Facts(
        **told.words(entry.title, abstract=_abstract(entry), journal_ref=entry.journal_ref),
        authors=authors,
        author_count=count,
        keywords=clean.terms(entry.tags),
        published=entry.published,
        updated=entry.updated,
        arxiv_id=number[0] if number else None,
        version=number[1] if number else None,
        doi=other,
        source_id=f"{source}:{own}" if own and len(own) <= _LONGEST_ID else None,
        page_url=None if number or other else link,
    )


def _abstract(entry: FeedEntry) -> str:
    """The summary; the content where that is longer and the summary is cut, or too short to be an abstract."""
    told = (_without_names(" ".join(text.split()), entry.names) for text in (entry.summary, entry.content))
    summary, content = (_AROUND.sub("", text) for text in told)
    doubtful = len(summary) < _SHORT or summary.endswith(("…", "...", "[…]", "[...]"))
    return content if doubtful and len(content) > len(summary) else summary


def _without_names(text: str, names: Sequence[str]) -> str:
    """Without the authors once more, whom PLOS and MDPI name in front of it, MDPI behind its DOI."""
    by, authors = (" ".join(f"{between.join(names)} ".split()) + " " for between in (", ", " "))
    before, found, after = f"{text} ".partition(f" Authors: {authors}")
    rest = after if found and " doi: 10." in before[:_LONGEST_ID] else f"{text} ".removeprefix(f"by {by}")
    return rest.strip()


def _numbers(places: Iterable[str]) -> tuple[tuple[str, int | None] | None, str | None]:
    """The arXiv id, only where arXiv is named with it, and the DOI. arXiv's own DOI is an arXiv id."""
    number: tuple[str, int | None] | None = None
    other: str | None = None
    for place in places:
        if number is None and _ARXIV.search(place):
            number = arxiv_id(place) or arxiv_id(place.rpartition("/")[2])
        in_path = _DOI_IN_PATH.match(place)
        found = doi(place) or doi(in_path[1] if in_path else None)
        if found and not found.lower().startswith(_ARXIVS_DOI):
            other = other or found
    return number, other


def _without_mail(name: str) -> str:
    return " ".join(word for word in name.translate(_COMMAS).split() if "@" not in word).strip(" ()<>")


def _authors(names: Sequence[str]) -> tuple[tuple[str, ...], int | None]:
    """One by one, as most tell them; one text of several is taken apart, also where it has each surname first."""
    usable = [name for name in map(_without_mail, names) if name]
    if len(usable) == 1:
        usable = [name for name in _BETWEEN.split(usable[0]) if name]
        if not all(map(_SURNAME_FIRST.fullmatch, usable)):
            return people(" and ".join(usable))
    authors = clean.names(map(turned, usable))
    return authors, len(authors) or None
