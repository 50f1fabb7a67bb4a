"""What goes out and what comes back."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, text

from digest.store.schema.columns import Moment, metadata

outbox = Table(
    "outbox",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("edition_id", ForeignKey("editions.id"), nullable=False, index=True),
    Column("address", Text, nullable=False, index=True),
    Column("domain", Text, nullable=False, server_default=text("''")),
    Column("state", String, nullable=False),
    Column("created_at", Moment, nullable=False, index=True),
    Column("next_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reply", Text, nullable=False),
    Column("letter", String),  # a piece; none where an earlier version decided
    Column("own", JSON),  # what fills the letter for this reader
    Column("sha256", String),  # of the finished bytes
    Column("owner", String, nullable=False, server_default=text("''")),
    Column("queued_at", Moment),
    Index(None, "state", "next_at", "message_id"),
)

# Who is sending now, or was when it died: its lock tells which.
senders = Table("senders", metadata, Column("owner", String, primary_key=True))

domains = Table(
    "domains",
    metadata,
    Column("name", Text, primary_key=True),
    Column("failures", Integer, nullable=False),  # in a row
    Column("not_before", Moment),
    Column("stopped", Boolean, nullable=False),
    Column("reply", Text, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message_id", ForeignKey("outbox.message_id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("state", String, nullable=False),
    Column("reply", Text, nullable=False),
    Column("next_at", Moment),
)

# A lifted one is remembered: what came back before does not count again.
suppressions = Table(
    "suppressions",
    metadata,
    Column("key", Text, primary_key=True),  # the address in lower case, or "subscription:" and its id
    Column("address", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("subscription_id", Text),
    Column("lifted", Moment),
)

# No foreign keys: what came back outlives what it answers.
bounces = Table(
    "bounces",
    metadata,
    Column("digest", String, primary_key=True),  # SHA-256 of the mail, which is read once
    Column("kind", String, nullable=False),
    Column("consequence", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("address_key", Text, index=True),  # in lower case
    Column("address", Text),
    Column("subscription_id", Text),
    Column("message_id", Text),
    Column("status", String, nullable=False),
    Column("words", Text, nullable=False),
    Index(None, "kind", "at"),
)
