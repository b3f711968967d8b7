"""Aim: all objectives together, and how one is given up for another."""

from collections.abc import Mapping
from functools import cached_property
from math import exp, log
from typing import Literal

from agent.core.objective import Objective
from agent.core.values import Value

TradeOff = Literal["pareto", "desirability"]

LEAST = 1e-3
"""The desirability of a value that is of no use: not quite none, so that of two such points the one
that is better in all else is still the better one."""


class Aim(Value):
    """Several objectives as one goal.

    pareto: no point that is better in one is thrown away for another; what is wanted is the front.
    desirability: each value is worth between 0 (at its objective's `worst`) and 1 (at its `ideal`),
    and a point the weighted geometric mean of these (Derringer & Suich, 1980).
    """

    objectives: tuple[Objective, ...]
    trade_off: TradeOff = "pareto"

    @cached_property
    def wanted(self) -> tuple[Objective, ...]:
        """Those that are to be as good as can be."""
        return tuple(one for one in self.objectives if not one.required)

    @cached_property
    def required(self) -> tuple[Objective, ...]:
        """Those that only have to be within their range: outcome constraints."""
        return tuple(one for one in self.objectives if one.required)

    @property
    def single(self) -> bool:
        """Whether it is the goal of one objective and nothing else."""
        return len(self.objectives) == 1

    @property
    def confirmable(self) -> bool:
        """Whether one measured point wins by one objective, and can be made anew to confirm it."""
        return self.single and not self.learning

    @property
    def learning(self) -> bool:
        """Whether a response is to be known everywhere: there is no best point."""
        return any(one.learning for one in self.objectives)

    @property
    def unknown_unit(self) -> str:
        """In what it is told how far a response that is to be known is not known."""
        return "of the labels" if self.objectives[0].classed else self.unit

    @property
    def fronted(self) -> bool:
        """Whether a front is looked for and not one best point."""
        return len(self.wanted) > 1 and self.trade_off == "pareto"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the objectives, in their order."""
        return tuple(one.name for one in self.objectives)

    @property
    def unit(self) -> str:
        """Of what a point is worth, where that is one number."""
        return self.wanted[0].unit if len(self.wanted) == 1 else "1"

    def complete(self, values: Mapping[str, float]) -> bool:
        """Whether every objective has its value."""
        return all(one.name in values for one in self.objectives)

    def permits(self, values: Mapping[str, float]) -> bool:
        """Whether every required objective is known to be within its range."""
        return all(
            one.name in values and one.score(values[one.name]) >= 0.0 for one in self.required
        )

    def worth(self, values: Mapping[str, float]) -> tuple[float, ...]:
        """How good a point is, higher is better: one number for each coordinate of the front, or one
        in all. Required objectives do not enter.

        Args:
            values: Objective -> its value, complete.
        """
        if self.fronted or len(self.wanted) == 1:
            return tuple(one.score(values[one.name]) for one in self.wanted)
        total = sum(one.weight for one in self.wanted)
        logs = (one.weight * log(desirability(one, values[one.name])) for one in self.wanted)
        return (exp(sum(logs) / total),)


def desirability(objective: Objective, value: float) -> float:
    """What a value is worth, between `LEAST` and 1, in a straight line from `worst` to `ideal`."""
    low, high = ends(objective)
    return min(max((objective.score(value) - low) / (high - low), LEAST), 1.0)


def ends(objective: Objective) -> tuple[float, float]:
    """The scores of `worst` and of `ideal`; of goals match and within the ideal is to be there.

    Raises:
        ValueError: one of them is missing.
    """
    if objective.worst is None or (objective.ideal is None and not objective.bounded):
        raise ValueError(f"{objective.name} has no worst and ideal value to be weighed by")
    ideal = 0.0 if objective.ideal is None else objective.score(objective.ideal)
    return objective.score(objective.worst), ideal
