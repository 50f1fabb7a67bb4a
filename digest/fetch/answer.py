"""What a request comes back with, without what it takes to make one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """The module `time` is one."""

    def monotonic(self) -> float: ...
    def sleep(self, seconds: float, /) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`body` is None where nothing changed since the validators were given."""

    body: bytes | None
    etag: str = ""
    modified: str = ""


def shown(text: str) -> str:
    """Text from outside as it may stand in a terminal or a log: one line, no control characters."""
    return "".join(c if c.isprintable() else "�" for c in " ".join(text.split()))[:600]
