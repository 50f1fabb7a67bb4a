"""The commands that change something: init, ingest, publish, deliver, run, schedule, rehearse, suppress, test-send."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import click
from rich.markup import escape

from digest import config, pipeline
from digest.cadence import next_moment
from digest.cli import tables, world
from digest.cli.app import DONE, NOTHING_NEW, TROUBLED, Context, Day, digest, err, out, progress, required
from digest.errors import ConfigError, DeliveryError, ListingError
from digest.listings import dump_of, read_dump
from digest.message import message_id, token
from digest.model import Dump, DumpReport, Edition, LastEdition, NoEdition, OutboxState, Suppression
from digest.scheduler import serve
from digest.store import Store
from digest.transport import DirectoryTransport

log = logging.getLogger("digest")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
dry_run = click.option("--dry-run", is_flag=True, help="Say what would be done; store and send nothing.")


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


# --- ingest ----------------------------------------------------------------------------------------------------


def _given(paths: Sequence[str]) -> list[str | Path]:
    """Files, the dumps of folders, and "-" for stdin, in the order given."""
    found: list[str | Path] = []
    for name in paths:
        path = Path(name)
        if name == "-":
            found.append(name)
        elif path.is_dir():
            found += pipeline.dumps_in(path)
        elif path.exists():
            found.append(path)
        else:
            raise ConfigError(f"{name}: no such file or folder. Give dumps to read, or - for standard input.")
    return found


def _dump(source: str | Path) -> Dump:
    if isinstance(source, Path):
        return read_dump(source)
    return dump_of("-", sys.stdin.buffer.read())


def _ingest_all(
    store: Store, sources: Sequence[str | Path], now: datetime, as_of: date | None, dry: bool
) -> Iterator[DumpReport]:
    with progress("Ingesting") as show:
        for number, source in enumerate(sources, start=1):
            show(number, len(sources))
            try:
                yield pipeline.ingest(store, _dump(source), now, as_of, dry=dry)
            except ListingError as error:
                yield DumpReport(dump=str(source), digest="", error=str(error))


@digest.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--as-of", type=Day(), help="The day the dumps speak of, where they do not tell it themselves.")
@as_json
@dry_run
@click.pass_obj
def ingest(context: Context, paths: tuple[str, ...], as_of: date | None, as_json: bool, dry_run: bool) -> int:
    """Take in dumps: files, folders, or - for standard input. The same dump again changes nothing."""
    sources = _given(paths)
    required(sources, f"{', '.join(paths)}: no dump in there. Drop listing dumps into the folder first.")
    found = []
    with context.store() as store:
        for report in _ingest_all(store, sources, context.now(), as_of, dry_run):
            found.append(report)
            if as_json:
                tables.print_json(tables.report_json(report), one_line=True)
    if not as_json:
        tables.reports(found)
    return TROUBLED if any(one.error or one.rejected for one in found) else DONE


# --- publish, deliver, run -----------------------------------------------------------------------------------------


def _alone(context: Context, store: Store, work: Callable[[], int]) -> int:
    """Run a phase while no other process does; if one does, leave it to that one."""
    with store.exclusive("run") as ours:
        if ours:
            return work()
    err.print("Another run is at work; nothing done.")
    return NOTHING_NEW


def _publish_json(made: pipeline.Published) -> dict[str, object]:
    return {
        "editions": [
            {
                "id": one.id,
                "profile": one.subscription.profile,
                "address": one.subscription.address,
                "date": one.date,
                "papers": [item.paper.id for item in one.items],
            }
            for one in made.editions
        ],
        "none": [
            {"subscription": none.subscription.id, "date": none.date, "reason": none.reason} for none in made.none
        ],
        "written": [str(path) for path in made.written],
    }


@digest.command()
@as_json
@dry_run
@click.pass_obj
def publish(context: Context, as_json: bool, dry_run: bool) -> int:
    """Compose an edition for every subscription that is due, and write the feeds and pages."""

    def work() -> int:
        with progress("Publishing") as show:
            made = pipeline.publish(world.build(context.settings, store), context.now(), show, dry=dry_run)
        if as_json:
            tables.print_json(_publish_json(made))
        else:
            tables.published(made, dry=dry_run)
        return DONE if made.editions else NOTHING_NEW

    with context.store() as store:
        return work() if dry_run else _alone(context, store, work)


@digest.command()
@as_json
@dry_run
@click.pass_obj
def deliver(context: Context, as_json: bool, dry_run: bool) -> int:
    """Send what the outbox holds and is due."""

    def work() -> int:
        with progress("Delivering") as show:
            settled = tuple(pipeline.deliver(world.build(context.settings, store), context.now(), show))
        if as_json:
            tables.print_json(settled)
        else:
            tables.deliveries(settled)
        return TROUBLED if pipeline.RunReport(deliveries=settled).troubled else DONE

    with context.store() as store:
        if dry_run:
            tables.outbox(store.due(context.now()))
            return DONE
        return _alone(context, store, work)


def _say_run(context: Context, report: pipeline.RunReport, last: Mapping[str, LastEdition]) -> None:
    if report.nothing_new:
        out.print("Nothing is new: no new dump, no edition due, nothing to send.")
    if report.dumps:
        tables.reports(report.dumps)
    tables.published(report.published)
    if report.deliveries:
        tables.deliveries(report.deliveries)
    settings = context.settings
    out.print(f"\nMails: {_where(context)}\nFeeds: {settings.output / 'feeds'}", soft_wrap=True)
    upcoming = [
        (next_moment(one, last.get(one.id), context.now()), one)
        for one in world.readers(settings) or settings.subscriptions
    ]
    if upcoming:
        at, one = min(upcoming, key=lambda pair: (pair[0], pair[1].id))
        whom = one.address or "the feed"
        out.print(f"Next: {at:%Y-%m-%d %H:%M} UTC, “{one.profile}” for {escape(whom)}, if something is new by then.")


def _where(context: Context) -> str:
    table = context.settings.transport
    return f"{table.host}:{table.port}" if table.kind == "smtp" else str(table.folder)


@digest.command()
@as_json
@dry_run
@click.pass_obj
def run(context: Context, as_json: bool, dry_run: bool) -> int:
    """Do all that is due, once: ingest the inbox, publish, deliver. For cron; safe every minute."""

    def work() -> int:
        with progress("Running") as show:
            report = pipeline.run(world.build(context.settings, store), context.now(), show)
        if as_json:
            tables.print_json(
                {
                    "dumps": [tables.report_json(one) for one in report.dumps],
                    **_publish_json(report.published),
                    "deliveries": report.deliveries,
                }
            )
        else:
            _say_run(context, report, store.last_editions())
        return TROUBLED if report.troubled else NOTHING_NEW if report.nothing_new else DONE

    with context.store() as store:
        return _dry(context, store) if dry_run else _alone(context, store, work)


def _dry(context: Context, store: Store) -> int:
    """What a run would do with each dump, and for each due subscription with what is known already."""
    now, here = context.now(), context.settings.inbox
    sources = list(pipeline.dumps_in(here)) if here.is_dir() else []
    fresh = [one for one in _ingest_all(store, sources, now, None, True) if not one.known]
    if fresh:
        tables.reports(fresh)
        out.print("The editions below do not count these dumps, as nothing is stored in a dry run.")
    made = pipeline.publish(world.build(context.settings, store), now, dry=True)
    tables.published(made, dry=True)
    return DONE if fresh or made.editions else NOTHING_NEW


@digest.command()
@click.option("--every", type=click.IntRange(min=1), default=60, show_default=True, help="Seconds between two looks.")
@click.pass_obj
def schedule(context: Context, every: int) -> int:
    """Stay and do all that is due, as it falls due: the daemon. Stops at SIGTERM or Ctrl-C."""

    def tick() -> None:
        with context.store() as store, store.exclusive("run") as ours:
            if not ours:
                log.warning("tick_skipped reason=another_run_is_at_work")
                return
            report = pipeline.run(world.build(context.settings, store), context.now())
            _log_run(report)

    world.build(context.settings, Store.open(context.settings.database)).store.close()  # fail now, not at seven
    logging.getLogger("digest").setLevel(logging.INFO)
    log.info("daemon_started every=%ss config=%s", every, context.settings.file)
    serve(tick, every)
    log.info("daemon_stopped")
    return DONE


def _log_run(report: pipeline.RunReport) -> None:
    for dump in report.dumps:
        log.info("ingested dump=%s entries=%s new=%s error=%s", dump.dump, dump.entries, dump.new, dump.error)
    for edition in report.published.editions:
        whom = tables.masked(edition.subscription.address) if edition.subscription.address else "feed"
        log.info("edition to=%s profile=%s papers=%s", whom, edition.subscription.profile, len(edition.items))
    for none in report.published.none:
        whom = tables.masked(none.subscription.address) if none.subscription.address else "feed"
        log.info("no_edition to=%s profile=%s reason=%s", whom, none.subscription.profile, none.reason)
    for delivery in report.deliveries:
        log.info("delivery message=%s state=%s reply=%s", delivery.message_id, delivery.state, delivery.reply)


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
    settings = context.settings.model_copy(update={"database": f"sqlite:///{into / 'digest.db'}"})
    dumps = [_dump(source) for source in _given(paths)]
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
@click.option("--remove", is_flag=True, help="Allow mail to the address again.")
@as_json
@click.pass_obj
def suppress(context: Context, address: str | None, reason: str, remove: bool, as_json: bool) -> int:
    """Never mail ADDRESS again, or list such addresses. A token from an unsubscribe link or mail will do as well."""
    with context.store() as store:
        if address is None:
            found = store.suppressions()
            if as_json:
                tables.print_json(found)
            else:
                tables.table("address", "since", "reason", rows=((s.address, s.since, s.reason) for s in found))
            return DONE
        address = _address_of(context, address)
        if remove:
            changed = store.unsuppress(address)
        else:
            changed = store.suppress(Suppression(address=address, reason=reason, since=context.now()))
    state = "may be mailed again" if remove else "will not be mailed"
    out.print(f"{escape(address)} {state}{'' if changed else ', as before'}.")
    return DONE


def _address_of(context: Context, text: str) -> str:
    """The address itself, or the one whose unsubscribe token this is."""
    if "@" in text:
        return text
    secret = world.secret(context.settings)
    for one in world.readers(context.settings):
        if one.address and token(secret, one.id) == text:
            return one.address
    raise ConfigError(f"{text}: neither an address nor the token of a subscription in {context.settings.file}")


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
