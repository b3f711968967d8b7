"""From a proposal to what is sent: the rules' review, and the dispatch of what is approved."""

from collections.abc import Sequence

from agent.attempt import Trouble, attempt, giving_way
from agent.core.actor import AGENT
from agent.core.adapter import Capabilities
from agent.core.budget import begun, spent, used
from agent.core.campaign import Campaign
from agent.core.execution import Step
from agent.core.instrument import held_for, in_force
from agent.core.job import IN_FLIGHT, Job, JobStatus
from agent.core.lifecycle import again
from agent.core.register import Lease
from agent.core.trial import Approval, Plan, Trial, TrialStatus
from agent.decide import review as rules
from agent.dispatch.plans import approval_for
from agent.dispatch.reviewing import (
    BINDING,
    CHECK,
    LIMITS,
    RENEWAL,
    REPEAT,
    UNATTENDED,
    Verdict,
    permit,
)
from agent.dispatch.reviewing import review as write_review
from agent.dispatch.send import Order, intend, send
from agent.dispatch.standing_approvals import review_in_its_name, still_stands
from agent.errors import BudgetSpent, GateError, OutsideLimits
from agent.lab import PERSON, Lab
from agent.resolved import space_of
from agent.sharing import gives_way
from agent.wanted import Wanted, asked, beyond, price, samples, wanted

PERMITTED = "permitted again"
"""How `dispatch` begins when it has renewed a permission: the next round sends."""


@giving_way
def review(lab: Lab, lease: Lease, trial_id: str) -> str:
    """Let the rules speak: reject what the adapters speak against, approve where none is due."""
    one = wanted(lab, lease, trial_id)
    campaign, trial = one.campaign, one.trial
    if trial.status is not TrialStatus.PROPOSED:
        return f"somebody was faster: {trial.id} is {trial.status}"
    if one.outdated or one.gone:
        return _otherwise(lab, lease, one)
    told = asked(lab, lease, one)
    if isinstance(told, Trouble):
        return str(told)
    able, against = told
    rule = rules.rule_in_force(campaign.review, able, lab.unattended)
    limits = beyond(lab, one)
    # What was made is finished, also where a revision has left its point outside the space.
    space = space_of(lab.store, campaign)
    outside = limits if one.begun else space.reasons(one.effective.point) + limits
    finding = rules.find(rule, against, outside)
    now = lab.clock.now()
    if finding.verdict == "wait":
        given = None
        if not finding.reasons:
            point = one.effective
            given = review_in_its_name(lab.store, lease, trial, campaign, point, now, lab.limits_of)
        return f"approved by {given.rule.name}" if given else "waits for a review"
    rejects = finding.verdict == "reject"
    speaks = LIMITS if limits and not against else CHECK
    verdict = (
        Verdict("reject", speaks, finding.reasons) if rejects else Verdict("approve", UNATTENDED)
    )
    write_review(lab.store, trial, campaign, verdict, now, lease=lease, limits_of=lab.limits_of)
    return "rejected by rule" if rejects else "approved by rule"


@giving_way
def dispatch(lab: Lab, lease: Lease, trial_id: str) -> str:
    """Send the next step of a trial to the first of its instruments that can take it, if an approval binds it
    as it is.
    """
    one = wanted(lab, lease, trial_id)
    if one.due is None:
        return f"{trial_id} is under way"
    if one.outdated or (step := one.step) is None:
        return _otherwise(lab, lease, one)
    if one.stage == 1 and (over := _over(lab, lease, one.campaign)):
        return f"not sent: {over}"
    approvals = () if one.by_rule_only else one.approvals
    said: list[str] = []
    lacking: list[Plan] = []
    permitted: list[str] = []
    for plan in _fit(lab, lease, one, step):
        approval = approval_for(plan, approvals, lab.clock.now())
        permitted += [] if approval is None else [plan.instrument]
        able = _able(lab, lease, plan.instrument, trial_id)
        if isinstance(able, str):
            said.append(able)
        elif approval is None:
            lacking.append(plan)
        else:
            word, done = _order(lab, lease, one, plan, approval, able)
            if done:
                return word
            said.append(word)
    # Where it may be sent to one that is only at work, it waits for that.
    lost = lacking and all(_taken(lab, name)[0] for name in permitted)
    renewed = _permitted_again(lab, lease, one, lacking) if lost else None
    if lacking and not permitted and renewed is None:
        return _not_approved(lab, lease, one.trial)
    return renewed or "; ".join(dict.fromkeys(said))


