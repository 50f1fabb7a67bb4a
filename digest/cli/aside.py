"""The commands beside the phases: init, rehearse, suppress, test-send."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import BinaryIO

import click
from rich.markup import escape

from digest import config, pipeline
from digest.cli import tables, world
from digest.cli.app import DONE, NOTHING_NEW, TROUBLED, Context, Day, digest, out, progress, required
from digest.cli.phases import as_json, given, read
from digest.errors import ConfigError, DeliveryError
from digest.message import message_id
from digest.model import Dump, Edition, NoEdition, OutboxState, Suppression
from digest.store import Store
from digest.transport import DirectoryTransport


@digest.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--samples", is_flag=True, help="Put the invented sample dumps in the inbox, to try things out.")
def init(folder: Path, samples: bool) -> int:
    """Make a working folder: commented settings, an inbox for dumps, a place for the output."""
    for name in ("config", "inbox", "out", "state"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name in ("digest.toml", "profiles.toml"):
        target = folder / "config" / name
        if target.exists():
            out.print(f"Kept {escape(str(target))}, which was there already.")
        else:
            shutil.copyfile(config.EXAMPLES / name, target)
    if samples:
        for sample in sorted((config.EXAMPLES / "samples").iterdir()):
            shutil.copyfile(sample, folder / "inbox" / sample.name)
    where = escape(str(folder))
    out.print(f"Made {where}. Put dumps into {where}/inbox, look through {where}/config, then:", soft_wrap=True)
    out.print(f"  digest --config {where}/config/digest.toml run", soft_wrap=True)
    return DONE


# --- rehearse ------------------------------------------------------------------------------------------------------


@digest.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--from", "first", type=Day(), required=True, help="First day to play.")
@click.option("--to", "last", type=Day(), required=True, help="Last day to play.")
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), help="Where. [default: OUTPUT/rehearsal]")
@as_json
@click.pass_obj
def rehearse(
    context: Context, paths: tuple[str, ...], first: date, last: date, into: Path | None, as_json: bool
) -> int:
    """Play past days again: ingest each day's dumps and publish as if it were that evening.

    It has a database and an output folder of its own and writes the mails to files: nobody is mailed.
    """
    required(first <= last, f"--from {first} is after --to {last}; turn them round.")
    into = (into or context.settings.output / "rehearsal").absolute()
    nobody_waits = context.settings.delivery.model_copy(update={"hold_minutes": 0})
    database = f"sqlite:///{into / 'digest.db'}"
    settings = context.settings.model_copy(update={"database": database, "delivery": nobody_waits})
    dumps = [read(source) for source in given(paths)]
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    with Store.open(settings.database) as store, progress("Rehearsing") as show:
        here = world.build(settings, store, DirectoryTransport(into / "mail"), into)
        by_day = pipeline.days_of(dumps, datetime.combine(last, time(21), UTC))
        played = []
        for number, day in enumerate(days, start=1):
            show(number, len(days))
            played.append((day, _play(here, by_day.get(day, []), datetime.combine(day, time(21), UTC))))
    left_out = sum(len(found) for day, found in by_day.items() if not first <= day <= last)
    _say_rehearsal(played, left_out, into, as_json)
    return TROUBLED if any(report.troubled for _, report in played) else DONE


def _play(here: pipeline.World, dumps: Sequence[Dump], now: datetime) -> pipeline.RunReport:
    reports = tuple(pipeline.ingest(here.store, dump, now) for dump in dumps)
    return pipeline.RunReport(
        dumps=reports, published=pipeline.publish(here, now), deliveries=tuple(pipeline.deliver(here, now))
    )


def _say_rehearsal(played: Sequence[tuple[date, pipeline.RunReport]], left_out: int, into: Path, as_json: bool) -> None:
    rows = [
        {
            "date": day,
            "dumps": len(report.dumps),
            "new": sum(one.new for one in report.dumps),
            "not_read": sum(one.error is not None for one in report.dumps),
            "editions": len(report.published.editions),
            "none": sorted({none.reason for none in report.published.none}),
            "sent": sum(one.state is OutboxState.SENT for one in report.deliveries),
        }
        for day, report in played
    ]
    if as_json:
        tables.print_json({"days": rows, "outside": left_out, "into": str(into)})
        return
    tables.table(*rows[0], rows=(tuple(_cell(value) for value in row.values()) for row in rows))
    total = sum(len(report.published.editions) for _, report in played)
    out.print(f"{len(rows)} days, {total} editions; {left_out} dumps of other days were left out.")
    out.print(f"All of it is in {escape(str(into))}", soft_wrap=True)


def _cell(value: object) -> object:
    return "; ".join(value) if isinstance(value, list) else value


# --- addresses -----------------------------------------------------------------------------------------------------


@digest.command()
@click.argument("address", required=False)
@click.option("--reason", default="asked for by the operator", show_default=True, help="Kept with the address.")
@click.option("--remove", is_flag=True, help="Allow mail to the address and all its subscriptions again.")
@click.option("--list", "listing", is_flag=True, help="List all, with those that were allowed again.")
@click.option("--import", "file", type=click.File("rb"), help="Suppress the addresses in a file, one a line.")
@as_json
@click.pass_obj
def suppress(
    context: Context,
    address: str | None,
    reason: str,
    remove: bool,
    listing: bool,
    file: BinaryIO | None,
    as_json: bool,
) -> int:
    """Never mail ADDRESS again, or list such addresses.

    A token from an unsubscribe link or mail ends the subscription that it was made for.
    """
    required(not (address and (listing or file)), "Give an address, or --list, or --import; not two of them.")
    with context.store() as store:
        if file is not None:
            return _import(store, file, reason, context.now(), as_json)
        if address is None:
            _list(store.suppressions(lifted=listing), as_json)
            return DONE
        one = _suppression(context, store, address, reason)
        changed = store.unsuppress(one.address, context.now()) if remove else store.suppress(one)
    state = "may be mailed again" if remove else "will not be mailed"
    if as_json:
        tables.print_json({"address": one.address, "subscription": one.subscription_id, "changed": changed})
    else:
        which = "" if remove or not one.subscription_id else f" for {one.subscription_id.partition('/')[0]}"
        out.print(f"{escape(one.address)} {state}{escape(which)}{'' if changed else ', as before'}.")
    return DONE


def _list(found: Sequence[Suppression], as_json: bool) -> None:
    if as_json:
        tables.print_json(found)
        return
    tables.table(
        "address", "only for", "since", "reason", "allowed again",
        rows=((s.address, (s.subscription_id or "").partition("/")[0], s.since, s.reason, s.lifted) for s in found),
    )  # fmt: skip


def _import(store: Store, file: BinaryIO, reason: str, now: datetime, as_json: bool) -> int:
    """One address a line, its first cell if it has several; blank lines, # and a heading without @ are skipped."""
    added, known, wrong = 0, 0, []
    for number, line in enumerate(file, start=1):
        cell = re.split(r"[,;\t]", line[:1000].decode("utf-8-sig", "replace"), maxsplit=1)[0].strip().strip("\"'<>")
        if not cell or cell.startswith("#") or (number == 1 and "@" not in cell):
            continue
        if not re.fullmatch(r"[^\s@<>]{1,64}@[^\s@<>]{1,253}", cell):
            wrong.append((number, cell[:100]))
        elif store.suppress(Suppression(address=cell, reason=reason, since=now)):
            added += 1
        else:
            known += 1
    if as_json:
        rejected = [{"line": number, "text": text} for number, text in wrong]
        tables.print_json({"added": added, "known": known, "rejected": rejected})
    else:
        for number, text in wrong:
            out.print(f"[yellow]Not an address:[/] line {number}: {escape(text)}", soft_wrap=True)
        out.print(f"{added} addresses will not be mailed; {known} were on the list before.")
    return TROUBLED if wrong else DONE


