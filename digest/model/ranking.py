"""What is thought of papers: trends, profiles, and the order they give."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Self

from digest.model.paper import Paper


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One named share of a reason's points: a word of the paper, say."""

    label: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One named, additive part of a score. `points` are whole, so that sums are exact in any order.

    `kind` is a fixed word: votes, expected, rise, submitter, comments, position, age; word, near, example, liked,
    disliked, author, organisation, category; similar, or risen. `label` says it in words a reader understands.
    `parts`, where there are any, sum to `points`. `said` is the label for translators: a message with `{}` for each
    value, and the values; empty where there is none.
    """

    kind: str
    label: str
    points: int
    parts: tuple[Part, ...] = ()
    said: tuple[str, ...] = ()

    @classmethod
    def of(cls, kind: str, points: int, said: tuple[str, ...], parts: tuple[Part, ...] = ()) -> Reason:
        """With the label that it says in English."""
        message, *values = said
        return cls(kind=kind, label=message.format(*values), points=points, parts=parts, said=said)


# What a reader asked for by name, and so can turn down by name; likeness and nearness are a matter of degree.
NAMED = frozenset({"word", "author", "organisation", "category"})
INTERESTS = NAMED | {"near", "example", "liked", "disliked"}


class Leaning(NamedTuple):
    """What a paper says to a reader's interests: their points, and whether any was against what is named or known."""

    points: int
    against: bool

    @classmethod
    def of(cls, reasons: Iterable[Reason]) -> Self:
        told = [one for one in reasons if one.kind in INTERESTS]
        against = any(one.points < 0 and one.kind in NAMED | {"disliked"} for one in told)
        return cls(sum(one.points for one in told), against)


def worded(message: str, *values: str) -> tuple[str, ...]:
    """What a reason says: a message with `{}` for each value. Messages are found for translation by this name."""
    return (message, *values)


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
class Example:
    """What a reader's own file tells of an example paper, under the name that the topic has it by."""

    name: str
    title: str
    abstract: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One interest: weighted terms, and example papers by id or title.

    `library` is what the reader's files tell of some of the examples; it counts where a paper is not known otherwise.
    `share` is the part of the list kept for the topic, 0 to 1; with 0 it has no place of its own.
    """

    name: str
    terms: tuple[Term, ...] = ()
    examples: tuple[str, ...] = ()
    library: tuple[Example, ...] = ()
    share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A named set of topics, follows, mutes and limits.

    `trend_weight` is the share of the trend in the score, 0 to 1; a profile without interests is plain trending.
    What the topics' shares leave of the list goes to what is trending for everyone. `explore` is how many papers of
    the list are for exploration; `late_risers` is how many papers that rose later come beside the list at the most;
    `fade_days` is the half-life of a like. `language` is that of the feed and its pages. A reader of a profile that
    `says_empty` gets a line with the reason on an empty day. One with another name `formerly` still has the readers
    that it had under that, with all that they were shown and said.
    """

    name: str
    title: str
    formerly: str | None = None
    description: str = ""
    topics: tuple[Topic, ...] = ()
    authors: tuple[Term, ...] = ()
    organisations: tuple[Term, ...] = ()
    categories: tuple[Term, ...] = ()
    muted_words: tuple[str, ...] = ()
    muted_authors: tuple[str, ...] = ()
    muted_submitters: tuple[str, ...] = ()
    muted_organisations: tuple[str, ...] = ()
    muted_categories: tuple[str, ...] = ()
    trend_weight: float = 0.5
    limit: int = 20
    explore: int = 0
    late_risers: int = 3
    fade_days: int = 180
    feed: bool = True
    language: str = "en"
    says_empty: bool = False

    @property
    def first_name(self) -> str:
        return self.formerly or self.name

    def subscription_id(self, address: str) -> str:
        """Of a reader, in any case of letters. It never changes, so that a new send time or name keeps the history."""
        return f"{self.first_name}/{address.lower()}"


class Opinion(StrEnum):
    """What a reader said of a paper."""

    MORE = "more"
    LESS = "less"
    SAVE = "save"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """A reader's latest word on a paper; nothing is learned from silence."""

    address: str
    paper_id: str
    opinion: Opinion
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A paper that a reader liked (`weight` above 0) or did not (below), with the weight that time has left of it."""

    paper: Paper
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A paper in a profile's order; the score is always the sum of the reasons' points.

    `topic` is the name of the topic it is there for, empty where it says too little to any. `tell` words the reasons of
    a paper, by its id: a score is wanted of every paper, its reasons only of the few that are listed. `lean` sums up
    those of the reader's interests, without their words; where it is None they are told for that.
    """

    paper: Paper
    trend: Trend
    score: int
    tell: Callable[[str], tuple[Reason, ...]] = field(repr=False)
    topic: str = ""
    lean: Callable[[str], Leaning] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, paper: Paper, trend: Trend, reasons: tuple[Reason, ...], topic: str = "") -> Ranked:
        """With reasons that are told already."""
        score = sum(reason.points for reason in reasons)
        return cls(paper=paper, trend=trend, score=score, tell=lambda _: reasons, topic=topic)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return self.tell(self.paper.id)

    @property
    def leaning(self) -> Leaning:
        return self.lean(self.paper.id) if self.lean else Leaning.of(self.reasons)

    def __eq__(self, other: object) -> bool:
        """Whether all of it is the same, told or not."""
        return isinstance(other, Ranked) and self._all == other._all

    def __hash__(self) -> int:
        return hash((self.paper.id, self.score))

    @property
    def _all(self) -> tuple[object, ...]:
        return self.paper, self.trend, self.score, self.topic, self.reasons


class HiddenAs(StrEnum):
    """What keeps a paper out of a ranking: a rule of the profile, that the reader knows it, its likeness to another."""

    MUTED = "muted"
    KNOWN = "known"
    DOUBLE = "double"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A paper kept out of a ranking, the rule that did it, and others that would.

    The rest is what it would have had otherwise, as of `Ranked`.
    """

    paper: Paper
    kind: HiddenAs = HiddenAs.MUTED
    rule: str
    score: int = 0
    also: tuple[str, ...] = ()
    trend: Trend | None = None
    topic: str = ""

    @property
    def otherwise(self) -> Ranked:
        """The paper as it would stand without the rules, its reasons untold."""
        trend = self.trend or Trend(paper_id=self.paper.id, terms=())
        return Ranked(paper=self.paper, trend=trend, score=self.score, tell=lambda _: (), topic=self.topic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """All candidates of one profile: best first, and what its mutes hid."""

    papers: tuple[Ranked, ...]
    hidden: tuple[Hidden, ...] = ()
