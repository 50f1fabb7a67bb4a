"""Pure: papers + trends + a profile -> ranked papers with reasons. Knows nothing of who was shown what.

A score is the sum of whole points, each with a reason:

    trend      every term of `trend`, times 2 · trend_weight
    interests  times 2 · (1 - trend_weight):
      topic        what the topic that the paper says most to gives it, if that is above 0 (`interests` has the model:
                   words, what is near them, examples); the papers that the reader liked are a topic too
      unwanted     less what is found of words with a negative weight, whichever topic they are of
      disliked     less a quarter of what papers that the reader did not like would give it
      author       250 · weight for a followed author
      organisation 200 · weight for a followed organisation
      category      80 · weight for a followed category (the primary one; half for a cross-list)
    similar    less the closer the paper is to one above it in the list (maximal marginal relevance; Carbonell and
               Goldstein 1998)

A paper that the reader knows (an example, or one the reader said something of), a muted one, and one nearly the same as
another above it are hidden, with the rules that did it. Ties are broken by trend, votes, first listing (newer first)
and id, so that the order does not depend on the order of the input.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import repeat

import numpy as np

from digest.model import Hidden, HiddenAs, Leaning, Learned, Paper, Profile, Ranked, Ranking, Reason, Topic, made
from digest.phrases import Phrases
from digest.rank.background import Background
from digest.rank.corpus import Corpus, Meaning, Text, Texts, WordTable
from digest.rank.encoded import Encode, Encoded
from digest.rank.follows import Follows, muted, name_matches
from digest.rank.interests import Interest, Liked, distinct
from digest.rank.order import Trending, thin
from digest.text import short

__all__ = [
    "Asked",
    "Background",
    "Corpus",
    "Encode",
    "Encoded",
    "Meaning",
    "Text",
    "Texts",
    "Trending",
    "WordTable",
    "may_be_title",
    "name_matches",
    "rank",
]

DISLIKED = 0.25  # more does harm (measured on systematic reviews)
SAYS_SOMETHING = 100  # points, before the factor: a deviation above papers at large
_KEPT = 2_048  # papers' reasons, which readers of a profile share where what each of them said changes nothing


def _examples(topic: Topic, known: Mapping[str, Paper]) -> list[Liked]:
    return [
        Liked(label=known[name].title, text=Text(known[name].title, known[name].abstract))
        if name in known
        else Liked(label=name, text=Text(name))
        for name in topic.examples
        if name in known or may_be_title(name)
    ]


def may_be_title(name: str) -> bool:
    """Not so an id or address, of which nothing is known."""
    return " " in name or not any(map(str.isdigit, name))


def _learned(corpus: Corpus, learned: Sequence[Learned], sign: int) -> list[Liked]:
    return [
        Liked(label=one.paper.title, text=corpus.text(one.paper), weight=abs(one.weight))
        for one in learned
        if one.weight * sign > 0
    ]


class Asked:
    """What a profile asks for, against all candidates: the same for each of its readers.

    `examples` has the papers behind the example names that are known; one that is not in it counts as a title.
    """

    def __init__(self, corpus: Corpus, profile: Profile, examples: Mapping[str, Paper] | None = None) -> None:
        self.corpus, self.profile, self.factor = corpus, profile, 2 * (1 - profile.trend_weight)
        words = [(topic, distinct(topic.terms)) for topic in profile.topics]
        self.wanted = [
            Interest(
                corpus,
                [term for term in terms if term.weight > 0],
                _examples(topic, examples or {}),
                self.factor,
                name=topic.name,
            )
            for topic, terms in words
        ]
        self.topics = _topics(profile.topics, self.wanted, SAYS_SOMETHING * self.factor) or [""] * corpus.size
        negative = distinct(term for _, terms in words for term in terms if term.weight < 0)
        self.unwanted = Interest(corpus, negative, (), self.factor)
        self.follows = Follows(corpus.credits, profile, self.factor)
        held = corpus.holding(Phrases(profile.muted_words))
        self.rules = muted(corpus.credits, profile, {word: one.rows.tolist() for word, one in held.items()})
        self.known = dict(corpus.among(_named(profile, examples or {})))
        self._said: dict[tuple[int, int], tuple[Reason, ...]] = {}
        self._accounts: dict[tuple[int, int, Trending, tuple[int, int]], tuple[Reason, ...]] = {}

    def reasons(self, row: int, best: int, *, told: bool) -> tuple[Reason, ...]:
        """What the topic of this number says, from 1 (0 is none), and what is not wanted."""
        found = self.wanted[best - 1].reasons(row, told=told) if best else ()
        return found + self.unwanted.reasons(row, told=told)

    def account(self, row: int, best: int, trending: Trending, lowered: tuple[int, int]) -> tuple[Reason, ...]:
        """All reasons of a paper of which the reader's own feedback says nothing: the same object for each reader."""
        if len(self._accounts) > _KEPT:
            self._said, self._accounts = {}, {}
        key = row, best, trending, lowered
        if key not in self._accounts:
            if (row, best) not in self._said:
                self._said[row, best] = self.reasons(row, best, told=False)
            self._accounts[key] = self.with_others(row, self._said[row, best], trending, lowered)
        return self._accounts[key]

    def with_others(
        self, row: int, interests: tuple[Reason, ...], trending: Trending, lowered: tuple[int, int]
    ) -> tuple[Reason, ...]:
        """What is said of the interests, then of the trend, of what is followed, and of the papers above."""
        of_trend = trending.reasons(row, 2 * self.profile.trend_weight)
        return (*interests, *of_trend, *self.follows.reasons(row), *self._similar(*lowered))

    def _similar(self, points: int, closest: int) -> tuple[Reason, ...]:
        label = f"close to “{short(self.corpus.papers[closest].title)}” above"
        return (Reason(kind="similar", label=label, points=points),) if points else ()


