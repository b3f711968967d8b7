"""A source's own model: a Gaussian process of its rows, fitted once."""

import math
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
from agent.learn.once import kept
from agent.learn.priors.selftest import tells

_LEAST_ROWS = 2
_LEAST_NOISE = 1e-6

MOST_ROWS = 400
"""Rows of a source that are learnt from exactly; of more, the best and those that are far apart."""


@dataclass(frozen=True)
class SourceModel:
    """The posterior of one source's standardised values, given its rows.

    Where a source says nothing of a column, its model does not depend on that column. Circumstances
    that differ among its rows, or from the campaign's, are inputs of its own; the campaign asks it
    at its own circumstances.

    Attributes:
        name: Of the source.
        columns: The columns of the encoding that it knows.
        scales: The number of the lengthscale of each of those and of each circumstance, `k`.
        X: Its rows, `n x k`.
        z: Its values, standardised by its own mean and deviation, higher is better, `n`.
        here: The campaign's circumstances, the last columns of every point that it is asked at.
        variance_of: Known noise variance of each row, `n`; None where one is inferred.
        lengthscales: `g`.
        noise: Inferred noise variance; of a mean row, where they are known.
        mean: Of its values, in the source's unit.
        deviation: Of its values, in the source's unit.
        sha256: Of the source.
    """

    name: str
    columns: tuple[int, ...]
    scales: tuple[int, ...]
    X: Tensor
    z: Tensor
    here: Tensor
    variance_of: Tensor | None
    lengthscales: tuple[float, ...]
    noise: float
    mean: float
    deviation: float
    sha256: str

    def told(self, X: Tensor) -> "Told":
        """What it says of `… x m x d`; within `once()`, computed once."""
        return kept(self, X, lambda X: Told(self, self._known(X)))

    def marginal_mean(self, X: Tensor) -> Tensor:
        """What it expects at each of `… x m x d`: `… x m`. Differentiable."""
        return self.told(X).mean

    def covariance(self, X: Tensor, Z: Tensor) -> Tensor:
        """How much it does not know of `… x m x d` with `… x k x d`: `… x m x k`. Differentiable."""
        left, right = self.told(X), self.told(Z)
        return self.between(left.inputs, right.inputs) - left.whitened.mT @ right.whitened

    def variance(self, X: Tensor) -> Tensor:
        """Its own ignorance at each of `… x m x d`: `… x m`. Differentiable."""
        return (1.0 - self.told(X).whitened.square().sum(-2)).clamp_min(0.0)

    def between(self, X: Tensor, Z: Tensor) -> Tensor:
        """The prior covariance of `… x m x k` with `… x l x k`: `… x m x l`."""
        scale = torch.tensor(self.lengthscales, dtype=torch.float64)[list(self.scales)]
        return matern(torch.cdist(X / scale, Z / scale))

    @cached_property
    def factor(self) -> Tensor:
        """The Cholesky factor of its rows' covariance: `n x n`."""
        noise = self.variance_of
        if noise is None:
            noise = torch.full((len(self.X),), self.noise, dtype=torch.float64)
        factor: Tensor = psd_safe_cholesky(self.between(self.X, self.X) + torch.diag(noise))
        return factor

    @cached_property
    def weights(self) -> Tensor:
        """What each row counts in a mean: `n`."""
        return torch.cholesky_solve(self.z.unsqueeze(-1), self.factor).squeeze(-1)

    def state(self) -> dict[str, Any]:
        """All that `restore_source` needs beside the source, as JSON."""
        return {
            "source": self.name,
            "sha256": self.sha256,
            "lengthscales": list(self.lengthscales),
            "noise": self.noise,
        }

    def _known(self, X: Tensor) -> Tensor:
        known = X if len(self.columns) == X.shape[-1] else X[..., list(self.columns)]
        if not len(self.here):
            return known
        return torch.cat([known, self.here.expand(*known.shape[:-1], len(self.here))], dim=-1)


@dataclass(frozen=True)
class Told:
    """What a source says of some points. Differentiable.

    Attributes:
        source: Which one.
        inputs: The points in the columns that it knows, `… x m x k`.
    """

    source: SourceModel
    inputs: Tensor

    @cached_property
    def mean(self) -> Tensor:
        """What it expects at each: `… x m`."""
        mean: Tensor = self._cross.mT @ self.source.weights
        return mean

    @cached_property
    def whitened(self) -> Tensor:
        """`L^-1 k(rows, points)`: `… x n x m`."""
        whitened: Tensor = torch.linalg.solve_triangular(
            self.source.factor, self._cross, upper=False
        )
        return whitened

    @cached_property
    def _cross(self) -> Tensor:
        return self.source.between(self.source.X, self.inputs)


def fit_source(
    encoding: Encoding, source: Source, objective: Objective, most: int = MOST_ROWS
) -> SourceModel:
    """The model of a source at the largest posterior density of its hyperparameters.

    Rows that mean nothing in this space are left out.

    Args:
        encoding: Of the campaign's space.
        source: What it learns from.
        objective: What is wanted.
        most: How many of its rows it may learn from.

    Raises:
        ModelError: fewer than two rows are left, or all have the same value, or the values have
            nothing to do with the settings.
    """
    read = _read(encoding, source, objective, most)
    if len(read.y) < _LEAST_ROWS or read.deviation <= 0:
        raise ModelError(
            f"the source {source.name!r} has {len(read.y)} rows that differ in this space",
            "map its columns, or take it out",
        )
    X = read.X.numpy()
    rows = Rows(
        squared_distances(X, X, read.scales),
        read.z.numpy(),
        np.zeros((len(X), len(X))),
        None if read.variance is None else read.variance.numpy(),
    )
    believed = Believed(dimension_scaled(read.scales))
    if not tells(rows, believed, int(source.sha256[:8], 16)):
        raise ModelError(
            f"{source.name!r} tells nothing: its settings say no more of its values than of the same "
            "values shuffled",
            "more rows may tell something, or take it out",
        )
    found = rows.most_likely(believed)
    lengthscales = tuple(float(one) for one in found.lengthscales)
    return _model(source, read, lengthscales, max(found.noise, NOISE_FLOOR))


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
    read = _read(encoding, source, objective, MOST_ROWS)
    return _model(source, read, tuple(state["lengthscales"]), state["noise"])


