"""Writing at the gate: reviews, approvals, and the intent that consumes them."""

from collections.abc import Sequence

from sqlalchemy import and_, bindparam, func, insert, or_, select, update

from agent.core.job import Job, JobStatus
from agent.core.lifecycle import due
from agent.core.register import CampaignStatus
from agent.core.trial import Approval, Plan, Review, Trial, TrialStatus
from agent.data.facts import sealed
from agent.data.ready import Ready
from agent.data.rows import TABLES, from_row, query
from agent.data.standing_approvals import StandingWriting
from agent.data.statements import LATEST
from agent.data.tables import table
from agent.errors import BudgetSpent, GateError, LifecycleError, StoreError

_APPROVALS, _JOBS = TABLES[Approval], TABLES[Job]
_LINK = Ready(insert(table("job_trials")))
_UNUSED = Ready(
    update(_APPROVALS).where(
        _APPROVALS.c.id == bindparam("wanted"),
        _APPROVALS.c.job.is_(None),
        _APPROVALS.c.revoked_at.is_(None),
    )
)
_LATEST_REVIEW = Ready(
    query(Review)
    .where(TABLES[Review].c.trial == bindparam("wanted"))
    .order_by(TABLES[Review].c.number.desc())
    .limit(1)
)
# Nothing was executed: these do not count against the budget.
_NEVER = or_(
    _JOBS.c.status == str(JobStatus.REFUSED),
    and_(_JOBS.c.status == str(JobStatus.CANCELLED), _JOBS.c.started_at.is_(None)),
)
# Later steps begin no experiment.
_USED = Ready(
    select(
        func.count().filter(_JOBS.c.stage == 1), func.coalesce(func.sum(_JOBS.c.cost), 0.0)
    ).where(_JOBS.c.campaign == bindparam("wanted"), ~_NEVER)
)
# Sums of decimal costs are off in the last digits.
_SLACK = 1e-9


