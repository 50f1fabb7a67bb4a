"""Pure: text -> words, stems and phrase matches. What counts as "the same word" is decided here and nowhere else.

Of phrases that a reader gives, case, accents, plurals and hyphens do not count: "Multi-Modal", "multimodal" and "multi
modals" are one phrase; "experience" and "experiment" are two, though they share a stem. Stems, by the Snowball stemmer,
which lives here, are for the statistics of texts alone.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise

import Stemmer

_TOKEN = re.compile(r"[^\W_]+")
# Letters whose mark is part of the letter, which Unicode does not take apart: Łukasz is Lukasz.
_MARKED = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "ŧ": "t", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)
_ACRONYMS = re.compile(r"(?=...)[^aeiouy]+[aeiouy]?(?<!s)s")
_MANY = re.compile(r".{3,}(?<!ic)(?<![isu])s")
_SPELT = re.compile(r"[^aeiouy]{2,}(?<!s)s")  # LLMs, PCs; not "has"
_stemmer = Stemmer.Stemmer("english")

# A window of one phrase may be spread over this many more words in a text than the phrase has, by hyphens and blanks.
_SPREAD = 1
_ENDINGS = 2  # the most letters by which a plural is longer
_WAYS = 8  # in which the words inside a phrase may be in the singular
_HEAD = 40  # letters by which the beginning of a phrase is known: enough to tell, however long a word is

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


def _words(text: str) -> list[str]:
    return [_SINGULARS.get(token, token) for token in tokens(text)]


def run_together(text: str) -> str:
    """Its words, without what stands between them."""
    return "".join(tokens(text))


@lru_cache(maxsize=20_000)
def phrase_keys(phrase: str) -> tuple[str, ...]:
    """The phrase's words run together and in the singular, in every way in which they can be; none if it has no word.

    Two phrases are the same if they share a key.
    """
    words = _words(phrase)
    if not words:
        return ()
    inner: tuple[str, ...] = ("",)
    for word in words:
        inner = _longer(inner, word)
    return _keys("".join(words), inner)


def _keys(joined: str, inner: Sequence[str]) -> tuple[str, ...]:
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


def _longer(inner: Sequence[str], word: str) -> tuple[str, ...]:
    """Words run together, and another one in the singular."""
    ends = singulars(word) if len(inner) < _WAYS else singulars(word)[:1]
    return tuple(f"{one}{end}" for one in inner for end in ends)


def _head(key: str) -> str:
    """How words begin that have this key: a plural has another last letter at most, as memories of memory."""
    return key[: min(_HEAD, max(1, len(key) - 1))]


class Node:
    """A run of words that texts have, and the places of its last word. What follows is looked up when first asked for.

    `joined` are its words run together, `inner` the same with each of them in the singular: in each way in which they
    can be.
    """

    def __init__(self, words: Sequence[str], places: Sequence[int], joined: str, inner: tuple[str, ...]) -> None:
        self._words, self.places = words, places
        self.joined, self.inner = joined, inner

    @property
    def keys(self) -> tuple[str, ...]:
        """Of the phrases that it is; the first one counts."""
        return _keys(self.joined, self.inner)

    @cached_property
    def following(self) -> list[Node]:
        """The runs that are longer by a word."""
        places: dict[str, array[int]] = {}
        for place in self.places:
            if word := self._words[place + 1]:
                places.setdefault(word, array("q")).append(place + 1)
        return [
            Node(self._words, those, self.joined + word, _longer(self.inner, word)) for word, those in places.items()
        ]

    @cached_property
    def by_key(self) -> dict[str, list[Node]]:
        """The same by the keys of phrases that they can be."""
        found: dict[str, list[Node]] = {}
        for node in self.following:
            for key in node.keys:
                found.setdefault(key, []).append(node)
        return found

    @cached_property
    def _by_spelling(self) -> dict[str, list[Node]]:
        """The same by their spellings, in alphabetical order."""
        pairs = ((one, node) for node in self.following for one in {node.joined, *node.inner})
        found: dict[str, list[Node]] = {}
        for spelling, node in sorted(pairs, key=lambda pair: pair[0]):
            found.setdefault(spelling, []).append(node)
        return found

    @cached_property
    def _spelled(self) -> list[str]:
        return list(self._by_spelling)

    def leading_to(self, head: str, longest: int) -> Iterator[Node]:
        """Those of the same that begin a head, or begin with it and have so many letters at the most."""
        shortest = min(map(len, (self.joined, *self.inner)))
        for end in range(shortest + 1, len(head)):
            yield from self._by_spelling.get(head[:end], ())
        for place in range(bisect_left(self._spelled, head), len(self._spelled)):
            spelling = self._spelled[place]
            if not spelling.startswith(head):
                return
            if len(spelling) <= longest:
                yield from self._by_spelling[spelling]


class Index:
    """Many texts, in which phrases are looked for all at once; texts go by their number."""

    def __init__(self, texts: Iterable[str]) -> None:
        words, self._text = [""], array("q", [-1])
        for number, text in enumerate(texts):
            found = [*_words(text), ""]
            words += found
            self._text.extend([number] * len(found))
        self.root = Node(words, range(len(words) - 1), "", ("",))

    def texts(self, node: Node) -> Iterator[int]:
        """The texts of a run of words, each as often as it has it."""
        return (self._text[place] for place in node.places)


class Phrases:
    """Phrases to be looked for in many texts, compiled once."""

    def __init__(self, phrases: Iterable[str]) -> None:
        given = {keys[0]: phrase for phrase in phrases if (keys := phrase_keys(phrase))}
        self._by_key = {key: phrase for phrase in given.values() for key in phrase_keys(phrase)} | given
        self._words_of = {key: len(tokens(phrase)) + _SPREAD for key, phrase in self._by_key.items()}
        self._window = max(self._words_of.values(), default=0)
        # The beginnings spare looking closely at nearly every window of a text.
        self._longest: dict[str, int] = {}  # by head
        for key in self._by_key:
            head = _head(key)
            self._longest[head] = max(self._longest.get(head, 0), len(key) + _ENDINGS)
        self._lengths = sorted({len(head) for head in self._longest})
        self._beginnings = {head[:end] for head in self._longest for end in range(1, len(head) + 1)}
        self._openings: dict[str, bool] = {}

    def _fits(self, joined: str) -> bool:
        """Whether a phrase can begin or end with these joined words; if not, neither can it with more words."""
        if joined in self._beginnings:
            return True
        return any(self._longest.get(joined[:length], 0) >= len(joined) for length in self._lengths)

    def _opens(self, word: str) -> bool:
        """Whether a phrase can begin with this word."""
        if word not in self._openings:
            self._openings[word] = self._fits(word) or any(map(self._fits, singulars(word)))
        return self._openings[word]

    def _beginning(self, words: Sequence[str]) -> Iterator[str]:
        """The phrases that the first one, two, three … words make up."""
        joined = ""
        inner: tuple[str, ...] = ("",)
        for number, word in enumerate(words, start=1):
            joined, inner = joined + word, _longer(inner, word)
            if not any(map(self._fits, (joined, *inner))):
                return
            keys = _keys(joined, inner)
            key = next((key for key in keys if number <= self._words_of.get(key, 0)), None)
            if key is not None:
                yield self._by_key[key]

    def count(self, text: str) -> Counter[str]:
        """How often each phrase occurs in the text, by the phrase as it was given."""
        if not self._by_key:
            return Counter()
        words = _words(text)
        return Counter(
            phrase
            for start, word in enumerate(words)
            if self._opens(word)
            for phrase in self._beginning(words[start : start + self._window])
        )

    def find(self, index: Index) -> dict[str, list[Node]]:
        """By phrase the runs of words that are it, wherever `count` counts one; without those that no text has."""
        ends: dict[Node, str] = {}  # the key of each
        for key in self._by_key:
            self._find(index.root, key, _head(key), self._words_of[key], ends)
        found: dict[str, list[Node]] = {}
        for node, key in ends.items():
            found.setdefault(self._by_key[key], []).append(node)
        return found

    def _find(self, node: Node, key: str, head: str, left: int, ends: dict[Node, str]) -> None:
        """Put the runs of at most so many more words that have a key to those found, each with its first key."""
        for end in node.by_key.get(key, ()):
            if end not in ends or end.keys.index(key) < end.keys.index(ends[end]):
                ends[end] = key
        if left > 1:
            for longer in set(node.leading_to(head, len(key) + _ENDINGS)):
                self._find(longer, key, head, left - 1, ends)


def spelled(text: str) -> dict[str, str]:
    """The terms of a text (see `terms`), each in the words in which the text has it first."""
    kept = telling(text)
    found: dict[str, str] = {}
    for term, token in kept:
        found.setdefault(term, token)
    for (one, first), (two, second) in pairwise(kept):
        found.setdefault(f"{one} {two}", f"{first} {second}")
    return found


def short(title: str, most: int = 60) -> str:
    """A title cut at a word."""
    return title if len(title) <= most else title[:most].rsplit(" ", 1)[0].rstrip(" ,:;–-") + "…"
