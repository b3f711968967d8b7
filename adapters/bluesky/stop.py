"""Bringing a Bluesky queue server to a stop: one job's plan, or everything.

A plan can only be aborted while it is paused; what its own clean-up does (`finalize_wrapper`) is how it
comes to its safe state, so it is aborted, not halted. A worker that does not obey is destroyed.
"""

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from adapters.bluesky.http import PAUSE_S
from adapters.bluesky.items import look, put_back, status
from adapters.bluesky.server import QueueServer
from agent.core.adapter import Cancellation
from agent.errors import Refused, Unreachable

_INTERRUPTED = frozenset({"aborted", "halted", "stopped"})
_DESTROYED_S = 30.0
"""Seconds that the server may take to destroy its environment; it takes one or two."""

_AT_REST = frozenset({"idle", "initializing"})


def stop_running(server: QueueServer, job: str, deadline_s: float) -> Cancellation:
    """Pause the plan of a job at once, abort it, and take out of the queue what is put back.

    `confirmed` only when the history says that it was interrupted; `requested` where the server has
    agreed and the deadline came first; `unconfirmed` where it has not agreed, or does not answer.
    """
    deadline = time.monotonic() + deadline_s
    agreed = False
    try:
        while True:
            now = server.status()
            if look(server.places(), job).running is None:
                if not agreed or _let_go(server, now):
                    return _how_it_ended(server, job)
            elif now["manager_state"] == "paused":
                server.say("/re/abort")
                agreed = True
            elif now["manager_state"] == "executing_queue" and not agreed:
                # Refused: it has come to its end in between; the next look tells.
                with suppress(Refused):
                    server.say("/re/pause", option="immediate")
                    agreed = True
            if time.monotonic() > deadline:
                return "requested" if agreed else "unconfirmed"
            time.sleep(PAUSE_S)
    except (Refused, Unreachable):
        return "unconfirmed"


def _let_go(server: QueueServer, now: Mapping[str, Any]) -> bool:
    """Our plan has ended before the pause came: the next one, which it has hit, goes on. Whether that
    is settled.
    """
    if now["manager_state"] == "paused":
        server.say("/re/resume")
        return True
    return not now["pause_pending"]


def _how_it_ended(server: QueueServer, job: str) -> Cancellation:
    seen = look(server.places(), job)
    if seen.ended is None or status(seen.ended) not in _INTERRUPTED:
        return "unconfirmed"
    for item in seen.again:
        server.remove(item)
    return "confirmed"


def stop_everything(server: QueueServer, deadline_s: float, unlocking: str | None) -> None:
    """Abort whatever runs; destroy the environment if that does not come to an end in time.

    Args:
        server: The server.
        deadline_s: How long the clean-up of the plan may take, in seconds.
        unlocking: The emergency key, which takes an operator's lock away.

    Raises:
        Refused: the server does not let itself be stopped.
        Unreachable: it does not answer, or what it was told to do does not come to an end.
    """
    if unlocking is not None and server.status()["lock"]["environment"]:
        server.unlock(unlocking)
    for path, content in (("/queue/autostart", {"enable": False}), ("/queue/stop", {})):
        with suppress(Refused):
            server.say(path, **content)
    if not _aborted(server, deadline_s):
        server.say("/environment/destroy")
        gone = server.until(
            server.status, lambda told: not told["worker_environment_exists"], _DESTROYED_S
        )
        if gone is None:
            raise Unreachable(
                "the environment was told to be destroyed, and is still there",
                "stop the instrument itself",
            )
    # What a lock of the queue keeps there, `collect` takes out later: everything is at rest now.
    with suppress(Unreachable):
        for item in put_back(server.places().queue):
            server.remove(item)


def _aborted(server: QueueServer, deadline_s: float) -> bool:
    """Whether everything has come to rest by pausing and aborting."""
    deadline = time.monotonic() + deadline_s
    aborting = False
    while True:
        now = server.status()
        state = now["manager_state"]
        if state in _AT_REST and now["running_item_uid"] is None:
            return True
        if time.monotonic() > deadline:
            return False
        # Refused: its state has changed in between; the next look tells.
        with suppress(Refused):
            if state == "paused":
                server.say("/re/abort")
                aborting = True
            elif state == "executing_queue" and not aborting:
                server.say("/re/pause", option="immediate")
        time.sleep(PAUSE_S)
