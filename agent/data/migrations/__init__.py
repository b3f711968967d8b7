"""The migrations, run by `agent.data.schema.migrate`."""
