"""The daemon: a run as often as it looks, and what it logs of each."""

from __future__ import annotations

import logging
from datetime import timedelta
from threading import Event

from digest.cli import signals, world
from digest.cli.context import Context
from digest.cli.fetch import fetching
from digest.cli.phases import exit_code
from digest.masks import masked, masked_in
from digest.pipeline.run import RunReport, run
from digest.pipeline.watch import settle
from digest.scheduler import serve
from digest.store import Store

log = logging.getLogger("digest")

BACKWARDS = timedelta(minutes=5)


def stay(context: Context, every: int) -> None:
    """Look at what is due every so many seconds, until told to stop."""
    stop = Event()
    ticks = Ticks(context, stop)
    world.build(context.settings, Store.open(context.settings.database)).store.close()  # fail now, not at seven
    logging.getLogger("digest").setLevel(logging.INFO)
    log.info("daemon_started every=%ss config=%s", every, context.settings.file)
    with signals.served(context) as listen:

        def look() -> None:
            listen()
            ticks.tick()

        serve(look, every, stop)
    log.info("daemon_stopped")


class Ticks:
    """Looks at what is due. Remembers of the last look only when it was, to say so if the clock went back."""

    def __init__(self, context: Context, stop: Event) -> None:
        self._context, self._stop, self._before = context, stop, context.now()

    def tick(self) -> None:
        context, now = self._context, self._context.now()
        if now < self._before - BACKWARDS:
            log.warning("clock_set_back from=%s to=%s; nothing is sent again", self._before, now)
        self._before = now
        with signals.watched(context) as end, context.store() as store, store.exclusive("run") as ours:
            if not ours:
                log.warning("tick_skipped reason=another_run_is_at_work")
                return
            here = world.build(context.settings, store, stop=self._stop)
            report = run(here, now, fetching=fetching(context.settings, store))
            _log_run(report)
            end(store, exit_code(report, now), report.fault)
            settle(report.failed)


def _log_run(report: RunReport) -> None:
    for one in report.fetched:
        log.info("fetched source=%s asked=%s state=%s reason=%s", one.source, one.asked, one.state, one.reason)
    for dump in report.dumps:
        log.info("ingested dump=%s entries=%s new=%s error=%s", dump.dump, dump.entries, dump.new, dump.error)
    for edition in report.published.editions:
        whom = masked(edition.subscription.address) if edition.subscription.address else "feed"
        log.info("edition to=%s profile=%s papers=%s", whom, edition.subscription.profile, len(edition.items))
    for none in report.published.none:
        if none.waiting:  # said again at every look otherwise
            continue
        whom = masked(none.subscription.address) if none.subscription.address else "feed"
        log.info("no_edition to=%s profile=%s reason=%s", whom, none.subscription.profile, none.reason)
    for delivery in report.deliveries:
        log.info(
            "delivery message=%s state=%s reply=%s",
            delivery.message_id,
            delivery.state,
            masked_in(delivery.reply),
        )
    if report.trouble:
        log.error("mail_does_not_get_out reason=%s", masked_in(report.trouble))
