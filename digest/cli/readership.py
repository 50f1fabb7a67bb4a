"""Who reads what, from the settings and the store: all that most commands need of the world."""

from __future__ import annotations

import os
import secrets

from digest.config import Settings
from digest.errors import ConfigError
from digest.model import Subscription
from digest.pipeline.readership import Readership
from digest.store import Store
from digest.zones import zone_rules

SECRET = "DIGEST_SECRET"  # noqa: S105 - the variable's name


def secret(settings: Settings) -> bytes:
    """The key of tokens and Message-IDs: from the environment, else from a file made at first use.

    It must stay the same, else unsubscribe links in old mails stop working.
    """
    if text := os.environ.get(SECRET):
        return text.encode()
    path = settings.state / "secret"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error}). Set {SECRET} in the environment instead.") from None
    content = path.read_bytes().strip()
    if len(content) < 16:
        raise ConfigError(f"{path}: holds no key. Remove the file, or set {SECRET} in the environment.")
    return content


def readership(settings: Settings, store: Store) -> Readership:
    return Readership(
        store=store,
        secret=secret(settings),
        profiles=settings.profiles,
        subscriptions=settings.subscriptions,
        roll=settings.roll,
        zones=zone_rules(),
    )


def readers(settings: Settings) -> tuple[Subscription, ...]:
    return tuple(one for one in settings.subscriptions if one.address is not None)


def feeds(settings: Settings) -> tuple[Subscription, ...]:
    return tuple(one for one in settings.subscriptions if one.address is None)
