"""What can be told of any text: what of it can be seen, one line of it, the arXiv ids, DOIs and moments in it.

And what people are told in few words: a title cut, a number with what it counts.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from functools import lru_cache

# Runs of what is outside XML 1.0's Char production, noncharacters, invisible ones (soft hyphen, zero width, tags), and
# those that turn the direction of what follows (UAX 9). White space is not here: it is folded.
_UNWANTED = (
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufdd0-\ufdef\ufeff\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e007f"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)
UNWANTED = re.compile(f"{_UNWANTED}{_UNWANTED}*")  # where a text has none, `+` would take half as long again

# Of these the zero width non-joiner and joiner are parts of words in some scripts, the joiner of some emoji too.
_NON_JOINER, _JOINER = "\u200c", "\u200d"
_VIRAMA = 9  # its canonical combining class
_CURSIVE = ("ARABIC ", "SYRIAC ", "MONGOLIAN ", "NKO ", "ADLAM ")  # as the names of their letters begin
_EMOJI = re.compile("[\u2190-\u2bff\U0001f000-\U0001faff]\ufe0f?\\Z")

# What no mail, page or terminal should be given: C0 and C1 controls, lone surrogates, noncharacters, and the bidi
# embeddings, overrides and isolates, which would reorder the words around a hostile title. Plain marks may stay.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
    + "]"
)

_LONGEST = 2000  # characters of an address

_OLD_ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga|"
    "funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math|math-ph|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|"
    "q-alg|q-bio|quant-ph|solv-int|stat|supr-con"
)
# From April 2007 on; a month had five digits since 2015.
_MONTH = r"(?:0[1-9]|1[0-2])"
_NEW = rf"(?:(?:0[7-9]|1[0-4]){_MONTH}\.[0-9]{{4}}|(?:1[5-9]|[2-9][0-9]){_MONTH}\.[0-9]{{5}})"
_NUMBER = re.compile(_NEW)
_ARXIV_ID = re.compile(
    r"(?:(?:https?://)?(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html|format)/|oai:arxiv\.org:|arxiv:\s*|"
    r"(?:https?://)?(?:dx\.)?(?:doi\.org/)?10\.48550/arxiv\.|(?:https?://)?(?:www\.)?huggingface\.co/papers/)?"
    rf"(?:(?P<new>{_NEW})|(?P<old>{_OLD_ARCHIVES})(?:\.[a-z-]{{2,}})?/(?P<number>[0-9]{{7}}))"
    r"(?:v(?P<version>[0-9]{1,4}))?(?:\.pdf)?/?(?:[?#]\S*)?",
    re.IGNORECASE,
)
_DOI = re.compile(r"(?:(?:https?://)?(?:dx\.)?doi\.org/|doi:\s*)?(10\.[0-9]{4,9}/\S{1,200})", re.IGNORECASE)

_TAKEN_AT = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)Z")


def visible(raw: str) -> str:
    """The text without what is never shown; lines stay lines, and joiners where words look otherwise by them."""
    return raw if raw.isprintable() else UNWANTED.sub(_joiner, raw)  # all that is unwanted is not printable


def _joiner(unwanted: re.Match[str]) -> str:
    """The first joiner of what is unwanted, if it does something there."""
    joiner = next((one for one in unwanted[0] if one in (_NON_JOINER, _JOINER)), "")
    text, (start, end) = unwanted.string, unwanted.span()
    return joiner if joiner and _joins(text[max(0, start - 2) : start], joiner, text[end : end + 1]) else ""


@lru_cache(4_096)
def _joins(before: str, joiner: str, after: str) -> bool:
    """Beside a virama and between letters that join hands (RFC 5892, A.1 and A.2), and between emoji (UTS 51).

    The joiner beside any letter that joins hands: it shows that letter's other forms, as in the abbreviation ه\u200d.
    """
    sides = before[-1:], after
    if any(unicodedata.combining(one) == _VIRAMA for side in sides for one in side):
        return True
    cursive = [_is_cursive(side) for side in sides]
    if joiner == _NON_JOINER:
        return all(cursive)
    return any(cursive) or all(map(_EMOJI.search, (before, after)))


def _is_cursive(one: str) -> bool:
    return bool(one) and unicodedata.category(one)[0] in "LM" and unicodedata.name(one, "").startswith(_CURSIVE)


def unjoined(text: str) -> str:
    """Without joiners, which make no other word of a word."""
    return text.replace(_NON_JOINER, "").replace(_JOINER, "")


def clean(text: str) -> str:
    """One line of printable text: white space of any kind becomes single blanks, the unprintable goes."""
    if text.isprintable() and "  " not in text and text.strip() == text:
        return text
    return " ".join(_UNPRINTABLE.sub("", re.sub(r"[\s\x1c-\x1f\x85]+", " ", text)).split())


def arxiv_id(raw: str) -> tuple[str, int | None] | None:
    """The id without version, and the version, from any spelling: number, address, `arXiv:`, `oai:arXiv.org:`, DOI.

    The subject class of old ids goes: math.GT/0309136 is math/0309136.
    """
    if _NUMBER.fullmatch(raw):
        return raw, None
    match = _ARXIV_ID.fullmatch(raw.strip()) if len(raw) <= _LONGEST else None
    if match is None:
        return None
    number = match["new"] or f"{match['old'].lower()}/{match['number']}"
    return number, int(match["version"]) if match["version"] else None


def doi(value: object) -> str | None:
    """The first DOI of a text, without what may stand before it; arXiv's own fields hold up to several."""
    match = _DOI.match(visible(value[:1000]).strip()) if isinstance(value, str) else None
    return match[1].rstrip(".,;") if match else None


def taken_at(name: str, recorded_at: datetime) -> datetime:
    """When a dump was taken from its source: as its file's name tells, else when it was recorded."""
    for found in reversed(_TAKEN_AT.findall(name)):
        try:
            told = datetime.strptime("".join(found), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            continue
        return min(told, recorded_at)
    return recorded_at


# --- words for people ----------------------------------------------------------------------------------------------


def short(title: str, most: int = 60) -> str:
    """A title cut at a word."""
    return title if len(title) <= most else title[:most].rsplit(" ", 1)[0].rstrip(" ,:;–-") + "…"


def counted(number: int, noun: str) -> str:
    """A number and what it counts: `1 day`, `1,200 days`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
