"""Column types that mean the same on SQLite and on PostgreSQL."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field

from agent.core.clock import utc
from agent.core.values import canonical


class Moment(TypeDecorator[datetime]):
    """A moment: written in UTC, read back aware and in UTC, whatever the database makes of it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """The moment in UTC; SQLite drops the zone, so it must be the right one already."""
        return None if value is None else utc(value)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """The moment, aware and in UTC."""
        return None if value is None else utc(value)


class Canonical(TypeDecorator[dict[str, Any]]):
    """A small document as canonical JSON text, so that SQL can compare two of them with `=`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, _dialect: Dialect) -> str | None:
        """Canonical JSON."""
        return None if value is None else canonical(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> dict[str, Any] | None:
        """The document."""
        return None if value is None else dict(json.loads(value))


# Not JSONB: it would rewrite numbers (1e22 comes back as an integer) and the order of keys.
Document = JSON(none_as_null=True)


def whole(*, primary_key: bool = False) -> Any:
    """A 64-bit integer column."""
    return Field(sa_type=BigInteger, primary_key=primary_key)


def instant(*, nullable: bool = False) -> Any:
    """A column for an aware moment."""
    return Field(sa_type=Moment, nullable=nullable)


def nested(*, nullable: bool = False) -> Any:
    """A JSON column; `None` is SQL's null."""
    # SQLModel's annotation wants a class, its code takes an instance as SQLAlchemy does.
    return Field(sa_type=Document, nullable=nullable)  # type: ignore[call-overload,unused-ignore]


def key(target: str) -> Any:
    """A column that names a row of another table (`target` is `table.column`), indexed."""
    return Field(foreign_key=target, index=True)
