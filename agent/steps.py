"""The steps of a round, each for one job, one trial or one decision; `loop` puts them in order.

A step takes ids and gives a word for people; everything that it needs it reads from the store, so
that it may be a task of its own, be taken again, or be taken by another process.
"""

from dataclasses import replace

from agent import breaker
from agent.attempt import Trouble, attempt, giving_way
from agent.core.actor import AGENT
from agent.core.adapter import Adapter
from agent.core.campaign import Campaign
from agent.core.job import IN_FLIGHT, Job
from agent.core.register import Lease
from agent.core.trial import TrialStatus
from agent.core.values import Point
from agent.core.winner import USUAL
from agent.decide.propose import propose as choose
from agent.decide.propose import screened
from agent.decide.screening import Look
from agent.deciding import decide, situation_now
from agent.dispatch.reconcile import doubt, overdue
from agent.dispatch.reconcile import reconcile as look_up
from agent.ending import enough
from agent.ingest.collect import collect as take_in
from agent.ingest.collect import ingest_timeout
from agent.lab import Lab
from agent.recall import keep
from agent.resolved import campaign_of, space_of
from agent.standing import Standing
from agent.winner import confirmations, confirming, usual

UNDECIDED = "not decided: "
"""How `propose` begins where the instrument does not say what a decision has to know of it."""


@giving_way
def reconcile(lab: Lab, lease: Lease, job_id: str) -> str:
    """Find out what became of a job that was intended and that nobody here is sending."""
    job, campaign = lab.store.job(job_id), campaign_of(lab.store, lease.name)
    adapter = lab.adapter(campaign)
    found = attempt(
        lab,
        lease,
        job_id,
        lambda: look_up(lab.store, lease, campaign, job, adapter, lab.me, lab.clock.now()),
    )
    if isinstance(found, Trouble) and overdue(campaign, job, lab.clock.now()):
        doubt(lab.store, lease, job, found.reason, lab.clock.now())
        return "unknown"
    return str(found)


@giving_way
def collect(lab: Lab, lease: Lease, job_id: str) -> str:
    """Take in what a started job has brought."""
    job, campaign = lab.store.job(job_id), campaign_of(lab.store, lease.name)
    adapter = lab.adapter(campaign)

    def step() -> str:
        failures = lab.limits_of(campaign).rules.failures
        state, message = take_in(lab.store, lease, campaign, job, adapter, lab.clock, failures)
        return f"{state}: {message}" if message else state

    said = attempt(lab, lease, job_id, step)
    still = lab.store.job(job_id).status in IN_FLIGHT
    if still and overdue(campaign, job, lab.clock.now()):
        return _give_up(lab, lease, campaign, job, adapter)
    return str(said)


def _give_up(lab: Lab, lease: Lease, campaign: Campaign, job: Job, adapter: Adapter) -> str:
    # A physical effect that has not answered in time may have happened: only a person can say.
    if attempt(lab, lease, job.id, lambda: adapter.capabilities().effect) == "pure":
        ingest_timeout(lab.store, lease, campaign, job, lab.clock.now())
        return "failed: timeout"
    doubt(lab.store, lease, job, "no end within the deadline for a job", lab.clock.now())
    return "unknown"


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
    told = attempt(lab, lease, campaign.execution.target, adapter.capabilities)
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
    asked = attempt(lab, lease, standing.campaign.execution.target, adapter.capabilities)
    if isinstance(asked, Trouble) or asked.effect != "physical":
        return False
    breaker.trip(lab.store, lease, standing, why, lab.clock.now())
    return True
