"""Approved -> job -> sent, at most once.

One transaction consumes the approval, reserves the budget, takes from the stocks and writes the job. Only then is the
instrument spoken to, and every id that it gives is committed before anything else happens. After
any doubt nothing is sent again here: `reconcile` looks the job up.
"""

import json
from datetime import datetime
from typing import NamedTuple

from agent.core import ids
from agent.core.actor import AGENT, Process
from agent.core.adapter import Adapter, Handle
from agent.core.campaign import Campaign
from agent.core.clock import Clock
from agent.core.hours import closed_now
from agent.core.job import Job, JobStatus, SampleRef
from agent.core.operators import NOTHING_SAID, InForce
from agent.core.register import Lease
from agent.core.trial import Approval, Plan
from agent.data.store import Store
from agent.errors import AdapterError, GateError, OutsideLimits, Refused, Unreachable

_SENDING: set[str] = set()
"""Jobs that a thread of this process is in the middle of sending: a fact about the process, which
the store cannot know.
"""


class Order(NamedTuple):
    """What is to be sent.

    Attributes:
        plan: What, of which step, on which instrument.
        approval: What permits it.
        stage: The place of its step among the trial's.
        attempt: How often this step was tried before, and once more.
        samples: What it takes of earlier steps.
        cost: What it costs: so much is reserved.
        promised: What later steps cost, of this and of the other experiments that have begun.
        parallel: How many jobs its instrument takes at the same time; None without limit.
        limits: What the operators say of it.
    """

    plan: Plan
    approval: Approval
    stage: int = 1
    attempt: int = 1
    samples: tuple[SampleRef, ...] = ()
    cost: float = 0.0
    promised: float = 0.0
    parallel: int | None = None
    limits: InForce = NOTHING_SAID


def sending(job: str) -> bool:
    """Whether a thread of this process is sending the job now."""
    return job in _SENDING


def intend(
    store: Store,
    lease: Lease,
    campaign: Campaign,
    order: Order,
    me: Process,
    now: datetime,
    revision: int,
) -> Job:
    """Write the job, consume its approval, reserve its share of the budget and take what it uses of its
    instrument's stocks, in one transaction.

    Args:
        store: Where it is written.
        lease: The lease under which the agent acts.
        campaign: The campaign as it was when the plan was made.
        order: What will be sent.
        me: This process.
        now: When.
        revision: The number of that revision of the campaign.

    Raises:
        OutsideLimits: the operators' limits speak against the plan, whoever has approved it.
        GateError: the approval does not permit this plan, the campaign was revised since, the instrument
            is held, at work or closed to the campaign now, or too little is left of what the plan uses.
        BudgetSpent: there is no room in the budget.
        LeaseLost: somebody else has taken over.
    """
    budget, plan, approval = campaign.budget, order.plan, order.approval
    if reasons := order.limits.rules.reasons(plan):
        raise OutsideLimits(plan.instrument, reasons)
    if shut := closed_now(order.limits.rules.hours, campaign.name, now):
        raise GateError(f"{plan.instrument} is {shut}", "it is sent when the hours are over")
    job = Job(
        id=ids.job(plan.trial, order.stage, order.attempt),
        campaign=lease.name,
        trials=(plan.trial,),
        plans=(plan,),
        approvals=(approval.id,),
        step=plan.step,
        stage=order.stage,
        samples=order.samples,
        instrument=plan.instrument,
        attempt=order.attempt,
        sender=me,
        fence=lease.fence,
        cost=order.cost,
        intended_at=now,
    )
    with store.write(AGENT, now, lease) as tx:
        if (
            order.limits.document
        ):  # so that it can be read later what the hash in the plan stands for
            tx.put_blob(order.limits.document.encode(), "application/json")
        most = budget.cost.limit - order.promised if budget.cost else None
        # What has begun is finished: its later steps were paid for when it was.
        tx.intend(job, budget.experiments, most if order.stage == 1 else None, revision)
        tx.take(job, order.parallel)
        tx.draw(job, order.limits.rules.needs(plan))
    return job


def send(
    store: Store, lease: Lease, campaign: Campaign, job: Job, adapter: Adapter, clock: Clock
) -> str:
    """Send an intended job; how it went, in words.

    The handle is committed before `start` is called: a job without a handle was never sent.

    Raises:
        AdapterError: the handle cannot be kept.
        LeaseLost: somebody else has taken over; they will look the job up.
    """

    def note(handle: Handle) -> None:
        try:
            json.dumps(handle, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise AdapterError(
                f"{job.instrument} gave a handle that JSON cannot hold: {error}",
                "mend its adapter: texts, finite numbers, lists and dictionaries",
            ) from error
        with store.write(AGENT, clock.now(), lease) as tx:
            tx.note(job.id, handle)

    _SENDING.add(job.id)
    try:
        handle = adapter.prepare(job)
        note(handle)
        adapter.start(job, handle, note)
    except Refused as refusal:
        refuse(store, lease, campaign, job, str(refusal), clock.now())
        return f"refused: {refusal}"
    except Unreachable as silence:
        with store.write(AGENT, clock.now(), lease) as tx:
            tx.record(job.campaign, "job.in_doubt", job.id, {"reason": str(silence)})
        return f"in doubt: {silence}"
    finally:
        _SENDING.discard(job.id)
    with store.write(AGENT, clock.now(), lease) as tx:
        tx.move_job(job.id, JobStatus.STARTED)
    return "started"


def refuse(
    store: Store, lease: Lease, campaign: Campaign, job: Job, reason: str, now: datetime
) -> None:
    """Record that nothing was executed; the trial goes back to approved while attempts are left."""
    with store.write(AGENT, now, lease) as tx:
        tx.move_job(job.id, JobStatus.REFUSED, message=reason)
        for trial in job.trials:
            tx.settle(trial, campaign.settling)
