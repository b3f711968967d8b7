"""The composition parameter: components that sum to a total, at most k of them present."""

from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from agent.core.parameters import Column, Name, brief, same
from agent.core.values import Point, Value

_FINEST = 1_000_000


class Component(Value):
    """One component of a composition, with its bounds when present."""

    name: Name
    low: float = Field(default=0.0, ge=0)
    high: float | None = Field(default=None, gt=0, description="default: the total")


class CompositionParameter(Column):
    """Amounts of `components` that sum to `total`, in steps of `step`, at most `max_present` above 0.

    The columns of a point are the components' names. `low` of a component holds only where it is
    present, if `max_present` allows it to be absent.
    """

    type: Literal["composition"] = "composition"
    components: tuple[Component, ...] = Field(min_length=2)
    total: float = Field(default=1.0, gt=0)
    step: float = Field(gt=0, description="resolution of an amount; divides the total")
    max_present: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _sane(self) -> "CompositionParameter":
        if len(set(self.columns)) < len(self.components):
            raise ValueError("a component is named twice")
        if not 1 <= self.total / self.step <= _FINEST:
            raise ValueError(f"the step must be between the total and a {_FINEST:,}th of it")
        if Decimal(str(self.total)) % Decimal(str(self.step)) != 0:
            raise ValueError("the step does not divide the total")
        if self.max_present is not None and self.max_present > len(self.components):
            raise ValueError("max_present is more than there are components")
        for component in self.components:
            if component.low > self.high(component):
                raise ValueError(f"component {component.name}: low is above high")
        if not self._feasible():
            raise ValueError("no composition within these bounds sums to the total")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The components' names."""
        return tuple(component.name for component in self.components)

    @property
    def ticks(self) -> int:
        """How many steps make the total."""
        return int(Decimal(str(self.total)) / Decimal(str(self.step)))

    @property
    def present(self) -> int:
        """How many components may be above 0."""
        return self.max_present or len(self.components)

    def high(self, component: Component) -> float:
        """The upper bound of a component."""
        return self.total if component.high is None else component.high

    def bounds(self, component: Component) -> tuple[int, int]:
        """The bounds of a component when present, in ticks, rounded inwards."""
        step = Decimal(str(self.step))
        low, high = Decimal(str(component.low)) / step, Decimal(str(self.high(component))) / step
        return int(low.to_integral_value("ROUND_CEILING")), int(
            high.to_integral_value("ROUND_FLOOR")
        )

    def amount(self, ticks: int) -> float:
        """An amount in the parameter's unit."""
        return float(ticks * Decimal(str(self.step)))

    def may_be_absent(self) -> bool:
        """Whether a component with a lower bound may also be left out."""
        return self.present < len(self.components)

    def reason(self, point: Point) -> str | None:
        """Why the amounts in `point` cannot be mixed; None if they can."""
        amounts = [point[name] for name in self.columns]
        if any(isinstance(amount, str) for amount in amounts):
            return "an amount is not a number"
        numbers = [float(amount) for amount in amounts]
        if not same(sum(numbers), self.total):
            return (
                f"the components sum to {sum(numbers):g}, not {self.total:g} {self.unit}".rstrip()
            )
        if sum(number > 0 for number in numbers) > self.present:
            return f"more than {self.present} components are present"
        for component, number in zip(self.components, numbers, strict=True):
            if not same(self.amount(round(number / self.step)), number):
                return f"{component.name}={number!r} is not a multiple of {self.step:g}"
            absent = number == 0 and (self.may_be_absent() or component.low == 0)
            if not absent and not component.low <= number <= self.high(component) + 1e-12:
                return f"{component.name}={number:g} is outside {component.low:g} to {self.high(component):g}"
        return None

    def _feasible(self) -> bool:
        bounds = [self.bounds(component) for component in self.components]
        must = [] if self.may_be_absent() else [low for low, _ in bounds]
        tops = sorted((high for _, high in bounds), reverse=True)[: self.present]
        lows = sum(must) if must else min(low for low, _ in bounds)
        return lows <= self.ticks <= sum(tops)

    def summary(self) -> str:
        """One line for people."""
        return f"{brief(self.columns)} sum to {self.total:g} {self.unit} in steps of {self.step:g}"
