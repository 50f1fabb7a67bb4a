"""The commands of the phases: ingest, publish, deliver, run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from pathlib import Path

from rich.markup import escape

from digest.addresses import readable
from digest.cli import outcomes, signals, tables, world
from digest.cli.codes import DONE, INCOMPLETE, NOTHING_NEW, TROUBLED
from digest.cli.context import Context
from digest.cli.fetch import fetching, say_fetched
from digest.cli.outcomes import Listed
from digest.cli.progress import progress, reading
from digest.cli.readership import readers
from digest.cli.screen import err, out, required
from digest.cli.spool import Rows, print_object
from digest.errors import ConfigError, ListingError
from digest.listings import dump_of, name_of, read_dump
from digest.model import Delivery, Dump, DumpReport, OutboxItem, Subscription
from digest.pipeline.ingest import dumps_in, ingest
from digest.pipeline.publish import publish
from digest.pipeline.roll import with_pauses
from digest.pipeline.run import RunReport, hand_over, run
from digest.pipeline.surfaces import announce
from digest.pipeline.waiting import next_times, waiting_now
from digest.pipeline.watch import settle
from digest.store import Store

# --- ingest ----------------------------------------------------------------------------------------------------


def given(paths: Sequence[str]) -> list[str | Path]:
    """Files, the dumps of folders, and "-" for stdin, in the order given."""
    found: list[str | Path] = []
    for name in paths:
        path = Path(name)
        if name == "-":
            found.append(name)
        elif path.is_dir():
            found += dumps_in(path)
        elif path.exists():
            found.append(path)
        else:
            raise ConfigError(f"{name}: no such file or folder. Give dumps to read, or - for standard input.")
    return found


def read(source: str | Path) -> Dump:
    if isinstance(source, Path):
        return read_dump(source)
    return dump_of("-", sys.stdin.buffer.read())


def _ingest_all(
    store: Store, sources: Sequence[str | Path], now: datetime, as_of: date | None, dry: bool
) -> Iterator[DumpReport]:
    with reading(sum(one.stat().st_size for one in sources if isinstance(one, Path) and one.is_file())) as watched:
        for source in sources:
            try:
                yield ingest(store, watched(read(source)), now, as_of, dry=dry)
            except ListingError as error:
                yield DumpReport(dump=name_of(Path(source)), digest="", error=str(error))


def ingest_command(context: Context, paths: tuple[str, ...], as_of: date | None, as_json: bool, dry_run: bool) -> int:
    sources = given(paths)
    required(sources, f"{', '.join(paths)}: no dump in there. Drop listing dumps into the folder first.")
    found = []
    with context.store() as store, context.phase(store, "ingest", dry=dry_run):
        for report in _ingest_all(store, sources, context.now(), as_of, dry_run):
            found.append(report)
            if as_json:
                tables.print_json(outcomes.report_json(report), one_line=True)
    if not as_json:
        outcomes.reports(found)
    return TROUBLED if any(one.error or one.rejected for one in found) else DONE


# --- publish, deliver, run -----------------------------------------------------------------------------------------


def alone(store: Store, work: Callable[[], int]) -> int:
    """Run a phase while no other process does; if one does, leave it to that one."""
    with store.exclusive("run") as ours:
        if ours:
            return work()
    err.print("Another run is at work; nothing done.")
    return NOTHING_NEW


def exit_code(report: RunReport, now: datetime) -> int:
    if report.troubled:
        return TROUBLED
    if report.incomplete(now):
        return INCOMPLETE
    return NOTHING_NEW if report.nothing_new else DONE


def publish_command(context: Context, as_json: bool, dry_run: bool) -> int:
    def work() -> int:
        here = world.build(context.settings, store)
        with outcomes.Told() as told, outcomes.Listed(verbose=context.verbose) as listed:
            with progress("Publishing") as show, context.phase(store, "publish", dry=dry_run) as phase:
                tell = told.tell if as_json else listed.tell
                made = publish(here, context.now(), show, phase.apart, tell, dry=dry_run)
                if not dry_run:
                    with phase.apart("hub"):
                        announce(here)
            if as_json:
                print_object(told.published)
            else:
                listed.published(made, dry=dry_run)
                if not made.editions and not made.none:
                    out.print("No edition is due.")
        settle(phase.failed)
        return exit_code(RunReport(published=made), context.now())

    with context.store() as store:
        return work() if dry_run else alone(store, work)


def _untried(one: OutboxItem) -> Delivery:
    """A message that would be tried, in the form of what became of one."""
    return Delivery(message_id=one.message_id, at=one.created_at, state=one.state, reply=one.reply, next_at=one.next_at)


def _say_due(store: Store, now: datetime, as_json: bool) -> None:
    if not as_json:
        tables.outbox(list(islice(store.due(now), outcomes.LISTED)))
        if (more := store.due_number(now) - outcomes.LISTED) > 0:
            out.print(f"… and {more:,} more.")
        return
    with Rows() as rows:
        for one in store.due(now):
            rows.add(_untried(one))
        print_object({"deliveries": rows, "trouble": ""})


def deliver_command(context: Context, as_json: bool, dry_run: bool) -> int:
    with context.store() as store:
        if dry_run:
            _say_due(store, context.now(), as_json)
            return DONE
        here = world.build(context.settings, store)
        with outcomes.Told() as told, outcomes.Listed() as listed:
            with progress("Delivering") as show, context.phase(store, "deliver") as phase:
                delivered = hand_over(here, context.now(), show, phase, told.tell if as_json else listed.tell)
            if as_json:
                print_object({"deliveries": told.deliveries, "trouble": phase.trouble})
            else:
                listed.delivered(delivered, phase.trouble)
    settle(phase.failed)
    return TROUBLED if RunReport(delivered=delivered, trouble=phase.trouble).troubled else DONE


def _say_run(context: Context, report: RunReport, listed: Listed, store: Store) -> None:
    if report.nothing_new and not report.trouble:
        out.print("Nothing is new: no new dump, no edition due, nothing to send.")
    say_fetched(report.fetched)
    if report.dumps:
        outcomes.reports(report.dumps)
    listed.published(report.published)
    if report.delivered.number or report.trouble:
        listed.delivered(report.delivered, report.trouble)
    settings = context.settings
    out.print(f"\nMails: {_where(context)}\nFeeds: {settings.output / 'feeds'}", soft_wrap=True)
    if (front := settings.output / "index.html").exists():
        out.print(f"Pages: {front}", soft_wrap=True)
    everyone = with_pauses(store, readers(settings) or settings.subscriptions)
    parts = (everyone[start : start + _AT_ONCE] for start in range(0, len(everyone), _AT_ONCE))
    soonest = min((_soonest(store, some, context.now()) for some in parts), default=None)
    if soonest:
        at, name, how = soonest
        one = next(each for each in everyone if each.id == name)
        whom = readable(one.address) if one.address else "the feed"
        out.print(f"Next: {at:%Y-%m-%d %H:%M} UTC, “{one.profile}” for {escape(whom)}, {how}.", soft_wrap=True)


_AT_ONCE = 5_000  # subscriptions whose next moments are looked for


def _soonest(store: Store, some: Sequence[Subscription], now: datetime) -> tuple[datetime, str, str]:
    """When the first of them is due next, its id, and what for."""
    last = store.last_editions([one.id for one in some])
    waits = waiting_now(store, some, last, now)
    at, name = min((at, name) for name, at in next_times(some, last, waits, now).items())
    return at, name, f"which {waits[name].reason}" if name in waits else "if something is new by then"


def _where(context: Context) -> str:
    table = context.settings.transport
    places = {"smtp": f"{table.host}:{table.port}", "sendmail": table.command[0]}
    return places.get(table.kind, str(table.folder))


def run_command(context: Context, as_json: bool, dry_run: bool) -> int:

    def work() -> int:
        with outcomes.Told() as told, outcomes.Listed(verbose=context.verbose) as listed:
            with progress("Running") as show:
                here, tell = world.build(context.settings, store), told.tell if as_json else listed.tell
                report = run(here, context.now(), show, fetching(context.settings, store), tell=tell)
            if as_json:
                print_object(
                    {
                        "fetched": report.fetched,
                        "dumps": [outcomes.report_json(one) for one in report.dumps],
                        **told.published,
                        "deliveries": told.deliveries,
                        "trouble": report.trouble,
                    }
                )
            else:
                _say_run(context, report, listed, store)
        code = end(store, exit_code(report, context.now()), report.fault)
        settle(report.failed)
        return code

    if dry_run:
        with context.store() as store:
            return _dry(context, store, as_json)
    with signals.watched(context) as end, context.store() as store:
        return alone(store, work)


def _dry(context: Context, store: Store, as_json: bool) -> int:
    """What a run would do with each dump, and for each due subscription with what is known already."""
    now, here = context.now(), context.settings.inbox
    sources = list(dumps_in(here)) if here.is_dir() else []
    fresh = [one for one in _ingest_all(store, sources, now, None, True) if not one.known]
    if fresh and not as_json:
        outcomes.reports(fresh)
        out.print("The editions below do not count these dumps, as nothing is stored in a dry run.")
    with outcomes.Told() as told, outcomes.Listed(verbose=context.verbose) as listed:
        tell = told.tell if as_json else listed.tell
        made = publish(world.build(context.settings, store), now, tell=tell, dry=True)
        if as_json:
            print_object({"dumps": [outcomes.report_json(one) for one in fresh], **told.published})
        else:
            listed.published(made, dry=True)
    return DONE if fresh or made.editions else NOTHING_NEW
