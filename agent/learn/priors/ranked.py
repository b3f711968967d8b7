"""Ranking-weighted ensemble of Gaussian processes, RGPE (Feurer, Letham & Bakshy, 2018).

Each source's own posterior, and one of the campaign's rows, weighed by how often a draw of it
orders those rows best.
"""

from functools import cached_property
from typing import Any

import numpy as np
import torch
from botorch.models import SingleTaskGP
from numpy.typing import NDArray

from agent.core.transfer import Method
from agent.learn.evidence import Array, Believed, Hyperparameters, Rows, dimension_scaled
from agent.learn.kernel import TiedMatern, squared_distances
from agent.learn.posterior import Member, Posterior
from agent.learn.priors.beliefs import Coefficients
from agent.learn.priors.given import Given
from agent.learn.priors.kernels import SourceKernel, SourcesMean
from agent.learn.priors.process import process
from agent.learn.priors.source import SourceModel
from agent.learn.priors.transfer import Transfer, same_rows
from agent.learn.scaling import Scaling
from agent.learn.training import Training
from agent.learn.weighted import WeightedModel

_DRAWS = 256
_DILUTED = 0.95
"""A source whose median loss is above this quantile of the campaign's own counts for nothing."""

_FEWEST = 3
"""With fewer rows there is no order to speak of: the sources count alike."""


