"""The command that reads what comes back: bounce."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from dataclasses import dataclass, field

from rich.markup import escape

from digest.bounces import LARGEST
from digest.cli import tables, world
from digest.cli.codes import DONE, TROUBLED
from digest.cli.context import Context
from digest.cli.screen import out, required
from digest.files import write_whole
from digest.mailboxes import Login, Mail, Mailbox, open_mailbox
from digest.model import Bounce, Consequence, Suppression
from digest.pipeline.bounces import read_return
from digest.pipeline.failing import suppress_failing
from digest.pipeline.owners import Owners
from digest.pipeline.spare import Spared, spare
from digest.pipeline.watch import Phase, settle
from digest.store import Store
from digest.text import counted

IMAP_USER, IMAP_PASSWORD = "DIGEST_IMAP_USER", "DIGEST_IMAP_PASSWORD"

# What a person is to look at: our mail is unwanted somewhere, or a mail was not understood.
_TROUBLE = (Consequence.TOLD, Consequence.KEPT)


@dataclass(kw_only=True)
class _Read:
    """What one reading of a mailbox found."""

    bounces: list[tuple[Mail, Bounce]] = field(default_factory=list)
    known: int = 0
    failing: list[Suppression] = field(default_factory=list)
    spared: list[Spared] = field(default_factory=list)
    phase: Phase = field(default_factory=Phase)

    def take(self, store: Store, mail: Mail, bounce: Bounce, suppression: Suppression | None) -> None:
        """Record a mail with what follows from it."""
        if store.record_bounce(bounce, suppression):
            self.bounces.append((mail, bounce))
        else:
            self.known += 1


def bounce_command(context: Context, source: str | None, as_json: bool, keep: bool, dry_run: bool) -> int:
    table = context.settings.returns
    source = source or table.source
    required(source, "Name a mailbox, or set `returns.source` in the settings.")
    login = Login(user=os.environ.get(IMAP_USER), password=os.environ.get(IMAP_PASSWORD), ca_file=table.ca_file)
    box = open_mailbox(
        source or "",
        sys.stdin.buffer,
        login,
        largest=LARGEST,
        remove=table.when_read == "remove",
        again=keep or dry_run,
    )
    try:
        found = _read(context, box, keep=keep, dry=dry_run)
    finally:
        box.close()
    if as_json:
        tables.print_json(_json(found))
    else:
        _say(found)
    settle(found.phase.failed)
    troubled = found.spared or any(one.consequence in _TROUBLE for _, one in found.bounces)
    return TROUBLED if troubled else DONE


def _read(context: Context, box: Mailbox, *, keep: bool, dry: bool) -> _Read:
    found, now = _Read(), context.now()
    read: list[tuple[Mail, Bounce, Suppression | None]] = []  # of a dry run, for which nobody is to wait meanwhile
    with context.store() as store:
        here = world.build(context.settings, store)
        owners = Owners(here)
        with found.phase.apart("mailbox"):
            for mail in box.mails():
                with found.phase.apart(mail.where):
                    one, suppression = read_return(here, owners, mail.content, now)
                    if dry:
                        read.append((mail, one, suppression))
                        continue
                    found.take(store, mail, one, suppression)
                    if one.consequence is not Consequence.KEPT:
                        if not keep:
                            box.done(mail)
                    elif box.fleeting:
                        write_whole(context.settings.state / "returned" / f"{one.digest[:16]}.eml", mail.content)
        with store.undone() if dry else nullcontext():
            for each in read:
                found.take(store, *each)
            found.spared = list(spare(here, now, dry=dry))
            found.failing = list(suppress_failing(here, now))
    return found


def _json(found: _Read) -> dict[str, object]:
    """The stable shape of `bounce --json`."""
    return {
        "read": [{"where": mail.where, **tables.plain(one)} for mail, one in found.bounces],
        "known": found.known,
        "failing": [tables.plain(one) for one in found.failing],
        "spared": [tables.plain(one) for one in found.spared],
    }


def _say(found: _Read) -> None:
    told = [(mail, one) for mail, one in found.bounces if one.consequence is not Consequence.IGNORED]
    if told:
        tables.table(
            "address", "kind", "outcome", "status", "words",
            rows=((one.address, one.kind.value, one.consequence.value, one.status, one.words) for _, one in told),
        )  # fmt: skip
    for mail, one in told:
        if one.consequence is Consequence.KEPT:
            out.print(f"[yellow]Not understood:[/] {escape(mail.where)}: {escape(one.words)}", soft_wrap=True)
    for suppression in found.failing:
        out.print(f"{escape(suppression.address)} will not be mailed: {escape(suppression.reason)}", soft_wrap=True)
    for spared in found.spared:
        out.print(escape(_of_spared(spared)), soft_wrap=True)
    mails, ignored = counted(len(found.bounces), "mail"), len(found.bounces) - len(told)
    out.print(f"{mails} read, {ignored} of them mere notices; {found.known} were known.")


def _of_spared(one: Spared) -> str:
    told = [
        f"{one.domain}: {one.dead} of {one.mailed} mails of {one.date} came back as dead. Rather its server errs than "
        f"that all have gone: {len(one.addresses)} of these addresses may be mailed again."
    ]
    if one.again:
        told.append(f"{_returned(one.again)} in the outbox, to be sent again.")
    if one.late:
        told.append(f"{one.late} came back too late or twice and are given up: their papers count as not shown.")
    if one.unsure:
        told.append(
            f"{one.unsure} may be what came back or not: see `digest outbox --state unknown --domain {one.domain}`, "
            "and `digest resend MESSAGE-ID`."
        )
    if one.stopped:
        told.append(f"Nothing goes there until you say `digest outbox --resume {one.domain}`.")
    return " ".join(told)


def _returned(number: int) -> str:
    return f"{number} {'mail that came back waits' if number == 1 else 'mails that came back wait'}"
