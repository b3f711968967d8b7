"""The only door between lab units and tensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from agent.core.compositions import CompositionParameter
from agent.core.constraints import Constraint, LinearConstraint
from agent.core.parameters import (
    CategoricalParameter,
    ContinuousParameter,
    DiscreteParameter,
    IntegerParameter,
)
from agent.core.space import Parameter, SearchSpace
from agent.core.values import Point
from agent.learn.blocks import Block, Part
from agent.learn.choices import MOST_ONE_HOT, ChoiceBlock
from agent.learn.compositions import CompositionBlock
from agent.learn.numbers import ContinuousBlock, LevelBlock

_KEPT = 4

Rows = NDArray[np.intp] | NDArray[np.bool_] | slice | list[int]
"""Which rows of a table: indices, a mask or a slice."""


@dataclass(frozen=True)
class Table:
    """n points as one array for each parameter: how candidates are handled in bulk."""

    parts: tuple[Part, ...]

    def __len__(self) -> int:
        """How many points."""
        return len(self.parts[0])

    def take(self, rows: Rows) -> "Table":
        """Some of the points, by index or mask."""
        return Table(tuple(part[rows] for part in self.parts))

    def joined(self, *others: "Table") -> "Table":
        """The points of this table and of others, in order."""
        tables = (self, *others)
        return Table(
            tuple(
                np.concatenate(parts)
                for parts in zip(*(table.parts for table in tables), strict=True)
            )
        )


class Encoding:
    """A search space as the unit cube: each parameter a block of columns.

    Numbers are min-max scaled by their bounds (their logarithms on a log scale), choices are
    one-hot / sqrt(2) or their scaled descriptors, compositions are fractions of their total.

    Attributes:
        width: d, the number of columns of an encoded tensor.
        scales: The number of the lengthscale that each column has, `d`.
        named: Of each lengthscale, whether it is that of a choice among names: any two are 1 apart.
        degrees: Degrees of freedom of a point: what sizes the initial design.
        cube: How many coordinates of the unit cube `spread` takes.
    """

    _cache: "tuple[Encoding, ...]" = ()

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        self.blocks: tuple[Block, ...] = tuple(_block(space, one) for one in space.parameters)
        self.width = sum(block.width for block in self.blocks)
        self.degrees = sum(block.degrees for block in self.blocks)
        self.cube = sum(block.cube for block in self.blocks)
        self.scales, self.scale_names = _scales(self.blocks)
        self.named = tuple(
            isinstance(block, ChoiceBlock) and block.named
            for block in self.blocks
            for _ in range(max(block.scales) + 1)
        )

    @classmethod
    def of(cls, space: SearchSpace) -> "Encoding":
        """The encoding of `space`; of an equal space, the same one again, with what it computed."""
        for known in cls._cache:
            if known.space is space or known.space == space:
                return known
        made = cls(space)
        cls._cache = (made, *cls._cache[: _KEPT - 1])
        return made

    def encode(self, points: Sequence[Point]) -> Tensor:
        """Points as a tensor, `n x d`; NaN where a setting means nothing in this space."""
        return self.encoded(self.table(points))

    def encode_others(self, points: Sequence[Point]) -> Tensor:
        """Points that need not be of this space, `n x d`: candidates that are not in the pool by
        their descriptors; NaN where nothing is known.
        """
        X = self.encode(points)
        for block, start in zip(self.blocks, self.starts, strict=True):
            if isinstance(block, ChoiceBlock):
                own = slice(start, start + block.width)
                strange = torch.isnan(X[:, own]).any(dim=1)
                told = [point for point, new in zip(points, strange.tolist(), strict=True) if new]
                X[strange, own] = torch.from_numpy(block.described(told))
        return X

    def decode(self, X: Tensor) -> list[Point]:
        """The nearest points that can be sent, for `n x d`; constraints are not looked at."""
        return self.points(self.rounded(X))

    def rounded(self, X: Tensor) -> Table:
        """The nearest points that can be sent, as a table."""
        encoded = X.detach().numpy()
        ends = np.cumsum([block.width for block in self.blocks])[:-1]
        pieces = np.split(encoded, ends, axis=1)
        return Table(tuple(b.decode(piece) for b, piece in zip(self.blocks, pieces, strict=True)))

    def snapped(self, table: Table) -> Table:
        """Each point at the nearest settings that can be sent: executed 80.3 is planned 80."""
        pairs = zip(self.blocks, table.parts, strict=True)
        return Table(tuple(_snapped(block, part) for block, part in pairs))

    def held(self, table: Table, point: Point) -> Table:
        """A table all of whose points have the settings that `point` has, as the very numbers that
        `snapped` makes of them.
        """
        parts = [
            np.repeat(_snapped(block, block.read([point])), len(table), axis=0)
            if set(block.columns) <= point.keys()
            else part
            for block, part in zip(self.blocks, table.parts, strict=True)
        ]
        return Table(tuple(parts))

    def table(self, points: Sequence[Point]) -> Table:
        """Points as a table."""
        return Table(tuple(block.read(points) for block in self.blocks))

    def encoded(self, table: Table) -> Tensor:
        """A table as a tensor, `n x d`."""
        columns = [b.encode(part) for b, part in zip(self.blocks, table.parts, strict=True)]
        joined = columns[0] if len(columns) == 1 else np.concatenate(columns, axis=1)
        return torch.from_numpy(np.ascontiguousarray(joined, dtype=np.float64))

    def points(self, table: Table, rows: Sequence[int] | None = None) -> list[Point]:
        """Rows of a table as points."""
        wanted = range(len(table)) if rows is None else rows
        return [
            {
                name: value
                for block, part in zip(self.blocks, table.parts, strict=True)
                for name, value in block.point(part, row).items()
            }
            for row in wanted
        ]

    def lab(self, table: Table, names: frozenset[str]) -> dict[str, NDArray[Any]]:
        """The columns `names` in lab units, those of the pools too: what constraints look at."""
        return {
            name: column
            for block, part in zip(self.blocks, table.parts, strict=True)
            for name, column in block.lab(part, names).items()
        }

    def spread(self, cube: NDArray[np.float64]) -> Table:
        """Points that fill the space as evenly as `cube` (`n x self.cube`) fills the unit cube: within what
        constraints of one number leave of its range.
        """
        ends = np.cumsum([block.cube for block in self.blocks])[:-1]
        low, high = self._box
        pieces = np.split(low + cube * (high - low), ends, axis=1)
        return Table(tuple(b.spread(piece) for b, piece in zip(self.blocks, pieces, strict=True)))

    @cached_property
    def _box(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """From where to where the unit cube is filled, `self.cube` each."""
        low, high = np.zeros(self.cube), np.ones(self.cube)
        starts = np.cumsum([0, *(block.cube for block in self.blocks)])
        for block, at in zip(self.blocks, starts[:-1], strict=True):
            if isinstance(block, ContinuousBlock):
                begin, end = _between(block, self.space.constraints)
                if begin <= end:  # otherwise no point keeps them
                    low[at], high[at] = begin, end
        return low, high

    def every(self) -> Table:
        """Every point of a finite space before constraints, the last parameter changing fastest."""
        levels = [block.every() for block in self.blocks]
        if len(levels) == 1:
            return Table((levels[0],))
        index = np.indices([len(level) for level in levels]).reshape(len(levels), -1)
        return Table(tuple(level[at] for level, at in zip(levels, index, strict=True)))

    @cached_property
    def smooth(self) -> Tensor:
        """Which columns the acquisition may be followed along, `d`, bool."""
        return torch.tensor([block.smooth for block in self.blocks for _ in range(block.width)])

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The first column of each block."""
        ends = np.cumsum([block.width for block in self.blocks])
        return (0, *(int(end) for end in ends[:-1]))

    @cached_property
    def compositions(self) -> tuple[tuple[int, ...], ...]:
        """The columns of each composition: they sum to one."""
        return tuple(
            tuple(range(start, start + block.width))
            for start, block in zip(self.starts, self.blocks, strict=True)
            if isinstance(block, CompositionBlock)
        )

    @cached_property
    def affine(self) -> dict[str, tuple[int, float, float]]:
        """Lab column -> (tensor column, offset, slope), where `lab = offset + slope * encoded`."""
        return {
            name: (start + at, *block.affine)
            for start, block in zip(self.starts, self.blocks, strict=True)
            if block.affine is not None
            for at, name in enumerate(block.columns)
        }


