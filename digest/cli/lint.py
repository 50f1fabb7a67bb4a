"""The command that checks a mail before a mailbox does."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from rich.markup import escape

from digest.cli import tables, world
from digest.cli.codes import DONE, NOTHING_NEW, TROUBLED
from digest.cli.context import Context
from digest.cli.readership import READER
from digest.cli.screen import out
from digest.errors import ConfigError
from digest.lint import Finding, lint
from digest.message import message_id
from digest.model import Message, NoEdition
from digest.pipeline.deliver import make_message
from digest.pipeline.preview import preview, trial
from digest.pipeline.world import World
from digest.text import visible


def lint_command(context: Context, what: str, as_json: bool) -> int:
    if (path := Path(what)).is_file():
        found = lint(path.read_bytes())
    else:
        message = _message(context, what)
        if message is None:
            return NOTHING_NEW
        found = lint(message.content, message.sender)
    if as_json:
        tables.print_json({"of": what, "findings": found})
    else:
        _say(what, found)
    return TROUBLED if found else DONE


def _message(context: Context, what: str) -> Message | None:
    """The mail of an edition or a profile; None, which is said, if the profile would get nothing now."""
    with context.store() as store:
        here = world.build(context.settings, store)
        if what in here.profiles:
            return _preview(here, what, context.now())
        edition = store.edition(what)
        if edition is None:
            raise ConfigError(
                f"{what}: neither a file nor a profile nor an edition; an edition's id is PROFILE/ADDRESS/DATE, as in "
                "`digest status --json`"
            )
        address = edition.subscription.address or READER
        identifier = message_id(here.secret, edition.id, address, here.site.domain)
        return make_message(here, edition, address, identifier)


def _preview(here: World, profile: str, now: datetime) -> Message | None:
    edition = preview(here, trial(here, profile, READER), now)
    if isinstance(edition, NoEdition):
        tables.no_edition(edition)
        return None
    identifier = message_id(here.secret, f"lint/{edition.id}", READER, here.site.domain)
    return make_message(here, edition, READER, identifier)


def _say(what: str, found: tuple[Finding, ...]) -> None:
    for one in found:
        where, advice = (escape(visible(text)) for text in (one.where, one.advice))
        out.print(f"[bold red]{one.rule}[/] {where}\n    {advice}", soft_wrap=True)
    out.print(f"{len(found) or 'No'} findings in {escape(what)}.", soft_wrap=True)
