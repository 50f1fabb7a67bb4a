"""More of what a source says of a paper: LaTeX, comment, journal, latest version, own id; marks of a listing."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("latex_title", "latex_abstract", "comment", "journal_ref", "source_id", "page_url"):
        op.add_column("papers", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("papers", sa.Column("updated", sa.Date(), nullable=True))
    op.add_column("listings", sa.Column("marks", sa.JSON(), nullable=True))
