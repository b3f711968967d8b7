"""Exact marginals of a Gaussian process in chunks, from one Cholesky factor.

BoTorch's posterior of a pool is either joint (m x m) or m posteriors of one point. A pool of
100,000 needs neither: only means, standard deviations, and covariances with a few points.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, cast

import numpy as np
import torch
from botorch.models import SingleTaskGP
from botorch.models.model import Model
from linear_operator.utils.cholesky import psd_safe_cholesky
from torch import Tensor

from agent.learn.once import once
from agent.learn.weighted import WeightedModel

CHUNK = 512
_LEAST_VARIANCE = 1e-12


class CensoredGP(SingleTaskGP):
    """A Gaussian process of which only the first rows are readings; the others stand for bounds.

    Attributes:
        readings: How many are readings.
    """

    readings: int


def noise_of(model: SingleTaskGP) -> float:
    """The mean noise variance of a model's readings, in its standardised units."""
    noise = model.likelihood.noise.detach()
    rows = model.readings if isinstance(model, CensoredGP) else len(model.train_inputs[0])
    return float((noise.expand(len(model.train_inputs[0]))[:rows] if rows else noise).mean())


class Member(NamedTuple):
    """One model of a mixture, with the logarithm of its weight."""

    log_weight: float
    model: Model


class Marginals(Protocol):
    """What an acquisition asks of a posterior, in standardised units. All is differentiable.

    Attributes:
        noise: Variance of a reading.
    """

    noise: float

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation at each of `n x d`: two `n`."""
        ...

    def covariance(self, X: Tensor, Z: Tensor) -> Tensor:
        """Covariance of `n x d` with `m x d`: `n x m`."""
        ...

    def draw(self, X: Tensor, seed: int) -> Tensor:
        """One joint sample at `n x d`: `n`."""
        ...

    def influences(self, X: Tensor) -> Tensor:
        """By how much each of the n rows moves the mean at each of `m x d`: `m x n`."""
        ...


def posterior_of(model: Model, pending: Tensor | None = None) -> Marginals:
    """The posterior of a fitted model, with `pending` points (`m x d`) in flight."""
    if isinstance(model, WeightedModel):
        return WeightedSum(model, pending)
    return Posterior(cast("SingleTaskGP", model), pending)


def in_chunks(
    X: Tensor, marginals: Callable[[Tensor], tuple[Tensor, Tensor]]
) -> tuple[Tensor, Tensor]:
    """Marginals of `n x d`, so many points at a time: two `n`."""
    if len(X) <= CHUNK:
        return marginals(X)
    means, deviations = zip(*(marginals(part) for part in torch.split(X, CHUNK)), strict=True)
    return torch.cat(means), torch.cat(deviations)


class Posterior:
    """The posterior of a fitted model, in its standardised units.

    With `pending` points the means stay and the variances shrink as if they had been measured: a
    variance does not depend on what is read (Desautels, Krause & Burdick, 2014).

    Args:
        model: A fitted single-outcome model.
        pending: Points in flight, `m x d`.
    """

    def __init__(self, model: SingleTaskGP, pending: Tensor | None = None) -> None:
        self.model = model
        self._X = model.train_inputs[0]
        noise = model.likelihood.noise.detach().expand(len(self._X))
        self.noise = noise_of(model)
        with torch.no_grad():
            factor = self._factor(noise)
            residual = (model.train_targets - model.mean_module(self._X)).unsqueeze(-1)
            self._weights = torch.cholesky_solve(residual, factor).squeeze(-1)
            self._measured = len(self._X)
            if pending is not None and len(pending):
                self._X = torch.cat([self._X, pending])
                noise = torch.cat([noise, noise.new_full((len(pending),), self.noise)])
                factor = self._factor(noise)
        self._L = factor

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation at each of `n x d`: two `n`. Differentiable."""
        return in_chunks(X, self._marginals)

    def covariance(self, X: Tensor, Z: Tensor) -> Tensor:
        """Posterior covariance of `n x d` with `m x d`: `n x m`. Differentiable."""
        return self._between(X, Z) - self._whitened(X).T @ self._whitened(Z)

    def draw(self, X: Tensor, seed: int) -> Tensor:
        """One joint sample at `n x d`: `n`."""
        return _drawn(self.marginals(X)[0], self.covariance(X, X), seed)

    def influences(self, X: Tensor) -> Tensor:
        """By how much each of the n rows moves the mean at each of `m x d`: `m x n`.

        The mean with a row less the mean without it, hyperparameters held. With A the covariance of the
        rows with their noise, c that with x and z - mu what the prior mean leaves over:
        `(A^-1 (z - mu))_i (A^-1 c)_i / (A^-1)_ii` (Dubrule, 1983).
        """
        count = self._measured
        factor = self._L[:count, :count]
        inverse = torch.cholesky_inverse(factor)
        moved: Tensor = self._between(X, self._X[:count]) @ inverse
        return moved.mul(self._weights / inverse.diagonal())

    def _marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        cross = self._between(X, self._X)
        mean = self.model.mean_module(X) + cross[:, : self._measured] @ self._weights
        whitened = torch.linalg.solve_triangular(self._L, cross.T, upper=False)
        prior: Tensor = self.model.covar_module(X, diag=True)
        variance = prior - whitened.square().sum(0)
        sd: Tensor = variance.clamp_min(_LEAST_VARIANCE).sqrt()
        return mean, sd

    def _whitened(self, X: Tensor) -> Tensor:
        cross = self._between(self._X, X)
        whitened: Tensor = torch.linalg.solve_triangular(self._L, cross, upper=False)
        return whitened

    def _between(self, X: Tensor, Z: Tensor) -> Tensor:
        covariance: Tensor = self.model.covar_module(X, Z).to_dense()
        return covariance

    def _factor(self, noise: Tensor) -> Tensor:
        factor: Tensor = psd_safe_cholesky(self._between(self._X, self._X) + torch.diag(noise))
        return factor


