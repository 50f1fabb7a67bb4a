"""Does the trend score tell later votes better than plain votes do, and what does each of its terms add?

    python benchmarks/ranking_trend.py DATA LISTINGS [--choose]

DATA holds `daily-papers.jsonl.xz` (a paper a line: id, day, published, title, authors, upvotes and comments of that
morning, submitter, org, stars) and `second-snapshot.tsv.xz` (id, day, votes at a later capture). LISTINGS holds, in
`hf-rss-snapshots`, captures of the page each night and of the pages of the week and the month.

Each day is ranked with what was known in its morning, and judged by later votes: Spearman's rank correlation, the
overlap of the top 5 and top 10, and NDCG@10 with gain ln(1 + later votes). Equal scores count as what they give on
average over the orders they leave open. Judged are

    later, night, week    the list of one day: at the later capture, on the page that night, on the page of the week
    3 days, 9 days        the lists of so many days together, as a reader has them daily or weekly, on the page of the
                          week or month
    3 days, to come       the same, by the votes that were still to come

The numbers of the formula were set on even ISO weeks (--choose shows them beside others); the table is of the odd ones.
That is not quite out of sample: which terms to try at all (some thirty forms of comments, authors, organisation, code,
submitter, hour and place) was looked for on all weeks, and the age from which a paper is old (60 days, not 14) was set
with the odd weeks in sight. Only days that are not in this collection can settle it.

Intervals are of the difference to plain votes, 95 %, from 2,000 resamplings of whole weeks, each for itself: of twenty
that add nothing, one seems to by chance.
"""

from __future__ import annotations

import argparse
import json
import lzma
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

import digest.rank
from digest.listings import read_dump, read_listing
from digest.model import Paper, Sighting
from digest.rank import Background
from digest.rank.background import bag
from digest.trend import WEIGHTS, Weights, trends

MEASURES = ("Spearman", "top 5", "top 10", "NDCG@10")
DAY = timedelta(days=1)
FEWEST = 5  # papers of a list to be judged
NEAREST = 30  # papers that stand for a topic
RESAMPLED = 2_000

Scores = NDArray[np.float64]


# --- the data ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The papers at hand on a morning, their sightings until then, and later votes of those that are judged."""

    name: str
    today: date
    papers: tuple[Paper, ...]
    sightings: Mapping[str, Sequence[Sighting]]
    later: Mapping[str, int]
    fade_days: float
    to_come: bool = False

    @property
    def week(self) -> tuple[int, int]:
        return self.today.isocalendar()[:2]

    @property
    def judged(self) -> list[Paper]:
        return [paper for paper in self.papers if paper.id in self.later]

    def votes(self, paper: Paper) -> int:
        return max((one.date, one.votes or 0) for one in self.sightings[paper.id])[1]

    @property
    def truth(self) -> Scores:
        before = [self.votes(paper) if self.to_come else 0 for paper in self.judged]
        return np.maximum(0.0, np.array([self.later[paper.id] for paper in self.judged]) - before)


