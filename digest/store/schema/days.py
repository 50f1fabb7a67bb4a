"""How the sources' days were, and when the phases ran."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Date, Float, Index, Integer, String, Table, Text

from digest.store.schema.columns import Moment, metadata

verdicts = Table(
    "verdicts",
    metadata,
    Column("date", Date, primary_key=True),
    Column("source", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("said", JSON, nullable=False),  # the same for translators
    Column("made_at", Moment, nullable=False),  # when it became what it is
    sqlite_with_rowid=False,
)

# Sources that did not give what they were asked for, until they do. What could not be read is in `set_asides`.
fetch_failures = Table(
    "fetch_failures",
    metadata,
    Column("source", String, primary_key=True),
    Column("date", Date, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    sqlite_with_rowid=False,
)

# Days for which a source gave the list of a day before once more: `dump` is the first that came so.
repeats = Table(
    "repeats",
    metadata,
    Column("source", String, primary_key=True),
    Column("date", Date, primary_key=True),
    Column("dump", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("entries", Integer, nullable=False),
    sqlite_with_rowid=False,
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("phase", String, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("ended_well", Boolean, nullable=False),
    Column("outcome", Text, nullable=False),
    Index(None, "phase", "id"),
)
