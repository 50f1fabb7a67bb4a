"""What is thought of papers: trends, profiles, and the order they give."""

from __future__ import annotations

from dataclasses import dataclass

from digest.model.paper import Paper


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One named, additive part of a score. `points` are whole, so that sums are exact in any order.

    `kind` is a fixed word: votes, rise, comments, position, age; word, example, author, organisation, category, or
    similar. `label` says it in words a reader understands.
    """

    kind: str
    label: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """What a paper's sightings add up to, as named terms. `votes` and `comments` are the latest known."""

    paper_id: str
    terms: tuple[Reason, ...]
    votes: int | None = None
    comments: int | None = None
    rise: int = 0  # votes gained between the first and the latest sighting

    @property
    def points(self) -> int:
        return sum(term.points for term in self.terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word or phrase and how much it counts (1 is normal)."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One interest: weighted terms, and example papers by id or title."""

    name: str
    terms: tuple[Term, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A named set of topics, follows, mutes and limits.

    `trend_weight` is the share of the trend in the score, 0 to 1; a profile without interests is plain trending.
    """

    name: str
    title: str
    description: str = ""
    topics: tuple[Topic, ...] = ()
    authors: tuple[Term, ...] = ()
    organisations: tuple[Term, ...] = ()
    categories: tuple[Term, ...] = ()
    muted_words: tuple[str, ...] = ()
    muted_authors: tuple[str, ...] = ()
    muted_organisations: tuple[str, ...] = ()
    muted_categories: tuple[str, ...] = ()
    trend_weight: float = 0.5
    limit: int = 20
    feed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A paper in a profile's order; the score is always the sum of the reasons' points."""

    paper: Paper
    trend: Trend
    reasons: tuple[Reason, ...]

    @property
    def score(self) -> int:
        return sum(reason.points for reason in self.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A paper kept out of a ranking, and the rule that did it."""

    paper: Paper
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """All candidates of one profile: best first, and what its mutes hid."""

    papers: tuple[Ranked, ...]
    hidden: tuple[Hidden, ...] = ()
