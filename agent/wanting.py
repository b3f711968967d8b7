"""What the approved trials of a campaign want for: tips, solvents, gases that are not there."""

from collections.abc import Callable, Mapping, Sequence

from agent.core.hours import closed_now
from agent.core.operators import InForce
from agent.core.stock import Movement, Shortage, shortages
from agent.data.store import Store
from agent.dispatch.plans import plans_for
from agent.standing import Standing


def shut_now(standing: Standing, limits_of: Callable[[str], InForce]) -> str | None:
    """Why the next step of a trial can be sent nowhere, as far as hours go; None where none keeps it back.

    Args:
        standing: The campaign.
        limits_of: What the operators say of an instrument.
    """
    campaign, now = standing.campaign.name, standing.now
    for step in filter(None, map(standing.step_of, standing.sendable)):
        names = [one.instrument for one in step.stations]
        told = [closed_now(limits_of(name).rules.hours, campaign, now) for name in names]
        if all(told):
            return f"{names[0]}: {told[0]}"
    return None


def wanting(
    store: Store, standing: Standing, limits_of: Callable[[str], InForce]
) -> tuple[Shortage, ...]:
    """What keeps the next step of trials from being sent, each once, in their order: it is missing on every
    instrument that could do it.

    Args:
        store: Where the levels are.
        standing: The campaign.
        limits_of: What the operators say of an instrument.
    """

    def hash_of(instrument: str) -> str:
        return limits_of(instrument).hash

    found: dict[Shortage, None] = {}
    levels: dict[str, Mapping[str, Movement]] = {}
    for trial in standing.sendable:
        missing: list[Sequence[Shortage]] = []
        wanted, due = standing.effective[trial.id], {standing.due(trial) or ""}
        for plan in plans_for(trial, wanted, standing.campaign, hash_of, due):
            name, rules = plan.instrument, limits_of(plan.instrument).rules
            if rules.stocks and name not in levels:
                levels[name] = store.levels(name)
            missing.append(shortages(name, rules.needs(plan), levels.get(name, {})))
        if missing and all(missing):
            found |= dict.fromkeys(one for each in missing for one in each)
    return tuple(found)
