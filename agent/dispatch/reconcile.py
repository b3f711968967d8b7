"""After a crash, or any doubt: find out what became of a job, and never send it blindly again."""

from datetime import datetime

from agent.core.actor import AGENT, Process
from agent.core.adapter import Adapter, Sighting
from agent.core.campaign import Campaign
from agent.core.job import Job, JobStatus
from agent.core.register import Lease
from agent.core.worded import last_words
from agent.data.store import Store
from agent.dispatch.process import known_dead, within_sight
from agent.dispatch.send import refuse, sending
from agent.errors import Unreachable

_OUT_OF_SIGHT_S = 600.0
"""How long a sender on another machine may stay silent before a person is asked."""
_RAISED = ("adapter.error", "job.in_doubt")
"""Lines of the journal that hold what an adapter has raised."""


def reconcile(
    store: Store,
    lease: Lease,
    campaign: Campaign,
    job: Job,
    adapter: Adapter,
    me: Process,
    now: datetime,
) -> str:
    """Look up a job that is `intended` although nobody here is sending it; what is known now, in words.

    - No handle was committed: `start` was not called, and never will be, since the sender's next
      write fails under our lease. Refused, it may be sent again.
    - Seen at the instrument: it was started; its results will be collected.
    - The adapter is sure that it was not executed and never will be: refused too.
    - Its sender may still be alive: wait; the sender's next byte may be on its way. For a sender
      on another machine, which can never be known to be dead from here, only for ten minutes.
    - Otherwise nobody can know: `unknown`, a person has to look.
    """
    if job.handle is None:
        refuse(store, lease, campaign, job, "it was never sent: no handle was committed", now)
        return "refused: never sent"
    gone = known_dead(job.sender) or (job.sender == me and not sending(job.id))
    try:
        sighting = adapter.find(job, job.handle)
    except Unreachable as silence:
        return _patience(
            store, lease, campaign, job, f"the instrument does not answer: {silence}", now
        )
    return _conclude(store, lease, campaign, job, sighting, now, gone=gone)


def _conclude(
    store: Store,
    lease: Lease,
    campaign: Campaign,
    job: Job,
    sighting: Sighting,
    now: datetime,
    *,
    gone: bool,
) -> str:
    if sighting.state != "absent":
        with store.write(AGENT, now, lease) as tx:
            tx.move_job(
                job.id, JobStatus.STARTED, message="found at the instrument", handle=sighting.handle
            )
        return "started: found at the instrument"
    if sighting.sure:
        reason = sighting.reason or "the instrument has not executed it"
        refuse(store, lease, campaign, job, reason, now)
        return "refused: not executed"
    if not gone:
        return _patience(
            store, lease, campaign, job, f"its sender ({job.sender}) may still send it", now
        )
    reason = sighting.reason or "the instrument cannot say whether it was executed"
    doubt(store, lease, job, reason + _trouble(store, job), now)
    return "unknown"


def _trouble(store: Store, job: Job) -> str:
    """What its adapter last raised over this job, for whoever looks; empty where it raised nothing."""
    told = (store.last_line(job.campaign, event, job.id) for event in _RAISED)
    lines = [line for line in told if line is not None]
    if not lines:
        return ""
    last = max(lines, key=lambda line: line.seq)
    return f"; its adapter said: {last_words(last.data['reason'])}"


def _patience(
    store: Store, lease: Lease, campaign: Campaign, job: Job, reason: str, now: datetime
) -> str:
    waited = (now - job.intended_at).total_seconds()
    lost = not within_sight(job.sender) and waited > _OUT_OF_SIGHT_S
    if lost or overdue(campaign, job, now):
        doubt(store, lease, job, reason, now)
        return "unknown"
    return f"waiting: {reason}"


def doubt(store: Store, lease: Lease, job: Job, reason: str, now: datetime) -> None:
    """What became of the job cannot be known: hold it for a person."""
    with store.write(AGENT, now, lease) as tx:
        tx.move_job(job.id, JobStatus.UNKNOWN, message=reason)


def overdue(campaign: Campaign, job: Job, now: datetime) -> bool:
    """Whether the job has taken longer than the campaign's deadline for one."""
    deadline = campaign.execution.deadline_of(job.step)
    since = job.started_at or job.intended_at
    return deadline is not None and (now - since).total_seconds() > deadline.seconds
