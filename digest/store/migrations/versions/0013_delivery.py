"""Several senders: whose a message is, where it goes to, and how the domains and mailboxes take it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("domain", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("outbox", sa.Column("owner", sa.String(), nullable=False, server_default=sa.text("''")))
    op.add_column("outbox", sa.Column("queued_at", sa.DateTime(timezone=True)))
    op.drop_index("outbox_by_state_next_at", "outbox")
    op.create_index("outbox_by_state_next_at_message_id", "outbox", ["state", "next_at", "message_id"])
    after = "split_part(address, '@', 2)"
    if op.get_bind().dialect.name == "sqlite":
        after = "substr(address, instr(address, '@') + 1)"
    op.execute(f"UPDATE outbox SET domain = lower({after})")  # noqa: S608
    op.create_table(
        "senders",
        sa.Column("owner", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name="senders_key"),
    )
    op.create_table(
        "domains",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True)),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="domains_key"),
    )
    # What was on its way when the program was last killed belongs to a sender that is surely dead.
    op.execute("UPDATE outbox SET owner = 'before' WHERE state = 'sending'")
    op.execute("INSERT INTO senders (owner) SELECT DISTINCT owner FROM outbox WHERE owner = 'before'")
