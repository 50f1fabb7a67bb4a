"""What the phases work on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from digest.model import (
    Profile,
    Site,
    Subscription,
)
from digest.rank import Background
from digest.render import Renderer
from digest.store import Store
from digest.transport import Transport


def silent(_done: int, _total: int) -> None:
    """No progress is shown."""


Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All that the phases work on; built once, by the command line."""

    store: Store
    renderer: Renderer
    transport: Transport
    site: Site
    secret: bytes
    background: Background
    profiles: Mapping[str, Profile]
    subscriptions: Sequence[Subscription]
    inbox: Path
    output: Path
    resend_after_crash: bool = True
    retry_delays: Sequence[timedelta] = (timedelta(minutes=5),)
    give_up_after: timedelta = timedelta(hours=48)
    feed_days: int = 14
    feed_entries: int = 100
