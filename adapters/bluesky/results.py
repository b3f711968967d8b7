"""What a Bluesky plan's end means, and what its runs have brought."""

import json
from collections.abc import Mapping
from typing import Any

from adapters.bluesky.items import Item, exception, runs, status, told
from adapters.bluesky.server import QueueServer
from adapters.bluesky.settings import BlueskySettings
from agent.core.adapter import Outcome
from agent.core.job import Job
from agent.errors import Refused, Unreachable


def outcome(server: QueueServer, settings: BlueskySettings, job: Job, item: Item) -> Outcome:
    """The outcome of a job whose item has ended.

    A plan that was stopped, aborted or halted was ended by somebody, for a reason of theirs: it is
    cancelled, and says nothing of the point, not even where it has brought some readings.

    Raises:
        Unreachable: what it has brought cannot be read now.
    """
    match status(item):
        case "completed":
            return _completed(server, settings, job, item)
        case "failed":
            return Outcome(
                state="failed",
                failure="unclassified",
                code=exception(item),
                message=told(item),
                raw=_document(server, item, {}),
            )
        case "stopped" | "aborted" | "halted" as how:
            message = f"it was {how} at the queue server"
            return Outcome(state="cancelled", message=message, raw=_document(server, item, {}))
        case _:
            return Outcome(state="lost", message=told(item), raw=_document(server, item, {}))


def _completed(server: QueueServer, settings: BlueskySettings, job: Job, item: Item) -> Outcome:
    found: dict[str, Any] = {}
    for run in runs(item):
        try:
            said = server.call(settings.results, run, deadline_s=settings.function_s)
        except Refused as refusal:
            raise Unreachable(
                f"it is done, but its results cannot be read: {refusal.message}",
                "open the environment, and allow the function",
            ) from refusal
        if said.error:
            message = f"it is done, but its results cannot be read: {said.error}"
            return Outcome(state="lost", message=message, raw=_document(server, item, found))
        found[run] = said.value
    (plan,) = job.plans
    return settings.outcome(plan, _answer(found), _document(server, item, found))


def _answer(found: Mapping[str, Any]) -> dict[str, Any]:
    """What the runs say together: the later speaks over the earlier; all of them are in `runs`."""
    together: dict[str, Any] = {"runs": list(found.values())}
    for document in found.values():
        if isinstance(document, Mapping):
            together |= document
    return together


def _document(server: QueueServer, item: Item, found: Mapping[str, Any]) -> str:
    version = server.status()["msg"]
    return json.dumps({"server": version, "item": item, "runs": found}, sort_keys=True)
