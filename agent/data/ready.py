"""Statements that are compiled once, and then given to the driver as they are.

SQLAlchemy works out at each execution what it has worked out before: names, types, the shape of the answer. For
a short statement on a database in a file that takes longer than the statement. Its types are kept to: they say
what a value is to the driver, and what the driver's is to us. Whoever listens to its executions hears of each,
since then its own way is taken.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Insert, Select, TextClause, Update
from sqlalchemy.types import TypeEngine

from agent.errors import StoreError

_Statement = Select[Any] | Insert | Update | TextClause
_Turn = Callable[[Any], Any] | None


class _Compiled(NamedTuple):
    """A statement for one kind of database, given values of these names.

    Attributes:
        text: As the driver takes it.
        places: The names, each with what turns its value into the driver's; in the order of their places.
        by_place: Whether the driver takes values by their places, and not by name.
        fixed: Values that are part of the statement.
    """

    text: str
    places: tuple[tuple[str, _Turn], ...]
    by_place: bool
    fixed: dict[str, Any]

    def values(self, given: Mapping[str, Any]) -> Any:
        """What the driver is given."""
        found = {**self.fixed, **given} if self.fixed else given
        if self.by_place:
            return [
                found[name] if turn is None else turn(found[name]) for name, turn in self.places
            ]
        return {
            name: found[name] if turn is None else turn(found[name]) for name, turn in self.places
        }


class Ready:
    """A statement with named parameters, made ready at its first execution on each kind of database. None of them is
    a list: SQLAlchemy writes such a statement anew for each.
    """

    def __init__(self, statement: _Statement) -> None:
        self.statement = statement
        self._types: tuple[TypeEngine[Any], ...] = ()
        if isinstance(statement, Select):
            self._types = tuple(column.type for column in statement.selected_columns)
        self._compiled: dict[tuple[str, tuple[str, ...]], _Compiled] = {}
        self._outwards: dict[str, tuple[_Turn, ...]] = {}

    def rows(self, connection: Connection, given: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Every row of the answer.

        Raises:
            StoreError: a value is none that the database can keep: a whole number of more than 64 bits, say; or what
                it holds cannot be read.
        """
        return self._execute(connection, given)[0]

    def first(self, connection: Connection, given: Mapping[str, Any]) -> Sequence[Any] | None:
        """The first row of the answer; None without one."""
        found = self.rows(connection, given)
        return found[0] if found else None

    def scalar(self, connection: Connection, given: Mapping[str, Any]) -> Any:
        """The first value of the first row; None without one."""
        found = self.first(connection, given)
        return None if found is None else found[0]

    def change(self, connection: Connection, given: Mapping[str, Any]) -> int:
        """Write; how many rows that was of."""
        return self._execute(connection, given)[1]

    def _execute(
        self, connection: Connection, given: Mapping[str, Any]
    ) -> tuple[Sequence[Sequence[Any]], int]:
        if _heard(connection):
            found = connection.execute(self.statement, dict(given))
            return (found.all() if found.returns_rows else ()), found.rowcount
        compiled = self._for(connection.dialect, tuple(given))
        try:
            values = compiled.values(given)
        except (TypeError, ValueError) as error:
            raise StoreError(
                f"a value that cannot be kept: {error}", "nothing was written"
            ) from error
        driver: Any = connection.dialect.loaded_dbapi
        cursor: Any = connection.connection.cursor()
        try:
            cursor.execute(compiled.text, values)
            if cursor.description is None:
                return (), cursor.rowcount
            return self._read(connection.dialect, cursor), cursor.rowcount
        except (UnicodeError, OverflowError) as error:
            raise StoreError(
                f"a value that cannot be kept: {error}", "nothing was written"
            ) from error
        except driver.Error as error:
            _leave_if_lost(connection, cursor, error)
            raise
        finally:
            cursor.close()

    def _read(self, dialect: Dialect, cursor: Any) -> list[Sequence[Any]]:
        """The rows as our types have them."""
        turns = self._outwards.get(dialect.name)
        if turns is None:
            codes = (column[1] for column in cursor.description)
            turns = tuple(
                one.dialect_impl(dialect).result_processor(dialect, code)
                for one, code in zip(self._types, codes, strict=False)
            )
            self._outwards[dialect.name] = turns
        rows: list[Sequence[Any]] = list(cursor.fetchall())
        if not any(turns):
            return rows
        try:
            return [
                [
                    value if turn is None else turn(value)
                    for turn, value in zip(turns, row, strict=True)
                ]
                for row in rows
            ]
        except (TypeError, ValueError) as error:
            raise StoreError(
                f"the store holds what cannot be read: {error}",
                "somebody wrote to the database beside the program: compare with a backup",
            ) from error

    def _for(self, dialect: Dialect, names: tuple[str, ...]) -> _Compiled:
        key = dialect.name, names
        if key not in self._compiled:
            self._compiled[key] = _compile(self.statement, dialect, names)
        return self._compiled[key]


def _leave_if_lost(connection: Connection, cursor: Any, error: Any) -> None:
    """Say that a connection is lost, as SQLAlchemy does: the pool would try to roll it back, and log that it cannot."""
    raw: Any = connection.connection.dbapi_connection
    if connection.dialect.is_disconnect(error, raw, cursor):
        connection.invalidate(error)


def _heard(connection: Connection) -> bool:
    events: Any = connection.engine.dispatch
    return bool(events.before_cursor_execute)


def _compile(statement: _Statement, dialect: Dialect, names: Sequence[str]) -> _Compiled:
    made: Any = statement.compile(dialect=dialect, column_keys=list(names))
    turns = {
        name: bound.type.dialect_impl(dialect).bind_processor(dialect)
        for bound, name in made.bind_names.items()
    }
    fixed = {name: value for name, value in made.params.items() if name not in names}
    order = made.positiontup if made.positional else turns
    places = tuple((name, turns[name]) for name in order)
    return _Compiled(str(made), places, made.positional, fixed)
