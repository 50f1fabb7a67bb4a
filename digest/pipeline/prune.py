"""What is old and not needed any more goes; what is known and was shown stays."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from digest.listings import read_dump
from digest.model import Subscription
from digest.pipeline.ingest import SET_ASIDE, dumps_in
from digest.store import Store

_READERS_PAGE = re.compile(r"[\w-]{22}\.html", re.ASCII).fullmatch
_PUBLIC_PAGE = re.compile(r"(?P<month>[0-9]{4}-[0-9]{2})(-[0-9]{2})?\.html").fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how many days things are kept; 0 is for ever."""

    mails: int = 0
    editions: int = 0
    pages: int = 0
    sightings: int = 0
    dumps: int = 0
    set_asides: int = 0


def prune(
    store: Store,
    subscriptions: Iterable[Subscription],
    inbox: Path,
    archive: Path,
    keep: Retention,
    now: datetime,
    archived: Collection[str] = (),
    *,
    dry: bool = False,
) -> dict[str, int]:
    """Let go what is older and not needed any more; returns how much of what. What is known and was shown stays.

    `archive` is the folder of the editions' pages, `archived` are the subscriptions whose editions stay, as archives
    of feeds are made of them. The caller holds the lock "run".
    """

    def ago(days: int) -> datetime:
        return now - timedelta(days=days)

    mails = ago(keep.mails) if keep.mails else None
    editions = ago(keep.editions).date() if keep.editions else None
    left = {
        one.profile: store.days_left(one.id, editions or date.min, archived)
        for one in subscriptions
        if one.address is None
    }
    return {
        "mails": store.prune_mails(mails, dry=dry) if mails else 0,
        "editions": store.prune_editions(editions, archived, dry=dry) if editions else 0,
        "pages": _removed(_old_pages(archive, left, ago(keep.pages)), dry) if keep.pages else 0,
        "pieces": store.prune_pieces(mails, editions, archived, dry=dry) if mails or editions else 0,
        "sightings": store.prune_sightings(ago(keep.sightings).date(), dry=dry) if keep.sightings else 0,
        "dumps": _removed(_taken_in(store, inbox, ago(keep.dumps)), dry) if keep.dumps else 0,
        "set_asides": _prune_set_asides(store, inbox, ago(keep.set_asides), dry) if keep.set_asides else 0,
    }


def _old_pages(archive: Path, left: Mapping[str, Collection[date]], before: datetime) -> Iterator[Path]:
    """Readers' pages written before that, and public ones of earlier months of which no edition is left.

    `left` are by profile the days of which one is. The page of the first such month may lead to what goes: it goes as
    well, and the next run writes it anew.
    """
    yield from _old((path for path in _within(archive) if _READERS_PAGE(path.name)), before)
    for folder in filter(Path.is_dir, _within(archive)):
        months = {f"{day:%Y-%m}" for day in left.get(folder.name, ())}
        pages = {path: found["month"] for path in _within(folder) if (found := _PUBLIC_PAGE(path.name))}
        gone = [path for path, month in pages.items() if month < f"{before:%Y-%m}" and month not in months]
        yield from gone
        if gone and months and (first := folder / f"{min(months)}.html") in pages:
            yield first


def _taken_in(store: Store, inbox: Path, before: datetime) -> Iterator[Path]:
    """The old dumps of the inbox that are known, and so of no use any more."""
    for path in _old(dumps_in(inbox) if inbox.is_dir() else (), before):
        if store.report(read_dump(path).digest) is not None:
            yield path


def _prune_set_asides(store: Store, inbox: Path, before: datetime, dry: bool) -> int:
    _removed(_old(_within(inbox / SET_ASIDE), before), dry)
    return store.prune_set_asides(before, dry=dry)


def _within(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _old(paths: Iterable[Path], before: datetime) -> Iterator[Path]:
    return (path for path in paths if path.is_file() and path.stat().st_mtime < before.timestamp())


def _removed(paths: Iterable[Path], dry: bool) -> int:
    found = list(paths)
    for path in found:
        if not dry:
            path.unlink(missing_ok=True)
    return len(found)
