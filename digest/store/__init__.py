"""The database: papers and their sightings, feedback, editions, the outbox. SQLite by default, PostgreSQL by URL.

The only module that knows SQL. Has no clock, and lets no exception of a database library out.
"""

from __future__ import annotations

from digest.store.bounces import Bounces
from digest.store.codec import selection_key
from digest.store.days import Days
from digest.store.deliver import Deliveries
from digest.store.feedback import Opinions
from digest.store.feeds import Feeds
from digest.store.holds import Holds
from digest.store.ingest import Ingested
from digest.store.known import KnownBefore
from digest.store.ledger import Ledger
from digest.store.lost import Lost
from digest.store.near import Near
from digest.store.publish import Published
from digest.store.reading import Counts, Papers
from digest.store.set_asides import SetAsides
from digest.store.subscriptions import Roll, with_pause
from digest.store.upkeep import COPY, PORTABLE, Upkeep, verified

__all__ = ["COPY", "PORTABLE", "Counts", "Ledger", "Store", "selection_key", "verified", "with_pause"]


class Store(
    KnownBefore,
    Ingested,
    SetAsides,
    Near,
    Papers,
    Days,
    Opinions,
    Roll,
    Published,
    Feeds,
    Lost,
    Deliveries,
    Bounces,
    Holds,
    Upkeep,
):
    """One open database. Every method is one transaction; safe to share between threads, not across a fork.

    KnownBefore tells what a dump is compared with, Ingested holds what it becomes, SetAsides the dumps that could not
    be read, Near what stands near a title, Papers what is asked of papers, Days how the sources' days were and when
    the phases ran, Opinions what readers said of papers, Roll who is subscribed and when due, Published the editions
    with the letters and pieces they share, Feeds what was written of them, Deliveries the outbox, Lost what is not
    sent any more, Bounces what came back and whom not to mail, Holds what waits for an editor, Upkeep backups and
    what may go after a time.
    """
