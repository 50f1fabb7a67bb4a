"""What readers said of papers."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feedback",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("paper_id", sa.String(), nullable=False),
        sa.Column("opinion", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address", "paper_id", name="feedback_key"),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name="feedback_paper_id"),
        sqlite_with_rowid=False,
    )