def _fit(lab: Lab, lease: Lease, one: Wanted, step: Step) -> list[Plan]:
    """What each instrument of a step would be sent; of several without those whose adapters speak against it,
    unless all of them do.
    """
    plans = [one.plan(lab, step, station) for station in step.stations]
    if len(plans) == 1:
        return plans

    def against(plan: Plan) -> bool:
        where = plan.instrument
        told = attempt(lab, lease, one.trial.id, lambda: lab.adapter(where).check(plan), where)
        return not isinstance(told, Trouble) and bool(told)

    return [plan for plan in plans if not against(plan)] or plans


def _order(
    lab: Lab, lease: Lease, one: Wanted, plan: Plan, approval: Approval, able: Capabilities
) -> tuple[str, bool]:
    """Send a plan; what came of it, and whether there is nothing to try elsewhere."""
    campaign, now = one.campaign, lab.clock.now()
    order = Order(
        plan=plan,
        approval=approval,
        stage=one.stage,
        attempt=len(one.tried) + 1,
        samples=samples(lab, one),
        parallel=able.parallel if able.effect == "physical" else None,
        limits=lab.limits_of(plan.instrument),
        **price(lab, lease, one)._asdict(),
    )
    try:
        job = intend(lab.store, lease, campaign, order, lab.me, now, one.revision)
    except OutsideLimits as outside:
        return _send_back(lab, lease, one.trial, approval, outside), True
    except BudgetSpent as error:
        if campaign.priced and one.stage == 1:
            # Others may cost less: what cannot be paid for must not hold up the campaign.
            with lab.store.write(AGENT, now, lease) as tx:
                tx.move_trial(one.trial.id, TrialStatus.CANCELLED, str(error))
        return f"not sent: {error}", True
    except GateError as error:
        return f"not sent: {error}", False
    adapter = lab.adapter(plan.instrument)
    sent = attempt(
        lab, lease, job.id, lambda: send(lab.store, lease, campaign, job, adapter, lab.clock)
    )
    return str(sent), True


def _over(lab: Lab, lease: Lease, campaign: Campaign) -> str | None:
    """Which limit leaves no room: the wall time may have gone by since the round began."""
    if not campaign.budget.wall_time:
        return None
    jobs, now = lab.store.jobs(lease.name), lab.clock.now()
    held = held_for(campaign.execution.by_step(lab.store.holds), begun(jobs), now)
    return spent(campaign.budget, used(jobs, now, held))


def _taken(lab: Lab, name: str) -> tuple[str, list[Job]]:
    """Why an instrument takes nothing until a person has looked, "" where it is not held; and its jobs that
    may be going on.
    """
    with lab.store.together():
        words, unended = lab.store.holds(name), lab.store.unended(name)
    held, now = (
        in_force(words, lab.clock.now()),
        [job for job in unended if job.status in IN_FLIGHT],
    )
    if held:
        return str(held), now
    for job in unended:
        if job.status is JobStatus.UNKNOWN:
            return f"{name} is held, since what became of {job.id} is not known", now
    return "", now


