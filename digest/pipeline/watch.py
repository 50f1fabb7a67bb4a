"""How the phases of a run went: timed, and remembered when it is over.

What does not depend on what failed is done all the same; then all of it is raised as one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from digest.errors import MENDABLE, StoreError, UnfinishedError, told
from digest.masks import masked_in
from digest.model import Run
from digest.store import Store

log = logging.getLogger(__name__)

_NAMED = 10  # of what failed
_VERY_MANY = 20  # it is not for each of them by itself that they fail, and takes time


@dataclass(frozen=True, slots=True)
class Failed:
    """A part of a run that came to no end, and why."""

    what: str
    error: Exception

    @property
    def line(self) -> str:
        return masked_in(f"{self.what}: {told(self.error)}")


def account(failed: Sequence[Failed]) -> tuple[str, ...]:
    """All that failed in few lines: how much it is if it is several, and each by its name with what to do."""
    lines = [one.line for one in failed[:_NAMED]]
    if len(failed) > _NAMED:
        lines.append(f"and {len(failed) - _NAMED} more, which the log names")
    return (f"{len(failed)} parts of it failed", *lines) if len(failed) > 1 else tuple(lines)


def in_a_line(failed: Sequence[Failed]) -> str:
    """The account for a table, a log or a heartbeat; empty if nothing failed."""
    return "; ".join(account(failed))


def settle(failed: Sequence[Failed]) -> None:
    """Raise what tells of all that was kept, if anything was: a bug if one is among it, as that is the worst."""
    if not failed:
        return
    words = "\n".join(account(failed))
    bug = next((one.error for one in failed if not isinstance(one.error, MENDABLE)), None)
    if bug is None:
        raise UnfinishedError(words)
    bug.add_note(words)
    raise bug


@dataclass(slots=True)
class Phase:
    """A phase at work; with `trouble` it does not end well, though it comes to its end."""

    trouble: str = ""
    failed: list[Failed] = field(default_factory=list)

    @contextmanager
    def apart(self, what: str) -> Iterator[None]:
        """Work that what follows does not depend on: why it failed is kept. But without the database nothing is safe.

        Once very many pieces have failed, the next one that does ends the work that it is a piece of.
        """
        try:
            yield
        except StoreError:
            raise
        except Exception as error:
            if self.failed and error is self.failed[-1].error:
                return
            log.error("failed what=%s kind=%s reason=%s", what, type(error).__name__, error)
            self.failed.append(Failed(what, error))
            if len(self.failed) >= _VERY_MANY:
                raise


class Watch:
    """Times the phases of a run and remembers them when it is over, however it ended. `clock` counts seconds."""

    def __init__(self, store: Store, now: datetime, clock: Callable[[], float]) -> None:
        self._store, self._now, self._clock = store, now, clock
        self._runs: list[Run] = []

    @contextmanager
    def phase(self, name: str, idle: Callable[[], bool] = lambda: False) -> Iterator[Phase]:
        """One that ended well and was idle, as nothing was to be done, does not count as a run."""
        begun, well, phase, words = self._clock(), False, Phase(), ""
        try:
            yield phase
            words = phase.trouble or in_a_line(phase.failed)
            well = not words
        except Exception as error:
            words = masked_in(told(error))
            raise
        finally:
            seconds = round(max(0.0, self._clock() - begun), 3)
            if not (well and idle()):
                run = Run(phase=name, started_at=self._now, seconds=seconds, ended_well=well, outcome=words)
                self._runs.append(run)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """What is remembered of a run must not hide why it failed."""
        try:
            yield
        except BaseException:
            with suppress(StoreError):
                self._store.ran(self._runs)
            raise
        self._store.ran(self._runs)
