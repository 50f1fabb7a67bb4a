"""What keeps the program going: the runs of the phases, and what an operator is told of all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

from digest.cadence import next_moment
from digest.days import at_fault
from digest.errors import StoreError
from digest.listings import read_dump
from digest.model import Figure, Run, Subscription, VerdictKind
from digest.pipeline.ingest import SET_ASIDE, dumps_in
from digest.pipeline.roll import with_pauses
from digest.store import Store

_A_WEEK = timedelta(days=7)


class Watch:
    """Times the phases of a run and remembers them when it is over, however it ended. `clock` counts seconds."""

    def __init__(self, store: Store, now: datetime, clock: Callable[[], float]) -> None:
        self._store, self._now, self._clock = store, now, clock
        self._runs: list[Run] = []

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        begun, well, words = self._clock(), False, ""
        try:
            yield
            well = True
        except Exception as error:
            words = type(error).__name__
            raise
        finally:
            seconds = max(0.0, self._clock() - begun)
            self._runs.append(
                Run(phase=name, started_at=self._now, seconds=round(seconds, 3), ended_well=well, outcome=words)
            )

    @contextmanager
    def watching(self) -> Iterator[None]:
        """What is remembered of a run must not hide why it failed."""
        try:
            yield
        except BaseException:
            with suppress(StoreError):
                self._store.ran(self._runs)
            raise
        self._store.ran(self._runs)


def figures(store: Store, subscriptions: Sequence[Subscription], now: datetime, version: str) -> tuple[Figure, ...]:
    """Everything worth watching, as numbers. Moments rather than ages, which the watcher can tell by itself."""
    return tuple(
        chain(
            _amounts(store, subscriptions, version),
            _outbox(store),
            _moments(store, subscriptions, now),
            _phases(store),
            _days(store, now),
        )
    )


def _amounts(store: Store, subscriptions: Sequence[Subscription], version: str) -> Iterator[Figure]:
    counts = store.counts()
    readers = sum(one.address is not None for one in subscriptions)
    yield Figure(name="digest_info", about="The program.", value=1, labels={"version": version})
    for name, value, about in (
        ("papers", counts["papers"], "Papers known."),
        ("sightings", counts["sightings"], "Sightings of papers in listings."),
        ("listings", counts["listings"], "Listings taken in."),
        ("set_aside", counts["set_aside"], "Dumps that could not be read."),
        ("editions", counts["editions"], "Editions made."),
        ("suppressed_addresses", counts["suppressed"], "Addresses never to mail."),
        ("readers", readers, "Subscriptions by mail."),
        ("feeds", len(subscriptions) - readers, "Subscriptions that are feeds."),
    ):
        yield Figure(name=f"digest_{name}", about=about, value=value)


def _outbox(store: Store) -> Iterator[Figure]:
    oldest = store.outbox_ages()
    for state, count in store.counts()["outbox"].items():
        labels = {"state": state.value}
        yield Figure(name="digest_outbox_messages", about="Messages by state.", value=count, labels=labels)
    for state in sorted(oldest):
        about, labels = "When the oldest message of a state was decided on.", {"state": state.value}
        value = oldest[state].timestamp()
        yield Figure(name="digest_outbox_oldest_timestamp_seconds", about=about, value=value, labels=labels)


def _moments(store: Store, subscriptions: Sequence[Subscription], now: datetime) -> Iterator[Figure]:
    if newest := store.newest_ingest():
        about = "When the newest dump was taken in."
        yield Figure(name="digest_newest_dump_timestamp_seconds", about=about, value=newest.timestamp())
    last = store.last_editions()
    if subscriptions:
        soonest = min(next_moment(one, last.get(one.id), now) for one in with_pauses(store, subscriptions))
        yield Figure(name="digest_next_due_timestamp_seconds", about="When the next edition is due.",
                     value=soonest.timestamp())  # fmt: skip


def _phases(store: Store) -> Iterator[Figure]:
    latest, well = store.last_runs(), store.last_runs(well=True)
    for name, about, runs, read in (
        ("digest_phase_last_run_timestamp_seconds", "When a phase ran last.", latest, _begun),
        ("digest_phase_last_success_timestamp_seconds", "When a phase last came to its end.", well, _begun),
        ("digest_phase_duration_seconds", "How long a phase took last.", latest, _took),
    ):
        for phase, run in runs.items():
            yield Figure(name=name, about=about, value=read(run), labels={"phase": phase})


def _begun(run: Run) -> float:
    return run.started_at.timestamp()


def _took(run: Run) -> float:
    return run.seconds


def _days(store: Store, now: datetime) -> Iterator[Figure]:
    """Of each source the verdict on its latest day that was judged: 1 for what it is, 0 for all else."""
    latest = {one.source: one for one in store.verdicts((now - _A_WEEK).date())}
    for source, verdict in latest.items():
        for kind in VerdictKind:
            yield Figure(
                name="digest_source_day",
                about="The verdict on the latest day of a source.",
                value=float(kind is verdict.kind),
                labels={"source": source, "verdict": kind.value},
            )
    about = "Whether a source is broken, stale or missing of today or yesterday."
    fault = float(at_fault(tuple(store.verdicts((now - _A_WEEK).date())), now))
    yield Figure(name="digest_sources_at_fault", about=about, value=fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how many days things are kept; 0 is for ever."""

    mails: int = 0
    editions: int = 0
    sightings: int = 0
    dumps: int = 0
    set_asides: int = 0


def prune(store: Store, inbox: Path, keep: Retention, now: datetime, *, dry: bool = False) -> dict[str, int]:
    """Let go what is older and not needed any more; returns how much of what. What is known and was shown stays.

    The caller holds the lock "run".
    """

    def ago(days: int) -> datetime:
        return now - timedelta(days=days)

    mails = ago(keep.mails) if keep.mails else None
    editions = ago(keep.editions).date() if keep.editions else None
    return {
        "mails": store.prune_mails(mails, dry=dry) if mails else 0,
        "editions": store.prune_editions(editions, dry=dry) if editions else 0,
        "pieces": store.prune_pieces(mails, editions, dry=dry) if mails or editions else 0,
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
