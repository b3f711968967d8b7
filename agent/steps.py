"""The steps of a round, each for one job, one trial or one decision; `loop` puts them in order.

A step takes ids and gives a word for people; everything that it needs it reads from the store, so
that it may be a task of its own, be taken again, or be taken by another process.
"""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import wraps
from typing import TypeVar

from agent import breaker
from agent.core.actor import AGENT
from agent.core.adapter import Adapter, Capabilities
from agent.core.budget import begun, left_at, spent, used
from agent.core.campaign import Campaign
from agent.core.history import Effective, effective
from agent.core.instrument import held_for, in_force
from agent.core.job import IN_FLIGHT, Job, JobStatus
from agent.core.register import Lease
from agent.core.trial import Approval, Plan, Trial, TrialStatus
from agent.core.values import Point
from agent.core.winner import USUAL
from agent.decide import review as rules
from agent.decide.propose import propose as choose
from agent.decide.propose import screened
from agent.decide.screening import Look
from agent.deciding import decide, situation_now
from agent.dispatch.plans import approval_for, plan_for
from agent.dispatch.reconcile import doubt, overdue
from agent.dispatch.reconcile import reconcile as look_up
from agent.dispatch.reviewing import CHECK, LIMITS, RENEWAL, UNATTENDED, Verdict, permit
from agent.dispatch.reviewing import review as write_review
from agent.dispatch.send import Order, intend, send
from agent.ending import enough
from agent.errors import (
    AdapterError,
    AthanorError,
    BudgetSpent,
    GateError,
    LifecycleError,
    OutsideLimits,
)
from agent.ingest.collect import collect as take_in
from agent.ingest.collect import ingest_timeout
from agent.lab import Lab
from agent.recall import keep
from agent.resolved import campaign_of, space_of
from agent.standing import Standing
from agent.winner import confirmations, confirming, usual

UNDECIDED = "not decided: "
"""How `propose` begins where the instrument does not say what a decision has to know of it."""

Answer = TypeVar("Answer")
Step = Callable[[Lab, Lease, str], str]

PERMITTED = "permitted again: nothing was executed the last time"
"""What `dispatch` says when it has renewed a permission: the next round sends."""


def _giving_way(step: Step) -> Step:
    """A step that leaves to the next round what somebody else has moved while it was under way."""

    @wraps(step)
    def taken(lab: Lab, lease: Lease, subject: str) -> str:
        try:
            return step(lab, lease, subject)
        except LifecycleError as error:
            return f"somebody was faster: {error}"

    return taken


@_giving_way
def reconcile(lab: Lab, lease: Lease, job_id: str) -> str:
    """Find out what became of a job that was intended and that nobody here is sending."""
    job, campaign = lab.store.job(job_id), campaign_of(lab.store, lease.name)
    adapter = lab.adapter(campaign)
    found = _attempt(
        lab,
        lease,
        job_id,
        lambda: look_up(lab.store, lease, campaign, job, adapter, lab.me, lab.clock.now()),
    )
    if isinstance(found, Trouble) and overdue(campaign, job, lab.clock.now()):
        doubt(lab.store, lease, job, found.reason, lab.clock.now())
        return "unknown"
    return str(found)


@_giving_way
def collect(lab: Lab, lease: Lease, job_id: str) -> str:
    """Take in what a started job has brought."""
    job, campaign = lab.store.job(job_id), campaign_of(lab.store, lease.name)
    adapter = lab.adapter(campaign)

    def step() -> str:
        failures = lab.limits_of(campaign).rules.failures
        state, message = take_in(lab.store, lease, campaign, job, adapter, lab.clock, failures)
        return f"{state}: {message}" if message else state

    said = _attempt(lab, lease, job_id, step)
    still = lab.store.job(job_id).status in IN_FLIGHT
    if still and overdue(campaign, job, lab.clock.now()):
        return _give_up(lab, lease, campaign, job, adapter)
    return str(said)


