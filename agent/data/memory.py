"""Stores in memory, made by copying one: back-tests open hundreds."""

import sqlite3
from functools import cache
from pathlib import Path
from typing import cast

from agent.data import schema
from agent.data.engine import Database


def fill(database: Database, scripts: Path = schema.SCRIPTS) -> None:
    """Put the empty tables into a database in memory."""
    with database.engine.connect() as connection:
        _blank(scripts).backup(_driver(connection.connection.driver_connection))


@cache
def _blank(scripts: Path) -> sqlite3.Connection:
    # Migrating takes some 40 ms, copying what was migrated takes one.
    database = Database("sqlite://")
    with database.writing() as connection:
        schema.migrate(connection, scripts)
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    with database.engine.connect() as connection:
        _driver(connection.connection.driver_connection).backup(copy)
    database.close()
    return copy


def _driver(connection: object) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection)