def _suppression(context: Context, store: Store, text: str, reason: str) -> Suppression:
    """Of an address all, of an unsubscribe token the one subscription that it is of."""
    if "@" in text:
        return Suppression(address=text, reason=reason, since=context.now())
    found = pipeline.Owners(world.build(context.settings, store)).of_token(text)
    if found is None:
        raise ConfigError(f"{text}: neither an address nor the token of a subscription in {context.settings.file}")
    address, subscription_id = found
    return Suppression(address=address, reason=reason, since=context.now(), subscription_id=subscription_id)


@digest.command("test-send")
@click.argument("address")
@click.option("--profile", help="Whose edition to send. [default: the first profile]")
@click.pass_obj
def test_send(context: Context, address: str, profile: str | None) -> int:
    """Send what a profile would get now to ADDRESS. The reader's edition stays due; nothing is recorded."""
    now, settings = context.now(), context.settings
    with context.store() as store:
        here = world.build(settings, store)
        subscription = pipeline.trial(here, profile or next(iter(settings.profiles), ""), address)
        edition = pipeline.preview(here, subscription, now)
        if isinstance(edition, NoEdition):
            tables.no_edition(edition)
            return NOTHING_NEW
        reply = _send_now(here, edition, address, now)
    out.print(f"Sent to {escape(address)}: {escape(reply)}", soft_wrap=True)
    return DONE


def _send_now(here: pipeline.World, edition: Edition, address: str, now: datetime) -> str:
    identifier = message_id(here.secret, f"test/{now.isoformat()}/{edition.id}", address, here.site.list_domain)
    try:
        return here.transport.send(pipeline.make_message(here, edition, address, identifier))
    except DeliveryError as error:
        raise ConfigError(f"The test message was not taken: {error}") from None
    finally:
        here.transport.close()
