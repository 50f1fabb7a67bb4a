"""For what hostile dumps may cost: time that grows with their length, and no faster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import process_time


@contextmanager
def linear(seconds: float = 4.0) -> Iterator[None]:
    """Around the reading of some 100,000 signs, which takes a moment; whoever goes back for each takes a minute."""
    began = process_time()
    yield
    assert process_time() - began < seconds
