"""Seams at which a process ends itself: named places in the middle of things that must be whole.

    ATHANOR_KILL_AT="before commit of job.intended:2"   SIGKILL at the second passing
    ATHANOR_STOP_AT="before send:1"                     SIGSTOP at the first

The commits are seen through SQLAlchemy's own events, so that no line of the product knows of this:
the journal lines that a transaction inserts (`before_cursor_execute`) name it, `commit` comes before
the driver commits, and the connection goes back to its pool (`checkin`) right after it did.
"""

import json
import os
import signal
from collections import Counter
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import Pool

KILL, STOP = "ATHANOR_KILL_AT", "ATHANOR_STOP_AT"

WRITTEN = (
    "decision.made",
    "trial.reviewed",
    "job.intended",
    "job.noted",
    "job.moved to started",
    "job.moved to done",
)
COMMITS = tuple(f"{side} commit of {what}" for what in WRITTEN for side in ("before", "after"))
SENDING = (
    "before send",
    "after 0 bytes",
    "after 1 byte",
    "in the middle of the request",
    "after the last byte",
    "after the first byte of the answer",
    "after the answer",
)
LOOKING = {
    "before the look-up": "after the last byte",
    "after the look-up": "in the middle of the request",
    "before commit of job.moved to refused": "before send",
    "after commit of job.moved to refused": "after 0 bytes",
}
"""Passed only by a process that finds a job in doubt: seam -> where to leave one behind."""
SEAMS = COMMITS + SENDING


class Seams:
    """Counts the passings, and ends (or stops) this process at the one that it was told."""

    def __init__(self, environ: dict[str, str]) -> None:
        self._ends: dict[tuple[str, int], signal.Signals] = {}
        for variable, sent in ((KILL, signal.SIGKILL), (STOP, signal.SIGSTOP)):
            if variable in environ:
                name, _, count = environ[variable].rpartition(":")
                self._ends[name, int(count)] = sent
        self._passed: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return bool(self._ends)

    def reach(self, name: str) -> None:
        """This process is at the seam of that name."""
        self._passed[name] += 1
        end = self._ends.get((name, self._passed[name]))
        if end is not None:
            os.kill(os.getpid(), end)


def watch_commits(seams: Seams) -> None:
    """Make every commit of every engine of this process two seams for each fact that it writes."""

    @event.listens_for(Engine, "before_cursor_execute")
    def _written(
        connection: Connection, cursor: Any, statement: str, given: Any, context: Any, many: bool
    ) -> None:
        if statement.lstrip().upper().startswith("INSERT INTO JOURNAL"):
            connection.info.setdefault("facts", []).append(_named(given))

    @event.listens_for(Engine, "commit")
    def _before(connection: Connection) -> None:
        facts = connection.info.pop("facts", [])
        for fact in facts:
            seams.reach(f"before commit of {fact}")
        connection.info["committed"] = facts

    @event.listens_for(Engine, "rollback")
    def _dropped(connection: Connection) -> None:
        connection.info.pop("facts", None)

    @event.listens_for(Pool, "checkin")
    def _after(connection: Any, record: Any) -> None:
        for fact in record.info.pop("committed", []):
            seams.reach(f"after commit of {fact}")


def _named(given: Any) -> str:
    values = [_text(value) for value in (given.values() if isinstance(given, dict) else given)]
    what = next(value for value in values if value.startswith(_KINDS) and " " not in value)
    if what != "job.moved":
        return what
    data = next(value for value in values if value.startswith("{") and '"to"' in value)
    return f"{what} to {json.loads(data)['to']}"


def _text(value: Any) -> str:
    """A parameter as text; psycopg wraps what becomes JSON."""
    wrapped = getattr(value, "obj", None)
    return str(value) if wrapped is None else json.dumps(wrapped)


_KINDS = (
    "adapter.", "approval.", "campaign.", "decision.", "job.", "measurement.", "observation.",
    "sample.", "trial.",
)  # fmt: skip