def _able(lab: Lab, lease: Lease, name: str, trial_id: str) -> Capabilities | str:
    """What an instrument is able to, or why it takes nothing now."""
    held, at_work = _taken(lab, name)
    if held:
        return held

    def ask() -> tuple[Capabilities, str]:
        adapter = lab.adapter(name)
        able, health = adapter.capabilities(), adapter.health()
        told = f"{name} is {health.state}: {health.reason}"
        if health.state == "faulted":  # it does not mend itself
            return able, f"{lab.person(name)}: {told}"
        return able, "" if health.state == "ready" else told

    told = attempt(lab, lease, trial_id, ask, name)
    if isinstance(told, Trouble):
        return str(told)
    capabilities, unready = told
    rules.check_released(lab.limits_of(name).rules, capabilities, name)
    busy = at_work if capabilities.effect == "physical" else []
    if len(busy) >= capabilities.parallel:
        return _at_work(lab, lease, name, busy)
    return unready or gives_way(lab, lease.name, name, capabilities, len(busy)) or capabilities


def _at_work(lab: Lab, lease: Lease, name: str, busy: Sequence[Job]) -> str:
    others = {lab.store.entry(job.campaign).name for job in busy if job.campaign != lease.name}
    whose = f", for {', '.join(sorted(others))}" if others else ""
    return f"{name} is at work on {busy[0].id}{whose}"


def _send_back(
    lab: Lab, lease: Lease, trial: Trial, approval: Approval, outside: OutsideLimits
) -> str:
    """Whoever has approved it, the operators' limits speak against it: people may edit or reject it."""
    with lab.store.write(LIMITS, lab.clock.now(), lease) as tx:
        tx.revoke(approval.id, str(outside))
        tx.move_trial(trial.id, TrialStatus.PROPOSED, str(outside))
    return f"back to review: {outside}"


def _permitted_again(lab: Lab, lease: Lease, one: Wanted, plans: Sequence[Plan]) -> str | None:
    """Renew the permission of the last sending of just this, if that was refused, or has failed and may be
    repeated; None if it is not.
    """
    now, trial = lab.clock.now(), one.trial
    last, latest = one.tried[-1] if one.tried else None, one.reviews[-1]
    refused = last is not None and last.status is JobStatus.REFUSED
    repeated = last is not None and again(last, one.campaign.settling)
    used = [
        (approval, plan)
        for approval in one.approvals
        for plan in plans
        if approval.job
        and approval.review == latest.id
        and approval.digest == plan.digest
        and approval.revoked_at is None
        and (approval.expires_at is None or now < approval.expires_at)
    ]
    if not used or not (refused or repeated) or one.by_rule_only:
        return None
    approval, plan = used[-1]
    until, standing = approval.expires_at, approval.standing
    by = RENEWAL if refused else REPEAT
    with lab.store.write(by, now, lease) as tx:
        if not still_stands(lab.store, trial.campaign, standing):
            return None
        permit(tx, plan, trial.campaign, approval.review, by, now, until, standing)
    why = "nothing was executed the last time" if refused else "the step may be repeated"
    return f"{PERMITTED}: {why}"


def _not_approved(lab: Lab, lease: Lease, trial: Trial) -> str:
    """No approval permits what would be sent now, on any of its instruments: people look at it again."""
    reason = "what would be sent is not what was approved, or the approval has expired"
    with lab.store.write(BINDING, lab.clock.now(), lease) as tx:
        tx.move_trial(trial.id, TrialStatus.PROPOSED, reason)
    return "back to review"


def _otherwise(lab: Lab, lease: Lease, one: Wanted) -> str:
    """A revision has changed the steps of the trial: where nothing was made yet, another is proposed for it."""
    known = ", ".join(one.campaign.execution.names)
    if not one.outdated:
        gone = ", ".join(one.gone)
        why = f"the campaign has no step {gone} any more (it has {known})"
        return f"{PERSON}: {why}: name it again, or stop the campaign"
    reason = f"the steps of the campaign are {known} now"
    with lab.store.write(AGENT, lab.clock.now(), lease) as tx:
        tx.move_trial(one.trial.id, TrialStatus.CANCELLED, reason)
    return f"cancelled: {reason}"
