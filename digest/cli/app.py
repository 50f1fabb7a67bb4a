"""The program: the options that every command takes, and the way errors become exit codes."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

import click

from digest import __version__
from digest.cli.codes import DONE, OUR_BUG, USER_MUST_ACT
from digest.cli.commands import COMMANDS
from digest.cli.logs import log_as_text
from digest.cli.screen import complain, err
from digest.cli.values import Moment, SettingsFile
from digest.errors import DigestError, told
from digest.masks import masked_in
from digest.text import visible

_COMPARING = {"backtest"}  # the commands that take a second --config
# Those that use a library's papers, and say what of it is left out.
_RANKING = {"run", "publish", "schedule", "preview", "explain", "doctor", "rehearse", "backtest"}


class Commands(click.Group):
    """Lets the options of the group stand behind the command's name as well."""

    hoisted = ("--config", "-c", "--now")

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


@click.group(cls=Commands, commands=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
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
    if len(config_files) > (2 if ctx.invoked_subcommand in _COMPARING else 1):
        raise click.UsageError("--config: give one file; backtest takes two, to compare.", ctx)
    log_as_text(logging.INFO if verbose else logging.WARNING)
    if not verbose and ctx.invoked_subcommand not in _RANKING:
        libraries = logging.getLogger("digest.config.libraries")
        libraries.setLevel(logging.ERROR)
        ctx.call_on_close(partial(libraries.setLevel, logging.NOTSET))
    compared = next(iter(config_files[1:]), None)
    ctx.obj = {"config_file": config_files[0], "compared_file": compared, "given_now": now, "verbose": verbose}


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
    except OSError as error:
        complain(DigestError(told(error)))
        sys.exit(USER_MUST_ACT)
    except Exception as error:
        err.print("[bold red]This is a bug of the program, not of your settings.[/] Please report the lines below.")
        lines = masked_in("".join(traceback.format_exception(error)))
        err.print(visible(lines), markup=False, soft_wrap=True, end="")
        sys.exit(OUR_BUG)
