"""The command that tells machines how things stand: metrics."""

from __future__ import annotations

from pathlib import Path

import click

from digest import __version__
from digest.cli.codes import DONE
from digest.cli.context import Context
from digest.files import write_whole
from digest.model import Figure
from digest.pipeline.figures import figures
from digest.store import Store


def metrics_command(context: Context, target: Path | None) -> int:
    from digest import metrics  # its library takes a moment, which figures alone do not need

    with context.store() as store:
        text = metrics.text(figures_of(context, store))
    if target:
        write_whole(target, text)
    else:
        click.echo(text.decode(), nl=False)
    return DONE


def figures_of(context: Context, store: Store) -> tuple[Figure, ...]:
    return figures(store, context.settings.subscriptions, context.now(), __version__)
