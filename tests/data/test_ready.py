"""Ready statements say the same as SQLAlchemy's own way."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import bindparam, event, insert, select, text, update

from agent.core.trial import Trial
from agent.data.engine import Database
from agent.data.memory import fill
from agent.data.ready import Ready
from agent.data.rows import TABLES, insertion, move, query, query_one, to_row
from agent.data.tables import table
from agent.errors import StoreError
from tests.core.made import trial

TRIALS = TABLES[Trial]
NEWEST = (
    query(Trial)
    .where(TRIALS.c.campaign == bindparam("wanted"), TRIALS.c.status == "proposed")
    .order_by(TRIALS.c.number.desc())
    .limit(2)
)


@pytest.fixture
def database() -> Iterator[Database]:
    """Tables in memory, and three trials that are of no campaign."""
    made = Database("sqlite://")
    fill(made)
    with made.writing() as connection:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        connection.execute(
            text("INSERT INTO campaigns VALUES ('c', 'c', 'active', '', '2026-01-01')")
        )
        for number in (1, 2, 3):
            insertion(Trial).change(connection, to_row(trial(number)))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("statement", "given"),
    [
        (query_one(Trial).statement, {"wanted": "c-T0002"}),
        (query_one(Trial).statement, {"wanted": "none"}),
        (NEWEST, {"wanted": "c"}),
        (select(TRIALS.c.point, TRIALS.c.at).order_by(TRIALS.c.id), {}),
        (text("SELECT count(*) FROM trials WHERE campaign = :wanted"), {"wanted": "c"}),
    ],
)
def test_an_answer_is_the_same(database: Database, statement: Any, given: dict[str, Any]) -> None:
    ready = Ready(statement)
    with database.reading() as connection:
        expected = [tuple(row) for row in connection.execute(statement, given)]
        for _ in range(2):
            assert [tuple(row) for row in ready.rows(connection, given)] == expected
        first = ready.first(connection, given)
        assert (None if first is None else tuple(first)) == next(iter(expected), None)
        assert ready.scalar(connection, given) == (expected[0][0] if expected else None)


def test_a_change_tells_how_many_rows_it_was_of(database: Database) -> None:
    with database.writing() as connection:
        told = {"wanted": "c-T0001", "still": "proposed", "status": "rejected"}
        assert [move(Trial).change(connection, told) for _ in range(2)] == [1, 0]
        every = Ready(update(TRIALS))
        assert every.change(connection, {"revision": 2}) == 3
        assert every.change(connection, {"revision": 3, "batch": 4}) == 3
        found = query_one(Trial).first(connection, {"wanted": "c-T0001"})
        assert found is not None
        row = dict(zip(Trial.model_fields, found, strict=True))
        assert (row["status"], row["revision"], row["batch"]) == ("rejected", 3, 4)


def test_an_answer_to_a_change_is_read(database: Database) -> None:
    counting = Ready(text("UPDATE trials SET batch = batch + 1 WHERE id = :id RETURNING batch"))
    with database.writing() as connection:
        assert [counting.scalar(connection, {"id": "c-T0003"}) for _ in range(2)] == [2, 3]


def test_whoever_listens_hears_of_each(database: Database) -> None:
    heard: list[str] = []

    def hear(_: object, __: object, said: str, *___: object) -> None:
        heard.append(said.split(maxsplit=1)[0])

    with database.writing() as connection:
        event.listen(database.engine, "before_cursor_execute", hear)
        assert query_one(Trial).first(connection, {"wanted": "c-T0001"})
        assert Ready(update(TRIALS)).change(connection, {"batch": 7}) == 3
        event.remove(database.engine, "before_cursor_execute", hear)
        query_one(Trial).first(connection, {"wanted": "c-T0001"})
    assert heard == ["SELECT", "UPDATE"]


def test_what_the_database_refuses_is_an_error_of_ours_and_nothing_is_written(
    database: Database,
) -> None:
    def twice() -> None:
        with database.writing() as connection:
            Ready(update(TRIALS)).change(connection, {"batch": 7})
            insertion(Trial).change(connection, to_row(trial(1)))

    with pytest.raises(StoreError, match="UNIQUE"):
        twice()
    with pytest.raises(StoreError, match="no such table"), database.reading() as connection:
        Ready(text("SELECT * FROM nowhere")).rows(connection, {})
    with pytest.raises(StoreError, match="cannot be kept"), database.writing() as connection:
        Ready(update(TRIALS)).change(connection, {"point": {"x": float("nan")}})
    with pytest.raises(StoreError, match="not supported"), database.writing() as connection:
        Ready(insert(table("job_trials"))).change(connection, {"job": {"a"}, "trial": "c-T0001"})
    with database.reading() as connection:
        assert Ready(select(TRIALS.c.batch).distinct()).rows(connection, {}) == [(1,)]


@pytest.mark.parametrize("value", ["\udcff", 2**70], ids=["half a letter", "70 bits"])
def test_what_the_driver_cannot_write_is_told(database: Database, value: object) -> None:
    """A byte of the command line that is no letter comes as half of one."""
    asked = Ready(text("SELECT count(*) FROM trials WHERE id = :wanted"))
    with database.reading() as connection:
        with pytest.raises(StoreError, match="a value that cannot be kept"):
            asked.scalar(connection, {"wanted": value})
        assert asked.scalar(connection, {"wanted": "c-T0001"}) == 1


@pytest.mark.parametrize("at", ["'yesterday'", "5"])
def test_what_somebody_else_has_written_is_told(database: Database, at: str) -> None:
    with database.writing() as connection:
        connection.execute(text(f"UPDATE trials SET at = {at}"))
    told = pytest.raises(StoreError, match="the store holds what cannot be read")
    with told, database.reading() as connection:
        query_one(Trial).first(connection, {"wanted": "c-T0001"})
