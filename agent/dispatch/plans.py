"""Plans: what would be sent for a trial, and the approvals that permit it."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from agent.core.campaign import Campaign
from agent.core.execution import Station, Step
from agent.core.history import Effective
from agent.core.trial import Approval, Plan, Trial


def plan_for(
    trial: Trial,
    effective: Effective,
    campaign: Campaign,
    limits: str = "",
    at: tuple[Step, Station] | None = None,
) -> Plan:
    """What would be sent for a step of a trial, under the campaign as it is now.

    Args:
        trial: The trial.
        effective: Its point after edits, from `core.history.effective`.
        campaign: The latest revision: its execution is what would be used.
        limits: Hash of the operators' limits in force for the instrument.
        at: Which step, on which instrument; default: the first step, on its first instrument.
    """
    first = campaign.execution.order[0]
    step, station = at or (first, first.stations[0])
    measured = campaign.measured_in(step)
    parameters = campaign.space.labelled(effective.settings)
    if step.parameters is not None:
        sent = campaign.space.sent(step.parameters)
        parameters = {name: one for name, one in parameters.items() if name in sent}
    return Plan(
        trial=trial.id,
        revision=trial.revision,
        step=step.name,
        fidelity=trial.fidelity,
        instrument=station.instrument,
        parameters=parameters,
        objectives={objective.name: objective.unit for objective in measured},
        instrument_settings=station.settings,
        limits=limits,
        classes={one.name: one.classes for one in measured if one.classed},
    )


def plans_for(
    trial: Trial,
    effective: Effective,
    campaign: Campaign,
    hash_of: Callable[[str], str],
    steps: Collection[str] | None = None,
) -> tuple[Plan, ...]:
    """What would be sent for a trial: of each step what each of its instruments would get.

    Args:
        trial: The trial.
        effective: Its point after edits.
        campaign: The latest revision.
        hash_of: Hash of the operators' limits in force for an instrument.
        steps: Only these; default: all of the trial's that the campaign has.
    """
    wanted = trial.steps if steps is None else steps
    return tuple(
        plan_for(trial, effective, campaign, hash_of(station.instrument), (step, station))
        for step in campaign.execution.order
        if step.name in wanted
        for station in step.stations
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
