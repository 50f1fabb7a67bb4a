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
from digest.model import Delivery, DumpReport, Edition, Fetched, NoEdition, Subscription
from digest.pipeline.run import run
from digest.pipeline.watch import settle
from digest.pipeline.world import News
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
            report = run(here, now, fetching=fetching(context.settings, store), tell=_log)
            if report.trouble:
                log.error("mail_does_not_get_out reason=%s", masked_in(report.trouble))
            end(store, exit_code(report, now), report.fault)
            settle(report.failed)


def _log(news: News) -> None:
    match news:
        case Fetched():
            log.info("fetched source=%s asked=%s state=%s reason=%s", news.source, news.asked, news.state, news.reason)
        case DumpReport():
            log.info("ingested dump=%s entries=%s new=%s error=%s", news.dump, news.entries, news.new, news.error)
        case Edition():
            whom, profile = _whom(news.subscription), news.subscription.profile
            log.info("edition to=%s profile=%s papers=%s", whom, profile, len(news.items))
        case NoEdition() if not news.waiting:  # said again at every look otherwise
            whom, profile = _whom(news.subscription), news.subscription.profile
            log.info("no_edition to=%s profile=%s reason=%s", whom, profile, news.reason)
        case Delivery():
            reply = masked_in(news.reply)
            log.info("delivery message=%s state=%s reply=%s", news.message_id, news.state, reply)


def _whom(subscription: Subscription) -> str:
    return masked(subscription.address) if subscription.address else "feed"
