"""Keys for DKIM, and the doctor's look at the name servers."""

from __future__ import annotations

from pathlib import Path

import click
from rich.markup import escape

from digest import records
from digest.cli.codes import DONE
from digest.cli.context import Context
from digest.cli.screen import out, required
from digest.config import Settings
from digest.records import Names, Record, State
from digest.sign import Signer, make_key


def dkim_key_command(context: Context, selector: str, kind: str, folder: Path | None) -> int:
    settings = context.settings
    required(
        selector.replace("-", "").isalnum() and selector.isascii() and selector == selector.lower(),
        f"{selector}: not a selector; write a plain name in lower case such as r2026",
    )
    path = (folder or settings.state).absolute() / f"dkim-{selector}.pem"
    key = make_key(path, selector, kind)
    for record in _records(settings, {selector: key.record}):
        if record.name.startswith(f"{selector}._domainkey."):
            out.print(f"Made {escape(str(path))}. Publish:", soft_wrap=True)
            click.echo(record.line)
    out.print("Once the record can be seen (`digest doctor --dns`), add the key in digest.toml, under \\[dkim] keys:")
    out.print(f'  {selector} = "{escape(str(path))}"', soft_wrap=True)
    return DONE


def _records(settings: Settings, keys: dict[str, str]) -> list[Record]:
    host = settings.transport.host if settings.transport.kind == "smtp" else None
    return list(records.wanted(settings.site, host, settings.dkim.domain or "", keys))


def signatures(settings: Settings) -> str:
    """One line for the doctor. ConfigError for a key that cannot be used."""
    if not settings.dkim.keys:
        return "left to the mail server"
    signer = Signer.of(settings.dkim.domain or "", settings.dkim.keys)
    return f"d={settings.dkim.domain}, " + ", ".join(f"{key.selector} ({key.kind})" for key in signer.keys)


def names(settings: Settings, resolver: str | None) -> int:
    """Print the records to publish and how each of them stands; the number of those that are wrong."""
    asked = Names(resolver)
    files = settings.dkim.keys or {}
    keys = {key.selector: key.record for key in Signer.of(settings.dkim.domain or "", files).keys} if files else {}
    wrong = 0
    for record in _records(settings, keys):
        state, words = records.check(record, asked)
        wrong += state is State.WRONG
        colour = {State.OK: "green", State.WRONG: "bold red", State.UNKNOWN: "yellow"}[state]
        out.print(f"\n[dim]{escape(record.why)}.[/]", soft_wrap=True)
        click.echo(record.line)
        out.print(f"[{colour}]{state}[/]: {escape(words)}", soft_wrap=True)
    if not keys:
        words = f"DKIM: the mail server signs for d={settings.dkim.domain} or a domain above it, and names its record."
        out.print(f"\n[dim]{escape(words)}[/]", soft_wrap=True)
    return wrong
