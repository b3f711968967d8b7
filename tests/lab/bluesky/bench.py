"""What the tests of the Bluesky adapter have in common: an adapter, jobs, and other people's items."""

from typing import Any

import httpx

from adapters.bluesky import BlueskyAdapter
from adapters.testing import ENDED, job_for
from agent.core.adapter import Handle, Outcome
from agent.core.job import Job
from tests.lab.bluesky.server import KEY, Bluesky
from tests.lab.running import until

MADE = {
    "plan": "make_sample",
    "parameters": {
        "temperature": {"unit": "degC", "name": "setpoint", "executed": "actual.setpoint"},
        "hours": "h",
        "seconds": "s",
        "fault": "",
    },
    "objectives": {"mass": "mg"},
    "claims": "job_claim",
    "start_queue": True,
    "timeout_s": 60,
    "function_s": 120,
    "lock_s": 0.3,
    "cancel_s": 120,
    "emergency_s": 60,
}


def adapter_for(
    bluesky: Bluesky, transport: httpx.BaseTransport | None = None, **other: Any
) -> BlueskyAdapter:
    told = {**MADE, "url": bluesky.url, "api_key": KEY, **other}
    return BlueskyAdapter(BlueskyAdapter.Settings.model_validate(told), transport)


def job_that(number: int = 1, seconds: float = 0.0, fault: str = "") -> Job:
    """A job that takes some time, and may end with a fault."""
    given = {"temperature": (80.0, "degC"), "seconds": (seconds, "s"), "fault": fault}
    return job_for(given, {"mass": "mg"}, trial=f"k7f3q2-T{number:04}")


def send(adapter: BlueskyAdapter, job: Job) -> Handle:
    handles = [adapter.prepare(job)]
    adapter.start(job, handles[-1], handles.append)
    return handles[-1]


def ended(adapter: BlueskyAdapter, job: Job, handle: Handle) -> Outcome:
    found: list[Outcome] = []

    def over() -> bool:
        found.append(adapter.collect(job, handle))
        return found[-1].state in ENDED

    until(over, f"for {job.id} to end")
    return found[-1]


def queued(bluesky: Bluesky) -> list[str]:
    """The jobs in the queue, in order."""
    return [item["meta"]["athanor_job"] for item in bluesky.queue]


def by_somebody(bluesky: Bluesky, job: str = "", **kwargs: Any) -> None:
    """Another client's item, under a key or none."""
    item: dict[str, Any] = {"name": "make_sample", "item_type": "plan"}
    item["kwargs"] = {"setpoint": 30.0, "once": False, **kwargs}
    if job:
        item["meta"] = {"athanor_job": job}
    assert bluesky.say("/queue/item/add", item=item)["success"]
