"""The account of a paper as a tree of sums, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.markup import escape

from digest.cli.screen import out
from digest.explain import Explanation
from digest.model import Reason, SectionKind


def explanation_json(found: Explanation) -> dict[str, Any]:
    """The stable shape of `explain --json`."""
    trend = found.trend
    return {
        "paper": {"id": found.paper.id, "title": found.paper.title, "url": found.paper.url},
        "profile": found.profile,
        "standing": found.standing,
        "rank": found.rank,
        "section": found.section,
        "score": found.score,
        "reasons": found.reasons,
        "trend": {"points": trend.points, "terms": trend.terms} if trend else None,
        "remarks": found.remarks,
    }


def explanation(found: Explanation) -> None:
    """The sums as a tree: what is indented under a number adds up to it."""
    place = f", no. {found.rank}" if found.rank else ""
    section = f", in {found.section.named}" if found.section and found.section.kind is not SectionKind.MAIN else ""
    out.print(f"[bold]{escape(found.paper.title)}[/]\n{escape(found.paper.url)}", soft_wrap=True)
    out.print(f"{escape(found.profile)}: {found.standing}{place}{escape(section)}", soft_wrap=True)
    for remark in found.remarks:
        out.print(f"  {escape(remark)}", soft_wrap=True)
    if found.reasons:
        _sum("score for this profile", found.reasons)
    if found.trend:
        _sum("trend, whatever the profile", found.trend.terms)


def _sum(what: str, reasons: Sequence[Reason]) -> None:
    lines = [(0, sum(reason.points for reason in reasons), what)]
    for reason in reasons:
        lines += [(1, reason.points, reason.label), *((2, part.points, part.label) for part in reason.parts)]
    out.print()
    for depth, points, label in lines:
        out.print(f"{'  ' * depth}{points:>6}  {escape(label)}", soft_wrap=True)
