"""The why-line: reasons that the core chose, as one line of words in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from digest.model import Reason
from digest.render.language import Language, language


def why_line(reasons: Sequence[Reason], tag: str, late: str = "") -> str:
    """The reasons in their order, those of the trend at the end: votes in figures, if they are more than usual.

    `tag` is the language's. Of a paper without any reason the line says that it is new. `late` stands in front.
    """
    words = language(tag)
    trends = _trends(words)
    parts = [words.worded(one.said) if one.said else one.label for one in reasons if one.kind not in (*trends, "votes")]
    parts += [_votes(one, words) for one in reasons if one.kind == "votes" and len(one.said) > 1]
    if told := [trends[one.kind] for one in reasons if one.kind in trends]:
        parts.append(words.gettext("trending by %(trends)s", trends=words.listed(told)))
    why = " · ".join(parts) or words.gettext("newly listed")
    return _capital(f"{late} · {why}" if late else why)


def _votes(one: Reason, words: Language) -> str:
    message, *values = one.said
    return words.worded((message, *(words.number(int(value)) for value in values)))


def late_line(listed: date, day: date, tag: str) -> str:
    """For a paper of the list of a day that an edition of before did not wait for any longer."""
    words = language(tag)
    if listed == day - timedelta(days=1):
        return words.gettext("late from yesterday")
    return words.gettext("late from %(day)s", day=words.month_date(listed))


def place_line(rank: int, day: date, tag: str) -> str:
    """For a paper of which nothing that lasts can be said: where it stood, and when."""
    words = language(tag)
    return _capital(words.gettext("no. %(rank)s of %(day)s", rank=words.number(rank), day=day.isoformat()))


def _trends(words: Language) -> dict[str, str]:
    return {
        "rise": words.gettext("a quick rise"),
        "comments": words.gettext("discussion"),
        "position": words.gettext("its place in the listing"),
    }


def _capital(line: str) -> str:
    return line[0].upper() + line[1:]
