"""The tables and their column types. Does not know about queries or about how a database got this far (migrations)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
    text,
)


class Moment(TypeDecorator[datetime]):
    """An aware moment, UTC in and out. SQLite stores no zone, so a naive one would silently mean something else."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive moment {value.isoformat()}: give it a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[tuple[str, ...]]):
    """A tuple of strings, kept as a JSON list."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> list[str]:
        return list(value or ())

    def process_result_value(self, value: list[str] | None, dialect: Dialect) -> tuple[str, ...]:
        return tuple(value or ())


metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_by_%(column_0_N_name)s",
        "uq": "%(table_name)s_one_%(column_0_N_name)s",
        "fk": "%(table_name)s_%(column_0_name)s",
        "pk": "%(table_name)s_key",
    }
)

# --- ingest --------------------------------------------------------------------------------------------------

listings = Table(
    "listings",
    metadata,
    Column("id", Integer, primary_key=True),  # short, because sightings and origins repeat it
    Column("digest", String, nullable=False, unique=True),
    Column("dump", Text, nullable=False),
    Column("format", String, nullable=False),
    Column("source", String, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("fidelity", Integer, nullable=False),
    Column("daily", Boolean, nullable=False),
    Column("archive", Boolean, nullable=False, server_default=false()),
    Column("resume_at", Integer),  # how many lines of it are recorded; null once all are
    Column("recorded_at", Moment, nullable=False, index=True),
    Column("entries", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("revised", Integer, nullable=False),
    Column("relisted", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("gone", Integer, nullable=False),
    Column("marks", Words),
    Column("rejected", JSON, nullable=False),  # the first of them
    Column("more_rejected", Integer, nullable=False, server_default="0"),  # how many others
    Index(None, "source", "as_of"),
)

set_asides = Table(
    "set_asides",
    metadata,
    Column("digest", String, primary_key=True),
    Column("dump", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False, index=True),
)

papers = Table(
    "papers",
    metadata,
    Column("id", String, primary_key=True),
    Column("title", Text, nullable=False),
    Column("latex_title", Text),
    Column("abstract", Text, nullable=False),
    Column("latex_abstract", Text),
    Column("authors", Words, nullable=False),
    Column("author_count", Integer),
    Column("organisation", Text),
    Column("submitter", Text),
    Column("categories", Words, nullable=False),
    Column("keywords", Words, nullable=False),
    Column("comment", Text),
    Column("journal_ref", Text),
    Column("published", Date),
    Column("updated", Date),
    Column("arxiv_id", String),
    Column("version", Integer),
    Column("doi", Text),
    Column("source_id", Text),
    Column("page_url", Text),
    Column("code_url", Text),
    Column("code_stars", Integer),
    Column("project_url", Text),
    Column("withdrawn", Boolean),
    Column("first_listed", Date),
    Column("first_seen", Moment, nullable=False),
    Column("revised_at", Moment),
    # field name -> id of the listing its value came from; a dozen rows a paper would be most of the database
    Column("origins", JSON, nullable=False),
)

# A key may belong to several papers: two works can share a title. The arXiv id of a paper that has it as its id is not
# in here. Neighbours in the order of keys are looked up too, which must be that of their bytes.
paper_keys = Table(
    "paper_keys",
    metadata,
    Column("key", Text().with_variant(Text(collation="C"), "postgresql"), primary_key=True),
    Column("paper_id", ForeignKey("papers.id"), primary_key=True),
    sqlite_with_rowid=False,
)

# The end of each title, last letter first: where a title stands in the order from the back.
paper_tails = Table(
    "paper_tails",
    metadata,
    Column("tail", Text().with_variant(Text(collation="C"), "postgresql"), primary_key=True),
    Column("paper_id", ForeignKey("papers.id"), primary_key=True),
    sqlite_with_rowid=False,
)

# Papers that can be one, the pair in order of id: a likeness, which merges nothing.
paper_links = Table(
    "paper_links",
    metadata,
    Column("paper_id", ForeignKey("papers.id"), primary_key=True),
    Column("other_id", ForeignKey("papers.id"), primary_key=True, index=True),
    Column("likeness", Integer, nullable=False),
    Column("why", Text, nullable=False),
    sqlite_with_rowid=False,
)

# What a day's dumps have changed of a known paper so far; needed again only by another dump of the day.
day_changes = Table(
    "day_changes",
    metadata,
    Column("paper_id", ForeignKey("papers.id"), primary_key=True),
    Column("as_of", Date, primary_key=True),
    Column("changes", JSON, nullable=False),
)

# The hashes of the lines of each source's last archive, by part. Losing them costs one slow ingest.
line_hashes = Table(
    "line_hashes",
    metadata,
    Column("listing_id", ForeignKey("listings.id"), primary_key=True),
    Column("begin", Integer, primary_key=True),
    Column("hashes", LargeBinary, nullable=False),
)

# Source, date, length and moment of a sighting are its listing's.
sightings = Table(
    "sightings",
    metadata,
    Column("paper_id", ForeignKey("papers.id"), primary_key=True),
    Column("listing_id", ForeignKey("listings.id"), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("votes", Integer),
    Column("comments", Integer),
    Index(None, "listing_id", "position"),
    sqlite_with_rowid=False,
)

revisions = Table(
    "revisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("paper_id", ForeignKey("papers.id"), nullable=False, index=True),
    Column("listing_id", ForeignKey("listings.id"), nullable=False),
    Column("field", String, nullable=False),
    Column("old", Text, nullable=False),
    Column("new", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

# --- days ----------------------------------------------------------------------------------------------------

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

# --- feedback ------------------------------------------------------------------------------------------------

feedback = Table(
    "feedback",
    metadata,
    Column("address", Text, primary_key=True),  # in lower case
    Column("paper_id", ForeignKey("papers.id"), primary_key=True),
    Column("opinion", String, nullable=False),
    Column("at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

# --- publish -------------------------------------------------------------------------------------------------

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

# What the table above was made from: `settings` and `zones`, the version of the zone rules.
roll = Table(
    "roll",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
)

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

# --- deliver -------------------------------------------------------------------------------------------------

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

# --- what comes back -----------------------------------------------------------------------------------------

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

# --- the editor's hold ---------------------------------------------------------------------------------------

# An edition that no surface may show: until a moment, or for good. Its message, if it has one, is held or stopped too.
holds = Table(
    "holds",
    metadata,
    Column("edition_id", ForeignKey("editions.id"), primary_key=True),
    Column("state", String, nullable=False),
    Column("until", Moment, nullable=False),
)
