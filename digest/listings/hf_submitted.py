"""Plain text of Hugging Face's daily and trending pages: each paper stands under “Submitted by” and a name.

What a browser shows in a card becomes lines: the votes as a number before the title or as `Upvote 117`; authors,
comments, dates and links each on a line of their own. Only the trending page tells abstracts. It shows each paper
twice, for wide and for narrow screens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from digest.listings import clean
from digest.listings.hf_cards import (
    AUTHORS,
    DATE,
    LONGEST_WHO,
    PAGE_DATE,
    SHORTEST_ABSTRACT,
    Block,
    Card,
    Day,
    Meta,
    Page,
    day_in,
    lines_of,
    once,
    votes_in,
)

_BY = re.compile(r"submitted by:? ?(?P<name>\S{0,60})", re.IGNORECASE)
_PAGE = re.compile(r"#{0,3} ?(?P<kind>daily|trending) papers", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,6}|-")
_VOTES = re.compile(r"Upvote ?(?P<votes>[0-9]{1,6}|-)?", re.IGNORECASE)
_DATED = re.compile(rf"(?:Published on |· ?)?{DATE}(?: (?P<comments>[0-9]{{1,6}}))?")
_CODE = re.compile(r"GitHub(?: (?P<stars>[0-9.]{1,9}k?))?(?: arXiv Page)?", re.IGNORECASE)
_STARS = re.compile(r"[0-9.]{1,9}k?")
_NOTHING = re.compile(r"·|arXiv Page|Project Page|\+[0-9]{1,4}|Upvoted", re.IGNORECASE)
_FOOT = re.compile(r"previous(?: next)?|next|company|system theme|©.*", re.IGNORECASE)


def page(text: str) -> Page | None:
    """The page; None if it has no such cards."""
    said = [line for line in lines_of(text) if line.text]
    starts = [place for place, line in enumerate(said) if _BY.fullmatch(line.text)]
    head = said[: starts[0]] if starts else []
    kinds = [match["kind"].lower() for match in map(_PAGE.fullmatch, (line.text for line in head)) if match]
    if not kinds:
        return None
    trending = kinds[-1] == "trending"
    cards = [_card(said[start:end], trending) for start, end in pairwise([*starts, len(said)])]
    told = [card for card in cards if card is not None]
    return Page(cards=list(once(told)), rejected=[], day=_day(head), trending=trending, daily=not trending)


def _day(head: Sequence[Block]) -> Day | None:
    """The page's own date, which may stand on two lines."""
    texts = [line.text for line in head]
    dated = map(PAGE_DATE.fullmatch, [*texts, *(" ".join(two) for two in pairwise(texts))])
    return next((day_in(match) for match in dated if match), None)


def _card(lines: Sequence[Block], trending: bool) -> Card | None:
    """None where nothing follows the name."""
    by = _BY.fullmatch(lines[0].text)
    name, rest = by["name"] if by else "", list(lines[1:])
    if not name and rest:
        name, rest = rest[0].text, rest[1:]
    votes = None
    if len(rest) > 1 and _NUMBER.fullmatch(rest[0].text):
        votes, rest = votes_in(rest[0].text), rest[1:]
    if not rest:
        return None
    card = Card(title=rest[0], abstract="", votes=votes, submitter=clean.field(name, 60) or None)
    return _with_rest(card, [line.text for line in rest[1:]], trending)


def _with_rest(card: Card, lines: Sequence[str], trending: bool) -> Card:
    """What follows a title, each thing known by its look; all else is the abstract, until the foot of the page."""
    abstract: list[str] = []
    who, day, comments, before = "", None, None, ""
    if not trending:
        card, who, lines = _wrapped(card, lines)
    for line in lines:
        if _FOOT.fullmatch(line):
            break
        if AUTHORS.fullmatch(line):
            who = line
        elif match := _VOTES.fullmatch(line):
            card = replace(card, votes=votes_in(match["votes"])) if match["votes"] else card
        elif match := _DATED.fullmatch(line):
            day, comments = day_in(match), int(match["comments"]) if match["comments"] else comments
        elif match := _CODE.fullmatch(line):
            card = replace(card, code_stars=clean.count(match["stars"]))
        elif _CODE.fullmatch(before) and _STARS.fullmatch(line):
            card = replace(card, code_stars=clean.count(line))
        elif _VOTES.fullmatch(before) and _NUMBER.fullmatch(line):
            card = replace(card, votes=votes_in(line))
        elif line.isdigit() and (who or day):
            comments = int(line)
        elif not _NOTHING.fullmatch(line):
            abstract.append(line)
        before = line
    words = " ".join(abstract)
    told = words if len(words) >= SHORTEST_ABSTRACT else ""
    return replace(card, abstract=told, meta=Meta(who, day, comments) if who or day else None)


def _wrapped(card: Card, lines: Sequence[str]) -> tuple[Card, str, Sequence[str]]:
    """The daily page's card: what stands between title and authors goes on with the title, as in print.

    Where no authors follow, an organisation stands in their place.
    """
    end = next(
        (place for place, line in enumerate(lines) if line == "·" or line.isdigit() or AUTHORS.fullmatch(line)), 0
    )
    between, rest = " ".join(lines[:end]), lines[end:]
    if not 0 < len(between) <= LONGEST_WHO or any(map(_FOOT.fullmatch, lines[:end])):
        return card, "", lines
    if rest[0].isdigit():
        return card, between, rest
    return replace(card, title=replace(card.title, text=f"{card.title.text} {between}")), "", rest
