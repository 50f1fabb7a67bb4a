"""The editor's command: hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

from rich.markup import escape

from digest.cli import tables, world
from digest.cli.codes import DONE, NOTHING_NEW
from digest.cli.context import Context
from digest.cli.screen import out, required
from digest.model import HoldState, OutboxState
from digest.pipeline.hold import Selection, chosen, drop, first_of, recall, selections, stop
from digest.pipeline.references import find_papers
from digest.pipeline.world import World
from digest.text import counted

_LATELY = timedelta(days=1)  # so long stopped editions are still listed
# Of mails that are not held: they left, or may have, as what is to be sent again and yet could not be recalled.
_GONE = (OutboxState.SENT, OutboxState.SENDING, OutboxState.UNKNOWN, OutboxState.DEFERRED)


def hold_command(
    context: Context,
    stopped: str | None,
    released: str | None,
    recalled: str | None,
    dropped: str | None,
    as_json: bool,
) -> int:
    decisions = (stopped, released, recalled, dropped)
    required(sum(one is not None for one in decisions) <= 1, "Decide on one thing at a time.")
    now = context.now()
    with context.store() as store:
        here = world.build(context.settings, store)
        store.end_holds(now)
        if stopped is not None:
            _, others = recall(here, stopped, now)  # what is on its way out is stopped too
            return _decided(context, stopped, "stopped", stop(here, chosen(here, stopped)), as_json, others)
        if released is not None:
            return _decided(context, released, "released", store.release(chosen(here, released), now), as_json)
        if recalled is not None:
            held, others = recall(here, recalled, now)
            return _decided(context, recalled, "recalled", held, as_json, others)
        if dropped is not None:
            _drop(here, dropped, as_json)
        else:
            stopped_lately = selections(here, (HoldState.STOPPED,))
            lately = [one for one in stopped_lately if one.until > now - _LATELY]
            _list(here, [*selections(here), *lately], as_json)
    return DONE


def _decided(
    context: Context,
    name: str,
    word: str,
    done: Collection[str],
    as_json: bool,
    others: Mapping[OutboxState, int] | None = None,
) -> int:
    """Say which editions were, and how many mails it was too late for; exit code 4 if it was so for all."""
    gone = sum(number for state, number in (others or {}).items() if state in _GONE)
    if as_json:
        tables.print_json({word: sorted(done), **({} if others is None else {"gone": gone})})
        return DONE if done else NOTHING_NEW
    known = name == "all" or name in context.settings.profiles
    required(done or known, f"{name}: neither a profile nor an edition that waits; `digest hold` lists those that do.")
    out.print(f"{word.capitalize()}: {counted(len(done), 'edition')}." if done else "There is none that waits.")
    if gone:
        out.print(f"Too late for {counted(gone, 'mail')}, which left or may have.")
    return DONE if done else NOTHING_NEW


def _drop(here: World, reference: str, as_json: bool) -> None:
    held = {item.paper.id for _, edition in here.store.held() for item in edition.items}
    found = [one for one in find_papers(here.store, reference) if one.id in held]
    required(found, f"{reference}: no held edition has such a paper; `digest hold` lists them with their papers.")
    required(len(found) < 2, f"{reference}: {len(found)} papers fit; give the id of one.")
    amended, stopped = drop(here, found[0].id)
    if as_json:
        tables.print_json({"paper": found[0].id, "amended": sorted(amended), "stopped": sorted(stopped)})
        return
    out.print(f"Left out of {len(amended)} editions: {escape(found[0].title)}", soft_wrap=True)
    if stopped:
        out.print(f"Stopped, as nothing new was left in them: {len(stopped)} editions.")


def _list(here: World, found: list[Selection], as_json: bool) -> None:
    if as_json:
        tables.print_json([_json(here, one) for one in found])
        return
    if not found:
        out.print("No edition is held.")
        return
    for one in found:
        first = first_of(here, one)
        until = "stopped" if one.state is HoldState.STOPPED else f"goes out {one.until:%Y-%m-%d %H:%M} UTC"
        readers = counted(one.readers, "reader")
        whom = f"{readers}, the feed" if one.readers < len(one.editions) else readers
        out.print(f"\n[bold]{escape(one.profile)}[/] of {first.date}: {until}; {whom}", soft_wrap=True)
        if one.state is not HoldState.STOPPED:
            tables.ranking(first)


def _json(here: World, one: Selection) -> dict[str, object]:
    """The stable shape of `hold --json`."""
    return {
        "profile": one.profile,
        "state": one.state,
        "until": one.until,
        "editions": one.editions,
        "papers": [item.paper.id for item in first_of(here, one).items],
    }
