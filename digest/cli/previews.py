"""The commands that tell what a profile would get: preview, explain, test-send."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from rich.markup import escape

from digest import advice
from digest.addresses import validated
from digest.cli import account, tables, world
from digest.cli.codes import DONE, NOTHING_NEW
from digest.cli.context import Context
from digest.cli.readership import READER
from digest.cli.screen import out
from digest.cli.show import the_paper
from digest.errors import ConfigError, DeliveryError
from digest.files import write_whole
from digest.message import message_id
from digest.model import Edition, NoEdition
from digest.pipeline.deliver import make_message
from digest.pipeline.preview import explain_paper, preview, trial
from digest.pipeline.surfaces import links
from digest.pipeline.world import World


def preview_command(
    context: Context, profile: str, target: Path | None, text: bool, address: str | None, as_json: bool
) -> int:
    now = context.now()
    with context.store() as store:
        here = world.build(context.settings, store)
        subscription = trial(here, profile, address or READER)
        edition = preview(here, subscription, now)
        if isinstance(edition, NoEdition):
            tables.no_edition(edition)
            return NOTHING_NEW
        rendered = here.renderer.render(edition, links(here, edition))
    notes = (*advice.of_profile(here.profiles[profile]), *advice.of_outcome(here.profiles[profile], edition))
    target = target or Path(f"{profile}.{'txt' if text else 'html'}")
    write_whole(target, (rendered.text if text else rendered.html).encode())
    if as_json:
        tables.print_json({"file": str(target), "subject": rendered.subject, "edition": edition, "notes": notes})
    else:
        tables.ranking(edition)
        for note in notes:
            out.print(f"[yellow]note[/] {escape(f'{profile}: {note}')}", soft_wrap=True)
        out.print(f"Subject: {escape(rendered.subject)}\nWritten to {escape(str(target))}", soft_wrap=True)
    return DONE


def explain_command(context: Context, paper: str, profile: str, address: str | None, as_json: bool) -> int:
    with context.store() as store:
        here = world.build(context.settings, store)
        subscription = trial(here, profile, address or READER)
        found = explain_paper(here, subscription, the_paper(store, paper), context.now())
    if as_json:
        tables.print_json(account.explanation_json(found))
    else:
        account.explanation(found)
    return DONE


def test_send_command(context: Context, address: str, profile: str | None) -> int:
    now, settings = context.now(), context.settings
    try:
        address = validated(address)
    except ValueError as error:
        raise ConfigError(f"{address}: {error}") from None
    with context.store() as store:
        here = world.build(settings, store)
        subscription = trial(here, profile or next(iter(settings.profiles), ""), address)
        edition = preview(here, subscription, now)
        if isinstance(edition, NoEdition):
            tables.no_edition(edition)
            return NOTHING_NEW
        reply = _send_now(here, edition, address, now)
    out.print(f"Sent to {escape(address)}: {escape(reply)}", soft_wrap=True)
    return DONE


def _send_now(here: World, edition: Edition, address: str, now: datetime) -> str:
    identifier = message_id(here.secret, f"test/{now.isoformat()}/{edition.id}", address, here.site.domain)
    try:
        return here.transport.send(make_message(here, edition, address, identifier))
    except DeliveryError as error:
        raise ConfigError(f"The test message was not taken: {error}") from None
    finally:
        here.transport.close()
