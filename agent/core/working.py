"""What a campaign has had of each instrument: jobs, time at work, and cost."""

from collections.abc import Iterable
from datetime import datetime

from agent.core.budget import counts
from agent.core.job import Job
from agent.core.values import Value


class AtWork(Value):
    """One instrument's part: how many jobs that count, for how many seconds they were there, and what they cost."""

    instrument: str
    jobs: int
    seconds: float
    cost: float


def at_work(jobs: Iterable[Job], now: datetime) -> tuple[AtWork, ...]:
    """Each instrument's part, in the order in which they were first used.

    Args:
        jobs: Of a campaign, in order.
        now: Until when a job that has not ended was there.
    """
    found: dict[str, list[Job]] = {}
    for job in jobs:
        if counts(job):
            found.setdefault(job.instrument, []).append(job)
    return tuple(
        AtWork(
            instrument=name,
            jobs=len(there),
            seconds=sum(_seconds(one, now) for one in there),
            cost=sum(one.cost for one in there),
        )
        for name, there in found.items()
    )


def _seconds(job: Job, now: datetime) -> float:
    if job.started_at is None:
        return 0.0
    return max(((job.ended_at or now) - job.started_at).total_seconds(), 0.0)
