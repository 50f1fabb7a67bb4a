"""What is thought of the stored papers, for a profile or a reader, at a moment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import attrgetter

from digest.learn import learned
from digest.model import Item, Learned, Opinion, Paper, Profile, Ranked, Ranking, Shown, Sighting
from digest.pipeline.examples import examples
from digest.pipeline.world import Knowledge
from digest.rank import Asked, Background, Corpus, Encode, Encoded, Text, Texts, Trending, rank
from digest.sections import late_risers, may_rise
from digest.trend import trends

EARLIER, MOST_EARLIER = timedelta(days=14), 500
KEPT_ITEMS = 8_192  # which readers share
KEPT = 32  # rankings, each with all candidates; who asks for very many comes profile by profile

_told = attrgetter("why", "section", "votes", "comments", "rise", "fresh", "before")
_SAID = {Opinion.MORE: "liked", Opinion.LESS: "turned down", Opinion.SAVE: "saved"}

Sightings = Mapping[str, Sequence[Sighting]]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """For whom papers are ranked: a profile, how far back it looks, how fast papers fade for it (days), and a reader.

    `address` is None for what all readers of the profile share, such as its feed.
    """

    profile: Profile
    since: datetime
    fade: int
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """What a reader said of papers: what still counts; and of which, by id, what was said and when."""

    learned: tuple[Learned, ...] = ()
    said: Mapping[str, str] = field(default_factory=dict)


class Rankings:
    """Rankings made on demand, once per view, from one corpus per look-back.

    A reader who said something of papers has rankings of their own; the others of a profile share theirs.
    """

    def __init__(
        self,
        store: Knowledge,
        background: Callable[[], Background],
        now: datetime,
        encode: Encode | None = None,
        told: Collection[str] = (),
    ) -> None:
        """The reasons of papers whose ids are `told` go down to the words."""
        self._store, self._background, self._now, self._encode, self._told = store, background, now, encode, told
        self._meanings: dict[datetime, Encoded] = {}
        self._candidates: dict[datetime, tuple[Corpus, Sightings]] = {}
        self._rising: dict[datetime, tuple[Corpus, Sightings]] = {}
        self._earlier: dict[datetime, Sequence[Paper]] = {}
        self._trends: dict[tuple[Corpus, int], Trending] = {}
        self._asked: dict[tuple[Corpus, str], Asked] = {}
        self._examples: dict[str, Mapping[str, Paper]] = {}
        self._voices: dict[tuple[str, str], _Heard] = {}
        self._rankings: dict[tuple[Corpus, str, int, str | None], Ranking] = {}
        self._items: dict[object, Item] = {}
        self._papers: dict[str, Paper] = {}
        self._texts = Texts()

    def of(self, view: View) -> Ranking:
        return self._ranking(view, *self._of_day(view.since))

    def shared(self, item: Item) -> Item:
        """The same for all who are told the same of a paper: what is made of an item is found by its identity."""
        key = id(item.paper), id(item.reasons), _told(item)
        if (known := self._items.get(key)) is None:
            if len(self._items) >= KEPT_ITEMS:
                self._items.clear()
            known = self._items[key] = item
        return known

    def papers(self, views: Collection[View]) -> set[str]:
        """The ids of all papers that can come up in them."""
        corpora = [self._of_day(since)[0] for since in {view.since for view in views}]
        corpora += [
            self._rising_of_day(since)[0] for since in {view.since for view in views if view.profile.late_risers}
        ]
        return {paper.id for corpus in corpora for paper in corpus.papers}

    def sightings(self, view: View) -> Sightings:
        """Those of all candidates."""
        return self._of_day(view.since)[1]

    def risers(self, view: View, shown: Mapping[str, Shown]) -> tuple[Ranked, ...]:
        """The papers, candidates or older, that rose after they were shown, or without having been."""
        if not view.profile.late_risers:
            return ()
        corpus, sightings = self._rising_of_day(view.since)
        if not corpus.size:
            return ()
        return late_risers(self._ranking(view, corpus, sightings), sightings, shown, view.profile, self._now.date())

    def unhidden(self, view: View, paper: Paper) -> Ranked | None:
        """What would be thought of a paper if it were a candidate, nothing were muted and nobody knew it.

        None beside its double.
        """
        examples = self._examples_of(view.profile)
        itself = {name for name, one in examples.items() if one.id == paper.id}
        open_to_all = replace(
            view.profile,
            topics=tuple(
                replace(topic, examples=tuple(name for name in topic.examples if name not in itself))
                for topic in view.profile.topics
            ),
            muted_words=(), muted_authors=(), muted_submitters=(), muted_organisations=(), muted_categories=(),
        )  # fmt: skip
        papers = {one.id: one for one in (*self._of_day(view.since)[0].papers, paper)}.values()
        corpus, sightings = self._corpus(papers, view.since), self._store.sightings([one.id for one in papers])
        scores = Trending(corpus.papers, trends(corpus.papers, sightings, self._now.date(), view.fade))
        learnt = tuple(one for one in self._heard(view).learned if one.paper.id != paper.id)
        said = {one: how for one, how in self._heard(view).said.items() if one != paper.id}
        ranking = rank(Asked(corpus, open_to_all, examples), scores, learnt, {paper.id}, said)
        return next((one for one in ranking.papers if one.paper.id == paper.id), None)

    def _corpus(self, papers: Collection[Paper], since: datetime) -> Corpus:
        """With the latest of the papers that came in the days before; to an encoder they are the papers at large."""
        if since not in self._earlier:
            before = [paper for paper in self._store.candidates(since - EARLIER) if paper.first_seen < since]
            before = sorted(before, key=lambda paper: (paper.first_seen, paper.id))[-MOST_EARLIER:]
            self._earlier[since] = list(map(self._once, before))
        if self._encode and since not in self._meanings:
            at_large = self._earlier[since] or self._store.candidates(since)
            sample = (Text(paper.title, paper.abstract) for paper in at_large)
            self._meanings[since] = Encoded(self._encode, sample)
        meaning, once = self._meanings.get(since), map(self._once, papers)
        return Corpus(once, self._background(), self._earlier[since], meaning, self._texts)

    def _once(self, paper: Paper) -> Paper:
        """The same object in each look-back: most papers are in several of them."""
        known = self._papers.setdefault(paper.id, paper)
        return known if known == paper else paper

    def _ranking(self, view: View, corpus: Corpus, sightings: Sightings) -> Ranking:
        heard = self._heard(view)
        own = heard.learned or any(corpus.among(heard.said))
        key = (corpus, view.profile.name, view.fade, view.address if own else None)
        if key not in self._rankings:
            if (corpus, view.fade) not in self._trends:
                scores = trends(corpus.papers, sightings, self._now.date(), view.fade)
                self._trends[corpus, view.fade] = Trending(corpus.papers, scores)
            if len(self._rankings) >= KEPT:
                del self._rankings[next(iter(self._rankings))]
            asked = self._asked_of(view.profile, corpus)
            trending = self._trends[corpus, view.fade]
            self._rankings[key] = rank(asked, trending, heard.learned, self._told, heard.said)
        return self._rankings[key]

    def _asked_of(self, profile: Profile, corpus: Corpus) -> Asked:
        key = (corpus, profile.name)
        if key not in self._asked:
            if len(self._asked) >= KEPT:
                del self._asked[next(iter(self._asked))]
            self._asked[key] = Asked(corpus, profile, self._examples_of(profile))
        return self._asked[key]

    def _of_day(self, since: datetime) -> tuple[Corpus, Sightings]:
        if since not in self._candidates:
            papers = self._store.candidates(since)
            self._candidates[since] = self._corpus(papers, since), self._store.sightings([one.id for one in papers])
        return self._candidates[since]

    def _rising_of_day(self, since: datetime) -> tuple[Corpus, Sightings]:
        """The papers, new ones or not, whose votes were told since and rose at some time."""
        if since not in self._rising:
            papers = self._store.voted(since)
            sightings = self._store.sightings([paper.id for paper in papers])
            risen = [paper for paper in papers if may_rise(sightings[paper.id], self._now.date())]
            self._rising[since] = self._corpus(risen, since), sightings
        return self._rising[since]

    def _examples_of(self, profile: Profile) -> Mapping[str, Paper]:
        if profile.name not in self._examples:
            if len(self._examples) >= KEPT:
                del self._examples[next(iter(self._examples))]
            self._examples[profile.name] = examples(self._store, profile)
        return self._examples[profile.name]

    def _heard(self, view: View) -> _Heard:
        if view.address is None:
            return _Heard()
        key = (view.profile.name, view.address)
        if key not in self._voices:
            given = [one for one in self._store.feedback(view.address) if one.at <= self._now]
            papers = self._store.papers([one.paper_id for one in given]) if given else {}
            if len(self._voices) >= KEPT:
                del self._voices[next(iter(self._voices))]
            self._voices[key] = _Heard(
                learned=learned(given, papers, self._now, view.profile.fade_days),
                said={one.paper_id: f"{_SAID[one.opinion]} on {one.at.date().isoformat()}" for one in given},
            )
        return self._voices[key]
