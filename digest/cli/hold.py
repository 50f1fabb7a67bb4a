"""The editor's command: hold."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta

from rich.markup import escape

from digest.cli import tables, world
from digest.cli.codes import DONE
from digest.cli.context import Context
from digest.cli.screen import out, required
from digest.model import HoldState
from digest.pipeline.hold import Selection, chosen, drop, selections, stop
from digest.pipeline.references import find_papers
from digest.pipeline.world import World
from digest.text import counted

_LATELY = timedelta(days=1)  # so long stopped editions are still listed


def hold_command(
    context: Context, stopped: str | None, released: str | None, dropped: str | None, as_json: bool
) -> int:
    required(sum(one is not None for one in (stopped, released, dropped)) <= 1, "Decide on one thing at a time.")
    now = context.now()
    with context.store() as store:
        here = world.build(context.settings, store)
        store.end_holds(now)
        if stopped is not None:
            _decide(here, stopped, "stopped", lambda ids: stop(here, ids), as_json)
        elif released is not None:
            _decide(here, released, "released", lambda ids: store.release(ids, now), as_json)
        elif dropped is not None:
            _drop(here, dropped, as_json)
        else:
            stopped_lately = selections(here, (HoldState.STOPPED,))
            lately = [one for one in stopped_lately if one.until > now - _LATELY]
            _list([*selections(here), *lately], as_json)
    return DONE


def _decide(
    here: World, name: str, word: str, act: Callable[[Collection[str]], Collection[str]], as_json: bool
) -> None:
    done = sorted(act(chosen(here, name)))
    required(done, f"{name}: no edition of that name or profile is held now; `digest hold` lists those that are.")
    if as_json:
        tables.print_json({word: done})
    else:
        out.print(f"{word.capitalize()}: {len(done)} editions.")


def _drop(here: World, reference: str, as_json: bool) -> None:
    held = {item.paper.id for one in selections(here) for each in one.editions for item in each.items}
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


def _list(found: list[Selection], as_json: bool) -> None:
    if as_json:
        tables.print_json([_json(one) for one in found])
        return
    if not found:
        out.print("No edition is held.")
        return
    for one in found:
        first = one.editions[0]
        until = "stopped" if one.state is HoldState.STOPPED else f"goes out {one.until:%Y-%m-%d %H:%M} UTC"
        readers = counted(one.readers, "reader")
        whom = f"{readers}, the feed" if one.readers < len(one.editions) else readers
        out.print(f"\n[bold]{escape(one.profile)}[/] of {first.date}: {until}; {whom}", soft_wrap=True)
        if one.state is not HoldState.STOPPED:
            tables.ranking(first)


def _json(one: Selection) -> dict[str, object]:
    """The stable shape of `hold --json`."""
    return {
        "profile": one.profile,
        "state": one.state,
        "until": one.until,
        "editions": [edition.id for edition in one.editions],
        "papers": [item.paper.id for item in one.editions[0].items],
    }
