"""The key of tokens and Message-IDs, and whether it is the one that mails were made with: the command secret."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

from rich.markup import escape

from digest.cli.codes import DONE, TROUBLED
from digest.cli.context import Context
from digest.cli.screen import out, required
from digest.config import Settings
from digest.errors import ConfigError
from digest.message import fingerprint
from digest.store import Store

SECRET = "DIGEST_SECRET"  # noqa: S105 - the variable's name
REMEDY = "restore it from a backup, or accept the loss with `digest secret --accept`"


def secret_command(context: Context, accept: bool) -> int:
    settings = context.settings
    with context.store() as store, store.exclusive("run") as ours:
        fault = secret_fault(settings, store)
        if accept and fault:
            required(ours, "Another run is at work, maybe the daemon: stop it, and accept again.")
            store.remember_secret(fingerprint(any_secret(settings)))
    if fault and not accept:
        out.print(f"[bold red]Wrong:[/] {escape(fault)}: {REMEDY}.", soft_wrap=True)
        return TROUBLED
    if not fault:
        out.print("The secret is the one that the mails were made with, or nothing was made with any.")
        return DONE
    out.print(
        "Accepted. Tokens in mails that are still on record go on working with `digest suppress` and `digest bounce`; "
        "those who keep a list of tokens elsewhere need a new one. Private feeds get other addresses: `digest feeds "
        "ADDRESS` tells them. Keep the secret with the backups.",
        soft_wrap=True,
    )
    return DONE


def secret(settings: Settings, store: Store) -> bytes:
    """The key of tokens and Message-IDs: from the environment, else from a file made at first use.

    ConfigError if it is not the one that the database's mails were made with: unsubscribe links in them, and the
    addresses of private feeds, would stop working.
    """
    if fault := secret_fault(settings, store):
        raise ConfigError(f"{fault}: {REMEDY}.")
    return any_secret(settings)


def any_secret(settings: Settings) -> bytes:
    return present_secret(settings) or new_secret(settings)


def present_secret(settings: Settings) -> bytes | None:
    if text := os.environ.get(SECRET):
        return text.encode()
    path = settings.state / "secret"
    try:
        content = path.read_bytes().strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); correct its owner and mode.") from None
    if len(content) < 16:
        raise ConfigError(f"{path}: holds no key. Restore it from a backup, or set {SECRET} in the environment.")
    return content


def new_secret(settings: Settings) -> bytes:
    """It gets its name when it is written, so that of two first runs at a time none reads half of the other's."""
    path = settings.state / "secret"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = mkstemp(prefix=".secret.", dir=path.parent)  # only its owner can read it
        try:
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32))
            with suppress(FileExistsError):
                os.link(temporary, path)
        finally:
            Path(temporary).unlink()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error}). Set {SECRET} in the environment instead.") from None
    return path.read_bytes().strip()


def secret_fault(settings: Settings, store: Store) -> str:
    """Why the secret is not the one of the database, in words; empty if it is, or if nothing was made with one yet."""
    found, known = present_secret(settings), store.roll_marks().get("secret")
    where = settings.state / "secret"
    if found is None:
        used = known or store.has_mailed()
        return f"{where}: the secret is gone, and {store.name} has mails that were made with it" if used else ""
    if known is None or fingerprint(found) == known:
        return ""
    place = f"the secret in {SECRET}" if os.environ.get(SECRET) else f"{where}: the secret"
    return f"{place} is another than the one that the mails in {store.name} were made with"
