"""The why-line: reasons that the core chose, as one line of words in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from digest.model import Reason
from digest.render.language import Language, language
from digest.render.wording import capital, known_as


def why_line(reasons: Sequence[Reason], tag: str, late: str = "") -> str:
    """The reasons in their order, those of the trend at the end: votes, if they are more than usual.

    `tag` is the language's, `late` stands in front. Empty where there is nothing to say. How many votes a paper has
    stands on its card, and not here.
    """
    words = language(tag)
    trends = _trends(words)
    parts = [_told(one, words) for one in reasons if one.kind not in (*trends, "votes")]
    parts += [_votes(one, words) for one in reasons if one.kind == "votes" and len(one.said) > 1]
    if told := [trends[one.kind] for one in reasons if one.kind in trends]:
        parts.append(words.gettext("trending by %(trends)s", trends=words.listed(told)))
    return capital(" · ".join(filter(None, (late, *parts))))


def _told(one: Reason, words: Language) -> str:
    if not one.said:
        return one.label
    if one.kind == "risen":
        return _risen(one.said, words)
    return words.worded(one.said)


def _risen(said: Sequence[str], words: Language) -> str:
    """With the day as people say it; the rise since a paper was first listed stands on its card."""
    message, more, *shown = said
    if not shown:
        return words.gettext("rising since it was first listed")
    return words.worded((message, words.number(int(more)), words.month_date(date.fromisoformat(shown[0]))))


def _votes(one: Reason, words: Language) -> str:
    votes, usual = (int(value) for value in one.said[1:])
    if votes < 2 * usual:
        return words.gettext("more votes than usual")
    if votes < 3 * usual:
        return words.gettext("twice the usual votes")
    return words.gettext("%(times)s times the usual votes", times=words.number(votes // usual))


def late_line(listed: date, day: date, tag: str) -> str:
    """For a paper of the list of a day that an edition of before did not wait for any longer."""
    words = language(tag)
    if listed == day - timedelta(days=1):
        return words.gettext("late from yesterday")
    return words.gettext("late from %(day)s", day=words.month_date(listed))


def listed_line(sources: Sequence[str], listed: date, tag: str) -> str:
    """For a paper of which nothing else can be said: where it was listed first, and when."""
    words = language(tag)
    where, day = words.listed(list(dict.fromkeys(map(known_as, sources)))), words.month_date(listed)
    return capital(words.gettext("listed by %(sources)s on %(day)s", sources=where, day=day))


def place_line(rank: int, day: date, tag: str) -> str:
    """For a paper of which nothing that lasts can be said: where it stood, and when."""
    words = language(tag)
    return capital(words.gettext("no. %(rank)s of %(day)s", rank=words.number(rank), day=day.isoformat()))


def _trends(words: Language) -> dict[str, str]:
    return {
        "rise": words.gettext("a quick rise"),
        "comments": words.gettext("discussion"),
        "position": words.gettext("its place in the listing"),
    }
