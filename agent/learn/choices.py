"""The block of choices: categorical parameters, candidates and materials."""

from collections.abc import Sequence

import numpy as np

from agent.core.parameters import CategoricalParameter
from agent.core.pools import Pool
from agent.core.values import Point
from agent.errors import SpaceError
from agent.learn.blocks import Block, Floats, Part, shared

MOST_ONE_HOT = 64
"""A pool without descriptors is encoded one-hot up to this many rows; of more, none teaches."""

_FEW = 32


class ChoiceBlock(Block):
    """A choice out of named ones (categorical, candidates, material).

    With descriptors: their columns, min-max scaled over the choices, a lengthscale each. Without:
    one-hot times 1/sqrt(2), so that any two choices are 1 apart, with a single lengthscale.

    Attributes:
        named: Whether it has only names, and no descriptors.
    """

    cube, smooth, affine = 1, False, None

    def __init__(self, name: str, choices: tuple[str, ...], pool: Pool | None, most: int) -> None:
        self.columns = (name,)
        self._choices = choices
        self._codes = {choice: code for code, choice in enumerate(choices)}
        self._pool = pool
        self._ends = {} if pool is None else _told_apart(pool.descriptors)
        described = None if pool is None or not self._ends else _scaled(pool, self._ends)
        if described is None and len(choices) > most:
            raise SpaceError(
                f"{name} has {len(choices)} candidates and no descriptor that tells them apart",
                "give the pool columns of numbers",
            )
        self.named = described is None
        self._table = np.eye(len(choices)) / np.sqrt(2) if described is None else described
        self.width = self._table.shape[1]
        self.scales = (0,) * self.width if described is None else tuple(range(self.width))
        self.degrees = 1 if described is None else self.width

    @classmethod
    def of_categorical(cls, parameter: CategoricalParameter) -> "ChoiceBlock":
        """The block of a categorical parameter."""
        table = parameter.descriptors
        pool = None
        if table is not None:
            names = sorted(table[parameter.choices[0]])
            columns = {name: tuple(table[c][name] for c in parameter.choices) for name in names}
            pool = Pool(ids=parameter.choices, descriptors=columns)
        return cls(parameter.name, parameter.choices, pool, most=len(parameter.choices))

    def read(self, points: Sequence[Point]) -> Part:
        """Codes, `n`; -1 where the choice is unknown."""
        name = self.columns[0]
        codes = (self._codes.get(str(point.get(name)), -1) for point in points)
        return np.fromiter(codes, dtype=np.int64, count=len(points))

    def encode(self, part: Part) -> Floats:
        """Rows of the table; NaN where the choice is unknown."""
        encoded = self._table[part]
        if len(part) and part.min() < 0:
            encoded[part < 0] = np.nan
        return encoded

    def described(self, points: Sequence[Point]) -> Floats:
        """Others than the choices by their descriptors, `n x width`; NaN where one is not known."""
        found = np.full((len(points), self.width), np.nan)
        for column, (name, (low, high)) in enumerate(self._ends.items()):
            for row, point in enumerate(points):
                told = point.get(name)
                if isinstance(told, (int, float)):
                    found[row, column] = (told - low) / (high - low)
        return found

    def decode(self, encoded: Floats) -> Part:
        """The nearest choices; the first of equals."""
        far = ((encoded[:, None, :] - self._table[None]) ** 2).sum(-1)
        nearest: Part = far.argmin(1)
        return nearest

    def spread(self, cube: Floats) -> Part:
        """Each choice as often as the others."""
        return shared(cube[:, 0], len(self._choices))

    def every(self) -> Part:
        """The choices in the order of their names, so that a reordered file changes nothing."""
        return np.array(sorted(range(len(self._choices)), key=self._choices.__getitem__))

    def near(self, part: Part) -> Part:
        """All of a few choices, the 32 most alike of many."""
        if len(self._choices) <= _FEW:
            return np.arange(len(self._choices))
        far = ((self._table - self._table[part]) ** 2).sum(-1)
        return np.argsort(far, kind="stable")[:_FEW]

    def lab(self, part: Part, names: frozenset[str]) -> dict[str, Part]:
        """The names, and the pool's columns."""
        return {name: self._column(name)[part] for name in names if self._has(name)}

    def point(self, part: Part, row: int) -> Point:
        """The name."""
        return {self.columns[0]: self._choices[int(part[row])]}

    def _has(self, name: str) -> bool:
        pool = self._pool
        of_pool = pool is not None and (name in pool.labels or name in pool.descriptors)
        return name in self.columns or of_pool

    def _column(self, name: str) -> Part:
        if self._pool is None or name in self.columns:
            return np.array(self._choices, dtype=object)
        if name in self._pool.labels:
            return np.array(self._pool.labels[name], dtype=object)
        return np.array(self._pool.descriptors[name])


def _told_apart(columns: dict[str, tuple[float, ...]]) -> dict[str, tuple[float, float]]:
    """Columns that say something, with their ends: no constant ones, no copies (mirrored ones too)."""
    ends: dict[str, tuple[float, float]] = {}
    kept: list[Floats] = []
    for name in sorted(columns):
        column = np.array(columns[name])
        low, high = column.min(), column.max()
        if not high > low:
            continue
        scaled = (column - low) / (high - low)
        if not any(
            np.allclose(scaled, other, rtol=0, atol=1e-9)
            or np.allclose(1 - scaled, other, rtol=0, atol=1e-9)
            for other in kept
        ):
            kept.append(scaled)
            ends[name] = (low, high)
    return ends


def _scaled(pool: Pool, ends: dict[str, tuple[float, float]]) -> Floats:
    """The columns of `ends`, scaled to [0, 1], `m x k`."""
    columns = [
        (np.array(pool.descriptors[name]) - low) / (high - low)
        for name, (low, high) in ends.items()
    ]
    return np.stack(columns, axis=1)
