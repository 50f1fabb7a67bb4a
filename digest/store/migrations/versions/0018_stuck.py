"""Why a dump that was set aside could not be moved out of the inbox: in a column, no longer behind the reason."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_WORDS = "; it could not be moved out of the inbox ("


def upgrade() -> None:
    op.add_column("set_asides", sa.Column("stuck", sa.Text()))
    table = sa.table("set_asides", *map(sa.column, ("digest", "reason", "stuck")))
    old = sa.select(table.c.digest, table.c.reason).where(table.c.reason.contains(_WORDS))
    for digest, told in op.get_bind().execute(old).all():
        reason, _, stuck = told.rpartition(_WORDS)
        row = table.c.digest == digest
        op.execute(table.update().where(row).values(reason=reason, stuck=stuck.removesuffix(")")))
