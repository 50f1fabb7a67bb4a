"""Who reads what, from the settings and the store: all that most commands need of the world."""

from __future__ import annotations

from digest.cli.secret import any_secret, secret
from digest.config import Settings
from digest.model import Subscription
from digest.pipeline.readership import Readership
from digest.store import Store
from digest.zones import zone_rules

READER = "reader@example.org"  # whom a mail is made for that goes to nobody


def readership(settings: Settings, store: Store, *, rehearsed: bool = False) -> Readership:
    """A rehearsal's database has nothing in it that was mailed with any secret."""
    return Readership(
        store=store,
        secret=any_secret(settings) if rehearsed else secret(settings, store),
        profiles=settings.profiles,
        subscriptions=settings.subscriptions,
        roll=settings.roll,
        zones=zone_rules(),
    )


def readers(settings: Settings) -> tuple[Subscription, ...]:
    return tuple(one for one in settings.subscriptions if one.address is not None)


def feeds(settings: Settings) -> tuple[Subscription, ...]:
    return tuple(one for one in settings.subscriptions if one.address is None)
