"""When Python looks for garbage in cycles."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def rare_collections(objects: int) -> Iterator[None]:
    """Only once so many are new, for what makes many objects and hardly any in a cycle.

    To look for some after every 700 takes a tenth of the time, or more. They are still looked for once in a while, so
    that memory stays flat.
    """
    before = gc.get_threshold()
    gc.set_threshold(objects, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
