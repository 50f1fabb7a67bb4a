"""What the commands print: tables for people, JSON for programs. Everything from outside is escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, time
from enum import Enum
from typing import Any

import click
from rich import box
from rich.markup import escape
from rich.table import Table

from digest.cli.app import out
from digest.model import (
    Change,
    Changes,
    Delivery,
    DumpReport,
    Edition,
    Facts,
    LastEdition,
    Link,
    Listing,
    NoEdition,
    Origin,
    OutboxItem,
    OutboxState,
    Outcome,
    Paper,
    Revision,
    Sighting,
    Subscription,
    Verdict,
)
from digest.pipeline import Published, Said

_ADDRESS = re.compile(r"[^\s<>@/]+@[\w.-]+")


def plain(value: Any) -> Any:
    """Nouns as JSON's own types; moments in ISO 8601."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list | frozenset | set):
        return [plain(one) for one in value]
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime | date | time) else value


def print_json(value: Any, *, one_line: bool = False) -> None:
    click.echo(json.dumps(plain(value), ensure_ascii=False, indent=None if one_line else 2))


def table(*headings: str, rows: Iterable[Sequence[object]], right: Iterable[str] = ()) -> None:
    """Draw a table; `right` names the columns of numbers. The widest texts give way on a narrow terminal."""
    numbers = set(right)
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        number = heading in numbers
        drawn.add_column(heading, justify="right" if number else "left", no_wrap=number, overflow="fold")
    for row in rows:
        drawn.add_row(*(escape("" if cell is None else str(cell)) for cell in row))
    out.print(drawn)


def masked(address: str) -> str:
    """An address as it may stand in a log: the first letter and the domain."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


def masked_in(text: str) -> str:
    """A server's reply or a file's name with its addresses masked."""
    return _ADDRESS.sub(lambda found: masked(found[0]), text)


# --- ingest ----------------------------------------------------------------------------------------------------


def report_json(report: DumpReport) -> dict[str, Any]:
    """The stable shape of `ingest --json`."""
    shape = plain(report)
    shape["sha256"] = shape.pop("digest")
    return {key: value for key, value in shape.items() if key != "error" or value is not None}


def _remarks(report: DumpReport) -> str:
    remarks = [*(["known"] if report.known else []), *report.marks]
    return f" ({', '.join(remarks)})" if remarks else ""


def reports(found: Sequence[DumpReport]) -> None:
    table(
        "dump", "as of", "new", "revised", "relisted", "unchanged", "gone", "rejected",
        rows=(
            (
                f"{_tail(one.dump)}{_remarks(one)}",
                "not read" if one.error else one.as_of,
                one.new, one.revised, one.relisted, one.unchanged, one.gone, len(one.rejected) + one.more_rejected,
            )
            for one in found
        ),
        right=("as of", "new", "revised", "relisted", "unchanged", "gone", "rejected"),
    )  # fmt: skip
    for one in found:
        if one.error:
            out.print(f"[bold red]Set aside:[/] {escape(one.dump)}: {escape(one.error)}", soft_wrap=True)
        for rejected in one.rejected[:20]:
            where = f"{escape(one.dump)}, {escape(rejected.where)}"
            out.print(f"[yellow]Rejected:[/] {where}: {escape(rejected.reason)}", soft_wrap=True)


def _tail(name: str, most: int = 40) -> str:
    """The end of a file's name, which tells more than its folders."""
    last = name.rpartition("/")[2] or name
    return last if len(last) <= most else f"…{last[-most + 1 :]}"


# --- publish, deliver ----------------------------------------------------------------------------------------------


def published(made: Published, *, dry: bool = False) -> None:
    def first(edition: Edition) -> str:
        return edition.items[0].paper.title if edition.items else "none"

    if made.editions:
        table(
            "would go to" if dry else "edition for", "date", "papers", "first paper",
            rows=(
                (_whom(one.subscription), one.date, len(one.items), _head(first(one), 44))
                for one in made.editions[:_LISTED]
            ),
            right=("papers",),
        )  # fmt: skip
    if len(made.editions) > _LISTED:
        out.print(f"… and {len(made.editions) - _LISTED:,} more.")
    for none in made.none[:_LISTED]:
        whom = escape(_whom(none.subscription))
        why = f" ({none.why.kind}: {none.why.evidence})" if none.why else ""
        out.print(f"No edition for {whom} of {none.date}: {escape(none.reason + why)}.", soft_wrap=True)
    if len(made.none) > _LISTED:
        out.print(f"… and none for {len(made.none) - _LISTED:,} more.")


_LISTED = 100  # with very many readers the rest is a number


