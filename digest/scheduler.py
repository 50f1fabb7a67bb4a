"""The daemon: wake, run the phases, sleep. Has no memory of its own; what is due is in the database.

APScheduler only ticks: late, doubled and missed ticks do no harm, as a tick asks the store what is to be done.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.background import BackgroundScheduler

from digest.errors import MENDABLE
from digest.stopping import told

log = logging.getLogger(__name__)
logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it warns of each tick that one at work leaves out


def serve(tick: Callable[[], None], every_seconds: float, stop: threading.Event | None = None) -> None:
    """Call `tick` at once and then every so many seconds until SIGINT, SIGTERM or `stop`.

    A tick that is running when the signal comes is finished first. A tick that raises what somebody can mend, as a
    folder that cannot be written, is logged and the next one tries again; anything else is our bug and ends the daemon.
    """
    stop = stop or threading.Event()
    crashed: list[BaseException] = []

    def failed(event: JobExecutionEvent) -> None:
        crashed.append(event.exception)
        stop.set()

    def guarded() -> None:
        try:
            tick()
        except MENDABLE as error:
            log.error("tick_failed kind=%s reason=%s", type(error).__name__, error)

    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_listener(failed, EVENT_JOB_ERROR)
    # A late tick runs however late it is, several missed ones run as one, and two never run side by side.
    options = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    scheduler.add_job(guarded, "interval", seconds=every_seconds, next_run_time=datetime.now(UTC), **options)
    with told(stop):
        scheduler.start()
        stop.wait()
        scheduler.shutdown(wait=True)
    if crashed:
        raise crashed[0]