def _named(profile: Profile, examples: Mapping[str, Paper]) -> dict[str, str]:
    """By id the papers among a profile's examples, each with where it names them first."""
    found: dict[str, str] = {}
    for topic in profile.topics:
        kept = {one.name for one in topic.library}
        for name in topic.examples:
            if name in examples:
                where = "in the library" if name in kept else "an example"
                found.setdefault(examples[name].id, f"{where} of “{topic.name}”")
    return found


class _Interests:
    """All that a reader wants and does not want, against all candidates."""

    def __init__(self, asked: Asked, learned: Sequence[Learned]) -> None:
        corpus, factor = asked.corpus, asked.factor
        self._asked = asked
        self._liked = Interest(corpus, (), _learned(corpus, learned, 1), factor, kind="liked")
        of_all = asked.wanted if self._liked.empty else (*asked.wanted, self._liked)
        wanted = np.stack([np.zeros(corpus.size), *(one.points for one in of_all)])
        self.best = wanted.argmax(axis=0)  # the first of equals
        self._disliked = Interest(corpus, (), _learned(corpus, learned, -1), factor * DISLIKED, kind="disliked")
        self._less = np.maximum(0.0, self._disliked.points)
        self.points = wanted.max(axis=0) + asked.unwanted.points - self._less
        self.against = asked.unwanted.against | (self._less > 0)
        self.learned = (self.best > len(asked.wanted)) | (self._less > 0)  # where feedback has a part in it

    def reasons(self, row: int, *, told: bool) -> tuple[Reason, ...]:
        """Why the candidate has its points; with their words if `told`."""
        best, asked = int(self.best[row]), self._asked
        if best > len(asked.wanted):
            found = self._liked.reasons(row, told=told) + asked.unwanted.reasons(row, told=told)
        else:
            found = asked.reasons(row, best, told=told)
        if self._less[row]:
            found += tuple(map(_negative, self._disliked.reasons(row, told=told)))
        return found


def _topics(topics: Sequence[Topic], interests: Sequence[Interest], least: float) -> list[str]:
    """By row the name of the topic that the paper says most to, the first of equals; empty if that is too little.

    Of a topic of which it has single words of phrases alone it is not.
    """
    if not topics or not least:
        return []
    points = np.stack([np.where(one.own >= least, one.points, 0.0) for one in interests])
    best, much = points.argmax(axis=0).tolist(), (points.max(axis=0) >= least).tolist()
    return [topics[each].name if enough else "" for each, enough in zip(best, much, strict=True)]


