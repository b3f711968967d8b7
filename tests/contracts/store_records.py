"""Every record comes out of a store as it went in."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import text

from agent.core.values import Value
from agent.data.address import is_memory
from agent.data.engine import Database
from agent.data.memory import fill
from agent.data.rows import from_row, insertion, query, to_row
from agent.data.store import Store
from tests import strategies

# The columns that tables have and records have not.
BESIDE: dict[str, Any] = {"Approval": {"seq": 1}, "Job": {"seq": 1}, "Sample": {"seq": 1}}


class RecordContract:
    """Records and rows."""

    @pytest.mark.parametrize("cls", strategies.RECORDS, ids=lambda cls: cls.__name__)
    def test_a_record_comes_back_as_it_was(self, store: Store, cls: type[Value]) -> None:
        database = Database(store.url)
        try:
            if is_memory(database.url):
                fill(database)
            _round_trip(database, cls)
        finally:
            database.close()


def _round_trip(database: Database, cls: type[Value]) -> None:
    # A record by itself: what it refers to is not there, so nothing is ever committed.
    alone = "PRAGMA defer_foreign_keys = ON"
    if database.dialect == "postgresql":
        alone = "SET LOCAL session_replication_role = replica"

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(strategies.RECORDS[cls])
    def check(record: Value) -> None:
        with database.reading() as connection:  # which takes back what it wrote
            connection.execute(text(alone))
            row = {**to_row(record), **BESIDE.get(cls.__name__, {})}
            insertion(cls).change(connection, row)
            found = from_row(cls, connection.execute(query(cls)).one())
        assert found == record
        assert found.model_dump_json() == _as_kept(record).model_dump_json()

    check()


def _as_kept(record: Value) -> Value:
    return from_row(type(record), list(map(_kept, to_row(record).values())))


def _kept(value: Any) -> Any:
    """Moments in UTC, and one zero: SQLite has no -0.0, which equals 0.0."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return value + 0.0 if isinstance(value, float) else value
