"""The commands of what readers say of papers: feedback, learned."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TextIO

import click
from rich.markup import escape

from digest import pipeline
from digest.cli import tables, world
from digest.cli.app import DONE, TROUBLED, Context, digest, err, out, required
from digest.cli.phases import as_json
from digest.errors import ConfigError
from digest.listings import clean
from digest.model import Feedback, Opinion


@digest.command()
@click.argument("address")
@click.argument("paper")
@click.argument("opinion", type=click.Choice([one.value for one in Opinion]))
@as_json
@click.pass_obj
def feedback(context: Context, address: str, paper: str, opinion: str, as_json: bool) -> int:
    """Tell what the reader at ADDRESS thinks of PAPER (an id, an arXiv address, a title or part of one).

    more: to see more like it; less: to see less like it; save: more, and a little stronger. The latest word counts.
    """
    now = context.now()
    with context.store() as store:
        found, new = pipeline.feedback(world.build(context.settings, store), address, paper, Opinion(opinion), now)
    if as_json:
        tables.print_json({"address": address, "paper": found.id, "opinion": opinion, "at": now, "new": new})
    else:
        known = "" if new else ", as known"
        out.print(f"{escape(address)}: {opinion} “{escape(found.title)}”{known}.", soft_wrap=True)
    return DONE


@digest.command()
@click.argument("address")
@click.option("--forget", metavar="PAPER", help="Take back what was said of this paper.")
@click.option("--reset", is_flag=True, help="Take back all that was said.")
@click.option("--import", "file", type=click.File(encoding="utf-8"), help="Take in what --json printed (- for stdin).")
@as_json
@click.pass_obj
def learned(context: Context, address: str, forget: str | None, reset: bool, file: TextIO | None, as_json: bool) -> int:
    """List what the reader at ADDRESS said of papers, and what it still weighs; or change that."""
    required(
        sum((forget is not None, reset, file is not None)) <= 1, "--forget, --reset and --import: give one of them."
    )
    code, now = DONE, context.now()
    with context.store() as store:
        here = world.build(context.settings, store)
        if forget is not None:
            paper, was = pipeline.take_back(here, address, forget)
            _tell(f"Forgot what was said of “{paper.title}”." if was else f"Nothing was said of “{paper.title}”.")
        if reset:
            _tell(f"Forgot all {pipeline.take_back_all(here, address)} opinions.")
        if file is not None:
            new, unknown = pipeline.take_in(here, address, _exported(file, address), now)
            _tell(f"Took in {new} opinions.")
            for paper_id in unknown:
                _tell(f"Left out: no paper {paper_id} is known here.")
            code = TROUBLED if unknown else DONE
        found = pipeline.said(here, address, now)
    if as_json:
        tables.print_json({"address": address, "feedback": [tables.said_json(one) for one in found]})
    else:
        tables.said(found)
    return code


def _tell(line: str) -> None:
    """Beside what is printed for programs."""
    err.print(escape(clean.visible(line)), soft_wrap=True)


def _exported(file: TextIO, address: str) -> list[Feedback]:
    """ConfigError if it is not what `learned --json` prints; nothing is taken in then."""
    try:
        rows = json.load(file)["feedback"]
        return [
            Feedback(
                address=address, paper_id=str(row["paper"]), opinion=Opinion(row["opinion"]), at=_moment(row["at"])
            )
            for row in rows
        ]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise ConfigError(
            f"{file.name}: not what `digest learned ADDRESS --json` prints ({type(error).__name__}: {error})."
        ) from None


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
