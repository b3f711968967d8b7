"""The journal as a log: one JSON line an event, made from the journal's own lines as they are written.

The journal is the truth; the log is read from it, and nothing is logged beside it. A line that was
written while nobody followed is in the journal alone.
"""

import json
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from agent.core.job import JobStatus
from agent.core.register import JournalEntry
from agent.data.store import Store
from agent.errors import StoreError

LOG, LOG_FILE = "ATHANOR_LOG", "ATHANOR_LOG_FILE"
"""Environment: `json` asks for the log; the file that it is added to, instead of the error stream."""

LOGGER = "athanor.journal"
"""The logger of the standard library that the lines go through."""

EVERY_S = 1.0
"""Seconds between two looks at the journal."""

_FOLLOWED: ContextVar[frozenset[str]] = ContextVar("followed", default=frozenset())
_TROUBLE = frozenset(
    {
        "adapter.error",
        "instrument.held",
        "instrument.stopped",
        "job.in_doubt",
        "measurement.unasked",
    }
)
_TROUBLED = frozenset({JobStatus.FAILED, JobStatus.UNKNOWN, JobStatus.REFUSED})


class Lines:
    """Turns the lines of one campaign's journal, given in order from the first, into lines of a log.

    Args:
        name: The campaign's name.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._instruments: dict[str, str] = {}
        self._jobs: dict[str, str] = {}

    def of(self, entry: JournalEntry) -> dict[str, Any]:
        """What the log says of a line of the journal. `job` is the one that the line is about, or the last
        one of its trial; what a line is not about is None.
        """
        data = entry.data
        if entry.event == "job.intended":
            self._instruments[entry.subject] = data["instrument"]
            self._jobs |= dict.fromkeys(data["trials"], entry.subject)
        job = entry.subject if entry.subject in self._instruments else None
        trial = _trial(entry, job)
        job = job or (None if trial is None else self._jobs.get(trial))
        held = entry.subject if entry.event.startswith("instrument.") else None
        return {
            "time": entry.at.astimezone(UTC).isoformat(),
            "level": "warning" if _troubled(entry) else "info",
            "event": entry.event,
            "campaign": self._name,
            "trial": trial,
            "job": job,
            "instrument": held
            or data.get("instrument", None if job is None else self._instruments[job]),
            "actor": str(entry.by),
            "subject": entry.subject,
            "seq": entry.seq,
            "data": data,
        }


def _trial(entry: JournalEntry, job: str | None) -> str | None:
    if job is not None:
        # A job of many trials is about none of them alone.
        trials = entry.data.get("trials", [job.partition(".")[0]])
        return str(trials[0]) if len(trials) == 1 else None
    named = entry.data.get("trial")
    if named is not None:
        return str(named)
    return entry.subject if entry.event.startswith("trial.") else None


def _troubled(entry: JournalEntry) -> bool:
    return entry.event in _TROUBLE or (
        entry.event == "job.moved" and entry.data.get("to") in _TROUBLED
    )


class Follower:
    """Reads the journal of one campaign from the first line, and hands on what is new.

    Args:
        store: Where it is.
        campaign: Its id.
        hand: Takes each line of the log.
        wanted: Of the lines that are there already, which are handed on too.
    """

    def __init__(
        self,
        store: Store,
        campaign: str,
        hand: Callable[[dict[str, Any]], None],
        wanted: Callable[[JournalEntry], bool] = lambda _: False,
    ) -> None:
        self._store, self._campaign, self._hand = store, campaign, hand
        self._lines = Lines(store.entry(campaign).name)
        self._seq = 0
        self._turn = threading.Lock()
        self.look(wanted)

    def look(self, wanted: Callable[[JournalEntry], bool] = lambda _: True) -> None:
        """Hand on what was written since the last look, where it is wanted.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._turn:
            for entry in self._store.journal(self._campaign, self._seq):
                self._seq = entry.seq
                line = self._lines.of(entry)
                if wanted(entry):
                    self._hand(line)


@contextmanager
def told(
    store: Store,
    campaign: str,
    since: datetime | None = None,
    environ: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """While the block runs, the campaign's journal is told as JSON lines, if the environment asks for it.

    Args:
        store: Where it is.
        campaign: Its id.
        since: Lines from then on are told too; default: those that come.
        environ: The environment; default: this process's.
    """
    environ = os.environ if environ is None else environ
    if environ.get(LOG) != "json" or campaign in _FOLLOWED.get():
        yield
        return
    handler = _handler(environ.get(LOG_FILE))
    follower = Follower(
        store, campaign, _log, lambda entry: since is not None and entry.at >= since
    )
    done = threading.Event()
    watch = threading.Thread(target=_watch, args=(follower, done), daemon=True)
    watch.start()
    token = _FOLLOWED.set(_FOLLOWED.get() | {campaign})
    try:
        yield
    finally:
        _FOLLOWED.reset(token)
        done.set()
        watch.join()
        _try(follower)
        logging.getLogger(LOGGER).removeHandler(handler)
        handler.close()


def _watch(follower: Follower, done: threading.Event) -> None:
    while not done.wait(EVERY_S):
        _try(follower)


def _try(follower: Follower) -> None:
    try:
        follower.look()
    except StoreError:
        return  # whoever runs the campaign meets it too, and says so


def _handler(file: str | None) -> logging.Handler:
    handler = logging.FileHandler(file, encoding="utf-8") if file else logging.StreamHandler()
    handler.setFormatter(_JsonLine())
    logger = logging.getLogger(LOGGER)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    return handler


def _log(line: dict[str, Any]) -> None:
    level = logging.WARNING if line["level"] == "warning" else logging.INFO
    logging.getLogger(LOGGER).log(level, line["event"], extra={"line": line})


class _JsonLine(logging.Formatter):
    """The line that a record carries, as JSON."""

    def format(self, record: logging.LogRecord) -> str:
        return written(getattr(record, "line", {}))


def written(line: dict[str, Any]) -> str:
    """A line of the log as one line of text."""
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


__all__ = ["EVERY_S", "LOG", "LOGGER", "LOG_FILE", "Follower", "Lines", "told", "written"]