@dataclass(frozen=True)
class _Read:
    """A source's rows as its model sees them."""

    columns: tuple[int, ...]
    scales: tuple[int, ...]
    X: Tensor
    y: Tensor
    sd: Tensor | None
    here: Tensor
    sign: float

    @property
    def mean(self) -> float:
        return float(self.y.mean()) if len(self.y) else 0.0

    @property
    def deviation(self) -> float:
        return float(self.y.std(correction=1)) if len(self.y) > 1 else 0.0

    @property
    def z(self) -> Tensor:
        return self.sign * (self.y - self.mean) / self.deviation

    @property
    def variance(self) -> Tensor | None:
        if self.sd is None:
            return None
        return (self.sd / self.deviation).square().clamp_min(_LEAST_NOISE)


def _model(
    source: Source, read: _Read, lengthscales: tuple[float, ...], noise: float
) -> SourceModel:
    return SourceModel(
        name=source.name,
        columns=read.columns,
        scales=read.scales,
        X=read.X,
        z=read.z,
        here=read.here,
        variance_of=read.variance,
        lengthscales=lengthscales,
        noise=noise if read.variance is None else float(read.variance.mean()),
        mean=read.mean,
        deviation=read.deviation,
        sha256=source.sha256,
    )


def _read(encoding: Encoding, source: Source, objective: Objective, most: int) -> _Read:
    """The columns that a source knows, and its rows in them: at most so many."""
    sign = -1.0 if objective.goal == "minimise" else 1.0
    X = encoding.encode_others([row.point for row in source.rows])
    known = torch.isfinite(X).any(dim=0)
    columns = tuple(int(column) for column in known.nonzero().flatten())
    around, here = circumstances(source)
    X = torch.cat([X[:, known], around], dim=1)
    good = torch.isfinite(X).all(dim=1) & bool(columns)
    y = torch.tensor([row.value for row in source.rows], dtype=torch.float64)[good]
    sds = [row.sd for row in source.rows if row.sd is not None]
    sd = torch.tensor(sds, dtype=torch.float64)[good] if len(sds) == len(source.rows) else None
    X = X[good]
    if len(y) > most:
        score = torch.tensor([objective.score(value) for value in y.tolist()], dtype=torch.float64)
        chosen = _best_and_spread(X, score, most)
        X, y, sd = X[chosen], y[chosen], None if sd is None else sd[chosen]
    scales = _renumbered([encoding.scales[column] for column in columns])
    last = max(scales, default=-1) + 1
    return _Read(columns, (*scales, *range(last, last + len(here))), X, y, sd, here, sign)


def circumstances(source: Source) -> tuple[Tensor, Tensor]:
    """Circumstances of a source's rows (`n x c`) and of the campaign (`c`), each column within one.

    Numbers are scaled by all that occur, texts are one where they differ from the campaign's. What
    is the same everywhere is left out.
    """
    columns, here = [], []
    for name, own in sorted(source.context.items()):
        told = [row.point.get(name) for row in source.rows]
        if isinstance(own, str):
            column = torch.tensor([float(str(one) != own) for one in told], dtype=torch.float64)
            place = 0.0
        else:
            numbers = [float(one) if isinstance(one, int | float) else math.nan for one in told]
            known = [one for one in (*numbers, float(own)) if math.isfinite(one)]
            low, width = min(known), max(known) - min(known)
            if width <= 0:
                continue
            column = (torch.tensor(numbers, dtype=torch.float64) - low) / width
            place = (float(own) - low) / width
        if bool((column != place).any()):
            columns.append(column)
            here.append(place)
    if not columns:
        return torch.zeros(len(source.rows), 0, dtype=torch.float64), torch.zeros(0).double()
    return torch.stack(columns, dim=1), torch.tensor(here, dtype=torch.float64)


def _best_and_spread(X: Tensor, y: Tensor, most: int) -> Tensor:
    """Which rows to keep of very many: the best half, and those farthest from all kept (Johnson,
    Moore & Ylvisaker, 1990). Extremes stay, and no region is left without a row.
    """
    chosen = torch.argsort(y, descending=True, stable=True)[: most // 2].tolist()
    far = torch.cdist(X, X[chosen]).min(dim=1).values
    far[chosen] = -1.0  # of repeats, too, each row counts once
    while len(chosen) < most:
        chosen.append(int(far.argmax()))
        far = torch.minimum(far, torch.cdist(X, X[chosen[-1:]]).squeeze(-1))
        far[chosen[-1]] = -1.0
    return torch.tensor(sorted(chosen))


def _renumbered(scales: Sequence[int]) -> tuple[int, ...]:
    numbers = {scale: number for number, scale in enumerate(dict.fromkeys(scales))}
    return tuple(numbers[scale] for scale in scales)
