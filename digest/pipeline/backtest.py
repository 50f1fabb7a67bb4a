"""Past days played again: what a configuration would have listed, judged by what came later. Writes nothing.

For each day, as for a reader who has a daily edition at its end (UTC):

    Past      -> Rankings -> compose    the list, from what was known then; what was listed before is not listed again
    Past      -> votes    -> compose    the same with the papers in plain order of votes: the order to beat
    the lists -> measure                against the votes told later, and what the reader said later

A profile is played for each of its readers who ever said something of a paper, and for one who never did; a figure of
the profile is the mean over those who have one. On the first day nobody has been shown anything.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from functools import cached_property
from statistics import fmean

from digest import measure
from digest.cadence import fade_days, look_back
from digest.compose import compose
from digest.errors import ConfigError
from digest.model import (
    Edition,
    LastEdition,
    NoEdition,
    Paper,
    Profile,
    Ranked,
    Ranking,
    Reason,
    Shown,
    Subscription,
    Trend,
)
from digest.pipeline.past import History, Past
from digest.pipeline.rankings import EARLIER, Rankings, View
from digest.pipeline.world import Progress, silent
from digest.rank import Background
from digest.store import Store
from digest.words import terms

AT = 10  # places that NDCG looks at
VOTES, LIKES = "NDCG@10 by votes", "NDCG@10 by likes"
INTERLEAVED = "interleaved"
DAILY = (VOTES, LIKES, "recall of likes", INTERLEAVED, "novelty", "diversity", "churn")
COVERAGE = "coverage"
BLOCK = 7  # days are drawn by weeks, as neighbours share papers and weeks have a rhythm
FEWEST_DAYS = 7  # that a verdict needs
_END = time(23, 59, 59, tzinfo=UTC)
_SEED = 20260601
_PLAIN = "plain votes"  # no profile can have this name

Figures = Mapping[str, float]  # by measure; nan where there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One measure of a profile, or of all together (None): each configuration's mean over the days, and plain votes'.

    `days` are those on which all of them have a figure. `difference` is the second configuration less the first, else
    the first less plain votes, with the 95 % interval of that; nan where there is none, as coverage is one figure for
    all days.
    """

    profile: str | None
    measure: str
    values: tuple[float, ...]
    plain: float
    days: int
    difference: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedDay:
    """A day's figure of the main measure, all profiles together, by configuration, and plain votes'."""

    date: date
    values: tuple[float, ...]
    plain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    main: str
    profiles: tuple[str, ...]
    days: tuple[PlayedDay, ...]
    measures: tuple[Compared, ...]

    @property
    def verdict(self) -> Compared:
        """The main measure over all profiles."""
        (found,) = (one for one in self.measures if one.measure == self.main and one.profile is None)
        return found

    @property
    def worse(self) -> bool:
        """Whether the second configuration is: the whole interval of the difference is below 0, on enough days."""
        verdict = self.verdict
        return len(verdict.values) > 1 and verdict.days >= FEWEST_DAYS and verdict.high < 0


def backtest(
    store: Store,
    background: Callable[[], Background],
    configurations: Sequence[Mapping[str, Profile]],
    subscriptions: Iterable[Subscription],
    days: Sequence[date],
    main: str = VOTES,
    progress: Progress = silent,
) -> Backtest:
    """Play the days with one or two configurations: the profiles to play by name, the same names in each.

    `subscriptions` tell whose opinions count for which profile. ConfigError if nothing was known on these days.
    """
    begin = look_back(_subscription("", None), None, datetime.combine(days[0], _END)) - EARLIER
    history = History(store, begin)
    readers = tuple(_readers(history, configurations, subscriptions))
    played: dict[date, list[tuple[Figures, ...]]] = {}
    for number, day in enumerate(days, start=1):
        progress(number, len(days))
        today = _Day(history.at(datetime.combine(day, _END)), background, day)
        if today.candidates:
            played[day] = [_played(reader, today, main) for reader in readers]
    if not played:
        raise ConfigError(
            f"nothing was known from {days[0]} to {days[-1]}: what counts is when dumps were taken in. "
            "Play them into a database of their own with `digest rehearse`, and name that in DIGEST_DATABASE."
        )
    return _Score(readers, played, days).backtest(tuple(configurations[0]), main)


def _readers(
    history: History, configurations: Sequence[Mapping[str, Profile]], subscriptions: Iterable[Subscription]
) -> Iterator[_Reader]:
    addressed = [one for one in subscriptions if one.address]
    for name, profile in configurations[0].items():
        known = sorted({one.address or "" for one in addressed if one.profile == name})
        bare = Profile(name=_PLAIN, title=profile.title, limit=profile.limit)
        # by name the rankings of a day are told apart
        own = [replace(one[name], name=f"{number}/{name}") for number, one in enumerate(configurations)]
        for address in (None, *(one for one in known if history.feedback(one))):
            yield tuple(_Player(name=name, profile=one, address=address) for one in (*own, bare))


