"""What is wanted of one trial now: its point after edits, its next step, and the plans of it."""

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from agent.attempt import Trouble, attempt
from agent.core.adapter import Capabilities
from agent.core.budget import left_at
from agent.core.campaign import Campaign
from agent.core.execution import Station, Step
from agent.core.history import Effective, effective
from agent.core.job import Job, JobStatus, SampleRef
from agent.core.lifecycle import due
from agent.core.register import Lease
from agent.core.trial import OPEN, Approval, Plan, Review, Trial
from agent.dispatch.plans import plan_for, plans_for
from agent.dispatch.reviewing import within
from agent.errors import OutsideLimits
from agent.lab import Lab
from agent.resolved import campaign_of, space_of


class Wanted(NamedTuple):
    """A trial as it stands.

    Attributes:
        campaign: The latest revision, with `revision`, its number.
        trial: The trial.
        effective: Its point after edits.
        jobs: Its jobs, in order.
        reviews: Its reviews, in order.
        approvals: Its approvals, oldest first.
    """

    campaign: Campaign
    revision: int
    trial: Trial
    effective: Effective
    jobs: tuple[Job, ...]
    reviews: tuple[Review, ...]
    approvals: tuple[Approval, ...]

    @property
    def due(self) -> str | None:
        """The name of the step that comes next; None where one is under way."""
        return due(self.trial.steps, self.jobs)

    @property
    def step(self) -> Step | None:
        """The step that comes next, if the campaign (still) has it."""
        return self.campaign.execution.step(self.due or "")

    @property
    def stage(self) -> int:
        """The place of the step that comes next among the trial's, from 1."""
        return self.trial.steps.index(self.due) + 1 if self.due else len(self.trial.steps)

    @property
    def left(self) -> tuple[str, ...]:
        """The steps that are not done."""
        done = {job.step for job in self.jobs if job.status is JobStatus.DONE}
        return tuple(step for step in self.trial.steps if step not in done)

    @property
    def gone(self) -> tuple[str, ...]:
        """Those of them that the campaign does not have any more."""
        return tuple(one for one in self.left if self.campaign.execution.step(one) is None)

    @property
    def begun(self) -> bool:
        """Whether a step of it is done: its sample was made."""
        return self.left != self.trial.steps

    @property
    def outdated(self) -> bool:
        """Whether nothing was made for it yet, and the campaign's steps are others by now."""
        return not self.begun and self.trial.steps != self.campaign.execution.names

    @property
    def tried(self) -> tuple[Job, ...]:
        """The jobs of the step that comes next, in order."""
        return tuple(job for job in self.jobs if job.step == self.due)

    @property
    def by_rule_only(self) -> bool:
        """Whether only a rule has approved it, and a revision now wants a person to."""
        required = self.campaign.review is not None and self.campaign.review.mode == "required"
        last = self.reviews[-1]
        given = (one.standing for one in self.approvals if one.review == last.id)
        return required and last.by.kind == "rule" and not any(given)

    def plans(self, lab: Lab) -> tuple[Plan, ...]:
        """What would be sent: of each step that is not done what each of its instruments would get."""
        return plans_for(self.trial, self.effective, self.campaign, lab.hash_of, self.left)

    def plan(self, lab: Lab, step: Step, station: Station) -> Plan:
        """What would be sent to one instrument."""
        limits = lab.hash_of(station.instrument)
        return plan_for(self.trial, self.effective, self.campaign, limits, (step, station))


def wanted(lab: Lab, lease: Lease, trial_id: str) -> Wanted:
    """A trial as it stands, and the revision that this is of."""
    with lab.store.together():
        revision = lab.store.latest(lease.name)
        campaign, trial = campaign_of(lab.store, lease.name, revision), lab.store.trial(trial_id)
        reviews, jobs = lab.store.reviews_of(trial_id), lab.store.jobs_of(trial_id)
        approvals = lab.store.approvals_of(trial_id)
    point = effective([trial], reviews)[trial_id]
    about = tuple(jobs), tuple(reviews), tuple(approvals)
    return Wanted(campaign, revision, trial, point, *about)


