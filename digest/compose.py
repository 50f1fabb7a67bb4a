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
    Paper,
    Profile,
    Ranked,
    Ranking,
    Reason,
    Subscription,
)

_WHY_REASONS = 3
# What a reader asked for comes before what everybody looks at.
_INTERESTS = frozenset({"word", "example", "author", "organisation", "category"})
# The trend in words: the card beside it has the numbers.
_TRENDS = {
    "votes": "votes",
    "rise": "a quick rise",
    "comments": "discussion",
    "position": "its place in the listing",
}


def why(reasons: Sequence[Reason], fallback: str) -> str:
    """The strongest reasons for a paper in one line of words: what the reader asked for, then the trend."""
    good = sorted(
        (reason for reason in reasons if reason.points > 0),
        key=lambda reason: (-reason.points, reason.kind, reason.label),
    )
    words = [reason.label for reason in good if reason.kind in _INTERESTS][:_WHY_REASONS]
    trends = [_TRENDS[reason.kind] for reason in good if reason.kind in _TRENDS]
    if trends and len(words) < _WHY_REASONS:
        words.append(f"trending by {_listed(trends)}")
    line = " · ".join(words) or fallback
    return line[0].upper() + line[1:]


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def lasting_why(item: Item, day: date) -> str:
    """The why-line of a feed entry: what will still be true next month, so neither votes nor positions."""
    interests = [reason for reason in item.reasons if reason.kind in _INTERESTS]
    return why(interests, f"no. {item.rank} of {day.isoformat()}")


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


def _is_new(paper: Paper, shown: Collection[str], last: LastEdition | None) -> bool:
    """Whether a paper came in since the last edition. One of the very moment of an empty date came in after it."""
    if paper.id in shown:
        return False
    return (
        last is None
        or paper.first_seen > last.made_at
        or (last.reason is not None and paper.first_seen == last.made_at)
    )


def _why_none(ranking: Ranking, hidden: int, last: LastEdition | None) -> str:
    if not ranking.papers and not ranking.hidden:
        return "no paper has come in lately"
    if hidden:
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
    are no news. `last` is what is stored of the subscription's latest date, None if there is nothing.
    """
    unshown = [one for one in ranking.papers if one.paper.id not in shown]
    new = [one for one in unshown if _is_new(one.paper, shown, last)]
    hidden = [one for one in ranking.hidden if _is_new(one.paper, shown, last)]
    if not new:
        return NoEdition(subscription=subscription, date=day, reason=_why_none(ranking, len(hidden), last))
    chosen = unshown[: profile.limit]
    if new[0] not in chosen:
        chosen[-1] = new[0]
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
        muted=sum(one.rule.startswith("muted") for one in hidden),
        sources=tuple(sources),
    )
