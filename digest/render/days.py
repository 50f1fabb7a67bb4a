"""What the templates see of days: how those of the sources were, and which an edition makes up for. Whole sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from digest.model import Edition, RibbonDay, Verdict, VerdictKind, phrased
from digest.render.language import Language, language
from digest.render.wording import clip
from digest.text import clean

_NAMED = 140  # title of a paper that is only named
_SENTENCE = 300


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
    """The papers of the day, and what was wrong with its lists; that alone on a day without papers."""
    told = [clean(_lacked(verdict, words)) for verdict in one.verdicts]
    if one.new or not told:
        told.insert(0, _papers(one, words))
    return clip("; ".join(told), _SENTENCE)


def _lacked(one: Verdict, words: Language) -> str:
    match one.kind:
        case VerdictKind.MISSING:
            return words.gettext("the list of %(source)s is missing", source=one.source)
        case VerdictKind.BROKEN:
            return words.gettext("the list of %(source)s could not be used", source=one.source)
        case VerdictKind.STALE:
            return words.gettext("%(source)s had the list of the day before again", source=one.source)
        case VerdictKind.HOLIDAY:
            return words.gettext("holiday of %(source)s", source=one.source)
        case VerdictKind.WEEKEND:
            return words.gettext("weekend of %(source)s", source=one.source)
        case _:
            return words.gettext("the list of %(source)s may lack papers", source=one.source)


def _papers(one: RibbonDay, words: Language) -> str:
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


# --- the sources' days -------------------------------------------------------------------------------------------


def told(edition: Edition, words: Language) -> str:
    """What the reader should know of the sources' days, in sentences."""
    return " ".join(clip(clean(_sentence(one, words)), _SENTENCE) for one in edition.verdicts)


def _sentence(one: Verdict, words: Language) -> str:
    evidence = _evidence(one, words).rstrip(".")
    if not one.source:
        return f"{evidence[:1].upper()}{evidence[1:]}."
    return _said(one.kind, words, source=one.source, day=words.month_date(one.date), evidence=evidence)


def _said(kind: VerdictKind, words: Language, **values: str) -> str:
    match kind:
        case VerdictKind.NORMAL:
            return words.gettext("%(source)s of %(day)s is complete: %(evidence)s.", **values)
        case VerdictKind.PARTIAL:
            return words.gettext("%(source)s of %(day)s may lack papers: %(evidence)s.", **values)
        case VerdictKind.STALE:
            return words.gettext("%(source)s of %(day)s is out of date: %(evidence)s.", **values)
        case VerdictKind.BROKEN:
            return words.gettext("%(source)s of %(day)s could not be used: %(evidence)s.", **values)
        case VerdictKind.MISSING:
            return words.gettext("%(source)s of %(day)s is missing: %(evidence)s.", **values)
        case VerdictKind.HOLIDAY:
            return words.gettext("%(source)s of %(day)s falls on a holiday: %(evidence)s.", **values)
        case VerdictKind.WEEKEND:
            return words.gettext("%(source)s of %(day)s falls on a weekend: %(evidence)s.", **values)
        case _:
            return words.gettext("%(source)s of %(day)s is short: %(evidence)s.", **values)


def _evidence(one: Verdict, words: Language) -> str:
    """In the words of another program where it is from there."""

    def say(message: str, values: Sequence[str]) -> str:
        return words.worded((message, *(words.number(int(each)) if each.isdecimal() else each for each in values)))

    return phrased(one.said, say) if one.said else one.evidence
