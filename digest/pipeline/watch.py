"""How the phases of a run went: timed, and remembered when it is over.

What does not depend on what failed is done all the same; then the failure is raised.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeGuard

from digest.errors import StoreError
from digest.model import Run
from digest.store import Store

log = logging.getLogger(__name__)

_VERY_MANY = 20  # it is not for each of them by itself that they fail, and takes time


def settle(errors: Sequence[Exception]) -> None:
    """Raise the first of what was kept, if anything was."""
    if errors:
        raise errors[0]


def _told(error: Exception) -> TypeGuard[OSError]:
    """Whether it says of which file it is."""
    return isinstance(error, OSError) and error.filename is not None


def _words(error: Exception) -> str:
    return f"{error.filename}: {error.strerror}" if _told(error) else type(error).__name__


@dataclass(slots=True)
class Phase:
    """A phase at work; with `trouble` it does not end well, though it comes to its end."""

    trouble: str = ""
    errors: list[Exception] = field(default_factory=list)

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
            if self.errors and error is self.errors[-1]:
                return
            log.error("failed what=%s kind=%s reason=%s", what, type(error).__name__, error)
            self.errors.append(error)
            if len(self.errors) >= _VERY_MANY:
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
            words = phase.trouble or "; ".join(map(_words, phase.errors[:1]))
            well = not words
        except Exception as error:
            words = _words(error)
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
