"""Lists that came once more under the name of a later day."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "repeats",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("dump", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "date", name="repeats_key"),
        sqlite_with_rowid=False,
    )
