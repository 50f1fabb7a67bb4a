r"""LaTeX in titles, names and abstracts as readable Unicode. pylatexenc lives here.

Only fragments that are LaTeX beyond doubt are shown to the library, one by one: in running text it would take `%` for
a comment and drop every macro it does not know. What cannot be converted stays as it was written, so money (`$3 and
$4`), code (`{x}`, `\n`), percentages and addresses come through whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db
from pylatexenc.latexwalker import get_default_latex_context_db as get_default_grammar

# Braces up to three deep; there is but one way to read them, so that hostile text costs no more than its length.
_GROUP = r"\{[^{}]*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}[^{}]*)*\}"
# Text stays as it is around these: a power, an index, `{,}` in a number, "``quoted''".
_POWER = r"(?<=[\w)\]}])\^(?:\{(?P<powers>[0-9n+-]{1,4})\}|(?P<power>[0-9](?![0-9.])|n(?!\w)))"
_DEGREES = r"\^(?:\{\\?circ\}|\\?circ(?=times|[^a-zA-Z]|$))"
_INDEX = r"(?:(?<=(?<!\w)[^\W\d_])_(?:\{(?P<indexes>[0-9]{1,4})\}|(?P<index>[0-9])(?!\w))|(?<=\w)_\{(?P<word>[\w.]+)\})"

# An accent: on a letter in braces or a dotless i or j; on a bare letter unless it is a quotation mark.
_NOT_QUOTED = r"(?![a-zA-Z\ -]{0,60}\\?[\"'](?![a-zA-Z{\\]))"
_LETTER = r"\{\ ?(?:\\[ij]|[a-zA-Z])\ ?\}"
_ACCENT = rf"""\\(?:
      ["'^`~=.]\ ?(?:{_LETTER}|\\[ij](?![a-zA-Z]))
    | [\^`~=][aeiounyAEIOUNY] | "[aeiouyAEIOUY]{_NOT_QUOTED} | '[aceinouyzACEINOUYZ]{_NOT_QUOTED} | \.[zZI]
    | [cvuHkdbr](?:\ ?{_LETTER}|\ [a-zA-Z]) )"""

# A blank where no line may end: behind a word, a number or a mark. Not in "1~2", "1M~4M", "z~3" and "~5", which are
# about numbers, nor in "x~N(0, 1)".
_TIE_BEFORE_NUMBER = r"(?=\d)(?<![\d%]~)(?<!\d[^\W\d]~)(?<!\d[^\W\d]{2}~)"
_BLANK_TIE = rf"(?:(?<=\w\w)|(?<=[\d.)\]}}$%,;:]))~(?:(?=[^\W\d]|[($\\])|{_TIE_BEFORE_NUMBER})"

# Letters that in names may stand with a blank behind.
_LETTERS = "aa|AA|ae|AE|oe|OE|o|O|l|L|ss|i|j|dj|DJ|th|TH|dh|DH|ng|NG"

_FRAGMENT = re.compile(
    rf"""
    (?:
      (?P<link>https?://[^\s{{}}<>"`]+) (?: \}}?\{{ (?P<label>[^{{}}]{{0,300}}) \}} (?![\w/?&=]) )?
    | (?P<kept>\\\\)
    | \\(?P<escaped>[%&_\#$])
    | (?P<blank>\\[ ,;] | {_BLANK_TIE})
    | (?P<accent>\{{{_ACCENT}\}} | {_ACCENT})
    | \{{\\(?P<braced>[a-zA-Z]+)\ ?\}}
    | \\(?P<macro>[a-zA-Z]+)(?P<arguments>(?:\s?{_GROUP})*)
    | \$(?P<sign>\\[a-zA-Z]+|[<>])\$(?=\.?\d)
    | \$(?=\S)(?P<math>(?:[^$\\]|\\.){{1,300}})(?<=\S)\$(?!\d)
    | \\\((?P<inline>.{{1,300}}?)\\\)
    | \{{\\(?:em|it|bf|tt|sc|rm|sl|sf)\s+(?P<styled>[^{{}}]{{1,300}})\}}
    | (?<=\w)\{{(?P<between>[,=])\}}(?=\w)
    | (?P<degrees>{_DEGREES}) | {_POWER} | {_INDEX}
    | ``(?P<quoted>(?:[^`']|'(?!')){{1,300}})''
    )
    """,
    re.VERBOSE,
)
_TELLTALE = re.compile(r"_\{|\w_\d|``|\{[,=]\}|\}?\{http|https?://[^\s{}]+\}?\{")

# Macros that only style their argument.
_STYLES = frozenset(
    {"text", "emph", "underline", "uline", "mbox", "operatorname", "ensuremath", "boldsymbol", "bm", "textnormal"}
    | {f"text{style}" for style in ("bf", "it", "rm", "sc", "tt", "sf", "sl", "md", "up")}
    | {f"math{style}" for style in ("rm", "bf", "it", "sf", "tt", "cal", "scr")}
)
_MORE_SYMBOLS = {
    "textgreater": ">",
    "textless": "<",
    "texttimes": "×",
    "textpm": "±",
    "textmu": "μ",
    "textdegree": "°",
    "degree": "°",
    "textbackslash": "\\",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "lvert": "|",
    "rvert": "|",
    "lVert": "‖",
    "rVert": "‖",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "circ": "∘",
}
_MATH_ONLY = frozenset({"mathbb", "hat", "tilde", "bar", "vec", "dot", "ddot", "sqrt", "left", "right"})
_SUPERSCRIPTS = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")
_SUBSCRIPTS = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")

_ESCAPED = re.compile(r"\\([%&_#~])")
_IS_MATH = re.compile(
    r"[\\^_=<>+|]|[^\x00-\x7f]|^(?:[A-Za-z]'?|[A-Z]{2,4}|[A-Z]{1,3}\([\d, ]+\)|[A-Za-z]\([^()]*\)|~?[\d.,]+[%kKMB]?"
    r"|\(?(?:\d{1,4}|[A-Za-z]{1,2})(?:[-/,](?:\d{1,4}|[A-Za-z]{1,2}))+\)?)$"
)
_IS_PROSE = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{2,}[_ ]|\s[A-Za-z]{2,}$")
_FRACTION = re.compile(r"\\[dt]?frac\s?\{(\w+)\}\s?\{(\w+)\}")
_MATH_POWER = re.compile(r"\^(?:\{([0-9n+-]{1,4})\}|([0-9n]))")
_MATH_INDEX = re.compile(r"_(?:\{([0-9+-]{1,4})\}|([0-9]))")
_MATH_SIGN = re.compile(r"([_^])\{(\\[a-zA-Z]+)\}")
_UPRIGHT_INDEX = re.compile(r"([_^])\{\\(?:rm|it|bf|sf|tt)\s+(\w+)\}")
_UNREADABLE = re.compile(r"[_^]\{(?!\d+\.\d+\})[^{}]*[^\w{}][^{}]*\}|\\\\")
_BARE = re.compile(r"(?<!\\)([%&#])")
_MACRO_NAME = re.compile(r"\\([a-zA-Z]+)")
_BEFORE_BLANK = re.compile(rf"(\\(?!(?:{'|'.join(sorted(_STYLES | _MATH_ONLY))})\s)[a-zA-Z]+)(?=\s)")
# arXiv's own Unicode may follow a macro at once, which the library would take for a part of its name.
_BEFORE_UNICODE = re.compile(r"(\\[a-zA-Z]+)(?=[^\x00-\x7f])")

# In names only: `\'S`, which in running text could close a quotation; `O\'Hara`, which has no accent; `Mi\l osz`.
_BARE_ACCENT = re.compile(r"\\([\"'`^~=.])\ ?([A-Za-z])")
_APOSTROPHE = re.compile(r"(?<=\b[ODLMdlo])\\'(?=[A-Z])")
_BLANK_AFTER_LETTER = re.compile(rf"\\({_LETTERS})\ (?=\w)")
_TIE = re.compile(r"(?<!\\)~")
_BRACES = re.compile(r"\{([^{}\\]*)\}")

# A text without any of these has no LaTeX.
SIGNS = "\\${^_`~"
# What any fragment begins with. They are looked for one by one, which is quicker than to try a fragment everywhere.
_BEGINNINGS = (*SIGNS, "http")


def _taught() -> LatexNodes2Text:
    """The library with what it would drop: more symbols, norms, and styles, of which it shows the argument."""
    db = get_default_latex_context_db()
    signs = [MacroTextSpec(name, simplify_repl=sign) for name, sign in {**_MORE_SYMBOLS, "|": "‖"}.items()]
    styles = [MacroTextSpec(name, discard=False) for name in _STYLES]
    db.add_context_category("digest", prepend=True, macros=[*signs, *styles])
    return LatexNodes2Text(math_mode="text", latex_context=db)


_library = _taught()
_SPECIAL = re.compile(r"[\\{}$%&#~^_`'\"\n]|--")  # without any of it the library, which takes its time, changes nothing
_grammar = get_default_grammar()  # else the library makes it anew for every fragment, which takes longer than all else


def readable(text: str) -> str:
    """The text with its LaTeX converted; text without any comes back at once."""
    if not ("\\" in text or "$" in text or "{" in text or "^" in text or "_" in text or "``" in text or "~" in text):
        return text
    if "\\" in text or "$" in text or "^" in text or "~" in text or _TELLTALE.search(text):
        return "".join(_pieces(text))
    return text


def _pieces(text: str) -> Iterator[str]:
    """The text with its fragments converted, from left to right."""
    at = 0
    for place in _places(text):
        if place >= at and (match := _FRAGMENT.match(text, place)):
            yield text[at:place]
            yield _converted(match)
            at = match.end()
    yield text[at:]


def _places(text: str) -> list[int]:
    """Where a fragment can begin, from left to right."""
    found = list[int]()
    for beginning in _BEGINNINGS:
        if beginning in text:
            at = text.find(beginning)
            while at >= 0:
                found.append(at)
                at = text.find(beginning, at + 1)
    found.sort()
    return found


def readable_name(text: str) -> str:
    """The same for a name, where an accent is no quotation mark, a tie is a blank, and braces hold together."""
    if not ("\\" in text or "{" in text or "~" in text or "$" in text or "^" in text):
        return text
    marked = _BLANK_AFTER_LETTER.sub(r"\\\1{}", _BARE_ACCENT.sub(r"\\\1{\2}", _APOSTROPHE.sub("'", text)))
    return _BRACES.sub(r"\1", _BRACES.sub(r"\1", readable(_TIE.sub(" ", marked))))


def greek(name: str) -> str | None:
    """The letter of a macro's name: α for `alpha`."""
    sign = _symbols().get(name, "")
    return sign if "α" <= sign.casefold() <= "ϵ" else None


@lru_cache(maxsize=1)
def _symbols() -> dict[str, str]:
    """Macros that stand for a character or a function's name. Not `\\today`: nothing here asks the clock."""
    db = get_default_latex_context_db()
    found = dict(_MORE_SYMBOLS)
    for category in db.categories():
        for name, macro in db.d[category]["macros"].items():
            sign = macro.simplify_repl
            if name.isalpha() and isinstance(sign, str) and _is_sign(name, sign):
                found.setdefault(name, sign)
    return found


def _is_sign(name: str, sign: str) -> bool:
    return sign == name or (len(sign) == 1 and not sign.isspace())


def _converted(match: re.Match[str]) -> str:
    """What stands for one fragment; the fragment itself where nothing better is known."""
    kind, whole = match.lastgroup or "", match[0]
    told = match[kind]
    if kind == "arguments":
        return _macro(match["macro"], told, whole)
    if kind in ("math", "inline", "sign"):
        return _math(told, whole)
    if kind in ("link", "label"):
        return _link(match["link"], match["label"])
    if kind == "braced":  # as arXiv writes what is not ASCII: `45{\deg}`
        return "°" if told == "deg" else _symbols().get(told, whole)
    if kind == "accent":
        return _from_library(whole) or whole
    if kind in ("styled", "quoted"):
        return readable(told) if kind == "styled" else f"“{readable(told)}”"
    if kind in ("powers", "power"):
        return told.translate(_SUPERSCRIPTS)
    if kind in ("indexes", "index"):
        return told.translate(_SUBSCRIPTS)
    if kind in ("degrees", "blank"):
        return "°" if kind == "degrees" else " "
    if kind == "word":
        return f"_{told}"
    return whole if kind == "kept" else told


def _link(address: str, label: str | None) -> str:
    """`https://x{https://x}` is one link; `https://x{here}` keeps its words in parentheses."""
    address, label = (_ESCAPED.sub(r"\1", part or "").strip() for part in (address, label))
    if not label or label.rstrip("/.") == address.rstrip("/."):
        return address
    return f"{address} ({label})"


def _macro(name: str, arguments: str, whole: str) -> str:
    inner = [group[1:-1] for group in re.findall(_GROUP, arguments)] if arguments else []
    if name in _STYLES and inner:
        return readable(inner[0]) + arguments[arguments.index(inner[0]) + len(inner[0]) + 1 :]
    if name == "url" and inner:
        return _link(inner[0], None)
    if name == "href" and len(inner) == 2:
        return _link(inner[0], readable(inner[1]))
    if name == "footnote" and inner:
        return f" ({readable(inner[0])})"
    if name in _symbols():
        return _symbols()[name] + readable("" if arguments == "{}" else arguments)
    return whole


@lru_cache(maxsize=4096)
def _math(formula: str, whole: str) -> str:
    """Text of a formula without its signs, if it is one and all of it can be told in a line."""
    known = _symbols().keys() | _STYLES | _MATH_ONLY
    source = _UPRIGHT_INDEX.sub(r"\1{\2}", _MATH_SIGN.sub(r"\1\2{}", _FRACTION.sub(r"\1/\2", formula)))
    if whole.startswith("$") and (not _IS_MATH.search(formula) or _IS_PROSE.search(source)):
        return whole
    if not all(name in known for name in _MACRO_NAME.findall(source)):
        return whole
    source = re.sub(r"\^(?:\{\\circ\}|\\circ(?![a-zA-Z]))", "°", source)
    source = _MATH_POWER.sub(lambda match: (match[1] or match[2]).translate(_SUPERSCRIPTS), source)
    source = _MATH_INDEX.sub(lambda match: (match[1] or match[2]).translate(_SUBSCRIPTS), source)
    if _UNREADABLE.search(source):
        return whole
    source = _BEFORE_UNICODE.sub(r"\1 ", _BEFORE_BLANK.sub(r"\1{} ", _BARE.sub(r"\\\1", source)))
    converted = _from_library(source)
    return converted if converted and not _letters(_MACRO_NAME.sub("", source)) - _letters(converted) else whole


def _letters(text: str) -> Counter[str]:
    """Letters and digits, by what they are and not how they look: what is lost of them must not be."""
    return Counter(filter(str.isalnum, unicodedata.normalize("NFKD", text)))


@lru_cache(maxsize=4096)
def _from_library(fragment: str) -> str:
    """What pylatexenc makes of a fragment, empty if it fails."""
    if not _SPECIAL.search(fragment):
        return fragment.strip()
    try:
        return str(_library.latex_to_text(fragment, latex_context=_grammar)).strip()
    except Exception:  # on malformed LaTeX it raises many kinds, most of them not its own
        return ""
