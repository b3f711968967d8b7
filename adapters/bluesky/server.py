"""A Bluesky queue server as its clients see it: where things are, its lock, its functions."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, NamedTuple

from adapters.bluesky.http import PAUSE_S, Http
from adapters.bluesky.items import Item, Places, look
from agent.errors import Refused, Unreachable

_READINGS = 20
"""How often queue and history are read until nothing has changed in between."""

_AGAIN_S = 0.5
"""Seconds after which what the HTTP server remembers is not used any more; it is 0.4 s."""

LOCK = "athanor adds "
"""How the key of a lock begins that the agent holds; the job's id follows."""

_LOCK_TIME = "%m/%d/%Y %H:%M:%S"

_QUEUE, _HISTORY = "plan_queue_uid", "plan_history_uid"


class Answered(NamedTuple):
    """What a function of the lab returned, or how it failed."""

    value: Any = None
    error: str = ""


class QueueServer(Http):
    """What the adapter does with the server, each from one or more requests."""

    def status(self) -> dict[str, Any]:
        """How the manager stands now: without `reload` the HTTP server answers out of its memory.

        Raises:
            Unreachable: no answer.
        """
        return self.ask("/status", reload=True)

    def places(self) -> Places:
        """The queue, what runs, and the history, all at one moment: no job is in between.

        Each is answered out of the HTTP server's memory as long as the manager's status, which comes late
        itself, says that it has not changed. So they belong together only if both are what one status says.

        Raises:
            Unreachable: no answer, or the queue changes faster than it can be read.
        """
        for _ in range(_READINGS):
            now = self.status()
            queue = self.ask("/queue/get", reload=True)
            history = self.ask("/history/get", reload=True)
            if (queue[_QUEUE], history[_HISTORY]) == (now[_QUEUE], now[_HISTORY]):
                running = queue["running_item"] or None
                return Places(tuple(queue["items"]), running, tuple(history["items"]))
            time.sleep(PAUSE_S)
        raise Unreachable("the queue changes faster than it can be read", "ask again")

    def places_of(self, job: str) -> Places:
        """The same; read again after a while where there is no trace of the job, before that is believed.

        Raises:
            Unreachable: no answer, or the queue changes faster than it can be read.
        """
        places = self.places()
        if not look(places, job).anywhere:
            time.sleep(_AGAIN_S)
            places = self.places()
        return places

    def remove(self, item: Item, lock_key: str | None = None) -> bool:
        """Take an item out of the queue; False if it is not there any more.

        Raises:
            Unreachable: it is still there, or may be.
        """
        uid = item["item_uid"]
        try:
            self.say("/queue/item/remove", uid=uid, **_with(lock_key))
        except Refused as refusal:
            if any(one["item_uid"] == uid for one in self.places().queue):
                raise Unreachable(
                    f"an item cannot be taken out of the queue: {refusal.message}",
                    "unlock the queue server",
                ) from refusal
            return False
        return True

    @contextmanager
    def locked(self, lock_key: str, patience_s: float) -> Iterator[None]:
        """Hold the lock of the queue, and let go of it at the end.

        Where the server does not hear of the end, the lock stays: its key is its note, too, so that
        whoever meets it later can take it away.

        Raises:
            Refused: somebody else holds it, or there was no answer.
        """
        deadline = time.monotonic() + patience_s
        try:
            while True:
                try:
                    self.say("/lock", lock_key=lock_key, queue=True, note=lock_key)
                    break
                except Refused:
                    if time.monotonic() > deadline:
                        raise
                except Unreachable as silence:
                    raise Refused(f"nothing was sent: {silence.message}", silence.hint) from silence
                time.sleep(PAUSE_S)
            yield
        finally:
            self.unlock(lock_key)

    def lock(self) -> dict[str, Any]:
        """Who holds the lock, since when, and with which note.

        Raises:
            Unreachable: no answer.
        """
        told: dict[str, Any] = self.ask("/lock/info", lock_key=None)["lock_info"]
        return told

    def free_left_lock(self, lock: Mapping[str, Any], now: str, left_s: float) -> bool:
        """Take a lock away that a sender of the agent has left behind; whether it was one.

        Args:
            lock: What `lock` says.
            now: The time of the manager's status, by the same clock, with no zone either.
            left_s: How old it must be, in seconds.
        """
        note = str(lock["note"] or "")
        if not note.startswith(LOCK):
            return False
        since = datetime.strptime(lock["time_str"], _LOCK_TIME)  # noqa: DTZ007 - see `now`
        if (datetime.fromisoformat(now) - since).total_seconds() < left_s:
            return False
        self.unlock(note)
        return True

    def unlock(self, lock_key: str) -> None:
        """Let go of the lock, if it is held with this key."""
        with suppress(Refused, Unreachable):
            self.say("/unlock", lock_key=lock_key)

    def call(
        self, name: str, *args: Any, deadline_s: float, lock_key: str | None = None
    ) -> Answered:
        """What a function of the lab's startup directory returns, also while a plan is running.

        Raises:
            Refused: the server does not call it: the environment is closed, or it is not allowed.
            Unreachable: no answer within the deadline.
        """
        item = {"name": name, "item_type": "function", "args": list(args)}
        uid = self.say("/function/execute", item=item, run_in_background=True, **_with(lock_key))
        told = self.until(
            lambda: self.ask("/task/result", task_uid=uid["task_uid"]),
            lambda task: task["status"] != "running",
            deadline_s,
        )
        if told is None or told["status"] != "completed":
            raise Unreachable(f"the lab's function {name} has not answered", "see the worker's log")
        result = told["result"]
        if not result["success"]:
            return Answered(error=f"{name}: {result['msg']}")
        return Answered(result["return_value"])


def _with(lock_key: str | None) -> dict[str, str]:
    return {} if lock_key is None else {"lock_key": lock_key}
