"""How far something has come, on a terminal."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO, cast

from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from digest.cli.screen import err
from digest.model import Dump


@contextmanager
def progress(title: str, *columns: ProgressColumn) -> Iterator[Callable[[int, int], None]]:
    """A bar on the terminal for what takes over a second; nothing where nobody watches."""
    shown = (TextColumn("{task.description}"), BarColumn(), *(columns or (MofNCompleteColumn(), TimeElapsedColumn())))
    bar = Progress(*shown, TimeRemainingColumn(), console=err, transient=True, disable=not err.is_terminal)
    task = bar.add_task(title, total=None, visible=False)

    def show(done: int, total: int) -> None:
        elapsed = bar.tasks[0].elapsed or 0
        bar.update(task, completed=done, total=total, visible=elapsed > 1)

    with bar:
        bar.start_task(task)
        yield show


class _Watched(io.BufferedReader):
    """A file that tells how far it has been read."""

    def __init__(self, file: BinaryIO, tell: Callable[[int], None]) -> None:
        super().__init__(cast(io.RawIOBase, file))
        self._tell = tell

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self._tell(self.tell())
        return found


@contextmanager
def reading(total: int) -> Iterator[Callable[[Dump], Dump]]:
    """Makes dumps, of `total` bytes together, whose reading shows with its rate and the time left."""
    before = 0

    def watched(dump: Dump) -> Dump:
        nonlocal before
        start, before = before, before + dump.size
        return replace(
            dump, content=lambda: _Watched(dump.content(), lambda at: show(start + at, max(total, start + at)))
        )

    with progress("Ingesting", DownloadColumn(), TransferSpeedColumn()) as show:
        yield watched
