"""Feasibility: the probability that a point works, learnt from points that worked and points that did not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor
from torch.special import log_ndtr

from agent.core.values import Point, digest
from agent.errors import ModelError, ReplayError
from agent.learn.encoding import Encoding
from agent.learn.evidence import LogNormal, dimension_scaled
from agent.learn.kernel import SHORTEST, TiedMatern, matern, squared_distances
from agent.learn.posterior import CHUNK

MOST = 300
"""Points that worked, of which no more are looked at: those nearest to one that did not."""

EVEN = 0.5
"""Odds below which a point is asked for only where nothing else is left."""

VARIANCE = 2.0
"""The middle of the prior of the latent function's variance."""

_VARIANCE = LogNormal(log(VARIANCE), 0.5)
_MEAN, _DEVIATION = 1.75, 0.5
"""Before anything is known a point works with about 0.85. So a point that has failed once among some
that worked is still a little likelier to work than not, and after two failures it is not: one
failure never closes a region.
"""

_STEPS, _CLOSE = 50, 1e-9
_LARGEST = 1e4


@dataclass(frozen=True)
class Labelled:
    """What worked and what did not, encoded.

    Attributes:
        X: `n x d`, in the unit cube.
        sign: `n`: 1 where it worked, -1 where it did not.
        scales: The number of the lengthscale of each column, `d`.
    """

    X: Tensor
    sign: Tensor
    scales: tuple[int, ...]

    @classmethod
    def of(cls, encoding: Encoding, worked: Sequence[Point], failed: Sequence[Point]) -> "Labelled":
        """Points as the model sees them; those without a place in the space are left out."""
        good, bad = _placed(encoding, worked), _placed(encoding, failed)
        if len(good) > MOST and len(bad):
            near = torch.cdist(good, bad).min(dim=1).values
            good = good[torch.argsort(near, stable=True)[:MOST].sort().values]
        sign = torch.cat([torch.ones(len(good)), -torch.ones(len(bad))]).double()
        return cls(torch.cat([good, bad]), sign, encoding.scales)


@dataclass(frozen=True)
class Latent:
    """The prior of the latent function: `g ~ GP(mean, variance * Matérn-5/2)`, works with `Phi(g)`."""

    lengthscales: tuple[float, ...]
    variance: float
    mean: float


