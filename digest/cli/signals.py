"""What is told to machines that watch: logs as JSON, metrics, and the heartbeat."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from digest import __version__, heartbeat, metrics, pipeline
from digest.cli.app import INCOMPLETE, Context
from digest.errors import ConfigError, DigestError
from digest.files import write_whole
from digest.model import Figure
from digest.store import Store

log = logging.getLogger(__name__)

_PAIRS = re.compile(r"(\w+)=%")


class JsonLines(logging.Formatter):
    """A log line as one JSON object: its event, and each pair of the line as a key."""

    def format(self, record: logging.LogRecord) -> str:
        shape: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "module": record.name,
        }
        message = str(record.msg)
        names = _PAIRS.findall(message)
        if isinstance(record.args, tuple) and len(names) == len(record.args) == message.count("%"):
            shape |= {"event": message.partition(" ")[0], **dict(zip(names, map(_plain, record.args), strict=True))}
        else:
            shape["event"] = record.getMessage()
        if record.exc_info:
            shape["error"] = self.formatException(record.exc_info)
        return json.dumps(shape, ensure_ascii=False)


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def log_as_json() -> None:
    for handler in logging.getLogger().handlers:
        handler.setFormatter(JsonLines())


@contextmanager
def watched(context: Context) -> Iterator[Callable[[Store, int], int]]:
    """Around a run: what is yielded is called at its end with its exit code, which it returns.

    Writes the metrics and pings the heartbeat; where the run raises, the heartbeat learns that it failed.
    """
    settings = context.settings.operations
    ended: list[int] = []

    def end(store: Store, code: int) -> int:
        if settings.metrics_file:
            try:
                write_whole(settings.metrics_file, metrics.text(figures(context, store)))
            except OSError as error:  # the run itself is done
                log.warning("metrics_not_written file=%s reason=%s", settings.metrics_file, error.strerror)
        ended.append(code)
        return code

    try:
        yield end
    except Exception as error:
        _ping(context, False, f"{type(error).__name__}: the run failed")
        raise
    if ended:
        fault = ended[0] == INCOMPLETE
        _ping(context, not fault, "a source is broken, stale or missing" if fault else f"exit code {ended[0]}")


def _ping(context: Context, well: bool, words: str) -> None:
    settings = context.settings.operations
    if settings.heartbeat:
        heartbeat.ping(settings.heartbeat, well=well, words=words, timeout=settings.heartbeat_timeout)


def figures(context: Context, store: Store) -> tuple[Figure, ...]:
    return pipeline.figures(store, context.settings.subscriptions, context.now(), __version__)


@contextmanager
def served(context: Context) -> Iterator[None]:
    """Answers Prometheus for as long as it lasts, if the settings say where."""
    port = context.settings.operations.metrics_port
    if not port:
        yield
        return

    def answer() -> tuple[Figure, ...]:
        try:
            with context.store() as store:
                found = figures(context, store)
        except DigestError as error:
            log.error("metrics_failed reason=%s", error)
            return (_up(0),)
        return (_up(1), *found)

    try:
        stop = metrics.serve(answer, port)
    except OSError as error:
        raise ConfigError(
            f"operations.metrics_port: {port} cannot be listened at ({error.strerror}); choose another"
        ) from None
    log.info("metrics_served port=%s", port)
    try:
        yield
    finally:
        stop()


def _up(value: int) -> Figure:
    return Figure(name="digest_up", about="Whether the database could be read.", value=value)
