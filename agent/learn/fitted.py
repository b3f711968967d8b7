"""What a decision needs of a fitted model, whether one Gaussian process or a mixture with sources."""

from collections.abc import Sequence
from typing import Any, Protocol

from botorch.models import SingleTaskGP

from agent.core.history import Row
from agent.core.values import Point
from agent.learn.encoding import Encoding
from agent.learn.posterior import Member, Mixture
from agent.learn.scaling import Scaling
from agent.learn.surrogate import Training


class Fitted(Protocol):
    """Rows in, posterior out."""

    @property
    def encoding(self) -> Encoding:
        """Lab units to tensors."""

    @property
    def scaling(self) -> Scaling:
        """The objective's unit to the units of the models."""

    @property
    def training(self) -> Training:
        """The rows as the models see them."""

    @property
    def members(self) -> tuple[Member, ...]:
        """The models that it consists of, with their weights."""

    @property
    def model(self) -> SingleTaskGP:
        """The model of the largest weight."""

    @property
    def posterior(self) -> Mixture:
        """Marginals, nothing pending."""

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows that it learnt from."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Fallbacks and rows left out, in words."""

    def predict(self, points: Sequence[Point]) -> list[tuple[float, float]]:
        """Mean and standard deviation of the underlying value at each point, in its unit."""

    def state(self) -> dict[str, Any]:
        """Everything that restoring it needs beside the rows, as JSON."""
