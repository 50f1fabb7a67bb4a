"""Told to stop by the system: what is at work comes to an end by itself. For the command line and the daemon."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def told(stop: threading.Event) -> Iterator[None]:
    """SIGINT and SIGTERM set the event; told a second time, it is not waited for.

    They do nothing new outside of the main thread, which alone gets them.
    """

    def tell(*_: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    old = {name: signal.signal(name, tell) for name in _SIGNALS}
    try:
        yield
    finally:
        for name, handler in old.items():
            signal.signal(name, handler)


@contextmanager
def ending() -> Iterator[threading.Event]:
    """An event for what can end early; after that it goes on as with Ctrl-C."""
    stop = threading.Event()
    with told(stop):
        yield stop
    if stop.is_set():
        raise KeyboardInterrupt
