"""What one look of the scheduler costs: 100,000 subscriptions of which 70 are due, beside one indexed SELECT.

    python benchmarks/tick.py [--subscriptions 100000] [--due 70] [--database URL]

Prints milliseconds of processor time, the median of 50 looks. A look is all that stands between the tick and the
composing: whether the settings or the zone rules changed, whether a dump came in, who is due, and what they had before.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from time import perf_counter, process_time

from sqlalchemy import select

from digest.cadence import wake
from digest.model import NoEdition, Subscription
from digest.store import Store
from digest.store.schema import subscriptions

NOW = datetime(2026, 6, 2, 4, 0, tzinfo=UTC)
MARKS = {"settings": "s", "zones": "z"}


def filled(url: str, number: int, due: int) -> Store:
    """A store where all had an empty date yesterday, and so many are due now; the others within a day."""
    store = Store.open(url)
    readers = [
        Subscription(
            id=f"p{n % 1000}/reader{n}@example.org",
            profile=f"p{n % 1000}",
            address=f"reader{n}@example.org",
            at=time(4, 0) if n < due else time(5 + n % 19, n % 60),
        )
        for n in range(number)
    ]
    store.enroll(readers, MARKS, lambda one, last: wake(one, last, NOW), NOW)
    made = NOW - timedelta(hours=2)
    yesterday = [NoEdition(subscription=one, date=date(2026, 6, 1), reason="nothing new") for one in readers]
    for start in range(0, number, 5000):
        some = yesterday[start : start + 5000]
        store.record_all_empty(some, made, {no.subscription.id: _moment(no.subscription) for no in some})
    return store


def _moment(one: Subscription) -> datetime:
    return datetime.combine(date(2026, 6, 2), one.at, UTC)


def look(store: Store) -> int:
    assert store.roll_marks() == MARKS
    return len(store.enrolled(store.due_subscriptions(NOW, store.newest_ingest())))


def plain(store: Store) -> int:
    with store._reading() as conn:
        return len(conn.execute(select(subscriptions.c.id).where(subscriptions.c.next_due <= NOW)).all())


def milliseconds(work: Callable[[], int], expected: int) -> float:
    took = []
    for _ in range(50):
        begin = process_time()
        assert work() == expected
        took.append(1000 * (process_time() - begin))
    return statistics.median(took)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--subscriptions", type=int, default=100_000)
    asked.add_argument("--due", type=int, default=70)
    asked.add_argument("--database")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        begin = perf_counter()
        with filled(given.database or f"sqlite:///{folder}/tick.db", given.subscriptions, given.due) as store:
            print(f"filled with {given.subscriptions:,} subscriptions in {perf_counter() - begin:.1f} s")
            floor = milliseconds(lambda: plain(store), given.due)
            whole = milliseconds(lambda: look(store), given.due)
            idle = milliseconds(lambda: len(store.due_subscriptions(NOW - timedelta(days=1), None)), 0)
    print(f"one indexed SELECT {floor:.2f} ms, a look {whole:.2f} ms, a look with nobody due {idle:.2f} ms")


if __name__ == "__main__":
    main()
