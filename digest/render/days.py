"""What the templates see of days: those that an edition makes up for. Whole sentences of the reader's language."""

from __future__ import annotations

from dataclasses import dataclass

from digest.model import Edition, RibbonDay
from digest.render.language import Language, language
from digest.render.wording import clean, clip

_NAMED = 140  # title of a paper that is only named


@dataclass(frozen=True, slots=True, kw_only=True)
class RibbonLine:
    """A day since the last edition, in one line."""

    date: str
    words: str


def since(edition: Edition, words: Language) -> str:
    """What stands above the days since the last edition."""
    return words.gettext("What came since the last edition, by day:") if edition.ribbon else ""


def ribbon(edition: Edition) -> tuple[RibbonLine, ...]:
    words = language(edition.subscription.language)
    return tuple(RibbonLine(date=words.weekday_date(one.date), words=_came(one, words)) for one in edition.ribbon)


def _came(one: RibbonDay, words: Language) -> str:
    if not one.new:
        return words.gettext("no new paper")
    return words.ngettext(
        "%(count)s new paper, first “%(title)s”",
        "%(count)s new papers, first “%(title)s”",
        one.new,
        title=clip(clean(one.title), _NAMED) or words.gettext("Untitled"),
    )


def cut(edition: Edition, words: Language) -> str:
    if edition.cut is None:
        return ""
    return words.gettext("Papers from before %(day)s are left out.", day=words.short_date(edition.cut))
