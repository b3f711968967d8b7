"""Proposals as those who review them see them: what is wanted, why, and what speaks against it."""

from collections.abc import Mapping

from rich.markup import escape

from agent.commands.common import console
from agent.commands.grounds import lines as grounds_lines
from agent.core.calibration import Calibration
from agent.core.campaign import Campaign
from agent.core.history import effective
from agent.core.space import describe
from agent.core.trial import Proposal, Trial
from agent.core.worded import reviewed
from agent.data.store import Store
from agent.dispatch.plans import plans_for
from agent.standing import stand
from agent.status import without_priors

Tested = Mapping[str, Calibration]
"""Objective -> what results have shown of its predictions."""


def calibrated(store: Store, campaign: str) -> Tested:
    """What the results of a campaign have shown of its predictions."""
    from agent.assemble import SystemClock

    found = stand(store, campaign, SystemClock().now()).calibrations
    return {one.objective: one for one in found}


def show(store: Store, campaign: Campaign, trial: Trial, tested: Tested) -> None:
    """Print a proposal: its settings, why, what it rests on, and what the operators' limits say against it."""
    proposal = store.proposal(trial.id)
    wanted = effective([trial], store.reviews_of(trial.id))[trial.id]
    console.print(
        f"\n[bold]{trial.number}[/bold]  {escape(describe(wanted.settings, campaign.space.units))}",
        highlight=False,
    )
    lines = _lines(campaign, proposal, tested)
    if proposal:
        numbers = {one.id: one.number for one in store.trials(trial.campaign)}
        lines += grounds_lines(proposal, trial.point, campaign, numbers)
    for line in lines:
        console.print(f"   {escape(line)}", highlight=False)
    decided = store.decision(proposal.decision) if proposal else None
    without = without_priors(decided, trial.point) if decided else None
    if without is not None:
        told = describe(without, campaign.space.units)
        same = "the same" if without == trial.point else told
        console.print(f"   without the priors: {escape(same)}", highlight=False)
    for line in _route(campaign, trial):
        console.print(f"   {escape(line)}", highlight=False)
    for where, reason in _against(store, campaign, trial):
        console.print(
            f"   [red]beyond the limits of {where}[/red]: {escape(reason)}", highlight=False
        )


def _route(campaign: Campaign, trial: Trial) -> list[str]:
    """Where a trial goes, step by step; of one step nothing need be said."""
    if len(trial.steps) == 1:
        return []
    steps = (campaign.execution.step(name) for name in trial.steps)
    told = (
        f"{step.name} on {' or '.join(one.instrument for one in step.stations)}"
        for step in steps
        if step is not None
    )
    return [", then ".join(told)]


def _against(store: Store, campaign: Campaign, trial: Trial) -> list[tuple[str, str]]:
    """On which instrument the operators' limits speak against a proposal as it stands, and what they say: where
    they do so on each that could do a step, it can only be edited or rejected.
    """
    from agent.allowed import operators

    allowed = operators()
    wanted = effective([trial], store.reviews_of(trial.id))[trial.id]
    plans = plans_for(trial, wanted, campaign, lambda _: "")
    told = ((one.instrument, allowed.in_force(one.instrument).rules.reasons(one)) for one in plans)
    return [(where, reason) for where, reasons in told for reason in reasons]


def _lines(campaign: Campaign, proposal: Proposal | None, tested: Tested) -> list[str]:
    if proposal is None:
        return ["given by a person"]
    lines = [proposal.why]
    for name, prediction in proposal.prediction.items():
        unit = next((o.unit for o in campaign.objectives if o.name == name), "")
        low, high = prediction.mean - 2 * prediction.sd, prediction.mean + 2 * prediction.sd
        lines.append(f"{name} is expected between {low:.4g} and {high:.4g} {unit} (95 %)")
        if name in tested:
            lines += reviewed(tested[name], prediction.mean, prediction.sd, unit)
    if proposal.shares:
        lines.append(", ".join(f"{name} {share:.0%}" for name, share in proposal.shares.items()))
    return lines


def as_document(store: Store, campaign: Campaign, trial: Trial) -> dict[str, object]:
    """The same for other programs, as JSON."""
    proposal = store.proposal(trial.id)
    decided = store.decision(proposal.decision) if proposal else None
    state = (decided.state or {}) if decided else {}
    return {
        "trial": trial.model_dump(mode="json"),
        "proposal": proposal.model_dump(mode="json") if proposal else None,
        "beyond_limits": [reason for _, reason in _against(store, campaign, trial)],
        "priors": {
            "weights": state.get("weights", {}),
            "coefficients": state.get("coefficients", {}),
            "trusted": state.get("trusted", {}),
            "without": without_priors(decided, trial.point) if decided else None,
        },
    }
