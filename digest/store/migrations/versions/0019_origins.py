"""A paper's origins may be those of all its facts at once, under "", which earlier versions do not understand.

Those that are stored name every fact, as before.
"""

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing to be changed."""
