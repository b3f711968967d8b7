"""Sending a job to a Bluesky queue server: what is looked at before, the adding, and who starts the queue."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from adapters.bluesky.health import Wanted, unlocked_health
from adapters.bluesky.http import NotConnected
from adapters.bluesky.items import Places, item_for, job_of, put_back, status
from adapters.bluesky.server import QueueServer
from adapters.bluesky.settings import BlueskySettings
from agent.core.job import Job
from agent.errors import Refused, Unreachable


@contextmanager
def nothing_sent() -> Iterator[None]:
    """Before anything is sent, silence is a refusal."""
    try:
        yield
    except Unreachable as silence:
        raise Refused(f"nothing was sent: {silence.message}", silence.hint) from silence


def cleared(server: QueueServer, wanted: Wanted, key: str) -> Places:
    """Queue and history, now that no job waits there to be repeated; asked under the lock.

    Raises:
        Refused: nothing may be added now.
        Unreachable: no answer.
    """
    found = unlocked_health(server, server.status(), wanted)
    if found.state != "ready":
        raise Refused(found.reason, "put it right, then send it again")
    for item in put_back(server.places().queue):
        server.remove(item, key)
    return server.places()


def add(server: QueueServer, settings: BlueskySettings, job: Job, key: str) -> str:
    """Add the job to the back of the queue; the id that the server gives it there.

    Raises:
        Refused: it was not added.
        Unreachable: it may have been.
    """
    (plan,) = job.plans
    arguments = settings.arguments(plan, job.sample_of(plan.trial))
    item = item_for(job, plan, settings.plan, arguments, settings.md)
    try:
        told = server.say("/queue/item/add", item=item, pos="back", lock_key=key)
    except NotConnected as error:
        raise Refused(f"nothing was sent: {error.message}", error.hint) from error
    return str(told["item"]["item_uid"])


def start_stalled(server: QueueServer, places: Places, handle: Mapping[str, Any]) -> bool:
    """Start a queue that lies still with nothing but jobs in it, unless somebody has stopped it;
    whether it was started.

    By itself it stops only where a plan has failed. And nothing at all has ended since a job was added
    (`last` in its handle) where its sender has died before it came to start the queue.

    Raises:
        Unreachable: no answer.
    """
    ours = all(job_of(item) for item in places.queue)
    failed = places.last is not None and status(places.history[-1]) == "failed"
    if not ours or not (failed or places.last == handle.get("last", "")):
        return False
    for item in put_back(places.queue):
        server.remove(item)
    try:
        server.say("/queue/start")
    except Refused:
        return False
    return True
