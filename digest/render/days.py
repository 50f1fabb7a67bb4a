"""What the templates see of days: how those of the sources were, and which an edition makes up for. Whole sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from digest.model import Edition, RibbonDay, Verdict, VerdictKind, phrased
from digest.render.language import Language, language
from digest.render.views import safe_url
from digest.render.wording import clip, counted, known_as
from digest.text import clean

_NAMED = 140  # title of a paper that is only named
_SENTENCE, _WRONG = 300, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RibbonLine:
    """A day since the last edition, or several without papers, in one line: `text`, or `came`, link and `rest`."""

    date: str
    text: str
    came: str  # all the words, or those up to the title of the day's best paper
    title: str
    url: str
    rest: str


def since(edition: Edition, words: Language) -> str:
    """What stands above the days since the last edition."""
    return words.gettext("What came since the last edition, by day:") if edition.ribbon else ""


def ribbon(edition: Edition) -> tuple[RibbonLine, ...]:
    """Days without papers that follow each other and of which the same is told are in one line."""
    words = language(edition.subscription.language)
    told = [(one, _wrong(one, words)) for one in edition.ribbon]
    found = []
    for _, run in groupby(told, key=lambda pair: (pair[0].new and pair[0].date, pair[1])):
        (first, wrong), *others = run
        found.append(_line(first, (others or [(first, "")])[-1][0].date, wrong, words))
    return tuple(found)


def _line(one: RibbonDay, last: date, wrong: str, words: Language) -> RibbonLine:
    """The papers of the day, and what was wrong with its lists; that alone on days without papers."""
    title, came, rest = "", wrong or words.gettext("nothing new"), ""
    if one.new:
        title = clip(clean(one.title), _NAMED) or words.gettext("Untitled")
        came, _, rest = _papers(one.new, words).partition("\0")
        rest += f"; {wrong}" if wrong else ""
    return RibbonLine(
        date=words.weekday_dates(one.date, last),
        text=f"{came}{title}{rest}",
        came=counted(came),
        title=title,
        url=safe_url(one.url),
        rest=rest,
    )


def _wrong(one: RibbonDay, words: Language) -> str:
    return clip("; ".join([clean(_lacked(verdict, words)) for verdict in one.verdicts]), _WRONG)


def _lacked(one: Verdict, words: Language) -> str:
    match one.kind:
        case VerdictKind.MISSING:
            return words.gettext("the list of %(source)s is missing", source=known_as(one.source))
        case VerdictKind.BROKEN:
            return words.gettext("the list of %(source)s could not be used", source=known_as(one.source))
        case VerdictKind.STALE:
            return words.gettext("%(source)s had the list of the day before again", source=known_as(one.source))
        case VerdictKind.HOLIDAY:
            return words.gettext("holiday of %(source)s", source=known_as(one.source))
        case VerdictKind.WEEKEND:
            return words.gettext("weekend of %(source)s", source=known_as(one.source))
        case _:
            return words.gettext("the list of %(source)s may lack papers", source=known_as(one.source))


def _papers(number: int, words: Language) -> str:
    return words.ngettext(
        "%(count)s new paper, first “%(title)s”", "%(count)s new papers, first “%(title)s”", number, title="\0"
    )


def cut(edition: Edition, words: Language) -> str:
    if edition.cut is None:
        return ""
    return words.gettext("Papers from before %(day)s are left out.", day=words.short_date(edition.cut))


# --- the sources' days -------------------------------------------------------------------------------------------


def told(edition: Edition, words: Language) -> str:
    """What the reader should know of the sources' days, in sentences."""
    return " ".join(clip(clean(_sentence(one, words)), _SENTENCE) for one in edition.verdicts)


def _sentence(one: Verdict, words: Language) -> str:
    evidence = _evidence(one, words).rstrip(".")
    if not one.source:
        return f"{evidence[:1].upper()}{evidence[1:]}."
    return _said(one.kind, words, source=known_as(one.source), day=words.month_date(one.date), evidence=evidence)


def _said(kind: VerdictKind, words: Language, **values: str) -> str:
    match kind:
        case VerdictKind.NORMAL:
            return words.gettext("%(source)s’s list of %(day)s is complete: %(evidence)s.", **values)
        case VerdictKind.PARTIAL:
            return words.gettext("%(source)s’s list of %(day)s may lack papers: %(evidence)s.", **values)
        case VerdictKind.STALE:
            return words.gettext("%(source)s’s list of %(day)s is out of date: %(evidence)s.", **values)
        case VerdictKind.BROKEN:
            return words.gettext("%(source)s’s list of %(day)s could not be used: %(evidence)s.", **values)
        case VerdictKind.MISSING:
            return words.gettext("%(source)s’s list of %(day)s is missing: %(evidence)s.", **values)
        case VerdictKind.HOLIDAY:
            return words.gettext("%(source)s’s list of %(day)s falls on a holiday: %(evidence)s.", **values)
        case VerdictKind.WEEKEND:
            return words.gettext("%(source)s’s list of %(day)s falls on a weekend: %(evidence)s.", **values)
        case _:
            return words.gettext("%(source)s’s list of %(day)s is short: %(evidence)s.", **values)


def _evidence(one: Verdict, words: Language) -> str:
    """In the words of another program where it is from there."""

    def say(message: str, values: Sequence[str]) -> str:
        return words.worded((message, *(words.number(int(each)) if each.isdecimal() else each for each in values)))

    return phrased(one.said, say) if one.said else one.evidence
