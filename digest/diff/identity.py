"""Which paper an entry speaks of: the keys it can be found by, and the known papers under them.

By arXiv id, DOI or a source's own id, else by title and abstract. Does not know what the paper becomes.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Container, Iterable, Mapping
from itertools import chain, count

from digest.model import Facts, KnownPaper, Listing, Origin, Paper
from digest.text import unjoined

# Share of the shorter abstract's words that the other must hold for two abstracts to be of one paper.
SAME_ABSTRACT = 0.6
# Distinct words of the shorter abstract from which on agreeing says something; and from which on it says so much that
# two ids of one source are one paper's. Below that are phrases such as a journal puts under its every “Editorial”.
_TELLING, _WEIGHTY = 8, 30

# In characters, of four bytes at most: a database's index takes no rows of more than some 2,600 bytes.
_LONGEST_KEY = 200
_WORD = re.compile(r"\w+")
_SIGNS = bytes(code for code in range(128) if not chr(code).isalnum() and chr(code) != "+")
_LOWER = bytes(range(256)).lower()


def title_key(title: str) -> str:
    """What stays of a title when white space, case, accents, sub- and superscripts and punctuation do not count.

    A plus does: LoRA+ is not LoRA. Empty for a title without any letter or digit. Long keys are cut to their hash.
    """
    if title.isascii():
        key = title.encode().translate(_LOWER, _SIGNS).decode()
    else:
        decomposed = unicodedata.normalize("NFKD", title).casefold()
        key = "".join([character for character in decomposed if character.isalnum() or character == "+"])
    return _bounded(key)


def _bounded(text: str) -> str:
    return text if len(text) <= _LONGEST_KEY else hashlib.sha256(text.encode()).hexdigest()


Keys = tuple[str, ...]


def identity_keys(facts: Facts) -> Keys:
    """The keys under which a paper can be found, strongest first: arXiv id, DOI, a source's own id, title."""
    keys = []
    if facts.arxiv_id:
        keys.append(f"arxiv:{facts.arxiv_id}")
    if facts.doi:
        keys.append(f"doi:{_bounded(facts.doi.casefold())}")
    if facts.source_id:
        keys.append(f"source:{_bounded(facts.source_id)}")
    keys.append(f"title:{title_key(facts.title) or _bounded(unjoined(facts.title).strip().casefold())}")
    return tuple(keys)


def listing_keys(listing: Listing) -> tuple[Keys, ...]:
    """The keys of each of a listing's entries: what the store is asked for before `diff`."""
    return tuple([identity_keys(entry.facts) for entry in listing.entries])


def words(text: str) -> frozenset[str]:
    """Without accents and case, in no order."""
    return frozenset(_words(text))


def _words(text: str) -> list[str]:
    return _WORD.findall(unjoined(unicodedata.normalize("NFKD", text).casefold()))


def same_abstract(one: str, other: str) -> bool:
    """Whether two abstracts can be of one paper; an absent one contradicts nothing."""
    if not one or not other or one == other:
        return True
    mine, theirs = words(one), words(other)
    return len(mine & theirs) >= SAME_ABSTRACT * min(len(mine), len(theirs))


def _agree(one: str, other: str, least: int = _TELLING) -> bool:
    """Whether two abstracts that do not contradict each other are long enough to confirm that."""
    return bool(one and other) and min(len(words(one)), len(words(other))) >= least


def _share_authors(facts: Facts, paper: Paper) -> bool | None:
    """Whether a last word of one's names is in the other's; None where one has no names, or only first ones agree."""
    if not facts.authors or not paper.authors:
        return None
    mine, theirs = ([words(name) for name in one.authors] for one in (facts, paper))
    last = [{_last(name) for name in one.authors} - {""} for one in (facts, paper)]
    if any(name & last[1] for name in mine) or any(name & last[0] for name in theirs):
        return True
    return None if frozenset().union(*mine) & frozenset().union(*theirs) else False


def _last(name: str) -> str:
    found = _words(name)
    return found[-1] if found and len(found[-1]) > 1 else ""


