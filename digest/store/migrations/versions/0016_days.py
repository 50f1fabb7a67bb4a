"""How the sources' days were, which fetches failed, and the runs of the phases."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "verdicts",
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("date", "source", name="verdicts_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fetch_failures",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "date", name="fetch_failures_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("ended_well", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="runs_key"),
    )
    op.create_index("runs_by_phase_id", "runs", ["phase", "id"])
