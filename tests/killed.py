"""Run a digest command in a process of its own, and kill -9 it at a named point; or a script that kills itself.

A point is MODULE:NAME:WHEN, where NAME is a function or method of the module, and WHEN is "before" or "after", with a
number for the call that is meant ("digest.store:Store.record:after:2" is after the second call returned). A number of
a module, such as the size of a part, can be set before.

The processes are forked from one without threads that has the program loaded, as its start is not what is tested.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.process import BaseProcess as Forked
from pathlib import Path
from typing import Any

from digest.cli import main

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["digest.cli.phases", "digest.pipeline.letters", "digest.render", "premailer", "stores", __name__]
)


def start(log: Path, *command: str | Path, point: str = "", numbers: tuple[tuple[str, int], ...] = ()) -> Forked:
    """Start a command that writes what it says into the log; (MODULE:NAME, NUMBER) are set before."""
    return _forked(_command, log, [str(part) for part in command], point, numbers)


def ended(forked: Forked) -> int:
    """Its exit code, negative for a signal."""
    forked.join(timeout=120)
    assert forked.exitcode is not None, "it does not end"
    return forked.exitcode


def run(log: Path, *command: str | Path, point: str, numbers: tuple[tuple[str, int], ...] = ()) -> int:
    return ended(start(log, *command, point=point, numbers=numbers))


def start_script(log: Path, text: str, *arguments: str, forks: bool = False) -> Forked:
    """Start Python that finds the arguments in `sys.argv`, and can `die()`, or fork if that is wanted."""
    return _forked(_script, log, text, arguments, daemon=not forks)


def script(log: Path, text: str, *arguments: str) -> int:
    return ended(start_script(log, text, *arguments))


def _forked(work: Callable[..., None], *arguments: object, daemon: bool = True) -> Forked:
    forked = _FORKS.Process(target=work, args=arguments, daemon=daemon)
    forked.start()
    return forked


def _command(log: Path, command: list[str], point: str, numbers: tuple[tuple[str, int], ...]) -> None:
    _tell(log)
    for name, number in numbers:
        module, name = name.split(":")
        setattr(importlib.import_module(module), name, number)
    if point:
        _arm(point)
    main(command)


def _script(log: Path, text: str, arguments: tuple[str, ...]) -> None:
    _tell(log)
    sys.argv[1:] = arguments
    exec(text, {"sys": sys, "die": _die})


def _tell(log: Path) -> None:
    with log.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _arm(point: str) -> None:
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
            _die()
        outcome = original(*args, **kwargs)
        if left == 0 and when == "after":
            _die()
        return outcome

    setattr(holder, last, deadly)
