"""The campaign as its sources see it: its columns, their units, its objective and circumstances."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from agent.core.campaign import Quantity
from agent.core.objective import Objective
from agent.core.parameters import CategoricalParameter
from agent.core.pools import PoolColumn
from agent.core.space import SearchSpace


@dataclass(frozen=True)
class Target:
    """What a source is brought into.

    Attributes:
        space: What may be varied, with its pools.
        objective: What is wanted.
        context: The campaign's circumstances, by name.
    """

    space: SearchSpace
    objective: Objective
    context: Mapping[str, Quantity] = field(default_factory=dict)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """What a source may know: columns of the space, descriptors of its pools, circumstances."""
        pools = [one.pool for one in self.space.parameters if isinstance(one, PoolColumn)]
        described = [name for pool in pools if pool for name in pool.descriptors]
        return tuple(dict.fromkeys([*self.space.columns, *described, *self.context]))

    @cached_property
    def texts(self) -> frozenset[str]:
        """The columns whose settings are names."""
        named = (CategoricalParameter, PoolColumn)
        choices = [
            name for one in self.space.parameters if isinstance(one, named) for name in one.columns
        ]
        told = [name for name, one in self.context.items() if isinstance(one.value, str)]
        return frozenset([*choices, *told])

    def unit(self, name: str) -> str:
        """The unit of a column; "" is none."""
        if name in self.context:
            return self.context[name].unit
        return self.space.units.get(name, "")
