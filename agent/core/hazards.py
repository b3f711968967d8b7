"""Hazard rules: what must hold of an instrument's settings together, in the operators' words."""

import ast
from collections.abc import Mapping
from functools import cached_property

from pydantic import Field, model_validator

from agent.core import expressions
from agent.core.values import Scalar, Value
from agent.errors import SpaceError


class Rule(Value):
    """What must hold of settings together, in the language of constraints, in the units of the limits.

    Exactly one of: `holds`, a comparison that must be true; `never`, one that must not; `apart`, groups
    of names, of which no two from different groups may come together. A name is there if a parameter is
    set to it, or if a parameter of that name is more than 0.
    """

    name: str = Field(min_length=1, description="what the rule is called")
    holds: str | None = Field(default=None, description="a comparison that must be true")
    never: str | None = Field(default=None, description="a comparison that must not be true")
    apart: tuple[tuple[str, ...], ...] | None = Field(
        default=None, min_length=2, description="groups of names that never come together"
    )
    reason: str = Field(min_length=1, description="why, in the operators' words")

    @model_validator(mode="after")
    def _sane(self) -> "Rule":
        if sum(one is not None for one in (self.holds, self.never, self.apart)) != 1:
            raise ValueError("one of: holds, never, apart")
        if self.expression is not None:
            try:
                expressions.parse(self.expression)
            except SpaceError as error:
                raise ValueError(str(error)) from error
        grouped = [name for group in self.apart or () for name in group]
        if self.apart is not None and (not all(self.apart) or len(set(grouped)) < len(grouped)):
            raise ValueError("a group is empty, or a name stands twice: it could never be used")
        return self

    @property
    def expression(self) -> str | None:
        """The comparison, if it is a rule of one."""
        return self.holds or self.never

    @cached_property
    def _tree(self) -> ast.expr:
        return expressions.parse(self.expression or "")

    @property
    def speaks_of(self) -> frozenset[str]:
        """The parameters without which it cannot be told whether it is kept."""
        return frozenset() if self.expression is None else expressions.names(self._tree)

    def kept(self, settings: Mapping[str, Scalar]) -> bool:
        """Whether `settings` keep it; what cannot be computed does not."""
        if self.apart is not None:
            return len(_there(self.apart, settings)) < 2
        try:
            known = expressions.defined(self._tree, settings)
            truth = expressions.evaluate(self._tree, settings)
        except (ArithmeticError, TypeError, ValueError):
            return False
        return bool(known) and bool(truth) is (self.holds is not None)

    def __str__(self) -> str:
        """As a person would write it."""
        if self.apart is not None:
            return "never " + " with ".join(f"any of {', '.join(group)}" for group in self.apart)
        return str(self.holds) if self.holds is not None else f"never {self.never}"


def _there(groups: tuple[tuple[str, ...], ...], settings: Mapping[str, Scalar]) -> list[int]:
    """The groups of which something is there."""
    chosen = {value for value in settings.values() if isinstance(value, str)}
    present = {
        name for name, value in settings.items() if not isinstance(value, str) and not value <= 0
    }
    return [n for n, group in enumerate(groups) if not (chosen | present).isdisjoint(group)]
