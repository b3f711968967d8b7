"""Which version a database's tables are of, and the migrations that make and change them."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from agent.errors import SchemaBehind, StoreError

SCRIPTS = Path(__file__).parent / "migrations"
"""Where the migrations are: `versions/NNNN_what.py`, each named by its revision."""


def known(scripts: Path = SCRIPTS) -> tuple[str, ...]:
    """The revisions that this program knows, oldest first; read from the file names alone."""
    return tuple(sorted(path.name[:4] for path in (scripts / "versions").glob("[0-9]*.py")))


def standing(connection: Connection) -> str | None:
    """The revision of the tables; None if there are no tables.

    Raises:
        StoreError: there are tables, but not ours.
    """
    catalogue = inspect(connection)
    if catalogue.has_table("alembic_version"):
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if found is not None:
            return str(found)
    if catalogue.get_table_names():
        raise StoreError(
            f"{connection.engine.url!r} holds something else than a store of Athanor",
            "name another file or database",
        )
    return None


def require_head(revision: str, scripts: Path = SCRIPTS) -> None:
    """See that `revision` is this program's own.

    Raises:
        SchemaBehind: it is older, or newer.
    """
    revisions = known(scripts)
    if revision == revisions[-1]:
        return
    if revision in revisions:
        raise SchemaBehind(
            f"the store is of version {revision}, this program's is {revisions[-1]}",
            "run: athanor store upgrade",
        )
    raise SchemaBehind(
        f"the store is of version {revision}, which this program ({revisions[-1]}) does not know",
        "it was written by a newer one: update the program",
    )


def alone(connection: Connection) -> None:
    """Wait until nobody else is changing the tables; holds until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(4158261)"))


def migrate(connection: Connection, scripts: Path = SCRIPTS, target: str = "head") -> None:
    """Run the migrations up to `target` inside the transaction of `connection`."""
    # A fifth of a second of imports that nobody needs who opens a store to read it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, target)
