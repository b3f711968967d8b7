"""The steps of a round, each for one job, one trial or one decision; `loop` puts them in order.

A step takes ids and gives a word for people; everything that it needs it reads from the store, so
that it may be a task of its own, be taken again, or be taken by another process.
"""

from dataclasses import replace

from agent import breaker
from agent.attempt import Trouble, attempt, giving_way
from agent.core.actor import AGENT
from agent.core.campaign import Campaign
from agent.core.job import IN_FLIGHT, Job, JobStatus
from agent.core.register import Lease
from agent.core.trial import TrialStatus
from agent.core.values import Point
from agent.core.winner import USUAL
from agent.core.worded import last_words
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

    def look() -> str:
        adapter = lab.adapter(job.instrument)
        return look_up(lab.store, lease, campaign, job, adapter, lab.me, lab.clock.now())

    found = attempt(lab, lease, job_id, look)
    if isinstance(found, Trouble) and overdue(campaign, job, lab.clock.now()):
        doubt(lab.store, lease, job, last_words(found.reason), lab.clock.now())
        return "unknown"
    return str(found)


@giving_way
def collect(lab: Lab, lease: Lease, job_id: str) -> str:
    """Take in what a started job has brought."""
    with lab.store.together():
        job, campaign = lab.store.job(job_id), campaign_of(lab.store, lease.name)

    def step() -> str:
        adapter = lab.adapter(job.instrument)
        failures = lab.limits_of(job.instrument).rules.failures
        state, message = take_in(lab.store, lease, campaign, job, adapter, lab.clock, failures)
        return f"{state}: {message}" if message else state

    said = attempt(lab, lease, job_id, step)
    late = overdue(campaign, job, lab.clock.now())
    if late and lab.store.job(job_id).status in IN_FLIGHT:
        return _give_up(lab, lease, campaign, job)
    return str(said)


def _give_up(lab: Lab, lease: Lease, campaign: Campaign, job: Job) -> str:
    # A physical effect that has not answered in time may have happened: only a person can say.
    effect = attempt(lab, lease, job.id, lambda: lab.adapter(job.instrument).capabilities().effect)
    if effect == "pure":
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
    situation = situation_now(lab, standing, told)
    asked = min(standing.campaign.policy.batch_size, standing.slots)
    selection = choose(situation, asked)
    keep(lab.store, selection.fitted, situation.remembered, lab.clock.now())
    decide(lab, lease, standing, situation, selection, asked)
    return f"{len(selection.choices)} proposed ({selection.kind})"


def screen(lab: Lab, lease: Lease, standing: Standing, sample: Point) -> Look:
    """Look at a sample that comes by; where it is asked for, write the decision and its trial."""
    situation = replace(situation_now(lab, standing, None), sample=sample)
    selection, look = screened(situation)
    if selection.choices:
        decide(lab, lease, standing, situation, selection, 1)
    return look


def _asks(lab: Lab, lease: Lease, standing: Standing) -> int | Trouble | None:
    """How many samples confirm a winner by the instruments' effect: asked once, where the campaign does
    not say.
    """
    known = usual(standing)
    campaign = standing.campaign
    if known is not None or campaign.stop.confirm is not None or not campaign.aim.confirmable:
        return known

    def effects() -> set[str]:
        names = campaign.execution.instruments_named
        return {lab.adapter(name).capabilities().effect for name in names}

    told = attempt(lab, lease, lease.name, effects)
    if isinstance(told, Trouble):
        return told
    return USUAL if "physical" in told else 0


def withdraw(lab: Lab, lease: Lease, standing: Standing, reason: str) -> None:
    """Take back what was not sent and does not confirm the winner: no other point is looked for."""
    kept = confirmations(standing)
    late = [one for one in standing.unsent() if one.id not in kept]
    if late:
        with lab.store.write(AGENT, lab.clock.now(), lease) as tx:
            for trial in late:
                tx.move_trial(trial.id, TrialStatus.CANCELLED, reason)


def drop(lab: Lab, lease: Lease, standing: Standing, reason: str, *, begun: bool) -> None:
    """Take back what was not sent, and where `begun` those whose sample waits for its next step, too."""
    late = [(one, TrialStatus.CANCELLED) for one in standing.unsent()]
    if begun:
        at_work = {trial for job in standing.in_flight for trial in job.trials}
        doubted = {trial for job in standing.jobs_in(JobStatus.UNKNOWN) for trial in job.trials}
        between = {one.id for one in standing.of(TrialStatus.IN_PROGRESS)}
        seen = between & {one.trial for one in standing.observations}
        late += [
            (one, TrialStatus.PARTIAL if one.id in seen else TrialStatus.CANCELLED)
            for one in standing.begun
            if one.id not in at_work | doubted
        ]
    if late:
        with lab.store.write(AGENT, lab.clock.now(), lease) as tx:
            for trial, target in late:
                tx.move_trial(trial.id, target, reason)


def watch(lab: Lab, lease: Lease, standing: Standing) -> bool:
    """Hold the physical instruments that fail again and again; whether any was."""
    names = standing.campaign.execution.instruments_named
    held = [name for name in names if _watch(lab, lease, standing, name)]
    return bool(held)


def _watch(lab: Lab, lease: Lease, standing: Standing, instrument: str) -> bool:
    why = breaker.why_trip(lab.store, standing, instrument)
    if why is None:
        return False
    asked = attempt(lab, lease, instrument, lambda: lab.adapter(instrument).capabilities())
    if isinstance(asked, Trouble) or asked.effect != "physical":
        return False
    breaker.trip(lab.store, lease, instrument, why, lab.clock.now())
    return True
