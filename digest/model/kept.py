"""What was made of a value, kept while there is room: for what many mails ask again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Asked = TypeVar("Asked")
Made = TypeVar("Made")


class Kept(dict[Asked, Made]):
    """`kept[value]` is `make(value)`, made once; all is forgotten when there are `most`.

    Half of what `lru_cache` takes for a hit, as that also writes down which was asked last.
    """

    __slots__ = ("_make", "_most")

    def __init__(self, make: Callable[[Asked], Made], most: int) -> None:
        self._make, self._most = make, most

    def __missing__(self, asked: Asked) -> Made:
        made = self._make(asked)
        if len(self) >= self._most:
            self.clear()
        self[asked] = made
        return made
