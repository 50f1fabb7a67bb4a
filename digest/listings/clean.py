"""One clean text per field: what readers, databases, terminals and XML can all hold. LaTeX becomes readable Unicode.

Nothing is lost: what cannot be converted stays as it was written. pylatexenc lives here; it is shown only the fragments
that are LaTeX, as it would take a percent sign for the start of a comment.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from pylatexenc.latex2text import LatexNodes2Text

# Outside XML 1.0's Char production, invisible, or able to turn the direction of what follows (UAX 9).
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffe\uffff\ud800-\udfff]"
)
_NONCHARACTER_PLANES = re.compile(
    "[" + "".join(f"{chr(p * 65536 + 65534)}{chr(p * 65536 + 65535)}" for p in range(1, 17)) + "]"
)
_BLANKS = re.compile(r"\s+")

# A dollar sign opens math before a non-blank and closes it after one, but not before a digit: "$3 and $4" is money.
_MATH = re.compile(r"\$(?=\S)([^$]{1,300}?)(?<=\S)\$(?!\d)")
_GROUP = r"\{(?:[^{}]|\{[^{}]*\})*\}"
_MACRO = re.compile(rf"\\(?:[a-zA-Z]+\*?(?:\s*{_GROUP})*|[\"'`^~=.]\s*(?:{_GROUP}|\\?[a-zA-Z]))")
_ESCAPED = re.compile(r"\\([%&_#$])")
_POWER = re.compile(r"(?<=[\w)\]])\^(?:\{([0-9n+-]{1,4})\}|([0-9n](?!\w)|[0-9]+(?![\w.])))")
_DOUBLED_LINK = re.compile(r"(https?://[^\s{}]+)\{\1/?\}")
_QUOTED = re.compile(r"``(.+?)''")
_DASHES = ((re.compile(r"(?<=\s)---(?=\s)"), "—"), (re.compile(r"(?<=\s)--(?=\s)|(?<=\d)--(?=\d)"), "–"))

_SUPERSCRIPTS = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")
_to_text = LatexNodes2Text(math_mode="text", strict_latex_spaces=False)

_ARXIV_ID = re.compile(
    r"^\s*(?:(?:https?://)?(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html|format)/|oai:arXiv\.org:|arXiv:\s*|"
    r"(?:https?://)?huggingface\.co/papers/)?"
    r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z-]{2,})?/\d{7})(?:v(\d{1,4}))?(?:\.pdf)?/?\s*$",
    re.IGNORECASE,
)
_SUBJECT_CLASS = re.compile(r"\.[a-z-]+/")


def text(raw: str) -> str:
    """Folded white space, Unicode NFC, nothing invisible, LaTeX as text."""
    if not raw.isascii() or not raw.isprintable():
        raw = _NONCHARACTER_PLANES.sub("", _UNWANTED.sub("", raw))
        raw = unicodedata.normalize("NFC", raw)
    raw = _BLANKS.sub(" ", raw).strip()
    if any(mark in raw for mark in ("\\", "$", "^", "``", "--", "{http")):
        raw = _BLANKS.sub(" ", _without_latex(raw)).strip()
    return raw


def names(raw: Iterable[str]) -> tuple[str, ...]:
    """Clean names, each once, in order."""
    return tuple(dict.fromkeys(name for name in map(text, raw) if name))


def link(raw: object) -> str | None:
    """A web address without blanks around it, None for anything else."""
    if not isinstance(raw, str):
        return None
    address = _UNWANTED.sub("", raw).strip()
    usable = re.fullmatch(r"https?://[^\s<>\"'\\^`{}|]{3,2000}", address, re.IGNORECASE)
    return address if usable else None


def arxiv_id(raw: str) -> tuple[str, int | None] | None:
    """The id without version, and the version, from any spelling: number, address, `arXiv:`, `oai:arXiv.org:`."""
    match = _ARXIV_ID.match(raw)
    if match is None:
        return None
    number = _SUBJECT_CLASS.sub("/", match[1].lower())  # math.GT/0309136 is the same as math/0309136
    return number, int(match[2]) if match[2] else None


def _without_latex(raw: str) -> str:
    raw = _DOUBLED_LINK.sub(r"\1", raw)
    raw = _MATH.sub(lambda match: _math(match[0]), raw)
    raw = _MACRO.sub(lambda match: _converted(match[0]), raw)
    raw = _ESCAPED.sub(r"\1", raw)
    raw = _POWER.sub(lambda match: (match[1] or match[2]).translate(_SUPERSCRIPTS), raw)
    raw = _QUOTED.sub(r"“\1”", raw)
    for dashes, dash in _DASHES:
        raw = dashes.sub(dash, raw)
    return raw


def _math(fragment: str) -> str:
    """Text of `$…$`. A power may stand alone between the signs, so it is raised here."""
    converted = _converted(fragment)
    if converted == fragment:
        return fragment
    powers = re.compile(r"\^\{?([0-9n+-]{1,4})\}?(?![\w.])")
    return powers.sub(lambda match: match[1].translate(_SUPERSCRIPTS), converted)


@lru_cache(maxsize=4096)
def _converted(fragment: str) -> str:
    """The fragment as text; as it was where the library does not know it or leaves nothing of it."""
    try:
        converted = str(_to_text.latex_to_text(fragment.replace("%", r"\%").replace(r"\\%", r"\%"))).strip("\n")
    except Exception:  # the library raises many kinds on malformed LaTeX, none of them its own base
        return fragment
    letters = re.sub(r"\\[a-zA-Z]+", "", fragment)
    lost = sum(map(str.isalnum, letters)) > sum(map(str.isalnum, converted)) or not converted.strip()
    return fragment if lost else converted