def _negative(one: Reason) -> Reason:
    parts = tuple(replace(part, points=-part.points) for part in one.parts)
    return replace(one, points=-one.points, parts=parts)


class _Account:
    """Why each candidate has its score, told when it is asked for: scores are wanted of all, reasons of the listed."""

    def __init__(
        self,
        asked: Asked,
        interests: _Interests,
        trending: Trending,
        lowered: Mapping[int, tuple[int, int]],
        told: Collection[str],
    ) -> None:
        self._asked, self._interests, self._trending = asked, interests, trending
        self._lowered, self._in_words = lowered, told
        self._told: dict[str, tuple[Reason, ...]] = {}

    def of(self, paper_id: str) -> tuple[Reason, ...]:
        if paper_id not in self._told:
            self._told[paper_id] = self._of(self._asked.corpus.row(paper_id), paper_id in self._in_words)
        return self._told[paper_id]

    def _of(self, row: int, told: bool) -> tuple[Reason, ...]:
        lowered = self._lowered.get(row, (0, row))
        if told or self._interests.learned[row]:
            interests = self._interests.reasons(row, told=told)
            return self._asked.with_others(row, interests, self._trending, lowered)
        return self._asked.account(row, int(self._interests.best[row]), self._trending, lowered)

    def leaning(self, paper_id: str) -> Leaning:
        """What the reasons of the interests sum up to, without telling them."""
        row, interests, follows = self._asked.corpus.row(paper_id), self._interests, self._asked.follows
        points = interests.points[row] + follows.points[row]
        return Leaning(int(points), bool(interests.against[row] or follows.against[row]))


def rank(
    asked: Asked,
    trending: Trending,
    learned: Sequence[Learned] = (),
    told: Collection[str] = (),
    said: Mapping[str, str] | None = None,
) -> Ranking:
    """All papers of the corpus for a profile, or for a reader of it of whom something is learned, best first.

    `trending` is of the corpus's papers. The reasons of papers whose ids are `told` go down to the words. `said` tells
    by id of which papers the reader said what and when: these are known.
    """
    corpus, papers = asked.corpus, asked.corpus.papers
    known = asked.known | dict(corpus.among(said or {}))
    kept_out = known.keys() | asked.rules.keys()
    interests = _Interests(asked, learned)
    of_trend = trending.points(2 * asked.profile.trend_weight)
    scores = (interests.points + of_trend + asked.follows.points).astype(np.int64)
    thinned = thin((row for row in range(corpus.size) if row not in kept_out), scores, trending.ties, corpus.likeness)
    account = _Account(asked, interests, trending, thinned.lowered, told)
    whole = scores.tolist()
    ranked = _ranked(
        paper=map(papers.__getitem__, thinned.order),
        trend=map(trending.trends.__getitem__, thinned.order),
        score=(whole[row] + thinned.lowered.get(row, (0, 0))[0] for row in thinned.order),
        tell=repeat(account.of),
        topic=map(asked.topics.__getitem__, thinned.order),
        lean=repeat(account.leaning),
    )
    hidden = (
        replace(
            _hidden(papers[row], whole[row], asked.rules.get(row, ()), known.get(row)),
            trend=trending.trends[row],
            topic=asked.topics[row],
        )
        for row in sorted(kept_out)
    )
    doubles = (
        Hidden(
            paper=papers[row],
            kind=HiddenAs.DOUBLE,
            rule=f"nearly the same as “{short(papers[other].title)}”",
            score=whole[row],
        )
        for row, other in thinned.hidden
    )
    return Ranking(papers=tuple(ranked), hidden=(*hidden, *doubles))


_ranked = made.many(Ranked)


def _hidden(paper: Paper, score: int, mutes: tuple[str, ...], known: str | None) -> Hidden:
    if known is None:
        return Hidden(paper=paper, rule=mutes[0], score=score, also=mutes[1:])
    return Hidden(paper=paper, kind=HiddenAs.KNOWN, rule=f"you know it: {known}", score=score, also=mutes)
