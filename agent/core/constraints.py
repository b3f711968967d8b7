"""What a space leaves out: linear bounds, comparison expressions, excluded combinations."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from agent.core import expressions
from agent.core.values import Scalar, Value
from agent.errors import SpaceError

_SHOWN = 6
"""Of excluded settings: of a pool there may be thousands."""


class LinearConstraint(Value):
    """`low <= sum of coefficient * setting <= high`, over columns of numbers, in lab units."""

    type: Literal["linear"] = "linear"
    coefficients: dict[str, float] = Field(min_length=1)
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _sane(self) -> "LinearConstraint":
        if self.low is None and self.high is None:
            raise ValueError("give low, high or both")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("low is above high")
        return self

    @property
    def names(self) -> frozenset[str]:
        """The columns that it speaks of."""
        return frozenset(self.coefficients)

    def holds(
        self, settings: Mapping[str, Any], functions: expressions.Functions = expressions.SCALAR
    ) -> Any:
        """Whether it holds at `settings` (or for each row of columns)."""
        terms = [weight * settings[name] for name, weight in self.coefficients.items()]
        total = sum(terms)
        bounds = [bound for bound in (self.low, self.high) if bound is not None]
        # What floats lose is a part of what is summed: of a few nA not as much as of a few hundred °C.
        slack = 1e-9 * functions["max"](*(functions["abs"](one) for one in (*terms, *bounds, 0.0)))
        above = True if self.low is None else total >= self.low - slack
        below = True if self.high is None else total <= self.high + slack
        return above & below

    def __str__(self) -> str:
        """As a person would write it."""
        terms = " + ".join(
            name if weight == 1 else f"{weight:g}*{name}"
            for name, weight in self.coefficients.items()
        )
        left = "" if self.low is None else f"{self.low:g} <= "
        right = "" if self.high is None else f" <= {self.high:g}"
        return f"{left}{terms}{right}"


class ExpressionConstraint(Value):
    """A comparison that must be true, like `temperature <= 80 or solvent != 'DMF'`."""

    type: Literal["expression"] = "expression"
    expression: str

    @model_validator(mode="after")
    def _sane(self) -> "ExpressionConstraint":
        try:
            expressions.parse(self.expression)
        except SpaceError as error:
            raise ValueError(str(error)) from error
        return self

    @cached_property
    def _tree(self) -> Any:
        return expressions.parse(self.expression)

    @property
    def names(self) -> frozenset[str]:
        """The columns that it speaks of."""
        return expressions.names(self._tree)

    def holds(
        self, settings: Mapping[str, Any], functions: expressions.Functions = expressions.SCALAR
    ) -> Any:
        """Whether it holds at `settings` (or for each row of columns); what cannot be computed does not."""
        try:
            known = expressions.defined(self._tree, settings, functions)
            return known & expressions.evaluate(self._tree, settings, functions)
        except (ArithmeticError, TypeError, ValueError):
            return False

    def __str__(self) -> str:
        """The expression."""
        return self.expression


class ExcludedCombination(Value):
    """Settings that may not come together: column -> one setting or several."""

    type: Literal["exclude"] = "exclude"
    combination: dict[str, Scalar | tuple[Scalar, ...]] = Field(min_length=1)

    @property
    def names(self) -> frozenset[str]:
        """The columns that it speaks of."""
        return frozenset(self.combination)

    def holds(
        self, settings: Mapping[str, Any], functions: expressions.Functions = expressions.SCALAR
    ) -> Any:
        """True where the combination is not met."""
        del functions
        met: Any = True
        for name, excluded in self.combination.items():
            among = excluded if isinstance(excluded, tuple) else (excluded,)
            hit: Any = False
            for setting in among:
                hit = hit | (settings[name] == setting)
            met = met & hit
        return met ^ True

    def __str__(self) -> str:
        """As a person would write it."""
        return "never " + " with ".join(
            f"{name} = {_among(value)}" for name, value in self.combination.items()
        )


def _among(value: Scalar | tuple[Scalar, ...]) -> str:
    if not isinstance(value, tuple):
        return str(value)
    told = " or ".join(str(one) for one in value[:_SHOWN])
    rest = len(value) - _SHOWN
    return f"{told} or {rest} more" if rest > 0 else told


Constraint = Annotated[
    LinearConstraint | ExpressionConstraint | ExcludedCombination, Field(discriminator="type")
]
