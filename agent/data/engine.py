"""Opening a database, and the two ways into it: a read and a write transaction."""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from pydantic_core import from_json
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import ArgumentError, StatementError
from sqlalchemy.pool import StaticPool

from agent.data.address import file_of, is_memory, parse
from agent.data.ready import Ready
from agent.errors import MissingExtra, StoreError

BUSY_MS = 30_000
_MOMENT_S = 0.02
_READING, _WRITING = Ready(text("BEGIN")), Ready(text("BEGIN IMMEDIATE"))
# What is not JSON in PostgreSQL (NaN) is not to get into SQLite either.
_dumps = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def _loads(text: str) -> Any:
    try:
        return from_json(text)
    except ValueError as error:
        raise StoreError(
            f"the store holds what is no JSON: {text[:60]!r}",
            "somebody wrote to the database beside the program: compare with a backup",
        ) from error


class Database:
    """An engine, and which thread has which transaction open.

    What a thread reads while it reads or writes comes from the transaction that it has open, on every kind of
    database.

    Raises:
        StoreError: the URL cannot be used.
        MissingExtra: its driver is not installed.
    """

    def __init__(self, url: str) -> None:
        self.url = parse(url)
        self.engine = _engine(self.url)
        self.dialect = self.engine.dialect.name
        self._mine = threading.local()
        # One connection is all that a database in memory has: its threads take turns.
        self._turn: AbstractContextManager[Any] = (
            threading.RLock() if is_memory(self.url) else nullcontext()
        )

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A short transaction for reading; inside another one of this thread, that one.

        Raises:
            StoreError: the database refuses.
        """
        current: Connection | None = getattr(self._mine, "connection", None)
        if current is not None:
            yield current
            return
        with self._translated(), self._turn, self.engine.connect() as connection:
            self._begin(connection, _READING)
            with self._open(connection):
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction for writing; it is committed at the end, or not at all.

        Raises:
            StoreError: the database refuses, or this thread is reading or writing already.
        """
        if getattr(self._mine, "connection", None) is not None:
            raise StoreError(
                "this thread is reading or writing already", "use the open transaction, or end it"
            )
        with (
            self._translated(),
            self._turn,
            self.engine.connect() as connection,
            connection.begin(),
        ):
            self._begin(connection, _WRITING)
            with self._open(connection):
                yield connection

    @contextmanager
    def _open(self, connection: Connection) -> Iterator[None]:
        self._mine.connection = connection
        try:
            yield
        finally:
            self._mine.connection = None

    def _begin(self, connection: Connection, words: Ready) -> None:
        # SQLite's driver begins too late by itself (before the first write, after the reads). Not in a
        # listener to SQLAlchemy's "begin": with one, each statement looks for listeners.
        if self.dialect == "sqlite":
            words.change(connection, {})

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """What the database refuses as an error of ours, whether SQLAlchemy has asked it or `Ready` has."""
        driver: Any = self.engine.dialect.loaded_dbapi
        try:
            yield
        except (StatementError, driver.Error) as error:
            said = error.orig if isinstance(error, StatementError) else error
            if isinstance(said, driver.IntegrityError):
                raise StoreError(_first(said), "nothing of this step was written") from error
            operational = isinstance(said, driver.OperationalError)
            hint = _hint(str(said)) if operational else "nothing was written"
            raise StoreError(f"{self.url!r}: {_first(said)}", hint) from error

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def _engine(url: URL) -> Engine:
    more: dict[str, Any] = {"json_serializer": _dumps, "json_deserializer": _loads}
    if url.get_backend_name() == "postgresql":
        options = {"connect_timeout": 10, "options": "-c timezone=UTC"}
        more |= {"pool_pre_ping": True, "connect_args": options}
    elif is_memory(url):
        more |= {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    try:
        engine = create_engine(url, **more)
    except ArgumentError as error:
        raise StoreError(f"{url!r} cannot be used: {error}", "see the guide on stores") from error
    except ImportError as error:
        raise MissingExtra(
            f"{url.drivername} needs the package {error.name}",
            "pip install 'athanor[postgres]'",
        ) from error
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, durable=file_of(url) is not None)
    return engine


def _prepare_sqlite(engine: Engine, durable: bool) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # `Database` says BEGIN
        connection.execute("PRAGMA foreign_keys=ON")
        if durable:
            connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
            _write_ahead(connection)
            connection.execute("PRAGMA synchronous=FULL")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to WAL; the timeout does not hold for that while another process makes the file."""
    deadline = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(_MOMENT_S)
        else:
            return


def _hint(said: str) -> str:
    """What to do about what a database says. SQLite calls a full disk an I/O error, too."""
    if "locked" in said:
        return "another process has been writing for long: try again"
    if any(word in said for word in ("disk is full", "disk I/O error", "No space left")):
        return (
            "the disk is full or broken: free some space, then run it again; "
            "nothing of this step was written"
        )
    return "is the address right, is the server up, may this user write there?"


def _first(said: BaseException | None) -> str:
    lines = str(said).strip().splitlines()
    return lines[0] if lines else type(said).__name__
