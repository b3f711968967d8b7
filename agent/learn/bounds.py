"""Bounds as the surrogate sees them: limits in its units, and the rows that stand for them."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from agent.core.history import Bound, Row
from agent.core.values import digest
from agent.learn.censored import Limits, likeliest_with
from agent.learn.evidence import Believed, Hyperparameters, LogNormal
from agent.learn.kernel import Normal
from agent.learn.scaling import Scaling


class StandIns(NamedTuple):
    """Readings and the pseudo-readings that stand for bounds, as rows of one model.

    Attributes:
        X: Points of both, `(n + b) x d`.
        z: Their values, standardised, `n + b`.
        variance: Their noise variances, `n + b`.
        found: The hyperparameters that are likeliest for readings and bounds.
    """

    X: Tensor
    z: Tensor
    variance: Tensor
    found: Hyperparameters


def stand_ins(
    readings: tuple[Tensor, Tensor, Tensor | None],
    limits: Limits,
    noise: Tensor,
    scales: tuple[int, ...],
    believed: Normal,
) -> StandIns:
    """The rows that stand for readings and bounds, by expectation propagation.

    Args:
        readings: Their points (`n x d`), standardised values (`n`), and noise variances (`n`) if they are
            known.
        limits: The bounds.
        noise: Noise variance of the reading behind each bound, `b`; not looked at where one variance
            is inferred for all.
        scales: The number of the lengthscale of each column.
        believed: The prior of the lengthscales.

    Raises:
        ModelError: the evidence is not finite.
    """
    X, z, variance = readings
    known = None if variance is None else torch.cat([variance, noise])
    fitted = likeliest_with(
        X,
        z.numpy(),
        None if known is None else known.numpy(),
        limits,
        scales,
        Believed(LogNormal(*believed)),
    )
    found, sites = fitted.found, fitted.sites
    count = len(z) + len(limits.X)
    each = torch.full((count,), found.noise, dtype=torch.float64) if known is None else known
    added = torch.cat([torch.zeros_like(z), torch.from_numpy(sites.variances)])
    values = torch.cat([z, torch.from_numpy(sites.means)])
    return StandIns(torch.cat([X, limits.X]), values, each + added, found)


def limits_of(X: Tensor, bounds: Sequence[Bound], scaling: Scaling) -> Limits:
    """Bounds at `b x d` in the units of `scaling`, in which what was low may be high."""
    low = [-math.inf if one.low is None else one.low for one in bounds]
    high = [math.inf if one.high is None else one.high for one in bounds]
    ends = torch.stack([scaling.standardised(low), scaling.standardised(high)])
    return Limits(X, ends.min(dim=0).values.numpy(), ends.max(dim=0).values.numpy())


def spread(
    rows: Sequence[Row], bounds: Sequence[Bound], expected: Sequence[float] | None = None
) -> list[float]:
    """Values of rows and, for bounds that the mean of the values does not keep, what is expected of them,
    but no nearer to the mean than their limit: how far all readings are spread. The other bounds say
    nothing of that.

    Args:
        rows: At least one.
        bounds: Beside them.
        expected: Of the reading behind each bound, in the objective's unit; without it, the limits.
    """
    values = [row.value for row in rows]
    mean = sum(value / len(values) for value in values)
    guesses = [mean] * len(bounds) if expected is None else expected
    for one, guess in zip(bounds, guesses, strict=True):
        if one.low is not None and one.low > mean:
            values.append(max(guess, one.low))
        elif one.high is not None and one.high < mean:
            values.append(min(guess, one.high))
    return values


def noise_behind(
    bounds: Sequence[Bound], variance: Tensor | None, scaling: Scaling, least: float
) -> Tensor:
    """Noise variance of the reading behind each bound, `b`: as told, or else a typical row's.

    Args:
        bounds: As they were told.
        variance: Of the rows, if they are known.
        scaling: The objective's unit to the variance's.
        least: The smallest.
    """
    typical = least if variance is None else float(variance.median())
    told = [typical if one.sd is None else (one.sd / scaling.scale) ** 2 for one in bounds]
    return torch.tensor(told, dtype=torch.float64).clamp_min(least)


def hash_of_bounds(bounds: Sequence[Bound]) -> str:
    """sha256 of what a model learns of its bounds."""
    return digest([[one.id, one.point, one.low, one.high, one.sd] for one in bounds])
