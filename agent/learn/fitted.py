"""What a decision needs of a fitted model, whether one Gaussian process or a mixture with sources."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from math import exp
from typing import TYPE_CHECKING, Any

import torch
from botorch.models.model import Model

from agent.core.history import Row
from agent.core.values import Point
from agent.learn.encoding import Encoding
from agent.learn.mixture import MixtureModel
from agent.learn.posterior import Member, Mixture
from agent.learn.scaling import Scaling

if TYPE_CHECKING:
    from agent.learn.training import Training


class Fitted(ABC):
    """Rows in, posterior out.

    Attributes:
        encoding: Lab units to tensors.
        scaling: The objective's unit to the units of the models.
        training: The rows as the models see them.
        rows: The rows that they learnt from.
        notes: Fallbacks and rows left out, in words.
    """

    encoding: Encoding
    scaling: Scaling
    training: "Training"
    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    @abstractmethod
    def members(self) -> tuple[Member, ...]:
        """The models that it consists of, with their weights."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Everything that restoring it needs beside what it learnt from, as JSON."""

    @cached_property
    def model(self) -> Model:
        """All of it as one model of BoTorch's, in standardised units, higher is better."""
        if len(self.members) == 1:
            return self.members[0].model
        weights = [exp(one.log_weight) for one in self.members]
        return MixtureModel([one.model for one in self.members], weights)

    @cached_property
    def posterior(self) -> Mixture:
        """Marginals, nothing pending."""
        return Mixture(self.members)

    def predict(self, points: Sequence[Point]) -> list[tuple[float, float]]:
        """Mean and standard deviation of the underlying value at each point, in its unit."""
        with torch.no_grad():
            means, deviations = self.posterior.marginals(self.encoding.encode(points))
        pairs = zip(means.tolist(), deviations.tolist(), strict=True)
        return [self.scaling.restored(mean, sd) for mean, sd in pairs]
