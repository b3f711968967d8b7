"""A Gaussian process of what the sources' mean leaves over: transfer at face value.

Each source counts with the coefficient one over their number, whatever the campaign measures, as in
stacked residual models (Golovin et al., 2017). Nothing guards it but the turns.
"""

from functools import cached_property
from typing import Any

import numpy as np
import torch
from gpytorch.means import Mean
from torch import Tensor

from agent.core.transfer import Method
from agent.learn.evidence import Believed, Hyperparameters, LogNormal, Rows, dimension_scaled
from agent.learn.kernel import TiedMatern, squared_distances
from agent.learn.posterior import Member
from agent.learn.priors.given import Given
from agent.learn.priors.kernels import SourcesKernel
from agent.learn.priors.process import process
from agent.learn.priors.source import SourceModel
from agent.learn.priors.transfer import Transfer, same_rows
from agent.learn.scaling import Scaling


class _Average(Mean):  # type: ignore[misc]
    """The mean of the sources' means."""

    def __init__(self, sources: tuple[SourceModel, ...]) -> None:
        super().__init__()
        self.sources = sources

    def forward(self, X: Tensor) -> Tensor:
        """At each of `… x n x d`: `… x n`."""
        return torch.stack([one.marginal_mean(X) for one in self.sources]).mean(0)


class Stacked(Transfer):
    """The sources' mean, and a process of what it leaves over.

    Args:
        given: What it learnt from.
        scaling: The objective's unit to its units.
        found: Hyperparameters of what is left over.
        notes: In words.
    """

    method: Method = "stacked"

    def __init__(
        self, given: Given, scaling: Scaling, found: Hyperparameters, notes: tuple[str, ...] = ()
    ) -> None:
        super().__init__(given, scaling, notes)
        self.found = found

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """One model."""
        left = SourcesKernel((), None, TiedMatern(self.encoding.scales), self.found.variance)
        left.learnt.set(torch.tensor(self.found.lengthscales, dtype=torch.float64))
        mean = _Average(self.sources)
        return (Member(0.0, process(self.training, mean, left, self.found.noise)),)

    @property
    def weights(self) -> dict[str, float]:
        """All in one."""
        return {"sources": 1.0}

    @property
    def coefficients(self) -> dict[str, tuple[float, float]]:
        """One over their number, for certain."""
        return {one.name: (1 / len(self.sources), 0.0) for one in self.sources}

    @property
    def trusted(self) -> dict[str, float]:
        """Entirely, whatever is measured."""
        return {one.name: 1.0 for one in self.sources}

    def learnt(self) -> dict[str, Any]:
        """The hyperparameters."""
        return {
            "lengthscales": list(self.found.lengthscales),
            "variance": self.found.variance,
            "noise": self.found.noise,
        }


def fit(given: Given) -> Stacked:
    """The process of what is left over, at its likeliest hyperparameters.

    Raises:
        ModelError: the evidence is nowhere finite.
    """
    scaling = given.scaling
    training = given.training(scaling)
    X = training.X.numpy()
    with torch.no_grad():
        expected = _Average(given.sources)(training.X).numpy()
    left = training.z.numpy() - expected
    fixed = None if training.variance is None else training.variance.numpy()
    # One for the offset, which a `SourcesKernel` always has.
    rows = Rows(squared_distances(X, X, training.scales), left, np.ones((len(X), len(X))), fixed)
    believed = Believed(dimension_scaled(training.scales), LogNormal(0.0, 0.5))
    return Stacked(given, scaling, rows.most_likely(believed))


def restore(state: dict[str, Any], given: Given) -> Stacked:
    """The one whose `state` was kept, from the same rows and sources, without optimisation.

    Raises:
        ReplayError: the rows are not those that it learnt from.
    """
    told = state["learnt"]
    found = Hyperparameters(tuple(told["lengthscales"]), told["variance"], told["noise"], 0.0)
    return Stacked(given, same_rows(state, given), found, tuple(state["notes"]))
