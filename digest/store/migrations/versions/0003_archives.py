"""Whole archives: read in parts, skipped by line, with fewer index entries; keys in the order of their bytes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("listings", sa.Column("archive", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("listings", sa.Column("resume_at", sa.Integer(), nullable=True))
    op.add_column("listings", sa.Column("more_rejected", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "line_hashes",
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("begin", sa.Integer(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("listing_id", "begin", name="line_hashes_key"),
        sa.ForeignKeyConstraint(["listing_id"], ["listings.id"], name="line_hashes_listing_id"),
    )
    _create_day_changes()
    _create_tails()
    _create_links()
    op.drop_index("papers_by_first_seen", "papers")
    op.drop_index("paper_keys_by_paper_id", "paper_keys")
    op.execute("DELETE FROM paper_keys WHERE key = 'arxiv:' || paper_id")
    _let_papers_be_unlisted()
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE paper_keys ALTER COLUMN key TYPE text COLLATE "C"')


def _let_papers_be_unlisted() -> None:
    """SQLite cannot make a column nullable in place, and does not let a table go that others refer to."""
    op.add_column("papers", sa.Column("listed", sa.Date(), nullable=True))
    op.execute("UPDATE papers SET listed = first_listed")
    op.execute("ALTER TABLE papers DROP COLUMN first_listed")
    op.execute("ALTER TABLE papers RENAME COLUMN listed TO first_listed")


def _create_day_changes() -> None:
    op.create_table(
        "day_changes",
        sa.Column("paper_id", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("paper_id", "as_of", name="day_changes_key"),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name="day_changes_paper_id"),
    )


def _create_links() -> None:
    op.create_table(
        "paper_links",
        sa.Column("paper_id", sa.String(), nullable=False),
        sa.Column("other_id", sa.String(), nullable=False),
        sa.Column("likeness", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("paper_id", "other_id", name="paper_links_key"),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name="paper_links_paper_id"),
        sa.ForeignKeyConstraint(["other_id"], ["papers.id"], name="paper_links_other_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("paper_links_by_other_id", "paper_links", ["other_id"])


def _create_tails() -> None:
    """Filled from the keys of the titles, which are their letters and digits; a paper's asides stay in for once."""
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    tails = op.create_table(
        "paper_tails",
        sa.Column("tail", text, nullable=False),
        sa.Column("paper_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tail", "paper_id", name="paper_tails_key"),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name="paper_tails_paper_id"),
        sqlite_with_rowid=False,
    )
    keys = op.get_bind().execute(sa.text("SELECT key, paper_id FROM paper_keys WHERE key LIKE 'title:%'")).all()
    ends = {(key[len("title:") :][:-41:-1], paper_id) for key, paper_id in keys}
    op.bulk_insert(tails, [{"tail": tail, "paper_id": paper_id} for tail, paper_id in sorted(ends)])