def _ids_differ(facts: Facts, paper: Paper) -> bool:
    """Whether both have a DOI, or an id of the same source, and not the same one."""
    if facts.doi and paper.doi and facts.doi.casefold() != paper.doi.casefold():
        return True
    mine, theirs = facts.source_id, paper.source_id
    return bool(mine and theirs and mine != theirs and mine.partition(":")[0] == theirs.partition(":")[0])


def _same_work(facts: Facts, paper: Paper, key: str) -> bool:
    """Whether an entry found by this key is this paper: never with another arXiv id, by title with another abstract.

    A title alone is enough only for what has no id, as a list that people typed: a journal has an “Editorial” in every
    issue, and so have other journals. Else the abstract or an author must confirm it; and of two ids of one source both
    of them, or a long abstract where an entry tells no authors.
    """
    if facts.arxiv_id and paper.arxiv_id and facts.arxiv_id != paper.arxiv_id:
        return False
    if not key.startswith("title:"):
        return True
    if not same_abstract(facts.abstract, paper.abstract):
        return False
    authors = _share_authors(facts, paper)
    if _ids_differ(facts, paper):
        return authors is not False and _agree(facts.abstract, paper.abstract, _TELLING if authors else _WEIGHTY)
    if authors or _agree(facts.abstract, paper.abstract):
        return True
    return authors is None and not (_has_id(facts) and _has_id(paper))


def _has_id(facts: Facts) -> bool:
    return bool(facts.arxiv_id or facts.doi or facts.source_id)


def _doubts(facts: Facts, paper: Paper) -> tuple[bool, bool, bool, str]:
    """What speaks against a paper where several have the key.

    No abstract to confirm it; only an old title in common; not having been listed by its title alone before.
    """
    unconfirmed = bool(facts.abstract) and not paper.abstract
    by_title_alone = paper.id == new_paper_id(Facts(title=facts.title), ())
    return unconfirmed, title_key(facts.title) != title_key(paper.title), not by_title_alone, paper.id


def new_paper_id(facts: Facts, taken: Container[str]) -> str:
    """The arXiv id, else `t-` and a hash of the title; with the abstract in it where that title is taken already."""
    if facts.arxiv_id:
        return facts.arxiv_id
    key = identity_keys(facts)[-1]
    seeds = chain((key,), (f"{key} {unjoined(facts.abstract)}{' again' * more}" for more in count()))
    ids = (f"t-{hashlib.sha256(seed.encode()).hexdigest()[:16]}" for seed in seeds)
    return next(one for one in ids if one not in taken)


class Index:
    """The known papers by key, growing as the listing is read, so that a paper listed twice is met again."""

    def __init__(self, known: Iterable[KnownPaper], origins: Mapping[str, Origin]) -> None:
        """`origins` are those of a paper that the listing is the first to name."""
        self._papers: dict[str, KnownPaper | Paper] = {}  # of a new one what is known is told if it is met again
        self._origins = origins
        self._by_key: dict[str, tuple[str, ...]] = {}
        for paper in known:
            self.put(paper, paper.keys)

    def __contains__(self, paper_id: object) -> bool:
        return paper_id in self._papers

    def put(self, known: KnownPaper | Paper, keys: Iterable[str]) -> None:
        """`keys` are those that it may not have been put under yet."""
        paper_id = known.id if isinstance(known, Paper) else known.paper.id
        self._papers[paper_id] = known
        alone = (paper_id,)
        for key in keys:
            if paper_id not in (ids := self._by_key.setdefault(key, alone)):
                self._by_key[key] = (*ids, paper_id)

    def find(self, facts: Facts, keys: Iterable[str]) -> KnownPaper | None:
        """Of the first key that leads to the same work; of several works the one with the fewest doubts."""
        for key in keys:
            if not (ids := self._by_key.get(key)):
                continue
            found = map(self._known, ids)
            matches = [one for one in found if _same_work(facts, one.paper, key)]
            if len(matches) > 1:
                return min(matches, key=lambda one: _doubts(facts, one.paper))
            if matches:
                return matches[0]
        return None

    def _known(self, paper_id: str) -> KnownPaper:
        found = self._papers[paper_id]
        if isinstance(found, KnownPaper):
            return found
        return KnownPaper(paper=found, keys=frozenset(), origins=self._origins, last_listed=None)
