"""What fetching must know the next time, in one JSON file. Losing it costs requests, never a paper."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from digest.fetch.asking import Harvest
from digest.files import write_whole

log = logging.getLogger(__name__)

LONGEST_REST = timedelta(days=1)
_BLUR = timedelta(seconds=1)  # the moment of a run is known in whole seconds
KEPT = timedelta(days=60)  # for so long it is known what an address answered

# An OAI-PMH answer tells the moment it was given and how to go on: neither makes it another one.
_PASSING = re.compile(rb"<((?:\w+:)?(?:responseDate|resumptionToken))\b[^>]*>[^<]*</\1>")


def fingerprint(body: bytes) -> str:
    """Equal for answers that tell the same."""
    return hashlib.sha256(_PASSING.sub(b"", body) if b"OAI-PMH" in body[:2000] else body).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The last answer of an address."""

    fingerprint: str
    on: date  # the day it was had
    dump: str = ""  # file name; empty if there was no paper in it
    etag: str = ""
    modified: str = ""


@dataclass(slots=True, kw_only=True)
class Course:
    """How far a source is."""

    tried: datetime | None = None  # the last run that asked it
    done: date | None = None  # caught up with this day
    days: dict[str, date] = field(default_factory=dict)  # a day of it: when that was last fetched whole
    known: dict[str, Known] = field(default_factory=dict)  # by Request.key
    harvest: Harvest | None = None  # one that was interrupted
    examples: dict[str, date] = field(default_factory=dict)  # the ids it was last asked for: on which day


class Memory:
    """Kept whole in memory; `save` writes it."""

    def __init__(self, path: Path, now: datetime) -> None:
        self._path, self._oldest = path, now.date() - KEPT
        self._courses: dict[str, Course] = {}
        self._rests: dict[str, tuple[datetime, datetime]] = {}
        try:
            self._fill(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            pass
        except (ValueError, TypeError, KeyError, AttributeError):
            log.warning("fetch_memory_unreadable file=%s kept_as=%s.broken", path, path.name)
            path.replace(path.with_name(f"{path.name}.broken"))
            self._courses, self._rests = {}, {}

    def course(self, source: str) -> Course:
        return self._courses.setdefault(source, Course())

    def rest(self, lane: str, since: datetime, seconds: float) -> None:
        """Nothing is asked of these hosts for so long, at most a day."""
        until = since + min(timedelta(seconds=seconds), LONGEST_REST)
        if self.resting(lane, until) == 0.0:
            self._rests[lane] = since, until

    def resting(self, lane: str, now: datetime) -> float:
        """Seconds for which the hosts are still to be left alone. A rest that begins later is of a rehearsed future."""
        since, until = self._rests.get(lane, (now, now))
        left = (until - now).total_seconds()
        return left if since - _BLUR <= now and left > 0 else 0.0

    def save(self) -> None:
        state = {"sources": {name: asdict(one) for name, one in self._courses.items()}, "rests": self._rests}
        text = json.dumps(state, default=lambda one: one.isoformat(), ensure_ascii=False, indent=1)
        write_whole(self._path, text.encode())

    def _fill(self, state: Any) -> None:
        self._rests = {lane: _rest(*told) for lane, told in state["rests"].items()}
        self._courses = {name: _course(told) for name, told in state["sources"].items()}
        for course in self._courses.values():
            course.known = {key: one for key, one in course.known.items() if one.on >= self._oldest}


def _rest(since: str, until: str) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(since), datetime.fromisoformat(until)


def _course(told: dict[str, Any]) -> Course:
    return Course(
        tried=datetime.fromisoformat(told["tried"]) if told["tried"] else None,
        done=_day(told["done"]) if told["done"] else None,
        days={day: _day(text) for day, text in told["days"].items()},
        known={key: Known(**one | {"on": _day(one["on"])}) for key, one in told["known"].items()},
        harvest=_harvest(told["harvest"]) if told["harvest"] else None,
        examples={one: _day(text) for one, text in told.get("examples", {}).items()},
    )


def _harvest(told: dict[str, Any]) -> Harvest:
    days = {name: _day(told[name]) for name in ("first", "last")}
    return Harvest(**{one.name: told[one.name] for one in fields(Harvest)} | days)


def _day(text: str) -> date:
    return date.fromisoformat(text)