class Gate(StandingWriting):
    """The part of a transaction that lets through, or does not."""

    def review(self, review: Review) -> None:
        """Write a verdict, and move its trial from proposed to approved or rejected.

        Raises:
            GateError: the agent reviews, or somebody in another's name.
            LifecycleError: the trial does not wait for a review.
        """
        self._themselves(review.by == self.by, "review")
        trial = self._locked_trial(review.trial)
        rejected = review.verdict == "reject"
        self._take(trial, TrialStatus.REJECTED if rejected else TrialStatus.APPROVED)
        self._insert(review)
        data = {
            "review": review.id,
            "verdict": review.verdict,
            "reasons": list(review.reasons),
            **sealed(review),
        }
        self.record(trial.campaign, "trial.reviewed", trial.id, data)

    def approve(self, approval: Approval) -> None:
        """Write the permission to send one thing once.

        Raises:
            GateError: the agent approves, or somebody in another's name; or the approval does not
                rest on the latest review of an approved trial; or the standing approval in whose name it is
                given is revoked, over or used up.
        """
        self._themselves(approval.by == self.by, "approve")
        trial = self._locked_trial(approval.trial)
        if trial.status not in (TrialStatus.APPROVED, TrialStatus.IN_PROGRESS):
            raise GateError(f"trial {trial.number} is {trial.status}", "have it reviewed first")
        row = _LATEST_REVIEW.first(self._connection, {"wanted": trial.id})
        review = None if row is None else from_row(Review, row)
        if review is None or review.id != approval.review or review.verdict == "reject":
            raise GateError(
                f"approval {approval.id} does not rest on the latest review of trial {trial.number}",
                "approve what was reviewed last",
            )
        self._count_against(approval, trial)
        data = {"trial": trial.id, "step": approval.step, "digest": approval.digest}
        data |= {} if approval.standing is None else {"standing": approval.standing}
        seq = self.record(trial.campaign, "approval.given", approval.id, data)
        self._insert(approval, seq=seq)

    def revoke(self, approval_id: str, reason: str) -> None:
        """Take a permission back that was not used yet.

        Raises:
            GateError: it was used, or revoked, before.
        """
        trial = self._locked_trial(self._one(Approval, approval_id).trial)
        row = {"wanted": approval_id, "revoked_at": self.now}
        if _UNUSED.change(self._connection, row) != 1:
            raise GateError(f"approval {approval_id} was used or revoked before")
        self.record(trial.campaign, "approval.revoked", approval_id, {"reason": reason})

    def intend(
        self,
        job: Job,
        experiments: int | None,
        cost: float | None,
        revision: int | None = None,
    ) -> None:
        """Write down that `job` will be sent, before it is.

        Consumes its approvals, reserves its part of the budget, and puts its trials in progress.

        Args:
            job: The job, `intended`; each plan is covered by one of its approvals.
            experiments: How many jobs the campaign may execute; None is without limit.
            cost: What they may cost together; None is without limit.
            revision: The revision that all this is of: it must be the latest still.

        Raises:
            GateError: an approval is missing, used, revoked, expired, or binds something else; or
                the campaign is not active, or was revised meanwhile.
            GateError: a step before it is not done, or it is under way or done itself.
            BudgetSpent: it would be more than the campaign may use.
            LifecycleError: a trial is not approved.
            StoreError: the job is not of one piece.
        """
        status = self._status(job.campaign)
        if status is not CampaignStatus.ACTIVE:
            raise GateError(f"the campaign is {status}", "nothing is sent until it is active")
        latest = LATEST.scalar(self._connection, {"wanted": job.campaign})
        if revision is not None and latest != revision:
            raise GateError(f"the campaign is at revision {latest} now", "look at the trial again")
        _check_job(job)
        trials = self._trials_of(job.campaign, job.trials)
        for trial in trials:
            self._in_turn(job, trial)
        matched = _match(job, self._approvals(job))
        for approval, plan in matched:
            self._usable(approval, plan)
        self._reserve(job, experiments, cost)
        data = {
            "instrument": job.instrument,
            "step": job.step,
            "attempt": job.attempt,
            "trials": list(job.trials),
            "approvals": list(job.approvals),
        }
        self._insert(job, seq=self.record(job.campaign, "job.intended", job.id, data))
        for trial_id in job.trials:
            _LINK.change(self._connection, {"job": job.id, "trial": trial_id})
        self._consume(job)
        for trial in trials:
            if len(trial.steps) == 1 or trial.status is not TrialStatus.IN_PROGRESS:
                self._take(trial, TrialStatus.IN_PROGRESS)

    def _themselves(self, same: bool, verb: str) -> None:
        if self.by.kind == "agent":
            raise GateError(f"the agent cannot {verb}", "a person or a rule does")
        if not same:
            raise GateError(f"{self.by} cannot {verb} in another's name")

    def _in_turn(self, job: Job, trial: Trial) -> None:
        """Steps come one after the other, and none twice. Of a trial with one step its status says so, which
        `intend` takes from approved to in progress.
        """
        if len(trial.steps) == 1:
            return
        next_one = due(trial.steps, self._jobs_of(trial))
        if job.step != next_one:
            told = f"its next step is {next_one}" if next_one else "no step of it is due"
            raise GateError(f"{trial.id} is not sent to {job.step}: {told}", "look at it again")

    def _approvals(self, job: Job) -> list[Approval]:
        found = {id: self._found(Approval, id) for id in job.approvals}
        if missing := [id for id, approval in found.items() if approval is None]:
            raise GateError(f"there is no approval {', '.join(missing)}", "approve it first")
        return [approval for approval in found.values() if approval is not None]

    def _usable(self, approval: Approval, plan: Plan) -> None:
        about = f"approval {approval.id}"
        if approval.job is not None:
            raise GateError(f"{about} was used by job {approval.job}", "each is for one job")
        if approval.revoked_at is not None:
            raise GateError(f"{about} was revoked", "approve it anew")
        if approval.expires_at is not None and approval.expires_at <= self.now:
            raise GateError(f"{about} has expired", "approve it anew")
        if approval.digest != plan.digest:
            raise GateError(f"{about} binds something else than what would be sent", "review it")

    def _consume(self, job: Job) -> None:
        for id in job.approvals:
            row = {"wanted": id, "job": job.id}
            if _UNUSED.change(self._connection, row) != 1:
                raise GateError(f"an approval of job {job.id} was used by another job")

    def _reserve(self, job: Job, experiments: int | None, cost: float | None) -> None:
        ((used, spent),) = _USED.rows(self._connection, {"wanted": job.campaign})
        if experiments is not None and job.stage == 1 and used + 1 > experiments:
            raise BudgetSpent(f"all {experiments} experiments are used", "revise the budget")
        if cost is not None and spent + job.cost > cost + _SLACK * max(1.0, cost):
            raise BudgetSpent(
                f"the job costs {job.cost:g}, and {spent:g} of {cost:g} is spent or reserved",
                "revise the budget",
            )


def _check_job(job: Job) -> None:
    if job.status is not JobStatus.INTENDED:
        raise LifecycleError(f"job {job.id} is {job.status} before it is intended")
    if {plan.trial for plan in job.plans} != set(job.trials) or len(set(job.trials)) != len(
        job.trials
    ):
        raise StoreError(f"the plans of job {job.id} are not of its trials")
    for plan in job.plans:
        if (plan.step, plan.instrument) != (job.step, job.instrument):
            raise StoreError(f"a plan of job {job.id} is of another step or instrument")


def _match(job: Job, approvals: Sequence[Approval]) -> list[tuple[Approval, Plan]]:
    """Each approval with the plan that it is for; every plan must have exactly one."""
    plans = {plan.trial: plan for plan in job.plans}
    if len(plans) != len(job.plans) or len(set(job.approvals)) != len(job.plans):
        raise GateError(
            f"job {job.id} has {len(job.plans)} plans and {len(set(job.approvals))} approvals",
            "each plan needs its own",
        )
    matched = []
    for approval in approvals:
        plan = plans.pop(approval.trial, None)
        if plan is None:
            raise GateError(f"approval {approval.id} is for another trial")
        if (approval.step, approval.instrument) != (plan.step, plan.instrument):
            raise GateError(f"approval {approval.id} is for another step or instrument")
        matched.append((approval, plan))
    return matched