class Data:
    def __init__(self, data: Path, listings: Path | None) -> None:
        self.stars: dict[str, int] = {}
        self.lists: dict[date, list[Paper]] = defaultdict(list)
        self.sightings: dict[str, list[Sighting]] = defaultdict(list)
        with lzma.open(data / "daily-papers.jsonl.xz", "rt", encoding="utf-8") as lines:
            self._read_mornings([json.loads(line) for line in lines])
        self.second: dict[date, dict[str, int]] = defaultdict(dict)
        with lzma.open(data / "second-snapshot.tsv.xz", "rt", encoding="utf-8") as lines:
            for name, day, votes in (line.split("\t") for line in lines):
                self.second[date.fromisoformat(day)][name] = int(votes)
        self.nights: dict[date, dict[str, int]] = {}
        self.weeks: dict[date, dict[str, int]] = {}
        self.months: dict[date, dict[str, int]] = {}
        for path in sorted((listings / "hf-rss-snapshots").glob("feed_*.xml")) if listings else ():
            self._read_page(path)

    def _read_mornings(self, records: list[dict[str, Any]]) -> None:
        listed: dict[str, list[str]] = defaultdict(list)
        for record in records:
            listed[record["day"]].append(record["id"])
        for record in records:
            day, ids = date.fromisoformat(record["day"]), listed[record["day"]]
            morning = datetime.combine(day, time(12), UTC)
            submitter = None if record["submitter"] is None else str(record["submitter"])
            paper = Paper(
                id=record["id"],
                arxiv_id=record["id"],
                title=record["title"],
                abstract=record["abstract"],
                authors=tuple(record["authors"]),
                organisation=record["org"],
                submitter=submitter,
                published=date.fromisoformat(record["published"]),
                first_listed=day,
                first_seen=morning,
            )
            self.lists[day].append(paper)
            self.stars[paper.id] = record["stars"] or 0
            place = ids.index(paper.id) + 1, len(ids)
            self._see(paper.id, morning, day, place, record["upvotes"], record["comments"])

    def _read_page(self, path: Path) -> None:
        listing = read_listing(read_dump(path), now=datetime(2000, 1, 1, tzinfo=UTC))
        votes = {one.facts.arxiv_id: one.votes for one in listing.entries if one.facts.arxiv_id and one.votes}
        if "weekly" in path.name or "monthly" in path.name:
            if len(votes) > FEWEST * 4:  # a page of a week just begun tells nothing of the last
                (self.weeks if "weekly" in path.name else self.months)[listing.as_of] = votes
            return
        self.nights[listing.as_of] = votes
        midnight = datetime.combine(listing.as_of + DAY, time(), UTC)
        for one in listing.entries:
            if one.facts.arxiv_id:
                place = one.position, len(listing.entries)
                self._see(one.facts.arxiv_id, midnight, listing.as_of, place, one.votes, None)

    def _see(
        self, name: str, seen_at: datetime, day: date, place: tuple[int, int], votes: int | None, comments: int | None
    ) -> None:
        position, listed = place
        one = Sighting(
            paper_id=name,
            source="hf-daily",
            date=day,
            position=position,
            listed=listed,
            votes=votes,
            comments=comments,
            seen_at=seen_at,
            digest="",
        )
        self.sightings[name].append(one)

    def cases(self) -> Iterator[Case]:
        for day, papers in sorted(self.lists.items()):
            ids = {paper.id for paper in papers}
            for name, later in (
                ("later", self.second.get(day, {})),
                ("night", self.nights.get(day, {})),
                ("week", _next(self.weeks, day, 7)),
            ):
                yield self._case(name, day, 3, {key: votes for key, votes in later.items() if key in ids})
            for name, window, page in (
                ("3 days", 3, _next(self.weeks, day, 7)),
                ("9 days", 9, _next(self.months, day, 31)),
            ):
                yield self._case(name, day, window, page)
                yield replace(self._case(f"{name}, to come", day, window, page), to_come=True)

    def _case(self, name: str, day: date, window: int, later: Mapping[str, int]) -> Case:
        papers, sightings = self._morning(day, window)
        ids = {paper.id for paper in papers}
        later = {key: votes for key, votes in later.items() if key in ids}
        return Case(name=name, today=day, papers=papers, sightings=sightings, later=later, fade_days=window)

    @cache  # noqa: B019  there is one
    def _morning(self, day: date, window: int) -> tuple[tuple[Paper, ...], dict[str, list[Sighting]]]:
        """The papers of a look-back; pages captured in a night are known the next morning."""
        papers = tuple(
            {paper.id: paper for back in range(window + 1) for paper in self.lists.get(day - back * DAY, ())}.values()
        )
        noon = datetime.combine(day, time(12), UTC)
        return papers, {paper.id: [one for one in self.sightings[paper.id] if one.seen_at <= noon] for paper in papers}


def _next(pages: Mapping[date, Mapping[str, int]], day: date, within: int) -> Mapping[str, int]:
    """The next page after a day, with a page of the same period."""
    ends = [end for end in pages if DAY <= end - day < within * DAY]
    return pages[min(ends)] if ends else {}


# --- the scores ----------------------------------------------------------------------------------------------------


def _trend(case: Case, weights: Weights = WEIGHTS) -> Scores:
    found = trends(case.papers, case.sightings, case.today, case.fade_days, weights)
    return np.array([found[paper.id].points for paper in case.judged], float)


def _votes(case: Case) -> Scores:
    return np.array([case.votes(paper) for paper in case.judged], float)


def _comments(case: Case) -> Scores:
    return np.array(
        [max(one.comments or 0 for one in case.sightings[paper.id]) for paper in case.judged],
        float,
    )


