"""The command that keeps the list of addresses never to mail: suppress."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from rich.markup import escape

from digest.addresses import canonical, readable
from digest.cli import tables
from digest.cli.codes import DONE, TROUBLED
from digest.cli.context import Context
from digest.cli.readership import readership
from digest.cli.screen import out, required
from digest.errors import ConfigError
from digest.model import Suppression
from digest.pipeline.owners import Owners
from digest.store import Store


def suppress_command(
    context: Context,
    address: str | None,
    reason: str,
    remove: bool,
    listing: bool,
    file: BinaryIO | None,
    as_json: bool,
) -> int:
    required(bool(address) + listing + bool(file) < 2, "Give an address, or --list, or --import; not two of them.")
    required(address or file or not remove, "--remove: give an address, or a file of them with --import.")
    with context.store() as store:
        if file is not None:
            return _import(store, file, reason, remove, context.now(), as_json)
        if address is None:
            _list(store.suppressions(lifted=listing), as_json)
            return DONE
        one = _suppression(context, store, address, reason)
        changed = store.unsuppress([one.address], context.now()) == 1 if remove else store.suppress(one)
    state = "may be mailed again" if remove else "will not be mailed"
    if as_json:
        tables.print_json({"address": one.address, "subscription": one.subscription_id, "changed": changed})
    else:
        which = "" if remove or not one.subscription_id else f" for {one.subscription_id.partition('/')[0]}"
        out.print(f"{escape(readable(one.address))} {state}{escape(which)}{'' if changed else ', as before'}.")
    return DONE


def _list(found: Sequence[Suppression], as_json: bool) -> None:
    if as_json:
        tables.print_json(found)
        return
    tables.table(
        "address", "only for", "since", "reason", "allowed again",
        rows=(
            (readable(s.address), (s.subscription_id or "").partition("/")[0], s.since, s.reason, s.lifted)
            for s in found
        ),
    )  # fmt: skip


def _import(store: Store, file: BinaryIO, reason: str, remove: bool, now: datetime, as_json: bool) -> int:
    """One address a line, its first cell if it has several; blank lines, # and a heading without @ are skipped."""
    addresses, wrong = dict[str, str](), []
    for number, line in enumerate(file, start=1):
        cell = re.split(r"[,;\t]", line[:1000].decode("utf-8-sig", "replace"), maxsplit=1)[0].strip().strip("\"'<>")
        cell = canonical(cell)
        if not cell or cell.startswith("#") or (number == 1 and "@" not in cell):
            continue
        if not re.fullmatch(r"[^\s@<>]{1,64}@[^\s@<>]{1,253}", cell):
            wrong.append((number, cell[:100]))
        else:
            addresses.setdefault(cell.lower(), cell)
    those = [Suppression(address=one, reason=reason, since=now) for one in addresses.values()]
    changed = store.unsuppress(list(addresses), now) if remove else store.suppress_all(those)
    known = len(addresses) - changed
    if as_json:
        rejected = [{"line": number, "text": text} for number, text in wrong]
        tables.print_json({"removed" if remove else "added": changed, "known": known, "rejected": rejected})
    else:
        for number, text in wrong:
            out.print(f"[yellow]Not an address:[/] line {number}: {escape(text)}", soft_wrap=True)
        state, before = ("may be mailed again", "not on") if remove else ("will not be mailed", "on")
        out.print(f"{changed} addresses {state}; {known} were {before} the list before.")
    return TROUBLED if wrong else DONE


def _suppression(context: Context, store: Store, text: str, reason: str) -> Suppression:
    """Of an address all, of an unsubscribe token the one subscription that it is of."""
    if "@" in text:
        return Suppression(address=text, reason=reason, since=context.now())
    found = Owners(readership(context.settings, store)).of_token(text)
    if found is None:
        raise ConfigError(f"{text}: neither an address nor the token of a subscription in {context.settings.file}")
    address, subscription_id = found
    return Suppression(address=address, reason=reason, since=context.now(), subscription_id=subscription_id)
