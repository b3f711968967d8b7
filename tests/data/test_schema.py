"""The tables mirror the records, and the migrations make the tables."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from agent.data import schema
from agent.data.engine import Database
from agent.data.rows import TABLES
from agent.data.tables import METADATA
from tests.strategies import RECORDS

# What a table has beyond its record, and the tables without one.
BESIDE = {"approvals": {"seq"}, "jobs": {"seq"}, "samples": {"seq"}}
ALONE = {"counters", "job_trials", "blobs", "remembered", "instruments"}


@pytest.fixture
def connection() -> Iterator[Connection]:
    """A database in memory with every migration."""
    database = Database("sqlite://")
    with database.writing() as connection:
        schema.migrate(connection)
        yield connection
    database.close()


@pytest.mark.parametrize("cls", TABLES, ids=lambda cls: cls.__name__)
def test_each_field_has_its_column(cls: type) -> None:
    table = TABLES[cls]
    assert set(table.c.keys()) - BESIDE.get(table.name, set()) == set(cls.model_fields)


def test_each_table_has_its_record_and_each_record_its_strategy() -> None:
    assert set(METADATA.tables) == {table.name for table in TABLES.values()} | ALONE
    assert set(RECORDS) == set(TABLES)


@pytest.mark.parametrize("cls", TABLES, ids=lambda cls: cls.__name__)
def test_what_may_be_none_may_be_null(cls: type) -> None:
    optional = {
        name
        for name, field in cls.model_fields.items()
        if type(None) in getattr(field.annotation, "__args__", ())
    }
    assert {column.name for column in TABLES[cls].c if column.nullable} == optional


def test_the_migrations_make_the_tables(connection: Connection) -> None:
    context = MigrationContext.configure(connection, opts={"compare_type": False})
    assert compare_metadata(context, METADATA) == []


def test_versions_are_told_by_their_file_names() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.SCRIPTS))
    scripts = ScriptDirectory.from_config(config)
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(revisions)) == schema.known()
    for script in scripts.walk_revisions():
        assert Path(script.path).name.startswith(f"{script.revision}_")
