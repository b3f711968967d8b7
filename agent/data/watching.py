"""What those ask who only look after a store: each campaign's last line, and how its database is kept."""

from sqlalchemy import and_, func, select

from agent.core.register import JournalEntry
from agent.core.values import Value
from agent.data.address import file_of
from agent.data.reading import Reading
from agent.data.rows import TABLES, from_row, query

_JOURNAL = TABLES[JournalEntry]
_LAST = (
    select(_JOURNAL.c.campaign, func.max(_JOURNAL.c.seq).label("seq"))
    .group_by(_JOURNAL.c.campaign)
    .subquery()
)
_HEADS = query(JournalEntry).join(
    _LAST, and_(_JOURNAL.c.campaign == _LAST.c.campaign, _JOURNAL.c.seq == _LAST.c.seq)
)
_SQLITE = {
    "journal_mode": "PRAGMA journal_mode",
    "synchronous": "PRAGMA synchronous",
}
_POSTGRES = {
    "fsync": "SHOW fsync",
    "synchronous_commit": "SHOW synchronous_commit",
    "full_page_writes": "SHOW full_page_writes",
    "version": "SHOW server_version",
    "now": "SELECT extract(epoch FROM clock_timestamp())",
}


class Keeping(Value):
    """How a database is kept.

    Attributes:
        kind: `sqlite` or `postgresql`.
        file: Of SQLite, where; empty in memory and elsewhere.
        settings: What it says of itself, by name.
    """

    kind: str
    file: str = ""
    settings: dict[str, str]


class Watching(Reading):
    """The questions of those who look after it."""

    def heads(self) -> dict[str, JournalEntry]:
        """The last line of each campaign's journal."""
        with self._database.reading() as connection:
            found = [from_row(JournalEntry, row) for row in connection.execute(_HEADS)]
        return {one.campaign: one for one in found}

    def keeping(self) -> Keeping:
        """How the database is kept, by its own word.

        Raises:
            StoreError: it does not answer.
        """
        asked = _SQLITE if self._database.dialect == "sqlite" else _POSTGRES
        with self._database.reading() as connection:
            told = {
                name: str(connection.exec_driver_sql(words).scalar())
                for name, words in asked.items()
            }
        file = file_of(self._database.url)
        return Keeping(kind=self._database.dialect, file=str(file or ""), settings=told)
