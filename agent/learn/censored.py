"""Bounds of a Gaussian process: readings of which only a limit is known, as pseudo-readings.

A reading that lies below (above, between) limits has a posterior that is not normal. Expectation
propagation (Minka, 2001) finds for each a reading with a variance of its own that, in place of the
limit, leaves the same mean and variance: the rest of the house sees rows.
"""

from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from torch import Tensor

from agent.errors import ModelError
from agent.learn.evidence import Believed, Hyperparameters, Rows
from agent.learn.kernel import squared_distances

Array = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)
_WIDE = 9.0
"""Deviations beyond which a normal density is nothing."""
_STEEP = 40.0
"""Of an exponential tail, what is below exp(-40) is nothing."""
_MOST_SWEEPS, _STILL = 200, 1e-9
_LEAST_PRECISION, _LEAST_VARIANCE = 1e-6, 1e-6
_MOST_ROUNDS, _SETTLED = 12, 1e-3
_SQRT5 = sqrt(5.0)


@dataclass(frozen=True)
class Limits:
    """Where readings lie, standardised, higher is better.

    Attributes:
        X: Their points, `b x d`, in the unit cube.
        low: Lower limits, `b`; -inf where there is none.
        high: Upper limits, `b`; inf where there is none.
    """

    X: Tensor
    low: Array
    high: Array


@dataclass(frozen=True)
class Sites:
    """The pseudo-readings that stand for limits.

    Attributes:
        means: `b`.
        variances: What each adds to the variance of a reading, `b`.
    """

    means: Array
    variances: Array


def moments(mean: float, variance: float, low: float, high: float) -> tuple[float, float]:
    """Mean and variance of a normal variable that is known to lie between `low` and `high`.

    By Gauss-Legendre over the part of the interval where the density is not negligible: closed forms
    cancel far out in a tail.
    """
    sd = sqrt(variance)
    start, end = (low - mean) / sd, (high - mean) / sd
    if start > 0:
        end = min(end, start + _STEEP / max(start, 1.0), max(start, _WIDE) + _WIDE)
    elif end < 0:
        start = max(start, end - _STEEP / max(-end, 1.0), min(end, -_WIDE) - _WIDE)
    else:
        start, end = max(start, -_WIDE), min(end, _WIDE)
    at = start + (end - start) * (_NODES + 1) / 2
    density = np.exp(-(at**2 - (at**2).min()) / 2) * _WEIGHTS
    share = density / density.sum()
    middle = float(share @ at)
    return mean + sd * middle, variance * float(share @ (at - middle) ** 2)


def propagated(mean: Array, covariance: Array, low: Array, high: Array) -> Sites:
    """Sites of readings `N(mean, covariance)` that lie between limits, by expectation propagation
    (Minka, 2001; of such limits Cunningham, Hennig & Lacoste-Julien, 2011).

    Args:
        mean: Of the readings before their limits are told, `b`.
        covariance: Of the readings, their noise with it, `b x b`.
        low: Lower limits, `b`.
        high: Upper limits, `b`.

    Raises:
        ModelError: a moment is not finite.
    """
    precision, shift = np.zeros(len(mean)), np.zeros(len(mean))
    for _ in range(_MOST_SWEEPS):
        centre, spread = _posterior(mean, covariance, precision, shift)
        before = precision.copy(), shift.copy()
        for one in range(len(mean)):
            own = spread[one, one]
            # The other limits tell of it too: it is no less certain than before them all.
            left = max(1 / own - precision[one], 1 / covariance[one, one])
            pull = centre[one] / own - shift[one]
            told, variance = moments(pull / left, 1 / left, low[one], high[one])
            # A limit cuts off, so it never makes a reading less certain.
            tight = max(1 / max(variance, _LEAST_VARIANCE) - left, _LEAST_PRECISION)
            drawn = told * (left + tight) - pull
            change, moved = tight - precision[one], drawn - shift[one]
            column = spread[:, one] / (1 + change * own)
            centre = centre + column * (moved - change * centre[one])
            spread = spread - change * np.outer(column, spread[one])
            precision[one], shift[one] = tight, drawn
        if not np.isfinite([*precision, *shift]).all():
            raise ModelError("what bounds tell is not finite", "look at the bounds")
        if np.allclose(precision, before[0], rtol=_STILL, atol=_STILL) and np.allclose(
            shift, before[1], rtol=_STILL, atol=_STILL
        ):
            break
    return Sites(shift / precision, 1 / precision)


