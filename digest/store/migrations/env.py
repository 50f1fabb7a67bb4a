"""Alembic's entry: runs on the connection, and in the transaction, that `digest.store.migrate` hands over."""

from alembic import context

from digest.store.migrate import VERSION_TABLE
from digest.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
context.run_migrations()
