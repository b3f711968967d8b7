"""The blocks of numbers: continuous ones, and those with levels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agent.core.parameters import ContinuousParameter, DiscreteParameter, IntegerParameter
from agent.core.values import Point
from agent.errors import SpaceError
from agent.learn.blocks import Block, Floats, Part, shared

_RELAXED_FROM = 8
"""A number with at least so many levels is optimised as if it were continuous, then rounded."""


class ContinuousBlock(Block):
    """A continuous number, min-max scaled, on its own scale."""

    width, scales, cube, degrees, smooth = 1, (0,), 1, 1, True

    def __init__(self, parameter: ContinuousParameter) -> None:
        self.parameter = parameter
        self.columns = parameter.columns
        self._log = parameter.scale == "log"
        ends = np.array([parameter.low, parameter.high])
        self._low, self._high = np.log(ends) if self._log else ends
        self.affine = None if self._log else (parameter.low, parameter.high - parameter.low)

    def read(self, points: Sequence[Point]) -> Part:
        """Numbers, `n`."""
        return _numbers(points, self.columns[0])

    def encode(self, part: Part) -> Floats:
        """`(x - low) / (high - low)`, of logarithms on a log scale."""
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.log(part) if self._log else part
        scaled: Floats = ((value - self._low) / (self._high - self._low))[:, None]
        return scaled

    def decode(self, encoded: Floats) -> Part:
        """Rounded to the resolution, within the bounds."""
        value = self._low + encoded[:, 0] * (self._high - self._low)
        return self._rounded(np.exp(value) if self._log else value)

    def spread(self, cube: Floats) -> Part:
        """The same as decoding."""
        return self.decode(cube)

    def every(self) -> Part:
        """Never asked.

        Raises:
            SpaceError: always: there is no end of them.
        """
        raise SpaceError(f"{self.columns[0]} is continuous: its settings cannot be listed")

    def near(self, part: Part) -> Part:
        """A step, and a hundredth and a tenth of the range, to both sides."""
        here = self.encode(part)
        return self.decode(here + np.array([[-0.1], [-0.01], [0.01], [0.1]]))

    def lab(self, part: Part, names: frozenset[str]) -> dict[str, Part]:
        """The numbers."""
        return {name: part for name in self.columns if name in names}

    def point(self, part: Part, row: int) -> Point:
        """The number, rounded as the parameter says."""
        return {self.columns[0]: self.parameter.round(float(part[row]))}

    def _rounded(self, value: Floats) -> Floats:
        low, high = self.parameter.low, self.parameter.high
        value = np.clip(value, low, high)
        if self._log:
            unit = 10.0 ** (np.floor(np.log10(value)) - ((self.parameter.digits or 3) - 1))
            return np.clip(np.round(value / unit) * unit, low, high)
        step = self.parameter.step
        last = np.floor((high - low) / step * (1 + 1e-9))
        return low + np.clip(np.round((value - low) / step), 0, last) * step


class LevelBlock(Block):
    """A number out of levels (discrete, integer), scaled by their range."""

    width, scales, cube, degrees = 1, (0,), 1, 1

    def __init__(self, parameter: DiscreteParameter | IntegerParameter) -> None:
        self.columns = parameter.columns
        self._values = parameter.values
        self._levels = np.array(self._values, dtype=float)
        self.smooth = len(self._values) >= _RELAXED_FROM
        self._first = float(self._levels[0])
        self._range = float(self._levels[-1]) - self._first or 1.0
        self.affine = (self._first, self._range)

    def read(self, points: Sequence[Point]) -> Part:
        """Numbers, `n`."""
        return _numbers(points, self.columns[0])

    def encode(self, part: Part) -> Floats:
        """`(x - first) / (last - first)`."""
        scaled: Floats = ((part - self._first) / self._range)[:, None]
        return scaled

    def decode(self, encoded: Floats) -> Part:
        """The nearest levels."""
        return self._levels[self._nearest(self._first + encoded[:, 0] * self._range)]

    def spread(self, cube: Floats) -> Part:
        """Each level as often as the others."""
        return self._levels[shared(cube[:, 0], len(self._levels))]

    def every(self) -> Part:
        """The levels, rising."""
        return self._levels

    def near(self, part: Part) -> Part:
        """The neighbouring levels, or all of a few."""
        if not self.smooth:
            return self._levels
        at = int(self._nearest(part)[0])
        far = max(len(self._levels) // 10, 2)
        steps = np.array([at - far, at - 1, at + 1, at + far])
        near: Part = self._levels[np.clip(steps, 0, len(self._levels) - 1)]
        return near

    def lab(self, part: Part, names: frozenset[str]) -> dict[str, Part]:
        """The numbers."""
        return {name: part for name in self.columns if name in names}

    def point(self, part: Part, row: int) -> Point:
        """The level, as the parameter spells it."""
        return {self.columns[0]: self._values[int(self._nearest(part[row : row + 1])[0])]}

    def _nearest(self, value: Floats) -> NDArray[np.intp]:
        middles = (self._levels[1:] + self._levels[:-1]) / 2
        return np.searchsorted(middles, value)


def _numbers(points: Sequence[Point], name: str) -> Floats:
    values = (point.get(name) for point in points)
    plain = (value if isinstance(value, (int, float)) else np.nan for value in values)
    return np.fromiter(plain, dtype=float, count=len(points))
