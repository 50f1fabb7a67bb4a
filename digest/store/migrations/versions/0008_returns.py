"""What comes back, suppressions of one subscription and lifted ones, and the editor's hold."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("suppressions", sa.Column("subscription_id", sa.Text(), nullable=True))
    op.add_column("suppressions", sa.Column("lifted", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "bounces",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("consequence", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("subscription_id", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="bounces_key"),
    )
    op.create_index("bounces_by_address_key", "bounces", ["address_key"])
    op.create_index("bounces_by_kind_at", "bounces", ["kind", "at"])
    op.create_table(
        "holds",
        sa.Column("edition_id", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("edition_id", name="holds_key"),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name="holds_edition_id"),
    )
    op.create_index("outbox_by_edition_id", "outbox", ["edition_id"])
    op.create_index("outbox_by_address", "outbox", ["address"])
