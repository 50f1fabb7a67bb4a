"""The command that compares two dumps: diff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rich.markup import escape

from digest.cli import tables
from digest.cli.codes import DONE, TROUBLED
from digest.cli.context import Context
from digest.cli.screen import out
from digest.listings import read_dump
from digest.model import Change, Changes, Facts, Listing, Outcome
from digest.pipeline.ingest import compare


def diff_command(context: Context, a: Path, b: Path, as_of: date | None, as_json: bool) -> int:
    older, newer, changes = compare(read_dump(a), read_dump(b), context.now(), as_of)
    if as_json:
        tables.print_json(_json(older, newer, changes))
    else:
        _say(older, newer, changes)
    return TROUBLED if older.rejected or newer.rejected else DONE


def _json(older: Listing, newer: Listing, changes: Changes) -> dict[str, Any]:
    """The stable shape of `diff --json`."""
    moves = _moves(older, changes)
    shape: dict[str, Any] = {
        side: {
            "dump": listing.dump,
            "format": listing.format,
            "source": listing.source,
            "as_of": tables.plain(listing.as_of),
            "entries": len(listing.entries),
            "rejected": tables.plain(listing.rejected),
        }
        for side, listing in (("a", older), ("b", newer))
    }
    for outcome in Outcome:
        found = [change for change in changes.entries if change.outcome is outcome]
        shape[outcome.value] = [_change_json(change, moves.get(change.paper.id)) for change in found]
    shape["gone"] = [{"id": paper.id, "title": paper.title} for paper in changes.gone]
    return shape


def _change_json(change: Change, before: tuple[Any, Any, Any] | None) -> dict[str, Any]:
    entry = change.entry
    shape: dict[str, Any] = {
        "id": change.paper.id,
        "title": change.paper.title,
        "position": entry.position,
        "votes": entry.votes,
        "comments": entry.comments,
        "fields": [tables.plain(field) for field in change.fields],
    }
    if before is not None:
        shape["before"] = dict(zip(("position", "votes", "comments"), before, strict=True))
    return shape


def _say(older: Listing, newer: Listing, changes: Changes) -> None:
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
            rows.append(
                (tables.head(change.paper.title), _step(before[1], entry.votes), _step(before[2], entry.comments))
            )
    if rows:
        tables.table("moved", "votes", "comments", rows=rows, right=("votes", "comments"))


def _step(old: int | None, new: int | None) -> str:
    return "" if old is None and new is None else str(new) if old == new else f"{old} → {new}"


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
