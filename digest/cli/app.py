"""The options that every command takes, the clock, and the way errors become exit codes."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, cast

import click
from rich.console import Console
from rich.markup import escape
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

from digest import __version__, config
from digest.errors import ConfigError, DigestError
from digest.listings import clean
from digest.model import Dump
from digest.store import Store

DONE, TROUBLED, USER_MUST_ACT, OUR_BUG, NOTHING_NEW, WORSE, INCOMPLETE = 0, 1, 2, 3, 4, 5, 6

EXIT_CODES = {
    DONE: "done",
    TROUBLED: "done, but something was rejected, set aside, deferred or failed",
    USER_MUST_ACT: "you must change something; the message says what",
    OUR_BUG: "a bug of this program",
    NOTHING_NEW: "nothing new: no dump, no edition, no message (run, publish, fetch)",
    WORSE: "the second configuration is worse than the first (backtest)",
    INCOMPLETE: "done, but a source is broken, stale or missing of today or yesterday (run, publish)",
}

# Where each command lives; a room is entered when one of its commands is asked for, as entering all takes a moment.
ROOMS = {
    "backtest": "backtest",
    "backup": "operations",
    "bounce": "bounces",
    "deliver": "phases",
    "diff": "looks",
    "dkim-key": "dkim",
    "doctor": "doctor",
    "explain": "looks",
    "feedback": "opinions",
    "feeds": "feeds",
    "fetch": "fetch",
    "hold": "hold",
    "ingest": "phases",
    "init": "aside",
    "learned": "opinions",
    "lint": "lint",
    "metrics": "operations",
    "outbox": "outbox",
    "pause": "schedule",
    "preview": "looks",
    "prune": "operations",
    "publish": "phases",
    "rehearse": "aside",
    "replay": "replay",
    "resend": "outbox",
    "restore": "operations",
    "run": "phases",
    "schedule": "schedule",
    "show": "looks",
    "status": "operations",
    "suppress": "aside",
    "test-send": "aside",
    "why": "why",
}

COMPARING = {"backtest"}  # the commands that take a second --config

out = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
err = Console(stderr=True, highlight=False)


def moment_of(text: str) -> datetime:
    """An ISO 8601 date and time with its offset; without one it is UTC. ValueError if it is none."""
    moment = datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


class Moment(click.ParamType[datetime | Path]):
    """A moment, or `@FILE` for the one that stands in a file whenever it is asked for: a clock to be set by hand."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime | Path:
        if isinstance(value, datetime | Path):
            return value
        text = str(value)
        try:
            if text.startswith("@"):
                moment_of(Path(text[1:]).read_text(encoding="utf-8"))
                return Path(text[1:])
            return moment_of(text)
        except (OSError, ValueError):
            self.fail(f"{value!r} is not a moment; write it as 2026-06-01T07:00:00+02:00", param, ctx)


class Day(click.ParamType[date]):
    """A date, as YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a date; write it as 2026-06-01", param, ctx)


class SettingsFile(click.Path):
    """A path; of several in the environment variable there is no question."""

    def split_envvar_value(self, rv: str) -> list[str]:
        return [rv]


@dataclass(kw_only=True)
class Context:
    """What a command gets: the settings and the store, opened when first asked for, and the moment it is.

    `compared_file` is a second file of settings, which only some commands take.
    """

    config_file: Path
    compared_file: Path | None
    given_now: datetime | Path | None

    @cached_property
    def settings(self) -> config.Settings:
        settings = config.load(self.config_file)
        if settings.operations.log == "json":
            import_module("digest.cli.signals").log_as_json()
        return settings

    def now(self) -> datetime:
        """This moment in whole seconds of UTC, or the one that is rehearsed."""
        given = self.given_now
        if isinstance(given, Path):
            return moment_of(given.read_text(encoding="utf-8")).replace(microsecond=0)
        return (given or datetime.now(UTC)).replace(microsecond=0)

    @contextmanager
    def store(self) -> Iterator[Store]:
        store = Store.open(self.settings.database)
        try:
            yield store
        finally:
            store.close()


class Commands(click.Group):
    """Fetches a command from its room, and lets the options of the group stand behind the command's name as well."""

    hoisted = ("--config", "-c", "--now")

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(ROOMS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in ROOMS:
            import_module(f"digest.cli.{ROOMS[cmd_name]}")  # which registers its commands here
        return super().get_command(ctx, cmd_name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ahead: list[str] = []
        rest: list[str] = []
        waiting = list(args)
        while waiting:
            arg = waiting.pop(0)
            if arg == "--":
                rest += [arg, *waiting]
                break
            if arg in self.hoisted and waiting:
                ahead += [arg, waiting.pop(0)]
            elif arg.startswith(tuple(f"{name}=" for name in self.hoisted)):
                ahead.append(arg)
            else:
                rest.append(arg)
        return super().parse_args(ctx, ahead + rest)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "-c",
    "config_files",
    type=SettingsFile(path_type=Path, dir_okay=False),
    multiple=True,
    default=(Path("config/digest.toml"),),
    envvar="DIGEST_CONFIG",
    show_default=True,
    help="The settings to work with.",
)
@click.option("--now", type=Moment(), envvar="DIGEST_NOW", help="Rehearse this moment instead of the present one.")
@click.option("--verbose", "-v", is_flag=True, help="Log what is done and why something is skipped.")
@click.version_option(__version__, prog_name="digest")
@click.pass_context
def digest(ctx: click.Context, config_files: Sequence[Path], now: datetime | Path | None, verbose: bool) -> None:
    """Trending papers from listing dumps: HTML mails and Atom feeds, ranked for each reader."""
    if len(config_files) > (2 if ctx.invoked_subcommand in COMPARING else 1):
        raise click.UsageError("--config: give one file; backtest takes two, to compare.", ctx)
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s level=%(levelname)s module=%(name)s %(message)s",
        force=True,
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    ctx.obj = Context(config_file=config_files[0], compared_file=next(iter(config_files[1:]), None), given_now=now)


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


def complain(error: DigestError) -> None:
    for line in str(error).splitlines():
        err.print(f"[bold red]Error:[/] {escape(clean.visible(line))}", soft_wrap=True)


def main(args: Sequence[str] | None = None) -> None:
    """Run a command and exit. No traceback for what the user can mend; one, and code 3, for what is our bug."""
    try:
        code = digest.main(args=list(args) if args is not None else None, standalone_mode=False)
        sys.exit(code if isinstance(code, int) else DONE)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(USER_MUST_ACT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(DONE)
    except DigestError as error:
        complain(error)
        sys.exit(USER_MUST_ACT)
    except OSError as error:  # a folder that cannot be written, a full disk
        complain(
            DigestError(f"{error.filename or 'the system'}: {error.strerror or error}; make room or mend its rights")
        )
        sys.exit(USER_MUST_ACT)
    except Exception:
        err.print("[bold red]This is a bug of the program, not of your settings.[/] Please report the lines below.")
        err.print_exception(show_locals=False)
        sys.exit(OUR_BUG)


def required(condition: object, message: str) -> None:
    if not condition:
        raise ConfigError(message)
