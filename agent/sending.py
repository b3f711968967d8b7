"""From a proposal to what is sent: the rules' review, and the dispatch of what is approved."""

from agent.attempt import Trouble, attempt, giving_way
from agent.core.actor import AGENT
from agent.core.adapter import Adapter, Capabilities
from agent.core.budget import begun, left_at, spent, used
from agent.core.campaign import Campaign
from agent.core.history import Effective, effective
from agent.core.instrument import held_for, in_force
from agent.core.job import JobStatus
from agent.core.register import Lease
from agent.core.trial import Approval, Plan, Trial, TrialStatus
from agent.decide import review as rules
from agent.dispatch.plans import approval_for, plan_for
from agent.dispatch.reviewing import CHECK, LIMITS, RENEWAL, UNATTENDED, Verdict, permit
from agent.dispatch.reviewing import review as write_review
from agent.dispatch.send import Order, intend, send
from agent.errors import BudgetSpent, GateError, OutsideLimits
from agent.lab import Lab
from agent.resolved import campaign_of, space_of

PERMITTED = "permitted again: nothing was executed the last time"
"""What `dispatch` says when it has renewed a permission: the next round sends."""


@giving_way
def review(lab: Lab, lease: Lease, trial_id: str) -> str:
    """Let the rules speak: reject what the adapter speaks against, approve where none is due."""
    campaign, trial, plan, wanted, _ = _planned(lab, lease, trial_id)
    if trial.status is not TrialStatus.PROPOSED:
        return f"somebody was faster: {trial.id} is {trial.status}"
    adapter = lab.adapter(campaign)
    asked = attempt(lab, lease, trial_id, lambda: (adapter.capabilities(), adapter.check(plan)))
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


@giving_way
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
        attempt(
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
    asked = attempt(lab, lease, trial_id, lambda: (adapter.capabilities(), adapter.health()))
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
