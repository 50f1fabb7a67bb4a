"""Pure: what became of a subscription's local date, in words. Facts in, one sentence out; asks nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from digest.cadence import local_date, moment, next_moment, paused, sends_on
from digest.model import Bounce, Cadence, LastEdition, NoEdition, OutboxItem, OutboxState, ReturnKind, Subscription

_WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_STATES = {
    OutboxState.PENDING: "waiting to be sent",
    OutboxState.SENDING: "being sent now",
    OutboxState.SENT: "sent",
    OutboxState.DEFERRED: "put off, to be tried again",
    OutboxState.FAILED: "failed for good",
    OutboxState.SUPPRESSED: "not sent, as the address had been suppressed by then",
    OutboxState.UNKNOWN: "perhaps sent: the program was killed while the server had it",
    OutboxState.HELD: "held for an editor",
    OutboxState.STOPPED: "stopped by an editor",
    OutboxState.WITHDRAWN: "withdrawn",
}


def told_of_message(message: OutboxItem, bounces: Sequence[Bounce], *, stopped: bool = False) -> str:
    """How far a message came; `bounces` are those of its address since. `stopped`: its domain gets nothing now."""
    said = _STATES[message.state]
    if stopped and message.state in (OutboxState.PENDING, OutboxState.DEFERRED):
        said += f" when `digest outbox --resume {message.domain}` says that its domain is well again"
    elif message.state in (OutboxState.DEFERRED, OutboxState.HELD):
        said += f", until {message.next_at:%Y-%m-%d %H:%M} UTC"
    back = [one for one in bounces if one.message_id == message.message_id and one.kind is not ReturnKind.NOTICE]
    before = [one for one in back if message.queued_at and one.at <= message.queued_at]
    if before:
        said += f", after it had come back once ({before[-1].kind})"
    if len(back) > len(before):
        said += f", and came back ({back[-1].kind})"
    return f"{said}: {message.reply}" if message.reply else said


def told_of_none(
    subscription: Subscription,
    day: date,
    history: Sequence[LastEdition],
    now: datetime,
    *,
    active: bool = True,
    waiting: NoEdition | None = None,
) -> str:
    """Why there is no edition of a date. `history` is what is stored of the subscription's dates, newest first.

    `waiting` is the subscription's date that waits for complete lists now, if one does.
    """
    if waiting is not None and waiting.date == day and active:
        return f"due since {_at(subscription, moment(subscription, day))}, and {waiting.reason}"
    here = next((one for one in history if one.date == day), None)
    if here is not None:
        return here.reason or "there was an edition, which is not kept any more"
    if day > local_date(subscription, now):
        if not active:
            return "the date is still to come, and the subscription is not in the settings any more"
        if not history:
            return "the date is still to come; the first edition is due at the next run"
        at = next_moment(subscription, history[0], now)
        return f"the date is still to come; the next one is due {_at(subscription, at)}"
    if history and day < history[-1].date:
        return f"it was before the first run for this subscription, on {history[-1].date}"
    if not sends_on(subscription, day):
        return f"not due: it comes {_cadence(subscription)}, and {day} was a {day:%A}"
    if paused(subscription, day):
        return f"paused until {subscription.pause_until}"
    due = moment(subscription, day)
    if due > now and history:
        return f"due {_at(subscription, due)}, which is still to come"
    later = [one for one in history if one.date > day]
    if later:
        covered = "" if later[-1].reason else ", whose edition covers it"
        return f"no run came between its send time and {later[-1].date}{covered}"
    if not active:
        return "the subscription is not in the settings any more"
    if not history:
        return "no run has published anything for this subscription yet; `digest run` does"
    return f"due since {_at(subscription, due)}, and no run has come since; `digest run` publishes it"


def _cadence(subscription: Subscription) -> str:
    if subscription.cadence is Cadence.WEEKLY:
        return f"on {_WEEKDAYS[subscription.weekday]}"
    return (
        f"on {subscription.cadence.value}" if subscription.cadence is Cadence.WEEKDAYS else subscription.cadence.value
    )


def _at(subscription: Subscription, at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC ({subscription.at:%H:%M} {subscription.zone})"
