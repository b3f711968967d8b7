"""The covariance: Matérn-5/2 with a lengthscale for each scale of the encoding, and its priors."""

from collections.abc import Sequence
from math import log, sqrt
from typing import NamedTuple

import numpy as np
import torch
from gpytorch.constraints import GreaterThan
from gpytorch.kernels import Kernel
from gpytorch.likelihoods import GaussianLikelihood
from gpytorch.priors import LogNormalPrior, NormalPrior
from numpy.typing import NDArray
from torch import Tensor

SHORTEST = 0.025
"""Shortest lengthscale, in unit cubes: below it, a few points know nothing of each other."""

NOISE_FLOOR = 1e-4
"""Smallest inferred noise variance, in standardised units: a hundredth of the spread, squared."""

SHARE_DEVIATION = 1.5
"""Of the logit of the share of a kernel that is a sum."""

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


class Normal(NamedTuple):
    """The prior of the logarithms of lengthscales: a mean for each, one deviation."""

    means: tuple[float, ...]
    deviation: float


def vague(count: int) -> Normal:
    """Of who knows nothing of them: `logN(sqrt(2) + log(g) / 2, sqrt(3))` for g lengthscales
    (Hvarfner, Hellsten & Nardi, 2024).
    """
    return Normal((sqrt(2) + log(count) / 2,) * count, sqrt(3))


def usual(named: Sequence[bool]) -> Normal:
    """Of what laboratories measure: `logN(m + log(g) / 2, 0.8)` for g lengthscales, with m = -1 for
    numbers and -0.3 for choices among names, of which any two are 1 apart. It has about the mode of
    the vague one, and seldom believes that a setting does nothing before it was varied
    (`docs/decisions/0017-a-start-of-three.md`).

    Args:
        named: Whether a lengthscale is that of a choice among names.
    """
    middle = log(len(named)) / 2
    return Normal(tuple((-0.3 if one else -1.0) + middle for one in named), 0.8)


class TiedMatern(Kernel):  # type: ignore[misc]
    r"""Matérn-5/2 whose columns may share lengthscales.

    `k(x, x') = (1 + sqrt(5) r + 5/3 r^2) exp(-sqrt(5) r)`, with
    `r^2 = sum_j ((x_j - x'_j) / l_{s(j)})^2`, where `s(j)` is the scale of column j: the columns of
    a one-hot block share one. The variance is 1: outcomes are standardised.

    The lengthscales start at the mode of their prior.

    Args:
        scales: s(j) for each of the d columns.
        believed: The prior of the lengthscales; default: a vague one.
    """

    has_lengthscale = False

    def __init__(self, scales: Sequence[int], believed: Normal | None = None) -> None:
        super().__init__()
        count = max(scales) + 1
        means, deviation = believed or vague(count)
        prior = LogNormalPrior(torch.tensor([means]).double(), torch.tensor(deviation).double())
        start = prior.mode.clamp_min(SHORTEST)
        self.register_parameter("raw_lengthscales", torch.nn.Parameter(start.clone()))
        self.register_constraint(
            "raw_lengthscales", GreaterThan(SHORTEST, transform=None, initial_value=start)
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


class PartlyAdditive(TiedMatern):
    r"""A Matérn-5/2 of which a part is a sum over the scales.

    `k = (1 - a) k_all(r) + a mean_j k_1(sqrt(g) |x_j - x'_j| / l_j)` for g scales: what one setting does
    whatever the others are (main effects) is learnt from all rows that share it, however much the others
    differ (Duvenaud, Nickisch & Rasmussen, 2011). The share a has the prior `logit a ~ N(0, 1.5)`.

    Args:
        scales: s(j) for each of the d columns.
        believed: The prior of the lengthscales; default: a vague one.
    """

    def __init__(self, scales: Sequence[int], believed: Normal | None = None) -> None:
        super().__init__(scales, believed)
        start = torch.zeros(1, dtype=torch.float64)
        self.register_parameter("logit", torch.nn.Parameter(start))
        prior = NormalPrior(torch.zeros(1).double(), torch.full((1,), SHARE_DEVIATION).double())
        self.register_prior(
            "share_prior", prior, lambda m: m.logit, lambda m, v: m.initialize(logit=v)
        )
        self._scales = tuple(scales)

    @property
    def share(self) -> float:
        """a, the part that is a sum."""
        return float(torch.sigmoid(self.logit.detach()))

    def set_share(self, share: float) -> None:
        """Sets a."""
        self.initialize(logit=torch.logit(torch.tensor([share], dtype=torch.float64)))

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **params: object) -> Tensor:
        """The covariance of `… x n x d` with `… x m x d`: `… x n x m`, or its diagonal."""
        count = max(self._scales) + 1
        joint = super().forward(x1, x2, diag=diag, **params)
        parts = []
        for scale in range(count):
            own = [column for column, of in enumerate(self._scales) if of == scale]
            by = self.lengthscales[..., scale : scale + 1] / sqrt(count)
            centre = x1[..., own].mean(dim=-2, keepdim=True)
            left, right = (x1[..., own] - centre) / by, (x2[..., own] - centre) / by
            parts.append(matern(self.covar_dist(left, right, diag=diag, **params)))
        share = torch.sigmoid(self.logit)
        return (1 - share) * joint + share * torch.stack(parts).mean(dim=0)


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
