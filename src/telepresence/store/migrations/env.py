"""Alembic runs this: it takes the connection that `migrate.py` has opened, in whose transaction everything happens."""

from __future__ import annotations

from alembic import context

from telepresence.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    # SQLite changes a column by copying the table.
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
