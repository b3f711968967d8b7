"""Plans: what would be sent for a trial, and the approvals that permit it."""

from collections.abc import Iterable
from datetime import datetime

from agent.core.campaign import Campaign
from agent.core.history import Effective
from agent.core.trial import Approval, Plan, Trial


def plan_for(trial: Trial, effective: Effective, campaign: Campaign, limits: str = "") -> Plan:
    """What would be sent for the trial's step, under the campaign as it is now.

    Args:
        trial: The trial.
        effective: Its point after edits, from `core.history.effective`.
        campaign: The latest revision: its execution is what would be used.
        limits: Hash of the operators' limits in force.
    """
    return Plan(
        trial=trial.id,
        revision=trial.revision,
        step=trial.steps[0],
        fidelity=trial.fidelity,
        instrument=campaign.execution.target,
        parameters=campaign.space.labelled(effective.settings),
        objectives={objective.name: objective.unit for objective in campaign.objectives},
        instrument_settings=campaign.execution.settings,
        limits=limits,
        classes={one.name: one.classes for one in campaign.objectives if one.classed},
    )


def permits(approval: Approval, plan: Plan, now: datetime) -> bool:
    """Whether `approval` permits sending exactly `plan` now."""
    return (
        approval.digest == plan.digest
        and approval.trial == plan.trial
        and approval.job is None
        and approval.revoked_at is None
        and (approval.expires_at is None or now < approval.expires_at)
    )


def approval_for(plan: Plan, approvals: Iterable[Approval], now: datetime) -> Approval | None:
    """The approval that permits `plan`, if there is one."""
    return next((one for one in approvals if permits(one, plan, now)), None)
