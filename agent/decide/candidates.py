"""Candidates: every feasible point of a finite space, or a feasible sample of any other."""

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.quasirandom import SobolEngine

from agent.core.history import key
from agent.core.values import Point
from agent.decide.polytope import inside
from agent.learn.encoding import Encoding, Rows, Table

MOST_LISTED = 200_000
"""A finite space with at most so many points (before constraints) is listed and scored exactly."""

_DRAWN, _MOST_DRAWN = 2**13, 2**17
_INSIDE = 256
_SMALL = 1e-6
"""Numbers down to that are told apart by their decimals, smaller ones by their logarithms: a few pA, in A."""
_SPREADS = (0.1, 0.03, 0.01)

COLUMNS: dict[str, Callable[..., Any]] = {
    "abs": np.abs, "min": lambda *v: reduce(np.minimum, v), "max": lambda *v: reduce(np.maximum, v),
    "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "log10": np.log10,
    "sin": np.sin, "cos": np.cos, "tanh": np.tanh,
}  # fmt: skip


@dataclass(frozen=True)
class Candidates:
    """Feasible points: as a table and as a tensor, `n x d`, in a canonical order."""

    encoding: Encoding
    table: Table
    X: Tensor

    def __len__(self) -> int:
        """How many."""
        return len(self.table)

    def point(self, row: int) -> Point:
        """One of them, as it can be sent."""
        return self.encoding.points(self.table, [row])[0]

    def take(self, rows: Rows) -> "Candidates":
        """Some of them, by index or mask."""
        return Candidates(self.encoding, self.table.take(rows), self.X[rows])

    def without(self, points: Sequence[Point]) -> "Candidates":
        """Those that are none of `points`."""
        free = self.free(points)
        return self if free.all() else self.take(free)

    def free(self, points: Sequence[Point]) -> NDArray[np.bool_]:
        """Which of them are none of `points`, `n`."""
        free = np.ones(len(self), dtype=bool)
        taken = self.encoding.snapped(self.encoding.table(points))
        for at in range(len(taken)):
            rows: NDArray[Any] = np.arange(len(self))
            for part, of in zip(self.table.parts, taken.parts, strict=True):
                same = part[rows] == of[at]
                rows = rows[same if same.ndim == 1 else same.all(axis=1)]
            free[rows] = False
        return free


class Taken:
    """Points that may not come again, at the settings that can be sent."""

    def __init__(self, encoding: Encoding, points: Iterable[Point]) -> None:
        usable = list(points)
        finite = torch.isfinite(encoding.encode(usable)).all(dim=1).tolist() if usable else []
        known = [point for point, good in zip(usable, finite, strict=True) if good]
        self.points = encoding.points(encoding.snapped(encoding.table(known)))
        self._keys = {key(point) for point in self.points}

    def __contains__(self, point: Point) -> bool:
        """Whether the point may not come again."""
        return key(point) in self._keys

    def copy(self) -> "Taken":
        """The same, to be added to."""
        return deepcopy(self)

    def add(self, point: Point) -> None:
        """From now on `point` may not come again."""
        self.points.append(point)
        self._keys.add(key(point))


def feasible(encoding: Encoding, table: Table) -> NDArray[np.bool_]:
    """Which points of a table keep every constraint, computed column by column."""
    good = np.ones(len(table), dtype=bool)
    constraints = encoding.space.constraints
    names = frozenset(name for constraint in constraints for name in constraint.names)
    columns = encoding.lab(table, names) if constraints else {}
    for constraint in constraints:
        with np.errstate(all="ignore"):
            good &= np.asarray(constraint.holds(columns, COLUMNS), dtype=bool)
    return good


@lru_cache(maxsize=4)
def listed(encoding: Encoding) -> Candidates | None:
    """Every feasible point of a finite space that is small enough, otherwise None.

    Levels rise, choices stand in the order of their names, the last parameter changes fastest.
    """
    size = encoding.space.size()
    if size is None or size > MOST_LISTED:
        return None
    table = encoding.every()
    if encoding.space.constraints:
        table = table.take(feasible(encoding, table))
    return Candidates(encoding, table, encoding.encoded(table))


def holding(encoding: Encoding, table: Table, held: Point) -> Table:
    """The points of a table with some settings held, those that are feasible so and differ."""
    if not held:
        return table
    moved = encoding.held(table, held)
    return _distinct(moved.take(feasible(encoding, moved)))


