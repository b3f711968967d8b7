"""What the approved trials of a campaign want for: tips, solvents, gases that are not there."""

from agent.core.operators import InForce
from agent.core.stock import Shortage, shortages
from agent.core.trial import TrialStatus
from agent.data.store import Store
from agent.dispatch.plans import plan_for
from agent.standing import Standing


def wanting(store: Store, standing: Standing, limits: InForce) -> tuple[Shortage, ...]:
    """What keeps approved trials from being sent, each once, in their order.

    Args:
        store: Where the levels are.
        standing: The campaign.
        limits: What the operators say of its instrument.
    """
    if not limits.rules.stocks or not standing.of(TrialStatus.APPROVED):
        return ()
    name = standing.campaign.execution.target
    levels = store.levels(name)
    found: dict[Shortage, None] = {}
    for trial in standing.of(TrialStatus.APPROVED):
        plan = plan_for(trial, standing.effective[trial.id], standing.campaign, limits.hash)
        found |= dict.fromkeys(shortages(name, limits.rules.needs(plan), levels))
    return tuple(found)
