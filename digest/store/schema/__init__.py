"""The tables, by subject. Does not know about queries or about how a database got this far (migrations)."""

from digest.store.schema.columns import Moment, metadata
from digest.store.schema.days import fetch_failures, repeats, runs, verdicts
from digest.store.schema.editions import edition_items, editions, feed_builds, feed_pings, feed_tokens, holds, pieces
from digest.store.schema.mail import bounces, deliveries, domains, outbox, senders, suppressions
from digest.store.schema.papers import (
    day_changes,
    line_hashes,
    listings,
    paper_keys,
    paper_links,
    paper_tails,
    papers,
    revisions,
    set_asides,
    sightings,
)
from digest.store.schema.readers import feedback, roll, subscriptions

__all__ = [
    "Moment",
    "bounces",
    "day_changes",
    "deliveries",
    "domains",
    "edition_items",
    "editions",
    "feed_builds",
    "feed_pings",
    "feed_tokens",
    "feedback",
    "fetch_failures",
    "holds",
    "line_hashes",
    "listings",
    "metadata",
    "outbox",
    "paper_keys",
    "paper_links",
    "paper_tails",
    "papers",
    "pieces",
    "repeats",
    "revisions",
    "roll",
    "runs",
    "senders",
    "set_asides",
    "sightings",
    "subscriptions",
    "suppressions",
    "verdicts",
]