def _whom(subscription: Subscription) -> str:
    return subscription.address or f"the feed {subscription.profile}"


def _head(title: str, most: int = 60) -> str:
    return title if len(title) <= most else title[: most - 1].rstrip() + "…"


def deliveries(found: Sequence[Delivery]) -> None:
    """Every message that did not get through, and how many did."""
    sent = sum(one.state is OutboxState.SENT for one in found)
    rest = [one for one in found if one.state is not OutboxState.SENT]
    if rest:
        table("state", "reply", "next try", rows=((one.state.value, one.reply, one.next_at) for one in rest))
    out.print(f"{sent} of {len(found)} messages sent.")


def ranking(edition: Edition) -> None:
    table(
        "", "paper", "score", "why",
        rows=((item.rank, item.paper.title, item.score, item.why) for item in edition.items),
        right=("", "score"),
    )  # fmt: skip


# --- diff ------------------------------------------------------------------------------------------------------


def _moves(older: Listing, changes: Changes) -> dict[str, tuple[Any, Any, Any]]:
    """By paper id: the older entry's position, votes and comments, matched the way the diff matched them."""
    by_title = {entry.facts.title: entry for entry in older.entries}
    by_number = {entry.facts.arxiv_id: entry for entry in older.entries if entry.facts.arxiv_id}
    found = {}
    for change in changes.entries:
        facts: Facts = change.entry.facts
        before = by_number.get(facts.arxiv_id or "") or by_title.get(facts.title)
        if before is not None and change.outcome is not Outcome.NEW:
            found[change.paper.id] = (before.position, before.votes, before.comments)
    return found


def _change_json(change: Change, before: tuple[Any, Any, Any] | None) -> dict[str, Any]:
    entry = change.entry
    shape: dict[str, Any] = {
        "id": change.paper.id,
        "title": change.paper.title,
        "position": entry.position,
        "votes": entry.votes,
        "comments": entry.comments,
        "fields": [plain(field) for field in change.fields],
    }
    if before is not None:
        shape["before"] = dict(zip(("position", "votes", "comments"), before, strict=True))
    return shape


def diff_json(older: Listing, newer: Listing, changes: Changes) -> dict[str, Any]:
    """The stable shape of `diff --json`."""
    moves = _moves(older, changes)
    shape: dict[str, Any] = {
        side: {
            "dump": listing.dump,
            "format": listing.format,
            "source": listing.source,
            "as_of": plain(listing.as_of),
            "entries": len(listing.entries),
            "rejected": plain(listing.rejected),
        }
        for side, listing in (("a", older), ("b", newer))
    }
    for outcome in Outcome:
        found = [change for change in changes.entries if change.outcome is outcome]
        shape[outcome.value] = [_change_json(change, moves.get(change.paper.id)) for change in found]
    shape["gone"] = [{"id": paper.id, "title": paper.title} for paper in changes.gone]
    return shape


def diff(older: Listing, newer: Listing, changes: Changes) -> None:
    out.print(f"[bold]A[/] {escape(older.dump)}: {len(older.entries)} entries, {older.format}, as of {older.as_of}")
    out.print(f"[bold]B[/] {escape(newer.dump)}: {len(newer.entries)} entries, {newer.format}, as of {newer.as_of}")
    moves = _moves(older, changes)
    marks = {Outcome.NEW: "[green]+[/]", Outcome.REVISED: "[yellow]~[/]", Outcome.RELISTED: "[cyan]↺[/]"}
    for outcome, mark in marks.items():
        found = [change for change in changes.entries if change.outcome is outcome]
        _heading(outcome.value, len(found))
        for change in found:
            out.print(f"  {mark} {escape(change.paper.title)}", soft_wrap=True)
            for field in change.fields:
                if field.notable:
                    out.print(f"      {field.field}: {_brief(field.old)} → {_brief(field.new)}", soft_wrap=True)
    _heading("gone", len(changes.gone))
    for paper in changes.gone:
        out.print(f"  [red]-[/] {escape(paper.title)}", soft_wrap=True)
    unchanged = [change for change in changes.entries if change.outcome is Outcome.UNCHANGED]
    _heading("unchanged", len(unchanged))
    _moved(unchanged, moves)


def _heading(word: str, number: int) -> None:
    out.print(f"\n[bold]{number} {word}[/]")


def _brief(value: object) -> str:
    text = "nothing" if value in (None, "", ()) else str(value)
    return escape(text if len(text) <= 100 else f"{text[:99]}…")


