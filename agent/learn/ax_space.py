"""A search space and its points as Ax has them: in lab units, since Ax has transforms of its own."""

import math
from dataclasses import dataclass
from functools import cached_property

from ax.core.parameter import ChoiceParameter, ParameterType, RangeParameter
from ax.core.parameter_constraint import ParameterConstraint
from ax.core.search_space import SearchSpace as AxSpace
from ax.exceptions.core import AxError

from agent.core.compositions import CompositionParameter
from agent.core.constraints import LinearConstraint
from agent.core.parameters import (
    CategoricalParameter,
    ContinuousParameter,
    DiscreteParameter,
    IntegerParameter,
)
from agent.core.pools import PoolColumn
from agent.core.space import Parameter, SearchSpace
from agent.core.values import Point, Scalar

AxParameter = RangeParameter | ChoiceParameter


@dataclass(frozen=True)
class Translation:
    """Between a space and Ax's.

    Numbers are ranges (on a log scale where ours are), choices are names without an order: what Ax has
    of them, it has no descriptors for. A candidate of a pool is its descriptors, or its id where all
    candidates have the same; a composition is its amounts.
    """

    space: SearchSpace

    @cached_property
    def parameters(self) -> tuple[AxParameter, ...]:
        """As Ax has them."""
        return tuple(made for one in self.space.parameters for made in self._made(one))

    @cached_property
    def box(self) -> AxSpace | None:
        """What Ax may look through by itself; None where its ranges hold more than can be sent: pools,
        compositions, constraints other than linear ones of linear scales.
        """
        if any(
            isinstance(one, (PoolColumn, CompositionParameter)) for one in self.space.parameters
        ):
            return None
        ranges = {
            one.name
            for one in self.parameters
            if isinstance(one, RangeParameter) and not one.log_scale
        }
        made = []
        for one in self.space.constraints:
            if not isinstance(one, LinearConstraint) or not one.names <= ranges:
                return None
            made += _inequalities(one)
        try:
            return AxSpace(list(self.parameters), [ParameterConstraint(text) for text in made])
        except (AxError, ValueError):
            return None  # it reads constraints by sympy, which has other uses for E, I, N, S

    @cached_property
    def whole(self) -> AxSpace:
        """The ranges alone: what its model is fitted in."""
        return AxSpace(list(self.parameters))

    def settings(self, point: Point) -> dict[str, Scalar]:
        """A point as Ax has it."""
        found: dict[str, Scalar] = {}
        for one in self.space.parameters:
            if isinstance(one, PoolColumn):
                row = self.space.pool(one).row(str(point[one.name]))
                told = self._told(one)
                found.update({name: float(row[name]) for name in told} if told else {
                    one.name: str(point[one.name])
                })  # fmt: skip
            elif isinstance(one, IntegerParameter):
                found[one.name] = round(float(point[one.name]))
            elif isinstance(one, CategoricalParameter):
                found[one.name] = str(point[one.name])
            else:
                found.update({name: float(point[name]) for name in one.columns})
        return found

    def _made(self, one: Parameter) -> list[AxParameter]:
        match one:
            case ContinuousParameter():
                return [_range(one.name, one.low, one.high, logarithmic=one.scale == "log")]
            case IntegerParameter():
                return [RangeParameter(one.name, ParameterType.INT, one.low, one.high)]
            case DiscreteParameter():
                return [_range(one.name, one.values[0], one.values[-1])]
            case CategoricalParameter():
                return [_names(one.name, one.choices)]
            case CompositionParameter():
                return [_range(name, 0.0, one.total) for name in one.columns]
        told = self._told(one)
        if not told:
            return [_names(one.name, self.space.pool(one).ids)]
        return [_range(name, min(column), max(column)) for name, column in told.items()]

    def _told(self, one: PoolColumn) -> dict[str, tuple[float, ...]]:
        """The descriptors of a pool that are not the same for all."""
        columns = self.space.pool(one).descriptors
        return {name: column for name, column in columns.items() if min(column) < max(column)}


def _range(name: str, low: float, high: float, *, logarithmic: bool = False) -> RangeParameter:
    return RangeParameter(name, ParameterType.FLOAT, float(low), float(high), log_scale=logarithmic)


def _names(name: str, choices: tuple[str, ...]) -> ChoiceParameter:
    return ChoiceParameter(
        name, ParameterType.STRING, list(choices), is_ordered=False, sort_values=False
    )


def _inequalities(one: LinearConstraint) -> list[str]:
    """A linear constraint as Ax writes it: one `sum <= bound` for each end."""
    found = []
    for sign, bound in ((1.0, one.high), (-1.0, one.low)):
        if bound is not None and math.isfinite(bound):
            terms = [f"{sign * weight!r}*{name}" for name, weight in one.coefficients.items()]
            found.append(f"{' + '.join(terms)} <= {sign * bound!r}")
    return found
