"""Bringing an older store up to this program's version, with a backup before."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, Connection, select

from agent.core.actor import Process
from agent.core.clock import utc
from agent.core.register import Lease
from agent.core.values import Value
from agent.data import schema
from agent.data.address import check_folder, file_of, is_memory, parse
from agent.data.engine import Database
from agent.data.rows import TABLES
from agent.errors import LeaseHeld, StoreError


class Upgraded(Value):
    """What an upgrade did: the version before and after, and the copy made before it."""

    before: str
    after: str
    backup: str | None = None


def upgrade(
    url: str, now: datetime, backup: bool = True, scripts: Path = schema.SCRIPTS
) -> Upgraded:
    """Bring the store at `url` up to this program's version.

    Args:
        url: Where it is.
        now: The time, for telling which leases are held, and for the backup's name.
        backup: Whether to make a copy first: of SQLite beside the file; of PostgreSQL by `pg_dump`
            into the current folder.
        scripts: Where the migrations are.

    Raises:
        LeaseHeld: somebody is taking steps in it.
        SchemaBehind: it is newer than this program.
        StoreError: there is no store, or no backup can be made.
    """
    address = parse(url)
    path = file_of(address)
    if path is not None:
        check_folder(path)
    if is_memory(address) or (path is not None and not path.exists()):
        raise StoreError(f"there is no store at {url}", "make one: athanor store create")
    database = Database(url)
    try:
        return _upgrade(database, utc(now), backup, scripts)
    finally:
        database.close()


def _upgrade(database: Database, now: datetime, backup: bool, scripts: Path) -> Upgraded:
    with database.reading() as connection:
        before = schema.standing(connection)
    if before is None:
        raise StoreError(f"there is no store at {database.url!r}", "athanor store create")
    after = schema.known(scripts)[-1]
    if before == after:
        return Upgraded(before=before, after=after)
    if before not in schema.known(scripts):
        schema.require_head(before, scripts)
    with database.writing() as connection:
        schema.alone(connection)
        _check_leases(connection, now)
        # Made while nobody else can write: what is in it is what is migrated.
        copy = _backup(database.url, before, now) if backup else None
        schema.migrate(connection, scripts)
    return Upgraded(before=before, after=after, backup=None if copy is None else str(copy))


def _check_leases(connection: Connection, now: datetime) -> None:
    # Locked against those who would take one while the tables change.
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE leases IN SHARE ROW EXCLUSIVE MODE")
    # The store is of an earlier version: only what the first one had is asked for.
    kept = TABLES[Lease].c
    asked = select(kept.name, kept.holder, kept.expires_at).where(kept.expires_at > now).limit(1)
    held = connection.execute(asked).first()
    if held is not None:
        name, holder, until = held
        raise LeaseHeld(
            f"{name} is held by {Process.model_validate(holder)} until {until:%Y-%m-%d %H:%M:%S} UTC",
            "stop it first",
        )


def _backup(url: URL, revision: str, now: datetime) -> Path:
    mark = f"bak-{revision}-{now:%Y%m%dT%H%M%S}"
    path = file_of(url)
    if path is None:
        return _dump(url, Path.cwd() / f"{url.database}.{mark}.dump")
    copy = path.with_name(f"{path.name}.{mark}")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def _dump(url: URL, target: Path) -> Path:
    program = shutil.which("pg_dump")
    if program is None:
        raise StoreError(
            "pg_dump is not here to make a backup",
            "install it, or make a backup yourself and upgrade without (--no-backup)",
        )
    address = url.set(drivername="postgresql", password=None).render_as_string()
    environment = dict(os.environ)
    if url.password is not None:
        environment["PGPASSWORD"] = str(url.password)
    # No shell; the address is the operator's own.
    made = subprocess.run(  # noqa: S603
        [program, "--format=custom", f"--file={target}", f"--dbname={address}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise StoreError(
            f"pg_dump made no backup: {made.stderr.strip()}",
            "make one yourself and upgrade without (--no-backup)",
        )
    return target