def _give_up(lab: Lab, lease: Lease, campaign: Campaign, job: Job, adapter: Adapter) -> str:
    # A physical effect that has not answered in time may have happened: only a person can say.
    if _attempt(lab, lease, job.id, lambda: adapter.capabilities().effect) == "pure":
        ingest_timeout(lab.store, lease, campaign, job, lab.clock.now())
        return "failed: timeout"
    doubt(lab.store, lease, job, "no end within the deadline for a job", lab.clock.now())
    return "unknown"


_ERROR = "adapter.error"
_AGAIN = timedelta(hours=1)


@dataclass(frozen=True)
class Trouble:
    """An adapter did not answer as it should; `reason` is what was written down."""

    reason: str

    def __str__(self) -> str:
        """The last line of the reason."""
        return f"error: {self.reason.strip().splitlines()[-1]}"


def _attempt(lab: Lab, lease: Lease, subject: str, step: Callable[[], Answer]) -> Answer | Trouble:
    """Take a step that speaks to an adapter. The one place where any fault of other people's code
    is caught: it is written down, and looked into again in the next round.
    """
    try:
        return step()
    except AdapterError as error:
        reason = str(error)
    except AthanorError:
        raise
    except Exception:  # noqa: BLE001 - whatever other people's code may raise
        reason = traceback.format_exc(limit=-3)
    now = lab.clock.now()
    last = lab.store.last_line(lease.name, _ERROR, subject)
    # Every poll meets a fault that stays: a line an hour says that it does.
    if last is None or last.data["reason"] != reason or now - last.at >= _AGAIN:
        with lab.store.write(AGENT, now, lease) as tx:
            tx.record(lease.name, _ERROR, subject, {"reason": reason})
    return Trouble(reason)


def propose(lab: Lab, lease: Lease, standing: Standing, subject: str) -> str:
    """Choose the next batch, and write the decision with everything that went in."""
    del subject  # it has no id yet; Prefect shows its number
    asks = _asks(lab, lease, standing)
    if isinstance(asks, Trouble):
        return UNDECIDED + str(asks)
    space = space_of(lab.store, standing.campaign)
    told = confirming(standing, space, asks, enough(standing) or "")
    situation = situation_now(lab.store, standing, told)
    asked = min(standing.campaign.policy.batch_size, standing.slots)
    selection = choose(situation, asked)
    keep(lab.store, selection.fitted, situation.remembered, lab.clock.now())
    decide(lab, lease, standing, situation, selection, asked)
    return f"{len(selection.choices)} proposed ({selection.kind})"


def screen(lab: Lab, lease: Lease, standing: Standing, sample: Point) -> Look:
    """Look at a sample that comes by; where it is asked for, write the decision and its trial."""
    situation = replace(situation_now(lab.store, standing, None), sample=sample)
    selection, look = screened(situation)
    if selection.choices:
        decide(lab, lease, standing, situation, selection, 1)
    return look


def _asks(lab: Lab, lease: Lease, standing: Standing) -> int | Trouble | None:
    """How many samples confirm a winner by the instrument's effect: asked once, where the campaign does
    not say.
    """
    known = usual(standing)
    campaign = standing.campaign
    if known is not None or campaign.stop.confirm is not None or not campaign.aim.confirmable:
        return known
    adapter = lab.adapter(campaign)
    told = _attempt(lab, lease, campaign.execution.target, adapter.capabilities)
    if isinstance(told, Trouble):
        return told
    return USUAL if told.effect == "physical" else 0


def withdraw(lab: Lab, lease: Lease, standing: Standing, reason: str) -> None:
    """Take back what was not sent and does not confirm the winner: no other point is looked for."""
    unsent, kept = standing.of(TrialStatus.PROPOSED, TrialStatus.APPROVED), confirmations(standing)
    late = [one for one in unsent if one.id not in kept]
    if late:
        with lab.store.write(AGENT, lab.clock.now(), lease) as tx:
            for trial in late:
                tx.move_trial(trial.id, TrialStatus.CANCELLED, reason)


