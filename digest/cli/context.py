"""What every command works with: the settings, the store and the moment it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from time import monotonic

from digest import config
from digest.cli.logs import log_as_json
from digest.cli.values import moment_of
from digest.pipeline.watch import Phase, Watch
from digest.store import Store


@dataclass(kw_only=True)
class Context:
    """Settings and store are opened when first asked for.

    `compared_file` is a second file of settings, which only some commands take.
    """

    config_file: Path
    compared_file: Path | None
    given_now: datetime | Path | None

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
            return moment_of(given.read_text(encoding="utf-8")).replace(microsecond=0)
        return (given or datetime.now(UTC)).replace(microsecond=0)

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
