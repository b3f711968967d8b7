"""Dispatch and collect beside the bare database transactions that they need.

A campaign at random (the model is left out) on an instrument that answers at once, its store in a file with
`synchronous=FULL`. Every statement that was executed inside a writing transaction of its run is executed
again, in the same order and with the same parameters, by the bare driver on a fresh store; the time of those
transactions that dispatch and collect had written is what theirs is divided by.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, Engine, event

from agent.data.store import Store
from agent.loop import in_turn, rounds
from tests.loop.worlds import HandClock, world

_TIMED = frozenset({"dispatch", "collect"})


@dataclass
class _Log:
    """The writing transactions in their order: whether each is timed, and its statements."""

    transactions: list[tuple[bool, list[tuple[str, Any, bool]]]] = field(default_factory=list)
    timed: bool = False
    seconds: float = 0.0

    def each(self, name: str, step: Callable[[str], str], subjects: Sequence[str]) -> list[str]:
        """Take steps in turn, and the time of those that count."""
        self.timed = name in _TIMED
        begun = time.perf_counter()
        said = in_turn(name, step, subjects)
        if self.timed:
            self.seconds += time.perf_counter() - begun
        self.timed = False
        return said

    def begin(self, connection: Connection) -> None:
        """A transaction begins."""
        if connection.get_execution_options().get("writes", False):
            self.transactions.append((self.timed, []))

    def statement(
        self, connection: Connection, _: Any, text: str, given: Any, __: Any, many: bool
    ) -> None:
        """A statement is executed."""
        if connection.get_execution_options().get("writes", False) and text != "BEGIN IMMEDIATE":
            self.transactions[-1][1].append((text, given, many))


def measure(trials: int = 100, times: int = 5) -> dict[str, list[float]]:
    """Ratios of dispatch and collect to the bare transactions, and trials a second."""
    found: dict[str, list[float]] = {"ratio": [], "trials": []}
    for _ in range(times):
        with TemporaryDirectory() as folder:
            log = _carried_out(Path(folder) / "loop.db", trials)
            bare = _bare(Path(folder) / "bare.db", log)
        found["ratio"].append(log.seconds / bare)
        found["trials"].append(trials / log.seconds)
    return found


def _carried_out(path: Path, trials: int) -> _Log:
    """A whole campaign; what it wrote, and how long dispatch and collect took."""
    log = _Log()
    with Store.open(f"sqlite:///{path}") as store:
        made = world(store, HandClock(), budget={"experiments": trials})
        event.listen(Engine, "begin", log.begin)
        event.listen(Engine, "before_cursor_execute", log.statement)
        try:
            for last in rounds(made.lab, made.name, log.each, heartbeat=False):
                if last.state == "waiting":
                    made.clock.sleep(1.0)
        finally:
            event.remove(Engine, "begin", log.begin)
            event.remove(Engine, "before_cursor_execute", log.statement)
    return log


def _bare(path: Path, log: _Log) -> float:
    """Seconds that the timed transactions take with the bare driver."""
    Store.open(f"sqlite:///{path}").close()
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("foreign_keys=OFF", "journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    seconds = 0.0
    for timed, statements in log.transactions:
        begun = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for text, given, many in statements:
            rows = connection.executemany(text, given) if many else connection.execute(text, given)
            if not many:
                rows.fetchall()
        connection.execute("COMMIT")
        seconds += (time.perf_counter() - begun) * timed
    connection.close()
    return seconds


if __name__ == "__main__":
    for name, values in measure().items():
        print(name, [round(value, 2) for value in values])