def watch(lab: Lab, lease: Lease, standing: Standing) -> bool:
    """Hold a physical instrument that fails again and again; whether it was."""
    why = breaker.why_trip(lab.store, standing)
    if why is None:
        return False
    adapter = lab.adapter(standing.campaign)
    asked = _attempt(lab, lease, standing.campaign.execution.target, adapter.capabilities)
    if isinstance(asked, Trouble) or asked.effect != "physical":
        return False
    breaker.trip(lab.store, lease, standing, why, lab.clock.now())
    return True


@_giving_way
def review(lab: Lab, lease: Lease, trial_id: str) -> str:
    """Let the rules speak: reject what the adapter speaks against, approve where none is due."""
    campaign, trial, plan, wanted, _ = _planned(lab, lease, trial_id)
    if trial.status is not TrialStatus.PROPOSED:
        return f"somebody was faster: {trial.id} is {trial.status}"
    adapter = lab.adapter(campaign)
    asked = _attempt(lab, lease, trial_id, lambda: (adapter.capabilities(), adapter.check(plan)))
    if isinstance(asked, Trouble):
        return str(asked)
    capabilities, against = asked
    unattended = campaign.execution.target in lab.unattended
    rule = rules.rule_in_force(campaign.review, capabilities, unattended=unattended)
    limits = lab.limits_of(campaign)
    beyond = limits.rules.reasons(plan)
    outside = space_of(lab.store, campaign).reasons(wanted.point) + beyond
    finding = rules.find(plan, rule, lambda _: against, outside)
    if finding.verdict == "wait":
        return "waits for a review"
    rejects = finding.verdict == "reject"
    speaks = LIMITS if beyond and not against else CHECK
    verdict = (
        Verdict("reject", speaks, finding.reasons) if rejects else Verdict("approve", UNATTENDED)
    )
    now = lab.clock.now()
    write_review(lab.store, trial, campaign, verdict, now, lease=lease, limits=limits)
    return "rejected by rule" if rejects else "approved by rule"


@_giving_way
def dispatch(lab: Lab, lease: Lease, trial_id: str) -> str:
    """Send one approved trial, if its instrument can take it and an approval binds it as it is."""
    campaign, trial, plan, wanted, revision = _planned(lab, lease, trial_id)
    adapter = lab.adapter(campaign)
    able = _able(lab, lease, campaign, adapter, trial_id)
    if isinstance(able, str):
        return able
    now = lab.clock.now()
    over = campaign.budget.wall_time and _over(lab, lease, campaign)
    if over:
        return f"not sent: {over}"
    approval = approval_for(plan, lab.store.approvals_of(trial_id), now)
    if approval is None or _by_rule_only(lab, campaign, trial):
        return _permit_again(lab, lease, campaign, trial, plan)
    before = left_at(lab.store.jobs(lease.name)) if campaign.priced else None
    price = campaign.price(space_of(lab.store, campaign), wanted.point, before)
    parallel = able.parallel if able.effect == "physical" else None
    order = Order(plan, approval, price, parallel, lab.limits_of(campaign))
    try:
        job = intend(lab.store, lease, campaign, order, lab.me, now, revision)
    except OutsideLimits as beyond:
        return _send_back(lab, lease, trial, approval, beyond)
    except (BudgetSpent, GateError) as error:
        if isinstance(error, BudgetSpent) and campaign.priced:
            # Others may cost less: what cannot be paid for must not hold up the campaign.
            with lab.store.write(AGENT, now, lease) as tx:
                tx.move_trial(trial.id, TrialStatus.CANCELLED, str(error))
        return f"not sent: {error}"
    return str(
        _attempt(
            lab, lease, job.id, lambda: send(lab.store, lease, campaign, job, adapter, lab.clock)
        )
    )


