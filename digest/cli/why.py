"""The command that says who got what, and why one got nothing: why."""

from __future__ import annotations

from datetime import date

from rich.markup import escape

from digest.cli import tables
from digest.cli.codes import DONE
from digest.cli.context import Context
from digest.cli.readership import readership
from digest.cli.screen import out, required
from digest.model import Edition, Paper
from digest.pipeline.why import Answer, Whereabouts, why


def why_command(context: Context, address: str, day: date, as_json: bool) -> int:
    with context.store() as store:
        answer = why(readership(context.settings, store), address, day, context.now())
    required(answer.known, f"{address}: no subscription has this address, and it was never mailed. Is it misspelt?")
    if as_json:
        tables.print_json(_json(answer))
    else:
        _say(answer)
    return DONE


def _json(answer: Answer) -> dict[str, object]:
    """The stable shape of `why --json`."""
    return {
        "address": answer.address,
        "date": answer.date,
        "suppressions": answer.suppressions,
        "lifted": answer.lifted,
        "subscriptions": [_one_json(one) for one in answer.subscriptions],
    }


def _one_json(one: Whereabouts) -> dict[str, object]:
    return {
        "subscription": one.subscription.id,
        "profile": one.subscription.profile,
        "active": one.active,
        "told": one.told,
        "papers": [item.paper.id for item in one.edition.items] if one.edition else [],
        "days": _days(one),
        "receipt": _receipt(one.edition) if one.edition else None,
        "state": one.message.state if one.message else None,
        "message_id": one.message.message_id if one.message else None,
        "attempts": [{"at": each.at, "state": each.state, "reply": each.reply} for each in one.attempts],
        "bounces": [tables.plain(each) for each in one.bounces],
    }


def _receipt(edition: Edition) -> dict[str, object]:
    """What was said of each paper when the edition was made."""
    return {
        "made_at": edition.made_at,
        "new": edition.fresh,
        "hidden": edition.muted,
        "items": [
            {
                **_paper(item.paper),
                "rank": rank,
                "section": item.section,
                "why": item.why,
                "score": item.score,
                "votes": item.votes,
                "reasons": item.reasons,
            }
            for rank, item in edition.ranked
        ],
        "missed": [
            {**_paper(one.paper), "score": one.score, "short": one.short, "section": one.section}
            for one in edition.missed
        ],
        "muted": [
            {**_paper(one.paper), "rules": (one.rule, *one.also), "place": one.place, "section": one.section}
            for one in edition.hidden
        ],
    }


def _paper(paper: Paper) -> dict[str, object]:
    return {"id": paper.id, "title": paper.title, "url": paper.url}


def _days(one: Whereabouts) -> list[str]:
    """What the edition said of the sources' days."""
    return [verdict.sentence for verdict in one.edition.verdicts] if one.edition else []


def _say(answer: Answer) -> None:
    for one in answer.subscriptions:
        gone = "" if one.active else " (not in the settings any more)"
        papers = len(one.edition.items) if one.edition else 0
        got = f"{papers} papers, " if papers else "a mail without papers, " if one.message else "nothing: "
        out.print(f"[bold]{escape(one.subscription.profile)}[/]{gone}: {got}{escape(one.told)}", soft_wrap=True)
        for sentence in _days(one):
            out.print(f"It said: {escape(sentence)}", soft_wrap=True)
        if one.attempts:
            tables.table("tried", "outcome", "reply", rows=((a.at, a.state.value, a.reply) for a in one.attempts))
        if one.bounces:
            tables.table(
                "came back", "kind", "outcome", "status", "words",
                rows=((b.at, b.kind.value, b.consequence.value, b.status, b.words) for b in one.bounces),
            )  # fmt: skip
    if not answer.subscriptions:
        out.print(f"{escape(answer.address)} has no subscription.", soft_wrap=True)
    for each in answer.suppressions:
        what = each.subscription_id or each.address
        out.print(
            f"Suppressed since {each.since:%Y-%m-%d %H:%M} UTC: {escape(what)}: {escape(each.reason)}", soft_wrap=True
        )
    for each in answer.lifted:
        what = each.subscription_id or each.address
        words = (
            f"Suppressed from {each.since:%Y-%m-%d %H:%M} to {each.lifted:%Y-%m-%d %H:%M} UTC: {what}: {each.reason}"
        )
        out.print(escape(words), soft_wrap=True)
