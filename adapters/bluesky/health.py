"""Whether a Bluesky queue server can take a job now."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from adapters.bluesky.http import one_line
from adapters.bluesky.items import job_of
from adapters.bluesky.server import QueueServer
from adapters.bluesky.settings import BlueskySettings
from agent.core.adapter import Health
from agent.errors import Unreachable

_MOVING = frozenset(
    {"creating_environment", "closing_environment", "destroying_environment", "initializing"}
)


class Wanted(NamedTuple):
    """What a job needs of the server: its plan, the arguments that are sent, whether the agent starts the
    queue; and after how many seconds a lock of the agent's is one that was left behind.
    """

    plan: str
    arguments: frozenset[str]
    start_queue: bool
    lock_left_s: float


def wanted(settings: BlueskySettings) -> Wanted:
    """What jobs under these settings need."""
    sent = {settings.argument(name) for name in settings.parameters or ()}
    sent |= settings.constants.keys() | set(settings.sample.names)
    if settings.md is not None:
        sent |= {settings.md}
    return Wanted(settings.plan, frozenset(sent), settings.start_queue, settings.lock_left_s)


def health(server: QueueServer, wanted: Wanted) -> Health:
    """Ready if a job can be added now, and the reason if not. Asked anew each time."""
    try:
        now = server.status()
        if now["lock"]["queue"] or now["lock"]["environment"]:
            lock = server.lock()
            if not server.free_left_lock(lock, now["time"], wanted.lock_left_s):
                return Health(state="locked", reason=_locked_by(lock))
        return unlocked_health(server, now, wanted)
    except Unreachable as silence:
        return Health(state="unreachable", reason=str(silence))


def unlocked_health(server: QueueServer, now: Mapping[str, Any], wanted: Wanted) -> Health:
    """The same, whoever holds the lock.

    Raises:
        Unreachable: no answer.
    """
    if now["manager_state"] in _MOVING:
        return Health(state="busy", reason=f"the manager is {now['manager_state']}")
    if not now["worker_environment_exists"]:
        return Health(state="faulted", reason="its environment is closed: open it")
    if now["manager_state"] == "paused":
        return Health(state="busy", reason="a plan is paused: resume or abort it")
    if now["plan_queue_mode"]["loop"]:
        return Health(
            state="faulted", reason="the queue is in loop mode: every job would be executed again"
        )
    if fault := _plan_fault(server, wanted):
        return Health(state="faulted", reason=fault)
    if wanted.start_queue and now["manager_state"] == "idle" and now["items_in_queue"]:
        others = sum(job_of(item) is None for item in server.places().queue)
        if others:
            reason = f"{others} items of others wait in the queue: start it, or take them out"
            return Health(state="busy", reason=reason)
    return Health(state="ready")


def _locked_by(lock: Mapping[str, Any]) -> str:
    since = f" since {lock['time_str']}" if lock["time_str"] else ""
    note = f": {one_line(lock['note'])}" if lock["note"] else ""
    return f"locked by {lock['user']}{since}{note}"


def _plan_fault(server: QueueServer, wanted: Wanted) -> str:
    """What is wrong with the plan's name or arguments; empty if nothing is."""
    plans = server.ask("/plans/allowed")["plans_allowed"]
    if wanted.plan not in plans:
        known = ", ".join(sorted(plans)) or "none"
        return f"the plan '{wanted.plan}' is not allowed (allowed: {known})"
    parameters = plans[wanted.plan].get("parameters", [])
    return _argument_fault(wanted, parameters)


def _argument_fault(wanted: Wanted, parameters: Iterable[Mapping[str, Any]]) -> str:
    kinds = {one["name"]: one["kind"]["name"] for one in parameters}
    if "VAR_KEYWORD" in kinds.values():
        return ""
    unknown = sorted(wanted.arguments - kinds.keys())
    if unknown:
        return f"the plan '{wanted.plan}' has no argument {', '.join(unknown)}"
    return ""