def _moved(changes: Sequence[Change], moves: Mapping[str, tuple[Any, Any, Any]]) -> None:
    """The papers in both whose votes or comments moved, most votes first."""
    rows = []
    for change in changes:
        before, entry = moves.get(change.paper.id), change.entry
        if before is not None and (before[1], before[2]) != (entry.votes, entry.comments):
            rows.append((_head(change.paper.title), _step(before[1], entry.votes), _step(before[2], entry.comments)))
    if rows:
        table("moved", "votes", "comments", rows=rows, right=("votes", "comments"))


def _step(old: int | None, new: int | None) -> str:
    return "" if old is None and new is None else str(new) if old == new else f"{old} → {new}"


# --- show, status ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What is known of a paper besides what it is."""

    keys: Sequence[str]
    sightings: Sequence[Sighting]
    origins: Mapping[str, Origin]
    revisions: Sequence[Revision]
    links: Sequence[Link]


def paper_json(one: Paper, known: History) -> dict[str, Any]:
    """The stable shape of `show --json`."""
    addresses = {"url": one.url, "pdf_url": one.pdf_url, "listing_url": one.listing_url}
    return {**plain(one), **addresses, **plain(known)}


def paper(one: Paper, known: History) -> None:
    out.print(f"[bold]{escape(one.title)}[/]\n{escape(one.url)}  ({escape(one.id)}; {escape(', '.join(known.keys))})")
    told = [(name, origin) for name, origin in known.origins.items() if getattr(one, name, None) not in (None, "", ())]
    table(
        "field", "value", "from", "of",
        rows=((name, _value(getattr(one, name)), _tail(origin.dump, 40), origin.as_of) for name, origin in told),
    )  # fmt: skip
    table(
        "listed by", "on", "position", "votes", "comments",
        rows=((s.source, s.date, f"{s.position} of {s.listed}", s.votes, s.comments) for s in known.sightings),
        right=("position", "votes", "comments"),
    )  # fmt: skip
    if known.revisions:
        table("revised", "field", "was", "is", rows=((r.at, r.field, r.old, r.new) for r in known.revisions))
    if known.links:
        table("can be the same as", "likeness", "by", rows=((x.other_id, x.likeness, x.why) for x in known.links))


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value[:8])) + (f" and {len(value) - 8} more" if len(value) > 8 else "")
    return _head(str(value), 300)


def said_json(one: Said) -> dict[str, Any]:
    """The stable shape of `learned --json`, which `--import` reads."""
    weights = {name: round(weight, 3) for name, weight in one.weights.items()}
    shape = {"paper": one.paper.id, "title": one.paper.title, "opinion": one.opinion, "at": one.at, "weights": weights}
    return dict(plain(shape))


def said(found: Sequence[Said]) -> None:
    """What a reader said, with what it weighs in each of the reader's profiles."""
    if not found:
        out.print("Nothing was said of any paper.")
        return
    profiles = list(found[0].weights)
    table(
        "paper", "title", "opinion", "given", *profiles,
        rows=(
            (s.paper.id, s.paper.title, s.opinion.value, s.at.date(), *(f"{s.weights[name]:.2f}" for name in profiles))
            for s in found
        ),
        right=profiles,
    )  # fmt: skip


def last_editions(rows: Iterable[tuple[str, LastEdition | None, datetime]]) -> None:
    table(
        "subscription", "last date", "outcome", "next",
        rows=(
            (
                name,
                last.date if last else "",
                (last.reason or "edition") if last else "none yet",
                f"{at:%Y-%m-%d %H:%M} UTC",
            )
            for name, last, at in rows
        ),
    )  # fmt: skip


def runs(phases: Mapping[str, Mapping[str, Any]]) -> None:
    """When each phase ran last, and when it last came to its end."""
    if phases:
        table(
            "phase", "last run", "seconds", "ended", "last success",
            rows=(
                (name, one["last"], f"{one['seconds']:.1f}", one["outcome"] or "well", one["last_success"])
                for name, one in phases.items()
            ),
            right=("seconds",),
        )  # fmt: skip


def verdicts(found: Sequence[Verdict]) -> None:
    """How the sources' days were, the latest first."""
    if found:
        newest = sorted(found, key=lambda one: (-one.date.toordinal(), one.source))
        table(
            "day", "source", "verdict", "by",
            rows=((f"{one.date:%a} {one.date}", one.source, one.kind.value, one.evidence) for one in newest),
        )  # fmt: skip


def outbox(items: Sequence[OutboxItem]) -> None:
    table(
        "state", "to", "edition", "tries", "next try", "last reply",
        rows=((i.state.value, i.address, i.edition_id, i.attempts, i.next_at, i.reply) for i in items),
        right=("tries",),
    )  # fmt: skip


def no_edition(none: NoEdition) -> None:
    out.print(f"No edition: {escape(none.reason)}.")
