"""Pure: what of a profile does nothing, or more than is meant; each in a sentence that says what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from digest.model import Edition, NoEdition, Profile, Term, Topic
from digest.words import tells


def of_profile(profile: Profile) -> Iterator[str]:
    """What does nothing, whatever papers come."""
    for topic in profile.topics:
        yield from _of_topic(topic)
    shared = any(topic.share for topic in profile.topics)
    if idle := [topic.name for topic in profile.topics if shared and not topic.share]:
        what, its = ("topic", "its") if len(idle) == 1 else ("topics", "their")
        yield (
            f"{what} {_named(idle)} without a share beside topics that have one, so that {its} papers come by trend "
            "alone, and the words sort nothing; give it a share, or drop it"
        )
    for what, terms in (
        ("authors", profile.authors), ("organisations", profile.organisations), ("categories", profile.categories)
    ):  # fmt: skip
        yield from _of_weights(what, terms)
    wanted = profile.topics or profile.authors or profile.organisations or profile.categories
    if profile.trend_weight == 1 and wanted:
        yield "trend_weight is 1, so that its topics and whom it follows count for nothing; lower it, or drop them"


def _of_topic(topic: Topic) -> Iterator[str]:
    where = f"topic “{topic.name}”"
    common = [term.text for term in topic.terms if not tells(term.text)]
    if common:
        yield f"{where}: {_named(common)} too common to tell papers apart; write a longer phrase, or drop it"
    yield from _of_weights(where, topic.terms)
    if not topic.examples and not any(term.weight > 0 and tells(term.text) for term in topic.terms):
        share = f", and its share of {topic.share:g} stays empty" if topic.share else ""
        yield f"{where}: has no word to look for and no example, so that no paper is of it{share}; give it some"


def _of_weights(where: str, terms: Sequence[Term]) -> Iterator[str]:
    if nothing := [term.text for term in terms if not term.weight]:
        yield f"{where}: {_named(nothing)} of weight 0, which does nothing; give another weight, or drop it"


def _named(words: Sequence[str]) -> str:
    named = ", ".join(f"“{word}”" for word in words)
    return f"{named} {'is' if len(words) == 1 else 'are'}"


def of_outcome(profile: Profile, outcome: Edition | NoEdition) -> Iterator[str]:
    """What is odd about what it gets now."""
    if isinstance(outcome, NoEdition):
        if outcome.hidden:
            yield f"its mutes hide all {outcome.hidden} new papers; see whether they say what you mean"
        return
    if outcome.overmuted:
        many = f"{outcome.muted} of {outcome.muted + outcome.fresh}"
        yield f"its mutes hide {many} new papers, more than half; see whether they say what you mean"
    if profile.trend_weight == 0 and outcome.items and not any(item.score for item in outcome.items):
        yield (
            "trend_weight is 0, and nothing it asks for is in any paper of today: all have 0 points, and come in the "
            "order of votes; widen its words, or raise trend_weight"
        )
