"""Dispatch and collect beside the bare database transactions that they need.

A campaign at random (the model is left out) on an instrument that answers at once, its store in a file with
`synchronous=FULL`. Every statement that was executed inside a writing transaction of such a run is executed
again, in the same order and with the same parameters, by the bare driver on a fresh store; the time of those
transactions that dispatch and collect had written is what theirs is divided by. So there are as many commits on
both sides, of the same rows. What the steps read outside of these transactions, and the keys that the store
looks up at each insertion (the bare one has no campaign to find), count against us.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from cProfile import Profile
from dataclasses import dataclass, field
from pathlib import Path
from pstats import Stats
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine, event

from agent.data.store import Store
from agent.loop import in_turn, rounds
from tests.loop.worlds import HandClock, World, world

_TIMED = frozenset({"dispatch", "collect"})
_PLACES = {
    "commits": ("'commit' of 'sqlite3",),
    "statements, by the driver": ("of 'sqlite3.Cursor'",),
    "statements and transactions, by SQLAlchemy": ("sqlalchemy",),
    "JSON, hashes and records": ("json", "sha256", "pydantic"),
}
"""What a profile's lines are counted as, by a word in them."""
_REST = "the steps' own, and Python's"


@dataclass
class _Steps:
    """The steps of a campaign: how long dispatch and collect have taken, and whether one is being taken."""

    timed: bool = False
    seconds: float = 0.0
    profile: Profile | None = None

    def each(self, name: str, step: Callable[[str], str], subjects: Sequence[str]) -> list[str]:
        """Take steps in turn, and the time of those that count."""
        self.timed = name in _TIMED
        begun = time.perf_counter()
        with self.profile if self.timed and self.profile else nullcontext():
            said = in_turn(name, step, subjects)
        if self.timed:
            self.seconds += time.perf_counter() - begun
        self.timed = False
        return said


@dataclass
class _Log:
    """The writing transactions of a campaign in their order: whether each counts, and its statements."""

    steps: _Steps
    transactions: list[tuple[bool, list[tuple[str, Any, bool]]]] = field(default_factory=list)
    writes: bool = False

    def statement(self, _: Any, __: Any, text: str, given: Any, ___: Any, many: bool) -> None:
        """A statement is executed."""
        if text == "BEGIN IMMEDIATE":
            self.transactions.append((self.steps.timed, []))
            self.writes = True
        elif text == "BEGIN":
            self.writes = False
        elif self.writes:
            self.transactions[-1][1].append((text, given, many))


def measure(trials: int = 100, times: int = 15) -> dict[str, list[float]]:
    """Ratios of dispatch and collect to the bare transactions, and trials a second.

    One run is timed; another, of the same campaign, is listened to: listening takes time. What a process does once
    (statements are compiled at their first execution) is done before.
    """
    found: dict[str, list[float]] = {"ratio": [], "trials": []}
    with TemporaryDirectory() as folder, _registered(Path(folder) / "first.db", 5) as made:
        _carry_out(made, _Steps())
    for _ in range(times):
        with TemporaryDirectory() as folder:
            steps = _Steps()
            with _registered(Path(folder) / "timed.db", trials) as made:
                _carry_out(made, steps)
            bare = _bare(Path(folder) / "bare.db", _listened(Path(folder) / "loop.db", trials))
        found["ratio"].append(steps.seconds / bare)
        found["trials"].append(trials / steps.seconds)
    return found


def shares(trials: int = 100) -> dict[str, float]:
    """Where the time of dispatch and collect goes, in shares of it. Profiled: what is Python's looks larger."""
    found = dict.fromkeys([*_PLACES, _REST], 0.0)
    steps = _Steps(profile=Profile())
    with TemporaryDirectory() as folder, _registered(Path(folder) / "loop.db", trials) as made:
        _carry_out(made, steps)
    for (file, _, name), (_, _, seconds, _, _) in Stats(steps.profile).stats.items():  # type: ignore[attr-defined]
        line = f"{file} {name}"
        places = (at for at, words in _PLACES.items() if any(word in line for word in words))
        found[next(places, _REST)] += seconds
    return {place: seconds / sum(found.values()) for place, seconds in found.items()}


def _listened(path: Path, trials: int) -> _Log:
    """What a whole campaign writes once it is registered."""
    log = _Log(_Steps())
    with _registered(path, trials) as made:
        event.listen(Engine, "before_cursor_execute", log.statement)
        try:
            _carry_out(made, log.steps)
        finally:
            event.remove(Engine, "before_cursor_execute", log.statement)
    return log


@contextmanager
def _registered(path: Path, trials: int) -> Iterator[World]:
    """A campaign in a store of its own."""
    with Store.open(f"sqlite:///{path}") as store:
        yield world(store, HandClock(), budget={"experiments": trials})


def _carry_out(made: World, steps: _Steps) -> None:
    """The whole campaign."""
    for last in rounds(made.lab, made.name, steps.each, heartbeat=False):
        if last.state == "waiting":
            made.clock.sleep(1.0)


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
    for place, share in shares().items():
        print(f"{share:4.0%} {place}")
