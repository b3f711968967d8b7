"""Oracles that are asked first: each is a campaign of its own, with all that campaigns have.

So it is run exactly once, resumed after a crash, and looked at like any other.
"""

import re

from agent.core.budget import Budget
from agent.core.campaign import Campaign, ReviewRule
from agent.core.execution import Execution
from agent.core.objective import Objective
from agent.core.policy import InitialDesign, Policy
from agent.core.source import Oracle, TransferPrior
from agent.load.results import parted

_LONGEST = 64


def asked_first(campaign: Campaign) -> dict[str, Campaign]:
    """The campaign of each oracle among a campaign's priors, by the prior's name."""
    return {
        prior.called: _asked(campaign, prior, prior.oracle)
        for prior in campaign.priors
        if prior.oracle is not None
    }


def _asked(campaign: Campaign, prior: TransferPrior, oracle: Oracle) -> Campaign:
    execution = Execution.model_validate(oracle.model_dump(include=set(Execution.model_fields)))
    return Campaign(
        name=_name(campaign.name, prior.called),
        description=f"what {prior.called} says of a design, before {campaign.name} begins",
        parameters=campaign.parameters,
        constraints=campaign.constraints,
        objectives=(_objective(campaign.objective, prior.value),),
        context=campaign.context,
        budget=Budget(experiments=oracle.experiments),
        policy=Policy(
            name="random",
            initial=InitialDesign(size=oracle.experiments),
            in_flight=oracle.in_flight,
        ),
        execution=execution,
        review=ReviewRule(mode="none"),
        seed=campaign.seed,
    )


def _name(campaign: str, prior: str) -> str:
    word = re.sub(r"[^a-z0-9_-]+", "-", prior.lower()).strip("-") or "oracle"
    return f"{campaign[: _LONGEST - len(word[:24]) - 1]}-{word[:24]}"


def _objective(objective: Objective, value: str | None) -> Objective:
    """What the oracle computes: the objective, or what goes with it."""
    if value is None:
        return objective
    name, unit = parted(value)
    if name == objective.name and unit in {None, objective.unit}:
        return objective
    return Objective(name=name, unit=unit or objective.unit, goal="maximise")
