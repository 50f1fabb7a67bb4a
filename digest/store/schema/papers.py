"""What dumps become: listings, papers, their sightings and revisions."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Date, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, false

from digest.store.schema.columns import Moment, Words, metadata

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
    Column("stuck", Text),  # why it could not be moved out of the inbox; null if it was
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
    # field name -> id of the listing its value came from, "" for all others; a dozen rows a paper would be most of the
    # database, and to name each field for every paper a tenth of it
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