def _authors(case: Case) -> Scores:
    return np.array([len(paper.authors) for paper in case.judged], float)


class Topics:
    """What a paper's topic lets one expect: how many points of votes more than others the papers nearest to it in
    meaning have, of those that were listed in the two months before."""

    def __init__(self, data: Data) -> None:
        papers = sorted({paper.id: paper for each in data.lists.values() for paper in each}.values(), key=_listed)
        background = Background.of(Path(digest.rank.__file__).with_name("background.npz").read_bytes())
        meanings = background.meanings(background.rows([bag(paper.title, paper.abstract) for paper in papers]))
        days = np.array([_listed(paper)[0] for paper in papers])
        points = 100 * np.log1p([data.sightings[paper.id][0].votes or 0 for paper in papers])
        self.more: dict[str, float] = dict.fromkeys((paper.id for paper in papers), 0.0)
        for day in np.unique(days):
            now, before = np.flatnonzero(days == day), np.flatnonzero((days < day) & (days >= day - 60))
            if len(before) > 3 * NEAREST:
                nearest = np.argsort(-(meanings[now] @ meanings[before].T), axis=1, kind="stable")[:, :NEAREST]
                told = points[before][nearest].mean(axis=1) - points[before].mean()
                self.more.update(zip((papers[row].id for row in now), told.tolist(), strict=True))

    def of(self, case: Case) -> Scores:
        return np.array([self.more[paper.id] for paper in case.judged])


def _listed(paper: Paper) -> tuple[int, str]:
    return (paper.first_listed or date.min).toordinal(), paper.id


Ranker = Callable[[Case], Scores]


def rankers(data: Data) -> dict[str, Ranker]:
    """By name, plain votes first: all are compared with them."""

    def stars(case: Case) -> Scores:
        return np.array([data.stars[paper.id] for paper in case.judged], float)

    def organised(case: Case) -> Scores:
        return np.array([paper.organisation is not None for paper in case.judged], float)

    topics = Topics(data)
    without = {
        "expected": replace(WEIGHTS, expected=False),
        "rise": replace(WEIGHTS, rise=0),
        "submitter": replace(WEIGHTS, submitter=0),
        "age": replace(WEIGHTS, age=0),
    }
    return {
        "plain votes": _votes,
        "trend": _trend,
        **{f"  without {name}": (lambda case, one=one: _trend(case, one)) for name, one in without.items()},
        "  with comments": lambda case: _trend(case) + 10 * np.log1p(_comments(case)),
        "  with organisation": lambda case: _trend(case) + 5 * organised(case),
        "  with code": lambda case: _trend(case) + 2 * np.log1p(stars(case)),
        "  with authors": lambda case: _trend(case) + 5 * np.log1p(_authors(case)),
        "  expected of its topic": lambda case: _trend(case) - 0.25 * topics.of(case),
        "  as usual in its topic": lambda case: _trend(case) + 0.25 * topics.of(case),
        "comments": _comments,
        "number of authors": _authors,
    }


# --- the measures --------------------------------------------------------------------------------------------------


def _chance_of_top(scores: Scores, size: int) -> Scores:
    """Of each, the chance to be among the first `size` where equal scores come in any order."""
    above = (scores[None, :] > scores[:, None]).sum(axis=1)
    equal = (scores[None, :] == scores[:, None]).sum(axis=1)
    return np.clip((size - above) / equal, 0, 1)


def _overlap(scores: Scores, truth: Scores, size: int) -> float:
    if len(scores) <= size:
        return math.nan
    good = truth >= np.sort(truth)[-size]
    return min(1.0, float((_chance_of_top(scores, size) * good).sum()) / size)


def _gain(scores: Scores, gains: Scores) -> float:
    """DCG@10; equal scores share what is gained."""
    _, group = np.unique(-scores, return_inverse=True)
    shared = (np.bincount(group, gains) / np.bincount(group))[group[np.argsort(group, kind="stable")]][:10]
    return float((shared / np.log2(np.arange(2, len(shared) + 2))).sum())


