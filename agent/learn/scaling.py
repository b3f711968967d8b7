"""Standardised outcomes: the model's units, the objective's, and the score between them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from agent.core.objective import Objective

_DUST = 64 * torch.finfo(torch.float64).eps


@dataclass(frozen=True)
class Scaling:
    """`z = sign * (y - shift) / scale`: mean 0 and variance 1 over the rows, higher is better.

    For goals match and within z keeps the direction of y (sign is 1); `score` says how good it is.

    Attributes:
        low: Standardised lower end of what is wanted; -inf if there is none.
        high: Standardised upper end; equal to `low` for goal match.
        ranged: Whether the score is minus the distance to [low, high] and not z itself.
    """

    sign: float
    shift: float
    scale: float
    low: float = -math.inf
    high: float = math.inf
    ranged: bool = False

    @classmethod
    def of(cls, values: Sequence[float], objective: Objective) -> "Scaling":
        """The scaling of an objective's values; constant values are only shifted."""
        y = torch.tensor(values, dtype=torch.float64)
        largest = float(y.abs().max())
        unit = largest or 1.0
        mean = float((y / unit).mean()) * unit
        spread = float((y / unit).std(correction=1)) * unit if len(y) > 1 else 0.0
        flat = spread <= _DUST * largest
        scale = (abs(mean) or 1.0) if flat else spread
        return cls.known(mean, scale, objective)

    @classmethod
    def known(cls, shift: float, scale: float, objective: Objective) -> "Scaling":
        """The scaling of an objective with a given shift and scale."""
        if not objective.bounded:
            return cls(-1.0 if objective.goal == "minimise" else 1.0, shift, scale)
        match = objective.goal == "match"
        low = objective.target if match else objective.low
        high = objective.target if match else objective.high
        return cls(
            1.0,
            shift,
            scale,
            -math.inf if low is None else (low - shift) / scale,
            math.inf if high is None else (high - shift) / scale,
            ranged=True,
        )

    def standardised(self, values: Sequence[float]) -> Tensor:
        """Values of the objective as the model sees them, `n`."""
        y = torch.tensor(values, dtype=torch.float64)
        return self.sign * ((y - self.shift) / self.scale)

    def restored(self, mean: float, sd: float) -> tuple[float, float]:
        """A mean and standard deviation of the model in the objective's unit."""
        return self.shift + self.sign * mean * self.scale, sd * self.scale

    def score(self, z: Tensor) -> Tensor:
        """How good z is, standardised: z itself, or minus the distance to what is wanted."""
        if not self.ranged:
            return z
        return -((self.low - z).clamp_min(0) + (z - self.high).clamp_min(0))