def _subscription(profile: str, address: str | None) -> Subscription:
    return Subscription(id=f"{profile}/{address or 'anyone'}", profile=profile, address=address)


# --- a day -------------------------------------------------------------------------------------------------------


class _Day:
    """What the players of a day share."""

    def __init__(self, past: Past, background: Callable[[], Background], day: date) -> None:
        self.past, self.date = past, day
        self.now = datetime.combine(day, _END)
        self.anyone = _subscription("", None)
        self.since = look_back(self.anyone, None, self.now)
        self.candidates: Mapping[str, Paper] = {paper.id: paper for paper in past.candidates(self.since)}
        self.later_votes = past.later_votes(self.candidates)
        self._rankings = Rankings(past, background, self.now)

    def ranking(self, player: _Player) -> Ranking:
        if player.profile.name == _PLAIN:
            return self.plain
        fade = fade_days(self.anyone)
        return self._rankings.of(View(profile=player.profile, since=self.since, fade=fade, address=player.address))

    @cached_property
    def votes(self) -> Mapping[str, int]:
        """As last told by then; 0 where none were."""
        return {
            paper_id: max(((one.date, one.votes) for one in told if one.votes is not None), default=(None, 0))[1]
            for paper_id, told in self.past.sightings(self.candidates).items()
        }

    @cached_property
    def plain(self) -> Ranking:
        """By votes, then the newer listing, then id."""
        ordered = sorted(
            self.candidates.values(),
            key=lambda one: (-self.votes[one.id], -(one.first_listed or date.min).toordinal(), one.id),
        )
        return Ranking(papers=tuple(map(self._by_votes, ordered)))

    def _by_votes(self, paper: Paper) -> Ranked:
        votes = self.votes[paper.id]
        reasons = (Reason(kind="votes", label=f"{votes} votes", points=votes),)
        return Ranked.of(paper, Trend(paper_id=paper.id, terms=reasons, votes=votes), reasons)

    @cached_property
    def bags(self) -> Mapping[str, Counter[str]]:
        return {one.id: Counter(terms(f"{one.title}. {one.abstract}")) for one in self.candidates.values()}

    @cached_property
    def documents(self) -> Counter[str]:
        return Counter(term for bag in self.bags.values() for term in bag)

    def diversity(self, listed: Sequence[str]) -> float:
        bags = [self.bags[paper_id] for paper_id in listed]
        return measure.diversity(measure.text_rows(bags, self.documents, len(self.bags)))


@dataclass(slots=True, kw_only=True)
class _Player:
    """A reader of a profile (None: who never said anything), with the lists of one configuration or of plain votes."""

    name: str  # of the profile in both configurations
    profile: Profile
    address: str | None
    shown: dict[str, Shown] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)  # the candidates of all days
    last: LastEdition | None = None
    listed: Sequence[str] = ()  # of the day
    top: frozenset[str] = frozenset()  # of the day before, whatever was shown
    candidates: frozenset[str] = frozenset()  # of the day before

    @property
    def coverage(self) -> float:
        return measure.coverage([set(self.shown)], self.met)

    def play(self, today: _Day) -> Figures:
        ranking = today.ranking(self)
        subscription = _subscription(self.name, self.address)
        made = compose(subscription, self.profile, today.date, ranking, self.shown, self.last, today.now)
        unshown = today.candidates.keys() - self.shown
        listed = [item.paper.id for item in made.items if item.paper.id in unshown] if isinstance(made, Edition) else []
        top = [one.paper.id for one in ranking.papers[: self.profile.limit]]
        order = [*listed, *(one.paper.id for one in ranking.papers if one.paper.id not in listed)] if listed else []
        figures = {
            **self._found(today, [one for one in order if one in unshown], listed, unshown),
            "novelty": measure.novelty([today.votes[one] for one in listed], list(today.votes.values())),
            "diversity": today.diversity(listed),
            "churn": measure.churn(top, self.top, self.candidates),
        }
        self.last = LastEdition(
            date=today.date, made_at=today.now, reason=made.reason if isinstance(made, NoEdition) else None
        )
        self.listed, self.top, self.candidates = listed, frozenset(top), frozenset(today.candidates)
        self.shown.update(dict.fromkeys(listed, Shown(on=today.date)))
        self.met.update(today.candidates)
        return figures

    def _found(self, today: _Day, order: Sequence[str], listed: Sequence[str], unshown: Iterable[str]) -> Figures:
        """NDCG and recall, of all that could have been listed.

        Papers whose later votes nobody told are not judged: those after them, listed or not (`order`), take their
        places (Sakai, "Alternatives to bpref", SIGIR 2007).
        """
        if self.last and all(paper.first_seen <= self.last.made_at for paper in today.candidates.values()):
            return dict.fromkeys(DAILY, math.nan)  # nothing is new: nobody gets a list
        gains = {paper_id: math.log1p(votes) for paper_id, votes in today.later_votes.items()}
        likes = (today.past.later_likes(self.address) if self.address else frozenset()).intersection(unshown)
        hits = [paper_id in likes for paper_id in listed]
        return {
            VOTES: measure.ndcg(
                [gains[one] for one in order if one in gains], [gains[one] for one in unshown if one in gains], AT
            ),
            LIKES: measure.ndcg(hits, [True] * len(likes), AT),
            "recall of likes": measure.recall(hits, len(likes), self.profile.limit),
        }


