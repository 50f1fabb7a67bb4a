"""The command line knows every command without entering any room, and the rooms do what it declares."""

from __future__ import annotations

import inspect
import subprocess
import sys
from io import StringIO

import pytest

from digest.cli.commands import COMMANDS, work_of
from digest.cli.screen import Screen

HEAVY = {"alembic", "apscheduler", "babel", "feedgen", "httpx", "jinja2", "lxml", "numpy", "premailer", "pydantic"}
HEAVY |= {"scipy", "sqlalchemy"}
# What a question to the store needs; no ranking, no rendering, no network.
SMALL = HEAVY - {"pydantic", "sqlalchemy"}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_work_of_a_command_takes_what_the_command_declares(name: str) -> None:
    command = COMMANDS[name]
    room, work = command.callback.args  # type: ignore[union-attr]
    _, *taken = inspect.signature(work_of(room, work)).parameters
    assert set(taken) == {one.name for one in command.params}


def loaded(program: str) -> set[str]:
    """The libraries that a fresh interpreter has when the program is over."""
    told = f"import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); {program}"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return {module.partition(".")[0] for module in done.stderr.split()}


@pytest.mark.parametrize("asked", ["--version", "--help", "status --help"])
def test_help_waits_for_no_library(asked: str) -> None:
    found = loaded(f"from digest.cli import main; main({asked.split()})")
    assert "click" in found
    assert not found & HEAVY


def test_questions_to_the_store_wait_for_it_alone() -> None:
    rooms = ("opinions", "outbox", "pause", "schedule", "show", "status", "suppress", "why")
    found = loaded("; ".join(f"import digest.cli.{room}" for room in rooms))
    assert "sqlalchemy" in found
    assert not found & SMALL


def test_a_run_waits_for_no_more_than_it_has_work_for() -> None:
    found = loaded("; ".join(f"import digest.cli.{room}" for room in ("feeds", "phases", "prune")))
    assert "jinja2" in found, "pages are drawn in any case"
    assert not found & {"httpx", "numpy", "prometheus_client", "scipy"}


def test_who_reads_no_further_is_no_failure() -> None:
    """As `head`: `main` ends well at this error, and would not at the exit that is rich's own."""

    class Closed(StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        Screen(file=Closed()).print("told")
