"""Cuts words of any language: titles, abstracts at their sentences, bylines.

All of it is plain text; escaping is the templates' business.
"""

from __future__ import annotations

import re
from functools import lru_cache

from digest.model import Paper
from digest.render.language import Language
from digest.text import clean

NO_BREAK = "\u00a0"
DOT = f"{NO_BREAK}· "  # between two things of a line: where that is broken, it goes with the first, as a comma does
_NAMES = 3

# Sources whose lists the program has formats for, as readers know them.
_KNOWN_AS = {
    **dict.fromkeys(
        ("hf-daily", "hf-trending", "hf-search", "hf-period", "hf-scrape-a", "hf-scrape-b"),
        "Hugging Face",
    ),
    **dict.fromkeys(
        ("arxiv-api", "arxiv-daily", "arxiv-listing", "arxiv-mailing", "arxiv-oai", "arxiv-rss", "arxiv-snapshot"),
        "arXiv",
    ),
    "biorxiv": "bioRxiv",
}

# Words before whose full stop no sentence ends, in English, German, French and Spanish papers' abstracts.
_ABBREVIATIONS = frozenset(
    re.findall(
        r"\S+",
        "e.g i.e etc al vs cf ca viz resp approx w.r.t w.l.o.g i.i.d a.k.a incl esp vol pp ch fig figs eq eqs sec secs "
        "ref refs thm dr mr mrs ms prof st inc ltd jr sr ph.d u.s z.b d.h u.a bzw ggf vgl abb usw s.a p.ej ej",
    )
)
_NUMBER = re.compile(r" (?<=\d )(?=[^\W\d_])")  # a blank first, as those are found at once
_BEFORE_NUMBERS = frozenset(("no", "nos", "nr", "tab"))
# Marks of scripts with blanks end a sentence where a blank follows, the others anywhere but between digits.
_SENTENCE_END = re.compile(r"""[.!?…؟۔।॥։።]+["'”’“»)\]]*(?=\s+\S)|[。！？｡．]+[”’」』）]*(?=\D)""")


def clip(text: str, limit: int) -> str:
    """Cut at a word so that text and its `…` have at most `limit` characters; a long word at a hyphen, or inside."""
    if len(text) <= limit:
        return text
    head = text[:limit]  # one more character than may stay: tells whether a word ends exactly there
    cut = next((at for at in map(head.rfind, " -") if at >= limit // 2), limit - 1)
    return head[:cut].rstrip(" ,;:.-–—·") + "…"


@lru_cache(4_096)
def opening(text: str, limit: int, sentences: int = 2) -> str:
    """The first whole sentences that fit into about `limit` characters, `sentences` of them at the most.

    A first sentence may be a quarter longer than that before it is cut at a word.
    """
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if _is_end(text, match)]
    ends = [*ends, len(text)][:sentences]
    fitting = [end for end in ends if end <= limit]
    if fitting:
        return text[: fitting[-1]].rstrip()
    return text[: ends[0]].rstrip() if ends[0] <= limit * 5 // 4 else clip(text, limit)


def _is_end(text: str, match: re.Match[str]) -> bool:
    """Not after an abbreviation or an initial, nor before a small letter."""
    if not match[0].startswith((".", "…")):
        return True
    word = text[: match.start()].rpartition(" ")[2].lstrip("([\"'“‘„«").lower()
    following = text[match.end() :].lstrip()[:1]
    abbreviated = word in _ABBREVIATIONS or (word in _BEFORE_NUMBERS and following.isdigit())
    initial = len(word) == 1 and word.isalpha()
    return not abbreviated and not initial and not following.islower()


def capital(line: str) -> str:
    return line[:1].upper() + line[1:]


def known_as(source: str) -> str:
    """What a reader calls a source; one that is not known goes by its own name."""
    return _KNOWN_AS.get(source) or clean(source)


def tight(words: str) -> str:
    """Words that stay on one line, such as a number and what it counts."""
    return words.replace(" ", NO_BREAK)


def counted(words: str) -> str:
    """Words in which each number stays on one line with the word behind it."""
    return _NUMBER.sub(NO_BREAK, words)


def names(paper: Paper) -> tuple[str, ...]:
    """The first three authors."""
    return tuple(clip(name, 80) for name in map(clean, paper.authors) if name)[:_NAMES]


def further(paper: Paper, words: Language) -> str:
    """How many authors more there are; all of them where names are unknown; empty if nothing is known."""
    first, known = names(paper), sum(1 for name in map(clean, paper.authors) if name)
    total = max(known, paper.author_count or 0)
    if not first:
        return words.ngettext("%(count)s author", "%(count)s authors", total) if total else ""
    more = total - len(first)
    return words.ngettext("+ %(count)s more", "+ %(count)s more", more) if more else ""


def authors(paper: Paper, words: Language) -> str:
    """The first names and how many more, in one line."""
    return " ".join(filter(None, (", ".join(names(paper)), further(paper, words))))
