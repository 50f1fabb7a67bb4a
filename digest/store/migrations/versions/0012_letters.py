"""What editions and messages share is stored once, under its digest; a message is made again from its letter.

What was on its way has its bytes stored: they become a letter of one literal.
"""

import hashlib
import json
import zlib

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    pieces = op.create_table(
        "pieces",
        sa.Column("digest", text, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("used_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pieces_key"),
    )
    op.create_index("pieces_by_used_on", "pieces", ["used_on"])
    op.add_column("editions", sa.Column("selection", sa.String(), nullable=True))
    for column in ("letter", "sha256"):
        op.add_column("outbox", sa.Column(column, sa.String(), nullable=True))
    op.add_column("outbox", sa.Column("own", sa.JSON(), nullable=True))
    _keep_what_is_on_its_way(pieces)
    op.drop_column("outbox", "message")


def _keep_what_is_on_its_way(pieces: sa.Table) -> None:
    conn = op.get_bind()
    outbox = sa.table(
        "outbox",
        *map(sa.column, ("message_id", "edition_id", "letter", "sha256")),
        sa.column("message", sa.LargeBinary()),
        sa.column("own", sa.JSON()),
    )
    editions = sa.table("editions", sa.column("id"), sa.column("date", sa.Date()), sa.column("content"))
    query = sa.select(outbox.c.message_id, outbox.c.message, editions.c.date, editions.c.content)
    rows = conn.execute(
        query.join(editions, editions.c.id == outbox.c.edition_id).where(outbox.c.message.is_not(None))
    ).all()
    for row in rows:
        message = zlib.decompress(row.message)
        profile = json.loads(row.content or "{}").get("subscription", {}).get("profile", "digest")
        letter = msgspec.msgpack.encode([f"{row.date}-{profile}", [["plain", [[None, message]]]]])
        digest = hashlib.sha256(letter).hexdigest()
        if not conn.scalar(sa.select(pieces.c.digest).where(pieces.c.digest == digest)):
            conn.execute(pieces.insert().values(digest=digest, content=zlib.compress(letter), used_on=row.date))
        given = {"letter": digest, "own": [], "sha256": hashlib.sha256(message).hexdigest()}
        conn.execute(outbox.update().where(outbox.c.message_id == row.message_id).values(given))
