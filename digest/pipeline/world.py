"""What the phases work on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Protocol, TypeAlias

from digest.model import (
    Delivery,
    DumpReport,
    Edition,
    Feedback,
    Fetched,
    NoEdition,
    Paper,
    Sighting,
    Site,
)
from digest.pipeline.pace import Clock, Rules
from digest.pipeline.readership import Readership

if TYPE_CHECKING:  # numpy, jinja2 and more, which take a moment: who needs them comes with them
    from digest.rank import Background, Encode
    from digest.render import Renderer
    from digest.transport import Transport


def silent(_done: int, _total: int) -> None:
    """No progress is shown."""


Progress = Callable[[int, int], None]
# Around pieces of work that do not need each other, each named; with `nullcontext` the first failure ends them all.
Apart = Callable[[str], AbstractContextManager[object]]

# What came of a piece of work; a path is of a feed or a page that was written.
News: TypeAlias = Fetched | DumpReport | Edition | NoEdition | Path | Delivery
# Told of each as it comes. As there may be one for each of very many readers, no phase keeps them.
Tell = Callable[[News], None]


def untold(_news: News) -> None:
    """Nobody asks."""


class Knowledge(Protocol):
    """What a ranking is made from: the store as it is, or as it was."""

    def candidates(self, since: datetime) -> tuple[Paper, ...]: ...

    def voted(self, since: datetime) -> tuple[Paper, ...]: ...

    def sightings(self, paper_ids: Collection[str]) -> dict[str, tuple[Sighting, ...]]: ...

    def papers(self, ids: Collection[str]) -> dict[str, Paper]: ...

    def by_key(self, keys: Collection[str]) -> dict[str, Paper]: ...

    def feedback(self, address: str) -> tuple[Feedback, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class World(Readership):
    """All that the phases work on; built once, by the command line."""

    renderer: Renderer
    transport: Transport
    site: Site
    clock: Clock  # of what takes time by itself: how fast mail may go
    background: Callable[[], Background]  # takes a moment, and only rankings need it
    inbox: Path
    output: Path
    signer: Callable[[bytes], bytes] | None = None  # puts DKIM signatures above a finished message
    encode: Encode | None = None  # the sentence encoder, if there is one
    resend_after_crash: bool = True
    retry_delays: Sequence[timedelta] = (timedelta(minutes=5),)
    give_up_after: timedelta = timedelta(hours=48)
    hold: timedelta = timedelta(0)  # how long editions wait for the editor, who is told at the address `editor`
    editor: str | None = None
    rules: Rules = field(default_factory=Rules)
    feed_days: int = 14
    feed_entries: int = 100
    private_feeds: str = "full"  # or "recent", without archives, or "none"
    packed_feeds: bool = True
    hub: str | None = None  # the WebSub hub of the public feeds
    ending: Callable[[], AbstractContextManager[Event]] = lambda: nullcontext(Event())  # set: deliver no more
