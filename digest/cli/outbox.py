"""The commands of the outbox: outbox and resend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from rich.markup import escape

from digest.addresses import canonical, canonical_domain
from digest.cli import tables
from digest.cli.codes import DONE, NOTHING_NEW, TROUBLED
from digest.cli.context import Context
from digest.cli.screen import out, required
from digest.masks import masked, masked_in
from digest.model import Destination, OutboxItem, OutboxState
from digest.store import Store
from digest.text import counted

_SHORTEST = 4  # characters of a Message-ID that may stand for it


def say_domain(one: Destination, waiting: int) -> None:
    """A domain that does not take our mail, how many messages wait, and what to do."""
    words = f"{one.name} {{}}; it said: {masked_in(one.reply)}"
    if one.stopped:
        wait = f" ({_wait(waiting)})" if waiting else ""
        until = f"gets no mail{wait} until the cause is mended and you say `digest outbox --resume {one.name}`"
        out.print(f"[bold red]Stopped:[/] {escape(words.format(until))}", soft_wrap=True)
    elif one.not_before is not None:
        until = f"failed {one.failures} times, is left alone until {one.not_before:%Y-%m-%d %H:%M} UTC"
        out.print(f"[yellow]Waiting:[/] {escape(words.format(until))}", soft_wrap=True)


def _wait(number: int) -> str:
    return f"{counted(number, 'message')} {'waits' if number == 1 else 'wait'}"


# --- outbox ----------------------------------------------------------------------------------------------------


def outbox_command(
    context: Context,
    states: tuple[str, ...],
    domain: str | None,
    limit: int,
    full: bool,
    resumed: tuple[str, ...],
    as_json: bool,
) -> int:
    with context.store() as store:
        if resumed:
            return _resume(store, resumed, as_json)
        domain = domain and canonical_domain(domain)
        found = store.outbox([OutboxState(one) for one in states] if states else None, limit, domain)
        roads = [one for one in store.destinations() if domain in (None, one.name)]
        waiting = store.to_send()
    shown = found if full else [_masked(one) for one in found]
    if as_json:
        tables.print_json({"messages": [_message_json(one) for one in shown], "domains": roads})
    else:
        tables.table(
            "state", "to", "tries", "next try", "last words", "message",
            rows=((i.state.value, i.address, i.attempts, _next(i), i.reply, i.message_id) for i in shown),
            right=("tries",),
        )  # fmt: skip
        for one in roads:
            say_domain(one, waiting.get(one.name, 0))
    return TROUBLED if any(one.stopped for one in roads) else DONE


def _resume(store: Store, names: Sequence[str], as_json: bool) -> int:
    known = [one.name for one in store.destinations()]
    wanted = known if "all" in names else [canonical_domain(name) for name in names]
    resumed, waiting = {name: store.resume(name) for name in wanted}, store.to_send()
    if as_json:
        rows = [{"domain": name, "resumed": there, "waiting": waiting.get(name, 0)} for name, there in resumed.items()]
        tables.print_json(rows)
    else:
        for name, there in resumed.items():
            wait = f"; {_wait(waiting[name])} for the next `digest deliver`" if waiting.get(name) else ""
            out.print(escape(f"{name} {'gets mail again' if there else 'was not stopped'}{wait}."), soft_wrap=True)
    return DONE if set(wanted) & set(known) else NOTHING_NEW


def _masked(item: OutboxItem) -> OutboxItem:
    return replace(item, address=masked(item.address), reply=masked_in(item.reply))


def _next(item: OutboxItem) -> datetime | None:
    return item.next_at if item.state in (OutboxState.PENDING, OutboxState.DEFERRED) else None


def _message_json(item: OutboxItem) -> dict[str, object]:
    names = ("message_id", "edition_id", "address", "state", "attempts", "created_at", "reply", "sha256")
    return {name: getattr(item, name) for name in names} | {"next_at": _next(item)}


# --- resend ----------------------------------------------------------------------------------------------------

_WHY_NOT = {
    OutboxState.SENT: "it was sent; a second copy goes out with --again",
    OutboxState.SENDING: "it is being sent",
    OutboxState.PENDING: "it waits to be sent already",
    OutboxState.HELD: "it waits for an editor; `digest hold --release` sends it",
    OutboxState.STOPPED: "an editor stopped it",
}
_AGAIN = (OutboxState.SENT, OutboxState.WITHDRAWN)


def resend_command(context: Context, message: str, on: date | None, again: bool) -> int:
    by_address = "@" in message and "<" not in message and on is not None
    with context.store() as store:
        found = store.messages(canonical(message) if by_address else message, on)
        if not by_address:
            found = tuple(one for one in found if one.message_id.strip("<>") == message.strip("<>"))
            found = found or _beginning(store, message.strip("<>"))
        required(
            found, f"{message}: no such message. Give its Message-ID (see `digest outbox`), or an address with --date."
        )
        put_back = [_put_back(store, one, context.now(), again) for one in found]
    return DONE if any(put_back) else NOTHING_NEW


def _beginning(store: Store, start: str) -> tuple[OutboxItem, ...]:
    """The one message whose Message-ID begins so."""
    found = store.beginning(start, 2) if len(start) >= _SHORTEST else ()
    required(len(found) < 2, f"{start}: several Message-IDs begin so; give more of it.")
    return found


def _why_not(item: OutboxItem) -> str | None:
    if item.state is OutboxState.WITHDRAWN:
        return f"it was withdrawn, {masked_in(item.reply)}; it goes out all the same with --again"
    return _WHY_NOT.get(item.state)


def _put_back(store: Store, item: OutboxItem, now: datetime, again: bool) -> bool:
    reason = None if again and item.state in _AGAIN else _why_not(item)
    if reason is None and (bar := store.suppression(item.address, item.subscription_id)):
        reason = f"the address must not be mailed ({masked_in(bar.reason)}); see `digest suppress`"
    if reason is None and not store.requeue(item.message_id, now):
        reason = "a sender has it in hand"
    words = f"not put back: {reason}" if reason else "goes out with the next `digest deliver`"
    out.print(escape(f"{item.message_id} to {masked(item.address)}: {words}."), soft_wrap=True)
    return reason is None
