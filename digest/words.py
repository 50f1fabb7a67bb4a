"""Pure: text -> words, stems and keys of phrases. What counts as "the same word" is decided here and nowhere else.

Of phrases that a reader gives, case, accents, plurals and hyphens do not count: "Multi-Modal", "multimodal" and "multi
modals" are one phrase; "experience" and "experiment" are two, though they share a stem. Stems, by the Snowball stemmer,
which lives here, are for the statistics of texts alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import Stemmer

_TOKEN = re.compile(r"[^\W_]+")
# Letters whose mark is part of the letter, which Unicode does not take apart: Łukasz is Lukasz. And joiners.
_MARKED = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "ŧ": "t", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
    | dict.fromkeys("\u200c\u200d", "")
)
_ACRONYMS = re.compile(r"(?=...)[^aeiouy]+[aeiouy]?(?<!s)s")
_MANY = re.compile(r".{3,}(?<!ic)(?<![isu])s")
_SPELT = re.compile(r"[^aeiouy]{2,}(?<!s)s")  # LLMs, PCs; not "has"
_stemmer = Stemmer.Stemmer("english")

_WAYS = 8  # in which the words inside a phrase may be in the singular

# Plurals that no ending tells; not those that are other words too, such as bases, axes and leaves.
_SINGULARS = {
    "ads": "ad",
    "ais": "ai",
    "aliases": "alias",
    "analyses": "analysis",
    "apis": "api",
    "appendices": "appendix",
    "atlases": "atlas",
    "biases": "bias",
    "bonuses": "bonus",
    "buses": "bus",
    "campuses": "campus",
    "canvases": "canvas",
    "censuses": "census",
    "characteristics": "characteristic",
    "children": "child",
    "clinics": "clinic",
    "comics": "comic",
    "corpora": "corpus",
    "corpuses": "corpus",
    "cpus": "cpu",
    "crises": "crisis",
    "criteria": "criterion",
    "critics": "critic",
    "diagnoses": "diagnosis",
    "echoes": "echo",
    "emojis": "emoji",
    "fabrics": "fabric",
    "feet": "foot",
    "focuses": "focus",
    "gases": "gas",
    "genera": "genus",
    "gpus": "gpu",
    "guis": "gui",
    "heroes": "hero",
    "heuristics": "heuristic",
    "hypotheses": "hypothesis",
    "ids": "id",
    "indices": "index",
    "knives": "knife",
    "lenses": "lens",
    "logics": "logic",
    "matrices": "matrix",
    "men": "man",
    "metrics": "metric",
    "mice": "mouse",
    "mosaics": "mosaic",
    "npus": "npu",
    "parentheses": "parenthesis",
    "phenomena": "phenomenon",
    "prognoses": "prognosis",
    "quizzes": "quiz",
    "relics": "relic",
    "skeptics": "skeptic",
    "statistics": "statistic",
    "statuses": "status",
    "syntheses": "synthesis",
    "teeth": "tooth",
    "theses": "thesis",
    "topics": "topic",
    "tpus": "tpu",
    "uis": "ui",
    "vertices": "vertex",
    "viruses": "virus",
    "vortices": "vortex",
    "wikis": "wiki",
    "wolves": "wolf",
    "women": "woman",
}
# No plurals, though they end like some; nor are those in -ics, such as dynamics.
_NO_PLURALS = frozenset(_SINGULARS.values()) | frozenset(
    [
        *("always", "andes", "chaos", "christmas", "cosmos", "ethos", "kansas", "kubernetes", "mars", "mathematics"),
        *("news", "pandas", "perhaps", "series", "species", "texas", "whereas"),
    ]
)

# Words too common in English abstracts to tell papers apart.
_STOP_WORDS = """
    a about above across after all also although an and any are as at based be because been before being between
    both but by can cannot could did do does each either et al etc for from further had has have here how however if
    in into is it its itself just like may more most much must new no nor not of on only onto or other our out over
    own paper per present propose proposed rather results same several show shows since so some such than that the
    their them then there these they this those through thus to toward towards under until up upon us use used using
    very via was we well were what when where whether which while who whose why will with within without would yet
    you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


def plain(text: str) -> str:
    """Case-folded, without accents and the other marks, which are no letters: none may part a word."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    unmarked = [one for one in decomposed if one.isalnum() or unicodedata.category(one)[0] != "M"]
    return "".join(unmarked).translate(_MARKED)


def tokens(text: str) -> list[str]:
    """Runs of letters and digits, plain; hyphenated words come apart."""
    return _TOKEN.findall(plain(text))


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Snowball's stem; and LLMs are LLM, which Snowball leaves alone for want of a vowel, as it does VLAs."""
    word = _SINGULARS.get(word, word)
    return word[:-1] if _ACRONYMS.fullmatch(word) else str(_stemmer.stemWord(word))


def tells(phrase: str) -> bool:
    """Whether a phrase has a word that is not too common to be looked for."""
    return any(word not in STOP_WORDS for word in tokens(phrase))


def _telling(text: str) -> list[str]:
    return [token for token in tokens(text) if token not in STOP_WORDS and (len(token) > 1 or token.isdigit())]


def telling(text: str) -> list[tuple[str, str]]:
    """The words that tell papers apart, each with its stem before it, in order."""
    return [(stem(token), token) for token in _telling(text)]


def terms(text: str) -> list[str]:
    """Stems of the words that tell papers apart, and their bigrams ("small model"), in order."""
    stems = [stem(token) for token in _telling(text)]
    return stems + [f"{one} {two}" for one, two in pairwise(stems)]


def words(text: str) -> list[str]:
    """Tokens, those in the singular whose plural no ending tells."""
    return [_SINGULARS.get(token, token) for token in tokens(text)]


def run_together(text: str) -> str:
    """Its words, without what stands between them."""
    return "".join(tokens(text))


@lru_cache(maxsize=20_000)
def phrase_keys(phrase: str) -> tuple[str, ...]:
    """The phrase's words run together and in the singular, in every way in which they can be; none if it has no word.

    Two phrases are the same if they share a key.
    """
    said = words(phrase)
    if not said:
        return ()
    inner: tuple[str, ...] = ("",)
    for word in said:
        inner = longer(inner, word)
    return keys_of("".join(said), inner)


def keys_of(joined: str, inner: Sequence[str]) -> tuple[str, ...]:
    """Of words run together as they are, and with each of them in the singular; the former first."""
    return tuple(dict.fromkeys((*singulars(joined), *inner)))


@lru_cache(maxsize=200_000)
def singulars(word: str) -> tuple[str, ...]:
    """Without a plural's ending. Where letters may be of either, all that it can be: "cach" and "cache" for caches."""
    if word in _NO_PLURALS or not (_SPELT.fullmatch(word) or _MANY.fullmatch(word)):
        return (word,)
    word = word[:-1]
    if word.endswith("ie"):
        return f"{word[:-2]}y", word
    return (word[:-1], word) if word.endswith(("sse", "she", "che", "xe", "ze", "oe")) else (word,)


def longer(inner: Sequence[str], word: str) -> tuple[str, ...]:
    """Words run together, and another one in the singular."""
    ends = singulars(word) if len(inner) < _WAYS else singulars(word)[:1]
    return tuple(f"{one}{end}" for one in inner for end in ends)


def spelled(text: str) -> dict[str, str]:
    """The terms of a text (see `terms`), each in the words in which the text has it first."""
    kept = telling(text)
    found: dict[str, str] = {}
    for term, token in kept:
        found.setdefault(term, token)
    for (one, first), (two, second) in pairwise(kept):
        found.setdefault(f"{one} {two}", f"{first} {second}")
    return found
