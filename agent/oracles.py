"""Oracles that are asked first: each is a campaign of its own, with all that campaigns have.

So it is run exactly once, resumed after a crash, and looked at like any other.
"""

import re

from agent.core.adapter import Capabilities
from agent.core.budget import Budget
from agent.core.campaign import Campaign, ReviewRule
from agent.core.execution import Execution
from agent.core.objective import Objective
from agent.core.policy import InitialDesign, Policy
from agent.core.source import Oracle, TransferPrior
from agent.core.values import digest
from agent.errors import CampaignError
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
        name=_name(campaign.name, prior, execution),
        description=f"what {prior.called} says of a design, before {campaign.name} begins",
        asked_for=campaign.name,
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


def _name(campaign: str, prior: TransferPrior, execution: Execution) -> str:
    """The campaign's, the prior's, and of both and of what is computed a hash: another simulator, or
    other settings of it, is another oracle, and two of them never share one campaign.
    """
    word = re.sub(r"[^a-z0-9_-]+", "-", prior.called.lower()).strip("-")[:24] or "oracle"
    told = digest([campaign, prior.called, prior.value, execution])[:6]
    return f"{campaign[: _LONGEST - len(word) - len(told) - 2]}-{word}-{told}"


def check_own(asked: Campaign, there: Campaign) -> None:
    """The campaign that has an oracle's name is that oracle's.

    Raises:
        CampaignError: somebody else has made it.
    """
    if (there.asked_for, there.execution) != (asked.asked_for, asked.execution):
        raise CampaignError(
            f"{asked.name} is a campaign of its own, and would be the oracle's",
            "give the prior another name",
        )


def _objective(objective: Objective, value: str | None) -> Objective:
    """What the oracle computes: the objective, or what goes with it."""
    if value is None:
        return objective
    name, unit = parted(value)
    if name == objective.name and unit in {None, objective.unit}:
        return objective
    return Objective(name=name, unit=unit or objective.unit, goal="maximise")


def check_pure(asked: Campaign, capabilities: Capabilities) -> None:
    """An oracle only computes.

    Raises:
        CampaignError: it does something, and somebody should look at that first.
    """
    if capabilities.effect != "pure":
        raise CampaignError(
            f"{asked.execution.adapter} is an instrument, and no oracle that may be asked by itself",
            "run it as a campaign of its own, and name that under priors: campaign: …",
        )
