"""How the phases of a run went: timed, and remembered when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TypeGuard

from digest.errors import StoreError
from digest.model import Run
from digest.store import Store


def _told(error: Exception) -> TypeGuard[OSError]:
    """Whether it says of which file it is."""
    return isinstance(error, OSError) and error.filename is not None


@dataclass(slots=True)
class Phase:
    """A phase at work; with `trouble` it does not end well, though it comes to its end."""

    trouble: str = ""


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
            words = phase.trouble
            well = not words
        except Exception as error:
            words = f"{error.filename}: {error.strerror}" if _told(error) else type(error).__name__
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
