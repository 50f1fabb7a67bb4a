"""Run a digest command and kill -9 it at a named point: `python killed.py [MODULE:NAME=NUMBER] POINT COMMAND…`.

A point is MODULE:NAME:WHEN, where NAME is a function or method of the module, and WHEN is "before" or "after", with a
number for the call that is meant ("digest.store:Store.record:after:2" is after the second call returned). A number of
a module, such as the size of a part, can be set before.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import Any

from digest.cli import main


def arm(point: str) -> None:
    """Make the named call the process's last one."""
    module, name, when, *number = point.split(":")
    holder: Any = importlib.import_module(module)
    *path, last = name.split(".")
    for part in path:
        holder = getattr(holder, part)
    original, left = getattr(holder, last), int(number[0]) if number else 1

    def deadly(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        outcome = original(*args, **kwargs)
        if left == 0 and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    setattr(holder, last, deadly)


if __name__ == "__main__":
    _, *arguments = sys.argv
    if "=" in arguments[0]:
        name, number = arguments.pop(0).split("=")
        module, name = name.split(":")
        setattr(importlib.import_module(module), name, int(number))
    arm(arguments[0])
    main(arguments[1:])
