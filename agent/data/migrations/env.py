"""What Alembic runs: the migrations, on the connection that `agent.data.schema.migrate` hands over."""

from alembic import context

from agent.data.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
