"""What comes back becomes suppressions: each returned mail is tied to a message of ours, judged and recorded once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from digest.addresses import canonical
from digest.bounces import read_returned
from digest.masks import without_secrets
from digest.model import Bounce, Consequence, Failure, Returned, ReturnKind, Suppression
from digest.pipeline.owners import Owner, Owners
from digest.pipeline.world import World

_MILDEST = (ReturnKind.NOTICE, ReturnKind.POLICY, ReturnKind.SOFT, ReturnKind.HARD)


def read_return(world: World, owners: Owners, content: bytes, now: datetime) -> tuple[Bounce, Suppression | None]:
    """What a returned mail means, and whom it bars; of one that was known what is recorded. To be recorded.

    One that was not understood is tried again whenever it is met: by a later version it may be.
    """
    returned = _canonical(read_returned(content))
    known = world.store.bounce(returned.digest)
    if known and (known.kind is not ReturnKind.UNKNOWN or returned.kind is ReturnKind.UNKNOWN):
        return known, None
    return judge(returned, owners.of(returned), now)


def _canonical(returned: Returned) -> Returned:
    """With the addresses as ours are written."""
    failures = (replace(one, addresses=type(one.addresses)(map(canonical, one.addresses))) for one in returned.failures)
    return replace(returned, failures=tuple(failures))


def judge(returned: Returned, owner: Owner | None, now: datetime) -> tuple[Bounce, Suppression | None]:
    """What a returned mail means, and whom it bars. It is believed as far as it is proven to answer a mail of ours."""
    failure = _failure(returned, owner)
    kind = failure.kind if returned.failures else returned.kind
    if kind is ReturnKind.HARD and not _certain(failure, owner):
        kind = ReturnKind.SOFT
    consequence = _consequence(kind, owner)
    words = "unsubscribe" if kind is ReturnKind.UNSUBSCRIBE else failure.words or returned.subject
    bounce = Bounce(
        digest=returned.digest,
        kind=kind,
        consequence=consequence,
        at=_moment(returned, owner, now),
        address=owner.address if owner else None,
        subscription_id=owner.subscription_id if owner else None,
        message_id=owner.message.message_id if owner and owner.message else None,
        status=failure.status,
        words=without_secrets(words),
    )
    if owner is None or consequence is not Consequence.SUPPRESSED:
        return bounce, None
    suppression = Suppression(address=owner.address, reason=reason_of(bounce), since=now)
    if kind is ReturnKind.UNSUBSCRIBE:
        suppression = replace(suppression, subscription_id=owner.subscription_id)
    return bounce, suppression


def _failure(returned: Returned, owner: Owner | None) -> Failure:
    """What is said of the owner; of several recipients that are others, behind a forward, the mildest."""
    if not returned.failures:
        return Failure(kind=returned.kind)
    for one in returned.failures:
        if owner and owner.address.lower() in {address.lower() for address in one.addresses}:
            return one
    return min(returned.failures, key=lambda one: _MILDEST.index(one.kind) if one.kind in _MILDEST else len(_MILDEST))


def _certain(failure: Failure, owner: Owner | None) -> bool:
    """Whether it is the address itself that is dead: proven, and not one that it forwards to."""
    named = {address.lower() for address in failure.addresses}
    if owner is None or not owner.proven or failure.forwarded:
        return False
    return not named or owner.address.lower() in named


def _consequence(kind: ReturnKind, owner: Owner | None) -> Consequence:
    if kind is ReturnKind.NOTICE:
        return Consequence.IGNORED
    if kind is ReturnKind.UNKNOWN or (kind is ReturnKind.UNSUBSCRIBE and not (owner and owner.subscription_id)):
        return Consequence.KEPT
    if owner is None or (kind is ReturnKind.COMPLAINT and not owner.proven):
        return Consequence.UNPROVEN
    if kind is ReturnKind.SOFT:
        return Consequence.COUNTED
    return Consequence.TOLD if kind is ReturnKind.POLICY else Consequence.SUPPRESSED


def _moment(returned: Returned, owner: Owner | None, now: datetime) -> datetime:
    """When it came back: by its own date if it is proven, neither before the message was made nor in the future."""
    if returned.date is None or owner is None or not owner.proven:
        return now
    made = owner.message.created_at if owner.message else returned.date
    return min(max(returned.date, made), now)


def reason_of(bounce: Bounce) -> str:
    """Why an address is suppressed for it."""
    if bounce.kind is ReturnKind.UNSUBSCRIBE:
        return "unsubscribed by mail"
    if bounce.kind is ReturnKind.COMPLAINT:
        return f"complained: {bounce.words}"
    return f"bounced: {' '.join(filter(None, (bounce.status, bounce.words)))}"
