"""The command of feeds: which there are, where they are, and new addresses for private ones."""

from __future__ import annotations

from typing import Any

from rich.markup import escape

from digest.cli import tables, world
from digest.cli.codes import DONE
from digest.cli.context import Context
from digest.cli.phases import alone
from digest.cli.screen import out, required
from digest.errors import ConfigError
from digest.model import Subscription
from digest.pipeline.feeds import write_feeds
from digest.pipeline.streams import Stream, streams
from digest.pipeline.world import World


def feeds_command(
    context: Context, address: str | None, profile: str | None, revoke: bool, rebuild: bool, as_json: bool
) -> int:
    required(address or not revoke, "--revoke: say whose feeds: digest feeds --revoke ADDRESS.")
    required(address or not profile, "--profile: goes with the address of a reader: digest feeds ADDRESS.")
    with context.store() as store:
        here = world.build(context.settings, store)
        required(not address or here.private_feeds != "none", 'There are no private feeds: [feeds] private is "none".')
        chosen = _of(here, address, profile)

        def work() -> int:
            for one in chosen if revoke else ():
                store.renew_feed(one.id)
            write_feeds(here, anew=rebuild)
            return DONE

        code = alone(store, work) if revoke or rebuild else DONE
        if code == DONE:
            _say(here, chosen, as_json)
    return code


def _of(here: World, address: str | None, profile: str | None) -> list[Subscription]:
    """The subscriptions of a reader, or all public ones. ConfigError if there is none."""
    if address is None:
        return [one for one in here.subscriptions if one.address is None]
    mine = here.of(address)
    found = [one for one in mine if profile in (None, one.profile)]
    if not found:
        raise ConfigError(
            f"{address}: no subscription to “{profile}”; there are: {', '.join(one.profile for one in mine)}"
            if mine
            else f"{address}: no such reader in the settings"
        )
    return found


def _say(here: World, chosen: list[Subscription], as_json: bool) -> None:
    generations = here.store.feed_generations()
    rows = [_row(here, one, stream) for one in chosen for stream in streams(here, one, generations)]
    if as_json:
        tables.print_json({"feeds": rows})
        return
    for row in rows:
        out.print(f"[bold]{escape(str(row['title']))}[/]", soft_wrap=True)
        for label, key in (("each paper", "papers"), ("one entry a day", "days")):
            for place in row[key].values():
                out.print(f"  {label}: {escape(place)}", soft_wrap=True)


def _row(here: World, subscription: Subscription, stream: Stream) -> dict[str, Any]:
    """Its files by format: web addresses where the output folder is served, else where they lie."""
    top = f"{here.site.url}/" if here.site.url else f"{here.output}/"

    def places(base: str) -> dict[str, str]:
        return {ending: f"{top}{base}.{ending}" for _, ending in stream.formats}

    return {
        "profile": subscription.profile,
        "title": stream.title,
        "private": stream.private,
        "papers": places(stream.base),
        "days": places(stream.days),
    }
