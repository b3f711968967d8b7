"""What the approved trials of a campaign want for: tips, solvents, gases that are not there."""

from collections.abc import Callable, Mapping, Sequence

from agent.core.hours import closed_now
from agent.core.operators import InForce
from agent.core.stock import Movement, Shortage, shortages
from agent.data.store import Store
from agent.dispatch.plans import plan_for
from agent.standing import Standing


def shut_now(standing: Standing, limits_of: Callable[[str], InForce]) -> str | None:
    """Why the next step of a trial can be sent nowhere, as far as hours go; None where none keeps it back.

    Args:
        standing: The campaign.
        limits_of: What the operators say of an instrument.
    """
    for trial in standing.sendable:
        step = standing.step_of(trial)
        told = [
            (one.instrument, closed_now(limits_of(one.instrument).rules.hours, name, standing.now))
            for name in [standing.campaign.name]
            for one in (step.stations if step else ())
        ]
        if told and all(why for _, why in told):
            return f"{told[0][0]}: {told[0][1]}"
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
    found: dict[Shortage, None] = {}
    levels: dict[str, Mapping[str, Movement]] = {}
    for trial in standing.sendable:
        step = standing.step_of(trial)
        missing: list[Sequence[Shortage]] = []
        for station in step.stations if step else ():
            name, limits = station.instrument, limits_of(station.instrument)
            if limits.rules.stocks and name not in levels:
                levels[name] = store.levels(name)
            at = (step, station) if step else None
            plan = plan_for(trial, standing.effective[trial.id], standing.campaign, limits.hash, at)
            missing.append(shortages(name, limits.rules.needs(plan), levels.get(name, {})))
        if missing and all(missing):
            found |= dict.fromkeys(one for each in missing for one in each)
    return tuple(found)
