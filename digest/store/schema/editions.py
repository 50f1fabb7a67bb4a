"""What is published: editions, the pieces they are made of, what waits for an editor, feeds."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from digest.store.schema.columns import Moment, Words, metadata

# `id` is subscription and date, and the only unique key: with a second one PostgreSQL's ON CONFLICT, which minds one,
# would let the other fail when two processes insert at the same moment.
# An edition has `content` until that is pruned, the record of an empty date has a `reason`; never both. The content is
# what is its own of the frozen Edition, as JSON; what it shares with others is the piece `selection`. Without one the
# content is all.
editions = Table(
    "editions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subscription_id", Text, nullable=False),
    Column("date", Date, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("reason", Text),
    Column("content", Text),
    Column("selection", String),
    Index(None, "subscription_id", "date"),
)

# Selections, letters and their pieces by the SHA-256 of what they are, zlib; `used_on` is the last date they are for.
# No foreign keys lead here: what is old may go, and is told to be gone.
pieces = Table(
    "pieces",
    metadata,
    Column("digest", Text().with_variant(Text(collation="C"), "postgresql"), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("used_on", Date, nullable=False, index=True),
)

# No foreign key to papers: an edition is frozen and stands on its own.
edition_items = Table(
    "edition_items",
    metadata,
    Column("edition_id", ForeignKey("editions.id"), primary_key=True),
    Column("paper_id", String, primary_key=True),
    Column("section", String, nullable=False, server_default="main"),  # its kind
    Index(None, "paper_id"),
    sqlite_with_rowid=False,
)

# An edition that no surface may show: until a moment, or for good. Its message, if it has one, is held or stopped too.
holds = Table(
    "holds",
    metadata,
    Column("edition_id", ForeignKey("editions.id"), primary_key=True),
    Column("state", String, nullable=False),
    Column("until", Moment, nullable=False),
)

# Which files were written of which subscription's editions, and from what; the mark gets a + with each new
# edition.
feed_builds = Table(
    "feed_builds",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("mark", Text, nullable=False),
    Column("paths", Words, nullable=False),
)

# How often private feeds got another address; no row for those that never did.
feed_tokens = Table(
    "feed_tokens",
    metadata,
    Column("subscription_id", Text, primary_key=True),
    Column("generation", Integer, nullable=False),
)

# Addresses of feeds whose hub is to be told that they changed.
feed_pings = Table("feed_pings", metadata, Column("address", Text, primary_key=True))