def with_held(candidates: Candidates, held: Point, *, exact: bool) -> Candidates:
    """Candidates of which every one has the settings held.

    Args:
        candidates: Points of the whole space.
        held: The settings.
        exact: Whether they are all that there are: those that have the settings are taken; of a sample
            they are brought to them.
    """
    if not held:
        return candidates
    encoding, table = candidates.encoding, candidates.table
    if not exact:
        table = holding(encoding, table, held)
        return Candidates(encoding, table, encoding.encoded(table))
    keep = np.ones(len(table), dtype=bool)
    for block, part in zip(encoding.blocks, table.parts, strict=True):
        if set(block.columns) <= held.keys():
            same = np.isclose(part, block.read([held]), rtol=1e-9, atol=1e-12)
            keep &= same if same.ndim == 1 else same.all(axis=1)
    return candidates.take(keep)


def sampled(encoding: Encoding, wanted: int, seed: int, around: Sequence[Point] = ()) -> Candidates:
    """A feasible sample: a scrambled Sobol sequence, and steps around given points.

    Drawing goes on, to a limit, while fewer than a sixteenth of `wanted` are feasible; then it is
    tried within what the linear constraints leave. What was found is then moved about in shrinking
    steps, which fills a region of a ten-thousandth too.

    Args:
        encoding: Of the space.
        wanted: How many points; fewer come where the feasible region has fewer.
        seed: Of the sequence and of the steps.
        around: Points (the best measured ones) in whose neighbourhood to look as well.
    """
    engine = SobolEngine(encoding.cube, True, seed)  # type: ignore[no-untyped-call]
    random = np.random.default_rng(seed)
    found = _drawn(encoding, engine, max(wanted, 64) if not encoding.space.constraints else _DRAWN)
    drawn = _DRAWN
    while len(found) < max(wanted // 16, 1) and drawn < _MOST_DRAWN:
        found = found.joined(_drawn(encoding, engine, drawn))
        drawn *= 2
    if len(found) < max(wanted // 16, 1):
        linear = encoding.rounded(inside(encoding, _INSIDE, seed))
        found = found.joined(linear.take(feasible(encoding, linear)))
    found = found.take(np.arange(min(len(found), wanted)))
    near = encoding.snapped(encoding.table(around)) if around else found.take(slice(0, 0))
    centres = near.take(feasible(encoding, near))
    if len(found) < wanted:
        centres = centres.joined(found)
    for spread in _SPREADS:
        if len(centres) and (around or len(found) < wanted):
            centres = centres.joined(_moved(encoding, centres, spread, wanted // 8, random))
    found = _distinct(found.joined(centres))
    return Candidates(encoding, found, encoding.encoded(found))


def _drawn(encoding: Encoding, engine: SobolEngine, count: int) -> Table:
    table = encoding.spread(engine.draw(count, dtype=torch.float64).numpy())
    return table.take(feasible(encoding, table))


def _moved(
    encoding: Encoding, centres: Table, spread: float, count: int, random: np.random.Generator
) -> Table:
    """Feasible points a Gaussian step from random centres, in a random half of the parameters."""
    start = centres.take(random.integers(0, len(centres), count))
    step = encoding.encoded(start).numpy() + spread * random.standard_normal(
        (count, encoding.width)
    )
    moved = encoding.rounded(torch.from_numpy(step))
    fresh = encoding.spread(random.random((count, encoding.cube)))
    parts = []
    for block, old, near, new in zip(
        encoding.blocks, start.parts, moved.parts, fresh.parts, strict=True
    ):
        stays = random.random(count) < 0.5
        other = near if block.smooth else new
        parts.append(np.where(stays if old.ndim == 1 else stays[:, None], old, other))
    table = Table(tuple(parts))
    return table.take(feasible(encoding, table))


def _distinct(table: Table) -> Table:
    if not len(table):
        return table
    columns = [part if part.ndim == 2 else part[:, None] for part in table.parts]
    numbers = np.concatenate(columns, axis=1).astype(float)
    least = numbers.min(axis=0)
    small = (least > 0) & (least < _SMALL)
    numbers[:, small] = np.log10(numbers[:, small])
    _, first = np.unique(numbers.round(12), axis=0, return_index=True)
    return table.take(np.sort(first))
