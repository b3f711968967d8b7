"""What every step does that speaks to an adapter, or that somebody else may be faster with."""

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import TypeVar

from agent.core.actor import AGENT
from agent.core.job import Job
from agent.core.register import Lease
from agent.core.worded import last_words
from agent.data.store import Store
from agent.errors import AdapterError, AthanorError, LifecycleError
from agent.lab import Lab

Answer = TypeVar("Answer")
Step = Callable[[Lab, Lease, str], str]

_ERROR = "adapter.error"
_AGAIN = timedelta(hours=1)
_STALE = timedelta(hours=2)
"""A fault that stays is written down each hour: one that was not for so long is over."""


def giving_way(step: Step) -> Step:
    """A step that leaves to the next round what somebody else has moved while it was under way."""

    @wraps(step)
    def taken(lab: Lab, lease: Lease, subject: str) -> str:
        try:
            return step(lab, lease, subject)
        except LifecycleError as error:
            return f"somebody was faster: {error}"

    return taken


@dataclass(frozen=True)
class Trouble:
    """An adapter did not answer as it should; `reason` is what was written down."""

    reason: str

    def __str__(self) -> str:
        """The last line of the reason."""
        return f"error: {last_words(self.reason)}"


def attempt(
    lab: Lab, lease: Lease, subject: str, step: Callable[[], Answer], instrument: str = ""
) -> Answer | Trouble:
    """Take a step that speaks to an adapter. The one place where any fault of other people's code
    is caught: it is written down, and looked into again in the next round.

    `instrument` says which one is spoken to, where several may be for the same `subject`.
    """
    try:
        return step()
    except AdapterError as error:
        reason = str(error)
    except AthanorError:
        raise
    except Exception:  # noqa: BLE001 - whatever other people's code may raise
        reason = traceback.format_exc(limit=-3)
    now, where = lab.clock.now(), {"instrument": instrument} if instrument else {}
    about = f"{subject} on {instrument}" if instrument else subject
    last = lab.store.last_line(lease.name, _ERROR, about)
    # Every poll meets a fault that stays: a line an hour says that it does.
    if last is None or last.data["reason"] != reason or now - last.at >= _AGAIN:
        with lab.store.write(AGENT, now, lease) as tx:
            tx.record(lease.name, _ERROR, about, {"reason": reason, **where})
    return Trouble(reason)


def troubles(store: Store, campaign: str, jobs: Iterable[Job], now: datetime) -> dict[str, str]:
    """Job -> what its adapter has raised over it lately, and when; of those that are under way."""
    lines = {job.id: store.last_line(campaign, _ERROR, job.id) for job in jobs}
    return {
        job: f"{last_words(line.data['reason'])} ({line.at:%H:%M} UTC)"
        for job, line in lines.items()
        if line is not None and now - line.at < _STALE
    }
