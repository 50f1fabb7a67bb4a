"""Log lines: for people, or as JSON for machines."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

_PAIRS = re.compile(r"(\w+)=%")


def log_as_text(level: int) -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=level,
        format="%(asctime)s level=%(levelname)s module=%(name)s %(message)s",
        force=True,
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)


def log_as_json() -> None:
    for handler in logging.getLogger().handlers:
        handler.setFormatter(JsonLines())


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
