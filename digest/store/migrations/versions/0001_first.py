"""The first schema. Spelled out with plain types, because `digest.store.schema` moves on and this must not."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_listings()
    _create_papers()
    _create_history()
    _create_editions()
    _create_outbox()


def _create_listings() -> None:
    op.create_table(
        "listings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("dump", sa.Text(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("fidelity", sa.Integer(), nullable=False),
        sa.Column("daily", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("revised", sa.Integer(), nullable=False),
        sa.Column("relisted", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("listings_key")),
        sa.UniqueConstraint("digest", name=op.f("listings_one_digest")),
    )
    op.create_index(op.f("listings_by_recorded_at"), "listings", ["recorded_at"])
    op.create_index(op.f("listings_by_source_as_of"), "listings", ["source", "as_of"])
    op.create_table(
        "set_asides",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("dump", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("set_asides_key")),
    )
    op.create_index(op.f("set_asides_by_at"), "set_asides", ["at"])


def _create_papers() -> None:
    op.create_table(
        "papers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("abstract", sa.Text(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("author_count", sa.Integer(), nullable=True),
        sa.Column("organisation", sa.Text(), nullable=True),
        sa.Column("submitter", sa.Text(), nullable=True),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("published", sa.Date(), nullable=True),
        sa.Column("arxiv_id", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("doi", sa.Text(), nullable=True),
        sa.Column("code_url", sa.Text(), nullable=True),
        sa.Column("code_stars", sa.Integer(), nullable=True),
        sa.Column("project_url", sa.Text(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=True),
        sa.Column("first_listed", sa.Date(), nullable=False),
        sa.Column("first_seen", MOMENT, nullable=False),
        sa.Column("revised_at", MOMENT, nullable=True),
        sa.Column("origins", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("papers_key")),
    )
    op.create_index(op.f("papers_by_first_seen"), "papers", ["first_seen"])
    op.create_table(
        "paper_keys",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("paper_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("paper_keys_paper_id")),
        sa.PrimaryKeyConstraint("key", "paper_id", name=op.f("paper_keys_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("paper_keys_by_paper_id"), "paper_keys", ["paper_id"])


def _create_history() -> None:
    op.create_table(
        "sightings",
        sa.Column("paper_id", sa.String(), nullable=False),
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=True),
        sa.Column("comments", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["listing_id"], ["listings.id"], name=op.f("sightings_listing_id")),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("sightings_paper_id")),
        sa.PrimaryKeyConstraint("paper_id", "listing_id", name=op.f("sightings_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("sightings_by_listing_id_position"), "sightings", ["listing_id", "position"])
    op.create_table(
        "revisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.String(), nullable=False),
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["listing_id"], ["listings.id"], name=op.f("revisions_listing_id")),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("revisions_paper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("revisions_key")),
    )
    op.create_index(op.f("revisions_by_paper_id"), "revisions", ["paper_id"])


def _create_editions() -> None:
    op.create_table(
        "editions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("subscription_id", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("editions_key")),
    )
    op.create_index(op.f("editions_by_subscription_id_date"), "editions", ["subscription_id", "date"])
    op.create_table(
        "edition_items",
        sa.Column("edition_id", sa.Text(), nullable=False),
        sa.Column("paper_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("edition_items_edition_id")),
        sa.PrimaryKeyConstraint("edition_id", "paper_id", name=op.f("edition_items_key")),
        sqlite_with_rowid=False,
    )


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("edition_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("outbox_edition_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("outbox_key")),
    )
    op.create_index(op.f("outbox_by_created_at"), "outbox", ["created_at"])
    op.create_index(op.f("outbox_by_state_next_at"), "outbox", ["state", "next_at"])
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("next_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["outbox.message_id"], name=op.f("deliveries_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("deliveries_key")),
    )
    op.create_index(op.f("deliveries_by_message_id"), "deliveries", ["message_id"])
    op.create_table(
        "suppressions",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("suppressions_key")),
    )
