"""Items of a Bluesky queue: which are a job's, which of them were put back, and how one has ended.

A plan that fails, is aborted, or loses its environment goes into the history **and** back to the front of
the queue, under a new id: its twin, which the next start of the queue would execute. The job's id in
`meta` is in both, and a twin still carries the `result` of what it repeats.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from agent.core.job import Job
from agent.core.trial import Plan

Item = Mapping[str, Any]
"""One plan as the server has it, with `item_uid`, `meta`, and, once it has ended, `result`."""

KEY = "athanor_job"
"""What the job's id is called in an item's `meta`, and in the documents of its runs."""

_EXCEPTION = re.compile(r"^([A-Za-z_][\w.]*)(?::|$)")
_TRACEBACK_LINES = 6


class Places(NamedTuple):
    """The queue, what runs, and the history, oldest first, at one moment."""

    queue: tuple[Item, ...]
    running: Item | None
    history: tuple[Item, ...]

    @property
    def last(self) -> str | None:
        """The id of the item that ended last."""
        return self.history[-1]["item_uid"] if self.history else None


class Seen(NamedTuple):
    """Where a job is.

    `waiting`: in the queue, not executed yet; `place` says at which place, from 1. `again`: in the queue, and
    must not be executed, since the job has been begun, or waits there already. `ended`: how it ended.
    """

    waiting: Item | None = None
    place: int = 0
    running: Item | None = None
    again: tuple[Item, ...] = ()
    ended: Item | None = None

    @property
    def anywhere(self) -> bool:
        """Whether there is a trace of it."""
        return bool(self.waiting or self.running or self.again or self.ended)


def job_of(item: Item | None) -> str | None:
    """The id of the job that an item is for; None if it is somebody else's."""
    meta = (item or {}).get("meta")
    told = meta.get(KEY) if isinstance(meta, Mapping) else None
    return told if isinstance(told, str) else None


def put_back(queue: Iterable[Item]) -> tuple[Item, ...]:
    """The items of jobs that were executed already, and put back."""
    return tuple(item for item in queue if job_of(item) and "result" in item)


def look(places: Places, job: str) -> Seen:
    """Where a job is."""
    history = [item for item in places.history if job_of(item) == job]
    running = places.running if job_of(places.running) == job else None
    queued = [
        (place, item) for place, item in enumerate(places.queue, start=1) if job_of(item) == job
    ]
    fresh = [(place, item) for place, item in queued if "result" not in item]
    # A twin tells how its job has ended even where somebody has cleared the history.
    ended = _first([*history, *(item for _, item in queued if "result" in item)])
    if ended or running or not fresh:
        again = tuple(item for _, item in queued)
        return Seen(running=running, again=again, ended=ended)
    place, waiting = fresh[0]
    return Seen(waiting, place, again=tuple(item for _, item in fresh[1:]))


def _first(ended: list[Item]) -> Item | None:
    """The execution that brought something, if there were several; otherwise the first."""
    brought = [one for one in ended if status(one) == "completed" and runs(one)]
    return next(iter([*brought, *ended]), None)


def status(item: Item) -> str:
    """How an item has ended: completed, failed, stopped, aborted, halted, unknown."""
    return str(item["result"].get("exit_status"))


def runs(item: Item) -> list[str]:
    """The ids of the runs that an item has made."""
    return list(item["result"].get("run_uids") or ())


def exception(item: Item) -> str:
    """The class of the exception that a plan has ended with, or else the first line of the message."""
    lines = str(item["result"].get("traceback") or "").splitlines()
    frames = [number for number, line in enumerate(lines) if line.startswith("  File ")]
    # The message may go on over several lines: the class stands after the last frame.
    after = [line for line in lines[frames[-1] :] if line[:1] != " "] if frames else []
    if after and (found := _EXCEPTION.match(after[0])):
        return found[1].rpartition(".")[2]
    message = str(item["result"].get("msg") or "").strip()
    return message.splitlines()[0] if message else status(item)


def told(item: Item) -> str:
    """What is told of an end: the message, and the last lines of the traceback."""
    message = str(item["result"].get("msg") or "").strip() or status(item)
    lines = str(item["result"].get("traceback") or "").rstrip().splitlines()
    return "\n".join([message, *lines[-_TRACEBACK_LINES:]])


def item_for(job: Job, plan: Plan, name: str, kwargs: Mapping[str, Any], md: str | None) -> Item:
    """The item that is added to the queue: the plan's name and arguments, and whose job it is.

    Args:
        job: The job; its id goes into `meta`.
        plan: What is sent.
        name: The name of the lab's plan.
        kwargs: Its arguments.
        md: The argument that takes metadata for the runs' documents, if there is one.
    """
    whose = {KEY: job.id, "athanor_trial": plan.trial, "athanor_step": job.step}
    given = dict(kwargs)
    if md is not None:
        given[md] = {**given.get(md, {}), **whose}
    return {"item_type": "plan", "name": name, "kwargs": given, "meta": whose}
