"""SearchSpace: what may be varied, in lab units."""

import math
from collections.abc import Collection, Iterable, Iterator
from typing import Annotated

from pydantic import Field

from agent.core.compositions import CompositionParameter
from agent.core.constraints import Constraint
from agent.core.parameters import (
    CategoricalParameter,
    ContinuousParameter,
    DiscreteParameter,
    IntegerParameter,
)
from agent.core.pools import CandidatesParameter, MaterialParameter, Pool, PoolColumn
from agent.core.trial import Setting
from agent.core.values import Point, Scalar, Value
from agent.errors import SpaceError

Parameter = Annotated[
    ContinuousParameter
    | DiscreteParameter
    | IntegerParameter
    | CategoricalParameter
    | CompositionParameter
    | CandidatesParameter
    | MaterialParameter,
    Field(discriminator="type"),
]

_NEAR = 0.01
"""Of a parameter's range: an oven that is half a degree off was still where it was sent."""


class SearchSpace(Value):
    """Parameters and constraints; `pools` holds the tables of those parameters that have one.

    The pools are bound after the campaign was read (they are blobs in the store), and are not part
    of its JSON.
    """

    parameters: tuple[Parameter, ...] = Field(min_length=1)
    constraints: tuple[Constraint, ...] = ()
    pools: dict[str, Pool] = Field(default_factory=dict, exclude=True, repr=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The keys of a point, in order."""
        return tuple(column for parameter in self.parameters for column in parameter.columns)

    @property
    def units(self) -> dict[str, str]:
        """Column -> unit, for the columns of a point and of the pools."""
        found: dict[str, str] = {}
        for parameter in self.parameters:
            found.update(dict.fromkeys(parameter.columns, parameter.unit))
            if isinstance(parameter, PoolColumn):
                found.update(parameter.units)
        return found

    @property
    def extent(self) -> dict[str, tuple[Scalar, ...]]:
        """Column -> the least and the most that may be asked for, or every choice; of pools nothing."""
        found: dict[str, tuple[Scalar, ...]] = {}
        for parameter in self.parameters:
            match parameter:
                case ContinuousParameter():
                    found[parameter.name] = (parameter.low, parameter.high)
                case DiscreteParameter() | IntegerParameter():
                    found[parameter.name] = (min(parameter.values), max(parameter.values))
                case CategoricalParameter():
                    found[parameter.name] = parameter.choices
                case CompositionParameter():
                    absent = parameter.may_be_absent()
                    for one in parameter.components:
                        found[one.name] = (0.0 if absent else one.low, parameter.high(one))
        return found

    def bound(self, pools: dict[str, Pool]) -> "SearchSpace":
        """This space with its pools."""
        return self.model_copy(update={"pools": pools})

    def within(self, more: Iterable[Constraint]) -> "SearchSpace":
        """The part of this space that keeps more constraints."""
        return self.model_copy(update={"constraints": (*self.constraints, *more)})

    def pool(self, parameter: PoolColumn) -> Pool:
        """The pool of a parameter.

        Raises:
            SpaceError: the pools were not bound.
        """
        if parameter.name not in self.pools:
            raise SpaceError(
                f"the pool of {parameter.name} is not loaded", "bind the campaign's pools first"
            )
        return self.pools[parameter.name]

    def reasons(self, point: Point) -> tuple[str, ...]:
        """Everything that speaks against `point` being in this space; empty if nothing does."""
        missing = [name for name in self.columns if name not in point]
        extra = [name for name in point if name not in self.columns]
        if missing or extra:
            return (
                *(f"{name}: missing" for name in missing),
                *(f"{name}: not a parameter" for name in extra),
            )
        found = [
            reason for parameter in self.parameters if (reason := self._reason(parameter, point))
        ]
        if found:
            return tuple(found)
        spelled = self.spelled(point)
        return tuple(f"breaks the constraint {c}" for c in self.constraints if not c.holds(spelled))

    def __contains__(self, point: Point) -> bool:
        """Whether `point` can be sent as it is."""
        return not self.reasons(point)

    def spelled(self, point: Point) -> Point:
        """`point` with every column of its pools: what constraints may speak of."""
        found = dict(point)
        for parameter in self.parameters:
            if isinstance(parameter, PoolColumn):
                found.update(self.pool(parameter).row(str(point[parameter.name])))
        return found

    def settings(self, point: Point) -> Point:
        """`point` spelled out as it would be sent.

        A candidate is sent with the columns of its row, and under its id if its file names one; a
        material as its prototype and the element on each site.
        """
        spelled: Point = {}
        for parameter in self.parameters:
            spelled.update({column: point[column] for column in parameter.columns})
            match parameter:
                case MaterialParameter():
                    del spelled[parameter.name]
                    spelled.update(self.pool(parameter).texts(str(point[parameter.name])))
                case CandidatesParameter():
                    if parameter.id_column is None:
                        del spelled[parameter.name]
                    spelled.update(self.pool(parameter).row(str(point[parameter.name])))
        return spelled

    def labelled(self, settings: Point) -> dict[str, Setting]:
        """Settings with their units."""
        units = self.units
        return {
            name: Setting(value=value, unit=units.get(name, "")) for name, value in settings.items()
        }

    def sent(self, names: Collection[str]) -> frozenset[str]:
        """The settings that parameters of these names are sent as: of a pool, the columns of its table, too."""
        found: set[str] = set()
        for parameter in self.parameters:
            if parameter.name in names:
                found.update((parameter.name, *parameter.columns))
                if isinstance(parameter, PoolColumn) and parameter.pool is not None:
                    found.update((*parameter.pool.labels, *parameter.pool.descriptors))
        return frozenset(found)

    def near(self, one: Point, other: Point) -> bool:
        """Whether two points are as good as one: numbers no further apart than 1 % of their range, and all
        else, counts too, the same.
        """
        ends = dict(end for parameter in self.parameters for end in _ends(parameter))
        return one.keys() == other.keys() and all(
            _near(one[name], other[name], ends.get(name)) for name in one
        )

    def completed(self, point: Point) -> Point | None:
        """An older row's point in this space: a parameter added since gets the value it names.

        None if a parameter says that the older rows' value is unknown.
        """
        filled = {name: value for name, value in point.items() if name in self.columns}
        for parameter in self.parameters:
            for column in parameter.columns:
                if column not in filled:
                    if parameter.old_rows is None or parameter.old_rows == "unknown":
                        return None
                    filled[column] = parameter.old_rows
        return filled

    def size(self) -> int | None:
        """How many points there are before constraints and bounds of components; None if a parameter is continuous."""
        sizes = [self._size(parameter) for parameter in self.parameters]
        known = [size for size in sizes if size is not None]
        return math.prod(known) if len(known) == len(sizes) else None

    def _size(self, parameter: Parameter) -> int | None:
        match parameter:
            case ContinuousParameter():
                return None
            case CompositionParameter():
                parts = min(parameter.present, len(parameter.components))
                return sum(
                    math.comb(len(parameter.components), k) * math.comb(parameter.ticks - 1, k - 1)
                    for k in range(1, parts + 1)
                )
            case PoolColumn(pool=ref):
                return (
                    len(self.pool(parameter).ids)
                    if ref is None or parameter.name in self.pools
                    else ref.rows
                )
            case _:
                return len(parameter.values)

    def _reason(self, parameter: Parameter, point: Point) -> str | None:
        match parameter:
            case CompositionParameter():
                reason = parameter.reason(point)
            case CandidatesParameter() | MaterialParameter():
                reason = parameter.reason(point[parameter.name], self.pool(parameter))
            case _:
                reason = parameter.reason(point[parameter.name])
        return None if reason is None else f"{parameter.name}: {reason}"


def describe(point: Point, units: dict[str, str] | None = None) -> str:
    """A point in one line for people: `temperature 80 °C, solvent DMF`."""
    units = units or {}
    return ", ".join(
        f"{name} {_text(value)} {units.get(name, '')}".rstrip() for name, value in point.items()
    )


def _text(value: Scalar) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _ends(parameter: Parameter) -> Iterator[tuple[str, tuple[float, float, bool]]]:
    """The columns of a parameter that are ranges of numbers: lowest, highest, and whether in powers."""
    if isinstance(parameter, ContinuousParameter):
        yield parameter.name, (parameter.low, parameter.high, parameter.scale == "log")
    elif isinstance(parameter, CompositionParameter):
        for one in parameter.components:
            yield one.name, (0.0, parameter.high(one), False)
    elif isinstance(parameter, DiscreteParameter):  # a level of an oven; a count is what it is
        yield parameter.name, (float(min(parameter.values)), float(max(parameter.values)), False)


def _near(one: Scalar, other: Scalar, ends: tuple[float, float, bool] | None) -> bool:
    if one == other:
        return True
    if ends is None or isinstance(one, str) or isinstance(other, str):
        return False
    low, high, powers = ends
    if powers:
        if min(one, other, low) <= 0:
            return False
        one, other, low, high = (math.log(value) for value in (one, other, low, high))
    return abs(one - other) <= _NEAR * (high - low)