class Ranked(Transfer):
    """The weighted sum of the sources' posteriors and that of the campaign's rows.

    Args:
        given: What it learnt from.
        scaling: The objective's unit to its units.
        found: Hyperparameters of the campaign's own process.
        shares: Weight of each source, and last of the campaign's own process.
        notes: In words.
    """

    method: Method = "rgpe"

    def __init__(
        self,
        given: Given,
        scaling: Scaling,
        found: Hyperparameters,
        shares: tuple[float, ...],
        notes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(given, scaling, notes)
        self.found = found
        self.shares = shares

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """One model, a weighted sum."""
        parts = [*(_source(self, one) for one in self.sources), _own(self)]
        return (Member(0.0, WeightedModel(parts, self.shares)),)

    @property
    def weights(self) -> dict[str, float]:
        """The sources together, and the campaign's own."""
        return {"sources": sum(self.shares[:-1]), "plain": self.shares[-1]}

    @property
    def coefficients(self) -> dict[str, tuple[float, float]]:
        """The weight of each source; how sure it is, is not known."""
        return {name: (share, 0.0) for name, share in self.trusted.items()}

    @property
    def trusted(self) -> dict[str, float]:
        """The weight of each source."""
        named = zip(self.sources, self.shares[:-1], strict=True)
        return {one.name: share for one, share in named}

    def learnt(self) -> dict[str, Any]:
        """Hyperparameters and weights."""
        return {
            "lengthscales": list(self.found.lengthscales),
            "noise": self.found.noise,
            "mean": self.found.mean,
            "shares": list(self.shares),
        }


def fit(given: Given) -> Ranked:
    """The campaign's own process at its likeliest hyperparameters, and the weights.

    Raises:
        ModelError: the evidence is nowhere finite.
    """
    scaling = given.scaling
    training = given.training(scaling)
    X = training.X.numpy()
    fixed = None if training.variance is None else training.variance.numpy()
    none = np.zeros((len(X), len(X)))
    rows = Rows(
        squared_distances(X, X, training.scales),
        training.z.numpy(),
        none,
        fixed,
        around=bool(len(X)),
    )
    found = rows.most_likely(Believed(dimension_scaled(training.scales)))
    count = len(given.sources)
    if len(X) < _FEWEST:
        return Ranked(given, scaling, found, (1 / count,) * count + (0.0,))
    alone = Ranked(given, scaling, found, (0.0,) * count + (1.0,))
    return Ranked(given, scaling, found, _shares(alone))


def restore(state: dict[str, Any], given: Given) -> Ranked:
    """The one whose `state` was kept, from the same rows and sources, without optimisation.

    Raises:
        ReplayError: the rows are not those that it learnt from.
    """
    told = state["learnt"]
    found = Hyperparameters(tuple(told["lengthscales"]), 1.0, told["noise"], 0.0, told["mean"])
    shares, notes = tuple(told["shares"]), tuple(state["notes"])
    return Ranked(given, same_rows(state, given), found, shares, notes)


def _source(ranked: Ranked, source: SourceModel) -> SingleTaskGP:
    """A source's posterior, as a model that no row of the campaign moves."""
    mean = SourcesMean((source,), Coefficients((1.0,), 0.0))
    nothing = Training.of(ranked.encoding, ranked.scaling, ranked.training.X[:0], ())
    return process(nothing, mean, SourceKernel(source), source.noise)


def _own(ranked: Ranked) -> SingleTaskGP:
    kernel = TiedMatern(ranked.encoding.scales)
    kernel.set(torch.tensor(ranked.found.lengthscales, dtype=torch.float64))
    return process(ranked.training, ranked.found.mean, kernel, ranked.found.noise)


def _shares(alone: Ranked) -> tuple[float, ...]:
    """How often a draw of each model orders the campaign's rows best, diluted sources left out."""
    random = np.random.default_rng(alone.given.seed)
    X, z = alone.training.X, alone.training.z.numpy()
    losses = []
    with torch.no_grad():
        for one in alone.sources:
            posterior = Posterior(_source(alone, one))
            mean, covariance = posterior.marginals(X)[0], posterior.covariance(X, X)
            root = torch.linalg.cholesky(covariance + 1e-8 * torch.eye(len(X)).double())
            noise = random.standard_normal((_DRAWS, len(X)))
            losses.append(_misordered((mean + torch.from_numpy(noise) @ root.T).numpy(), z))
    losses.append(_misordered_left_out(_left_out(alone), z, random))
    table = np.stack(losses)  # model, draw
    bound = np.quantile(table[-1], _DILUTED)
    diluted = np.median(table[:-1], axis=1) > bound
    table[:-1][diluted] = np.inf
    # Ties go to the campaign's own process: it stands last.
    best = len(table) - 1 - table[::-1].argmin(axis=0)
    counts = np.bincount(best, minlength=len(table)) / _DRAWS
    return tuple(float(one) for one in counts)


def _misordered(draws: Array, z: Array) -> NDArray[np.float64]:
    """How many pairs of rows each draw puts in the wrong order, `draws`."""
    drawn = draws[:, :, None] < draws[:, None, :]
    true = z[:, None] < z[None, :]
    wrong: NDArray[np.float64] = (drawn ^ true).sum((1, 2)).astype(float)
    return wrong


def _misordered_left_out(
    left_out: tuple[Array, Array], z: Array, random: np.random.Generator
) -> NDArray[np.float64]:
    """The same of the campaign's own process: each row as drawn without it, beside the others."""
    mean, deviation = left_out
    draws = mean + deviation * random.standard_normal((_DRAWS, len(z)))
    drawn = draws[:, :, None] < z[None, None, :]
    true = z[:, None] < z[None, :]
    wrong: NDArray[np.float64] = (drawn ^ true).sum((1, 2)).astype(float)
    return wrong


def _left_out(alone: Ranked) -> tuple[Array, Array]:
    """Mean and deviation of each row by all others, in closed form (Rasmussen & Williams, 5.12)."""
    model = _own(alone)
    X, z = alone.training.X, alone.training.z
    with torch.no_grad():
        noise = model.likelihood.noise.expand(len(X))
        inverse = torch.linalg.inv(model.covar_module(X).to_dense() + torch.diag(noise))
        left = z - model.mean_module(X)
        diagonal = inverse.diagonal()
        mean = z - (inverse @ left) / diagonal
        deviation = diagonal.reciprocal().sqrt()
    return mean.numpy(), deviation.numpy()