def _between(block: ContinuousBlock, constraints: Sequence[Constraint]) -> tuple[float, float]:
    """The part of a number's range that linear constraints of it alone leave, from 0 to 1."""
    begin, end = 0.0, 1.0
    for one in constraints:
        if isinstance(one, LinearConstraint) and one.names == set(block.columns):
            (weight,) = one.coefficients.values()
            bounds = [None if b is None or not weight else b / weight for b in (one.low, one.high)]
            low, high = bounds if weight > 0 else reversed(bounds)
            begin = max(begin, _encoded(block, low, begin))
            end = min(end, _encoded(block, high, end))
    return begin, end


def _encoded(block: ContinuousBlock, bound: float | None, otherwise: float) -> float:
    """A bound between 0 and 1 for lowest and highest; `otherwise` where there is none, or it has no logarithm."""
    if bound is None:
        return otherwise
    at = float(block.encode(np.array([bound]))[0, 0])
    return at if np.isfinite(at) else otherwise


def _snapped(block: Block, part: Part) -> Part:
    return part if isinstance(block, ChoiceBlock) else block.decode(block.encode(part))


def _block(space: SearchSpace, parameter: Parameter) -> Block:
    match parameter:
        case ContinuousParameter():
            return ContinuousBlock(parameter)
        case DiscreteParameter() | IntegerParameter():
            return LevelBlock(parameter)
        case CategoricalParameter():
            return ChoiceBlock.of_categorical(parameter)
        case CompositionParameter():
            return CompositionBlock(parameter)
    pool = space.pool(parameter)
    return ChoiceBlock(parameter.name, pool.ids, pool, most=MOST_ONE_HOT)


def _scales(blocks: Sequence[Block]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    numbers: list[int] = []
    names: list[str] = []
    for block in blocks:
        start = len(names)
        count = max(block.scales) + 1
        label = block.columns if len(block.columns) == count else (block.columns[0],)
        many = count > len(label)
        names += [f"{label[0]}.{k}" for k in range(count)] if many else list(label)
        numbers += [start + scale for scale in block.scales]
    return tuple(numbers), tuple(names)
