"""The terminal: what is printed for people, and what is wrong."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.markup import escape

from digest.errors import ConfigError, DigestError
from digest.text import visible


class Screen(Console):
    def on_broken_pipe(self) -> None:
        """Who reads has read enough, as `head` has: that is no failure, see `main`."""
        raise BrokenPipeError


_ANY_WIDTH = 1_000_000  # where no terminal is: a program reads lines, and people copy whole words
out = Screen(highlight=False, width=None if sys.stdout.isatty() else _ANY_WIDTH)
err = Screen(stderr=True, highlight=False)


def complain(error: DigestError) -> None:
    for line in str(error).splitlines():
        err.print(f"[bold red]Error:[/] {escape(visible(line))}", soft_wrap=True)


def required(condition: object, message: str) -> None:
    if not condition:
        raise ConfigError(message)
