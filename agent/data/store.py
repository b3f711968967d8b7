"""The Store: the only memory of the house, on SQLite or PostgreSQL."""

from pathlib import Path
from types import TracebackType
from typing import Self

from agent.data import facts, journal, schema
from agent.data.address import check_folder, file_of, is_memory, parse
from agent.data.engine import Database
from agent.data.leases import Leases
from agent.data.memory import fill
from agent.data.remembering import Remembering
from agent.data.standing_approvals import StandingReading
from agent.data.stocks import StockReading
from agent.data.watching import Watching
from agent.data.writing import Writing
from agent.errors import StoreError


class Store(StockReading, StandingReading, Watching, Writing, Leases, Remembering):
    """Everything that is known, and the account of how it came to be known.

    Open one with `Store.open`. Reading and writing may be done from many threads and processes.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, url: str, *, create: bool = True, scripts: Path = schema.SCRIPTS) -> Self:
        """The store at `url`: a path, `sqlite:///path`, `sqlite://` (memory), `postgresql://…`.

        Args:
            url: Where it is.
            create: Whether to make one where there is none.
            scripts: Where the migrations are.

        Raises:
            StoreError: it cannot be opened, or is not there and not to be made.
            SchemaBehind: it is of another version than this program.
            MissingExtra: its driver is not installed.
        """
        path = file_of(parse(url))
        if path is not None:
            check_folder(path)
            if not create and not path.exists():
                raise _nothing(url)
        database = Database(url)
        try:
            _prepare(database, create, scripts)
        except BaseException:
            database.close()
            raise
        return cls(database)

    @property
    def url(self) -> str:
        """Where it is, in the form in which it can be opened again (with its password)."""
        return self._database.url.render_as_string(hide_password=False)

    def __repr__(self) -> str:
        """Where it is, without its password."""
        return f"Store({self.where!r})"

    @property
    def where(self) -> str:
        """Its URL for people to read: without the password."""
        return repr(self._database.url)

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()

    def __enter__(self) -> Self:
        """The store itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def verify(self, campaign: str) -> int:
        """How many lines the campaign's journal has, when its chain holds and every fact that it
        tells of (observations, judgements, reviews, decisions, proposals, revisions, standing approvals and
        their revocations) is as it was written.

        Raises:
            JournalBroken: it does not, or one is not; names the line or the fact.
        """
        entries = self.journal(campaign)
        lines = journal.verify(entries)
        said = (self.judgements, self.reviews, self.decisions, self.proposals, self.revisions)
        kept = (self.observations, *said)
        found: list[facts.Fact] = [fact for read in kept for fact in read(campaign)]
        for cover in self.standing_approvals(campaign):
            found += [cover.given, *([cover.revoked] if cover.revoked else [])]
        facts.verify(entries, found)
        return lines


def _prepare(database: Database, create: bool, scripts: Path) -> None:
    if is_memory(database.url):
        fill(database, scripts)
        return
    with database.reading() as connection:
        found = schema.standing(connection)
    if found is None:
        if not create:
            raise _nothing(repr(database.url))
        with database.writing() as connection:
            schema.alone(connection)
            # Another process may have made the tables since.
            if schema.standing(connection) is None:
                schema.migrate(connection, scripts)
    else:
        schema.require_head(found, scripts)


def _nothing(url: str) -> StoreError:
    return StoreError(f"there is no store at {url}", "make one: athanor store create")