class WeightedSum:
    """The posterior of a weighted sum of independent models: `sum w m` and `sum w^2 cov`.

    Args:
        model: The models, with their weights.
        pending: Points in flight, `m x d`.
    """

    def __init__(self, model: WeightedModel, pending: Tensor | None = None) -> None:
        self._weights = tuple(model.weights.tolist())
        self._parts = tuple(Posterior(one, pending) for one in model.parts)
        pairs = zip(self._weights, self._parts, strict=True)
        self.noise = sum(weight**2 * part.noise for weight, part in pairs)

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation at each of `n x d`: two `n`. Differentiable."""
        mean, variance = torch.zeros(len(X)).to(X), torch.zeros(len(X)).to(X)
        for weight, part in zip(self._weights, self._parts, strict=True):
            own, deviation = part.marginals(X)
            mean, variance = mean + weight * own, variance + (weight * deviation).square()
        return mean, variance.sqrt()

    def covariance(self, X: Tensor, Z: Tensor) -> Tensor:
        """Covariance of `n x d` with `m x d`: `n x m`. Differentiable."""
        pairs = zip(self._weights, self._parts, strict=True)
        return torch.stack([weight**2 * part.covariance(X, Z) for weight, part in pairs]).sum(0)

    def draw(self, X: Tensor, seed: int) -> Tensor:
        """One joint sample at `n x d`: `n`."""
        return _drawn(self.marginals(X)[0], self.covariance(X, X), seed)

    def influences(self, X: Tensor) -> Tensor:
        """By how much each of the campaign's n rows moves the mean at `m x d`, weights held: `m x n`."""
        moved: Tensor = self._weights[-1] * self._parts[-1].influences(X)
        return moved


class Mixture:
    """The posterior of several models, each believed by its weight; of one, it is that one's.

    Args:
        members: Fitted models in the same units, the weights summing to one.
        pending: Points in flight, `m x d`.
    """

    def __init__(self, members: Sequence[Member], pending: Tensor | None = None) -> None:
        self.parts = tuple(posterior_of(one.model, pending) for one in members)
        self.log_weights = tuple(one.log_weight for one in members)
        self._weights = torch.tensor(self.log_weights, dtype=torch.float64).exp()

    @property
    def weights(self) -> tuple[float, ...]:
        """Omega, one a part."""
        return tuple(self._weights.tolist())

    @property
    def noise(self) -> float:
        """Variance of a reading, standardised."""
        return sum(
            weight * part.noise for weight, part in zip(self.weights, self.parts, strict=True)
        )

    def marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation at each of `n x d`: two `n`. Differentiable."""
        if len(self.parts) == 1:
            return self.parts[0].marginals(X)
        return in_chunks(X, self._marginals)

    def _marginals(self, X: Tensor) -> tuple[Tensor, Tensor]:
        with once():
            pairs = [part.marginals(X) for part in self.parts]
        means, deviations = (torch.stack(side) for side in zip(*pairs, strict=True))
        weights = self._weights.unsqueeze(-1)
        mean = (weights * means).sum(0)
        second = (weights * (deviations.square() + (means - mean).square())).sum(0)
        return mean, second.sqrt()

    def influences(self, X: Tensor) -> Tensor:
        """By how much each of the n rows moves the mean at each of `m x d`, weights held: `m x n`."""
        with once():
            moved = torch.stack([part.influences(X) for part in self.parts])
        weighted: Tensor = torch.tensordot(self._weights, moved, dims=1)
        return weighted

    def draws(self, X: Tensor, count: int, seed: int, wide: float = 1.0) -> Tensor:
        """Joint draws at `n x d`, each part's share by its weight: `count x n`.

        Args:
            X: Where.
            count: How many.
            seed: Of the draws.
            wide: How many times as far from its mean each draw is.
        """
        random = np.random.default_rng(seed)
        weights = np.array(self.weights)
        counts = random.multinomial(count, weights / weights.sum())
        found = []
        for part, of in zip(self.parts, counts.tolist(), strict=True):
            if of:
                root = psd_safe_cholesky(part.covariance(X, X))
                normal = torch.from_numpy(random.standard_normal((of, len(X))))
                found.append(part.marginals(X)[0] + wide * (normal @ root.T))
        return torch.cat(found)

    def draw(self, X: Tensor, seed: int) -> Tensor:
        """One joint sample at `n x d`, of a model that is drawn by its weight: `n`."""
        if len(self.parts) == 1:
            return self.parts[0].draw(X, seed)
        weights = self._weights.numpy() / float(self._weights.sum())
        drawn = int(np.random.default_rng(seed).choice(len(self.parts), p=weights))
        return self.parts[drawn].draw(X, seed)


def _drawn(mean: Tensor, covariance: Tensor, seed: int) -> Tensor:
    root: Tensor = psd_safe_cholesky(covariance)
    return mean + root @ torch.from_numpy(np.random.default_rng(seed).standard_normal(len(mean)))
