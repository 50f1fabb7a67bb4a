"""The section of each paper in an edition; before there was one only."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("edition_items", sa.Column("section", sa.String(), nullable=False, server_default="main"))
