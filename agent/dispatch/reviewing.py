"""Verdicts and the permissions that follow from them: by people, and by rule."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from agent.core import ids
from agent.core.actor import Actor
from agent.core.campaign import Campaign, ReviewRule
from agent.core.history import Effective, effective
from agent.core.job import Job, JobStatus
from agent.core.operators import NOTHING_SAID, InForce
from agent.core.register import Lease
from agent.core.space import SearchSpace
from agent.core.standing_approval import StandingApproval
from agent.core.trial import Approval, Plan, Review, Trial, TrialStatus
from agent.core.values import Point
from agent.data.store import Store
from agent.data.writing import Transaction
from agent.dispatch.plans import plans_for
from agent.errors import GateError, OutsideLimits, SpaceError

UNATTENDED = Actor(kind="rule", name="review: none")
CHECK = Actor(kind="rule", name="adapter check")
RENEWAL = Actor(kind="rule", name="renewed: nothing was executed")
REPEAT = Actor(kind="rule", name="repeated: the sample is as it was")
BINDING = Actor(kind="rule", name="an approval binds what is sent")
LIMITS = Actor(kind="rule", name="operators' limits")


def nothing_said(instrument: str) -> InForce:
    """Of instruments that the operators do not speak of."""
    del instrument
    return NOTHING_SAID


NOT_REVIEWED = "not reviewed in time"


def expired(
    trial: Trial,
    reviews: Iterable[Review],
    revised: datetime,
    rule: ReviewRule | None,
    now: datetime,
) -> bool:
    """Whether a proposal has waited for longer than its campaign's rule allows.

    What was approved and waits again was sent back, by a revision or not: it has its time anew.

    Args:
        trial: The proposal.
        reviews: What was said of it, maybe among others.
        revised: When the campaign was revised last.
        rule: The campaign's rule.
        now: The time.
    """
    if rule is None or rule.expires is None:
        return False
    spoken = [max(one.at, revised) for one in reviews if one.trial == trial.id]
    since = max(spoken, default=trial.at)
    return (now - since).total_seconds() > rule.expires.seconds


@dataclass(frozen=True)
class Verdict:
    """What somebody says of a proposed trial; `edit` is the new point of an edit, `standing` the standing
    approval in whose name a rule speaks.
    """

    word: Literal["approve", "edit", "reject"]
    by: Actor
    reasons: tuple[str, ...] = ()
    edit: Point | None = None
    standing: StandingApproval | None = None


def review(
    store: Store,
    trial: Trial,
    campaign: Campaign,
    verdict: Verdict,
    now: datetime,
    *,
    space: SearchSpace | None = None,
    lease: Lease | None = None,
    limits_of: Callable[[str], InForce] = nothing_said,
) -> Review:
    """Write a verdict and, unless it rejects, the approvals that bind what will be sent: one for each step that
    is to come, and each instrument that may do it.

    Args:
        store: Where it is written.
        trial: The trial, in state proposed.
        campaign: The latest revision.
        verdict: What is said, and by whom.
        now: When.
        space: The space with its pools, for an edit.
        lease: The lease under which a rule acts; people need none.
        limits_of: What the operators say of an instrument: nothing beyond that is approved.

    Raises:
        OutsideLimits: it is approved, and the operators' limits speak against it on every instrument of a step.
        GateError: the agent tried to review, or the trial does not wait for a review, or has waited
            for too long, or the standing approval in whose name it is approved lets nothing more through.
        SpaceError: the edited point is not in the space (every reason is named), or its sample was made with
            other settings.
    """
    if trial.status is not TrialStatus.PROPOSED:
        raise GateError(f"{trial.id} is {trial.status}", "only a proposed trial can be reviewed")
    revised = store.revision(trial.campaign).at
    late = expired(trial, store.reviews_of(trial.id), revised, campaign.review, now)
    if late and verdict.word != "reject":
        raise GateError(f"{trial.id} was not reviewed in time", "the next round expires it")
    with store.write(verdict.by, now, lease) as tx:
        earlier = store.reviews_of(trial.id)
        last = effective([trial], earlier)[trial.id]
        wanted = _edited(verdict.edit, space) if verdict.word == "edit" else last
        done = [job for job in store.jobs_of(trial.id) if job.status is JobStatus.DONE]
        _check_made(trial, campaign, done, last, wanted)
        written = Review(
            id=ids.record(trial.campaign, "R", tx.number(trial.campaign, "review")),
            trial=trial.id,
            number=len(earlier) + 1,
            verdict=verdict.word,
            by=verdict.by,
            reasons=verdict.reasons,
            point=wanted.point,
            settings=wanted.settings,
            at=now,
        )
        tx.review(written)
        if verdict.word != "reject":
            steps = [step for step in trial.steps if step not in {job.step for job in done}]
            standing = verdict.standing
            until, named = (standing.until, standing.id) if standing else (None, None)
            for plan in within(trial, wanted, campaign, limits_of, steps):
                permit(tx, plan, trial.campaign, written.id, verdict.by, now, until, named)
    return written


def within(
    trial: Trial,
    wanted: Effective,
    campaign: Campaign,
    limits_of: Callable[[str], InForce],
    steps: Collection[str] | None = None,
) -> list[Plan]:
    """What may be sent for a trial within the operators' limits.

    Args:
        trial: The trial.
        wanted: Its point after edits.
        campaign: The latest revision.
        limits_of: What the operators say of an instrument.
        steps: Only these; default: all of the trial's.

    Raises:
        OutsideLimits: they speak against a step on each of its instruments.
    """
    found: list[Plan] = []
    beyond: dict[str, list[Plan]] = {}
    plans = plans_for(trial, wanted, campaign, lambda name: limits_of(name).hash, steps)
    for plan in plans:
        against = limits_of(plan.instrument).rules.reasons(plan)
        (beyond.setdefault(plan.step, []) if against else found).append(plan)
    good = {plan.step for plan in found}
    for step, refused in beyond.items():
        if step not in good:
            first = refused[0]
            reasons = limits_of(first.instrument).rules.reasons(first)
            raise OutsideLimits(first.instrument, reasons, against=first.trial)
    return found


def permit(
    tx: Transaction,
    plan: Plan,
    campaign: str,
    review_id: str,
    by: Actor,
    now: datetime,
    expires_at: datetime | None = None,
    standing: str | None = None,
) -> Approval:
    """Write the approval that permits sending `plan` once; `standing` is the standing approval that it is
    counted against.
    """
    approval = Approval(
        id=ids.record(campaign, "A", tx.number(campaign, "approval")),
        trial=plan.trial,
        review=review_id,
        step=plan.step,
        instrument=plan.instrument,
        digest=plan.digest,
        by=by,
        at=now,
        expires_at=expires_at,
        standing=standing,
    )
    tx.approve(approval)
    return approval


def _check_made(
    trial: Trial, campaign: Campaign, done: Iterable[Job], last: Effective, wanted: Effective
) -> None:
    """What a step was sent that is done stays: what is measured is learnt at the settings of the sample."""
    before, after = (campaign.space.labelled(one.settings) for one in (last, wanted))
    sent = {name for job in done for plan in job.plans for name in plan.parameters}
    changed = sorted(name for name in sent if before.get(name) != after.get(name))
    if changed:
        raise SpaceError(
            f"the sample of {trial.id} is made: {', '.join(changed)} cannot be edited any more",
            "approve it as it is, edit what later steps are sent, or reject it",
        )


def _edited(edit: Point | None, space: SearchSpace | None) -> Effective:
    if edit is None or space is None:
        raise SpaceError(
            "an edit needs the new point", "say which settings change, like temperature=80"
        )
    reasons = space.reasons(edit)
    if reasons:
        raise SpaceError(
            "the edited point cannot be sent: " + "; ".join(reasons), "mend the settings"
        )
    return Effective(point=edit, settings=space.settings(edit))
