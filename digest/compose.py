"""Pure: ranked papers + already shown + a subscription -> an edition, or the reason for none.

Chooses the papers, and the reasons to tell; does not word them, nor know how an edition looks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from digest.model import (
    INTERESTS,
    NAMED,
    Cadence,
    Edition,
    Hidden,
    HiddenAs,
    Item,
    LastEdition,
    Missed,
    Muted,
    NoEdition,
    Paper,
    Profile,
    Ranked,
    Ranking,
    Reason,
    RibbonDay,
    Section,
    Shown,
    Strand,
    StrandKind,
    Subscription,
    Wait,
)
from digest.sections import MAIN, RISEN, Placed, Worths, fill, places_of

_WHY_REASONS = 3
_MISSED, _HIDDEN = 3, 5  # how many an edition names
_RIBBON = 35  # days at the most
_TRENDS = frozenset({"votes", "rise", "comments", "position"})


def telling(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The reasons that the why-line is made of, in its order: what the reader asked for, then those of the trend."""
    good = sorted(
        (reason for reason in reasons if reason.points > 0),
        key=lambda reason: (-reason.points, reason.kind, reason.label),
    )
    # A rise is why it comes at all; what a reader asked for comes before what everybody looks at.
    told = [reason for reason in good if reason.kind == "risen"]
    told += _telling(good)[: _WHY_REASONS - len(told)]
    if len(told) < _WHY_REASONS:
        told += [reason for reason in good if reason.kind in _TRENDS]
    return tuple(told)


def _telling(good: Sequence[Reason]) -> list[Reason]:
    """The interests in the same order: of what is only near the strongest, and none beside a word that is there.

    What was not asked for by name is told from a tenth of the points on: of most papers a little can be said.
    """
    faint = sum(reason.points for reason in good) / 10
    told = [one for one in good if one.kind in NAMED or (one.kind in INTERESTS and one.points >= faint)]
    near = [one for one in told if one.kind == "near"]
    spare = near if any(one.kind == "word" for one in told) else near[1:]
    return [one for one in told if one not in spare]