def _posterior(
    mean: Array, covariance: Array, precision: Array, shift: Array
) -> tuple[Array, Array]:
    """Mean and covariance with the sites: `S = C - C P^½ (1 + P^½ C P^½)^-1 P^½ C`."""
    root = np.sqrt(precision)
    inner = np.eye(len(mean)) + root[:, None] * covariance * root
    scaled = root[:, None] * covariance
    spread = covariance - scaled.T @ cho_solve(cho_factor(inner, lower=True), scaled)
    return mean + spread @ (shift - precision * mean), spread


@dataclass(frozen=True)
class Bounded:
    """Readings and limits with the hyperparameters that are likeliest for both.

    Attributes:
        found: The hyperparameters.
        sites: What stands for the limits.
    """

    found: Hyperparameters
    sites: Sites


def likeliest_with(
    X: Tensor,
    z: Array,
    noise: Array | None,
    limits: Limits,
    scales: tuple[int, ...],
    believed: Believed,
) -> Bounded:
    """Hyperparameters and sites by turns: the evidence given sites, then sites given these.

    Where nothing moves any more the gradient of expectation propagation's evidence is 0: that of
    the sites' vanishes there, and what is left is the evidence of rows (Seeger, 2005). So a model of
    censored rows is fitted as any other (Groot & Lucas, 2012).

    Args:
        X: Points of the readings, `n x d`.
        z: The readings, `n`.
        noise: Known noise variances of readings and then of limits, `n + b`; None where one is inferred.
        limits: `b` of them.
        scales: The number of the lengthscale of each column.
        believed: Priors of the hyperparameters.

    Raises:
        ModelError: the evidence is not finite.
    """
    points = torch.cat([X, limits.X]).numpy()
    n, apart = len(z), squared_distances(points, points, scales)
    alone = Rows(apart[:, :n, :n], z, np.zeros((n, n)), None if noise is None else noise[:n], True)
    found, rows = alone.most_likely(believed), replace(alone, apart=apart, noise=noise)
    for _ in range(_MOST_ROUNDS):
        sites = _sites(rows, z, found, limits)
        told = np.concatenate([z, sites.means])
        added = np.diag(np.concatenate([np.zeros(n), sites.variances]))
        again = replace(rows, z=told, known=added).most_likely(believed)
        still = np.allclose(_numbers(again), _numbers(found), rtol=0, atol=_SETTLED)
        found = again
        if still:
            break
    return Bounded(found, _sites(rows, z, found, limits))


def _numbers(found: Hyperparameters) -> Array:
    positive = [*found.lengthscales, max(found.noise, 1e-12)]
    return np.array([*np.log(positive), found.mean])


def _sites(rows: Rows, z: Array, found: Hyperparameters, limits: Limits) -> Sites:
    """The sites of limits under hyperparameters, given the readings."""
    squared = rows.apart / np.square(found.lengthscales)[:, None, None]
    r = np.sqrt(squared.sum(axis=0))
    covariance = (1 + _SQRT5 * r + 5 / 3 * r**2) * np.exp(-_SQRT5 * r)
    each = np.full(len(r), found.noise) if rows.noise is None else rows.noise
    covariance[np.diag_indices(len(r))] += each
    n = len(z)
    factor, across = cho_factor(covariance[:n, :n], lower=True), covariance[n:, :n]
    mean = found.mean + across @ cho_solve(factor, z - found.mean)
    left = covariance[n:, n:] - across @ cho_solve(factor, across.T)
    return propagated(mean, left, limits.low, limits.high)
