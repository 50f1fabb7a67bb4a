"""Builds the world from the settings and hands it on. The only place that knows every part."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from digest.cli.readership import readership
from digest.config import Settings
from digest.pipeline.pace import Limit, Rules
from digest.pipeline.world import World
from digest.render import Renderer
from digest.stopping import ending
from digest.store import Store
from digest.transport import DirectoryTransport, MaildirTransport, ProgramTransport, SmtpTransport, Transport

if TYPE_CHECKING:
    from digest.encoder import Encoder
    from digest.rank import Background

SMTP_USER, SMTP_PASSWORD = "DIGEST_SMTP_USER", "DIGEST_SMTP_PASSWORD"


def transport(settings: Settings) -> Transport:
    table = settings.transport
    if table.kind == "smtp":
        return SmtpTransport(
            table.host,
            table.port,
            table.security,
            os.environ.get(SMTP_USER),
            os.environ.get(SMTP_PASSWORD),
            table.timeout,
            table.ca_file,
            settings.delivery.messages_per_connection,
            {one.name: most for one in settings.delivery.domain if (most := one.messages_per_connection)},
        )
    if table.kind == "sendmail":
        return ProgramTransport(table.command, table.timeout)
    folder = table.folder or settings.output / "mail"
    return MaildirTransport(folder) if table.kind == "maildir" else DirectoryTransport(folder)


def rules(settings: Settings) -> Rules:
    table = settings.delivery
    limits = {
        one.name: Limit(per_second=one.per_second or None, connections=one.connections or None) for one in table.domain
    }
    return Rules(
        connections=table.connections,
        per_second=table.per_second or None,
        domains=limits,
        soft_bounces=settings.returns.soft_bounces,
    )


@cache
def background() -> Background:
    """What is known of words before a paper has come in."""
    from digest.rank import Background  # with numpy, which takes a moment

    return Background.of((files("digest.rank") / "background.npz").read_bytes())


@cache
def _encoder(folder: Path) -> Encoder:
    """One for all the worlds of a process, as it remembers what it has encoded."""
    from digest.encoder import Encoder  # with numpy

    return Encoder(folder)


def encoder(settings: Settings) -> Encoder | None:
    return _encoder(settings.encoder) if settings.encoder else None


def signer(settings: Settings) -> Callable[[bytes], bytes] | None:
    """What signs messages, if the digest does that itself. ConfigError for a key that cannot be used."""
    if not settings.dkim.keys:
        return None
    from digest.sign import Signer  # its library takes a moment, and few sign by themselves

    return Signer.of(settings.dkim.domain or "", settings.dkim.keys)


def build(
    settings: Settings,
    store: Store,
    over: Transport | None = None,
    output: Path | None = None,
    stop: Event | None = None,
) -> World:
    """The world of these settings. `over` and `output` replace the transport and the output folder.

    Delivering ends early when the event is set, or, where none is given, when the system says so.
    """
    sentences = encoder(settings)
    known = readership(settings, store, rehearsed=output is not None)
    return World(
        store=known.store,
        secret=known.secret,
        profiles=known.profiles,
        subscriptions=known.subscriptions,
        roll=known.roll,
        zones=known.zones,
        renderer=Renderer(settings.templates, settings.site),
        transport=over or transport(settings),
        site=settings.site,
        clock=time,
        background=background,
        signer=signer(settings),
        encode=sentences.encode if sentences else None,
        inbox=settings.inbox,
        output=output or settings.output,
        resend_after_crash=settings.delivery.after_crash == "resend",
        retry_delays=settings.retry_delays,
        give_up_after=settings.give_up_after,
        hold=settings.hold,
        editor=settings.delivery.editor,
        rules=rules(settings),
        feed_days=settings.feeds.days,
        feed_entries=settings.feeds.entries,
        private_feeds="none" if output else settings.feeds.private,  # a rehearsal is for nobody
        packed_feeds=not output,
        hub=None if output else settings.feeds.hub,
        ending=(lambda: nullcontext(stop)) if stop else ending,
    )
