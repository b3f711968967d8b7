"""Objective: what is measured, and what is wanted of it."""

from typing import Literal

from pydantic import Field, model_validator

from agent.core.parameters import Name
from agent.core.values import Value

Goal = Literal["maximise", "minimise", "match", "within"]


class Objective(Value):
    """What is measured and wanted: an id (`name`), a quantity in words, a unit, a goal.

    `low` and `high` are the range of goal `within`. `plausible` bounds what a reading can be at
    all: one outside is not taken in without a person.
    """

    name: Name
    quantity: str = Field(default="", description="what is measured, in words")
    unit: str = Field(description="unit of the values, as pint reads it; '1' is dimensionless")
    goal: Goal
    target: float | None = Field(default=None, description="the value to match")
    low: float | None = Field(default=None, description="lower end of the range to stay within")
    high: float | None = Field(default=None, description="upper end of the range to stay within")
    plausible: tuple[float, float] | None = Field(
        default=None, description="[lowest, highest] possible reading"
    )

    @model_validator(mode="after")
    def _sane(self) -> "Objective":
        if (self.goal == "match") != (self.target is not None):
            raise ValueError("goal match needs a target, and only it takes one")
        ranged = self.low is not None or self.high is not None
        if (self.goal == "within") != ranged:
            raise ValueError("goal within needs low and/or high, and only it takes them")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError("low must be below high")
        if self.plausible is not None and not self.plausible[0] < self.plausible[1]:
            raise ValueError("plausible must be [lowest, highest]")
        return self

    def score(self, value: float) -> float:
        """How good `value` is; higher is better, in the objective's unit.

        maximise: y; minimise: -y; match: -|y - target|; within: minus the distance to the range.
        """
        match self.goal:
            case "maximise":
                return value
            case "minimise":
                return -value
            case "match":
                return -abs(value - (self.target or 0.0))
        below = 0.0 if self.low is None else max(self.low - value, 0.0)
        above = 0.0 if self.high is None else max(value - self.high, 0.0)
        return -(below + above)

    @property
    def wanted(self) -> str:
        """The goal in words: `minimise, eV/atom`."""
        match self.goal:
            case "match":
                return f"match {self.target:g} {self.unit}"
            case "within":
                low = "-∞" if self.low is None else f"{self.low:g}"
                high = "∞" if self.high is None else f"{self.high:g}"
                return f"within {low} to {high} {self.unit}"
        return f"{self.goal} ({self.unit})"