def _over(lab: Lab, lease: Lease, campaign: Campaign) -> str | None:
    """Which limit leaves no room: the wall time may have gone by since the round began."""
    jobs, now = lab.store.jobs(lease.name), lab.clock.now()
    held = held_for(lab.store.holds(campaign.execution.target), begun(jobs), now)
    return spent(campaign.budget, used(jobs, now, held))


def _planned(lab: Lab, lease: Lease, trial_id: str) -> tuple[Campaign, Trial, Plan, Effective, int]:
    """A trial as it stands: what would be sent for it, and the revision that this is of."""
    revision = lab.store.latest(lease.name)
    campaign, trial = campaign_of(lab.store, lease.name), lab.store.trial(trial_id)
    wanted = effective([trial], lab.store.reviews_of(trial_id))[trial_id]
    plan = plan_for(trial, wanted, campaign, lab.limits_of(campaign).hash)
    return campaign, trial, plan, wanted, revision


def _able(
    lab: Lab, lease: Lease, campaign: Campaign, adapter: Adapter, trial_id: str
) -> Capabilities | str:
    """What the instrument is able to, or why it takes nothing now."""
    name = campaign.execution.target
    held = in_force(lab.store.holds(name), lab.clock.now())
    if held:
        return str(held)
    in_doubt = lab.store.in_doubt(name)
    if in_doubt:
        return f"held, since what became of {in_doubt[0].id} is not known"
    asked = _attempt(lab, lease, trial_id, lambda: (adapter.capabilities(), adapter.health()))
    if isinstance(asked, Trouble):
        return str(asked)
    capabilities, health = asked
    rules.check_released(lab.limits_of(campaign).rules, capabilities, name)
    busy = lab.store.busy(name) if capabilities.effect == "physical" else []
    if len(busy) >= capabilities.parallel:
        others = {lab.store.entry(job.campaign).name for job in busy if job.campaign != lease.name}
        whose = f", for {', '.join(sorted(others))}" if others else ""
        return f"{name} is at work on {busy[0].id}{whose}"
    ready = health.state == "ready"
    return capabilities if ready else f"{name} is {health.state}: {health.reason}"


def _by_rule_only(lab: Lab, campaign: Campaign, trial: Trial) -> bool:
    """Whether only a rule has approved it, and a revision now wants a person to."""
    required = campaign.review is not None and campaign.review.mode == "required"
    return required and lab.store.reviews_of(trial.id)[-1].by.kind == "rule"


def _send_back(
    lab: Lab, lease: Lease, trial: Trial, approval: Approval, beyond: OutsideLimits
) -> str:
    """Whoever has approved it, the operators' limits speak against it: people may edit or reject it."""
    with lab.store.write(LIMITS, lab.clock.now(), lease) as tx:
        tx.revoke(approval.id, str(beyond))
        tx.move_trial(trial.id, TrialStatus.PROPOSED, str(beyond))
    return f"back to review: {beyond}"


def _permit_again(lab: Lab, lease: Lease, campaign: Campaign, trial: Trial, plan: Plan) -> str:
    """No approval permits what would be sent now.

    If the last sending of just this was refused, its permission is renewed; otherwise the trial
    goes back to review.
    """
    now = lab.clock.now()
    jobs = lab.store.jobs_of(trial.id)
    used = [
        one
        for one in lab.store.approvals_of(trial.id)
        if one.job
        and one.digest == plan.digest
        and one.revoked_at is None
        and (one.expires_at is None or now < one.expires_at)
    ]
    with lab.store.write(RENEWAL, now, lease) as tx:
        renewable = used and not _by_rule_only(lab, campaign, trial)
        if jobs and jobs[-1].status is JobStatus.REFUSED and renewable:
            last = used[-1]
            permit(tx, plan, trial.campaign, last.review, RENEWAL, now, last.expires_at)
            return PERMITTED
        reason = "what would be sent is not what was approved, or the approval has expired"
        tx.move_trial(trial.id, TrialStatus.PROPOSED, reason)
    return "back to review"
