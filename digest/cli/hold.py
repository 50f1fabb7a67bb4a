"""The editor's command: hold."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta

import click
from rich.markup import escape

from digest import pipeline
from digest.cli import tables, world
from digest.cli.app import DONE, Context, digest, out, required
from digest.cli.phases import as_json
from digest.model import HoldState

_LATELY = timedelta(days=1)  # so long stopped editions are still listed


@digest.command()
@click.option("--stop", "stopped", metavar="WHAT", help="Never send an edition, those of a profile, or all.")
@click.option("--release", "released", metavar="WHAT", help="Send an edition, those of a profile, or all at once.")
@click.option("--drop", "dropped", metavar="PAPER", help="Leave a paper out of all held editions.")
@as_json
@click.pass_obj
def hold(context: Context, stopped: str | None, released: str | None, dropped: str | None, as_json: bool) -> int:
    """List the editions that wait for an editor, or decide on them. Those that nobody decides on go by themselves."""
    required(sum(one is not None for one in (stopped, released, dropped)) <= 1, "Decide on one thing at a time.")
    now = context.now()
    with context.store() as store:
        here = world.build(context.settings, store)
        store.end_holds(now)
        if stopped is not None:
            _decide(here, stopped, "stopped", lambda ids: pipeline.stop(here, ids), as_json)
        elif released is not None:
            _decide(here, released, "released", lambda ids: store.release(ids, now), as_json)
        elif dropped is not None:
            _drop(here, dropped, as_json)
        else:
            stopped_lately = pipeline.selections(here, (HoldState.STOPPED,))
            lately = [one for one in stopped_lately if one.until > now - _LATELY]
            _list([*pipeline.selections(here), *lately], as_json)
    return DONE


def _decide(
    here: pipeline.World, name: str, word: str, act: Callable[[Collection[str]], Collection[str]], as_json: bool
) -> None:
    done = sorted(act(pipeline.chosen(here, name)))
    required(done, f"{name}: no edition of that name or profile is held now; `digest hold` lists those that are.")
    if as_json:
        tables.print_json({word: done})
    else:
        out.print(f"{word.capitalize()}: {len(done)} editions.")


def _drop(here: pipeline.World, reference: str, as_json: bool) -> None:
    held = {item.paper.id for one in pipeline.selections(here) for each in one.editions for item in each.items}
    found = [one for one in pipeline.find_papers(here.store, reference) if one.id in held]
    required(found, f"{reference}: no held edition has such a paper; `digest hold` lists them with their papers.")
    required(len(found) < 2, f"{reference}: {len(found)} papers fit; give the id of one.")
    amended, stopped = pipeline.drop(here, found[0].id)
    if as_json:
        tables.print_json({"paper": found[0].id, "amended": sorted(amended), "stopped": sorted(stopped)})
        return
    out.print(f"Left out of {len(amended)} editions: {escape(found[0].title)}", soft_wrap=True)
    if stopped:
        out.print(f"Stopped, as nothing new was left in them: {len(stopped)} editions.")


def _list(found: list[pipeline.Selection], as_json: bool) -> None:
    if as_json:
        tables.print_json([_json(one) for one in found])
        return
    if not found:
        out.print("No edition is held.")
        return
    for one in found:
        first = one.editions[0]
        until = "stopped" if one.state is HoldState.STOPPED else f"goes out {one.until:%Y-%m-%d %H:%M} UTC"
        readers = f"{one.readers} {'reader' if one.readers == 1 else 'readers'}"
        whom = f"{readers}, the feed" if one.readers < len(one.editions) else readers
        out.print(f"\n[bold]{escape(one.profile)}[/] of {first.date}: {until}; {whom}", soft_wrap=True)
        if one.state is not HoldState.STOPPED:
            tables.ranking(first)


def _json(one: pipeline.Selection) -> dict[str, object]:
    """The stable shape of `hold --json`."""
    return {
        "profile": one.profile,
        "state": one.state,
        "until": one.until,
        "editions": [edition.id for edition in one.editions],
        "papers": [item.paper.id for item in one.editions[0].items],
    }
