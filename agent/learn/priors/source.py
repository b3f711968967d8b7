"""A source's own model: a Gaussian process of its rows, fitted once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from linear_operator.utils.cholesky import psd_safe_cholesky
from torch import Tensor

from agent.core.objective import Objective
from agent.core.source import Source
from agent.errors import ModelError, ReplayError
from agent.learn.encoding import Encoding
from agent.learn.evidence import Believed, Rows, dimension_scaled
from agent.learn.kernel import NOISE_FLOOR, matern, squared_distances
from agent.learn.priors.selftest import tells

_LEAST_ROWS = 2

MOST_ROWS = 400
"""Rows of a source that are learnt from exactly; of more, the best and those that are far apart."""


@dataclass(frozen=True)
class SourceModel:
    """The posterior of one source's standardised values, given its rows.

    Where a source says nothing of a column, its model does not depend on that column.

    Attributes:
        name: Of the source.
        columns: The columns of the encoding that it knows.
        scales: The number of the lengthscale of each of those, `k`.
        X: Its rows, `n x k`.
        z: Its values, standardised by its own mean and deviation, higher is better, `n`.
        lengthscales: `g`.
        noise: Noise variance.
        mean: Of its values, in the source's unit.
        deviation: Of its values, in the source's unit.
        sha256: Of the source.
    """

    name: str
    columns: tuple[int, ...]
    scales: tuple[int, ...]
    X: Tensor
    z: Tensor
    lengthscales: tuple[float, ...]
    noise: float
    mean: float
    deviation: float
    sha256: str

    @cached_property
    def _factor(self) -> Tensor:
        covariance = self._between(self.X, self.X)
        factor: Tensor = psd_safe_cholesky(
            covariance + self.noise * torch.eye(len(self.X)).double()
        )
        return factor

    @cached_property
    def _weights(self) -> Tensor:
        return torch.cholesky_solve(self.z.unsqueeze(-1), self._factor).squeeze(-1)

    def marginal_mean(self, X: Tensor) -> Tensor:
        """What it expects at each of `… x m x d`: `… x m`. Differentiable."""
        return self._between(self._known(X), self.X) @ self._weights

    def covariance(self, X: Tensor, Z: Tensor) -> Tensor:
        """How much it does not know of `… x m x d` with `… x k x d`: `… x m x k`. Differentiable."""
        left, right = self._known(X), self._known(Z)
        return self._between(left, right) - self._whitened(left).mT @ self._whitened(right)

    def variance(self, X: Tensor) -> Tensor:
        """Its own ignorance at each of `… x m x d`: `… x m`. Differentiable."""
        return (1.0 - self._whitened(self._known(X)).square().sum(-2)).clamp_min(0.0)

    def state(self) -> dict[str, Any]:
        """All that `restore_source` needs beside the source, as JSON."""
        return {
            "source": self.name,
            "sha256": self.sha256,
            "lengthscales": list(self.lengthscales),
            "noise": self.noise,
        }

    def _known(self, X: Tensor) -> Tensor:
        return X if len(self.columns) == X.shape[-1] else X[..., list(self.columns)]

    def _between(self, X: Tensor, Z: Tensor) -> Tensor:
        scale = torch.tensor(self.lengthscales, dtype=torch.float64)[list(self.scales)]
        return matern(torch.cdist(X / scale, Z / scale))

    def _whitened(self, X: Tensor) -> Tensor:
        cross = self._between(self.X, X)
        whitened: Tensor = torch.linalg.solve_triangular(self._factor, cross, upper=False)
        return whitened


def fit_source(encoding: Encoding, source: Source, objective: Objective) -> SourceModel:
    """The model of a source at the largest posterior density of its hyperparameters.

    Rows that mean nothing in this space are left out.

    Raises:
        ModelError: fewer than two rows are left, or all have the same value, or the values have
            nothing to do with the settings.
    """
    sign = -1.0 if objective.goal == "minimise" else 1.0
    columns, X, y = _usable(encoding, source, sign)
    mean, deviation = float(y.mean()), float(y.std(correction=1)) if len(y) > 1 else 0.0
    if len(y) < _LEAST_ROWS or deviation <= 0:
        raise ModelError(
            f"the source {source.name!r} has {len(y)} rows that differ in this space",
            "map its columns, or take it out",
        )
    z = sign * (y - mean) / deviation
    scales = _renumbered([encoding.scales[column] for column in columns])
    rows = Rows(
        squared_distances(X.numpy(), X.numpy(), scales), z.numpy(), np.zeros((len(z), len(z)))
    )
    believed = Believed(dimension_scaled(scales))
    sha256 = source.sha256
    if not tells(rows, believed, int(sha256[:8], 16)):
        raise ModelError(
            f"{source.name!r} tells nothing: its settings say no more of its values than of the same "
            "values shuffled",
            "more rows may tell something, or take it out",
        )
    found = rows.most_likely(believed)
    return SourceModel(
        name=source.name,
        columns=columns,
        scales=scales,
        X=X,
        z=z,
        lengthscales=tuple(float(one) for one in found.lengthscales),
        noise=max(found.noise, NOISE_FLOOR),
        mean=mean,
        deviation=deviation,
        sha256=sha256,
    )


def restore_source(
    state: dict[str, Any], encoding: Encoding, source: Source, objective: Objective
) -> SourceModel:
    """The model whose `state` was kept, from the same source, without optimisation.

    Raises:
        ReplayError: it is another source.
    """
    if source.sha256 != state["sha256"]:
        raise ReplayError(
            f"the source {source.name!r} is not the one that was learnt from", "restore the store"
        )
    sign = -1.0 if objective.goal == "minimise" else 1.0
    columns, X, y = _usable(encoding, source, sign)
    mean, deviation = float(y.mean()), float(y.std(correction=1))
    return SourceModel(
        name=source.name,
        columns=columns,
        scales=_renumbered([encoding.scales[column] for column in columns]),
        X=X,
        z=sign * (y - mean) / deviation,
        lengthscales=tuple(state["lengthscales"]),
        noise=state["noise"],
        mean=mean,
        deviation=deviation,
        sha256=state["sha256"],
    )


def _usable(
    encoding: Encoding, source: Source, sign: float
) -> tuple[tuple[int, ...], Tensor, Tensor]:
    """The columns that the source knows, its rows in them (at most 400), and its values."""
    X = encoding.encode_others([row.point for row in source.rows])
    known = torch.isfinite(X).any(dim=0)
    columns = tuple(int(column) for column in known.nonzero().flatten())
    X = X[:, known]
    good = torch.isfinite(X).all(dim=1) & bool(columns)
    y = torch.tensor([row.value for row in source.rows], dtype=torch.float64)
    X, y = X[good], y[good]
    if len(y) <= MOST_ROWS:
        return columns, X, y
    kept = _best_and_spread(X, sign * y)
    return columns, X[kept], y[kept]


def _best_and_spread(X: Tensor, y: Tensor) -> Tensor:
    """Which rows to keep of very many: the best half, and those farthest from all kept (Johnson,
    Moore & Ylvisaker, 1990). Extremes stay, and no region is left without a row.
    """
    kept = torch.argsort(y, descending=True, stable=True)[: MOST_ROWS // 2].tolist()
    far = torch.cdist(X, X[kept]).min(dim=1).values
    while len(kept) < MOST_ROWS:
        kept.append(int(far.argmax()))
        far = torch.minimum(far, torch.cdist(X, X[kept[-1:]]).squeeze(-1))
    return torch.tensor(sorted(kept))


def _renumbered(scales: Sequence[int]) -> tuple[int, ...]:
    numbers = {scale: number for number, scale in enumerate(dict.fromkeys(scales))}
    return tuple(numbers[scale] for scale in scales)
