"""One campaign on a pool whose answers are known, decision by decision, without store or adapters."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agent.core.history import Row
from agent.core.objective import Objective
from agent.core.outlook import Outlook
from agent.core.policy import Policy
from agent.core.record import Tested
from agent.core.seeds import derived
from agent.core.space import SearchSpace
from agent.core.values import Point
from agent.decide.propose import propose
from agent.decide.situation import Situation


@dataclass(frozen=True)
class Step:
    """One experiment.

    Attributes:
        outlook: What was left before it, as its decision saw it.
        value: What came of it; None: it failed.
    """

    outlook: Outlook | None
    value: float | None


def played(
    space: SearchSpace,
    objective: Objective,
    policy: Policy,
    answer: Callable[[Point], float | None],
    seed: int,
    experiments: int,
    barred: tuple[Point, ...] = (),
) -> Iterator[Step]:
    """The experiments of a campaign, in order.

    Args:
        space: What may be varied.
        objective: What is wanted.
        policy: How to choose.
        answer: What a point brings; None: it fails.
        seed: Of the campaign.
        experiments: How many.
        barred: Points that cannot be asked for.
    """
    rows: list[Row] = []
    failed: list[Point] = []
    record: list[Tested] = []
    for number in range(experiments):
        situation = Situation(
            space,
            objective,
            policy,
            tuple(rows),
            barred=(*barred, *failed),
            infeasible=tuple(failed),
            record=tuple(record),
            seed=derived(seed, number),
            started=number,
        )
        selection = propose(situation, 1)
        (choice,) = selection.choices
        value = answer(choice.point)
        yield Step(selection.outlook, value)
        if value is None:
            failed.append(choice.point)
            continue
        rows.append(Row(id=str(number), trial=str(number), point=choice.point, value=value))
        if choice.prediction:
            mean, sd = choice.prediction[objective.name]
            record.append(Tested(mean=mean, sd=sd, value=value))
