"""The papers that profiles give as examples: those that are known, and those that arXiv could tell of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from digest.model import Example, Paper, Profile
from digest.pipeline.references import keys_of
from digest.pipeline.world import Knowledge
from digest.text import arxiv_id


def examples(store: Knowledge, profile: Profile) -> dict[str, Paper]:
    """The papers behind a profile's examples, by the words the profile names them with.

    Those that are known, else as the reader's library tells of them; the others are left out.
    """
    told = {one.name: one for topic in profile.topics for one in topic.library if one.title}
    keys = {
        name: keys_of(name, told[name].title if name in told else name)
        for topic in profile.topics
        for name in topic.examples
    }
    by_id, by_key = store.papers(keys), store.by_key({key for several in keys.values() for key in several})
    found = {}
    for name, several in keys.items():
        paper = by_id.get(name) or next((by_key[key] for key in several if key in by_key), None)
        if paper is None and name in told:
            paper = _never_listed(told[name])
        if paper is not None:
            found[name] = paper
    return found


def _never_listed(one: Example) -> Paper:
    never = datetime.min.replace(tzinfo=UTC)
    return Paper(id=one.name, title=one.title, abstract=one.abstract, first_listed=None, first_seen=never)


def untold(store: Knowledge, profiles: Iterable[Profile]) -> tuple[str, ...]:
    """The arXiv ids among the examples of which neither a dump nor a reader's library has told."""
    found: set[str] = set()
    for profile in profiles:
        known = examples(store, profile)
        names = (name for topic in profile.topics for name in topic.examples if name not in known)
        found.update(number[0] for name in names if (number := arxiv_id(name)))
    return tuple(sorted(found))
