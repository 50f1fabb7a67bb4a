"""What one run costs for very many readers: 100,000 of them with 1,000 profiles, all due at once.

    python benchmarks/subscribers.py [--subscribers 100000] [--profiles 1000] [--papers 300] [--days 2] [--vocal 100]
        [--database URL]

Makes up papers, profiles and readers in a temporary folder, then times `publish` and `deliver` day by day: the first
edition of all, and the next day's, when all were shown papers and one in a hundred has said something of one of them:
from then on these have lists and a history of their own, all readers with `--vocal 1`. Mails go over loopback to a
server in another process, which throws them away; readers have no private feeds, see docs/feeds.md.
Prints seconds, editions or messages a second, the peak of memory and the size of the database.
"""

from __future__ import annotations

import argparse
import csv
import resource
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter, process_time

from sinks import sink

from digest.cli import world
from digest.config import load
from digest.listings import read_dump
from digest.model import Feedback, Opinion
from digest.pipeline.deliver import deliver
from digest.pipeline.ingest import ingest
from digest.pipeline.publish import publish
from digest.store import Store
from digest.transport import SmtpTransport

WORDS = "model robot video speech protein graph reward memory vision token policy market climate music proof sensor"
START = datetime(2026, 6, 1, 20, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def papers(folder: Path, day: datetime, number: int) -> Path:
    """A list of the day in our own format."""
    random, words = Random(f"{day}"), WORDS.split()
    path = folder / f"{day:%Y-%m-%d}.jsonl"
    with path.open("w") as file:
        file.write(f'{{"listing": {{"source": "lab", "as_of": "{day:%Y-%m-%d}", "daily": true}}}}\n')
        for each in range(number):
            title = f"{' '.join(random.sample(words, 5))} {day:%d} {each}"
            abstract = " ".join(random.choices(words, k=150))
            file.write(f'{{"title": "{title}", "abstract": "{abstract}", "votes": {random.randrange(200)}}}\n')
    return path


def settings(folder: Path, subscribers: int, profiles: int) -> Path:
    random, words = Random(1), WORDS.split()
    with (folder / "profiles.toml").open("w") as file:
        for each in range(profiles):
            told = ", ".join(f'"{word}"' for word in random.sample(words, 3))
            file.write(f'[p{each}]\ntitle = "Profile {each}"\nfeed = false\n')
            file.write(f'[[p{each}.topic]]\nname = "topic"\nwords = [{told}]\n')
    with (folder / "readers.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("address", "profile", "at", "zone"))
        for each in range(subscribers):
            zone = random.choice(("Europe/Berlin", "UTC", "America/New_York", "Asia/Tokyo"))
            rows.writerow((f"reader{each}@example.org", f"p{each % profiles}", f"0{each % 10}:30", zone))
    path = folder / "digest.toml"
    path.write_text(
        '[paths]\nstate = "state"\ninbox = "inbox"\noutput = "out"\nsubscriptions = "readers.csv"\n'
        '[feeds]\nprivate = "none"\n'
    )
    return path


@contextmanager
def timed(what: str) -> Iterator[Counter[str]]:
    """Counts what is put into the counter, and says how long it took."""
    wall, own, number = perf_counter(), process_time(), Counter[str]()
    yield number
    took = perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = ", ".join(f"{count:,} {name}" for name, count in sorted(number.items()))
    print(
        f"{what}: {told}, {took:.0f} s ({process_time() - own:.0f} s of processor), "
        f"{number.total() / took:,.0f} a second, peak {peak:,.0f} MB",
        flush=True,
    )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--subscribers", type=int, default=100_000)
    asked.add_argument("--profiles", type=int, default=1000)
    asked.add_argument("--papers", type=int, default=300)
    asked.add_argument("--days", type=int, default=2)
    asked.add_argument("--vocal", type=int, default=100, help="one in so many says something of a paper each day")
    asked.add_argument("--database")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = settings(folder, given.subscribers, given.profiles)
        begin = perf_counter()
        loaded = load(path)
        print(f"settings read in {perf_counter() - begin:.1f} s")
        with Store.open(given.database or loaded.database) as store, sink() as port:
            here = world.build(loaded, store, over=SmtpTransport("127.0.0.1", port, "none"))
            for number in range(given.days):
                now = START + number * DAY
                ingest(store, read_dump(papers(folder, now, given.papers)), now)
                with timed(f"day {number + 1}, publish") as count:
                    made = publish(here, now)
                    count.update({"editions": made.editions, "without": made.none})
                with timed(f"day {number + 1}, deliver") as count:
                    count.update(one.state.value for one in deliver(here, now))
                some = [one for one in here.subscriptions[:: given.vocal] if one.address]
                random = Random(number)
                for one in some:
                    item = random.choice(store.editions(one.id, 1)[0].items)
                    opinion = Feedback(
                        address=one.address or "", paper_id=item.paper.id, opinion=random.choice([*Opinion]), at=now
                    )
                    store.record_feedback(opinion)
        for file in (folder / "state").glob("digest.db"):
            print(f"database {file.stat().st_size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
