"""Leases: one process at a time takes steps, and every change of holder has a greater fence."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

from sqlalchemy import Connection, bindparam, text, update

from agent.core.actor import Process
from agent.core.clock import utc
from agent.core.register import Lease
from agent.data.engine import Database
from agent.data.ready import Ready
from agent.data.rows import TABLES, from_row, query, to_row
from agent.data.tables import table
from agent.errors import LeaseHeld, LeaseLost

_LEASES = TABLES[Lease]
_MINE = Ready(
    update(_LEASES).where(
        _LEASES.c.name == bindparam("mine"),
        _LEASES.c.fence == bindparam("since"),
        _LEASES.c.holder == bindparam("holding"),
    )
)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Leases:
    """Taking, keeping and giving back. Each is a write transaction of its own."""

    _database: Database

    def leases(self) -> list[Lease]:
        """Every lease that was ever taken, held or not."""
        with self._database.reading() as connection:
            found = connection.execute(query(Lease).order_by(_LEASES.c.name)).all()
        return [from_row(Lease, row) for row in found]

    def lease(self, name: str) -> Lease | None:
        """The lease of that name, held or not; None if it was never taken."""
        with self._database.reading() as connection:
            found = connection.execute(query(Lease).where(_LEASES.c.name == name)).first()
        return None if found is None else from_row(Lease, found)

    def acquire(
        self,
        name: str,
        holder: Process,
        now: datetime,
        ttl_s: float,
        dead: Callable[[Process], bool],
    ) -> Lease:
        """The lease, held by `holder` under a new fence until `now + ttl_s`.

        It is given if it is free or expired, or was the same holder's, or its holder is `dead`.

        Raises:
            LeaseHeld: another has it; the message names whom and until when.
        """
        now = utc(now)
        expires = now + timedelta(seconds=ttl_s)
        first = Lease(name=name, holder=holder, fence=1, expires_at=expires, seen_at=now)
        with self._database.writing() as connection:
            if insert_new(connection, "leases", to_row(first)):
                return first
            asked = query(Lease).where(_LEASES.c.name == name).with_for_update()
            held = from_row(Lease, connection.execute(asked).one())
            if held.expires_at > now and held.holder != holder and not dead(held.holder):
                raise LeaseHeld(
                    f"{name} is held by {held.holder} until {held.expires_at:%Y-%m-%d %H:%M:%S} UTC",
                    "wait until then, or end that process",
                )
            taken = first.model_copy(update={"fence": held.fence + 1})
            connection.execute(update(_LEASES).where(_LEASES.c.name == name), to_row(taken))
        return taken

    def renew(self, lease: Lease, now: datetime, ttl_s: float) -> Lease:
        """The same lease, until `now + ttl_s`.

        Raises:
            LeaseLost: somebody has taken it over.
        """
        seen = utc(now)
        times = {"expires_at": seen + timedelta(seconds=ttl_s), "seen_at": seen}
        longer = lease.model_copy(update=times)
        with self._database.writing() as connection:
            if not _touch(connection, lease, **times):
                raise _lost(lease)
        return longer

    def release(self, lease: Lease) -> None:
        """Give the lease back; the row stays with its fence, so that fences never repeat.

        One that somebody has taken over is left as it is.
        """
        with self._database.writing() as connection:
            _touch(connection, lease, expires_at=_LONG_AGO)


def hold(connection: Connection, lease: Lease) -> None:
    """See that `lease` still holds, and lock its row: a takeover waits for this transaction.

    Raises:
        LeaseLost: somebody has taken it over.
    """
    if not _touch(connection, lease, fence=lease.fence):
        raise _lost(lease)


def insert_new(connection: Connection, name: str, row: dict[str, object]) -> bool:
    """Insert `row` into the table of that name unless its key is there; whether it was new."""
    return _insert_new(name).change(connection, row) == 1


@cache
def _insert_new(name: str) -> Ready:
    # The same words in both dialects; importing PostgreSQL's own takes a tenth of a second.
    columns = table(name).c
    words = f"INSERT INTO {name} ({', '.join(columns.keys())})"
    words += f" VALUES (:{', :'.join(columns.keys())}) ON CONFLICT DO NOTHING"
    return Ready(text(words).bindparams(*(bindparam(c.name, type_=c.type) for c in columns)))


def _touch(connection: Connection, lease: Lease, **change: object) -> bool:
    mine = {"mine": lease.name, "since": lease.fence, "holding": lease.holder.model_dump()}
    return _MINE.change(connection, {**mine, **change}) == 1


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(
        f"the lease of {lease.name} (fence {lease.fence}) was taken over",
        "nothing was written; run it again, it goes on from the store",
    )
