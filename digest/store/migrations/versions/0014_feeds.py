"""Feeds: which files were written from what, the addresses of private ones, and hubs to tell."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("edition_items_by_paper_id", "edition_items", ["paper_id"])
    op.create_table(
        "feed_builds",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("paths", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("feed", name="feed_builds_key"),
    )
    op.create_table(
        "feed_tokens",
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subscription_id", name="feed_tokens_key"),
    )
    op.create_table(
        "feed_pings",
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("address", name="feed_pings_key"),
    )