def lasting(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The same for a feed entry: what will still be true next month, so neither votes nor positions."""
    return telling([reason for reason in reasons if reason.kind in INTERESTS])


def _item(ranked: Ranked, section: Section, fresh: bool) -> Item:
    return Item(
        paper=ranked.paper,
        reasons=ranked.reasons,
        section=section,
        votes=ranked.trend.votes,
        comments=ranked.trend.comments,
        rise=ranked.trend.rise,
        fresh=fresh,
    )


def late(paper: Paper, subscription: Subscription, day: date, last: LastEdition | None) -> date | None:
    """The day of a paper's list, if the last edition waited for that in vain."""
    if subscription.wait is Wait.NOW or last is None or paper.first_listed is None:
        return None
    if paper.first_listed > last.date or paper.first_seen <= last.made_at or last.date >= day:
        return None
    return paper.first_listed


def _is_new(paper: Paper, shown: Collection[str], last: LastEdition | None) -> bool:
    """Whether a paper came in since the last edition. One of the very moment of an empty date came in after it."""
    if paper.id in shown:
        return False
    return (
        last is None
        or paper.first_seen > last.made_at
        or (last.reason is not None and paper.first_seen == last.made_at)
    )


def _why_none(ranking: Ranking, hidden: Sequence[Hidden], last: LastEdition | None) -> str:
    if not ranking.papers and not ranking.hidden:
        return "no paper has come in lately"
    if muted := sum(one.kind is HiddenAs.MUTED for one in hidden):
        return f"all new papers are hidden by this profile's rules ({muted})"
    if hidden:
        return f"all new papers are known already ({len(hidden)})"
    when = f" since {last.made_at:%Y-%m-%d %H:%M} UTC" if last else ""
    return f"nothing new{when}"


def _too_few_good(subscription: Subscription, new: Sequence[Ranked], last: LastEdition | None, day: date) -> str | None:
    """Why an edition of the cadence when-good is left to another day; None if it goes."""
    if subscription.cadence is not Cadence.WHEN_GOOD or last is None:
        return None
    good = sum(one.score >= subscription.good_points for one in new)
    if good >= subscription.good or (day - last.date).days >= subscription.within_days:
        return None
    return f"{good} of {subscription.good} good papers so far since {last.date}"


def _of_ribbon(day: date, papers: Sequence[Paper]) -> RibbonDay:
    if not papers:
        return RibbonDay(date=day, new=0)
    return RibbonDay(date=day, new=len(papers), title=papers[0].title, url=papers[0].url)


def _ribbon(new: Sequence[Ranked], last: LastEdition, day: date) -> tuple[RibbonDay, ...]:
    """The days after the last edition, or those of its papers if they were listed before; the latest of them.

    A paper that no listing dates counts for the day when it came in.
    """
    by_day: dict[date, list[Ranked]] = {}
    for one in new:
        listed = one.paper.first_listed or one.paper.first_seen.date()
        by_day.setdefault(min(listed, day), []).append(one)
    first = max(day - timedelta(days=_RIBBON - 1), min((last.date + timedelta(days=1), *by_day)))
    days = (first + timedelta(days=number) for number in range((day - first).days + 1))
    return tuple(_of_ribbon(each, [one.paper for one in by_day.get(each, ())]) for each in days)


def compose(
    subscription: Subscription,
    profile: Profile,
    day: date,
    ranking: Ranking,
    shown: Mapping[str, Shown],
    last: LastEdition | None,
    now: datetime,
    sources: Sequence[str] = (),
    risers: Sequence[Ranked] = (),
    *,
    merged: bool = False,
    cut: date | None = None,
) -> Edition | NoEdition:
    """The best papers never shown to this subscription, section by section, or the reason for no edition.

    Papers that did not fit last time may come, and `risers` (best first), but only beside one that is new since then.
    `last` is what is stored of the subscription's latest date; for when-good, which adds days up, of its latest
    edition. `merged` tells that dates were missed since, `cut` that papers count from that day on only.
    """
    unshown = [one for one in ranking.papers if one.paper.id not in shown]
    new = [one for one in unshown if _is_new(one.paper, shown, last)]
    hidden = [one for one in ranking.hidden if _is_new(one.paper, shown, last)]
    muted = [one for one in hidden if one.kind is HiddenAs.MUTED]
    if not new:
        return NoEdition(
            subscription=subscription,
            date=day,
            reason=_why_none(ranking, hidden, last),
            hidden=len(muted),
            muted=_hidden(muted, (), profile),
            shown=len(ranking.papers) - len(unshown),
        )
    if too_few := _too_few_good(subscription, new, last, day):
        return NoEdition(subscription=subscription, date=day, reason=too_few)
    news = {one.paper.id for one in new}
    placed = fill(unshown, profile, day, news)
    kept = {one.id for one in placed}
    gone = kept | {one.paper.id for one in ranking.hidden}
    left = [one for one in new if one.paper.id not in kept]
    late = [one for one in risers if one.paper.id not in gone and not _is_new(one.paper, shown, last)]
    risen = [Placed(ranked=one, section=RISEN) for one in late[: profile.late_risers]] if last else []
    return Edition(
        subscription=subscription,
        title=profile.title,
        description=profile.description,
        date=day,
        made_at=now.replace(microsecond=0),
        items=tuple(_item(one.ranked, one.section, one.id in news) for one in (*placed, *risen)),
        fresh=len(new),
        held_back=len(left),
        muted=len(muted),
        sources=tuple(sources),
        missed=_missed(left, placed),
        hidden=_hidden(muted, placed, profile),
        ribbon=_ribbon(new, last, day) if merged and last else (),
        cut=cut if merged else None,
        strands=strands(new, profile) if subscription.address is None else (),
    )


def strands(new: Sequence[Ranked], profile: Profile) -> tuple[Strand, ...]:
    """For each topic the best new papers that are there for it, for each followed author all of theirs, best first.

    Whether the edition has a place for them does not matter: each has a feed of its own. Empty ones are left out.
    """
    topics = {topic.name: [one for one in new if one.topic == topic.name][: profile.limit] for topic in profile.topics}
    from digest.rank.follows import Credits  # with numpy, which takes a moment

    credits = Credits([one.paper for one in new] if profile.authors else ())
    authors = {
        author.text: [new[row] for row in sorted(credits.author(author.text))]
        for author in profile.authors
        if author.weight > 0
    }
    return tuple(
        Strand(
            kind=kind,
            name=name,
            items=tuple(_item(one, MAIN, fresh=True) for one in papers),
        )
        for kind, named in ((StrandKind.TOPIC, topics), (StrandKind.AUTHOR, authors))
        for name, papers in named.items()
        if papers
    )


def without(edition: Edition, paper_id: str, before: LastEdition | None) -> Edition | None:
    """The edition without one of its papers, the others in their order; None if nothing new is left in it.

    `before` is what is stored of the subscription's date before this one.
    """
    items = tuple(item for item in edition.items if item.paper.id != paper_id)
    new = {item.paper.id for item in edition.items if item.section != RISEN and _is_new(item.paper, (), before)}
    if not any(item.paper.id in new for item in items):
        return None
    strands = tuple(kept for one in edition.strands if (kept := _strand_without(one, paper_id)).items)
    return replace(edition, items=items, strands=strands, fresh=edition.fresh - (paper_id in new))


def _strand_without(strand: Strand, paper_id: str) -> Strand:
    return replace(strand, items=tuple(item for item in strand.items if item.paper.id != paper_id))


def _missed(left: Sequence[Ranked], placed: Sequence[Placed]) -> tuple[Missed, ...]:
    """The nearest of those that did not fit; equally near ones in the order of the ranking."""
    worths = Worths(placed)
    gaps = [(*short, one) for one in left if (short := worths.shortfall(one))]
    nearest = sorted(gaps, key=lambda gap: gap[0])[:_MISSED]
    return tuple(
        Missed(paper=_without_abstract(one.paper), score=one.score, short=gap, section=section)
        for gap, section, one in nearest
    )


def _hidden(muted: Sequence[Hidden], placed: Sequence[Placed], profile: Profile) -> tuple[Muted, ...]:
    """Of those that the rules hid the first of a list without any of the rules, then the best; ties by id."""
    if not muted:
        return ()
    best = sorted(muted, key=lambda one: (-one.score, one.paper.id))
    would = places_of([one.otherwise for one in best], placed, profile)
    order = {paper_id: number for number, paper_id in enumerate(would)}
    found = []
    for one in sorted(best, key=lambda one: order.get(one.paper.id, len(order)))[:_HIDDEN]:
        section, place = would.get(one.paper.id, (MAIN, None))
        paper = _without_abstract(one.paper)
        found.append(Muted(paper=paper, rule=one.rule, also=one.also, place=place, section=section))
    return tuple(found)


def _without_abstract(paper: Paper) -> Paper:
    return replace(paper, abstract="", latex_abstract=None)
