"""What is told to machines that watch: metrics and the heartbeat."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EADDRINUSE

from digest import heartbeat
from digest.cli.codes import INCOMPLETE
from digest.cli.context import Context
from digest.cli.metrics import figures_of
from digest.errors import ConfigError, DigestError
from digest.files import write_whole
from digest.masks import masked_in
from digest.model import Figure
from digest.store import Store

log = logging.getLogger(__name__)


@contextmanager
def watched(context: Context) -> Iterator[Callable[[Store, int, str], int]]:
    """Around a run: what is yielded is called at its end with its exit code, which it returns, and what is wrong.

    Writes the metrics and pings the heartbeat; where the run raises, the heartbeat learns that it failed.
    """
    settings = context.settings.operations
    ended: list[tuple[int, str]] = []

    def end(store: Store, code: int, fault: str) -> int:
        if settings.metrics_file:
            from digest import metrics  # its library takes a moment

            try:
                write_whole(settings.metrics_file, metrics.text(figures_of(context, store)))
            except OSError as error:  # the run itself is done
                log.warning("metrics_not_written file=%s reason=%s", settings.metrics_file, error.strerror)
        ended.append((code, masked_in(fault)))
        return code

    try:
        yield end
    except Exception as error:
        told = "".join(fault for _, fault in ended)
        _ping(context, False, told or f"{type(error).__name__}: the run failed")
        raise
    if ended:
        code, fault = ended[0]
        fault = fault or ("a source is broken, stale or missing" if code == INCOMPLETE else "")
        _ping(context, not fault, fault or f"exit code {code}")


def _ping(context: Context, well: bool, words: str) -> None:
    settings = context.settings.operations
    if settings.heartbeat:
        heartbeat.ping(settings.heartbeat, well=well, words=words, timeout=settings.heartbeat_timeout)


@contextmanager
def served(context: Context) -> Iterator[Callable[[], bool]]:
    """Answers Prometheus for as long as it lasts, if the settings say where.

    Where the port is taken, as the second of two daemons finds it, what is yielded takes it once it is free.
    """
    port, stops = context.settings.operations.metrics_port, list[Callable[[], None]]()

    def answer() -> tuple[Figure, ...]:
        try:
            with context.store() as store:
                found = figures_of(context, store)
        except DigestError as error:
            log.error("metrics_failed reason=%s", error)
            return (_up(0),)
        return (_up(1), *found)

    def listen() -> bool:
        """Whether it answers, unless there is nowhere to answer at."""
        if port and not stops:
            from digest import metrics

            try:
                stops.append(metrics.serve(answer, port))
            except OSError as error:
                if error.errno == EADDRINUSE:
                    return False
                why = f"{port} cannot be listened at ({error.strerror}); choose another"
                raise ConfigError(f"operations.metrics_port: {why}") from None
            log.info("metrics_served port=%s", port)
        return True

    if not listen():
        log.warning("metrics_port_taken port=%s; this daemon stands by, and answers there once it is free", port)
    try:
        yield listen
    finally:
        for stop in stops:
            stop()


def _up(value: int) -> Figure:
    return Figure(name="digest_up", about="Whether the database could be read.", value=value)
