"""What a way of transfer learns from: the campaign's rows, the sources, and what is expected."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from agent.core.history import Row
from agent.core.objective import Objective
from agent.core.source import Source
from agent.core.transfer import Experience
from agent.learn.encoding import Encoding
from agent.learn.priors.source import SourceModel
from agent.learn.scaling import Scaling
from agent.learn.training import Training, usable

_ELSEWHERE = 5.0
"""Deviations of a source's values from their mean, beyond which the campaign's mean is elsewhere."""

_ROWS_WORTH = 4.0
"""How many rows of the campaign the sources' spread counts for in its scale."""


@dataclass(frozen=True)
class Given:
    """All that a fitted model with sources depends on.

    Attributes:
        encoding: Of the campaign's space.
        measured: Measured values, in the objective's unit; there may be none yet.
        objective: What is wanted.
        sources: The sources' models.
        believed: The sources themselves: how far they are trusted.
        experience: What is expected of sources.
        seed: Of restarts and draws.
    """

    encoding: Encoding
    measured: tuple[Row, ...]
    objective: Objective
    sources: tuple[SourceModel, ...]
    believed: tuple[Source, ...]
    experience: Experience
    seed: int = 0

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The rows that mean something in the space."""
        return self._usable[1]

    def training(self, scaling: Scaling) -> Training:
        """The campaign's rows in the units of `scaling`."""
        return Training.of(self.encoding, scaling, *self._usable)

    @cached_property
    def scaling(self) -> Scaling:
        """Units of the campaign: where the sources' values are, and how far they spread.

        `s^2 = (nu s0^2 + sum (y - mean y)^2) / (nu + n - 1)`: a few values of its own would tell
        the scale badly. Sources in other units tell only that there is a scale, and so do those
        that lie elsewhere: whose mean is many of their deviations from that of the rows.
        """
        y = np.array([row.value for row in self.rows], dtype=float)
        pairs = zip(self.sources, self.believed, strict=True)
        same = [one for one, source in pairs if source.comparable and _near(one, y)]
        if not same:
            return _own_scaling(y.tolist(), self.objective)
        centre = float(np.mean([one.mean for one in same]))
        spread = exp(float(np.mean([log(one.deviation) for one in same])))
        own = float(((y - y.mean()) ** 2).sum()) if len(y) else 0.0
        variance = (_ROWS_WORTH * spread**2 + own) / (_ROWS_WORTH + max(len(y) - 1, 0))
        return Scaling.known(centre, sqrt(variance), self.objective)

    @cached_property
    def _usable(self) -> tuple[Tensor, tuple[Row, ...]]:
        return usable(self.encoding, self.measured)


def _near(source: SourceModel, y: NDArray[np.float64]) -> bool:
    """Whether a source's values are where the campaign's are, as far as these tell."""
    return not len(y) or abs(float(y.mean()) - source.mean) <= _ELSEWHERE * source.deviation


def _own_scaling(values: Sequence[float], objective: Objective) -> Scaling:
    if len(values) > 1:
        return Scaling.of(values, objective)
    return Scaling.known(values[0] if values else 0.0, 1.0, objective)
