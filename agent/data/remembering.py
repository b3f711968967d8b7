"""What was computed and may be forgotten at any time: no fact, no line of the journal.

A value that is not as it was written is not given back: whoever asks computes it anew.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select, text

from agent.core.clock import utc
from agent.core.values import canonical, digest
from agent.data.engine import Database
from agent.data.tables import table

_KEPT = table("remembered")
_FOUND = select(_KEPT.c.key, _KEPT.c.value, _KEPT.c.sha256).where(
    _KEPT.c.key.in_(bindparam("keys", expanding=True))
)
# The same words in both dialects.
_ADDED = text(
    "INSERT INTO remembered (key, value, sha256, at) VALUES (:key, :value, :sha256, :at) "
    "ON CONFLICT (key) DO UPDATE SET value = :value, sha256 = :sha256, at = :at"
).bindparams(bindparam("at", type_=_KEPT.c.at.type))


class Remembering:
    """Looking up, adding, and forgetting."""

    _database: Database

    def remembered(self, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """What is remembered of each key; keys of which nothing is, or nothing sound, are left out."""
        with self._database.reading() as connection:
            rows = connection.execute(_FOUND, {"keys": list(keys)}).all()
        return {key: value for key, value, sha256 in rows if digest(value) == sha256}

    def remember(self, found: Mapping[str, Mapping[str, Any]], now: datetime) -> None:
        """Remember a value for each key."""
        rows = [
            {"key": key, "value": canonical(value), "sha256": digest(value), "at": utc(now)}
            for key, value in found.items()
        ]
        if rows:
            with self._database.writing() as connection:
                connection.execute(_ADDED, rows)

    def forget(self) -> int:
        """Forget everything that can be computed again; how many values that were."""
        with self._database.writing() as connection:
            count = int(connection.execute(select(func.count()).select_from(_KEPT)).scalar_one())
            connection.execute(delete(_KEPT))
        return count
