"""The covariance: Matérn-5/2 with a lengthscale for each scale of the encoding, and its priors."""

from collections.abc import Sequence
from math import log, sqrt

import numpy as np
import torch
from gpytorch.constraints import GreaterThan
from gpytorch.kernels import Kernel
from gpytorch.likelihoods import GaussianLikelihood
from gpytorch.priors import LogNormalPrior
from numpy.typing import NDArray
from torch import Tensor

SHORTEST = 0.025
"""Shortest lengthscale, in unit cubes: below it, a few points know nothing of each other."""

NOISE_FLOOR = 1e-4
"""Smallest inferred noise variance, in standardised units: a hundredth of the spread, squared."""

_SQRT5 = sqrt(5.0)


def matern(r: Tensor) -> Tensor:
    """Matérn-5/2 at scaled distances: `(1 + sqrt(5) r + 5/3 r^2) exp(-sqrt(5) r)`."""
    return (1 + _SQRT5 * r + 5 / 3 * r.square()) * torch.exp(-_SQRT5 * r)


def squared_distances(
    X: NDArray[np.float64], Z: NDArray[np.float64], scales: Sequence[int]
) -> NDArray[np.float64]:
    """Squared distances of `n x d` and `m x d` along each scale: `g x n x m`."""
    apart = np.zeros((max(scales) + 1, len(X), len(Z)))
    for column, scale in enumerate(scales):
        apart[scale] += (X[:, column, None] - Z[None, :, column]) ** 2
    return apart


class TiedMatern(Kernel):  # type: ignore[misc]
    r"""Matérn-5/2 whose columns may share lengthscales.

    `k(x, x') = (1 + sqrt(5) r + 5/3 r^2) exp(-sqrt(5) r)`, with
    `r^2 = sum_j ((x_j - x'_j) / l_{s(j)})^2`, where `s(j)` is the scale of column j: the columns of
    a one-hot block share one. The variance is 1: outcomes are standardised.

    The lengthscales have the dimension-scaled prior `logN(sqrt(2) + log(g) / 2, sqrt(3))` for g
    scales (Hvarfner, Hellsten & Nardi, 2024), and start at its mode.

    Args:
        scales: s(j) for each of the d columns.
    """

    has_lengthscale = False

    def __init__(self, scales: Sequence[int]) -> None:
        super().__init__()
        count = max(scales) + 1
        prior = LogNormalPrior(loc=sqrt(2) + log(count) / 2, scale=sqrt(3))
        start = torch.full((1, count), float(prior.mode), dtype=torch.float64)
        self.register_parameter("raw_lengthscales", torch.nn.Parameter(start))
        self.register_constraint(
            "raw_lengthscales", GreaterThan(SHORTEST, transform=None, initial_value=prior.mode)
        )
        self.register_prior(
            "lengthscales_prior", prior, lambda m: m.lengthscales, lambda m, v: m.set(v)
        )
        self._tied = list(scales) != list(range(count))
        self.register_buffer("columns", torch.tensor(list(scales)))

    @property
    def lengthscales(self) -> Tensor:
        """The lengthscale of each scale, `1 x g`."""
        known: Tensor = self.raw_lengthscales_constraint.transform(self.raw_lengthscales)
        return known

    def set(self, lengthscales: Tensor) -> None:
        """Sets the lengthscales, `g` or `1 x g`."""
        self.initialize(raw_lengthscales=lengthscales.reshape(self.raw_lengthscales.shape))

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **params: object) -> Tensor:
        """The covariance of `… x n x d` with `… x m x d`: `… x n x m`, or its diagonal."""
        scale = self.lengthscales[..., self.columns] if self._tied else self.lengthscales
        centre = x1.mean(dim=-2, keepdim=True)
        r: Tensor = self.covar_dist(
            (x1 - centre) / scale, (x2 - centre) / scale, diag=diag, **params
        )
        return matern(r)


def noise(floor: float = NOISE_FLOOR) -> GaussianLikelihood:
    """The likelihood of readings with one unknown noise variance, prior `logN(-4, 1)`.

    Args:
        floor: Smallest variance, in standardised units.
    """
    prior = LogNormalPrior(loc=-4.0, scale=1.0)
    start = max(float(prior.mode), 2 * floor)
    return GaussianLikelihood(
        noise_prior=prior,
        noise_constraint=GreaterThan(floor, transform=None, initial_value=start),
    )
