"""Alembic's way in: `missions.store.migrate` hands over the open connection."""

from alembic import context

from missions.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the caller's transaction holds the whole upgrade
)
context.run_migrations()
