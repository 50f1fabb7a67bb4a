"""What an operator is told of everything, as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain

from digest.days import at_fault
from digest.model import OF_A_READER, Figure, Run, Subscription, VerdictKind
from digest.store import Counts, Store

_A_WEEK = timedelta(days=7)


def figures(store: Store, subscriptions: Sequence[Subscription], now: datetime, version: str) -> tuple[Figure, ...]:
    """Everything worth watching, as numbers. Moments rather than ages, which the watcher can tell by itself."""
    counts = store.counts()
    return tuple(
        chain(
            _amounts(counts, subscriptions, version),
            _outbox(store, counts),
            _moments(store),
            _phases(store),
            _days(store, now),
        )
    )


def _amounts(counts: Counts, subscriptions: Sequence[Subscription], version: str) -> Iterator[Figure]:
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


def _outbox(store: Store, counts: Counts) -> Iterator[Figure]:
    oldest = store.outbox_ages()
    for state, count in counts["outbox"].items():
        labels = {"state": state.value}
        yield Figure(name="digest_outbox_messages", about="Messages by state.", value=count, labels=labels)
    for state in sorted(oldest):
        about, labels = "When the oldest message of a state was decided on.", {"state": state.value}
        value = oldest[state].timestamp()
        yield Figure(name="digest_outbox_oldest_timestamp_seconds", about=about, value=value, labels=labels)


def _moments(store: Store) -> Iterator[Figure]:
    for name, about, at in (
        ("digest_newest_dump_timestamp_seconds", "When the newest dump was taken in.", store.newest_ingest()),
        ("digest_next_due_timestamp_seconds", "When the next edition is due.", store.next_due()),
    ):
        if at:
            yield Figure(name=name, about=about, value=at.timestamp())


def _phases(store: Store) -> Iterator[Figure]:
    latest, well = store.last_runs(), store.last_runs(well=True)
    for name, about, runs, read in (
        ("digest_phase_last_run_timestamp_seconds", "When a phase ran last.", latest, _begun),
        ("digest_phase_last_success_timestamp_seconds", "When a phase last ended well.", well, _begun),
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
    verdicts = store.verdicts((now - _A_WEEK).date())
    latest = {one.source: one for one in verdicts}
    for source, verdict in latest.items():
        for kind in (each for each in VerdictKind if each not in OF_A_READER):
            yield Figure(
                name="digest_source_day",
                about="The verdict on the latest day of a source.",
                value=float(kind is verdict.kind),
                labels={"source": source, "verdict": kind.value},
            )
    about = "Whether a source is broken, stale or missing of today or yesterday."
    fault = float(at_fault(verdicts, now))
    yield Figure(name="digest_sources_at_fault", about=about, value=fault)
