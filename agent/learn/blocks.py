"""Blocks of the encoding: one parameter's settings as an array, and as columns of the unit cube.

A block keeps the settings of n points as one array (its *part*): numbers in lab units, or codes
into the choices. The arrays are what candidates are handled as: 100,000 of them are a few arrays,
not 100,000 dictionaries.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from agent.core.values import Point

Floats = NDArray[np.float64]
Part = NDArray[Any]


class Block(Protocol):
    """One parameter between lab units and `width` columns of a tensor.

    Attributes:
        columns: The keys that it takes in a point.
        width: How many columns of the tensor it takes.
        scales: The lengthscale of each of them, by number: 0, 1, … within the block.
        cube: How many coordinates of the unit cube `spread` needs.
        degrees: Degrees of freedom, as the initial design counts them.
        smooth: Whether the acquisition may be followed along its gradient.
        affine: (offset, slope) if every lab column is offset + slope times its encoded one.
    """

    columns: tuple[str, ...]
    width: int
    scales: tuple[int, ...]
    cube: int
    degrees: int
    smooth: bool
    affine: tuple[float, float] | None

    def read(self, points: Sequence[Point]) -> Part:
        """The part of `points`; NaN or -1 where a setting means nothing here."""

    def encode(self, part: Part) -> Floats:
        """`n x width`, in [0, 1]."""

    def decode(self, encoded: Floats) -> Part:
        """The nearest settings that can be sent."""

    def spread(self, cube: Floats) -> Part:
        """Settings that fill the parameter as evenly as `cube` (`n x cube`) fills the unit cube."""

    def every(self) -> Part:
        """All settings, in a canonical order. Only asked of finite parameters."""

    def near(self, part: Part) -> Part:
        """Settings next to that of `part` (one row), for a local search."""

    def lab(self, part: Part, names: frozenset[str]) -> dict[str, Part]:
        """Columns in lab units, those of the pool included, as far as they are in `names`."""

    def point(self, part: Part, row: int) -> Point:
        """The settings of one row, exactly as they can be sent."""


def shared(cube: Floats, parts: int) -> NDArray[np.intp]:
    """Which of equal `parts` of [0, 1) each coordinate falls in, `n`."""
    return np.minimum((cube * parts).astype(np.intp), parts - 1)
