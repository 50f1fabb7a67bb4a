"""Pure: text -> words, stems and phrase matches. What counts as "the same word" is decided here and nowhere else.

Case, accents, plurals and other English endings, and hyphens do not count: "Multi-Modal", "multimodal" and
"multi modals" are one phrase. The Snowball stemmer lives here.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import Stemmer

_TOKEN = re.compile(r"[^\W_]+")
# Letters whose mark is part of the letter, which Unicode does not take apart: Łukasz is Lukasz.
_MARKED = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "ŧ": "t", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)
_ACRONYMS = re.compile(r"(?=...)[^aeiouy]+[aeiouy]?(?<!s)s")
_stemmer = Stemmer.Stemmer("english")

# A window of one phrase may be spread over this many more words in a text than the phrase has, by hyphens and blanks.
_SPREAD = 1
_ENDINGS = 9  # the most letters that stemming takes off: hopefulnesses

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
    """Case-folded, without accents."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in decomposed if not unicodedata.combining(character)).translate(_MARKED)


def tokens(text: str) -> list[str]:
    """Runs of letters and digits, plain; hyphenated words come apart."""
    return _TOKEN.findall(plain(text))


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Snowball's stem; and LLMs are LLM, which Snowball leaves alone for want of a vowel, as it does VLAs."""
    return word[:-1] if _ACRONYMS.fullmatch(word) else str(_stemmer.stemWord(word))


def _telling(text: str) -> list[str]:
    return [token for token in tokens(text) if token not in STOP_WORDS and (len(token) > 1 or token.isdigit())]


def terms(text: str) -> list[str]:
    """Stems of the words that tell papers apart, and their bigrams ("small model"), in order."""
    stems = [stem(token) for token in _telling(text)]
    return stems + [f"{one} {two}" for one, two in pairwise(stems)]


@lru_cache(maxsize=20_000)
def phrase_key(phrase: str) -> str:
    """The phrase's words run together and stemmed; empty if it has none."""
    return stem("".join(tokens(phrase)))


def singular(word: str) -> str:
    """Without a plural's ending; for a word inside a phrase, where a stem would spoil "multi-modal"."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-2] if word.endswith(("sses", "shes", "ches", "xes", "zes")) else word[:-1]


def _singular_key(phrase: str) -> str:
    """As `phrase_key`, the inner words in the singular: chains of thought are a chain of thought."""
    *inner, last = tokens(phrase)
    return stem("".join(map(singular, inner)) + last)


def _heads(key: str) -> tuple[str, ...]:
    """How words begin that stem to this key: stemming changes the last two letters, and "lying" to "lie"."""
    head = key[: max(2, len(key) - 2)]
    return (head, f"{key[0]}y") if len(key) == 3 and key.endswith("ie") else (head,)


class Phrases:
    """Phrases to be looked for in many texts, compiled once."""

    def __init__(self, phrases: Iterable[str]) -> None:
        given = {key: phrase for phrase in phrases if (key := phrase_key(phrase))}
        self._by_key = {_singular_key(phrase): phrase for phrase in given.values()} | given
        self._window = max((len(tokens(phrase)) for phrase in given.values()), default=0) + _SPREAD
        # The beginnings spare stemming nearly every window of a text.
        self._longest: dict[str, int] = {}  # by head
        for key in self._by_key:
            for head in _heads(key):
                self._longest[head] = max(self._longest.get(head, 0), len(key) + _ENDINGS)
        self._beginnings = {head[:end] for head in self._longest for end in range(1, len(head) + 1)}
        self._openings: dict[str, bool] = {}

    def _fits(self, joined: str) -> bool:
        """Whether a phrase can begin or end with these joined words; if not, neither can it with more words."""
        if joined in self._beginnings:
            return True
        return any(self._longest.get(joined[:end], 0) >= len(joined) for end in range(1, len(joined) + 1))

    @property
    def initials(self) -> set[str]:
        """The letters that the phrases can begin with."""
        return {beginning for beginning in self._beginnings if len(beginning) == 1}

    def opens(self, word: str) -> bool:
        """Whether a phrase can begin with this word."""
        if word not in self._openings:
            self._openings[word] = self._fits(word) or self._fits(singular(word))
        return self._openings[word]

    def _beginning(self, words: Sequence[str]) -> Iterator[str]:
        """The phrases that the first one, two, three … words make up."""
        joined = inner = ""  # the second with all but its last word in the singular
        for word in words:
            joined, single, inner = joined + word, inner + word, inner + singular(word)
            if not any(map(self._fits, (joined, single, inner))):
                return
            phrase = self._by_key.get(stem(joined)) or self._by_key.get(stem(single))
            if phrase is not None:
                yield phrase

    def count(self, text: str) -> Counter[str]:
        """How often each phrase occurs in the text, by the phrase as it was given."""
        if not self._by_key:
            return Counter()
        words = tokens(text)
        return Counter(
            phrase
            for start, word in enumerate(words)
            if self.opens(word)
            for phrase in self._beginning(words[start : start + self._window])
        )


def spelled(text: str) -> dict[str, str]:
    """The terms of a text (see `terms`), each in the words in which the text has it first."""
    kept = [(stem(token), token) for token in _telling(text)]
    found: dict[str, str] = {}
    for term, token in kept:
        found.setdefault(term, token)
    for (one, first), (two, second) in pairwise(kept):
        found.setdefault(f"{one} {two}", f"{first} {second}")
    return found
