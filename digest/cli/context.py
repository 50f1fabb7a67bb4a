"""What every command works with: the settings, the store and the moment it is."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from time import monotonic

from digest import config
from digest.cli.logs import log_as_json
from digest.cli.values import moment_in
from digest.errors import ConfigError
from digest.pipeline.watch import Phase, Watch
from digest.store import Store

log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Context:
    """Settings and store are opened when first asked for.

    `compared_file` is a second file of settings, which only some commands take. `verbose` asks for all there is to say.
    """

    config_file: Path
    compared_file: Path | None
    given_now: datetime | Path | None
    verbose: bool = False
    _last_good: datetime | None = field(default=None, init=False)

    @cached_property
    def settings(self) -> config.Settings:
        settings = config.load(self.config_file)
        if settings.operations.log == "json":
            log_as_json()
        return settings

    def now(self) -> datetime:
        """This moment in whole seconds of UTC, or the one that is rehearsed."""
        given = self.given_now
        if isinstance(given, Path):
            return self._set_by_hand(given)
        return (given or datetime.now(UTC)).replace(microsecond=0)

    def _set_by_hand(self, clock: Path) -> datetime:
        """The moment in the file; while it holds none, as in the middle of being written, the one before."""
        try:
            self._last_good = moment_in(clock).replace(microsecond=0)
        except ValueError as error:
            if self._last_good is None:
                raise ConfigError(f"--now {error}") from None
            log.warning("clock_unreadable kept=%s reason=%s", self._last_good, error)
        return self._last_good

    @contextmanager
    def store(self) -> Iterator[Store]:
        store = Store.open(self.settings.database)
        try:
            yield store
        finally:
            store.close()

    @contextmanager
    def phase(self, store: Store, name: str, *, dry: bool = False) -> Iterator[Phase]:
        """A phase run by hand, remembered as one of a run is, but for a dry one."""
        watch = Watch(store, self.now(), monotonic)
        with nullcontext() if dry else watch.watching(), watch.phase(name) as phase:
            yield phase
