"""Who is subscribed, and when to look at each again."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("next_due", sa.DateTime(timezone=True)),
        sa.Column("empty_at", sa.DateTime(timezone=True)),
        sa.Column("paused_until", sa.Date()),
        sa.Column("history", sa.String(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="subscriptions_key"),
    )
    op.create_index("subscriptions_by_next_due", "subscriptions", ["next_due"])
    op.create_index("subscriptions_by_empty_at", "subscriptions", ["empty_at"])
    op.create_table(
        "roll",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="roll_key"),
    )
