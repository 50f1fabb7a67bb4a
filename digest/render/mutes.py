"""What the templates see of a profile's mutes: the rules that hide a paper, and that they hide too much."""

from __future__ import annotations

from functools import lru_cache

from digest.model import Muted, ordinal
from digest.render.language import Language


def rules(one: Muted, section: str, words: Language) -> str:
    """The rules that hide a paper, and the place that it would have in the section, or in the list, without them."""
    rule = words.listed([_named(each, words) for each in (one.rule, *one.also)])
    if not one.place:
        return rule
    place, nth = words.number(one.place), ordinal(one.place)
    if section:
        return words.gettext(
            "%(rule)s, otherwise %(nth)s in “%(section)s”", rule=rule, nth=nth, place=place, section=section
        )
    return words.gettext("%(rule)s, otherwise %(nth)s", rule=rule, nth=nth, place=place)


def _named(rule: str, words: Language) -> str:
    kind, _, name = rule.removeprefix("muted ").partition(" ")
    named = {
        "word": words.gettext("muted word “%(name)s”", name=name.strip("“”")),
        "author": words.gettext("muted author %(name)s", name=name),
        "submitter": words.gettext("muted submitter %(name)s", name=name),
        "organisation": words.gettext("muted organisation %(name)s", name=name),
        "category": words.gettext("muted category %(name)s", name=name),
    }
    return named.get(kind, rule)


@lru_cache(1_024)
def too_much(muted: int, fresh: int, words: Language) -> str:
    """So many hidden, and so many not, of the new papers."""
    return words.gettext(
        "This profile’s rules hide %(hidden)s of %(every)s, more than half.",
        hidden=words.number(muted),
        every=words.number(muted + fresh),
    )
