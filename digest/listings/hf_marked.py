"""Text of Hugging Face paper lists in which an extractor left marks: Markdown, or the address of every link.

A title is a heading, or stands between the address of its vote button and that of its paper. Links are
`[words](address)`, `[words][7]`, or words with the address on a line of its own. The vote button holds a number, or "-"
for none. The trending page shows each paper twice, for wide and for narrow screens, and often a machine's summary in
place of the abstract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from digest.listings import clean
from digest.listings.form import plain_day
from digest.listings.hf_cards import (
    AUTHORS,
    DATE,
    HEAD_LINES,
    LONGEST_WHO,
    PAGE_DATE,
    SHORTEST_ABSTRACT,
    Block,
    Card,
    Day,
    Meta,
    Page,
    day_in,
    once,
    votes_in,
)
from digest.text import arxiv_id, visible

_SITE = r"(?:https?://huggingface\.co)?"
_BUTTON = rf"{_SITE}/login\?next=%2Fpapers%2F(?P<id>[\w.]{{1,30}})"
_PAPER = rf"{_SITE}/papers/(?P<number>[\w.]{{1,30}})[^()\s]{{0,100}}"
_WRAPPED = r"[^\n]{1,1000}(?:\n(?!\n)[^\n]{1,300}){0,4}?"
_TITLE = re.compile(
    rf"""
      ^\#\#\#[ ]\[(?P<linked>{_WRAPPED})\](?:\({_PAPER}\)|\[[0-9]{{1,5}}\])[ ]*$
    | ^\#\#\#[ ](?P<heading>[^\n\[][^\n]{{0,1000}}(?:\n[ ]{{2}}[^\n]{{1,300}}){{0,4}})$
    | ^{_BUTTON}\s{{1,4}}(?P<between>{_WRAPPED})\s{{1,4}}{_SITE}/papers/(?P=id)[ ]*$
    """,
    re.MULTILINE | re.VERBOSE,
)
_VOTES = re.compile(
    rf"\[(?:- \[[x ]\] )?(?:Upvote\s{{1,4}})?(?P<votes>[0-9]{{1,6}}|-)\]\({_BUTTON}\)"
    rf"|\[-\] (?P<told>[0-9]{{1,6}}|-)\s{{1,4}}{_BUTTON.replace('<id>', '<of>')}"
)
_VOTES_BEFORE = re.compile(r"\[\s{0,3}([0-9]{1,6}|-)\s{0,3}\]\[[0-9]{1,5}\]\s{0,4}\Z")
_SUBMITTER = re.compile(r"Submitted by\s{1,4}(?:\[[^\]\n]{0,80}\]\s{1,4})?([^\s\[\]()]{1,60})(?=\s)")
_CODE = re.compile(r"\[(?:LINK: )?GitHub ([0-9.]{1,9}k?)\]\((https?://[^()\s]{1,300})\)")
_ARXIV = re.compile(r"\[arXiv Page\]\((https?://[^()\s]{1,100})\)")
_TRENDING = re.compile(r"^#{1,3} Trending Papers[ ]*$", re.MULTILINE)
_CAPTURED = re.compile(
    r"^\W{0,4}(?:retrieved|exported|captured|fetched|scraped)\b[^\n:]{0,20}: {0,4}(20[0-9]{2}-[0-9]{2}-[0-9]{2})",
    re.MULTILINE | re.IGNORECASE,
)

# In a line: a picture, the end of a link, what a hard wrap left; and lines with nothing else.
_PICTURE = re.compile(r"!\[[^\[\]\n]{0,200}\]\([^()\s]{0,500}\)")
_COMMENTS = re.compile(rf"\[ ?([0-9]{{1,6}})\](?:\({_SITE}/papers/[^()\s]{{1,60}}#community\)|\[[0-9]{{1,5}}\])$")
_LINK_END = re.compile(r"\]\((?:https?:/)?/[^()\s]{1,500}\)(?=$| · | [0-9]{1,6}$)|\]\[[0-9]{1,5}\]$")
_EMPTY_LINK = re.compile(r"\[\]\([^()\s]{1,500}\)")
_WRAP = re.compile(r"\\{1,2}$")
_ESCAPED = re.compile(r"\\([\[\]*`>#!|~])")
_NOTHING = re.compile(rf"[-*•\[\]\s]*|{_SITE}/\S*|<a id=.*|\[[^\[\]]{{0,80}}\]")
_DISCUSSION = re.compile(rf"{_SITE}/papers/\S{{1,40}}#community")

_DATED = re.compile(rf"(?P<who>.{{0,{LONGEST_WHO}}}?) ?· ?(?:Published on )?{DATE}(?: (?P<comments>[0-9]{{1,6}}))?")
_BULLET = re.compile(r"[-*•] ")
_AUTHORED = re.compile(rf"(?:[-*•] )?(?:· )?(?P<who>{AUTHORS.pattern})(?: (?P<comments>[0-9]{{1,6}}))?", re.IGNORECASE)
_BESIDE = re.compile(r"/papers(?:/date/|\?date=)(20[0-9]{2}-[0-9]{2}-[0-9]{2})")
_FARTHEST = timedelta(days=10)  # from the day before it that has papers
_PICTURE_OF = re.compile(r"\[[^\[\]]{0,80}\] ?")
_ABSTRACT_ENDS = re.compile(
    r"·.*|(?:LINK: )?GitHub [0-9.]+k?\b.*|Upvote|Submitted by.*|Previous|Next|\[?Content truncated\]?"
    r"|```|[0-9]{1,6}|-{3,}"
)
_TRUNCATED = re.compile(r"\[?Content truncated\]?")


def page(text: str) -> Page | None:
    """The page; None if it has no marks."""
    shown = visible(text.replace("\r\n", "\n").replace("\r", "\n")).replace("\xa0", " ")
    titles = [one for one in _TITLE.finditer(shown) if (one["heading"] or "").casefold() not in HEAD_LINES]
    if not titles:
        return None
    head = shown[: titles[0].start()]
    trending = _TRENDING.search(head) is not None
    votes = {match["id"] or match["of"]: votes_in(match["votes"] or match["told"]) for match in _VOTES.finditer(shown)}
    cards, before, line, at = [], 0, 1, 0
    for title, following in pairwise([*titles, None]):
        assert title is not None
        words = max(map(title.start, ("linked", "heading", "between")))  # -1 for those that are not there
        line, at = line + shown.count("\n", at, words), words
        body = shown[title.end() : following.start() if following else len(shown)]
        cards.append(_card(title, line, shown[before : title.start()], body, votes, trending))
        before = title.end()
    listed = list(once(cards))
    daily = not trending and all(card.submitter for card in listed)  # which pages of a search do not tell
    day, captured = _page_day(head, shown), _captured(head)
    return Page(cards=listed, rejected=[], day=day, captured=captured, trending=trending, daily=daily)


def _page_day(head: str, shown: str) -> Day | None:
    """The page's date. The year is told by the link to the day before it or after it, if there is one."""
    dated = map(PAGE_DATE.fullmatch, map(str.strip, _EMPTY_LINK.sub("", head).split("\n")))
    day = next((day_in(match) for match in dated if match), None)
    if day is None or day.year:
        return day
    for one in filter(None, map(plain_day, _BESIDE.findall(shown))):
        for year in (one.year - 1, one.year, one.year + 1):
            if (told := day.of(year)) and abs(told - one) <= _FARTHEST:
                return replace(day, year=year)
    return day


