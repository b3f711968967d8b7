"""The transaction: everything that can be written, each fact with its line of the journal."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from agent.core.actor import Actor
from agent.core.register import Lease
from agent.data.engine import Database
from agent.data.gate import Gate
from agent.data.leases import hold
from agent.data.planning import Planning
from agent.data.running import Running


class Transaction(Planning, Gate, Running):
    """One transaction by one actor at one moment: all of it is written, or nothing."""


class Writing:
    """The door to writing."""

    _database: Database

    @contextmanager
    def write(self, by: Actor, now: datetime, lease: Lease | None = None) -> Iterator[Transaction]:
        """A transaction. With a `lease`, it is written only if that still holds.

        Raises:
            LeaseLost: the lease was taken over.
            StoreError: the database refuses, or this thread is writing already.
        """
        with self._database.writing() as connection:
            if lease is not None:
                hold(connection, lease)
            yield Transaction(connection, by, now)