class Feasibility:
    """A Gaussian process classifier: `P(works at x) = E[Phi(g(x))]`, by Laplace's approximation.

    Source: Rasmussen & Williams (2006), algorithms 3.1 and 3.2, with a probit likelihood.

    Args:
        labelled: What it learnt from.
        latent: Hyperparameters.
    """

    def __init__(self, labelled: Labelled, latent: Latent) -> None:
        self.labelled = labelled
        self.latent = latent
        kernel = TiedMatern(labelled.scales).double()
        kernel.set(torch.tensor(latent.lengthscales, dtype=torch.float64))
        self._kernel = kernel.requires_grad_(False)
        with torch.no_grad():
            K = self._covariance(labelled.X)
            g = _mode(K, latent.mean, labelled.sign)
            self._slope, bend = _likelihood(g, labelled.sign)
            self._root = bend.sqrt()
            self._L = _factor(K, self._root)

    @property
    def failed(self) -> int:
        """How many points it has seen fail."""
        return int((self.labelled.sign < 0).sum())

    def log_probability(self, X: Tensor) -> Tensor:
        """Of working, at each of `n x d`: `n`. Differentiable."""
        return torch.cat([self._log_probability(part) for part in torch.split(X, CHUNK)])

    def likely(self, X: Tensor) -> Tensor:
        """Which of `n x d` are at least as likely to work as not: `n` booleans."""
        with torch.no_grad():
            found: Tensor = self.log_probability(X) >= log(EVEN)
        return found

    def probability(self, points: Sequence[Point], encoding: Encoding) -> list[float]:
        """Of working, at each point."""
        with torch.no_grad():
            logs = self.log_probability(encoding.encode(points))
        return [float(one) for one in logs.exp()]

    def state(self) -> dict[str, Any]:
        """What `restore_feasibility` needs beside the points, as JSON."""
        return {
            "kind": "gaussian process classifier, probit, Laplace",
            "lengthscales": list(self.latent.lengthscales),
            "variance": self.latent.variance,
            "mean": self.latent.mean,
            "points_sha256": _hash(self.labelled),
        }

    def _log_probability(self, X: Tensor) -> Tensor:
        mean, variance = self.marginals(X)
        found: Tensor = log_ndtr(mean / (1 + variance).sqrt())
        return found

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance of the latent function at each of `n x d`: two `n`. Differentiable."""
        cross = self._covariance(X, self.labelled.X)
        mean = self.latent.mean + cross @ self._slope
        shared = torch.linalg.solve_triangular(
            self._L, self._root.unsqueeze(-1) * cross.T, upper=False
        )
        return mean, (self.latent.variance - shared.square().sum(0)).clamp_min(0.0)

    def _covariance(self, X: Tensor, Z: Tensor | None = None) -> Tensor:
        dense: Tensor = self._kernel(X, X if Z is None else Z).to_dense()
        return self.latent.variance * dense


def fit_feasibility(
    encoding: Encoding, worked: Sequence[Point], failed: Sequence[Point]
) -> Feasibility | None:
    """The probability of working over the space; None where nothing has failed there.

    Hyperparameters are those of the largest posterior density: Laplace's evidence with the
    dimension-scaled prior of the lengthscales (Hvarfner, Hellsten & Nardi, 2024).
    """
    labelled = Labelled.of(encoding, worked, failed)
    if not bool((labelled.sign < 0).any()):
        return None
    return Feasibility(labelled, likeliest(labelled, _MEAN))


def likeliest(labelled: Labelled, mean: float) -> Latent:
    """Hyperparameters at the largest posterior density.

    Args:
        labelled: What it learns from.
        mean: The middle of the prior of the latent function's mean.

    Raises:
        ModelError: there is none.
    """
    X = labelled.X.numpy()
    apart = torch.from_numpy(squared_distances(X, X, labelled.scales))
    scaled = dimension_scaled(labelled.scales)
    count = len(apart)
    start = [*np.log(np.clip(scaled.mode(count), SHORTEST, _LARGEST)), log(VARIANCE), mean]
    bounds = [(log(SHORTEST), log(_LARGEST))] * count + [(log(0.05), log(50.0)), (-3.0, 4.0)]

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        at = torch.from_numpy(theta.copy()).requires_grad_()
        value = -_evidence(apart, labelled.sign, at)
        (slope,) = torch.autograd.grad(value, at)
        densities = [scaled.log_density(theta[:count]), _VARIANCE.log_density(theta[count:-1])]
        off = (theta[-1] - mean) / _DEVIATION
        along = np.concatenate([*(one for _, one in densities), [-off / _DEVIATION]])
        prior = sum(one for one, _ in densities) - off**2 / 2
        return float(value.detach()) - prior, slope.numpy() - along

    found = minimize(loss, np.array(start), jac=True, method="L-BFGS-B", bounds=bounds,
                     options={"maxiter": 100})  # fmt: skip
    if not np.isfinite(found.fun):
        raise ModelError("the feasibility model has no finite evidence", "look at what has failed")
    scales = tuple(float(one) for one in np.exp(found.x[:count]))
    return Latent(scales, float(np.exp(found.x[-2])), float(found.x[-1]))


def restore_feasibility(
    state: Mapping[str, Any], encoding: Encoding, worked: Sequence[Point], failed: Sequence[Point]
) -> Feasibility:
    """The model whose `state` was kept, from the same points, without optimisation.

    Raises:
        ReplayError: the points are not those that it learnt from.
    """
    labelled = Labelled.of(encoding, worked, failed)
    if _hash(labelled) != state["points_sha256"]:
        raise ReplayError(
            "these are not the points that the feasibility model learnt from",
            "what failed, or a row, was altered since",
        )
    latent = Latent(tuple(state["lengthscales"]), state["variance"], state["mean"])
    return Feasibility(labelled, latent)


def _placed(encoding: Encoding, points: Sequence[Point]) -> Tensor:
    if not points:
        return torch.zeros(0, encoding.width, dtype=torch.float64)
    X = encoding.encode(points)
    return X[torch.isfinite(X).all(dim=1)]


def _hash(labelled: Labelled) -> str:
    return digest([labelled.X.tolist(), labelled.sign.tolist()])


def _likelihood(g: Tensor, sign: Tensor) -> tuple[Tensor, Tensor]:
    """Slope of `log Phi(sign g)`, and minus its curvature."""
    at = sign * g
    ratio = torch.exp(-at.square() / 2 - log(2 * torch.pi) / 2 - log_ndtr(at))
    return sign * ratio, ratio * (ratio + at)


def _factor(K: Tensor, root: Tensor) -> Tensor:
    B = torch.eye(len(K), dtype=K.dtype) + root.unsqueeze(-1) * K * root
    found: Tensor = torch.linalg.cholesky(B)
    return found


def _newton(K: Tensor, mean: Tensor | float, sign: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
    """One step towards the mode: the latent values there, and `K^-1 (g - mean)`."""
    slope, bend = _likelihood(g, sign)
    root = bend.sqrt()
    L = _factor(K, root)
    b = bend * (g - mean) + slope
    solved = torch.cholesky_solve((root * (K @ b)).unsqueeze(-1), L).squeeze(-1)
    a = b - root * solved
    return K @ a + mean, a


def _mode(K: Tensor, mean: Tensor | float, sign: Tensor) -> Tensor:
    """The likeliest latent values, `n`: the posterior is log-concave, so Newton finds them."""
    g = torch.zeros_like(sign) + mean
    for _ in range(_STEPS):
        before, (g, _) = g, _newton(K, mean, sign, g)
        if float((g - before).abs().max()) < _CLOSE:
            break
    return g


def _evidence(apart: Tensor, sign: Tensor, theta: Tensor) -> Tensor:
    """Laplace's log evidence. The last Newton step carries the gradient of the mode, which is exact
    there since the step does not depend on where it starts.
    """
    squared = (apart * torch.exp(-2 * theta[:-2])[:, None, None]).sum(0)
    K = torch.exp(theta[-2]) * matern((squared + 1e-18).sqrt())
    with torch.no_grad():
        start = _mode(K, theta[-1], sign)
    g, a = _newton(K, theta[-1], sign, start)
    L = _factor(K, _likelihood(g, sign)[1].sqrt())
    found: Tensor = log_ndtr(sign * g).sum() - (g - theta[-1]) @ a / 2 - L.diagonal().log().sum()
    return found
