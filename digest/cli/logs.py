"""Log lines: for people, or as JSON for machines. Whatever is logged, secrets and addresses are masked here."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

from digest.masks import masked_in

_PAIRS = re.compile(r"(\w+)=%")


def log_as_text(level: int) -> None:
    logging.basicConfig(stream=sys.stderr, level=level, force=True)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(TextLines("%(asctime)s level=%(levelname)s module=%(name)s %(message)s"))
    for library in ("alembic", "httpx"):  # the latter writes every address that is asked
        logging.getLogger(library).setLevel(logging.WARNING)


def log_as_json() -> None:
    for handler in logging.getLogger().handlers:
        handler.setFormatter(JsonLines())


class TextLines(logging.Formatter):
    """A log line as text: one line, but for a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return masked_in(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        record.message = "; ".join(record.message.splitlines())
        return super().formatMessage(record)


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
            shape["event"] = masked_in(record.getMessage())
        if record.exc_info:
            shape["error"] = masked_in(self.formatException(record.exc_info))
        return json.dumps(shape, ensure_ascii=False)


def _plain(value: object) -> object:
    return value if isinstance(value, int | float | bool) or value is None else masked_in(str(value))
