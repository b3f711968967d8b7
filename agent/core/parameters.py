"""Parameters of one column: continuous, discrete, integer, categorical.

Each is in lab units, and has a resolution.
"""

import math
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from agent.core.values import Scalar, Value

Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64)]
"""A name that may stand in an expression: a letter or underscore, then letters, digits, underscores."""

_NARROWEST = 1e-100

_GRID = 1e-9
"""Relative slack when a number is compared with a level: what a float loses on its way through text."""


class Column(Value):
    """What every parameter has: a name, a unit, and what older rows had if it is added later.

    `old_rows` is only said by a parameter that a revision adds: the value that the rows measured
    before had, or `unknown`.
    """

    name: Name
    description: str = ""
    unit: str = Field(
        default="", description="unit in the laboratory, as pint reads it; '' is dimensionless"
    )
    old_rows: Scalar | None = Field(
        default=None,
        description="for a parameter added by a revision: the value older rows had, or 'unknown'",
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """The keys that this parameter takes in a point."""
        return (self.name,)


class ContinuousParameter(Column):
    """A number between `low` and `high` (in `unit`), on a linear or logarithmic scale.

    On a linear scale settings are `low + k * resolution`; on a logarithmic one they have `digits`
    significant digits. Nothing finer is ever sent.
    """

    type: Literal["continuous"] = "continuous"
    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"
    resolution: float | None = Field(
        default=None, gt=0, description="smallest step that the laboratory can set"
    )
    digits: int | None = Field(
        default=None, ge=1, le=9, description="significant digits, on a log scale"
    )

    @model_validator(mode="after")
    def _sane(self) -> "ContinuousParameter":
        if not self.low < self.high:
            raise ValueError("low must be below high")
        if not math.isfinite(self.high - self.low) or self.high - self.low < _NARROWEST:
            raise ValueError("the range is too wide or too narrow to be set; use another unit")
        if self.scale == "log" and self.low <= 0:
            raise ValueError("a log scale needs low above 0")
        if self.scale == "log" and self.resolution is not None:
            raise ValueError("a log scale takes digits, not a resolution")
        if self.scale == "linear" and self.digits is not None:
            raise ValueError("a linear scale takes a resolution, not digits")
        if self.resolution is not None and self.resolution > (self.high - self.low) * (1 + _GRID):
            raise ValueError("the resolution is wider than the range")
        return self

    @property
    def step(self) -> float:
        """The linear resolution: as given, or a power of ten near a thousandth of the range."""
        if self.resolution is not None:
            return self.resolution
        return float(10.0 ** math.floor(math.log10((self.high - self.low) / 500)))

    def round(self, value: float) -> float:
        """The nearest setting that can be sent, within the bounds."""
        if self.scale == "log":
            clipped = min(max(value, self.low), self.high)
            text = float(f"{clipped:.{(self.digits or 3) - 1}e}")
            return min(max(text, self.low), self.high)
        last = math.floor((self.high - self.low) / self.step * (1 + _GRID))
        return on_grid(
            self.low, self.step, min(max(round((value - self.low) / self.step), 0), last)
        )

    def reason(self, value: Scalar) -> str | None:
        """Why `value` cannot be set; None if it can."""
        if not isinstance(value, (int, float)) or not math.isfinite(value):
            return f"{value!r} is not a number"
        if not self.low <= value <= self.high:
            return f"{value:g} is outside {self.low:g} to {self.high:g} {self.unit}".rstrip()
        if not same(self.round(float(value)), float(value)):
            finest = (
                f"{self.digits or 3} digits" if self.scale == "log" else f"steps of {self.step:g}"
            )
            return f"{value!r} is finer than the resolution ({finest})"
        return None


class DiscreteParameter(Column):
    """A number out of `levels`, or out of `low`, `low + step`, … up to `high`."""

    type: Literal["discrete"] = "discrete"
    levels: tuple[float, ...] | None = Field(
        default=None, description="the numbers that can be set"
    )
    low: float | None = None
    high: float | None = None
    step: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _sane(self) -> "DiscreteParameter":
        ranged = (self.low, self.high, self.step)
        if (self.levels is None) == any(item is None for item in ranged):
            raise ValueError("give either levels, or low, high and step")
        if self.levels is not None and any(item is not None for item in ranged):
            raise ValueError("give either levels, or low, high and step, not both")
        if self.levels is not None and len(set(self.levels)) < max(len(self.levels), 2):
            raise ValueError("levels must be at least two different numbers")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError("low must be below high")
        return self

    @property
    def values(self) -> tuple[float, ...]:
        """Every setting, rising."""
        if self.levels is not None:
            return tuple(sorted(self.levels))
        low, high, step = self.low or 0.0, self.high or 0.0, self.step or 1.0
        return tuple(
            on_grid(low, step, k) for k in range(math.floor((high - low) / step * (1 + _GRID)) + 1)
        )

    def round(self, value: float) -> float:
        """The nearest level."""
        return min(self.values, key=lambda level: abs(level - value))

    def reason(self, value: Scalar) -> str | None:
        """Why `value` cannot be set; None if it can."""
        if not isinstance(value, (int, float)) or not any(
            same(level, value) for level in self.values
        ):
            return f"{value!r} is not one of the {len(self.values)} levels ({brief(self.values)})"
        return None


class IntegerParameter(Column):
    """A whole number from `low` to `high`, both included."""

    type: Literal["integer"] = "integer"
    low: int
    high: int

    @model_validator(mode="after")
    def _sane(self) -> "IntegerParameter":
        if not self.low < self.high:
            raise ValueError("low must be below high")
        return self

    @property
    def values(self) -> tuple[int, ...]:
        """Every setting, rising."""
        return tuple(range(self.low, self.high + 1))

    def round(self, value: float) -> int:
        """The nearest whole number within the bounds."""
        return min(max(round(value), self.low), self.high)

    def reason(self, value: Scalar) -> str | None:
        """Why `value` cannot be set; None if it can."""
        if isinstance(value, str) or value != int(value):
            return f"{value!r} is not a whole number"
        if not self.low <= value <= self.high:
            return f"{value} is outside {self.low} to {self.high}"
        return None


class CategoricalParameter(Column):
    """One of `choices`; with `descriptors` (numbers for each choice) near choices are alike."""

    type: Literal["categorical"] = "categorical"
    choices: tuple[str, ...] = Field(min_length=2)
    descriptors: dict[str, dict[str, float]] | None = Field(
        default=None,
        description="choice -> {descriptor: number}; the same descriptors for every choice",
    )
    descriptor_file: str | None = Field(
        default=None,
        description="CSV whose first column is the choice and whose others are numbers",
    )

    @model_validator(mode="after")
    def _sane(self) -> "CategoricalParameter":
        if len(set(self.choices)) < len(self.choices):
            raise ValueError("a choice is named twice")
        if self.descriptors is not None:
            missing = [choice for choice in self.choices if choice not in self.descriptors]
            if missing:
                raise ValueError(f"no descriptors for {', '.join(missing)}")
            if len({tuple(sorted(self.descriptors[choice])) for choice in self.choices}) > 1:
                raise ValueError("every choice needs the same descriptors")
        return self

    @property
    def values(self) -> tuple[str, ...]:
        """Every setting, in the order of the file."""
        return self.choices

    def reason(self, value: Scalar) -> str | None:
        """Why `value` cannot be set; None if it can."""
        return None if value in self.choices else f"{value!r} is not one of {brief(self.choices)}"


def on_grid(low: float, step: float, k: int) -> float:
    """`low + k * step` without the dust of binary arithmetic: 80.1, never 80.10000000000001."""
    return float(Decimal(str(low)) + k * Decimal(str(step)))


def same(a: float, b: float) -> bool:
    """Whether two settings are the same number, but for what a float loses through text."""
    return math.isclose(a, b, rel_tol=_GRID, abs_tol=1e-12)


def brief(values: tuple[Scalar, ...], most: int = 6) -> str:
    """The values in a sentence, cut after `most`."""
    shown = ", ".join(
        f"{value:g}" if isinstance(value, float) else str(value) for value in values[:most]
    )
    return shown + (", …" if len(values) > most else "")