def asked(
    lab: Lab, lease: Lease, one: Wanted
) -> tuple[dict[str, Capabilities], tuple[str, ...]] | Trouble:
    """What the instruments of a trial's steps are able to, and what their adapters say against it: against a step
    that none of its instruments can do. One that gives no answer is trouble where no other can do its step, and
    where it may be the only one with a physical effect: a rule would approve what a person is to look at.
    """
    able: dict[str, Capabilities] = {}
    against: dict[str, list[tuple[str, ...]]] = {}
    silent: dict[str, Trouble] = {}
    unknown: list[Trouble] = []
    for plan in one.plans(lab):
        where = plan.instrument
        known = attempt(lab, lease, one.trial.id, partial(_able, lab, where), where)
        if isinstance(known, Trouble):
            unknown.append(known)
            silent.setdefault(plan.step, known)
            continue
        able[where] = known
        told = attempt(lab, lease, one.trial.id, partial(_checked, lab, plan), where)
        if isinstance(told, Trouble):
            silent.setdefault(plan.step, told)
        else:
            against.setdefault(plan.step, []).append(told)
    waits = [trouble for step, trouble in silent.items() if all(against.get(step, ()))]
    if not any(there.effect == "physical" for there in able.values()):
        waits += unknown
    if waits:
        return waits[0]
    several = len(one.trial.steps) > 1
    spoken = ((step, reasons[0]) for step, reasons in against.items() if all(reasons))
    return able, tuple(
        f"{step}: {why}" if several else why for step, reasons in spoken for why in reasons
    )


def _able(lab: Lab, instrument: str) -> Capabilities:
    return lab.adapter(instrument).capabilities()


def _checked(lab: Lab, plan: Plan) -> tuple[str, ...]:
    return lab.adapter(plan.instrument).check(plan)


def beyond(lab: Lab, one: Wanted) -> tuple[str, ...]:
    """What the operators' limits say against a trial's steps."""
    try:
        within(one.trial, one.effective, one.campaign, lab.limits_of, one.left)
    except OutsideLimits as error:
        return error.reasons
    return ()


def samples(lab: Lab, one: Wanted) -> tuple[SampleRef, ...]:
    """What the next step takes of earlier ones: the sample that was made last."""
    if one.stage == 1:
        return ()
    fields = set(SampleRef.model_fields)
    made = lab.store.samples_of(one.trial.id)[-1:]
    return tuple(SampleRef.model_validate(last.model_dump(include=fields)) for last in made)


class Price(NamedTuple):
    """What the next step costs, and what later steps do, of this trial and of the others that have begun."""

    cost: float
    promised: float


def price(lab: Lab, lease: Lease, one: Wanted) -> Price:
    """What the next step of a trial costs, and what is promised besides."""
    campaign, cost = one.campaign, one.campaign.budget.cost
    if cost is None or one.due is None:
        return Price(0.0, 0.0)
    jobs = lab.store.jobs(lease.name) if campaign.priced or cost.steps else []
    before = left_at(jobs) if campaign.priced else None
    prices = campaign.prices(space_of(lab.store, campaign), one.effective.point, before)
    own = sum(prices.get(step, 0.0) for step in one.trial.steps[one.stage :])
    others = _promised(lab, lease, campaign, one.trial, jobs) if cost.steps else 0.0
    return Price(prices.get(one.due, 0.0), own + others)


def _promised(
    lab: Lab, lease: Lease, campaign: Campaign, trial: Trial, jobs: Iterable[Job]
) -> float:
    trials = [one for one in lab.store.trials(lease.name, *OPEN) if one.id != trial.id]
    return campaign.promised(trials, effective(trials, lab.store.reviews(lease.name)), jobs)
