"""By what a campaign is judged: the best score that was measured, or how much of the front was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from agent.backtest.metrics import best_so_far
from agent.core.aim import Aim
from agent.core.front import Worth, hypervolume, nondominated, reference

Values = Mapping[str, float]
"""Objective -> its value at a point."""


class Yardstick(Protocol):
    """What a back-test asks of an aim. A merit is a score: higher is better."""

    def merit(self, values: Values) -> float | None:
        """How good one point is by itself; None where it is not permitted or lacks a value."""
        ...

    def curve(self, points: Sequence[Values | None]) -> list[float | None]:
        """How good all points so far are together, after each; None before there is one."""
        ...


@dataclass(frozen=True)
class BestScore:
    """Where a point is worth one number: the best of the permitted ones."""

    aim: Aim

    def merit(self, values: Values) -> float | None:
        """What it is worth."""
        if not self.aim.complete(values) or not self.aim.permits(values):
            return None
        return self.aim.worth(values)[0]

    def curve(self, points: Sequence[Values | None]) -> list[float | None]:
        """The best so far."""
        return best_so_far([None if one is None else self.merit(one) for one in points])


@dataclass(frozen=True)
class FrontShare:
    """Where a front is looked for: the share of the hypervolume of all there is.

    Attributes:
        aim: What is wanted.
        every: What each point of the population is worth, permitted ones only.
        floor: From which point on the front counts.
    """

    aim: Aim
    every: tuple[Worth, ...]
    floor: Worth

    @classmethod
    def of(cls, aim: Aim, people: Sequence[Values]) -> "FrontShare":
        """By the values of a population's points: its front, and its reference where none is given."""
        every = tuple(aim.worth(one) for one in people if aim.complete(one) and aim.permits(one))
        given = [None if one.worst is None else one.score(one.worst) for one in aim.wanted]
        return cls(aim, every, reference(every, given) if every else ())

    @cached_property
    def best(self) -> tuple[Worth, ...]:
        """The population's front."""
        return tuple(nondominated(self.every))

    @cached_property
    def whole(self) -> float:
        """The hypervolume of the population's front."""
        return hypervolume(self.best, self.floor)

    def merit(self, values: Values) -> float | None:
        """1 of a point of the front, 0 of another one."""
        if not self.aim.complete(values) or not self.aim.permits(values):
            return None
        return 1.0 if self.aim.worth(values) in self.best else 0.0

    def curve(self, points: Sequence[Values | None]) -> list[float | None]:
        """The share of the hypervolume so far."""
        held: list[Worth] = []
        found: list[float | None] = []
        share: float | None = None
        for values in points:
            if values is not None and self.aim.complete(values) and self.aim.permits(values):
                worth = self.aim.worth(values)
                before, held = held, nondominated([*held, worth])
                if share is None or held != before:
                    share = min(hypervolume(held, self.floor) / self.whole, 1.0)
            found.append(share)
        return found


def yardstick(aim: Aim, people: Sequence[Values]) -> Yardstick:
    """The one for an aim, with what there is to find."""
    return FrontShare.of(aim, people) if aim.fronted else BestScore(aim)