def measure(scores: Scores, truth: Scores) -> list[float]:
    """As in MEASURES; NaN where there is nothing to tell."""
    varied = len(set(scores.tolist())) > 1 and len(set(truth.tolist())) > 1
    spearman = float(np.corrcoef(rankdata(scores), rankdata(truth))[0, 1]) if varied else math.nan
    best = _gain(truth, np.log1p(truth))
    ndcg = _gain(scores, np.log1p(truth)) / best if best else math.nan
    return [spearman, _overlap(scores, truth, 5), _overlap(scores, truth, 10), ndcg]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One ranker judged in one way: the means over days, and the interval of the difference to plain votes."""

    case: str
    days: int
    ranker: str
    means: tuple[float, ...]
    differences: tuple[tuple[float, float, float], ...]  # mean, low, high; one for each measure


def _difference(found: Scores, plain: Scores, weeks: Sequence[tuple[int, int]]) -> tuple[tuple[float, ...], ...]:
    blocks = [np.flatnonzero([week == one for week in weeks]) for one in sorted(set(weeks))]
    chance = np.random.default_rng(0)
    apart = found - plain
    sums = np.array([np.nansum(apart[block], axis=0) for block in blocks])
    counts = np.array([(~np.isnan(apart[block])).sum(axis=0) for block in blocks])
    drawn = chance.integers(len(blocks), size=(RESAMPLED, len(blocks)))
    means = sums[drawn].sum(axis=1) / np.maximum(1, counts[drawn].sum(axis=1))
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    return tuple(zip(np.nanmean(apart, axis=0).tolist(), low.tolist(), high.tolist(), strict=True))


def judge(cases: Iterable[Case], rankers: Mapping[str, Ranker]) -> list[Line]:
    """Every ranker on every kind of case; the first is what the others are compared with."""
    kinds: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        if len(case.later) >= FEWEST and sum(case.truth):
            kinds[case.name].append(case)
    lines = []
    for kind, ones in kinds.items():
        weeks = [case.week for case in ones]
        found = {name: np.array([measure(rank(case), case.truth) for case in ones]) for name, rank in rankers.items()}
        plain = next(iter(found.values()))
        lines += [
            Line(
                case=kind,
                days=len(ones),
                ranker=name,
                means=tuple(np.nanmean(values, axis=0).tolist()),
                differences=_difference(values, plain, weeks),
            )
            for name, values in found.items()
        ]
    return lines


# --- what is printed -----------------------------------------------------------------------------------------------


def protocol_b(data_folder: Path, listings_folder: Path | None) -> list[Line]:
    """The table of the odd ISO weeks; how far they are out of sample is said at the top.

    Without listings later votes are those of the second snapshot alone.
    """
    data = Data(data_folder, listings_folder)
    return judge((case for case in data.cases() if case.week[1] % 2), rankers(data))


def choices(data: Data) -> list[Line]:
    """Every constant at other values, on even ISO weeks."""
    others: dict[str, Sequence[float]] = {
        "usual_later": (190, 210, 250),
        "usual_counts": (10, 30, 300, 10**9),
        "rise": (0, 2, 10, 15),
        "submitter": (0, 5, 20),
        "submitter_brings": (3, 8),
        "age": (0, 20, 60),
    }
    asked: dict[str, Ranker] = {"plain votes": _votes, "trend": _trend}
    for name, values in others.items():
        for value in values:
            weights = replace(WEIGHTS, **{name: value})
            asked[f"  {name} {value:g}"] = lambda case, weights=weights: _trend(case, weights)
    return judge((case for case in data.cases() if not case.week[1] % 2), asked)


def show(lines: Iterable[Line]) -> Iterator[str]:
    kind = ""
    for line in lines:
        if line.case != kind:
            kind = line.case
            yield f"\n{kind} ({line.days} days)".ljust(28) + "".join(name.rjust(32) for name in MEASURES)
        cells = [
            f"{mean:.4f}" + (f" {apart:+.4f} [{low:+.4f} {high:+.4f}]" if line.ranker != "plain votes" else " " * 24)
            for mean, (apart, low, high) in zip(line.means, line.differences, strict=True)
        ]
        yield line.ranker.ljust(27) + "".join(cell.rjust(32) for cell in cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("listings", type=Path, nargs="?")
    parser.add_argument("--choose", action="store_true", help="other constants, on the weeks they were chosen on")
    args = parser.parse_args()
    lines = choices(Data(args.data, args.listings)) if args.choose else protocol_b(args.data, args.listings)
    print("\n".join(show(lines)))


if __name__ == "__main__":
    main()
