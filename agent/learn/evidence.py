"""The evidence of a Gaussian process with a part that is known, and its most likely hyperparameters.

A campaign of tens of rows is fitted at every decision, by several models: with the squared
distances computed once and the gradient written out, a fit takes milliseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError as ScipyLinAlgError
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from agent.errors import ModelError
from agent.learn.kernel import NOISE_FLOOR, SHARE_DEVIATION, SHORTEST, vague

Array = NDArray[np.float64]

_SQRT5 = sqrt(5.0)
_LARGEST = 1e4
_NEVER = 1e25
_WIDEST = 4.0
"""Of the logit of a share: between 2 % and 98 %."""


@dataclass(frozen=True)
class LogNormal:
    """A log-normal prior of positive numbers: their logarithms are normal.

    Attributes:
        mean: Of the logarithm; of each, where there are several numbers with their own.
        deviation: Of the logarithm.
    """

    mean: float | tuple[float, ...]
    deviation: float

    def mode(self, count: int = 1) -> Array:
        """Where the density of each of `count` numbers is largest."""
        centre = np.broadcast_to(np.asarray(self.mean, dtype=float), (count,))
        return np.exp(centre - self.deviation**2)

    def log_density(self, logarithms: Array) -> tuple[float, Array]:
        """The sum of log densities at numbers given by their logarithms, and its gradient."""
        apart = (logarithms - np.asarray(self.mean)) / self.deviation
        height = -logarithms - log(self.deviation) - log(2 * pi) / 2 - apart**2 / 2
        return float(height.sum()), -1.0 - apart / self.deviation


def dimension_scaled(scales: Sequence[int]) -> LogNormal:
    """The prior of lengthscales of who knows nothing of them (Hvarfner, Hellsten & Nardi, 2024).

    Args:
        scales: The number of the lengthscale of each column.
    """
    means, deviation = vague(max(scales) + 1)
    return LogNormal(means[0], deviation)


@dataclass(frozen=True)
class Believed:
    """Priors of the hyperparameters; a number instead of a prior is known.

    Attributes:
        lengthscale: Of each lengthscale.
        variance: Of the part that is learnt.
        noise: Of the noise variance; not looked at where the variances of the rows are known.
    """

    lengthscale: LogNormal
    variance: LogNormal | float = 1.0
    noise: LogNormal = LogNormal(-4.0, 1.0)


@dataclass(frozen=True)
class Hyperparameters:
    """The hyperparameters of the part that is learnt, and the evidence there.

    Attributes:
        lengthscales: `g`.
        variance: Of the part that is learnt.
        noise: Noise variance of a row; 0 where the rows' own are known.
        evidence: Log marginal likelihood of the rows.
        mean: The constant that the rows lie around; 0 where it is known.
        share: The part of the covariance that is a sum over the scales.
    """

    lengthscales: tuple[float, ...]
    variance: float
    noise: float
    evidence: float
    mean: float = 0.0
    share: float = 0.0


@dataclass(frozen=True)
class Rows:
    """Rows as the evidence sees them: `z ~ N(0, known + variance * Matérn(r) + noise)`.

    Attributes:
        apart: Squared distances along each scale, `g x n x n`.
        z: Outcomes less the mean that is known, `n`.
        known: The covariance that is known, `n x n`.
        noise: Known noise variances, `n`; None where one is to be inferred.
        around: Whether they lie around a constant that is inferred too: the likeliest one,
            `1' K^-1 z / 1' K^-1 1`.
        additive: Whether a part of what is learnt is a sum over the scales (`PartlyAdditive`).
    """

    apart: Array
    z: Array
    known: Array
    noise: Array | None = None
    around: bool = False
    additive: bool = False

    def most_likely(self, believed: Believed) -> Hyperparameters:
        """Hyperparameters at the largest posterior density, from the mode of their priors.

        Raises:
            ModelError: no step from there has a finite density.
        """
        start, low, high = self._box(believed)
        found = minimize(
            self.loss,
            start,
            args=(believed,),
            jac=True,
            method="L-BFGS-B",
            bounds=list(zip(low, high, strict=True)),
            options={"maxiter": 200, "ftol": 1e-10, "gtol": 1e-6},
        )
        if not np.isfinite(found.fun) or found.fun >= _NEVER:
            raise ModelError("the evidence is not finite", "look at the rows")
        return self.at(found.x, believed)

    def at(self, logarithms: Array, believed: Believed) -> Hyperparameters:
        """Hyperparameters from their logarithms, with the evidence there."""
        scales, variance, noise, share = self._split(logarithms, believed)
        evidence, _, mean = self._evidence(scales, variance, noise, share)
        inferred = 0.0 if noise is None else exp(noise)
        lengthscales = tuple(float(one) for one in np.exp(scales))
        summed = _logistic(share) if self.additive else 0.0
        return Hyperparameters(lengthscales, exp(variance), inferred, evidence, mean, summed)

    def _box(self, believed: Believed) -> tuple[Array, Array, Array]:
        """Where the search starts, and between which bounds it stays: logarithms."""
        count = len(self.apart)
        modes = np.clip(believed.lengthscale.mode(count), SHORTEST, _LARGEST)
        start = [float(one) for one in np.log(modes)]
        low, high = [log(SHORTEST)] * count, [log(_LARGEST)] * count
        if isinstance(believed.variance, LogNormal):
            start.append(log(believed.variance.mode()[0]))
            low.append(log(1e-4))
            high.append(log(1e3))
        if self.noise is None:
            start.append(log(max(believed.noise.mode()[0], 2 * NOISE_FLOOR)))
            low.append(log(NOISE_FLOOR))
            high.append(log(_LARGEST))
        if self.additive:
            start, low, high = [*start, 0.0], [*low, -_WIDEST], [*high, _WIDEST]
        return np.array(start), np.array(low), np.array(high)

    def _split(
        self, logarithms: Array, believed: Believed
    ) -> tuple[Array, float, float | None, float]:
        """Logarithms of the lengthscales, the variance and the noise, and the logit of the share."""
        count = len(self.apart)
        rest = [float(one) for one in logarithms[count:]]
        known = believed.variance
        variance = rest.pop(0) if isinstance(known, LogNormal) else log(known)
        noise = rest.pop(0) if self.noise is None else None
        return logarithms[:count], variance, noise, rest[0] if rest else 0.0

    def loss(self, logarithms: Array, believed: Believed) -> tuple[float, Array]:
        """Minus the log posterior density of hyperparameters, and its gradient.

        Args:
            logarithms: Of the lengthscales, the variance unless it is known, the noise unless the
                rows' own is known; then the logit of the share, where there is one.
            believed: Their priors.
        """
        scales, variance, noise, share = self._split(logarithms, believed)
        try:
            value, slope, _ = self._evidence(scales, variance, noise, share)
        except ScipyLinAlgError:
            return _NEVER, np.zeros_like(logarithms)
        count = len(scales)
        prior, along = believed.lengthscale.log_density(scales)
        value += prior
        slope[:count] += along
        at = count
        if isinstance(believed.variance, LogNormal):
            prior, along = believed.variance.log_density(logarithms[at : at + 1])
            value += prior
            slope[at] += along[0]
            at += 1
        else:
            slope = np.delete(slope, at)
        if noise is not None:
            prior, along = believed.noise.log_density(logarithms[at : at + 1])
            value += prior
            slope[at] += along[0]
        else:
            slope = np.delete(slope, at)
        if self.additive:
            value -= (share / SHARE_DEVIATION) ** 2 / 2
            slope[-1] -= share / SHARE_DEVIATION**2
        return -value, -slope[: len(logarithms)]

    def _evidence(
        self, scales: Array, variance: float, noise: float | None, share: float
    ) -> tuple[float, Array, float]:
        """Log marginal likelihood, its gradient in the logarithms (scales, variance, noise) and the
        logit of the share, and the constant. At the likeliest constant the gradient is that for a fixed
        one.
        """
        n = len(self.z)
        squared = self.apart * np.exp(-2 * scales)[:, None, None]
        learnt, bends, apart = self._learnt(squared, exp(variance), _logistic(share))
        inferred = 0.0 if noise is None else exp(noise)
        each = inferred if self.noise is None else self.noise
        covariance = self.known + learnt
        covariance[np.diag_indices(n)] += each
        factor = cho_factor(covariance, lower=True, check_finite=False)
        inverse = cho_solve(factor, np.eye(n), check_finite=False)
        mean = float(inverse.sum(0) @ self.z / inverse.sum()) if self.around else 0.0
        left = self.z - mean
        weights = inverse @ left
        halves = np.log(np.diag(factor[0])).sum()
        value = -left @ weights / 2 - halves - n * log(2 * pi) / 2
        outer = np.outer(weights, weights) - inverse
        slope = np.empty(len(scales) + 3)
        bent = outer * bends
        slope[: len(scales)] = (
            np.einsum("jnm,jnm->j", squared, bent)
            if self.additive
            else np.tensordot(squared, bent, axes=([1, 2], [0, 1]))
        ) / 2
        slope[-3] = (outer * learnt).sum() / 2
        slope[-2] = np.trace(outer) * inferred / 2
        slope[-1] = (outer * apart).sum() / 2
        return float(value), slope, mean

    def _learnt(self, squared: Array, variance: float, share: float) -> tuple[Array, Array, Array]:
        """The covariance that is learnt, `n x n`; `b` of its gradient `squared_j * b_j` in the logarithm
        of each lengthscale, `g x n x n` or the same for all; and its gradient in the logit of the share.
        """
        joint, bend = _matern(np.sqrt(squared.sum(axis=0)))
        if not self.additive:
            return variance * joint, variance * bend, np.zeros_like(joint)
        each, bends = _matern(np.sqrt(len(squared) * squared))
        summed = each.mean(axis=0)
        learnt = (1 - share) * joint + share * summed
        return (
            variance * learnt,
            variance * ((1 - share) * bend + share * bends),
            variance * share * (1 - share) * (summed - joint),
        )


def _matern(r: Array) -> tuple[Array, Array]:
    """Matérn-5/2 at scaled distances, and `5/3 (1 + sqrt(5) r) exp(-sqrt(5) r)`, which times `r_j^2` is
    its gradient in the logarithm of lengthscale j.
    """
    decay = np.exp(-_SQRT5 * r)
    return (1 + _SQRT5 * r + 5 / 3 * r**2) * decay, 5 / 3 * (1 + _SQRT5 * r) * decay


def _logistic(logit: float) -> float:
    return 1 / (1 + exp(-logit))