def _captured(head: str) -> date | None:
    """The day that whoever saved the page wrote above it."""
    match = _CAPTURED.search(head)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def _card(title: re.Match[str], line: int, before: str, body: str, votes: dict[str, int], trending: bool) -> Card:
    number = title["number"] or title["id"] or ""
    arxiv, code, by = _ARXIV.search(body), _CODE.search(body), list(_SUBMITTER.finditer(_PICTURE.sub("", before)))[-1:]
    votes_before = _VOTES_BEFORE.search(before[-60:])
    abstract, meta = _abstract_and_meta(list(_lines(body)))
    words = title["linked"] or title["heading"] or title["between"]
    return Card(
        title=Block(line, " ".join(_unescaped(part) for part in words.split("\n"))),
        abstract="" if trending and len(abstract) < SHORTEST_ABSTRACT else abstract,
        meta=meta,
        number=arxiv_id(number) or (arxiv_id(arxiv[1]) if arxiv else None),
        votes=votes.get(number, votes_in(votes_before[1]) if votes_before else None),
        submitter=clean.field(by[0][1]) if by else None,
        code_url=clean.link(code[2]) if code else None,
        code_stars=clean.count(code[1]) if code else None,
    )


# --- what follows a title ----------------------------------------------------------------------------------------


def _lines(body: str) -> Iterator[str]:
    """The lines that say something, without marks; a number of comments behind its date."""
    kept: list[str] = []
    for written in body.split("\n"):
        line = written.strip()
        if _DISCUSSION.fullmatch(line) and len(kept) > 1 and kept[-1].isdigit():
            number = kept.pop()
            kept[-1] = f"{kept[-1]} {number}"
            continue
        line = _COMMENTS.sub(r" \1", _PICTURE.sub("", line))
        line = _unescaped(_LINK_END.sub("", line))
        if _TRUNCATED.fullmatch(line) or not _NOTHING.fullmatch(line):
            kept.append(" ".join(line.removeprefix("[").split()))
    yield from kept


def _unescaped(line: str) -> str:
    r"""Without what Markdown adds: `\\` where a line is wrapped, `\` before a mark or in a wrapped title."""
    return _ESCAPED.sub(r"\1", _WRAP.sub("", line.strip())).replace("\\  ", " ").strip()


def _abstract_and_meta(lines: list[str]) -> tuple[str, Meta | None]:
    abstract: list[str] = []
    who = ""
    for place, line in enumerate(lines):
        if authored := _AUTHORED.fullmatch(line):
            who = authored["who"]
            if authored["comments"]:
                return " ".join(abstract), Meta(who, None, int(authored["comments"]))
        elif match := _DATED.fullmatch(" ".join(lines[place : place + 2]) if line == "·" else line):
            if not (who or match["who"]) and len(abstract) > 1 and len(abstract[-1]) <= LONGEST_WHO:
                who = abstract.pop()
            comments = int(match["comments"]) if match["comments"] else None
            return " ".join(abstract), Meta(_PICTURE_OF.sub("", who or match["who"], count=1), day_in(match), comments)
        elif who or _ABSTRACT_ENDS.fullmatch(line):
            cut = "…" if abstract and _TRUNCATED.fullmatch(line) else ""
            return " ".join(abstract) + cut, Meta(who, None) if who else None
        else:
            abstract.append(line)
    return " ".join(abstract), Meta(who, None) if who else None
