"""The commands of what readers say of papers: feedback, learned."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TextIO

from rich.markup import escape

from digest.cli import tables
from digest.cli.codes import DONE, TROUBLED
from digest.cli.context import Context
from digest.cli.readership import readership
from digest.cli.screen import err, out, required
from digest.errors import ConfigError
from digest.model import Feedback, Opinion
from digest.pipeline.feedback import Said, feedback, said, take_back, take_back_all, take_in
from digest.text import counted, visible


def feedback_command(context: Context, address: str, paper: str, opinion: str, as_json: bool) -> int:
    now = context.now()
    with context.store() as store:
        found, new = feedback(readership(context.settings, store), address, paper, Opinion(opinion), now)
    if as_json:
        tables.print_json({"address": address, "paper": found.id, "opinion": opinion, "at": now, "new": new})
    else:
        known = "" if new else ", as known"
        out.print(f"{escape(address)}: {opinion} “{escape(found.title)}”{known}.", soft_wrap=True)
    return DONE


def learned_command(
    context: Context, address: str, forget: str | None, reset: bool, file: TextIO | None, as_json: bool
) -> int:
    required(
        sum((forget is not None, reset, file is not None)) <= 1, "--forget, --reset and --import: give one of them."
    )
    code, now = DONE, context.now()
    with context.store() as store:
        here = readership(context.settings, store)
        if forget is not None:
            paper, was = take_back(here, address, forget)
            _tell(f"Forgot what was said of “{paper.title}”." if was else f"Nothing was said of “{paper.title}”.")
        if reset:
            _tell(f"Forgot {counted(take_back_all(here, address), 'opinion')}.")
        if file is not None:
            new, unknown = take_in(here, address, _exported(file, address), now)
            _tell(f"Took in {counted(new, 'opinion')}.")
            for paper_id in unknown:
                _tell(f"Left out: no paper {paper_id} is known here.")
            code = TROUBLED if unknown else DONE
        found = said(here, address, now)
    if as_json:
        tables.print_json({"address": address, "feedback": [_json(one) for one in found]})
    else:
        _say(found)
    return code


def _tell(line: str) -> None:
    """Beside what is printed for programs."""
    err.print(escape(visible(line)), soft_wrap=True)


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


def _json(one: Said) -> dict[str, Any]:
    """The stable shape of `learned --json`, which `--import` reads."""
    weights = {name: round(weight, 3) for name, weight in one.weights.items()}
    shape = {"paper": one.paper.id, "title": one.paper.title, "opinion": one.opinion, "at": one.at, "weights": weights}
    return dict(tables.plain(shape))


def _say(found: Sequence[Said]) -> None:
    """What a reader said, with what it weighs in each of the reader's profiles."""
    if not found:
        out.print("Nothing was said of any paper.")
        return
    profiles = list(found[0].weights)
    tables.table(
        "paper", "title", "opinion", "given", *profiles,
        rows=(
            (s.paper.id, s.paper.title, s.opinion.value, s.at.date(), *(f"{s.weights[name]:.2f}" for name in profiles))
            for s in found
        ),
        right=profiles,
    )  # fmt: skip
