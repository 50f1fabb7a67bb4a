"""Pure: ranked papers + already shown + a subscription -> an edition, or the reason for none.

Chooses the papers and words the why-line; does not know how an edition looks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from digest.model import (
    Edition,
    Item,
    LastEdition,
    NoEdition,
    Profile,
    Ranked,
    Ranking,
    Reason,
    Subscription,
)

_WHY_REASONS = 3
# What a reader asked for comes before what everybody looks at.
_INTERESTS = frozenset({"word", "example", "author", "organisation", "category"})


def why(reasons: Sequence[Reason], fallback: str) -> str:
    """The strongest reasons for a paper in one line of words: interests first, then trend."""
    good = [reason for reason in reasons if reason.points > 0]
    good.sort(key=lambda reason: (reason.kind not in _INTERESTS, -reason.points, reason.kind, reason.label))
    words = " · ".join(reason.label for reason in good[:_WHY_REASONS]) or fallback
    return words[0].upper() + words[1:]


def _item(rank: int, ranked: Ranked) -> Item:
    return Item(
        rank=rank,
        paper=ranked.paper,
        reasons=ranked.reasons,
        why=why(ranked.reasons, "newly listed"),
        votes=ranked.trend.votes,
        comments=ranked.trend.comments,
        rise=ranked.trend.rise,
    )


def _why_none(ranking: Ranking, unshown: Sequence[Ranked], shown: Collection[str], last: LastEdition | None) -> str:
    hidden = sum(one.paper.id not in shown for one in ranking.hidden)
    if not ranking.papers and not hidden:
        return "no paper has come in lately"
    if hidden and not unshown:
        return f"all new papers are hidden by this profile's rules ({hidden})"
    when = f" since {last.made_at:%Y-%m-%d %H:%M} UTC" if last else ""
    return f"nothing new{when}"


def compose(
    subscription: Subscription,
    profile: Profile,
    day: date,
    ranking: Ranking,
    shown: Collection[str],
    last: LastEdition | None,
    now: datetime,
    sources: Sequence[str] = (),
) -> Edition | NoEdition:
    """The best papers never shown to this subscription, or the reason for no edition.

    Papers that did not fit last time may come, but only beside one that is new since then: yesterday's leftovers alone
    are no news. `last` is the subscription's last real edition, None if it had none.
    """
    unshown = [one for one in ranking.papers if one.paper.id not in shown]
    new = [one for one in unshown if last is None or one.paper.first_seen > last.made_at]
    if not new:
        return NoEdition(subscription=subscription, date=day, reason=_why_none(ranking, unshown, shown, last))
    chosen = unshown[: profile.limit]
    kept = {one.paper.id for one in chosen}
    return Edition(
        subscription=subscription,
        title=profile.title,
        description=profile.description,
        date=day,
        made_at=now.replace(microsecond=0),
        items=tuple(_item(rank, one) for rank, one in enumerate(chosen, start=1)),
        fresh=len(new),
        held_back=sum(one.paper.id not in kept for one in new),
        muted=sum(one.paper.id not in shown and one.rule.startswith("muted") for one in ranking.hidden),
        sources=tuple(sources),
    )
