"""Pure: phrases, and the texts in which they are: many of both at once, each run of words looked at once.

What counts as the same phrase is decided in `words`.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from digest.words import keys_of, longer, phrase_keys, singulars, tokens, words

# A window of one phrase may be spread over this many more words in a text than the phrase has, by hyphens and blanks.
_SPREAD = 1
_ENDINGS = 2  # the most letters by which a plural is longer
_HEAD = 40  # letters by which the beginning of a phrase is known: enough to tell, however long a word is


def _head(key: str) -> str:
    """How words begin that have this key: a plural has another last letter at most, as memories of memory."""
    return key[: min(_HEAD, max(1, len(key) - 1))]


class Node:
    """A run of words that texts have, and the places of its last word. What follows is looked up when first asked for.

    `joined` are its words run together, `inner` the same with each of them in the singular: in each way in which they
    can be.
    """

    def __init__(self, run: Sequence[str], places: Sequence[int], joined: str, inner: tuple[str, ...]) -> None:
        self._run, self.places = run, places
        self.joined, self.inner = joined, inner

    @property
    def keys(self) -> tuple[str, ...]:
        """Of the phrases that it is; the first one counts."""
        return keys_of(self.joined, self.inner)

    @cached_property
    def following(self) -> list[Node]:
        """The runs that are longer by a word."""
        places: dict[str, array[int]] = {}
        for place in self.places:
            if word := self._run[place + 1]:
                places.setdefault(word, array("q")).append(place + 1)
        return [Node(self._run, those, self.joined + word, longer(self.inner, word)) for word, those in places.items()]

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
        run, self._text, once = [""], array("q", [-1]), dict[str, str]()  # the same word is the same object
        for number, text in enumerate(texts):
            found = [*(once.setdefault(word, word) for word in words(text)), ""]
            run += found
            self._text.extend([number] * len(found))
        self.root = Node(run, range(len(run) - 1), "", ("",))

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

    def _beginning(self, run: Sequence[str]) -> Iterator[str]:
        """The phrases that the first one, two, three … words make up."""
        joined = ""
        inner: tuple[str, ...] = ("",)
        for number, word in enumerate(run, start=1):
            joined, inner = joined + word, longer(inner, word)
            if not any(map(self._fits, (joined, *inner))):
                return
            keys = keys_of(joined, inner)
            key = next((key for key in keys if number <= self._words_of.get(key, 0)), None)
            if key is not None:
                yield self._by_key[key]

    def count(self, text: str) -> Counter[str]:
        """How often each phrase occurs in the text, by the phrase as it was given."""
        if not self._by_key:
            return Counter()
        run = words(text)
        return Counter(
            phrase
            for start, word in enumerate(run)
            if self._opens(word)
            for phrase in self._beginning(run[start : start + self._window])
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