_Reader = tuple[_Player, ...]  # the same one with each configuration, and with plain votes at last


def _played(reader: _Reader, today: _Day, main: str) -> tuple[Figures, ...]:
    """Each player's figures, and what its list wins where all of them share one list."""
    figures = [player.play(today) for player in reader]
    if main == LIKES:
        lists = [player.listed for player in reader]
        gains = dict.fromkeys(today.past.later_likes(reader[0].address) if reader[0].address else (), 1.0)
    else:
        lists = [[one for one in player.listed if one in today.later_votes] for player in reader]
        gains = {paper_id: math.log1p(votes) for paper_id, votes in today.later_votes.items()}
    won = measure.interleaved(lists, gains, AT)
    return tuple({**one, INTERLEAVED: share} for one, share in zip(figures, won, strict=True))


# --- the score ---------------------------------------------------------------------------------------------------


def _columns(rows: Sequence[Sequence[float]], width: int) -> tuple[float, ...]:
    """The mean of each column; nan without rows."""
    return tuple(map(fmean, zip(*rows, strict=True))) if rows else (math.nan,) * width


class _Score:
    """Means over readers, profiles and days, always of what all configurations and plain votes have a figure for."""

    def __init__(
        self,
        readers: Sequence[_Reader],
        played: Mapping[date, Sequence[tuple[Figures, ...]]],  # in order of the readers
        days: Sequence[date],
    ) -> None:
        self._readers, self._played, self._days = readers, played, days
        self._width = len(readers[0])

    def backtest(self, profiles: tuple[str, ...], main: str) -> Backtest:
        alone = profiles if len(profiles) > 1 else ()
        return Backtest(
            main=main,
            profiles=profiles,
            days=tuple(self._day(day, main, profiles) for day in self._days),
            measures=tuple(
                found
                for name, together in ((None, profiles), *((one, (one,)) for one in alone))
                for found in (*(self._daily(name, what, together) for what in DAILY), self._coverage(name, together))
            ),
        )

    def _day(self, day: date, main: str, profiles: Sequence[str]) -> PlayedDay:
        *values, plain = self._figures(day, main, profiles)
        return PlayedDay(date=day, values=tuple(values), plain=plain)

    def _daily(self, name: str | None, what: str, profiles: Sequence[str]) -> Compared:
        rows = [row for day in self._days if not math.isnan((row := self._figures(day, what, profiles))[0])]
        differences = [_difference(row) for row in rows]
        # of a short time shorter blocks, or there would be few ways to draw them
        low, mean, high = measure.paired_bootstrap(differences, _SEED, max(1, min(BLOCK, len(rows) // 4)))
        *values, plain = _columns(rows, self._width)
        return Compared(
            profile=name,
            measure=what,
            values=tuple(values),
            plain=plain,
            days=len(rows),
            difference=mean,
            low=low,
            high=high,
        )

    def _coverage(self, name: str | None, profiles: Sequence[str]) -> Compared:
        rows = [[player.coverage for player in reader] for reader in self._readers if reader[0].name in profiles]
        *values, plain = covered = _columns(rows, self._width)
        return Compared(
            profile=name,
            measure=COVERAGE,
            values=tuple(values),
            plain=plain,
            days=len(self._played),
            difference=_difference(covered),
            low=math.nan,
            high=math.nan,
        )

    def _figures(self, day: date, what: str, profiles: Sequence[str]) -> tuple[float, ...]:
        """The mean over the profiles of the mean over the readers of each; all nan if there are none."""
        found: dict[str, list[list[float]]] = {}
        for reader, figures in zip(self._readers, self._played.get(day, ()), strict=False):
            row = [one[what] for one in figures]
            if reader[0].name in profiles and not any(map(math.isnan, row)):
                found.setdefault(reader[0].name, []).append(row)
        return _columns([_columns(rows, self._width) for rows in found.values()], self._width)


def _difference(row: Sequence[float]) -> float:
    """The second configuration less the first; of only one, the first less plain votes."""
    return row[0] - row[1] if len(row) == 2 else row[1] - row[0]
