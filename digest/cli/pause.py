"""The command that lets nothing go out to an address for a time: pause."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from rich.markup import escape

from digest.addresses import readable
from digest.cli.codes import DONE
from digest.cli.context import Context
from digest.cli.readership import readership
from digest.cli.screen import out, required
from digest.pipeline.roll import of_address, pause, with_pauses


def pause_command(context: Context, address: str, until: date | None, resume: bool) -> int:
    required((until is None) == resume, "Give a date with --until, or --resume.")
    now = context.now()
    required(until is None or _is_ahead(until, now), f"--until {until}: is not in the future; give a later date.")
    with context.store() as store:
        here = readership(context.settings, store)
        mine = of_address(here, address)
        pause(here, mine, until, now)
        mine = with_pauses(store, mine)
    for one in mine:
        state = f"paused until {one.pause_until}" if one.pause_until else "not paused"
        by = ", by pause_until in the settings" if resume and one.pause_until else ""
        out.print(f"{escape(readable(address))}, {escape(one.profile)}: {state}{by}.", soft_wrap=True)
    return DONE


def _is_ahead(day: date, now: datetime) -> bool:
    return day > now.date() - timedelta(days=1)
