"""The contract of a store, on SQLite in memory, SQLite in a file, and PostgreSQL."""

from tests.contracts.store import StoreContract


class TestStores(StoreContract):
    """On every kind of database in turn."""
