"""Who is subscribed and when due, and what readers said of papers."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, String, Table, Text

from digest.store.schema.columns import Moment, metadata

# What the settings said last, and when to look at each subscription again; of one that they no longer have, never.
# `empty_at` is when its latest date was found empty, null where that has an edition. Subscriptions of the same
# `history` were shown the same papers on the same dates.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("content", Text, nullable=False),  # the Subscription as JSON, without its pause by command
    Column("next_due", Moment, index=True),
    Column("empty_at", Moment, index=True),
    Column("paused_until", Date),  # by command
    Column("history", String, nullable=False),
    Column("removed_at", Moment),
)

# What the table above was made from: `settings`, and `zones`, the version of the zone rules; and `secret`, the
# fingerprint of that with which tokens and Message-IDs are made.
roll = Table(
    "roll",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
)

feedback = Table(
    "feedback",
    metadata,
    Column("address", Text, primary_key=True),  # in lower case
    Column("paper_id", ForeignKey("papers.id"), primary_key=True),
    Column("opinion", String, nullable=False),
    Column("at", Moment, nullable=False),
    sqlite_with_rowid=False,
)
