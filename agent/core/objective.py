"""Objective: what is measured, and what is wanted of it."""

import math
from typing import Any, Literal

from pydantic import Field, model_validator

from agent.core.parameters import Name
from agent.core.values import Value, later

Goal = Literal["maximise", "minimise", "match", "within", "require", "learn", "classify"]


class Objective(Value):
    """What is measured and wanted: an id (`name`), a quantity in words, a unit, a goal.

    `low` and `high` are the range of goals `within` and `require`. `plausible` bounds what a reading can be at
    all: one outside is not taken in without a person.

    Among several, `worst` is the value beyond which it is of no use, `ideal` the one beyond which
    better is worth nothing more, and `weight` what it counts beside the others (`agent.core.aim`). One
    of goal `require` only has to be within its range. Of goal `learn` no value is wanted more than
    another: its response is to be known over the whole space. So it is of goal `classify`, whose values are
    `classes`: what is stored is the number of a class in that list, from 0.
    """

    name: Name
    quantity: str = Field(default="", description="what is measured, in words")
    unit: str = Field(description="unit of the values, as pint reads it; '1' is dimensionless")
    goal: Goal
    target: float | None = Field(default=None, description="the value to match")
    low: float | None = Field(default=None, description="lower end of the range")
    high: float | None = Field(default=None, description="upper end of the range")
    plausible: tuple[float, float] | None = Field(
        default=None, description="[lowest, highest] possible reading"
    )
    worst: float | None = later(
        None, description="a value as bad as this, or worse, is of no use; among several objectives"
    )
    ideal: float | None = later(
        None, description="better than this is worth nothing more; of trade_off desirability"
    )
    weight: float = later(
        1.0,
        gt=0,
        le=1000,
        description="what it counts beside the others, of trade_off desirability",
    )

    classes: tuple[str, ...] = later(
        (), description="of goal classify: the names of the classes, in any order, for good"
    )

    @model_validator(mode="before")
    @classmethod
    def _without_unit(cls, given: Any) -> Any:
        # A class has no unit, and nobody should have to write that.
        if isinstance(given, dict) and given.get("goal") == "classify" and "unit" not in given:
            return {**given, "unit": "1"}
        return given

    @model_validator(mode="after")
    def _sane(self) -> "Objective":
        if (self.goal == "match") != (self.target is not None):
            raise ValueError("goal match needs a target, and only it takes one")
        ranged = self.low is not None or self.high is not None
        if (self.goal in {"within", "require"}) != ranged:
            raise ValueError(
                "goals within and require need low and/or high, and only they take them"
            )
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError("low must be below high")
        if self.plausible is not None and not self.plausible[0] < self.plausible[1]:
            raise ValueError("plausible must be [lowest, highest]")
        if self.learning and (self.worst is not None or self.ideal is not None):
            raise ValueError(f"goal {self.goal} has neither a worst nor an ideal value")
        self._check_classes()
        self._check_trade()
        return self

    def _check_classes(self) -> None:
        if self.classed != bool(self.classes):
            raise ValueError("goal classify needs classes, and only it takes them")
        if self.classed and (
            len(set(self.classes)) < 2 or len(set(self.classes)) < len(self.classes)
        ):
            raise ValueError("classes are at least two, each named once")
        if any(not one.strip() or one != one.strip() for one in self.classes):
            raise ValueError("a class has a name, without blanks around it")
        if self.classed and (self.unit != "1" or self.plausible is not None):
            raise ValueError(
                "goal classify has no unit ('1') and no plausible readings but its classes"
            )

    def _check_trade(self) -> None:
        if self.ideal is not None and self.bounded:
            raise ValueError(f"the ideal of goal {self.goal} is the goal itself: leave it out")
        if self.worst is None or (self.ideal is None and not self.bounded):
            return
        best = 0.0 if self.ideal is None else self.score(self.ideal)
        if not self.score(self.worst) < best:
            raise ValueError("worst must be worse than what is wanted")

    @property
    def learning(self) -> bool:
        """Whether it is to be known everywhere, and no value is better than another."""
        return self.goal in {"learn", "classify"}

    @property
    def classed(self) -> bool:
        """Whether its values are classes."""
        return self.goal == "classify"

    def label(self, value: float) -> str:
        """The name of the class that a value is the number of."""
        return self.classes[round(value)] if self.is_class(value) else f"{value:g}"

    def is_class(self, value: float) -> bool:
        """Whether a value is the number of one of the classes."""
        return float(value).is_integer() and 0 <= value < len(self.classes)

    @property
    def bounded(self) -> bool:
        """Whether the goal is reached at some value: its best score is 0."""
        return self.goal not in {"maximise", "minimise", "learn", "classify"}

    @property
    def required(self) -> bool:
        """Whether it only has to be within its range: an outcome constraint."""
        return self.goal == "require"

    def score(self, value: float) -> float:
        """How good `value` is; higher is better, in the objective's unit.

        maximise: y; minimise: -y; match: -|y - target|; within and require: minus the distance to
        the range; learn and classify: 0.
        """
        match self.goal:
            case "learn" | "classify":
                return 0.0
            case "maximise":
                return value
            case "minimise":
                return -value
            case "match":
                return -abs(value - (self.target or 0.0))
        below = 0.0 if self.low is None else max(self.low - value, 0.0)
        above = 0.0 if self.high is None else max(value - self.high, 0.0)
        return -(below + above)

    def holds(self, low: float | None, high: float | None) -> bool | None:
        """Whether a reading between two limits is within the range; None where it may be either.

        Of goals within and require. What is not plausible is not taken for possible.
        """
        least, most = self.plausible or (-math.inf, math.inf)
        ends = (least if low is None else low, most if high is None else high)
        if all(self.score(end) == 0.0 for end in ends):
            return True
        below = self.low is not None and ends[1] < self.low
        above = self.high is not None and ends[0] > self.high
        return False if below or above else None

    @property
    def wanted(self) -> str:
        """The goal in words: `minimise, eV/atom`."""
        match self.goal:
            case "learn":
                return f"learn everywhere ({self.unit})"
            case "classify":
                return f"classify as {' or '.join(self.classes)}"
            case "match":
                return f"match {self.target:g} {self.unit}"
            case "within" | "require":
                low = "-∞" if self.low is None else f"{self.low:g}"
                high = "∞" if self.high is None else f"{self.high:g}"
                return f"{self.goal} {low} to {high} {self.unit}"
        return f"{self.goal} ({self.unit})"
