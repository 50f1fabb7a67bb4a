"""What is old and not needed any more goes; what is known and was shown stays."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from digest.listings import read_dump
from digest.pipeline.ingest import SET_ASIDE, dumps_in
from digest.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how many days things are kept; 0 is for ever."""

    mails: int = 0
    editions: int = 0
    sightings: int = 0
    dumps: int = 0
    set_asides: int = 0


def prune(
    store: Store, inbox: Path, keep: Retention, now: datetime, archived: Collection[str] = (), *, dry: bool = False
) -> dict[str, int]:
    """Let go what is older and not needed any more; returns how much of what. What is known and was shown stays.

    `archived` are the subscriptions whose editions stay, as archives of feeds are made of them.
    The caller holds the lock "run".
    """

    def ago(days: int) -> datetime:
        return now - timedelta(days=days)

    mails = ago(keep.mails) if keep.mails else None
    editions = ago(keep.editions).date() if keep.editions else None
    return {
        "mails": store.prune_mails(mails, dry=dry) if mails else 0,
        "editions": store.prune_editions(editions, archived, dry=dry) if editions else 0,
        "pieces": store.prune_pieces(mails, editions, archived, dry=dry) if mails or editions else 0,
        "sightings": store.prune_sightings(ago(keep.sightings).date(), dry=dry) if keep.sightings else 0,
        "dumps": _removed(_taken_in(store, inbox, ago(keep.dumps)), dry) if keep.dumps else 0,
        "set_asides": _prune_set_asides(store, inbox, ago(keep.set_asides), dry) if keep.set_asides else 0,
    }


def _taken_in(store: Store, inbox: Path, before: datetime) -> Iterator[Path]:
    """The old dumps of the inbox that are known, and so of no use any more."""
    for path in _old(dumps_in(inbox) if inbox.is_dir() else (), before):
        if store.report(read_dump(path).digest) is not None:
            yield path


def _prune_set_asides(store: Store, inbox: Path, before: datetime, dry: bool) -> int:
    folder = inbox / SET_ASIDE
    _removed(_old(folder.iterdir() if folder.is_dir() else (), before), dry)
    return store.prune_set_asides(before, dry=dry)


def _old(paths: Iterable[Path], before: datetime) -> Iterator[Path]:
    return (path for path in paths if path.is_file() and path.stat().st_mtime < before.timestamp())


def _removed(paths: Iterable[Path], dry: bool) -> int:
    found = list(paths)
    for path in found:
        if not dry:
            path.unlink(missing_ok=True)
    return len(found)
